//! Calls from the host, to the host, and through both.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{engine, engines, instance, module, trap_code};
use microwasm_runtime::*;

#[test]
fn typed_and_untyped_calls_agree() {
    for engine in engines() {
        let (mut store, instance) = instance(
            &engine,
            r#"(module (func (export "f") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
                 local.get 3 local.get 2 local.get 1 local.get 0))"#,
        );
        let typed = instance
            .get_typed_func::<(i32, u64, f32, f64), (f64, f32, i64, u32)>(&store, "f")
            .unwrap();
        let results = typed
            .call(&mut store, (-1, u64::MAX - 1, -0.0, 1.5))
            .unwrap();
        assert_eq!(results, (1.5, -0.0, -2, u32::MAX));
        assert!(results.1.is_sign_negative());
        let mut values = [const { Val::I32(7) }; 4];
        let nan = 0x7ff0_0000_0000_0001;
        let params = [
            Val::I32(-1),
            Val::I64(-2),
            Val::F32(0x7f80_0001),
            Val::F64(nan),
        ];
        instance
            .get_func(&store, "f")
            .unwrap()
            .call(&mut store, &params, &mut values)
            .unwrap();
        assert!(matches!(
            values,
            [Val::F64(bits), Val::F32(0x7f80_0001), Val::I64(-2), Val::I32(-1)] if bits == nan
        ));
    }
}

#[test]
fn values_of_many_parameters_go_through_the_heap() {
    let params = "i32 i64 f32 f64 ".repeat(25);
    let (mut store, instance) = instance(
        &engine(),
        &format!(
            "(module (func (export \"f\") (param {params}) (result {params}) {}))",
            (0..100)
                .map(|i| format!("local.get {i} "))
                .collect::<String>()
        ),
    );
    let params: Vec<Val> = (0..25)
        .flat_map(|i| {
            [
                Val::I32(i),
                Val::I64(i64::from(-i)),
                Val::F32(i as u32),
                Val::F64(i as u64 + 1),
            ]
        })
        .collect();
    let mut results = vec![Val::I32(0); 100];
    instance
        .get_func(&store, "f")
        .unwrap()
        .call(&mut store, &params, &mut results)
        .unwrap();
    assert_eq!(format!("{params:?}"), format!("{results:?}"));
}

#[test]
fn misuse_is_an_error() {
    let engine = engine();
    let text = r#"(module (func (export "f") (param i32) (result i32) local.get 0)
                          (global (export "g") i32 (i32.const 1)))"#;
    let (mut store, instance) = instance(&engine, text);
    let (mut other, _) = common::instance(&engine, text);
    let func = instance.get_func(&store, "f").unwrap();
    let mut out = [Val::I32(0)];
    let usage = |store: &mut Store<()>, params: &[Val], results: &mut [Val]| match func
        .call(store, params, results)
    {
        Err(Error::Usage(usage)) => usage,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        usage(&mut other, &[Val::I32(1)], &mut out),
        UsageError::WrongStore
    );
    let expected = UsageError::WrongCount {
        expected: 1,
        found: 0,
    };
    assert_eq!(usage(&mut store, &[], &mut out), expected);
    assert_eq!(usage(&mut store, &[Val::I32(1)], &mut []), expected);
    let expected = UsageError::WrongType {
        expected: ValType::I32,
        found: ValType::I64,
    };
    assert_eq!(usage(&mut store, &[Val::I64(1)], &mut out), expected);
    assert!(instance.get_typed_func::<i32, i64>(&store, "f").is_err());
    assert!(instance.get_typed_func::<(), i32>(&store, "f").is_err());
    assert!(instance.get_typed_func::<i32, i32>(&store, "g").is_err());
    assert!(func.typed::<i32, i32>(&other).is_err());
    let typed = func.typed::<i32, i32>(&store).unwrap();
    assert!(matches!(
        typed.call(&mut other, 1),
        Err(Error::Usage(UsageError::WrongStore))
    ));
    let global = instance.get_global(&store, "g").unwrap();
    assert!(matches!(
        global.set(&mut store, 2.into()),
        Err(Error::Usage(UsageError::Immutable))
    ));
    let many = FuncType {
        params: vec![ValType::I32; 1001].into(),
        results: Box::new([]),
    };
    assert!(Func::new(&mut store, many, |_, _, _| Ok(())).is_err());
    let vector = FuncType {
        params: [ValType::V128].into(),
        results: Box::new([]),
    };
    assert!(Func::new(&mut store, vector, |_, _, _| Ok(())).is_err());
    let second = Engine::new(&Config::new()).unwrap();
    let foreign = module(&second, text);
    assert!(matches!(
        Instance::new(&mut store, &foreign, &[]),
        Err(Error::Usage(UsageError::WrongEngine))
    ));
}

#[test]
fn host_functions_of_every_kind() {
    for engine in engines() {
        let module = module(
            &engine,
            r#"(module
                (import "h" "twelve" (func $twelve
                  (param i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64) (result f64)))
                (import "h" "pair" (func $pair (param i64) (result i64 i32)))
                (import "h" "values" (func $values (param i32 f64) (result f64 i32)))
                (func (export "twelve") (result f64)
                  i32.const 1 i64.const 2 f32.const 3 f64.const 4 i32.const 5 i64.const 6
                  f32.const 7 f64.const 8 i32.const 9 i64.const 10 f32.const 11 f64.const 12
                  call $twelve)
                (func (export "pair") (param i64) (result i64 i32) local.get 0 call $pair)
                (func (export "values") (param i32 f64) (result f64 i32)
                  local.get 0 local.get 1 call $values))"#,
        );
        let mut linker = Linker::<u32>::new();
        type Twelve = (i32, i64, f32, f64);
        linker
            .func_wrap(
                "h",
                "twelve",
                |a: i32,
                 b: i64,
                 c: f32,
                 d: f64,
                 e: i32,
                 f: i64,
                 g: f32,
                 h: f64,
                 i: i32,
                 j: i64,
                 k: f32,
                 l: f64| {
                    let first: Twelve = (a, b, c, d);
                    first.0 as f64
                        + 2.0 * first.1 as f64
                        + 3.0 * f64::from(first.2)
                        + 4.0 * first.3
                        + 5.0 * e as f64
                        + 6.0 * f as f64
                        + 7.0 * f64::from(g)
                        + 8.0 * h
                        + 9.0 * i as f64
                        + 10.0 * j as f64
                        + 11.0 * f64::from(k)
                        + 12.0 * l
                },
            )
            .unwrap();
        linker
            .func_wrap(
                "h",
                "pair",
                |mut caller: Caller<'_, u32>, v: i64| -> Result<(i64, i32)> {
                    *caller.data_mut() += 1;
                    Ok((v + 1, *caller.data() as i32))
                },
            )
            .unwrap();
        let ty = FuncType {
            params: [ValType::I32, ValType::F64].into(),
            results: [ValType::F64, ValType::I32].into(),
        };
        linker
            .func_new("h", "values", ty, |_, params, results| {
                results.copy_from_slice(&[params[1], params[0]]);
                Ok(())
            })
            .unwrap();
        let mut store = Store::new(&engine, 10);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let twelve = instance
            .get_typed_func::<(), f64>(&store, "twelve")
            .unwrap();
        assert_eq!(
            twelve.call(&mut store, ()).unwrap(),
            (1..=12).map(|i| i * i).sum::<i32>() as f64
        );
        let pair = instance
            .get_typed_func::<i64, (i64, i32)>(&store, "pair")
            .unwrap();
        assert_eq!(pair.call(&mut store, 5).unwrap(), (6, 11));
        assert_eq!(pair.call(&mut store, 6).unwrap(), (7, 12));
        assert_eq!(store.into_data(), 12);
        let mut store = Store::new(&engine, 0);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let values = instance
            .get_typed_func::<(i32, f64), (f64, i32)>(&store, "values")
            .unwrap();
        assert_eq!(values.call(&mut store, (3, 4.5)).unwrap(), (4.5, 3));
    }
}

/// Counts down by calling itself through the host.
const COUNTDOWN: &str = r#"(module
    (import "h" "again" (func $again (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "down") (param i32) (result i32)
      local.get 0 i32.eqz
      if (result i32) i32.const 0 else local.get 0 i32.const 1 i32.sub call $again end))"#;

/// A type of numbers, with some that have bits everywhere.
trait Number: WasmTy + Copy + 'static {
    const NAME: &'static str;
    fn of(bits: u64) -> Self;
    fn bits(self) -> u64;
}

macro_rules! number {
    ($($ty:ident, $of:expr, $bits:expr;)*) => {$(
        impl Number for $ty {
            const NAME: &'static str = stringify!($ty);

            fn of(bits: u64) -> $ty {
                $of(bits)
            }

            fn bits(self) -> u64 {
                $bits(self)
            }
        }
    )*};
}

number! {
    i32, |bits| bits as i32, |v| u64::from(v as u32);
    i64, |bits| bits as i64, |v| v as u64;
    f32, |bits| f32::from_bits(bits as u32), |v: f32| u64::from(v.to_bits());
    f64, f64::from_bits, f64::to_bits;
}

fn call_host_with<A: Number, B: Number, R: Number>() {
    const SAMPLES: [u64; 3] = [
        0x9234_5678_9abc_def1,
        0x8fed_cba9_8765_4321,
        0xa0f1_e2d3_c4b5_a697,
    ];
    let text = format!(
        r#"(module (import "h" "f" (func $f (param {a} {b}) (result {r})))
            (func (export "g") (param {a} {b}) (result {r})
                local.get 0 local.get 1 call $f))"#,
        a = A::NAME,
        b = B::NAME,
        r = R::NAME,
    );
    for engine in engines() {
        let module = module(&engine, &text);
        let mut store = Store::new(&engine, ());
        let f = Func::wrap(&mut store, |a: A, b: B| {
            let wanted = (A::of(SAMPLES[0]).bits(), B::of(SAMPLES[1]).bits());
            assert_eq!((a.bits(), b.bits()), wanted);
            R::of(SAMPLES[2])
        });
        let instance = Instance::new(&mut store, &module, &[f.unwrap().into()]).unwrap();
        let g = instance.get_typed_func::<(A, B), R>(&store, "g").unwrap();
        let result = g.call(&mut store, (A::of(SAMPLES[0]), B::of(SAMPLES[1])));
        assert_eq!(result.unwrap().bits(), R::of(SAMPLES[2]).bits());
    }
}

#[test]
fn host_functions_of_two_numbers() {
    fn with_first<A: Number>() {
        with_two::<A, i32>();
        with_two::<A, i64>();
        with_two::<A, f32>();
        with_two::<A, f64>();
    }
    fn with_two<A: Number, B: Number>() {
        call_host_with::<A, B, i32>();
        call_host_with::<A, B, i64>();
        call_host_with::<A, B, f32>();
        call_host_with::<A, B, f64>();
    }
    with_first::<i32>();
    with_first::<i64>();
    with_first::<f32>();
    with_first::<f64>();
}

/// Values that are handed over in registers, by the machine's rules, are those that were meant.
#[test]
fn values_in_registers_keep_their_bits() {
    let text = r#"(module
        (import "h" "f" (func $f
            (param f32 i32 f64 i64 f32 i32 f64 i64 f32) (result f32)))
        (func (export "g") (result i32)
            f32.const nan:0x200001 i32.const -2 f64.const -0 i64.const -3 f32.const 1.5
            i32.const -1 f64.const nan:0x4000000000001 i64.const 0x8000000000000001 f32.const -inf
            call $f i32.reinterpret_f32))"#;
    for engine in engines() {
        let module = module(&engine, text);
        let mut store = Store::new(&engine, 0u32);
        let f = Func::wrap(
            &mut store,
            |mut caller: Caller<'_, u32>,
             a: f32,
             b: i32,
             c: f64,
             d: i64,
             e: f32,
             f: u32,
             g: f64,
             h: u64,
             i: f32| {
                assert!(caller.instance().is_some());
                assert_eq!((b, d, f, h), (-2, -3, u32::MAX, 1 << 63 | 1));
                assert_eq!(
                    [a, e, i].map(f32::to_bits),
                    [0x7fa0_0001, 0x3fc0_0000, 0xff80_0000]
                );
                assert_eq!([c, g].map(f64::to_bits), [1 << 63, 0x7ff4_0000_0000_0001]);
                *caller.data_mut() += 1;
                a
            },
        )
        .unwrap();
        let instance = Instance::new(&mut store, &module, &[f.into()]).unwrap();
        let g = instance.get_typed_func::<(), i32>(&store, "g").unwrap();
        for _ in 0..3 {
            assert_eq!(g.call(&mut store, ()).unwrap(), 0x7fa0_0001);
        }
        assert_eq!(*store.data(), 3);
    }
}

fn countdown(engine: &Engine, at_end: fn(Caller<'_, ()>) -> Result<i32>) -> (Store<()>, Func) {
    let module = module(engine, COUNTDOWN);
    let mut linker = Linker::new();
    linker
        .func_wrap(
            "h",
            "again",
            move |mut caller: Caller<'_, ()>, n: i32| -> Result<i32> {
                if n == 0 {
                    return at_end(caller);
                }
                let down = caller.get_export("down").unwrap().into_func().unwrap();
                let down = down.typed::<i32, i32>(&caller)?;
                Ok(down.call(&mut caller, n)? + 1)
            },
        )
        .unwrap();
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let down = instance.get_func(&store, "down").unwrap();
    (store, down)
}

#[test]
fn host_functions_call_back() {
    for engine in engines() {
        let (mut store, down) = countdown(&engine, |mut caller| {
            let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
            memory.write(&mut caller, 3, b"deep")?;
            Ok(100)
        });
        let down = down.typed::<i32, i32>(&store).unwrap();
        assert_eq!(down.call(&mut store, 50).unwrap(), 149);
        assert_eq!(down.call(&mut store, 1).unwrap(), 100);
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Mine(u32);

impl std::fmt::Display for Mine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mine {}", self.0)
    }
}

impl std::error::Error for Mine {}

#[test]
fn errors_of_the_host_arrive_as_they_are() {
    for engine in engines() {
        let (mut store, down) = countdown(&engine, |_| Err(Error::host(Mine(7))));
        let down = down.typed::<i32, i32>(&store).unwrap();
        for depth in [1, 2, 30] {
            match down.call(&mut store, depth) {
                Err(Error::Host(error)) => {
                    assert_eq!(*error.downcast::<Mine>().unwrap(), Mine(7));
                }
                other => panic!("{other:?}"),
            }
        }
        let (mut store, down) = countdown(&engine, |_| Err(TrapCode::IntegerOverflow.into()));
        let down = down.typed::<i32, i32>(&store).unwrap();
        assert_eq!(
            trap_code(down.call(&mut store, 9)),
            TrapCode::IntegerOverflow
        );
    }
}

#[test]
fn a_panic_goes_through_nested_wasm() {
    static UNWOUND: AtomicUsize = AtomicUsize::new(0);
    struct Counts;
    impl Drop for Counts {
        fn drop(&mut self) {
            UNWOUND.fetch_add(1, Ordering::Relaxed);
        }
    }
    for engine in engines() {
        let (mut store, down) = countdown(&engine, |_| {
            let _counts = Counts;
            std::panic::panic_any(Mine(3))
        });
        let down = down.typed::<i32, i32>(&store).unwrap();
        for _ in 0..3 {
            let panic = catch_unwind(AssertUnwindSafe(|| down.call(&mut store, 20)))
                .expect_err("the panic goes on");
            assert_eq!(*panic.downcast::<Mine>().unwrap(), Mine(3));
            // The store still works.
            assert_eq!(down.call(&mut store, 0).unwrap(), 0);
        }
    }
    assert_eq!(UNWOUND.load(Ordering::Relaxed), 9);
}

#[test]
fn a_panic_that_the_host_catches_is_over() {
    let engine = engine();
    let text = r#"(module (import "h" "f" (func $f)) (func (export "g") call $f))"#;
    let module = module(&engine, text);
    let mut store = Store::new(&engine, ());
    let inner = Func::wrap(&mut store, || -> () { std::panic::panic_any(1u8) }).unwrap();
    let inner = Instance::new(&mut store, &module, &[inner.into()]).unwrap();
    let inner = inner.get_typed_func::<(), ()>(&store, "g").unwrap();
    let outer = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>| {
        let caught = catch_unwind(AssertUnwindSafe(|| inner.call(&mut caller, ())));
        assert!(caught.is_err());
    })
    .unwrap();
    let outer = Instance::new(&mut store, &module, &[outer.into()]).unwrap();
    let outer = outer.get_typed_func::<(), ()>(&store, "g").unwrap();
    outer.call(&mut store, ()).unwrap();
}

#[test]
fn host_functions_are_called_by_the_host_without_compiled_code() {
    let mut store = Store::new(&engine(), 5u32);
    let func = Func::wrap(
        &mut store,
        |caller: Caller<'_, u32>, v: u32| -> Result<u32> {
            assert!(caller.instance().is_none());
            assert!(caller.get_export("x").is_none());
            if v == 0 {
                Err(TrapCode::Unreachable.into())
            } else {
                Ok(v + *caller.data())
            }
        },
    )
    .unwrap();
    let typed = func.typed::<u32, u32>(&store).unwrap();
    assert_eq!(typed.call(&mut store, 2).unwrap(), 7);
    assert_eq!(trap_code(typed.call(&mut store, 0)), TrapCode::Unreachable);
    let mut out = [Val::I32(0)];
    func.call(&mut store, &[Val::I32(3)], &mut out).unwrap();
    assert!(matches!(out, [Val::I32(8)]));
}

#[test]
fn references_come_back_as_they_went() {
    for engine in engines() {
        let (mut store, instance) = instance(
            &engine,
            r#"(module
                (func $one (result i32) i32.const 1)
                (elem declare func $one)
                (func (export "one") (result funcref) ref.func $one)
                (func (export "id") (param funcref externref) (result externref funcref)
                  local.get 1 local.get 0)
                (table (export "t") 1 funcref)
                (func (export "call") (param funcref) (result i32)
                  i32.const 0 local.get 0 table.set 0
                  i32.const 0 call_indirect (result i32)))"#,
        );
        let one = instance
            .get_typed_func::<(), Option<Func>>(&store, "one")
            .unwrap();
        let one = one.call(&mut store, ()).unwrap();
        type Refs = (Option<Func>, Option<ExternRef>);
        type Swapped = (Option<ExternRef>, Option<Func>);
        let id = instance
            .get_typed_func::<Refs, Swapped>(&store, "id")
            .unwrap();
        for number in [0, 1, u32::MAX] {
            let reference = Some(ExternRef::new(number));
            let (back, func) = id.call(&mut store, (one, reference)).unwrap();
            assert_eq!((back, func), (reference, one));
            assert_eq!(back.unwrap().number(), number);
        }
        assert_eq!(id.call(&mut store, (None, None)).unwrap(), (None, None));
        let call = instance
            .get_typed_func::<Option<Func>, i32>(&store, "call")
            .unwrap();
        assert_eq!(call.call(&mut store, one).unwrap(), 1);
        assert_eq!(
            trap_code(call.call(&mut store, None)),
            TrapCode::IndirectCallToNull
        );
        let host = Func::wrap(&mut store, || 77).unwrap();
        assert_eq!(call.call(&mut store, Some(host)).unwrap(), 77);
        let other = Func::wrap(&mut Store::new(&engine, ()), || 1).unwrap();
        assert!(call.call(&mut store, Some(other)).is_err());
    }
}

#[test]
fn values_of_host_functions_are_checked() {
    let engine = engine();
    let mut store = Store::new(&engine, ());
    let ty = FuncType {
        params: Box::new([]),
        results: [ValType::I64].into(),
    };
    let func = Func::new(&mut store, ty, |_, _, results| {
        results[0] = Val::I32(1);
        Ok(())
    })
    .unwrap();
    let module = module(
        &engine,
        r#"(module (import "" "f" (func (result i64))) (export "f" (func 0))
             (func (export "g") (result i64) call 0))"#,
    );
    let instance = Instance::new(&mut store, &module, &[func.into()]).unwrap();
    for name in ["f", "g"] {
        let func = instance.get_typed_func::<(), i64>(&store, name).unwrap();
        assert!(matches!(
            func.call(&mut store, ()),
            Err(Error::Usage(UsageError::WrongType { .. }))
        ));
    }
}

#[test]
fn traps_know_the_function_and_the_operator() {
    for engine in common::engines_with(|config| {
        config.source_map(true);
    }) {
        let text = r#"(module (memory 1)
            (func (export "f") nop) (func (export "g") (param i32) (result i32)
              nop local.get 0 i32.load))"#;
        let wasm = wat::parse_str(text).unwrap();
        let module = Module::new(&engine, &wasm).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let func = instance.get_typed_func::<i32, i32>(&store, "g").unwrap();
        let error = func.call(&mut store, -1).unwrap_err();
        let site = error.as_trap().unwrap().site().unwrap();
        assert_eq!(site.func.0, 1);
        if let Some(offset) = site.source_offset {
            assert_eq!(
                wasm[offset as usize], 0x28,
                "the offset is that of i32.load"
            );
        } else {
            assert_eq!(engine.settings().bounds, MemoryBounds::Explicit);
        }
        let code = module.code();
        let range = code.function(microwasm::DefinedFuncIndex(1)).unwrap();
        assert_eq!(
            code.locate(range.start).unwrap(),
            (microwasm::FuncIndex(1), 0)
        );
        assert!(code.function(microwasm::DefinedFuncIndex(2)).is_none());
        assert!(code.locate(code.bytes.len()).is_none());
    }
}
