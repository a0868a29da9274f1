//! Unwind tables against what the instructions do: every instruction moves the stack pointer
//! from where the table has it to where the table has it next, along every path.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};
use libtest_mimic::Failed;
use microwasm_codegen::stencil::{Builtin, ExternalName, Stencil};

use crate::{all_settings, compile, functions};

pub fn tables_are_right() -> Result<(), Failed> {
    let (mut moves, mut edges) = (0, 0);
    for settings in all_settings() {
        let compiled = compile(settings);
        for func in functions(&compiled.stencils) {
            let stencil = compiled.stencils.get(func.index()).expect("in range");
            let (m, e) = check(&stencil).map_err(|why| format!("function {func}: {why}"))?;
            moves += m;
            edges += e;
        }
    }
    assert!(moves > 100 && edges > 100, "{moves} moves, {edges} edges");
    Ok(())
}

/// Bytes from the stack pointer to the canonical frame address before the instruction at `offset`.
fn expected(stencil: &Stencil<'_>, offset: u64) -> Option<i64> {
    let rows = stencil.unwind;
    let after = rows.partition_point(|row| u64::from(row.offset.0) <= offset);
    let row = rows.get(after.checked_sub(1)?)?;
    Some(row.state.cfa_offset(stencil.frame).into())
}

/// How many bytes lower the stack pointer is behind an instruction.
fn lowered_by(instruction: &Instruction) -> i64 {
    let on_rsp =
        instruction.op0_kind() == OpKind::Register && instruction.op0_register() == Register::RSP;
    match instruction.mnemonic() {
        Mnemonic::Sub if on_rsp => instruction.immediate(1) as i64,
        Mnemonic::Add if on_rsp => -(instruction.immediate(1) as i64),
        // A call is balanced by the callee's return.
        Mnemonic::Call => 0,
        _ => -i64::from(instruction.stack_pointer_increment()),
    }
}

/// Follows all paths from the entry, but for jump tables. How many instructions move the stack
/// pointer, and how many jumps there are.
fn check(stencil: &Stencil<'_>) -> Result<(usize, usize), String> {
    let (mut moves, mut edges) = (0, 0);
    let mut seen = vec![false; stencil.code.len() + 1];
    let mut open = vec![0u64];
    while let Some(start) = open.pop() {
        let mut decoder = Decoder::with_ip(64, stencil.code, 0, DecoderOptions::NONE);
        let at = usize::try_from(start).map_err(|error| error.to_string())?;
        decoder
            .set_position(at)
            .map_err(|error| error.to_string())?;
        decoder.set_ip(start);
        loop {
            let offset = decoder.ip();
            if std::mem::replace(&mut seen[offset as usize], true) || !decoder.can_decode() {
                break;
            }
            let instruction = decoder.decode();
            let before = expected(stencil, offset).ok_or("no row for the entry")?;
            let lowered = lowered_by(&instruction);
            moves += usize::from(lowered != 0);
            let after = before + lowered;
            let agrees = |to: u64| {
                if expected(stencil, to) == Some(after) {
                    Ok(())
                } else {
                    let table = expected(stencil, to);
                    Err(format!(
                        "{instruction} at {offset:#x}: {after}, but {table:?} at {to:#x}"
                    ))
                }
            };
            let next = instruction.next_ip();
            match instruction.flow_control() {
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                    edges += 1;
                    let target = instruction.near_branch_target();
                    agrees(target)?;
                    open.push(target);
                    if instruction.flow_control() == FlowControl::UnconditionalBranch {
                        break;
                    }
                }
                FlowControl::Return => {
                    // The return address is all that there was.
                    if before != 8 {
                        return Err(format!("returns at {offset:#x} with {before}"));
                    }
                    break;
                }
                FlowControl::Next | FlowControl::Call | FlowControl::IndirectCall => {}
                _ => break,
            }
            let traps = stencil.relocs.iter().any(|reloc| {
                (offset..next).contains(&u64::from(reloc.offset.0))
                    && reloc.target == ExternalName::Builtin(Builtin::Trap)
            });
            if traps {
                break;
            }
            agrees(next)?;
        }
    }
    Ok((moves, edges))
}
