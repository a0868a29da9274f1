//! What every instruction does, one implementation of [`Execute`] for each.
//!
//! | file | instructions |
//! |---|---|
//! | `control` | branches, calls, returns |
//! | `data` | moves, constants, memory, globals, tables |
//! | `numeric` | arithmetic |
//!
//! Rows of `execute!` name an instruction, the shape that it has in common with others, and
//! what is particular about it.

use super::machine::{Flow, Machine};

/// What an instruction does.
pub(super) trait Execute {
    /// Executes the instruction that the machine stands at, which is this one.
    fn execute<C: Carries>(m: &mut Machine) -> Flow;
}

/// [`op::Carry`](microwasm_codegen::bytecode::op::Carry) as a type.
pub(super) trait Carries {
    /// The first operand is the last result.
    const FIRST: bool = false;
    /// The second operand is.
    const SECOND: bool = false;
}

pub(super) struct Nothing;
pub(super) struct First;
pub(super) struct Second;

impl Carries for Nothing {}
impl Carries for First {
    const FIRST: bool = true;
}
impl Carries for Second {
    const SECOND: bool = true;
}

impl Machine {
    /// The first operand, whose slot this is.
    #[inline(always)]
    fn first<C: Carries>(&self, slot: u16) -> u64 {
        if C::FIRST {
            self.last
        } else {
            self.frame.get(slot)
        }
    }

    /// The second operand.
    #[inline(always)]
    fn second<C: Carries>(&self, slot: u16) -> u64 {
        if C::SECOND {
            self.last
        } else {
            self.frame.get(slot)
        }
    }

    /// Leaves the result of an instruction.
    #[inline(always)]
    fn result(&mut self, slot: u16, value: impl IntoSlot) {
        self.last = value.into_slot();
        self.frame.set(slot, self.last);
    }
}

/// Implements [`Execute`] for instructions, each by the macro that is its shape.
macro_rules! execute {
    ($($op:ident => $shape:ident($($particular:tt)*);)*) => {$(
        impl Execute for ops::$op {
            #[inline(always)]
            fn execute<C: Carries>(m: &mut Machine) -> Flow {
                $shape!(m, $op, $($particular)*)
            }
        }
    )*};
}

/// Goes on with the next instruction.
macro_rules! next {
    ($m:ident, $op:ident) => {{
        $m.code = $m.code.skip(ops::$op::LEN as isize);
        Flow::Next
    }};
}

/// Anything that ends by going on with the next instruction.
macro_rules! plain {
    ($m:ident, $op:ident, |$machine:ident, { $($field:ident),* }| $body:block) => {{
        let $machine = $m;
        let ops::$op { $($field),* } = ops::$op::decode($machine.code.bytes());
        $body
        next!($machine, $op)
    }};
}

/// Anything that says itself how to go on.
macro_rules! flow {
    ($m:ident, $op:ident, |$machine:ident, { $($field:ident),* }| $body:block) => {{
        let $machine = $m;
        let ops::$op { $($field),* } = ops::$op::decode($machine.code.bytes());
        $body
    }};
}

macro_rules! unary {
    ($m:ident, $op:ident, $get:ident, $f:expr) => {
        plain!($m, $op, |m, { dst, src }| {
            m.result(dst, $f(m.first::<C>(src).$get()));
        })
    };
}

macro_rules! binary {
    ($m:ident, $op:ident, $get:ident, $f:expr) => {
        plain!($m, $op, |m, { dst, lhs, rhs }| {
            m.result(dst, $f(m.first::<C>(lhs).$get(), m.second::<C>(rhs).$get()));
        })
    };
}

macro_rules! binary_imm {
    ($m:ident, $op:ident, $get:ident, $f:expr) => {
        plain!($m, $op, |m, { dst, lhs, rhs }| {
            m.result(dst, $f(m.first::<C>(lhs).$get(), rhs as _));
        })
    };
}

macro_rules! trapping_unary {
    ($m:ident, $op:ident, $get:ident, $f:expr) => {
        plain!($m, $op, |m, { dst, src }| {
            match $f(m.first::<C>(src).$get()) {
                Ok(value) => m.result(dst, value),
                Err(trap) => return m.trap(trap),
            }
        })
    };
}

macro_rules! trapping {
    ($m:ident, $op:ident, $get:ident, $f:expr) => {
        plain!($m, $op, |m, { dst, lhs, rhs }| {
            match $f(m.first::<C>(lhs).$get(), m.second::<C>(rhs).$get()) {
                Ok(value) => m.result(dst, value),
                Err(trap) => return m.trap(trap),
            }
        })
    };
}

mod control;
mod data;
mod numeric;

/// A value as a slot holds it.
trait IntoSlot {
    fn into_slot(self) -> u64;
}

macro_rules! into_slot {
    ($($ty:ty: |$value:ident| $slot:expr;)*) => {$(
        impl IntoSlot for $ty {
            #[inline(always)]
            fn into_slot(self) -> u64 {
                let $value = self;
                $slot
            }
        }
    )*};
}

into_slot! {
    bool: |v| v.into();
    u32: |v| v.into();
    u64: |v| v;
    f32: |v| v.to_bits().into();
    f64: |v| v.to_bits();
}

/// What a slot holds, as one of the types.
trait FromSlot {
    fn get(self) -> u64;
    fn get32(self) -> u32;
    fn f32(self) -> f32;
    fn f64(self) -> f64;
}

impl FromSlot for u64 {
    #[inline(always)]
    fn get(self) -> u64 {
        self
    }

    #[inline(always)]
    fn get32(self) -> u32 {
        self as u32
    }

    #[inline(always)]
    fn f32(self) -> f32 {
        f32::from_bits(self as u32)
    }

    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from_bits(self)
    }
}
