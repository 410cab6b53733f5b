//! The worker's side of a queue: it takes a job, grades it as `grader grade` would, and hands in what came of it.

use std::collections::BTreeSet;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use cachedojo::clock::{Clock, millis};
use cachedojo_judge::Report;

use super::job::{Asked, Declined, Settled, Terms, pack_of};
use super::store::{Queue, Taken};
use crate::host::outcome::say;
use crate::pack::Pack;
use crate::run::apart::{self, Stop};
use crate::run::bench::Bench;

/// How long a worker without a job waits before it looks again.
const IDLE: Duration = Duration::from_millis(500);
/// So many workers may end while they grade one submission; it is not given to another.
const ATTEMPTS_MAX: u64 = 3;
/// Terms that a worker remembers having refused; beyond them it looks at all of them anew.
const REFUSED_MAX: usize = 256;

/// A worker.
#[derive(Debug)]
pub struct Worker<'a> {
    queue: &'a Queue,
    number: u64,
    trust: bool,
    stop: &'a Quit,
    /// Terms that are refused, and what was said of refusals.
    refused: Mutex<(BTreeSet<String>, BTreeSet<String>)>,
    clock: Clock,
}

/// How a worker is told to end.
#[derive(Debug, Default)]
pub struct Quit {
    /// No further job is taken.
    is_near: AtomicBool,
    /// What is being graded ends at once; its job is let go.
    now: Stop,
}

impl Quit {
    /// What is being graded is finished, and nothing more is taken.
    pub fn soon(&self) {
        self.is_near.store(true, Ordering::Relaxed);
    }

    /// What is being graded is let go.
    pub fn now(&self) {
        self.soon();
        self.now.stop();
    }
}

impl<'a> Worker<'a> {
    /// A worker on a queue.
    ///
    /// # Errors
    /// The queue failed for long.
    pub fn enter(queue: &'a Queue, trust: bool, stop: &'a Quit) -> Result<Self> {
        let (number, refused, clock) = (queue.enter()?, Mutex::default(), Clock::monotonic());
        Ok(Self { queue, number, trust, stop, refused, clock })
    }

    /// The number that this worker has on its queue.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Grades, so many submissions at a time, until it is told to end.
    ///
    /// # Errors
    /// The queue failed for long.
    pub fn work(&self, at_a_time: usize) -> Result<()> {
        let worked = thread::scope(|scope| {
            let slots: Vec<_> = (0..at_a_time.max(1)).map(|_| scope.spawn(|| self.slot())).collect();
            let ended = slots.into_iter().map(|slot| slot.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked"))));
            ended.fold(Ok(()), Result::and)
        });
        worked?;
        self.queue.leave(self.number)
    }

    fn slot(&self) -> Result<()> {
        let worked = self.grade_all();
        // The others need not go on for long where one cannot.
        if worked.is_err() {
            self.stop.soon();
        }
        worked
    }

    fn grade_all(&self) -> Result<()> {
        let mut next = self.take()?;
        while let Some(taken) = next {
            let pack = match self.pack(&taken) {
                Ok(pack) => pack,
                Err(refusal) => {
                    self.refuse(taken, &refusal)?;
                    next = self.take()?;
                    continue;
                }
            };
            next = self.grade_of_pack(&pack, taken)?;
        }
        Ok(())
    }

    /// The next job, once there is one; none when it is time to end.
    fn take(&self) -> Result<Option<Taken>> {
        while !self.stop.is_near.load(Ordering::Relaxed) {
            let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
            match self.queue.take(self.number, &refused)? {
                Some(taken) => return Ok(Some(taken)),
                None => self.queue.pause(IDLE),
            }
        }
        Ok(None)
    }

    fn pack(&self, taken: &Taken) -> std::result::Result<Pack, Declined> {
        let terms = terms(taken)?;
        let bytes = self.queue.pack(&terms.pack).map_err(|error| Declined::Pack(format!("{error:#}")))?;
        pack_of(&terms.pack, bytes.as_deref())
    }

    /// Grades a job, and all after it that are of the same pack. Returns the first of another one.
    fn grade_of_pack(&self, pack: &Pack, first: Taken) -> Result<Option<Taken>> {
        let digest = terms(&first).map(|terms| terms.pack).unwrap_or_default();
        let bench = match Bench::open(pack, self.trust) {
            Ok(bench) => bench,
            Err(error) => {
                let code = pack.exercise.languages[0];
                self.refuse(first, &Declined::Unable { code, why: format!("{error:#}") })?;
                return self.take();
            }
        };
        let mut next = Some(first);
        while let Some(taken) = next {
            match terms(&taken) {
                Ok(terms) if terms.pack != digest => return Ok(Some(taken)),
                Ok(terms) => match terms.refused(&bench) {
                    Some(refusal) => self.refuse(taken, &refusal)?,
                    None => self.grade(&bench, taken)?,
                },
                Err(refusal) => self.refuse(taken, &refusal)?,
            }
            next = self.take()?;
        }
        Ok(None)
    }

    fn grade(&self, bench: &Bench<'_>, taken: Taken) -> Result<()> {
        let name = taken.posting.key.get(..8).unwrap_or_default().to_owned();
        let attempts = self.queue.begin(self.number, &taken)?;
        self.tell(&format!("takes {name} ({})", bench.pack.exercise.id));
        let began = self.clock.now();
        let graded = if attempts > ATTEMPTS_MAX {
            Err(format!(
                "{ATTEMPTS_MAX} workers ended while they graded it: grade it by itself, without --queue, to see why"
            ))
        } else {
            let grade = || graded(bench, &taken, &self.stop.now);
            catch_unwind(AssertUnwindSafe(grade)).unwrap_or_else(|_| Err("the grader panicked".to_owned()))
        };
        if graded.is_err() && self.stop.now.is_stopped() {
            self.tell(&format!("lets {name} go"));
            return self.queue.let_go(self.number, taken);
        }
        let told = match &graded {
            Ok(report) => format!("has graded {name}: {}/{}", report.score, report.max_score),
            Err(why) => format!("has no report on {name}: {why}"),
        };
        let took_ms = millis(self.clock.now().saturating_duration_since(began));
        self.queue.finish(taken, &serde_json::to_vec(&Settled { graded, took_ms })?)?;
        self.tell(&told);
        Ok(())
    }

    fn refuse(&self, taken: Taken, refusal: &Declined) -> Result<()> {
        let (terms_id, why) = (taken.posting.terms_id.clone(), refusal.to_string());
        let is_new = {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            if refused.0.len() == REFUSED_MAX {
                *refused = <(BTreeSet<String>, BTreeSet<String>)>::default();
            }
            refused.0.insert(terms_id.clone());
            refused.1.insert(why.clone())
        };
        self.queue.refuse(self.number, &terms_id, &why)?;
        self.queue.let_go(self.number, taken)?;
        if is_new {
            say(&format!("worker {} refuses: {why}", self.number));
        }
        Ok(())
    }

    /// Says something on standard output: what a worker does is its result.
    fn tell(&self, what: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that went away is no reason not to grade.
        _ = writeln!(out, "worker {} {what}", self.number).and_then(|()| out.flush());
    }
}

fn terms(taken: &Taken) -> std::result::Result<Terms, Declined> {
    let unread = |error: serde_json::Error| Declined::Differs {
        what: "grader",
        theirs: format!("one whose jobs this one cannot read ({error})"),
        ours: env!("CARGO_PKG_VERSION").to_owned(),
    };
    serde_json::from_str(&taken.posting.terms).map_err(unread)
}

/// The report on a job's submission, or why there is none.
fn graded(bench: &Bench<'_>, taken: &Taken, stop: &Stop) -> std::result::Result<Report, String> {
    let asked: Asked = serde_json::from_slice(&taken.posting.body)
        .map_err(|error| format!("the job cannot be read ({error}): begin the class again"))?;
    let Asked { seed, language, submission } = asked;
    apart::grade_read(bench, submission, seed, language, stop).map_err(|error| format!("{error:#}"))
}
