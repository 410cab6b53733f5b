//! Performance as a ratio: the service and the reference take turns at the same work on the same machine, so whatever slows
//! one slows the other. The median of the rounds counts, and a row is lost only if it is too low three times.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::super::client::HttpCall;
use super::super::service::Service;
use super::outcome::{ROW, RowOutcome, Unanswered, send};

/// Rounds of a race; odd, so that there is a median.
const ROUNDS: usize = 7;
/// How often a race is run before the row is lost.
const RACES_MAX: usize = 3;
/// The time for a row's races; then the rounds so far decide. All rows of speed together keep within what they have.
const RACING: Duration = Duration::from_secs(12);
/// Keys of a request for many.
const MANY: usize = 100;
/// Callers at a time.
const CALLERS: usize = 4;
/// A large value, in bytes.
const LARGE: usize = 1_000_000;

/// What is done in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// Values are read, one after the other.
    Get,
    /// Values are stored, one after the other.
    Set,
    /// A hundred keys are read by one request.
    Mget,
    /// A hundred entries are stored by one request.
    Mset,
    /// Values are read by several callers at a time.
    GetAtOnce,
    /// Values are stored by several callers at a time.
    SetAtOnce,
    /// A value of a megabyte is read.
    LargeGet,
    /// Keys are flushed by a pattern that none of them matches.
    Scan,
}

/// The requests of some work.
struct Plan {
    method: &'static str,
    target: String,
    body: Option<String>,
    /// How many of them a round sends.
    times: usize,
    callers: usize,
}

impl Work {
    fn plan(self, root: &str) -> Plan {
        let plan = |method, what: &str, body: Option<String>, times, callers| Plan {
            method,
            target: format!("{root}{what}"),
            body,
            times,
            callers,
        };
        match self {
            Self::Get => plan("GET", "/k0", None, 60, 1),
            Self::Set => plan("PUT", "/k0", Some("{\"value\": 1}".to_owned()), 60, 1),
            Self::GetAtOnce => plan("GET", "/k0", None, 20, CALLERS),
            Self::SetAtOnce => plan("PUT", "/k0", Some("{\"value\": 1}".to_owned()), 20, CALLERS),
            Self::Mget => {
                let keys: Vec<_> = (0..MANY).map(|number| format!("\"k{number}\"")).collect();
                plan("POST", "/mget", Some(format!("{{\"keys\": [{}]}}", keys.join(", "))), 20, 1)
            }
            Self::Mset => plan("POST", "/mset", Some(entries()), 20, 1),
            Self::LargeGet => plan("GET", "/large", None, 8, 1),
            Self::Scan => plan("DELETE", "?pattern=none*", None, 20, 1),
        }
    }
}

fn entries() -> String {
    let entries: Vec<_> = (0..MANY).map(|number| format!("{{\"key\": \"k{number}\", \"value\": {number}}}")).collect();
    format!("{{\"entries\": [{}]}}", entries.join(", "))
}

/// Sends a request that must be answered with success.
fn succeed(service: &Service, method: &str, target: &str, body: Option<&str>) -> Result<(), Lost> {
    send(service, &HttpCall { method, target, headers: "", body }, &[]).map_err(Lost::At)
}

/// Why a round came to nothing.
enum Lost {
    /// A request was not answered with success.
    At(Unanswered),
    /// It takes too long.
    TooSlow,
}

impl Lost {
    fn outcome(&self) -> RowOutcome {
        match self {
            Self::At(request) => RowOutcome::lost_at(request, "no race", "pas de course"),
            Self::TooSlow => RowOutcome::of(
                false,
                format!("no race: a round takes more than {} s", ROW.as_secs()),
                format!("pas de course : un tour prend plus de {} s", ROW.as_secs()),
            ),
        }
    }
}

/// The time of one round.
#[expect(clippy::disallowed_methods, reason = "a ratio of two measured times, each of a stranger's process")]
fn round(service: &Service, plan: &Plan) -> Result<Duration, Lost> {
    let began = Instant::now();
    std::thread::scope(|scope| {
        let calls = || {
            (0..plan.times).try_for_each(|_| {
                if began.elapsed() > ROW {
                    return Err(Lost::TooSlow);
                }
                succeed(service, plan.method, &plan.target, plan.body.as_deref())
            })
        };
        let others: Vec<_> = (1..plan.callers).map(|_| scope.spawn(calls)).collect();
        let first = calls();
        others.into_iter().fold(first, |all, other| all.and(other.join().unwrap_or(Ok(()))))
    })?;
    Ok(began.elapsed())
}

/// The service's rate in percent of the reference's: the median of the rounds.
fn percent(
    service: &Service,
    reference: &Service,
    plans: &[Plan; 2],
    began: Instant,
) -> Result<Result<u64, Lost>, Lost> {
    let mut shares = Vec::new();
    for round_number in 0..ROUNDS {
        if round_number > 0 && began.elapsed() > RACING {
            break;
        }
        let own = match round(service, &plans[0]) {
            Ok(time) => time,
            Err(why) => return Ok(Err(why)),
        };
        let others = round(reference, &plans[1])?;
        shares.push(share(own, others));
    }
    Ok(Ok(median(shares)))
}

/// The rate of the first in percent of the second's, from their times.
fn share(own: Duration, reference: Duration) -> u64 {
    let percent = reference.as_micros().saturating_mul(100) / own.as_micros().max(1);
    u64::try_from(percent).unwrap_or(u64::MAX)
}

fn median(mut shares: Vec<u64>) -> u64 {
    shares.sort_unstable();
    shares.get(shares.len() / 2).copied().unwrap_or(0)
}

/// Races until the share is enough, three times at most.
#[expect(clippy::disallowed_methods, reason = "what a stranger's service takes is measured and bounded")]
pub(super) fn run(work: Work, at_least_percent: u32, service: &Service, reference: &Service) -> RowOutcome {
    let roots = [service, reference].map(Service::fresh_root);
    let plans = roots.clone().map(|root| work.plan(&root));
    let large = format!("{{\"value\": \"{}\"}}", "x".repeat(LARGE));
    for (service, root) in [service, reference].into_iter().zip(&roots) {
        let prepared = succeed(service, "POST", &format!("{root}/mset"), Some(&entries()))
            .and_then(|()| succeed(service, "PUT", &format!("{root}/large"), Some(&large)));
        // A service may refuse a large value: then only the row that reads it is lost.
        if prepared.is_err() && work == Work::LargeGet {
            return RowOutcome::of(false, "the value is refused".to_owned(), "la valeur est refusée".to_owned());
        }
    }
    let (mut best, began) = (0, Instant::now());
    for _ in 0..RACES_MAX {
        match percent(service, reference, &plans, began) {
            Ok(Ok(share)) => best = best.max(share),
            Ok(Err(lost)) => return lost.outcome(),
            Err(_) => return RowOutcome::no_reference(),
        }
        if best >= u64::from(at_least_percent) || began.elapsed() > RACING {
            break;
        }
    }
    RowOutcome::of(
        best >= u64::from(at_least_percent),
        format!("{best} % of the reference's rate, at least {at_least_percent} %"),
        format!("{best} % du débit de la référence, au moins {at_least_percent} %"),
    )
}

#[cfg(test)]
mod tests {
    use super::{median, share};
    use std::time::Duration;

    #[test]
    fn one_disturbed_round_of_seven_changes_nothing() {
        assert_eq!(median(vec![90, 1, 95, 100, 105, 110, 100]), 100);
        assert_eq!(share(Duration::from_millis(20), Duration::from_millis(10)), 50);
        assert_eq!(share(Duration::ZERO, Duration::from_secs(1)), 100_000_000);
    }
}
