//! From bytes to stencils: front end and compiler, function by function. What the
//! engine's cache has is not compiled.
//!
//! A [`CompileContext`] is taken from the engine's pool for as long as a module is
//! being compiled; what it has allocated serves the next module.

use microwasm::input::{
    Consumer, FunctionBody, InputError, ModuleReader, translate, translate_with,
};
use microwasm::op::{Op, Sink};
use microwasm::wasm::{self, Scratch};
use microwasm_codegen::cache::{Key, Keys};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::{Backend, Settings, Stencils, bytecode, x64};

use crate::cache::CompileCache;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{CompileError, Result};

use super::Module;
use super::link::link;

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

/// What is made of a module's declarations at its first function.
#[derive(Default)]
struct Declared {
    layout: Option<VmLayout>,
    keys: Option<Keys>,
}

/// Compiles the functions of one module as they come.
struct FunctionsToCode<'a> {
    backend: &'a mut Compilation,
    declared: &'a mut Declared,
    config: &'a Config,
}

impl FunctionsToCode<'_> {
    /// The function's key, if there is a cache, and whether it was there: it has then been
    /// appended to the stencils.
    #[inline]
    fn find(&mut self, body: &FunctionBody<'_>) -> (Option<Key>, bool) {
        match &self.config.cache {
            None => (None, false),
            Some(cache) => match body {
                FunctionBody::Wasm(body) => self.find_in(cache, body),
                // What a body in another form depends on is not known before it is compiled.
                FunctionBody::Binary(_) | FunctionBody::Text(_) => (None, false),
            },
        }
    }

    #[inline(never)]
    fn find_in(
        &mut self,
        cache: &CompileCache,
        body: &wasm::FunctionBody<'_>,
    ) -> (Option<Key>, bool) {
        let Config {
            settings,
            compile_limits,
            ..
        } = self.config;
        let module = body.module();
        let Declared { layout, keys } = &mut *self.declared;
        let layout = layout.get_or_insert_with(|| VmLayout::new(module));
        let keys = keys.get_or_insert_with(|| Keys::new(settings, compile_limits, module));
        let key = keys.key(body, layout);
        let found = key.is_some_and(|key| cache.find(key, &mut self.backend.stencils));
        (key, found)
    }

    fn compile(&mut self, body: FunctionBody<'_>) -> Result<(), CompileError> {
        let Compilation { compiler, stencils } = &mut *self.backend;
        let (module, func) = (body.module(), body.index());
        let layout = self
            .declared
            .layout
            .get_or_insert_with(|| VmLayout::new(module));
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
        .map_err(|error| CompileError::Function { func, error })
    }
}

impl Consumer for FunctionsToCode<'_> {
    type Error = CompileError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), CompileError> {
        let func = body.index();
        let (key, found) = self.find(&body);
        if !found {
            self.compile(body)?;
        }
        let stencils = &self.backend.stencils;
        if let (Some(key), Some(cache), false) = (key, &self.config.cache, found)
            && let Some(stencil) = stencils.get(func.index())
        {
            cache.keep(key, &stencil);
        }
        let limit = self.config.max_module_code;
        if stencils.code.len() > limit as usize {
            return Err(CompileError::CodeTooLarge { limit });
        }
        Ok(())
    }
}

/// Compiles a module that is there as a whole.
pub(super) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Module> {
    let mut context = Lent::new(engine);
    let mut declared = Declared::default();
    let limits = engine.config().compile_limits.clone();
    let CompileContext { scratch, backend } = context.get();
    let mut consumer = FunctionsToCode {
        backend,
        declared: &mut declared,
        config: engine.config(),
    };
    let info = translate_with(bytes, limits, scratch, &mut consumer)?;
    link(
        engine,
        info,
        declared.layout,
        &context.get().backend.stencils,
    )
}

/// Compiles a module that arrives in chunks; see [`Module::stream`].
pub struct ModuleBuilder {
    context: Lent,
    reader: ModuleReader,
    declared: Declared,
}

impl ModuleBuilder {
    pub(super) fn new(engine: &Engine) -> ModuleBuilder {
        ModuleBuilder {
            context: Lent::new(engine),
            reader: ModuleReader::new(engine.config().compile_limits.clone()),
            declared: Declared::default(),
        }
    }

    /// Takes the next bytes, and compiles the functions that they complete.
    ///
    /// # Errors
    /// As for [`Module::new`]. After an error nothing more is accepted.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let engine = self.context.engine.clone();
        let mut consumer = FunctionsToCode {
            backend: &mut self.context.get().backend,
            declared: &mut self.declared,
            config: engine.config(),
        };
        self.reader.push(chunk, &mut consumer)?;
        Ok(())
    }

    /// Ends the module.
    ///
    /// # Errors
    /// As for [`Module::new`].
    pub fn finish(mut self) -> Result<Module> {
        let engine = self.context.engine.clone();
        let mut consumer = FunctionsToCode {
            backend: &mut self.context.get().backend,
            declared: &mut self.declared,
            config: engine.config(),
        };
        let info = self.reader.finish(&mut consumer)?;
        link(
            &engine,
            info,
            self.declared.layout,
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
pub(super) fn check(engine: &Engine, bytes: &[u8]) -> Result<()> {
    translate(bytes, engine.config().compile_limits.clone(), &mut Discard)?;
    Ok(())
}
