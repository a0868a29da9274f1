//! Registers of x86-64, register sets, and what each is for.
//!
//! | register | use |
//! |---|---|
//! | `r15` | vmctx of the running instance, never changed by a Wasm function |
//! | `r14` | base of memory 0, likewise |
//! | `r11` | scratch: free between any two operators; funcref of a cross-instance call |
//! | `rsp` | frame |
//! | `xmm15` | scratch |
//! | all others | allocatable, and clobbered by every call |

/// A general-purpose register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gpr(pub u8);

/// A vector register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Xmm(pub u8);

#[allow(missing_docs)]
impl Gpr {
    pub const RAX: Gpr = Gpr(0);
    pub const RCX: Gpr = Gpr(1);
    pub const RDX: Gpr = Gpr(2);
    pub const RBX: Gpr = Gpr(3);
    pub const RSP: Gpr = Gpr(4);
    pub const RBP: Gpr = Gpr(5);
    pub const RSI: Gpr = Gpr(6);
    pub const RDI: Gpr = Gpr(7);
    pub const R8: Gpr = Gpr(8);
    pub const R9: Gpr = Gpr(9);
    pub const R10: Gpr = Gpr(10);
    pub const R11: Gpr = Gpr(11);
    pub const R12: Gpr = Gpr(12);
    pub const R13: Gpr = Gpr(13);
    pub const R14: Gpr = Gpr(14);
    pub const R15: Gpr = Gpr(15);

    /// Pinned: the vmctx.
    pub const VMCTX: Gpr = Gpr::R15;
    /// Pinned: base of memory 0.
    pub const MEMORY: Gpr = Gpr::R14;
    /// Never allocated.
    pub const SCRATCH: Gpr = Gpr::R11;
}

impl Xmm {
    /// Never allocated.
    pub const SCRATCH: Xmm = Xmm(15);
}

/// A register of either class; also its index in a [`RegSet`]: 0–15 general, 16–31 vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reg(pub u8);

impl Reg {
    /// As an index of tables of 32.
    #[inline]
    pub fn index(self) -> usize {
        (self.0 & 31).into()
    }

    /// Whether this is a vector register.
    #[inline]
    pub fn is_xmm(self) -> bool {
        self.0 >= 16
    }

    /// As a general-purpose register; the caller has checked the class.
    #[inline]
    pub fn gpr(self) -> Gpr {
        debug_assert!(!self.is_xmm(), "{self:?} is a vector register");
        Gpr(self.0)
    }

    /// As a vector register; the caller has checked the class.
    #[inline]
    pub fn xmm(self) -> Xmm {
        debug_assert!(self.is_xmm(), "{self:?} is a general-purpose register");
        Xmm(self.0 & 15)
    }
}

impl From<Gpr> for Reg {
    #[inline]
    fn from(r: Gpr) -> Reg {
        Reg(r.0)
    }
}

impl From<Xmm> for Reg {
    #[inline]
    fn from(r: Xmm) -> Reg {
        Reg(r.0 + 16)
    }
}

/// A set of registers of both classes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct RegSet(pub u32);

impl RegSet {
    /// No register.
    pub const EMPTY: RegSet = RegSet(0);
    /// Every allocatable general-purpose register.
    pub const GPR: RegSet = RegSet(0xffff & !(1 << 4 | 1 << 11 | 1 << 14 | 1 << 15));
    /// Every allocatable vector register.
    pub const XMM: RegSet = RegSet(0x7fff << 16);

    /// The set of one register.
    #[inline]
    pub fn of(reg: impl Into<Reg>) -> RegSet {
        RegSet(1 << reg.into().0)
    }
    /// Whether `reg` is in the set.
    #[inline]
    pub fn contains(self, reg: impl Into<Reg>) -> bool {
        self.0 & (1 << reg.into().0) != 0
    }
    /// Adds a register.
    #[inline]
    pub fn insert(&mut self, reg: impl Into<Reg>) {
        self.0 |= 1 << reg.into().0;
    }
    /// Removes a register.
    #[inline]
    pub fn remove(&mut self, reg: impl Into<Reg>) {
        self.0 &= !(1 << reg.into().0);
    }
    /// Registers in both.
    #[inline]
    pub fn and(self, other: RegSet) -> RegSet {
        RegSet(self.0 & other.0)
    }
    /// Registers in either.
    #[inline]
    pub fn or(self, other: RegSet) -> RegSet {
        RegSet(self.0 | other.0)
    }
    /// Registers in `self` only.
    #[inline]
    pub fn without(self, other: RegSet) -> RegSet {
        RegSet(self.0 & !other.0)
    }
    /// Whether there is none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// How many there are.
    #[inline]
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }
    /// The lowest-numbered register.
    #[inline]
    pub fn first(self) -> Option<Reg> {
        if self.0 == 0 {
            None
        } else {
            Some(Reg(self.0.trailing_zeros() as u8))
        }
    }
    /// All of them, ascending.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Reg> {
        let mut bits = self.0;
        std::iter::from_fn(move || {
            let reg = RegSet(bits).first()?;
            bits &= bits - 1;
            Some(reg)
        })
    }
}

impl std::fmt::Debug for RegSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
