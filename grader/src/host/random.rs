//! The grader's only secrets that are drawn: tokens and nonces that a submission must not guess.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A number that nobody else knows: made from the operating system's random bytes, with which the standard library seeds its hash
/// maps.
pub fn random_number() -> u64 {
    RandomState::new().build_hasher().finish()
}
