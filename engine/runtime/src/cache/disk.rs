//! Functions in files, one each, named by their keys.
//!
//! A file is written under a name of its own and then renamed: readers see all of it or
//! nothing, whoever else writes the same function. What a crash leaves of a file that was
//! renamed before its bytes were on disk, its seal tells.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use microwasm_codegen::cache::Key;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::seal;
use crate::stored::StoredFunction;

const MAGIC: &[u8; 8] = b"\0mwfunc\0";

/// Why a folder cannot be a cache.
#[derive(Debug, Error)]
pub enum CacheError {
    /// It is not there and cannot be made, or cannot be looked at.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Another user owns it, or may write to it: what is in it is not to be executed.
    #[error("{}: others than this user can write there", path.display())]
    Shared {
        /// The folder.
        path: PathBuf,
    },
}

/// A file was there, and is not what was written.
pub(super) struct Damaged;

/// What a file holds. The key is in it, too: a file under another's name is not taken for it.
#[derive(Serialize, Deserialize)]
struct Entry<F> {
    key: Key,
    function: F,
}

#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Folder, CacheError> {
        let failed = |source| CacheError::Folder {
            path: path.to_owned(),
            source,
        };
        let mut builder = fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(path);
        made.map_err(failed)?;
        let metadata = fs::metadata(path).map_err(failed)?;
        // SAFETY: takes nothing and cannot fail.
        let user = unsafe { libc::geteuid() };
        if metadata.uid() != user || metadata.mode() & 0o022 != 0 {
            let path = path.to_owned();
            return Err(CacheError::Shared { path });
        }
        Ok(Folder(path.to_owned()))
    }

    /// Where a function is: folders by the first byte of the key, for there may be many files.
    fn path(&self, key: Key) -> PathBuf {
        let name = key.to_string();
        self.0.join(&name[..2]).join(&name[2..])
    }

    /// Reads a function, if there is a file for it. A damaged one is removed.
    pub(super) fn read(&self, key: Key) -> Result<Option<StoredFunction>, Damaged> {
        let path = self.path(key);
        let Ok(bytes) = fs::read(&path) else {
            return Ok(None);
        };
        match decode(key, &bytes) {
            Some(function) => Ok(Some(function)),
            None => {
                // It is replaced all the same when the function has been compiled.
                let _ = fs::remove_file(&path);
                Err(Damaged)
            }
        }
    }

    /// Writes a function. Whether it could be done.
    pub(super) fn write(&self, key: Key, function: &StoredFunction) -> bool {
        self.try_write(key, function).is_ok()
    }

    fn try_write(&self, key: Key, function: &StoredFunction) -> io::Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let payload = postcard::to_stdvec(&Entry { key, function }).map_err(io::Error::other)?;
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.0);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let own = folder.join(format!("{}-{number}.tmp", std::process::id()));
        let write = || {
            // A file of that name is left over from a process that had the same number.
            let mut file = fs::File::create(&own)?;
            file.write_all(&seal::seal(MAGIC, &payload))?;
            fs::rename(&own, &path)
        };
        write().inspect_err(|_| drop(fs::remove_file(&own)))
    }
}

fn decode(key: Key, bytes: &[u8]) -> Option<StoredFunction> {
    let payload = seal::open(MAGIC, bytes).ok()?;
    let entry: Entry<StoredFunction> = postcard::from_bytes(payload).ok()?;
    (entry.key == key && entry.function.is_consistent()).then_some(entry.function)
}
