//! The hash and the comparison of keys in memory. (Where a key stands on the ring is another matter, and another hash: see [`crate::ring`].)
//!
//! A multiplication to 128 bits whose halves are folded together takes sixteen bytes at a time, as in wyhash (Wang Yi,
//! 2019). It is fast because keys of up to sixteen bytes take one such step, and of up to thirty-two two, without a loop
//! or a branch that depends on the bytes. WebAssembly has no such product, so there three of 64 bits do its work.
//!
//! Somebody who chooses the keys and knows the seed can make them collide: operations are then O(n), but answers do not change. The
//! seed is 0 where a cache must behave the same in every run; a server that strangers use draws it at random when it starts.

use std::hash::{Hash, Hasher};

/// Odd numbers without a pattern: the fractional digits of pi.
const FIRST: u64 = 0x243F_6A88_85A3_08D3;
const SECOND: u64 = 0x1319_8A2E_0370_7345;
const THIRD: u64 = 0xA409_3822_299F_31D1;

/// Whether a product of 128 bits is one instruction.
const HAS_WIDE_PRODUCT: bool = cfg!(not(target_arch = "wasm32"));

/// The hash of a key under seed 0; all 64 bits are well mixed, so any of them may choose a slot.
#[inline]
pub(crate) fn hash_of<K: ?Sized + Hash>(key: &K) -> u64 {
    seeded_hash_of(0, key)
}

/// The hash of a key under a seed: under each, other keys collide.
#[inline]
pub(crate) fn seeded_hash_of<K: ?Sized + Hash>(seed: u64, key: &K) -> u64 {
    let mut hasher = KeyHasher::<HAS_WIDE_PRODUCT>::new(seed);
    key.hash(&mut hasher);
    hasher.finish()
}

/// Whether two keys have the same bytes. The same as `==`, which is a call, and in WebAssembly compares byte by byte.
#[inline]
pub(crate) fn are_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (one.last_chunk(), other.last_chunk()) {
        (Some(last), Some(other_last)) if one.len() <= SHORT => {
            let mut pairs = one.as_chunks().0.iter().zip(other.as_chunks().0);
            pairs.all(|(a, b)| u128::from_le_bytes(*a) == u128::from_le_bytes(*b))
                && u128::from_le_bytes(*last) == u128::from_le_bytes(*other_last)
        }
        _ => one == other,
    }
}

/// From this length on the call of `==` pays.
const SHORT: usize = 64;

struct KeyHasher<const IS_WIDE: bool> {
    state: u64,
    /// Meets the second word of each block. It depends on the seed too, because whoever knew it could choose words that make a factor
    /// zero.
    second: u64,
}

impl<const IS_WIDE: bool> KeyHasher<IS_WIDE> {
    #[inline]
    const fn new(seed: u64) -> Self {
        Self { state: FIRST ^ seed, second: SECOND ^ seed.rotate_left(32).wrapping_mul(THIRD) }
    }

    #[inline]
    fn mix(&mut self, first: u64, second: u64) {
        let (first, second) = (self.state ^ first, self.second ^ second);
        self.state = if IS_WIDE { folded_product(first, second) } else { folded_products(first, second) };
    }

    #[inline]
    fn mix_sixteen(&mut self, bytes: [u8; 16]) {
        let (words, _) = bytes.as_chunks();
        self.mix(u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]));
    }
}

/// The two halves of a 128-bit product, folded together with xor.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the halves are what is asked for")]
const fn folded_product(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// A multiplication carries information only into higher bits, so each is followed by a shift that brings it down
/// again.
#[inline]
const fn folded_products(a: u64, b: u64) -> u64 {
    let both = a.wrapping_mul(FIRST) ^ b.wrapping_mul(SECOND).rotate_left(32);
    let mixed = (both ^ (both >> 32)).wrapping_mul(THIRD);
    mixed ^ (mixed >> 32)
}

impl<const IS_WIDE: bool> Hasher for KeyHasher<IS_WIDE> {
    /// The last block may overlap the one before. Two keys cannot become equal by that: a key's length, or its end, is
    /// hashed beside its bytes.
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let length = bytes.len();
        if let Some(last) = bytes.last_chunk::<16>() {
            // All blocks of sixteen that end before the last byte, then the sixteen bytes that end with it.
            for block in bytes[..length - 1].as_chunks::<16>().0 {
                self.mix_sixteen(*block);
            }
            self.mix_sixteen(*last);
        } else if let (Some(&first), Some(&last)) = (bytes.first_chunk::<8>(), bytes.last_chunk()) {
            self.mix(u64::from_le_bytes(first), u64::from_le_bytes(last));
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
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn hash_with<const IS_WIDE: bool, K: ?Sized + Hash>(key: &K) -> u64 {
        let mut hasher = KeyHasher::<IS_WIDE>::new(0);
        key.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn keys_are_the_same_when_no_byte_differs() {
        for length in 0..100 {
            let key = vec![7; length];
            assert!(are_same(&key, &key.clone()));
            assert!(!are_same(&key, &[&key, [7].as_slice()].concat()));
            for at in 0..length {
                let mut other = key.clone();
                other[at] = 8;
                assert!(!are_same(&key, &other), "{length} bytes, {at}");
            }
        }
    }

    /// By chance, two of a hundred thousand 64-bit hashes collide with odds of 1 in 4 billion.
    #[test]
    fn keys_that_differ_little_have_different_hashes() {
        for (of_bytes, of_number) in [
            (hash_with::<true, [u8]> as fn(&[u8]) -> u64, hash_with::<true, u64> as fn(&u64) -> u64),
            (hash_with::<false, [u8]>, hash_with::<false, u64>),
        ] {
            let mut hashes = BTreeSet::new();
            let mut count = 0;
            for length in 0..100 {
                for at in 0..length {
                    for bit in 0..8 {
                        let mut key = vec![0; length];
                        key[at] = 1 << bit;
                        hashes.insert(of_bytes(&key));
                        count += 1;
                    }
                }
                hashes.insert(of_bytes(&vec![0_u8; length]));
                count += 1;
            }
            for number in 1..60_000_u64 {
                hashes.insert(of_number(&number));
                count += 1;
            }
            assert_eq!(hashes.len(), count);
        }
    }

    /// The second words that these keys have make a factor zero where there is no seed, and then nothing else of the key matters.
    #[test]
    fn keys_chosen_to_collide_do_so_under_one_seed_only() {
        let keys = || (0..1000_u64).map(|i| [i.to_le_bytes(), SECOND.to_le_bytes()].concat());
        let hashes = |seed| -> BTreeSet<u64> { keys().map(|key| seeded_hash_of(seed, key.as_slice())).collect() };
        assert_eq!(hashes(1).len(), 1000);
        if HAS_WIDE_PRODUCT {
            assert_eq!(hashes(0).len(), 1);
        }
    }

    #[test]
    fn numbers_in_a_row_spread_over_the_bits_that_choose_a_chunk_and_a_tag() {
        for hash in [hash_with::<true, u64>, hash_with::<false, u64>] {
            for shift in [0, 8, 16, 32, 40, 48] {
                for bits in [|hash: u64| hash >> 56, |hash: u64| hash & 0xFF] {
                    let mut counts = [0; 256];
                    for i in 0..25_600_u64 {
                        counts[usize::try_from(bits(hash(&(i << shift)))).expect("a byte")] += 1;
                    }
                    assert!(counts.iter().all(|count| (25..=200).contains(count)), "{shift}: {counts:?}");
                }
            }
        }
    }
}
