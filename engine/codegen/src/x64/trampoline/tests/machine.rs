//! A machine that runs trampolines: as much of x86-64 as they use, decoded by iced-x86.
//! Code at addresses that hold none is the test's: see [`Machine::run`].

use crate::x64::reg::{Gpr, Xmm};
use iced_x86::{Code, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};
use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Machine {
    pub(super) gpr: [u64; 16],
    pub(super) xmm: [u128; 16],
    pub(super) rip: u64,
    memory: HashMap<u64, u8>,
    zero: bool,
    carry: bool,
    code: Vec<(u64, Vec<u8>)>,
}

impl Machine {
    /// Puts code at an address.
    pub(super) fn place(&mut self, at: u64, code: Vec<u8>) {
        self.code.push((at, code));
    }

    pub(super) fn read(&self, at: u64, bytes: u32) -> u128 {
        (0..bytes as u64).rev().fold(0, |value, i| {
            let byte = *self.memory.get(&(at.wrapping_add(i))).unwrap_or_else(|| {
                panic!(
                    "byte {:#x} is read but was never written",
                    at.wrapping_add(i)
                )
            });
            value << 8 | byte as u128
        })
    }

    pub(super) fn write(&mut self, at: u64, value: u128, bytes: u32) {
        for i in 0..bytes as u64 {
            self.memory
                .insert(at.wrapping_add(i), (value >> (8 * i)) as u8);
        }
    }

    pub(super) fn reg(&self, r: Gpr) -> u64 {
        self.gpr[r.0 as usize]
    }

    pub(super) fn set(&mut self, r: Gpr, value: u64) {
        self.gpr[r.0 as usize] = value;
    }

    pub(super) fn vec(&self, r: Xmm) -> u128 {
        self.xmm[r.0 as usize]
    }

    pub(super) fn push(&mut self, value: u64) {
        let rsp = self.reg(Gpr::RSP) - 8;
        self.set(Gpr::RSP, rsp);
        self.write(rsp, value as u128, 8);
    }

    pub(super) fn pop(&mut self) -> u64 {
        let rsp = self.reg(Gpr::RSP);
        self.set(Gpr::RSP, rsp + 8);
        self.read(rsp, 8) as u64
    }

    /// Runs until `rip` is where no code has been placed.
    pub(super) fn run(&mut self) {
        for _ in 0..1_000_000 {
            let rip = self.rip;
            let found = self
                .code
                .iter()
                .find(|(at, code)| (*at..*at + code.len() as u64).contains(&rip));
            let Some((at, code)) = found else { return };
            let bytes = &code[(rip - at) as usize..];
            let instruction = Decoder::with_ip(64, bytes, rip, DecoderOptions::NONE).decode();
            assert_ne!(instruction.code(), Code::INVALID);
            self.rip = instruction.next_ip();
            self.step(&instruction);
        }
        panic!("the code does not end");
    }

    fn address(&self, i: &Instruction) -> u64 {
        let part = |r: Register| {
            if r == Register::None {
                0
            } else {
                self.gpr[r.number()]
            }
        };
        part(i.memory_base())
            .wrapping_add(part(i.memory_index()))
            .wrapping_add(i.memory_displacement64())
    }

    /// Value and width in bytes of an operand.
    fn operand(&self, i: &Instruction, n: u32) -> (u128, u32) {
        match i.op_kind(n) {
            OpKind::Register => {
                let r = i.op_register(n);
                let value = if r.is_xmm() {
                    self.xmm[r.number()]
                } else {
                    self.gpr[r.number()] as u128
                };
                (value, r.size() as u32)
            }
            OpKind::Memory => {
                let bytes = i.memory_size().size() as u32;
                (self.read(self.address(i), bytes), bytes)
            }
            _ => (i.immediate(n) as u128, 8),
        }
    }

    /// Writes the first operand; a 32-bit register is zero-extended.
    fn assign(&mut self, i: &Instruction, value: u128) {
        if i.op0_kind() == OpKind::Memory {
            return self.write(self.address(i), value, i.memory_size().size() as u32);
        }
        let r = i.op0_register();
        if r.is_xmm() {
            self.xmm[r.number()] = value;
        } else if r.size() == 4 {
            self.gpr[r.number()] = value as u32 as u64;
        } else {
            assert_eq!(r.size(), 8);
            self.gpr[r.number()] = value as u64;
        }
    }

    /// Both operands, as wide as the first.
    fn operands(&self, i: &Instruction) -> (u64, u64) {
        let (a, width) = self.operand(i, 0);
        let (b, _) = self.operand(i, 1);
        let mask = if width == 4 {
            u32::MAX as u64
        } else {
            u64::MAX
        };
        (a as u64 & mask, b as u64 & mask)
    }

    fn step(&mut self, i: &Instruction) {
        match i.mnemonic() {
            Mnemonic::Push => self.push(self.operand(i, 0).0 as u64),
            Mnemonic::Pop => {
                let value = self.pop();
                self.assign(i, value as u128);
            }
            Mnemonic::Mov | Mnemonic::Movups => self.assign(i, self.operand(i, 1).0),
            Mnemonic::Movss | Mnemonic::Movsd => {
                let mask = if i.mnemonic() == Mnemonic::Movss {
                    u32::MAX as u128
                } else {
                    u64::MAX as u128
                };
                self.assign(i, self.operand(i, 1).0 & mask);
            }
            Mnemonic::Lea => self.assign(i, self.address(i) as u128),
            Mnemonic::Add | Mnemonic::Sub | Mnemonic::Cmp => {
                let (a, b) = self.operands(i);
                let value = if i.mnemonic() == Mnemonic::Add {
                    a.wrapping_add(b)
                } else {
                    a.wrapping_sub(b)
                };
                self.zero = value == 0;
                self.carry = if i.mnemonic() == Mnemonic::Add {
                    value < a
                } else {
                    a < b
                };
                if i.mnemonic() != Mnemonic::Cmp {
                    self.assign(i, value as u128);
                }
            }
            Mnemonic::Test | Mnemonic::Xor => {
                let (a, b) = self.operands(i);
                let value = if i.mnemonic() == Mnemonic::Test {
                    a & b
                } else {
                    a ^ b
                };
                (self.zero, self.carry) = (value == 0, false);
                if i.mnemonic() == Mnemonic::Xor {
                    self.assign(i, value as u128);
                }
            }
            Mnemonic::Jb if self.carry => self.rip = i.near_branch_target(),
            Mnemonic::Jne if !self.zero => self.rip = i.near_branch_target(),
            Mnemonic::Jb | Mnemonic::Jne => {}
            Mnemonic::Call => {
                assert_eq!(self.reg(Gpr::RSP) % 16, 0, "rsp is aligned at a call");
                let target = self.operand(i, 0).0 as u64;
                self.push(self.rip);
                self.rip = target;
            }
            Mnemonic::Jmp => self.rip = self.operand(i, 0).0 as u64,
            Mnemonic::Ret => self.rip = self.pop(),
            _ => panic!("{i} is not used by trampolines"),
        }
    }
}
