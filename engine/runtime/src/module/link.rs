//! From stencils to a module whose code can run, and back.
//!
//! Receives what a module declares and its stencils; puts the code into code
//! memory, in a layout of the caller's choice, with the addresses of this
//! process. A linked module gives its stencils back, so that it can be linked
//! again in another layout, or be serialized.

use std::sync::{Arc, OnceLock};

use microwasm::{DefinedFuncIndex, FuncIndex, ModuleInfo};
use microwasm_codegen::bytecode::validate::{Extent, validate};
use microwasm_codegen::link::{self, Addresses, BuiltinAddresses, HostCall, Layout, LinkPlan};
use microwasm_codegen::stencil::{SourceLoc, Stencil, TrapSite};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::{Backend, Builtin, CodeOffset, Reloc, Stencils, TrapCode};

use crate::builtins;
use crate::code::{CodeBlock, CodePlace};
use crate::engine::Engine;
use crate::error::{CompileError, Result};
use crate::signature::SignatureRef;
use crate::vm::FuncKind;

use super::image::Image;
use super::{Code, CodeTable, FuncRefs, Module, ModuleInner};

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

/// What is kept of a module's code besides the code.
struct Books {
    table: CodeTable,
    funcrefs: FuncRefs,
    unlinked: Unlinked,
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
    let books = |base: *const u8, kind: FuncKind| -> Result<Books> {
        let address = |func: DefinedFuncIndex| base.wrapping_add(plan.function(func) as usize);
        Ok(Books {
            table: CodeTable::new(stencils, &plan, base as usize, info.imported_funcs),
            funcrefs: FuncRefs::new(&info, kind, &signatures, address)?,
            unlinked: Unlinked::new(stencils),
        })
    };
    let (code, books) = match engine.backend() {
        Backend::X64 => {
            let imports = host_trampolines(&info, &signatures, &direct)?;
            native_code(engine, stencils, &plan, &imports, place, |base| {
                books(base, FuncKind::Wasm)
            })?
        }
        Backend::Bytecode if calls_host_straight(layout) || place != CodePlace::Anywhere => {
            return Err(CompileError::BytecodeLayout.into());
        }
        Backend::Bytecode => {
            let code = bytecode_image(stencils, &plan, &info, &vm)?;
            let books = books(code.bytes().as_ptr(), FuncKind::Bytecode)?;
            (code, books)
        }
    };
    let inner = Arc::new(ModuleInner {
        engine: engine.clone(),
        info,
        layout: vm,
        signatures,
        funcrefs: books.funcrefs,
        unlinked: books.unlinked,
        direct_imports: direct,
        table: books.table,
        code,
        exports_by_name: OnceLock::new(),
    });
    if let Code::Native(code) = &inner.code {
        code.set_owner(&inner.table);
    }
    Ok(Module(inner))
}

/// Machine code, where it is executed, and what `books` makes of its address. `imports` has the
/// addresses of [`Addresses::imports`].
fn native_code(
    engine: &Engine,
    stencils: &Stencils,
    plan: &LinkPlan,
    imports: &[u64],
    place: CodePlace,
    books: impl FnOnce(*const u8) -> Result<Books>,
) -> Result<(Code, Books)> {
    if plan.size() == 0 {
        return Ok((Code::None, books(Code::None.bytes().as_ptr())?));
    }
    let builtins = builtins::addresses().map_err(CompileError::from)?;
    let mut kept = None;
    let fill = |out: &mut [u8], base: *const u8| -> Result<(), CompileError> {
        let addresses = Addresses {
            image: base as u64,
            builtins,
            imports,
        };
        let image = Image {
            plan,
            stencils,
            addresses,
        };
        kept = Some(image.write(out, engine, || books(base))?);
        Ok(())
    };
    let code = CodeBlock::new_at(place, plan.size(), fill)?;
    let books = kept.expect("the block has been filled")?;
    Ok((Code::Native(code), books))
}

/// Bytecode, validated.
fn bytecode_image(
    stencils: &Stencils,
    plan: &LinkPlan,
    info: &ModuleInfo,
    vm: &VmLayout,
) -> Result<Code, CompileError> {
    let mut code = vec![0; plan.size()].into_boxed_slice();
    // Bytecode knows distances, and the host's functions by number.
    let addresses = Addresses {
        image: 0,
        builtins: BuiltinAddresses([0; Builtin::ALL.len()]),
        imports: &[],
    };
    plan.write(stencils, &addresses, &mut code)?;
    let extents: Vec<Extent> = stencils
        .iter()
        .enumerate()
        .map(|(index, stencil)| {
            let start = plan.function(DefinedFuncIndex(index as u32));
            let end = start + stencil.code.len() as u32;
            Extent { start, end }
        })
        .collect();
    validate(&code, &extents, info, vm)?;
    Ok(Code::Bytecode(code))
}

/// Whether a layout wants the host to be called otherwise than through tables.
fn calls_host_straight(layout: &Layout<'_>) -> bool {
    let mut calls = layout.imports.iter().chain([&layout.builtins]);
    calls.any(|call| *call != HostCall::Table)
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
    /// The layout cannot be had, or there is no code memory there. Bytecode is not executed by
    /// the machine: it lies anywhere, and calls the host by number.
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
        let bytes = code.bytes();
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
