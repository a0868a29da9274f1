//! Keeps modules away from a bug of wasmi 2.0.0.
//!
//! When `select` comes directly after `i32.eqz`, or after `i32.eq` or `i32.ne` with a
//! constant zero, wasmi leaves out the comparison and lets the select look at its
//! operand instead. When that operand is a local, it looks at a register that holds
//! something else. An operator that changes nothing between the two is enough to avoid
//! that: the result of a comparison is 0 or 1, which `i32.extend8_s` keeps.

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, Instruction};
use wasmparser::{FunctionBody, Operator};

/// The module with the extra operators, or `None` if it needs none. What cannot be parsed
/// needs none either: the engine will say what is wrong with it.
pub(super) fn apply(wasm: &[u8]) -> Option<Vec<u8>> {
    // i32.eqz, i32.eq, i32.ne; select without and with a type. Other bytes may look the same.
    let suspicious = |pair: &[u8]| matches!(pair, [0x45..=0x47, 0x1b | 0x1c]);
    if !wasm.windows(2).any(suspicious) || !wasm.starts_with(b"\0asm") {
        return None;
    }
    let mut module = wasm_encoder::Module::new();
    Separate
        .parse_core_module(&mut module, wasmparser::Parser::new(0), wasm)
        .ok()?;
    Some(module.finish())
}

struct Separate;

impl Reencode for Separate {
    type Error = std::convert::Infallible;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let mut func = self.new_function_with_parsed_locals(&body)?;
        let mut after_comparison = false;
        for op in body.get_operators_reader()? {
            let op = op?;
            if after_comparison && matches!(op, Operator::Select | Operator::TypedSelect { .. }) {
                func.instruction(&Instruction::I32Extend8S);
            }
            after_comparison = matches!(op, Operator::I32Eqz | Operator::I32Eq | Operator::I32Ne);
            func.instruction(&utils::instruction(self, op)?);
        }
        code.function(&func);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    const MODULE: &str = r#"(module (func (export "f") (param i32) (result i32)
        i32.const 6  i32.const 7  local.get 0  i32.eqz  select))"#;

    fn result(wasm: &[u8]) -> i32 {
        let engine = ::wasmi::Engine::default();
        let module = ::wasmi::Module::new(&engine, wasm).unwrap();
        let mut store = ::wasmi::Store::new(&engine, ());
        let instance = ::wasmi::Instance::new(&mut store, &module, &[]).unwrap();
        let func = instance.get_typed_func::<i32, i32>(&store, "f").unwrap();
        func.call(&mut store, 5).unwrap()
    }

    #[test]
    fn is_still_needed_and_helps() {
        let wasm = wat::parse_str(MODULE).unwrap();
        assert_eq!(
            result(&wasm),
            6,
            "wasmi is right without help: remove the workaround"
        );
        assert_eq!(result(&super::apply(&wasm).unwrap()), 7);
    }

    #[test]
    fn leaves_other_modules_alone() {
        let wasm = wat::parse_str("(module (func (result i32) i32.const 1 i32.eqz))").unwrap();
        assert_eq!(super::apply(&wasm), None);
        assert_eq!(super::apply(b"\x45\x1b"), None);
    }
}
