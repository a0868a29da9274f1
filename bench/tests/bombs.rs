//! The bombs, small, against our engine: what it allocates and what it emits must not grow faster
//! than its input. Both are the same on every machine and every day, which times are not.

use allocation_counter::{AllocationInfo, measure};
use microwasm_bench::bombs::{BOMBS, Bomb};
use microwasm_bench::engine::{Engine, Failure};
use microwasm_bench::engines;

/// What one compilation came to.
#[derive(Debug)]
struct Cost {
    input: u64,
    code: u64,
    allocated: u64,
    peak: u64,
    allocations: u64,
}

fn cost(engine: &dyn Engine, bomb: &Bomb, size: u32) -> Result<Cost, Failure> {
    let modules = (bomb.build)(size);
    let mut code = Ok(0);
    let info: AllocationInfo = measure(|| {
        code = modules.iter().try_fold(0, |sum, wasm| {
            Ok(sum + engine.compile(wasm)?.code_size().unwrap_or(0) as u64)
        });
    });
    Ok(Cost {
        input: modules.iter().map(|wasm| wasm.len() as u64).sum(),
        code: code?,
        allocated: info.bytes_total,
        peak: info.bytes_max,
        allocations: info.count_total,
    })
}

/// Large enough that what grows faster than the input shows, small enough for a debug build.
fn size_of(bomb: &Bomb) -> u32 {
    let most = if cfg!(debug_assertions) { 1_000 } else { 4_000 };
    (bomb.largest / 64).clamp(16, most)
}

/// A doubling may double what is above the fixed part; buffers that grow by doubling can take that
/// step early or late, so two doublings are looked at as one.
fn grows(small: u64, large: u64, fixed: u64) -> bool {
    large > small * 5 + fixed
}

#[test]
fn bombs_cost_in_proportion_to_their_size() {
    for engine in engines::named(&[engines::OURS.to_owned(), engines::OURS_EXPLICIT.to_owned()])
        .expect("our engine starts")
    {
        for bomb in BOMBS.iter().filter(|bomb| bomb.valid) {
            let size = size_of(bomb);
            // Warm: what an engine allocates once and keeps is not the bomb's.
            let compiled = cost(engine.as_ref(), bomb, 4 * size).and_then(|_| {
                Ok([
                    cost(engine.as_ref(), bomb, size)?,
                    cost(engine.as_ref(), bomb, 4 * size)?,
                ])
            });
            let [small, large] = match compiled {
                Ok(costs) => costs,
                Err(failure) => panic!("{} on {}: {failure}", bomb.name, engine.name()),
            };
            let name = format!("{} on {}: {small:?}, {large:?}", bomb.name, engine.name());
            assert!(!grows(small.code, large.code, 4 << 10), "code: {name}");
            assert!(
                !grows(small.allocated, large.allocated, 64 << 10),
                "allocated: {name}"
            );
            assert!(!grows(small.peak, large.peak, 64 << 10), "peak: {name}");
            assert!(
                !grows(small.allocations, large.allocations, 64),
                "allocations: {name}"
            );
            assert!(
                large.peak <= 64 * (large.code + large.input) + (1 << 20),
                "memory: {name}"
            );
        }
    }
}

#[test]
fn claims_cost_nothing() {
    let claims = BOMBS
        .iter()
        .find(|bomb| !bomb.valid)
        .expect("there is one of claims");
    let engines = engines::named(&[engines::OURS.to_owned()]).expect("our engine starts");
    for wasm in (claims.build)(claims.largest) {
        let mut refused = false;
        let info = measure(|| refused = engines[0].compile(&wasm).is_err());
        assert!(refused, "{wasm:x?}");
        assert!(
            info.bytes_max < 1 << 20,
            "{} bytes for {wasm:x?}",
            info.bytes_max
        );
    }
}
