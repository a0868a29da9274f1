//! The numeric operators and the memory accesses of Wasm, by opcode.
//!
//! Signatures follow from where the opcode lies in the specification's table.

use microwasm::ValType::{self, F32, F64, I32, I64};

/// A numeric operator, or a truncation that saturates (0xfc00 and up).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeric {
    /// Its opcode; the prefix is the high byte.
    pub code: u16,
    /// Types of its operands.
    pub params: &'static [ValType],
    /// Type of its result.
    pub result: ValType,
}

const COUNT: usize = 0xc5 - 0x45 + 8;

/// All of them.
pub const NUMERIC: [Numeric; COUNT] = {
    let mut all = [numeric(0x45); COUNT];
    let mut index = 0;
    while index < COUNT {
        let plain = 0x45 + index as u16;
        all[index] = numeric(if plain < 0xc5 {
            plain
        } else {
            0xfc00 + plain - 0xc5
        });
        index += 1;
    }
    all
};

const fn numeric(code: u16) -> Numeric {
    let (params, result): (&'static [ValType], ValType) = match code {
        0x45 | 0x67..=0x69 | 0xc0 | 0xc1 => (&[I32], I32),
        0x46..=0x4f | 0x6a..=0x78 => (&[I32, I32], I32),
        0x50 | 0xa7 => (&[I64], I32),
        0x51..=0x5a => (&[I64, I64], I32),
        0x5b..=0x60 => (&[F32, F32], I32),
        0x61..=0x66 => (&[F64, F64], I32),
        0x79..=0x7b | 0xc2..=0xc4 => (&[I64], I64),
        0x7c..=0x8a => (&[I64, I64], I64),
        0x8b..=0x91 => (&[F32], F32),
        0x92..=0x98 => (&[F32, F32], F32),
        0x99..=0x9f => (&[F64], F64),
        0xa0..=0xa6 => (&[F64, F64], F64),
        0xa8 | 0xa9 | 0xbc | 0xfc00 | 0xfc01 => (&[F32], I32),
        0xaa | 0xab | 0xfc02 | 0xfc03 => (&[F64], I32),
        0xac | 0xad => (&[I32], I64),
        0xae | 0xaf | 0xfc04 | 0xfc05 => (&[F32], I64),
        0xb0 | 0xb1 | 0xbd | 0xfc06 | 0xfc07 => (&[F64], I64),
        0xb2 | 0xb3 | 0xbe => (&[I32], F32),
        0xb4 | 0xb5 => (&[I64], F32),
        0xb6 => (&[F64], F32),
        0xb7 | 0xb8 => (&[I32], F64),
        0xb9 | 0xba | 0xbf => (&[I64], F64),
        0xbb => (&[F32], F64),
        _ => panic!("no numeric operator"),
    };
    Numeric {
        code,
        params,
        result,
    }
}

impl Numeric {
    /// The operator with this opcode, which has to be one.
    pub const fn of(code: u16) -> Numeric {
        numeric(code)
    }

    /// Whether it traps for some operands.
    pub fn can_trap(self) -> bool {
        self.is_division() || matches!(self.code, 0xa8..=0xab | 0xae..=0xb1)
    }

    /// Whether it is an integer division or remainder.
    pub fn is_division(self) -> bool {
        matches!(self.code, 0x6d..=0x70 | 0x7f..=0x82)
    }

    /// Whether the payload of a NaN that it makes is the engine's choice.
    pub fn makes_nans(self) -> bool {
        matches!(self.code, 0x8d..=0x97 | 0x9b..=0xa5 | 0xb6 | 0xbb)
    }

    /// Whether its result shows the payload or the sign of a NaN on top of the stack.
    pub fn shows_nans(self) -> bool {
        matches!(self.code, 0x98 | 0xa6 | 0xbc | 0xbd)
    }

    /// Whether it compares, so that its result may be pending in the flags.
    pub fn compares(self) -> bool {
        matches!(self.code, 0x45..=0x66)
    }
}

/// The operators whose operands have these types.
pub fn taking(params: &[ValType]) -> &'static [Numeric] {
    use std::sync::OnceLock;
    static BY_TYPE: OnceLock<[Vec<Numeric>; 8]> = OnceLock::new();
    const KEYS: [&[ValType]; 8] = [
        &[I32],
        &[I64],
        &[F32],
        &[F64],
        &[I32, I32],
        &[I64, I64],
        &[F32, F32],
        &[F64, F64],
    ];
    let lists = BY_TYPE.get_or_init(|| {
        KEYS.map(|key| {
            let all = NUMERIC.iter().copied();
            all.filter(|op| op.params == key).collect()
        })
    });
    let at = KEYS.iter().position(|key| *key == params);
    at.map_or(&[], |at| &lists[at])
}

/// A load or store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Its opcode.
    pub code: u8,
    /// Type of the value.
    pub ty: ValType,
    /// Whether it stores.
    pub stores: bool,
    /// Logarithm of the number of bytes accessed, which is the largest alignment.
    pub size_log2: u32,
}

/// All of them.
pub const ACCESSES: [Access; 23] = {
    let mut all = [access(0x28); 23];
    let mut index = 0;
    while index < 23 {
        all[index] = access(0x28 + index as u8);
        index += 1;
    }
    all
};

const fn access(code: u8) -> Access {
    let (ty, size_log2) = match code {
        0x28 | 0x36 => (I32, 2),
        0x29 | 0x37 => (I64, 3),
        0x2a | 0x38 => (F32, 2),
        0x2b | 0x39 => (F64, 3),
        0x2c | 0x2d | 0x3a => (I32, 0),
        0x2e | 0x2f | 0x3b => (I32, 1),
        0x30 | 0x31 | 0x3c => (I64, 0),
        0x32 | 0x33 | 0x3d => (I64, 1),
        _ => (I64, 2),
    };
    Access {
        code,
        ty,
        stores: code >= 0x36,
        size_log2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_validator() {
        use wasm_encoder::{CodeSection, FunctionSection, TypeSection};
        for op in NUMERIC {
            let mut types = TypeSection::new();
            let ty = |ty: &ValType| super::super::writer::encoded(*ty);
            types
                .ty()
                .function(op.params.iter().map(ty), [ty(&op.result)]);
            let mut funcs = FunctionSection::new();
            funcs.function(0);
            let mut body = vec![0];
            (0..op.params.len() as u8).for_each(|index| body.extend([0x20, index]));
            super::super::writer::opcode(op.code, &mut body);
            body.push(0x0b);
            let mut code = CodeSection::new();
            code.raw(&body);
            let mut module = wasm_encoder::Module::new();
            module.section(&types).section(&funcs).section(&code);
            let valid = wasmparser::validate(&module.finish()).map(|_| ());
            assert!(valid.is_ok(), "{:#x}: {valid:?}", op.code);
        }
    }
}
