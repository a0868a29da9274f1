//! Fuel, epochs, and limits of every kind.

mod common;

use std::time::Duration;

use common::{engine, engines, engines_with, instance, module, trap_code};
use microwasm_runtime::*;

const SPIN: &str = r#"(module
    (func (export "spin") loop br 0 end)
    (func (export "turns") (param i32)
      loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end)
    (func (export "recurse") (param i32) (result i32)
      local.get 0 i32.eqz if (result i32) i32.const 0
      else local.get 0 i32.const 1 i32.sub call 2 end))"#;

#[test]
fn fuel_runs_out() {
    for engine in engines_with(|config| {
        config.fuel(true);
    }) {
        let (mut store, instance) = instance(&engine, SPIN);
        let spin = instance.get_typed_func::<(), ()>(&store, "spin").unwrap();
        let turns = instance.get_typed_func::<i32, ()>(&store, "turns").unwrap();
        let recurse = instance
            .get_typed_func::<i32, i32>(&store, "recurse")
            .unwrap();
        assert_eq!(trap_code(turns.call(&mut store, 1)), TrapCode::OutOfFuel);
        store.set_fuel(10_000).unwrap();
        assert_eq!(trap_code(spin.call(&mut store, ())), TrapCode::OutOfFuel);
        assert_eq!(store.get_fuel().unwrap(), 0);
        store.set_fuel(10_000).unwrap();
        turns.call(&mut store, 100).unwrap();
        let left = store.get_fuel().unwrap();
        assert!((9_800..9_950).contains(&left), "{left}");
        recurse.call(&mut store, 99).unwrap();
        assert_eq!(store.get_fuel().unwrap(), left - 100);
        // Using fuel is deterministic.
        store.set_fuel(10_000).unwrap();
        turns.call(&mut store, 100).unwrap();
        assert_eq!(store.get_fuel().unwrap(), left);
        store.set_fuel(u64::MAX).unwrap();
        turns.call(&mut store, 100).unwrap();
        assert_eq!(store.get_fuel().unwrap(), u64::MAX - (10_000 - left));
    }
    let mut store = Store::new(&engine(), ());
    assert!(matches!(
        store.set_fuel(1),
        Err(Error::Usage(UsageError::NoFuel))
    ));
    assert!(store.get_fuel().is_err());
}

#[test]
fn epochs_interrupt() {
    for engine in engines_with(|config| {
        config.epoch_interruption(true);
    }) {
        let (mut store, instance) = instance(&engine, SPIN);
        let spin = instance.get_typed_func::<(), ()>(&store, "spin").unwrap();
        let turns = instance.get_typed_func::<i32, ()>(&store, "turns").unwrap();
        turns.call(&mut store, 1000).unwrap();
        store.set_epoch_deadline(2);
        turns.call(&mut store, 1000).unwrap();
        engine.increment_epoch();
        turns.call(&mut store, 1000).unwrap();
        let ticker = engine.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            ticker.increment_epoch();
        });
        assert_eq!(trap_code(spin.call(&mut store, ())), TrapCode::Interrupted);
        thread.join().unwrap();
        assert_eq!(trap_code(turns.call(&mut store, 1)), TrapCode::Interrupted);
        store.set_epoch_deadline(1);
        turns.call(&mut store, 1000).unwrap();
    }
}

#[test]
fn both_at_once() {
    for engine in engines_with(|config| {
        config.fuel(true).epoch_interruption(true);
    }) {
        let (mut store, instance) = instance(&engine, SPIN);
        let spin = instance.get_typed_func::<(), ()>(&store, "spin").unwrap();
        store.set_fuel(1000).unwrap();
        assert_eq!(trap_code(spin.call(&mut store, ())), TrapCode::OutOfFuel);
        store.set_fuel(u64::MAX).unwrap();
        store.set_epoch_deadline(0);
        assert_eq!(trap_code(spin.call(&mut store, ())), TrapCode::Interrupted);
    }
}

#[test]
fn memories_and_tables_have_limits() {
    for engine in engines_with(|config| {
        config
            .max_memory_pages(10)
            .max_table_elements(100)
            .max_instances(3);
    }) {
        let text = r#"(module (memory (export "m") 1) (table (export "t") 1 externref)
            (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
            (func (export "more") (param i32) (result i32)
              ref.null extern local.get 0 table.grow))"#;
        let (mut store, instance) = instance(&engine, text);
        let grow = instance.get_typed_func::<i32, i32>(&store, "grow").unwrap();
        let more = instance.get_typed_func::<i32, i32>(&store, "more").unwrap();
        assert_eq!(grow.call(&mut store, 9).unwrap(), 1);
        assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
        assert_eq!(grow.call(&mut store, -1).unwrap(), -1);
        assert_eq!(grow.call(&mut store, 0).unwrap(), 10);
        assert_eq!(more.call(&mut store, 99).unwrap(), 1);
        assert_eq!(more.call(&mut store, 1).unwrap(), -1);
        assert_eq!(more.call(&mut store, -1).unwrap(), -1);
        let memory = instance.get_memory(&store, "m").unwrap();
        assert!(matches!(
            memory.grow(&mut store, 1),
            Err(Error::Resource(ResourceError::MemoryPages {
                pages: 11,
                limit: 10
            }))
        ));
        for (text, is_memory) in [("(memory 11)", true), ("(table 101 funcref)", false)] {
            let module = module(&engine, &format!("(module {text})"));
            match Instance::new(&mut store, &module, &[]) {
                Err(Error::Resource(ResourceError::MemoryPages { .. })) => assert!(is_memory),
                Err(Error::Resource(ResourceError::TableElements { .. })) => assert!(!is_memory),
                other => panic!("{other:?}"),
            }
        }
        let empty = module(&engine, "(module)");
        for _ in 0..2 {
            Instance::new(&mut store, &empty, &[]).unwrap();
        }
        assert!(matches!(
            Instance::new(&mut store, &empty, &[]),
            Err(Error::Resource(ResourceError::Instances { limit: 3 }))
        ));
    }
}

#[test]
fn impossible_memories_are_refused() {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        for (min, max) in [(2, Some(1)), (1, Some(65537)), (70000, None)] {
            let ty = MemoryType {
                limits: Limits { min, max },
            };
            assert!(Memory::new(&mut store, ty).is_err());
        }
        let ty = TableType {
            element: ValType::I32,
            limits: Limits { min: 1, max: None },
        };
        assert!(Table::new(&mut store, ty, Val::I32(0)).is_err());
        let ty = MemoryType {
            limits: Limits {
                min: 65536,
                max: None,
            },
        };
        // 4 GiB are there or not, according to the system.
        if let Ok(memory) = Memory::new(&mut store, ty) {
            assert_eq!(memory.data_size(&store), 1 << 32);
            assert!(memory.grow(&mut store, 1).is_err());
            memory.write(&mut store, (1 << 32) - 1, &[1]).unwrap();
            assert!(memory.write(&mut store, 1 << 32, &[1]).is_err());
            assert!(memory.read(&store, usize::MAX, &mut [0]).is_err());
        }
    }
}

#[derive(Default)]
struct Asked {
    log: Vec<(u32, u32, Option<u32>)>,
    most: u32,
    panics: bool,
}

impl ResourceLimiter for Asked {
    fn memory_growing(&mut self, current: u32, desired: u32, maximum: Option<u32>) -> bool {
        assert!(!self.panics, "as asked to");
        self.log.push((current, desired, maximum));
        desired <= self.most
    }

    fn table_growing(&mut self, current: u32, desired: u32, maximum: Option<u32>) -> bool {
        self.memory_growing(current, desired, maximum)
    }
}

#[test]
fn the_limiter_is_asked() {
    for engine in engines() {
        let module = module(
            &engine,
            r#"(module (memory 1 8) (table 2 externref)
                (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
                (func (export "more") (param i32) (result i32)
                  ref.null extern local.get 0 table.grow))"#,
        );
        let mut store = Store::new(
            &engine,
            Asked {
                most: 5,
                ..Asked::default()
            },
        );
        store.limiter(|asked| asked);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let grow = instance.get_typed_func::<i32, i32>(&store, "grow").unwrap();
        let more = instance.get_typed_func::<i32, i32>(&store, "more").unwrap();
        assert_eq!(grow.call(&mut store, 4).unwrap(), 1);
        assert_eq!(grow.call(&mut store, 1).unwrap(), -1);
        assert_eq!(more.call(&mut store, 4).unwrap(), -1);
        assert_eq!(
            store.data().log,
            [
                (0, 2, None),
                (0, 1, Some(8)),
                (1, 5, Some(8)),
                (5, 6, Some(8)),
                (2, 6, None)
            ]
        );
        store.data_mut().most = 0;
        assert!(matches!(
            Instance::new(&mut store, &module, &[]),
            Err(Error::Resource(ResourceError::Limiter))
        ));
        store.data_mut().panics = true;
        let panics = |run: &mut dyn FnMut()| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
        };
        assert!(panics(&mut || drop(grow.call(&mut store, 1))));
        assert!(panics(&mut || drop(Instance::new(
            &mut store,
            &module,
            &[]
        ))));
        store.data_mut().panics = false;
        assert_eq!(grow.call(&mut store, 0).unwrap(), -1);
    }
}

#[test]
fn compiling_has_limits() {
    let wasm = wat::parse_str(format!(
        "(module (func (param i32) (local {}) {}))",
        "i64 ".repeat(200),
        "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))".repeat(1000)
    ))
    .unwrap();
    let compile = |set: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        set(&mut config);
        Module::new(&Engine::new(&config).unwrap(), &wasm)
    };
    compile(&|_| {}).unwrap();
    let refused = |set: &dyn Fn(&mut Config)| match compile(set) {
        Err(Error::Compile(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        refused(&|c| {
            c.max_frame(256);
        }),
        CompileError::Function { .. }
    ));
    assert!(matches!(
        refused(&|c| {
            c.max_function_code(1000);
        }),
        CompileError::Function { .. }
    ));
    assert!(matches!(
        refused(&|c| {
            c.max_module_code(1000);
        }),
        CompileError::CodeTooLarge { .. }
    ));
    let limits = microwasm::wasm::Limits {
        locals: 100,
        ..Default::default()
    };
    assert!(matches!(
        refused(&|c| { c.compile_limits(limits.clone()); }),
        CompileError::Wasm(error) if matches!(*error, WasmError::Limit(_))
    ));
}
