//! The workers. Submissions are graded independently: whatever one does, the others go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::Result;
use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;
use indicatif::{ProgressBar, ProgressStyle};

use super::page::state_name;
use super::summary::State;
use crate::host::printable;

/// Why there is no report of a submission whose files are others than those that the class's key is of.
pub(crate) const CHANGED: &str = "the submission changed while it was graded: grade the class again";

/// Grades what is at a path.
pub type Grade<'a> = dyn Fn(&Path) -> Result<Report> + Sync + 'a;

/// A submission to grade, with the key under which its result is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The key.
    pub key: String,
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub learner: String,
}

/// Grades all jobs on `workers` threads and passes each result to `done` as it is ready, on the caller's thread: a report, or why
/// the grader could not make one.
///
/// # Errors
/// The first error of `done`, after waiting for the gradings in progress.
pub fn grade_all(
    jobs: &[Job],
    workers: usize,
    grade: &Grade<'_>,
    language: Language,
    mut done: impl FnMut(&Job, std::result::Result<Report, String>) -> Result<()>,
) -> Result<()> {
    let mut progress = Progress::of(jobs.len(), language);
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    let outcome = thread::scope(|scope| {
        for _ in 0..workers.clamp(1, jobs.len().max(1)) {
            let send = send.clone();
            let next = &next;
            scope.spawn(move || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if send.send((job, grade_one(&job.path, grade))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut outcome = Ok(());
        while let Ok((job, graded)) = receive.recv() {
            let line = line(job, &graded, language);
            outcome = done(job, graded);
            // What was ended half-way is no outcome.
            if outcome.is_ok() {
                progress.advance(&line);
            } else {
                next.store(jobs.len(), Ordering::Relaxed);
                break;
            }
        }
        drop(receive);
        outcome
    });
    progress.end();
    outcome
}

/// Grades what is at `path`, even if the grader panics.
///
/// # Errors
/// Why the grader could not make a report; a panic is one of the reasons.
pub fn grade_one(path: &Path, grade: &Grade<'_>) -> std::result::Result<Report, String> {
    match catch_unwind(AssertUnwindSafe(|| grade(path))) {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(format!("the grader panicked: {}", text.unwrap_or("no message")))
        }
    }
}

/// The line printed for a finished submission.
pub(crate) fn line(job: &Job, graded: &std::result::Result<Report, String>, language: Language) -> String {
    let (name, colon): (fn(State) -> &'static str, _) = match language {
        Language::English => (State::name, ":"),
        Language::French => (|state| state_name(state, Language::French), " :"),
    };
    let outcome = match graded {
        Ok(report) if report.verdict == GradeVerdict::Graded => format!("{}/{}", report.score, report.max_score),
        Ok(report) => name(report.verdict.into()).to_owned(),
        Err(_) => name(State::HarnessError).to_owned(),
    };
    format!("{}{colon} {outcome}", printable::line(&job.learner))
}

/// Progress: a bar on a terminal, one line for each submission in a log. A line is printed only after its result is
/// stored.
pub(crate) struct Progress {
    bar: ProgressBar,
    done: usize,
    all: usize,
}

impl Progress {
    pub(crate) fn of(all: usize, language: Language) -> Self {
        let style = ProgressStyle::with_template(match language {
            Language::English => "{bar:30} {pos}/{len} submissions, {per_sec}, {eta} left",
            Language::French => "{bar:30} {pos}/{len} rendus, {per_sec}, encore {eta}",
        });
        let bar = ProgressBar::new(all as u64).with_style(style.expect("the template is sound"));
        Self { bar, done: 0, all }
    }

    #[expect(clippy::print_stderr, reason = "the command line's own voice, while the results have stdout")]
    pub(crate) fn advance(&mut self, line: &str) {
        self.done += 1;
        self.bar.inc(1);
        if self.bar.is_hidden() {
            eprintln!("{}/{} {line}", self.done, self.all);
        }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_submission_is_told_in_the_language_that_was_asked_for() {
        let job = Job { key: String::new(), path: PathBuf::new(), learner: "Ada".to_owned() };
        let failed = Err("no disk".to_owned());
        assert_eq!(line(&job, &failed, Language::English), "Ada: harness_error");
        assert_eq!(
            line(&job, &failed, Language::French),
            format!("Ada : {}", state_name(State::HarnessError, Language::French))
        );
    }
}
