//! The module reader: sections into declarations, function bodies to a consumer.
//!
//! Owns the bytes of what is not complete yet. Works in *units*: the header, a section,
//! the beginning of the code, a function body. A unit is looked into when it is there as a
//! whole; its size is compared with the limits before anything is kept for it.

use super::bytes::Bytes;
use super::error::{BinaryError, Malformed};
use super::func::FunctionBody;
use super::{MAGIC, Section, VERSION, sections};
use crate::immediates::Scratch;
use crate::input::{self, Consumer, InputError};
use crate::module::ModuleInfo;
use crate::types::DefinedFuncIndex;
use crate::verify::{Declarations, Rules};
use crate::wasm::{LimitExceeded, LimitKind, Limits};

/// Reads a module chunk by chunk.
pub struct ModuleReader {
    /// The beginning of a unit that is not complete.
    pending: Vec<u8>,
    received: u64,
    /// Offset of the next unit.
    offset: u32,
    next: Next,
    last: Option<Section>,
    bodies: u32,
    declarations: Declarations,
    rules: Option<Rules>,
    scratch: Scratch,
    refused: bool,
}

/// Which kind of unit comes next.
#[derive(Clone, Copy)]
enum Next {
    Header,
    Section,
    /// So many bodies are left in the code section that ends at `end`.
    Body {
        left: u32,
        end: u32,
    },
}

/// A unit, or what is missing of it.
enum Unit<'a> {
    Missing(usize),
    Header(&'a [u8]),
    Section(Section, Bytes<'a>, usize),
    Code { count: u32, end: u32, size: usize },
    Body(Bytes<'a>, &'a [u8], usize),
}

const HEADER: usize = 8;

impl ModuleReader {
    /// A reader for one module.
    pub fn new(limits: Limits) -> ModuleReader {
        ModuleReader {
            pending: Vec::new(),
            received: 0,
            offset: 0,
            next: Next::Header,
            last: None,
            bodies: 0,
            declarations: Declarations::new(limits),
            rules: None,
            scratch: Scratch::default(),
            refused: false,
        }
    }

    /// Takes the next bytes of the module, and hands on what they complete.
    pub fn push<C: Consumer>(&mut self, chunk: &[u8], consumer: &mut C) -> Result<(), C::Error> {
        let result = self.receive(chunk, consumer);
        self.refused |= result.is_err();
        result
    }

    /// Ends the module.
    pub fn finish<C: Consumer>(mut self) -> Result<ModuleInfo, C::Error> {
        self.end().map_err(|error| InputError::from(error).into())
    }

    fn end(&mut self) -> Result<ModuleInfo, BinaryError> {
        if self.refused {
            return Err(BinaryError::Refused);
        }
        let offset = self.offset + self.pending.len() as u32;
        match self.next {
            Next::Section if self.pending.is_empty() => {}
            _ => return Err(BinaryError::malformed(offset, Malformed::End)),
        }
        self.declarations
            .finish(self.bodies)
            .map_err(|violation| BinaryError::invalid(offset, None, violation))
    }

    fn receive<C: Consumer>(&mut self, mut chunk: &[u8], consumer: &mut C) -> Result<(), C::Error> {
        if self.refused {
            return Err(InputError::from(BinaryError::Refused).into());
        }
        self.received += chunk.len() as u64;
        let limits = self.declarations.limits();
        limits
            .check(LimitKind::ModuleSize, self.received, self.received)
            .map_err(|limit| InputError::from(BinaryError::Limit(limit)))?;
        let mut missing = usize::from(!self.pending.is_empty());
        while missing > 0 && !chunk.is_empty() {
            let (head, rest) = chunk.split_at(missing.min(chunk.len()));
            chunk = rest;
            let mut pending = std::mem::take(&mut self.pending);
            pending.extend_from_slice(head);
            let (consumed, more) = self.units(&pending, consumer)?;
            pending.drain(..consumed);
            missing = if pending.is_empty() { 0 } else { more };
            self.pending = pending;
        }
        if missing == 0 {
            let (consumed, _) = self.units(chunk, consumer)?;
            self.pending.extend_from_slice(&chunk[consumed..]);
        }
        Ok(())
    }

    /// Reads what is complete; returns how much that was and how many bytes, at least,
    /// the next unit misses.
    fn units<C: Consumer>(
        &mut self,
        bytes: &[u8],
        consumer: &mut C,
    ) -> Result<(usize, usize), C::Error> {
        let mut consumed = 0;
        loop {
            let unit = self.unit(&bytes[consumed..]).map_err(InputError::from)?;
            let size = match unit {
                Unit::Missing(missing) => return Ok((consumed, missing)),
                Unit::Body(start, body, size) => {
                    self.body(start.offset(), body, consumer)?;
                    size
                }
                unit => self.declare(unit).map_err(InputError::from)?,
            };
            consumed += size;
            self.offset += size as u32;
            if let Next::Body { left: 0, end } = self.next {
                if self.offset != end {
                    let error = BinaryError::malformed(self.offset, Malformed::Size);
                    return Err(InputError::from(error).into());
                }
                self.next = Next::Section;
            }
        }
    }

    /// The unit that `bytes` begins with.
    fn unit<'b>(&self, all: &'b [u8]) -> Result<Unit<'b>, BinaryError> {
        let mut bytes = Bytes::new(all, self.offset);
        match self.next {
            Next::Header => Ok(match all.get(..HEADER) {
                Some(header) => Unit::Header(header),
                None => Unit::Missing(HEADER - all.len()),
            }),
            Next::Section => {
                let Some(id) = all.first() else {
                    return Ok(Unit::Missing(1));
                };
                let section = self.section_after(*id)?;
                bytes.u8()?;
                let Some(size) = arriving(bytes.u32())? else {
                    return Ok(Unit::Missing(1));
                };
                let end = u64::from(bytes.offset()) + u64::from(size);
                let limits = self.declarations.limits();
                limits.check(LimitKind::ModuleSize, end, self.offset.into())?;
                if section == Section::Code {
                    return code(bytes, end as u32);
                }
                let (start, at) = (bytes.offset(), bytes.position());
                match bytes.take(size as usize) {
                    Ok(contents) => {
                        let size = at + size as usize;
                        Ok(Unit::Section(section, Bytes::new(contents, start), size))
                    }
                    Err(_) => Ok(Unit::Missing(size as usize - bytes.left())),
                }
            }
            Next::Body { end, .. } => {
                let Some(size) = arriving(bytes.u32())? else {
                    return Ok(Unit::Missing(1));
                };
                self.check_body(size, bytes.offset(), end)?;
                let (start, at) = (bytes.offset(), bytes.position());
                match bytes.take(size as usize) {
                    Ok(body) => {
                        let size = at + size as usize;
                        Ok(Unit::Body(Bytes::new(body, start), body, size))
                    }
                    Err(_) => Ok(Unit::Missing(size as usize - bytes.left())),
                }
            }
        }
    }

    fn section_after(&self, id: u8) -> Result<Section, BinaryError> {
        let malformed = |cause| BinaryError::malformed(self.offset, cause);
        let section = Section::from_id(id).ok_or(malformed(Malformed::Section(id)))?;
        if self.last.is_some_and(|last| last >= section) {
            return Err(malformed(Malformed::SectionOrder(id)));
        }
        Ok(section)
    }

    fn check_body(&self, size: u32, offset: u32, end: u32) -> Result<(), BinaryError> {
        let limit = self.declarations.limits().body_size();
        if u64::from(size) > limit {
            return Err(BinaryError::Limit(LimitExceeded {
                kind: LimitKind::FunctionSize,
                value: size.into(),
                limit: u32::try_from(limit).unwrap_or(u32::MAX),
                offset,
            }));
        }
        if u64::from(offset) + u64::from(size) > u64::from(end) {
            return Err(BinaryError::malformed(offset, Malformed::Size));
        }
        Ok(())
    }

    /// Takes in a unit that is no body; returns its size.
    fn declare(&mut self, unit: Unit<'_>) -> Result<usize, BinaryError> {
        match unit {
            Unit::Header(header) => {
                if header[..4] != MAGIC {
                    return Err(BinaryError::malformed(0, Malformed::Magic));
                }
                let version = Bytes::new(&header[4..], 4).fixed32()?;
                if version != VERSION {
                    return Err(BinaryError::malformed(4, Malformed::Version(version)));
                }
                self.next = Next::Section;
                Ok(HEADER)
            }
            Unit::Section(section, mut contents, size) => {
                self.last = Some(section);
                sections::section(section, &mut contents, &mut self.declarations)?;
                Ok(size)
            }
            Unit::Code { count, end, size } => {
                self.last = Some(Section::Code);
                let declarations = &self.declarations;
                self.rules = Some(Rules::new(declarations.info(), declarations.limits()));
                let info = declarations.info();
                let declared = info.funcs.len() as u32 - info.imported_funcs;
                if count != declared {
                    let found = count;
                    let violation = crate::verify::Violation::Bodies { declared, found };
                    return Err(BinaryError::invalid(self.offset, None, violation));
                }
                self.next = Next::Body { left: count, end };
                Ok(size)
            }
            Unit::Missing(_) | Unit::Body(..) => unreachable!("handled where it is found"),
        }
    }

    fn body<C: Consumer>(
        &mut self,
        offset: u32,
        bytes: &[u8],
        consumer: &mut C,
    ) -> Result<(), C::Error> {
        let Next::Body { left, end } = self.next else {
            unreachable!("a body is found where bodies are");
        };
        self.next = Next::Body {
            left: left - 1,
            end,
        };
        let index = DefinedFuncIndex(self.bodies);
        self.bodies += 1;
        let rules = self.rules.as_ref();
        consumer.function(input::FunctionBody::Binary(FunctionBody {
            index,
            offset,
            bytes,
            module: self.declarations.info(),
            rules: rules.expect("made where the code begins"),
            scratch: &mut self.scratch,
        }))
    }
}

/// The beginning of the code section.
fn code(mut bytes: Bytes<'_>, end: u32) -> Result<Unit<'_>, BinaryError> {
    let offset = bytes.offset();
    let Some(count) = arriving(bytes.u32())? else {
        return Ok(Unit::Missing(1));
    };
    if count == 0 {
        return Err(BinaryError::malformed(offset, Malformed::Empty));
    }
    let size = bytes.position();
    Ok(Unit::Code { count, end, size })
}

/// A number of which not all bytes may be there yet.
fn arriving(number: Result<u32, BinaryError>) -> Result<Option<u32>, BinaryError> {
    match number {
        Ok(number) => Ok(Some(number)),
        Err(BinaryError::Malformed {
            cause: Malformed::End,
            ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}
