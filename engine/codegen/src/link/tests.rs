//! Modules are linked in several layouts; every call is decoded and its target checked.

use super::*;
use crate::x64::masm::{Masm, Mem};
use crate::x64::reg::Gpr;
use iced_x86::{Decoder, DecoderOptions, Mnemonic, Register};
use microwasm::{FuncType, TypeIndex};

const IMPORTS: u32 = 3;
const FUNCS: u32 = 7;

fn addresses() -> BuiltinAddresses {
    BuiltinAddresses(std::array::from_fn(|i| {
        0x7fff_0000_1000 + 0x1111 * i as u64
    }))
}

/// What function `f` calls, in order.
fn calls(f: u32) -> Vec<ExternalName> {
    let mut calls: Vec<_> = (0..IMPORTS + FUNCS)
        .filter(|callee| !(callee + f).is_multiple_of(3) && *callee != 1)
        .map(|callee| ExternalName::Func(FuncIndex(callee)))
        .collect();
    calls.push(ExternalName::Builtin(Builtin::Trap));
    if f.is_multiple_of(2) {
        calls.push(ExternalName::Builtin(Builtin::MemoryFill));
    }
    calls
}

/// A module whose functions have different lengths; import 1 is never called.
fn module() -> (Stencils, ModuleInfo) {
    let mut out = Stencils::default();
    let mut masm = Masm::default();
    for f in 0..FUNCS {
        masm.buf.begin_function(&mut out, u32::MAX);
        masm.nop(f as usize * 5);
        for target in calls(f) {
            masm.call_external(target);
            // Not an external call, and to be left alone.
            masm.call_m(Mem::base(Gpr::RAX, 8));
        }
        masm.ret();
        masm.buf.end_function(&mut out, 0).expect("small");
    }
    let info = ModuleInfo {
        types: vec![FuncType::default()],
        funcs: vec![TypeIndex(0); (IMPORTS + FUNCS) as usize],
        imported_funcs: IMPORTS,
        ..ModuleInfo::default()
    };
    (out, info)
}

/// Links, filling memory that is not zero.
fn image(plan: &LinkPlan, stencils: &Stencils) -> Vec<u8> {
    let mut image = vec![0xa5; plan.size()];
    plan.write(stencils, &addresses(), &mut image)
        .expect("links");
    image
}

fn check(plan: &LinkPlan, stencils: &Stencils, vm: &VmLayout) {
    let image = image(plan, stencils);
    let base = 0x5555_0000_0000;
    for (f, stencil) in stencils.iter().enumerate() {
        let start = plan.function(DefinedFuncIndex(f as u32));
        let code = &image[start as usize..start as usize + stencil.code.len()];
        let decoder = Decoder::with_ip(64, code, base + start as u64, DecoderOptions::NONE);
        let found: Vec<_> = decoder
            .into_iter()
            .filter(|i| i.mnemonic() == Mnemonic::Call && i.memory_base() != Register::RAX)
            .collect();
        let expected = calls(f as u32);
        assert_eq!(found.len(), expected.len());
        for (call, target) in found.iter().zip(expected) {
            assert_eq!(call.len(), 6);
            let at = |address: u64| (address - base) as usize;
            match target {
                ExternalName::Builtin(builtin) => {
                    let slot = at(call.ip_rel_memory_address());
                    let address = image[slot..slot + 8].try_into().expect("eight bytes");
                    assert_eq!(u64::from_le_bytes(address), addresses().0[builtin as usize]);
                }
                ExternalName::Func(func) if func.0 < IMPORTS => {
                    let thunk = at(call.near_branch_target());
                    assert_eq!(image[thunk..thunk + 16], import_thunk(vm.import(func)));
                }
                ExternalName::Func(func) => {
                    let callee = plan.function(DefinedFuncIndex(func.0 - IMPORTS));
                    assert_eq!(at(call.near_branch_target()), callee as usize);
                }
            }
        }
    }
}

/// Every byte belongs to the function that it was copied from, or to none.
fn check_locate(plan: &LinkPlan, stencils: &Stencils) {
    let mut owner = vec![None; plan.size() + 100];
    for (f, stencil) in stencils.iter().enumerate() {
        let func = DefinedFuncIndex(f as u32);
        let start = plan.function(func) as usize;
        assert_eq!(start % Stencils::ALIGN as usize, 0);
        for i in 0..stencil.code.len() {
            let before = owner[start + i].replace((func, CodeOffset(i as u32)));
            assert_eq!(before, None, "functions overlap");
        }
    }
    for (offset, owner) in owner.into_iter().enumerate() {
        assert_eq!(plan.locate(offset as u32), owner);
    }
}

#[test]
fn in_the_order_of_the_arena() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    let plan = LinkPlan::new(&stencils, &info, &vm).expect("places");
    check(&plan, &stencils, &vm);
    check_locate(&plan, &stencils);
    // Two of three imports and two builtins are used.
    let code = stencils.code.len().next_multiple_of(16);
    assert_eq!(plan.size(), code + 2 * 16 + 2 * 8);
}

#[test]
fn in_other_layouts() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    let orders = [
        [0, 1, 2, 3, 4, 5, 6],
        [6, 5, 4, 3, 2, 1, 0],
        [3, 0, 6, 1, 5, 2, 4],
    ];
    for order in orders.map(|order| order.map(DefinedFuncIndex)) {
        for (padding, alignment) in [(0, 16), (1, 16), (100, 64), (5000, 16), (0, 4096)] {
            let layout = Layout {
                order: &order,
                padding,
                alignment,
            };
            let plan = LinkPlan::with_layout(&stencils, &info, &vm, &layout).expect("places");
            check(&plan, &stencils, &vm);
            check_locate(&plan, &stencils);
        }
    }
}

#[test]
fn layouts_agree_where_they_are_the_same() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    let order: Vec<_> = (0..FUNCS).map(DefinedFuncIndex).collect();
    let layout = Layout {
        order: &order,
        padding: 0,
        alignment: Stencils::ALIGN,
    };
    let plain = LinkPlan::new(&stencils, &info, &vm).expect("places");
    let laid_out = LinkPlan::with_layout(&stencils, &info, &vm, &layout).expect("places");
    assert_eq!(image(&plain, &stencils), image(&laid_out, &stencils));
}

#[test]
fn empty_modules() {
    let (stencils, info) = (Stencils::default(), ModuleInfo::default());
    let plan = LinkPlan::new(&stencils, &info, &VmLayout::new(&info)).expect("places");
    assert_eq!(plan.size(), 0);
    assert!(image(&plan, &stencils).is_empty());
    assert_eq!(plan.locate(0), None);
}

#[test]
fn bad_layouts() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    let link = |order: &[u32], padding, alignment| {
        let order: Vec<_> = order.iter().copied().map(DefinedFuncIndex).collect();
        let layout = Layout {
            order: &order,
            padding,
            alignment,
        };
        LinkPlan::with_layout(&stencils, &info, &vm, &layout).map(|plan| plan.size())
    };
    let all = [0, 1, 2, 3, 4, 5, 6];
    assert_eq!(link(&all[1..], 0, 16), Err(LinkError::BadLayout));
    assert_eq!(
        link(&[0, 1, 2, 3, 4, 5, 5], 0, 16),
        Err(LinkError::BadLayout)
    );
    assert_eq!(
        link(&[0, 1, 2, 3, 4, 5, 7], 0, 16),
        Err(LinkError::BadLayout)
    );
    assert_eq!(link(&all, 0, 8), Err(LinkError::BadLayout));
    assert_eq!(link(&all, 0, 48), Err(LinkError::BadLayout));
    assert!(matches!(
        link(&all, u32::MAX, 16),
        Err(LinkError::ImageTooLarge { .. })
    ));
}

#[test]
fn bad_relocations() {
    let (good, info) = module();
    let vm = VmLayout::new(&info);
    let link = |change: &dyn Fn(&mut Reloc)| {
        let mut stencils = good.clone();
        change(&mut stencils.relocs[0]);
        let plan = LinkPlan::new(&stencils, &info, &vm).expect("places");
        plan.write(&stencils, &addresses(), &mut vec![0; plan.size()])
    };
    assert_eq!(link(&|_| ()), Ok(()));
    for offset in [0, 1, 3, 100_000, u32::MAX] {
        let error = link(&|r| r.offset = CodeOffset(offset));
        assert!(
            matches!(error, Err(LinkError::NotACall { .. })),
            "{offset}: {error:?}"
        );
    }
    let undefined = ExternalName::Func(FuncIndex(IMPORTS + FUNCS));
    let error = link(&|r| r.target = undefined);
    assert!(matches!(error, Err(LinkError::Undefined { symbol, .. }) if symbol == undefined));
    let error = link(&|r| {
        r.target = ExternalName::Func(FuncIndex(IMPORTS));
        r.addend = i32::MIN;
    });
    assert!(
        matches!(error, Err(LinkError::OutOfRange { .. })),
        "{error:?}"
    );
}

#[test]
fn wrong_memory_and_wrong_stencils() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    let plan = LinkPlan::new(&stencils, &info, &vm).expect("places");
    let mut short = vec![0; plan.size() - 1];
    let error = LinkError::WrongSize {
        size: plan.size(),
        given: plan.size() - 1,
    };
    assert_eq!(plan.write(&stencils, &addresses(), &mut short), Err(error));
    let mut image = vec![0; plan.size()];
    let error = plan.write(&Stencils::default(), &addresses(), &mut image);
    assert_eq!(error, Err(LinkError::WrongStencils));
}
