//! Forced perturbation: has the allocator choose otherwise, at random from a seed.
//!
//! For tests. What the allocator chooses is a matter of speed, and nothing observable may
//! depend on it: values go home and come back, move to other registers, registers are
//! refused as if they were in use, another victim is spilled, blocks that could take over
//! their caller's state get a convention, CPU features are not used, and the code is padded.
//! The idea is that of Cranelift's chaos mode.
//!
//! Every function starts anew from the seed, so that its code depends on nothing but itself.
//!
//! Invariant: everything between two operators leaves the flags alone, as moves do.

use super::compiler::FunctionCompiler;
use super::context::Context;
use super::reg::{Reg, RegSet};
use super::stack::VirtualStack;
use crate::settings::CpuFeatures;
use microwasm::RegClass;

/// Choices from a seed.
#[derive(Debug)]
pub struct Perturb {
    seed: u64,
    state: u64,
    /// About one in so many operators is followed by a change of state.
    calm: u64,
    /// About one time in so many no register is refused.
    generous: u64,
    /// Free registers that are held without reason.
    refused: RegSet,
}

impl Perturb {
    /// Choices from `seed`.
    pub fn new(seed: u64) -> Perturb {
        Perturb {
            seed,
            state: seed,
            calm: 1,
            generous: 1,
            refused: RegSet::EMPTY,
        }
    }

    /// Starts anew.
    pub fn begin_function(&mut self) {
        self.state = self.seed;
        self.calm = [1, 3, 10, 40][self.below(4) as usize];
        self.generous = [1, 2, 5][self.below(3) as usize];
        self.refused = RegSet::EMPTY;
    }

    /// splitmix64.
    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    /// True once in `n` times.
    #[cold]
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of `items`, if there is one.
    pub fn pick(&mut self, items: RegSet) -> Option<Reg> {
        let nth = self.below(items.len().max(1).into());
        items.iter().nth(nth as usize)
    }

    /// Gives back a register of `set` that was refused, if there is one.
    pub fn give_back(&mut self, set: RegSet) -> Option<Reg> {
        let reg = set.and(self.refused).first()?;
        self.refused.remove(reg);
        Some(reg)
    }

    /// Some of these features.
    pub fn hide(&mut self, features: CpuFeatures) -> CpuFeatures {
        if self.one_in(2) {
            return features;
        }
        CpuFeatures {
            sse41: features.sse41 && self.one_in(2),
            popcnt: features.popcnt && self.one_in(2),
            lzcnt: features.lzcnt && self.one_in(2),
            bmi1: features.bmi1 && self.one_in(2),
            bmi2: features.bmi2 && self.one_in(2),
            avx: features.avx && self.one_in(2),
        }
    }
}

/// Whether something that happens once in `n` times is to happen: never, where nothing is
/// perturbed.
#[inline]
pub fn one_in(perturb: &mut Option<Box<Perturb>>, n: u64) -> bool {
    perturb.as_mut().is_some_and(|perturb| perturb.one_in(n))
}

impl FunctionCompiler<'_> {
    /// Between two operators, where the state belongs to the next one.
    pub(super) fn perturb(&mut self) {
        let cx = &mut self.c.cx;
        if let Some(mut perturb) = cx.perturb.take() {
            if self.c.blocks.is_open() {
                perturb.change_state(cx);
            }
            perturb.refuse_registers(cx);
            self.c.blocks.all_shared = perturb.one_in(2);
            cx.perturb = Some(perturb);
        }
    }
}

impl Perturb {
    /// Puts values elsewhere, or pads the code.
    fn change_state(&mut self, cx: &mut Context) {
        let calm = self.calm;
        while self.one_in(calm + 1) {
            match self.below(8) {
                0 | 1 => {
                    if let Some(reg) = self.pick(cx.used()) {
                        cx.spill(reg);
                    }
                }
                2 | 3 => {
                    let off = cx.stack.off();
                    if !off.is_empty() {
                        let at = self.below(off.len() as u64);
                        cx.send_home(cx.stack.off()[at as usize]);
                    }
                }
                4 | 5 => self.load(cx),
                6 => self.rename(cx),
                _ => cx.masm.nop(1 + self.below(12) as usize),
            }
        }
    }

    /// Loads a value near the top.
    fn load(&mut self, cx: &mut Context) {
        let height = cx.stack.height();
        if height > 0 && cx.stack.off().len() < VirtualStack::MAX_OFF / 2 {
            // What an operator or an edge takes next is worth as much as all below it.
            let near = if self.one_in(2) { 4 } else { 24 };
            let depth = self.below(height.min(near).into()) as u32;
            cx.load_entry(height - 1 - depth);
        }
    }

    /// Moves what is in some register to a free one of its class.
    fn rename(&mut self, cx: &mut Context) {
        let Some(from) = self.pick(cx.used()) else {
            return;
        };
        let class = if from.is_xmm() {
            RegClass::Xmm
        } else {
            RegClass::Gpr
        };
        if let Some(to) = self.pick(cx.free(class)) {
            cx.rename(from, to);
        }
    }

    /// Has the next operator believe that registers which are free are not.
    fn refuse_registers(&mut self, cx: &mut Context) {
        self.refused = RegSet::EMPTY;
        let generous = self.generous;
        if !self.one_in(generous) {
            let all = self.one_in(2);
            for reg in RegSet::GPR.or(RegSet::XMM).without(cx.used()).iter() {
                if all || !self.one_in(4) {
                    self.refused.insert(reg);
                    cx.hold(reg);
                }
            }
        }
    }
}
