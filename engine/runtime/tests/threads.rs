//! Many threads at once, and memory that goes from one instance to the next.

mod common;

use common::{engine, engines, instance, module, trap_code};
use microwasm_runtime::*;

const MIXED: &str = r#"(module
    (memory (export "m") 1 4)
    (table (export "t") 16 funcref)
    (func $f (export "load") (param i32) (result i32) local.get 0 i32.load)
    (func (export "store") (param i32 i32) local.get 0 local.get 1 i32.store)
    (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
    (func (export "div") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_u)
    (func (export "set") (param i32) local.get 0 ref.func $f table.set 0)
    (func (export "recurse") call 5))"#;

#[test]
fn sixty_four_threads_instantiate_and_trap() {
    let wasm = wat::parse_str(MIXED).unwrap();
    for engine in engines() {
        let shared = Module::new(&engine, &wasm).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..64 {
                let (engine, shared, wasm) = (&engine, &shared, &wasm);
                scope.spawn(move || {
                    for turn in 0..20 {
                        let own = (turn % 4 == 0).then(|| Module::new(engine, wasm).unwrap());
                        one(engine, own.as_ref().unwrap_or(shared), thread * 1000 + turn);
                    }
                });
            }
        });
    }
}

fn one(engine: &Engine, module: &Module, mark: i32) {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let load = instance.get_typed_func::<i32, i32>(&store, "load").unwrap();
    let write = instance
        .get_typed_func::<(i32, i32), ()>(&store, "store")
        .unwrap();
    let grow = instance.get_typed_func::<i32, i32>(&store, "grow").unwrap();
    let div = instance
        .get_typed_func::<(i32, i32), i32>(&store, "div")
        .unwrap();
    for at in [0, 4096, 65532] {
        assert_eq!(load.call(&mut store, at).unwrap(), 0);
        write.call(&mut store, (at, mark)).unwrap();
        assert_eq!(load.call(&mut store, at).unwrap(), mark);
    }
    assert_eq!(
        trap_code(load.call(&mut store, 65533)),
        TrapCode::MemoryOutOfBounds
    );
    assert_eq!(
        trap_code(div.call(&mut store, (1, 0))),
        TrapCode::IntegerDivideByZero
    );
    if mark % 3 == 0 {
        assert_eq!(grow.call(&mut store, 2).unwrap(), 1);
        assert_eq!(load.call(&mut store, 65536).unwrap(), 0);
        write.call(&mut store, (3 * 65536 - 4, mark)).unwrap();
        assert_eq!(
            trap_code(load.call(&mut store, 3 * 65536)),
            TrapCode::MemoryOutOfBounds
        );
    }
    if mark % 5 == 0 {
        let recurse = instance
            .get_typed_func::<(), ()>(&store, "recurse")
            .unwrap();
        assert_eq!(
            trap_code(recurse.call(&mut store, ())),
            TrapCode::StackOverflow
        );
    }
}

#[test]
fn nothing_leaks_from_one_instance_to_the_next() {
    for engine in engines() {
        let module = module(&engine, MIXED);
        for turn in 0..100 {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let memory = instance.get_memory(&store, "m").unwrap();
            if turn % 3 == 1 {
                memory.grow(&mut store, turn % 4).unwrap();
            }
            assert!(
                memory.data(&store).iter().all(|byte| *byte == 0),
                "turn {turn}"
            );
            memory.data_mut(&mut store).fill(turn as u8 + 1);
            let table = instance.get_table(&store, "t").unwrap();
            let set = instance.get_typed_func::<i32, ()>(&store, "set").unwrap();
            for i in 0..16 {
                assert!(matches!(table.get(&store, i), Some(Val::FuncRef(None))));
                set.call(&mut store, i as i32).unwrap();
            }
            // What was accessible to the one before is not to this one.
            let load = instance.get_typed_func::<i32, i32>(&store, "load").unwrap();
            let end = memory.data_size(&store) as i32;
            assert_eq!(
                trap_code(load.call(&mut store, end - 3)),
                TrapCode::MemoryOutOfBounds
            );
            assert_eq!(
                trap_code(load.call(&mut store, end)),
                TrapCode::MemoryOutOfBounds
            );
        }
    }
}

#[test]
fn large_memories_are_cleared_as_well() {
    for engine in engines() {
        for turn in 0..4 {
            let mut store = Store::new(&engine, ());
            let ty = MemoryType {
                limits: Limits {
                    min: 40,
                    max: Some(100),
                },
            };
            let memory = Memory::new(&mut store, ty).unwrap();
            assert!(
                memory.data(&store).iter().all(|byte| *byte == 0),
                "turn {turn}"
            );
            memory.data_mut(&mut store).fill(0x55);
            memory.grow(&mut store, 30).unwrap();
            assert!(
                memory.data(&store)[40 * WASM_PAGE..]
                    .iter()
                    .all(|byte| *byte == 0)
            );
        }
    }
}

#[test]
fn stores_and_modules_can_be_dropped_in_any_order() {
    let engine = engine();
    let module = module(&engine, MIXED);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    drop(module);
    drop(engine);
    let div = instance
        .get_typed_func::<(i32, i32), i32>(&store, "div")
        .unwrap();
    assert_eq!(div.call(&mut store, (9, 2)).unwrap(), 4);
    assert_eq!(
        trap_code(div.call(&mut store, (9, 0))),
        TrapCode::IntegerDivideByZero
    );
}

#[test]
fn many_memories_live_at_once() {
    let engine = engine();
    let mut all: Vec<_> = (0..300).map(|_| instance(&engine, MIXED)).collect();
    for (i, (store, instance)) in all.iter_mut().enumerate() {
        let write = instance
            .get_typed_func::<(i32, i32), ()>(&*store, "store")
            .unwrap();
        write.call(&mut *store, (8, i as i32)).unwrap();
    }
    for (i, (store, instance)) in all.iter_mut().enumerate() {
        let load = instance
            .get_typed_func::<i32, i32>(&*store, "load")
            .unwrap();
        assert_eq!(load.call(&mut *store, 8).unwrap(), i as i32);
        assert_eq!(
            trap_code(load.call(&mut *store, 65536)),
            TrapCode::MemoryOutOfBounds
        );
    }
}
