//! The rows for course platforms: one for each check, or a single one that says why no check ran.

use std::fmt::Write;

use cachedojo_judge::Verdict;
use cachedojo_judge::pack::Visibility;
use cachedojo_judge::report::{CheckReport, GradeVerdict, Report, SourceDiagnostic};
use cachedojo_notation::text::Language;

use super::link::PLAYGROUND;
use super::words::{Words, untold};

/// One row.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) category: &'a str,
    pub(super) points: u32,
    pub(super) max_points: u32,
    pub(super) verdict: Verdict,
    /// What went wrong, as lines of plain text; empty for a pass.
    pub(super) details: String,
    /// The check, if this row is one.
    pub(super) check: Option<&'a CheckReport>,
}

/// The rows of a report. A submission that was not graded has one row, which is never passed.
pub(super) fn rows(report: &Report, language: Language) -> Vec<Row<'_>> {
    let words = Words::of(language);
    let (id, title, verdict) = match report.verdict {
        GradeVerdict::Graded => return report.checks.iter().map(|check| Row::of(check, words)).collect(),
        GradeVerdict::BuildFailed if mark_of(report).is_none() => {
            ("build", "There is one submission to grade", Verdict::Fail)
        }
        GradeVerdict::BuildFailed => ("build", "The submission compiles", Verdict::Fail),
        GradeVerdict::Forbidden => ("inspection", "The submission holds nothing forbidden", Verdict::Forbidden),
        GradeVerdict::HarnessError => ("grader", "The grader works", Verdict::HarnessError),
    };
    let title = match (language, report.verdict) {
        (Language::English, _) => title,
        (Language::French, GradeVerdict::BuildFailed) if mark_of(report).is_none() => "Il y a un seul rendu à noter",
        (Language::French, GradeVerdict::BuildFailed) => "Le rendu compile",
        (Language::French, GradeVerdict::Forbidden) => "Le rendu ne contient rien d'interdit",
        (Language::French, _) => "Le correcteur fonctionne",
    };
    let details = obstacle(report, words);
    let max_points = report.max_score;
    vec![Row { id, title, category: "", points: 0, max_points, verdict, details, check: None }]
}

impl<'a> Row<'a> {
    fn of(check: &'a CheckReport, words: &Words) -> Self {
        Self {
            id: &check.id,
            title: &check.title,
            category: &check.category,
            points: check.points,
            max_points: check.max_points,
            verdict: check.verdict,
            details: if check.verdict == Verdict::Pass { String::new() } else { details(check, words) },
            check: Some(check),
        }
    }

    /// The title, or the id if a pack has an empty title: platforms require a name.
    pub(super) fn name(&self) -> &'a str {
        if self.title.trim().is_empty() { self.id } else { self.title }
    }

    pub(super) fn passed(&self) -> bool {
        self.verdict == Verdict::Pass
    }
}

/// Everything about a failed check, as lines of plain text.
pub(super) fn details(check: &CheckReport, words: &Words) -> String {
    let mut text = String::new();
    if !check.message.is_empty() {
        let _ = writeln!(text, "{}", check.message);
    }
    if check.visibility == Visibility::Hidden && check.verdict != Verdict::Skipped {
        let _ = writeln!(text, "{}", words.hidden);
    }
    told(&check.transcript, &check.script, words, &mut text);
    story(&check.schedule, words, &mut text);
    if !check.hint.is_empty() && check.verdict != Verdict::Skipped {
        let _ = writeln!(text, "{}{} {}", words.hint, words.colon, check.hint);
    }
    if !check.link.is_empty() {
        let _ = writeln!(text, "{}{} {}", opening(&check.link, words), words.colon, check.link);
    }
    for also in &check.also_fails {
        let _ = writeln!(text, "{}{} {}", words.also_fails, words.colon, also.message);
        told(&also.transcript, &also.script, words, &mut text);
        story(&also.schedule, words, &mut text);
    }
    if text.is_empty() {
        text = format!("{}\n", words.verdict_of(check));
    }
    text
}

/// What was seen, and the lines of a scene that is told in words.
fn told(transcript: &str, script: &str, words: &Words, text: &mut String) {
    for line in transcript.lines() {
        let _ = writeln!(text, "  {line}");
    }
    if let Some(script) = untold(script, transcript) {
        let _ = writeln!(text, "{}{}", words.replays, words.colon);
        for line in script.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
}

/// The order of threads that shows a failure, if there is one.
fn story(schedule: &str, words: &Words, text: &mut String) {
    if !schedule.is_empty() {
        let _ = writeln!(text, "{}{}", words.schedule, words.colon);
    }
    for line in schedule.lines() {
        let _ = writeln!(text, "  {line}");
    }
}

/// The text of a link into the playground: for this machine's own with the command that starts it.
pub(super) fn opening(link: &str, words: &Words) -> String {
    let is_own = link.strip_prefix(PLAYGROUND).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
    if is_own { format!("{} ({})", words.open, words.start_it) } else { words.open.to_owned() }
}

/// A place in a submission's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourcePlace {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// The place in the source where a check failed, if its message has one: a panic names its place, as `src/lib.rs:3:5`.
pub(super) fn place_of(check: &CheckReport) -> Option<SourcePlace> {
    [&check.actual, &check.message].into_iter().find_map(|text| place_in(text))
}

fn place_in(text: &str) -> Option<SourcePlace> {
    // An exception's place is told as `(main.py, line 4)`.
    let text = text.replace(".py, line ", ".py:").replace(".py, ligne ", ".py:");
    text.split(|c: char| c.is_whitespace() || ",;()'\"".contains(c)).find_map(|word| {
        let mut parts = word.trim_end_matches(['.', ':']).split(':');
        let (file, line, column) = (parts.next()?, parts.next()?, parts.next());
        let is_source = [".rs", ".py"].iter().any(|end| file.len() > end.len() && file.ends_with(end));
        // A path of the machine or of a library is not the learner's.
        let own = is_source && !file.starts_with(['/', '<', '\\']) && !file.contains("..");
        let (line, column) = (line.parse().ok()?, column.and_then(|column| column.parse().ok()).unwrap_or(0));
        own.then(|| SourcePlace { file: file.to_owned(), line, column })
    })
}

/// The points for a platform's gradebook: none where the grader failed, or where nothing was handed in or could be read, since a 0
/// would say that something was tried and is wrong. What is no text or too big was handed in all the same, and gets 0.
pub(crate) fn mark_of(report: &Report) -> Option<u32> {
    match report.verdict {
        GradeVerdict::Graded => Some(report.score),
        GradeVerdict::BuildFailed | GradeVerdict::Forbidden => report.handed.is_something().then_some(0),
        GradeVerdict::HarnessError => None,
    }
}

/// Why no check ran, with the messages of the compiler or the inspector; only the messages if checks ran.
pub(super) fn obstacle(report: &Report, words: &Words) -> String {
    let mut text = String::new();
    if let Some(sentence) = words.obstacle(report) {
        let _ = writeln!(text, "{sentence}");
    }
    for diagnostic in &report.diagnostics {
        let _ = writeln!(text, "{}", with_place(diagnostic));
    }
    text
}

/// The place of a message: `file:line:column`, as far as known.
pub(super) fn place(diagnostic: &SourceDiagnostic) -> String {
    match (diagnostic.line, diagnostic.column) {
        (0, _) => diagnostic.file.clone(),
        (line, 0) => format!("{}:{line}", diagnostic.file),
        (line, column) => format!("{}:{line}:{column}", diagnostic.file),
    }
}

/// A message behind its place, if it has one: what is said of a submission as a whole has none.
pub(crate) fn with_place(diagnostic: &SourceDiagnostic) -> String {
    let place = place(diagnostic);
    if place.is_empty() { diagnostic.message.clone() } else { format!("{place}: {}", diagnostic.message) }
}

/// The score in one line: `Score: 93/100 · passed (passing score 70)`; the obstacle where nothing was graded.
pub(super) fn headline(report: &Report, words: &Words) -> String {
    let verdict = if report.passed { words.passed } else { words.not_passed };
    let (score, max, passing) = (report.score, report.max_score, report.passing_score);
    match words.obstacle(report) {
        None => format!("{}{} {score}/{max} · {verdict} ({} {passing})", words.score, words.colon, words.passing),
        Some(sentence) => sentence.to_owned(),
    }
}

/// The known bugs that the submission behaves like, one line each.
pub(super) fn resemblances(report: &Report, words: &Words) -> Vec<String> {
    let alike = report.mutants.iter().filter(|mutant| mutant.behaves_like).map(|mutant| {
        let letter = match mutant.scenario.as_str() {
            "" => String::new(),
            number if number.parse::<u32>().is_ok() => format!(" ({} {number})", words.bug),
            letter => format!(" ({letter})"),
        };
        format!("{} `{}`{letter}{} {}", words.behaves_like, mutant.id, words.colon, mutant.message)
    });
    alike.collect()
}

/// The work at n, 2n, 4n … as a bar chart, the largest at full height.
pub(super) fn chart(fuel: &[u64]) -> String {
    let most = fuel.iter().max().copied().unwrap_or(0).max(1);
    let column = |fuel: &u64| ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][usize::try_from(fuel * 7 / most).unwrap_or(7)];
    fuel.iter().map(column).collect()
}

/// The work at n, 2n, 4n … as numbers.
pub(super) fn series(fuel: &[u64]) -> String {
    fuel.iter().map(u64::to_string).collect::<Vec<_>>().join(" → ")
}

#[cfg(test)]
mod tests {
    use super::place_in;

    #[test]
    fn a_panics_words_tell_its_place() {
        for (text, place) in [
            ("panicked: panicked at src/lib.rs:3:5: attempt to divide by zero", Some(("src/lib.rs", 3, 5))),
            ("panicked at ring.rs:12:1:\nindex out of bounds", Some(("ring.rs", 12, 1))),
            ("ValueError: no (main.py:7)", Some(("main.py", 7, 0))),
            ("panicked: KeyError: 'x' (store/main.py, line 4) in thread 2 (b)", Some(("store/main.py", 4, 0))),
            ("at /rustc/abc/library/core/src/option.rs:1:2, src/a.rs:9:8.", Some(("src/a.rs", 9, 8))),
            ("expected src/lib.rs, got 3:5", None),
            ("..:1:2 ../x.rs:1:2 .rs:1:1 x.txt:1:2", None),
        ] {
            let found = place_in(text);
            assert_eq!(found.as_ref().map(|at| (at.file.as_str(), at.line, at.column)), place, "{text}");
        }
    }
}
