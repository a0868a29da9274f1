//! Bombs of control flow: blocks, branches, tables of branches, dead code.

use wasm_encoder::{BlockType, ValType};

use super::parts::{OWN_TYPES, one_function, scattered, words};

/// Locals and blocks grow together: a compiler that looks at every local at every block boundary
/// takes quadratic time.
pub(super) fn locals_and_blocks(size: u32) -> Vec<u8> {
    let locals = size / 2;
    one_function(1, &[], locals - 1, |function| {
        for index in 0..size {
            let local = index % locals;
            function
                .instructions()
                .block(BlockType::Empty)
                .local_get(local)
                .br_if(0);
            function
                .instructions()
                .local_get(local)
                .i32_const(1)
                .i32_add()
                .local_set(local)
                .end();
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn block_nesting(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        for _ in 0..size {
            function.instructions().block(BlockType::Empty);
        }
        for index in 0..size {
            function
                .instructions()
                .local_get(0)
                .br_if((size - 1 - index) / 2)
                .end();
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn loop_nesting(size: u32) -> Vec<u8> {
    one_function(1, &[(words(1), words(1))], 0, |function| {
        function.instructions().local_get(0);
        for _ in 0..size {
            function
                .instructions()
                .loop_(BlockType::FunctionType(OWN_TYPES));
        }
        for _ in 0..size {
            function
                .instructions()
                .i32_const(1)
                .i32_sub()
                .local_tee(0)
                .local_get(0)
                .br_if(0)
                .end();
        }
    })
}

pub(super) fn if_chain(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        for index in 0..size {
            function
                .instructions()
                .local_get(0)
                .i32_const(scattered(index))
                .i32_eq();
            function
                .instructions()
                .if_(BlockType::Result(ValType::I32))
                .i32_const(scattered(index + 1))
                .else_();
        }
        function.instructions().local_get(0);
        for _ in 0..size {
            function.instructions().end();
        }
    })
}

pub(super) fn if_nesting(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        for _ in 0..size {
            function
                .instructions()
                .local_get(0)
                .if_(BlockType::Empty)
                .local_get(0)
                .i32_const(1)
                .i32_sub()
                .local_set(0);
        }
        for _ in 0..size {
            function.instructions().end();
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn br_table_entries(size: u32) -> Vec<u8> {
    const LABELS: u32 = 8;
    one_function(1, &[], 0, |function| {
        for _ in 0..LABELS {
            function.instructions().block(BlockType::Empty);
        }
        function
            .instructions()
            .local_get(0)
            .br_table((0..size as usize).map(|index| index as u32 * 5 % LABELS), 0);
        for label in 0..LABELS {
            function
                .instructions()
                .end()
                .local_get(0)
                .i32_const(label.cast_signed())
                .i32_add()
                .local_set(0);
        }
        function.instructions().local_get(0);
    })
}

/// Each of many targets takes a hundred values.
pub(super) fn br_table_values(size: u32) -> Vec<u8> {
    const VALUES: usize = 100;
    one_function(1, &[(vec![], words(VALUES))], 0, |function| {
        for _ in 0..size {
            function
                .instructions()
                .block(BlockType::FunctionType(OWN_TYPES));
        }
        for value in 0..VALUES as u32 {
            function
                .instructions()
                .local_get(0)
                .i32_const(scattered(value))
                .i32_add();
        }
        function
            .instructions()
            .local_get(0)
            .br_table((0..size as usize).map(|index| index as u32), 0);
        for _ in 0..size {
            function.instructions().end();
        }
        for _ in 1..VALUES {
            function.instructions().i32_add();
        }
    })
}

pub(super) fn br_tables(size: u32) -> Vec<u8> {
    const TARGETS: u32 = 100;
    one_function(1, &[], 0, |function| {
        for _ in 0..TARGETS {
            function.instructions().block(BlockType::Empty);
        }
        for index in 0..size {
            function.instructions().block(BlockType::Empty).local_get(0);
            function
                .instructions()
                .br_table(
                    (0..TARGETS as usize).map(|target| target as u32 % (TARGETS + 1)),
                    index % TARGETS,
                )
                .end();
        }
        for _ in 0..TARGETS {
            function.instructions().end();
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn block_results(size: u32) -> Vec<u8> {
    const RESULTS: usize = 1000;
    one_function(1, &[(vec![], words(RESULTS))], 0, |function| {
        for index in 0..size {
            function
                .instructions()
                .block(BlockType::FunctionType(OWN_TYPES));
            for result in 0..RESULTS as u32 {
                function
                    .instructions()
                    .i32_const((result & 63).cast_signed());
            }
            if index % 2 == 0 {
                function.instructions().local_get(0).br_if(0);
            }
            function.instructions().end();
            for _ in 0..RESULTS {
                function.instructions().drop();
            }
        }
        function.instructions().local_get(0);
    })
}

/// A block costs six bytes of input and passes a thousand values.
pub(super) fn block_params(size: u32) -> Vec<u8> {
    const VALUES: usize = 1000;
    one_function(1, &[(words(VALUES), words(VALUES))], 0, |function| {
        for value in 0..VALUES as u32 {
            function
                .instructions()
                .local_get(0)
                .i32_const(scattered(value))
                .i32_add();
        }
        for _ in 0..size {
            function
                .instructions()
                .block(BlockType::FunctionType(OWN_TYPES))
                .local_get(0)
                .br_if(0)
                .end();
        }
        for _ in 1..VALUES {
            function.instructions().i32_add();
        }
    })
}

pub(super) fn branches_one_label(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        function
            .instructions()
            .block(BlockType::Result(ValType::I32));
        for index in 0..size {
            function
                .instructions()
                .i32_const(scattered(index))
                .local_get(0)
                .br_if(0)
                .drop();
        }
        function.instructions().i32_const(0).end();
    })
}

pub(super) fn branches_with_values(size: u32) -> Vec<u8> {
    const VALUES: usize = 50;
    one_function(1, &[(vec![], words(VALUES))], 0, |function| {
        function
            .instructions()
            .block(BlockType::FunctionType(OWN_TYPES));
        for value in 0..VALUES as u32 {
            function
                .instructions()
                .local_get(0)
                .i32_const(scattered(value))
                .i32_add();
        }
        for index in 0..size {
            function
                .instructions()
                .i32_const(scattered(index))
                .i32_add()
                .local_get(0)
                .br_if(0);
        }
        function.instructions().end();
        for _ in 1..VALUES {
            function.instructions().i32_add();
        }
    })
}

/// Two hundred locals move by one place on every round of every loop: one cycle of moves each.
pub(super) fn loop_rotations(size: u32) -> Vec<u8> {
    const LOCALS: u32 = 200;
    one_function(1, &[], LOCALS - 1, |function| {
        for _ in 0..size {
            function.instructions().loop_(BlockType::Empty);
            for local in 0..LOCALS {
                function.instructions().local_get((local + 1) % LOCALS);
            }
            for local in (0..LOCALS).rev() {
                function.instructions().local_set(local);
            }
            function.instructions().local_get(0).br_if(0).end();
        }
        function.instructions().local_get(0);
    })
}

pub(super) fn dead_code(size: u32) -> Vec<u8> {
    const ROUND: u32 = 10;
    one_function(1, &[], 0, |function| {
        function.instructions().local_get(0).return_();
        for _ in 0..size / ROUND {
            function
                .instructions()
                .block(BlockType::Empty)
                .br(0)
                .end()
                .i32_const(1)
                .i32_add()
                .drop();
        }
        function.instructions().unreachable();
    })
}

pub(super) fn dead_nesting(size: u32) -> Vec<u8> {
    one_function(1, &[], 0, |function| {
        function.instructions().unreachable();
        for _ in 0..size {
            function.instructions().block(BlockType::Empty);
        }
        for _ in 0..size {
            function.instructions().end();
        }
    })
}
