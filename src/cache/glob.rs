//! Key patterns with Redis's semantics, on characters instead of bytes.

/// A compiled pattern. `*` stands for any characters, `?` for one, `[abc]`, `[a-z]`, `[^a]` for one of (not of) a class,
/// `\` takes the next character as it is. A class that is never closed ends with the pattern; every pattern is valid. Unlike
/// Redis's, any number of `*` matches the empty text; there only a lone one does.
#[derive(Debug, Clone)]
pub struct Glob {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone)]
enum Token {
    Any,
    One,
    Literal(char),
    Class { is_negated: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// Compiles a pattern. O(its length).
    pub fn new(pattern: &str) -> Self {
        let mut chars = pattern.chars();
        let mut tokens = Vec::new();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Any,
                '?' => Token::One,
                '[' => class(&mut chars),
                '\\' => Token::Literal(chars.next().unwrap_or('\\')),
                c => Token::Literal(c),
            });
        }
        Self { tokens }
    }

    /// Whether the whole text matches. At most O(pattern x text) steps and no memory: on a mismatch only the latest `*`
    /// takes one more character, because moving an earlier one could not help.
    pub fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut at = 0;
        let mut retry = None;
        loop {
            let here = rest.clone();
            if matches!(self.tokens.get(at), Some(Token::Any)) {
                retry = Some((at, here));
                at += 1;
                continue;
            }
            let is_match = match (self.tokens.get(at), rest.next()) {
                (None, None) => return true,
                (Some(token), Some(c)) => token.matches(c),
                _ => false,
            };
            if is_match {
                at += 1;
                continue;
            }
            let Some((star, mut from)) = retry.take() else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            at = star + 1;
            rest = from.clone();
            retry = Some((star, from));
        }
    }
}

impl Token {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Literal(literal) => *literal == c,
            Self::Class { is_negated, ranges } => {
                ranges.iter().any(|&(low, high)| (low..=high).contains(&c)) != *is_negated
            }
        }
    }
}

/// What stands between `[` and `]`.
fn class(chars: &mut std::str::Chars<'_>) -> Token {
    let is_negated = chars.as_str().starts_with('^');
    if is_negated {
        chars.next();
    }
    let mut ranges = Vec::new();
    while let Some(c) = chars.next().filter(|&c| c != ']') {
        if c == '\\' {
            let literal = chars.next().unwrap_or('\\');
            ranges.push((literal, literal));
            continue;
        }
        // As in Redis, `a-]` at the end is a range as well: a `]` closes the class only where a member would begin.
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(end)) => {
                *chars = ahead;
                ranges.push((c.min(end), c.max(end)));
            }
            _ => ranges.push((c, c)),
        }
    }
    Token::Class { is_negated, ranges }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_redis_makes_of_them() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("user:*", "user:1", true),
            ("user:*", "users", false),
            ("key?", "key1", true),
            ("key?", "key10", false),
            ("key?", "key", false),
            ("?", "é", true),
            ("*.*", "a.b.c", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("[\\]]", "]", true),
            ("[a\\-z]", "-", true),
            ("[a\\-z]", "m", false),
            ("[a", "a", true),
            ("[a-", "-", true),
            ("[", "[", false),
            ("[]", "]", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("a\\", "a\\", true),
            ("**", "anything", true),
            ("**", "", true),
            ("***a", "", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_on_a_long_text_ends_soon() {
        let pattern = Glob::new(&format!("{}b", "a*".repeat(100)));
        assert!(!pattern.matches(&"a".repeat(10_000)));
    }
}
