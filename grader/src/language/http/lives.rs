//! Real time passes while a service is asked, and more of it on a busy machine. An entry that a script finds missing may have gone
//! because of that alone; here it is known when.

use std::time::{Duration, Instant};

/// The most entries of one run that are followed.
const LIVES_MAX: usize = 1000;

/// The entries that a script stored with a time to live.
#[derive(Debug, Default)]
pub(super) struct Lives {
    all: Vec<Life>,
    is_late: bool,
}

/// An entry: when it was stored, by the script's time and by the machine's, and for how long.
#[derive(Debug)]
struct Life {
    told: Duration,
    sent: Instant,
    ttl: Duration,
}

impl Lives {
    /// Notes that a request was answered: at `told` of the script's time it was `sent`.
    #[expect(clippy::disallowed_methods, reason = "what a stranger's service takes is measured")]
    pub(super) fn note(&mut self, told: Duration, sent: Instant, is_clocked: bool, body: &str) {
        self.note_at(told, sent, Instant::now(), is_clocked, body);
    }

    fn note_at(&mut self, told: Duration, sent: Instant, answered: Instant, is_clocked: bool, body: &str) {
        self.is_late |= self.all.iter().any(|life| {
            let passed = told.saturating_sub(life.told);
            let real = answered.saturating_duration_since(life.sent);
            // Who is told the time has its own passing beside that; who is not was waited for.
            let age = if is_clocked { real + passed } else { real };
            passed < life.ttl && age >= life.ttl
        });
        let free = LIVES_MAX.saturating_sub(self.all.len());
        self.all.extend(ttls(body).take(free).map(|ttl| Life { told, sent, ttl }));
    }

    /// Whether an entry whose time had not come by the script may have been gone when the service was asked.
    pub(super) const fn is_late(&self) -> bool {
        self.is_late
    }
}

/// The times to live in a body.
fn ttls(body: &str) -> impl Iterator<Item = Duration> {
    body.split("\"ttl\":").skip(1).filter_map(|rest| {
        let rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok().map(Duration::from_secs)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a moment to count from")]
    fn a_run_is_late_when_real_time_alone_can_have_ended_an_entry() {
        let (begin, ms) = (Instant::now(), Duration::from_millis);
        for (is_clocked, told_ms, answered_ms, body, is_late) in [
            (true, 0, 900, "{\"value\": 1, \"ttl\": 1}", false),
            (true, 0, 1000, "{\"value\": 1, \"ttl\": 1}", true),
            (true, 0, 1000, "{\"value\": 1, \"ttl\":2}", false),
            (true, 1200, 900, "{\"ttl\": 2}", true),
            (true, 1200, 700, "{\"ttl\": 2}", false),
            (false, 1200, 1900, "{\"ttl\": 2}", false),
            (false, 1200, 2100, "{\"ttl\": 2}", true),
            // Its time had come by the script as well.
            (false, 1200, 9000, "{\"ttl\": 1}", false),
            (true, 0, 9000, "{\"ttl\": \"soon\"}", false),
            (true, 0, 9000, "{\"entries\": [{\"ttl\": 900}, {\"ttl\": 5}]}", true),
        ] {
            let mut lives = Lives::default();
            lives.note_at(ms(0), begin, begin, is_clocked, body);
            lives.note_at(ms(told_ms), begin, begin + ms(answered_ms), is_clocked, "");
            assert_eq!(lives.is_late(), is_late, "{body} {told_ms} {answered_ms}");
        }
    }
}
