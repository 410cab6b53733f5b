//! How often keys were read lately, in a few bits each: a count-min sketch whose counts are halved now and then (Cormode and
//! Muthukrishnan, 2005; the halving is `TinyLFU`'s).

/// Each word holds sixteen counters of four bits, four for each of four rows.
const ROWS: usize = 4;
const COUNTER_MAX: u64 = 15;
/// After halving by a shift, clears the bits that came in from the neighbouring counters.
const HALVES: u64 = 0x7777_7777_7777_7777;
/// The shortest sketch, in words.
const WORDS_MIN: usize = 64;
/// Counts are halved after ten times as many counts as there are words.
const SAMPLE_FACTOR: u64 = 10;
/// One odd multiplier a row: that of `SplitMix64`, and the three of its mixing and of xxHash.
const MULTIPLIERS: [u64; ROWS] =
    [0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 0xC2B2_AE3D_27D4_EB4F];

/// The counts; at least as many words as the cache has entries. Counting is O(1), amortised over halvings and growth.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    /// Empty until something is counted, then a power of two.
    words: Vec<u64>,
    counted: u64,
}

impl Sketch {
    pub(crate) const fn new() -> Self {
        Self { words: Vec::new(), counted: 0 }
    }

    /// Counts the key with this hash, up to 15.
    pub(crate) fn count(&mut self, hash: u64) {
        self.grow(0);
        let mut is_counted = false;
        for row in 0..ROWS {
            let (word, shift) = self.place(hash, row);
            let word = &mut self.words[word];
            if (*word >> shift) & COUNTER_MAX < COUNTER_MAX {
                *word += 1 << shift;
                is_counted = true;
            }
        }
        self.counted += u64::from(is_counted);
        if self.counted >= SAMPLE_FACTOR * self.words.len() as u64 {
            for word in &mut self.words {
                *word = (*word >> 1) & HALVES;
            }
            self.counted /= 2;
        }
    }

    /// About how often a key was counted: never too low, and too high only where it collides with others in every row.
    pub(crate) fn frequency(&self, hash: u64) -> u64 {
        let of_row = |row| {
            let (word, shift) = self.place(hash, row);
            self.words.get(word).map_or(0, |word| (word >> shift) & COUNTER_MAX)
        };
        (0..ROWS).map(of_row).min().unwrap_or(0)
    }

    /// Grows for so many entries. Counts are kept: the longer sketch holds copies of the old one, and each key finds its count in
    /// one of them.
    pub(crate) fn grow(&mut self, entries: u64) {
        if self.words.is_empty() {
            self.words = vec![0; WORDS_MIN];
        }
        while (self.words.len() as u64) < entries {
            let length = self.words.len();
            self.words.reserve_exact(length);
            self.words.extend_from_within(..);
        }
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    /// The word of a key's counter in a row, and the bit at which it begins.
    fn place(&self, hash: u64, row: usize) -> (usize, usize) {
        let mixed = hash.wrapping_mul(MULTIPLIERS[row]);
        let mixed = mixed ^ (mixed >> 32);
        let which = (mixed >> 28 & 3) as usize;
        let mask = self.words.len().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, reason = "the mask leaves an index")]
        let word = mixed as u32 as usize & mask & 0x0FFF_FFFF;
        (word, 4 * (ROWS * row + which))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn counts_are_never_too_low_and_rarely_too_high_also_after_growing() {
        let mut random = Random::new(1);
        let hashes: Vec<u64> = (0..400).map(|_| random.next_u64()).collect();
        let mut sketch = Sketch::new();
        sketch.grow(400);
        assert_eq!((sketch.words.len(), sketch.memory_bytes()), (512, 4096));
        for (i, &hash) in hashes.iter().enumerate() {
            (0..i % 10).for_each(|_| sketch.count(hash));
        }
        for _ in 0..2 {
            let above = |(i, &hash): (usize, &u64)| sketch.frequency(hash) - (i as u64 % 10);
            assert!(hashes.iter().enumerate().map(above).filter(|&above| above > 0).count() < 4);
            sketch.grow(1000);
        }
        assert_eq!(sketch.words.len(), 1024);
    }

    #[test]
    fn counts_end_at_fifteen_and_are_halved_after_a_sample() {
        let mut sketch = Sketch::new();
        (0..20).for_each(|_| sketch.count(7));
        assert_eq!((sketch.frequency(7), sketch.counted), (15, 15));
        let mut random = Random::new(1);
        while sketch.counted < 639 {
            sketch.count(random.next_u64());
        }
        assert_eq!(sketch.frequency(7), 15);
        sketch.count(random.next_u64());
        assert_eq!((sketch.frequency(7), sketch.counted), (7, 320));
    }
}
