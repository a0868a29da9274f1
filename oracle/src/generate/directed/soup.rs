//! Function bodies of any operators: what a [`Recipe`] asks for, decided byte by byte.
//!
//! Receives choices, and the items of the module that a body may use; hands on a body in
//! which nothing is thrown away: what is left in the end is returned, or folded into
//! globals. Loops count down a local of their own, and functions only call what was written
//! before them, so that run time is bounded by construction; the product of all trips and
//! calls is kept below [`LONGEST`].

use microwasm::FuncType;
use microwasm::ValType::{self, F32, F64, I32, I64};

use super::ops::{self, Numeric};
use super::source::Source;
use super::writer::{Block, FuncWriter, Written};
use crate::value::Value;

/// How many steps a function may take, callees included.
const LONGEST: u64 = 4000;

/// How many values a function returns at most, besides its locals.
const RESULTS: usize = 20;

/// How many locals a function returns.
const LOCALS: usize = 8;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Pushes a value.
    Push,
    /// An operator on what is on top.
    Op,
    /// A shift, rotation or division.
    Fixed,
    /// `local.set`, `local.tee`, or both values of a local: the old and the new one.
    Set,
    /// `select`
    Select,
    /// A load or store.
    Memory,
    /// A call of a function of the module.
    Call,
    /// A call of the host.
    Host,
    /// A call through a table.
    Indirect,
    /// Opens a block.
    Open,
    /// Closes one.
    Close,
    /// A branch.
    Branch,
}

/// What bodies of a target are like.
pub struct Recipe {
    /// Steps, each as often as it is to be chosen.
    pub steps: &'static [Step],
    /// Types of values, each as often as it is to be chosen.
    pub types: &'static [ValType],
    /// So many values are on the stack before other steps than pushes are taken.
    pub low: usize,
    /// At so many values steps take more than they give.
    pub high: usize,
    /// Whether no division traps: where there are many, one always would.
    pub tame: bool,
    /// Whether a body begins with a call of the host: arguments take many bytes, and without
    /// it short inputs would make few calls.
    pub host_first: bool,
}

/// A function that can be called.
#[derive(Clone)]
pub struct Callee {
    /// Its index.
    pub index: u32,
    /// Its type.
    pub ty: FuncType,
    /// What it costs.
    pub cost: u64,
}

/// What bodies can use.
#[derive(Default)]
pub struct Env {
    /// Functions of the module.
    pub funcs: Vec<Callee>,
    /// Imported functions.
    pub hosts: Vec<Callee>,
    /// Elements of table 0, in order.
    pub elements: Vec<Callee>,
    /// Globals.
    pub globals: Vec<(u32, ValType)>,
    /// An `i32` and an `i64` that take in what would be lost.
    pub folds: (u32, u32),
    /// The global that bounds run time, if something else may call.
    pub fuel: Option<u32>,
}

/// What a function returns.
pub enum Ending {
    /// These types.
    Fixed(Vec<ValType>),
    /// What is left on the stack, and locals.
    Everything,
}

/// A block that is open.
struct Open {
    kind: Block,
    label: Vec<ValType>,
    results: Vec<ValType>,
    /// Counter of a loop.
    counter: Option<u32>,
    /// The multiplier outside.
    outside: u64,
    other_arm: bool,
}

/// Writes a body with these parameters, of at most `steps` steps; tells what it costs.
pub fn body(
    writer: FuncWriter<'_>,
    source: &mut Source<'_>,
    recipe: &Recipe,
    env: &Env,
    steps: usize,
    ending: &Ending,
) -> (Written, u64) {
    let mut soup = Soup {
        f: writer,
        source,
        recipe,
        env,
        returns: match ending {
            Ending::Fixed(results) => Some(results),
            Ending::Everything => None,
        },
        open: Vec::new(),
        counters: Vec::new(),
        multiplier: 1,
        cost: 1,
    };
    if let Some(fuel) = env.fuel {
        soup.f.take_fuel(fuel);
    }
    let choice = soup.source.byte();
    for _ in 0..choice % 8 + 1 {
        let ty = soup.source.pick(recipe.types);
        soup.f.local(ty);
    }
    if choice >= 252 {
        // So many that they are cleared in a loop.
        for _ in 0..20 {
            soup.f.local(I64);
        }
    }
    if recipe.host_first && !soup.source.is_empty() {
        soup.call(&env.hosts, true);
    }
    for _ in 0..steps {
        if soup.source.is_empty() {
            break;
        }
        soup.step();
    }
    soup.finish()
}

struct Soup<'s, 'b, 'w> {
    f: FuncWriter<'w>,
    source: &'s mut Source<'b>,
    recipe: &'s Recipe,
    env: &'s Env,
    returns: Option<&'s Vec<ValType>>,
    open: Vec<Open>,
    /// Locals that count trips, which nobody else may change.
    counters: Vec<u32>,
    multiplier: u64,
    cost: u64,
}

impl Soup<'_, '_, '_> {
    fn finish(mut self) -> (Written, u64) {
        while !self.open.is_empty() {
            self.close();
        }
        match self.returns {
            Some(results) => self.arrange(&results.clone()),
            None => {
                while self.f.stack.len() > RESULTS {
                    self.fold();
                }
                for local in 0..self.f.locals.len().min(LOCALS) as u32 {
                    self.f.get(local);
                }
            }
        }
        (self.f.finish(), self.cost)
    }

    fn step(&mut self) {
        self.cost += self.multiplier;
        let own = self.f.own().len();
        if own < self.recipe.low && !self.source.one_in(8) {
            return self.push();
        }
        let mut step = self.source.pick(self.recipe.steps);
        if self.f.stack.len() > self.recipe.high && matches!(step, Step::Push | Step::Call) {
            step = Step::Op;
        }
        match step {
            Step::Push => self.push(),
            Step::Op => self.op(),
            Step::Fixed => self.fixed(),
            Step::Set => self.set(),
            Step::Select => self.select(),
            Step::Memory => self.memory(),
            Step::Call => self.call(&self.env.funcs, false),
            Step::Host => self.call(&self.env.hosts, true),
            Step::Indirect => self.indirect(),
            Step::Open => self.open(),
            Step::Close if self.open.is_empty() => self.op(),
            Step::Close => self.close(),
            Step::Branch => self.branch(),
        }
    }

    fn push(&mut self) {
        let ty = self.source.pick(self.recipe.types);
        self.want(ty);
    }

    /// A local of this type.
    fn local(&mut self, ty: ValType) -> u32 {
        let locals = self.f.locals.iter().zip(0..);
        let fitting: Vec<u32> = locals
            .filter(|(slot, index)| slot.ty == ty && !self.counters.contains(index))
            .map(|(_, index)| index)
            .collect();
        if fitting.is_empty() {
            return self.f.local(ty);
        }
        self.source.pick(&fitting)
    }

    /// Pushes some value of this type.
    fn want(&mut self, ty: ValType) {
        match (self.source.below(14), ty) {
            (0 | 1, _) => {
                let value = self.source.value(ty);
                self.f.constant(value);
            }
            (2, ValType::FuncRef) => {
                let funcs = self.env.funcs.len();
                if funcs > 0 {
                    let at = self.source.below(funcs);
                    self.f.ref_func(self.env.funcs[at].index);
                } else {
                    self.f.constant(Value::FuncRef(None));
                }
            }
            (2, _) => {
                let globals = self.env.globals.iter();
                match globals.clone().find(|(_, global)| *global == ty) {
                    Some((global, _)) => self.f.global_get(*global, ty),
                    None => self.get(ty),
                }
            }
            // A sum that may be left to whoever uses it.
            (3, I32 | I64) => {
                self.get(ty);
                let value = self.source.value(ty);
                self.f.constant(value);
                self.f
                    .numeric(Numeric::of(if ty == I32 { 0x6a } else { 0x7c }));
            }
            // A comparison that may be left in the flags.
            (4 | 5, I32) => self.condition(),
            // A constant that comes of two others.
            (7, I32 | I64) => {
                for _ in 0..2 {
                    let value = self.source.value(ty);
                    self.f.constant(value);
                }
                const CODES: [u16; 6] = [0, 1, 2, 7, 8, 9];
                let first = if ty == I32 { 0x6a } else { 0x7c };
                let code = first + self.source.pick(&CODES);
                self.f.numeric(Numeric::of(code));
            }
            // The low half of something.
            (8, I32) => {
                self.get(I64);
                let value = self.source.value(I64);
                self.f.constant(value);
                self.f.numeric(Numeric::of(0x85));
                self.f.numeric(Numeric::of(0xa7));
            }
            // And something that depends on the high half being zero.
            (8, I64) => {
                self.want(I32);
                self.f.numeric(Numeric::of(0xad));
            }
            // A value in a register of its own.
            (6, I32 | I64 | F32 | F64) => {
                self.get(ty);
                let op = self.source.pick(ops::taking(&[ty]));
                self.f.numeric(saturating(op));
                if op.result != ty {
                    self.fold();
                    self.get(ty);
                }
            }
            _ => self.get(ty),
        }
    }

    fn get(&mut self, ty: ValType) {
        let local = self.local(ty);
        self.f.get(local);
    }

    /// Pushes the result of a comparison.
    fn condition(&mut self) {
        let ty = self.source.pick(&[I32, I32, I64, F32, F64]);
        self.get(ty);
        let both = ops::taking(match ty {
            I32 => &[I32, I32],
            I64 => &[I64, I64],
            F32 => &[F32, F32],
            _ => &[F64, F64],
        });
        let compares = both.iter().filter(|op| op.compares());
        let choice = self.source.byte();
        if choice % 8 == 7 && matches!(ty, I32 | I64) {
            self.f
                .numeric(Numeric::of(if ty == I32 { 0x45 } else { 0x50 }));
            return;
        }
        let nth = usize::from(choice / 8) % compares.clone().count();
        let op = *compares.clone().nth(nth).expect("below their number");
        if choice.is_multiple_of(2) {
            self.get(ty);
        } else {
            let value = self.source.value(ty);
            self.f.constant(value);
        }
        self.f.numeric(op);
    }

    /// An operator on what is on top, and on another value if there is none that fits.
    fn op(&mut self) {
        let Some(ty) = self.f.top() else {
            return self.push();
        };
        if matches!(ty, ValType::FuncRef | ValType::ExternRef) {
            return if self.source.one_in(2) {
                self.f.ref_is_null();
            } else {
                self.set();
            };
        }
        if self.source.one_in(4) {
            let op = self.source.pick(ops::taking(&[ty]));
            return self.f.numeric(saturating(op));
        }
        let own = self.f.own();
        if own.len() < 2 || own[own.len() - 2].ty != ty {
            self.want(ty);
        }
        let op = self.source.pick(ops::taking(&[ty, ty]));
        self.guard(op);
        self.f.numeric(op);
    }

    fn fixed(&mut self) {
        let ty = match self.f.top() {
            Some(ty @ (I32 | I64)) => ty,
            _ => {
                let ty = self.source.pick(&[I32, I64]);
                self.want(ty);
                ty
            }
        };
        self.want(ty);
        const FIRST: [u16; 2] = [0x6d, 0x7f];
        const CODES: [u16; 9] = [0, 1, 2, 3, 7, 8, 9, 10, 11];
        let first = FIRST[usize::from(ty == I64)];
        let op = Numeric::of(first + self.source.pick(&CODES));
        self.guard(op);
        self.f.numeric(op);
    }

    /// Keeps a divisor from being 0, mostly.
    fn guard(&mut self, op: Numeric) {
        if op.is_division() && (self.recipe.tame || !self.source.one_in(32)) {
            let narrow = op.result == I32;
            if self.recipe.tame {
                self.f.constant(if narrow {
                    Value::I32(u32::MAX >> 1)
                } else {
                    Value::I64(u64::MAX >> 1)
                });
                self.f
                    .numeric(Numeric::of(if narrow { 0x71 } else { 0x83 }));
            }
            self.f
                .constant(if narrow { Value::I32(1) } else { Value::I64(1) });
            self.f
                .numeric(Numeric::of(if narrow { 0x72 } else { 0x84 }));
        }
    }

    fn set(&mut self) {
        let Some(ty) = self.f.top() else {
            return self.push();
        };
        let local = self.local(ty);
        match self.source.below(8) {
            0..3 => self.f.set(local),
            3..5 => self.f.tee(local),
            5..7 => {
                // As in `i++`: the local's old value is used when it has a new one.
                self.f.get(local);
                self.want(ty);
                self.f.set(local);
            }
            _ => self.fold(),
        }
    }

    /// Takes what is on top into a global.
    fn fold(&mut self) {
        let ty = self.f.top().expect("a value to fold");
        let globals = self.env.globals.iter();
        let own = globals.clone().find(|(_, global)| *global == ty);
        match (ty, own) {
            (I32 | I64, _) => {
                let narrow = ty == I32;
                let (global, five, rotl, xor) = if narrow {
                    (self.env.folds.0, Value::I32(5), 0x77, 0x73)
                } else {
                    (self.env.folds.1, Value::I64(5), 0x89, 0x85)
                };
                self.f.global_get(global, ty);
                self.f.constant(five);
                self.f.numeric(Numeric::of(rotl));
                self.f.numeric(Numeric::of(xor));
                self.f.global_set(global);
            }
            (F32 | F64, _) => {
                self.f
                    .numeric(Numeric::of(if ty == F32 { 0xbc } else { 0xbd }));
                self.fold();
            }
            (_, Some((global, _))) => self.f.global_set(*global),
            _ => {
                self.f.ref_is_null();
                self.fold();
            }
        }
    }

    fn select(&mut self) {
        let Some(ty) = self.f.top() else {
            return self.push();
        };
        let own = self.f.own();
        if own.len() < 2 || own[own.len() - 2].ty != ty {
            self.want(ty);
        }
        if self.source.one_in(4) {
            self.want(I32);
        } else {
            self.condition();
        }
        self.f.select();
    }

    fn memory(&mut self) {
        let access = self.source.pick(&ops::ACCESSES);
        let stored = access.stores.then_some(access.ty);
        // The value that is on top goes through a local, so that addresses come before it.
        let local = match stored.filter(|ty| self.f.top() == Some(*ty)) {
            Some(ty) => {
                let local = self.local(ty);
                self.f.set(local);
                Some(local)
            }
            None => None,
        };
        self.want(I32);
        const MASKS: [u32; 4] = [0xff, 0xff8, 0x7f, 0xffff];
        let mask = self.source.pick(&MASKS);
        self.f.constant(Value::I32(mask));
        self.f.numeric(Numeric::of(0x71));
        if self.source.one_in(2) {
            let value = self.source.pick(&[1, 8, 0x100, u32::MAX]);
            self.f.constant(Value::I32(value));
            self.f.numeric(Numeric::of(0x6a));
        }
        match (local, stored) {
            (Some(local), _) => self.f.get(local),
            (None, Some(ty)) => self.want(ty),
            (None, None) => {}
        }
        const OFFSETS: [u32; 8] = [0, 1, 4, 8, 16, 0x101, 0x7ff, 0xffff];
        let offset = self.source.pick(&OFFSETS);
        self.f.access(access, offset, offset);
    }

    /// Puts values of these types on top.
    fn args(&mut self, types: &[ValType]) {
        if self.has(types) && self.source.one_in(2) {
            return;
        }
        types.iter().for_each(|ty| self.want(*ty));
    }

    /// Whether values of these types are on top.
    fn has(&self, types: &[ValType]) -> bool {
        let own = self.f.own();
        let from = own.len().checked_sub(types.len());
        from.is_some_and(|from| {
            own[from..]
                .iter()
                .map(|slot| slot.ty)
                .eq(types.iter().copied())
        })
    }

    fn call(&mut self, callees: &[Callee], host: bool) {
        if callees.is_empty() {
            return self.op();
        }
        let callee = &callees[self.source.below(callees.len())];
        let cost = self.multiplier * callee.cost;
        if self.cost + cost > LONGEST {
            return self.op();
        }
        self.cost += cost;
        self.args(&callee.ty.params);
        self.f.call(callee.index, &callee.ty, !host);
    }

    fn indirect(&mut self) {
        if self.env.elements.is_empty() {
            return self.op();
        }
        let at = self.source.below(self.env.elements.len());
        let callee = &self.env.elements[at];
        let cost = self.multiplier * callee.cost;
        if self.cost + cost > LONGEST {
            return self.op();
        }
        self.cost += cost;
        self.args(&callee.ty.params);
        match self.source.below(16) {
            // An element of another type, null, or none at all: a trap, mostly.
            0 => self.f.constant(Value::I32(at as u32 + 1)),
            1 => self.want(I32),
            // The index in a register.
            2..8 => {
                self.get(I32);
                self.f.constant(Value::I32(0));
                self.f.numeric(Numeric::of(0x71));
                self.f.constant(Value::I32(at as u32));
                self.f.numeric(Numeric::of(0x6a));
            }
            _ => self.f.constant(Value::I32(at as u32)),
        }
        self.f.call_indirect(0, &callee.ty);
    }

    fn open(&mut self) {
        let choice = self.source.byte();
        let trips = u64::from(choice / 4 % 4) + 1;
        let mut kind = match choice % 4 {
            0 => Block::Block,
            1 => Block::If,
            _ => Block::Loop,
        };
        if self.open.len() >= 6 {
            return self.branch();
        }
        if kind == Block::Loop && self.cost + self.multiplier * (trips + 1) * 16 > LONGEST {
            kind = Block::Block;
        }
        let shape = self.source.byte();
        let own = self.f.own();
        let count = usize::from(shape % 8).min(own.len());
        let params: Vec<ValType> = own[own.len() - count..]
            .iter()
            .map(|slot| slot.ty)
            .collect();
        const POOL: [&[ValType]; 7] = [
            &[],
            &[I32],
            &[I64, I32],
            &[F64, I32, F32],
            &[I32, I32, I64],
            &[I64, I32, I32, F64, F64, I32],
            &[I32, I64, I32, I64, I32, I64, I32, I64, I32, I64],
        ];
        let results = match usize::from(shape / 8) % 10 {
            pool if pool < POOL.len() => POOL[pool].to_vec(),
            _ => params.clone(),
        };
        let outside = self.multiplier;
        let counter = (kind == Block::Loop).then(|| {
            self.multiplier *= trips + 1;
            let counter = self.f.local(I32);
            self.counters.push(counter);
            self.f.constant(Value::I32(trips as u32));
            self.f.set(counter);
            counter
        });
        if kind == Block::If {
            self.condition();
        }
        self.f.block(kind, &params, &results);
        self.open.push(Open {
            kind,
            label: if kind == Block::Loop {
                params
            } else {
                results.clone()
            },
            results,
            counter,
            outside,
            other_arm: false,
        });
    }

    fn close(&mut self) {
        let results = self.open.last().expect("an open block").results.clone();
        self.arrange(&results);
        self.leave();
    }

    /// Ends the innermost block, or goes on with its other arm.
    fn leave(&mut self) {
        let open = self.open.last_mut().expect("an open block");
        if open.kind == Block::If && !open.other_arm {
            open.other_arm = true;
            self.f.alternative();
            return;
        }
        self.multiplier = open.outside;
        self.open.pop();
        self.f.end();
    }

    /// Makes what belongs to the innermost block be of these types.
    fn arrange(&mut self, types: &[ValType]) {
        if self.f.own().len() == types.len() && self.has(types) && !self.source.one_in(3) {
            return;
        }
        while let Some(ty) = self.f.top() {
            if self.source.one_in(4) {
                self.fold();
            } else {
                let local = self.local(ty);
                self.f.set(local);
            }
        }
        types.iter().for_each(|ty| self.want(*ty));
    }

    /// The types that a branch takes, outermost last; the function is the last one.
    fn label(&self, depth: usize) -> Option<&Vec<ValType>> {
        match self.open.len().checked_sub(depth + 1) {
            Some(at) => Some(&self.open[at].label),
            None => self.returns,
        }
    }

    /// The counter of the loop that a branch goes back to.
    fn counter(&self, depth: usize) -> Option<u32> {
        self.open
            .len()
            .checked_sub(depth + 1)
            .and_then(|at| self.open[at].counter)
    }

    fn branch(&mut self) {
        let labels = self.open.len() + usize::from(self.returns.is_some());
        if labels == 0 {
            return self.open();
        }
        let choice = self.source.byte();
        let depth = usize::from(choice >> 4) % labels;
        let types = self
            .label(depth)
            .expect("below the number of labels")
            .clone();
        self.args(&types);
        if let Some(counter) = self.counter(depth) {
            self.count_down(counter, choice);
            self.f.br_if(depth);
        } else if choice % 8 < 4 || self.open.is_empty() {
            if choice.is_multiple_of(2) {
                self.want(I32);
            } else {
                self.condition();
            }
            self.f.br_if(depth);
        } else if choice % 8 < 7 {
            self.br_table(depth, &types);
            self.leave();
        } else {
            if depth == self.open.len() {
                self.f.ret();
            } else {
                self.f.br(depth);
            }
            self.leave();
        }
    }

    /// Pushes whether the loop goes on.
    fn count_down(&mut self, counter: u32, choice: u8) {
        self.f.get(counter);
        self.f.constant(Value::I32(u32::MAX));
        self.f.numeric(Numeric::of(0x6a));
        self.f.tee(counter);
        self.f.constant(Value::I32(0));
        self.f.numeric(Numeric::of(0x4a));
        if choice.is_multiple_of(4) {
            // Only if something else holds, too.
            self.condition();
            self.f.numeric(Numeric::of(0x71));
        }
    }

    /// A switch over all labels that take the same as the one at `depth`, and go forward.
    fn br_table(&mut self, depth: usize, types: &[ValType]) {
        let labels = self.open.len() + usize::from(self.returns.is_some());
        let fitting = (0..labels).filter(|depth| {
            self.counter(*depth).is_none() && self.label(*depth).is_some_and(|l| l == types)
        });
        let fitting: Vec<u32> = fitting.map(|depth| depth as u32).collect();
        self.want(I32);
        let count = self.source.below(6);
        if count > 0 && self.source.one_in(2) {
            self.f.constant(Value::I32(3));
            self.f.numeric(Numeric::of(0x71));
        }
        let targets: Vec<u32> = (0..count).map(|_| self.source.pick(&fitting)).collect();
        self.f.br_table(&targets, depth as u32);
    }
}

/// The truncation that saturates in place of one that traps.
fn saturating(op: Numeric) -> Numeric {
    match op.code {
        code @ 0xa8..=0xab => Numeric::of(0xfc00 + (code - 0xa8)),
        code @ 0xae..=0xb1 => Numeric::of(0xfc04 + (code - 0xae)),
        _ => op,
    }
}
