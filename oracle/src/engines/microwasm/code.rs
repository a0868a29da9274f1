//! Modules as they are kept: declarations, and operators in a row.

use std::rc::Rc;

use microwasm::input::{self, Consumer, FunctionBody, InputError};
use microwasm::verify::{Rules, Verifier, VerifyError};
use microwasm::wasm::Limits;
use microwasm::{FuncIndex, Label, ModuleInfo, Op, Sink};

use crate::engine::{Refusal, RefusalKind};

/// A module in memory.
pub(super) struct Module {
    pub(super) info: ModuleInfo,
    /// One per function with a body.
    pub(super) bodies: Vec<Rc<Code>>,
}

/// The body of a function.
pub(super) struct Code {
    /// Its index in the module.
    pub(super) func: FuncIndex,
    pub(super) ops: Vec<Inst>,
    /// By label; the first is the return, which is nowhere.
    pub(super) blocks: Vec<Block>,
}

/// An operator that is executed.
pub(super) enum Inst {
    /// Any but a branch table.
    Op(Op<'static>),
    /// Targets and default.
    BrTable(Box<[Label]>, Label),
}

/// A block.
#[derive(Clone, Copy, Default)]
pub(super) struct Block {
    /// Its first operator.
    pub(super) start: usize,
    /// Height of the stack below its arguments.
    pub(super) base: usize,
    /// How many arguments it takes.
    pub(super) args: usize,
}

impl Sink for Code {
    fn op(&mut self, op: Op<'_>) {
        match op {
            Op::Declare(_, decl) => self.blocks.push(Block {
                start: usize::MAX,
                base: decl.base.index(),
                args: decl.args.len(),
            }),
            Op::Label(label) => self.blocks[label.index()].start = self.ops.len(),
            Op::BrTable { targets, default } => {
                self.ops.push(Inst::BrTable(targets.into(), default));
            }
            op => {
                let op = op.without_list();
                self.ops
                    .push(Inst::Op(op.expect("the two with lists are above")));
            }
        }
    }
}

impl Module {
    /// Reads a module in any form. What the front end makes of WebAssembly is verified,
    /// too: a mistake there is a refusal here.
    pub(super) fn read(bytes: &[u8]) -> Result<Module, Refusal> {
        let mut bodies = Bodies::default();
        match input::translate(bytes, Limits::default(), &mut bodies) {
            Ok(info) => Ok(Module {
                info,
                bodies: bodies.codes,
            }),
            Err(Failure::Input(error)) => Err(Refusal::of_input(&error)),
            Err(Failure::Verify(error)) => Err(Refusal {
                kind: RefusalKind::Invalid,
                message: error.to_string().into(),
                offset: Some(error.source_offset.into()),
            }),
        }
    }
}

#[derive(Default)]
struct Bodies {
    codes: Vec<Rc<Code>>,
    rules: Option<Rules>,
}

enum Failure {
    Input(InputError),
    Verify(VerifyError),
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Failure {
        Failure::Input(error)
    }
}

impl Consumer for Bodies {
    type Error = Failure;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Failure> {
        let module = body.module();
        let func = module.func_index(body.index());
        let rules = self
            .rules
            .get_or_insert_with(|| Rules::new(module, &Limits::default()));
        let code = Code {
            func,
            ops: Vec::new(),
            blocks: vec![Block {
                start: usize::MAX,
                base: 0,
                args: module.func_type(func).results.len(),
            }],
        };
        let mut verifier = Verifier::new(module, rules, func, code);
        body.feed(&mut verifier)?;
        let code = verifier.finish().map_err(Failure::Verify)?;
        self.codes.push(Rc::new(code));
        Ok(())
    }
}
