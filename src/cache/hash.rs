//! The hash of keys in memory. (Where a key stands on the ring is another matter, and another hash: see [`crate::ring`].)
//!
//! A multiplication to 128 bits whose halves are folded together takes sixteen bytes at a time, as in wyhash (Wang Yi,
//! 2019). It is fast because keys of up to sixteen bytes take one such step, and of up to thirty-two two, without a loop
//! or a branch that depends on the bytes; and it is the same on every machine, 32-bit ones included.
//!
//! Its constants are fixed, for a cache must be the same in every run. So somebody who chooses the keys can make them
//! collide: operations are then O(n), and nothing else changes. A server that faces strangers would draw the constants
//! when it starts; here no answer depends on them.

use std::hash::{Hash, Hasher};

/// Two odd numbers without a pattern: the fractional digits of pi.
const FIRST: u64 = 0x243F_6A88_85A3_08D3;
const SECOND: u64 = 0x1319_8A2E_0370_7345;

/// The hash of a key. All bits are well mixed.
#[inline]
pub(crate) fn hash_of<K: ?Sized + Hash>(key: &K) -> u64 {
    let mut hasher = KeyHasher(FIRST);
    key.hash(&mut hasher);
    hasher.finish()
}

struct KeyHasher(u64);

impl KeyHasher {
    #[inline]
    fn mix(&mut self, first: u64, second: u64) {
        let product = u128::from(self.0 ^ first) * u128::from(SECOND ^ second);
        self.0 = low(product) ^ low(product >> 64);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
const fn low(wide: u128) -> u64 {
    wide as u64
}

impl Hasher for KeyHasher {
    /// The last step may take some bytes a second time. That makes no two keys the same: a key's length, or its end, is
    /// hashed beside its bytes.
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let eight = |at: usize| bytes[at..].first_chunk().map_or(0, |&eight| u64::from_le_bytes(eight));
        let four = |at: usize| bytes[at..].first_chunk().map_or(0, |&four| u64::from(u32::from_le_bytes(four)));
        let length = bytes.len();
        if length > 16 {
            for at in (0..length - 16).step_by(16) {
                self.mix(eight(at), eight(at + 8));
            }
            self.mix(eight(length - 16), eight(length - 8));
        } else if length >= 8 {
            self.mix(eight(0), eight(length - 8));
        } else if length >= 4 {
            self.mix(four(0), four(length - 4));
        } else {
            self.mix(bytes.iter().fold(0, |word, &byte| (word << 8) | u64::from(byte)), 0);
        }
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.mix(number, 0);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::hash_of;
    use std::collections::BTreeSet;

    /// A hundred thousand hashes have a double among their 64 bits once in four thousand million times.
    #[test]
    fn keys_that_differ_little_have_different_hashes() {
        let mut hashes = BTreeSet::new();
        let mut count = 0;
        for length in 0..100 {
            for at in 0..length {
                for bit in 0..8 {
                    let mut key = vec![0; length];
                    key[at] = 1 << bit;
                    hashes.insert(hash_of(key.as_slice()));
                    count += 1;
                }
            }
            hashes.insert(hash_of(vec![0_u8; length].as_slice()));
            count += 1;
        }
        for number in 1..60_000_u64 {
            hashes.insert(hash_of(&number));
            count += 1;
        }
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn numbers_in_a_row_spread_over_the_bits_that_choose_a_chunk_and_a_tag() {
        for shift in [0, 16, 40] {
            for bits in [|hash: u64| hash >> 56, |hash: u64| hash & 0xFF] {
                let mut counts = [0; 256];
                (0..25_600_u64)
                    .for_each(|i| counts[usize::try_from(bits(hash_of(&(i << shift)))).expect("a byte")] += 1);
                assert!(counts.iter().all(|count| (25..=200).contains(count)), "{counts:?}");
            }
        }
    }
}
