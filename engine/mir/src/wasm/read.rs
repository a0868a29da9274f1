//! Reading operators: the usual encodings here, everything else by wasmparser.
//!
//! [`next`] takes apart an operator with an opcode of one byte and immediates in usual
//! encodings, and calls its visit method. Everything else, and whatever may be malformed, it
//! leaves to wasmparser's reader, which knows all operators of all proposals and is slower for it.
//!
//! Invariant: what is read here, wasmparser's reader reads in the same way.

use wasmparser::{BlockType, MemArg, MemArgTarget, ValType, VisitOperator};

/// The bytes that have not been read.
type Rest<'a> = &'a [u8];

/// Calls a visit method for an opcode: one list for each kind of immediates.
macro_rules! dispatch {
    (
        $visitor:ident, $opcode:ident, $rest:ident;
        block: $($block_code:literal $block:ident)*;
        none: $($plain_code:literal $plain:ident)*;
        index: $($index_code:literal $index:ident)*;
        access: $($access_code:literal $access:ident($align:literal))*;
        signed: $($signed_code:literal $signed:ident as $ty:ty)*;
    ) => {
        match $opcode {
            $($block_code => {
                let (ty, rest) = block_type($rest)?;
                (rest, $visitor.$block(ty))
            })*
            $($plain_code => ($rest, $visitor.$plain()),)*
            $($index_code => {
                let (index, rest) = unsigned($rest)?;
                (rest, $visitor.$index(index))
            })*
            $($access_code => {
                let (arg, rest) = mem_arg($rest, $align)?;
                (rest, $visitor.$access(arg))
            })*
            $($signed_code => {
                let (value, rest) = signed($rest)?;
                (rest, $visitor.$signed(<$ty>::from(value)))
            })*
            _ => return None,
        }
    };
}

/// Reads the next operator and has it visited; returns what is behind it, and what came of the
/// visit. `None` says that nothing has been done, and that wasmparser's reader must read it.
#[inline(always)]
pub(super) fn next<'a, V: VisitOperator<'a>>(
    visitor: &mut V,
    bytes: Rest<'a>,
) -> Option<(Rest<'a>, V::Output)> {
    let (&opcode, rest) = bytes.split_first()?;
    Some(dispatch! {
        visitor, opcode, rest;
        block: 0x02 visit_block 0x03 visit_loop 0x04 visit_if;
        none:
            0x0b visit_end 0x0f visit_return 0x1a visit_drop 0x1b visit_select
            0x45 visit_i32_eqz 0x46 visit_i32_eq 0x47 visit_i32_ne
            0x48 visit_i32_lt_s 0x49 visit_i32_lt_u 0x4a visit_i32_gt_s 0x4b visit_i32_gt_u
            0x4c visit_i32_le_s 0x4d visit_i32_le_u 0x4e visit_i32_ge_s 0x4f visit_i32_ge_u
            0x50 visit_i64_eqz 0x51 visit_i64_eq 0x52 visit_i64_ne
            0x53 visit_i64_lt_s 0x54 visit_i64_lt_u 0x55 visit_i64_gt_s 0x56 visit_i64_gt_u
            0x57 visit_i64_le_s 0x58 visit_i64_le_u 0x59 visit_i64_ge_s 0x5a visit_i64_ge_u
            0x6a visit_i32_add 0x6b visit_i32_sub 0x6c visit_i32_mul
            0x71 visit_i32_and 0x72 visit_i32_or 0x73 visit_i32_xor
            0x74 visit_i32_shl 0x75 visit_i32_shr_s 0x76 visit_i32_shr_u 0x77 visit_i32_rotl
            0x7c visit_i64_add 0x7d visit_i64_sub 0x7e visit_i64_mul
            0x83 visit_i64_and 0x84 visit_i64_or 0x85 visit_i64_xor
            0x86 visit_i64_shl 0x87 visit_i64_shr_s 0x88 visit_i64_shr_u 0x89 visit_i64_rotl
            0x92 visit_f32_add 0x93 visit_f32_sub 0x94 visit_f32_mul 0x95 visit_f32_div
            0xa0 visit_f64_add 0xa1 visit_f64_sub 0xa2 visit_f64_mul 0xa3 visit_f64_div
            0xa7 visit_i32_wrap_i64 0xac visit_i64_extend_i32_s 0xad visit_i64_extend_i32_u;
        index:
            0x0c visit_br 0x0d visit_br_if 0x10 visit_call
            0x20 visit_local_get 0x21 visit_local_set 0x22 visit_local_tee
            0x23 visit_global_get 0x24 visit_global_set;
        access:
            0x28 visit_i32_load(2) 0x29 visit_i64_load(3)
            0x2a visit_f32_load(2) 0x2b visit_f64_load(3)
            0x2c visit_i32_load8_s(0) 0x2d visit_i32_load8_u(0)
            0x2e visit_i32_load16_s(1) 0x2f visit_i32_load16_u(1)
            0x31 visit_i64_load8_u(0) 0x33 visit_i64_load16_u(1) 0x35 visit_i64_load32_u(2)
            0x36 visit_i32_store(2) 0x37 visit_i64_store(3)
            0x38 visit_f32_store(2) 0x39 visit_f64_store(3)
            0x3a visit_i32_store8(0) 0x3b visit_i32_store16(1);
        signed: 0x41 visit_i32_const as i32 0x42 visit_i64_const as i64;
    })
}

/// A number without sign, in at most four bytes: of these it cannot be too large.
#[inline(always)]
fn unsigned(bytes: Rest<'_>) -> Option<(u32, Rest<'_>)> {
    match bytes.split_first()? {
        (&byte @ ..0x80, rest) => Some((byte.into(), rest)),
        _ => long(bytes).map(|(value, _, rest)| (value, rest)),
    }
}

/// A number with a sign, in at most four bytes.
#[inline(always)]
fn signed(bytes: Rest<'_>) -> Option<(i32, Rest<'_>)> {
    let (value, bits, rest) = match bytes.split_first()? {
        (&byte @ ..0x80, rest) => (byte.into(), 7, rest),
        _ => long(bytes)?,
    };
    let unused = 32 - bits;
    Some(((value << unused) as i32 >> unused, rest))
}

/// A number of two to four bytes, and how many bits it has.
fn long(bytes: Rest<'_>) -> Option<(u32, u32, Rest<'_>)> {
    let mut value = 0;
    for (i, &byte) in (0..4).zip(bytes) {
        value |= u32::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            return Some((value, 7 * (i + 1), &bytes[i as usize + 1..]));
        }
    }
    None
}

/// The immediates of an access to memory 0. An alignment with more bits says that there are
/// immediates of proposals.
#[inline(always)]
fn mem_arg(bytes: Rest<'_>, max_align: u8) -> Option<(MemArg, Rest<'_>)> {
    let (&align @ ..0x40, rest) = bytes.split_first()? else {
        return None;
    };
    let (offset, rest) = unsigned(rest)?;
    let arg = MemArg {
        align,
        max_align,
        offset: offset.into(),
        target: MemArgTarget::Memory(0),
        ordering: None,
    };
    Some((arg, rest))
}

/// A block's type without parameters, with at most one number as its result.
#[inline(always)]
fn block_type(bytes: Rest<'_>) -> Option<(BlockType, Rest<'_>)> {
    let (&byte, rest) = bytes.split_first()?;
    let ty = match byte {
        0x40 => BlockType::Empty,
        0x7f => BlockType::Type(ValType::I32),
        0x7e => BlockType::Type(ValType::I64),
        0x7d => BlockType::Type(ValType::F32),
        0x7c => BlockType::Type(ValType::F64),
        _ => return None,
    };
    Some((ty, rest))
}

#[cfg(test)]
mod tests {
    use super::next;
    use crate::wasm::FEATURES;
    use wasmparser::{BinaryReader, Operator, OperatorsReader, VisitOperator};

    /// Makes of every visit the operator that was visited.
    struct Identity;

    macro_rules! identity {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            $(fn $visit(&mut self $($(, $arg: $ty)*)?) -> Operator<'a> {
                Operator::$op $({ $($arg),* })?
            })*
        };
    }

    impl<'a> VisitOperator<'a> for Identity {
        type Output = Operator<'a>;

        wasmparser::for_each_visit_operator!(identity);
    }

    /// Numbers of one to six bytes with bits at the edges, most with others behind them.
    fn immediates() -> Vec<Vec<u8>> {
        let last = [0x00, 0x01, 0x02, 0x3f, 0x40, 0x41, 0x7c, 0x7d, 0x7e, 0x7f];
        let before = [0x80, 0x81, 0xbf, 0xc0, 0xff];
        let mut numbers = vec![vec![]];
        for length in 0..6 {
            for &last in &last {
                for &byte in &before {
                    let number = [vec![byte; length], vec![last]].concat();
                    numbers.push(number.clone());
                    numbers.push([number, vec![0x05]].concat());
                    numbers.push([vec![0x02, byte], vec![byte; length], vec![last]].concat());
                }
            }
        }
        numbers
    }

    #[test]
    fn reads_as_wasmparser_does() {
        let mut read = [0; 256];
        for immediates in immediates() {
            for opcode in 0..=0xff {
                let bytes = [vec![opcode], immediates.clone()].concat();
                let Some((rest, operator)) = next(&mut Identity, &bytes) else {
                    continue;
                };
                let reader = BinaryReader::new_features(&bytes, 0, FEATURES);
                let mut reader = OperatorsReader::new(reader);
                assert_eq!(reader.read().ok(), Some(operator), "{bytes:x?}");
                assert_eq!(
                    bytes.len() - rest.len(),
                    reader.original_position() as usize
                );
                read[usize::from(opcode)] += 1;
            }
        }
        let opcodes = read.iter().filter(|&&times| times > 0).count();
        assert_eq!(opcodes, 87, "every opcode of the list can be read");
    }
}
