//! One visit method per Wasm operator, which validates and translates it.
//!
//! Every method is one call from the reader's dispatch, so that the emitted
//! operator is a constant where the sink is inlined. Operators of proposals that
//! are not supported exist here only to be refused.

use wasmparser::{FrameKind, FrameStack, VisitOperator};

use super::control::{Translator, Visit};
use super::convert::unsupported;
use super::emit;
use super::error::Proposal;
use crate::op::Sink;

impl<S: Sink> FrameStack for Translator<'_, S> {
    #[inline]
    fn current_frame(&self) -> Option<FrameKind> {
        self.innermost()
    }
}

/// Defines a visit method for each operator of wasmparser's list. Those of
/// proposals that are supported go on to [`emit`].
macro_rules! visit {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(visit! { @one $proposal $op $visit ($($($arg: $ty),*)?) })*
    };
    (@one reference_types TypedSelectMulti $visit:ident $args:tt) => { visit! { @refused $visit $args } };
    (@one mvp $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one sign_extension $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one saturating_float_to_int $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one bulk_memory $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one reference_types $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one $proposal:ident $op:ident $visit:ident $args:tt) => { visit! { @refused $visit $args } };

    (@emit $visit:ident ($($arg:ident: $ty:ty),*)) => {
        #[inline]
        fn $visit(&mut self, $($arg: $ty),*) -> Visit {
            emit::$visit(self, $($arg),*)
        }
    };
    (@refused $visit:ident ($($arg:ident: $ty:ty),*)) => {
        #[cold]
        fn $visit(&mut self, $($arg: $ty),*) -> Visit {
            $(let _ = $arg;)*
            Err(Box::new(unsupported(Proposal::Other, self.offset)))
        }
    };
}

impl<'a, S: Sink> VisitOperator<'a> for Translator<'_, S> {
    type Output = Visit;

    wasmparser::for_each_visit_operator!(visit);
}
