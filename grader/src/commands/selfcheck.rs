//! `grader selfcheck`: tests the kit itself. The solution earns full marks, the starter next to none; every mutant fails exactly
//! the checks that its pack lists, and is recognised by name; no two mutants are the same; every check kills one; every attack
//! fails.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_judge::report::{GradeVerdict, Report};
use cachedojo_judge::resemblance::{Fingerprint, compare};
use cachedojo_judge::{Exercise, Verdict};
use cachedojo_notation::text::Language;

use crate::attacks::{self, Corpus};
use crate::cli::SelfcheckArgs;
use crate::course::{COURSE_ID, CourseFiles};
use crate::host::outcome::{Outcome, say};
use crate::host::printable::{self, clip, counted};
use crate::intake::submission::{self, Submission};
use crate::pack::{Pack, built_in_ids};
use crate::report::{first_obstacle, with_place};
use crate::run::bench::Bench;
use crate::run::isolated;
use crate::run::mutants::{self, Rows};

/// The most that a starter may earn, in percent: it stores nothing.
const STARTER_PERCENT_MAX: u32 = 10;

/// Checks the exercise that is named, else every built-in one.
///
/// # Errors
/// This machine lacks what grading needs.
pub fn selfcheck(args: &SelfcheckArgs) -> Result<Outcome> {
    let ids = args.exercise.clone().map_or_else(built_in_ids, |id| vec![id]);
    let mut mistakes = 0;
    if args.exercise.as_deref().is_none_or(|id| id == COURSE_ID) {
        mistakes += check_course(args.trust)?;
    }
    for id in ids.iter().filter(|id| *id != COURSE_ID) {
        let pack = super::load_pack(id)?;
        let bench = Bench::open(&pack, args.trust)?;
        let rows = if args.exercise.is_some() { Rows::All } else { Rows::AllBriefly };
        mistakes += check_pack(&bench, args.seed, rows, !built_in_ids().contains(id))?;
    }
    for corpus in Corpus::ALL {
        if args.exercise.as_deref().is_none_or(|id| id == corpus.exercise()) {
            let Some(home) = corpus.home() else {
                let (exercise, folder) = (corpus.exercise(), corpus.folder());
                say(&format!(
                    "attacks on {exercise} are not tried: run this in the project's sources, which hold {folder}"
                ));
                continue;
            };
            let pack = super::load_pack(corpus.exercise())?;
            mistakes += check_attacks(&Bench::open(&pack, args.trust)?, corpus, &home)?;
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "selfcheck: {}, {}", counted(ids.len(), "exercise"), counted(mistakes, "mistake"))?;
    Ok(if mistakes == 0 { Outcome::Passed } else { Outcome::NotPassed })
}

/// Every lesson is solved in full by its solution, and not by its failed attempt.
fn check_course(trust: bool) -> Result<usize> {
    let files = CourseFiles::load()?;
    let mut mistakes = Vec::new();
    for lesson in &files.course.lessons {
        let pack = files.pack(&lesson.id).context("a lesson of the course")?;
        let bench = Bench::open(&pack, trust)?;
        let grade = |text: String| {
            let script = [("script.txt".to_owned(), text)].into();
            isolated::grade_part(&bench, CodeLanguage::Script, &lesson.id, script, 0, Language::English)
        };
        let solved = grade(lesson.solution())?;
        if solved.score != solved.max_score || !solved.passed {
            mistakes.push(format!("the solution of `{}` earns {}: {:?}", lesson.id, solved.score, solved.checks));
        }
        if grade(lesson.failed_attempt())?.passed {
            mistakes.push(format!("the failed attempt of `{}` passes: the lesson could not be failed", lesson.id));
        }
    }
    let mut out = std::io::stdout().lock();
    for mistake in &mistakes {
        writeln!(out, "{COURSE_ID}: {mistake}")?;
    }
    let (lessons, mutants) = (files.course.lessons.len(), files.patches.len());
    let counts = [(lessons, "lesson"), (mutants, "mutant"), (mistakes.len(), "mistake")];
    writeln!(out, "{COURSE_ID}: {}", counts.map(|(count, what)| counted(count, what)).join(", "))?;
    Ok(mistakes.len())
}

fn check_attacks(bench: &Bench<'_>, corpus: Corpus, home: &Path) -> Result<usize> {
    let (total, succeeded) = attacks::attempt_all(bench, corpus, home)?;
    let mut out = std::io::stdout().lock();
    for attack in &succeeded {
        writeln!(out, "attack {attack}")?;
    }
    writeln!(out, "attacks on {}: {} of {total} succeeded", corpus.exercise(), succeeded.len())?;
    Ok(succeeded.len())
}

/// What keeps a pack's own programs from being made: a folder without a file to begin with; a patch that is not there, or does not
/// fit any more. These are the pack's mistakes, and no failure of the grader's.
fn unfit(pack: &Pack, language: CodeLanguage) -> Vec<String> {
    let (several, code) = (pack.exercise.languages.len() > 1, language.name());
    let lacks = ["solution", "starter"].into_iter().filter(|folder| {
        let files = pack.part(folder, language);
        !files.is_empty() && Submission::of(language, folder, files).is_none()
    });
    let home = |folder: &str| if several { format!("{folder}/{code}") } else { folder.to_owned() };
    let begin = submission::roots_in(language, pack.exercise.interface);
    let lacking: Vec<String> =
        lacks.map(|folder| format!("`{}` has no {begin} to begin with: add it", home(folder))).collect();
    if !lacking.is_empty() {
        return lacking;
    }
    if pack.exercise.interface == InterfaceKind::Tests || pack.part("solution", language).is_empty() {
        return Vec::new();
    }
    let specs = pack.exercise.mutants.iter().filter(|mutant| mutant.speaks(language));
    specs.filter_map(|spec| mutants::files(pack, language, &spec.id).err()).map(|error| format!("{error:#}")).collect()
}

/// The mistakes of a pack's part in a language.
fn check_language(bench: &Bench<'_>, language: CodeLanguage, seed: u64, rows: Rows) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let solution = grade(bench, language, "solution", seed)?;
    found.extend(check_solution(solution.as_ref()));
    // Of a solution that does not run no mutant can be made, and whoever is graded is compared with those.
    let runs = solution.is_some_and(|report| report.verdict == GradeVerdict::Graded);
    if runs {
        let starter = grade(bench, language, "starter", seed)?;
        found.extend(check_starter(starter.as_ref()));
        found.extend(check_planted(&bench.pack.exercise, language, starter.as_ref()));
    }
    // The bugs that tests are to find are proved by the solution's tests, which find them all.
    if bench.pack.exercise.interface != InterfaceKind::Tests && runs {
        let fingerprints = fingerprints(bench, language, seed, rows, &mut found)?;
        found.extend(check_mutants(bench, language, &fingerprints));
    }
    Ok(found)
}

/// Names that files, links and columns cannot bear, and one that another exercise has already.
fn unfit_names(exercise: &Exercise, is_own: bool) -> Vec<String> {
    let rows = exercise.checks.iter().map(|check| &check.id);
    let all = std::iter::once(&exercise.id).chain(rows).chain(exercise.mutants.iter().map(|mutant| &mutant.id));
    let is_fit = |name: &str| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        !name.is_empty() && name.bytes().all(is_plain)
    };
    let unfit = all.filter(|name| !is_fit(name));
    let mut mistakes: Vec<String> = unfit
        .map(|name| {
            format!("the name `{name}` goes into files, links and columns: write small letters, digits, - and _")
        })
        .collect();
    if is_own && (exercise.id == COURSE_ID || built_in_ids().contains(&exercise.id)) {
        let id = &exercise.id;
        mistakes.push(format!(
            "`{id}` is the id of a built-in exercise, and results could not be told apart: choose another"
        ));
    }
    mistakes
}

fn check_pack(bench: &Bench<'_>, seed: u64, rows: Rows, is_own: bool) -> Result<usize> {
    let mut mistakes = unfit_names(&bench.pack.exercise, is_own);
    for &language in &bench.pack.exercise.languages {
        // Whoever is graded is compared with the known bugs: so nothing is graded before all of these can be made.
        let mut found = unfit(bench.pack, language);
        if found.is_empty() {
            found = check_language(bench, language, seed, rows)?;
        }
        let is_only = bench.pack.exercise.languages.len() == 1;
        let where_it_is = if is_only { String::new() } else { format!("in {}, ", language.name()) };
        mistakes.extend(found.into_iter().map(|mistake| format!("{where_it_is}{mistake}")));
    }
    let statements = ["statement.en.md", "statement.fr.md"].into_iter();
    mistakes.extend(
        statements
            .filter(|name| !bench.pack.files.contains_key(*name))
            .map(|name| format!("there is no {name}: learners read it in that language")),
    );
    let mut out = std::io::stdout().lock();
    let exercise = &bench.pack.exercise;
    for mistake in &mistakes {
        writeln!(out, "{}: {mistake}", exercise.id)?;
    }
    let counts = [(exercise.checks.len(), "check"), (exercise.mutants.len(), "mutant"), (mistakes.len(), "mistake")];
    writeln!(out, "{}: {}", exercise.id, counts.map(|(count, what)| counted(count, what)).join(", "))?;
    Ok(mistakes.len())
}

/// The most lines about one solution: of one that is all wrong, more would say no more.
const LINES_MAX: usize = 30;
/// The most characters of such a line.
const LINE_CHARS_MAX: usize = 600;

/// What is wrong with a solution, in several lines: each row that fails, and what the report says of the source.
fn check_solution(report: Option<&Report>) -> Option<String> {
    let Some(report) = report else { return Some("there is no solution: add it".to_owned()) };
    let mut lines: Vec<String> = Vec::new();
    if report.verdict == GradeVerdict::Graded {
        let failing = report.checks.iter().filter(|check| check.verdict != Verdict::Pass);
        lines.extend(failing.map(|check| format!("the solution fails `{}`: {}", check.id, check.message)));
        if lines.is_empty() && report.score != report.max_score {
            lines.push(format!("the solution earns {} of {}", report.score, report.max_score));
        }
    }
    // What is said of a sound solution is no mistake.
    if report.verdict != GradeVerdict::Graded || !lines.is_empty() {
        lines.extend(report.diagnostics.iter().map(with_place));
    }
    if report.verdict != GradeVerdict::Graded {
        let first = lines.first().cloned().unwrap_or_default();
        lines.splice(..lines.len().min(1), [format!("the solution cannot be graded: {first}")]);
    }
    let more = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let lines: Vec<String> = lines.iter().map(|line| clip(&printable::harmless(line), LINE_CHARS_MAX)).collect();
    (!lines.is_empty()).then(|| lines.join("\n").replace('\n', "\n  "))
}

fn check_starter(report: Option<&Report>) -> Option<String> {
    let Some(report) = report else { return Some("there is no starter: add it".to_owned()) };
    if report.verdict != GradeVerdict::Graded {
        Some(format!("the starter cannot be graded: {}", obstacle(report)))
    } else if report.score * 100 > report.max_score * STARTER_PERCENT_MAX {
        Some(format!("the starter earns {} of {}: it should earn next to nothing", report.score, report.max_score))
    } else {
        None
    }
}

/// The bugs that the pack says the starter has must be those that it is seen to have: what else it is like would be told.
fn check_planted(exercise: &Exercise, language: CodeLanguage, starter: Option<&Report>) -> Option<String> {
    let planted = exercise.mutants.iter().filter(|mutant| mutant.planted && mutant.speaks(language));
    let planted: BTreeSet<&str> = planted.map(|mutant| mutant.id.as_str()).collect();
    let alike = starter?.mutants.iter().filter(|mutant| mutant.behaves_like);
    let alike: BTreeSet<&str> = alike.map(|mutant| mutant.id.as_str()).collect();
    (!planted.is_empty() && alike != planted)
        .then(|| format!("the starter behaves like {alike:?}, its pack says that {planted:?} are planted in it"))
}

fn obstacle(report: &Report) -> String {
    first_obstacle(report, Language::English).unwrap_or_default()
}

/// The report on one of the pack's folders; nothing where it has none.
fn grade(bench: &Bench<'_>, language: CodeLanguage, folder: &str, seed: u64) -> Result<Option<Report>> {
    let files = bench.pack.part(folder, language);
    if files.is_empty() {
        return Ok(None);
    }
    isolated::grade_part(bench, language, folder, files, seed, Language::English).map(Some)
}

/// The fingerprints of all mutants that can be built, in the pack's order; the others are mistakes.
fn fingerprints(
    bench: &Bench<'_>,
    language: CodeLanguage,
    seed: u64,
    rows: Rows,
    mistakes: &mut Vec<String>,
) -> Result<Vec<Option<Fingerprint>>> {
    let specs: Vec<_> = bench.pack.exercise.mutants.iter().filter(|mutant| mutant.speaks(language)).collect();
    let outcomes = mutants::fingerprints(bench, language, &specs, rows, seed)?.into_iter();
    Ok(outcomes.map(|outcome| outcome.map_err(|error| mistakes.push(format!("{error:#}"))).ok()).collect())
}

/// Names in a sentence; `nothing` where there are none.
fn listed_or_none(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
}

fn check_mutants(bench: &Bench<'_>, language: CodeLanguage, fingerprints: &[Option<Fingerprint>]) -> Vec<String> {
    let exercise = &bench.pack.exercise;
    let specs = exercise.mutants.iter().filter(|mutant| mutant.speaks(language));
    let pairs: Vec<_> = specs.zip(fingerprints).filter_map(|(spec, print)| Some((spec, print.as_ref()?))).collect();
    let mut mistakes = Vec::new();
    for (index, (spec, print)) in pairs.iter().enumerate() {
        let failing: BTreeSet<&str> = print.failing().into_iter().collect();
        let named: BTreeSet<&str> = spec.killed_by.iter().map(String::as_str).collect();
        if failing.is_empty() {
            mistakes.push(format!("no check kills the mutant `{}`: write one that does", spec.id));
        } else if failing != named {
            let listed = |ids: &BTreeSet<&str>| ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
            let (failing, named) = (listed(&failing), listed(&named));
            mistakes.push(format!("the mutant `{}` fails {failing}, its pack says {named}", spec.id));
        }
        let named: Vec<String> =
            compare(print, &pairs).into_iter().filter(|row| row.behaves_like).map(|row| row.mutant).collect();
        if !failing.is_empty() && named != [spec.id.as_str()] {
            let others: Vec<String> = named.iter().filter(|id| **id != spec.id).map(|id| format!("`{id}`")).collect();
            let itself = if named.contains(&spec.id) { "" } else { ", and not for itself" };
            mistakes.push(format!("the mutant `{}` is taken for {}{itself}", spec.id, listed_or_none(&others)));
        }
        for (other, twin) in &pairs[..index] {
            if print == twin {
                mistakes
                    .push(format!("the mutants `{}` and `{}` fail alike: drop one, or add a case", other.id, spec.id));
            }
        }
    }
    for check in &exercise.checks {
        if !pairs.is_empty() && !pairs.iter().any(|(_, print)| print.failing().contains(&check.id.as_str())) {
            mistakes.push(format!("the check `{}` kills no mutant: add one that it must find", check.id));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use cachedojo_judge::report::{CheckReport, GraderId, SourceDiagnostic, SubmissionId};

    use GradeVerdict::{BuildFailed, Graded};
    use Verdict::{Fail, Pass};

    use super::*;
    use crate::pack::DEFAULT_ID;

    #[test]
    fn whatever_fails_a_solution_is_told_and_not_its_first_row_alone() {
        let check = |verdict, rows: &[Verdict], said: &[&str], told: Option<&str>| {
            let exercise = Pack::load(DEFAULT_ID).expect("a sound pack").exercise;
            let id = SubmissionId { path: "here".to_owned(), sha256: String::new(), files: Vec::new() };
            let grader = GraderId { version: "1".to_owned(), backend: "wasm".to_owned() };
            let said = said.iter().map(|message| SourceDiagnostic {
                file: "src/lib.rs".to_owned(),
                line: 3,
                column: 0,
                message: (*message).to_owned(),
            });
            let mut report = Report::without_checks(&exercise, verdict, 0, id, grader, said.collect());
            report.score = report.max_score;
            report.checks = rows
                .iter()
                .enumerate()
                .map(|(at, verdict)| CheckReport {
                    message: "what came".to_owned(),
                    ..CheckReport::empty(&format!("row{at}"), *verdict)
                })
                .collect();
            assert_eq!(check_solution(Some(&report)).as_deref(), told);
        };
        check(Graded, &[Pass], &["a remark"], None);
        check(
            Graded,
            &[Fail, Pass, Fail],
            &["a remark"],
            Some(
                "the solution fails `row0`: what came\n  the solution fails `row2`: what came\n  src/lib.rs:3: a remark",
            ),
        );
        check(
            BuildFailed,
            &[],
            &["one", "two\nlines"],
            Some("the solution cannot be graded: src/lib.rs:3: one\n  src/lib.rs:3: two\n  lines"),
        );
        let all: Vec<Verdict> = vec![Fail; 40];
        let lines = (0..30).map(|at| format!("the solution fails `row{at}`: what came\n  ")).collect::<String>();
        check(Graded, &all, &[], Some(&(lines + "and 10 more")));
        assert_eq!(check_solution(None).as_deref(), Some("there is no solution: add it"));
    }
}
