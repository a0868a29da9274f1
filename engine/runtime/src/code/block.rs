//! A piece of code memory.
//!
//! Written through one view, executed through another. A block is filled while
//! its owner alone knows it, and given back when dropped; that nothing executes
//! it then is the owner's business: modules and trampolines are kept alive by
//! every store that can reach them.
//!
//! No serializing instruction follows a write. A processor could only hold stale
//! instructions of an address that it has executed, or was about to, within the
//! last few hundred instructions; between that and the new code being entered
//! lie a return from the old code, the locked operations of the pool, and an
//! indirect call.

use std::ptr::NonNull;

use crate::module::CodeTable;
use crate::sys::map::{self, PAGE};

use super::chunk::{Chunk, GRANULE, Header};
use super::pool::{self, Run};
use super::{CodeMemoryError, CodePlace};

/// Memory from this size on has its pages fetched at once.
const POPULATE: usize = 64 << 10;

/// Code memory, owned.
pub(crate) struct CodeBlock {
    chunk: &'static Chunk,
    run: Run,
    len: usize,
}

impl CodeBlock {
    /// Takes `len` bytes, starting at a cache line, and lets `fill` write all of them.
    pub(crate) fn new<E: From<CodeMemoryError>>(
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<CodeBlock, E> {
        CodeBlock::new_at(CodePlace::Anywhere, len, |code, _| fill(code))
    }

    /// As [`CodeBlock::new`], in a certain place. `fill` is told where the code will be executed.
    pub(crate) fn new_at<E: From<CodeMemoryError>>(
        place: CodePlace,
        len: usize,
        fill: impl FnOnce(&mut [u8], *const u8) -> Result<(), E>,
    ) -> Result<CodeBlock, E> {
        let total = len.checked_add(GRANULE).ok_or(CodeMemoryError::Exhausted)?;
        let (chunk, run) = pool::allocate(total, place)?;
        let block = CodeBlock { chunk, run, len };
        block.set_header(std::ptr::null());
        chunk.mark(run.start, true);
        let start = chunk.write_view(run.start).as_ptr();
        // SAFETY: the run is ours, initialised memory (it was mapped as zeroes), at least
        // `total` bytes long, and nobody reads it before this function returns.
        let code = unsafe { std::slice::from_raw_parts_mut(start.add(GRANULE), len) };
        fill(code, block.address().as_ptr())?;
        Ok(block)
    }

    /// Names the module that this is the code of.
    pub(crate) fn set_owner(&self, owner: &CodeTable) {
        self.set_header(owner);
    }

    fn set_header(&self, owner: *const CodeTable) {
        let header = self.chunk.write_view(self.run.start).cast::<Header>();
        // SAFETY: the first granule of our run, aligned as it must be. Headers are only read
        // while code of the block executes, and none does before its owner is set.
        unsafe { header.write(Header { owner }) };
    }

    /// Where the code is executed.
    pub(crate) fn address(&self) -> NonNull<u8> {
        // SAFETY: the run is longer than its header.
        unsafe { self.chunk.exec_view(self.run.start).add(GRANULE) }
    }

    /// The code.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: our run, not written any more.
        unsafe { std::slice::from_raw_parts(self.address().as_ptr(), self.len) }
    }
}

/// Has the pages of code memory that is about to be written fetched at once, if it is much. The
/// system clears them.
pub(crate) fn populate(code: &mut [u8]) {
    if code.len() < POPULATE {
        return;
    }
    let start = code.as_ptr().addr();
    let pages = &mut code[start.next_multiple_of(PAGE) - start..];
    let len = pages.len() / PAGE * PAGE;
    // SAFETY: whole pages, which have been lent and can be written.
    unsafe { map::populate(NonNull::from(pages).cast(), len) };
}

impl Drop for CodeBlock {
    fn drop(&mut self) {
        let CodeBlock { chunk, run, .. } = *self;
        pool::free(chunk, run, || {
            chunk.mark(run.start, false);
            if cfg!(debug_assertions) {
                let start = chunk.write_view(run.start).as_ptr();
                // SAFETY: the run is still ours. `int3`, so that a stale pointer is noticed.
                unsafe { start.write_bytes(0xcc, run.len as usize * GRANULE) };
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::chunk::is_code as contains;
    use crate::code::owner_of;

    fn block(bytes: &[u8]) -> CodeBlock {
        CodeBlock::new::<CodeMemoryError>(bytes.len(), |code| {
            code.copy_from_slice(bytes);
            Ok(())
        })
        .expect("there is code memory")
    }

    #[test]
    fn what_is_written_can_be_called() {
        // mov eax, 42; ret
        let block = block(&[0xb8, 42, 0, 0, 0, 0xc3]);
        // SAFETY: the bytes above are a function of this type.
        let function: extern "C" fn() -> u32 =
            unsafe { std::mem::transmute(block.address().as_ptr()) };
        assert_eq!(function(), 42);
    }

    #[test]
    fn an_address_finds_its_block() {
        let blocks: Vec<CodeBlock> = (0..200).map(|i| block(&vec![0xcc; 1 + 97 * i])).collect();
        for block in &blocks {
            let table = CodeTable::default();
            block.set_owner(&table);
            let start = block.address().as_ptr() as usize;
            for pc in [start, start + block.len / 2, start + block.len - 1] {
                assert!(contains(pc));
                // SAFETY: the block is alive.
                let owner = unsafe { owner_of(pc) }.expect("the owner was set");
                assert!(std::ptr::eq(owner, &table));
            }
        }
        assert!(!contains(blocks.as_ptr() as usize));
    }

    #[test]
    fn a_large_block_reads_as_zero_again() {
        let len = 3 << 20;
        // Other tests may have small blocks there in the meantime: not each time.
        let reads_as_zero = (0..100).any(|_| {
            let at = block(&vec![1; len]).address();
            let again =
                CodeBlock::new::<CodeMemoryError>(len, |_| Ok(())).expect("there is memory");
            let page = crate::sys::map::PAGE;
            let whole_pages = &again.bytes()[page..len - page];
            again.address() == at && whole_pages.iter().all(|byte| *byte == 0)
        });
        assert!(reads_as_zero);
    }
}
