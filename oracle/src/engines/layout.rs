//! Layouts in which a module's code is put to the test: nothing observable may depend on them.

use microwasm::DefinedFuncIndex;
use microwasm_codegen::Stencils;
use microwasm_runtime::{CodePlace, Error, HostCall, Layout, Module};

use crate::choice::{Choices, mix};

/// Keeps the choice of a layout apart from others made with the same seed.
const LAYOUT: u64 = 2;

/// How the functions are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were compiled.
    Compiled,
    /// The last one first.
    Reversed,
    /// At random, from this seed.
    Shuffled(u64),
}

/// A layout for any module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// The functions' order.
    pub order: Order,
    /// Bytes between functions.
    pub padding: u32,
    /// Alignment of functions.
    pub alignment: u32,
    /// Bytes between functions and thunks.
    pub distance: u32,
    /// How the host is called.
    pub host: HostCall,
    /// Where the code lies, seen from the host.
    pub place: CodePlace,
}

impl Arrangement {
    /// As modules are linked by default.
    pub const PLAIN: Arrangement = Arrangement {
        order: Order::Compiled,
        padding: 0,
        alignment: Stencils::ALIGN,
        distance: 0,
        host: HostCall::Table,
        place: CodePlace::Anywhere,
    };

    /// Layouts that differ in order and distances; each can be had with any way to call the host
    /// and in any place.
    pub const ALL: [Arrangement; 8] = [
        Arrangement::PLAIN,
        Arrangement {
            order: Order::Reversed,
            ..Arrangement::PLAIN
        },
        Arrangement {
            order: Order::Shuffled(1),
            padding: 1,
            ..Arrangement::PLAIN
        },
        Arrangement {
            order: Order::Shuffled(2),
            padding: 100,
            alignment: 64,
            ..Arrangement::PLAIN
        },
        Arrangement {
            padding: 4000,
            ..Arrangement::PLAIN
        },
        Arrangement {
            order: Order::Reversed,
            alignment: 4096,
            distance: 10_000,
            ..Arrangement::PLAIN
        },
        Arrangement {
            order: Order::Shuffled(3),
            // More than 16 bits.
            distance: 1 << 17,
            ..Arrangement::PLAIN
        },
        Arrangement {
            order: Order::Shuffled(4),
            padding: 17,
            alignment: 128,
            distance: 1,
            ..Arrangement::PLAIN
        },
    ];

    /// The layout of a module under a setting that was drawn with `seed`: mostly the default's.
    pub fn sometimes(seed: u64) -> Option<Arrangement> {
        let mut choices = Choices::new(mix(seed, LAYOUT));
        choices
            .one_in(8)
            .then(|| Arrangement::random(choices.bits()))
    }

    /// One of them, with some way to call the host, in some place.
    pub fn random(seed: u64) -> Arrangement {
        let mut choices = Choices::new(seed);
        let calls = [HostCall::Table, HostCall::Direct];
        let places = [CodePlace::Anywhere, CodePlace::Near, CodePlace::Far];
        Arrangement {
            host: calls[choices.below(calls.len() as u64) as usize],
            place: places[choices.below(places.len() as u64) as usize],
            ..Arrangement::ALL[choices.below(Arrangement::ALL.len() as u64) as usize]
        }
    }

    /// `module` in this layout. An import is called as [`Arrangement::host`] says where
    /// `is_host`, by imported function, tells that a function of the host is imported.
    ///
    /// # Errors
    /// Those of [`Module::relink`].
    pub fn apply(&self, module: &Module, is_host: &[bool]) -> Result<Module, Error> {
        let count = module.info().funcs.len() as u32 - module.info().imported_funcs;
        let mut order: Vec<DefinedFuncIndex> = (0..count).map(DefinedFuncIndex).collect();
        match self.order {
            Order::Compiled => {}
            Order::Reversed => order.reverse(),
            Order::Shuffled(seed) => {
                let mut choices = Choices::new(seed);
                for i in (1..order.len()).rev() {
                    order.swap(i, choices.below(i as u64 + 1) as usize);
                }
            }
        }
        let imports: Vec<HostCall> = is_host
            .iter()
            .map(|is_host| if *is_host { self.host } else { HostCall::Table })
            .collect();
        let layout = Layout {
            order: (self.order != Order::Compiled).then_some(&order[..]),
            padding: self.padding,
            alignment: self.alignment,
            distance: self.distance,
            imports: &imports,
            builtins: self.host,
        };
        module.relink(&layout, self.place)
    }
}
