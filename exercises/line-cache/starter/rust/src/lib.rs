//! A cache that obeys commands, each in a thread of its own.
//!
//! Begin with one thread after the other: parse a line, obey it, answer. Then give each command its thread, and let a lock guard
//! what they share.

/// Obeys commands, each in a thread of its own, and returns their answers in the order of the commands.
pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    let _ = commands;
    Vec::new()
}
