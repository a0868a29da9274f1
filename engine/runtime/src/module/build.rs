//! From bytes to a module: front end, compiler and linker, function by function.
//!
//! A [`CompileContext`] is taken from the engine's pool for as long as a module is
//! being compiled; what it has allocated serves the next module.

use std::sync::{Arc, OnceLock};

use microwasm::input::{
    Consumer, FunctionBody, InputError, ModuleReader, translate, translate_with,
};
use microwasm::op::{Op, Sink};
use microwasm::wasm::Scratch;
use microwasm::{DefinedFuncIndex, ModuleInfo};
use microwasm_codegen::link::LinkPlan;
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::x64::Compiler;
use microwasm_codegen::{Settings, Stencils};

use crate::builtins;
use crate::code::CodeBlock;
use crate::engine::Engine;
use crate::error::{CompileError, Result};
use crate::signature::SignatureRef;

use super::{CodeTable, FuncRefs, Module, ModuleInner};

/// Stencils larger than this are not kept for the next module.
const KEEP_CODE: usize = 4 << 20;

/// What compiling a module needs and leaves to the next.
pub(crate) struct CompileContext {
    scratch: Scratch,
    backend: Backend,
}

struct Backend {
    compiler: Compiler,
    stencils: Stencils,
}

impl CompileContext {
    pub(crate) fn new(settings: Settings) -> CompileContext {
        CompileContext {
            scratch: Scratch::default(),
            backend: Backend {
                compiler: Compiler::new(settings),
                stencils: Stencils::default(),
            },
        }
    }
}

/// Compiles the functions of one module as they come.
struct FunctionsToCode<'a> {
    backend: &'a mut Backend,
    layout: &'a mut Option<VmLayout>,
    max_code: u32,
}

impl Consumer for FunctionsToCode<'_> {
    type Error = CompileError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), CompileError> {
        let Backend { compiler, stencils } = &mut *self.backend;
        let (module, func) = (body.module(), body.index());
        let layout = self.layout.get_or_insert_with(|| VmLayout::new(module));
        let mut sink = compiler.function(module, layout, func, stencils);
        body.translate(&mut sink)?;
        sink.finish()
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
    reader: ModuleReader,
    layout: Option<VmLayout>,
}

impl ModuleBuilder {
    pub(super) fn new(engine: &Engine) -> ModuleBuilder {
        ModuleBuilder {
            context: Lent::new(engine),
            reader: ModuleReader::new(engine.config().compile_limits.clone()),
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
        self.reader.push(chunk, &mut consumer)?;
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
        let info = self.reader.finish(&mut consumer)?;
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
    let code = match plan.size() {
        0 => None,
        size => {
            let builtins = builtins::addresses()?;
            let fill = |out: &mut [u8]| Ok(plan.write(stencils, &builtins, out)?);
            Some(CodeBlock::new::<CompileError>(size, fill)?)
        }
    };
    let base = code.as_ref().map_or(std::ptr::null(), |code| {
        code.address().as_ptr().cast_const()
    });
    let table = CodeTable::new(stencils, &plan, base as usize, info.imported_funcs);
    let signatures = SignatureRef::of_all(&info.types);
    let address = |func: DefinedFuncIndex| base.wrapping_add(plan.function(func) as usize);
    let funcrefs = FuncRefs::new(&info, &signatures, address)?;
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
    if let Some(code) = &inner.code {
        code.set_owner(&inner.table);
    }
    Ok(Module(inner))
}

/// Takes operators and does nothing.
struct Discard;

impl Sink for Discard {
    fn op(&mut self, _: Op<'_>) {}
}

impl Consumer for Discard {
    type Error = InputError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
        body.translate(&mut Discard)
    }
}

/// Validates a module.
pub(super) fn validate(engine: &Engine, bytes: &[u8]) -> Result<()> {
    translate(bytes, engine.config().compile_limits.clone(), &mut Discard)?;
    Ok(())
}
