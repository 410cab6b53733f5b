//! Repetitions as scripts write them: `40*x` stands for forty times `x`.

/// Whether a bare word would be parsed as a repetition, such as `40*x`.
pub fn is_repeat(word: &str) -> bool {
    repeat(word).is_some()
}

/// The count and the character of a repetition; `None` if the word is not one. A count that is larger than the machine's numbers
/// is the largest of them.
pub fn repeat(word: &str) -> Option<(usize, &str)> {
    let (count, what) = word.split_once('*')?;
    let mut chars = what.chars();
    chars.next()?;
    if chars.next().is_some() || count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((count.parse().unwrap_or(usize::MAX), what))
}
