//! Bombs of values: many live, many copies, many constants, many arguments, many traps.

use wasm_encoder::{BlockType, Ieee64, MemArg, MemArgTarget};

use super::parts::{OWN_TYPES, one_function, scattered, with_callee, words};

/// The callee of [`with_callee`].
const CALLEE: u32 = 1;

pub(super) fn operands_live(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        for index in 0..size {
            function
                .instructions()
                .local_get(0)
                .i32_const((index & 63).cast_signed())
                .i32_add();
        }
        for _ in 1..size {
            function.instructions().i32_add();
        }
    })
}

pub(super) fn constants_live(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        function.instructions().local_get(0);
        for index in 0..size {
            function.instructions().i32_const(scattered(index));
        }
        for _ in 0..size {
            function.instructions().i32_xor();
        }
    })
}

pub(super) fn constants(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        function.instructions().local_get(0);
        for index in 0..size {
            function
                .instructions()
                .i32_const(index.cast_signed())
                .i32_xor();
        }
    })
}

pub(super) fn float_constants(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        function.instructions().local_get(0).f64_convert_i32_s();
        for index in 0..size {
            function
                .instructions()
                .f64_const(Ieee64::from(f64::from(index) + 0.1))
                .f64_add();
        }
        function.instructions().i32_trunc_sat_f64_s();
    })
}

/// Nothing but names for one value, until the local changes under all of them.
pub(super) fn aliases(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        for _ in 0..size {
            function.instructions().local_get(0);
        }
        function.instructions().i32_const(7).local_set(0);
        for _ in 1..size {
            function.instructions().i32_add();
        }
    })
}

pub(super) fn alias_churn(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        for _ in 0..size {
            function
                .instructions()
                .local_get(0)
                .local_get(0)
                .i32_const(1)
                .i32_add()
                .local_set(0);
        }
        for _ in 1..size {
            function.instructions().i32_add();
        }
    })
}

/// Copies that have to survive blocks and branches.
pub(super) fn alias_broken(size: u32) -> Vec<u8> {
    one_function(2, &[], 0, |function| {
        for _ in 0..size {
            function
                .instructions()
                .local_get(0)
                .local_get(1)
                .local_set(0);
            function
                .instructions()
                .block(BlockType::Empty)
                .local_get(1)
                .br_if(0)
                .local_get(0)
                .local_set(1)
                .end();
        }
        for _ in 1..size {
            function.instructions().i32_add();
        }
    })
}

pub(super) fn selects(size: u32) -> Vec<u8> {
    one_function(3, &[], 0, |function| {
        function.instructions().local_get(0);
        for index in 0..size {
            function
                .instructions()
                .local_get(index % 3)
                .local_get((index + 1) % 3)
                .i32_const(9)
                .i32_lt_u()
                .select();
        }
    })
}

/// Sixty values in turn: none is ever in a register when it is wanted.
pub(super) fn spills(size: u32) -> Vec<u8> {
    const LOCALS: u32 = 60;
    one_function(1, &[], LOCALS - 1, |function| {
        for index in 0..size {
            let (to, from) = (index % LOCALS, (index * 7 + 13) % LOCALS);
            function
                .instructions()
                .local_get(to)
                .local_get(from)
                .i32_add()
                .local_set(to);
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn compares(size: u32) -> Vec<u8> {
    one_function(2, &[], 0, |function| {
        function.instructions().local_get(0);
        for index in 0..size {
            function.instructions().local_get(1);
            match index % 3 {
                0 => function.instructions().i32_lt_u(),
                1 => function.instructions().i32_eq(),
                _ => function.instructions().i32_ge_s().i32_eqz(),
            };
        }
    })
}

pub(super) fn trap_sites(size: u32) -> Vec<u8> {
    one_function(2, &[], 0, |function| {
        for _ in 0..size {
            function
                .instructions()
                .local_get(0)
                .local_get(1)
                .i32_div_s()
                .local_set(0);
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn accesses(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        for index in 0..size {
            let place = MemArg {
                offset: u64::from(index) * 4,
                align: 2,
                target: MemArgTarget::Memory(0),
                ordering: None,
            };
            function
                .instructions()
                .local_get(0)
                .i32_load(place)
                .local_set(0);
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn call_params(size: u32) -> Vec<u8> {
    const PARAMS: usize = 1000;
    with_callee(1, &[(words(PARAMS), vec![])], 0, |function| {
        for _ in 0..size {
            for param in 0..PARAMS as u32 {
                function
                    .instructions()
                    .i32_const((param & 63).cast_signed());
            }
            function.instructions().call(CALLEE);
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn call_results(size: u32) -> Vec<u8> {
    const RESULTS: usize = 1000;
    with_callee(1, &[(vec![], words(RESULTS))], 0, |function| {
        for _ in 0..size {
            function.instructions().call(CALLEE);
            for _ in 0..RESULTS {
                function.instructions().drop();
            }
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn call_live(size: u32) -> Vec<u8> {
    with_callee(1, &[(vec![], words(1))], 0, |function| {
        for _ in 0..size {
            function.instructions().call(CALLEE);
        }
        for _ in 1..size {
            function.instructions().i32_add();
        }
    })
}

pub(super) fn indirect_calls(size: u32) -> Vec<u8> {
    with_callee(1, &[(words(1), words(1))], 0, |function| {
        function.instructions().local_get(0);
        for _ in 0..size {
            function
                .instructions()
                .local_get(0)
                .call_indirect(0, OWN_TYPES);
        }
    })
}
