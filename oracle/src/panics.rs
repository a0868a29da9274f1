//! Panics that end where they are expected: those of libraries, and those of an engine that a
//! campaign wants to survive.
//!
//! A hook that is there already, as a fuzzer's, which aborts, is not told of them.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Calls `f`, silently.
///
/// # Errors
/// It panicked: where.
pub fn caught<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| match EXPECTED.get() {
            true => PLACE.set(info.location().map_or(String::new(), ToString::to_string)),
            false => others(info),
        }));
    });
    let before = EXPECTED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    EXPECTED.set(before);
    result.map_err(|_| PLACE.take())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_located() {
        assert_eq!(caught(|| 1), Ok(1));
        let nested = caught(|| {
            let inner = caught(|| panic!("nobody is told"));
            (inner, EXPECTED.get())
        });
        let (inner, expected): (Result<(), String>, bool) =
            nested.expect("the inner one caught it");
        assert!(inner.expect_err("it panics").contains("panics.rs"));
        assert!(expected && !EXPECTED.get());
    }
}
