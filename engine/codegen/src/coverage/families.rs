//! The table of families: dimensions, names, and what cannot be reached.

use super::Cell;
use super::operands::{self, Kind, Lowering};

/// What is said of a cell.
pub(super) enum Fate {
    /// It is to be reached.
    Reachable,
    /// There is no such thing.
    Absent,
    /// It cannot be reached, for this reason.
    Excluded(&'static str),
}

use Fate::{Absent, Excluded, Reachable};

/// A list of names, and the enum of them.
macro_rules! named {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum $enum {
            $($variant,)*
        }

        impl $enum {
            pub(super) const NAMES: &'static [&'static str] = &[$($name),*];
        }
    };
}

named! {
    /// Rules of the x86-64 backend that are chosen inside a lowering or the allocator.
    Rule {
        SmallFrame = "prologue: frame within the slack",
        LargeFrame = "prologue: frame checked as a whole",
        StackParam = "prologue: parameter on the stack",
        Fuel = "prologue or loop: fuel",
        Epoch = "prologue or loop: epoch",
        ColdCall = "call into another instance",
        StackArgs = "call: arguments on the stack",
        StackResult = "call: result on the stack",
        ZerosKnown = "zeros: constants",
        ZerosShort = "zeros: one by one",
        ZerosLoop = "zeros: loop",
        FoldAlu = "alu: both constant",
        SwapAlu = "alu: operands exchanged",
        LeaImm = "alu: lea of register and constant",
        LeaSum = "alu: lea of two registers",
        AluImm = "alu: immediate",
        AluSlot = "alu: slot",
        AluReg = "alu: register",
        MulShift = "mul: shift",
        MulImm = "mul: immediate",
        MulSlot = "mul: slot",
        MulReg = "mul: register",
        ShiftImm = "shift: constant",
        ShiftRorx = "shift: rorx",
        ShiftBmi2 = "shift: bmi2",
        ShiftCl = "shift: cl",
        ShiftClThere = "shift: count in rcx already",
        DivUnchecked = "div: no check for -1",
        DivMinusOne = "div: check for -1",
        DivDividendInRdx = "div: dividend in rdx",
        CmpSlotImm = "compare: slot and constant",
        CmpZero = "compare: with zero",
        CmpImm = "compare: register and constant",
        CmpSlot = "compare: register and slot",
        CmpReg = "compare: registers",
        SelectSlot = "select: slot",
        SelectReg = "select: register",
        SelectXmm = "select: vector register",
        FloatAvx = "float: three operands",
        FloatSlot = "float: slot",
        FloatReg = "float: register",
        FloatSameOperand = "float: min, max or copysign of one register",
        AddressConst = "address: constant",
        AddressConstScratch = "address: constant beyond 2 GiB",
        AddressIndexed = "address: index",
        AddressIndexedScratch = "address: offset beyond 2 GiB",
        BoundsConst = "address: constant checked",
        BoundsIndex = "address: index checked",
        BoundsIndexScratch = "address: index checked, end beyond 2 GiB",
        StoreImm = "store: immediate",
        GlobalDirect = "global: of the instance",
        GlobalIndirect = "global: imported",
        TableDirect = "table: of the instance",
        TableIndirect = "table: imported",
        CondFlags = "condition: flags",
        CondSlot = "condition: slot",
        CondReg = "condition: register",
        TakeRename = "fixed register: holder moves",
        TakeSpill = "fixed register: holder goes home",
        Victim = "no register free: the oldest goes home",
        HomeConst = "home: constant",
        HomeSlot = "home: another's slot",
        HomeClean = "home: there already",
        HomeDirty = "home: from a register",
        HomeFlags = "home: pending compare",
        LoadHome = "load: own slot",
        LoadSlot = "load: another's slot",
        LoadConst = "load: constant",
        LoadFlags = "load: pending compare",
        CacheOwner = "load: the slot's owner takes the register, too",
        CacheAlias = "load: who names the slot takes the register, too",
        CallSpill = "call: survivors go home",
        CallSpillAlias = "call: a survivor names another's slot",
        CallSpillSecured = "call: survivors whose slots are named",
        CopyAlias = "slot overwritten: who names it gets a copy",
        CopyAliasChain = "slot overwritten: whose own slot is named, too",
        FlushAliases = "more than 64 values off home",
        SecureTop = "popped slot whose owner has changed",
        SwapBack = "swap: names the slot it goes to",
        SwapLower = "swap: names a lower slot",
        SwapLoad = "swap: loaded before",
        SwapNames = "swap: names only",
        BindFall = "block: bound behind its branch",
        BindNext = "block: jump to it not emitted",
        BindJump = "block: jump to another before it",
        BindOtherFall = "block: another one's state before it",
        BindDead = "block: without callers",
        BindLoopFirst = "block: loop before its callers",
        BindFixed = "block: fixed",
        BindVirtual = "block: virtual",
        BindVirtualKept = "block: virtual, others' states above its own",
        MergeRegister = "merge: value given a register of its own",
        MergeHome = "merge: value sent home",
        MergeOld = "merge: value not used for long sent home",
        ArgKept = "merge: argument keeps its register",
        ArgGiven = "merge: argument given a register",
        ArgHome = "merge: argument at home",
        TableEmpty = "br_table: without targets",
    }
}

named! {
    /// Rules of the bytecode backend that are chosen inside a lowering.
    BytecodeRule {
        SetSame = "set: names the slot already",
        SetConst = "set: constant",
        SetRedirect = "set: result sent there",
        SetCopy = "set: copy",
        TeeRedirect = "set: result sent there, its own slot names it",
        TeeCopy = "set: copy of another's slot",
        SwapSame = "swap: names the slot already",
        SwapMoves = "swap: moves",
        SettleCompare = "pending compare settled",
        SettleSwap = "pending swap settled",
        CopyAlias = "slot overwritten: who names it gets a copy",
        Flush = "more than 64 values off home",
        ReturnSlot = "return: one slot",
        ReturnConst = "return: one constant",
        ReturnThere = "return: one value, in place",
        ReturnMany = "return: moves",
        StoreImm = "store: immediate",
        BindFall = "block: bound behind its branch",
        BindNext = "block: jump to it not emitted",
        BindDead = "block: without callers",
        BindLabel = "block: bound",
        TableEmpty = "br_table: without targets",
    }
}

named! {
    /// What became of relocations.
    Link {
        Call = "call: within the image",
        CallNear = "call: near",
        CallTable = "call: through the table",
        JumpNear = "jump of a thunk: near",
        JumpTable = "jump of a thunk: through the table",
        Slot = "address in the table",
        BytecodeNear = "bytecode: near",
        BytecodeImport = "bytecode: import",
        BytecodeBuiltin = "bytecode: builtin",
    }
}

const CLASSES: &[&str] = &["gpr", "xmm"];
const LENGTHS: &[&str] = &["2", "3", "4 or more"];
const ORDERS: &[&str] = &["one", "independent", "dependent"];
const EDGES: &[&str] = &["jump", "conditional", "table"];
const MOVED: &[&str] = &["no moves", "moves"];
const DROPS: &[&str] = &["in place", "drops"];

macro_rules! families {
    ($($(#[$doc:meta])* $family:ident $name:literal [$($dim:expr),*] $fate:expr;)*) => {
        /// Cells of one kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Family {
            $($(#[$doc])* $family,)*
        }

        impl Family {
            const ALL: &'static [Family] = &[$(Family::$family),*];

            fn name(self) -> &'static str {
                match self {
                    $(Family::$family => $name,)*
                }
            }

            const fn dims(self) -> &'static [&'static [&'static str]] {
                match self {
                    $(Family::$family => &[$($dim),*],)*
                }
            }

            fn fate(self, at: &[usize]) -> Fate {
                match self {
                    $(Family::$family => $fate(at),)*
                }
            }
        }
    };
}

families! {
    /// Operators by the places of their operands and the registers that are free.
    X64Operands "x64 operands"
        [Lowering::NAMES, Kind::TOP, Kind::X64_SECOND, operands::PRESSURE] operands::operands;
    /// Plain moves, by source and destination.
    X64Moves "x64 moves"
        [&["gpr", "xmm", "slot", "immediate", "constant"], &["gpr", "xmm", "slot", "argument", "result"]]
        x64_moves;
    /// Cycles of parallel moves, by length.
    X64Cycles "x64 cycles" [LENGTHS, &["gpr", "xmm", "slots", "mixed"]] all;
    /// How lists of parallel moves were ordered.
    X64Orders "x64 parallel moves" [ORDERS] all;
    /// Conventions chosen.
    X64Conventions "x64 conventions"
        [&["virtual", "fixed, in place", "fixed, moved"], &["forward", "backward"]] x64_conventions;
    /// Edges.
    X64Edges "x64 edges" [EDGES, &["virtual", "fixed", "loop", "return"], MOVED, DROPS] x64_edges;
    /// Registers sent home, with how many entries.
    X64Spills "x64 spills" [CLASSES, &["dirty", "clean"], &["1", "2", "3 or more"]] all;
    /// Rules that are chosen inside a lowering.
    X64Rules "x64 rules" [Rule::NAMES] x64_rules;
    /// Trap stubs, by code.
    X64Traps "x64 traps"
        [&["returned", "unreachable", "memory", "table", "null", "signature", "zero", "overflow",
            "conversion", "stack", "fuel", "epoch", "host", "element"]] x64_traps;
    /// Operators by the places of their operands.
    BytecodeOperands "bytecode operands"
        [Lowering::NAMES, Kind::BYTECODE_TOP, Kind::BYTECODE_SECOND] operands::operands;
    /// Plain moves.
    BytecodeMoves "bytecode moves" [&["slot", "constant"]] all;
    /// Cycles of parallel moves, by length.
    BytecodeCycles "bytecode cycles" [LENGTHS] all;
    /// How lists of parallel moves were ordered.
    BytecodeOrders "bytecode parallel moves" [ORDERS] all;
    /// Edges.
    BytecodeEdges "bytecode edges" [EDGES, MOVED, DROPS] bytecode_edges;
    /// Rules that are chosen inside a lowering.
    BytecodeRules "bytecode rules" [BytecodeRule::NAMES] bytecode_rules;
    /// Relocations, after linking.
    Links "links" [Link::NAMES] all;
}

fn all(_: &[usize]) -> Fate {
    Reachable
}

const UNCALLED: &str = "the verifier refuses blocks without callers";

fn x64_rules(at: &[usize]) -> Fate {
    match *at {
        [rule] if rule == Rule::BindDead as usize => Excluded(UNCALLED),
        _ => Reachable,
    }
}

fn bytecode_rules(at: &[usize]) -> Fate {
    match *at {
        [rule] if rule == BytecodeRule::BindDead as usize => Excluded(UNCALLED),
        _ => Reachable,
    }
}

fn x64_moves(at: &[usize]) -> Fate {
    match *at {
        // The other way there is the scratch register, where a cycle with slots is broken.
        [1, 0] => Excluded("a type has one class of registers"),
        _ => Reachable,
    }
}

fn x64_conventions(at: &[usize]) -> Fate {
    match *at {
        [0, 1] => Excluded("a loop has callers behind it"),
        _ => Reachable,
    }
}

fn x64_edges(at: &[usize]) -> Fate {
    match *at {
        [_, 0, moves, drops] if moves + drops > 0 => Excluded("the state is taken over as it is"),
        [2, 3, _, _] => Excluded("returns from a table have code of their own, which jumps"),
        _ => Reachable,
    }
}

fn x64_traps(at: &[usize]) -> Fate {
    match *at {
        [12] => Excluded("comes back from a builtin or a thunk"),
        _ => Reachable,
    }
}

fn bytecode_edges(at: &[usize]) -> Fate {
    match *at {
        [_, 1, 0] => Excluded("what stays in place is at home"),
        _ => Reachable,
    }
}

const fn size(family: Family) -> usize {
    let dims = family.dims();
    let (mut size, mut i) = (1, 0);
    while i < dims.len() {
        size *= dims[i].len();
        i += 1;
    }
    size
}

/// Number of the first cell of each family, and of all cells.
const STARTS: [usize; Family::ALL.len() + 1] = {
    let mut starts = [0; Family::ALL.len() + 1];
    let mut i = 0;
    while i < Family::ALL.len() {
        starts[i + 1] = starts[i] + size(Family::ALL[i]);
        i += 1;
    }
    starts
};

/// Number of cells.
pub(super) const CELLS: usize = STARTS[Family::ALL.len()];

impl Family {
    /// The number of the cell at these indices, one for each dimension.
    pub(super) fn cell(self, indices: &[usize]) -> usize {
        let dims = self.dims();
        assert_eq!(indices.len(), dims.len(), "{self:?} has other dimensions");
        let within = indices.iter().zip(dims).fold(0, |at, (&index, dim)| {
            assert!(index < dim.len(), "{self:?} has no {index} among {dim:?}");
            at * dim.len() + index
        });
        STARTS[self as usize] + within
    }
}

/// Every cell, by number.
pub(super) fn cells() -> Vec<Option<Cell>> {
    let mut cells = Vec::with_capacity(CELLS);
    for &family in Family::ALL {
        let dims = family.dims();
        for number in 0..size(family) {
            let mut at = vec![0; dims.len()];
            let mut rest = number;
            for (index, dim) in at.iter_mut().zip(dims).rev() {
                *index = rest % dim.len();
                rest /= dim.len();
            }
            let excluded = match family.fate(&at) {
                Absent => {
                    cells.push(None);
                    continue;
                }
                Excluded(why) => Some(why),
                Reachable => None,
            };
            let names = at.iter().zip(dims).map(|(&index, dim)| dim[index]);
            let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
            cells.push(Some(Cell {
                family: family.name(),
                name: names.join(", "),
                excluded,
            }));
        }
    }
    cells
}
