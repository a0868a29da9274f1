//! One function body, from its bytes to Microwasm.
//!
//! Owns the loop over the operators: each is read ([`read`]) and dispatched once, to
//! [`visit`](super::visit), which validates and translates it. Receives the
//! body as the module reader found it; hands operators on to a [`Sink`].
//!
//! wasmparser's validator has the last word on what is refused: it reads the body once more, and
//! its error is the one that is reported. Builds that check themselves also ask it about what is
//! accepted.

use std::ops::Range;

use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidatorAllocations, ValidatorResources, WasmFeatures,
};

use super::control::{Scratch, Translator};
use super::error::{Cause, WasmError, invalid, malformed, narrow, unreadable};
use super::limits::Limits;
use super::read;
use crate::module::ModuleInfo;
use crate::op::Sink;
use crate::types::DefinedFuncIndex;

/// Bytes of a body from which on the memory that compiling it takes, which may be ten times as much,
/// should not be kept for the next; [`Scratch`] is not.
pub const LARGE_BODY: usize = 128 << 10;

/// A function body that has been found and not looked into yet.
///
/// It can be translated where it is, or [copied](DetachedBodies::push) and
/// translated later, on any thread.
pub struct FunctionBody<'a> {
    pub(super) body: Body<&'a [u8], ValidatorResources>,
    pub(super) module: &'a ModuleInfo,
    pub(super) scratch: &'a mut Scratch,
}

/// Function bodies with their own copy of the bytes, which can be translated when the module
/// reader has moved on. Nothing is known about their validity until then.
#[derive(Default)]
pub struct DetachedBodies {
    bytes: Vec<u8>,
    /// Where in `bytes` each of them is.
    bodies: Vec<Body<Range<usize>, ()>>,
    /// What they all need of their module. One for all: threads that count references to the same
    /// thing wait for each other.
    resources: Option<ValidatorResources>,
}

/// One of [`DetachedBodies`].
pub struct DetachedBody<'a> {
    body: Body<&'a [u8], &'a ValidatorResources>,
}

/// A body whose bytes are `B` and what it needs of its module `R`.
pub(super) struct Body<B, R> {
    pub(super) index: DefinedFuncIndex,
    pub(super) offset: u32,
    pub(super) bytes: B,
    pub(super) validate: FuncToValidate<R>,
    pub(super) limits: BodyLimits,
}

/// The limits that matter inside of a function.
#[derive(Clone, Copy)]
pub(super) struct BodyLimits {
    locals: u32,
    nesting: u32,
}

impl BodyLimits {
    pub(super) fn new(limits: &Limits) -> BodyLimits {
        BodyLimits {
            locals: limits.locals,
            nesting: limits.nesting,
        }
    }
}

impl<'a> FunctionBody<'a> {
    /// Which of the module's own functions this is.
    pub fn index(&self) -> DefinedFuncIndex {
        self.body.index
    }

    /// Offset of the body in the module.
    pub fn offset(&self) -> u32 {
        self.body.offset
    }

    /// The body: locals, then operators.
    pub fn bytes(&self) -> &'a [u8] {
        self.body.bytes
    }

    /// What the module has declared. Complete but for data segments and names.
    pub fn module(&self) -> &'a ModuleInfo {
        self.module
    }

    /// Validates the body and feeds it to `sink`. After an error, what the sink
    /// has received is worthless.
    pub fn translate<S: Sink>(self, sink: &mut S) -> Result<(), WasmError> {
        let mut resources = None;
        let body = self.body.map(|bytes| bytes, |own| &*resources.insert(own));
        body.translate(self.module, self.scratch, sink)
    }
}

impl DetachedBodies {
    /// Adds a copy of a body of the module that all the others are of.
    pub fn push(&mut self, body: FunctionBody<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(body.body.bytes);
        let range = start..self.bytes.len();
        self.bodies.push(body.body.map(
            |_| range,
            |resources| {
                self.resources.get_or_insert(resources);
            },
        ));
    }

    /// Bytes of all that have been added since they were [cleared](DetachedBodies::clear).
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Takes all of them out, in the order in which they were added.
    pub fn drain(&mut self) -> impl Iterator<Item = DetachedBody<'_>> {
        let (bytes, resources) = (&self.bytes, &self.resources);
        let bodies = self.bodies.drain(..).zip(resources.iter().cycle());
        bodies.map(|(body, resources)| DetachedBody {
            body: body.map(|range| &bytes[range], |()| resources),
        })
    }

    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bodies.clear();
        self.resources = None;
    }
}

impl DetachedBody<'_> {
    /// Which of the module's own functions this is.
    pub fn index(&self) -> DefinedFuncIndex {
        self.body.index
    }

    /// The body: locals, then operators.
    pub fn bytes(&self) -> &[u8] {
        self.body.bytes
    }

    /// As [`FunctionBody::translate`]. `module` is the one that it came from.
    pub fn translate<S: Sink>(
        self,
        module: &ModuleInfo,
        scratch: &mut Scratch,
        sink: &mut S,
    ) -> Result<(), WasmError> {
        self.body.translate(module, scratch, sink)
    }
}

impl<B, R> Body<B, R> {
    fn map<C, S>(self, bytes: impl FnOnce(B) -> C, resources: impl FnOnce(R) -> S) -> Body<C, S> {
        let FuncToValidate {
            resources: of_module,
            index,
            ty,
            features,
        } = self.validate;
        Body {
            index: self.index,
            offset: self.offset,
            bytes: bytes(self.bytes),
            validate: FuncToValidate {
                resources: resources(of_module),
                index,
                ty,
                features,
            },
            limits: self.limits,
        }
    }
}

impl<'a> Body<&'a [u8], &ValidatorResources> {
    fn translate<S: Sink>(
        self,
        module: &ModuleInfo,
        scratch: &mut Scratch,
        sink: &mut S,
    ) -> Result<(), WasmError> {
        let result = self.translate_unconfirmed(module, scratch, sink);
        if self.bytes.len() > LARGE_BODY {
            *scratch = Scratch::default();
        }
        match result {
            Ok(()) => {
                if cfg!(debug_assertions) {
                    let verdict = self.verdict();
                    assert!(verdict.is_ok(), "translated, but {verdict:?}");
                }
                Ok(())
            }
            Err(error @ WasmError::Limit(_)) => Err(error),
            Err(error) => {
                self.verdict()?;
                debug_assert!(!error.is_mistake(), "valid, but {error:?}");
                Err(error)
            }
        }
    }

    fn translate_unconfirmed<S: Sink>(
        &self,
        module: &ModuleInfo,
        scratch: &mut Scratch,
        sink: &mut S,
    ) -> Result<(), WasmError> {
        let FuncToValidate {
            resources,
            features,
            ..
        } = &self.validate;
        let mut reader = self.reader();
        let sig = module.funcs[module.func_index(self.index).index()];
        let nesting = self.limits.nesting;
        let mut translator = Translator::new(sig, module, resources, scratch, sink, nesting);
        locals(&mut reader, |offset, count, ty| {
            translator.define_locals(offset, count, ty, self.limits.locals)
        })?;
        translator.begin();
        let rest = &self.bytes[reader.current_position()..];
        run(&mut translator, rest, self.end(), *features)?;
        scratch.operands = translator.into_operands();
        Ok(())
    }

    /// What wasmparser says of the body.
    #[cold]
    fn verdict(self) -> Result<(), WasmError> {
        let (bytes, end) = (self.bytes, self.end());
        let mut reader = self.reader();
        let mut validator = self
            .validate
            .into_validator(FuncValidatorAllocations::default());
        locals(&mut reader, |offset, count, ty| {
            let defined = validator.define_locals(offset, count, ty);
            defined.map_err(invalid)
        })?;
        while !reader.eof() {
            let offset = reader.original_position();
            let rest = &bytes[reader.current_position()..];
            match reader.visit_operator(&mut validator.visitor(offset)) {
                Ok(valid) => valid.map_err(invalid)?,
                Err(error) => return Err(unreadable(rest, error)),
            }
        }
        reader
            .finish_expression(&validator.visitor(end))
            .map_err(malformed)
    }

    fn reader(&self) -> BinaryReader<'a> {
        BinaryReader::new_features(self.bytes, u64::from(self.offset), self.validate.features)
    }

    /// Offset of the body's end in the module.
    fn end(&self) -> u64 {
        u64::from(self.offset) + self.bytes.len() as u64
    }
}

/// Reads the locals, a group at a time: the offset, how many, of which type.
fn locals(
    reader: &mut BinaryReader<'_>,
    mut define: impl FnMut(u64, u32, wasmparser::ValType) -> Result<(), WasmError>,
) -> Result<(), WasmError> {
    let groups = reader.read_var_u32().map_err(malformed)?;
    let mut declared = 0u32;
    for _ in 0..groups {
        let offset = reader.original_position();
        let count: u32 = reader.read_var_u32().map_err(malformed)?;
        let ty: wasmparser::ValType = reader.read().map_err(malformed)?;
        declared = declared.checked_add(count).ok_or(WasmError::Malformed {
            offset: narrow(offset),
            cause: Cause::TooManyLocals,
        })?;
        define(offset, count, ty)?;
    }
    Ok(())
}

/// Reads, validates and translates every operator. `rest` are the last bytes of the module's
/// part that ends at `end`.
fn run<S: Sink>(
    translator: &mut Translator<'_, S>,
    mut rest: &[u8],
    end: u64,
    features: WasmFeatures,
) -> Result<(), WasmError> {
    while !rest.is_empty() {
        translator.offset = end - rest.len() as u64;
        if !translator.has_ended()
            && let Some((behind, result)) = read::next(translator, rest)
        {
            result.map_err(|error| *error)?;
            rest = behind;
        } else {
            rest = &rest[run_one(translator, rest, features)?..];
        }
    }
    translator.offset = end;
    BinaryReader::new(rest, end)
        .finish_expression(translator)
        .map_err(malformed)
}

/// Has wasmparser read the next operator; returns its length.
#[inline(never)]
fn run_one<S: Sink>(
    translator: &mut Translator<'_, S>,
    rest: &[u8],
    features: WasmFeatures,
) -> Result<usize, WasmError> {
    let mut reader = BinaryReader::new_features(rest, translator.offset, features);
    match reader.visit_operator(translator) {
        Ok(Ok(())) => Ok(reader.current_position()),
        Ok(Err(error)) => Err(*error),
        Err(error) => Err(unreadable(rest, error)),
    }
}
