//! Random Microwasm: modules that no WebAssembly becomes.
//!
//! Receives bytes, hands on a module in binary form; any bytes make a valid one. Where
//! they end, a generator that they seed goes on. Every function is a graph of blocks that
//! branch anywhere a valid function can: forward, backward, into the middle of loops, with
//! other drops from every caller. All block arguments of a function are a tail of one list
//! of types, so that one branch can go to blocks that take different numbers of them.
//!
//! Modules end: each backward block and each function takes one unit of fuel from an
//! exported global, and traps when there is none. NaNs are canonical wherever they are
//! made.

mod body;

use microwasm::binary::{ModuleWriter, OpWriter};
use microwasm::module::*;
use microwasm::op::Const;
use microwasm::*;

use crate::choice::{Choices, mix};
use crate::compare::NanRule;
use crate::engine::Limits as StoreLimits;
use crate::generate::plan;
use crate::prepare::{self, FUEL, FUEL_EXPORT, PrepareError};
use crate::run::Case;

/// The types that values have.
const TYPES: [ValType; 6] = [
    ValType::I32,
    ValType::I64,
    ValType::F32,
    ValType::F64,
    ValType::FuncRef,
    ValType::ExternRef,
];

/// The global that holds the fuel.
const FUEL_GLOBAL: GlobalIndex = GlobalIndex(0);

/// Choices from bytes, and from a generator when they are used up.
pub(super) struct Source<'a> {
    bytes: std::slice::Iter<'a, u8>,
    more: Choices,
}

impl<'a> Source<'a> {
    fn new(bytes: &'a [u8]) -> Source<'a> {
        let seed = bytes.iter().fold(1, |hash, &byte| mix(hash, byte.into()));
        Source {
            bytes: bytes.iter(),
            more: Choices::new(seed),
        }
    }

    fn byte(&mut self) -> u8 {
        let next = self.bytes.next().copied();
        next.unwrap_or_else(|| self.more.bits() as u8)
    }

    /// A number below `n`, which is not 0.
    fn below(&mut self, n: usize) -> usize {
        let mut number = usize::from(self.byte());
        if n > 256 {
            number = number << 8 | usize::from(self.byte());
        }
        number % n
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Mostly numbers.
    fn ty(&mut self) -> ValType {
        match self.below(8) {
            0 => self.pick(&TYPES[4..]),
            1..5 => self.pick(&TYPES[..2]),
            _ => self.pick(&TYPES[2..4]),
        }
    }

    fn types(&mut self, most: usize) -> Vec<ValType> {
        (0..self.below(most + 1)).map(|_| self.ty()).collect()
    }

    /// A constant, interesting more often than not.
    fn constant(&mut self, ty: ValType) -> Const {
        let mut choices = Choices::new(mix(u64::from(self.byte()), self.byte().into()));
        match choices.value::<()>(ty, |_| None) {
            Some(crate::value::Value::I32(value)) => Const::I32(value as i32),
            Some(crate::value::Value::I64(value)) => Const::I64(value as i64),
            Some(crate::value::Value::F32(bits)) => Const::F32(bits),
            Some(crate::value::Value::F64(bits)) => Const::F64(bits),
            _ => Const::Null(ty),
        }
    }
}

/// The module that `bytes` stand for, in binary form.
pub fn module(bytes: &[u8]) -> Vec<u8> {
    let mut source = Source::new(bytes);
    let info = declare(&mut source);
    let mut writer = ModuleWriter::default();
    for func in info.imported_funcs..info.funcs.len() as u32 {
        let mut body = Vec::new();
        body::generate(
            &mut source,
            &info,
            FuncIndex(func),
            &mut OpWriter::new(&mut body),
        );
        writer.body(&body);
    }
    writer.finish(&info)
}

/// The case of [`module`]: what to call, and how to compare.
pub fn case(bytes: &[u8]) -> Result<Case, PrepareError> {
    let prepared = prepare::prepare(&module(bytes), &prepare::Options::OBSERVE)?;
    let seed = bytes.iter().fold(2, |hash, &byte| mix(hash, byte.into()));
    let invocations = plan(&prepared.shape, seed, 4 + (seed % 8) as usize);
    Ok(Case {
        wasm: prepared.wasm,
        shape: prepared.shape.into(),
        invocations,
        seed,
        nans: NanRule::Bits,
        limits: StoreLimits::DIFFERENTIAL,
    })
}

/// Everything but the bodies.
fn declare(source: &mut Source<'_>) -> ModuleInfo {
    let mut info = ModuleInfo::default();
    for _ in 0..2 + source.below(4) {
        let (params, results) = match source.below(4) {
            0 => (14, 9),
            1 => (14, 3),
            _ => (5, 3),
        };
        let (params, results) = (source.types(params), source.types(results));
        let (params, results) = (params.into(), results.into());
        info.types.push(FuncType { params, results });
    }
    for _ in 0..source.below(3) {
        let ty = TypeIndex(source.below(info.types.len()) as u32);
        info.imports.push(Import {
            module: "host".into(),
            name: format!("{}", info.imports.len()).into(),
            ty: ExternType::Func(ty),
        });
        info.funcs.push(ty);
        info.imported_funcs += 1;
    }
    for _ in 0..1 + source.below(4) {
        let ty = TypeIndex(source.below(info.types.len()) as u32);
        info.funcs.push(ty);
    }
    let limits = |min, max| Limits { min, max };
    info.tables = vec![
        TableType {
            element: ValType::FuncRef,
            limits: limits(8, Some(20)),
        },
        TableType {
            element: ValType::ExternRef,
            limits: limits(3, None),
        },
    ];
    info.memories = vec![MemoryType {
        limits: limits(1, Some(3)),
    }];
    globals(source, &mut info);
    exports(&mut info);
    segments(&mut info);
    info
}

fn globals(source: &mut Source<'_>, info: &mut ModuleInfo) {
    let mut add = |ty: ValType, value: Const| {
        let mutable = true;
        info.globals.push(GlobalType { ty, mutable });
        info.global_inits.push([ConstOp::Const(value)].into());
    };
    add(ValType::I32, Const::I32(FUEL as i32));
    for ty in TYPES {
        let value = source.constant(ty);
        add(ty, value);
    }
}

fn exports(info: &mut ModuleInfo) {
    info.exports.push(Export {
        name: FUEL_EXPORT.into(),
        item: ExportItem::Global(FUEL_GLOBAL),
    });
    for func in info.imported_funcs..info.funcs.len() as u32 {
        info.exports.push(Export {
            name: format!("f{func}").into(),
            item: ExportItem::Func(FuncIndex(func)),
        });
    }
}

fn segments(info: &mut ModuleInfo) {
    let funcs: Box<[FuncIndex]> = (0..info.funcs.len() as u32).map(FuncIndex).collect();
    let zero: ConstExpr = [ConstOp::Const(Const::I32(0))].into();
    info.elems.push(ElemSegment {
        ty: ValType::FuncRef,
        items: ElemItems::Funcs(funcs.clone()),
        mode: SegmentMode::Active {
            target: TableIndex(0),
            offset: zero.clone(),
        },
    });
    info.elems.push(ElemSegment {
        ty: ValType::FuncRef,
        items: ElemItems::Funcs(funcs),
        mode: SegmentMode::Passive,
    });
    let bytes: Box<[u8]> = (0..=255).rev().collect();
    info.datas.push(DataSegment {
        bytes: bytes.clone(),
        mode: SegmentMode::Active {
            target: MemoryIndex(0),
            offset: zero,
        },
    });
    let mode = SegmentMode::Passive;
    info.datas.push(DataSegment { bytes, mode });
    info.data_count = 2;
}

#[cfg(test)]
mod tests {
    use super::*;
    use microwasm::input::{self, Consumer, FunctionBody, InputError};

    struct Check;

    impl Consumer for Check {
        type Error = InputError;

        fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
            body.feed(&mut OpWriter::new(&mut Vec::new()))
        }
    }

    #[test]
    fn any_bytes_make_a_valid_module() {
        for seed in 0..2_000u64 {
            let mut choices = Choices::new(seed);
            let length = choices.below(600);
            let bytes: Vec<u8> = (0..length).map(|_| choices.bits() as u8).collect();
            let module = module(&bytes);
            if let Err(error) = input::translate(&module, wasm::Limits::default(), &mut Check) {
                panic!("seed {seed}: {error}");
            }
        }
    }
}
