//! Rewrites one function body while it is being validated.
//!
//! The validator tells the type of what is dropped. Bytes are copied in runs; a body
//! that needs no change is handed back as it was.
//!
//! Random code seldom calls anything and throws most of its results away. So a dropped
//! value becomes the argument of a call where there is a function that takes one like
//! it, or else goes into a global; `nop`s become calls of functions without parameters.

use wasm_encoder::{BlockType, Encode, Function, Ieee32, Ieee64, Instruction, ValType};
use wasmparser::{BinaryReaderError, FuncValidator, FunctionBody, Operator, ValidatorResources};

use super::rewrite::Canonicalize;
use super::shape::{Shape, val_type};
use crate::choice::Choices;
use crate::value::{CANONICAL_NAN_32, CANONICAL_NAN_64};

/// What to change.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    /// Which NaNs to make canonical.
    pub(super) nans: Canonicalize,
    /// Fold dropped numbers into these globals.
    pub(super) accumulators: Option<Accumulators>,
    /// Functions to call with what is dropped.
    pub(super) callees: Callees,
    /// Count this global down in every function and loop, and trap at zero.
    pub(super) fuel: Option<u32>,
}

/// The globals that dropped values go to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accumulators {
    /// An `i32`.
    pub(super) narrow: u32,
    /// An `i64`.
    pub(super) wide: u32,
}

/// Functions with at most one parameter.
#[derive(Clone, Debug, Default)]
pub(super) struct Callees {
    funcs: Vec<Callee>,
}

#[derive(Clone, Debug)]
struct Callee {
    index: u32,
    param: Option<microwasm::ValType>,
    results: Box<[microwasm::ValType]>,
}

impl Callees {
    /// The functions of `shape` that can be called.
    pub(super) fn of(shape: &Shape) -> Callees {
        let funcs = (0..shape.funcs.len() as u32).filter_map(|index| {
            let ty = shape.func_type(index);
            let param = match &*ty.params {
                [] => None,
                [param] => Some(*param),
                _ => return None,
            };
            Some(Callee {
                index,
                param,
                results: ty.results.clone(),
            })
        });
        Callees {
            funcs: funcs.collect(),
        }
    }

    /// One that takes `param`, or none for every other value of `salt`.
    fn choose(&self, param: Option<microwasm::ValType>, salt: u64) -> Option<&Callee> {
        let mut choices = Choices::new(salt);
        let fit: Vec<&Callee> = self
            .funcs
            .iter()
            .filter(|callee| callee.param == param)
            .collect();
        if choices.one_in(2) {
            None
        } else {
            choices.pick(&fit).copied()
        }
    }
}

/// Scratch locals of a function, made when first needed.
struct Scratch {
    next: u32,
    f32: Option<u32>,
    f64: Option<u32>,
    added: Vec<ValType>,
}

impl Scratch {
    fn get(&mut self, ty: ValType) -> u32 {
        let slot = if ty == ValType::F32 {
            &mut self.f32
        } else {
            &mut self.f64
        };
        *slot.get_or_insert_with(|| {
            self.added.push(ty);
            self.next += 1;
            self.next - 1
        })
    }
}

/// Validates `body` and returns its new bytes, or `None` when nothing changed.
pub(super) fn rewrite(
    body: &FunctionBody<'_>,
    validator: &mut FuncValidator<ValidatorResources>,
    changes: &Changes,
) -> Result<Option<Vec<u8>>, BinaryReaderError> {
    let bytes = body.as_bytes();
    let base = body.range().start;
    let at = |offset: u64| (offset - base) as usize;

    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let locals_end = at(reader.original_position());
    let mut scratch = Scratch {
        next: validator.len_locals(),
        f32: None,
        f64: None,
        added: Vec::new(),
    };

    let mut code = Vec::new();
    if let Some(fuel) = changes.fuel {
        burn(fuel, &mut |instruction| instruction.encode(&mut code));
    }
    let mut copied = locals_end;
    let mut ops = wasmparser::OperatorsReader::new(reader);
    while !ops.eof() {
        let (op, offset) = ops.read_with_offset()?;
        let edit = edit_for(&op, offset - base, validator, changes);
        validator.op(offset, &op)?;
        if let Some(edit) = edit {
            code.extend_from_slice(&bytes[copied..at(offset)]);
            copied = at(offset);
            let behind = at(ops.original_position());
            match edit {
                Edit::Canonicalize(_) => {}
                Edit::CanonicalizeResult(_) | Edit::Burn(_) => {
                    code.extend_from_slice(&bytes[copied..behind]);
                    copied = behind;
                }
                Edit::Fold(..) | Edit::Call(_) => copied = behind,
            }
            apply(edit, changes, &mut code, &mut scratch);
        }
    }
    ops.finish()?;
    if code.is_empty() {
        return Ok(None);
    }
    code.extend_from_slice(&bytes[copied..]);
    let mut new = declare_locals(body, &bytes[..locals_end], &scratch.added)?;
    new.extend_from_slice(&code);
    Ok(Some(new))
}

/// A change before or instead of an operator.
#[derive(Clone, Copy)]
enum Edit<'a> {
    /// Make the float on top of the stack canonical if it is a NaN, before the operator.
    Canonicalize(ValType),
    /// Make the result canonical if it is a NaN.
    CanonicalizeResult(ValType),
    /// Fold the value on top of the stack into the accumulators instead of dropping it.
    Fold(ValType, Accumulators),
    /// Call a function instead of dropping its argument, or of doing nothing.
    Call(&'a Callee),
    /// Count fuel, after the operator.
    Burn(u32),
}

fn edit_for<'a>(
    op: &Operator<'_>,
    salt: u64,
    validator: &FuncValidator<ValidatorResources>,
    changes: &'a Changes,
) -> Option<Edit<'a>> {
    let leaks = changes.nans == Canonicalize::Leaks;
    let conversions = changes.nans == Canonicalize::Conversions;
    match op {
        // The bits of a float can be seen in memory, as an integer, and, by its sign, as
        // the second operand of `copysign`. Everywhere else they stay a float, which is
        // compared as the class of NaNs.
        Operator::F32Store { .. } | Operator::I32ReinterpretF32 | Operator::F32Copysign => {
            leaks.then_some(Edit::Canonicalize(ValType::F32))
        }
        Operator::F64Store { .. } | Operator::I64ReinterpretF64 | Operator::F64Copysign => {
            leaks.then_some(Edit::Canonicalize(ValType::F64))
        }
        Operator::F32DemoteF64 => conversions.then_some(Edit::CanonicalizeResult(ValType::F32)),
        Operator::F64PromoteF32 => conversions.then_some(Edit::CanonicalizeResult(ValType::F64)),
        Operator::Loop { .. } => changes.fuel.map(Edit::Burn),
        Operator::Nop => changes.callees.choose(None, salt).map(Edit::Call),
        Operator::Drop => {
            // Unreachable code may drop a value of no particular type.
            let ty = val_type(validator.get_operand_type(0)??);
            if let Some(callee) = changes.callees.choose(Some(ty), salt) {
                return Some(Edit::Call(callee));
            }
            Some(Edit::Fold(number(ty)?, changes.accumulators?))
        }
        _ => None,
    }
}

/// The number type that can be folded into an accumulator.
fn number(ty: microwasm::ValType) -> Option<ValType> {
    match ty {
        microwasm::ValType::I32 => Some(ValType::I32),
        microwasm::ValType::I64 => Some(ValType::I64),
        microwasm::ValType::F32 => Some(ValType::F32),
        microwasm::ValType::F64 => Some(ValType::F64),
        _ => None,
    }
}

fn apply(edit: Edit<'_>, changes: &Changes, code: &mut Vec<u8>, scratch: &mut Scratch) {
    let mut emit = |instruction: Instruction<'_>| instruction.encode(code);
    match edit {
        Edit::Canonicalize(ty) | Edit::CanonicalizeResult(ty) => {
            canonicalize(ty, scratch, &mut emit)
        }
        Edit::Fold(ty, to) => fold(ty, to, scratch, &mut emit),
        Edit::Burn(fuel) => burn(fuel, &mut emit),
        Edit::Call(callee) => {
            emit(Instruction::Call(callee.index));
            for ty in callee.results.iter().rev() {
                match (number(*ty), changes.accumulators) {
                    (Some(ty), Some(to)) => fold(ty, to, scratch, &mut emit),
                    _ => emit(Instruction::Drop),
                }
            }
        }
    }
}

/// `if fuel = 0 { trap }; fuel = fuel - 1`
fn burn(fuel: u32, emit: &mut dyn FnMut(Instruction<'_>)) {
    emit(Instruction::GlobalGet(fuel));
    emit(Instruction::I32Eqz);
    emit(Instruction::If(BlockType::Empty));
    emit(Instruction::Unreachable);
    emit(Instruction::End);
    emit(Instruction::GlobalGet(fuel));
    emit(Instruction::I32Const(1));
    emit(Instruction::I32Sub);
    emit(Instruction::GlobalSet(fuel));
}

/// `global = value xor rotl(global, 5)`
fn fold(
    ty: ValType,
    to: Accumulators,
    scratch: &mut Scratch,
    emit: &mut dyn FnMut(Instruction<'_>),
) {
    let wide = matches!(ty, ValType::I64 | ValType::F64);
    if matches!(ty, ValType::F32 | ValType::F64) {
        canonicalize(ty, scratch, emit);
        emit(if wide {
            Instruction::I64ReinterpretF64
        } else {
            Instruction::I32ReinterpretF32
        });
    }
    let global = if wide { to.wide } else { to.narrow };
    emit(Instruction::GlobalGet(global));
    if wide {
        emit(Instruction::I64Const(5));
        emit(Instruction::I64Rotl);
        emit(Instruction::I64Xor);
    } else {
        emit(Instruction::I32Const(5));
        emit(Instruction::I32Rotl);
        emit(Instruction::I32Xor);
    }
    emit(Instruction::GlobalSet(global));
}

/// `x ≠ x ? canonical NaN : x`
fn canonicalize(ty: ValType, scratch: &mut Scratch, emit: &mut dyn FnMut(Instruction<'_>)) {
    let local = scratch.get(ty);
    emit(Instruction::LocalSet(local));
    if ty == ValType::F32 {
        emit(Instruction::F32Const(Ieee32::new(CANONICAL_NAN_32)));
    } else {
        emit(Instruction::F64Const(Ieee64::new(CANONICAL_NAN_64)));
    }
    emit(Instruction::LocalGet(local));
    emit(Instruction::LocalGet(local));
    emit(Instruction::LocalGet(local));
    emit(if ty == ValType::F32 {
        Instruction::F32Ne
    } else {
        Instruction::F64Ne
    });
    emit(Instruction::Select);
}

/// The local declarations of `body` with `added` behind them.
fn declare_locals(
    body: &FunctionBody<'_>,
    declarations: &[u8],
    added: &[ValType],
) -> Result<Vec<u8>, BinaryReaderError> {
    if added.is_empty() {
        return Ok(declarations.to_vec());
    }
    let locals = body.get_locals_reader()?;
    let groups_start = (locals.original_position() - body.range().start) as usize;
    let count = locals.get_count() + added.len() as u32;
    let added = Function::new(added.iter().map(|ty| (1, *ty))).into_raw_body();
    let mut out = Vec::with_capacity(declarations.len() + added.len() + 1);
    count.encode(&mut out);
    out.extend_from_slice(&declarations[groups_start..]);
    // `added` is a count of at most two, one byte, and the groups.
    out.extend_from_slice(&added[1..]);
    Ok(out)
}
