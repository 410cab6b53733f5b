//! The worker's side of a queue: it takes a job, grades it like `grader grade`, and hands in the outcome.

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
use cachedojo_notation::text::Language;

use super::hand_out::refuses;
use super::job::{Declined, Grading, Settled, Terms, pack_of};
use super::store::{Queue, Taken};
use crate::host::outcome::say;
use crate::pack::Pack;
use crate::report::french::in_french;
use crate::run::bench::Bench;
use crate::run::isolated;
use crate::run::stop::Stop;

/// How long a worker waits before it looks for a job again.
const IDLE: Duration = Duration::from_millis(500);
/// After so many workers have died while grading a submission, it is not given to another.
const ATTEMPTS_MAX: u64 = 3;
/// How many refused terms a worker remembers; beyond that it starts anew.
const REFUSED_MAX: usize = 256;

/// A worker.
#[derive(Debug)]
pub struct Worker<'a> {
    queue: &'a Queue,
    number: u64,
    trust: bool,
    language: Language,
    stop: &'a Quit,
    /// The refused terms, and the refusals that were reported.
    refused: Mutex<(BTreeSet<String>, BTreeSet<String>)>,
    clock: Clock,
}

/// How a worker is told to stop.
#[derive(Debug, Default)]
pub struct Quit {
    /// Take no further job.
    is_near: AtomicBool,
    /// Stop the gradings in progress; their jobs are released.
    now: Stop,
}

impl Quit {
    /// Finishes the gradings in progress, and takes no more.
    pub fn soon(&self) {
        self.is_near.store(true, Ordering::Relaxed);
    }

    /// Releases the jobs in progress.
    pub fn now(&self) {
        self.soon();
        self.now.stop();
    }
}

impl<'a> Worker<'a> {
    /// A worker on a queue; what it does it tells in this language.
    ///
    /// # Errors
    /// The queue failed for a long time.
    pub fn enter(queue: &'a Queue, trust: bool, language: Language, stop: &'a Quit) -> Result<Self> {
        let (number, refused, clock) = (queue.enter()?, Mutex::default(), Clock::monotonic());
        Ok(Self { queue, number, trust, language, stop, refused, clock })
    }

    /// The number that this worker has on its queue.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Grades so many submissions at a time, until it is told to stop.
    ///
    /// # Errors
    /// The queue failed for a long time.
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
        // If one thread fails, the others stop soon too.
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

    /// Waits for the next job; `None` when it is time to stop.
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

    /// Grades a job, and further ones of the same pack. Returns the first one of another pack.
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
        let id = &bench.pack.exercise.id;
        self.tell(&format!("takes {name} ({id})"), &format!("prend {name} ({id})"));
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
            self.tell(&format!("lets {name} go"), &format!("rend {name} à la file"));
            return self.queue.let_go(self.number, taken);
        }
        let (told, french) = match &graded {
            Ok(Report { score, max_score, .. }) => {
                (format!("has graded {name}: {score}/{max_score}"), format!("a noté {name} : {score}/{max_score}"))
            }
            Err(why) => {
                (format!("has no report on {name}: {why}"), format!("n'a pas pu noter {name} : {}", in_french(why)))
            }
        };
        let took_ms = millis(self.clock.now().saturating_duration_since(began));
        self.queue.finish(taken, &serde_json::to_vec(&Settled { graded, took_ms })?)?;
        self.tell(&told, &french);
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
            say(&refuses(self.number, &why, self.language));
        }
        Ok(())
    }

    /// Prints a line on standard output: that is a worker's result.
    fn tell(&self, english: &str, french: &str) {
        let (who, what) = match self.language {
            Language::English => ("worker", english),
            Language::French => ("correcteur", french),
        };
        let mut out = std::io::stdout().lock();
        // If the reader of the output is gone, grading goes on.
        _ = writeln!(out, "{who} {} {what}", self.number).and_then(|()| out.flush());
    }
}

fn terms(taken: &Taken) -> std::result::Result<Terms, Declined> {
    let unread = |error: serde_json::Error| Declined::Differs {
        what: "grader",
        theirs: format!("one owner jobs this one cannot read ({error})"),
        ours: env!("CARGO_PKG_VERSION").to_owned(),
    };
    serde_json::from_str(&taken.posting.terms).map_err(unread)
}

/// The report on a job's submission, or why there is none.
fn graded(bench: &Bench<'_>, taken: &Taken, stop: &Stop) -> std::result::Result<Report, String> {
    let asked: Grading = serde_json::from_slice(&taken.posting.body)
        .map_err(|error| format!("the job cannot be read ({error}): begin the class again"))?;
    let Grading { seed, language, submission } = asked;
    isolated::grade_read(bench, submission, seed, language, stop).map_err(|error| format!("{error:#}"))
}
