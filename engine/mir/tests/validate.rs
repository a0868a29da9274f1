//! What is valid is what wasmparser finds valid.

mod common;

use common::{EVERYTHING, Random, assemble, translate};
use wasmparser::{Validator, WasmFeatures};

/// WebAssembly 2.0 without vectors, and extended constant expressions.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::SIMD)
    .union(WasmFeatures::EXTENDED_CONST);

/// Whether the module is valid, as both agree.
fn agreed(wasm: &[u8]) -> bool {
    let theirs = Validator::new_with_features(FEATURES)
        .validate_all(wasm)
        .map(|_| ());
    let ours = translate(wasm);
    assert_eq!(
        theirs.is_ok(),
        ours.is_ok(),
        "{theirs:?} but {ours:?}: {wasm:02x?}"
    );
    ours.is_ok()
}

/// Where the contents of the code section are.
fn code(wasm: &[u8]) -> std::ops::Range<usize> {
    wasmparser::Parser::new(0)
        .parse_all(wasm)
        .find_map(|payload| match payload {
            Ok(wasmparser::Payload::CodeSectionStart {
                unchecked_range, ..
            }) => Some(unchecked_range.start as usize..unchecked_range.end as usize),
            _ => None,
        })
        .expect("the module has code")
}

#[test]
fn with_any_byte_changed() {
    let wasm = assemble(EVERYTHING);
    let mut valid = 0;
    for at in code(&wasm) {
        let mut wasm = wasm.clone();
        for byte in 0..=0xff {
            wasm[at] = byte;
            valid += u32::from(agreed(&wasm));
        }
    }
    assert!(valid > 5_000, "{valid} valid modules are too few");
}

/// What is unreachable ends with the arm that it is in, also for what comes behind a construct.
#[test]
fn unreachable_arms() {
    let valid = |body: &str| agreed(&assemble(&format!("(module (func (param i32) {body}))")));
    assert!(valid("block unreachable block end i32.add drop end"));
    assert!(!valid("block unreachable end block end i32.add drop"));
    assert!(valid("local.get 0 if unreachable block end drop else end"));
    assert!(!valid("local.get 0 if unreachable else block end drop end"));
    assert!(valid("local.get 0 if else unreachable block end drop end"));
    assert!(!valid("unreachable block block end drop end"));
}

/// What random bodies are made of.
const OPERATORS: &[&str] = &[
    "unreachable",
    "nop",
    "block",
    "block (result i32)",
    "block (type $take)",
    "block (type $both)",
    "loop",
    "loop (result i64)",
    "loop (type $take)",
    "loop (type $both)",
    "if",
    "if (result i32)",
    "if (type $take)",
    "if (type $both)",
    "else",
    "end",
    "end",
    "br 0",
    "br 1",
    "br 2",
    "br_if 0",
    "br_if 1",
    "br_table 0 0",
    "br_table 0 1",
    "br_table 1 0 2",
    "return",
    "call $take",
    "call $both",
    "call_indirect (type $both)",
    "call_indirect $externs (type $both)",
    "drop",
    "select",
    "select (result i32)",
    "select (result funcref)",
    "local.get 0",
    "local.get 1",
    "local.get 2",
    "local.get 3",
    "local.set 0",
    "local.set 2",
    "local.tee 1",
    "local.tee 2",
    "global.get 0",
    "global.get 1",
    "global.set 0",
    "global.set 1",
    "i32.const 1",
    "i64.const 2",
    "f32.const 3",
    "ref.null func",
    "ref.null extern",
    "ref.is_null",
    "ref.func $take",
    "ref.func $both",
    "i32.add",
    "i64.add",
    "i32.eqz",
    "i64.eqz",
    "f32.lt",
    "i64.extend_i32_s",
    "i32.load",
    "i64.load align=1",
    "i64.store32",
    "memory.size",
    "memory.grow",
    "memory.fill",
    "memory.init 0",
    "data.drop 0",
    "table.get 0",
    "table.get 1",
    "table.set 0",
    "table.grow 1",
    "table.size 1",
    "table.fill 1",
    "table.copy 0 0",
    "table.init 0 0",
    "elem.drop 0",
];

/// The encodings of [`OPERATORS`], and the module that they are for up to its code.
fn operators() -> (Vec<Vec<u8>>, Vec<u8>) {
    let module = |operator: &str| {
        // In text, operators of constructs stand alone only where wasmparser would refuse them.
        let closed = match operator.split(' ').next() {
            Some("block" | "loop" | "if") => format!("{operator} end"),
            Some("else") => "if else end".to_owned(),
            Some("end") => "block end".to_owned(),
            _ => operator.to_owned(),
        };
        assemble(&format!(
            "(module
               (type $take (func (param i32)))
               (type $both (func (param i64 i32) (result i32 i64)))
               (type $tested (func (param i32 i64) (result i32)))
               (memory 1)
               (table $funcs 1 funcref)
               (table $externs 1 externref)
               (global (mut i32) (i32.const 0))
               (global i64 (i64.const 0))
               (elem funcref (ref.func $take))
               (func $take (type $take))
               (func $both (type $both) unreachable)
               (func (type $tested) (local f32) {closed})
               (data \"passive\"))"
        ))
    };
    // With the count of data segments, which only their operators need.
    let counted = module("data.drop 0");
    let start = code(&counted).start;
    // Where the operators of the last body begin: all that follows is its `end`, if it has none.
    let first = code(&module("")).len() - 1;
    let encodings = OPERATORS.iter().map(|operator| {
        let wasm = module(operator);
        let contents = &wasm[code(&wasm)];
        let bytes = contents[first..contents.len() - 1].to_vec();
        match operator.split(' ').next() {
            Some("block" | "loop" | "if") => bytes[..bytes.len() - 1].to_vec(),
            Some("else") => vec![0x05],
            Some("end") => vec![0x0b],
            _ => bytes,
        }
    });
    (encodings.collect(), counted[..start].to_vec())
}

/// LEB128, in five bytes.
fn wide(number: usize) -> [u8; 5] {
    let bits = |shift: u32| (number >> shift) as u8 & 0x7f;
    [
        bits(0) | 0x80,
        bits(7) | 0x80,
        bits(14) | 0x80,
        bits(21) | 0x80,
        bits(28),
    ]
}

/// Bodies are extended as long as they can be completed, so that most operators find the operands
/// they want, some only because they are unreachable.
#[test]
fn random_bodies() {
    let (operators, before) = operators();
    // Up to the code section's id, which is followed by its size in one byte.
    let header = &before[..before.len() - 2];
    let data = [11, 10, 1, 1, 7, b'p', b'a', b's', b's', b'i', b'v', b'e'];
    // The module with this body, which leaves so many constructs open.
    let module = |operators: &[u8], open: usize, last: &[u8]| {
        let mut body = vec![1, 1, 0x7d]; // One local, an f32.
        body.extend(operators);
        for _ in 0..open {
            body.extend(last);
            body.push(0x0b);
        }
        let mut code = vec![3, 2, 0, 0x0b, 3, 0, 0x00, 0x0b];
        code.extend(wide(body.len()));
        code.extend(body);
        let mut wasm = header.to_vec();
        wasm.push(10);
        wasm.extend(wide(code.len()));
        wasm.extend(code);
        wasm.extend(data);
        wasm
    };
    let mut random = Random(7);
    let mut valid = 0;
    for _ in 0..4_000 {
        let mut body = Vec::new();
        let mut open = 1;
        for _ in 0..24 {
            let operator = &operators[random.below(operators.len())];
            let opened = match operator[0] {
                0x02..=0x04 => open + 1,
                0x0b => open - 1,
                _ => open,
            };
            let extended = [body.as_slice(), operator].concat();
            valid += u32::from(agreed(&module(&extended, opened, &[])));
            // Unreachable ends take any operands, but no superfluous ones in front of them.
            if opened > 0 && agreed(&module(&extended, opened, &[0x00])) {
                (body, open) = (extended, opened);
                valid += 1;
            }
        }
    }
    assert!(valid > 30_000, "{valid} valid modules are too few");
}
