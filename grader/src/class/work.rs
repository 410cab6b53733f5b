//! The workers. Each submission is graded apart from the others: whatever it does, the rest goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::Result;
use cachedojo::exercise::Report;
use indicatif::{ProgressBar, ProgressStyle};

/// Grades what is at a path.
pub type Grade<'a> = dyn Fn(&Path) -> Result<Report> + Sync + 'a;

/// Something to grade, under the key by which it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The key.
    pub key: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Grades all jobs on `workers` threads and hands each outcome to `done` as it comes, on the caller's thread: a report, or
/// why the grader could not make one.
///
/// # Errors
/// The first error of `done`; what is being graded then is still waited for.
pub fn grade_all(
    jobs: &[Job],
    workers: usize,
    grade: &Grade<'_>,
    mut done: impl FnMut(&Job, std::result::Result<Report, String>) -> Result<()>,
) -> Result<()> {
    let bar = progress(jobs.len());
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    let outcome = thread::scope(|scope| {
        for _ in 0..workers.clamp(1, jobs.len().max(1)) {
            let send = send.clone();
            let next = &next;
            scope.spawn(move || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if send.send((job, grade_one(job, grade))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut outcome = Ok(());
        while let Ok((job, graded)) = receive.recv() {
            outcome = done(job, graded);
            bar.inc(1);
            if outcome.is_err() {
                next.store(jobs.len(), Ordering::Relaxed);
                break;
            }
        }
        drop(receive);
        outcome
    });
    bar.finish_and_clear();
    outcome
}

fn grade_one(job: &Job, grade: &Grade<'_>) -> std::result::Result<Report, String> {
    match catch_unwind(AssertUnwindSafe(|| grade(&job.path))) {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Err(format!("the grader panicked: {}", text.unwrap_or("no message")))
        }
    }
}

/// A bar on standard error; nothing where that is no terminal.
fn progress(jobs: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} submissions, {per_sec}, {eta} left");
    let bar = ProgressBar::new(jobs as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
