//! Declared blocks, and what follows the operator just compiled.
//!
//! Owns what both backends know of a block: its declaration, its label, and its edge in the
//! branch table at hand. What a backend settles with a block's callers is its own business (`C`).

use std::collections::HashMap;

use crate::buffer::{CodeBuffer, JumpLabel};
use microwasm::op::BlockDecl;
use microwasm::{Label, StackHeight, ValType};

/// A part of a vector. Unlike a range it can be copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// Nothing.
    pub(crate) const EMPTY: Span = Span { start: 0, end: 0 };

    /// What has been appended to `vec` since it was `start` long. Nothing is at no place: others
    /// may be taken back below it.
    #[inline]
    pub(crate) fn since<T>(start: u32, vec: &[T]) -> Span {
        let end = vec.len() as u32;
        if start == end {
            return Span::EMPTY;
        }
        Span { start, end }
    }

    /// Takes the part away if it is at the end of the vector, and tells whether it was.
    #[inline]
    pub(crate) fn take_back<T>(self, vec: &mut Vec<T>) -> bool {
        let last = self.end as usize == vec.len();
        if last {
            vec.truncate(self.start as usize);
        }
        last || self == Span::EMPTY
    }

    #[inline]
    pub(crate) fn len(self) -> u32 {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn of<T>(self, vec: &[T]) -> &[T] {
        &vec[self.start as usize..self.end as usize]
    }
}

/// A declared block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<C> {
    /// Height below the arguments.
    pub(crate) base: u32,
    /// Its arguments' types, in [`Blocks::arg_types`].
    pub(crate) args: Span,
    pub(crate) backward: bool,
    /// Whether there is one caller, which comes before it.
    pub(crate) single: bool,
    /// What has been settled with its callers.
    pub(crate) convention: C,
    /// [`JumpLabel::NONE`] before it is needed.
    pub(crate) label: JumpLabel,
    /// Where the edge from the branch table at hand is in [`Blocks::edges`], if there is one.
    edge: u32,
}

/// An edge from the branch table at hand to a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) block: Label,
    /// Where its entries of the table go.
    pub(crate) entry: JumpLabel,
    /// Whether that is straight to the block; otherwise the edge needs code of its own.
    pub(crate) direct: bool,
}

impl<C> Block<C> {
    /// The label that jumps to the block go to.
    #[inline]
    pub(crate) fn jump_label(&mut self, buf: &mut CodeBuffer) -> JumpLabel {
        if self.label == JumpLabel::NONE {
            self.label = buf.new_label();
        }
        self.label
    }
}

/// What follows the operator just compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// The next operator.
    Open,
    /// The block after the branch; its arguments are in place, the jump is not emitted.
    Jump(Label),
    /// The block to which the live state belongs.
    Fall(Label),
    /// Nothing: operators are skipped until a block with a caller is bound.
    Dead,
}

/// The blocks of the function being compiled.
#[derive(Debug)]
pub(crate) struct Blocks<C> {
    pub(crate) blocks: Vec<Block<C>>,
    pub(crate) arg_types: Vec<ValType>,
    /// Where lists of several arguments are in `arg_types`.
    lists: HashMap<Box<[ValType]>, Span>,
    pub(crate) cursor: Cursor,
    /// Whether blocks that are declared now count as having several callers.
    pub(crate) all_shared: bool,
    /// Edges from the branch table at hand.
    pub(crate) edges: Vec<Edge>,
}

impl<C> Default for Blocks<C> {
    fn default() -> Blocks<C> {
        Blocks {
            blocks: Vec::new(),
            arg_types: Vec::new(),
            lists: HashMap::new(),
            cursor: Cursor::Dead,
            all_shared: false,
            edges: Vec::new(),
        }
    }
}

impl<C: Copy + Default> Blocks<C> {
    /// Forgets the previous function; `results` are the arguments of the return block.
    pub(crate) fn begin_function(&mut self, results: &[ValType]) {
        self.blocks.clear();
        self.arg_types.clear();
        self.lists.clear();
        self.cursor = Cursor::Open;
        let decl = BlockDecl {
            base: StackHeight(0),
            args: results,
            backward: false,
            callers: None,
        };
        self.declare(Label::RETURN, decl);
    }

    pub(crate) fn declare(&mut self, label: Label, decl: BlockDecl<'_>) {
        let block = Block {
            base: decl.base.0,
            args: self.list(decl.args),
            backward: decl.backward,
            single: decl.callers == Some(1) && !decl.backward && !self.all_shared,
            convention: C::default(),
            label: JumpLabel::NONE,
            edge: 0,
        };
        let index = label.index();
        if index < self.blocks.len() {
            self.blocks[index] = block;
        } else {
            self.blocks.resize(index, block);
            self.blocks.push(block);
        }
    }

    /// Where a block's arguments are listed.
    #[inline]
    fn list(&mut self, args: &[ValType]) -> Span {
        match args {
            [] => Span::EMPTY,
            [one] => self.append(&[*one]),
            many => self.list_once(many),
        }
    }

    fn append(&mut self, args: &[ValType]) -> Span {
        let start = self.arg_types.len() as u32;
        self.arg_types.extend_from_slice(args);
        Span::since(start, &self.arg_types)
    }

    /// A few bytes of a module can declare a block with a thousand arguments, so no list is kept
    /// twice.
    #[inline(never)]
    fn list_once(&mut self, args: &[ValType]) -> Span {
        if let Some(known) = self.lists.get(args) {
            return *known;
        }
        let list = self.append(args);
        self.lists.insert(args.into(), list);
        list
    }

    /// Whether operators are being skipped.
    #[inline]
    pub(crate) fn is_dead(&self) -> bool {
        self.cursor == Cursor::Dead
    }

    /// Whether the state belongs to the next operator.
    pub(crate) fn is_open(&self) -> bool {
        self.cursor == Cursor::Open
    }

    #[inline]
    pub(crate) fn get(&self, label: Label) -> &Block<C> {
        &self.blocks[label.index()]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, label: Label) -> &mut Block<C> {
        &mut self.blocks[label.index()]
    }

    /// The edge from the branch table at hand to a block.
    #[inline]
    pub(crate) fn edge(&self, label: Label) -> Option<&Edge> {
        let edge = self.edges.get(self.get(label).edge as usize);
        edge.filter(|edge| edge.block == label)
    }

    /// Where entries for a block go to which an edge has been added.
    #[inline]
    pub(crate) fn entry(&self, label: Label) -> JumpLabel {
        self.edges[self.get(label).edge as usize].entry
    }

    /// Adds an edge from the branch table at hand.
    pub(crate) fn add_edge(&mut self, edge: Edge) {
        self.get_mut(edge.block).edge = self.edges.len() as u32;
        self.edges.push(edge);
    }

    /// Types of a block's arguments.
    pub(crate) fn args(&self, block: &Block<C>) -> &[ValType] {
        block.args.of(&self.arg_types)
    }
}
