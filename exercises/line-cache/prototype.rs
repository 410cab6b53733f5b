//! Exercise `line-cache`: the one public function that is graded. Everything else is yours.

/// Obeys commands, each in a thread of its own, and returns their answers in the order of the commands.
pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String>;
