//! Watching code: what an observer sees, and that nothing else changes.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use microwasm_runtime::trace::{Stop, watch};
use microwasm_runtime::{
    Backend, Caller, Config, Engine, Error, Instance, Linker, Module, Store, TrapCode,
};

const TEXT: &str = r#"(module
    (import "host" "f" (func $host (param i32) (result i32)))
    (memory 1)
    (global $g (mut i32) (i32.const 7))
    (func (export "add") (param i32 i32) (result i32)
        local.get 0 local.get 1 i32.add)
    (func (export "state") (result i32)
        i32.const 16 i32.const 0x11223344 i32.store
        i32.const 9 global.set $g
        i32.const 0)
    (func $inner (export "inner") (param i32) (result i32)
        local.get 0 i32.const 1 i32.add)
    (func (export "outer") (param i32) (result i32)
        local.get 0 call $host i32.const 100 i32.mul)
    (func (export "trap") (result i32)
        i32.const -1 i32.load)
    (func (export "forever") (loop br 0)))"#;

/// What makes the function of the host fail.
const FAILS: i32 = -1;
/// What makes it call itself through the instance, so that it fails, and return 1.
const CATCHES: i32 = -2;

fn backends() -> [Engine; 2] {
    [Backend::X64, Backend::Bytecode].map(|backend| {
        let mut config = Config::new();
        config.backend(backend);
        Engine::new(&config).expect("an engine")
    })
}

fn instance(engine: &Engine) -> (Store<()>, Instance) {
    let wasm = wat::parse_str(TEXT).expect("the text is well-formed");
    let module = Module::new(engine, &wasm).expect("a valid module");
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new();
    // Calls back into the instance that calls it.
    linker
        .func_wrap("host", "f", |mut caller: Caller<'_, ()>, value: i32| {
            if value == FAILS {
                return Err(Error::host(std::fmt::Error));
            }
            if value == CATCHES {
                let outer = caller.get_export("outer").expect("it is exported");
                let outer = outer.into_func().expect("a function");
                let outer = outer.typed::<(i32,), i32>(&caller)?;
                return Ok(i32::from(outer.call(&mut caller, (FAILS,)).is_err()));
            }
            let inner = caller.get_export("inner").expect("it is exported");
            let microwasm_runtime::Extern::Func(inner) = inner else {
                panic!("it is a function");
            };
            let inner = inner.typed::<(i32,), i32>(&caller)?;
            inner.call(&mut caller, (value,))
        })
        .expect("a new name");
    let instance = linker.instantiate(&mut store, &module).expect("it links");
    (store, instance)
}

#[test]
fn every_instruction_is_seen_and_nothing_changes() {
    for engine in backends() {
        let (mut store, instance) = instance(&engine);
        let add = instance
            .get_typed_func::<(i32, i32), i32>(&store, "add")
            .expect("it is there");
        let mut offsets = Vec::new();
        let mut look = |stop: &Stop<'_>| {
            assert_eq!(stop.func().0, 1);
            offsets.push(stop.offset());
            ControlFlow::Continue(())
        };
        let result = watch(&mut look, || add.call(&mut store, (2, 3)));
        assert_eq!(result.expect("no trap"), 5);
        assert!(offsets.len() >= 2, "{offsets:?}");
        assert!(offsets.is_sorted(), "{offsets:?}");
        let seen = offsets.len();
        assert_eq!(add.call(&mut store, (2, 3)).expect("no trap"), 5);
        assert_eq!(offsets.len(), seen, "the watch is over");
    }
}

#[test]
fn calls_of_the_host_and_back_are_seen_on_both_sides() {
    for engine in backends() {
        let (mut store, instance) = instance(&engine);
        let outer = instance
            .get_typed_func::<(i32,), i32>(&store, "outer")
            .expect("it is there");
        let mut funcs = Vec::new();
        let mut look = |stop: &Stop<'_>| {
            if funcs.last() != Some(&stop.func().0) {
                funcs.push(stop.func().0);
            }
            ControlFlow::Continue(())
        };
        let result = watch(&mut look, || outer.call(&mut store, (4,)));
        assert_eq!(result.expect("no trap"), 500);
        assert_eq!(funcs, [4, 3, 4]);
    }
}

/// A call of the host that fails drops what has called it, and no more.
#[test]
fn what_follows_a_failure_of_the_host_is_seen() {
    for engine in backends() {
        let (mut store, instance) = instance(&engine);
        let outer = instance
            .get_typed_func::<(i32,), i32>(&store, "outer")
            .expect("it is there");
        let mut trail = |value: i32| {
            let mut offsets = Vec::new();
            let mut look = |stop: &Stop<'_>| {
                offsets.push((stop.func().0, stop.offset()));
                ControlFlow::Continue(())
            };
            let result = watch(&mut look, || outer.call(&mut store, (value,)));
            (result, offsets)
        };
        let (failed, to_the_call) = trail(FAILS);
        assert!(matches!(failed, Err(Error::Host(_))));
        let (returned, all) = trail(0);
        assert_eq!(returned.expect("no trap"), 100);
        let (caught, seen) = trail(CATCHES);
        assert_eq!(caught.expect("no trap"), 100);
        // All of the outer call, with the inner one in the middle.
        let outside = all.iter().filter(|(func, _)| *func == 4);
        let behind: Vec<_> = outside.skip(to_the_call.len()).copied().collect();
        assert!(!behind.is_empty());
        let expected = [&*to_the_call, &to_the_call, &behind].concat();
        assert_eq!(seen, expected);
    }
}

#[test]
fn slots_registers_and_state_can_be_read() {
    for engine in backends() {
        let native = engine.settings().backend == Backend::X64;
        let (mut store, instance) = instance(&engine);
        let state = instance
            .get_typed_func::<(), i32>(&store, "state")
            .expect("it is there");
        let mut states = Vec::new();
        let mut look = |stop: &Stop<'_>| {
            assert_eq!(stop.gpr(0).is_some(), native);
            assert_eq!(stop.xmm(15).is_some(), native);
            assert_eq!(stop.flags().is_some(), native);
            assert_eq!(stop.gpr(16), None);
            assert!(stop.slot(0).is_some());
            assert_eq!(stop.slot(u32::MAX), None);
            assert_eq!(stop.memory(65_536 - 3, 4), None);
            assert_eq!(stop.memory(u64::MAX, 1), None);
            assert_eq!(stop.element(0, 0), None);
            assert_eq!(stop.global(1.into()), None);
            states.push((stop.memory(16, 4), stop.global(0.into())));
            ControlFlow::Continue(())
        };
        let result = watch(&mut look, || state.call(&mut store, ()));
        assert_eq!(result.expect("no trap"), 0);
        assert_eq!(states.first(), Some(&(Some(0), Some(7))));
        assert_eq!(states.last(), Some(&(Some(0x1122_3344), Some(9))));
    }
}

#[test]
fn faults_are_traps_as_ever() {
    for engine in backends() {
        let (mut store, instance) = instance(&engine);
        let trap = instance
            .get_typed_func::<(), i32>(&store, "trap")
            .expect("it is there");
        let count = Cell::new(0);
        let mut look = |_: &Stop<'_>| {
            count.set(count.get() + 1);
            ControlFlow::Continue(())
        };
        let result = watch(&mut look, || trap.call(&mut store, ()));
        assert!(matches!(
            result,
            Err(Error::Trap(trap)) if trap.code() == TrapCode::MemoryOutOfBounds
        ));
        assert!(count.get() > 0);
    }
}

#[test]
fn an_observer_ends_what_would_not_end() {
    for engine in backends() {
        let (mut store, instance) = instance(&engine);
        let forever = instance
            .get_typed_func::<(), ()>(&store, "forever")
            .expect("it is there");
        let mut count = 0;
        let mut look = |_: &Stop<'_>| {
            count += 1;
            match count {
                100 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        let result = watch(&mut look, || {
            let first = forever.call(&mut store, ());
            (first, forever.call(&mut store, ()))
        });
        for ended in [result.0, result.1] {
            assert!(matches!(
                ended,
                Err(Error::Trap(trap)) if trap.code() == TrapCode::Interrupted
            ));
        }
        assert_eq!(count, 100);
    }
}

#[test]
fn a_panic_of_the_observer_goes_on() {
    for engine in backends() {
        let (mut store, instance) = instance(&engine);
        let outer = instance
            .get_typed_func::<(i32,), i32>(&store, "outer")
            .expect("it is there");
        let mut look = |stop: &Stop<'_>| -> ControlFlow<()> {
            assert_ne!(stop.func().0, 3, "inside of the host's call");
            ControlFlow::Continue(())
        };
        let run = || watch(&mut look, || outer.call(&mut store, (1,)).is_ok());
        let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
        let text = panic.downcast_ref::<String>().expect("an assertion's text");
        assert!(text.contains("inside of the host's call"), "{text}");
        assert_eq!(outer.call(&mut store, (1,)).expect("no trap"), 200);
    }
}

/// What was never written reads the same, whatever this thread has done before, and whether it is
/// watched or not.
#[test]
fn unused_stack_is_filled() {
    // More values than registers, which go home at the call only.
    let loads: String = (0..40)
        .map(|i| format!("i32.const {i} i32.load "))
        .collect();
    let drops = "drop ".repeat(40);
    let text = format!(
        r#"(module (import "host" "f" (func $host)) (memory 1)
            (func (export "f") {loads} call $host {drops}))"#
    );
    let wasm = wat::parse_str(text).expect("the text is well-formed");
    for (backend, slot) in [(Backend::X64, 0), (Backend::Bytecode, 39)] {
        let mut config = Config::new();
        config.backend(backend).fill_stack(true);
        let engine = Engine::new(&config).expect("an engine");
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, &wasm).expect("a valid module");
        let mut linker = Linker::new();
        let host = linker.func_wrap("host", "f", || ());
        host.expect("a new name");
        let instance = linker.instantiate(&mut store, &module).expect("it links");
        let f = instance
            .get_typed_func::<(), ()>(&store, "f")
            .expect("its type");
        let mut seen = Vec::new();
        let mut observer = |stop: &Stop<'_>| {
            seen.extend(stop.slot(slot));
            ControlFlow::Continue(())
        };
        let result = watch(&mut observer, || f.call(&mut store, ()));
        result.expect("it returns");
        assert!(seen.contains(&0xa5a5_a5a5_5a5a_5a5a), "{seen:x?}");
    }
}
