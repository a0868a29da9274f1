//! Relocatable objects, judged by the tools of binutils and by the system's linker.
//!
//! A tool that is not there has its tests ignored, by name.

mod unwind;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Failed, Trial};
use microwasm::wasm::{Consumer, FunctionBody, Limits, WasmError, translate};
use microwasm::{DefinedFuncIndex, ModuleInfo};
use microwasm_codegen::link::{Addresses, BuiltinAddresses, HostCall, Layout, LinkPlan};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::x64::Compiler;
use microwasm_codegen::{
    Builtin, CodegenError, CpuFeatures, ExternalName, MemoryBounds, Settings, Stencils, elf,
};
use object::{
    Object as _, ObjectSection as _, ObjectSymbol as _, ObjectSymbolTable as _, RelocationFlags,
};

/// Calls of every kind, everything that moves the stack pointer, traps, a jump table.
const MODULE: &str = include_str!("module.wat");

/// A module, compiled.
struct Compiled {
    stencils: Stencils,
    info: ModuleInfo,
    vm: VmLayout,
    settings: Settings,
}

#[derive(Debug)]
#[allow(dead_code)]
enum Error {
    Wasm(WasmError),
    Codegen(CodegenError),
}

impl From<WasmError> for Error {
    fn from(error: WasmError) -> Error {
        Error::Wasm(error)
    }
}

struct Functions {
    compiler: Compiler,
    stencils: Stencils,
}

impl Consumer for Functions {
    type Error = Error;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Error> {
        let module = body.module();
        let vm = VmLayout::new(module);
        let index = body.index();
        let mut sink = self
            .compiler
            .function(module, &vm, index, &mut self.stencils);
        body.translate(&mut sink)?;
        sink.finish().map_err(Error::Codegen)
    }
}

fn compile(settings: Settings) -> Compiled {
    let wasm = wat::parse_str(MODULE).expect("the text is well-formed");
    let mut functions = Functions {
        compiler: Compiler::new(settings),
        stencils: Stencils::default(),
    };
    let info = translate(&wasm, Limits::default(), &mut functions).expect("it compiles");
    Compiled {
        stencils: functions.stencils,
        vm: VmLayout::new(&info),
        info,
        settings,
    }
}

/// The module under all settings that change how the stack pointer moves.
fn all_settings() -> Vec<Settings> {
    let mut all = Vec::new();
    for bounds in [MemoryBounds::Guard, MemoryBounds::Explicit] {
        for metered in [false, true] {
            all.push(Settings {
                bounds,
                fuel: metered,
                epoch: metered,
                features: CpuFeatures::BASELINE,
                unwind: true,
                ..Settings::default()
            });
        }
    }
    all
}

/// A folder of a test's own, with the object of a module in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, compiled: &Compiled) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("elf-{name}"));
        std::fs::create_dir_all(&path).expect("the target folder can be written to");
        let Compiled {
            stencils,
            info,
            vm,
            settings,
        } = compiled;
        let object = elf::object(stencils, info, vm, settings).expect("it fits in an object");
        std::fs::write(path.join("wasm.o"), object).expect("it can be written");
        Folder(path)
    }

    /// Runs a tool in the folder. It must succeed, and have nothing to complain about.
    fn run(&self, tool: &str, args: &[&str]) -> Result<String, Failed> {
        let output = Command::new(tool)
            .args(args)
            .current_dir(&self.0)
            .output()?;
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        let (stdout, stderr) = (String::from_utf8(stdout)?, String::from_utf8(stderr)?);
        let complains = |text: &str| text.to_lowercase().contains("warning");
        if !status.success() || !stderr.is_empty() || complains(&stdout) {
            return Err(format!("{tool} {args:?}: {status}\n{stderr}\n{stdout}").into());
        }
        Ok(stdout)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).expect("the tool has written it")
    }

    /// Assembles the runtime: every builtin, and what else is given.
    fn stub(&self, more: &str) -> Result<(), Failed> {
        let mut text = String::from(".section .note.GNU-stack,\"\",@progbits\n.text\n");
        for (i, builtin) in Builtin::ALL.into_iter().enumerate() {
            let name = elf::builtin_symbol(builtin);
            text += &format!(".globl {name}\n.type {name}, @function\n");
            text += &format!(
                "{name}: .fill {}, 1, 0x90\nret\n.size {name}, .-{name}\n",
                3 * i
            );
        }
        std::fs::write(self.0.join("stub.s"), text + more)?;
        self.run("as", &["-o", "stub.o", "stub.s"]).map(drop)
    }
}

/// Bytes and address of the text section of an object or a program.
fn text(file: &[u8]) -> (Vec<u8>, u64) {
    let file = object::File::parse(file).expect("a well-formed file");
    let section = file.section_by_name(".text").expect("there is code");
    let data = section.data().expect("the section is in the file");
    (data.to_vec(), section.address())
}

/// Relocations of a section: offset, type, symbol, addend.
fn relocations(file: &[u8], section: &str) -> Vec<(u64, u32, String, i64)> {
    let file = object::File::parse(file).expect("a well-formed file");
    let section = file
        .section_by_name(section)
        .expect("there is such a section");
    let mut relocations: Vec<_> = section
        .relocations()
        .map(|(offset, relocation)| {
            let RelocationFlags::Elf { r_type } = relocation.flags() else {
                panic!("an ELF file");
            };
            let object::RelocationTarget::Symbol(symbol) = relocation.target() else {
                panic!("relocations are against symbols");
            };
            let symbol = file.symbol_by_index(symbol).expect("the symbol is there");
            let name = symbol.name().expect("it has a name").to_owned();
            (offset, r_type.0, name, relocation.addend())
        })
        .collect();
    relocations.sort();
    relocations
}

/// What our linker makes of the module, for an image at `address` and the builtins of `program`.
fn image(compiled: &Compiled, program: &[u8], address: u64, builtins: HostCall) -> Vec<u8> {
    let Compiled {
        stencils, info, vm, ..
    } = compiled;
    let layout = Layout {
        builtins,
        ..Layout::default()
    };
    let plan = LinkPlan::with_layout(stencils, info, vm, &layout).expect("places");
    let file = object::File::parse(program).expect("a well-formed file");
    let addresses = Addresses {
        image: address,
        builtins: BuiltinAddresses(Builtin::ALL.map(|builtin| {
            let symbol = file.symbol_by_name(elf::builtin_symbol(builtin));
            symbol.map_or(0, |symbol| symbol.address())
        })),
        imports: &[],
    };
    let mut image = vec![0; plan.size()];
    plan.write(stencils, &addresses, &mut image).expect("links");
    image
}

fn readelf_accepts_it() -> Result<(), Failed> {
    for settings in all_settings() {
        let folder = Folder::new("readelf", &compile(settings));
        let all = folder.run("readelf", &["-a", "-W", "wasm.o"])?;
        for expected in [
            "wasm_func_2",
            "wasm_import_0",
            "microwasm_trap",
            "R_X86_64_PLT32",
            "R_X86_64_GOTPCRELX",
            ".microwasm.traps",
            ".microwasm.settings",
        ] {
            assert!(all.contains(expected), "{expected} is not in\n{all}");
        }
        let frames = folder.run("readelf", &["--debug-dump=frames-interp", "wasm.o"])?;
        assert!(
            frames.contains("DW_CFA") || frames.contains("rsp+8"),
            "{frames}"
        );
        let settings = folder.run("readelf", &["-p", ".microwasm.settings", "wasm.o"])?;
        assert!(settings.contains("bounds="), "{settings}");
    }
    Ok(())
}

fn objdump_shows_it() -> Result<(), Failed> {
    let folder = Folder::new("objdump", &compile(all_settings()[0]));
    let listing = folder.run("objdump", &["-dr", "wasm.o"])?;
    for expected in [
        "<wasm_func_2>:",
        "<wasm_import_0>:",
        "R_X86_64_PLT32\twasm_import_0-0x4",
        "R_X86_64_GOTPCRELX\tmicrowasm_memory_grow-0x4",
    ] {
        assert!(
            listing.contains(expected),
            "{expected} is not in\n{listing}"
        );
    }
    Ok(())
}

fn linked_relocatably() -> Result<(), Failed> {
    for settings in all_settings() {
        let folder = Folder::new("relocatable", &compile(settings));
        folder.run("ld", &["-r", "-o", "again.o", "wasm.o"])?;
        let (before, after) = (folder.read("wasm.o"), folder.read("again.o"));
        assert_eq!(text(&before), text(&after));
        for section in [".text", ".eh_frame"] {
            assert_eq!(relocations(&before, section), relocations(&after, section));
        }
    }
    Ok(())
}

fn linked_with_the_runtime_near() -> Result<(), Failed> {
    for settings in all_settings() {
        let compiled = compile(settings);
        let folder = Folder::new("near", &compiled);
        folder.stub(".globl _start\n_start: call wasm_func_2\nud2\n")?;
        for base in ["0x400000", "0x12340000"] {
            folder.run("ld", &["-Ttext", base, "-o", "program", "wasm.o", "stub.o"])?;
            let program = folder.read("program");
            let (code, address) = text(&program);
            let image = image(&compiled, &program, address, HostCall::Near);
            assert!(
                code[..image.len()] == image[..],
                "the images differ at {base}"
            );
            assert!(code.len() > image.len(), "the runtime is linked behind");
            traps_point_at_their_instructions(&compiled, &program, address);
        }
    }
    Ok(())
}

/// With the runtime in a shared library, whose distance is not known: its functions are called
/// through the GOT. Which slot a function gets is the linker's own affair.
fn linked_with_the_runtime_far() -> Result<(), Failed> {
    for settings in all_settings() {
        let compiled = compile(settings);
        let folder = Folder::new("far", &compiled);
        folder.stub("")?;
        folder.run("ld", &["-shared", "-o", "libruntime.so", "stub.o"])?;
        folder.run(
            "ld",
            &["-e", "0", "-o", "program", "wasm.o", "libruntime.so"],
        )?;
        let program = folder.read("program");
        let (mut code, address) = text(&program);
        let slots = dynamic_slots(&program);
        let mut ours = image(&compiled, &program, address, HostCall::Table);
        ours.truncate(code.len());
        for (stencil, reloc) in compiled
            .stencils
            .iter()
            .flat_map(|stencil| stencil.relocs.iter().map(move |reloc| (stencil, reloc)))
        {
            let ExternalName::Builtin(builtin) = reloc.target else {
                continue;
            };
            let field = (stencil.start + reloc.offset.0) as usize;
            let bytes = code[field..field + 4].try_into().expect("four bytes");
            let distance = i32::from_le_bytes(bytes);
            let slot = (address + field as u64 + 4).wrapping_add_signed(distance.into());
            assert_eq!(
                slots.get(&slot).map(String::as_str),
                Some(elf::builtin_symbol(builtin))
            );
            code[field..field + 4].fill(0);
            ours[field..field + 4].fill(0);
        }
        assert!(
            code == ours,
            "the images differ in more than the places of slots"
        );
    }
    Ok(())
}

/// By address, the symbols whose addresses the dynamic linker fills in.
fn dynamic_slots(program: &[u8]) -> HashMap<u64, String> {
    let file = object::File::parse(program).expect("a well-formed file");
    let symbols = file
        .dynamic_symbol_table()
        .expect("it is linked dynamically");
    let relocations = file
        .dynamic_relocations()
        .expect("it is linked dynamically");
    relocations
        .map(|(address, relocation)| {
            let object::RelocationTarget::Symbol(symbol) = relocation.target() else {
                panic!("relocations are against symbols");
            };
            let symbol = symbols
                .symbol_by_index(symbol)
                .expect("the symbol is there");
            (address, symbol.name().expect("it has a name").to_owned())
        })
        .collect()
}

/// The table of traps names the instructions that the stencils do.
fn traps_point_at_their_instructions(compiled: &Compiled, program: &[u8], address: u64) {
    let file = object::File::parse(program).expect("a well-formed file");
    // Without traps there is no section.
    let section = file.section_by_name(".microwasm.traps");
    let base = section.as_ref().map_or(0, |section| section.address());
    let table = section.map_or(&[][..], |section| section.data().expect("in the file"));
    let mut found = Vec::new();
    for (entry, at) in table.chunks_exact(8).zip((0u64..).step_by(8)) {
        let distance = i32::from_le_bytes(entry[..4].try_into().expect("four bytes"));
        let code = u32::from_le_bytes(entry[4..].try_into().expect("four bytes"));
        let site = (base + at).wrapping_add_signed(distance.into());
        found.push(((site - address) as u32, code));
    }
    let expected: Vec<(u32, u32)> = compiled
        .stencils
        .iter()
        .flat_map(|stencil| {
            let sites = stencil.traps.iter();
            sites.map(move |site| (stencil.start + site.offset.0, site.code as u32))
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        found.is_empty(),
        compiled.settings.bounds == MemoryBounds::Explicit
    );
}

fn has(tool: &str) -> bool {
    let output = Command::new(tool).arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}

fn main() {
    let args = Arguments::from_args();
    let test = |name: &str, tools: &[&str], run: fn() -> Result<(), Failed>| {
        let missing = tools.iter().any(|tool| !has(tool));
        Trial::test(name, run).with_ignored_flag(missing)
    };
    let tests = vec![
        test("unwind_tables_are_right", &[], unwind::tables_are_right),
        test("readelf_accepts_it", &["readelf"], readelf_accepts_it),
        test("objdump_shows_it", &["objdump"], objdump_shows_it),
        test("ld_links_it_relocatably", &["ld"], linked_relocatably),
        test(
            "ld_makes_the_same_image_near",
            &["ld", "as"],
            linked_with_the_runtime_near,
        ),
        test(
            "ld_makes_the_same_image_far",
            &["ld"],
            linked_with_the_runtime_far,
        ),
    ];
    libtest_mimic::run(&args, tests).exit();
}

/// All functions of a module.
fn functions(stencils: &Stencils) -> impl Iterator<Item = DefinedFuncIndex> {
    (0..stencils.len() as u32).map(DefinedFuncIndex)
}
