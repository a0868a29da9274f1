//! A module in any of its forms: WebAssembly, Microwasm binary, Microwasm text.
//!
//! Receives bytes, whole or in chunks, and tells the forms apart by their first bytes.
//! Hands on every function body to a [`Consumer`], which has it translated into a
//! [`Sink`] of its choice, and in the end the [`ModuleInfo`]. Whatever the form, a sink
//! sees valid operators only.

use crate::binary::{self, BinaryError};
use crate::module::ModuleInfo;
use crate::op::Sink;
use crate::text::{self, TextCause, TextError};
use crate::types::DefinedFuncIndex;
use crate::wasm::{self, Limits, ModuleTranslator, Scratch, WasmError};

/// Why a module is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InputError {
    /// A WebAssembly module.
    #[error(transparent)]
    Wasm(#[from] WasmError),
    /// A Microwasm module in binary form.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// A Microwasm module in text form.
    #[error(transparent)]
    Text(#[from] TextError),
}

impl InputError {
    /// Byte offset in the module, if there is one.
    pub fn offset(&self) -> Option<u32> {
        match self {
            InputError::Wasm(error) => error.offset(),
            InputError::Binary(error) => error.offset(),
            InputError::Text(error) => Some(error.offset),
        }
    }
}

/// Kinds of [`InputError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Malformed or invalid.
    Invalid,
    /// Needs something that is not supported.
    Unsupported,
    /// Exceeds a limit.
    Limit,
}

impl InputError {
    /// Which kind of error it is.
    pub fn refusal(&self) -> Refusal {
        use crate::verify::Violation;
        match self {
            InputError::Wasm(WasmError::Unsupported { .. }) => Refusal::Unsupported,
            InputError::Wasm(WasmError::Limit(_)) | InputError::Binary(BinaryError::Limit(_)) => {
                Refusal::Limit
            }
            InputError::Text(TextError {
                cause: TextCause::Invalid(Violation::Limit { .. } | Violation::Overflow { .. }),
                ..
            })
            | InputError::Binary(BinaryError::Invalid {
                violation: Violation::Overflow { .. },
                ..
            }) => Refusal::Limit,
            InputError::Wasm(_) | InputError::Binary(_) | InputError::Text(_) => Refusal::Invalid,
        }
    }
}

/// Receives the functions of a module, in order.
pub trait Consumer {
    /// Why translating stops early: the module's fault or the consumer's own.
    type Error: From<InputError>;

    /// Takes a function body.
    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Self::Error>;
}

/// A function body that has been found and not looked into yet.
pub enum FunctionBody<'a> {
    /// Of a WebAssembly module.
    Wasm(wasm::FunctionBody<'a>),
    /// Of a Microwasm module in binary form.
    Binary(binary::FunctionBody<'a>),
    /// Of a Microwasm module in text form.
    Text(text::FunctionBody<'a>),
}

impl<'a> FunctionBody<'a> {
    /// Which of the module's own functions this is.
    pub fn index(&self) -> DefinedFuncIndex {
        match self {
            FunctionBody::Wasm(body) => body.index(),
            FunctionBody::Binary(body) => body.index(),
            FunctionBody::Text(body) => body.index(),
        }
    }

    /// Offset of the body in the module.
    pub fn offset(&self) -> u32 {
        match self {
            FunctionBody::Wasm(body) => body.offset(),
            FunctionBody::Binary(body) => body.offset(),
            FunctionBody::Text(body) => body.offset(),
        }
    }

    /// The body as the module has it.
    pub fn bytes(&self) -> &'a [u8] {
        match self {
            FunctionBody::Wasm(body) => body.bytes(),
            FunctionBody::Binary(body) => body.bytes(),
            FunctionBody::Text(body) => body.bytes(),
        }
    }

    /// What the module has declared. Complete but for data segments and names.
    pub fn module(&self) -> &'a ModuleInfo {
        match self {
            FunctionBody::Wasm(body) => body.module(),
            FunctionBody::Binary(body) => body.module(),
            FunctionBody::Text(body) => body.module(),
        }
    }

    /// Validates the body and feeds it to `sink`. After an error, what the sink has
    /// received is worthless.
    pub fn translate<S: Sink>(self, sink: &mut S) -> Result<(), InputError> {
        match self {
            FunctionBody::Wasm(body) => Ok(body.translate(sink)?),
            FunctionBody::Binary(body) => Ok(body.translate(sink)?),
            FunctionBody::Text(body) => Ok(body.translate(sink)?),
        }
    }

    /// As [`FunctionBody::translate`], for sinks that an indirect call per operator does not slow
    /// down: they share one copy of the front end, which takes long to compile.
    pub fn feed(self, mut sink: &mut dyn Sink) -> Result<(), InputError> {
        self.translate(&mut sink)
    }
}

/// The forms of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// WebAssembly, or nothing that is known here.
    Wasm,
    /// Microwasm, binary.
    Binary,
    /// Microwasm, text.
    Text,
}

impl Form {
    /// The form of a module that is there as a whole.
    pub fn of(bytes: &[u8]) -> Form {
        if bytes.starts_with(&binary::MAGIC) {
            Form::Binary
        } else if text::is_text(bytes) {
            Form::Text
        } else {
            Form::Wasm
        }
    }
}

/// Translates a module that is there as a whole, without copying it.
pub fn translate<C: Consumer>(
    bytes: &[u8],
    limits: Limits,
    consumer: &mut C,
) -> Result<ModuleInfo, C::Error> {
    translate_with(bytes, limits, &mut Scratch::default(), consumer)
}

/// As [`translate`], with memory that is left over from other modules.
pub fn translate_with<C: Consumer>(
    bytes: &[u8],
    limits: Limits,
    scratch: &mut Scratch,
    consumer: &mut C,
) -> Result<ModuleInfo, C::Error> {
    match Form::of(bytes) {
        Form::Wasm => wasm::translate_with(bytes, limits, scratch, &mut FromWasm(consumer))
            .map_err(|Stop(error)| error),
        Form::Text => text::parse(bytes, limits, consumer),
        Form::Binary => {
            let mut reader = binary::ModuleReader::new(limits);
            reader.push(bytes, consumer)?;
            reader.finish::<C>()
        }
    }
}

/// Translates a module chunk by chunk. Text is kept until its end.
pub struct ModuleReader(Reader);

enum Reader {
    /// Too few bytes, or text.
    Unknown(Vec<u8>, Limits),
    Wasm(Box<ModuleTranslator>),
    Binary(Box<binary::ModuleReader>),
}

impl ModuleReader {
    /// A reader for one module.
    pub fn new(limits: Limits) -> ModuleReader {
        ModuleReader(Reader::Unknown(Vec::new(), limits))
    }

    /// Takes the next bytes of the module, and hands on what they complete.
    pub fn push<C: Consumer>(&mut self, chunk: &[u8], consumer: &mut C) -> Result<(), C::Error> {
        match &mut self.0 {
            Reader::Unknown(head, limits) => {
                head.extend_from_slice(chunk);
                let start = match head.first() {
                    None => return Ok(()),
                    Some(b'\0') if head.len() < binary::MAGIC.len() => return Ok(()),
                    Some(b'\0') => std::mem::take(head),
                    // Whether it is text shows at the end.
                    Some(_) if text::may_be_text(head) => {
                        let size = head.len() as u64;
                        return limits
                            .check(wasm::LimitKind::ModuleSize, size, size)
                            .map_err(|limit| InputError::Wasm(limit.into()).into());
                    }
                    Some(_) => std::mem::take(head),
                };
                let limits = limits.clone();
                self.0 = match Form::of(&start) {
                    Form::Binary => Reader::Binary(Box::new(binary::ModuleReader::new(limits))),
                    _ => Reader::Wasm(Box::new(ModuleTranslator::new(limits))),
                };
                self.push(&start, consumer)
            }
            Reader::Wasm(reader) => reader
                .push(chunk, &mut FromWasm(consumer))
                .map_err(|Stop(error)| error),
            Reader::Binary(reader) => reader.push(chunk, consumer),
        }
    }

    /// Ends the module.
    pub fn finish<C: Consumer>(self, consumer: &mut C) -> Result<ModuleInfo, C::Error> {
        match self.0 {
            Reader::Unknown(bytes, limits) => translate(&bytes, limits, consumer),
            Reader::Wasm(reader) => reader
                .finish(&mut FromWasm(consumer))
                .map_err(|Stop(error)| error),
            Reader::Binary(reader) => reader.finish::<C>(),
        }
    }
}

/// A consumer of any form, as one of WebAssembly.
struct FromWasm<'c, C>(&'c mut C);

struct Stop<E>(E);

impl<E: From<InputError>> From<WasmError> for Stop<E> {
    fn from(error: WasmError) -> Stop<E> {
        Stop(InputError::Wasm(error).into())
    }
}

impl<C: Consumer> wasm::Consumer for FromWasm<'_, C> {
    type Error = Stop<C::Error>;

    fn function(&mut self, body: wasm::FunctionBody<'_>) -> Result<(), Stop<C::Error>> {
        self.0.function(FunctionBody::Wasm(body)).map_err(Stop)
    }
}
