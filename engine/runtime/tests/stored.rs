//! Modules as bytes, and the compile cache on disk: what is damaged is refused or compiled
//! again.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use microwasm::DefinedFuncIndex;
use microwasm_runtime::{
    Backend, CacheError, CodePlace, CompileCache, CompileError, Config, CpuFeatures,
    DeserializeError, Engine, Error, Extern, Func, HostCall, ImportErrorKind, Instance, Layout,
    MemoryBounds, Module, SealError, Store,
};

/// Calls of all kinds, a trap, a builtin.
const MODULE: &str = r#"(module
  (import "env" "double" (func $double (param i32) (result i32)))
  (memory (export "memory") 1 4)
  (table 4 funcref)
  (elem (i32.const 1) $add)
  (type $binary (func (param i32 i32) (result i32)))
  (global $seven i32 (i32.const 7))
  (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func (export "run") (param i32) (result i32)
    (i32.store (i32.const 16) (local.get 0))
    (call $add (global.get $seven)
      (call_indirect (type $binary)
        (call $double (i32.load (i32.const 16)))
        (memory.grow (i32.const 1))
        (i32.const 1))))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (data (i32.const 0) "data"))"#;

fn wasm() -> Vec<u8> {
    wat::parse_str(MODULE).expect("the text is well-formed")
}

fn engine_with(set: impl Fn(&mut Config)) -> Engine {
    let mut config = Config::new();
    set(&mut config);
    Engine::new(&config).expect("an engine can be made")
}

fn bytecode() -> Engine {
    engine_with(|config| {
        config.backend(Backend::Bytecode);
    })
}

/// Runs the module and checks what it does.
fn run(module: &Module) {
    let mut store = Store::new(module.engine(), ());
    let double = Func::wrap(&mut store, |x: i32| x * 2).expect("there is memory");
    let instance = Instance::new(&mut store, module, &[double.into()]).expect("it instantiates");
    let run = instance
        .get_typed_func::<i32, i32>(&store, "run")
        .expect("exported");
    assert_eq!(run.call(&mut store, 10).expect("returns"), 7 + 20 + 1);
    assert_eq!(run.call(&mut store, 11).expect("returns"), 7 + 22 + 2);
    let load = instance
        .get_typed_func::<i32, i32>(&store, "load")
        .expect("exported");
    let trap = load.call(&mut store, -4).expect_err("out of bounds");
    let site = trap
        .as_trap()
        .and_then(|trap| trap.site())
        .expect("in the module");
    assert_eq!(site.func.0, 3);
}

#[test]
fn a_module_comes_back_as_it_was() {
    for engine in common::engines() {
        let module = Module::new(&engine, &wasm()).expect("it compiles");
        let bytes = module.serialize();
        Module::check_serialized(&engine, &bytes).expect("intact");
        // SAFETY: serialized above.
        let loaded = unsafe { Module::deserialize(&engine, &bytes) }.expect("intact");
        assert_eq!(loaded.serialize(), bytes);
        assert_eq!(loaded.info(), module.info());
        assert_eq!(loaded.code().bytes, module.code().bytes);
        run(&loaded);
    }
}

#[test]
fn a_module_without_functions() {
    let engine = common::engine();
    let module = common::module(&engine, "(module (memory (export \"m\") 1))");
    // SAFETY: serialized in this line.
    let loaded = unsafe { Module::deserialize(&engine, &module.serialize()) }.expect("intact");
    assert_eq!(loaded.exports(), module.exports());
}

#[test]
fn damaged_bytes_are_refused() {
    let engine = common::engine();
    let bytes = Module::new(&engine, &wasm())
        .expect("it compiles")
        .serialize();
    for len in 0..bytes.len() {
        let error = Module::check_serialized(&engine, &bytes[..len]).expect_err("truncated");
        assert!(matches!(error, DeserializeError::Seal(_)), "{len}: {error}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let error = Module::check_serialized(&engine, &damaged).expect_err("damaged");
        assert!(matches!(error, DeserializeError::Seal(_)), "{at}: {error}");
    }
    let error = Module::check_serialized(&engine, &wasm()).expect_err("not compiled");
    assert!(
        matches!(error, DeserializeError::Seal(SealError::Magic)),
        "{error}"
    );
}

#[test]
fn other_settings_are_refused() {
    let guard = common::engine();
    let bytes = Module::new(&guard, &wasm())
        .expect("it compiles")
        .serialize();
    let others = [
        engine_with(|config| {
            config.memory_bounds(MemoryBounds::Explicit);
        }),
        engine_with(|config| {
            config.fuel(true);
        }),
        engine_with(|config| {
            config.epoch_interruption(true);
        }),
        engine_with(|config| {
            config.perturb(Some(1));
        }),
        bytecode(),
    ];
    for other in others {
        let error = Module::check_serialized(&other, &bytes).expect_err("other settings");
        assert!(
            matches!(error, DeserializeError::Settings { .. }),
            "{error}"
        );
    }
    let baseline = engine_with(|config| {
        config.cpu_features(CpuFeatures::BASELINE);
    });
    if CpuFeatures::detect() != CpuFeatures::BASELINE {
        let error = Module::check_serialized(&baseline, &bytes).expect_err("other features");
        assert!(
            matches!(error, DeserializeError::Features { .. }),
            "{error}"
        );
    }
    let bytes = Module::new(&baseline, &wasm())
        .expect("it compiles")
        .serialize();
    Module::check_serialized(&guard, &bytes).expect("fewer features do everywhere");
}

/// Bytecode has no addresses, but functions in an order.
#[test]
fn layouts_of_bytecode() {
    let module = Module::new(&bytecode(), &wasm()).expect("it compiles");
    let count = module.info().funcs.len() as u32 - module.info().imported_funcs;
    let order: Vec<_> = (0..count).rev().map(DefinedFuncIndex).collect();
    let reversed = Layout {
        order: Some(&order),
        padding: 100,
        alignment: 64,
        distance: 1000,
        ..Layout::default()
    };
    let linked = module
        .relink(&reversed, CodePlace::Anywhere)
        .expect("it links");
    run(&linked);
    assert_eq!(linked.serialize(), module.serialize());
    let straight = Layout {
        builtins: HostCall::Direct,
        ..Layout::default()
    };
    for (layout, place) in [
        (&straight, CodePlace::Anywhere),
        (&Layout::default(), CodePlace::Near),
    ] {
        let error = module.relink(layout, place).expect_err("it has no address");
        assert!(
            matches!(error, Error::Compile(CompileError::BytecodeLayout)),
            "{error}"
        );
    }
}

/// Functions of one backend are not found by the other.
#[test]
fn a_cache_tells_backends_apart() {
    let cache = CompileCache::in_memory(1 << 20);
    let sharing = |backend| {
        engine_with(|config| {
            config.backend(backend).cache(&cache);
        })
    };
    for backend in [Backend::X64, Backend::Bytecode] {
        let hits = cache.stats().hits;
        run(&Module::new(&sharing(backend), &wasm()).expect("it compiles"));
        assert_eq!(cache.stats().hits, hits);
        run(&Module::new(&sharing(backend), &wasm()).expect("it compiles"));
        assert!(cache.stats().hits > hits);
    }
}

/// Host functions called straight, near and far; functions of modules cannot be.
#[test]
fn direct_calls_of_the_host() {
    let engine = common::engine();
    let module = Module::new(&engine, &wasm()).expect("it compiles");
    for (imports, builtins, place) in [
        (HostCall::Table, HostCall::Table, CodePlace::Far),
        (HostCall::Direct, HostCall::Direct, CodePlace::Far),
        (HostCall::Direct, HostCall::Direct, CodePlace::Near),
        (HostCall::Near, HostCall::Table, CodePlace::Anywhere),
    ] {
        let imports = [imports];
        let layout = Layout {
            imports: &imports,
            builtins,
            ..Layout::default()
        };
        let linked = module.relink(&layout, place).expect("it links");
        run(&linked);
        run(&linked
            .relink(&Layout::default(), CodePlace::Anywhere)
            .expect("it links"));
        assert_eq!(linked.serialize(), module.serialize());
    }
    let near = Layout {
        builtins: HostCall::Near,
        ..Layout::default()
    };
    let error = module
        .relink(&near, CodePlace::Far)
        .expect_err("out of reach");
    assert!(matches!(error, Error::Compile(_)), "{error}");

    let direct = Layout {
        imports: &[HostCall::Direct],
        ..Layout::default()
    };
    let linked = module
        .relink(&direct, CodePlace::Anywhere)
        .expect("it links");
    let (mut store, instance) = common::instance(
        &engine,
        r#"(module (func (export "f") (param i32) (result i32) (local.get 0)))"#,
    );
    let function = instance.get_export(&store, "f").expect("exported");
    let error = Instance::new(&mut store, &linked, &[function]).expect_err("not of the host");
    let Error::Link(error) = error else {
        panic!("{error}")
    };
    assert_eq!(error.kind, ImportErrorKind::NotHost);
    assert!(matches!(function, Extern::Func(_)));
}

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cache-{name}"));
    if path.exists() {
        fs::remove_dir_all(&path).expect("left over from an earlier run");
    }
    path
}

/// All files of a cache.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).expect("the folder is there");
        entries
            .map(|entry| entry.expect("readable").path())
            .collect()
    };
    entries(folder)
        .iter()
        .flat_map(|path| entries(path))
        .collect()
}

const MEMORY: usize = 1 << 20;

fn cached(folder: &Path) -> (CompileCache, Engine) {
    let cache = CompileCache::on_disk(folder, MEMORY).expect("the folder can be used");
    let engine = engine_with(|config| {
        config.cache(&cache);
    });
    (cache, engine)
}

#[test]
fn another_process_finds_what_was_compiled() {
    let folder = folder("found");
    let fresh = Module::new(&common::engine(), &wasm())
        .expect("it compiles")
        .serialize();
    for (hits, misses) in [(0, 3), (3, 0)] {
        // A cache of its own, as in another process.
        let (cache, engine) = cached(&folder);
        let module = Module::new(&engine, &wasm()).expect("it compiles");
        let stats = cache.stats();
        assert_eq!(
            (stats.hits, stats.misses, stats.unwritten),
            (hits, misses, 0)
        );
        assert_eq!(module.serialize(), fresh);
        run(&module);
    }
    assert_eq!(files(&folder).len(), 3);
}

#[test]
fn damaged_files_are_compiled_again() {
    let folder = folder("damaged");
    let (_, engine) = cached(&folder);
    let fresh = Module::new(&engine, &wasm())
        .expect("it compiles")
        .serialize();
    let intact: Vec<(PathBuf, Vec<u8>)> = files(&folder)
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).expect("a file")))
        .collect();
    type Damage<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;
    let damage: [Damage<'_>; 5] = [
        &|bytes| bytes[..bytes.len() - 1].to_vec(),
        &|bytes| bytes[..bytes.len() / 2].to_vec(),
        &|_| Vec::new(),
        &|bytes| vec![0; bytes.len()],
        &|bytes| {
            let mut bytes = bytes.to_vec();
            // In the code, if anywhere.
            let at = bytes.len() - bytes.len() / 3;
            bytes[at] ^= 1;
            bytes
        },
    ];
    for damage in damage {
        for (path, bytes) in &intact {
            fs::write(path, damage(bytes)).expect("a file");
        }
        let (cache, engine) = cached(&folder);
        let module = Module::new(&engine, &wasm()).expect("it compiles");
        let stats = cache.stats();
        assert_eq!((stats.damaged, stats.hits, stats.misses), (3, 0, 3));
        assert_eq!(module.serialize(), fresh);
        for (path, bytes) in &intact {
            assert_eq!(&fs::read(path).expect("written again"), bytes);
        }
    }
    // One function's file under another's name.
    fs::copy(&intact[0].0, &intact[1].0).expect("files");
    let (cache, engine) = cached(&folder);
    assert_eq!(
        Module::new(&engine, &wasm())
            .expect("it compiles")
            .serialize(),
        fresh
    );
    assert_eq!(cache.stats().damaged, 1);
}

#[test]
fn many_writers() {
    let folder = folder("writers");
    let fresh = Module::new(&common::engine(), &wasm())
        .expect("it compiles")
        .serialize();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let (cache, engine) = cached(&folder);
                    let module = Module::new(&engine, &wasm()).expect("it compiles");
                    assert_eq!(module.serialize(), fresh);
                    let stats = cache.stats();
                    assert_eq!((stats.damaged, stats.unwritten), (0, 0));
                    let written = |path: &&PathBuf| path.extension().is_none();
                    if let Some(file) = files(&folder).iter().find(written) {
                        // Another writer may have been faster.
                        let _ = fs::remove_file(file);
                    }
                }
            });
        }
    });
    let temporary = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "tmp");
    assert_eq!(files(&folder).iter().filter(temporary).count(), 0);
}

#[test]
fn folders_that_others_can_write_to_are_refused() {
    let folder = folder("shared");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("it is ours");
    let error = CompileCache::on_disk(&folder, MEMORY).expect_err("shared");
    assert!(matches!(error, CacheError::Shared { .. }), "{error}");
    let file = folder.join("file");
    fs::write(&file, "not a folder").expect("it can be written");
    let error = CompileCache::on_disk(&file, MEMORY).expect_err("not a folder");
    assert!(matches!(error, CacheError::Folder { .. }), "{error}");
}

#[test]
fn a_cache_in_memory_keeps_to_its_size() {
    let cache = CompileCache::in_memory(600);
    let engine = engine_with(|config| {
        config.cache(&cache);
    });
    for _ in 0..3 {
        run(&Module::new(&engine, &wasm()).expect("it compiles"));
    }
    let stats = cache.stats();
    assert_eq!(stats.hits + stats.misses, 9);
    assert!(stats.misses > 3, "all three functions fit: {stats:?}");
}
