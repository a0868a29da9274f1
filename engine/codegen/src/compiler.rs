//! What the backends' compilers of a function have in common, for those who do not care which
//! backend it is: runtime, listings, notes for localization.

use crate::error::CodegenError;
use crate::stencil::CodeOffset;
use crate::{bytecode, x64};
use microwasm::Sink;

/// A backend's compiler of one function.
pub trait FunctionCompiler: Sink {
    /// Where code is emitted now.
    fn offset(&self) -> CodeOffset;

    /// Ends the function and appends its stencil.
    ///
    /// # Errors
    /// A limit of the settings was exceeded; nothing has been appended then.
    fn finish(self) -> Result<(), CodegenError>;

    /// Ends the function without a stencil: the operators turned out not to be valid. Without
    /// this and without [`FunctionCompiler::finish`] the earlier stencils are lost, too.
    fn abandon(self);
}

macro_rules! function_compiler {
    ($compiler:ty) => {
        impl FunctionCompiler for $compiler {
            #[inline]
            fn offset(&self) -> CodeOffset {
                self.offset()
            }

            #[inline]
            fn finish(self) -> Result<(), CodegenError> {
                self.finish()
            }

            #[inline]
            fn abandon(self) {
                self.abandon();
            }
        }
    };
}

function_compiler!(x64::FunctionCompiler<'_>);
function_compiler!(bytecode::FunctionCompiler<'_>);
