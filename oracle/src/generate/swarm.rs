//! The configuration that an input chooses for itself.

use arbitrary::Unstructured;
use wasm_smith::{Config, InstructionKind, InstructionKinds, MemoryOffsetChoices};

/// Who makes NaNs canonical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NanMode {
    /// wasm-smith, after every operator that can produce one: all bits can be compared.
    Generator,
    /// The suite, where bits become visible: float code stays as generated, and floats
    /// are compared as the class of NaNs.
    AtLeaks,
}

/// Choices about the engines of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineChoice(pub u8);

/// What an input chooses besides the module itself.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// Seed of the host, the invocations, and the bytes that continue short inputs.
    pub seed: u64,
    /// How many bytes wasm-smith gets at least.
    pub length: usize,
    /// How many invocations to make.
    pub invocations: usize,
    /// Who makes NaNs canonical.
    pub nans: NanMode,
    /// Whether dropped values are folded into globals.
    pub fold_drops: bool,
    /// Whether functions are called with dropped values.
    pub call_with_drops: bool,
    /// Which engines to run.
    pub engines: EngineChoice,
    features: Features,
    sizes: Sizes,
}

#[derive(Clone, Debug)]
struct Features {
    floats: bool,
    bulk_memory: bool,
    references: bool,
    multi_value: bool,
    saturating: bool,
    sign_extension: bool,
    extended_const: bool,
    disallow_traps: bool,
    start: bool,
    kinds: u8,
}

#[derive(Clone, Debug)]
struct Sizes {
    instructions: usize,
    funcs: usize,
    types: usize,
    values: usize,
    imports: usize,
    globals: usize,
    memory: Option<u64>,
    tables: usize,
    table_elements: u64,
    segments: usize,
    nesting: usize,
    offsets: MemoryOffsetChoices,
}

/// Chooses one of `items`; running out of bytes means the first.
fn pick<T: Copy>(u: &mut Unstructured<'_>, items: &[T]) -> T {
    *u.choose(items)
        .expect("a constant, not empty, list of choices")
}

/// True in all but one of `n` cases.
fn mostly(u: &mut Unstructured<'_>, n: u8) -> bool {
    !u.ratio(1, n).unwrap_or(false)
}

impl Swarm {
    /// Reads the header of an input. Every header means something.
    pub fn read(header: &[u8]) -> Swarm {
        let u = &mut Unstructured::new(header);
        let seed = u.arbitrary().unwrap_or(0);
        Swarm {
            seed,
            engines: EngineChoice(u.arbitrary().unwrap_or(0)),
            length: pick(u, &[512, 128, 1024, 2048, 4096]),
            invocations: pick(u, &[6, 3, 8, 12]),
            nans: if mostly(u, 4) {
                NanMode::AtLeaks
            } else {
                NanMode::Generator
            },
            fold_drops: mostly(u, 4),
            call_with_drops: mostly(u, 4),
            features: Features::read(u),
            sizes: Sizes::read(u),
        }
    }

    /// The configuration for wasm-smith: Wasm 2.0 without SIMD, plus extended constants.
    pub fn config(&self) -> Config {
        let (features, sizes) = (&self.features, &self.sizes);
        let references = features.references;
        Config {
            allow_floats: features.floats,
            allow_start_export: features.start,
            allowed_instructions: features.instruction_kinds(),
            bulk_memory_enabled: features.bulk_memory,
            canonicalize_nans: self.nans == NanMode::Generator,
            disallow_traps: features.disallow_traps,
            extended_const_enabled: features.extended_const,
            multi_value_enabled: features.multi_value,
            reference_types_enabled: references,
            saturating_float_to_int_enabled: features.saturating,
            sign_extension_ops_enabled: features.sign_extension,
            max_instructions: sizes.instructions,
            min_funcs: sizes.funcs.div_ceil(2),
            max_funcs: sizes.funcs + sizes.imports,
            min_types: sizes.types.div_ceil(2),
            max_types: sizes.types,
            max_values: sizes.values,
            min_imports: sizes.imports / 2,
            max_imports: sizes.imports,
            max_globals: sizes.globals,
            min_memories: u32::from(sizes.memory.is_some()),
            max_memories: usize::from(sizes.memory.is_some()),
            max_memory32_bytes: sizes.memory.unwrap_or(0),
            memory_max_size_required: true,
            memory_offset_choices: sizes.offsets.clone(),
            max_tables: if references {
                sizes.tables
            } else {
                sizes.tables.min(1)
            },
            max_table_elements: sizes.table_elements,
            table_max_size_required: true,
            max_data_segments: sizes.segments,
            max_element_segments: sizes.segments,
            max_elements: 16,
            max_nesting_depth: sizes.nesting,
            // Every function is exported afterwards.
            max_exports: 0,
            acquire_release_atomics_enabled: false,
            compact_imports_enabled: false,
            custom_descriptors_enabled: false,
            custom_page_sizes_enabled: false,
            exceptions_enabled: false,
            gc_enabled: false,
            generate_custom_sections: false,
            memory64_enabled: false,
            multibyte_array_access_enabled: false,
            relaxed_simd_enabled: false,
            shared_everything_threads_enabled: false,
            simd_enabled: false,
            tail_call_enabled: false,
            threads_enabled: false,
            wide_arithmetic_enabled: false,
            ..Config::default()
        }
    }
}

impl Features {
    fn read(u: &mut Unstructured<'_>) -> Features {
        Features {
            floats: mostly(u, 3),
            bulk_memory: mostly(u, 4),
            references: mostly(u, 4),
            multi_value: mostly(u, 4),
            saturating: mostly(u, 4),
            sign_extension: mostly(u, 4),
            extended_const: mostly(u, 4),
            disallow_traps: mostly(u, 3),
            start: !mostly(u, 8),
            kinds: u.arbitrary().unwrap_or(0),
        }
    }

    /// Usually all; otherwise any subset, to make some operators frequent.
    fn instruction_kinds(&self) -> InstructionKinds {
        if self.kinds < 160 {
            return InstructionKinds::all();
        }
        let optional = [
            InstructionKind::Reference,
            InstructionKind::Table,
            InstructionKind::Memory,
            InstructionKind::Control,
            InstructionKind::Parametric,
        ];
        let mut kinds = vec![InstructionKind::Numeric, InstructionKind::Variable];
        for (bit, kind) in optional.into_iter().enumerate() {
            if self.kinds >> bit & 1 == 1 {
                kinds.push(kind);
            }
        }
        InstructionKinds::new(&kinds)
    }
}

impl Sizes {
    fn read(u: &mut Unstructured<'_>) -> Sizes {
        const PAGE: u64 = 1 << 16;
        Sizes {
            instructions: pick(u, &[100, 20, 50, 300, 1000]),
            funcs: pick(u, &[4, 1, 2, 8, 16]),
            types: pick(u, &[6, 1, 3, 12]),
            values: pick(u, &[6, 2, 12, 40]),
            imports: pick(u, &[4, 0, 1, 8]),
            globals: pick(u, &[4, 0, 1, 10]),
            memory: pick(
                u,
                &[
                    Some(2 * PAGE),
                    Some(PAGE),
                    Some(4 * PAGE),
                    Some(16 * PAGE),
                    None,
                ],
            ),
            tables: pick(u, &[1, 2, 3, 0]),
            table_elements: pick(u, &[20, 1, 5, 100]),
            segments: pick(u, &[3, 0, 1, 6]),
            nesting: pick(u, &[10, 2, 5, 20]),
            offsets: pick_offsets(u),
        }
    }
}

/// Offsets inside the memory, beyond its initial size, and beyond any size.
fn pick_offsets(u: &mut Unstructured<'_>) -> MemoryOffsetChoices {
    let (a, b, c) = pick(u, &[(90, 9, 1), (100, 0, 0), (75, 15, 10)]);
    MemoryOffsetChoices(a, b, c)
}
