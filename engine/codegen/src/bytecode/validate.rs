//! Whether linked bytecode can be run: a pass over every function before it is.
//!
//! Receives the image and where its functions lie; says nothing or what is wrong first. What
//! passes never leaves its function but by a call or a return, never names a slot outside of
//! its frame, and never names a place in the vmctx, a signature or a function that is not
//! there. It holds values of types that nobody has checked: bytecode is no format for
//! exchange with those who are not trusted.
//!
//! Linear in the size of the code.

use super::UNRESOLVED;
use super::op::{Carry, Kind, Opcode};
use super::signature::{HostCallee, HostSignature};
use crate::stencil::Builtin;
use crate::vmctx::{Place, VmLayout};
use microwasm::{DefinedFuncIndex, FuncIndex, FuncType, ModuleInfo};
use thiserror::Error;

/// Bytecode that cannot be run. Offsets are the image's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("bytecode at {offset:#x}: {kind}")]
pub struct InvalidBytecode {
    /// The instruction, or the function.
    pub offset: u32,
    /// What is wrong with it.
    pub kind: InvalidKind,
}

/// What is wrong with an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidKind {
    /// A function that is not inside the image, or overlaps another.
    #[error("a function outside of the image, or inside of another")]
    Function,
    /// No opcode, or an instruction that ends behind its function.
    #[error("not an instruction")]
    Instruction,
    /// An instruction that is not allowed there: `enter` not at the start, or what only the
    /// interpreter itself uses, or something between a frame's moving and the call.
    #[error("an instruction out of place")]
    OutOfPlace,
    /// The last instruction goes on behind the function.
    #[error("runs on behind the function's end")]
    FallsOff,
    /// A slot, or a callee's frame, that is not in the frame.
    #[error("slot {0} is not in the frame")]
    Slot(u32),
    /// A frame too small for parameters and results.
    #[error("a frame of {0} slots")]
    Frame(u32),
    /// An operand that is not the result of the instruction before, as the opcode says.
    #[error("an operand carried over that is not the result before")]
    Carry,
    /// A jump to something else than an instruction of the function, or to one that relies
    /// on the instruction before.
    #[error("a jump to {0:#x}")]
    Jump(i64),
    /// A call of something else than a function.
    #[error("a call of {0:#x}")]
    Callee(i64),
    /// A relocation that has not been applied.
    #[error("a call that has not been linked")]
    Unresolved,
    /// A function of the host that there is not, or one with another signature.
    #[error("no function {number} of the host with signature {signature}")]
    Host {
        /// Number of the signature.
        signature: u8,
        /// Number of the function.
        number: u32,
    },
    /// No global, table or signature is there.
    #[error("no {what} at offset {offset} of the vmctx")]
    VmOffset {
        /// Of what kind.
        what: &'static str,
        /// The offset.
        offset: u32,
    },
    /// A constant that the instruction does not take.
    #[error("a constant divisor of {0}")]
    Divisor(i32),
}

/// A function of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Its first byte.
    pub start: u32,
    /// The byte behind its last one.
    pub end: u32,
}

/// One bit per byte of the image.
struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Bits {
        Bits(vec![0; len.div_ceil(64)])
    }

    fn set(&mut self, at: u32) {
        self.0[at as usize / 64] |= 1 << (at % 64);
    }

    fn get(&self, at: u32) -> bool {
        self.0
            .get(at as usize / 64)
            .is_some_and(|word| word >> (at % 64) & 1 != 0)
    }
}

/// Validates linked code; `functions` has the place of every function that the module
/// defines, in the order of their indices.
///
/// # Errors
/// The first thing that is wrong.
pub fn validate(
    code: &[u8],
    functions: &[Extent],
    module: &ModuleInfo,
    vm: &VmLayout,
) -> Result<(), InvalidBytecode> {
    let mut entries = Bits::new(code.len());
    for function in functions {
        let Extent { start, end } = *function;
        if start >= end || end as usize > code.len() || entries.get(start) {
            let kind = InvalidKind::Function;
            return Err(InvalidBytecode {
                offset: start,
                kind,
            });
        }
        entries.set(start);
    }
    let mut validator = Validator {
        code,
        module,
        vm,
        entries,
        targets: Bits::new(code.len()),
        jumps: Vec::new(),
        frame: 0,
        shift: 0,
    };
    for (index, &extent) in (0..).zip(functions) {
        let func = module.func_index(DefinedFuncIndex(index));
        validator.function(extent, module.func_type(func))?;
    }
    Ok(())
}

struct Validator<'a> {
    code: &'a [u8],
    module: &'a ModuleInfo,
    vm: &'a VmLayout,
    /// Where functions begin.
    entries: Bits,
    /// Where jumps may go.
    targets: Bits,
    /// Jumps of the function at hand: where they are and where they go.
    jumps: Vec<(u32, i64)>,
    /// Slots of its frame.
    frame: u32,
    /// By how much the frame has been moved.
    shift: u32,
}

impl Validator<'_> {
    fn function(&mut self, extent: Extent, ty: &FuncType) -> Result<(), InvalidBytecode> {
        let Extent { start, end } = extent;
        self.jumps.clear();
        self.shift = 0;
        let mut at = start;
        let mut table = 0u64;
        let mut falls = true;
        let mut result = None;
        while at < end {
            let error = |kind| InvalidBytecode { offset: at, kind };
            let bytes = &self.code[at as usize..end as usize];
            let (opcode, carry) = Opcode::read(bytes).ok_or(error(InvalidKind::Instruction))?;
            let there = match opcode {
                Opcode::Enter => at == start,
                Opcode::LeaveInstance | Opcode::LeaveInterpreter => false,
                _ => at != start,
            };
            if !there || table > 0 && opcode != Opcode::Br {
                return Err(error(InvalidKind::OutOfPlace));
            }
            table = table.saturating_sub(1);
            // What the instruction before has left is there only when it was executed before.
            if self.shift == 0 && carry == Carry::Nothing {
                self.targets.set(at);
            }
            let mut operands = 0;
            let before = result.take();
            for (field, value) in opcode.values(bytes) {
                match field.kind {
                    Kind::Result => {
                        result = Some(value);
                        self.slot(value, 1)
                    }
                    Kind::Operand => {
                        operands += 1;
                        if carry as u32 == operands && before != Some(value) {
                            return Err(error(InvalidKind::Carry));
                        }
                        self.slot(value, 1)
                    }
                    Kind::Slot => self.slot(value, 1),
                    Kind::Jump => {
                        self.jumps
                            .push((at, i64::from(at) + opcode.size() as i64 + value));
                        Ok(())
                    }
                    Kind::Imm32 | Kind::Imm64 | Kind::Offset => Ok(()),
                    Kind::Frame => self.enter(value as u32, ty),
                    Kind::Count if opcode == Opcode::BrTable => {
                        table = value as u64 + 1;
                        Ok(())
                    }
                    _ => self.rare(opcode, field.kind, at, value, bytes),
                }
                .map_err(error)?;
            }
            let shifted = self.shift != 0;
            if shifted && !(opcode == Opcode::AdjustFrame || is_call(opcode)) {
                return Err(error(InvalidKind::OutOfPlace));
            }
            falls = !opcode.is_terminator();
            at += opcode.size() as u32;
        }
        if falls || table > 0 || self.shift != 0 {
            let kind = InvalidKind::FallsOff;
            return Err(InvalidBytecode { offset: end, kind });
        }
        for &(offset, target) in &self.jumps {
            let inside = (i64::from(start)..i64::from(end)).contains(&target);
            if !inside || !self.targets.get(target as u32) {
                let kind = InvalidKind::Jump(target);
                return Err(InvalidBytecode { offset, kind });
            }
        }
        Ok(())
    }

    /// Whether `count` slots from this one on are in the frame.
    #[inline]
    fn slot(&self, slot: i64, count: u32) -> Result<(), InvalidKind> {
        if slot as u64 + u64::from(count) + u64::from(self.shift) <= u64::from(self.frame) {
            Ok(())
        } else {
            Err(InvalidKind::Slot(slot as u32))
        }
    }

    fn enter(&mut self, frame: u32, ty: &FuncType) -> Result<(), InvalidKind> {
        self.frame = frame;
        if area(ty) <= u64::from(frame) {
            Ok(())
        } else {
            Err(InvalidKind::Frame(frame))
        }
    }

    /// Fields that few instructions have.
    #[inline(never)]
    fn rare(
        &mut self,
        opcode: Opcode,
        kind: Kind,
        at: u32,
        value: i64,
        bytes: &[u8],
    ) -> Result<(), InvalidKind> {
        let place = |there: bool, what| {
            let offset = value as u32;
            let error = InvalidKind::VmOffset { what, offset };
            there.then_some(()).ok_or(error)
        };
        let offset = value as i32;
        match kind {
            Kind::Wide if opcode == Opcode::CopyWide => self.slot(value, 1),
            Kind::Wide | Kind::Base => self.slot(value, 0),
            Kind::Count => {
                // Of `zeros`, whose first slot is the field before.
                let first = opcode.values(bytes).next().map_or(0, |(_, first)| first);
                self.slot(first + value, 0)
            }
            Kind::Delta => self.adjust(offset),
            Kind::Divisor if matches!(offset, 0 | -1) => Err(InvalidKind::Divisor(offset)),
            Kind::Callee if value as u32 == UNRESOLVED => Err(InvalidKind::Unresolved),
            Kind::Callee => {
                let target = i64::from(at) + opcode.size() as i64 + value;
                let there = u32::try_from(target).is_ok_and(|target| self.entries.get(target));
                there.then_some(()).ok_or(InvalidKind::Callee(target))
            }
            Kind::Host => self.host(value as u32, base(opcode, bytes)),
            Kind::Global => place(self.vm.is_global(Place::Direct(offset)), "global"),
            Kind::GlobalPtr => place(self.vm.is_global(Place::Indirect(offset)), "global"),
            Kind::Table => place(self.vm.is_table(Place::Direct(offset)), "table"),
            Kind::TablePtr => place(self.vm.is_table(Place::Indirect(offset)), "table"),
            Kind::Sig => {
                let Some(ty) = self.vm.sig_at(value as u32) else {
                    return place(false, "signature");
                };
                self.arguments(base(opcode, bytes), area(&self.module.types[ty.index()]))
            }
            _ => Ok(()),
        }
    }

    /// Whether arguments and results are in the frame.
    fn arguments(&self, base: i64, area: u64) -> Result<(), InvalidKind> {
        self.slot(base, u32::try_from(area).unwrap_or(u32::MAX))
    }

    fn adjust(&mut self, delta: i32) -> Result<(), InvalidKind> {
        let shift = i64::from(self.shift) + i64::from(delta);
        match u32::try_from(shift) {
            Ok(shift) if shift <= self.frame && (shift == 0 || self.shift == 0) => {
                self.shift = shift;
                Ok(())
            }
            _ => Err(InvalidKind::OutOfPlace),
        }
    }

    /// Whether there is such a function of the host, and its arguments are in the frame.
    fn host(&self, field: u32, base: i64) -> Result<(), InvalidKind> {
        if field == UNRESOLVED {
            return Err(InvalidKind::Unresolved);
        }
        let unknown = InvalidKind::Host {
            signature: field as u8,
            number: field >> 8,
        };
        let HostCallee { signature, number } = HostCallee::from_u32(field).ok_or(unknown)?;
        if signature == HostSignature::Array {
            if number >= self.module.imported_funcs {
                return Err(unknown);
            }
            return self.arguments(base, area(self.module.func_type(FuncIndex(number))));
        }
        let builtin = Builtin::ALL.get(number as usize).ok_or(unknown)?;
        if HostSignature::of(*builtin) != Some(signature) {
            return Err(unknown);
        }
        self.arguments(base, u64::from(signature.arguments().max(1)))
    }
}

/// Slots that arguments and results of a call take.
fn area(ty: &FuncType) -> u64 {
    let slots = |types: &[microwasm::ValType]| -> u64 {
        types.iter().map(|ty| u64::from(ty.slots())).sum()
    };
    slots(&ty.params).max(slots(&ty.results))
}

fn is_call(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Call
            | Opcode::CallIndirectHost
            | Opcode::CallIndirect
            | Opcode::CallIndirectImported
    )
}

/// The first slot of a call's callee.
fn base(opcode: Opcode, bytes: &[u8]) -> i64 {
    opcode.values(bytes).next().map_or(0, |(_, base)| base)
}
