//! Random keys whose popularity follows Zipf's law.

use cachedojo::random::Random;

/// `length` numbers below `count`; the i-th most popular occurs in proportion to 1 / (i + 1): Zipf's law with exponent 1. Popular
/// numbers are scattered, so that they are not neighbours in memory.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a made-up distribution"
)]
pub(crate) fn zipf(count: usize, length: usize, seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed);
    let mut scattered: Vec<usize> = (0..count).collect();
    for i in (1..count).rev() {
        scattered.swap(i, random.below(i as u64 + 1) as usize);
    }
    // The inverse of the harmonic numbers' integral: exp(u * ln(count + 1)) - 1 for u uniform in 0..1.
    let log = (count as f64 + 1.0).ln();
    let number = |random: &mut Random| {
        let uniform = random.next_u64() as f64 / u64::MAX as f64;
        (((uniform * log).exp() - 1.0) as usize).min(count - 1)
    };
    (0..length).map(|_| scattered[number(&mut random)]).collect()
}
