//! Generators that go where random modules seldom get: register pressure, operand places,
//! block arguments, calls of the host.
//!
//! Each receives the bytes of an input and hands on a valid case; no input is refused. Four
//! bytes of header make the seed, the rest decides, byte by byte, what is generated, and
//! generation ends with them: small inputs make small modules.

pub mod ops;
mod single_op;
mod soup;
mod source;
mod targets;
mod values;
pub mod writer;

pub use source::Source;

use crate::choice::{Choices, mix};
use crate::compare::NanRule;
use crate::engine::Limits;
use crate::run::{Case, Invocation};
use crate::value::{FuncName, Value};
use writer::ModuleWriter;

/// The generators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directed {
    /// One operator, its operands everywhere.
    SingleOp,
    /// More values than registers.
    Spill,
    /// Blocks, loops and switches that take values.
    BlockArgs,
    /// Calls of the host.
    HostCalls,
}

/// How many bytes of an input are its seed.
const HEADER: usize = 4;

/// One input in so many makes a function that is very long.
const LONG: u64 = 2048;

/// How many bytes such a function comes of.
const LONG_BYTES: usize = 60_000;

/// What is in memory at the start.
const DATA: [u8; 64] = {
    let mut data = [0; 64];
    let mut at = 0;
    while at < data.len() {
        data[at] = (at as u8).wrapping_mul(37).wrapping_add(0x81);
        at += 1;
    }
    data
};

/// Functions to call, with arguments.
type Calls = Vec<(u32, Vec<Value<FuncName>>)>;

/// The case that `bytes` stand for.
pub fn case(directed: Directed, bytes: &[u8]) -> Case {
    let (header, rest) = bytes.split_at(bytes.len().min(HEADER));
    let seed = header
        .iter()
        .fold(0, |seed, byte| mix(seed, u64::from(*byte)));
    let mut long = Vec::new();
    let mut source = Source::new(rest);
    if directed == Directed::Spill && seed % LONG == 0 {
        let mut more = Choices::new(seed);
        long.extend_from_slice(rest);
        while long.len() < LONG_BYTES {
            long.extend(more.bits().to_le_bytes());
        }
        source = Source::new(&long);
    }
    let (module, calls) = match directed {
        Directed::SingleOp => single_op::module(&mut source),
        Directed::Spill => targets::spill(&mut source, !long.is_empty()),
        Directed::BlockArgs => targets::block_args(&mut source),
        Directed::HostCalls => targets::host_calls(&mut source),
    };
    case_of(module, calls, seed)
}

fn case_of(module: ModuleWriter, calls: Calls, seed: u64) -> Case {
    let (wasm, shape) = module.finish();
    let invocations = calls.into_iter().map(|(func, args)| Invocation {
        export: format!("f{func}").into(),
        args,
    });
    Case {
        wasm,
        invocations: invocations.collect(),
        shape: shape.into(),
        seed,
        nans: NanRule::Hidden,
        limits: Limits::DIFFERENTIAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::{FEATURES, Shape};

    #[test]
    fn every_input_makes_a_valid_module_of_the_shape_that_is_claimed() {
        for directed in [
            Directed::SingleOp,
            Directed::Spill,
            Directed::BlockArgs,
            Directed::HostCalls,
        ] {
            for number in 0..2000u64 {
                let mut choices = Choices::new(number);
                let length = choices.below(60);
                let bytes: Vec<u8> = (0..length)
                    .flat_map(|_| choices.bits().to_le_bytes())
                    .collect();
                let case = case(directed, &bytes);
                let valid = wasmparser::Validator::new_with_features(FEATURES)
                    .validate_all(&case.wasm)
                    .map(|_| ());
                assert!(valid.is_ok(), "{directed:?} {number}: {valid:?}");
                assert_eq!(Shape::read(&case.wasm).ok().as_ref(), Some(&*case.shape));
                assert!(!case.invocations.is_empty());
            }
        }
    }
}
