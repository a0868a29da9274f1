//! Bytes that notice when they have been damaged.
//!
//! `magic (8) | version (4) | length of the payload (8) | BLAKE3 of all of that and the
//! payload (32) | payload`, numbers little-endian. The checksum finds accidents: truncation, a
//! block that was not written, a flipped bit. It does not find malice, for whoever can write
//! the bytes can write the checksum.

use thiserror::Error;

/// Version of everything that is sealed.
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 8;
const HASH: usize = 32;

/// Why sealed bytes were not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// They begin with something else.
    #[error("not what was expected, by the first bytes")]
    Magic,
    /// Another version of the format.
    #[error("version {found} of the format, where {VERSION} is known")]
    Version {
        /// The version.
        found: u32,
    },
    /// There are fewer bytes, or more, than there should be.
    #[error("{found} bytes instead of {expected}")]
    Length {
        /// How many there should be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The checksum is not that of the bytes.
    #[error("the checksum is wrong")]
    Checksum,
}

/// Seals a payload.
pub(crate) fn seal(magic: &[u8; 8], payload: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(HEADER + HASH + payload.len());
    sealed.extend_from_slice(magic);
    sealed.extend_from_slice(&VERSION.to_le_bytes());
    sealed.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    let hash = checksum(&sealed, payload);
    sealed.extend_from_slice(&hash);
    sealed.extend_from_slice(payload);
    sealed
}

/// The payload of sealed bytes, if they are undamaged.
pub(crate) fn open<'a>(magic: &[u8; 8], sealed: &'a [u8]) -> Result<&'a [u8], SealError> {
    let short = SealError::Length {
        expected: (HEADER + HASH) as u64,
        found: sealed.len() as u64,
    };
    if !sealed.starts_with(&magic[..sealed.len().min(8)]) {
        return Err(SealError::Magic);
    }
    let (header, rest) = sealed.split_at_checked(HEADER).ok_or(short)?;
    let version = u32::from_le_bytes(*header[8..].first_chunk().ok_or(short)?);
    if version != VERSION {
        return Err(SealError::Version { found: version });
    }
    let length = u64::from_le_bytes(*header[12..].first_chunk().ok_or(short)?);
    let (hash, payload) = rest.split_at_checked(HASH).ok_or(short)?;
    if payload.len() as u64 != length {
        return Err(SealError::Length {
            expected: length,
            found: payload.len() as u64,
        });
    }
    if checksum(header, payload) != *hash {
        return Err(SealError::Checksum);
    }
    Ok(payload)
}

fn checksum(header: &[u8], payload: &[u8]) -> [u8; HASH] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(header).update(payload);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &[u8; 8] = b"\0mwtest\0";

    #[test]
    fn any_damage_is_noticed() {
        for payload in [&b""[..], b"x", &[7; 100]] {
            let sealed = seal(MAGIC, payload);
            assert_eq!(open(MAGIC, &sealed), Ok(payload));
            for len in 0..sealed.len() {
                open(MAGIC, &sealed[..len]).expect_err("truncated");
            }
            for byte in 0..sealed.len() {
                for bit in 0..8 {
                    let mut damaged = sealed.clone();
                    damaged[byte] ^= 1 << bit;
                    open(MAGIC, &damaged).expect_err("a bit was flipped");
                }
            }
            let longer = [&sealed[..], b"!"].concat();
            assert!(matches!(
                open(MAGIC, &longer),
                Err(SealError::Length { .. })
            ));
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let sealed = seal(MAGIC, b"payload");
        assert_eq!(open(b"\0mwother", &sealed), Err(SealError::Magic));
        let mut newer = sealed.clone();
        newer[8] = 9;
        assert_eq!(open(MAGIC, &newer), Err(SealError::Version { found: 9 }));
        let mut damaged = sealed.clone();
        *damaged.last_mut().expect("it is not empty") ^= 1;
        assert_eq!(open(MAGIC, &damaged), Err(SealError::Checksum));
    }
}
