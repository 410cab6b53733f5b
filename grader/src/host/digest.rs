//! Digests of what was read: SHA-256 over parts, each preceded by its length, so that different lists of parts never have the
//! same bytes.

use std::fmt;

use sha2::{Digest, Sha256};

/// A digest of parts, to which more can be added. A clone continues independently.
#[derive(Debug, Clone, Default)]
pub struct PartsDigest(Sha256);

impl PartsDigest {
    /// Adds a part. O(its length).
    pub fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// The digest with these parts added.
    #[must_use]
    pub fn with(mut self, parts: &[&[u8]]) -> Self {
        for part in parts {
            self.add(part);
        }
        self
    }

    /// The digest, in lower-case hexadecimal.
    pub fn hex(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_part_ends_and_the_next_begins_counts() {
        let of = |parts: &[&[u8]]| PartsDigest::default().with(parts).hex();
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
        assert_ne!(of(&[b"a"]), of(&[b"a", b""]));
        assert_eq!(of(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
