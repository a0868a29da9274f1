//! Bytecode from text to image: what is linked is accepted, and what is not, or has been
//! tampered with, is refused for what is wrong with it.

use microwasm::op::Op;
use microwasm::wasm::{Consumer, FunctionBody, Limits, WasmError, translate};
use microwasm::{
    DefinedFuncIndex, FuncIndex, FuncType, Label, ModuleInfo, Sink as _, TypeIndex, ValType,
};
use microwasm_codegen::bytecode::Compiler;
use microwasm_codegen::bytecode::op::{CARRY_STEP, Kind, Opcode, Text};
use microwasm_codegen::bytecode::signature::{HostCallee, HostSignature};
use microwasm_codegen::bytecode::validate::{Extent, InvalidKind, validate};
use microwasm_codegen::link::{Addresses, BuiltinAddresses, LinkError, LinkPlan, unlink};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::{
    Backend, Builtin, CodegenError, FunctionCompiler, Settings, Stencils, x64,
};

const MODULE: &str = r#"(module
    (import "host" "f" (func (param i32) (result i32)))
    (memory 1)
    (table 4 funcref)
    (global (mut i64) (i64.const 7))
    (type $unary (func (param i32) (result i32)))
    (func (param i32) (result i32) (local i64 f64)
      block
        loop
          local.get 0
          i32.const 10
          i32.lt_s
          br_if 1
          local.get 0
          i32.const 3
          i32.div_u
          local.set 0
          br 0
        end
      end
      local.get 0
      call 0
      i32.const 5
      call 2
      i32.add
      local.get 0
      call_indirect (type $unary))
    (func (param i32) (result i32)
      global.get 0
      i64.const 0x123456789abcdef
      i64.add
      global.set 0
      i32.const 8
      local.get 0
      i32.store offset=4
      i32.const 1
      memory.grow
      local.get 0
      br_table 0 0 0)
    (func))"#;

/// Compiled code and what it was compiled from.
struct Built {
    stencils: Stencils,
    info: ModuleInfo,
    vm: VmLayout,
}

struct ToStencils<'a>(&'a mut Compiler, &'a mut Stencils);

impl Consumer for ToStencils<'_> {
    type Error = WasmError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), WasmError> {
        let (module, func) = (body.module(), body.index());
        let vm = VmLayout::new(module);
        let mut sink = self.0.function(module, &vm, func, self.1);
        body.translate(&mut sink)?;
        sink.finish().expect("within the limits");
        Ok(())
    }
}

fn build(text: &str) -> Built {
    let wasm = wat::parse_str(text).expect("the text is well-formed");
    let mut compiler = Compiler::new(Settings {
        backend: Backend::Bytecode,
        self_check: true,
        ..Settings::default()
    });
    let mut stencils = Stencils::default();
    let mut consumer = ToStencils(&mut compiler, &mut stencils);
    let info = translate(&wasm, Limits::default(), &mut consumer).expect("the module is valid");
    let vm = VmLayout::new(&info);
    Built { stencils, info, vm }
}

impl Built {
    fn plan(&self) -> LinkPlan {
        LinkPlan::new(&self.stencils, &self.info, &self.vm).expect("places")
    }

    fn image(&self) -> Result<Vec<u8>, LinkError> {
        let plan = self.plan();
        let mut image = vec![0xa5; plan.size()];
        let none = Addresses {
            image: 0,
            builtins: BuiltinAddresses([0; Builtin::ALL.len()]),
            imports: &[],
        };
        plan.write(&self.stencils, &none, &mut image)?;
        Ok(image)
    }

    fn extents(&self) -> Vec<Extent> {
        let plan = self.plan();
        let functions = self.stencils.iter().enumerate();
        let extent = |(index, stencil): (usize, microwasm_codegen::Stencil<'_>)| {
            let start = plan.function(DefinedFuncIndex(index as u32));
            let end = start + stencil.code.len() as u32;
            Extent { start, end }
        };
        functions.map(extent).collect()
    }

    fn validate(&self, image: &[u8]) -> Result<(), InvalidKind> {
        validate(image, &self.extents(), &self.info, &self.vm).map_err(|error| error.kind)
    }

    /// Offset of the first instruction of this kind.
    fn find(&self, image: &[u8], opcode: Opcode) -> usize {
        for Extent { start, end } in self.extents() {
            let mut at = start;
            while at < end {
                let bytes = &image[at as usize..];
                let (found, _) = Opcode::read(bytes).expect("an instruction");
                if found == opcode {
                    return at as usize;
                }
                at += found.size() as u32;
            }
        }
        panic!("no {opcode:?}")
    }

    /// Offset of its first field of a kind.
    fn field(&self, image: &[u8], opcode: Opcode, kind: Kind) -> usize {
        let fields = opcode.fields();
        let index = fields.iter().position(|f| f.kind == kind).expect("a field");
        let before: usize = fields[..index].iter().map(|f| f.kind.size()).sum();
        self.find(image, opcode) + 2 + before
    }
}

/// The instructions of a function, as text.
fn lines(code: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(text) = Text::of(code, at) {
        lines.push(text.to_string());
        at += text.size();
    }
    lines
}

#[test]
fn what_is_linked_is_accepted() {
    let built = build(MODULE);
    let image = built.image().expect("links");
    assert_eq!(built.validate(&image), Ok(()));
}

#[test]
fn imports_and_builtins_become_host_calls_and_functions_near_ones() {
    let built = build(MODULE);
    let image = built.image().expect("links");
    let mut callees = Vec::new();
    for reloc in built.stencils.iter().flat_map(|s| {
        s.relocs
            .iter()
            .map(move |r| (s.start as usize + r.offset.0 as usize, r.target))
    }) {
        let (field, target) = reloc;
        let (opcode, _) = Opcode::read(&image[field - 4..]).expect("a call");
        let value = u32::from_le_bytes(image[field..field + 4].try_into().expect("four bytes"));
        callees.push((target, opcode, HostCallee::from_u32(value), value));
    }
    let host = |signature, number| Some(HostCallee { signature, number });
    assert_eq!(callees.len(), 3);
    assert_eq!(callees[0].1, Opcode::CallIndirectHost);
    assert_eq!(callees[0].2, host(HostSignature::Array, 0));
    assert_eq!(callees[1].1, Opcode::Call);
    let grow = Builtin::MemoryGrow as u32;
    assert_eq!(callees[2].1, Opcode::CallIndirectHost);
    assert_eq!(callees[2].2, host(HostSignature::Grow, grow));
}

#[test]
fn a_call_is_resolved_exactly_once() {
    let mut built = build(MODULE);
    let image = built.stencils.code.clone();
    assert_eq!(built.validate(&image), Err(InvalidKind::Unresolved));

    // The same place twice.
    let relocs = &mut built.stencils.relocs;
    let (first, second) = (relocs[0], &mut relocs[1]);
    *second = first;
    assert!(matches!(
        built.image(),
        Err(LinkError::AlreadyResolved { offset, .. }) if offset == first.offset.0
    ));
    // A place that is no call.
    built.stencils.relocs[1].offset.0 += 2;
    assert!(matches!(built.image(), Err(LinkError::WrongSite { .. })));
}

#[test]
fn unlinked_it_is_the_stencil_again() {
    let built = build(MODULE);
    let image = built.image().expect("links");
    for (stencil, extent) in built.stencils.iter().zip(built.extents()) {
        let mut code = image[extent.start as usize..extent.end as usize].to_vec();
        assert_eq!(code == stencil.code, stencil.relocs.is_empty());
        for reloc in stencil.relocs {
            unlink(reloc, &mut code).expect("the linker has been there");
        }
        assert_eq!(code, stencil.code);
    }
}

#[test]
fn corruption_is_named() {
    let built = build(MODULE);
    let image = built.image().expect("links");
    let with = |opcode, kind, value: u32| {
        let mut image = image.clone();
        let at = built.field(&image, opcode, kind);
        let size = kind.size().min(4);
        image[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
        built.validate(&image).expect_err("is refused")
    };
    assert!(matches!(
        with(Opcode::Br, Kind::Jump, 1),
        InvalidKind::Jump(_)
    ));
    assert!(matches!(
        with(Opcode::Br, Kind::Jump, 1 << 30),
        InvalidKind::Jump(_)
    ));
    assert_eq!(
        with(Opcode::I32DivUImm, Kind::Operand, 9999),
        InvalidKind::Slot(9999)
    );
    assert_eq!(
        with(Opcode::I32DivUImm, Kind::Divisor, 0),
        InvalidKind::Divisor(0)
    );
    assert_eq!(with(Opcode::Enter, Kind::Frame, 0), InvalidKind::Frame(0));
    assert!(matches!(
        with(Opcode::Call, Kind::Callee, 4),
        InvalidKind::Callee(_)
    ));
    assert_eq!(
        with(Opcode::Call, Kind::Base, 9999),
        InvalidKind::Slot(9999)
    );
    assert!(matches!(
        with(Opcode::CallIndirectHost, Kind::Host, 0xff),
        InvalidKind::Host { .. }
    ));
    let import = |number| {
        let signature = HostSignature::Array;
        HostCallee { signature, number }.to_u32()
    };
    assert!(matches!(
        with(Opcode::CallIndirectHost, Kind::Host, import(1)),
        InvalidKind::Host { number: 1, .. }
    ));
    for (opcode, kind) in [
        (Opcode::GlobalGet, Kind::Global),
        (Opcode::CallIndirect, Kind::Table),
        (Opcode::CallIndirect, Kind::Sig),
    ] {
        assert!(matches!(
            with(opcode, kind, 3),
            InvalidKind::VmOffset { offset: 3, .. }
        ));
    }
    assert_eq!(
        with(Opcode::BrTable, Kind::Count, 3),
        InvalidKind::OutOfPlace
    );
    // The callee's frame begins inside, but its arguments lie behind.
    let at = built.field(&image, Opcode::Enter, Kind::Frame);
    let frame = u32::from_le_bytes(image[at..at + 4].try_into().expect("four bytes"));
    for opcode in [Opcode::CallIndirectHost, Opcode::CallIndirect] {
        assert_eq!(
            with(opcode, Kind::Base, frame),
            InvalidKind::Slot(frame),
            "{opcode:?}"
        );
    }
    // An operand that is said to be the result of a branch, which has none.
    let mut carried = image.clone();
    let at = built.find(&image, Opcode::I32DivUImm);
    let number = Opcode::I32DivUImm as u16 + CARRY_STEP as u16;
    carried[at..at + 2].copy_from_slice(&number.to_le_bytes());
    assert_eq!(built.validate(&carried), Err(InvalidKind::Carry));
    let at = built.find(&image, Opcode::Return);
    for opcode in [Opcode::LeaveInstance, Opcode::LeaveInterpreter] {
        let mut left = image.clone();
        left[at..at + 2].copy_from_slice(&(opcode as u16).to_le_bytes());
        assert_eq!(built.validate(&left), Err(InvalidKind::OutOfPlace));
    }
    let mut ended = image.clone();
    ended[at..at + 2].copy_from_slice(&(Opcode::Fuel as u16).to_le_bytes());
    assert_eq!(built.validate(&ended), Err(InvalidKind::FallsOff));
}

#[test]
fn no_corruption_panics() {
    let built = build(MODULE);
    let image = built.image().expect("links");
    let mut refused = 0;
    for at in 0..image.len() {
        for value in [0, 1, 2, 0x7f, 0x80, 0xff, image[at] ^ 1, image[at] ^ 0x80] {
            let mut image = image.clone();
            image[at] = value;
            refused += usize::from(built.validate(&image).is_err());
        }
    }
    assert!(refused > image.len(), "{refused} of {}", 8 * image.len());
    for len in 0..image.len() {
        assert!(
            built.validate(&image[..len]).is_err() || len + Stencils::ALIGN as usize > image.len()
        );
    }
}

/// Positions beyond what 16 bits can name are reached all the same.
#[test]
fn large_frames_are_accepted() {
    let mut body = String::new();
    for _ in 0..40_000 {
        body += "local.get 0 ";
    }
    body += "call 1 i32.add local.set 49999 ";
    body += "i32.const 7 local.get 49998 call_indirect (type 0) drop local.get 49999 ";
    body += &"i32.add ".repeat(39_998);
    let locals = "i32 ".repeat(49_999);
    let text = format!(
        r#"(module (type (func (param i32) (result i32))) (table 1 funcref)
          (func (type 0) (local {locals}) {body})
          (func (param i32) (result i32) local.get 0))"#
    );
    let built = build(&text);
    let image = built.image().expect("links");
    assert_eq!(built.validate(&image), Ok(()));
    built.find(&image, Opcode::AdjustFrame);
    built.find(&image, Opcode::CopyWide);
}

/// A frame reaches as far as values that are sent home, also when nothing else goes there.
#[test]
fn frames_have_room_for_what_is_sent_home() {
    for (body, copied) in [
        ("local.get 0  i32.const 5  local.set 0  drop", "copy s1, s0"),
        (
            "block  i32.const 5  local.get 0  br_table 0 0  end",
            "const32 s1, 5",
        ),
    ] {
        let built = build(&format!("(module (func (param i32) {body}))"));
        let lines = lines(&built.stencils.code);
        assert!(lines.iter().any(|line| line == copied), "{lines:?}");
        let image = built.image().expect("links");
        assert_eq!(built.validate(&image), Ok(()), "{lines:?}");
    }
}

#[test]
fn frames_may_be_as_large_as_the_settings_say() {
    let info = ModuleInfo {
        types: vec![FuncType::default()],
        funcs: vec![TypeIndex(0)],
        ..ModuleInfo::default()
    };
    let vm = VmLayout::new(&info);
    let settings = Settings {
        max_frame: 800,
        ..Settings::default()
    };
    let result = |count| {
        let mut stencils = Stencils::default();
        let mut compiler = Compiler::new(settings);
        let mut sink = compiler.function(&info, &vm, DefinedFuncIndex(0), &mut stencils);
        sink.op(Op::Zeros {
            ty: ValType::I32,
            count,
        });
        sink.op(Op::Br(Label::RETURN));
        sink.finish()
    };
    for count in [1, 99, 100] {
        assert_eq!(result(count), Ok(()), "{count}");
    }
    let refused = CodegenError::FrameTooLarge { limit: 800 };
    assert_eq!(result(101), Err(refused));
    assert_eq!(result(1000), Err(refused));
}

/// A range of zeros that ends beyond what 16 bits can name is cleared in two parts.
#[test]
fn zeros_around_the_last_narrow_slot() {
    let info = ModuleInfo {
        types: vec![FuncType::default()],
        funcs: vec![TypeIndex(0)],
        ..ModuleInfo::default()
    };
    let (mut compiler, mut stencils) = (Compiler::new(Settings::default()), Stencils::default());
    let vm = VmLayout::new(&info);
    let mut sink = compiler.function(&info, &vm, DefinedFuncIndex(0), &mut stencils);
    for count in [50_000, 20_000] {
        sink.op(Op::Zeros {
            ty: ValType::I32,
            count,
        });
    }
    sink.op(Op::Br(Label::RETURN));
    sink.finish().expect("within the limits");
    assert_eq!(
        lines(&stencils.code),
        [
            "enter frame 70008",
            "zeros s0, count 50000",
            "zeros s50000, count 15528",
            "zeros s65536, count 4472",
            "return"
        ]
    );
}

/// Results of a call that is made at the end of the frame come from there one after the other.
#[test]
fn results_behind_the_last_narrow_slot() {
    let two = FuncType {
        params: Box::default(),
        results: [ValType::I32, ValType::I64].into(),
    };
    let info = ModuleInfo {
        types: vec![FuncType::default(), two],
        funcs: vec![TypeIndex(0), TypeIndex(1)],
        ..ModuleInfo::default()
    };
    let (mut compiler, mut stencils) = (Compiler::new(Settings::default()), Stencils::default());
    let vm = VmLayout::new(&info);
    let mut sink = compiler.function(&info, &vm, DefinedFuncIndex(0), &mut stencils);
    sink.op(Op::Zeros {
        ty: ValType::I32,
        count: 65_528,
    });
    sink.op(Op::Call(FuncIndex(1)));
    sink.op(Op::Br(Label::RETURN));
    sink.finish().expect("within the limits");
    let lines = lines(&stencils.code);
    assert_eq!(
        lines[4..],
        [
            "adjust_frame slots -65537",
            "copy_wide s65536, s65537",
            "copy_wide s65537, s65538",
            "return"
        ],
        "{lines:?}"
    );
}

#[test]
fn abandoned_functions_leave_no_trace() {
    fn abandon(mut compiler: impl FunctionCompiler) {
        compiler.op(Op::Unreachable);
        compiler.abandon();
    }
    let mut built = build(MODULE);
    let before = built.stencils.clone();
    let (info, vm, out) = (&built.info, &built.vm, &mut built.stencils);
    let func = DefinedFuncIndex(0);
    abandon(Compiler::new(Settings::default()).function(info, vm, func, out));
    assert_eq!(*out, before);
    abandon(x64::Compiler::new(Settings::default()).function(info, vm, func, out));
    assert_eq!(*out, before);
}

#[test]
fn text_names_slots_and_targets() {
    let built = build("(module (func (param i32) (result i32) local.get 0 i32.const 2 i32.add))");
    let image = built.image().expect("links");
    assert_eq!(
        lines(&image),
        ["enter frame 2", "i32.add_imm s1, s0, 2", "return_slot ^s1"]
    );
}
