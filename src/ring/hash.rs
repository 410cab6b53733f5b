//! The hash that places nodes and keys on the ring.

/// `MurmurHash64A` (Austin Appleby, 2008) with seed 0. Chosen because it is well known, short in any language, spreads names that
/// differ only in their last digit, and takes eight bytes at a time.
#[inline]
pub fn hash64(bytes: &[u8]) -> u64 {
    const M: u64 = 0xC6A4_A793_5BD1_E995;
    let (words, tail) = bytes.as_chunks::<8>();
    let mut hash = (bytes.len() as u64).wrapping_mul(M);
    for &word in words {
        let k = u64::from_le_bytes(word).wrapping_mul(M);
        hash = (hash ^ (k ^ (k >> 47)).wrapping_mul(M)).wrapping_mul(M);
    }
    if !tail.is_empty() {
        // The remaining bytes as a number, taken from the last eight if there are so many: that is a single load.
        let word = match bytes.last_chunk::<8>() {
            Some(&last) => u64::from_le_bytes(last) >> (64 - 8 * tail.len()),
            None => tail.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte)),
        };
        hash = (hash ^ word).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 47)).wrapping_mul(M);
    hash ^ (hash >> 47)
}
