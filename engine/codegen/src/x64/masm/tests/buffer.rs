//! The code buffer.

use super::*;
use crate::stencil::{CodeOffset, SourceLoc, StackState, TrapCode};
use microwasm::FuncIndex;

#[test]
fn functions_are_aligned_and_kept_apart() {
    let mut out = Stencils::default();
    let mut masm = Masm::default();
    for length in [0, 1, 15, 16, 17, 600, 5000, 100_000] {
        let emit = |m: &mut Masm| {
            m.buf.add_trap(TrapCode::MemoryOutOfBounds);
            m.nop(length);
        };
        function(&mut masm, &mut out, u32::MAX, emit).expect("small");
        let stencil = out.get(out.len() - 1).expect("just added");
        assert_eq!(stencil.start % Stencils::ALIGN, 0);
        assert_eq!(stencil.code.len(), length);
        assert_eq!(stencil.traps.len(), 1);
        assert_eq!(stencil.traps[0].offset, CodeOffset(0));
        assert_eq!(stencil.frame, 48);
    }
    assert!(!out.is_empty());
    let covered: usize = out.iter().map(|s| s.code.len()).sum();
    let padding = out.code.iter().filter(|b| **b == 0xcc).count();
    assert_eq!(covered + padding, out.code.len());
}

#[test]
fn the_limit_is_exact_and_leaves_no_trace() {
    let mut out = Stencils::default();
    let mut masm = Masm::default();
    function(&mut masm, &mut out, 100, |m| m.nop(3)).expect("small");
    for max in [0, 1, 15, 16, 100, 512, 513, 3000] {
        let before = out.clone();
        for excess in [1, 2, 15, 16, 17, 1000] {
            let result = function(&mut masm, &mut out, max, |m| m.nop((max + excess) as usize));
            assert_eq!(result, Err(CodegenError::FunctionTooLarge { limit: max }));
            assert_eq!(out, before);
        }
        function(&mut masm, &mut out, max, |m| m.nop(max as usize)).expect("not above the limit");
        assert_eq!(
            out.get(out.len() - 1).expect("just added").code.len(),
            max as usize
        );
    }
}

#[test]
fn room_is_added_as_it_is_needed() {
    for length in [1, 600, 5000, 100_000] {
        let mut out = Stencils::default();
        function(&mut Masm::default(), &mut out, u32::MAX, |m| m.nop(length)).expect("small");
        // Twice what there is at most, and what a vector adds of its own accord.
        let room = out.code.capacity();
        assert!(room <= 4 * length + 2048, "{length} bytes in {room}");
    }
}

#[test]
fn everything_works_after_an_overflow() {
    let mut out = Stencils::default();
    let mut masm = Masm::default();
    let result = function(&mut masm, &mut out, 64, |m| {
        let early = m.buf.new_label();
        m.jcc(Cond::Eq, early);
        let patch = m.sub_rsp_patchable();
        m.nop(1000);
        let late = m.buf.new_label();
        let late_patch = m.load_patchable(Size::S64, Gpr::RAX);
        for label in [early, late] {
            m.jmp(label);
            m.jcc(Cond::Ne, label);
            m.lea_label(Gpr::RAX, label);
            m.buf.jump_table([label, early].into_iter());
        }
        m.buf.add_trap(TrapCode::Unreachable);
        m.buf.add_source(7);
        m.buf.bind(late);
        m.buf.bind(early);
        m.jmp(late);
        m.buf.patch32(patch, 1);
        m.buf.patch32(late_patch, 1);
        assert!(m.buf.is_bound(early) && m.buf.is_bound(late));
    });
    assert_eq!(result, Err(CodegenError::FunctionTooLarge { limit: 64 }));
    assert!(out.is_empty() && out.traps.is_empty() && out.source.is_empty());
}

#[test]
fn a_jump_to_what_follows_goes_away() {
    let mut b = Bench::new();
    let (_, insts) = b.assemble(|m| {
        let (a, other) = (m.buf.new_label(), m.buf.new_label());
        m.jcc(Cond::Eq, a);
        m.jcc(Cond::Ne, other);
        m.jmp(a);
        m.buf.add_source(9);
        m.buf.bind(a);
        m.ret();
        m.buf.bind(other);
        m.ud2();
    });
    let mnemonics: Vec<_> = insts.iter().map(|i| i.mnemonic()).collect();
    assert_eq!(
        mnemonics,
        [Mnemonic::Je, Mnemonic::Jne, Mnemonic::Ret, Mnemonic::Ud2]
    );
    assert_eq!(insts[0].near_branch_target(), insts[2].ip());
    assert_eq!(insts[1].near_branch_target(), insts[3].ip());
}

#[test]
fn a_jump_stays_when_something_else_refers_to_its_end() {
    let mut b = Bench::new();
    let (_, insts) = b.assemble(|m| {
        let (a, other) = (m.buf.new_label(), m.buf.new_label());
        m.jcc(Cond::Eq, other);
        m.jmp(a);
        m.buf.bind(other);
        m.buf.bind(a);
        m.ret();
    });
    assert_eq!(insts.len(), 3, "{insts:?}");
    assert!(
        insts[..2]
            .iter()
            .all(|i| i.near_branch_target() == insts[2].ip())
    );
}

/// Also in a function behind one of the same shape: its trap sites are not this one's.
#[test]
fn a_jump_stays_when_a_trap_site_is_at_its_end() {
    let mut out = Stencils::default();
    let mut masm = Masm::default();
    for (traps, length) in [(true, 6), (false, 1), (true, 6), (false, 1)] {
        function(&mut masm, &mut out, 1000, |m| {
            let label = m.buf.new_label();
            m.jmp(label);
            if traps {
                m.buf.add_trap(TrapCode::MemoryOutOfBounds);
            }
            m.buf.bind(label);
            m.ret();
        })
        .expect("small");
        let stencil = out.get(out.len() - 1).expect("just added");
        assert_eq!(stencil.code.len(), length);
        assert!(
            stencil
                .traps
                .iter()
                .all(|trap| trap.offset == CodeOffset(5))
        );
    }
}

#[test]
fn source_locations_follow_a_jump_that_goes_away() {
    let mut out = Stencils::default();
    let mut masm = Masm::default();
    function(&mut masm, &mut out, 1000, |m| {
        let label = m.buf.new_label();
        m.buf.add_source(1);
        m.nop(2);
        m.buf.add_source(2);
        m.jmp(label);
        m.buf.add_source(3);
        m.buf.bind(label);
        m.ret();
    })
    .expect("small");
    let loc = |code, source| SourceLoc {
        code: CodeOffset(code),
        source,
    };
    assert_eq!(out.source, [loc(0, 1), loc(2, 3)]);
    assert_eq!(out.code.len(), 3);
}

/// Functions that are put together one by one, or half by half, are those compiled in a row.
#[test]
fn arenas_are_put_together() {
    let mut masm = Masm::default();
    let mut compile = |out: &mut Stencils, f: u32| {
        function(&mut masm, out, u32::MAX, |m| {
            m.buf.add_unwind(StackState::Entry);
            m.buf.add_source(f);
            m.call_func(FuncIndex(f));
            m.buf.add_trap(TrapCode::Unreachable);
            // Large enough that products of offsets have more than 32 bits.
            m.nop(70_000 + f as usize);
            m.buf.add_unwind(StackState::Frame { below: f });
            m.ret();
        })
        .expect("small");
    };
    let (mut all, mut first, mut second) = <(Stencils, Stencils, Stencils)>::default();
    for f in 0..6 {
        compile(&mut all, f);
        compile(if f < 3 { &mut first } else { &mut second }, f);
    }
    first.append(&second);
    assert_eq!(first, all);
    let mut pushed = Stencils::default();
    all.iter().for_each(|stencil| pushed.push(&stencil));
    assert_eq!(pushed, all);
}

#[test]
fn binding_is_linear_in_the_uses() {
    let mut out = Stencils::default();
    let mut masm = Masm::default();
    let uses = 100_000;
    function(&mut masm, &mut out, u32::MAX, |m| {
        let label = m.buf.new_label();
        for _ in 0..uses {
            m.jcc(Cond::Eq, label);
        }
        m.buf.bind(label);
    })
    .expect("below the limit");
    for (i, jcc) in out.code.chunks_exact(6).enumerate() {
        let distance = i32::from_le_bytes(jcc[2..].try_into().expect("four bytes"));
        assert_eq!(distance as usize, 6 * (uses - i - 1));
    }
}
