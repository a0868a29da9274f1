//! Functions with fewer parameters and results.
//!
//! Only functions that nothing calls by their index change, and results only of those that
//! return at their end and nowhere else. Calls through tables may fail then; whoever tries
//! the result finds out.

use microwasm::{FuncType, ValType};
use wasm_encoder::{Encode, FunctionSection, Instruction, TypeSection};
use wasmparser::{BinaryReader, FunctionSectionReader, TypeRef, TypeSectionReader};

use super::{Body, Editable, Kind, Op, encoder_type};
use crate::prepare::val_type;

/// Ids of sections.
const TYPES: u8 = 1;
const IMPORTS: u8 = 2;
const FUNCTIONS: u8 = 3;

impl Editable {
    /// How many parameters and results the function with this body has.
    pub(in crate::reduce) fn arity(&self, func: usize) -> Option<(usize, usize)> {
        let (types, funcs) = (self.types()?, self.funcs()?);
        let ty = types.get(*funcs.get(func)? as usize)?;
        Some((ty.params.len(), ty.results.len()))
    }

    /// The index of the function with this body.
    pub(in crate::reduce) fn index(&self, func: usize) -> Option<u32> {
        Some(self.imported_types()?.len() as u32 + func as u32)
    }

    /// The module without a parameter that its function does not use.
    pub(in crate::reduce) fn without_param(&self, func: usize, param: usize) -> Option<Editable> {
        let body = self.bodies.get(func)?.without_param(param as u32)?;
        self.retyped(func, body, |ty| {
            let mut params = ty.params.to_vec();
            params.remove(param);
            ty.params = params.into();
        })
    }

    /// The module whose function drops one of its results, when it is made.
    pub(in crate::reduce) fn without_result(&self, func: usize, result: usize) -> Option<Editable> {
        let body = self.bodies.get(func)?.dropping(result)?;
        self.retyped(func, body, |ty| {
            let mut results = ty.results.to_vec();
            results.remove(result);
            ty.results = results.into();
        })
    }

    fn retyped(
        &self,
        func: usize,
        body: Body,
        change: impl FnOnce(&mut FuncType),
    ) -> Option<Editable> {
        let index = self.index(func)?;
        let calls = |op: &Op| op.kind == Kind::Call(index);
        if self.bodies.iter().any(|body| body.ops.iter().any(calls)) {
            return None;
        }
        let (mut types, mut funcs) = (self.types()?, self.funcs()?);
        let old = *funcs.get(func)?;
        let mut ty = types.get(old as usize)?.clone();
        change(&mut ty);
        let uses = funcs
            .iter()
            .chain(&self.imported_types()?)
            .filter(|ty| **ty == old)
            .count();
        if let Some(known) = types.iter().position(|known| *known == ty) {
            funcs[func] = known as u32;
        } else if uses == 1 {
            types[old as usize] = ty;
        } else {
            funcs[func] = types.len() as u32;
            types.push(ty);
        }
        let mut module = self.clone();
        module.bodies[func] = body;
        module.set_section(TYPES, &type_section(&types));
        let mut section = FunctionSection::new();
        for ty in funcs {
            section.function(ty);
        }
        module.set_section(FUNCTIONS, &section);
        Some(module)
    }

    fn section(&self, id: u8) -> Option<BinaryReader<'_>> {
        let mut sections = self.before.iter();
        let (_, data) = sections.find(|(known, _)| *known == id)?;
        Some(BinaryReader::new(data, 0))
    }

    fn set_section(&mut self, id: u8, section: &impl Encode) {
        // Encoded, a section begins with its length.
        let mut bytes = Vec::new();
        section.encode(&mut bytes);
        let length = bytes.iter().position(|byte| byte & 0x80 == 0);
        let data = bytes.split_off(length.map_or(0, |last| last + 1));
        if let Some((_, old)) = self.before.iter_mut().find(|(known, _)| *known == id) {
            *old = data;
        }
    }

    fn types(&self) -> Option<Vec<FuncType>> {
        let reader = TypeSectionReader::new(self.section(TYPES)?).ok()?;
        let convert = |types: &[wasmparser::ValType]| -> Option<Box<[ValType]>> {
            Some(types.iter().map(|ty| val_type(*ty)).collect())
        };
        let ty = |ty: Result<wasmparser::FuncType, _>| {
            let ty = ty.ok()?;
            Some(FuncType {
                params: convert(ty.params())?,
                results: convert(ty.results())?,
            })
        };
        reader.into_iter_err_on_gc_types().map(ty).collect()
    }

    fn funcs(&self) -> Option<Vec<u32>> {
        let reader = FunctionSectionReader::new(self.section(FUNCTIONS)?).ok()?;
        reader.into_iter().collect::<Result<_, _>>().ok()
    }

    /// Types of the imported functions.
    fn imported_types(&self) -> Option<Vec<u32>> {
        let Some(section) = self.section(IMPORTS) else {
            return Some(Vec::new());
        };
        let imports = wasmparser::ImportSectionReader::new(section).ok()?;
        let mut types = Vec::new();
        for import in imports.into_imports() {
            if let TypeRef::Func(ty) = import.ok()?.ty {
                types.push(ty);
            }
        }
        Some(types)
    }
}

fn type_section(types: &[FuncType]) -> TypeSection {
    let mut section = TypeSection::new();
    for ty in types {
        let of = |types: &[ValType]| types.iter().map(|ty| encoder_type(*ty)).collect::<Vec<_>>();
        section.ty().function(of(&ty.params), of(&ty.results));
    }
    section
}

impl Body {
    /// The body with a drop behind what makes the value at this height, which stays there
    /// until the end. `None` if it is left by a branch.
    fn dropping(&self, height: usize) -> Option<Body> {
        let (mut depth, mut made) = (0u32, None);
        let last = self.ops.len().checked_sub(1)?;
        for (index, op) in self.ops[..last].iter().enumerate() {
            match &op.kind {
                Kind::Return => return None,
                Kind::Branch { depth: target, .. } if *target == depth => return None,
                Kind::BranchTable { targets, default }
                    if targets.contains(&depth) || *default == depth =>
                {
                    return None;
                }
                Kind::Start { .. } => depth += 1,
                Kind::End => depth -= 1,
                _ => {}
            }
            if depth == 0 && self.ops[index + 1].height == height + 1 {
                made = Some(index);
            }
        }
        let mut body = self.clone();
        body.ops.insert(made? + 1, Op::made(&[Instruction::Drop]));
        Some(body)
    }
}
