//! One visit method per Wasm operator, which validates and translates it.
//!
//! Every method validates the operator first and then, in reachable
//! code, emits its Microwasm. Both are one call from the reader's dispatch, so
//! that the emitted operator is a constant where the sink is inlined. Operators
//! of proposals that are not supported exist here only for the validator to
//! refuse them.

use wasmparser::{FrameKind, FrameStack, VisitOperator};

use super::control::{Translator, Visit};
use super::convert::unsupported;
use super::emit;
use super::error::{Proposal, invalid};
use crate::op::Sink;

impl<S> FrameStack for Translator<'_, S> {
    #[inline]
    fn current_frame(&self) -> Option<FrameKind> {
        self.innermost
    }
}

/// Defines a visit method for each operator of wasmparser's list. Proposals
/// that are supported go on to [`emit`], in reachable code only;
/// constructs are told apart by name, because they are followed everywhere.
macro_rules! visit {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(visit! { @one $proposal $op $visit ($($($arg: $ty),*)?) })*
    };
    (@one mvp Block $visit:ident $args:tt) => { visit! { @always $visit $args block } };
    (@one mvp Loop $visit:ident $args:tt) => { visit! { @always $visit $args loop_ } };
    (@one mvp If $visit:ident $args:tt) => { visit! { @always $visit $args if_ } };
    (@one mvp Else $visit:ident $args:tt) => { visit! { @always_infallible $visit else_ } };
    (@one mvp End $visit:ident $args:tt) => { visit! { @always_infallible $visit end } };
    (@one mvp BrTable $visit:ident ($arg:ident: $ty:ty)) => {
        #[inline]
        fn $visit(&mut self, $arg: $ty) -> Visit {
            self.validator.visitor(self.offset).$visit($arg.clone()).map_err(invalid)?;
            if self.reachable {
                self.source();
                self.br_table(&$arg)?;
            }
            Ok(())
        }
    };
    (@one reference_types TypedSelectMulti $visit:ident $args:tt) => { visit! { @refused $visit $args } };
    (@one mvp $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one sign_extension $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one saturating_float_to_int $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one bulk_memory $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one reference_types $op:ident $visit:ident $args:tt) => { visit! { @emit $visit $args } };
    (@one $proposal:ident $op:ident $visit:ident $args:tt) => { visit! { @refused $visit $args } };

    (@always $visit:ident ($($arg:ident: $ty:ty),*) $method:ident) => {
        #[inline]
        fn $visit(&mut self, $($arg: $ty),*) -> Visit {
            self.validator.visitor(self.offset).$visit($($arg),*).map_err(invalid)?;
            self.frame_changed();
            self.$method($($arg),*)
        }
    };
    (@always_infallible $visit:ident $method:ident) => {
        #[inline]
        fn $visit(&mut self) -> Visit {
            self.validator.visitor(self.offset).$visit().map_err(invalid)?;
            self.frame_changed();
            self.$method();
            Ok(())
        }
    };
    (@emit $visit:ident ($($arg:ident: $ty:ty),*)) => {
        #[inline]
        fn $visit(&mut self, $($arg: $ty),*) -> Visit {
            self.validator.visitor(self.offset).$visit($($arg),*).map_err(invalid)?;
            if self.reachable {
                self.source();
                emit::$visit(self, $($arg),*)?;
            }
            Ok(())
        }
    };
    (@refused $visit:ident ($($arg:ident: $ty:ty),*)) => {
        #[cold]
        fn $visit(&mut self, $($arg: $ty),*) -> Visit {
            self.validator.visitor(self.offset).$visit($($arg),*).map_err(invalid)?;
            Err(Box::new(unsupported(Proposal::Other, self.offset)))
        }
    };
}

impl<'a, S: Sink> VisitOperator<'a> for Translator<'_, S> {
    type Output = Visit;

    wasmparser::for_each_visit_operator!(visit);
}
