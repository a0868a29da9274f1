//! wasmi, the reference interpreter, in two versions that share little of their
//! translators: version 2 is the reference, version 1 the witness that is called when the
//! reference and an engine under test do not agree.

mod v1;
mod v2;
mod workaround;

use crate::engine::Engine;

/// The reference.
pub fn reference(name: &'static str) -> impl Engine {
    v2::Wasmi::new(name, ::wasmi::CompilationMode::LazyTranslation)
}

/// The reference, translating each function when the module is compiled.
pub fn eager(name: &'static str) -> impl Engine {
    v2::Wasmi::new(name, ::wasmi::CompilationMode::Eager)
}

/// The witness.
pub fn witness(name: &'static str) -> impl Engine {
    v1::Wasmi::new(name, ::wasmi_1::CompilationMode::LazyTranslation)
}
