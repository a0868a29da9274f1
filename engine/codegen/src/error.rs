//! Limits that compiling a function can run into.

use thiserror::Error;

/// Why a function could not be compiled. Valid input only fails on a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodegenError {
    /// The frame would be larger than [`crate::Settings::max_frame`].
    #[error("the frame of the function needs more than {limit} bytes")]
    FrameTooLarge {
        /// The limit in bytes.
        limit: u32,
    },
    /// The code would be larger than [`crate::Settings::max_function_code`].
    #[error("the code of the function needs more than {limit} bytes")]
    FunctionTooLarge {
        /// The limit in bytes.
        limit: u32,
    },
}
