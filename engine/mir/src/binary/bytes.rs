//! Bytes being read: numbers, names, types, and the immediates of operators.
//!
//! Invariant: nothing is read beyond the end, and a count is compared with the bytes left
//! before anything is made of it.

use super::error::{BinaryError, Malformed};
use super::{TYPES, declare};
use crate::immediates::{ReadImmediates, Scratch};
use crate::op::{BlockDecl, MemArg};
use crate::types::{Label, MemoryIndex, StackHeight, ValType};

type Read<T> = Result<T, BinaryError>;

/// Bytes with the place of the next one.
pub(super) struct Bytes<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Offset of the first byte in the module.
    start: u32,
    /// The label declared last.
    label: Label,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &'a [u8], start: u32) -> Bytes<'a> {
        Bytes {
            bytes,
            at: 0,
            start,
            label: Label::RETURN,
        }
    }

    /// Offset in the module of the next byte.
    pub(super) fn offset(&self) -> u32 {
        self.start + self.at as u32
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left() == 0
    }

    pub(super) fn malformed<T>(&self, cause: Malformed) -> Read<T> {
        Err(BinaryError::malformed(self.offset(), cause))
    }

    /// Everything must have been read.
    pub(super) fn end(&self) -> Read<()> {
        if self.is_empty() {
            Ok(())
        } else {
            self.malformed(Malformed::Size)
        }
    }

    pub(super) fn u8(&mut self) -> Read<u8> {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => self.malformed(Malformed::End),
        }
    }

    pub(super) fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        if count > self.left() {
            return self.malformed(Malformed::End);
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A little-endian number of four bytes.
    pub(super) fn fixed32(&mut self) -> Read<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn fixed64(&mut self) -> Read<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// An unsigned LEB128 number, in its shortest form.
    pub(super) fn u32(&mut self) -> Read<u32> {
        let start = self.at;
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return match u32::try_from(value) {
                    Ok(value) if byte != 0 || shift == 0 => Ok(value),
                    _ => self.number_at(start),
                };
            }
        }
        self.number_at(start)
    }

    /// A signed LEB128 number, in its shortest form.
    fn s64(&mut self) -> Read<i64> {
        let start = self.at;
        let mut value = 0i64;
        let mut last = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.u8()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 != 0 {
                last = byte;
                continue;
            }
            let unused = 64 - (shift + 7).min(64);
            value = value << unused >> unused;
            // The last byte must say more than the sign of the one before.
            let sign = if last & 0x40 == 0 { 0 } else { 0x7f };
            let fits = shift < 63 || byte == 0 || byte == 0x7f;
            if fits && (shift == 0 || byte != sign) {
                return Ok(value);
            }
            break;
        }
        self.number_at(start)
    }

    fn number_at<T>(&mut self, start: usize) -> Read<T> {
        self.at = start;
        self.malformed(Malformed::Number)
    }

    /// A count of items, each of which takes at least one byte.
    pub(super) fn count(&mut self) -> Read<u32> {
        let start = self.at;
        let count = self.u32()?;
        if count as usize > self.left() {
            let bytes = self.left() as u32;
            self.at = start;
            return self.malformed(Malformed::Count { count, bytes });
        }
        Ok(count)
    }

    pub(super) fn name(&mut self) -> Read<Box<str>> {
        let start = self.at;
        let count = self.count()?;
        match std::str::from_utf8(self.take(count as usize)?) {
            Ok(name) => Ok(name.into()),
            Err(_) => {
                self.at = start;
                self.malformed(Malformed::Utf8)
            }
        }
    }

    /// One of the flags that can be set, or an error.
    pub(super) fn flags(&mut self, known: u8) -> Read<u8> {
        let flags = self.u8()?;
        if flags & !known != 0 {
            self.at -= 1;
            return self.malformed(Malformed::Flags(flags));
        }
        Ok(flags)
    }

    pub(super) fn types(&mut self) -> Read<Box<[ValType]>> {
        let count = self.count()?;
        (0..count).map(|_| self.ty()).collect()
    }
}

impl ReadImmediates for Bytes<'_> {
    type Error = BinaryError;

    /// Not in the bytes: labels are numbered in order.
    fn fresh(&mut self) -> Read<Label> {
        self.label.0 += 1;
        Ok(self.label)
    }

    fn label(&mut self) -> Read<Label> {
        self.u32().map(Label)
    }

    fn labels<'s>(&mut self, scratch: &'s mut Scratch) -> Read<&'s [Label]> {
        let count = self.count()?;
        scratch.labels.clear();
        for _ in 0..count {
            scratch.labels.push(self.label()?);
        }
        Ok(&scratch.labels)
    }

    fn decl<'s>(&mut self, scratch: &'s mut Scratch) -> Read<BlockDecl<'s>> {
        let flags = self.flags(declare::BACKWARD | declare::CALLERS | declare::ARGS)?;
        let base = StackHeight(self.u32()?);
        let callers = match flags & declare::CALLERS {
            0 => None,
            _ => Some(self.u32()?),
        };
        scratch.types.clear();
        if flags & declare::ARGS != 0 {
            let count = self.count()?;
            if count == 0 {
                return self.malformed(Malformed::Empty);
            }
            for _ in 0..count {
                scratch.types.push(self.ty()?);
            }
        }
        Ok(BlockDecl {
            base,
            args: &scratch.types,
            backward: flags & declare::BACKWARD != 0,
            callers,
        })
    }

    fn number(&mut self) -> Read<u32> {
        self.u32()
    }

    fn index<I: From<u32>>(&mut self) -> Read<I> {
        self.u32().map(I::from)
    }

    fn i32(&mut self) -> Read<i32> {
        let start = self.at;
        let value = self.s64()?;
        i32::try_from(value).or_else(|_| self.number_at(start))
    }

    fn i64(&mut self) -> Read<i64> {
        self.s64()
    }

    fn f32(&mut self) -> Read<u32> {
        self.fixed32()
    }

    fn f64(&mut self) -> Read<u64> {
        self.fixed64()
    }

    fn ty(&mut self) -> Read<ValType> {
        let code = self.u8()?;
        match TYPES.iter().find(|(known, _)| *known == code) {
            Some(&(_, ty)) => Ok(ty),
            None => {
                self.at -= 1;
                self.malformed(Malformed::Type(code))
            }
        }
    }

    fn memarg(&mut self) -> Read<MemArg> {
        let memory = MemoryIndex(self.u32()?);
        let offset = self.u32()?;
        Ok(MemArg { memory, offset })
    }
}
