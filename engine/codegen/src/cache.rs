//! Keys under which compiled functions can be found again.
//!
//! Receives a function body that has not been looked into and what the module declares;
//! hands out a [`Key`]. Two functions with the same key compile to the same stencil, or
//! are refused alike, so that a stencil found under a key needs no validation.
//!
//! What must be in the key is what the front end and the lowerings read:
//!
//! | of | is read |
//! |---|---|
//! | the compiler | everything: a fingerprint of its sources |
//! | the settings | everything |
//! | the function | its body, its signature's types; its offset in the module if there is a source map |
//! | a block's type | parameters and results |
//! | an expected signature | likewise, and its place in the vmctx |
//! | a called function | its signature's types. Not whether it is imported: that is the linker's |
//! | a function made a reference to | whether the module declares it |
//! | a table, a global | its type, and its place in the vmctx, which differs for what is imported |
//! | an element segment | its type |
//! | the module | whether there is a memory, and how many data segments |
//!
//! Everything is hashed with its length or count before it, so that no two lists of parts
//! give the same bytes.

use crate::settings::{CpuFeatures, Settings};
use crate::vmctx::{Place, VmLayout};
use microwasm::module::GlobalType;
use microwasm::wasm::{FunctionBody, Limits, Reference};
use microwasm::{FuncIndex, FuncType, ModuleInfo, ValType};
use std::fmt;

/// Names the compiler: its version, and a fingerprint of its sources.
pub const COMPILER: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "-",
    env!("MICROWASM_COMPILER_FINGERPRINT")
);

/// Names a stencil by everything that it depends on.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Key([u8; 32]);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// Makes the keys of one module's functions.
#[derive(Debug)]
pub struct Keys {
    /// What all functions of the module have in common.
    common: blake3::Hasher,
    source_map: bool,
    /// By function, whether references to it may be made. Found when first asked for.
    declared: Option<Box<[bool]>>,
}

impl Keys {
    /// For the functions of `module`, compiled under `settings` within `limits`.
    pub fn new(settings: &Settings, limits: &Limits, module: &ModuleInfo) -> Keys {
        let mut parts = Parts(blake3::Hasher::new());
        parts.bytes(b"microwasm stencil");
        parts.bytes(COMPILER.as_bytes());
        parts.settings(settings);
        parts.number(limits.locals);
        parts.number(limits.nesting);
        parts.number(module.memories.len() as u32);
        parts.number(module.data_count);
        Keys {
            common: parts.0,
            source_map: settings.source_map,
            declared: None,
        }
    }

    /// The key of a function; `None` if its body is malformed or names something that is not
    /// there, which compiling it will find.
    pub fn key(&mut self, body: &FunctionBody<'_>, vm: &VmLayout) -> Option<Key> {
        let module = body.module();
        let mut parts = Parts(self.common.clone());
        parts.ty(module.func_type(module.func_index(body.index())));
        parts.bytes(body.bytes());
        if self.source_map {
            parts.number(body.offset());
        }
        let mut all_there = true;
        let mut count = 0;
        body.references(|reference| {
            count += 1;
            let there = match reference {
                Reference::FuncRef(func) => self.declares(module, func).map(|declared| {
                    parts.tag(3);
                    parts.tag(u8::from(declared));
                }),
                _ => parts.reference(reference, module, vm),
            };
            all_there &= there.is_some();
        })
        .ok()?;
        parts.number(count);
        all_there.then(|| Key(parts.0.finalize().into()))
    }

    fn declares(&mut self, module: &ModuleInfo, func: FuncIndex) -> Option<bool> {
        let declared = self.declared.get_or_insert_with(|| {
            let mut declared = vec![false; module.funcs.len()];
            module.for_each_reference(|func| declared[func.index()] = true);
            declared.into()
        });
        declared.get(func.index()).copied()
    }
}

/// What goes into a hash, unambiguously.
struct Parts(blake3::Hasher);

impl Parts {
    fn tag(&mut self, tag: u8) {
        self.0.update(&[tag]);
    }

    fn number(&mut self, number: u32) {
        self.0.update(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn ty(&mut self, ty: &FuncType) {
        for types in [&ty.params, &ty.results] {
            self.number(types.len() as u32);
            types.iter().for_each(|ty| self.tag(*ty as u8));
        }
    }

    fn place(&mut self, place: Place) {
        let (tag, offset) = match place {
            Place::Direct(offset) => (0, offset),
            Place::Indirect(offset) => (1, offset),
        };
        self.tag(tag);
        self.number(offset as u32);
    }

    fn settings(&mut self, settings: &Settings) {
        // Taken apart, so that a setting that is added is not forgotten.
        let Settings {
            backend,
            bounds,
            fuel,
            epoch,
            features,
            source_map,
            unwind,
            self_check,
            perturb,
            max_frame,
            max_function_code,
        } = *settings;
        let CpuFeatures {
            sse41,
            popcnt,
            lzcnt,
            bmi1,
            bmi2,
            avx,
        } = features;
        self.tag(backend as u8);
        self.tag(bounds as u8);
        for flag in [fuel, epoch, source_map, unwind, self_check] {
            self.tag(u8::from(flag));
        }
        for flag in [sse41, popcnt, lzcnt, bmi1, bmi2, avx] {
            self.tag(u8::from(flag));
        }
        self.tag(u8::from(perturb.is_some()));
        self.0.update(&perturb.unwrap_or(0).to_le_bytes());
        self.number(max_frame);
        self.number(max_function_code);
    }

    /// What is read of something that is referred to, or `None` if it is not there.
    fn reference(
        &mut self,
        reference: Reference,
        module: &ModuleInfo,
        vm: &VmLayout,
    ) -> Option<()> {
        match reference {
            Reference::BlockType(ty) => {
                self.tag(0);
                self.ty(module.types.get(ty.index())?);
            }
            Reference::Signature(ty) => {
                self.tag(1);
                self.ty(module.types.get(ty.index())?);
                self.number(vm.sig(ty) as u32);
            }
            Reference::Call(func) => {
                self.tag(2);
                module.funcs.get(func.index())?;
                self.ty(module.func_type(func));
            }
            Reference::FuncRef(_) => unreachable!("told apart before"),
            Reference::Table(table) => {
                self.tag(4);
                self.tag(module.tables.get(table.index())?.element as u8);
                self.place(vm.table(table));
            }
            Reference::Global(global) => {
                self.tag(5);
                let GlobalType { ty, mutable } = *module.globals.get(global.index())?;
                self.tag(ty as u8);
                self.tag(u8::from(mutable));
                self.place(vm.global(global));
            }
            Reference::Elem(elem) => {
                self.tag(6);
                let ty: ValType = module.elems.get(elem.index())?.ty;
                self.tag(ty as u8);
            }
        }
        Some(())
    }
}
