//! The verifier reports every violated property as what it is.

mod common;

use common::{Lines, assemble};
use microwasm::op::{AluOp, BlockDecl, Const, IntSize, LoadOp, MemArg, StoreOp};
use microwasm::verify::{Rules, Verifier, VerifyError, Violation};
use microwasm::wasm::{self, LimitKind, Limits};
use microwasm::{
    DataIndex, ElemIndex, FuncIndex, GlobalIndex, Label, MemoryIndex, ModuleInfo, Op, Sink,
    StackHeight, TableIndex, TypeIndex, ValType,
};

const L1: Label = Label(1);
const L2: Label = Label(2);
const ONE: Op<'static> = Op::Const(Const::I32(1));
const WIDE: Op<'static> = Op::Const(Const::I64(1));
const ADD: Op<'static> = Op::Alu(AluOp::Add, IntSize::I32);
const RETURN: Op<'static> = Op::Br(Label::RETURN);

/// Function 0 is `[i32 i64] -> [i32]`, function 1 `[] -> []`.
fn module() -> ModuleInfo {
    let wasm = assemble(
        "(module
           (func (param i32 i64) (result i32) (local.get 0)) (func)
           (table 1 externref) (table 1 funcref)
           (global i32 (i32.const 0)) (global (mut i64) (i64.const 0))
           (elem func 0))",
    );
    wasm::translate(
        &wasm,
        Limits::default(),
        &mut common::Checked::<Lines>::default(),
    )
    .expect("valid")
}

fn verify_in(func: u32, ops: &[Op<'_>]) -> Result<Vec<String>, VerifyError> {
    let module = module();
    let rules = Rules::new(&module, &Limits::default());
    let mut verifier = Verifier::new(&module, &rules, FuncIndex(func), Lines::default());
    ops.iter().for_each(|&op| verifier.op(op));
    verifier.finish().map(|lines| lines.0)
}

/// Asserts which operator of function 0 violates what.
fn check(ops: &[Op<'_>], op: u32, violation: Violation) {
    let error = VerifyError {
        op,
        source_offset: 0,
        violation,
    };
    assert_eq!(verify_in(0, ops), Err(error), "{ops:?}");
}

fn declare(label: Label, base: u32, args: &[ValType]) -> Op<'_> {
    let base = StackHeight(base);
    Op::Declare(
        label,
        BlockDecl {
            base,
            args,
            backward: false,
            callers: None,
        },
    )
}

fn declare_with(label: Label, backward: bool, callers: Option<u32>) -> Op<'static> {
    Op::Declare(
        label,
        BlockDecl {
            base: StackHeight(2),
            args: &[],
            backward,
            callers,
        },
    )
}

#[test]
fn right_operators_are_handed_on() {
    let ops = [
        Op::Pick(1),
        declare(L1, 2, &[ValType::I32]),
        Op::Br(L1),
        Op::Label(L1),
        RETURN,
    ];
    let expected = [
        "pick 1",
        "declare .L1 [i32] base 2",
        "br .L1",
        ".L1:",
        "br .return",
    ];
    assert_eq!(verify_in(0, &ops), Ok(expected.map(str::to_owned).to_vec()));
    // A branch drops what is above the base and below its arguments.
    let ops = [
        declare(L1, 1, &[ValType::I32]),
        WIDE,
        ONE,
        Op::Br(L1),
        Op::Label(L1),
        RETURN,
    ];
    assert!(verify_in(0, &ops).is_ok());
    // A block may be reached by a later branch alone.
    let ops = [
        declare_with(L1, true, None),
        Op::Br(L1),
        Op::Label(L1),
        Op::Br(L1),
    ];
    assert!(verify_in(0, &ops).is_ok());
    assert!(verify_in(1, &[RETURN]).is_ok());
}

#[test]
fn types() {
    let (i32_, i64_) = (ValType::I32, ValType::I64);
    let mismatch = |expected, found| Violation::Type { expected, found };
    check(&[ONE, WIDE, ADD], 2, mismatch(i32_, i64_));
    check(&[RETURN], 0, mismatch(i32_, i64_));
    check(&[Op::Swap(1)], 0, mismatch(i32_, i64_));
    check(&[Op::Swap(0)], 0, Violation::SwapSelf);
    check(&[Op::Select(i64_)], 0, mismatch(i32_, i64_));
    let null = Op::Const(Const::Null(i64_));
    check(&[null], 0, Violation::NotReference { found: i64_ });
    check(&[Op::RefIsNull], 0, Violation::NotReference { found: i64_ });
    check(
        &[
            WIDE,
            Op::BrIf {
                then: L1,
                otherwise: L2,
            },
        ],
        1,
        mismatch(i32_, i64_),
    );
    check(
        &[Op::Call(FuncIndex(0)), Op::Call(FuncIndex(0))],
        1,
        mismatch(i64_, i32_),
    );
    check(
        &[Op::GlobalSet(GlobalIndex(0))],
        0,
        Violation::Immutable(GlobalIndex(0)),
    );
    let init = Op::TableInit {
        elem: ElemIndex(0),
        table: TableIndex(0),
    };
    check(&[init], 0, mismatch(ValType::FuncRef, ValType::ExternRef));
    let indirect = Op::CallIndirect {
        ty: TypeIndex(0),
        table: TableIndex(0),
    };
    check(
        &[indirect],
        0,
        mismatch(ValType::FuncRef, ValType::ExternRef),
    );
}

#[test]
fn heights() {
    check(
        &[Op::Pick(2)],
        0,
        Violation::Underflow {
            height: 2,
            needed: 3,
        },
    );
    check(
        &[Op::Pick(u32::MAX)],
        0,
        Violation::Underflow {
            height: 2,
            needed: u32::MAX,
        },
    );
    check(
        &[Op::Drop, Op::Drop, Op::Drop],
        2,
        Violation::Underflow {
            height: 0,
            needed: 1,
        },
    );
    let (ty, count) = (ValType::I32, u32::MAX);
    check(
        &[Op::Zeros { ty, count }],
        0,
        Violation::Limit {
            kind: LimitKind::Locals,
            value: u64::from(u32::MAX) + 2,
            limit: 50_000,
        },
    );
    let base = Violation::Base {
        label: L1,
        base: StackHeight(3),
        height: 2,
    };
    check(&[declare(L1, 3, &[])], 0, base);
    let branch = [declare(L1, 2, &[ValType::I64]), Op::Br(L1)];
    check(
        &branch,
        1,
        Violation::Underflow {
            height: 2,
            needed: 3,
        },
    );
}

#[test]
fn indices() {
    let missing = |space, index| Violation::Index { space, index };
    let arg = MemArg {
        memory: MemoryIndex(0),
        offset: 0,
    };
    check(&[Op::Load(LoadOp::I32, arg)], 0, missing("memory", 0));
    check(&[Op::Store(StoreOp::I32, arg)], 0, missing("memory", 0));
    check(&[Op::Call(FuncIndex(2))], 0, missing("function", 2));
    check(&[Op::RefFunc(FuncIndex(9))], 0, missing("function", 9));
    let unreferenced = Violation::Unreferenced(FuncIndex(1));
    check(&[Op::RefFunc(FuncIndex(1))], 0, unreferenced);
    check(&[Op::GlobalGet(GlobalIndex(2))], 0, missing("global", 2));
    check(&[Op::TableSize(TableIndex(2))], 0, missing("table", 2));
    check(
        &[Op::ElemDrop(ElemIndex(1))],
        0,
        missing("element segment", 1),
    );
    check(&[Op::DataDrop(DataIndex(0))], 0, missing("data segment", 0));
    let indirect = Op::CallIndirect {
        ty: TypeIndex(2),
        table: TableIndex(1),
    };
    check(&[indirect], 0, missing("type", 2));
}

#[test]
fn labels() {
    check(
        &[declare(L1, 0, &[]), declare(L1, 0, &[])],
        1,
        Violation::Redeclared(L1),
    );
    check(
        &[declare(L2, 0, &[])],
        0,
        Violation::LabelOrder {
            label: L2,
            expected: L1,
        },
    );
    check(
        &[declare(Label::RETURN, 0, &[])],
        0,
        Violation::Redeclared(Label::RETURN),
    );
    check(&[Op::Br(L1)], 0, Violation::Undeclared(L1));
    check(
        &[Op::Unreachable, Op::Label(L1)],
        1,
        Violation::Undeclared(L1),
    );
    check(
        &[Op::Unreachable, Op::Label(Label::RETURN)],
        1,
        Violation::Rebound(Label::RETURN),
    );
    let twice = [
        declare(L1, 2, &[]),
        Op::Br(L1),
        Op::Label(L1),
        Op::Unreachable,
        Op::Label(L1),
    ];
    check(&twice, 4, Violation::Rebound(L1));
    check(
        &[declare(L1, 2, &[]), Op::Br(L1)],
        2,
        Violation::Unbound(L1),
    );
    let unreached = [declare(L1, 2, &[]), Op::Unreachable, Op::Label(L1)];
    check(&unreached, 2, Violation::Unreached(L1));
    let unreached = [
        declare_with(L1, true, None),
        Op::Unreachable,
        Op::Label(L1),
        Op::Unreachable,
    ];
    check(&unreached, 4, Violation::Unreached(L1));
    let backward = [declare(L1, 2, &[]), Op::Br(L1), Op::Label(L1), Op::Br(L1)];
    check(&backward, 3, Violation::Backward(L1));
}

#[test]
fn callers() {
    let callers = |declared, found| Violation::Callers {
        label: L1,
        declared,
        found,
    };
    let both = Op::BrIf {
        then: L1,
        otherwise: L1,
    };
    check(
        &[declare_with(L1, false, Some(1)), ONE, both],
        2,
        callers(1, 2),
    );
    let one = [
        declare_with(L1, false, Some(2)),
        Op::Br(L1),
        Op::Label(L1),
        Op::Unreachable,
    ];
    check(&one, 4, callers(2, 1));
}

#[test]
fn prefixes() {
    // The i64 below the base is popped, and another one pushed.
    let replaced = [declare(L1, 2, &[]), Op::Drop, WIDE, Op::Br(L1)];
    check(&replaced, 3, Violation::Prefix(L1));
    // The same in the block before the one that is bound.
    let replaced = [
        declare(L1, 2, &[]),
        declare(L2, 1, &[]),
        ONE,
        Op::BrIf {
            then: L1,
            otherwise: L2,
        },
        Op::Label(L2),
        Op::Unreachable,
        Op::Label(L1),
    ];
    check(&replaced, 6, Violation::Prefix(L1));
    // Exchanging values of the same type changes nothing that matters here.
    let swapped = [
        declare(L1, 2, &[]),
        WIDE,
        Op::Swap(1),
        Op::Drop,
        Op::Br(L1),
        Op::Label(L1),
        Op::Drop,
        RETURN,
    ];
    assert!(verify_in(0, &swapped).is_ok());
}

#[test]
fn blocks_end_in_branches() {
    check(&[ONE], 1, Violation::Unterminated);
    check(&[Op::Unreachable, ONE], 1, Violation::Outside);
    check(&[Op::Unreachable, Op::Unreachable], 1, Violation::Outside);
    check(
        &[declare(L1, 2, &[]), Op::Label(L1)],
        1,
        Violation::RunsInto(L1),
    );
    // Declarations may stand between two blocks.
    let between = [
        ONE,
        declare(L1, 2, &[]),
        Op::Br(L1),
        declare(L2, 2, &[]),
        Op::Label(L1),
        Op::Br(L2),
        Op::Label(L2),
        Op::Unreachable,
    ];
    assert!(verify_in(0, &between).is_ok());
}
