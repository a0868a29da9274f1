//! What is found: the guilty operator, its surroundings, and a key that other findings of the
//! same bug have, too.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::run::Stage;

/// An operator that does not do what it should.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The engine that is wrong.
    pub engine: String,
    /// Which part of it, as far as that is known.
    pub stage: Option<Stage>,
    /// What differs in the end.
    pub difference: String,
    /// The function.
    pub function: Option<Function>,
    /// The operator of WebAssembly.
    pub wasm: Option<WasmOp>,
    /// The operator of Microwasm; none if it is not in a function's code.
    pub op: Option<MicrowasmOp>,
    /// What was wrong with it.
    pub symptom: String,
    /// Values that are wrong after it.
    pub wrong: Vec<WrongValue>,
    /// The code that was made of it.
    pub code: Vec<CodeLine>,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// The same for findings of the same bug, mostly.
    pub key: String,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its index in the module.
    pub index: u32,
    /// Its name, if the module has one for it.
    pub name: Option<String>,
}

/// An operator of WebAssembly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasmOp {
    /// Its offset in the module that was run.
    pub offset: u32,
    /// As text.
    pub text: String,
}

/// An operator of Microwasm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MicrowasmOp {
    /// Its number in the function, declarations and labels included.
    pub number: u32,
    /// As text.
    pub text: String,
    /// Its operands, lowest first, or the uppermost of them.
    pub operands: Vec<OperandAt>,
}

/// An operand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperandAt {
    /// Its position on the stack, from the bottom.
    pub position: u32,
    /// Where it is.
    pub place: String,
    /// What kind of place that is.
    pub kind: String,
    /// Its value; none if the process died.
    pub value: String,
}

/// A value that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongValue {
    /// What it is.
    pub what: String,
    /// Where it is.
    pub place: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub got: String,
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeLine {
    /// Its offset in the function.
    pub offset: u32,
    /// As text.
    pub text: String,
}

/// The symptom of a compare that was pending, and was put into a register by the operator
/// after it.
pub(super) const SETTLED: &str = "compare settled wrongly";

impl Finding {
    /// Fills in the key.
    pub(super) fn with_key(mut self) -> Finding {
        let made = self.op.as_ref().map(|op| op.text.as_str());
        if self.stage == Some(Stage::Runtime) && made.is_some_and(is_code_alone) {
            self.stage = Some(Stage::CodeGen);
        }
        let stage = self.stage.map_or("unknown", |stage| match stage {
            Stage::Reference => "reference",
            Stage::BackEnd => match self.engine.as_str() {
                "bytecode" => "backend-bytecode",
                _ => "backend-x64",
            },
            Stage::FrontEnd => "front-end",
            Stage::Linker => "linker",
            Stage::Runtime => "runtime",
            Stage::CodeGen => "codegen",
        });
        let wasm = self.wasm.as_ref().map(|op| &op.text);
        let op = match self.stage {
            Some(Stage::FrontEnd | Stage::Reference) => wasm,
            _ => self.op.as_ref().map(|op| &op.text).or(wasm),
        };
        let mut mnemonic = op.and_then(|text| text.split_whitespace().next());
        let mut operands = self.op.as_ref().map_or(&[][..], |op| &op.operands);
        if self.symptom == SETTLED {
            // Whatever comes after the compare.
            (mnemonic, operands) = (None, &[]);
        }
        let mut kinds: Vec<&str> = operands.iter().map(|at| at.kind.as_str()).collect();
        if kinds.len() > 3 {
            kinds.sort_unstable();
            kinds.dedup();
        }
        let kinds = match kinds.is_empty() {
            true => "-".to_owned(),
            false => kinds.join(","),
        };
        self.key = [
            stage,
            mnemonic.unwrap_or("-"),
            &kinds,
            &self.symptom.replace(", ", "-").replace(' ', "-"),
        ]
        .join("/");
        self
    }
}

/// Whether an operator of Microwasm computes, moves values or branches, and knows nothing that
/// the runtime keeps or does.
fn is_code_alone(text: &str) -> bool {
    let mnemonic = text.split_whitespace().next().unwrap_or_default();
    let kept = ["memory", "data", "table", "elem", "global", "ref", "call"];
    !kept.iter().any(|family| mnemonic.starts_with(family))
        && !mnemonic.contains("load")
        && !mnemonic.contains("store")
}

/// One screen, for people.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |key: &str, text: &dyn fmt::Display| writeln!(f, "{key:<10} {text}");
        row("engine", &self.engine)?;
        match self.stage {
            Some(stage) => row("stage", &stage)?,
            None => row("stage", &"not known")?,
        }
        row("differs", &self.difference)?;
        if let Some(Function { index, name }) = &self.function {
            match name {
                Some(name) => row("function", &format_args!("{index} (${name})"))?,
                None => row("function", index)?,
            }
        }
        if let Some(WasmOp { offset, text }) = &self.wasm {
            row("wasm", &format_args!("{text}, at offset {offset:#x}"))?;
        }
        if let Some(MicrowasmOp { number, text, .. }) = &self.op {
            row("microwasm", &format_args!("{text}, number {number}"))?;
        }
        let operands = self.op.as_ref().map_or(&[][..], |op| &op.operands);
        for at in operands {
            let OperandAt {
                position,
                place,
                value,
                ..
            } = at;
            row(
                "  operand",
                &format_args!("[{position}] {value} in {place}"),
            )?;
        }
        row("symptom", &self.symptom)?;
        for wrong in &self.wrong {
            let WrongValue {
                what,
                place,
                expected,
                got,
            } = wrong;
            row(
                "  wrong",
                &format_args!("{what} in {place}: expected {expected}, got {got}"),
            )?;
        }
        for (index, line) in self.code.iter().enumerate() {
            let key = if index == 0 { "code" } else { "" };
            row(key, &format_args!("{:5x}  {}", line.offset, line.text))?;
        }
        for note in &self.notes {
            row("note", note)?;
        }
        let mut key = String::new();
        write!(key, "{}", self.key)?;
        write!(f, "{:<10} {key}", "key")
    }
}
