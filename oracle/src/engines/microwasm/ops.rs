//! What every operator within a block does to the stack and the store.

use microwasm::op::{Const, LoadOp, MemArg, Op, StoreOp};
use microwasm::{ElemIndex, MemoryIndex, TableIndex};

use super::machine::Machine;
use super::numeric::{self, float32, float64, int32, int64};
use super::store::{Instance, MemoryData, TableData};
use crate::engine::Trap;
use crate::value::Value;

impl Machine<'_> {
    pub(super) fn pop(&mut self) -> Value {
        self.values.pop().expect("verified: there is a value")
    }

    pub(super) fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    pub(super) fn pop_i32(&mut self) -> u32 {
        match self.pop() {
            Value::I32(value) => value,
            other => unreachable!("verified: an i32, not {other}"),
        }
    }

    fn pop_bool(&mut self) -> bool {
        self.pop_i32() != 0
    }

    fn push_bool(&mut self, value: bool) {
        self.push(Value::I32(value.into()));
    }

    /// Three numbers, as bulk operators take them.
    fn pop_range(&mut self) -> (u32, u32, u32) {
        let len = self.pop_i32();
        let src = self.pop_i32();
        (self.pop_i32(), src, len)
    }

    fn instance(&mut self, instance: usize) -> &mut Instance {
        &mut self.store.instances[instance]
    }

    fn memory(&mut self, instance: usize, memory: MemoryIndex) -> &mut MemoryData {
        let memory = self.instance(instance).memories[memory.index()];
        &mut self.store.memories[memory.0 as usize]
    }

    fn table(&mut self, instance: usize, table: TableIndex) -> &mut TableData {
        let table = self.instance(instance).tables[table.index()];
        &mut self.store.tables[table.0 as usize]
    }

    /// Executes any operator that goes on with the next one.
    pub(super) fn op(&mut self, op: Op<'_>, instance: usize, bottom: usize) -> Result<(), Trap> {
        match op {
            Op::Unreachable => return Err(Trap::Unreachable),
            Op::Pick(depth) => self.push(self.values[self.values.len() - 1 - depth as usize]),
            Op::Swap(depth) => {
                let top = self.values.len() - 1;
                assert!(
                    top - depth as usize >= bottom,
                    "verified: a value of this frame"
                );
                self.values.swap(top, top - depth as usize);
            }
            Op::Drop => drop(self.pop()),
            Op::Const(value) => self.push(constant(value)),
            Op::Zeros { ty, count } => {
                let zero = Value::zero(ty).expect("no module has values of other types");
                self.values
                    .extend(std::iter::repeat_n(zero, count as usize));
            }
            Op::Select(_) => {
                let first = self.pop_bool();
                let (b, a) = (self.pop(), self.pop());
                self.push(if first { a } else { b });
            }
            Op::RefIsNull => {
                let null = matches!(self.pop(), Value::FuncRef(None) | Value::ExternRef(None));
                self.push_bool(null);
            }
            Op::RefFunc(func) => {
                let func = self.instance(instance).funcs[func.index()];
                self.push(Value::FuncRef(Some(func)));
            }
            Op::GlobalGet(global) => {
                let global = self.instance(instance).globals[global.index()];
                self.push(self.store.globals[global.0 as usize].value);
            }
            Op::GlobalSet(global) => {
                let global = self.instance(instance).globals[global.index()];
                self.store.globals[global.0 as usize].value = self.pop();
            }
            Op::Load(load, arg) => return self.load(load, arg, instance),
            Op::Store(store, arg) => return self.store_value(store, arg, instance),
            Op::MemorySize(memory) => {
                let pages = self.memory(instance, memory).pages();
                self.push(Value::I32(pages));
            }
            Op::MemoryGrow(memory) => {
                let delta = self.pop_i32();
                let memory = self.instance(instance).memories[memory.index()];
                let previous = self.store.grow_memory(memory, delta);
                self.push(Value::I32(previous.unwrap_or(u32::MAX)));
            }
            _ => return self.arithmetic(op, instance),
        }
        Ok(())
    }

    fn arithmetic(&mut self, op: Op<'_>, instance: usize) -> Result<(), Trap> {
        use Value::{F32, F64, I32, I64};
        match op {
            Op::Bit(op, _) => match self.pop() {
                I32(a) => self.push(I32(int32::bit(op, a))),
                I64(a) => self.push(I64(int64::bit(op, a))),
                a => wrong(op, a),
            },
            Op::Eqz(_) => match self.pop() {
                I32(a) => self.push_bool(a == 0),
                I64(a) => self.push_bool(a == 0),
                a => wrong(op, a),
            },
            Op::Extend(op) => {
                let value = numeric::extend(op, self.pop());
                self.push(value);
            }
            Op::FloatUnary(op, _) => match self.pop() {
                F32(a) => self.push(F32(float32::unary(op, a))),
                F64(a) => self.push(F64(float64::unary(op, a))),
                a => wrong(op, a),
            },
            Op::Convert(op) => {
                let value = numeric::convert(op, self.pop())?;
                self.push(value);
            }
            Op::Alu(..)
            | Op::Mul(_)
            | Op::Shift(..)
            | Op::Div(..)
            | Op::IntCmp(..)
            | Op::FloatBinary(..)
            | Op::FloatCmp(..) => {
                let (b, a) = (self.pop(), self.pop());
                self.push(binary(op, a, b)?);
            }
            _ => return self.bulk(op, instance),
        }
        Ok(())
    }

    /// Where an access of so many bytes is, if it is in bounds.
    fn access(&mut self, arg: MemArg, bytes: u32, instance: usize) -> Result<&mut [u8], Trap> {
        let start = u64::from(self.pop_i32()) + u64::from(arg.offset);
        self.memory(instance, arg.memory)
            .range(start, bytes.into())
            .ok_or(Trap::MemoryOutOfBounds)
    }

    fn load(&mut self, op: LoadOp, arg: MemArg, instance: usize) -> Result<(), Trap> {
        let mut bytes = [0; 8];
        let found = self.access(arg, op.bytes(), instance)?;
        bytes[..found.len()].copy_from_slice(found);
        let bits = u64::from_le_bytes(bytes);
        self.push(match op {
            LoadOp::I32 | LoadOp::I32Load8U | LoadOp::I32Load16U => Value::I32(bits as u32),
            LoadOp::I32Load8S => Value::I32(bits as i8 as u32),
            LoadOp::I32Load16S => Value::I32(bits as i16 as u32),
            LoadOp::I64 | LoadOp::I64Load8U | LoadOp::I64Load16U | LoadOp::I64Load32U => {
                Value::I64(bits)
            }
            LoadOp::I64Load8S => Value::I64(bits as i8 as u64),
            LoadOp::I64Load16S => Value::I64(bits as i16 as u64),
            LoadOp::I64Load32S => Value::I64(bits as i32 as u64),
            LoadOp::F32 => Value::F32(bits as u32),
            LoadOp::F64 => Value::F64(bits),
        });
        Ok(())
    }

    fn store_value(&mut self, op: StoreOp, arg: MemArg, instance: usize) -> Result<(), Trap> {
        let bits = match self.pop() {
            Value::I32(bits) | Value::F32(bits) => bits.into(),
            Value::I64(bits) | Value::F64(bits) => bits,
            value => wrong(op, value),
        };
        let place = self.access(arg, op.bytes(), instance)?;
        place.copy_from_slice(&u64::to_le_bytes(bits)[..place.len()]);
        Ok(())
    }

    /// Bulk operators on memories and tables, and what else is done to tables.
    fn bulk(&mut self, op: Op<'_>, instance: usize) -> Result<(), Trap> {
        match op {
            Op::MemoryFill(memory) => {
                let (start, value, len) = self.pop_range();
                self.memory(instance, memory)
                    .range(start.into(), len.into())
                    .ok_or(Trap::MemoryOutOfBounds)?
                    .fill(value as u8);
            }
            Op::MemoryCopy { dst, src } => {
                let (to, from, len) = self.pop_range();
                let memory = self.memory(instance, src);
                let bytes = memory.range(from.into(), len.into());
                let bytes = bytes.ok_or(Trap::MemoryOutOfBounds)?.to_vec();
                self.memory(instance, dst)
                    .range(to.into(), len.into())
                    .ok_or(Trap::MemoryOutOfBounds)?
                    .copy_from_slice(&bytes);
            }
            Op::MemoryInit { data, memory } => {
                let (to, from, len) = self.pop_range();
                let bytes = self.instance(instance).data(data.index(), from, len)?;
                self.memory(instance, memory)
                    .range(to.into(), len.into())
                    .ok_or(Trap::MemoryOutOfBounds)?
                    .copy_from_slice(&bytes);
            }
            Op::DataDrop(data) => self.instance(instance).dropped_datas[data.index()] = true,
            Op::ElemDrop(elem) => self.instance(instance).elems[elem.index()].clear(),
            Op::TableGet(table) => {
                let index = self.pop_i32();
                let table = self.instance(instance).tables[table.index()];
                let value = self.store.element(table, index)?;
                self.push(value);
            }
            Op::TableSet(table) => {
                let (value, index) = (self.pop(), self.pop_i32());
                self.table(instance, table).range(index, 1)?[0] = value;
            }
            Op::TableSize(table) => {
                let size = self.table(instance, table).elements.len() as u32;
                self.push(Value::I32(size));
            }
            Op::TableGrow(table) => {
                let (delta, value) = (self.pop_i32(), self.pop());
                let table = self.instance(instance).tables[table.index()];
                let previous = self.store.grow_table(table, delta, value);
                self.push(Value::I32(previous.unwrap_or(u32::MAX)));
            }
            Op::TableFill(table) => {
                let (len, value, start) = (self.pop_i32(), self.pop(), self.pop_i32());
                self.table(instance, table).range(start, len)?.fill(value);
            }
            Op::TableCopy { dst, src } => {
                let (to, from, len) = self.pop_range();
                let elements = self.table(instance, src).range(from, len)?.to_vec();
                self.table(instance, dst)
                    .range(to, len)?
                    .copy_from_slice(&elements);
            }
            Op::TableInit { elem, table } => {
                let (to, from, len) = self.pop_range();
                self.store
                    .init_table(instance, table, elem, (to, from, len))?;
            }
            _ => unreachable!("every other operator is executed elsewhere: {op:?}"),
        }
        Ok(())
    }
}

impl super::store::Store {
    /// `table.init`
    pub(super) fn init_table(
        &mut self,
        instance: usize,
        table: TableIndex,
        elem: ElemIndex,
        (to, from, len): (u32, u32, u32),
    ) -> Result<(), Trap> {
        let instance = &self.instances[instance];
        let table = instance.tables[table.index()].0 as usize;
        let elements = instance.elems[elem.index()]
            .get(from as usize..)
            .and_then(|elements| elements.get(..len as usize))
            .ok_or(Trap::TableOutOfBounds)?;
        self.tables[table].range(to, len)?.copy_from_slice(elements);
        Ok(())
    }
}

pub(super) fn constant(value: Const) -> Value {
    match value {
        Const::I32(value) => Value::I32(value as u32),
        Const::I64(value) => Value::I64(value as u64),
        Const::F32(bits) => Value::F32(bits),
        Const::F64(bits) => Value::F64(bits),
        Const::Null(ty) => Value::zero(ty).expect("verified: a reference type"),
    }
}

fn binary(op: Op<'_>, a: Value, b: Value) -> Result<Value, Trap> {
    use Value::{F32, F64, I32, I64};
    let bool = |value: bool| I32(value.into());
    Ok(match (op, a, b) {
        (Op::Alu(op, _), I32(a), I32(b)) => I32(int32::alu(op, a, b)),
        (Op::Alu(op, _), I64(a), I64(b)) => I64(int64::alu(op, a, b)),
        (Op::Mul(_), I32(a), I32(b)) => I32(a.wrapping_mul(b)),
        (Op::Mul(_), I64(a), I64(b)) => I64(a.wrapping_mul(b)),
        (Op::Shift(op, _), I32(a), I32(b)) => I32(int32::shift(op, a, b)),
        (Op::Shift(op, _), I64(a), I64(b)) => I64(int64::shift(op, a, b)),
        (Op::Div(op, _), I32(a), I32(b)) => I32(int32::div(op, a, b)?),
        (Op::Div(op, _), I64(a), I64(b)) => I64(int64::div(op, a, b)?),
        (Op::IntCmp(cmp, _), I32(a), I32(b)) => bool(int32::compare(cmp, a, b)),
        (Op::IntCmp(cmp, _), I64(a), I64(b)) => bool(int64::compare(cmp, a, b)),
        (Op::FloatBinary(op, _), F32(a), F32(b)) => F32(float32::binary(op, a, b)),
        (Op::FloatBinary(op, _), F64(a), F64(b)) => F64(float64::binary(op, a, b)),
        (Op::FloatCmp(cmp, _), F32(a), F32(b)) => bool(float32::compare(cmp, a, b)),
        (Op::FloatCmp(cmp, _), F64(a), F64(b)) => bool(float64::compare(cmp, a, b)),
        _ => wrong(op, a),
    })
}

fn wrong(op: impl std::fmt::Debug, value: Value) -> ! {
    unreachable!("verified: {op:?} of {value}")
}
