//! The `spectest` module that scripts import from.

use std::collections::HashMap;

use microwasm::module::{GlobalType, Limits as Size, MemoryType, TableType};
use microwasm::{FuncType, ValType};

use crate::engine::*;
use crate::value::Value;

/// Host whose functions do nothing: they print, in other hosts.
pub(super) struct SpecHost;

impl Host for SpecHost {
    fn call(
        &self,
        _store: &mut dyn Store,
        _func: HostFunc,
        _args: &[Value],
        _results: &mut Vec<Value>,
    ) -> Result<(), Trap> {
        Ok(())
    }
}

/// Creates everything that `spectest` exports.
pub(super) fn create(store: &mut dyn Store) -> HashMap<&'static str, Extern> {
    use ValType::{F32, F64, I32, I64};
    let mut items = HashMap::new();
    let functions: [(&str, &[ValType]); 7] = [
        ("print", &[]),
        ("print_i32", &[I32]),
        ("print_i64", &[I64]),
        ("print_f32", &[F32]),
        ("print_f64", &[F64]),
        ("print_i32_f32", &[I32, F32]),
        ("print_f64_f64", &[F64, F64]),
    ];
    for (number, (name, params)) in functions.into_iter().enumerate() {
        let ty = FuncType {
            params: params.into(),
            results: [].into(),
        };
        items.insert(
            name,
            Extern::Func(store.new_func(HostFunc(number as u32), &ty)),
        );
    }
    let globals = [
        ("global_i32", Value::I32(666)),
        ("global_i64", Value::I64(666)),
        ("global_f32", Value::F32(666.6f32.to_bits())),
        ("global_f64", Value::F64(666.6f64.to_bits())),
    ];
    for (name, value) in globals {
        let ty = GlobalType {
            ty: value.ty(),
            mutable: false,
        };
        if let Ok(global) = store.new_global(ty, value) {
            items.insert(name, Extern::Global(global));
        }
    }
    let limits = Size {
        min: 10,
        max: Some(20),
    };
    if let Ok(table) = store.new_table(TableType {
        element: ValType::FuncRef,
        limits,
    }) {
        items.insert("table", Extern::Table(table));
    }
    if let Ok(memory) = store.new_memory(MemoryType {
        limits: Size {
            min: 1,
            max: Some(2),
        },
    }) {
        items.insert("memory", Extern::Memory(memory));
    }
    items
}
