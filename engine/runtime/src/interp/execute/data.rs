//! Moves, constants, memory, globals and tables.

use microwasm_codegen::TrapCode;
use microwasm_codegen::bytecode::op::ops;

use super::{Carries, Execute, FromSlot as _};
use crate::interp::machine::{Flow, Machine};

macro_rules! load {
    ($m:ident, $op:ident, $extend:expr) => {
        plain!($m, $op, |m, { dst, addr, offset }| {
            match m.load(m.first::<C>(addr).get32(), offset) {
                Some(value) => m.result(dst, $extend(value)),
                None => return m.trap(TrapCode::MemoryOutOfBounds),
            }
        })
    };
}

macro_rules! store {
    ($m:ident, $op:ident, $ty:ty) => {
        plain!($m, $op, |m, { addr, value, offset }| {
            let value = m.second::<C>(value) as $ty;
            if !m.store(m.first::<C>(addr).get32(), offset, value) {
                return m.trap(TrapCode::MemoryOutOfBounds);
            }
        })
    };
}

macro_rules! store_imm {
    ($m:ident, $op:ident, $ty:ty) => {
        plain!($m, $op, |m, { addr, value, offset }| {
            if !m.store(m.first::<C>(addr).get32(), offset, value as $ty) {
                return m.trap(TrapCode::MemoryOutOfBounds);
            }
        })
    };
}

execute! {
    Copy => unary(get, |a: u64| a);
    CopyWide => plain(|m, { dst, src }| { m.frame.copy(dst, src); });
    Const32 => plain(|m, { dst, value }| { m.result(dst, value as u32); });
    ConstS32 => plain(|m, { dst, value }| { m.result(dst, value as i64 as u64); });
    Const64 => plain(|m, { dst, value }| { m.result(dst, value); });
    Zeros => plain(|m, { first, count }| { m.frame.clear(first, count); });
    Select => plain(|m, { dst, cond, then, otherwise }| {
        let chosen = if m.first::<C>(cond).get32() != 0 { then } else { otherwise };
        m.result(dst, m.frame.get(chosen));
    });

    Load32 => load(|v: u32| v);
    Load64 => load(|v: u64| v);
    Load8U => load(|v: u8| u32::from(v));
    Load16U => load(|v: u16| u32::from(v));
    Load8S32 => load(|v: i8| v as u32);
    Load16S32 => load(|v: i16| v as u32);
    Load8S64 => load(|v: i8| v as u64);
    Load16S64 => load(|v: i16| v as u64);
    Load32S64 => load(|v: i32| v as u64);
    Store8 => store(u8);
    Store16 => store(u16);
    Store32 => store(u32);
    Store64 => store(u64);
    Store8Imm => store_imm(u8);
    Store16Imm => store_imm(u16);
    Store32Imm => store_imm(u32);
    Store64Imm => store_imm(u64);
    MemorySize => plain(|m, { dst }| { m.result(dst, m.memory_len() >> 16); });

    GlobalGet => plain(|m, { dst, global }| {
        // SAFETY: validated: the layout has a global there.
        m.result(dst, unsafe { m.field::<u64>(global).read() });
    });
    GlobalSet => plain(|m, { src, global }| {
        // SAFETY: validated: the layout has a global there.
        unsafe { m.field::<u64>(global).write(m.first::<C>(src)) };
    });
    GlobalGetImported => plain(|m, { dst, global }| {
        // SAFETY: validated: the layout has a global there.
        m.result(dst, unsafe { m.pointer::<u64>(global).read() });
    });
    GlobalSetImported => plain(|m, { src, global }| {
        // SAFETY: validated: the layout has a global there.
        unsafe { m.pointer::<u64>(global).write(m.first::<C>(src)) };
    });

    TableGet => plain(|m, { dst, index, table }| {
        // SAFETY: validated: the layout has a table there.
        let table = unsafe { m.table(table) };
        match table.slot(m.first::<C>(index).get32()) {
            // SAFETY: in bounds.
            Some(at) => m.result(dst, unsafe { at.read() }),
            None => return m.trap(TrapCode::TableOutOfBounds),
        }
    });
    TableSet => plain(|m, { index, value, table }| {
        // SAFETY: validated: the layout has a table there.
        let table = unsafe { m.table(table) };
        match table.slot(m.first::<C>(index).get32()) {
            // SAFETY: in bounds.
            Some(at) => unsafe { at.write(m.second::<C>(value)) },
            None => return m.trap(TrapCode::TableOutOfBounds),
        }
    });
    TableSize => plain(|m, { dst, table }| {
        // SAFETY: validated: the layout has a table there.
        m.result(dst, unsafe { m.table(table) }.len);
    });
    TableGetImported => plain(|m, { dst, index, table }| {
        // SAFETY: validated: the layout has a table there.
        let table = unsafe { m.imported_table(table) };
        match table.slot(m.first::<C>(index).get32()) {
            // SAFETY: in bounds.
            Some(at) => m.result(dst, unsafe { at.read() }),
            None => return m.trap(TrapCode::TableOutOfBounds),
        }
    });
    TableSetImported => plain(|m, { index, value, table }| {
        // SAFETY: validated: the layout has a table there.
        let table = unsafe { m.imported_table(table) };
        match table.slot(m.first::<C>(index).get32()) {
            // SAFETY: in bounds.
            Some(at) => unsafe { at.write(m.second::<C>(value)) },
            None => return m.trap(TrapCode::TableOutOfBounds),
        }
    });
    TableSizeImported => plain(|m, { dst, table }| {
        // SAFETY: validated: the layout has a table there.
        m.result(dst, unsafe { m.imported_table(table) }.len);
    });
}
