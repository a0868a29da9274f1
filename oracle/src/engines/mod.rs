//! The engines that the suite knows by name: the only place that names them.

pub mod layout;
pub mod microwasm;
pub mod wasmi;
#[cfg(feature = "peers")]
pub mod wasmtime;
pub mod x64;

use self::microwasm::Microwasm;
use crate::engine::Engine;
use ::microwasm::input::Form;
use x64::{Variant, X64};

/// Names that [`by_name`] knows.
pub const NAMES: &[&str] = &[
    "wasmi",
    "x64",
    "x64-explicit",
    "x64-baseline",
    "x64-metered",
    "wasmi-eager",
    "wasmi-2",
    "microwasm",
    "bytecode",
    "x64-perturbed",
    // Indices are what inputs choose by: what not every build has is last.
    #[cfg(feature = "peers")]
    "cranelift",
];

/// The engines that take Microwasm, too; the first is the reference there.
pub const MICROWASM: &[&str] = &[
    "microwasm",
    "x64",
    "x64-explicit",
    "x64-baseline",
    "x64-metered",
    "bytecode",
    "x64-perturbed",
];

/// The engine that judges the others.
pub const REFERENCE: &str = NAMES[0];

/// The engine that decides when the reference and another engine do not agree.
pub const WITNESS: &str = NAMES[WITNESS_INDEX];

/// Who decides when the engine `reference` and another one do not agree.
pub fn witness_against(reference: &str) -> &'static str {
    if reference == WITNESS {
        REFERENCE
    } else {
        WITNESS
    }
}

/// Where [`WITNESS`] is in [`NAMES`].
pub const WITNESS_INDEX: usize = 6;

/// The engines that a module given on the command line is compared in.
pub const DEFAULT: &[&str] = &[
    "wasmi",
    "x64",
    "x64-explicit",
    "x64-baseline",
    "x64-metered",
    "bytecode",
    "x64-perturbed",
];

/// The engines that a module given on the command line is compared in, by its form.
pub fn default_for(module: &[u8]) -> &'static [&'static str] {
    match Form::of(module) {
        Form::Wasm => DEFAULT,
        Form::Binary | Form::Text => MICROWASM,
    }
}

/// The engine that decides about a module when `reference` and another one do not agree, if
/// there is one that takes its form.
pub fn witness_for(module: &[u8], reference: &str) -> Option<Box<dyn Engine>> {
    match Form::of(module) {
        Form::Wasm => by_name(witness_against(reference)),
        Form::Binary | Form::Text => None,
    }
}

/// Which of [`all`] a directed target compares for an input that made this choice: the
/// reference, and one other. The reference takes half of the time: another input finds more than
/// another setting for the same one.
pub fn choose_directed(choice: u64) -> &'static [usize] {
    match choice % 16 {
        0..5 => &[0, 1],
        5..8 => &[0, 2],
        8..12 => &[0, 9],
        12..14 => &[0, 3],
        _ => &[0, 8],
    }
}

/// The engine with this name, if it is one of this project that compiles.
pub fn compiled(name: &str) -> Option<X64> {
    Some(match name {
        "x64" => X64::new("x64", Variant::Guard),
        "x64-explicit" => X64::new("x64-explicit", Variant::Explicit),
        "x64-baseline" => X64::new("x64-baseline", Variant::Baseline),
        "x64-metered" => X64::new("x64-metered", Variant::Metered),
        "bytecode" => X64::new("bytecode", Variant::Bytecode),
        "x64-perturbed" => X64::new("x64-perturbed", Variant::Perturbed),
        _ => return None,
    })
}

/// The engine with this name.
pub fn by_name(name: &str) -> Option<Box<dyn Engine>> {
    Some(match name {
        "wasmi" => Box::new(wasmi::first("wasmi")),
        "wasmi-eager" => Box::new(wasmi::first_eager("wasmi-eager")),
        "wasmi-2" => Box::new(wasmi::second("wasmi-2")),
        "microwasm" => Box::new(Microwasm::new("microwasm")),
        #[cfg(feature = "peers")]
        "cranelift" => Box::new(wasmtime::Wasmtime::cranelift("cranelift")),
        _ => Box::new(compiled(name)?),
    })
}

/// Every engine, in the order of [`NAMES`].
pub fn all() -> Vec<Box<dyn Engine>> {
    NAMES
        .iter()
        .map(|name| by_name(name).expect("every listed name is known"))
        .collect()
}

/// Every engine that takes Microwasm, in the order of [`MICROWASM`].
pub fn microwasm() -> Vec<Box<dyn Engine>> {
    MICROWASM
        .iter()
        .map(|name| by_name(name).expect("every listed name is known"))
        .collect()
}

/// Which of [`all`] to run for random Microwasm: the definitional interpreter, which is the
/// reference, and one or two others.
pub fn choose_microwasm(choice: u8) -> &'static [usize] {
    match choice % 8 {
        0 => &[7, 1],
        1 => &[7, 9],
        2 => &[7, 2],
        3 => &[7, 3],
        4 => &[7, 4],
        5 => &[7, 8],
        6 => &[7, 1, 8],
        _ => &[7, 2, 9],
    }
}

/// Which of [`all`] to run for an input that made this choice: the reference, and mostly
/// the two ways to check bounds or the interpreter. The rest of the settings take their turns,
/// and seldom the definitional interpreter, which is slow.
pub fn choose(choice: u8) -> &'static [usize] {
    if choice % 32 == 31 {
        return &[0, 1, 7];
    }
    match choice % 16 {
        0..3 => &[0, 1, 2],
        3..5 => &[0, 1, 9],
        5..7 => &[0, 1, 8],
        7 => &[0, 9],
        8..10 => &[0, 8],
        10 => &[0, 1],
        11..13 => &[0, 3],
        13 => &[0, 4],
        14 => &[0, 1, 2, 3, 4, 8, 9],
        _ => &[0, 2, 5],
    }
}
