//! Modules are linked in several layouts; every call is decoded and its target checked.

use super::*;
use crate::stencil::Stencil;
use crate::x64::masm::{Masm, Mem};
use crate::x64::reg::Gpr;
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, Register};
use microwasm::{FuncType, TypeIndex};

const IMPORTS: u32 = 3;
const FUNCS: u32 = 7;

/// Where the images of these tests would be executed.
const IMAGE: u64 = 0x5555_0000_0000;

fn builtins(first: u64) -> BuiltinAddresses {
    BuiltinAddresses(std::array::from_fn(|i| first + 0x1111 * i as u64))
}

/// Far from the image.
fn far() -> Addresses<'static> {
    Addresses {
        image: IMAGE,
        builtins: builtins(0x7fff_0000_1000),
        imports: &[0x7fff_1000_0010, 0x7fff_1000_0020, 0x7fff_1000_0030],
    }
}

/// Less than 2 GiB away from the image, on either side.
fn near() -> Addresses<'static> {
    Addresses {
        image: IMAGE,
        builtins: builtins(IMAGE - 0x7000_0000),
        imports: &[IMAGE + 0x7000_0010, IMAGE - 0x10_0000, IMAGE + 0x10_0030],
    }
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
            match target {
                ExternalName::Func(func) => masm.call_func(func),
                ExternalName::Builtin(builtin) => masm.call_builtin(builtin),
            }
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

/// Links, filling memory that is not zero, at once and in parts of several sizes.
fn image(plan: &LinkPlan, stencils: &Stencils, addresses: &Addresses<'_>) -> Vec<u8> {
    let mut image = vec![0xa5; plan.size()];
    plan.write(stencils, addresses, &mut image).expect("links");
    for least in [0, 1, 100, plan.size() / 2] {
        let mut again = vec![0xa5; plan.size()];
        let parts: Vec<_> = plan
            .split(&mut again, least)
            .expect("has the size")
            .collect();
        for part in parts.into_iter().rev() {
            plan.write_part(part, stencils, addresses).expect("links");
        }
        assert!(again == image, "parts of at least {least} bytes");
    }
    image
}

/// Where a call or jump in the image ends up, and whether it goes there straight.
fn destination(image: &[u8], instruction: &iced_x86::Instruction) -> (u64, bool) {
    if instruction.is_call_near() || instruction.is_jmp_near() {
        return (instruction.near_branch_target(), true);
    }
    let slot = (instruction.ip_rel_memory_address() - IMAGE) as usize;
    assert_eq!(slot % 8, 0);
    let address = image[slot..slot + 8].try_into().expect("eight bytes");
    (u64::from_le_bytes(address), false)
}

fn decode(image: &[u8], range: std::ops::Range<usize>) -> impl Iterator<Item = Instruction> {
    let ip = IMAGE + range.start as u64;
    let mut decoder = Decoder::with_ip(64, &image[range], ip, DecoderOptions::NONE);
    let mut decoded = Vec::new();
    while decoder.can_decode() {
        decoded.push(decoder.decode());
    }
    decoded.into_iter()
}

/// Decodes every call and checks where it goes; `layout` is the plan's.
fn check(
    plan: &LinkPlan,
    stencils: &Stencils,
    vm: &VmLayout,
    layout: &Layout<'_>,
    addresses: &Addresses<'_>,
) {
    let image = image(plan, stencils, addresses);
    for (f, stencil) in stencils.iter().enumerate() {
        let start = plan.function(DefinedFuncIndex(f as u32)) as usize;
        let found: Vec<_> = decode(&image, start..start + stencil.code.len())
            .filter(|i| i.mnemonic() == Mnemonic::Call && i.memory_base() != Register::RAX)
            .collect();
        let mut code = image[start..start + stencil.code.len()].to_vec();
        let mut calls_of = stencil.relocs.iter();
        let expected = calls(f as u32);
        assert_eq!(found.len(), expected.len());
        for (call, target) in found.iter().zip(expected) {
            let is_builtin = matches!(target, ExternalName::Builtin(_));
            assert_eq!(call.len(), if is_builtin { 6 } else { 5 });
            let (to, straight) = destination(&image, call);
            let reloc = calls_of.next().expect("one for each call");
            assert_eq!(
                reloc::destination(reloc, &code, start as u32),
                straight.then_some(to.wrapping_sub(IMAGE) as i64)
            );
            match target {
                ExternalName::Builtin(builtin) => {
                    let address = addresses.builtins.0[builtin as usize];
                    assert_eq!(to, address);
                    let reach = i32::try_from(address.wrapping_sub(call.next_ip()) as i64).is_ok();
                    assert_eq!(straight, layout.builtins != HostCall::Table && reach);
                }
                ExternalName::Func(func) if func.0 < IMPORTS => {
                    assert!(straight);
                    let call = layout.imports.get(func.index()).copied();
                    let thunk = (to - IMAGE) as usize;
                    check_thunk(&image, thunk, func, call.unwrap_or_default(), vm, addresses);
                }
                ExternalName::Func(func) => {
                    let callee = plan.function(DefinedFuncIndex(func.0 - IMPORTS));
                    assert_eq!(to - IMAGE, u64::from(callee));
                }
            }
        }
        for reloc in stencil.relocs {
            unlink(reloc, &mut code).expect("the linker has been there");
        }
        assert_eq!(code, stencil.code);
    }
}

fn check_thunk(
    image: &[u8],
    at: usize,
    func: FuncIndex,
    call: HostCall,
    vm: &VmLayout,
    addresses: &Addresses<'_>,
) {
    let table = import_thunk(vm.import(func));
    if call == HostCall::Table {
        assert_eq!(image[at..at + 16], table);
        return;
    }
    let thunk: Vec<_> = decode(image, at..at + 16).collect();
    // The funcref is loaded all the same.
    assert_eq!(image[at..at + thunk[0].len()], table[..thunk[0].len()]);
    let (to, straight) = destination(image, &thunk[1]);
    let address = addresses.imports[func.index()];
    assert_eq!(to, address);
    let reach = i32::try_from(address.wrapping_sub(thunk[1].next_ip()) as i64).is_ok();
    assert_eq!(straight, reach);
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
    check(&plan, &stencils, &vm, &Layout::default(), &far());
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
        None,
        Some([0, 1, 2, 3, 4, 5, 6]),
        Some([6, 5, 4, 3, 2, 1, 0]),
        Some([3, 0, 6, 1, 5, 2, 4]),
    ];
    let hosts = [
        (&[][..], HostCall::Table),
        (&[HostCall::Direct; 3][..], HostCall::Direct),
        (
            &[HostCall::Table, HostCall::Table, HostCall::Direct][..],
            HostCall::Table,
        ),
        (&[HostCall::Near][..], HostCall::Near),
    ];
    for order in orders.map(|order| order.map(|order| order.map(DefinedFuncIndex))) {
        for (padding, alignment, distance) in [
            (0, Stencils::ALIGN, 0),
            (1, Stencils::ALIGN, 1),
            (100, 128, 5000),
            (5000, Stencils::ALIGN, 0),
            (0, 4096, 1 << 20),
        ] {
            for (imports, builtins) in hosts {
                let layout = Layout {
                    order: order.as_ref().map(|order| &order[..]),
                    padding,
                    alignment,
                    distance,
                    imports,
                    builtins,
                };
                let plan = LinkPlan::with_layout(&stencils, &info, &vm, &layout).expect("places");
                check(&plan, &stencils, &vm, &layout, &near());
                if builtins != HostCall::Near {
                    check(&plan, &stencils, &vm, &layout, &far());
                }
                check_locate(&plan, &stencils);
            }
        }
    }
}

#[test]
fn layouts_agree_where_they_are_the_same() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    let order: Vec<_> = (0..FUNCS).map(DefinedFuncIndex).collect();
    let layout = Layout {
        order: Some(&order),
        ..Layout::default()
    };
    let plain = LinkPlan::new(&stencils, &info, &vm).expect("places");
    let laid_out = LinkPlan::with_layout(&stencils, &info, &vm, &layout).expect("places");
    assert_eq!(
        image(&plain, &stencils, &far()),
        image(&laid_out, &stencils, &far())
    );
}

/// A distance of exactly 2 GiB less one byte is in reach, one byte more is not.
#[test]
fn reach_ends_where_the_field_does() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    let layout = Layout {
        builtins: HostCall::Near,
        ..Layout::default()
    };
    let plan = LinkPlan::with_layout(&stencils, &info, &vm, &layout).expect("places");
    // Only the trap exit is called by all functions: all but one call of it are nearer.
    let last = stencils.iter().last().expect("there are functions");
    let is_trap = |r: &&Reloc| r.target == ExternalName::Builtin(Builtin::Trap);
    let site = |stencil: &Stencil<'_>| {
        let reloc = stencil.relocs.iter().find(is_trap).expect("calls it");
        stencil.start + reloc.offset.0
    };
    let (first, last) = (
        u64::from(site(&stencils.get(0).expect("there are functions"))),
        u64::from(site(&last)),
    );
    let link = |trap: u64| {
        let mut addresses = near();
        addresses.builtins.0[Builtin::Trap as usize] = trap;
        plan.write(&stencils, &addresses, &mut vec![0; plan.size()])
    };
    let end_of = |site: u64| IMAGE + site + 4;
    let symbol = ExternalName::Builtin(Builtin::Trap);
    let error = |site: u64, value| LinkError::OutOfRange {
        symbol,
        kind: RelocKind::GotPcRelX,
        offset: site as u32,
        value,
    };
    assert_eq!(link(end_of(first) + 0x7fff_ffff), Ok(()));
    assert_eq!(
        link(end_of(first) + 0x8000_0000),
        Err(error(first, 0x8000_0000))
    );
    assert_eq!(link(end_of(last) - 0x8000_0000), Ok(()));
    assert_eq!(
        link(end_of(last) - 0x8000_0001),
        Err(error(last, -0x8000_0001))
    );
}

#[test]
fn addresses_that_are_missing() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    for call in [HostCall::Direct, HostCall::Near] {
        let layout = Layout {
            imports: &[call; 3],
            ..Layout::default()
        };
        let plan = LinkPlan::with_layout(&stencils, &info, &vm, &layout).expect("places");
        let addresses = Addresses {
            imports: &[],
            ..near()
        };
        let error = plan.write(&stencils, &addresses, &mut vec![0; plan.size()]);
        assert!(
            matches!(
                error,
                Err(LinkError::Undefined {
                    symbol: ExternalName::Func(_),
                    ..
                })
            ),
            "{error:?}"
        );
    }
}

#[test]
fn images_that_are_not_aligned() {
    let (stencils, info) = module();
    let plan = LinkPlan::new(&stencils, &info, &VmLayout::new(&info)).expect("places");
    let addresses = Addresses {
        image: IMAGE + 3,
        ..far()
    };
    let error = plan.write(&stencils, &addresses, &mut vec![0; plan.size()]);
    assert!(
        matches!(
            error,
            Err(LinkError::Misaligned {
                kind: RelocKind::Abs64,
                offset,
                value: 3,
                ..
            }) if offset == plan.got_start
        ),
        "{error:?}"
    );
}

#[test]
fn empty_modules() {
    let (stencils, info) = (Stencils::default(), ModuleInfo::default());
    let plan = LinkPlan::new(&stencils, &info, &VmLayout::new(&info)).expect("places");
    assert_eq!(plan.size(), 0);
    assert!(image(&plan, &stencils, &far()).is_empty());
    assert_eq!(plan.locate(0), None);
}

#[test]
fn bad_layouts() {
    let (stencils, info) = module();
    let vm = VmLayout::new(&info);
    let link = |order: &[u32], padding, alignment| {
        let order: Vec<_> = order.iter().copied().map(DefinedFuncIndex).collect();
        let layout = Layout {
            order: Some(&order),
            padding,
            alignment,
            ..Layout::default()
        };
        LinkPlan::with_layout(&stencils, &info, &vm, &layout).map(|plan| plan.size())
    };
    let all = [0, 1, 2, 3, 4, 5, 6];
    assert_eq!(
        link(&all[1..], 0, Stencils::ALIGN),
        Err(LinkError::BadLayout)
    );
    assert_eq!(
        link(&[0, 1, 2, 3, 4, 5, 5], 0, Stencils::ALIGN),
        Err(LinkError::BadLayout)
    );
    assert_eq!(
        link(&[0, 1, 2, 3, 4, 5, 7], 0, Stencils::ALIGN),
        Err(LinkError::BadLayout)
    );
    assert_eq!(
        link(&all, 0, Stencils::ALIGN / 2),
        Err(LinkError::BadLayout)
    );
    assert_eq!(link(&all, 0, 48), Err(LinkError::BadLayout));
    assert!(matches!(
        link(&all, u32::MAX, Stencils::ALIGN),
        Err(LinkError::ImageTooLarge { .. })
    ));
    let layout = Layout {
        distance: i32::MAX as u32,
        ..Layout::default()
    };
    assert!(matches!(
        LinkPlan::with_layout(&stencils, &info, &vm, &layout),
        Err(LinkError::ImageTooLarge { .. })
    ));
}

#[test]
fn bad_relocations() {
    let (good, info) = module();
    let vm = VmLayout::new(&info);
    for kind in [RelocKind::Plt32, RelocKind::GotPcRelX] {
        let mut relocs = good.relocs.iter();
        let index = relocs.position(|r| r.kind == kind).expect("of each kind");
        let link = |change: &dyn Fn(&mut Reloc)| {
            let mut stencils = good.clone();
            change(&mut stencils.relocs[index]);
            let plan = LinkPlan::new(&stencils, &info, &vm).expect("places");
            plan.write(&stencils, &far(), &mut vec![0; plan.size()])
        };
        assert_eq!(link(&|_| ()), Ok(()));
        let right = good.relocs[index].offset.0;
        for offset in [0, right - 1, right + 1, 100_000, u32::MAX] {
            let error = link(&|r| r.offset = CodeOffset(offset));
            assert!(
                matches!(error, Err(LinkError::WrongSite { .. })),
                "{kind}: {offset}: {error:?}"
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
            "{kind}: {error:?}"
        );
    }
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
    assert_eq!(plan.write(&stencils, &far(), &mut short), Err(error));
    let mut image = vec![0; plan.size()];
    let error = plan.write(&Stencils::default(), &far(), &mut image);
    assert_eq!(error, Err(LinkError::WrongStencils));
}
