//! `spill`, `block_args` and `host_calls`: recipes, and the modules around the bodies.

use microwasm::ValType::{self, ExternRef, F32, F64, FuncRef, I32, I64};
use microwasm::module::Limits;

use super::soup::{self, Callee, Ending, Env, Recipe, Step};
use super::source::Source;
use super::writer::{FuncWriter, ModuleWriter};
use super::{Calls, DATA};
use crate::value::Value;

use Step::*;

const NUMBERS: &[ValType] = &[I32, I64, I32, F64, I32, I64, F32, I32];

const ALL: &[ValType] = &[I32, I64, F32, F64, I32, I64, FuncRef, ExternRef];

const SPILL: Recipe = Recipe {
    steps: &[
        Push, Op, Fixed, Set, Push, Memory, Op, Fixed, Select, Push, Memory, Op, Set, Call, Push,
        Op, Fixed, Push, Select, Op, Memory, Host, Push, Op, Fixed, Push, Op, Set, Open, Branch,
        Close, Push,
    ],
    types: NUMBERS,
    low: 12,
    high: 40,
    tame: false,
    host_first: false,
};

/// The same without memory, whose contents cost time to compare.
const SPILL_REGISTERS: Recipe = Recipe {
    steps: &[
        Push, Op, Fixed, Set, Push, Op, Fixed, Select, Push, Op, Set, Call, Push, Op, Fixed, Push,
        Select, Op, Host, Push, Op, Fixed, Push, Op, Set, Push,
    ],
    ..SPILL
};

const SPILL_LONG: Recipe = Recipe {
    high: 9_000,
    tame: true,
    steps: &[
        Push, Push, Op, Push, Set, Push, Fixed, Push, Select, Push, Push, Op, Push, Push, Push,
        Set, Push, Push, Call, Push, Op, Push, Push, Push,
    ],
    ..SPILL
};

const BLOCK_ARGS: Recipe = Recipe {
    steps: &[
        Push, Op, Open, Set, Branch, Close, Push, Open, Branch, Op, Set, Select, Open, Branch,
        Push, Close, Fixed, Set, Open, Branch, Call, Close,
    ],
    types: NUMBERS,
    low: 3,
    high: 24,
    tame: false,
    host_first: false,
};

const HOST_CALLS: Recipe = Recipe {
    steps: &[
        Push, Host, Op, Indirect, Host, Set, Call, Host, Push, Indirect, Host, Memory, Open, Host,
        Branch, Close, Select, Push,
    ],
    types: ALL,
    low: 2,
    high: 30,
    tame: false,
    host_first: true,
};

/// A module with a global of each type; those of integers are the accumulators.
fn start(module: &mut ModuleWriter, types: &[ValType]) -> Env {
    let mut env = Env::default();
    for ty in types {
        if env.globals.iter().all(|(_, known)| known != ty) {
            let value = match ty {
                I32 => Value::I32(1),
                I64 => Value::I64(1),
                _ => Value::zero(*ty).expect("no vectors"),
            };
            env.globals.push((module.global(*ty, value), *ty));
        }
    }
    let global = |ty| env.globals.iter().find(|(_, known)| *known == ty);
    let [narrow, wide] = [I32, I64].map(|ty| global(ty).expect("all have integers").0);
    env.folds = (narrow, wide);
    env
}

fn memory(module: &mut ModuleWriter) {
    let limits = Limits {
        min: 1,
        max: Some(4),
    };
    module.memory(limits, DATA.to_vec());
}

fn import(module: &mut ModuleWriter, env: &mut Env, params: &[ValType], results: &[ValType]) {
    let index = module.import(params, results);
    env.hosts.push(Callee {
        index,
        ty: module.signature(index).clone(),
        cost: 20,
    });
}

/// Writes a function and makes it one that can be called.
fn define(
    module: &mut ModuleWriter,
    env: &mut Env,
    source: &mut Source<'_>,
    recipe: &Recipe,
    params: &[ValType],
    (steps, ending): (usize, &Ending),
) -> u32 {
    let writer = FuncWriter::new(&mut module.types, params, true);
    let (written, cost) = soup::body(writer, source, recipe, env, steps, ending);
    let index = module.func(written);
    env.funcs.push(Callee {
        index,
        ty: module.signature(index).clone(),
        cost,
    });
    index
}

/// Calls of a function with values that the source chooses.
fn call(module: &ModuleWriter, func: u32, times: usize, source: &mut Source<'_>, to: &mut Calls) {
    let params = module.signature(func).params.clone();
    for _ in 0..times {
        let args = params.iter().map(|ty| source.value(*ty)).collect();
        to.push((func, args));
    }
}

fn some_types(source: &mut Source<'_>, types: &[ValType], most: usize) -> Vec<ValType> {
    let count = source.below(most + 1);
    (0..count).map(|_| source.pick(types)).collect()
}

pub(super) fn spill(source: &mut Source<'_>, long: bool) -> (ModuleWriter, Calls) {
    let mut module = ModuleWriter::default();
    let mut env = start(&mut module, NUMBERS);
    import(&mut module, &mut env, &[], &[]);
    // As many as a typed host function takes in registers.
    let most = [I64, F32, I32, F64, F32, F64, I64, F32, F64, F32, F64];
    import(&mut module, &mut env, &most, &[I32]);
    import(&mut module, &mut env, &[F32, F32, I64], &[F64, I64, F32]);
    let with_memory = source.one_in(2);
    if with_memory {
        memory(&mut module);
    }
    let recipe = match (long, with_memory) {
        (true, _) => &SPILL_LONG,
        (false, true) => &SPILL,
        (false, false) => &SPILL_REGISTERS,
    };
    // The arguments come first, so that they are there however long the body is.
    let params = some_types(source, NUMBERS, 9);
    let args: Vec<Vec<_>> = (0..2)
        .map(|_| params.iter().map(|ty| source.value(*ty)).collect())
        .collect();
    let many = [I32, I64, I32, I64, I32, I64, I32, I64, I32, I64, F32, F64];
    let small: [(&[ValType], &[ValType]); 2] =
        [(&[I32, I64, F32, F64], &[I64]), (&many, &[I32, F64, I64])];
    for (params, results) in small {
        let ending = Ending::Fixed(results.to_vec());
        define(
            &mut module,
            &mut env,
            source,
            &BLOCK_ARGS,
            params,
            (6, &ending),
        );
    }
    let all = (usize::MAX, &Ending::Everything);
    let main = define(&mut module, &mut env, source, recipe, &params, all);
    (module, args.into_iter().map(|args| (main, args)).collect())
}

pub(super) fn block_args(source: &mut Source<'_>) -> (ModuleWriter, Calls) {
    let mut module = ModuleWriter::default();
    let mut env = start(&mut module, NUMBERS);
    let mut calls = Calls::new();
    for steps in [10, usize::MAX] {
        let params = some_types(source, NUMBERS, 6);
        let args: Vec<Vec<_>> = (0..2)
            .map(|_| params.iter().map(|ty| source.value(*ty)).collect())
            .collect();
        let ending = if source.one_in(2) {
            Ending::Fixed(some_types(source, NUMBERS, 7))
        } else {
            Ending::Everything
        };
        let func = define(
            &mut module,
            &mut env,
            source,
            &BLOCK_ARGS,
            &params,
            (steps, &ending),
        );
        calls.extend(args.into_iter().map(|args| (func, args)));
    }
    (module, calls)
}

pub(super) fn host_calls(source: &mut Source<'_>) -> (ModuleWriter, Calls) {
    let mut module = ModuleWriter::default();
    let mut env = start(&mut module, ALL);
    env.fuel = Some(module.fuel());
    let imports = match source.byte() {
        255 => 60,
        count => usize::from(count) % 4 + 1,
    };
    for _ in 0..imports {
        let most = if source.one_in(8) { 40 } else { 8 };
        let params = some_types(source, ALL, most);
        let results = some_types(source, ALL, if most > 8 { 12 } else { 3 });
        import(&mut module, &mut env, &params, &results);
    }
    if source.one_in(2) {
        memory(&mut module);
    } else {
        // Loads and stores need one, but it may be empty.
        let none = Limits {
            min: 0,
            max: Some(1),
        };
        module.memory(none, Vec::new());
    }
    env.elements = env.hosts.iter().take(6).cloned().collect();
    let mut calls = Calls::new();
    for steps in [8, usize::MAX] {
        let params = some_types(source, ALL, 5);
        let ending = if source.one_in(2) {
            Ending::Fixed(some_types(source, ALL, 4))
        } else {
            Ending::Everything
        };
        let func = define(
            &mut module,
            &mut env,
            source,
            &HOST_CALLS,
            &params,
            (steps, &ending),
        );
        let known = env.funcs.last().expect("just defined").clone();
        env.elements.push(known);
        call(&module, func, 1, source, &mut calls);
    }
    let elements: Vec<u32> = env.elements.iter().map(|callee| callee.index).collect();
    let limits = Limits {
        min: elements.len() as u32 + 2,
        max: Some(64),
    };
    module.table(FuncRef, limits, elements);
    (module, calls)
}
