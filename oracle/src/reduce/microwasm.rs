//! The search in Microwasm: declarations, whole blocks, ranges of operators, values through
//! all blocks, constants, from what takes away most to what takes away least.

use std::io;

use microwasm::{FuncIndex, Label};

use super::mir::blocks::{Ending, cut, merged, redirected};
use super::mir::ranges::{Keep, range, simplified, without};
use super::mir::slots::{forgotten, webs};
use super::mir::{Body, Editable, Item, Kind};
use super::shrink::{NEAR, Search};
use crate::regression::Regression;

const KINDS: [Kind; 8] = [
    Kind::Func,
    Kind::Elem,
    Kind::Data,
    Kind::Table,
    Kind::Memory,
    Kind::Global,
    Kind::Export,
    Kind::Type,
];

const ENDINGS: [Ending; 3] = [Ending::Return, Ending::ReturnZeros, Ending::Trap];

/// A function of the module that is being reduced.
struct Place<'a> {
    best: &'a mut Regression,
    module: &'a mut Editable,
    func: FuncIndex,
}

impl Place<'_> {
    fn body(&self) -> &Body {
        let defined = self.module.info.defined(self.func);
        &self.module.bodies[defined.expect("only functions with bodies").index()]
    }
}

impl Search<'_> {
    /// Makes a Microwasm module smaller until no step helps.
    pub(super) fn less_microwasm(&mut self, best: &mut Regression) -> io::Result<()> {
        let Ok(mut module) = Editable::read(&best.wasm) else {
            return Ok(());
        };
        loop {
            let before = module.weight();
            self.fewer_declarations(best, &mut module)?;
            for defined in 0..module.bodies.len() {
                let func = FuncIndex(module.info.imported_funcs + defined as u32);
                let module = &mut module;
                self.smaller_function(&mut Place { best, module, func })?;
            }
            if module.weight() >= before || self.is_over() {
                return Ok(());
            }
        }
    }

    /// Takes over a module that weighs less, is valid and fails alike.
    fn try_lighter(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
        candidate: Option<Editable>,
    ) -> io::Result<bool> {
        let regression = best.clone();
        self.try_with(best, module, candidate, regression)
    }

    fn try_with(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
        candidate: Option<Editable>,
        regression: Regression,
    ) -> io::Result<bool> {
        let lighter = candidate.filter(|candidate| candidate.weight() < module.weight());
        let Some(wasm) = lighter.and_then(|candidate| candidate.encode()) else {
            return Ok(false);
        };
        let accepted = self.accept(best, Regression { wasm, ..regression })?;
        if accepted && let Ok(read) = Editable::read(&best.wasm) {
            *module = read;
        }
        Ok(accepted)
    }

    fn fewer_declarations(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
    ) -> io::Result<()> {
        for kind in KINDS {
            for index in (0..module.count(kind)).rev() {
                let candidate = module.without(kind, index);
                if self.try_lighter(best, module, candidate)? {
                    continue;
                }
                loop {
                    let candidate = module.shorter_segment(kind, index);
                    if !self.try_lighter(best, module, candidate)? {
                        break;
                    }
                }
                if kind == Kind::Global {
                    let candidate = module.zero_global(index);
                    self.try_lighter(best, module, candidate)?;
                }
            }
        }
        Ok(())
    }

    fn smaller_function(&mut self, place: &mut Place<'_>) -> io::Result<()> {
        self.fewer_blocks(place)?;
        let mut size = place.body().len();
        while size > 0 && !self.is_over() {
            self.fewer_operators(place, size)?;
            size /= 2;
        }
        self.fewer_values(place)?;
        self.each_place(place, simplified)
    }

    fn try_function(&mut self, place: &mut Place<'_>, body: Option<Body>) -> io::Result<bool> {
        let candidate = body.and_then(|body| place.module.with_body(place.func, body, &[]));
        self.try_lighter(place.best, place.module, candidate)
    }

    fn fewer_blocks(&mut self, place: &mut Place<'_>) -> io::Result<()> {
        let mut at = 0;
        while at < place.body().len() && !self.is_over() {
            let begins = at == 0 || place.body()[at - 1].is_label();
            for ending in ENDINGS.into_iter().filter(|_| begins) {
                let info = &place.module.info;
                let body = cut(info, place.func, place.body(), at, ending);
                self.try_function(place, body)?;
            }
            at += 1;
        }
        self.each_place(place, redirected)?;
        let mut label = Label(1);
        while label.index() <= place.body().len() && !self.is_over() {
            let info = &place.module.info;
            let body = merged(info, place.func, place.body(), label);
            if !self.try_function(place, body)? {
                label.0 += 1;
            }
        }
        Ok(())
    }

    /// Tries the choices that `change` offers for each operator, from the last one on.
    fn each_place(
        &mut self,
        place: &mut Place<'_>,
        change: impl Fn(&[Item], usize, usize) -> Option<Body>,
    ) -> io::Result<()> {
        for at in (0..place.body().len()).rev() {
            let mut choice = 0;
            while let Some(body) = change(place.body(), at, choice) {
                if self.try_function(place, Some(body))? || self.is_over() {
                    break;
                }
                choice += 1;
            }
        }
        Ok(())
    }

    /// Replaces ranges of up to `size` operators.
    fn fewer_operators(&mut self, place: &mut Place<'_>, size: usize) -> io::Result<()> {
        let mut start = 0;
        while start < place.body().len() && !self.is_over() {
            let Some(range) = range(place.body(), start, start + size) else {
                start += 1;
                continue;
            };
            let length = range.len();
            let mut shorter = false;
            for keep in [Keep::All, Keep::Untouched] {
                if !shorter {
                    let (info, range) = (&place.module.info, range.clone());
                    let body = without(info, place.func, place.body(), range, keep);
                    shorter = self.try_function(place, body)?;
                }
            }
            // Odd places are worth a try where that is cheap.
            start += if shorter || (length < size.div_ceil(2) && size <= NEAR) {
                1
            } else {
                length
            };
        }
        Ok(())
    }

    /// Takes values out of the function, parameters and results among them.
    fn fewer_values(&mut self, place: &mut Place<'_>) -> io::Result<()> {
        let mut web = 0;
        while web < webs(&place.module.info, place.func, place.body()) && !self.is_over() {
            let info = &place.module.info;
            let Some(changed) = forgotten(info, place.func, place.body(), web) else {
                web += 1;
                continue;
            };
            let mut regression = place.best.clone();
            let exports = &place.module.info.exports;
            for invocation in regression.invocations.iter_mut().flatten() {
                let named = |name: &str| {
                    let item = microwasm::module::ExportItem::Func(place.func);
                    exports
                        .iter()
                        .any(|export| &*export.name == name && export.item == item)
                };
                if named(&invocation.export) {
                    let mut param = 0..;
                    invocation.args.retain(|_| {
                        let param = param.next().unwrap_or_default();
                        !changed.params.contains(&param)
                    });
                }
            }
            let candidate = place
                .module
                .with_body(place.func, changed.body, &changed.params);
            if !self.try_with(place.best, place.module, candidate, regression)? {
                web += 1;
            }
        }
        while !self.is_over() {
            let candidate = place.module.without_result(place.func);
            if !self.try_lighter(place.best, place.module, candidate)? {
                break;
            }
        }
        Ok(())
    }
}
