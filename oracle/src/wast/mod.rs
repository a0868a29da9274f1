//! Runs spec scripts (`.wast`) in any engine.
//!
//! A script is a list of directives. Each one is checked for itself: a failure is noted
//! with its line and the script goes on, as far as what follows makes sense without it.

mod expect;
mod spectest;

use std::collections::HashMap;
use std::rc::Rc;

use thiserror::Error;
use wast::core::WastArgCore;
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::{Id, Span};
use wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, Wat};

use crate::engine::*;
use crate::prepare::Shape;
use crate::value::Value;

/// What a script came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Directives that did what they should.
    pub passed: usize,
    /// How many of those are assertions.
    pub assertions: usize,
    /// Directives that did not.
    pub failures: Vec<Failure>,
}

/// A directive that did not do what it should.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Line in the script, counted from 1.
    pub line: usize,
    /// Kind of the directive, as it is written.
    pub directive: &'static str,
    /// What went wrong.
    pub why: Wrong,
}

/// What went wrong with a directive.
#[derive(Clone, Debug, Error)]
pub enum Wrong {
    /// The module's text cannot be encoded.
    #[error("the text cannot be encoded: {0}")]
    Text(Box<str>),
    /// The engine refused the module.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The module could not be instantiated.
    #[error("not instantiated: {0}")]
    NotInstantiated(#[from] InstantiateError),
    /// The engine accepted what it should have refused.
    #[error("accepted, but it should have been refused: {0}")]
    Accepted(Box<str>),
    /// There is no module, instance or export of that name.
    #[error("unknown: {0}")]
    Unknown(Box<str>),
    /// It trapped where it should not.
    #[error("trapped: {0}")]
    Trapped(Trap),
    /// It did not trap.
    #[error("expected a trap ({0}), got a result")]
    NoTrap(Box<str>),
    /// It trapped with something else.
    #[error("expected a trap ({expected}), got {got}")]
    OtherTrap {
        /// What the script expects.
        expected: Box<str>,
        /// What happened.
        got: Trap,
    },
    /// It returned something else.
    #[error("expected {expected}, got {got}")]
    Results {
        /// What the script expects.
        expected: Box<str>,
        /// What was returned.
        got: Box<str>,
    },
    /// The directive needs something that the suite does not have.
    #[error("unsupported: {0}")]
    Unsupported(&'static str),
}

/// A script that cannot be run at all.
#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub struct ScriptError {
    /// The parser's report, with the place.
    pub message: Box<str>,
}

/// Runs the script `source` in `engine`.
pub fn run(engine: &dyn Engine, source: &str) -> Result<Summary, ScriptError> {
    let error = |error: wast::Error| ScriptError {
        message: error.to_string().into(),
    };
    // Scripts test that names may hold any character.
    let mut lexer = Lexer::new(source);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(error)?;
    let script = parser::parse::<Wast<'_>>(&buffer).map_err(error)?;
    let mut store = engine.store(Rc::new(spectest::SpecHost), Limits::GENEROUS);
    let spectest = spectest::create(&mut *store);
    let mut runner = Runner {
        store,
        registered: HashMap::from([("spectest".to_owned(), Exports::Items(spectest))]),
        instances: HashMap::new(),
        current: None,
        definitions: HashMap::new(),
        last_definition: None,
    };
    let lines = Lines::new(source);
    let mut summary = Summary::default();
    for directive in script.directives {
        let line = lines.of(directive.span());
        let name = name_of(&directive);
        match runner.directive(directive) {
            Ok(()) => {
                summary.passed += 1;
                summary.assertions += usize::from(name.starts_with("assert"));
            }
            Err(why) => summary.failures.push(Failure {
                line,
                directive: name,
                why,
            }),
        }
    }
    Ok(summary)
}

/// Finds the line of an offset.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn new(source: &str) -> Lines {
        let ends = source
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n');
        Lines {
            starts: std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect(),
        }
    }

    fn of(&self, span: Span) -> usize {
        self.starts.partition_point(|start| *start <= span.offset())
    }
}

fn name_of(directive: &WastDirective<'_>) -> &'static str {
    match directive {
        WastDirective::Module(_) => "module",
        WastDirective::ModuleDefinition(_) => "module definition",
        WastDirective::ModuleInstance { .. } => "module instance",
        WastDirective::AssertMalformed { .. } => "assert_malformed",
        WastDirective::AssertInvalid { .. } => "assert_invalid",
        WastDirective::AssertInvalidCustom { .. } => "assert_invalid_custom",
        WastDirective::AssertMalformedCustom { .. } => "assert_malformed_custom",
        WastDirective::Register { .. } => "register",
        WastDirective::Invoke(_) => "invoke",
        WastDirective::AssertTrap { .. } => "assert_trap",
        WastDirective::AssertReturn { .. } => "assert_return",
        WastDirective::AssertExhaustion { .. } => "assert_exhaustion",
        WastDirective::AssertUnlinkable { .. } => "assert_unlinkable",
        WastDirective::AssertException { .. } => "assert_exception",
        WastDirective::AssertSuspension { .. } => "assert_suspension",
        WastDirective::Thread(_) => "thread",
        WastDirective::Wait { .. } => "wait",
    }
}

/// What can be imported under a registered name.
enum Exports {
    /// The exports of an instance.
    Instance(Instance),
    /// Things made by the host.
    Items(HashMap<&'static str, Extern>),
}

struct Runner {
    store: Box<dyn Store>,
    registered: HashMap<String, Exports>,
    instances: HashMap<String, Instance>,
    current: Option<Instance>,
    definitions: HashMap<String, Vec<u8>>,
    last_definition: Option<Vec<u8>>,
}

impl Runner {
    fn directive(&mut self, directive: WastDirective<'_>) -> Result<(), Wrong> {
        match directive {
            WastDirective::Module(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                // A module that fails must not leave the one before it in its place.
                self.current = None;
                let wasm = encode(&mut module)?;
                let instance = self.instantiate(&wasm)?;
                self.set_current(name, instance);
                Ok(())
            }
            WastDirective::ModuleDefinition(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let wasm = encode(&mut module)?;
                self.store.compile(&wasm)?;
                if let Some(name) = name {
                    self.definitions.insert(name, wasm.clone());
                }
                self.last_definition = Some(wasm);
                Ok(())
            }
            WastDirective::ModuleInstance {
                instance, module, ..
            } => {
                let wasm = match module {
                    Some(id) => self.definitions.get(id.name()).cloned(),
                    None => self.last_definition.clone(),
                };
                let wasm = wasm.ok_or_else(|| unknown("module definition", module))?;
                self.current = None;
                let made = self.instantiate(&wasm)?;
                self.set_current(instance.map(|id| id.name().to_owned()), made);
                Ok(())
            }
            WastDirective::Register { name, module, .. } => {
                let instance = self.instance(module)?;
                self.registered
                    .insert(name.to_owned(), Exports::Instance(instance));
                Ok(())
            }
            WastDirective::Invoke(invoke) => self.invoke(&invoke).map(|_| ()),
            WastDirective::AssertReturn { exec, results, .. } => {
                let got = self.execute(exec)?.map_err(Wrong::Trapped)?;
                expect::results(&results, &got)
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                expect::trap(message, self.execute(exec)?)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                let outcome = match self.invoke(&call) {
                    Ok(results) => Ok(results),
                    Err(Wrong::Trapped(trap)) => Err(trap),
                    Err(wrong) => return Err(wrong),
                };
                expect::trap(message, outcome)
            }
            WastDirective::AssertMalformed {
                mut module,
                message,
                ..
            }
            | WastDirective::AssertInvalid {
                mut module,
                message,
                ..
            } => {
                match module.encode() {
                    // The text format is part of what is malformed or invalid.
                    Err(_) => Ok(()),
                    Ok(wasm) => match self.store.compile(&wasm) {
                        Err(_) => Ok(()),
                        Ok(_) => Err(Wrong::Accepted(message.into())),
                    },
                }
            }
            WastDirective::AssertUnlinkable {
                module, message, ..
            } => {
                let wasm = encode_wat(module)?;
                match self.instantiate(&wasm) {
                    Err(Wrong::NotInstantiated(InstantiateError::Link(_)) | Wrong::Unknown(_)) => {
                        Ok(())
                    }
                    Err(wrong) => Err(wrong),
                    Ok(_) => Err(Wrong::Accepted(message.into())),
                }
            }
            WastDirective::AssertInvalidCustom { .. }
            | WastDirective::AssertMalformedCustom { .. } => {
                Err(Wrong::Unsupported("annotations of custom sections"))
            }
            WastDirective::AssertException { .. } => Err(Wrong::Unsupported("exceptions")),
            WastDirective::AssertSuspension { .. } => Err(Wrong::Unsupported("stack switching")),
            WastDirective::Thread(_) | WastDirective::Wait { .. } => {
                Err(Wrong::Unsupported("threads"))
            }
        }
    }

    fn set_current(&mut self, name: Option<String>, instance: Instance) {
        self.current = Some(instance);
        if let Some(name) = name {
            self.instances.insert(name, instance);
        }
    }

    fn instance(&self, id: Option<Id<'_>>) -> Result<Instance, Wrong> {
        let found = match id {
            Some(id) => self.instances.get(id.name()).copied(),
            None => self.current,
        };
        found.ok_or_else(|| unknown("instance", id))
    }

    fn instantiate(&mut self, wasm: &[u8]) -> Result<Instance, Wrong> {
        let module = self.store.compile(wasm)?;
        let shape = Shape::read(wasm).map_err(|error| Wrong::Text(error.to_string().into()))?;
        let mut imports = Vec::with_capacity(shape.imports.len());
        for import in &shape.imports {
            let found = match self.registered.get(&*import.module) {
                Some(Exports::Instance(instance)) => self.store.export(*instance, &import.name),
                Some(Exports::Items(items)) => items.get(&*import.name).copied(),
                None => None,
            };
            imports.push(found.ok_or_else(|| {
                Wrong::Unknown(format!("import {:?} {:?}", import.module, import.name).into())
            })?);
        }
        Ok(self.store.instantiate(module, &imports)?)
    }

    /// Runs what an assertion is about; the inner error is a trap.
    fn execute(&mut self, exec: WastExecute<'_>) -> Result<Result<Vec<Value>, Trap>, Wrong> {
        match exec {
            WastExecute::Invoke(invoke) => match self.invoke(&invoke) {
                Ok(results) => Ok(Ok(results)),
                Err(Wrong::Trapped(trap)) => Ok(Err(trap)),
                Err(wrong) => Err(wrong),
            },
            WastExecute::Wat(module) => {
                let wasm = encode_wat(module)?;
                match self.instantiate(&wasm) {
                    Ok(_) => Ok(Ok(Vec::new())),
                    Err(Wrong::NotInstantiated(InstantiateError::Trap(trap))) => Ok(Err(trap)),
                    Err(wrong) => Err(wrong),
                }
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module)?;
                match self.store.export(instance, global) {
                    Some(Extern::Global(global)) => Ok(Ok(vec![self.store.global_get(global)])),
                    _ => Err(Wrong::Unknown(format!("exported global {global:?}").into())),
                }
            }
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<Vec<Value>, Wrong> {
        let instance = self.instance(invoke.module)?;
        let Some(Extern::Func(func)) = self.store.export(instance, invoke.name) else {
            return Err(Wrong::Unknown(
                format!("exported function {:?}", invoke.name).into(),
            ));
        };
        let args: Vec<Value> = invoke.args.iter().map(argument).collect::<Result<_, _>>()?;
        let ty = self.store.func_type(func);
        if !args.iter().map(Value::ty).eq(ty.params.iter().copied()) {
            return Err(Wrong::Unsupported(
                "arguments of other types than the parameters",
            ));
        }
        let mut results = Vec::new();
        self.store
            .call(func, &args, &mut results)
            .map_err(Wrong::Trapped)?;
        Ok(results)
    }
}

fn unknown(what: &str, id: Option<Id<'_>>) -> Wrong {
    Wrong::Unknown(match id {
        Some(id) => format!("{what} ${}", id.name()).into(),
        None => format!("no current {what}").into(),
    })
}

fn encode(module: &mut QuoteWat<'_>) -> Result<Vec<u8>, Wrong> {
    module
        .encode()
        .map_err(|error| Wrong::Text(error.to_string().into()))
}

fn encode_wat(mut module: Wat<'_>) -> Result<Vec<u8>, Wrong> {
    module
        .encode()
        .map_err(|error| Wrong::Text(error.to_string().into()))
}

fn argument(arg: &WastArg<'_>) -> Result<Value, Wrong> {
    let WastArg::Core(arg) = arg else {
        return Err(Wrong::Unsupported("components"));
    };
    Ok(match arg {
        WastArgCore::I32(v) => Value::I32(*v as u32),
        WastArgCore::I64(v) => Value::I64(*v as u64),
        WastArgCore::F32(v) => Value::F32(v.bits),
        WastArgCore::F64(v) => Value::F64(v.bits),
        WastArgCore::RefNull(ty) => expect::null(ty)?,
        WastArgCore::RefExtern(v) => Value::ExternRef(Some(*v)),
        WastArgCore::V128(_) => return Err(Wrong::Unsupported("vectors")),
        WastArgCore::RefHost(_) => return Err(Wrong::Unsupported("host references")),
    })
}
