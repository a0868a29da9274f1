//! Any bytes, in any chunking, on any number of threads: a module or a typed error, and always the
//! same one.
//!
//! Receives bytes, the first of which choose how the rest is cut into chunks, and whether two threads
//! compile these. Compiles the rest as a whole and in chunks, and compares what came of it.

use std::cell::LazyCell;

use microwasm_runtime::{Config, Engine, Error, Module};

/// What came of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Accepted both times, with the same code.
    Module,
    /// Refused both times, for the same reason.
    Refused(String),
    /// The chunking made a difference.
    Differs {
        /// What came of the bytes as a whole.
        whole: String,
        /// What came of them in chunks.
        chunked: String,
    },
}

impl Decoded {
    /// Panics if the chunking made a difference.
    pub fn or_panic(self) {
        if let Decoded::Differs { whole, chunked } = self {
            panic!("as a whole: {whole}\nin chunks: {chunked}");
        }
    }
}

/// Compiles `bytes`, less the first two, as a whole and in chunks.
pub fn decode(bytes: &[u8]) -> Decoded {
    thread_local! {
        /// With one thread, and with two.
        static ENGINES: LazyCell<[Engine; 2]> = LazyCell::new(|| [1, 2].map(|threads| {
            Engine::new(Config::new().compile_threads(threads)).expect("it is supported")
        }));
    }
    let (head, wasm) = bytes.split_at(bytes.len().min(2));
    ENGINES.with(|engines| {
        let threads = head.first().map_or(0, |byte| usize::from(byte & 1));
        judge(
            Module::new(&engines[0], wasm),
            in_chunks(&engines[threads], wasm, head),
        )
    })
}

fn in_chunks(engine: &Engine, mut wasm: &[u8], head: &[u8]) -> Result<Module, Error> {
    // A linear congruential generator (Knuth's MMIX constants) from the first bytes.
    let mut state = head
        .iter()
        .fold(1u64, |state, byte| state << 8 | u64::from(*byte));
    let mut builder = Module::stream(engine);
    while !wasm.is_empty() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let size = 1usize << (state >> 60);
        let (chunk, rest) = wasm.split_at(size.min(wasm.len()));
        builder.push(chunk)?;
        wasm = rest;
    }
    builder.finish()
}

fn judge(whole: Result<Module, Error>, chunked: Result<Module, Error>) -> Decoded {
    if !same(&whole, &chunked) {
        return Decoded::Differs {
            whole: describe(&whole),
            chunked: describe(&chunked),
        };
    }
    match whole {
        Ok(_) => Decoded::Module,
        Err(error) => Decoded::Refused(error.to_string()),
    }
}

/// Whether two compilations came to the same.
pub(crate) fn same(a: &Result<Module, Error>, b: &Result<Module, Error>) -> bool {
    match (a, b) {
        // The same in all that linking depends on: relocations, traps, frames. The code as it
        // is executed differs in the addresses of builtins at most.
        (Ok(a), Ok(b)) => a.serialize() == b.serialize() && a.code().bytes == b.code().bytes,
        (Err(a), Err(b)) => a.to_string() == b.to_string(),
        _ => false,
    }
}

pub(crate) fn describe(result: &Result<Module, Error>) -> String {
    match result {
        Ok(module) => format!("a module with {} bytes of code", module.code().bytes.len()),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &[u8] =
        b"12\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x0a\x06\x01\x04\0\x41\x2a\x0b";

    #[test]
    fn accepts_and_refuses_alike() {
        assert_eq!(decode(MODULE), Decoded::Module);
        for len in 0..MODULE.len() {
            let decoded = decode(&MODULE[..len]);
            // The header alone is a module, and so is the header with the types.
            let valid = len == 10 || len == 17;
            assert_eq!(decoded == Decoded::Module, valid, "{len}: {decoded:?}");
            assert!(
                !matches!(decoded, Decoded::Differs { .. }),
                "{len}: {decoded:?}"
            );
        }
    }

    #[test]
    fn reports_a_difference() {
        let engine = Engine::new(&Config::new()).expect("supported");
        let decoded = judge(
            Module::new(&engine, &MODULE[2..]),
            Module::new(&engine, b"\0asm"),
        );
        assert!(matches!(decoded, Decoded::Differs { .. }), "{decoded:?}");
    }
}
