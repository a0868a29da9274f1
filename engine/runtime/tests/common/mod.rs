//! What the tests of the runtime have in common.
#![allow(dead_code)]

use microwasm_runtime::{
    Backend, Config, Engine, Error, Instance, MemoryBounds, Module, Store, TrapCode,
};

/// A guarded and an explicit engine, and one that interprets, with otherwise the same settings.
pub fn engines_with(set: impl Fn(&mut Config)) -> [Engine; 3] {
    [
        (Backend::X64, MemoryBounds::Guard),
        (Backend::X64, MemoryBounds::Explicit),
        (Backend::Bytecode, MemoryBounds::Explicit),
    ]
    .map(|(backend, bounds)| {
        let mut config = Config::new();
        config.backend(backend).memory_bounds(bounds);
        set(&mut config);
        Engine::new(&config).expect("an engine can be made")
    })
}

/// A guarded and an explicit engine, and one that interprets.
pub fn engines() -> [Engine; 3] {
    engines_with(|_| {})
}

/// A guarded engine.
pub fn engine() -> Engine {
    Engine::new(&Config::new()).expect("an engine can be made")
}

/// Compiles a module given as text.
pub fn module(engine: &Engine, text: &str) -> Module {
    let wasm = wat::parse_str(text).expect("the text is well-formed");
    Module::new(engine, &wasm).expect("the module compiles")
}

/// Instantiates a module without imports, given as text.
pub fn instance(engine: &Engine, text: &str) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    let module = module(engine, text);
    let instance = Instance::new(&mut store, &module, &[]).expect("the module instantiates");
    (store, instance)
}

/// The code of the trap that a call ends with.
#[track_caller]
pub fn trap_code<T: std::fmt::Debug>(result: Result<T, Error>) -> TrapCode {
    let error = result.expect_err("the call traps");
    match error.as_trap() {
        Some(trap) => trap.code(),
        None => panic!("not a trap: {error:?}"),
    }
}

/// Runs a test of this file again, alone in a process of its own where [`is_child`] is true.
pub fn child(test: &str) -> std::process::Output {
    std::process::Command::new(std::env::current_exe().expect("this is an executable"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, test)
        .output()
        .expect("a process can be started")
}

const CHILD: &str = "MICROWASM_TEST_CHILD";

/// Whether this is the process that [`child`] started for `test`.
pub fn is_child(test: &str) -> bool {
    std::env::var(CHILD).is_ok_and(|name| name == test)
}

/// Whether AddressSanitizer is in this process: it has a handler, and system calls, of its own.
pub fn is_address_sanitized() -> bool {
    option_env!("RUSTFLAGS").is_some_and(|flags| flags.contains("sanitizer=address"))
}
