//! `single_op`: each operator with its operands wherever an operand can be.
//!
//! A module has a few functions, each of one operator between what brings its operands to
//! their places and what uses its result. Every place that must not have changed is
//! returned along with it.

use microwasm::ValType::{self, ExternRef, F32, F64, FuncRef, I32, I64};
use microwasm::module::Limits;
use wasm_encoder::{HeapType, Instruction};

use super::ops::{ACCESSES, Access, NUMERIC, Numeric};
use super::source::Source;
use super::writer::{Block, FuncWriter, ModuleWriter, Written};
use super::{Calls, DATA, values};
use crate::value::{FuncName, Value};

/// At most so many functions under test.
const FUNCS: usize = 4;

/// How often each is called.
const ROUNDS: usize = 2;

/// An operator under test.
#[derive(Clone, Copy)]
enum Tested {
    Numeric(Numeric),
    Access(Access),
    Other(&'static Other),
}

/// An operator that is neither numeric nor a load or store.
struct Other {
    params: &'static [ValType],
    results: &'static [ValType],
    op: Instruction<'static>,
}

macro_rules! others {
    ($(($($param:ident)*) -> ($($result:ident)*): $op:expr;)*) => {
        &[$(Other { params: &[$($param),*], results: &[$($result),*], op: $op }),*]
    };
}

use Instruction as Op;

const OTHERS: &[Other] = others! {
    (I32 I32 I32) -> (I32): Op::Select;
    (I64 I64 I32) -> (I64): Op::Select;
    (F32 F32 I32) -> (F32): Op::Select;
    (F64 F64 I32) -> (F64): Op::Select;
    (FuncRef FuncRef I32) -> (FuncRef): Op::TypedSelect(wasm_encoder::ValType::FUNCREF);
    (ExternRef ExternRef I32) -> (ExternRef): Op::TypedSelect(wasm_encoder::ValType::EXTERNREF);
    () -> (FuncRef): Op::RefNull(HeapType::FUNC);
    () -> (FuncRef): Op::RefFunc(0);
    (FuncRef) -> (I32): Op::RefIsNull;
    (ExternRef) -> (I32): Op::RefIsNull;
    () -> (I32): Op::MemorySize(0);
    (I32) -> (I32): Op::MemoryGrow(0);
    (I32 I32 I32) -> (): Op::MemoryFill(0);
    (I32 I32 I32) -> (): Op::MemoryCopy { src_mem: 0, dst_mem: 0 };
    (I32 I32 I32) -> (): Op::MemoryInit { mem: 0, data_index: 0 };
    () -> (): Op::DataDrop(0);
    (I32) -> (FuncRef): Op::TableGet(0);
    (I32 FuncRef) -> (): Op::TableSet(0);
    () -> (I32): Op::TableSize(0);
    (FuncRef I32) -> (I32): Op::TableGrow(0);
    (I32 FuncRef I32) -> (): Op::TableFill(0);
    (I32 I32 I32) -> (): Op::TableCopy { src_table: 0, dst_table: 0 };
    (I32 I32 I32) -> (): Op::TableInit { table: 0, elem_index: 0 };
    () -> (): Op::ElemDrop(0);
    (I32) -> (ExternRef): Op::TableGet(1);
    (I32 ExternRef) -> (): Op::TableSet(1);
    (ExternRef I32) -> (I32): Op::TableGrow(1);
    (I32) -> (): Op::GlobalSet(0);
    (I64) -> (): Op::GlobalSet(1);
    (F32) -> (): Op::GlobalSet(2);
    (F64) -> (): Op::GlobalSet(3);
    () -> (): Op::Nop;
    () -> (): Op::Unreachable;
};

/// Codes of operators that share their lowering with no other, or one; 0 is `table.fill`.
/// They get their share of turns once more.
const LONE: &[u16] = &[
    0x98, 0xa6, 0x98, 0xa6, 0x96, 0xa4, 0x97, 0xa5, 0x6d, 0x6f, 0x7f, 0x81, 0x6e, 0x80, 0x6b, 0x7d,
    0x6c, 0x7e, 0x6a, 0x7c, 0, 0, 0, 0, 0, 0, 0, 0, 0x5b, 0x61, 0x5d, 0x63, 0x92, 0xa0, 0xb5, 0xba,
    0xb5, 0xba,
];

/// Types of globals 0 to 3, which are also where operands and results go through.
const GLOBALS: [ValType; 4] = [I32, I64, F32, F64];

/// Signature of operands and results of the numbers that can be added up.
impl Tested {
    fn choose(source: &mut Source<'_>) -> Tested {
        match source.below(NUMERIC.len() + ACCESSES.len() + OTHERS.len() + LONE.len()) {
            at if at < NUMERIC.len() => Tested::Numeric(NUMERIC[at]),
            at if at < NUMERIC.len() + ACCESSES.len() => {
                Tested::Access(ACCESSES[at - NUMERIC.len()])
            }
            at => match OTHERS.get(at - NUMERIC.len() - ACCESSES.len()) {
                Some(other) => Tested::Other(other),
                None => Tested::lone(source.pick(LONE)),
            },
        }
    }

    fn lone(code: u16) -> Tested {
        let table_fill = OTHERS
            .iter()
            .find(|other| matches!(other.op, Op::TableFill(_)));
        match (code, table_fill) {
            (0, Some(table_fill)) => Tested::Other(table_fill),
            _ => Tested::Numeric(Numeric::of(code)),
        }
    }

    fn params(self) -> Vec<ValType> {
        match self {
            Tested::Numeric(op) => op.params.to_vec(),
            Tested::Access(op) if op.stores => vec![I32, op.ty],
            Tested::Access(_) => vec![I32],
            Tested::Other(op) => op.params.to_vec(),
        }
    }

    /// A value for an operand: for one that is an address or a count, around the edges of
    /// memory, tables and segments.
    fn value(self, at: usize, ty: ValType, source: &mut Source<'_>) -> Value<FuncName> {
        const ADDRESSES: [u32; 20] = [
            0,
            0xfff8,
            0xffff,
            0x1_0000,
            1,
            8,
            0xfffc,
            0xfffe,
            0xfff7,
            0xfffd,
            0x8000,
            0xff00,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            0xffff_fff8,
            0xffff_0000,
            0x1_0001,
            100,
            4,
        ];
        // The small ones again and again: a place and a count both have to fit.
        const COUNTS: [u32; 20] = [
            0,
            1,
            2,
            3,
            4,
            5,
            16,
            63,
            64,
            0xffff,
            0x1_0000,
            u32::MAX,
            1,
            2,
            0,
            1,
            2,
            3,
            1,
            2,
        ];
        match (self, ty) {
            (_, FuncRef) => Value::FuncRef(match source.below(4) {
                0 => None,
                func => Some(FuncName::Index(func as u32)),
            }),
            (Tested::Access(_), I32) if at == 0 => Value::I32(source.pick(&ADDRESSES)),
            (Tested::Other(op), I32) if op.params.len() != 3 || op.results.is_empty() => {
                Value::I32(source.pick(&COUNTS))
            }
            (Tested::Numeric(op), _) if !values::edges(op).is_empty() && source.one_in(2) => {
                let edge = source.pick(values::edges(op));
                match ty {
                    I32 => Value::I32(edge as u32),
                    F32 => Value::F32(edge as u32),
                    F64 => Value::F64(edge),
                    _ => Value::I64(edge),
                }
            }
            _ => source.value(ty),
        }
    }

    fn emit(self, f: &mut FuncWriter<'_>, source: &mut Source<'_>) {
        match self {
            Tested::Numeric(op) => f.numeric(op),
            Tested::Access(op) => {
                const OFFSETS: [u32; 12] = [
                    0,
                    1,
                    8,
                    0xffff,
                    0x1_0000,
                    0xfff8,
                    0x7fff_ffff,
                    0x8000_0000,
                    0xffff_ffff,
                    0xffff_fff8,
                    4,
                    0x1000,
                ];
                let offset = source.pick(&OFFSETS);
                f.access(op, offset & 3, offset);
            }
            Tested::Other(op) if matches!(op.op, Op::Select | Op::TypedSelect(_)) => f.select(),
            Tested::Other(op) => f.plain(op.op.clone(), op.params, op.results),
        }
    }
}

/// Where an operand is when the operator comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Constant,
    /// A constant that comes of two others, and wraps around.
    Folded,
    /// The low half of a register whose high half is not zero.
    Wrapped,
    /// A parameter, which stays.
    Param,
    /// A register of its own.
    Register,
    /// Its own slot.
    Slot,
    /// A local in a register, which stays.
    Local,
    /// A local in its slot, which stays.
    LocalSlot,
    /// Another stack entry, which stays while the local goes.
    Entry,
    /// A local that is set as the operand is made.
    Tee,
    /// A sum with a constant.
    Sum,
    /// A comparison.
    Flags,
    /// A global, just read.
    Global,
    /// The result of a call.
    Result,
    /// The result of a load.
    Load,
}

const PLACES: [Place; 16] = [
    Place::Constant,
    Place::Folded,
    Place::Wrapped,
    Place::Param,
    Place::Register,
    Place::Slot,
    Place::Local,
    Place::LocalSlot,
    Place::Entry,
    Place::Tee,
    Place::Sum,
    Place::Flags,
    Place::Global,
    Place::Result,
    Place::Load,
    Place::Register,
];

impl Place {
    /// This place, or one that a value of type `ty` can be in.
    fn of(self, ty: ValType) -> Place {
        let number = !matches!(ty, FuncRef | ExternRef);
        match self {
            Place::Flags if ty != I32 => Place::Tee,
            Place::Wrapped if ty != I32 => Place::Register,
            Place::Folded if !matches!(ty, I32 | I64) => Place::Constant.of(ty),
            Place::Sum if !matches!(ty, I32 | I64) => Place::Register,
            Place::Global | Place::Result | Place::Load if !number => Place::Slot,
            place => place,
        }
    }

    /// Whether the operand is known when the code is compiled.
    fn is_constant(self) -> bool {
        matches!(self, Place::Constant | Place::Folded)
    }

    /// Whether it needs a local that is set before operands are pushed.
    fn prepares(self) -> bool {
        matches!(self, Place::Local | Place::LocalSlot | Place::Entry)
    }
}

struct Operand {
    ty: ValType,
    place: Place,
    /// The values of each round; of a constant the first counts.
    values: Vec<Value<FuncName>>,
    param: Option<u32>,
    local: u32,
}

impl Operand {
    /// The argument that makes the operand have this value.
    fn argument(&self, value: Value<FuncName>) -> Value<FuncName> {
        match (self.place, value) {
            (Place::Constant | Place::Param | Place::Flags | Place::Global, _) => value,
            (Place::Folded | Place::Wrapped | Place::Result | Place::Load, _) => value,
            (Place::Sum, Value::I32(v)) => Value::I32(v.wrapping_sub(ADDED as u32)),
            (Place::Sum, Value::I64(v)) => Value::I64(v.wrapping_sub(ADDED)),
            (_, Value::I32(v)) => Value::I32(v ^ MASK as u32),
            (_, Value::I64(v)) => Value::I64(v ^ MASK),
            (_, Value::F32(v)) => Value::F32(v ^ 1 << 31),
            (_, Value::F64(v)) => Value::F64(v ^ 1 << 63),
            _ => value,
        }
    }
}

const ADDED: u64 = 40;
const MASK: u64 = 0x5a5a_5a5a;

/// Functions that help: index 0 does nothing, the next four return what they get.
const NOTHING: u32 = 0;

fn identity(ty: ValType) -> u32 {
    1 + GLOBALS
        .iter()
        .position(|global| *global == ty)
        .expect("a number") as u32
}

/// The module and what to call, as `source` has it.
pub(super) fn module(source: &mut Source<'_>) -> (ModuleWriter, Calls) {
    let mut module = ModuleWriter::default();
    for ty in GLOBALS {
        module.global(ty, Value::zero(ty).expect("a number"));
    }
    let nothing = FuncWriter::new(&mut module.types, &[], false).finish();
    module.func(nothing);
    for ty in GLOBALS {
        let mut f = FuncWriter::new(&mut module.types, &[ty], false);
        f.get(0);
        let written = f.finish();
        module.func(written);
    }
    let (mut memory, mut table) = (false, false);
    let mut calls = Calls::new();
    while calls.is_empty() || !source.is_empty() && module.defined().len() < 5 + FUNCS {
        let tested = Tested::choose(source);
        let operands = operands(tested, source);
        memory |= matches!(tested, Tested::Access(_)) || uses(&tested, is_memory);
        memory |= operands.iter().any(|operand| operand.place == Place::Load);
        table |= uses(&tested, is_table);
        let written = write(&mut module, tested, operands, source, &mut calls);
        module.func(written);
    }
    if memory {
        let limits = Limits {
            min: 1,
            max: Some(3),
        };
        module.memory(limits, DATA.to_vec());
    }
    if table {
        let limits = Limits {
            min: 5,
            max: Some(64),
        };
        module.table(FuncRef, limits, vec![0, 1, 2, 3]);
        module.table(ExternRef, limits, Vec::new());
    }
    (module, calls)
}

fn uses(tested: &Tested, what: fn(&Op<'_>) -> bool) -> bool {
    matches!(tested, Tested::Other(other) if what(&other.op))
}

fn is_memory(op: &Op<'_>) -> bool {
    use Op::*;
    matches!(
        op,
        MemorySize(_)
            | MemoryGrow(_)
            | MemoryFill(_)
            | MemoryCopy { .. }
            | MemoryInit { .. }
            | DataDrop(_)
    )
}

fn is_table(op: &Op<'_>) -> bool {
    use Op::*;
    matches!(
        op,
        TableGet(_)
            | TableSet(_)
            | TableSize(_)
            | TableGrow(_)
            | TableFill(_)
            | TableCopy { .. }
            | TableInit { .. }
            | ElemDrop(_)
    )
}

fn operands(tested: Tested, source: &mut Source<'_>) -> Vec<Operand> {
    let params = tested.params();
    let mut params_so_far = 0;
    let mut operands: Vec<Operand> = Vec::new();
    for (at, ty) in params.iter().copied().enumerate() {
        let choice = source.byte();
        // Both operands the same, down to the local.
        if let Some(last) = operands.last()
            && last.ty == ty
            && choice >= 224
        {
            operands.push(Operand {
                ty,
                place: last.place,
                values: last.values.clone(),
                param: last.param,
                local: last.local,
            });
            continue;
        }
        let place = PLACES[usize::from(choice) % PLACES.len()].of(ty);
        let rounds = if place.is_constant() { 1 } else { ROUNDS };
        let param = (!place.is_constant()).then(|| {
            params_so_far += 1;
            params_so_far - 1
        });
        operands.push(Operand {
            ty,
            place,
            values: match (place, ty) {
                // The one constant of floats that is made in a register.
                (Place::Constant, F32 | F64) if choice >= 96 => {
                    vec![Value::zero(ty).expect("a number")]
                }
                _ => (0..rounds).map(|_| tested.value(at, ty, source)).collect(),
            },
            param,
            local: u32::MAX,
        });
    }
    operands
}

fn write(
    module: &mut ModuleWriter,
    tested: Tested,
    mut operands: Vec<Operand>,
    source: &mut Source<'_>,
    calls: &mut Calls,
) -> Written {
    let index = module.funcs.len() as u32;
    let mut params = Vec::new();
    let mut rounds = vec![Vec::new(); ROUNDS];
    for operand in &operands {
        if operand.param != Some(params.len() as u32) {
            continue;
        }
        params.push(operand.ty);
        for (round, args) in rounds.iter_mut().enumerate() {
            args.push(operand.argument(operand.values[round]));
        }
    }
    if params.is_empty() {
        rounds.truncate(1);
    }
    calls.extend(rounds.into_iter().map(|args| (index, args)));

    let mut f = FuncWriter::new(&mut module.types, &params, false);
    let choice = source.byte();
    crowd(&mut f, choice, &params);
    prepare(&mut f, &mut operands);
    for (at, operand) in operands.iter().enumerate() {
        place(&mut f, operand, at);
    }
    let below = f.stack.len() - operands.len();
    tested.emit(&mut f, source);
    if f.stack.len() > below {
        use_result(&mut f, source);
    }
    for local in 0..f.locals.len() as u32 {
        f.get(local);
    }
    f.finish()
}

/// Fills registers with values that stay.
fn crowd(f: &mut FuncWriter<'_>, choice: u8, params: &[ValType]) {
    let count = match choice % 8 {
        0..3 => return,
        3 => 70,
        4 => 9,
        5 | 6 => 12,
        _ => 18,
    };
    // So many constants that some have to go home.
    if count == 70 {
        if choice >= 224 {
            (0..count).for_each(|at| f.constant(Value::I32(at)));
        }
        return;
    }
    let other_class = choice / 8 % 4 == 3;
    let floats = other_class != matches!(params.last(), Some(F32 | F64));
    for at in 0..count as usize {
        let param = at % params.len().max(1);
        match params.get(param) {
            Some(ty @ (I32 | I64)) if !floats => {
                f.get(param as u32);
                masked(f, *ty, at as u64);
            }
            Some(ty @ (F32 | F64)) if floats => {
                f.get(param as u32);
                negated(f, *ty);
            }
            _ if floats => f.plain(Op::GlobalGet(3), &[], &[F64]),
            _ => f.plain(Op::GlobalGet(0), &[], &[I32]),
        }
    }
}

fn masked(f: &mut FuncWriter<'_>, ty: ValType, mask: u64) {
    if ty == I32 {
        f.constant(Value::I32(mask as u32));
        f.numeric(Numeric::of(0x73));
    } else {
        f.constant(Value::I64(mask));
        f.numeric(Numeric::of(0x85));
    }
}

fn negated(f: &mut FuncWriter<'_>, ty: ValType) {
    match ty {
        F32 => f.numeric(Numeric::of(0x8c)),
        F64 => f.numeric(Numeric::of(0x9a)),
        _ => {}
    }
}

/// Pushes the operand's value, computed from its parameter.
fn compute(f: &mut FuncWriter<'_>, operand: &Operand) {
    f.get(operand.param.expect("not a constant"));
    match operand.ty {
        I32 | I64 => masked(f, operand.ty, MASK),
        F32 | F64 => negated(f, operand.ty),
        _ => {
            f.get(operand.param.expect("not a constant"));
            f.constant(Value::I32(1));
            f.select();
        }
    }
}

/// What has to be there before the first operand.
fn prepare(f: &mut FuncWriter<'_>, operands: &mut [Operand]) {
    for at in 0..operands.len() {
        let (before, rest) = operands.split_at_mut(at);
        let operand = &mut rest[0];
        if let Some(last) = before.last()
            && last.param == operand.param
            && last.param.is_some()
        {
            operand.local = last.local;
            continue;
        }
        if operand.place.prepares() || operand.place == Place::Tee {
            operand.local = f.exact_local(operand.ty);
        }
        if operand.place.prepares() {
            compute(f, operand);
            f.set(operand.local);
        }
        if operand.place == Place::Global {
            f.get(operand.param.expect("not a constant"));
            f.plain(Op::GlobalSet(identity(operand.ty) - 1), &[operand.ty], &[]);
        }
        if operand.place == Place::Load {
            f.constant(Value::I32(8));
            f.get(operand.param.expect("not a constant"));
            f.access(store(operand.ty), 0, 0x100 * at as u32);
        }
    }
    if operands
        .iter()
        .any(|operand| operand.place == Place::LocalSlot)
    {
        f.plain(Op::Call(NOTHING), &[], &[]);
    }
    for operand in operands
        .iter()
        .filter(|operand| operand.place == Place::Entry)
    {
        f.get(operand.local);
    }
}

fn store(ty: ValType) -> Access {
    ACCESSES[14 + identity(ty) as usize - 1]
}

fn load(ty: ValType) -> Access {
    ACCESSES[identity(ty) as usize - 1]
}

/// Pushes operand number `at`.
fn place(f: &mut FuncWriter<'_>, operand: &Operand, at: usize) {
    let ty = operand.ty;
    let param = operand.param.unwrap_or(0);
    match operand.place {
        Place::Constant => f.constant(operand.values[0].map_func(|_| None)),
        Place::Folded => {
            let (first, second, code) = match operand.values[0] {
                Value::I32(v) => (
                    Value::I32(v.wrapping_add(16)),
                    Value::I32(16u32.wrapping_neg()),
                    0x6a,
                ),
                Value::I64(v) => (
                    Value::I64(v.wrapping_add(16)),
                    Value::I64(16u64.wrapping_neg()),
                    0x7c,
                ),
                _ => unreachable!("other types have no folded place"),
            };
            f.constant(first);
            f.constant(second);
            f.numeric(Numeric::of(code));
        }
        Place::Wrapped => {
            f.get(param);
            f.numeric(Numeric::of(0xad));
            f.constant(Value::I64(0xdead_beef << 32));
            f.numeric(Numeric::of(0x84));
            f.numeric(Numeric::of(0xa7));
        }
        Place::Param => f.get(param),
        Place::Register => compute(f, operand),
        Place::Slot => {
            compute(f, operand);
            f.plain(Op::Call(NOTHING), &[], &[]);
        }
        Place::Local | Place::LocalSlot | Place::Entry => f.get(operand.local),
        Place::Tee => {
            compute(f, operand);
            f.tee(operand.local);
        }
        Place::Sum => {
            f.get(param);
            f.constant(if ty == I32 {
                Value::I32(ADDED as u32)
            } else {
                Value::I64(ADDED)
            });
            f.numeric(Numeric::of(if ty == I32 { 0x6a } else { 0x7c }));
        }
        Place::Flags => {
            let value = operand.values[0].map_func(|_| None);
            f.get(param);
            f.constant(value);
            let code = 0x46 + (value.canonical_bits() % 10) as u16;
            f.numeric(Numeric::of(code));
        }
        Place::Global => f.plain(Op::GlobalGet(identity(ty) - 1), &[], &[ty]),
        Place::Result => {
            f.get(param);
            f.plain(Op::Call(identity(ty)), &[ty], &[ty]);
        }
        Place::Load => {
            f.constant(Value::I32(8));
            f.access(load(ty), 0, 0x100 * at as u32);
        }
    }
}

/// Uses what is on top in one of the ways in which a result can be used.
fn use_result(f: &mut FuncWriter<'_>, source: &mut Source<'_>) {
    let ty = f.top().expect("a result");
    match source.below(10) {
        1 => {
            let local = f.local(ty);
            f.tee(local);
            f.get(local);
        }
        2 => {
            let local = f.local(ty);
            f.set(local);
            f.plain(Op::Call(NOTHING), &[], &[]);
        }
        3 => f.discard(),
        4 if !matches!(ty, FuncRef | ExternRef) => f.global_set(identity(ty) - 1),
        5 => {
            truth(f, ty);
            f.block(Block::If, &[], &[I64]);
            f.constant(Value::I64(1));
            f.alternative();
            f.constant(Value::I64(2));
            f.end();
        }
        6 => {
            truth(f, ty);
            let local = f.local(I32);
            f.set(local);
            f.block(Block::Block, &[], &[I32]);
            f.constant(Value::I32(7));
            f.get(local);
            f.br_if(0);
            f.discard();
            f.constant(Value::I32(8));
            f.end();
        }
        7 => {
            truth(f, ty);
            let local = f.local(I32);
            f.set(local);
            f.constant(Value::F64(1));
            f.constant(Value::F64(2));
            f.get(local);
            f.select();
        }
        8 if !matches!(ty, FuncRef | ExternRef) => {
            let op = source.pick(super::ops::taking(&[ty, ty]));
            let value = source.value(ty);
            f.constant(value);
            f.numeric(op);
        }
        9 if !matches!(ty, FuncRef | ExternRef) => {
            let op = source.pick(super::ops::taking(&[ty]));
            f.numeric(op);
        }
        _ => {}
    }
}

/// Makes an `i32` of what is on top, by an operator whose result may be left in the flags.
fn truth(f: &mut FuncWriter<'_>, ty: ValType) {
    match ty {
        I32 => {}
        I64 => f.numeric(Numeric::of(0x50)),
        F32 => {
            f.constant(Value::F32(0));
            f.numeric(Numeric::of(0x5d));
        }
        F64 => {
            f.constant(Value::F64(0));
            f.numeric(Numeric::of(0x63));
        }
        _ => f.ref_is_null(),
    }
}
