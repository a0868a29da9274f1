//! The contents of sections, as declarations.

use super::bytes::Bytes;
use super::error::{BinaryError, Malformed};
use super::{Section, kind, mode};
use crate::immediates::{ReadImmediates, Scratch};
use crate::module::{
    ConstExpr, ConstOp, DataSegment, ElemItems, ElemSegment, Export, ExportItem, ExternType,
    GlobalType, Import, Limits, MemoryType, SegmentMode, TableType,
};
use crate::opcode::Opcode;
use crate::types::{FuncIndex, FuncType, TypeIndex};
use crate::verify::{Declarations, Violation};

type Read<T> = Result<T, BinaryError>;

/// Reads a section other than the code.
pub(super) fn section(
    section: Section,
    bytes: &mut Bytes<'_>,
    declarations: &mut Declarations,
) -> Read<()> {
    let mut add = |bytes: &mut Bytes<'_>| item(section, bytes, declarations);
    if matches!(section, Section::Start | Section::DataCount) {
        add(bytes)?;
    } else {
        let count = bytes.count()?;
        if count == 0 {
            return bytes.malformed(Malformed::Empty);
        }
        for _ in 0..count {
            add(bytes)?;
        }
    }
    bytes.end()
}

fn item(section: Section, bytes: &mut Bytes<'_>, declarations: &mut Declarations) -> Read<()> {
    let offset = bytes.offset();
    let checked: Result<(), Violation> = match section {
        Section::Types => {
            let (params, results) = (bytes.types()?, bytes.types()?);
            declarations.ty(FuncType { params, results })
        }
        Section::Imports => {
            let (module, name) = (bytes.name()?.into(), bytes.name()?);
            let ty = extern_type(bytes)?;
            declarations.import(Import { module, name, ty })
        }
        Section::Functions => declarations.func(TypeIndex(bytes.u32()?)),
        Section::Tables => declarations.table(table(bytes)?),
        Section::Memories => declarations.memory(memory(bytes)?),
        Section::Globals => {
            let ty = global(bytes)?;
            declarations.global(ty, constant(bytes)?)
        }
        Section::Exports => {
            let name = bytes.name()?;
            let item = match bytes.flags(kind::GLOBAL)? {
                kind::FUNC => ExportItem::Func(bytes.index()?),
                kind::TABLE => ExportItem::Table(bytes.index()?),
                kind::MEMORY => ExportItem::Memory(bytes.index()?),
                _ => ExportItem::Global(bytes.index()?),
            };
            declarations.export(Export { name, item })
        }
        Section::Start => declarations.start(FuncIndex(bytes.u32()?)),
        Section::Elems => declarations.elem(elem(bytes)?),
        Section::DataCount => match bytes.u32()? {
            0 => return bytes.malformed(Malformed::Empty),
            count => declarations.data_count(count),
        },
        Section::Datas => {
            let flags = bytes.flags(mode::PASSIVE | mode::DECLARED)?;
            let mode = segment_mode(bytes, flags)?;
            let count = bytes.count()?;
            let bytes = bytes.take(count as usize)?.into();
            declarations.data(DataSegment { bytes, mode })
        }
        Section::Names => {
            let func = FuncIndex(bytes.u32()?);
            declarations.name(func, bytes.name()?)
        }
        Section::Code => unreachable!("bodies are not collected"),
    };
    checked.map_err(|violation| BinaryError::invalid(offset, None, violation))
}

fn extern_type(bytes: &mut Bytes<'_>) -> Read<ExternType> {
    Ok(match bytes.flags(kind::GLOBAL)? {
        kind::FUNC => ExternType::Func(TypeIndex(bytes.u32()?)),
        kind::TABLE => ExternType::Table(table(bytes)?),
        kind::MEMORY => ExternType::Memory(memory(bytes)?),
        _ => ExternType::Global(global(bytes)?),
    })
}

fn table(bytes: &mut Bytes<'_>) -> Read<TableType> {
    let element = bytes.ty()?;
    let limits = limits(bytes)?;
    Ok(TableType { element, limits })
}

fn memory(bytes: &mut Bytes<'_>) -> Read<MemoryType> {
    let limits = limits(bytes)?;
    Ok(MemoryType { limits })
}

fn global(bytes: &mut Bytes<'_>) -> Read<GlobalType> {
    let ty = bytes.ty()?;
    let mutable = bytes.flags(1)? != 0;
    Ok(GlobalType { ty, mutable })
}

fn limits(bytes: &mut Bytes<'_>) -> Read<Limits> {
    let has_max = bytes.flags(1)? != 0;
    let min = bytes.u32()?;
    let max = if has_max { Some(bytes.u32()?) } else { None };
    Ok(Limits { min, max })
}

fn elem(bytes: &mut Bytes<'_>) -> Read<ElemSegment> {
    let flags = bytes.flags(mode::PASSIVE | mode::DECLARED | mode::EXPRS)?;
    let mode = segment_mode(bytes, flags & !mode::EXPRS)?;
    let ty = bytes.ty()?;
    let count = bytes.count()?;
    let items = match flags & mode::EXPRS {
        0 => ElemItems::Funcs((0..count).map(|_| bytes.index()).collect::<Read<_>>()?),
        _ => ElemItems::Exprs((0..count).map(|_| constant(bytes)).collect::<Read<_>>()?),
    };
    Ok(ElemSegment { ty, items, mode })
}

fn segment_mode<I: From<u32>>(bytes: &mut Bytes<'_>, mode: u8) -> Read<SegmentMode<I>> {
    Ok(match mode {
        mode::ACTIVE => SegmentMode::Active {
            target: bytes.index()?,
            offset: constant(bytes)?,
        },
        mode::PASSIVE => SegmentMode::Passive,
        mode::DECLARED => SegmentMode::Declared,
        _ => return bytes.malformed(Malformed::Flags(mode)),
    })
}

fn constant(bytes: &mut Bytes<'_>) -> Read<ConstExpr> {
    let count = bytes.count()?;
    let mut scratch = Scratch::default();
    (0..count)
        .map(|_| {
            let code = bytes.u8()?;
            let Some(opcode) = Opcode::from_code(code) else {
                return bytes.malformed(Malformed::Opcode(code));
            };
            let op = opcode.read(bytes, &mut scratch)?;
            match ConstOp::try_from(op) {
                Ok(op) => Ok(op),
                Err(_) => bytes.malformed(Malformed::NotConstant),
            }
        })
        .collect()
}
