//! Text as words: a cursor over lines, and the immediates of operators.
//!
//! A line is a list of words, strings and brackets. White space separates them; `;;` and
//! what follows on the line is a comment.

use std::str::FromStr;

use super::error::{TextCause, TextError};
use crate::immediates::{ReadImmediates, Scratch};
use crate::op::{BlockDecl, MemArg};
use crate::types::{Label, MemoryIndex, StackHeight, ValType};

pub(super) type Read<T> = Result<T, TextError>;

/// A place in the text.
#[derive(Clone)]
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Words<'a> {
    /// From `start` to `end`.
    pub(super) fn new(text: &'a str, start: usize, end: usize) -> Words<'a> {
        let at = start;
        Words { text, at, end }
    }

    /// Offset of the next word.
    pub(super) fn offset(&mut self) -> usize {
        self.skip();
        self.at
    }

    pub(super) fn error(&self, offset: usize, cause: TextCause) -> TextError {
        TextError::new(self.text.as_bytes(), offset, cause)
    }

    pub(super) fn expected<T>(&self, offset: usize, what: &'static str) -> Read<T> {
        Err(self.error(offset, TextCause::Expected(what)))
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..self.end]
    }

    fn skip(&mut self) {
        let rest = self.rest();
        let blank = rest.iter().position(|byte| !b" \t\r".contains(byte));
        self.at += blank.unwrap_or(rest.len());
        if self.rest().starts_with(b";;") {
            let rest = self.rest();
            let line = rest.iter().position(|&byte| byte == b'\n');
            self.at += line.unwrap_or(rest.len());
        }
    }

    /// Whether the line has no more words.
    pub(super) fn at_line_end(&mut self) -> bool {
        self.skip();
        matches!(self.rest().first(), None | Some(b'\n'))
    }

    /// Goes to the next line that has words; false at the end of the text.
    pub(super) fn next_line(&mut self) -> bool {
        while self.at_line_end() {
            if self.at == self.end {
                return false;
            }
            self.at += 1;
        }
        true
    }

    /// The line must end here.
    pub(super) fn line_end(&mut self) -> Read<()> {
        if self.at_line_end() {
            return Ok(());
        }
        self.expected(self.at, "the end of the line")
    }

    /// Skips the rest of the line.
    pub(super) fn skip_line(&mut self) {
        let rest = self.rest();
        let line = rest.iter().position(|&byte| byte == b'\n');
        self.at += line.unwrap_or(rest.len());
    }

    /// The next word, which may be empty, without taking it.
    pub(super) fn peek(&mut self) -> &'a str {
        self.skip();
        let rest = self.rest();
        let ends = |byte: &u8| b" \t\r\n[]()\";".contains(byte);
        let len = rest.iter().position(ends).unwrap_or(rest.len());
        &self.text[self.at..self.at + len]
    }

    pub(super) fn word(&mut self, what: &'static str) -> Read<&'a str> {
        let word = self.peek();
        if word.is_empty() {
            return self.expected(self.at, what);
        }
        self.at += word.len();
        Ok(word)
    }

    /// Takes the word if it is this one.
    pub(super) fn has(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) fn keyword(&mut self, word: &'static str) -> Read<()> {
        if self.has(word) {
            return Ok(());
        }
        self.expected(self.at, word)
    }

    /// Takes a bracket if it is this one.
    pub(super) fn has_bracket(&mut self, bracket: u8) -> bool {
        self.skip();
        let found = self.rest().first() == Some(&bracket);
        self.at += usize::from(found);
        found
    }

    pub(super) fn is_string(&mut self) -> bool {
        self.skip();
        self.rest().first() == Some(&b'"')
    }

    /// How many words are left on the line.
    fn count(&self) -> usize {
        let mut words = self.clone();
        let mut count = 0;
        while !words.peek().is_empty() {
            words.at += words.peek().len();
            count += 1;
        }
        count
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Read<u32> {
        let at = self.offset();
        let word = self.word(what)?;
        match unsigned(word) {
            Some(number) => Ok(number),
            None => self.expected(at, what),
        }
    }

    /// A string's bytes.
    pub(super) fn string(&mut self) -> Read<Vec<u8>> {
        const WHAT: &str = "a string";
        if !self.is_string() {
            return self.expected(self.at, WHAT);
        }
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let rest = &self.text[self.at..self.end];
            let mut chars = rest.chars();
            match chars.next() {
                Some('"') => {
                    self.at += 1;
                    return Ok(bytes);
                }
                Some('\\') => {
                    let Some(len) = escape(chars.as_str(), &mut bytes) else {
                        return self.expected(self.at, "an escape");
                    };
                    self.at += 1 + len;
                }
                None | Some('\n') => return self.expected(self.at, "the end of the string"),
                Some(char) => {
                    bytes.extend_from_slice(&rest.as_bytes()[..char.len_utf8()]);
                    self.at += char.len_utf8();
                }
            }
        }
    }

    /// A string that is UTF-8.
    pub(super) fn name(&mut self) -> Read<Box<str>> {
        let at = self.offset();
        match String::from_utf8(self.string()?) {
            Ok(name) => Ok(name.into()),
            Err(_) => Err(self.error(at, TextCause::Utf8)),
        }
    }

    /// `[` types `]`, appended to `types`.
    pub(super) fn types(&mut self, types: &mut Vec<ValType>) -> Read<()> {
        if !self.has_bracket(b'[') {
            return self.expected(self.at, "[");
        }
        while !self.has_bracket(b']') {
            types.push(self.ty()?);
        }
        Ok(())
    }

    /// An integer of `bits` bits, signed or unsigned.
    fn integer(&mut self, bits: u32) -> Read<i64> {
        const WHAT: &str = "an integer";
        let at = self.offset();
        let word = self.word(WHAT)?;
        let (negative, digits) = match word.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, word),
        };
        let limit = match negative {
            true => 1u64 << (bits - 1),
            false => u64::MAX >> (64 - bits),
        };
        match unsigned::<u64>(digits) {
            Some(value) if value <= limit => Ok(match negative {
                true => value.wrapping_neg() as i64,
                false => value as i64,
            }),
            _ => self.expected(at, WHAT),
        }
    }

    /// The bits of a number with so many bits of significand.
    fn float<F: FromStr>(&mut self, bits: fn(F) -> u64, layout: Layout) -> Read<u64> {
        const WHAT: &str = "a floating-point number";
        let at = self.offset();
        let word = self.word(WHAT)?;
        let (sign, magnitude) = match word.strip_prefix('-') {
            Some(magnitude) => (layout.sign, magnitude),
            None => (0, word),
        };
        let found = if magnitude == "inf" {
            Some(layout.infinity)
        } else if magnitude == "nan" {
            Some(layout.infinity | layout.quiet())
        } else if let Some(payload) = magnitude.strip_prefix("nan:") {
            let payload = payload.starts_with("0x").then(|| unsigned::<u64>(payload));
            let fits = |payload: &u64| (1..2 * layout.quiet()).contains(payload);
            payload
                .flatten()
                .filter(fits)
                .map(|payload| layout.infinity | payload)
        } else {
            let digits = magnitude.starts_with(|char: char| char.is_ascii_digit());
            let number = digits.then(|| magnitude.parse().ok()).flatten();
            number.map(bits).filter(|&bits| bits != layout.infinity)
        };
        match found {
            Some(bits) => Ok(bits | sign),
            None => self.expected(at, WHAT),
        }
    }
}

/// Where the parts of a floating-point number are.
struct Layout {
    sign: u64,
    infinity: u64,
}

impl Layout {
    /// The highest bit of the significand.
    fn quiet(&self) -> u64 {
        (self.infinity & self.infinity.wrapping_neg()) >> 1
    }
}

/// A number without a sign: decimal, or hexadecimal after `0x`.
fn unsigned<N: TryFrom<u64>>(text: &str) -> Option<N> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    if !digits.starts_with(|char: char| char.is_digit(radix)) {
        return None;
    }
    N::try_from(u64::from_str_radix(digits, radix).ok()?).ok()
}

/// What follows a backslash: appends the bytes it stands for and returns its length.
fn escape(text: &str, bytes: &mut Vec<u8>) -> Option<usize> {
    let simple = match text.chars().next()? {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        quote @ ('"' | '\'' | '\\') => quote as u8,
        'u' => {
            let digits = text.strip_prefix("u{")?.split_once('}')?.0;
            let char = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(digits.len() + 3);
        }
        _ => {
            let digits = text.get(..2)?;
            let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| hex)?);
            return Some(2);
        }
    };
    bytes.push(simple);
    Some(1)
}

/// The label with this name.
pub(super) fn label(name: &str) -> Option<Label> {
    if name == ".return" {
        return Some(Label::RETURN);
    }
    let number = name.strip_prefix(".L")?;
    unsigned(number).filter(|&number| number != 0).map(Label)
}

impl ReadImmediates for Words<'_> {
    type Error = TextError;

    fn fresh(&mut self) -> Read<Label> {
        self.label()
    }

    fn label(&mut self) -> Read<Label> {
        let at = self.offset();
        match label(self.word("a label")?) {
            Some(label) => Ok(label),
            None => self.expected(at, "a label"),
        }
    }

    fn labels<'s>(&mut self, scratch: &'s mut Scratch) -> Read<&'s [Label]> {
        scratch.labels.clear();
        for _ in 1..self.count() {
            scratch.labels.push(self.label()?);
        }
        Ok(&scratch.labels)
    }

    fn decl<'s>(&mut self, scratch: &'s mut Scratch) -> Read<BlockDecl<'s>> {
        scratch.types.clear();
        self.types(&mut scratch.types)?;
        self.keyword("base")?;
        let base = StackHeight(self.u32("a height")?);
        let callers = match self.has("callers") {
            true => Some(self.u32("a number of callers")?),
            false => None,
        };
        Ok(BlockDecl {
            base,
            args: &scratch.types,
            backward: self.has("backward"),
            callers,
        })
    }

    fn number(&mut self) -> Read<u32> {
        self.u32("a number")
    }

    fn index<I: From<u32>>(&mut self) -> Read<I> {
        self.u32("an index").map(I::from)
    }

    fn i32(&mut self) -> Read<i32> {
        self.integer(32).map(|value| value as i32)
    }

    fn i64(&mut self) -> Read<i64> {
        self.integer(64)
    }

    fn f32(&mut self) -> Read<u32> {
        let layout = Layout {
            sign: 1 << 31,
            infinity: f32::INFINITY.to_bits().into(),
        };
        let bits = self.float(|value: f32| value.to_bits().into(), layout)?;
        Ok(bits as u32)
    }

    fn f64(&mut self) -> Read<u64> {
        let layout = Layout {
            sign: 1 << 63,
            infinity: f64::INFINITY.to_bits(),
        };
        self.float(f64::to_bits, layout)
    }

    fn ty(&mut self) -> Read<ValType> {
        use ValType::*;
        let at = self.offset();
        let name = self.word("a type")?;
        let types = [I32, I64, F32, F64, FuncRef, ExternRef];
        match types.into_iter().find(|ty| ty.name() == name) {
            Some(ty) => Ok(ty),
            None => self.expected(at, "a type"),
        }
    }

    fn memarg(&mut self) -> Read<MemArg> {
        let mut arg = MemArg {
            memory: MemoryIndex(0),
            offset: 0,
        };
        if self.peek().starts_with(|char: char| char.is_ascii_digit()) {
            arg.memory = self.index()?;
        }
        let at = self.offset();
        if let Some(offset) = self.peek().strip_prefix("offset=") {
            self.word("an offset")?;
            match unsigned(offset) {
                Some(offset) => arg.offset = offset,
                None => return self.expected(at, "an offset"),
            }
        }
        Ok(arg)
    }
}
