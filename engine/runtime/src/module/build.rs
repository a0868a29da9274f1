//! From bytes to a module: front end, compiler and linker, function by function.
//!
//! A [`CompileContext`] is taken from the engine's pool for as long as a module is
//! being compiled; what it has allocated serves the next module.

use std::sync::{Arc, OnceLock};

use microwasm::op::{Op, Sink};
use microwasm::wasm::{
    Consumer, FunctionBody, ModuleTranslator, Scratch, WasmError, translate, translate_with,
};
use microwasm::{DefinedFuncIndex, ModuleInfo};
use microwasm_codegen::bytecode::validate::{Extent, validate};
use microwasm_codegen::link::{BuiltinAddresses, LinkPlan};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::{Backend, Settings, Stencils, bytecode, x64};

use crate::builtins;
use crate::code::CodeBlock;
use crate::engine::Engine;
use crate::error::{CompileError, Result};
use crate::signature::SignatureRef;
use crate::vm::FuncKind;

use super::{Code, CodeTable, FuncRefs, Module, ModuleInner};

/// Stencils larger than this are not kept for the next module.
const KEEP_CODE: usize = 4 << 20;

/// What compiling a module needs and leaves to the next.
pub(crate) struct CompileContext {
    scratch: Scratch,
    backend: Compilation,
}

struct Compilation {
    compiler: Compiler,
    stencils: Stencils,
}

enum Compiler {
    X64(Box<x64::Compiler>),
    Bytecode(Box<bytecode::Compiler>),
}

impl Compiler {
    fn new(settings: Settings) -> Compiler {
        match settings.backend {
            Backend::X64 => Compiler::X64(Box::new(x64::Compiler::new(settings))),
            Backend::Bytecode => Compiler::Bytecode(Box::new(bytecode::Compiler::new(settings))),
        }
    }
}

impl CompileContext {
    pub(crate) fn new(settings: Settings) -> CompileContext {
        CompileContext {
            scratch: Scratch::default(),
            backend: Compilation {
                compiler: Compiler::new(settings),
                stencils: Stencils::default(),
            },
        }
    }
}

/// Compiles the functions of one module as they come.
struct FunctionsToCode<'a> {
    backend: &'a mut Compilation,
    layout: &'a mut Option<VmLayout>,
    max_code: u32,
}

impl Consumer for FunctionsToCode<'_> {
    type Error = CompileError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), CompileError> {
        let Compilation { compiler, stencils } = &mut *self.backend;
        let (module, func) = (body.module(), body.index());
        let layout = self.layout.get_or_insert_with(|| VmLayout::new(module));
        match compiler {
            Compiler::X64(compiler) => {
                let mut sink = compiler.function(module, layout, func, stencils);
                body.translate(&mut sink)?;
                sink.finish()
            }
            Compiler::Bytecode(compiler) => {
                let mut sink = compiler.function(module, layout, func, stencils);
                body.translate(&mut sink)?;
                sink.finish()
            }
        }
        .map_err(|error| CompileError::Function { func, error })?;
        if stencils.code.len() > self.max_code as usize {
            return Err(CompileError::CodeTooLarge {
                limit: self.max_code,
            });
        }
        Ok(())
    }
}

/// Compiles a module that is there as a whole.
pub(super) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Module> {
    let mut context = Lent::new(engine);
    let mut layout = None;
    let max_code = engine.config().max_module_code;
    let limits = engine.config().compile_limits.clone();
    let CompileContext { scratch, backend } = context.get();
    let mut consumer = FunctionsToCode {
        backend,
        layout: &mut layout,
        max_code,
    };
    let info = translate_with(bytes, limits, scratch, &mut consumer)?;
    link(engine, info, layout, &context.get().backend.stencils)
}

/// Compiles a module that arrives in chunks; see [`Module::stream`].
pub struct ModuleBuilder {
    context: Lent,
    translator: ModuleTranslator,
    layout: Option<VmLayout>,
}

impl ModuleBuilder {
    pub(super) fn new(engine: &Engine) -> ModuleBuilder {
        ModuleBuilder {
            context: Lent::new(engine),
            translator: ModuleTranslator::new(engine.config().compile_limits.clone()),
            layout: None,
        }
    }

    /// Takes the next bytes, and compiles the functions that they complete.
    ///
    /// # Errors
    /// As for [`Module::new`]. After an error nothing more is accepted.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let max_code = self.context.engine.config().max_module_code;
        let layout = &mut self.layout;
        let mut consumer = FunctionsToCode {
            backend: &mut self.context.get().backend,
            layout,
            max_code,
        };
        self.translator.push(chunk, &mut consumer)?;
        Ok(())
    }

    /// Ends the module.
    ///
    /// # Errors
    /// As for [`Module::new`].
    pub fn finish(mut self) -> Result<Module> {
        let max_code = self.context.engine.config().max_module_code;
        let layout = &mut self.layout;
        let mut consumer = FunctionsToCode {
            backend: &mut self.context.get().backend,
            layout,
            max_code,
        };
        let info = self.translator.finish(&mut consumer)?;
        let engine = self.context.engine.clone();
        link(
            &engine,
            info,
            self.layout,
            &self.context.get().backend.stencils,
        )
    }
}

impl std::fmt::Debug for ModuleBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModuleBuilder").finish_non_exhaustive()
    }
}

/// A compile context from the engine's pool, given back when dropped.
struct Lent {
    engine: Engine,
    context: Option<CompileContext>,
}

impl Lent {
    fn new(engine: &Engine) -> Lent {
        let mut context = engine.take_compiler();
        context.backend.stencils.clear();
        Lent {
            engine: engine.clone(),
            context: Some(context),
        }
    }

    fn get(&mut self) -> &mut CompileContext {
        self.context
            .as_mut()
            .expect("only dropping takes the context")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // A panic in the compiler is a bug; what it was doing is not to be continued.
        if let Some(context) = self.context.take()
            && !std::thread::panicking()
            && context.backend.stencils.code.capacity() <= KEEP_CODE
        {
            self.engine.put_compiler(context);
        }
    }
}

/// Makes code of the stencils, and a module of everything.
fn link(
    engine: &Engine,
    info: ModuleInfo,
    layout: Option<VmLayout>,
    stencils: &Stencils,
) -> Result<Module> {
    let layout = layout.unwrap_or_else(|| VmLayout::new(&info));
    let plan = LinkPlan::new(stencils, &info, &layout).map_err(CompileError::from)?;
    let (code, kind) = match engine.backend() {
        Backend::X64 => (native_code(stencils, &plan)?, FuncKind::Wasm),
        Backend::Bytecode => (
            bytecode_image(stencils, &plan, &info, &layout)?,
            FuncKind::Bytecode,
        ),
    };
    let base = code.bytes().as_ptr();
    let table = CodeTable::new(stencils, &plan, base as usize, info.imported_funcs);
    let signatures = SignatureRef::of_all(&info.types);
    let address = |func: DefinedFuncIndex| base.wrapping_add(plan.function(func) as usize);
    let funcrefs = FuncRefs::new(&info, kind, &signatures, address)?;
    let inner = Arc::new(ModuleInner {
        engine: engine.clone(),
        info,
        layout,
        signatures,
        funcrefs,
        table,
        code,
        exports_by_name: OnceLock::new(),
    });
    if let Code::Native(code) = &inner.code {
        code.set_owner(&inner.table);
    }
    Ok(Module(inner))
}

/// Machine code, where it is executed.
fn native_code(stencils: &Stencils, plan: &LinkPlan) -> Result<Code, CompileError> {
    if plan.size() == 0 {
        return Ok(Code::None);
    }
    let builtins = builtins::addresses()?;
    let fill = |out: &mut [u8]| Ok(plan.write(stencils, &builtins, out)?);
    let code = CodeBlock::new::<CompileError>(plan.size(), fill)?;
    Ok(Code::Native(code))
}

/// Bytecode, validated.
fn bytecode_image(
    stencils: &Stencils,
    plan: &LinkPlan,
    info: &ModuleInfo,
    layout: &VmLayout,
) -> Result<Code, CompileError> {
    let mut code = vec![0; plan.size()].into_boxed_slice();
    // Bytecode names the runtime's functions by number.
    plan.write(stencils, &BuiltinAddresses([0; _]), &mut code)?;
    let extents: Vec<Extent> = stencils
        .iter()
        .enumerate()
        .map(|(index, stencil)| {
            let start = plan.function(DefinedFuncIndex(index as u32));
            let end = start + stencil.code.len() as u32;
            Extent { start, end }
        })
        .collect();
    validate(&code, &extents, info, layout)?;
    Ok(Code::Bytecode(code))
}

/// Takes operators and does nothing.
struct Discard;

impl Sink for Discard {
    fn op(&mut self, _: Op<'_>) {}
}

impl Consumer for Discard {
    type Error = WasmError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), WasmError> {
        body.translate(&mut Discard)
    }
}

/// Validates a module.
pub(super) fn check(engine: &Engine, bytes: &[u8]) -> Result<()> {
    translate(bytes, engine.config().compile_limits.clone(), &mut Discard)?;
    Ok(())
}
