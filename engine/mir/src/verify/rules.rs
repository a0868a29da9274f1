//! What all functions of a module are checked against, besides its declarations.
//!
//! Made once for a module, when everything before its functions is known.

use super::Violation;
use crate::module::ModuleInfo;
use crate::types::FuncIndex;
use crate::wasm::{LimitKind, Limits};

/// Limits, and which functions `ref.func` may name.
#[derive(Clone, Debug)]
pub struct Rules {
    /// By function.
    references: Vec<bool>,
    limits: Limits,
}

impl Rules {
    /// The rules of a module whose declarations are complete up to its functions.
    pub fn new(module: &ModuleInfo, limits: &Limits) -> Rules {
        let mut references = vec![false; module.funcs.len()];
        module.for_each_reference(|func| {
            if let Some(reference) = references.get_mut(func.index()) {
                *reference = true;
            }
        });
        Rules {
            references,
            limits: limits.clone(),
        }
    }

    /// Whether `ref.func` may name the function.
    pub(super) fn is_reference(&self, func: FuncIndex) -> bool {
        self.references.get(func.index()) == Some(&true)
    }

    pub(super) fn check(&self, kind: LimitKind, value: u64) -> Result<(), Violation> {
        within(&self.limits, kind, value)
    }
}

/// Checks a number against a limit.
pub(super) fn within(limits: &Limits, kind: LimitKind, value: u64) -> Result<(), Violation> {
    let limit = limits.get(kind);
    if value <= u64::from(limit) {
        return Ok(());
    }
    Err(Violation::Limit { kind, value, limit })
}
