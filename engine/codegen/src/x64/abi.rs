//! The calling convention between Wasm functions.
//!
//! Arguments and results go in registers as far as there are any, the rest in
//! a stack area that the caller reserves: at the callee's entry,
//! `[rsp + 8 + offset]`. Stack results lie behind the stack arguments. The area
//! is a multiple of 16 bytes, so that `rsp` is 16-byte aligned at every call
//! instruction. All allocatable registers are clobbered by a call; `r14` and
//! `r15` are preserved.

use super::reg::{Gpr, Reg, Xmm};
use microwasm::{FuncType, RegClass, ValType};

/// Where an argument or result is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgLoc {
    /// In a register.
    Reg(Reg),
    /// In the stack area, at this byte offset from its start.
    Stack(u32),
}

const GPR_ARGS: [Gpr; 8] = [
    Gpr::RDI,
    Gpr::RSI,
    Gpr::RDX,
    Gpr::RCX,
    Gpr::R8,
    Gpr::R9,
    Gpr::RBX,
    Gpr::RBP,
];
const GPR_RESULTS: [Gpr; 6] = [Gpr::RAX, Gpr::RDX, Gpr::RCX, Gpr::RSI, Gpr::RDI, Gpr::R8];
const XMM_ARGS: u8 = 8;

/// Assigns places to values one after the other. Start with [`Assigner::params`],
/// then turn it into the results' with [`Assigner::into_results`].
#[derive(Clone, Debug)]
pub struct Assigner {
    gprs: &'static [Gpr],
    xmm: u8,
    stack: u32,
}

impl Assigner {
    /// For parameters.
    #[inline]
    pub fn params() -> Assigner {
        Assigner {
            gprs: &GPR_ARGS,
            xmm: 0,
            stack: 0,
        }
    }

    /// For the results, whose stack places come after the parameters'.
    #[inline]
    pub fn into_results(self) -> Assigner {
        Assigner {
            gprs: &GPR_RESULTS,
            xmm: 0,
            stack: self.stack,
        }
    }

    /// For the results of `ty`.
    #[inline]
    pub fn results_of(ty: &FuncType) -> Assigner {
        let mut params = Assigner::params();
        // Fewer are all in registers, whatever their types.
        if ty.params.len() > GPR_ARGS.len() {
            for &param in &ty.params {
                params.next(param);
            }
        }
        params.into_results()
    }

    /// The place of the next value.
    #[inline]
    pub fn next(&mut self, ty: ValType) -> ArgLoc {
        match ty.class() {
            RegClass::Gpr => {
                if let Some((&reg, rest)) = self.gprs.split_first() {
                    self.gprs = rest;
                    return ArgLoc::Reg(reg.into());
                }
            }
            RegClass::Xmm => {
                if self.xmm < XMM_ARGS {
                    self.xmm += 1;
                    return ArgLoc::Reg(Xmm(self.xmm - 1).into());
                }
            }
        }
        let at = self.stack;
        self.stack += 8 * ty.slots();
        ArgLoc::Stack(at)
    }

    /// Bytes of the stack area so far, rounded up to 16.
    #[inline]
    pub fn stack_size(&self) -> u32 {
        self.stack.next_multiple_of(16)
    }
}

/// Bytes of the stack area of a call, arguments and results, a multiple of 16.
#[inline]
pub fn stack_area(ty: &FuncType) -> u32 {
    // Whatever their types.
    if ty.params.len() <= GPR_ARGS.len() && ty.results.len() <= GPR_RESULTS.len() {
        return 0;
    }
    large_stack_area(ty)
}

fn large_stack_area(ty: &FuncType) -> u32 {
    let mut results = Assigner::results_of(ty);
    for &result in &ty.results {
        results.next(result);
    }
    results.stack_size()
}
