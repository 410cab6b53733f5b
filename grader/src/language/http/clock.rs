//! The header by which a service can be told the time: looked at once, before anything depends on it.

use super::client::{Answer, Fault, HttpCall};

/// The header.
pub(super) const CLOCK: &str = "X-Cache-Clock";
/// How far the service is moved on to see whether it follows, in milliseconds.
const STEP_MS: u64 = 1000;
/// How far a service may be ahead of what it was asked, for real time passes too.
const AHEAD_MAX_MS: u64 = 60_000;
/// So many characters of what it says are told.
const SAID_MAX: usize = 40;

/// What a service does with the header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// It does not offer it.
    None,
    /// It follows, and its time is this, in milliseconds.
    At(u64),
    /// It offers one that cannot be used: what it was asked, and what it said.
    Broken(String),
}

/// Moves the time of a service on a little and tries to move it back. `first` is its first answer.
pub(super) fn look(first: &Answer, ask: &mut dyn FnMut(&HttpCall<'_>) -> Result<Answer, Fault>) -> Clock {
    let Some(said) = first.header(CLOCK) else { return Clock::None };
    let number = |said: &str| said.parse::<u64>().ok().filter(|ms| *ms < u64::MAX / 4);
    let Some(began) = number(said) else { return no_such_time("1", said) };
    let (aim, mut at) = (began + STEP_MS, began);
    for asked in [aim, began] {
        let headers = format!("{CLOCK}: {asked}\r\n");
        let call = HttpCall { method: "GET", target: "/health", headers: &headers, body: None };
        // Whoever gives no answer here gives none to the checks either, and is told so there.
        let Ok(answer) = ask(&call) else { return Clock::At(at) };
        let said = answer.header(CLOCK).unwrap_or_default();
        match number(said) {
            Some(ms) if (aim.max(at)..=aim + AHEAD_MAX_MS).contains(&ms) => at = ms,
            _ if asked == aim => return no_such_time(&aim.to_string(), said),
            _ => return went_back(at, said),
        }
    }
    Clock::At(at)
}

fn no_such_time(asked: &str, said: &str) -> Clock {
    let said = short(said);
    Clock::Broken(format!(
        "the header `{CLOCK}` is not used, and the time is waited for instead: asked to move to {asked}, the service said `{said}`"
    ))
}

fn went_back(from: u64, said: &str) -> Clock {
    let said = short(said);
    Clock::Broken(format!(
        "the header `{CLOCK}` is not used, and the time is waited for instead: at {from} the service went back, it said `{said}`"
    ))
}

fn short(said: &str) -> String {
    said.chars().take(SAID_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::{Clock, look};
    use crate::language::http::client::Answer;

    fn answer(said: &str) -> Answer {
        let headers = if said.is_empty() { Vec::new() } else { vec![("x-cache-clock".to_owned(), said.to_owned())] };
        Answer { status: 200, headers, body: Vec::new() }
    }

    #[test]
    fn a_header_that_does_not_follow_is_told_with_what_it_said() {
        for (first, second, third, expected) in [
            ("", "", "", Ok(Clock::None)),
            ("17", "1017", "1020", Ok(Clock::At(1020))),
            // Unix time is a beginning as well, and a service that began anew at the first request has another.
            ("1700000000000", "1700000001030", "1700000001030", Ok(Clock::At(1_700_000_001_030))),
            ("soon", "", "", Err("asked to move to 1, the service said `soon`")),
            ("99999999999999999999999", "", "", Err("the service said `99999999999999999999999`")),
            ("0", "0", "0", Err("asked to move to 1000, the service said `0`")),
            ("5", "", "", Err("asked to move to 1005, the service said ``")),
            ("5", "900000", "", Err("asked to move to 1005, the service said `900000`")),
            ("5", "1005", "6", Err("at 1005 the service went back, it said `6`")),
        ] {
            let mut later = [third, second].map(answer).to_vec();
            let seen = look(&answer(first), &mut |_| Ok(later.pop().expect("two answers")));
            match (expected, seen) {
                (Ok(expected), seen) => assert_eq!(seen, expected),
                (Err(words), Clock::Broken(why)) => assert!(why.contains(words), "{why}"),
                (Err(words), seen) => panic!("{words}: {seen:?}"),
            }
        }
    }
}
