//! The self-check: recomputes what the compiler believes, by other means.
//!
//! [`check_state`] runs after each operator, [`check_moves`] after each parallel
//! move. Both show the values that disagree and stop: a broken invariant means
//! that wrong code has just been emitted.

use super::context::Context;
use super::moves::{Dst, Move, Src};
use super::reg::{Reg, RegSet, Xmm};
use super::stack::{Entry, Loc};
use microwasm::{RegClass, ValType};
use std::collections::BTreeMap;

/// Recomputes register use, the off-home list and its bound from the virtual stack. Returns how
/// many slots a frame must have for the values that are in one.
pub fn check_state(cx: &Context) -> u32 {
    let entries = cx.stack.entries();
    let off = cx.stack.off();
    cx.stack.check();
    let mut refs = [0u32; 32];
    let mut types: [Option<ValType>; 32] = [None; 32];
    for &pos in off {
        let entry = entries[pos as usize];
        match entry.loc {
            Loc::Reg { reg, .. } => {
                let allocatable = match entry.ty.class() {
                    RegClass::Gpr => RegSet::GPR,
                    RegClass::Xmm => RegSet::XMM,
                };
                assert!(
                    allocatable.contains(reg),
                    "position {pos}, a {}, is in {reg:?}",
                    entry.ty
                );
                refs[reg.0 as usize] += 1;
                let ty = *types[reg.0 as usize].get_or_insert(entry.ty);
                assert_eq!(
                    ty, entry.ty,
                    "{reg:?} is shared by values of different types"
                );
            }
            Loc::Flags(_) => {
                assert_eq!(
                    pos as usize + 1,
                    entries.len(),
                    "a pending compare below the top"
                );
                assert!(cx.flags_pending(), "a pending compare that nobody knows of");
            }
            Loc::Home | Loc::Const(_) | Loc::Wide(_) | Loc::Slot(_) => {}
        }
    }
    for (i, &count) in refs.iter().enumerate() {
        let reg = Reg(i as u8);
        assert_eq!(cx.refs(reg), count, "references to {reg:?} in {entries:?}");
        assert_eq!(cx.used().contains(reg), count != 0, "use of {reg:?}");
    }
    let in_slot = |entry: &&Entry| matches!(entry.loc, Loc::Home | Loc::Reg { clean: true, .. });
    let highest = entries.iter().rfind(in_slot);
    highest.map_or(0, |entry| entry.home + entry.ty.slots())
}

/// Symbolic contents of a location: the source whose initial value it holds.
type Symbols = BTreeMap<(bool, u32), Src>;

fn key(dst: Dst) -> Option<(bool, u32)> {
    match dst {
        Dst::Reg(reg) => Some((true, reg.0 as u32)),
        Dst::Slot(slot) => Some((false, slot)),
        Dst::Out(_) | Dst::Caller(_) => None,
    }
}

fn read(symbols: &Symbols, src: Src) -> Src {
    let key = match src {
        Src::Reg(reg) => (true, reg.0 as u32),
        Src::Slot(slot) => (false, slot),
        Src::Const(_) => return src,
    };
    symbols.get(&key).copied().unwrap_or(src)
}

/// Executes the plain moves `made` on symbols and checks that each of the parallel moves
/// `wanted` got its source's initial value, and that nothing else was written.
pub fn check_moves(wanted: &[Move], made: &[Move], is_scratch: impl Fn(Dst) -> bool) {
    let mut symbols = Symbols::new();
    let mut outside: BTreeMap<(bool, u32), Src> = BTreeMap::new();
    for mv in made {
        let value = read(&symbols, mv.src);
        // A move between slots, or of a constant, may pass through a scratch register.
        if matches!(mv.src, Src::Slot(_)) && !matches!(mv.dst, Dst::Reg(_)) {
            symbols.insert((true, Reg::from(Xmm::SCRATCH).0 as u32), value);
        }
        match (mv.dst, key(mv.dst)) {
            (_, Some(key)) => {
                symbols.insert(key, value);
            }
            (Dst::Out(offset), None) => {
                outside.insert((false, offset), value);
            }
            (Dst::Caller(offset), None) => {
                outside.insert((true, offset), value);
            }
            (_, None) => unreachable!("registers and slots have keys"),
        }
    }
    for mv in wanted {
        let got = match mv.dst {
            Dst::Out(offset) => outside.get(&(false, offset)).copied(),
            Dst::Caller(offset) => outside.get(&(true, offset)).copied(),
            dst => key(dst).and_then(|k| symbols.get(&k)).copied(),
        };
        assert_eq!(
            got,
            Some(mv.src),
            "{:?} of {wanted:?}, made as {made:?}",
            mv.dst
        );
    }
    for &(is_reg, index) in symbols.keys() {
        let known = wanted.iter().any(|mv| key(mv.dst) == Some((is_reg, index)))
            || is_scratch(if is_reg {
                Dst::Reg(Reg(index as u8))
            } else {
                Dst::Slot(index)
            })
            || is_reg && index == Reg::from(Xmm::SCRATCH).0 as u32;
        assert!(
            known,
            "a parallel move wrote a bystander: {made:?} for {wanted:?}"
        );
    }
}
