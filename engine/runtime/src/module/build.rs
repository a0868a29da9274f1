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
use microwasm::{DefinedFuncIndex, ModuleInfo};
use microwasm_codegen::cache::{Key, Keys};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::{Backend, FunctionCompiler, Settings, Stencils, bytecode, x64};

use crate::cache::CompileCache;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{CompileError, Result};
use crate::sys::map;

use super::Module;
use super::link::link;
use super::parallel::{Batch, Parallel};

/// Stencils larger than this are not kept for the next module.
const KEEP_CODE: usize = 4 << 20;

/// How many batches are kept, with at most this much code.
const KEEP_BATCHES: usize = 32;
const KEEP_BATCH_CODE: usize = 128 << 10;

/// What compiling a module needs and leaves to the next.
pub(crate) struct CompileContext {
    scratch: Scratch,
    backend: Compilation,
    /// Empty.
    batches: Vec<Batch>,
}

struct Compilation {
    compiler: Compiler,
    stencils: Stencils,
}

/// A function body, wherever it is.
pub(super) trait Body {
    /// Which of the module's own functions this is.
    fn index(&self) -> DefinedFuncIndex;

    /// Its bytes in the module.
    fn size(&self) -> usize;

    /// Validates it and feeds it to `sink`.
    fn translate<S: Sink>(self, sink: &mut S) -> Result<(), InputError>;
}

impl Body for FunctionBody<'_> {
    fn index(&self) -> DefinedFuncIndex {
        FunctionBody::index(self)
    }

    fn size(&self) -> usize {
        self.bytes().len()
    }

    fn translate<S: Sink>(self, sink: &mut S) -> Result<(), InputError> {
        FunctionBody::translate(self, sink)
    }
}

pub(super) enum Compiler {
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

    /// Compiles a function of `module` and appends it to `stencils`.
    pub(super) fn compile(
        &mut self,
        body: impl Body,
        module: &ModuleInfo,
        layout: &VmLayout,
        stencils: &mut Stencils,
    ) -> Result<(), CompileError> {
        let (func, size) = (body.index(), body.size());
        let result = match self {
            Compiler::X64(compiler) => {
                finish(body, compiler.function(module, layout, func, stencils))
            }
            Compiler::Bytecode(compiler) => {
                finish(body, compiler.function(module, layout, func, stencils))
            }
        };
        if size > wasm::LARGE_BODY {
            *self = Compiler::new(*self.settings());
        }
        result
    }

    fn settings(&self) -> &Settings {
        match self {
            Compiler::X64(compiler) => compiler.settings(),
            Compiler::Bytecode(compiler) => compiler.settings(),
        }
    }
}

fn finish(body: impl Body, mut compiler: impl FunctionCompiler) -> Result<(), CompileError> {
    let func = body.index();
    match body.translate(&mut compiler) {
        Ok(()) => compiler
            .finish()
            .map_err(|error| CompileError::Function { func, error }),
        Err(error) => {
            compiler.abandon();
            Err(error.into())
        }
    }
}

/// Has memory ready for as much more of a list as the rest of the module will bring, and a quarter,
/// if it goes on as in the first `read` of its `total` bytes. What is not used stays address space.
fn make_room<T>(list: &mut Vec<T>, read: u64, total: u64) {
    let missing = (total + total / 4).saturating_sub(read);
    let more = list.len() as u64 * missing / read.max(1);
    // Failing only means that the list will be moved while it grows.
    if list.try_reserve(more as usize).is_ok() {
        map::prefer_large_pages(list.spare_capacity_mut());
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
            batches: Vec::new(),
        }
    }

    /// A batch to fill.
    pub(super) fn take_batch(&mut self) -> Batch {
        self.batches.pop().unwrap_or_default()
    }

    /// Keeps the memory of a batch that is not needed any more.
    pub(super) fn put_batch(&mut self, batch: Batch) {
        if self.batches.len() < KEEP_BATCHES {
            self.batches.extend(batch.cleared(KEEP_BATCH_CODE));
        }
    }

    /// What a function is compiled with.
    pub(super) fn parts(&mut self) -> (&mut Compiler, &mut Scratch) {
        (&mut self.backend.compiler, &mut self.scratch)
    }
}

pub(super) fn check_size(stencils: &Stencils, config: &Config) -> Result<(), CompileError> {
    let limit = config.max_module_code;
    if stencils.code.len() > limit as usize {
        return Err(CompileError::CodeTooLarge { limit });
    }
    Ok(())
}

/// What is made of a module's declarations at its first function.
#[derive(Default)]
struct Declared {
    layout: Option<VmLayout>,
    keys: Option<Keys>,
    parallel: Option<Parallel>,
}

/// Compiles the functions of one module as they come.
struct FunctionsToCode<'a> {
    backend: &'a mut Compilation,
    declared: &'a mut Declared,
    engine: &'a Engine,
    /// Bytes of the module, if they are known and no room has been made for its code.
    size: Option<usize>,
}

impl FunctionsToCode<'_> {
    /// Makes room, once, when there is more code than is kept for the next module anyway. `read`
    /// bytes of the module have become what there is.
    #[inline]
    fn make_room(&mut self, read: u32) {
        let Stencils {
            code,
            relocs,
            traps,
            ..
        } = &mut self.backend.stencils;
        if code.len() > KEEP_CODE
            && let Some(size) = self.size.take()
        {
            let (read, size) = (u64::from(read), size as u64);
            make_room(code, read, size);
            make_room(relocs, read, size);
            make_room(traps, read, size);
        }
    }

    /// The function's key, if there is a cache, and whether it was there: it has then been
    /// appended to the stencils.
    #[inline]
    fn find(&mut self, body: &FunctionBody<'_>) -> (Option<Key>, bool) {
        match &self.engine.config().cache {
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
        } = self.engine.config();
        let module = body.module();
        let Declared { layout, keys, .. } = &mut *self.declared;
        let layout = layout.get_or_insert_with(|| VmLayout::new(module));
        let keys = keys.get_or_insert_with(|| Keys::new(settings, compile_limits, module));
        let key = keys.key(body, layout);
        let found = key.is_some_and(|key| cache.find(key, &mut self.backend.stencils));
        (key, found)
    }

    fn compile(&mut self, body: FunctionBody<'_>) -> Result<(), CompileError> {
        let Compilation { compiler, stencils } = &mut *self.backend;
        let module = body.module();
        let layout = self
            .declared
            .layout
            .get_or_insert_with(|| VmLayout::new(module));
        compiler.compile(body, module, layout, stencils)
    }

    #[inline(never)]
    fn hand_out(&mut self, body: wasm::FunctionBody<'_>) -> Result<(), CompileError> {
        let parallel = &mut self.declared.parallel;
        let result = parallel
            .get_or_insert_with(|| Parallel::new(self.engine, body.module()))
            .function(body, &mut self.backend.stencils);
        if result.is_err() {
            *parallel = None;
        }
        result
    }

    /// Ends the functions. An error in one of them comes before that of `reader`, which was
    /// found behind them.
    fn end<T>(&mut self, reader: Result<T, CompileError>) -> Result<T, CompileError> {
        if let Some(mut parallel) = self.declared.parallel.take() {
            parallel.finish(&mut self.backend.stencils)?;
        }
        reader
    }
}

impl Consumer for FunctionsToCode<'_> {
    type Error = CompileError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), CompileError> {
        let config = self.engine.config();
        self.make_room(body.offset());
        let body = match body {
            FunctionBody::Wasm(body) if config.compile_threads > 1 && config.cache.is_none() => {
                return self.hand_out(body);
            }
            body => body,
        };
        let func = body.index();
        let (key, found) = self.find(&body);
        if !found {
            self.compile(body)?;
        }
        let stencils = &self.backend.stencils;
        if let (Some(key), Some(cache), false) = (key, &config.cache, found)
            && let Some(stencil) = stencils.get(func.index())
        {
            cache.keep(key, &stencil);
        }
        check_size(stencils, config)
    }
}

/// Compiles a module that is there as a whole.
pub(super) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Module> {
    let mut context = Lent::new(engine);
    let mut declared = Declared::default();
    let limits = engine.config().compile_limits.clone();
    let CompileContext {
        scratch, backend, ..
    } = context.get();
    let mut consumer = FunctionsToCode {
        backend,
        declared: &mut declared,
        engine,
        size: Some(bytes.len()),
    };
    let info = translate_with(bytes, limits, scratch, &mut consumer);
    let info = consumer.end(info)?;
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
    /// As for [`Module::new`]. After an error nothing more is accepted. With several
    /// [threads](crate::Config::compile_threads) an error in a function may only be found by a
    /// later call.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let engine = self.context.engine.clone();
        let mut consumer = FunctionsToCode {
            backend: &mut self.context.get().backend,
            declared: &mut self.declared,
            engine: &engine,
            size: None,
        };
        if let Err(error) = self.reader.push(chunk, &mut consumer) {
            consumer.end(Err(error))?;
        }
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
            engine: &engine,
            size: None,
        };
        let info = self.reader.finish(&mut consumer);
        let info = consumer.end(info)?;
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
pub(super) struct Lent {
    engine: Engine,
    context: Option<CompileContext>,
}

impl Lent {
    pub(super) fn new(engine: &Engine) -> Lent {
        let mut context = engine.take_compiler();
        context.backend.stencils.clear();
        Lent {
            engine: engine.clone(),
            context: Some(context),
        }
    }

    pub(super) fn get(&mut self) -> &mut CompileContext {
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
        body.feed(&mut Discard)
    }
}

/// Validates a module.
pub(super) fn check(engine: &Engine, bytes: &[u8]) -> Result<()> {
    translate(bytes, engine.config().compile_limits.clone(), &mut Discard)?;
    Ok(())
}
