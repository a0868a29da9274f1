//! How much memory compiling takes, and how much it leaves behind, counted by the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use microwasm_runtime::{Config, Engine, Module};

/// Counts the bytes that are allocated.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator does what is asked for.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        NOW.fetch_sub(layout.size(), Relaxed);
        let now = NOW.fetch_add(size, Relaxed) + size;
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.realloc(ptr, layout, size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.dealloc(ptr, layout) }
    }
}

/// What was counted while a module was compiled in chunks, and when everything but the engine was
/// gone; the size of its code; and how many allocations there were.
struct Counted {
    peak: usize,
    left: usize,
    code: usize,
    allocations: usize,
}

/// One test at a time: they share the counters.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts what a module of one function takes.
fn counted(types: &str, body: &str) -> Counted {
    let text = format!("(module {types} (func (param i32 i32) (result i32) {body}))");
    let wasm = wat::parse_str(text).expect("a module");
    let engine = Engine::new(&Config::new()).expect("an engine");
    // What an engine keeps after a small module is its own.
    let small = wat::parse_str("(module (func))").expect("a module");
    Module::new(&engine, &small).expect("valid");
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    ALLOCATIONS.store(0, Relaxed);
    let mut stream = Module::stream(&engine);
    for chunk in wasm.chunks(64 << 10) {
        stream.push(chunk).expect("valid");
    }
    let module = stream.finish().expect("valid");
    let peak = PEAK.load(Relaxed) - before;
    let allocations = ALLOCATIONS.load(Relaxed);
    let code = module.code().bytes.len();
    drop(module);
    Counted {
        peak,
        left: NOW.load(Relaxed).saturating_sub(before),
        code,
        allocations,
    }
}

#[test]
fn declarations_share_and_are_in_place() {
    let _alone = alone();
    let count = 10_000;
    let globals = "(global i32 (i32.const 7))".repeat(count);
    let globals = counted(&globals, "local.get 0").allocations;
    assert!(globals < count / 10, "{globals} for {count} globals");
    // Each has a name of its own, and all that of the module; the validator copies both to look.
    let imports = r#"(import "bench" "tick" (func))"#.repeat(count);
    let imports = counted(&imports, "local.get 0").allocations;
    assert!(
        imports < 3 * count + count / 10,
        "{imports} for {count} imports"
    );
}

#[test]
fn where_the_callers_of_a_block_put_things_is_forgotten() {
    let _alone = alone();
    // Copies of a local that stay on the stack, and between them blocks and sets.
    let count = 100_000;
    let block = "local.get 0 local.get 1 local.set 0 \
                 block local.get 1 br_if 0 local.get 0 local.set 1 end ";
    let body = block.repeat(count) + &"i32.add ".repeat(count - 1);
    let counted = counted("", &body);
    let most = 4 * counted.code + (8 << 20);
    assert!(counted.peak <= most, "{} of {most} bytes", counted.peak);
}

#[test]
fn a_list_of_arguments_is_kept_once() {
    let _alone = alone();
    let (values, blocks) = (1000, 20_000);
    let types = format!(
        "(type $values (func (param {0}) (result {0})))",
        "i32 ".repeat(values)
    );
    let body = "local.get 0 ".repeat(values)
        + &"block (type $values) local.get 0 br_if 0 end ".repeat(blocks)
        + &"i32.add ".repeat(values - 1);
    let counted = counted(&types, &body);
    let most = 4 * counted.code + (4 << 20);
    assert!(counted.peak <= most, "{} of {most} bytes", counted.peak);
}

#[test]
fn a_large_function_leaves_nothing_behind() {
    let _alone = alone();
    let depth = 70_000;
    let body = "block local.get 0 br_if 0 ".repeat(depth) + &"end ".repeat(depth) + "local.get 1";
    let counted = counted("", &body);
    assert!(counted.peak > 4 << 20, "{} bytes", counted.peak);
    assert!(counted.left < 2 << 20, "{} bytes", counted.left);
}
