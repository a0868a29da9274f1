//! A module whose function bodies can be edited operator by operator.
//!
//! Operators are kept as their bytes, so that editing is moving slices around. An edit
//! may make a body invalid; whoever tries the result finds out.

mod signature;

use std::collections::HashSet;
use std::ops::Range;

use microwasm::ValType;
use wasm_encoder::{CodeSection, Encode, Function, Instruction, Module, RawSection};
use wasmparser::{
    BinaryReaderError, FuncValidatorAllocations, FunctionBody, Operator, Payload, ValidPayload,
    Validator,
};

use crate::prepare::{FEATURES, encoder_type, val_type};
use crate::value::Value;

/// How many types are known of a stack. More would make bodies cost their length times the
/// height of their stack.
const TOP: usize = 32;

/// A module taken apart.
#[derive(Clone, Debug)]
pub(super) struct Editable {
    /// Sections before and after the code, as they are.
    before: Vec<(u8, Vec<u8>)>,
    after: Vec<(u8, Vec<u8>)>,
    /// Function bodies.
    pub(super) bodies: Vec<Body>,
}

/// A function body.
#[derive(Clone, Debug)]
pub(super) struct Body {
    /// Types of the locals that are not parameters.
    pub(super) locals: Vec<ValType>,
    /// How many parameters there are.
    params: u32,
    /// The operators, the final `end` included.
    pub(super) ops: Vec<Op>,
}

/// An operator and what is known of the place before it.
#[derive(Clone, Debug)]
pub(super) struct Op {
    bytes: Vec<u8>,
    kind: Kind,
    /// How many values it takes.
    pops: usize,
    /// How many values are on the stack of the frame.
    height: usize,
    /// The types of the uppermost ones, lowest first; what is not known is `None`.
    top: Vec<Option<ValType>>,
}

/// What an edit has to know of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Pushes a value, and does nothing else.
    Push,
    Drop,
    Return,
    Call(u32),
    /// `block`, `loop` or `if`.
    Start {
        pops_condition: bool,
    },
    Else,
    End,
    Branch {
        depth: u32,
        conditional: bool,
    },
    BranchTable {
        targets: Vec<u32>,
        default: u32,
    },
    Local {
        index: u32,
        op: LocalOp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LocalOp {
    Get,
    Set,
    Tee,
}

impl Editable {
    /// Takes a valid module apart.
    pub(super) fn read(wasm: &[u8]) -> Result<Editable, BinaryReaderError> {
        let mut validator = Validator::new_with_features(FEATURES);
        let mut allocations = FuncValidatorAllocations::default();
        let mut module = Editable {
            before: Vec::new(),
            after: Vec::new(),
            bodies: Vec::new(),
        };
        let mut code_seen = false;
        for payload in wasmparser::Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            if let ValidPayload::Func(func, body) = validator.payload(&payload)? {
                let mut func = func.into_validator(allocations);
                module.bodies.push(Body::read(&body, &mut func)?);
                allocations = func.into_allocations();
                continue;
            }
            match payload {
                Payload::CodeSectionStart { .. } => code_seen = true,
                Payload::CustomSection(_) => {}
                _ => {
                    if let Some((id, range)) = payload.as_section() {
                        let data = wasm[range.start as usize..range.end as usize].to_vec();
                        let list = if code_seen {
                            &mut module.after
                        } else {
                            &mut module.before
                        };
                        list.push((id, data));
                    }
                }
            }
        }
        Ok(module)
    }

    /// Puts the module together again.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut module = Module::new();
        for (id, data) in &self.before {
            module.section(&RawSection { id: *id, data });
        }
        if !self.bodies.is_empty() {
            let mut code = CodeSection::new();
            for body in &self.bodies {
                code.raw(&body.encode());
            }
            module.section(&code);
        }
        for (id, data) in &self.after {
            module.section(&RawSection { id: *id, data });
        }
        module.finish()
    }
}

impl Body {
    fn read(
        body: &FunctionBody<'_>,
        validator: &mut wasmparser::FuncValidator<wasmparser::ValidatorResources>,
    ) -> Result<Body, BinaryReaderError> {
        let params = validator.len_locals();
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        let local = |index| {
            validator
                .get_local_type(index)
                .map_or(ValType::I32, val_type)
        };
        let locals = (params..validator.len_locals()).map(local).collect();
        let (bytes, base) = (body.as_bytes(), body.range().start);
        let mut reader = wasmparser::OperatorsReader::new(reader);
        let mut ops = Vec::new();
        while !reader.eof() {
            let (op, offset) = reader.read_with_offset()?;
            let height = validator.operand_stack_height() as usize;
            let floor = validator
                .get_control_frame(0)
                .map_or(0, |frame| frame.height);
            let height = height.saturating_sub(floor);
            let pops = op.operator_arity(validator).map_or(0, |(pops, _)| pops);
            let top = (0..height.min(TOP)).rev();
            let top = top.map(|depth| Some(val_type(validator.get_operand_type(depth)??)));
            ops.push(Op {
                bytes: bytes
                    [(offset - base) as usize..(reader.original_position() - base) as usize]
                    .to_vec(),
                pops: pops as usize,
                height,
                top: top.collect(),
                kind: Kind::of(&op),
            });
            validator.op(offset, &op)?;
        }
        Ok(Body {
            locals,
            params,
            ops,
        })
    }

    fn encode(&self) -> Vec<u8> {
        let locals = self.locals.iter().map(|ty| (1, encoder_type(*ty)));
        let mut bytes = Function::new(locals).into_raw_body();
        for op in &self.ops {
            bytes.extend_from_slice(&op.bytes);
        }
        bytes
    }

    /// The last index up to `limit` such that everything from `start` to there is whole
    /// frames of the arm that `start` is in. `None` if that is nothing.
    pub(super) fn range(&self, start: usize, limit: usize) -> Option<Range<usize>> {
        let end = limit.min(self.ops.len().saturating_sub(1));
        let mut depth = 0usize;
        let mut last = None;
        for index in start..end {
            match self.ops[index].kind {
                Kind::Start { .. } => depth += 1,
                Kind::Else | Kind::End if depth == 0 => break,
                Kind::End => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                last = Some(index + 1);
            }
        }
        last.map(|end| start..end)
    }

    /// The body with `range` replaced by drops and constants, `extra` of each more than
    /// the heights of the stack ask for.
    pub(super) fn without(&self, range: Range<usize>, extra: usize) -> Option<Body> {
        let (before, after) = (&self.ops[range.start], &self.ops[range.end]);
        let drops = before.height.saturating_sub(after.height) + extra;
        let pushes = after.height.saturating_sub(before.height) + extra;
        if drops > before.height {
            return None;
        }
        let mut new = vec![Op::made(&[Instruction::Drop]); drops];
        for ty in &after.top[after.top.len().checked_sub(pushes)?..] {
            new.push(Op::constant((*ty)?)?);
        }
        let mut body = self.clone();
        body.ops.splice(range, new);
        Some(body)
    }

    /// The body without the operator at `start`, which only pushes a value, and without the
    /// drop of that value in the same frame.
    pub(super) fn without_dropped(&self, start: usize) -> Option<Body> {
        let height = self.ops[start].height;
        let frame = self.range(start, self.ops.len())?;
        let mut depth = 0usize;
        for index in frame.start + 1..frame.end {
            let op = &self.ops[index];
            match op.kind {
                Kind::Start { .. } => depth += 1,
                Kind::End => depth = depth.saturating_sub(1),
                Kind::Drop if depth == 0 && op.height == height + 1 => {
                    let mut body = self.clone();
                    body.ops.remove(index);
                    body.ops.remove(start);
                    return Some(body);
                }
                _ if depth == 0 && op.height <= height => return None,
                _ => {}
            }
        }
        None
    }

    /// The operators that only push a value which is dropped, each with the drop, in the order of
    /// the drops. Any of these pairs can go without the others.
    pub(super) fn dropped(&self) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        // Which operator has pushed the values of each open frame, if it does nothing else.
        let mut frames: Vec<Vec<Option<usize>>> = vec![Vec::new()];
        for (index, op) in self.ops.iter().enumerate() {
            match op.kind {
                Kind::Start { .. } => frames.push(Vec::new()),
                Kind::End => drop(frames.pop()),
                _ => {}
            }
            let (Some(stack), Some(next)) = (frames.last_mut(), self.ops.get(index + 1)) else {
                break;
            };
            let top = stack.last().copied().flatten();
            // Heights are those of a frame: behind an end, those of the outer one.
            let kept = match op.kind {
                Kind::End => next.height,
                _ => op.height,
            };
            stack.truncate(kept.saturating_sub(op.pops));
            stack.resize(next.height, None);
            match op.kind {
                Kind::Drop => pairs.extend(top.map(|pushed| (pushed, index))),
                Kind::Push
                | Kind::Local {
                    op: LocalOp::Get, ..
                } => {
                    if let Some(value) = stack.last_mut() {
                        *value = Some(index);
                    }
                }
                _ => {}
            }
        }
        pairs
    }

    /// The body without these [pairs](Body::dropped); `None` without any.
    pub(super) fn without_pairs(&self, pairs: &[(usize, usize)]) -> Option<Body> {
        let gone: HashSet<usize> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let mut body = self.clone();
        let mut indices = 0..;
        body.ops
            .retain(|_| indices.next().is_none_or(|index| !gone.contains(&index)));
        (!pairs.is_empty()).then_some(body)
    }

    /// The body without the frame that starts at `start`, but with what is in it: of an
    /// `if`, the arm with this number. `None` if something branches to the frame.
    pub(super) fn unwrapped(&self, start: usize, keep: usize) -> Option<Body> {
        let Kind::Start { pops_condition } = self.ops[start].kind else {
            return None;
        };
        let mut kept = Vec::new();
        if pops_condition {
            kept.push(Op::made(&[Instruction::Drop]));
        }
        let (mut depth, mut arm, mut index) = (0u32, 0, start + 1);
        loop {
            let op = self.ops.get(index)?;
            match op.kind {
                Kind::End if depth == 0 => break,
                Kind::Else if depth == 0 => {
                    arm += 1;
                    index += 1;
                    continue;
                }
                Kind::Start { .. } => depth += 1,
                Kind::End => depth -= 1,
                _ => {}
            }
            if arm == keep {
                kept.push(op.one_frame_less(depth)?);
            }
            index += 1;
        }
        if arm < keep {
            return None;
        }
        let mut body = self.clone();
        body.ops.splice(start..=index, kept);
        Some(body)
    }

    /// The body without locals that nothing uses, or `None` if there are none.
    pub(super) fn without_unused_locals(&self) -> Option<Body> {
        let mut used = vec![false; self.locals.len()];
        for op in &self.ops {
            if let Kind::Local { index, .. } = op.kind
                && index >= self.params
            {
                used[(index - self.params) as usize] = true;
            }
        }
        if used.iter().all(|used| *used) {
            return None;
        }
        let mut body = self.clone();
        let mut kept = used.iter();
        body.locals.retain(|_| kept.next().copied().unwrap_or(true));
        for op in &mut body.ops {
            if let Kind::Local { index, op: kind } = op.kind
                && index >= self.params
            {
                let before = &used[..(index - self.params) as usize];
                let gone = before.iter().filter(|used| !**used).count() as u32;
                *op = Op::local(kind, index - gone);
            }
        }
        Some(body)
    }

    /// The body without a parameter, or `None` if it is used.
    fn without_param(&self, param: u32) -> Option<Body> {
        let mut body = self.clone();
        body.params = self.params.checked_sub(1)?;
        for op in &mut body.ops {
            if let Kind::Local { index, op: kind } = op.kind {
                if index == param {
                    return None;
                }
                if index > param {
                    *op = Op::local(kind, index - 1);
                }
            }
        }
        Some(body)
    }
}

impl Op {
    /// An operator that was not read. Nothing is known of it until it is read again.
    fn made(instructions: &[Instruction<'_>]) -> Op {
        let mut bytes = Vec::new();
        instructions
            .iter()
            .for_each(|instruction| instruction.encode(&mut bytes));
        Op {
            bytes,
            kind: Kind::Plain,
            pops: 0,
            height: 0,
            top: Vec::new(),
        }
    }

    fn local(op: LocalOp, index: u32) -> Op {
        Op::made(&[match op {
            LocalOp::Get => Instruction::LocalGet(index),
            LocalOp::Set => Instruction::LocalSet(index),
            LocalOp::Tee => Instruction::LocalTee(index),
        }])
    }

    fn constant(ty: ValType) -> Option<Op> {
        use wasm_encoder::{HeapType, Ieee32, Ieee64};
        Some(Op::made(&[match Value::<u32>::zero(ty)? {
            Value::I32(_) => Instruction::I32Const(0),
            Value::I64(_) => Instruction::I64Const(0),
            Value::F32(_) => Instruction::F32Const(Ieee32::new(0)),
            Value::F64(_) => Instruction::F64Const(Ieee64::new(0)),
            Value::FuncRef(_) => Instruction::RefNull(HeapType::FUNC),
            Value::ExternRef(_) => Instruction::RefNull(HeapType::EXTERN),
        }]))
    }

    /// The operator after the frame `depth` levels outside of it is gone.
    fn one_frame_less(&self, depth: u32) -> Option<Op> {
        let less = |target: u32| match target.cmp(&depth) {
            std::cmp::Ordering::Less => Some(target),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(target - 1),
        };
        Some(match &self.kind {
            Kind::Branch {
                depth,
                conditional: false,
            } => Op::made(&[Instruction::Br(less(*depth)?)]),
            Kind::Branch {
                depth,
                conditional: true,
            } => Op::made(&[Instruction::BrIf(less(*depth)?)]),
            Kind::BranchTable { targets, default } => {
                let targets: Vec<u32> = targets
                    .iter()
                    .map(|target| less(*target))
                    .collect::<Option<_>>()?;
                Op::made(&[Instruction::BrTable(targets.into(), less(*default)?)])
            }
            _ => self.clone(),
        })
    }
}

impl Kind {
    fn of(op: &Operator<'_>) -> Kind {
        match op {
            Operator::Block { .. } | Operator::Loop { .. } => Kind::Start {
                pops_condition: false,
            },
            Operator::If { .. } => Kind::Start {
                pops_condition: true,
            },
            Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::F32Const { .. }
            | Operator::F64Const { .. }
            | Operator::GlobalGet { .. }
            | Operator::RefNull { .. }
            | Operator::RefFunc { .. } => Kind::Push,
            Operator::Drop => Kind::Drop,
            Operator::Return => Kind::Return,
            Operator::Call { function_index } => Kind::Call(*function_index),
            Operator::Else => Kind::Else,
            Operator::End => Kind::End,
            Operator::Br { relative_depth } => Kind::Branch {
                depth: *relative_depth,
                conditional: false,
            },
            Operator::BrIf { relative_depth } => Kind::Branch {
                depth: *relative_depth,
                conditional: true,
            },
            Operator::BrTable { targets } => Kind::BranchTable {
                targets: targets.targets().flatten().collect(),
                default: targets.default(),
            },
            Operator::LocalGet { local_index } => Kind::Local {
                index: *local_index,
                op: LocalOp::Get,
            },
            Operator::LocalSet { local_index } => Kind::Local {
                index: *local_index,
                op: LocalOp::Set,
            },
            Operator::LocalTee { local_index } => Kind::Local {
                index: *local_index,
                op: LocalOp::Tee,
            },
            _ => Kind::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> (Editable, Vec<u8>) {
        let wasm = wat::parse_str(text).unwrap();
        (Editable::read(&wasm).unwrap(), wasm)
    }

    fn with(module: &Editable, body: Body) -> String {
        let module = Editable {
            bodies: vec![body],
            ..module.clone()
        };
        wasmprinter::print_bytes(module.encode()).unwrap()
    }

    #[test]
    fn comes_out_as_it_went_in() {
        let (module, wasm) = body("(module (func (param i32) (local i64) local.get 0 drop))");
        assert_eq!(module.encode(), wasm);
    }

    #[test]
    fn ranges_are_whole_frames() {
        let (module, _) = body("(module (func block nop end nop))");
        let body = &module.bodies[0];
        // block nop end nop end
        assert_eq!(body.range(0, 1), None);
        assert_eq!(body.range(0, 3), Some(0..3));
        assert_eq!(body.range(1, 4), Some(1..2));
        assert_eq!(body.range(2, 4), None);
    }

    #[test]
    fn replaces_by_drops_and_constants() {
        let (module, _) = body("(module (func (result i64) i32.const 7 i64.extend_i32_u))");
        let body = module.bodies[0].without(0..2, 0).unwrap();
        assert!(with(&module, body).contains("i64.const 0"));
        let body = module.bodies[0].without(1..2, 1).unwrap();
        let text = with(&module, body);
        assert!(
            text.contains("i32.const 7\n    drop\n    i64.const 0"),
            "{text}"
        );
    }

    #[test]
    fn unwraps_frames() {
        let (module, _) = body(
            "(module (func block block br 1 end end i32.const 1 if nop else unreachable end))",
        );
        let first = &module.bodies[0];
        let text = with(&module, first.unwrapped(1, 0).unwrap());
        assert!(text.contains("br 0"), "{text}");
        assert!(first.unwrapped(0, 0).is_none(), "something branches there");
        let text = with(&module, first.unwrapped(6, 1).unwrap());
        assert!(text.contains("drop\n    unreachable"), "{text}");
    }

    #[test]
    fn results_and_parameters_go() {
        let (module, _) = body(
            "(module (func (param i32 i64) (result i32 i64 i32)
               i32.const 1 local.get 1 i32.const 2 i32.const 3 i32.add))",
        );
        let print = |module: Editable| wasmprinter::print_bytes(module.encode()).unwrap();
        let text = print(module.without_result(0, 2).unwrap());
        assert!(
            text.contains("(result i32 i64)") && text.contains("i32.add\n    drop\n"),
            "{text}"
        );
        let text = print(module.without_result(0, 0).unwrap());
        assert!(
            text.contains("i32.const 1\n    drop\n    local.get"),
            "{text}"
        );
        let text = print(module.without_param(0, 0).unwrap());
        assert!(
            text.contains("(param i64) (result") && text.contains("local.get 0"),
            "{text}"
        );
        assert!(module.without_param(0, 1).is_none(), "it is used");
        let (called, _) = body("(module (func (param i32)) (func i32.const 1 call 0))");
        assert!(called.without_param(0, 0).is_none(), "something calls it");
        let (left, _) = body("(module (func (result i32) i32.const 1 i32.const 2 br_if 0))");
        assert!(left.without_result(0, 0).is_none(), "a branch leaves it");
    }

    #[test]
    fn finds_the_drop_of_a_value() {
        let (module, _) = body("(module (func i32.const 1 i64.const 2 block nop end drop drop))");
        let text = with(&module, module.bodies[0].without_dropped(0).unwrap());
        assert!(
            !text.contains("i32.const") && text.matches("drop").count() == 1,
            "{text}"
        );
        assert!(module.bodies[0].without_dropped(2).is_none());
    }

    #[test]
    fn finds_all_that_is_pushed_and_dropped() {
        let (module, _) = body(
            "(module (global i32 (i32.const 0)) (func (param i32) (result i32)
               i32.const 1 i64.const 2 block local.get 0 drop i32.const 3 br 0 end drop
               i32.const 4 i32.eqz drop global.get 0 i32.add
               i32.const 5 if nop else i32.const 6 drop end unreachable drop))",
        );
        let body = &module.bodies[0];
        let pairs = body.dropped();
        assert_eq!(pairs.len(), 3, "{pairs:?}");
        let text = with(&module, body.without_pairs(&pairs).unwrap());
        for gone in ["i64.const 2", "local.get", "i32.const 6"] {
            assert!(!text.contains(gone), "{text}");
        }
        assert_eq!(text.matches("drop").count(), 2, "{text}");
        let text = with(&module, body.without_pairs(&pairs[1..2]).unwrap());
        assert!(
            text.contains("i32.const 6") && !text.contains("i64.const 2"),
            "{text}"
        );
        assert!(body.without_pairs(&[]).is_none());
    }

    #[test]
    fn forgets_unused_locals() {
        let (module, _) =
            body("(module (func (param i32) (local i64 f32) local.get 2 drop local.get 0 drop))");
        let text = with(&module, module.bodies[0].without_unused_locals().unwrap());
        assert!(
            text.contains("(local f32)") && text.contains("local.get 1"),
            "{text}"
        );
    }
}
