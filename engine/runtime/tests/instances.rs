//! Instantiation: imports, initialisation, and what instances share.

mod common;

use common::{engine, engines, instance, module, trap_code};
use microwasm_runtime::*;

fn limits(min: u32, max: Option<u32>) -> Limits {
    Limits { min, max }
}

fn import_error(result: Result<Instance>) -> ImportErrorKind {
    match result {
        Err(Error::Link(error)) => error.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn imports_have_to_fit() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let func = Extern::Func(Func::wrap(&mut store, |_: i32| ()).unwrap());
    let memory_type = MemoryType {
        limits: limits(2, Some(5)),
    };
    let memory = Extern::Memory(Memory::new(&mut store, memory_type).unwrap());
    let open = Extern::Memory(
        Memory::new(
            &mut store,
            MemoryType {
                limits: limits(2, None),
            },
        )
        .unwrap(),
    );
    let table_type = TableType {
        element: ValType::FuncRef,
        limits: limits(10, Some(20)),
    };
    let table = Extern::Table(Table::new(&mut store, table_type, Val::FuncRef(None)).unwrap());
    let constant = GlobalType {
        ty: ValType::I32,
        mutable: false,
    };
    let variable = GlobalType {
        ty: ValType::I32,
        mutable: true,
    };
    let constant = Extern::Global(Global::new(&mut store, constant, 1.into()).unwrap());
    let variable = Extern::Global(Global::new(&mut store, variable, 1.into()).unwrap());
    let cases = [
        ("(func (param i32))", func, true),
        ("(func (param i64))", func, false),
        ("(func (param i32) (result i32))", func, false),
        ("(func (param i32))", memory, false),
        ("(memory 1)", memory, true),
        ("(memory 2)", memory, true),
        ("(memory 3)", memory, false),
        ("(memory 2 5)", memory, true),
        ("(memory 2 6)", memory, true),
        ("(memory 2 4)", memory, false),
        ("(memory 2 5)", open, false),
        ("(memory 2)", open, true),
        ("(memory 2)", func, false),
        ("(table 10 funcref)", table, true),
        ("(table 10 20 funcref)", table, true),
        ("(table 11 funcref)", table, false),
        ("(table 10 19 funcref)", table, false),
        ("(table 10 20 externref)", table, false),
        ("(global i32)", constant, true),
        ("(global (mut i32))", constant, false),
        ("(global i64)", constant, false),
        ("(global (mut i32))", variable, true),
        ("(global i32)", variable, false),
    ];
    for (wanted, found, fits) in cases {
        let module = module(&engine, &format!("(module (import \"m\" \"n\" {wanted}))"));
        let result = Instance::new(&mut store, &module, &[found]);
        if fits {
            result.unwrap();
        } else {
            let kind = import_error(result);
            assert!(
                matches!(kind, ImportErrorKind::Incompatible { .. }),
                "{wanted} {found:?}"
            );
            assert!(
                kind.to_string().starts_with("incompatible import type"),
                "{kind}"
            );
        }
    }
    // Limits are compared with the size at the moment.
    memory.into_memory().unwrap().grow(&mut store, 1).unwrap();
    let three = module(&engine, "(module (import \"m\" \"n\" (memory 3)))");
    Instance::new(&mut store, &three, &[memory]).unwrap();
    assert!(Instance::new(&mut store, &three, &[]).is_err());
    assert!(Instance::new(&mut store, &three, &[memory, memory]).is_err());
    let mut other = Store::new(&engine, ());
    assert!(matches!(
        Instance::new(&mut other, &three, &[memory]),
        Err(Error::Usage(UsageError::WrongStore))
    ));
    let missing = Linker::new().instantiate(&mut store, &three);
    assert_eq!(import_error(missing), ImportErrorKind::Missing);
}

#[test]
fn globals_start_as_their_expressions_say() {
    for engine in engines() {
        let module = module(
            &engine,
            r#"(module
                (import "m" "base" (global $base i32))
                (global (export "sum") i32
                  (i32.add (i32.mul (global.get $base) (i32.const 3)) (i32.const -1)))
                (global (export "wrap") i32 (i32.mul (i32.const 0x10000) (i32.const 0x10001)))
                (global (export "long") (mut i64) (i64.sub (i64.const 0) (i64.const 1)))
                (global (export "f") f64 (f64.const -0))
                (global (export "func") funcref (ref.func $f))
                (global (export "null") externref (ref.null extern))
                (func $f (export "get") (result i64) global.get 3)
                (func (export "set") (param i64) local.get 0 global.set 3))"#,
        );
        let mut store = Store::new(&engine, ());
        let ty = GlobalType {
            ty: ValType::I32,
            mutable: false,
        };
        let base = Global::new(&mut store, ty, 5.into()).unwrap();
        let instance = Instance::new(&mut store, &module, &[base.into()]).unwrap();
        let get =
            |store: &Store<()>, name: &str| instance.get_global(store, name).unwrap().get(store);
        assert!(matches!(get(&store, "sum"), Val::I32(14)));
        assert!(matches!(get(&store, "wrap"), Val::I32(0x10000)));
        assert!(matches!(get(&store, "long"), Val::I64(-1)));
        assert!(matches!(get(&store, "f"), Val::F64(bits) if bits == 1 << 63));
        assert!(matches!(get(&store, "null"), Val::ExternRef(None)));
        let Val::FuncRef(Some(func)) = get(&store, "func") else {
            panic!("a function")
        };
        let read = func.typed::<(), i64>(&store).unwrap();
        assert_eq!(read.call(&mut store, ()).unwrap(), -1);
        let long = instance.get_global(&store, "long").unwrap();
        long.set(&mut store, Val::I64(9)).unwrap();
        assert_eq!(read.call(&mut store, ()).unwrap(), 9);
        assert!(long.set(&mut store, Val::I32(9)).is_err());
        let set = instance.get_typed_func::<i64, ()>(&store, "set").unwrap();
        set.call(&mut store, -5).unwrap();
        assert!(matches!(long.get(&store), Val::I64(-5)));
    }
}

#[test]
fn instances_share_what_they_import() {
    for engine in engines() {
        let exporter = module(
            &engine,
            r#"(module
                (memory (export "memory") 1 10)
                (table (export "table") 4 10 funcref)
                (global (export "global") (mut i32) (i32.const 1))
                (func (export "size") (result i32) memory.size)
                (func (export "load") (param i32) (result i32) local.get 0 i32.load)
                (func (export "at") (param i32) (result i32)
                  local.get 0 call_indirect (result i32))
                (func $three (result i32) global.get 0 i32.const 3 i32.mul)
                (elem (i32.const 0) $three))"#,
        );
        let importer = module(
            &engine,
            r#"(module
                (import "m" "memory" (memory 1))
                (import "m" "table" (table 4 funcref))
                (import "m" "global" (global $g (mut i32)))
                (import "m" "load" (func $load (param i32) (result i32)))
                (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
                (func (export "store") (param i32 i32) local.get 0 local.get 1 i32.store)
                (func (export "through") (param i32) (result i32) local.get 0 call $load)
                (func (export "global") (param i32) local.get 0 global.set $g)
                (func (export "at") (param i32) (result i32)
                  local.get 0 call_indirect (result i32))
                (func $own (result i32) global.get $g i32.const 100 i32.add)
                (func (export "more") (result i32) ref.null func i32.const 3 table.grow)
                (elem (i32.const 1) $own))"#,
        );
        let mut store = Store::new(&engine, ());
        let first = Instance::new(&mut store, &exporter, &[]).unwrap();
        let mut linker = Linker::new();
        linker.instance(&store, "m", first).unwrap();
        assert!(linker.instance(&store, "m", first).is_err());
        let second = linker.instantiate(&mut store, &importer).unwrap();
        macro_rules! call {
            ($instance:ident . $name:ident ($($arg:expr),*)) => {
                $instance.get_typed_func(&store, stringify!($name)).unwrap().call(&mut store, ($($arg,)*))
            };
        }
        call!(second.store(65532, 7)).map(|()| ()).unwrap();
        assert_eq!(call!(first.load(65532)).map(|v: i32| v).unwrap(), 7);
        assert_eq!(call!(second.through(65532)).map(|v: i32| v).unwrap(), 7);
        assert_eq!(
            trap_code(call!(first.load(65536)).map(|v: i32| v)),
            TrapCode::MemoryOutOfBounds
        );
        assert_eq!(call!(second.grow(2)).map(|v: i32| v).unwrap(), 1);
        assert_eq!(call!(first.size()).map(|v: i32| v).unwrap(), 3);
        assert_eq!(call!(first.load(65536)).map(|v: i32| v).unwrap(), 0);
        assert_eq!(
            call!(second.through(3 * 65536 - 4))
                .map(|v: i32| v)
                .unwrap(),
            0
        );
        assert_eq!(
            trap_code(call!(second.through(3 * 65536 - 3)).map(|v: i32| v)),
            TrapCode::MemoryOutOfBounds
        );
        assert_eq!(call!(second.grow(8)).map(|v: i32| v).unwrap(), -1);
        call!(second.global(5)).map(|()| ()).unwrap();
        for instance in [first, second] {
            assert_eq!(call!(instance.at(0)).map(|v: i32| v).unwrap(), 15);
            assert_eq!(call!(instance.at(1)).map(|v: i32| v).unwrap(), 105);
            assert_eq!(
                trap_code(call!(instance.at(2)).map(|v: i32| v)),
                TrapCode::IndirectCallToNull
            );
            assert_eq!(
                trap_code(call!(instance.at(9)).map(|v: i32| v)),
                TrapCode::UndefinedElement
            );
        }
        assert_eq!(call!(second.more()).map(|v: i32| v).unwrap(), 4);
        assert_eq!(
            trap_code(call!(first.at(6)).map(|v: i32| v)),
            TrapCode::IndirectCallToNull
        );
        let table = first.get_table(&store, "table").unwrap();
        let own = table.get(&store, 1).unwrap();
        table.set(&mut store, 6, own).unwrap();
        assert_eq!(call!(first.at(6)).map(|v: i32| v).unwrap(), 105);
        assert_eq!(table.size(&store), 7);
        assert_eq!(table.grow(&mut store, 3, own).unwrap(), 7);
        assert!(table.grow(&mut store, 1, own).is_err());
        assert!(table.set(&mut store, 10, own).is_err());
        assert!(table.set(&mut store, 0, Val::ExternRef(None)).is_err());
        assert!(table.get(&store, 10).is_none());
        assert_eq!(call!(first.at(9)).map(|v: i32| v).unwrap(), 105);
    }
}

#[test]
fn a_trapping_instantiation_leaves_what_it_did() {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let memory = Memory::new(
            &mut store,
            MemoryType {
                limits: limits(1, None),
            },
        )
        .unwrap();
        let ty = TableType {
            element: ValType::FuncRef,
            limits: limits(2, None),
        };
        let table = Table::new(&mut store, ty, Val::FuncRef(None)).unwrap();
        let imports = [memory.into(), table.into()];
        let head = r#"(import "" "m" (memory 1)) (import "" "t" (table 2 funcref))
                      (func $f (result i32) i32.const 9)"#;
        let try_new = |store: &mut Store<()>, rest: &str| {
            let module = module(&engine, &format!("(module {head} {rest})"));
            trap_code(Instance::new(store, &module, &imports))
        };
        let code = try_new(
            &mut store,
            r#"(elem (i32.const 1) $f) (elem (i32.const 1) $f $f) (data (i32.const 0) "never")"#,
        );
        assert_eq!(code, TrapCode::TableOutOfBounds);
        assert!(matches!(table.get(&store, 0), Some(Val::FuncRef(None))));
        let Some(Val::FuncRef(Some(func))) = table.get(&store, 1) else {
            panic!("a function")
        };
        let func = func.typed::<(), i32>(&store).unwrap();
        assert_eq!(func.call(&mut store, ()).unwrap(), 9);
        assert_eq!(memory.data(&store)[0], 0);
        let code = try_new(
            &mut store,
            r#"(data (i32.const 0) "first") (data (i32.const 65535) "ab") (data (i32.const 9) "x")"#,
        );
        assert_eq!(code, TrapCode::MemoryOutOfBounds);
        assert_eq!(&memory.data(&store)[..10], b"first\0\0\0\0\0");
        assert_eq!(memory.data(&store)[65535], 0);
        let code = try_new(
            &mut store,
            r#"(data (i32.const 9) "x") (func $s unreachable) (start $s)"#,
        );
        assert_eq!(code, TrapCode::Unreachable);
        assert_eq!(memory.data(&store)[9], b'x');
    }
}

#[test]
fn bulk_operations_check_before_they_write() {
    for engine in engines() {
        let (mut store, instance) = instance(
            &engine,
            r#"(module
                (memory (export "m") 1)
                (table (export "t") 8 funcref)
                (data $d "abcdef")
                (elem $e func $f $f $f)
                (elem $x funcref (ref.func $f) (ref.null func))
                (func $f)
                (func (export "init") (param i32 i32 i32)
                  local.get 0 local.get 1 local.get 2 memory.init $d)
                (func (export "drop") data.drop $d elem.drop $e)
                (func (export "fill") (param i32 i32 i32)
                  local.get 0 local.get 1 local.get 2 memory.fill)
                (func (export "copy") (param i32 i32 i32)
                  local.get 0 local.get 1 local.get 2 memory.copy)
                (func (export "tinit") (param i32 i32 i32)
                  local.get 0 local.get 1 local.get 2 table.init 0 $e)
                (func (export "xinit") (param i32 i32 i32)
                  local.get 0 local.get 1 local.get 2 table.init 0 $x)
                (func (export "tcopy") (param i32 i32 i32)
                  local.get 0 local.get 1 local.get 2 table.copy)
                (func (export "tfill") (param i32 i32)
                  local.get 0 ref.func $f local.get 1 table.fill 0))"#,
        );
        let memory = instance.get_memory(&store, "m").unwrap();
        let table = instance.get_table(&store, "t").unwrap();
        macro_rules! call {
            ($name:ident $($arg:expr),*) => {
                instance.get_typed_func::<_, ()>(&store, stringify!($name)).unwrap().call(&mut store, ($($arg,)*))
            };
        }
        let occupied = |store: &Store<()>| -> Vec<bool> {
            (0..8)
                .map(|i| matches!(table.get(store, i), Some(Val::FuncRef(Some(_)))))
                .collect()
        };
        let oob = TrapCode::MemoryOutOfBounds;
        call!(init 10, 1, 3).unwrap();
        assert_eq!(&memory.data(&store)[9..14], b"\0bcd\0");
        assert_eq!(trap_code(call!(init 10, 4, 3)), oob);
        assert_eq!(trap_code(call!(init 65534, 0, 3)), oob);
        assert_eq!(trap_code(call!(init 0, -1, 2)), oob);
        call!(init 65536, 6, 0).unwrap();
        assert_eq!(trap_code(call!(init 65537, 6, 0)), oob);
        call!(copy 11, 10, 3).unwrap();
        assert_eq!(&memory.data(&store)[9..15], b"\0bbcd\0");
        call!(copy 10, 11, 3).unwrap();
        assert_eq!(&memory.data(&store)[9..15], b"\0bcdd\0");
        assert_eq!(trap_code(call!(copy 65535, 0, 2)), oob);
        assert_eq!(trap_code(call!(copy 0, 65535, 2)), oob);
        call!(fill 65530, 0x1ff, 6).unwrap();
        assert_eq!(&memory.data(&store)[65529..], b"\0\xff\xff\xff\xff\xff\xff");
        assert_eq!(trap_code(call!(fill 65530, 1, 7)), oob);
        assert_eq!(memory.data(&store)[65535], 0xff);
        assert_eq!(trap_code(call!(fill - 1, 1, -1)), oob);
        let oob = TrapCode::TableOutOfBounds;
        call!(tinit 2, 1, 2).unwrap();
        assert_eq!(
            occupied(&store),
            [false, false, true, true, false, false, false, false]
        );
        assert_eq!(trap_code(call!(tinit 0, 2, 2)), oob);
        assert_eq!(trap_code(call!(tinit 7, 0, 2)), oob);
        call!(tcopy 3, 2, 2).unwrap();
        assert_eq!(
            occupied(&store),
            [false, false, true, true, true, false, false, false]
        );
        call!(xinit 2, 0, 2).unwrap();
        assert_eq!(
            occupied(&store),
            [false, false, true, false, true, false, false, false]
        );
        assert_eq!(trap_code(call!(tfill 7, 2)), oob);
        call!(tfill 6, 2).unwrap();
        assert_eq!(
            occupied(&store),
            [false, false, true, false, true, false, true, true]
        );
        call!(drop).unwrap();
        call!(init 0, 0, 0).unwrap();
        call!(tinit 0, 0, 0).unwrap();
        assert_eq!(trap_code(call!(init 0, 0, 1)), TrapCode::MemoryOutOfBounds);
        assert_eq!(trap_code(call!(tinit 0, 0, 1)), oob);
    }
}

#[test]
fn exports_are_found_by_name_however_many() {
    let engine = engine();
    for count in [1, 8, 9, 200] {
        let exports: String = (0..count)
            .map(|i| format!("(global (export \"g{i}\") i32 (i32.const {i}))"))
            .collect();
        let (store, instance) = instance(&engine, &format!("(module {exports})"));
        for i in 0..count {
            let global = instance.get_global(&store, &format!("g{i}")).unwrap();
            assert!(matches!(global.get(&store), Val::I32(v) if v == i));
        }
        assert!(instance.get_export(&store, "g").is_none());
        assert!(instance.get_func(&store, "g0").is_none());
        assert_eq!(instance.exports(&store).len(), count as usize);
        assert!(instance.module(&store).export("zzz").is_none());
    }
}

#[test]
fn modules_can_arrive_in_chunks() {
    let engine = engine();
    let wasm = wat::parse_str(
        r#"(module (memory 1) (data (i32.const 4) "\2a")
             (func (export "f") (result i32) i32.const 4 i32.load)
             (func (export "g") (result i32) call 0))"#,
    )
    .unwrap();
    let whole = Module::new(&engine, &wasm).unwrap();
    for size in [1, 2, 3, 7, wasm.len()] {
        let mut builder = Module::stream(&engine);
        for chunk in wasm.chunks(size) {
            builder.push(chunk).unwrap();
        }
        let module = builder.finish().unwrap();
        assert_eq!(module.code().bytes.len(), whole.code().bytes.len());
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let g = instance.get_typed_func::<(), i32>(&store, "g").unwrap();
        assert_eq!(g.call(&mut store, ()).unwrap(), 42);
    }
    for end in 0..wasm.len() {
        // Some of the beginnings are modules, too.
        let whole = Module::new(&engine, &wasm[..end]);
        let mut builder = Module::stream(&engine);
        let chunked = builder.push(&wasm[..end]).and_then(|()| builder.finish());
        assert_eq!(whole.is_ok(), chunked.is_ok(), "{end} bytes");
    }
    Module::validate(&engine, &wasm).unwrap();
    assert!(Module::validate(&engine, &wasm[1..]).is_err());
}

#[test]
fn an_empty_module_is_one() {
    let (store, instance) = instance(&engine(), "(module)");
    assert_eq!(instance.exports(&store).len(), 0);
    assert!(instance.module(&store).code().bytes.is_empty());
}
