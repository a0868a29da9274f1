//! What is not accepted gives the right typed error; nothing panics.

mod common;

use common::{Checked, Count, Failure, Random, assemble, refuse};
use microwasm::wasm::{self, LimitExceeded, LimitKind, Limits, Proposal, WasmError};

/// Assembles a module of sections, each `(id, contents)`.
fn module(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    for (id, contents) in sections {
        wasm.push(*id);
        wasm.push(u8::try_from(contents.len()).expect("sections of the tests are short"));
        wasm.extend_from_slice(contents);
    }
    wasm
}

#[test]
fn proposals_are_named() {
    use Proposal::*;
    let cases = [
        (Simd, "(func (drop (v128.const i32x4 0 0 0 0)))"),
        (
            Simd,
            "(func (param i32) (drop (i32x4.splat (local.get 0))))",
        ),
        (Simd, "(func (param v128))"),
        (Simd, "(func (local v128))"),
        (Simd, "(func (block (result v128) unreachable) drop)"),
        (Simd, "(global v128 (v128.const i32x4 0 0 0 0))"),
        (Simd, "(import \"m\" \"g\" (global v128))"),
        (Simd, "(memory 1) (func (drop (v128.load (i32.const 0))))"),
        (
            RelaxedSimd,
            "(func unreachable (i8x16.relaxed_swizzle) drop)",
        ),
        (Threads, "(memory 1 1 shared)"),
        (
            Threads,
            "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))",
        ),
        (Threads, "(func atomic.fence)"),
        (TailCall, "(func return_call 0)"),
        (
            TailCall,
            "(table 1 funcref) (func (return_call_indirect (i32.const 0)))",
        ),
        (ExceptionHandling, "(tag)"),
        (
            ExceptionHandling,
            "(func (block (try_table (catch_all 0))))",
        ),
        (ExceptionHandling, "(func try end)"),
        (ExceptionHandling, "(func (param exnref))"),
        (MultiMemory, "(memory 1) (memory 1)"),
        (MultiMemory, "(import \"m\" \"m\" (memory 1)) (memory 1)"),
        (
            MultiMemory,
            "(import \"m\" \"m\" (memory 1)) (import \"m\" \"m\" (memory 1))",
        ),
        (Memory64, "(memory i64 1)"),
        (Memory64, "(table i64 1 funcref)"),
        (Memory64, "(memory i64 1 0x1_0000_0000)"),
        (Memory64, "(table i64 1 0x1_0000_0000 funcref)"),
        (Memory64, "(import \"m\" \"m\" (memory i64 0x1_0000_0000))"),
        (Gc, "(type (struct (field i32)))"),
        (Gc, "(type (array i8))"),
        (Gc, "(rec (type (func)) (type (func)))"),
        (Gc, "(type (sub (func)))"),
        (Gc, "(func (param anyref))"),
        (Gc, "(func (drop (ref.i31 (i32.const 0))))"),
        (
            Gc,
            "(global $a i32 (i32.const 1)) (global i32 (global.get $a))",
        ),
        (
            FunctionReferences,
            "(type $f (func)) (func (param (ref $f)))",
        ),
        (
            FunctionReferences,
            "(type $f (func)) (func (call_ref $f (unreachable)))",
        ),
        (FunctionReferences, "(func (param (ref extern)))"),
        (
            FunctionReferences,
            "(func $f) (table 1 funcref (ref.func $f))",
        ),
        (
            FunctionReferences,
            "(func (drop (ref.as_non_null (ref.null func))))",
        ),
        (StackSwitching, "(type $f (func)) (type $c (cont $f))"),
        (WideArithmetic, "(func unreachable i64.add128 drop drop)"),
        (CustomPageSizes, "(memory 1 (pagesize 1))"),
        (
            MemoryControl,
            "(memory 1) (func (memory.discard (i32.const 0) (i32.const 0)))",
        ),
    ];
    for (proposal, fields) in cases {
        let error = refuse(&assemble(&format!("(module {fields})")));
        let WasmError::Unsupported {
            proposal: found,
            offset,
        } = error
        else {
            panic!("{fields}: {error:?}");
        };
        assert_eq!(found, proposal, "{fields}");
        assert!(offset >= 8, "{fields}: {offset}");
    }
    let error = refuse(&assemble("(component)"));
    assert!(
        matches!(
            error,
            WasmError::Unsupported {
                proposal: ComponentModel,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn malformed_is_not_invalid() {
    let malformed: &[&[u8]] = &[
        b"",
        b"\0as",
        b"\0asn\x01\0\0\0",
        b"\0asm\x02\0\0\0",
        // A section that ends too early, and one that is unknown.
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0",
        b"\0asm\x01\0\0\0\x0f\0",
        // An operator that does not exist, among vector operators too.
        &module(&[
            (1, &[1, 0x60, 0, 0]),
            (3, &[1, 0]),
            (10, &[1, 3, 0, 0xff, 0x0b]),
        ]),
        &module(&[
            (1, &[1, 0x60, 0, 0]),
            (3, &[1, 0]),
            (10, &[1, 5, 0, 0xfd, 0xff, 0x7f, 0x0b]),
        ]),
        // `end` is missing, or is not the end.
        &module(&[(1, &[1, 0x60, 0, 0]), (3, &[1, 0]), (10, &[1, 2, 0, 0x01])]),
        &module(&[
            (1, &[1, 0x60, 0, 0]),
            (3, &[1, 0]),
            (10, &[1, 3, 0, 0x0b, 0x0b]),
        ]),
        // 2^32 locals.
        &module(&[
            (1, &[1, 0x60, 0, 0]),
            (3, &[1, 0]),
            (
                10,
                &[
                    1, 15, 2, 1, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b, 0, 0, 0, 0,
                ],
            ),
        ]),
        // A memory index other than 0, where there cannot be one.
        &module(&[
            (1, &[1, 0x60, 0, 0]),
            (3, &[1, 0]),
            (5, &[1, 0, 1]),
            (10, &[1, 5, 0, 0x3f, 1, 0x1a, 0x0b]),
        ]),
        // A name that is not UTF-8.
        &module(&[(0, &[1, 0xff])]),
    ];
    for wasm in malformed {
        let error = refuse(wasm);
        assert!(
            matches!(error, WasmError::Malformed { .. }),
            "{wasm:x?}: {error:?}"
        );
    }
    let invalid = [
        "(func (result i32))",
        "(func (drop (i32.add (i32.const 0) (i64.const 0))))",
        "(func (br 1))",
        "(func (local.get 0) drop)",
        "(func (call 1))",
        "(func (drop (i32.load (i32.const 0))))",
        "(export \"f\" (func 0))",
        "(func) (export \"f\" (func 0)) (export \"f\" (func 0))",
        "(func (param i32)) (start 0)",
        "(memory 65537)",
        "(memory 2 1)",
        "(global i32 (i64.const 0))",
        "(import \"m\" \"g\" (global (mut i32))) (global i32 (global.get 0))",
        "(memory 1) (data (offset (f32.const 0)) \"\")",
        "(func (drop (select (ref.null func) (ref.null func) (i32.const 0))))",
        "(func) (func (drop (ref.func 0)))",
    ];
    for fields in invalid {
        let error = refuse(&assemble(&format!("(module {fields})")));
        assert!(
            matches!(error, WasmError::Invalid { .. }),
            "{fields}: {error:?}"
        );
    }
}

/// The error of a module under limits of which one is changed.
fn refuse_with(change: impl FnOnce(&mut Limits), wasm: &[u8]) -> LimitExceeded {
    let mut limits = Limits::default();
    change(&mut limits);
    match wasm::translate(wasm, limits, &mut Checked::<Count>::default()) {
        Err(Failure::Wasm(WasmError::Limit(limit))) => limit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn limits_are_named() {
    use LimitKind::*;
    let wasm = |fields: &str| assemble(&format!("(module {fields})"));
    let check = |found: LimitExceeded, kind, value, limit| {
        assert_eq!((found.kind, found.value, found.limit), (kind, value, limit));
    };
    let size = wasm("(func)").len();
    let found = refuse_with(|limits| limits.module_size = 9, &wasm("(func)"));
    check(found, ModuleSize, size as u64, 9);
    let found = refuse_with(
        |limits| limits.types = 1,
        &wasm("(type (func)) (type (func))"),
    );
    check(found, Types, 2, 1);
    let found = refuse_with(|limits| limits.params = 1, &wasm("(func (param i32 i32))"));
    check(found, Params, 2, 1);
    let found = refuse_with(
        |limits| limits.results = 1,
        &wasm("(type (func (result i32 i32)))"),
    );
    check(found, Results, 2, 1);
    let found = refuse_with(
        |limits| limits.imports = 0,
        &wasm("(import \"\" \"\" (func))"),
    );
    check(found, Imports, 1, 0);
    let found = refuse_with(|limits| limits.functions = 1, &wasm("(func) (func)"));
    check(found, Functions, 2, 1);
    let found = refuse_with(
        |limits| limits.functions = 1,
        &wasm("(import \"\" \"\" (func)) (func)"),
    );
    check(found, Functions, 2, 1);
    let found = refuse_with(
        |limits| limits.tables = 1,
        &wasm("(table 0 funcref) (table 0 funcref)"),
    );
    check(found, Tables, 2, 1);
    let found = refuse_with(
        |limits| limits.globals = 0,
        &wasm("(global i32 (i32.const 0))"),
    );
    check(found, Globals, 1, 0);
    let found = refuse_with(|limits| limits.exports = 0, &wasm("(func (export \"\"))"));
    check(found, Exports, 1, 0);
    let found = refuse_with(|limits| limits.elem_segments = 0, &wasm("(elem func)"));
    check(found, ElemSegments, 1, 0);
    let found = refuse_with(|limits| limits.elems = 1, &wasm("(func) (elem func 0 0)"));
    check(found, Elems, 2, 1);
    let found = refuse_with(|limits| limits.data_segments = 0, &wasm("(data \"\")"));
    check(found, DataSegments, 1, 0);
    let found = refuse_with(
        |limits| limits.name_length = 2,
        &wasm("(func (export \"abc\"))"),
    );
    check(found, NameLength, 3, 2);
    let found = refuse_with(|limits| limits.function_size = 2, &wasm("(func nop)"));
    check(found, FunctionSize, 3, 2);
    let found = refuse_with(
        |limits| limits.locals = 3,
        &wasm("(func (param i32) (local i64 i64 f32))"),
    );
    check(found, Locals, 4, 3);
    let found = refuse_with(|limits| limits.nesting = 1, &wasm("(func (block (loop)))"));
    check(found, Nesting, 2, 1);
    let found = refuse_with(
        |limits| limits.nesting = 1,
        &wasm("(func unreachable (block (loop)))"),
    );
    check(found, Nesting, 2, 1);
    assert_eq!(LimitKind::ALL.len(), 16, "every limit has its case here");
}

#[test]
fn limits_that_the_reader_has_built_in() {
    let params = |count: usize| {
        let params = "i32 ".repeat(count);
        assemble(&format!("(module (type (func (param {params}))))"))
    };
    assert!(common::translate(&params(1_000)).is_ok());
    let error = refuse(&params(1_001));
    assert!(
        matches!(
            error,
            WasmError::Limit(LimitExceeded {
                kind: LimitKind::Params,
                value: 1_001,
                ..
            })
        ),
        "{error:?}"
    );
    let results = "i32 ".repeat(1_001);
    let error = refuse(&assemble(&format!(
        "(module (type (func (result {results}))))"
    )));
    assert!(
        matches!(
            error,
            WasmError::Limit(LimitExceeded {
                kind: LimitKind::Results,
                ..
            })
        ),
        "{error:?}"
    );
    let name = "x".repeat(100_001);
    let error = refuse(&assemble(&format!("(module (func (export \"{name}\")))")));
    assert!(
        matches!(
            error,
            WasmError::Limit(LimitExceeded {
                kind: LimitKind::NameLength,
                ..
            })
        ),
        "{error:?}"
    );
}

/// Counts of 2^32 - 1, and of just as many as the limit allows, in sections of a few bytes.
#[test]
fn claimed_counts() {
    for id in 1..=12 {
        for count in [
            &[0xff, 0xff, 0xff, 0xff, 0x0f][..],
            &[0xc0, 0x84, 0x3d],
            &[0x7f],
        ] {
            let mut contents = count.to_vec();
            contents.extend_from_slice(&[0x60, 0, 0]);
            let error = refuse(&module(&[(id, &contents)]));
            assert!(error.offset().is_some(), "section {id}: {error:?}");
        }
    }
    // A name section is ignored, whatever it claims.
    let names = [
        4, b'n', b'a', b'm', b'e', 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f,
    ];
    let (info, _) = common::translate(&module(&[(0, &names)])).expect("valid");
    assert!(info.func_names.is_empty());
}

#[test]
fn truncations() {
    let wasm = assemble(common::EVERYTHING);
    let mut complete = 0;
    for length in 0..wasm.len() {
        match common::translate(&wasm[..length]) {
            // Where sections end of which no later one is needed.
            Ok(_) => complete += 1,
            Err(Failure::Wasm(WasmError::Malformed { offset, .. })) => {
                assert!(offset as usize <= length, "{length}: {offset}");
            }
            Err(other) => panic!("{length}: {other:?}"),
        }
    }
    assert_eq!(
        complete, 4,
        "after the header, types, imports, and before the names"
    );
}

#[test]
fn bit_flips() {
    let wasm = assemble(common::EVERYTHING);
    for position in 0..wasm.len() {
        for bit in 0..8 {
            let mut wasm = wasm.clone();
            wasm[position] ^= 1 << bit;
            never_verifies_wrongly(&wasm);
        }
    }
}

#[test]
fn random_changes() {
    let wasm = assemble(common::EVERYTHING);
    let mut random = Random(42);
    for _ in 0..20_000 {
        let mut wasm = wasm.clone();
        for _ in 0..=random.below(4) {
            let position = random.below(wasm.len());
            match random.below(3) {
                0 => wasm[position] = random.next() as u8,
                1 => wasm.insert(position, random.next() as u8),
                _ => {
                    wasm.remove(position);
                }
            }
        }
        never_verifies_wrongly(&wasm);
    }
}

/// Accepted or refused: what was accepted has correct Microwasm.
fn never_verifies_wrongly(wasm: &[u8]) {
    let mut consumer = Checked::<Count>::default();
    if let Err(Failure::Verify(error)) = wasm::translate(wasm, Limits::default(), &mut consumer) {
        panic!("{error} in {wasm:x?}");
    }
}

#[test]
fn a_malformed_name_section_is_ignored() {
    let start = assemble("(module (func $f))");
    let named = |contents: &[u8]| {
        let mut wasm = assemble("(module (func))");
        wasm.extend_from_slice(&[0, u8::try_from(contents.len() + 5).expect("short"), 4]);
        wasm.extend_from_slice(b"name");
        wasm.extend_from_slice(contents);
        common::translate(&wasm).expect("valid").0.func_names
    };
    let (info, _) = common::translate(&start).expect("valid");
    assert_eq!(info.func_names.len(), 1);
    assert_eq!(named(&[1, 4, 1, 0, 1, b'f']), info.func_names);
    for malformed in [
        &[1, 4, 1, 0, 2, b'f'][..],
        &[1, 4, 1, 1, 1, b'f'],
        &[1, 4, 1, 0, 1, 0xff],
        &[1, 7, 2, 0, 1, b'f', 0, 1, b'g'],
        &[1],
        &[1, 0xff],
    ] {
        assert!(named(malformed).is_empty(), "{malformed:x?}");
    }
}
