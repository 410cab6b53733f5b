//! `grader watch`: grades again whenever the submission changes, and prints what changed in the result.
//!
//! Outside events arrive as [`News`], so that the session depends on neither files nor signals, and a test can send them. A touch
//! is only a reason to look: editors write in pieces, or write another file and rename it. What is graded is the content that is
//! there afterwards, if it differs from what was graded last. If the system stops reporting changes, a message says so, and the
//! session looks by itself now and then.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result};
use cachedojo_judge::report::{CheckReport, GradeVerdict};
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;
use notify::{Event, RecursiveMode, Watcher};

use super::grade::outcome;
use super::stop::on_stop;
use crate::cli::GradingArgs;
use crate::host::outcome::{Outcome, UsageError, told};
use crate::host::printable;
use crate::intake::submission::{Submission, Unreadable};
use crate::report::{self, Format, Setting};
use crate::run::bench::Bench;
use crate::run::isolated;
use crate::run::stop::Stop;

/// How long files must be unchanged before they are read: editors need some ten milliseconds to replace one.
const QUIET: Duration = Duration::from_millis(60);
/// How often to look if the system reports nothing.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Folders that are not part of a submission and change by themselves.
const FOREIGN_FOLDERS: &[&str] = &["target", "node_modules", ".git"];

/// An outside event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Something at or near the path changed, or may have.
    Touched,
    /// The session must end.
    Stop,
}

/// Grades at once, then on every change, until Ctrl-C. Returns the outcome of the last grading; passed if there was
/// none.
///
/// # Errors
/// There is no such exercise or path, this machine lacks what grading needs, or the path cannot be watched.
pub fn watch(args: &GradingArgs) -> Result<Outcome> {
    let pack = super::graded_by(args)?;
    super::check_submission(&args.path)?;
    let first = Submission::read(&args.path, &pack.exercise.languages);
    if let Err(error @ Unreadable::Io { .. }) = first {
        return Err(UsageError(error.to_string()).into());
    }
    let bench = Bench::open(&pack, args.trust)?;
    first.map_or(Ok(()), |first| bench.check_trusted(&first))?;
    let (send, news) = mpsc::channel();
    let path = std::path::absolute(&args.path)?;
    let (touched, root) = (send.clone(), path.clone());
    let tell = move |event| {
        if is_change(&event, &root) {
            // The receiver is gone: the session is over.
            _ = touched.send(News::Touched);
        }
    };
    let mut watcher = notify::recommended_watcher(tell).context("this system tells nothing of changed files")?;
    keep_watch(&mut watcher, &path)?;
    _ = send.send(News::Touched);
    on_stop(move |_| _ = send.send(News::Stop)).context("waiting for Ctrl-C")?;
    let out = std::io::stdout();
    let clears = out.is_terminal();
    let setting = Setting::from_environment(args.lang, &args.playground);
    let mut session = WatchSession::new(out.lock(), clears, setting);
    let blind = Cell::new(false);
    let mut keep = || {
        let kept = keep_watch(&mut watcher, &path);
        blind.set(kept.is_err());
        kept
    };
    let mut read = || Submission::read(&args.path, &pack.exercise.languages);
    let mut grade = || isolated::grade(&bench, &args.path, args.seed, args.lang, &Stop::default());
    let news = settled(&news, QUIET, || blind.get().then_some(LOOK_AGAIN));
    session.follow(news, &mut keep, &mut read, &mut grade)
}

/// Whether an event may mean new content. Reads are ignored (the grader's own would trigger it for ever), and so is
/// what a build or version control writes.
fn is_change(event: &notify::Result<Event>, root: &Path) -> bool {
    let Ok(event) = event else { return true };
    let is_foreign = |path: &PathBuf| {
        let mut folders = path.strip_prefix(root).unwrap_or(path).components();
        folders.any(|folder| FOREIGN_FOLDERS.iter().any(|name| folder.as_os_str() == *name))
    };
    !event.kind.is_access() && (event.paths.is_empty() || !event.paths.iter().all(is_foreign))
}

/// The news, with touches closer together than `quiet` merged into one, and a touch added when there is no news for `patience`.
/// Ends with its source.
fn settled(
    news: &Receiver<News>,
    quiet: Duration,
    patience: impl Fn() -> Option<Duration>,
) -> impl Iterator<Item = News> {
    std::iter::from_fn(move || {
        let first = match patience() {
            None => news.recv().ok()?,
            Some(patience) => match news.recv_timeout(patience) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => News::Touched,
                Err(RecvTimeoutError::Disconnected) => return None,
            },
        };
        if first == News::Touched {
            while let Ok(next) = news.recv_timeout(quiet) {
                if next == News::Stop {
                    return Some(next);
                }
            }
        }
        Some(first)
    })
}

/// Watches the files of a submission at `path`, and the nearest existing folder above, where the removal and re-creation of a
/// folder is seen. Watching a path again changes nothing.
///
/// # Errors
/// The system cannot watch it.
fn keep_watch(watcher: &mut dyn Watcher, path: &Path) -> Result<()> {
    let parent = |path: &Path| path.parent().unwrap_or(path).to_owned();
    let (root, mode) = match path {
        folder if folder.is_dir() => (folder.to_owned(), RecursiveMode::Recursive),
        // The root file stands for the whole crate: its modules are beside it.
        file if file.ends_with("src/lib.rs") => (parent(file), RecursiveMode::Recursive),
        file => (parent(file), RecursiveMode::NonRecursive),
    };
    let mut watch =
        |folder: &Path, mode| watcher.watch(folder, mode).with_context(|| format!("watching `{}`", folder.display()));
    let nearest = || root.ancestors().skip(1).find(|folder| folder.is_dir());
    let mut watched = None;
    // A folder made before its parent was watched caused no event: look again.
    while watched != nearest() {
        watched = nearest();
        watched.map_or(Ok(()), |folder| watch(folder, RecursiveMode::NonRecursive))?;
    }
    if root.is_dir() { watch(&root, mode) } else { Ok(()) }
}

/// The part of a grading that the next one is compared with.
#[derive(Debug)]
struct Graded {
    verdict: GradeVerdict,
    score: u32,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    id: String,
    title: String,
    points: u32,
    passes: bool,
}

/// The state of the display, and the grading that the next one is compared with.
#[derive(Debug)]
pub struct WatchSession<W> {
    out: W,
    /// Whether each report replaces the one before on the screen.
    clears: bool,
    setting: Setting,
    ending: Outcome,
    last: Option<Graded>,
}

impl<W: Write> WatchSession<W> {
    /// A session that has not graded anything yet.
    pub fn new(out: W, clears: bool, setting: Setting) -> Self {
        Self { out, clears, setting, ending: Outcome::Passed, last: None }
    }

    /// Grades whenever there is news and `read` returns something new, until told to stop; `keep` makes sure that there will be
    /// news. Returns how the last grading ended.
    ///
    /// # Errors
    /// Nothing can be printed any more. A submission that cannot be read or graded is reported, and the next change
    /// awaited.
    pub fn follow(
        &mut self,
        news: impl IntoIterator<Item = News>,
        keep: &mut dyn FnMut() -> Result<()>,
        read: &mut dyn FnMut() -> Result<Submission, Unreadable>,
        grade: &mut dyn FnMut() -> Result<Report>,
    ) -> Result<Outcome> {
        let (mut before, mut blind) = (None, false);
        for news in news {
            if news == News::Stop {
                break;
            }
            // Watched first, then read: a change in between is not missed.
            let kept = keep();
            let now = read();
            let changed = before.as_ref() != Some(&now);
            if changed {
                self.grade(&now, grade)?;
                before = Some(now);
            }
            // Repeated below each report, because on a terminal the report replaces earlier messages.
            match &kept {
                Err(error) if changed || !blind => {
                    self.say(&format!("{}; {}", told(&format!("{error:#}")), self.words().blind))?;
                }
                _ => {}
            }
            blind = kept.is_err();
        }
        Ok(self.ending)
    }

    fn grade(&mut self, now: &Result<Submission, Unreadable>, grade: &mut dyn FnMut() -> Result<Report>) -> Result<()> {
        if let Err(error @ Unreadable::Io { .. }) = now {
            return self.say(&format!("{}; {}", told(&error.to_string()), self.words().gone));
        }
        if self.clears {
            // Grading takes a moment: this shows that the change was noticed.
            self.say(self.words().grading)?;
        }
        match grade() {
            Ok(report) => self.show(&report),
            Err(error) => self.say(&told(&format!("{error:#}"))),
        }
    }

    fn words(&self) -> &'static Words {
        Words::of(self.setting.language)
    }

    fn say(&mut self, line: &str) -> Result<()> {
        writeln!(self.out, "{}", printable::line(line))?;
        Ok(self.out.flush()?)
    }

    fn show(&mut self, report: &Report) -> Result<()> {
        if self.clears {
            // Cursor home, clear the screen, clear the scrollback.
            write!(self.out, "\u{1b}[H\u{1b}[2J\u{1b}[3J")?;
        }
        write!(self.out, "{}", report::render(report, Format::Text, &self.setting))?;
        let mut now = Graded::of(&report::disclosed(report, &self.setting));
        if let Some(before) = &self.last {
            for line in now.changes_since(before, self.words()) {
                writeln!(self.out, "{line}")?;
            }
        }
        writeln!(self.out, "{}", self.words().watching)?;
        self.ending = outcome(report);
        // A build failure tells nothing about the checks: the next successful build is compared with the last
        // successful one.
        if let (Some(before), true) = (self.last.take(), now.rows.is_empty()) {
            now.rows = before.rows;
        }
        self.last = Some(now);
        Ok(self.out.flush()?)
    }
}

impl Graded {
    fn of(report: &Report) -> Self {
        let row = |check: &CheckReport| Row {
            id: check.id.clone(),
            title: check.title.clone(),
            points: check.points,
            passes: check.verdict == Verdict::Pass,
        };
        Self { verdict: report.verdict, score: report.score, rows: report.checks.iter().map(row).collect() }
    }

    /// What changed, one line each; the first line is the score.
    fn changes_since(&self, before: &Self, words: &Words) -> Vec<String> {
        let gained = i64::from(self.score) - i64::from(before.score);
        let score = if gained == 0 { words.same_score.to_owned() } else { format!("{gained:+} {}", words.points) };
        let mut lines = vec![format!("{}{score}", words.since)];
        match (before.verdict == GradeVerdict::Graded, self.verdict == GradeVerdict::Graded) {
            (false, true) => lines.push(format!("  ✓ {}", words.graded_again)),
            (true, false) => lines.push(format!("  ✗ {}", words.graded_no_more)),
            _ => {}
        }
        for Row { id, title, points, passes } in &self.rows {
            let Some(old) = before.rows.iter().find(|old| old.id == *id) else { continue };
            match (old.passes, *passes) {
                (false, true) => lines.push(format!("  ✓ {}: {title} ({id})", words.passes_now)),
                (true, false) => lines.push(format!("  ✗ {}: {title} ({id})", words.passes_no_more)),
                _ if old.points != *points => {
                    lines.push(format!("  ◐ {} -> {points} {}: {title} ({id})", old.points, words.points));
                }
                _ => {}
            }
        }
        lines
    }
}

struct Words {
    grading: &'static str,
    watching: &'static str,
    gone: &'static str,
    blind: &'static str,
    since: &'static str,
    points: &'static str,
    same_score: &'static str,
    graded_again: &'static str,
    graded_no_more: &'static str,
    passes_now: &'static str,
    passes_no_more: &'static str,
}

impl Words {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &Self {
                grading: "grading …",
                watching: "Watching: save to grade again, Ctrl-C to end.",
                gone: "waiting for it to come back",
                blind: "this system tells of no more changes there, so they are looked for every second",
                since: "Since the last time: ",
                points: "points",
                same_score: "as many points",
                graded_again: "it builds again",
                graded_no_more: "it does not build any more",
                passes_now: "passes now",
                passes_no_more: "passes no more",
            },
            Language::French => &Self {
                grading: "notation …",
                watching: "En attente : enregistrez pour noter de nouveau, Ctrl-C pour finir.",
                gone: "attente de son retour",
                blind: "ce système n'y signale plus les changements : ils sont cherchés chaque seconde",
                since: "Depuis la dernière fois : ",
                points: "points",
                same_score: "autant de points",
                graded_again: "il compile de nouveau",
                graded_no_more: "il ne compile plus",
                passes_now: "réussit maintenant",
                passes_no_more: "ne réussit plus",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_news_a_session_looks_of_itself_where_it_is_told_to() {
        let (send, news) = mpsc::channel();
        let mut settled = settled(&news, Duration::ZERO, || Some(Duration::ZERO));
        assert_eq!(settled.next(), Some(News::Touched));
        send.send(News::Stop).expect("somebody listens");
        assert_eq!(settled.next(), Some(News::Stop));
        drop(send);
        assert_eq!(settled.next(), None);
    }

    /// Records what it is asked to watch.
    #[derive(Debug, Default)]
    struct Notes(Vec<(PathBuf, RecursiveMode)>);

    impl Watcher for Notes {
        fn new<F: notify::EventHandler>(_: F, _: notify::Config) -> notify::Result<Self> {
            Ok(Self::default())
        }

        fn watch(&mut self, path: &Path, mode: RecursiveMode) -> notify::Result<()> {
            self.0.push((path.to_owned(), mode));
            Ok(())
        }

        fn unwatch(&mut self, _: &Path) -> notify::Result<()> {
            Ok(())
        }

        fn kind() -> notify::WatcherKind {
            notify::WatcherKind::NullWatcher
        }
    }

    #[test]
    fn what_is_gone_is_waited_for_above_it() {
        let home = tempfile::tempdir().expect("a folder");
        let check = |watched: &[(&str, RecursiveMode)]| {
            let mut notes = Notes::default();
            keep_watch(&mut notes, &home.path().join("a/b/mine")).expect("it takes all");
            let watched: Vec<_> = watched.iter().map(|(path, mode)| (home.path().join(path), *mode)).collect();
            assert_eq!(notes.0, watched);
        };
        check(&[("", RecursiveMode::NonRecursive)]);
        std::fs::create_dir_all(home.path().join("a/b")).expect("there is room");
        check(&[("a", RecursiveMode::NonRecursive), ("a/b", RecursiveMode::NonRecursive)]);
        std::fs::create_dir(home.path().join("a/b/mine")).expect("there is room");
        check(&[("a/b", RecursiveMode::NonRecursive), ("a/b/mine", RecursiveMode::Recursive)]);
    }
}
