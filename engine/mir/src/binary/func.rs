//! One function body: from its bytes to operators, checked one by one.

use super::bytes::Bytes;
use super::error::{BinaryError, Malformed};
use crate::immediates::Scratch;
use crate::module::ModuleInfo;
use crate::op::Sink;
use crate::opcode::Opcode;
use crate::types::DefinedFuncIndex;
use crate::verify::{Rules, Verifier, VerifyError};

/// A function body that has been found and not looked into yet.
pub struct FunctionBody<'a> {
    pub(super) index: DefinedFuncIndex,
    pub(super) offset: u32,
    pub(super) bytes: &'a [u8],
    pub(super) module: &'a ModuleInfo,
    pub(super) rules: &'a Rules,
    pub(super) scratch: &'a mut Scratch,
}

impl<'a> FunctionBody<'a> {
    /// Which of the module's own functions this is.
    pub fn index(&self) -> DefinedFuncIndex {
        self.index
    }

    /// Offset of the body in the module.
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// The operators.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the module has declared. Complete but for data segments and names.
    pub fn module(&self) -> &'a ModuleInfo {
        self.module
    }

    /// Checks the body and feeds it to `sink`. After an error, what the sink has received
    /// is worthless.
    pub fn translate<S: Sink>(self, sink: &mut S) -> Result<(), BinaryError> {
        let func = self.module.func_index(self.index);
        let violated = |error: VerifyError| {
            BinaryError::invalid(error.source_offset, Some(func), error.violation)
        };
        let mut verifier = Verifier::new(self.module, self.rules, func, sink);
        let mut bytes = Bytes::new(self.bytes, self.offset);
        while !bytes.is_empty() {
            let offset = bytes.offset();
            let code = bytes.u8()?;
            let opcode = Opcode::from_code(code).ok_or(BinaryError::Malformed {
                offset,
                cause: Malformed::Opcode(code),
            })?;
            let op = opcode.read(&mut bytes, self.scratch)?;
            verifier.source(offset);
            verifier.op(op);
            if verifier.has_failed() {
                break;
            }
        }
        verifier.finish().map(drop).map_err(violated)
    }
}
