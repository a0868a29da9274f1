//! From stencils to a module whose code can run, and back.
//!
//! Receives what a module declares and its stencils; puts the code into code
//! memory, in a layout of the caller's choice, with the addresses of this
//! process. A linked module gives its stencils back, so that it can be linked
//! again in another layout, or be serialized.

use std::sync::{Arc, OnceLock};

use microwasm::{DefinedFuncIndex, FuncIndex, ModuleInfo};
use microwasm_codegen::link::{self, Addresses, HostCall, Layout, LinkPlan};
use microwasm_codegen::stencil::{SourceLoc, Stencil, TrapSite};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::{CodeOffset, Reloc, Stencils, TrapCode};

use crate::builtins;
use crate::code::{CodeBlock, CodePlace};
use crate::engine::Engine;
use crate::error::{CompileError, Result};
use crate::signature::SignatureRef;

use super::{CodeTable, FuncRefs, Module, ModuleInner};

/// What the stencils of a module have besides what its code and its [`CodeTable`] tell.
pub(super) struct Unlinked {
    /// Relocations of all functions, in the order of their indices.
    relocs: Box<[Reloc]>,
    /// For each function how many relocations there are up to its end, and its frame.
    functions: Box<[(u32, u32)]>,
}

impl Unlinked {
    fn new(stencils: &Stencils) -> Unlinked {
        let mut end = 0;
        let functions = stencils.iter().map(|stencil| {
            end += stencil.relocs.len() as u32;
            (end, stencil.frame)
        });
        Unlinked {
            functions: functions.collect(),
            relocs: stencils.relocs.as_slice().into(),
        }
    }
}

/// Makes code of the stencils, and a module of everything.
pub(super) fn link(
    engine: &Engine,
    info: ModuleInfo,
    vm: Option<VmLayout>,
    stencils: &Stencils,
) -> Result<Module> {
    let vm = vm.unwrap_or_else(|| VmLayout::new(&info));
    let layout = Layout::default();
    link_in_layout(engine, info, vm, stencils, &layout, CodePlace::Anywhere)
}

fn link_in_layout(
    engine: &Engine,
    info: ModuleInfo,
    vm: VmLayout,
    stencils: &Stencils,
    layout: &Layout<'_>,
    place: CodePlace,
) -> Result<Module> {
    let plan = LinkPlan::with_layout(stencils, &info, &vm, layout).map_err(CompileError::from)?;
    let signatures = SignatureRef::of_all(&info.types);
    let direct = direct_imports(&info, layout);
    let imports = host_trampolines(&info, &signatures, &direct)?;
    let code = match plan.size() {
        0 => None,
        size => {
            let builtins = builtins::addresses()?;
            let fill = |out: &mut [u8], address: usize| {
                let addresses = Addresses {
                    image: address as u64,
                    builtins,
                    imports: &imports,
                };
                Ok(plan.write(stencils, &addresses, out)?)
            };
            Some(CodeBlock::new_at::<CompileError>(place, size, fill)?)
        }
    };
    let base = code.as_ref().map_or(std::ptr::null(), |code| {
        code.address().as_ptr().cast_const()
    });
    let table = CodeTable::new(stencils, &plan, base as usize, info.imported_funcs);
    let address = |func: DefinedFuncIndex| base.wrapping_add(plan.function(func) as usize);
    let funcrefs = FuncRefs::new(&info, &signatures, address)?;
    let inner = Arc::new(ModuleInner {
        engine: engine.clone(),
        info,
        layout: vm,
        signatures,
        funcrefs,
        unlinked: Unlinked::new(stencils),
        direct_imports: direct,
        table,
        code,
        exports_by_name: OnceLock::new(),
    });
    if let Some(code) = &inner.code {
        code.set_owner(&inner.table);
    }
    Ok(Module(inner))
}

/// Imported functions that are not called through the instance's table.
fn direct_imports(info: &ModuleInfo, layout: &Layout<'_>) -> Box<[FuncIndex]> {
    let calls = layout.imports.iter().take(info.imported_funcs as usize);
    let direct = calls
        .enumerate()
        .filter(|(_, call)| **call != HostCall::Table);
    direct.map(|(i, _)| FuncIndex(i as u32)).collect()
}

/// By import, the address of the trampoline into host functions of its type; up to the last
/// import that is called straight.
fn host_trampolines(
    info: &ModuleInfo,
    signatures: &[SignatureRef],
    direct: &[FuncIndex],
) -> Result<Vec<u64>> {
    let mut addresses = Vec::new();
    for func in direct {
        let signature = &signatures[info.funcs[func.index()].index()];
        addresses.resize(func.index(), 0);
        addresses.push(signature.host()? as u64);
    }
    Ok(addresses)
}

impl Module {
    /// The same module with its code in another layout and place. Nothing is compiled.
    ///
    /// Imports that `layout` does not have called through the table must then be functions of
    /// the host; instantiation checks it.
    ///
    /// # Errors
    /// The layout cannot be had, or there is no code memory there.
    pub fn relink(&self, layout: &Layout<'_>, place: CodePlace) -> Result<Module> {
        let ModuleInner {
            engine,
            info,
            layout: vm,
            ..
        } = self.inner();
        let stencils = self.stencils();
        link_in_layout(engine, info.clone(), vm.clone(), &stencils, layout, place)
    }

    /// The module's functions as they were compiled.
    pub(super) fn stencils(&self) -> Stencils {
        let ModuleInner {
            unlinked,
            table,
            code,
            ..
        } = self.inner();
        let bytes = code.as_ref().map_or(&[][..], CodeBlock::bytes);
        let mut stencils = Stencils::default();
        let mut begin = 0;
        for (index, &(end, frame)) in (0..).map(DefinedFuncIndex).zip(&unlinked.functions) {
            let relocs = &unlinked.relocs[begin as usize..end as usize];
            begin = end;
            let range = table.function(index).expect("one range for each function");
            let mut code = bytes[range].to_vec();
            for reloc in relocs {
                link::unlink(reloc, &mut code).expect("the linker has been there");
            }
            let traps: Vec<TrapSite> = table.faulting(index).map(fault).collect();
            let source: Vec<SourceLoc> = table.sources(index).map(location).collect();
            stencils.push(&Stencil {
                start: 0,
                code: &code,
                relocs,
                traps: &traps,
                source: &source,
                unwind: &[],
                frame,
            });
        }
        stencils
    }
}

fn fault(offset: u32) -> TrapSite {
    TrapSite {
        offset: CodeOffset(offset),
        code: TrapCode::MemoryOutOfBounds,
    }
}

fn location((code, source): (u32, u32)) -> SourceLoc {
    SourceLoc {
        code: CodeOffset(code),
        source,
    }
}
