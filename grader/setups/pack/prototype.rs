//! The one public function that is graded. Everything else is the learner's.

/// Obeys commands and returns their answers, in the order of the commands.
pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String>;
