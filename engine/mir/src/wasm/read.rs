//! Reading operators: the usual encodings here, everything else by wasmparser.
//!
//! [`next`] takes apart an operator with an opcode of one byte and few immediates, in usual
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
            0x00 visit_unreachable 0x0b visit_end 0x0f visit_return 0x1a visit_drop
            0x1b visit_select 0x45 visit_i32_eqz 0x46 visit_i32_eq 0x47 visit_i32_ne
            0x48 visit_i32_lt_s 0x49 visit_i32_lt_u 0x4a visit_i32_gt_s 0x4b visit_i32_gt_u
            0x4c visit_i32_le_s 0x4d visit_i32_le_u 0x4e visit_i32_ge_s 0x4f visit_i32_ge_u
            0x50 visit_i64_eqz 0x51 visit_i64_eq 0x52 visit_i64_ne 0x53 visit_i64_lt_s
            0x54 visit_i64_lt_u 0x55 visit_i64_gt_s 0x56 visit_i64_gt_u 0x57 visit_i64_le_s
            0x58 visit_i64_le_u 0x59 visit_i64_ge_s 0x5a visit_i64_ge_u 0x5b visit_f32_eq
            0x5c visit_f32_ne 0x5d visit_f32_lt 0x5e visit_f32_gt 0x5f visit_f32_le
            0x60 visit_f32_ge 0x61 visit_f64_eq 0x62 visit_f64_ne 0x63 visit_f64_lt
            0x64 visit_f64_gt 0x65 visit_f64_le 0x66 visit_f64_ge 0x67 visit_i32_clz
            0x68 visit_i32_ctz 0x69 visit_i32_popcnt 0x6a visit_i32_add 0x6b visit_i32_sub
            0x6c visit_i32_mul 0x6d visit_i32_div_s 0x6e visit_i32_div_u 0x6f visit_i32_rem_s
            0x70 visit_i32_rem_u 0x71 visit_i32_and 0x72 visit_i32_or 0x73 visit_i32_xor
            0x74 visit_i32_shl 0x75 visit_i32_shr_s 0x76 visit_i32_shr_u 0x77 visit_i32_rotl
            0x78 visit_i32_rotr 0x79 visit_i64_clz 0x7a visit_i64_ctz 0x7b visit_i64_popcnt
            0x7c visit_i64_add 0x7d visit_i64_sub 0x7e visit_i64_mul 0x7f visit_i64_div_s
            0x80 visit_i64_div_u 0x81 visit_i64_rem_s 0x82 visit_i64_rem_u 0x83 visit_i64_and
            0x84 visit_i64_or 0x85 visit_i64_xor 0x86 visit_i64_shl 0x87 visit_i64_shr_s
            0x88 visit_i64_shr_u 0x89 visit_i64_rotl 0x8a visit_i64_rotr 0x8b visit_f32_abs
            0x8c visit_f32_neg 0x8d visit_f32_ceil 0x8e visit_f32_floor 0x8f visit_f32_trunc
            0x90 visit_f32_nearest 0x91 visit_f32_sqrt 0x92 visit_f32_add 0x93 visit_f32_sub
            0x94 visit_f32_mul 0x95 visit_f32_div 0x96 visit_f32_min 0x97 visit_f32_max
            0x98 visit_f32_copysign 0x99 visit_f64_abs 0x9a visit_f64_neg 0x9b visit_f64_ceil
            0x9c visit_f64_floor 0x9d visit_f64_trunc 0x9e visit_f64_nearest 0x9f visit_f64_sqrt
            0xa0 visit_f64_add 0xa1 visit_f64_sub 0xa2 visit_f64_mul 0xa3 visit_f64_div
            0xa4 visit_f64_min 0xa5 visit_f64_max 0xa6 visit_f64_copysign 0xa7 visit_i32_wrap_i64
            0xa8 visit_i32_trunc_f32_s 0xa9 visit_i32_trunc_f32_u 0xaa visit_i32_trunc_f64_s
            0xab visit_i32_trunc_f64_u 0xac visit_i64_extend_i32_s 0xad visit_i64_extend_i32_u
            0xae visit_i64_trunc_f32_s 0xaf visit_i64_trunc_f32_u 0xb0 visit_i64_trunc_f64_s
            0xb1 visit_i64_trunc_f64_u 0xb2 visit_f32_convert_i32_s 0xb3 visit_f32_convert_i32_u
            0xb4 visit_f32_convert_i64_s 0xb5 visit_f32_convert_i64_u 0xb6 visit_f32_demote_f64
            0xb7 visit_f64_convert_i32_s 0xb8 visit_f64_convert_i32_u 0xb9 visit_f64_convert_i64_s
            0xba visit_f64_convert_i64_u 0xbb visit_f64_promote_f32 0xbc visit_i32_reinterpret_f32
            0xbd visit_i64_reinterpret_f64 0xbe visit_f32_reinterpret_i32
            0xbf visit_f64_reinterpret_i64 0xc0 visit_i32_extend8_s 0xc1 visit_i32_extend16_s
            0xc2 visit_i64_extend8_s 0xc3 visit_i64_extend16_s 0xc4 visit_i64_extend32_s;
        index:
            0x0c visit_br 0x0d visit_br_if 0x10 visit_call
            0x20 visit_local_get 0x21 visit_local_set 0x22 visit_local_tee
            0x23 visit_global_get 0x24 visit_global_set;
        access:
            0x28 visit_i32_load(2) 0x29 visit_i64_load(3) 0x2a visit_f32_load(2)
            0x2b visit_f64_load(3) 0x2c visit_i32_load8_s(0) 0x2d visit_i32_load8_u(0)
            0x2e visit_i32_load16_s(1) 0x2f visit_i32_load16_u(1) 0x30 visit_i64_load8_s(0)
            0x31 visit_i64_load8_u(0) 0x32 visit_i64_load16_s(1) 0x33 visit_i64_load16_u(1)
            0x34 visit_i64_load32_s(2) 0x35 visit_i64_load32_u(2) 0x36 visit_i32_store(2)
            0x37 visit_i64_store(3) 0x38 visit_f32_store(2) 0x39 visit_f64_store(3)
            0x3a visit_i32_store8(0) 0x3b visit_i32_store16(1) 0x3c visit_i64_store8(0)
            0x3d visit_i64_store16(1) 0x3e visit_i64_store32(2);
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
        assert_eq!(opcodes, 169, "every opcode of the list can be read");
    }
}
