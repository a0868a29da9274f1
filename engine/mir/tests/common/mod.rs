//! What the tests share: consumers that record, and modules to feed them.

#![allow(dead_code)] // Each test uses its part.

use microwasm::input::{self, InputError};
use microwasm::verify::{Rules, Verifier, VerifyError};
use microwasm::wasm::{self, Consumer, FunctionBody, Limits, WasmError};
use microwasm::{ModuleInfo, Op, Sink};

/// A module with every section and most kinds of operator.
pub const EVERYTHING: &str = include_str!("everything.wat");

/// Assembles WebAssembly text.
pub fn assemble(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).expect("the test's module is well-formed text")
}

/// Records every operator and source offset as text.
#[derive(Default)]
pub struct Lines(pub Vec<String>);

impl Sink for Lines {
    fn op(&mut self, op: Op<'_>) {
        self.0.push(op.to_string());
    }

    fn source(&mut self, offset: u32) {
        self.0.push(format!("@{offset:#x}"));
    }
}

/// Counts operators and the values that declarations list.
#[derive(Default)]
pub struct Count {
    pub ops: u64,
    pub args: u64,
}

impl Sink for Count {
    fn op(&mut self, op: Op<'_>) {
        self.ops += 1;
        match op {
            Op::Declare(_, decl) => self.args += decl.args.len() as u64,
            Op::BrTable { targets, .. } => self.args += targets.len() as u64,
            _ => {}
        }
    }
}

/// Why a checked translation stopped.
#[derive(Debug, PartialEq)]
pub enum Failure {
    Wasm(WasmError),
    Verify(VerifyError),
}

impl From<WasmError> for Failure {
    fn from(error: WasmError) -> Failure {
        Failure::Wasm(error)
    }
}

/// Translates every function through the verifier into a fresh `S`.
#[derive(Default)]
pub struct Checked<S> {
    pub functions: Vec<S>,
    rules: Option<Rules>,
}

impl<S: Sink + Default> Consumer for Checked<S> {
    type Error = Failure;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Failure> {
        let module = body.module();
        let func = module.func_index(body.index());
        let rules = self
            .rules
            .get_or_insert_with(|| Rules::new(module, &Limits::default()));
        let mut verifier = Verifier::new(module, rules, func, S::default());
        body.translate(&mut verifier)?;
        self.functions
            .push(verifier.finish().map_err(Failure::Verify)?);
        Ok(())
    }
}

/// Translates every function of a module in any form, and keeps the operators as text.
#[derive(Default)]
pub struct Keep(pub Vec<Vec<String>>);

impl input::Consumer for Keep {
    type Error = InputError;

    fn function(&mut self, body: input::FunctionBody<'_>) -> Result<(), InputError> {
        let mut ops = Ops::default();
        body.translate(&mut ops)?;
        self.0.push(ops.0);
        Ok(())
    }
}

/// Records every operator as text, without offsets.
#[derive(Default)]
pub struct Ops(pub Vec<String>);

impl Sink for Ops {
    fn op(&mut self, op: Op<'_>) {
        self.0.push(op.to_string());
    }
}

/// Translates a module in any form.
pub fn read(bytes: &[u8]) -> Result<(ModuleInfo, Vec<Vec<String>>), InputError> {
    let mut keep = Keep::default();
    let info = input::translate(bytes, Limits::default(), &mut keep)?;
    Ok((info, keep.0))
}

/// Translates a module, verified, and returns what it declares and its operators.
pub fn translate(bytes: &[u8]) -> Result<(ModuleInfo, Vec<Vec<String>>), Failure> {
    let mut consumer = Checked::<Lines>::default();
    let info = wasm::translate(bytes, Limits::default(), &mut consumer)?;
    Ok((
        info,
        consumer
            .functions
            .into_iter()
            .map(|lines| lines.0)
            .collect(),
    ))
}

/// As [`translate`]; the module is invalid, unsupported or too large.
pub fn refuse(bytes: &[u8]) -> WasmError {
    match translate(bytes) {
        Err(Failure::Wasm(error)) => error,
        Err(Failure::Verify(error)) => panic!("the front end emitted wrong operators: {error}"),
        Ok(_) => panic!("accepted"),
    }
}

/// A small deterministic generator of random numbers (xorshift64*).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
