//! Trampolines are run, for many signatures, on a machine that knows what they may
//! read: callees check every argument, clobber all that they are allowed to clobber,
//! and return results with garbage above them.

mod machine;

use super::*;
use crate::x64::reg::RegSet;
use machine::Machine;

const CODE: u64 = 0x1_0000;
const EXIT: u64 = 0x20_0000;
/// Addresses without code, where a run stops: a Wasm function, a host function.
const CALLEE: u64 = 0xc_a11e;
const HOST: u64 = 0x4057;
/// Where the native caller of `entry` goes on, and where a Wasm caller does.
const HOME: u64 = 0x40_3e;
const RETURN: u64 = 0x40_4e;

const FUNCREF: u64 = 0x100_0000;
const VMCTX: u64 = 0x200_0000;
const OTHER_VMCTX: u64 = 0x300_0000;
const STORE: u64 = 0x400_0000;
const ARRAY: u64 = 0x500_0000;
const MEMORY: u64 = 0x600_0000;
const OTHER_MEMORY: u64 = 0x700_0000;
const STACK: u64 = 0x800_0000;
/// Where Wasm frames are, below the entry frame.
const WASM_STACK: u64 = STACK - 4096;
const LIMIT: u64 = STACK - (1 << 20);
const PREVIOUS_SP: u64 = 0x1234_5670;

const TYPES: [ValType; 7] = [
    ValType::I32,
    ValType::I64,
    ValType::F32,
    ValType::F64,
    ValType::V128,
    ValType::FuncRef,
    ValType::ExternRef,
];

/// A generator of numbers that are different enough (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 8) % n
    }

    fn wide(&mut self) -> u128 {
        (self.next() as u128) << 64 | self.next() as u128
    }

    fn types(&mut self, count: u64) -> Box<[ValType]> {
        (0..count).map(|_| TYPES[self.below(7) as usize]).collect()
    }
}

/// Signatures: none, one of each, as many as registers and more, many.
fn signatures() -> Vec<FuncType> {
    let mut n = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut all = vec![FuncType::default()];
    for ty in TYPES {
        for count in [1, 6, 7, 8, 9, 30] {
            let types: Box<[ValType]> = vec![ty; count].into();
            all.push(FuncType {
                params: types.clone(),
                results: Box::default(),
            });
            all.push(FuncType {
                params: Box::default(),
                results: types.clone(),
            });
            all.push(FuncType {
                params: types.clone(),
                results: types,
            });
        }
    }
    for _ in 0..200 {
        let (p, r) = (n.below(24), n.below(24));
        all.push(FuncType {
            params: n.types(p),
            results: n.types(r),
        });
    }
    all.push(FuncType {
        params: n.types(1000),
        results: n.types(1000),
    });
    all
}

/// The value of `ty` in the low bits of `bits`, zero-extended.
fn narrowed(ty: ValType, bits: u128) -> u128 {
    match ty {
        ValType::I32 | ValType::F32 => bits as u32 as u128,
        ValType::V128 => bits,
        _ => bits as u64 as u128,
    }
}

/// Bytes of an array slot that are defined.
fn slot_bytes(ty: ValType) -> u32 {
    if ty == ValType::V128 { 16 } else { 8 }
}

/// A machine about to run code at [`CODE`], with all that trampolines expect in memory.
fn machine(numbers: &mut Numbers, code: Vec<u8>) -> Machine {
    let mut m = Machine::default();
    m.place(CODE, code);
    m.rip = CODE;
    clobber(&mut m, numbers, RegSet(u32::MAX));
    m.set(Gpr::RSP, STACK);
    for (vmctx, memory) in [(VMCTX, MEMORY), (OTHER_VMCTX, OTHER_MEMORY)] {
        m.write(vmctx + VMCTX_STACK_LIMIT as u64, LIMIT as u128, 8);
        m.write(vmctx + VMCTX_MEMORY_BASE as u64, memory as u128, 8);
        m.write(vmctx + VMCTX_STORE as u64, STORE as u128, 8);
    }
    m.write(STORE + STORE_ENTRY_SP as u64, PREVIOUS_SP as u128, 8);
    m.write(FUNCREF + FUNCREF_CODE as u64, CALLEE as u128, 8);
    m.write(FUNCREF + FUNCREF_VMCTX as u64, OTHER_VMCTX as u128, 8);
    m
}

/// Fills registers with garbage.
fn clobber(m: &mut Machine, numbers: &mut Numbers, regs: RegSet) {
    for reg in regs.iter() {
        if reg.is_xmm() {
            m.xmm[reg.xmm().0 as usize] = numbers.wide();
        } else {
            m.set(reg.gpr(), numbers.next());
        }
    }
}

/// Everything that a Wasm function may change.
fn clobbered_by_wasm() -> RegSet {
    RegSet(u32::MAX)
        .without(RegSet::of(Gpr::RSP))
        .without(pinned())
}

fn pinned() -> RegSet {
    RegSet::of(Gpr::VMCTX).or(RegSet::of(Gpr::MEMORY))
}

/// Puts values with garbage above them where the convention says.
fn put(
    m: &mut Machine,
    numbers: &mut Numbers,
    places: &mut Assigner,
    area: u64,
    types: &[ValType],
    values: &[u128],
) {
    for (&ty, &value) in types.iter().zip(values) {
        let garbage = match ty {
            ValType::I32 | ValType::F32 => numbers.wide() << 32,
            ValType::V128 => 0,
            _ => numbers.wide() << 64,
        };
        let value = narrowed(ty, value) | garbage;
        match places.next(ty) {
            ArgLoc::Reg(reg) if reg.is_xmm() => m.xmm[reg.xmm().0 as usize] = value,
            ArgLoc::Reg(reg) => m.set(reg.gpr(), value as u64),
            ArgLoc::Stack(at) => m.write(area + at as u64, value, 8 * ty.slots()),
        }
    }
}

/// The values where the convention says.
fn take(m: &Machine, places: &mut Assigner, area: u64, types: &[ValType]) -> Vec<u128> {
    let value = |&ty| {
        let bits = match places.next(ty) {
            ArgLoc::Reg(reg) if reg.is_xmm() => m.vec(reg.xmm()),
            ArgLoc::Reg(reg) => m.reg(reg.gpr()) as u128,
            ArgLoc::Stack(at) => m.read(area + at as u64, 8 * ty.slots()),
        };
        narrowed(ty, bits)
    };
    types.iter().map(value).collect()
}

fn values(numbers: &mut Numbers, types: &[ValType]) -> Vec<u128> {
    types
        .iter()
        .map(|&ty| narrowed(ty, numbers.wide()))
        .collect()
}

/// Writes values to the array; what is not defined of a slot is garbage.
fn fill_array(m: &mut Machine, numbers: &mut Numbers, at: u64, types: &[ValType], values: &[u128]) {
    for (i, (&ty, &value)) in types.iter().zip(values).enumerate() {
        let slot = at + ARRAY_SLOT as u64 * i as u64;
        m.write(slot, numbers.wide(), 16);
        m.write(slot, value, slot_bytes(ty));
    }
}

fn read_array(m: &Machine, at: u64, types: &[ValType]) -> Vec<u128> {
    let slot = |i: usize| at + ARRAY_SLOT as u64 * i as u64;
    types
        .iter()
        .enumerate()
        .map(|(i, &ty)| m.read(slot(i), slot_bytes(ty)))
        .collect()
}

/// A machine stopped at the callee of an entry trampoline, its caller's registers and
/// the values passed.
fn enter_wasm(numbers: &mut Numbers, ty: &FuncType) -> (Machine, [u64; 16], Vec<u128>) {
    let mut m = machine(numbers, entry(ty));
    let args = values(numbers, &ty.params);
    fill_array(&mut m, numbers, ARRAY, &ty.params, &args);
    m.set(Gpr::RDI, FUNCREF);
    m.set(Gpr::RSI, ARRAY);
    m.set(Gpr::RDX, STORE);
    m.push(HOME);
    let before = m.gpr;
    m.run();
    (m, before, args)
}

/// The native caller of an entry trampoline finds everything as it was.
fn check_left(m: &Machine, before: &[u64; 16], code: u32) {
    assert_eq!(m.rip, HOME);
    assert_eq!(m.reg(Gpr::RAX) as u32, code);
    assert_eq!(m.reg(Gpr::RSP), STACK);
    for reg in CALLEE_SAVED {
        assert_eq!(
            m.reg(reg),
            before[reg.0 as usize],
            "{reg:?} is callee-saved"
        );
    }
    assert_eq!(
        m.read(STORE + STORE_ENTRY_SP as u64, 8),
        PREVIOUS_SP as u128
    );
}

#[test]
fn entry_passes_arguments_and_results() {
    let mut numbers = Numbers(1);
    for ty in signatures() {
        let (mut m, before, args) = enter_wasm(&mut numbers, &ty);
        assert_eq!(m.rip, CALLEE);
        assert_eq!(m.reg(Gpr::R11), FUNCREF);
        assert_eq!(
            (m.reg(Gpr::VMCTX), m.reg(Gpr::MEMORY)),
            (OTHER_VMCTX, OTHER_MEMORY)
        );
        let area = m.reg(Gpr::RSP) + 8;
        let entry_sp = m.read(STORE + STORE_ENTRY_SP as u64, 8) as u64;
        assert_eq!(area + stack_area(&ty) as u64, entry_sp);
        assert_eq!(take(&m, &mut Assigner::params(), area, &ty.params), args);
        let results = values(&mut numbers, &ty.results);
        clobber(&mut m, &mut numbers, clobbered_by_wasm());
        let mut places = Assigner::results_of(&ty);
        put(
            &mut m,
            &mut numbers,
            &mut places,
            area,
            &ty.results,
            &results,
        );
        m.rip = m.pop();
        m.run();
        check_left(&m, &before, 0);
        assert_eq!(read_array(&m, ARRAY, &ty.results), results);
    }
}

#[test]
fn entry_checks_the_stack_for_a_large_area() {
    let mut numbers = Numbers(2);
    let params: Box<[ValType]> = vec![ValType::I64; 1000].into();
    let ty = FuncType {
        params,
        results: Box::default(),
    };
    let mut m = machine(&mut numbers, entry(&ty));
    m.write(
        OTHER_VMCTX + VMCTX_STACK_LIMIT as u64,
        STACK as u128 - 4000,
        8,
    );
    m.set(Gpr::RDI, FUNCREF);
    m.set(Gpr::RSI, ARRAY);
    m.set(Gpr::RDX, STORE);
    m.push(HOME);
    let before = m.gpr;
    m.run();
    check_left(&m, &before, TrapCode::StackOverflow as u32);
    assert_eq!(m.read(STORE + STORE_TRAP_PC as u64, 8), 0);
}

#[test]
fn a_trap_leaves_from_any_depth() {
    let mut numbers = Numbers(3);
    let exit = trap_exit();
    for (i, ty) in signatures().into_iter().enumerate() {
        let (mut m, before, _) = enter_wasm(&mut numbers, &ty);
        m.place(EXIT, exit.code.clone());
        clobber(&mut m, &mut numbers, clobbered_by_wasm());
        m.set(Gpr::RSP, m.reg(Gpr::RSP) - 8 * numbers.below(1000));
        m.set(Gpr::RAX, TrapCode::Unreachable as u64);
        let pc = 0x7777;
        if i % 2 == 0 {
            m.push(pc);
            m.rip = EXIT;
        } else {
            m.set(Gpr::RCX, pc);
            m.rip = EXIT + exit.with_pc as u64;
        }
        m.run();
        check_left(&m, &before, TrapCode::Unreachable as u32);
        assert_eq!(m.read(STORE + STORE_TRAP_PC as u64, 8), pc as u128);
    }
}

/// A machine that is about to enter a `FUNCREF_CROSS` trampoline from Wasm code, with the
/// arguments in place; also where its stack area is and the arguments.
fn call_from_wasm(
    numbers: &mut Numbers,
    code: Vec<u8>,
    ty: &FuncType,
) -> (Machine, u64, Vec<u128>) {
    let mut m = machine(numbers, code);
    m.set(Gpr::R11, FUNCREF);
    m.set(Gpr::VMCTX, VMCTX);
    m.set(Gpr::MEMORY, MEMORY);
    let area = WASM_STACK - stack_area(ty) as u64;
    m.set(Gpr::RSP, area);
    for at in (area..WASM_STACK).step_by(8) {
        m.write(at, numbers.wide(), 8);
    }
    let args = values(numbers, &ty.params);
    put(
        &mut m,
        numbers,
        &mut Assigner::params(),
        area,
        &ty.params,
        &args,
    );
    m.push(RETURN);
    (m, area, args)
}

/// The Wasm caller finds the results and its own registers.
fn check_returned(m: &Machine, area: u64, ty: &FuncType, results: &[u128], memory: u64) {
    assert_eq!(m.rip, RETURN);
    assert_eq!(m.reg(Gpr::RSP), area);
    assert_eq!((m.reg(Gpr::VMCTX), m.reg(Gpr::MEMORY)), (VMCTX, memory));
    assert_eq!(
        take(m, &mut Assigner::results_of(ty), area, &ty.results),
        results
    );
}

#[test]
fn host_passes_arguments_and_results() {
    let mut numbers = Numbers(4);
    for ty in signatures() {
        let (mut m, area, args) = call_from_wasm(&mut numbers, host(&ty), &ty);
        m.write(OTHER_VMCTX + HOST_ENTRY as u64, HOST as u128, 8);
        m.run();
        assert_eq!(m.rip, HOST);
        assert_eq!((m.reg(Gpr::RDI), m.reg(Gpr::RSI)), (OTHER_VMCTX, VMCTX));
        let array = m.reg(Gpr::RDX);
        assert!(
            array >= m.reg(Gpr::RSP),
            "the array is not overwritten by the host's frame"
        );
        assert_eq!(read_array(&m, array, &ty.params), args);
        let results = values(&mut numbers, &ty.results);
        fill_array(&mut m, &mut numbers, array, &ty.results, &results);
        let saved = CALLEE_SAVED
            .into_iter()
            .fold(RegSet::EMPTY, |s, r| s.or(RegSet::of(r)));
        let changed = RegSet(u32::MAX)
            .without(saved)
            .without(RegSet::of(Gpr::RSP));
        clobber(&mut m, &mut numbers, changed);
        m.set(Gpr::RAX, m.reg(Gpr::RAX) << 32);
        // The host may have moved the memory.
        let moved = 0x999_0000;
        m.write(VMCTX + VMCTX_MEMORY_BASE as u64, moved as u128, 8);
        m.rip = m.pop();
        m.run();
        check_returned(&m, area, &ty, &results, moved);
    }
}

#[test]
fn host_passes_values_in_registers() {
    let mut numbers = Numbers(9);
    let mut count = 0;
    for ty in signatures() {
        let Some(code) = host_in_registers(&ty) else {
            let gprs = ty.params.iter().filter(|ty| ty.class() == RegClass::Gpr);
            let vectors = ty.params.iter().chain(&ty.results);
            assert!(
                gprs.count() > 3
                    || ty.params.len() > 8
                    || ty.results.len() > 1
                    || vectors.into_iter().any(|&ty| ty == ValType::V128),
                "{ty:?}"
            );
            continue;
        };
        count += 1;
        let (mut m, area, args) = call_from_wasm(&mut numbers, code, &ty);
        let entry = OTHER_VMCTX + HOST_ENTRY_IN_REGISTERS as u64;
        m.write(entry, HOST as u128, 8);
        m.run();
        assert_eq!(m.rip, HOST);
        assert_eq!((m.reg(Gpr::RDI), m.reg(Gpr::RSI)), (OTHER_VMCTX, VMCTX));
        assert_eq!(
            m.reg(Gpr::RDX),
            m.reg(Gpr::RSP),
            "where the return address lies"
        );
        assert_eq!((m.reg(Gpr::VMCTX), m.reg(Gpr::MEMORY)), (VMCTX, MEMORY));
        // Behind these, in System V's places, which are Wasm's for floats.
        let mut gprs = [Gpr::RCX, Gpr::R8, Gpr::R9].into_iter();
        let mut xmms = (0..8).map(Xmm);
        for (&param, &arg) in ty.params.iter().zip(&args) {
            let found = match param.class() {
                RegClass::Gpr => m.reg(gprs.next().expect("at most three")) as u128,
                RegClass::Xmm => m.vec(xmms.next().expect("at most eight")),
            };
            let bits = match param {
                ValType::I32 | ValType::F32 => 32,
                _ => 64,
            };
            assert_eq!((found ^ arg) << (128 - bits), 0, "{ty:?}");
        }
        // The host returns to Wasm by itself, with the result where Wasm wants it.
        let results = values(&mut numbers, &ty.results);
        clobber(&mut m, &mut numbers, clobbered_by_wasm());
        let mut places = Assigner::results_of(&ty);
        put(
            &mut m,
            &mut numbers,
            &mut places,
            area,
            &ty.results,
            &results,
        );
        assert_eq!(m.reg(Gpr::RSP), area - 8);
        m.rip = m.pop();
        check_returned(&m, area, &ty, &results, MEMORY);
    }
    assert!(count > 5, "{count} signatures");
}

#[test]
fn cross_passes_arguments_and_results() {
    let mut numbers = Numbers(5);
    for ty in signatures() {
        let (mut m, area, args) = call_from_wasm(&mut numbers, cross(&ty), &ty);
        m.run();
        assert_eq!(m.rip, CALLEE);
        assert_eq!(m.reg(Gpr::R11), FUNCREF);
        assert_eq!(
            (m.reg(Gpr::VMCTX), m.reg(Gpr::MEMORY)),
            (OTHER_VMCTX, OTHER_MEMORY)
        );
        let callees = m.reg(Gpr::RSP) + 8;
        assert_eq!(take(&m, &mut Assigner::params(), callees, &ty.params), args);
        let results = values(&mut numbers, &ty.results);
        clobber(&mut m, &mut numbers, clobbered_by_wasm());
        // A function may use the area of its arguments as it likes.
        for at in (callees..callees + stack_area(&ty) as u64).step_by(8) {
            m.write(at, numbers.wide(), 8);
        }
        let mut places = Assigner::results_of(&ty);
        put(
            &mut m,
            &mut numbers,
            &mut places,
            callees,
            &ty.results,
            &results,
        );
        m.rip = m.pop();
        m.run();
        check_returned(&m, area, &ty, &results, MEMORY);
    }
}

/// Builds an entry frame by hand, as found by a trap in a call from Wasm.
fn with_entry_frame(m: &mut Machine) -> [u64; 16] {
    let before = m.gpr;
    let frame = STACK - 8 * CALLEE_SAVED.len() as u64 - 8 - entry_frame::SIZE as u64;
    m.write(STACK - 8, HOME as u128, 8);
    for (i, reg) in CALLEE_SAVED.into_iter().enumerate() {
        m.write(STACK - 16 - 8 * i as u64, before[reg.0 as usize] as u128, 8);
    }
    m.write(frame + entry_frame::STORE as u64, STORE as u128, 8);
    m.write(frame + entry_frame::ARRAY as u64, ARRAY as u128, 8);
    m.write(
        frame + entry_frame::PREVIOUS_SP as u64,
        PREVIOUS_SP as u128,
        8,
    );
    m.write(STORE + STORE_ENTRY_SP as u64, frame as u128, 8);
    before
}

#[test]
fn a_host_function_that_fails_leaves() {
    let mut numbers = Numbers(6);
    for ty in signatures() {
        let (mut m, _, _) = call_from_wasm(&mut numbers, host(&ty), &ty);
        m.write(OTHER_VMCTX + HOST_ENTRY as u64, HOST as u128, 8);
        m.run();
        let before = with_entry_frame(&mut m);
        m.set(Gpr::RAX, TrapCode::Host as u64);
        m.rip = m.pop();
        m.run();
        check_left(&m, &before, TrapCode::Host as u32);
        assert_eq!(m.read(STORE + STORE_TRAP_PC as u64, 8), 0);
    }
}

#[test]
fn a_host_function_with_values_in_registers_leaves() {
    let ty = FuncType::default();
    let (mut m, _, _) = call_from_wasm(&mut Numbers(10), host_exit(), &ty);
    let before = with_entry_frame(&mut m);
    // However much lies on the stack.
    m.set(Gpr::RSP, m.reg(Gpr::RSP) - 0x1238);
    m.run();
    check_left(&m, &before, TrapCode::Host as u32);
    assert_eq!(m.read(STORE + STORE_TRAP_PC as u64, 8), 0);
}

#[test]
fn calls_out_of_wasm_check_the_stack() {
    let mut numbers = Numbers(7);
    for ty in signatures() {
        let codes = [Some(host(&ty)), host_in_registers(&ty), Some(cross(&ty))];
        for code in codes.into_iter().flatten() {
            let (mut m, area, _) = call_from_wasm(&mut numbers, code, &ty);
            m.write(VMCTX + VMCTX_STACK_LIMIT as u64, area as u128, 8);
            let before = with_entry_frame(&mut m);
            m.run();
            check_left(&m, &before, TrapCode::StackOverflow as u32);
        }
    }
}

#[test]
fn a_thunk_enters_the_imported_function() {
    let mut m = machine(&mut Numbers(8), import_thunk(0x120).to_vec());
    m.set(Gpr::VMCTX, VMCTX);
    m.write(VMCTX + 0x120, FUNCREF as u128, 8);
    m.write(FUNCREF + FUNCREF_CROSS as u64, HOST as u128, 8);
    let before = m.gpr;
    m.run();
    assert_eq!(m.rip, HOST);
    assert_eq!(m.reg(Gpr::R11), FUNCREF);
    assert!((0..16).filter(|r| *r != 11).all(|r| m.gpr[r] == before[r]));
}
