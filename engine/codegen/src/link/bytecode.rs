//! Relocations of bytecode: near and far calls have one length, and become one another.

use super::{LinkError, LinkPlan};
use crate::bytecode::UNRESOLVED;
use crate::bytecode::op::Opcode;
use crate::bytecode::signature::{HostCallee, HostSignature};
use crate::stencil::{ExternalName, Reloc};

/// The first byte of a call's field within the instruction.
const FIELD: usize = 4;

impl LinkPlan {
    /// Fills in a call in the function at `start`, whose code is `code`.
    pub(super) fn relocate_bytecode(
        &self,
        reloc: &Reloc,
        start: u32,
        code: &mut [u8],
    ) -> Result<(), LinkError> {
        let Reloc {
            offset,
            kind,
            target: symbol,
            addend,
        } = *reloc;
        let field = start + offset.0;
        let site = (offset.0 as usize)
            .checked_sub(FIELD)
            .and_then(|at| code.get_mut(at..)?.first_chunk_mut::<8>());
        let found = site
            .as_ref()
            .map_or(0, |site| u16::from_le_bytes([site[0], site[1]]));
        let calls = [Opcode::Call as u16, Opcode::CallIndirectHost as u16];
        let Some(site) = site.filter(|_| calls.contains(&found)) else {
            return Err(LinkError::NotACall {
                symbol,
                kind,
                offset: field,
                value: found,
            });
        };
        if site[FIELD..] != UNRESOLVED.to_le_bytes() {
            return Err(LinkError::AlreadyResolved {
                symbol,
                kind,
                offset: field,
            });
        }
        let undefined = LinkError::Undefined {
            symbol,
            kind,
            offset: field,
        };
        let (opcode, value) = match symbol {
            ExternalName::Func(func) if func.index() < self.thunks.len() => {
                let callee = HostCallee {
                    signature: HostSignature::Array,
                    number: func.0,
                };
                (Opcode::CallIndirectHost, callee.to_u32())
            }
            ExternalName::Func(func) => {
                let target = self.near(func).ok_or(undefined)?;
                // The psABI's S + A - P.
                let value = i64::from(target) + i64::from(addend) - i64::from(field);
                let distance = i32::try_from(value).map_err(|_| LinkError::OutOfRange {
                    symbol,
                    kind,
                    offset: field,
                    value,
                })?;
                (Opcode::Call, distance as u32)
            }
            ExternalName::Builtin(builtin) => {
                let callee = HostCallee {
                    signature: HostSignature::of(builtin).ok_or(undefined)?,
                    number: builtin as u32,
                };
                (Opcode::CallIndirectHost, callee.to_u32())
            }
        };
        site[..2].copy_from_slice(&(opcode as u16).to_le_bytes());
        site[FIELD..].copy_from_slice(&value.to_le_bytes());
        Ok(())
    }
}
