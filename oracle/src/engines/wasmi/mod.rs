//! wasmi in two versions that share little of their translators. Version 1 is the
//! reference. Version 2 has more of the bugs listed in `corpus/reference-bugs`, so that it is
//! only the witness: asked when the reference and an engine under test do not agree.

mod v1;
mod v2;

use crate::engine::Engine;

/// Version 1, translating functions when they are first called.
pub fn first(name: &'static str) -> impl Engine {
    v1::Wasmi::new(name, ::wasmi_1::CompilationMode::LazyTranslation)
}

/// Version 1, translating each function when the module is compiled.
pub fn first_eager(name: &'static str) -> impl Engine {
    v1::Wasmi::new(name, ::wasmi_1::CompilationMode::Eager)
}

/// Version 2.
pub fn second(name: &'static str) -> impl Engine {
    v2::Wasmi::new(name, ::wasmi::CompilationMode::LazyTranslation)
}
