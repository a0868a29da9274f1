//! Which exports to call with which arguments.

use crate::choice::{Choices, mix, mix_text};
use crate::prepare::Shape;
use crate::run::Invocation;
use crate::value::FuncName;

/// Chooses `count` invocations among the exported functions. The arguments depend on the
/// seed, the name of the export and how often it was called before, so that they stay
/// when other functions come or go.
pub fn plan(shape: &Shape, seed: u64, count: usize) -> Vec<Invocation> {
    let all: Vec<(&str, u32)> = shape.exported_funcs().collect();
    // Calling an imported function directly tests little.
    let defined: Vec<(&str, u32)> = all
        .iter()
        .copied()
        .filter(|(_, index)| *index >= shape.imported_funcs)
        .collect();
    let mut choices = Choices::new(mix(seed, 0x91a7));
    (0..count)
        .filter_map(|round| {
            let pool = if choices.one_in(32) { &all } else { &defined };
            let (name, index) = *choices.pick(pool)?;
            let mut values = Choices::new(mix_text(mix(seed, round as u64), name));
            let params = &shape.func_type(index).params;
            let args = params.iter().map(|ty| {
                let func = |choices: &mut Choices| {
                    let index = choices.below(shape.funcs.len() as u64 + 1) as u32;
                    ((index as usize) < shape.funcs.len()).then_some(FuncName::Index(index))
                };
                values.value(*ty, func)
            });
            Some(Invocation {
                export: name.into(),
                args: args.collect::<Option<_>>()?,
            })
        })
        .collect()
}
