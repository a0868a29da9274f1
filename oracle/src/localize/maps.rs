//! Location maps and machine code of all functions of a module, as an engine compiles it.
//!
//! Compiles the module once more, observed, and makes sure that the engine's own code is the
//! same, byte by byte.

use std::collections::HashMap;

use microwasm::input::{Consumer, FunctionBody, InputError, translate};
use microwasm::wasm::Limits;
use microwasm::{DefinedFuncIndex, FuncIndex, ModuleInfo};
use microwasm_codegen::bytecode::op::Text;
use microwasm_codegen::link;
use microwasm_codegen::listing;
use microwasm_codegen::locations::{Boundary, LocationMap, Observed, ObservingSink};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::{
    Backend, CodegenError, ExternalName, RelocKind, Settings, Stencil, Stencils,
};
use microwasm_codegen::{bytecode, x64};
use microwasm_runtime::{Engine, Module};
use thiserror::Error;

/// Why there are no maps.
#[derive(Debug, Error)]
pub enum MapError {
    /// The module is not one.
    #[error(transparent)]
    Input(#[from] InputError),
    /// It cannot be compiled.
    #[error(transparent)]
    Codegen(#[from] CodegenError),
    /// The engine does not take it.
    #[error(transparent)]
    Engine(#[from] microwasm_runtime::Error),
    /// Compiled once more, it is other code. A compiler that does that is broken.
    #[error("function {0} does not compile to the same code again")]
    OtherCode(FuncIndex),
}

/// What is known of a module's code.
pub(super) struct Maps {
    pub(super) info: ModuleInfo,
    functions: Vec<FunctionMap>,
    stencils: Stencils,
    backend: Backend,
    misdirected: Option<Misdirected>,
}

/// A call that the linker has made go elsewhere than it should.
#[derive(Clone, Copy, Debug)]
pub(super) struct Misdirected {
    pub(super) func: FuncIndex,
    /// The operator whose code it is in, if it is in one's.
    pub(super) op: Option<u32>,
    pub(super) callee: FuncIndex,
    /// How far from the callee's beginning it goes.
    pub(super) off: i64,
}

/// What is known of a function's code.
pub(super) struct FunctionMap {
    pub(super) locations: LocationMap,
    /// By offset, the operators whose boundaries lie there and can be judged.
    at: HashMap<u32, Vec<u32>>,
}

impl FunctionMap {
    fn new(locations: LocationMap) -> FunctionMap {
        let mut at: HashMap<u32, Vec<u32>> = HashMap::new();
        for (op, boundary) in (0..).zip(locations.boundaries()) {
            if boundary.judged {
                at.entry(boundary.code.0).or_default().push(op);
            }
        }
        FunctionMap { locations, at }
    }

    /// Operators before which execution stands at this offset.
    pub(super) fn at(&self, offset: u32) -> &[u32] {
        self.at.get(&offset).map_or(&[], Vec::as_slice)
    }

    /// The boundary before an operator.
    pub(super) fn boundary(&self, op: u32) -> Option<&Boundary> {
        self.locations.boundaries().get(op as usize)
    }
}

impl Maps {
    /// The maps of `wasm` for an engine.
    pub(super) fn new(engine: &Engine, wasm: &[u8]) -> Result<Maps, MapError> {
        let module = Module::new(engine, wasm)?;
        let mut maps = Maps::observe(engine, wasm, false)?;
        if let Err(error) = maps.check(&module) {
            maps = Maps::observe(engine, wasm, true)?;
            maps.check(&module).map_err(|_| error)?;
        }
        maps.misdirected = maps.find_misdirected(&module);
        Ok(maps)
    }

    /// Compiles a module operator by operator, or several at once where they come so.
    fn observe(engine: &Engine, wasm: &[u8], at_once: bool) -> Result<Maps, MapError> {
        let settings = *engine.settings();
        let mut compilation = Compilation {
            settings,
            at_once,
            layout: None,
            stencils: Stencils::default(),
            functions: Vec::new(),
        };
        let info = translate(wasm, Limits::default(), &mut compilation)?;
        Ok(Maps {
            info,
            functions: compilation.functions,
            stencils: compilation.stencils,
            backend: settings.backend,
            misdirected: None,
        })
    }

    /// The first call of a function of the module that does not go there.
    pub(super) fn misdirected(&self) -> Option<Misdirected> {
        self.misdirected
    }

    /// What is known of a function.
    pub(super) fn function(&self, func: FuncIndex) -> Option<&FunctionMap> {
        self.functions.get(self.info.defined(func)?.index())
    }

    /// The code of an operator, instruction by instruction, and where each begins.
    pub(super) fn code(&self, func: FuncIndex, op: u32) -> Vec<listing::Line> {
        let Some((map, stencil)) = self.function(func).zip(self.stencil(func)) else {
            return Vec::new();
        };
        let Some(boundary) = map.boundary(op) else {
            return Vec::new();
        };
        let next = map.boundary(op + 1).map_or(boundary.end, |next| next.code);
        let range = boundary.code..boundary.end.max(next);
        let mut lines = match self.backend {
            Backend::X64 => listing::instructions(&stencil).collect(),
            Backend::Bytecode => bytecode_lines(&stencil),
        };
        lines.retain(|line| range.contains(&line.offset));
        lines
    }

    fn stencil(&self, func: FuncIndex) -> Option<Stencil<'_>> {
        self.stencils.get(self.info.defined(func)?.index())
    }

    /// Makes sure that the engine's code is what the maps are about, but for what the linker
    /// has filled in.
    fn check(&self, module: &Module) -> Result<(), MapError> {
        let code = module.code();
        for (index, stencil) in (0..).map(DefinedFuncIndex).zip(self.stencils.iter()) {
            let linked = code.function(index).and_then(|range| code.bytes.get(range));
            let mut mine = stencil.code.to_vec();
            let mut linked = linked.unwrap_or_default().to_vec();
            for reloc in stencil.relocs {
                let field = reloc.offset.0 as usize;
                let before = match reloc.kind {
                    RelocKind::Plt32 => 1,
                    RelocKind::GotPcRelX => 2,
                    RelocKind::Abs64 | RelocKind::BytecodeCall => 4,
                };
                for code in [&mut mine, &mut linked] {
                    if let Some(call) = code.get_mut(field - before..field + 4) {
                        call.fill(0);
                    }
                }
            }
            if mine != linked {
                return Err(MapError::OtherCode(self.info.func_index(index)));
            }
        }
        Ok(())
    }
}

impl Maps {
    /// Reads the calls that were linked as they will be executed.
    fn find_misdirected(&self, module: &Module) -> Option<Misdirected> {
        let code = module.code();
        let start_of = |func| Some(code.function(func)?.start);
        for (index, stencil) in (0..).map(DefinedFuncIndex).zip(self.stencils.iter()) {
            let range = code.function(index)?;
            let linked = code.bytes.get(range.clone())?;
            for reloc in stencil.relocs {
                let ExternalName::Func(callee) = reloc.target else {
                    continue;
                };
                let Some(wanted) = self.info.defined(callee).and_then(start_of) else {
                    continue;
                };
                let to = link::destination(reloc, linked, range.start as u32);
                if let Some(off) = to.map(|to| to - wanted as i64)
                    && off != 0
                {
                    let boundaries = self.functions[index.index()].locations.boundaries();
                    let op = boundaries.iter().position(|boundary| {
                        (boundary.code.0..boundary.end.0).contains(&reloc.offset.0)
                    });
                    return Some(Misdirected {
                        func: self.info.func_index(index),
                        op: op.map(|op| op as u32),
                        callee,
                        off,
                    });
                }
            }
        }
        None
    }
}

fn bytecode_lines(stencil: &Stencil<'_>) -> Vec<listing::Line> {
    let mut at = 0;
    let lines = std::iter::from_fn(|| {
        let text = Text::of(stencil.code, at)?;
        let offset = microwasm_codegen::CodeOffset(at);
        at += text.size();
        // What the linker fills in is better told by name.
        let mut relocs = stencil.relocs.iter();
        let reloc = relocs.find(|reloc| (offset.0..at).contains(&reloc.offset.0));
        let text = match reloc {
            Some(reloc) => format!("call {}", reloc.target),
            None => text.to_string(),
        };
        Some(listing::Line { offset, text })
    });
    lines.collect()
}

struct Compilation {
    settings: Settings,
    at_once: bool,
    layout: Option<VmLayout>,
    stencils: Stencils,
    functions: Vec<FunctionMap>,
}

impl Compilation {
    fn note<C: Observed>(
        body: FunctionBody<'_>,
        compiler: C,
        at_once: bool,
        functions: &mut Vec<FunctionMap>,
    ) -> Result<(), MapError> {
        let module = body.module();
        let func = module.func_index(body.index());
        let results = module.func_type(func).results.len() as u32;
        let mut sink = ObservingSink::new(compiler, module, results);
        if at_once {
            sink = sink.at_once();
        }
        body.feed(&mut sink)?;
        functions.push(FunctionMap::new(sink.finish()?));
        Ok(())
    }
}

impl Consumer for Compilation {
    type Error = MapError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), MapError> {
        let (module, index) = (body.module(), body.index());
        let layout = self.layout.get_or_insert_with(|| VmLayout::new(module));
        let (settings, stencils) = (self.settings, &mut self.stencils);
        match settings.backend {
            Backend::X64 => {
                let mut compiler = x64::Compiler::new(settings);
                let sink = compiler.function(module, layout, index, stencils);
                Compilation::note(body, sink, self.at_once, &mut self.functions)
            }
            Backend::Bytecode => {
                let mut compiler = bytecode::Compiler::new(settings);
                let sink = compiler.function(module, layout, index, stencils);
                Compilation::note(body, sink, self.at_once, &mut self.functions)
            }
        }
    }
}
