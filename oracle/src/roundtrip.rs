//! Any module in any form: the forms say the same, and a mutated one is an error or a
//! module that verifies.
//!
//! Receives bytes: the first chooses where the module comes from (generated as WebAssembly
//! or as Microwasm), the others make it and the mutations. Nothing is executed; every
//! module that is accepted is compiled.

use std::cell::OnceCell;
use std::fmt;

use microwasm::binary::{self, OpWriter};
use microwasm::input::{self, Consumer, FunctionBody, InputError, ModuleReader};
use microwasm::text::{self, Offsets};
use microwasm::verify::{Rules, Verifier, VerifyError};
use microwasm::wasm::Limits;
use microwasm_runtime::{CompileError, Config, Engine, Error, Module};

use crate::choice::{Choices, mix};
use crate::generate;

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roundtrip {
    /// No module came of the input.
    Discarded,
    /// Everything holds; so many of the mutations were modules.
    Fine {
        /// Mutated modules looked at.
        mutated: u32,
        /// How many of them were accepted.
        accepted: u32,
    },
    /// Something does not hold.
    Broken(Broken),
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The front end's own output does not verify.
    #[error("the front end's output does not verify: {0}")]
    Verify(#[from] VerifyError),
    /// What was written cannot be read.
    #[error("{form} that was written is refused: {error}")]
    Refused {
        /// The form.
        form: &'static str,
        /// Why it is refused.
        error: Box<str>,
    },
    /// One form, by two ways, is not the same.
    #[error("{0} differs")]
    Differs(&'static str),
    /// The code differs between two forms of a module.
    #[error("machine code of {0} differs")]
    Code(&'static str),
    /// A module that verifies is not compiled.
    #[error("a valid module is not compiled: {0}")]
    Compile(Box<str>),
}

impl Roundtrip {
    /// Panics with a readable report if something does not hold.
    pub fn or_panic(self) {
        if let Roundtrip::Broken(broken) = self {
            panic!("{broken}");
        }
    }
}

/// Mutated modules per input, half of them texts.
const MUTATIONS: u32 = 2;

/// Judges the input.
pub fn roundtrip(bytes: &[u8]) -> Roundtrip {
    let (first, rest) = match bytes.split_first() {
        Some((first, rest)) => (*first, rest),
        None => (0, bytes),
    };
    let module = if first % 4 == 0 {
        match generate::module(rest) {
            Ok(generated) => generated.wasm,
            Err(_) => return Roundtrip::Discarded,
        }
    } else {
        generate::microwasm::module(rest)
    };
    let seed = bytes.iter().fold(3, |hash, &byte| mix(hash, byte.into()));
    match check(&module, &mut Choices::new(seed)) {
        Ok(accepted) => Roundtrip::Fine {
            mutated: MUTATIONS,
            accepted,
        },
        Err(broken) => Roundtrip::Broken(broken),
    }
}

/// Checks a module and mutations of it; says how many of these were accepted.
fn check(module: &[u8], choices: &mut Choices) -> Result<u32, Broken> {
    let (text, binary) = forms(module)?;
    let compiled = compile(module)?;
    for (form, bytes) in [("the binary", &binary[..]), ("the text", text.as_bytes())] {
        if compile(bytes)? != compiled {
            return Err(Broken::Code(form));
        }
    }
    let mut accepted = 0;
    for round in 0..MUTATIONS {
        let mutated = match round % 2 {
            0 => mutate(binary.clone(), choices),
            _ => mutate(text.clone().into_bytes(), choices),
        };
        let whole = binary::write(&mutated, Limits::default());
        let size = 1 + choices.below(mutated.len() as u64) as usize;
        if whole.as_ref().err() != in_chunks(&mutated, size).err().as_ref() {
            return Err(Broken::Differs("the verdict in chunks"));
        }
        if whole.is_ok() {
            forms(&mutated)?;
            compile(&mutated)?;
            accepted += 1;
        }
    }
    Ok(accepted)
}

/// Text and binary of a valid module, which are the same by every way.
fn forms(module: &[u8]) -> Result<(String, Vec<u8>), Broken> {
    verify(module)?;
    let text = print("the module as text", module)?;
    let binary = write("the module as binary", module)?;
    if print("the binary", &binary)? != text || print("the text", text.as_bytes())? != text {
        return Err(Broken::Differs("the text"));
    }
    if write("the binary", &binary)? != binary || write("the text", text.as_bytes())? != binary {
        return Err(Broken::Differs("the binary"));
    }
    Ok((text, binary))
}

fn refused(form: &'static str) -> impl Fn(InputError) -> Broken {
    move |error| Broken::Refused {
        form,
        error: error.to_string().into(),
    }
}

fn print(form: &'static str, module: &[u8]) -> Result<String, Broken> {
    text::print(module, Limits::default(), Offsets::Hide).map_err(refused(form))
}

fn write(form: &'static str, module: &[u8]) -> Result<Vec<u8>, Broken> {
    binary::write(module, Limits::default()).map_err(refused(form))
}

/// Holds every function to the verifier's rules, also those of the front end.
struct Verify(Option<Rules>);

enum Failure {
    Input(InputError),
    Verify(VerifyError),
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Failure {
        Failure::Input(error)
    }
}

impl Consumer for Verify {
    type Error = Failure;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Failure> {
        let module = body.module();
        let func = module.func_index(body.index());
        let rules = self
            .0
            .get_or_insert_with(|| Rules::new(module, &Limits::default()));
        let mut bytes = Vec::new();
        let mut verifier = Verifier::new(module, rules, func, OpWriter::new(&mut bytes));
        body.feed(&mut verifier)?;
        verifier.finish().map(drop).map_err(Failure::Verify)
    }
}

fn verify(module: &[u8]) -> Result<(), Broken> {
    match input::translate(module, Limits::default(), &mut Verify(None)) {
        Ok(_) => Ok(()),
        Err(Failure::Verify(error)) => Err(Broken::Verify(error)),
        Err(Failure::Input(error)) => Err(refused("the module")(error)),
    }
}

/// The verdict on a module that arrives in chunks.
fn in_chunks(module: &[u8], size: usize) -> Result<(), InputError> {
    let mut writer = binary::ModuleWriter::default();
    let mut reader = ModuleReader::new(Limits::default());
    for chunk in module.chunks(size) {
        reader.push(chunk, &mut writer)?;
    }
    reader.finish(&mut writer).map(drop)
}

/// The machine code of a valid module; empty if a limit of the compiler is exceeded.
fn compile(module: &[u8]) -> Result<Vec<u8>, Broken> {
    thread_local! {
        static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
    }
    ENGINE.with(|engine| {
        let engine = engine.get_or_init(|| {
            Engine::new(&Config::new()).expect("the default configuration is supported")
        });
        match Module::new(engine, module) {
            Ok(module) => Ok(module.code().bytes.to_vec()),
            Err(Error::Compile(
                error @ (CompileError::Wasm(_) | CompileError::Binary(_) | CompileError::Text(_)),
            )) => Err(Broken::Compile(error.to_string().into())),
            Err(_) => Ok(Vec::new()),
        }
    })
}

/// Changes one to four places: a byte, a bit, or a piece that moves, goes or comes twice.
fn mutate(mut bytes: Vec<u8>, choices: &mut Choices) -> Vec<u8> {
    for _ in 0..1 + choices.below(4) {
        let at = choices.below(bytes.len() as u64) as usize;
        let end = (at + 1 + choices.below(12) as usize).min(bytes.len());
        match choices.below(6) {
            0 => bytes[at] = choices.bits() as u8,
            1 => bytes[at] ^= 1 << choices.below(8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = choices.below(bytes.len() as u64) as usize;
                bytes.splice(to..to, piece);
            }
            4 => {
                let other = choices.below(bytes.len() as u64) as usize;
                bytes.swap(at, other);
            }
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

impl fmt::Display for Roundtrip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Roundtrip::Discarded => f.write_str("discarded"),
            Roundtrip::Fine { mutated, accepted } => {
                write!(f, "fine; {accepted} of {mutated} mutations accepted")
            }
            Roundtrip::Broken(broken) => broken.fmt(f),
        }
    }
}
