//! Checks as templates: `${k1}` is a key, `${v1}` a value, `${n1:40..60}` a number, drawn from the grading seed, so that answers
//! cannot be learnt by heart; `${n1*2+5}` calculates, and `${65*'k'}` or `${'\t'}` writes text that would be hard to see.

use std::collections::{BTreeMap, BTreeSet};

use cachedojo::random::Random;

/// What is wrong with a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The placeholder, without `${` and `}`.
    pub placeholder: String,
}

/// Fills a template's placeholders from `random`. A name stands for the same key, value or number throughout; no two keys are
/// equal, and no two values. Cost: O(length).
///
/// # Errors
/// A placeholder that is not one of `k…`, `v…`, `n…`, or a number used before its range was given.
pub fn fill(template: &str, random: &mut Random) -> Result<String, TemplateError> {
    fill_with(template, &[], random)
}

/// [`fill`] with some numbers given by name, such as the size `n` of a complexity row.
///
/// # Errors
/// As of [`fill`].
pub fn fill_with(template: &str, numbers: &[(&str, i64)], random: &mut Random) -> Result<String, TemplateError> {
    let numbers = numbers.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
    let mut names = Names { random, words: BTreeMap::new(), numbers, taken: BTreeSet::new() };
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let (placeholder, tail) =
            after.split_once('}').ok_or_else(|| TemplateError { placeholder: after.chars().take(20).collect() })?;
        text.push_str(before);
        let filled = names.fill(placeholder).ok_or_else(|| TemplateError { placeholder: placeholder.to_owned() })?;
        text.push_str(&filled);
        rest = tail;
    }
    text.push_str(rest);
    Ok(text)
}

struct Names<'a> {
    random: &'a mut Random,
    words: BTreeMap<String, String>,
    numbers: BTreeMap<String, i64>,
    taken: BTreeSet<String>,
}

impl Names<'_> {
    fn fill(&mut self, placeholder: &str) -> Option<String> {
        if placeholder.contains('\'') {
            return quoted(placeholder);
        }
        let is_name = placeholder.len() > 1 && placeholder[1..].bytes().all(|b| b.is_ascii_digit());
        match placeholder.as_bytes().first()? {
            b'k' if is_name => Some(self.word(placeholder, true)),
            b'v' if is_name => Some(self.word(placeholder, false)),
            b'n' | b'0'..=b'9' => self.number(placeholder).map(|number| number.to_string()),
            _ => None,
        }
    }

    /// A key has exactly seven characters, a value exactly eight, and keys end in a digit: so checks can rely on
    /// lengths, and a key never looks like a value.
    fn word(&mut self, name: &str, is_key: bool) -> String {
        if let Some(word) = self.words.get(name) {
            return word.clone();
        }
        loop {
            let mut word: String = (0..if is_key { 6 } else { 8 }).map(|_| self.letter()).collect();
            if is_key {
                word.push(char::from(b'0' + self.random.below(10).to_le_bytes()[0]));
            }
            if self.taken.insert(word.clone()) {
                self.words.insert(name.to_owned(), word.clone());
                return word;
            }
        }
    }

    fn letter(&mut self) -> char {
        char::from(b'a' + self.random.below(26).to_le_bytes()[0])
    }

    fn number(&mut self, text: &str) -> Option<i64> {
        if let Some((name, range)) = text.split_once(':') {
            let (low, high) = range.split_once("..")?;
            let (low, high): (i64, i64) = (low.parse().ok()?, high.parse().ok()?);
            let width = u64::try_from(high.checked_sub(low)?.checked_add(1)?).ok()?;
            let number = low.checked_add_unsigned(self.random.below(width))?;
            self.numbers.insert(name.to_owned(), number);
            return Some(number);
        }
        self.sum(text)
    }

    /// Sums of products, no brackets: `n1*2+n2-1`.
    fn sum(&self, text: &str) -> Option<i64> {
        let mut total: i64 = 0;
        let mut sign = 1;
        let mut start = 0;
        for (at, c) in text.char_indices().chain([(text.len(), '+')]) {
            if matches!(c, '+' | '-') && at > start {
                total = total.checked_add(self.product(&text[start..at])?.checked_mul(sign)?)?;
                sign = if c == '-' { -1 } else { 1 };
                start = at + 1;
            }
        }
        (start > text.len()).then_some(total)
    }

    fn product(&self, text: &str) -> Option<i64> {
        text.split('*').try_fold(1_i64, |product, factor| {
            let value = factor.trim().parse().ok().or_else(|| self.numbers.get(factor.trim()).copied())?;
            product.checked_mul(value)
        })
    }
}

/// The longest text of a quoted placeholder, in bytes.
const QUOTED_MAX: usize = 10_000;

/// `'text'` or `count*'text'`, with `\t`, `\\`, `\'` and `\x1f`.
fn quoted(placeholder: &str) -> Option<String> {
    let (count, rest) = placeholder.split_once('\'')?;
    let count: usize = if count.is_empty() { 1 } else { count.strip_suffix('*')?.parse().ok()? };
    let mut text = String::new();
    let mut chars = rest.strip_suffix('\'')?.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                't' => '\t',
                'x' => char::from(u8::from_str_radix(&chars.by_ref().take(2).collect::<String>(), 16).ok()?),
                escaped @ ('\\' | '\'') => escaped,
                _ => return None,
            },
            '\'' => return None,
            c => c,
        });
    }
    (text.len().checked_mul(count)? <= QUOTED_MAX).then(|| text.repeat(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_consistently_and_from_the_seed() {
        let fill = |text, seed| fill(text, &mut Random::new(seed)).expect("a sound template");
        let text = fill("${k1} ${k2} ${k1} ${v1}", 1);
        let words: Vec<_> = text.split(' ').collect();
        assert_eq!(words[0], words[2]);
        assert_ne!(words[0], words[1]);
        assert_eq!((words[0].len(), words[3].len()), (7, 8));
        assert_eq!(text, fill("${k1} ${k2} ${k1} ${v1}", 1));
        assert_ne!(text, fill("${k1} ${k2} ${k1} ${v1}", 2));
        let sums = fill("${n1:3..9} ${n1*10+1-n1} {}", 5);
        let numbers: Vec<i64> = sums.split(' ').take(2).map(|n| n.parse().expect("a number")).collect();
        assert!((3..=9).contains(&numbers[0]));
        assert_eq!(numbers[1], numbers[0] * 9 + 1);
        assert!(sums.ends_with(" {}"));
    }

    #[test]
    fn quoted_text_is_written_out() {
        let fill = |text| fill(text, &mut Random::new(0)).expect("a sound template");
        assert_eq!(fill("a${'\\t'}b${3*'k'}${'\\x01\\''}"), "a\tbkkk\u{1}'");
    }

    #[test]
    fn a_wrong_placeholder_is_named() {
        for (text, placeholder) in [
            ("${20000*'k'}", "20000*'k'"),
            ("${'\\q'}", "'\\q'"),
            ("a ${x1}", "x1"),
            ("${n1}", "n1"),
            ("${n1:5}", "n1:5"),
            ("${k1", "k1"),
            ("${}", ""),
            ("${n1:9..1}", "n1:9..1"),
        ] {
            let error = fill(text, &mut Random::new(0)).expect_err(text);
            assert_eq!(error.placeholder, placeholder);
        }
    }
}
