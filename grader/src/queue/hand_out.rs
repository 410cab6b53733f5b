//! The class's side of a queue: it puts jobs there, and collects their outcomes.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use cachedojo_judge::Report;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_notation::text::Language;

use super::job::{Grading, NAME, Settled, Terms, pack_bytes};
use super::posting::{Posting, Stage};
use super::store::Queue;
use crate::class::key::Keys;
use crate::class::work::{CHANGED, Grade, Job, Progress, grade_one, line};
use crate::host::outcome::say;
use crate::intake::submission::{Submission, Unreadable};
use crate::report::french::in_french;
use crate::run::bench::Bench;

/// How often the queue is looked at.
const LOOK: Duration = Duration::from_millis(300);
/// So many looks lie between two messages about the progress.
const LOOKS_A_WORD: u32 = 50;
/// The most refusals that are reported: a worker that is restarted gets a new number each time.
const TOLD_MAX: usize = 100;
/// Jobs that are checked together.
const KEYS_A_LOOK: usize = 500;

/// The settings of a class's grading.
#[derive(Debug)]
pub struct Conditions<'a> {
    /// The exercise and this machine's compilers.
    pub bench: &'a Bench<'a>,
    /// The keys of the results.
    pub keys: &'a Keys<'a>,
    /// The grading seed.
    pub seed: u64,
    /// The reports' language.
    pub language: Language,
    /// Whether outcomes that are on the queue already are ignored.
    pub again: bool,
}

/// Has all jobs graded by the queue's workers and passes each outcome to `done` as it comes: a report, or why there is none. A
/// submission that cannot be read is graded here by `grade`, because a worker could say no more.
///
/// # Errors
/// The queue failed for a long time, this machine lacks what the class's languages need, or the first error of `done`.
pub fn grade_all(
    jobs: &[Job],
    queue: &Queue,
    setting: &Conditions<'_>,
    grade: &Grade<'_>,
    mut done: impl FnMut(&Job, Result<Report, String>) -> Result<()>,
) -> Result<()> {
    let mut progress = Progress::of(jobs.len(), setting.language);
    let (pack, bytes) = pack_bytes(setting.bench.pack)?;
    let mut watch = Watch::default();
    let mut left: VecDeque<&Job> = VecDeque::new();
    if setting.again {
        jobs.iter().try_for_each(|job| queue.forget(&job.key))?;
    }
    let mut settle = |job: &Job, graded: Result<Report, String>, progress: &mut Progress| {
        let told = line(job, &graded, setting.language);
        done(job, graded)?;
        progress.advance(&told);
        Ok::<(), anyhow::Error>(())
    };
    // The jobs that are on the queue no more: it was emptied by a restart, or another class collected the same job.
    let mut missing: Vec<&Job> = jobs.iter().collect();
    loop {
        if !missing.is_empty() {
            queue.put_pack(&pack, &bytes)?;
        }
        for job in missing.drain(..) {
            match ready(job, &pack, setting)? {
                Ready::Posting(posting) => {
                    watch.terms.insert(posting.terms_id.clone());
                    queue.put(&posting)?;
                    left.push_back(job);
                }
                Ready::Unreadable => settle(job, grade_one(&job.path, grade), &mut progress)?,
                Ready::Changed => settle(job, Err(CHANGED.to_owned()), &mut progress)?,
            }
        }
        if left.is_empty() {
            break;
        }
        let mut is_still = true;
        for _ in 0..left.len().div_ceil(KEYS_A_LOOK) {
            let looked: Vec<&Job> = left.drain(..left.len().min(KEYS_A_LOOK)).collect();
            let keys: Vec<&str> = looked.iter().map(|job| job.key.as_str()).collect();
            for (job, stage) in looked.iter().zip(queue.stages(&keys)?) {
                let outcome = if stage == Some(Stage::Done) { collected(queue, job)? } else { None };
                if let Some(outcome) = outcome {
                    is_still = false;
                    watch.took_ms.push(outcome.took_ms);
                    settle(job, outcome.graded, &mut progress)?;
                    queue.forget(&job.key)?;
                } else if stage.is_none() {
                    missing.push(job);
                } else {
                    left.push_back(job);
                }
            }
        }
        watch.look(queue, left.len(), setting.language)?;
        if is_still && !left.is_empty() {
            queue.pause(LOOK);
        }
    }
    progress.end();
    Ok(())
}

/// What can be done with a job.
enum Ready {
    /// It goes on the queue in this form.
    Posting(Posting),
    /// The submission cannot be read: a worker could say no more than this machine.
    Unreadable,
    /// The submission is another than when the class was examined.
    Changed,
}

fn ready(job: &Job, pack: &str, setting: &Conditions<'_>) -> Result<Ready> {
    let read: Result<Submission, Unreadable> = Submission::read(&job.path, &setting.bench.pack.exercise.languages);
    if setting.keys.key_of(&job.path, &read) != job.key {
        return Ok(Ready::Changed);
    }
    let Ok(mut submission) = read else { return Ok(Ready::Unreadable) };
    NAME.clone_into(&mut submission.path);
    let code: CodeLanguage = submission.language;
    let terms = Terms::of(setting.bench, pack, code)?;
    let asked = Grading { seed: setting.seed, language: setting.language, submission };
    Ok(Ready::Posting(Posting {
        key: job.key.clone(),
        terms_id: terms.id(),
        terms: serde_json::to_string(&terms)?,
        body: serde_json::to_vec(&asked)?,
    }))
}

/// A job's outcome. One that cannot be parsed is from another version's worker: the job is done again.
fn collected(queue: &Queue, job: &Job) -> Result<Option<Settled>> {
    let Some(bytes) = queue.outcome(&job.key)? else { return Ok(None) };
    let read = serde_json::from_slice::<Settled>(&bytes).ok();
    if read.is_none() {
        queue.forget(&job.key)?;
    }
    Ok(read)
}

/// The messages while waiting.
#[derive(Default)]
struct Watch {
    terms: BTreeSet<String>,
    took_ms: Vec<u64>,
    /// The refusals that were reported.
    refused: BTreeSet<String>,
    looks: u32,
}

impl Watch {
    fn look(&mut self, queue: &Queue, left: usize, language: Language) -> Result<()> {
        for terms_id in &self.terms {
            for (worker, why) in queue.refusals(terms_id)? {
                let told = refuses(worker, &why, language);
                if self.refused.len() < TOLD_MAX && self.refused.insert(told.clone()) {
                    say(&told);
                }
            }
        }
        if self.looks.is_multiple_of(LOOKS_A_WORD) && left > 0 {
            say(&state(left, queue.workers()?, &self.took_ms, &queue.shown(), language));
        }
        self.looks += 1;
        Ok(())
    }
}

/// That a worker refuses the class's submissions, and why.
pub(super) fn refuses(worker: u64, why: &str, language: Language) -> String {
    match language {
        Language::English => format!("worker {worker} refuses: {why}"),
        Language::French => format!("le correcteur {worker} refuse : {}", in_french(why)),
    }
}

/// The progress, in a sentence.
fn state(left: usize, workers: u64, took_ms: &[u64], url: &str, language: Language) -> String {
    let is_french = language == Language::French;
    let submissions = match (is_french, left) {
        (false, 1) => "submission is",
        (false, _) => "submissions are",
        (true, 1) => "rendu",
        (true, _) => "rendus",
    };
    if workers == 0 {
        return if is_french {
            format!(
                "{left} {submissions} dans la file {url}, sans personne pour noter : lancez `grader worker --queue URL`"
            )
        } else {
            format!(
                "{left} {submissions} on the queue at {url}, and no worker is there: start `grader worker --queue URL`"
            )
        };
    }
    let estimate = estimate_s(left, workers, took_ms).map_or(String::new(), |s| {
        let (count, unit) = if s <= 90 { (s, "s") } else { (s.div_ceil(60), "min") };
        if is_french { format!(", encore {count} {unit} environ") } else { format!(", about {count} {unit} left") }
    });
    let workers_word = match (is_french, workers) {
        (false, 1) => "worker is",
        (false, _) => "workers are",
        (true, 1) => "correcteur",
        (true, _) => "correcteurs",
    };
    if is_french {
        format!("{left} {submissions} dans la file, {workers} {workers_word}{estimate}")
    } else {
        format!("{left} {submissions} on the queue, {workers} {workers_word} there{estimate}")
    }
}

/// About how many seconds the rest will take: from the mean so far, divided among the workers.
fn estimate_s(left: usize, workers: u64, took_ms: &[u64]) -> Option<u64> {
    let count = u64::try_from(took_ms.len()).ok().filter(|count| *count > 0)?;
    let mean_ms = took_ms.iter().sum::<u64>() / count;
    Some((mean_ms * u64::try_from(left).ok()?).div_ceil(workers.max(1)).div_ceil(1000))
}

/// The submission's path in a report from the queue, replaced here by its real one.
pub fn name() -> &'static Path {
    Path::new(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_told_in_a_sentence() {
        for (left, workers, took_ms, told) in [
            (
                1,
                0,
                &[][..],
                "1 submission is on the queue at redis://h, and no worker is there: start `grader worker --queue URL`",
            ),
            (60, 3, &[], "60 submissions are on the queue, 3 workers are there"),
            (60, 3, &[2_000, 4_000], "60 submissions are on the queue, 3 workers are there, about 60 s left"),
            (60, 1, &[2_000, 4_000], "60 submissions are on the queue, 1 worker is there, about 3 min left"),
            (1, 8, &[1], "1 submission is on the queue, 8 workers are there, about 1 s left"),
        ] {
            assert_eq!(state(left, workers, took_ms, "redis://h", Language::English), told);
        }
        for (left, workers, took_ms, told) in [
            (
                2,
                0,
                &[][..],
                "2 rendus dans la file redis://h, sans personne pour noter : lancez `grader worker --queue URL`",
            ),
            (1, 1, &[2_000], "1 rendu dans la file, 1 correcteur, encore 2 s environ"),
            (60, 2, &[9_000], "60 rendus dans la file, 2 correcteurs, encore 5 min environ"),
        ] {
            assert_eq!(state(left, workers, took_ms, "redis://h", Language::French), told);
        }
    }
}
