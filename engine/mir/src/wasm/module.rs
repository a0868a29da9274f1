//! The module reader: sections into [`ModuleInfo`], function bodies to a consumer.
//!
//! Owns the parser's and the validator's state, and the bytes of what is not
//! complete yet. Each section is validated first and collected second, so that
//! collecting deals with valid sections only.
//!
//! A count is compared with its limit, and with the bytes that are left, before
//! anything sees it: the validator reserves memory by it.

use wasmparser::{Chunk, Parser, Payload, Validator};

use super::control::Scratch;
use super::convert;
use super::error::{Proposal, WasmError, invalid, malformed, narrow, wide_limits};
use super::func::{Body, BodyLimits, FunctionBody};
use super::limits::{LimitKind, Limits};
use super::{Consumer, FEATURES};
use crate::module::ModuleInfo;
use crate::types::{DefinedFuncIndex, FuncIndex};

/// Translates a module chunk by chunk.
pub struct ModuleTranslator {
    parser: Parser,
    /// The beginning of a payload that is not complete.
    pending: Vec<u8>,
    received: u64,
    refused: bool,
    reader: ModuleReader,
}

/// The state that payloads change.
pub(super) struct ModuleReader {
    pub(super) validator: Validator,
    pub(super) limits: Limits,
    pub(super) info: ModuleInfo,
    bodies: u32,
    scratch: Scratch,
}

/// What [`ModuleTranslator::parse`] stopped at.
enum Stop {
    /// Everything that is complete has been read; at least `missing` bytes more
    /// are needed.
    Incomplete { consumed: usize, missing: usize },
    /// The module has ended.
    End,
}

impl ModuleTranslator {
    /// A translator for one module.
    pub fn new(limits: Limits) -> ModuleTranslator {
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        ModuleTranslator {
            parser,
            pending: Vec::new(),
            received: 0,
            refused: false,
            reader: ModuleReader {
                validator: Validator::new_with_features(FEATURES),
                limits,
                info: ModuleInfo::default(),
                bodies: 0,
                scratch: Scratch::default(),
            },
        }
    }

    /// Takes the next bytes of the module, and hands on what they complete.
    pub fn push<C: Consumer>(&mut self, chunk: &[u8], consumer: &mut C) -> Result<(), C::Error> {
        let result = self.receive(chunk).map_err(C::Error::from);
        let result = result.and_then(|()| self.advance(chunk, consumer));
        self.refused |= result.is_err();
        result
    }

    /// Ends the module.
    pub fn finish<C: Consumer>(mut self, consumer: &mut C) -> Result<ModuleInfo, C::Error> {
        if self.refused {
            return Err(WasmError::Refused.into());
        }
        let pending = std::mem::take(&mut self.pending);
        self.parse(&pending, true, consumer)?;
        Ok(self.reader.info)
    }

    pub(super) fn whole<C: Consumer>(
        mut self,
        bytes: &[u8],
        scratch: &mut Scratch,
        consumer: &mut C,
    ) -> Result<ModuleInfo, C::Error> {
        self.receive(bytes)?;
        self.reader.scratch = std::mem::take(scratch);
        let result = self.parse(bytes, true, consumer);
        *scratch = self.reader.scratch;
        result.map(|_| self.reader.info)
    }

    fn receive(&mut self, chunk: &[u8]) -> Result<(), WasmError> {
        if self.refused {
            return Err(WasmError::Refused);
        }
        self.received += chunk.len() as u64;
        self.reader
            .limits
            .check(LimitKind::ModuleSize, self.received, self.received)?;
        Ok(())
    }

    /// Parses what is pending with the fewest bytes of `chunk` that complete it,
    /// and the rest of `chunk` where it is.
    fn advance<C: Consumer>(&mut self, mut chunk: &[u8], consumer: &mut C) -> Result<(), C::Error> {
        let mut missing = if self.pending.is_empty() { 0 } else { 1 };
        while !chunk.is_empty() {
            if missing == 0 {
                let Stop::Incomplete { consumed, .. } = self.parse(chunk, false, consumer)? else {
                    return Ok(());
                };
                self.pending.extend_from_slice(&chunk[consumed..]);
                return Ok(());
            }
            let (head, rest) = chunk.split_at(missing.min(chunk.len()));
            chunk = rest;
            self.pending.extend_from_slice(head);
            let mut pending = std::mem::take(&mut self.pending);
            let stop = self.parse(&pending, false, consumer)?;
            let Stop::Incomplete {
                consumed,
                missing: more,
            } = stop
            else {
                return Ok(());
            };
            pending.drain(..consumed);
            missing = if pending.is_empty() { 0 } else { more };
            self.pending = pending;
        }
        Ok(())
    }

    fn parse<C: Consumer>(
        &mut self,
        bytes: &[u8],
        eof: bool,
        consumer: &mut C,
    ) -> Result<Stop, C::Error> {
        let mut consumed = 0;
        loop {
            let start = self.parser.offset();
            match self
                .parser
                .parse(&bytes[consumed..], eof)
                .map_err(malformed)?
            {
                Chunk::NeedMoreData(missing) => {
                    return Ok(Stop::Incomplete { consumed, missing });
                }
                Chunk::Parsed {
                    payload: Payload::End(offset),
                    ..
                } => {
                    self.reader.validator.end(offset).map_err(invalid)?;
                    return Ok(Stop::End);
                }
                Chunk::Parsed {
                    payload: Payload::CodeSectionEntry(body),
                    consumed: n,
                } => {
                    consumed += n;
                    self.reader.body(body, consumer)?;
                }
                Chunk::Parsed {
                    payload,
                    consumed: n,
                } => {
                    let bytes = &bytes[consumed..consumed + n];
                    consumed += n;
                    self.reader.section(payload).map_err(|error| match error {
                        WasmError::Malformed { .. } => wide_limits(bytes, start).unwrap_or(error),
                        _ => error,
                    })?;
                }
            }
        }
    }
}

impl ModuleReader {
    fn body<C: Consumer>(
        &mut self,
        body: wasmparser::FunctionBody<'_>,
        consumer: &mut C,
    ) -> Result<(), C::Error> {
        let (range, bytes) = (body.range(), body.as_bytes());
        let size = bytes.len() as u64;
        self.limits
            .check(LimitKind::FunctionSize, size, range.start)
            .map_err(WasmError::from)?;
        let validate = self.validator.code_section_entry(&body).map_err(invalid)?;
        let index = DefinedFuncIndex(self.bodies);
        self.bodies += 1;
        consumer.function(FunctionBody {
            body: Body {
                index,
                offset: narrow(range.start),
                bytes,
                validate,
                limits: BodyLimits::new(&self.limits),
            },
            module: &self.info,
            scratch: &mut self.scratch,
        })
    }

    fn section(&mut self, payload: Payload<'_>) -> Result<(), WasmError> {
        match payload {
            Payload::Version {
                num,
                encoding,
                range,
            } => self
                .validator
                .version(num, encoding, &range)
                .map_err(malformed),
            Payload::TypeSection(section) => self.types(section),
            Payload::ImportSection(section) => self.imports(section),
            Payload::FunctionSection(section) => self.functions(section),
            Payload::TableSection(section) => self.tables(section),
            Payload::MemorySection(section) => self.memories(section),
            Payload::TagSection(section) => self.validator.tag_section(&section).map_err(invalid),
            Payload::GlobalSection(section) => self.globals(section),
            Payload::ExportSection(section) => self.exports(section),
            Payload::StartSection { func, range } => {
                self.info.start = Some(FuncIndex(func));
                self.validator.start_section(func, &range).map_err(invalid)
            }
            Payload::ElementSection(section) => self.elems(section),
            Payload::DataCountSection { count, range } => {
                self.limits
                    .check(LimitKind::DataSegments, u64::from(count), range.start)?;
                self.info.data_count = count;
                self.validator
                    .data_count_section(count, &range)
                    .map_err(invalid)
            }
            Payload::CodeSectionStart {
                unchecked_range, ..
            } => self
                .validator
                .code_section_start(&unchecked_range)
                .map_err(invalid),
            Payload::DataSection(section) => self.datas(section),
            Payload::CustomSection(section) => {
                self.custom(&section);
                Ok(())
            }
            Payload::UnknownSection { id, range, .. } => self
                .validator
                .unknown_section(id, &range)
                .map_err(malformed),
            // The version was a module's, so that components do not get here.
            _ => Err(convert::unsupported(Proposal::ComponentModel, 0)),
        }
    }
}
