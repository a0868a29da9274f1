//! Signatures of functions: one number per type, and the trampolines of each.
//!
//! One registry for the process. Two functions have the same type exactly if
//! their signatures have the same number, which is all that an indirect call
//! compares. A signature lives as long as something refers to it; those that
//! nothing refers to any more are kept for a while, with their trampolines,
//! because the next module is likely to want them again. Most signatures share
//! the trampoline between instances.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use foldhash::{HashMap, HashSet};
use microwasm::FuncType;
use microwasm_codegen::x64::abi;
use microwasm_codegen::x64::trampoline::{self, CrossShape};

use crate::code::{CodeBlock, CodeMemoryError};
use crate::vm::EntryFn;

/// Signatures without users that are kept at least.
const KEEP: usize = 1024;

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(|| Mutex::new(Registry::new(KEEP)));

/// A registered function type.
pub(crate) struct Signature {
    id: u32,
    ty: FuncType,
    stack_area: u32,
    entry: OnceLock<CodeBlock>,
    host: OnceLock<CodeBlock>,
    /// `None` if its values do not fit in registers.
    host_in_registers: OnceLock<Option<CodeBlock>>,
    cross: Arc<OnceLock<CodeBlock>>,
}

/// A signature that is in use.
#[derive(Clone)]
pub(crate) struct SignatureRef(Arc<Signature>);

struct Registry {
    all: HashSet<Registered>,
    /// Numbers given back.
    free: Vec<u32>,
    sweep_at: usize,
    /// Trampolines between instances, each of all signatures that it serves.
    cross: HashMap<CrossShape, Arc<OnceLock<CodeBlock>>>,
}

/// An entry of the registry, found by its type.
struct Registered(Arc<Signature>);

impl Borrow<FuncType> for Registered {
    fn borrow(&self) -> &FuncType {
        &self.0.ty
    }
}

impl PartialEq for Registered {
    fn eq(&self, other: &Registered) -> bool {
        self.0.ty == other.0.ty
    }
}

impl Eq for Registered {}

impl Hash for Registered {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.ty.hash(state);
    }
}

fn lock() -> MutexGuard<'static, Registry> {
    // Nothing panics half-way through a change of the registry.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    fn new(sweep_at: usize) -> Registry {
        Registry {
            all: HashSet::default(),
            free: Vec::new(),
            sweep_at,
            cross: HashMap::default(),
        }
    }

    fn get(&mut self, ty: &FuncType) -> SignatureRef {
        if let Some(found) = self.all.get(ty) {
            return SignatureRef(found.0.clone());
        }
        if self.all.len() >= self.sweep_at {
            self.sweep();
        }
        let id = self.free.pop().unwrap_or(self.all.len() as u32);
        let signature = Arc::new(Signature {
            id,
            ty: ty.clone(),
            stack_area: abi::stack_area(ty),
            entry: OnceLock::new(),
            host: OnceLock::new(),
            host_in_registers: OnceLock::new(),
            cross: self.cross.entry(CrossShape::of(ty)).or_default().clone(),
        });
        self.all.insert(Registered(signature.clone()));
        SignatureRef(signature)
    }

    /// Forgets what nobody uses. Numbers in use and free ones are always those
    /// below the size that the registry had at its largest.
    fn sweep(&mut self) {
        let Registry {
            all, free, cross, ..
        } = self;
        all.retain(|entry| {
            // New references are made from existing ones or under the lock, which we hold.
            let used = Arc::strong_count(&entry.0) > 1;
            if !used {
                free.push(entry.0.id);
            }
            used
        });
        cross.retain(|_, trampoline| Arc::strong_count(trampoline) > 1);
        self.sweep_at = (2 * self.all.len()).max(KEEP);
    }
}

impl SignatureRef {
    /// The signature of a type.
    pub(crate) fn of(ty: &FuncType) -> SignatureRef {
        lock().get(ty)
    }

    /// The signatures of several types.
    pub(crate) fn of_all(types: &[FuncType]) -> Box<[SignatureRef]> {
        if types.is_empty() {
            return Box::new([]);
        }
        let mut registry = lock();
        types.iter().map(|ty| registry.get(ty)).collect()
    }
}

impl Deref for SignatureRef {
    type Target = Signature;

    fn deref(&self) -> &Signature {
        &self.0
    }
}

impl Signature {
    /// Its number, the same for equal types only.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// The type.
    pub(crate) fn ty(&self) -> &FuncType {
        &self.ty
    }

    /// Stack that a caller needs for arguments and results.
    pub(crate) fn stack_area(&self) -> u32 {
        self.stack_area
    }

    /// Slots that an array call needs.
    pub(crate) fn array_len(&self) -> usize {
        self.ty.params.len().max(self.ty.results.len())
    }

    /// From the host into compiled code.
    pub(crate) fn entry(&self) -> Result<EntryFn, CodeMemoryError> {
        let code = built(&self.entry, || trampoline::entry(&self.ty))?;
        // SAFETY: this is what an entry trampoline is.
        Ok(unsafe { std::mem::transmute::<*const u8, EntryFn>(code) })
    }

    /// From compiled code into a host function.
    pub(crate) fn host(&self) -> Result<*const u8, CodeMemoryError> {
        built(&self.host, || trampoline::host(&self.ty))
    }

    /// From compiled code into a host function that takes values in registers; `None` if there
    /// are too many.
    pub(crate) fn host_in_registers(&self) -> Result<Option<*const u8>, CodeMemoryError> {
        let built = match self.host_in_registers.get() {
            Some(built) => built,
            None => {
                let bytes = trampoline::host_in_registers(&self.ty);
                let block = bytes.map(|bytes| block_of(&bytes)).transpose()?;
                self.host_in_registers.get_or_init(|| block)
            }
        };
        Ok(built
            .as_ref()
            .map(|block| block.address().as_ptr().cast_const()))
    }

    /// From compiled code into another instance.
    pub(crate) fn cross(&self) -> Result<*const u8, CodeMemoryError> {
        built(&self.cross, || {
            trampoline::cross_of(CrossShape::of(&self.ty))
        })
    }
}

/// The address of a trampoline, which is built when first wanted.
fn built(
    cell: &OnceLock<CodeBlock>,
    build: impl FnOnce() -> Vec<u8>,
) -> Result<*const u8, CodeMemoryError> {
    if let Some(block) = cell.get() {
        return Ok(block.address().as_ptr());
    }
    let block = block_of(&build())?;
    // If another thread was faster, its block stays and ours goes.
    Ok(cell.get_or_init(|| block).address().as_ptr())
}

fn block_of(bytes: &[u8]) -> Result<CodeBlock, CodeMemoryError> {
    CodeBlock::new(bytes.len(), |code| {
        code.copy_from_slice(bytes);
        Ok(())
    })
}

impl fmt::Debug for SignatureRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.ty.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microwasm::ValType;

    fn ty(params: &[ValType]) -> FuncType {
        FuncType {
            params: params.into(),
            results: Box::new([]),
        }
    }

    #[test]
    fn equal_types_have_equal_numbers() {
        let a = SignatureRef::of(&ty(&[ValType::I32]));
        let b = SignatureRef::of(&ty(&[ValType::I64]));
        assert_eq!(a.id(), SignatureRef::of(&ty(&[ValType::I32])).id());
        assert_ne!(a.id(), b.id());
    }

    #[test]
    fn numbers_stay_unique_through_sweeps() {
        let mut registry = Registry::new(8);
        let mut kept = Vec::new();
        for i in 0..200 {
            let signature = registry.get(&ty(&vec![ValType::I32; i]));
            if i % 3 == 0 {
                kept.push(signature);
            }
            if i % 10 == 0 {
                registry.sweep();
            }
        }
        let mut ids: Vec<u32> = registry.all.iter().map(|entry| entry.0.id).collect();
        ids.sort_unstable();
        let len = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), len);
        for signature in &kept {
            assert_eq!(registry.get(signature.ty()).id(), signature.id());
        }
    }
}
