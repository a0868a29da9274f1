//! Several threads make of a module what one makes of it: the same code, the same error.

mod common;

use std::fmt::Write;

use common::engines_with;
use microwasm_runtime::*;

const FUNCTIONS: usize = 4_000;

/// A module with many functions, large enough for dozens of batches.
fn text(extra: &str) -> String {
    let mut text = String::from("(module (memory 1)");
    for i in 0..FUNCTIONS {
        write!(
            text,
            r#"(func $f{i} (export "f{i}") (param i32 i32) (result i32)
                 loop (result i32)
                   local.get 0 i32.const {i} i32.add i32.load offset={i}
                   local.get 1 i32.const 1 i32.sub local.tee 1
                   if (param i32) (result i32) local.get 0 i32.xor end
                   local.get 1 call ${callee}
                 end)"#,
            callee = if i == 0 {
                "g".to_owned()
            } else {
                format!("f{}", i - 1)
            },
        )
        .unwrap();
    }
    text + "(func $g (param i32 i32) (result i32) local.get 0)" + extra + ")"
}

fn wasm() -> Vec<u8> {
    wat::parse_str(text("")).expect("a module")
}

/// The offset behind the body of function `index`.
fn end_of_body(wasm: &[u8], index: usize) -> usize {
    let bodies = wasmparser::Parser::new(0).parse_all(wasm);
    let mut bodies = bodies.filter_map(|payload| match payload.expect("a module") {
        wasmparser::Payload::CodeSectionEntry(body) => Some(body.range().end as usize),
        _ => None,
    });
    bodies.nth(index).expect("there are as many")
}

/// With one thread, and with several, in each configuration.
fn pairs(set: impl Fn(&mut Config)) -> Vec<(Engine, Engine)> {
    let with_threads = |threads: usize| {
        engines_with(|config| {
            set(config);
            config.compile_threads(threads);
        })
    };
    let one = with_threads(1).into_iter().cycle();
    one.zip([2, 5].into_iter().flat_map(with_threads)).collect()
}

fn in_chunks(engine: &Engine, wasm: &[u8], size: usize) -> Result<Module, Error> {
    let mut builder = Module::stream(engine);
    for chunk in wasm.chunks(size) {
        builder.push(chunk)?;
    }
    builder.finish()
}

#[test]
fn the_code_is_the_same() {
    let wasm = wasm();
    for (one, many) in pairs(|_| {}) {
        let wanted = Module::new(&one, &wasm).unwrap().serialize();
        assert!(Module::new(&many, &wasm).unwrap().serialize() == wanted);
        assert!(in_chunks(&many, &wasm, 1_000).unwrap().serialize() == wanted);
    }
}

/// More code than an engine keeps the memory of: room for the rest is made while it is compiled,
/// if its size is known.
#[test]
fn the_code_of_a_large_module_is_the_same() {
    let mut text = String::from("(module (memory 1) (func $f0)");
    for i in 1..=400 {
        write!(text, "(func $f{i} call $f{}", i - 1).unwrap();
        for j in 0..1_000 {
            let value = 0x1234_5678_9abc_def0_u64 + j;
            write!(text, " i32.const {j} i64.const {value} i64.store").unwrap();
        }
        text += ")";
    }
    let wasm = wat::parse_str(text + ")").expect("a module");
    let [one, many] = [1, 2].map(|threads| {
        Engine::new(Config::new().compile_threads(threads)).expect("a configuration")
    });
    let wanted = Module::new(&one, &wasm).unwrap().serialize();
    assert!(
        wanted.len() > 6 << 20,
        "{} bytes are not many",
        wanted.len()
    );
    assert!(in_chunks(&one, &wasm, 100_000).unwrap().serialize() == wanted);
    assert!(Module::new(&many, &wasm).unwrap().serialize() == wanted);
}

#[test]
fn small_modules_are_modules() {
    let wasm = wat::parse_str(r#"(module (func (export "f") (result i32) i32.const 7))"#).unwrap();
    for (_, many) in pairs(|_| {}) {
        let module = Module::new(&many, &wasm).unwrap();
        let mut store = Store::new(&many, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), 7);
    }
}

/// Of several errors the first one counts, wherever its batch is.
#[test]
fn the_error_is_the_same() {
    let good = wasm();
    let spoil = |places: &[usize]| {
        let mut wasm = good.clone();
        for &place in places {
            // `end` becomes an operator that needs operands: the stack is wrong, or empty.
            wasm[end_of_body(&good, place) - 2] = 0x6a;
        }
        wasm
    };
    let mut cases = vec![
        spoil(&[0]),
        spoil(&[FUNCTIONS - 1]),
        spoil(&[FUNCTIONS / 2, FUNCTIONS / 2 + 3, FUNCTIONS - 1]),
        good[..end_of_body(&good, FUNCTIONS / 2) + 1].to_vec(),
    ];
    let mut both = spoil(&[FUNCTIONS / 2]);
    both.truncate(end_of_body(&good, FUNCTIONS - 5));
    cases.push(both);
    for wasm in cases {
        for (one, many) in pairs(|_| {}) {
            let wanted = Module::new(&one, &wasm).map(drop).unwrap_err().to_string();
            let found = Module::new(&many, &wasm).map(drop).unwrap_err();
            assert_eq!(found.to_string(), wanted);
            let found = in_chunks(&many, &wasm, 10_000).map(drop).unwrap_err();
            assert_eq!(found.to_string(), wanted);
        }
    }
}

#[test]
fn limits_are_the_same() {
    let wasm = wasm();
    for limit in [10_000, 200_000] {
        let engines = pairs(|config| {
            config.max_module_code(limit);
        });
        for (one, many) in engines {
            let wanted = Module::new(&one, &wasm).map(drop).unwrap_err().to_string();
            let found = Module::new(&many, &wasm).map(drop).unwrap_err();
            assert_eq!(found.to_string(), wanted);
        }
    }
}

/// A module that nobody finishes leaves no thread behind that anybody would wait for.
#[test]
fn a_module_can_be_abandoned() {
    let wasm = wasm();
    for (_, many) in pairs(|_| {}) {
        let mut builder = Module::stream(&many);
        builder.push(&wasm[..wasm.len() / 2]).unwrap();
    }
}
