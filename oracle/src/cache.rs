//! The compile cache against compiling: what is found is what compiling gives.
//!
//! Receives bytes, which make a module and choose changes to it. Every version of the module
//! is compiled from scratch and with a cache that has seen the versions before; both must
//! come to the same code, or to the same refusal. A part of a function's environment that is
//! missing in its key shows as soon as a change touches that part and nothing else.

use microwasm_runtime::{CompileCache, Config, Engine, Module};
use wasmparser::BinaryReader;

use crate::choice::Choices;
use crate::decode::{describe, same};
use crate::generate;

/// What came of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cached {
    /// With the cache as without it, in all versions.
    Same {
        /// Functions that were found in the cache.
        hits: u64,
        /// Versions that were valid, of those compiled.
        valid: usize,
    },
    /// No module came of the input.
    Discarded,
    /// The cache made a difference.
    Differs(Difference),
}

/// A difference that the cache made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version {version}: from scratch {fresh}\nwith the cache {cached}")]
pub struct Difference {
    /// The version, counted from 0.
    version: usize,
    /// What came of it from scratch.
    fresh: String,
    /// What came of it with the cache.
    cached: String,
}

impl Cached {
    /// Panics if the cache made a difference.
    pub fn or_panic(self) {
        if let Cached::Differs(difference) = self {
            panic!("{difference}");
        }
    }
}

/// Bytes of a cache: more than all versions of a module need.
const CACHE: usize = 64 << 20;
/// Versions between the first and the last, which are the module as it was generated.
const CHANGES: usize = 12;

/// Compiles versions of the module that `bytes`, less the first eight, stand for.
pub fn cache(bytes: &[u8]) -> Cached {
    let (seed, rest) = bytes.split_at(bytes.len().min(8));
    let seed = seed
        .iter()
        .fold(0, |seed, byte| seed << 8 | u64::from(*byte));
    let Ok(generated) = generate::module(rest) else {
        return Cached::Discarded;
    };
    versions(&generated.wasm, seed)
}

fn versions(wasm: &[u8], seed: u64) -> Cached {
    let mut choices = Choices::new(seed);
    let cache = CompileCache::in_memory(CACHE);
    let fresh = Engine::new(&Config::new()).expect("the default configuration is supported");
    let cached = Engine::new(Config::new().cache(&cache)).expect("so it is with a cache");
    let mut valid = 0;
    for version in 0..CHANGES + 2 {
        let first_or_last = version == 0 || version == CHANGES + 1;
        let changed = if first_or_last {
            wasm.to_vec()
        } else {
            change(wasm, &mut choices)
        };
        let (a, b) = (
            Module::new(&fresh, &changed),
            Module::new(&cached, &changed),
        );
        if !same(&a, &b) {
            return Cached::Differs(Difference {
                version,
                fresh: describe(&a),
                cached: describe(&b),
            });
        }
        valid += usize::from(a.is_ok());
    }
    Cached::Same {
        hits: cache.stats().hits,
        valid,
    }
}

/// Entries that can be put into a section, by its number.
const ENTRIES: [(u8, &[u8]); 6] = [
    // A type: [] -> [].
    (1, b"\x60\0\0"),
    // A function, of type 0, and an immutable global.
    (2, b"\x01x\x01f\x00\x00"),
    (2, b"\x01x\x01g\x03\x7f\x00"),
    // A table of no functions.
    (4, b"\x70\0\0"),
    // Mutable globals.
    (6, b"\x7f\x01\x41\0\x0b"),
    (6, b"\x7e\x01\x42\0\x0b"),
];

/// A version of the module: another declaration, another body, or other bytes.
fn change(wasm: &[u8], choices: &mut Choices) -> Vec<u8> {
    let changed = match choices.below(4) {
        0 | 1 => {
            let (section, entry) = ENTRIES[choices.below(ENTRIES.len() as u64) as usize];
            let in_front = choices.one_in(2);
            edit_section(wasm, section, |contents| insert(contents, entry, in_front))
        }
        2 => {
            let func = choices.bits();
            edit_section(wasm, 10, |contents| add_nop(contents, func))
        }
        _ => None,
    };
    changed.unwrap_or_else(|| {
        let mut changed = wasm.to_vec();
        let at = 8 + choices.below(changed.len().saturating_sub(8) as u64 + 1) as usize;
        if let Some(byte) = changed.get_mut(at) {
            *byte = match choices.below(3) {
                0 => byte.wrapping_add(1),
                1 => *byte ^ 1 << choices.below(8),
                _ => choices.bits() as u8,
            };
        }
        changed
    })
}

/// The module with another content of a section, if it has that section.
fn edit_section(
    wasm: &[u8],
    id: u8,
    edit: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut reader = BinaryReader::new(wasm, 0);
    reader.read_bytes(8).ok()?;
    while !reader.eof() {
        let start = reader.current_position();
        let found = reader.read_u8().ok()?;
        let size = reader.read_var_u32().ok()? as usize;
        let contents = reader.read_bytes(size).ok()?;
        if found == id {
            let new = edit(contents)?;
            let mut changed = wasm[..start].to_vec();
            changed.push(id);
            leb128(&mut changed, new.len());
            changed.extend_from_slice(&new);
            changed.extend_from_slice(&wasm[reader.current_position()..]);
            return Some(changed);
        }
    }
    None
}

/// A vector with one entry more.
fn insert(contents: &[u8], entry: &[u8], in_front: bool) -> Option<Vec<u8>> {
    let mut reader = BinaryReader::new(contents, 0);
    let count = reader.read_var_u32().ok()? as usize;
    let entries = &contents[reader.current_position()..];
    let (first, last) = if in_front {
        (entry, entries)
    } else {
        (entries, entry)
    };
    let mut new = Vec::new();
    leb128(&mut new, count + 1);
    new.extend_from_slice(first);
    new.extend_from_slice(last);
    Some(new)
}

/// A code section with a `nop` at the end of one function.
fn add_nop(contents: &[u8], func: u64) -> Option<Vec<u8>> {
    let mut reader = BinaryReader::new(contents, 0);
    let count = reader.read_var_u32().ok()?;
    let chosen = func.checked_rem(u64::from(count))?;
    let mut new = Vec::new();
    leb128(&mut new, count as usize);
    for index in 0..u64::from(count) {
        let size = reader.read_var_u32().ok()? as usize;
        let body = reader.read_bytes(size).ok()?;
        let (end, operators) = body.split_last()?;
        if index == chosen {
            leb128(&mut new, size + 1);
            new.extend_from_slice(operators);
            new.extend_from_slice(&[0x01, *end]);
        } else {
            leb128(&mut new, size);
            new.extend_from_slice(body);
        }
    }
    Some(new)
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(seed: u64) -> Vec<u8> {
        let mut choices = Choices::new(seed);
        (0..60).flat_map(|_| choices.bits().to_le_bytes()).collect()
    }

    #[test]
    fn generated_modules() {
        let (mut all_hits, mut all_valid, mut modules) = (0, 0, 0);
        for seed in 0..40 {
            match cache(&input(seed)) {
                Cached::Same { hits, valid } => {
                    all_hits += hits;
                    all_valid += valid;
                    modules += 1;
                }
                Cached::Discarded => {}
                differs => differs.or_panic(),
            }
        }
        assert!(modules > 20, "{modules} modules");
        assert!(all_valid > 4 * modules, "{all_valid} versions were valid");
        assert!(all_hits > 100, "{all_hits} hits");
    }

    /// Every function but the one that was changed is found.
    #[test]
    fn only_what_was_changed_is_compiled() {
        const MODULE: &str = "(module (memory 1) (global $g (mut i32) (i32.const 0)) \
            (func $a (result i32) (global.get $g)) (func $b (result i32) (call $a)) \
            (func $c (param i32) (result i32) (i32.load (local.get 0))))";
        let wasm = wat::parse_str(MODULE).expect("the text is well-formed");
        let nop = edit_section(&wasm, 10, |code| add_nop(code, 1)).expect("there is code");
        let ty = edit_section(&wasm, 1, |types| insert(types, ENTRIES[0].1, false));
        let ty = ty.expect("there are types");
        let cache = CompileCache::in_memory(CACHE);
        let engine = Engine::new(Config::new().cache(&cache)).expect("supported");
        let found = |wasm: &[u8]| {
            let before = cache.stats();
            Module::new(&engine, wasm).expect("it is valid");
            let after = cache.stats();
            (after.hits - before.hits, after.misses - before.misses)
        };
        assert_eq!(found(&wasm), (0, 3));
        assert_eq!(found(&wasm), (3, 0));
        assert_eq!(found(&nop), (2, 1));
        // Another type moves the globals in the vmctx; only one function uses them.
        assert_eq!(found(&ty), (2, 1));
    }
}
