//! References to a module's functions.
//!
//! Only functions that the module exports, names in an element segment or in a
//! global, or starts with can be referred to; validation sees to it that
//! `ref.func` names no other. An instance has a `VmFuncRef` for each of those
//! and for no other function. All but the instance is known when the module is
//! compiled.

use microwasm::{DefinedFuncIndex, FuncIndex, ModuleInfo};

use crate::code::CodeMemoryError;
use crate::signature::SignatureRef;
use crate::vm::{FuncKind, VmFuncRef};

/// No reference.
const NONE: u32 = u32::MAX;

/// What an instance's function references look like.
#[derive(Default)]
pub(crate) struct FuncRefs {
    /// For each defined function the index of its reference, or [`NONE`]. Empty if there is none.
    slots: Box<[u32]>,
    /// All but the `vmctx`.
    templates: Vec<VmFuncRef>,
}

// SAFETY: the pointers are to code and signatures that the module keeps alive and never changes.
unsafe impl Send for FuncRefs {}
// SAFETY: as above.
unsafe impl Sync for FuncRefs {}

impl FuncRefs {
    /// Finds the functions of `info`; `address` tells where one's code is, of this kind.
    pub(super) fn new(
        info: &ModuleInfo,
        kind: FuncKind,
        signatures: &[SignatureRef],
        address: impl Fn(DefinedFuncIndex) -> *const u8,
    ) -> Result<FuncRefs, CodeMemoryError> {
        let mut refs = FuncRefs::default();
        let mut result = Ok(());
        let mut add = |func: FuncIndex| {
            if let (Ok(()), Some(defined)) = (&result, info.defined(func)) {
                let signature = &signatures[info.funcs[func.index()].index()];
                result = refs.add(info, kind, defined, signature, &address);
            }
        };
        info.for_each_reference(&mut add);
        info.start.into_iter().for_each(add);
        result.map(|()| refs)
    }

    fn add(
        &mut self,
        info: &ModuleInfo,
        kind: FuncKind,
        func: DefinedFuncIndex,
        signature: &SignatureRef,
        address: impl Fn(DefinedFuncIndex) -> *const u8,
    ) -> Result<(), CodeMemoryError> {
        if self.slots.is_empty() {
            self.slots = vec![NONE; info.funcs.len() - info.imported_funcs as usize].into();
        }
        let slot = &mut self.slots[func.index()];
        if *slot != NONE {
            return Ok(());
        }
        *slot = self.templates.len() as u32;
        self.templates.push(VmFuncRef {
            code: address(func),
            cross: match kind {
                FuncKind::Wasm => signature.cross()?,
                // The interpreter changes instances itself.
                FuncKind::Bytecode | FuncKind::Host => std::ptr::null(),
            },
            vmctx: std::ptr::null_mut(),
            sig: signature.id(),
            kind,
            signature: &**signature,
        });
        Ok(())
    }

    /// The references, without their instance.
    pub(crate) fn templates(&self) -> &[VmFuncRef] {
        &self.templates
    }

    /// Which of them is that of a function.
    pub(crate) fn slot(&self, func: DefinedFuncIndex) -> Option<usize> {
        self.slots
            .get(func.index())
            .filter(|slot| **slot != NONE)
            .map(|slot| *slot as usize)
    }
}
