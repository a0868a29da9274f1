//! Stack overflow on threads of every size is a trap, and the host keeps its share.

mod common;

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{child, engines, engines_with, instance, is_child, module, trap_code};
use microwasm_runtime::*;

const SIZES: [usize; 6] = [64 << 10, 96 << 10, 128 << 10, 512 << 10, 2 << 20, 8 << 20];

/// Recursions of every kind: small frames, large frames, frames beyond any stack, and through
/// the host.
const RECURSIONS: &str = r#"(module
    (import "h" "host" (func $host (param i32) (result i32)))
    (table 1 funcref) (elem (i32.const 0) $small)
    (global $depth (export "depth") (mut i32) (i32.const 0))
    (func $small (export "small")
      global.get $depth i32.const 1 i32.add global.set $depth
      i32.const 0 call_indirect)
    (func $args (export "args") (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
      global.get $depth i32.const 1 i32.add global.set $depth
      local.get 1 local.get 2 local.get 3 local.get 4 local.get 5 local.get 6 local.get 7
      local.get 8 local.get 9 local.get 10 local.get 11 local.get 0 call $args
      local.get 5 i64.add)
    (func (export "through") (param i32) (result i32)
      global.get $depth i32.const 1 i32.add global.set $depth
      local.get 0 call $host)
    LARGE)"#;

/// A function with `locals` locals that calls itself.
fn large(name: &str, locals: usize) -> String {
    format!(
        "(func ${name} (export \"{name}\") (local {})
           global.get $depth i32.const 1 i32.add global.set $depth call ${name})",
        "i64 ".repeat(locals)
    )
}

fn recursions(engine: &Engine) -> (Store<()>, Instance) {
    let functions = [
        large("medium", 500),
        large("large", 5000),
        large("huge", 45_000),
    ]
    .concat();
    let module = module(engine, &RECURSIONS.replace("LARGE", &functions));
    let mut linker = Linker::new();
    linker
        .func_wrap(
            "h",
            "host",
            |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
                // Something that needs a realistic amount of stack.
                let text = format!("{:?} {n:>20}", black_box([n; 64]));
                let through = caller.get_export("through").unwrap().into_func().unwrap();
                let through = through.typed::<i32, i32>(&caller)?;
                Ok(through.call(&mut caller, n + 1)? + text.len() as i32)
            },
        )
        .unwrap();
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn on_thread<R: Send + 'static>(size: usize, run: impl FnOnce() -> R + Send + 'static) -> R {
    let thread = std::thread::Builder::new()
        .stack_size(size)
        .spawn(run)
        .unwrap();
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[test]
fn overflow_is_a_trap_on_every_thread() {
    for engine in engines() {
        for size in SIZES {
            let engine = engine.clone();
            on_thread(size, move || {
                let (mut store, instance) = recursions(&engine);
                let depth = instance.get_global(&store, "depth").unwrap();
                for name in ["small", "args", "through", "medium", "large", "huge"] {
                    for _ in 0..2 {
                        depth.set(&mut store, Val::I32(0)).unwrap();
                        let func = instance.get_func(&store, name).unwrap();
                        let ty = func.ty(&store);
                        let params: Vec<Val> = ty
                            .params
                            .iter()
                            .map(|ty| Val::default_for(*ty).unwrap())
                            .collect();
                        let mut results = vec![Val::I32(0); ty.results.len()];
                        let result = func.call(&mut store, &params, &mut results);
                        assert_eq!(trap_code(result), TrapCode::StackOverflow, "{name} {size}");
                        let Val::I32(depth) = depth.get(&store) else {
                            panic!("a number")
                        };
                        if name == "small" && size >= 128 << 10 {
                            assert!(depth > 500, "{depth} calls on {size} bytes");
                        }
                        if name == "huge" && size <= 2 << 20 {
                            assert!(depth <= 5, "{depth} frames of 360 KB on {size} bytes");
                        }
                    }
                }
            });
        }
    }
}

#[test]
fn a_thread_without_stack_to_spare_traps_at_once() {
    const NAME: &str = "a_thread_without_stack_to_spare_traps_at_once";
    // In a process of its own, where no stack of an earlier thread is used again.
    if !is_child(NAME) {
        let output = child(NAME);
        assert!(output.status.success(), "{output:?}");
        return;
    }
    for engine in engines() {
        let (mut store, instance) = instance(&engine, r#"(module (func (export "f")))"#);
        let func = instance.get_typed_func::<(), ()>(&store, "f").unwrap();
        let result = on_thread(24 << 10, move || func.call(&mut store, ()));
        assert_eq!(trap_code(result), TrapCode::StackOverflow);
    }
}

#[test]
fn a_host_function_may_panic_at_the_very_end_of_the_stack() {
    let [guard, explicit, bytecode] = engines();
    let compiled = [64 << 10, 256 << 10];
    // The interpreter's own loop takes more than is left of the smallest stacks.
    let interpreted = [256 << 10, 1 << 20];
    for (engine, sizes) in [
        (guard, compiled),
        (explicit, compiled),
        (bytecode, interpreted),
    ] {
        for size in sizes {
            let engine = engine.clone();
            on_thread(size, move || {
                let module = module(
                    &engine,
                    r#"(module (import "h" "f" (func $f (result i32)))
                         (func $g (export "g")
                           call $f if call $g call $f drop end))"#,
                );
                let mut store = Store::new(&engine, ());
                let func = Func::wrap(&mut store, || -> Result<i32> {
                    let depth = DEPTH.get();
                    DEPTH.set(depth + 1);
                    if Some(depth) == PANIC_AT.get() {
                        panic!("at depth {depth}");
                    }
                    Ok(1)
                })
                .unwrap();
                let instance = Instance::new(&mut store, &module, &[func.into()]).unwrap();
                let g = instance.get_typed_func::<(), ()>(&store, "g").unwrap();
                // Both times from the same depth.
                let mut call = || catch_unwind(AssertUnwindSafe(|| g.call(&mut store, ())));
                assert_eq!(trap_code(call().unwrap()), TrapCode::StackOverflow);
                PANIC_AT.set(Some(DEPTH.replace(0) - 1));
                let panic = call();
                let message = *panic.unwrap_err().downcast::<String>().unwrap();
                assert_eq!(message, format!("at depth {}", PANIC_AT.get().unwrap()));
            });
        }
    }
    thread_local! {
        static DEPTH: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
        static PANIC_AT: std::cell::Cell<Option<u32>> = const { std::cell::Cell::new(None) };
    }
}

#[test]
fn the_limit_is_the_configured_one() {
    let depth = |bytes: usize| {
        let [engine, ..] = engines_with(|config| {
            config.max_wasm_stack(bytes);
        });
        on_thread(8 << 20, move || {
            let (mut store, instance) = recursions(&engine);
            let func = instance.get_typed_func::<(), ()>(&store, "medium").unwrap();
            assert_eq!(
                trap_code(func.call(&mut store, ())),
                TrapCode::StackOverflow
            );
            match instance.get_global(&store, "depth").unwrap().get(&store) {
                Val::I32(depth) => depth as usize,
                other => panic!("{other:?}"),
            }
        })
    };
    // Frames of about 4 KB.
    let (half, one, four) = (depth(512 << 10), depth(1 << 20), depth(4 << 20));
    assert!((100..200).contains(&half), "{half}");
    assert!((200..400).contains(&one), "{one}");
    assert!((900..1300).contains(&four), "{four}");
}

#[test]
fn a_store_can_move_between_threads() {
    let [engine, ..] = engines();
    let (mut store, instance) = recursions(&engine);
    for size in SIZES.into_iter().chain(SIZES.into_iter().rev()) {
        store = on_thread(size, move || {
            let func = instance.get_typed_func::<(), ()>(&store, "small").unwrap();
            assert_eq!(
                trap_code(func.call(&mut store, ())),
                TrapCode::StackOverflow
            );
            store
        });
    }
}

/// An interpreter that went on by calls which are no jumps would need some of it for each.
#[test]
fn a_long_loop_needs_no_more_stack_than_a_short_one() {
    for engine in engines() {
        on_thread(512 << 10, move || {
            let (mut store, instance) = instance(
                &engine,
                r#"(module (func (export "f") (param i32) (result i32) (local i32)
                     loop
                       local.get 1 i32.const 3 i32.add local.set 1
                       local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0
                     end
                     local.get 1))"#,
            );
            let func = instance.get_typed_func::<i32, i32>(&store, "f").unwrap();
            assert_eq!(func.call(&mut store, 1_000_000).unwrap(), 3_000_000);
        });
    }
}
