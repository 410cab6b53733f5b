//! `grader exercises`, `show` and `init`: lists exercises, and starts one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_notation::text::Language;

use crate::cli::{InitArgs, ShowArgs};
use crate::course::{COURSE_ID, CourseFiles};
use crate::host::outcome::{Outcome, UsageError};
use crate::host::printable::argument;
use crate::pack::{Pack, begun, built_in_ids};

/// Lists the built-in exercises.
///
/// # Errors
/// A built-in pack is invalid.
pub fn list() -> Result<Outcome> {
    let mut out = std::io::stdout().lock();
    for id in built_in_ids() {
        let exercise = Pack::load(&id)?.exercise;
        let (points, checks) = (exercise.max_score(), exercise.checks.len());
        let languages = exercise.languages.iter().map(|language| language.name()).collect::<Vec<_>>().join(", ");
        writeln!(out, "{id:20} {} · {languages} · {checks} checks, {points} points", exercise.title.en)?;
    }
    let course = CourseFiles::load()?.course;
    for chapter in &course.chapters {
        writeln!(out, "\n{COURSE_ID}: {}", chapter.title.en)?;
        for lesson in course.lessons.iter().filter(|lesson| lesson.chapter == chapter.id) {
            writeln!(out, "{:20} {} · script · {} minutes", lesson.id, lesson.title.en, lesson.minutes)?;
        }
    }
    Ok(Outcome::Passed)
}

/// Shows an exercise.
///
/// # Errors
/// There is no such exercise.
pub fn show(args: &ShowArgs) -> Result<Outcome> {
    if args.exercise == COURSE_ID && !args.spec {
        return show_course(args.lang);
    }
    let pack = super::load_pack(&args.exercise)?;
    let mut out = std::io::stdout().lock();
    if args.spec {
        writeln!(out, "{}", serde_json::to_string_pretty(&pack.exercise.spec())?)?;
        return Ok(Outcome::Passed);
    }
    if let Some(statement) = pack.statement(args.lang) {
        writeln!(out, "{}\n", statement.trim_end())?;
    }
    // A lesson's goals have no titles: its text describes them.
    for check in pack.exercise.checks.iter().filter(|_| pack.lesson.is_none()) {
        let title = check.title.get(args.lang);
        writeln!(out, "  {:18} {:>3}  {:16} {title}", check.id, check.points, check.category)?;
    }
    let words = match args.lang {
        Language::English => "points in all; passed from",
        Language::French => "points en tout ; réussi à partir de",
    };
    writeln!(out, "  {:18} {:>3}  {words} {}", "", pack.exercise.max_score(), pack.exercise.passing_score)?;
    Ok(Outcome::Passed)
}

/// Shows the course: its chapters, and the ids by which lessons are started and graded.
fn show_course(language: Language) -> Result<Outcome> {
    let course = CourseFiles::load()?.course;
    let mut out = std::io::stdout().lock();
    let words = match language {
        Language::English => "minutes",
        Language::French => "minutes environ",
    };
    for chapter in &course.chapters {
        writeln!(out, "{}\n  {}\n", chapter.title.get(language), chapter.summary.get(language))?;
        for lesson in course.lessons.iter().filter(|lesson| lesson.chapter == chapter.id) {
            writeln!(out, "  {:20} {} · {} {words}", lesson.id, lesson.title.get(language), lesson.minutes)?;
        }
        writeln!(out)?;
    }
    let lesson = course.lessons.first().map_or("", |lesson| lesson.id.as_str());
    writeln!(
        out,
        "{}",
        match language {
            Language::English => format!("Read one: grader show {lesson}    Begin it: grader init {lesson} DIR"),
            Language::French =>
                format!("En lire une : grader show {lesson} --lang fr    La commencer : grader init {lesson} DIR"),
        }
    )?;
    Ok(Outcome::Passed)
}

/// Starts an exercise of a teacher's own.
fn begin_pack(dir: &Path) -> Result<Outcome> {
    let name = dir.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_id = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let mut files = begun();
    if let Some(text) = files.get_mut("exercise.toml").filter(|_| is_id) {
        *text = text.replace("\"my-exercise\"", &format!("\"{name}\""));
    }
    write_new(dir, &files)?;
    let shown = argument(&dir.display().to_string());
    let mut out = std::io::stdout().lock();
    writeln!(out, "It is sound as it is: grader selfcheck {shown}")?;
    writeln!(out, "Now change exercise.toml, a check, the solution; docs/write-an-exercise.md says how. Grade by it:")?;
    writeln!(out, "  grader grade {} --exercise {shown}", argument(&dir.join("starter").display().to_string()))?;
    Ok(Outcome::Passed)
}

/// Writes files into a new folder, and says so.
fn write_new(dir: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    check_free(dir, files.keys())?;
    for (path, text) in files {
        let target = dir.join(path);
        let parent = target.parent().context("a file stands in a folder")?;
        fs::create_dir_all(parent).and_then(|()| fs::write(&target, text)).map_err(|error| {
            UsageError(format!("`{}` cannot be written ({error}): name another folder", target.display()))
        })?;
    }
    let mut out = std::io::stdout().lock();
    for path in files.keys() {
        writeln!(out, "wrote {}", dir.join(path).display())?;
    }
    Ok(())
}

/// Writes an exercise's starter and statements into a new folder.
///
/// # Errors
/// There is no such exercise, or the folder holds something already.
pub fn init(args: &InitArgs) -> Result<Outcome> {
    if let Some(dir) = &args.pack {
        return begin_pack(dir);
    }
    let both = args.exercise.as_ref().zip(args.dir.as_ref());
    let (exercise, dir) = both.ok_or_else(|| UsageError("name an exercise and a folder".to_owned()))?;
    let pack = super::load_pack(exercise)?;
    let languages = &pack.exercise.languages;
    let language = args.code.unwrap_or_else(|| languages[0]);
    if !languages.contains(&language) {
        let known: Vec<_> = languages.iter().map(|language| language.name()).collect();
        let message = match languages.as_slice() {
            [CodeLanguage::Http] => format!("`{exercise}` has one starter, for whatever language: leave out `--code`"),
            [only] => format!("`{exercise}` takes {} alone: leave out `--code`", only.name()),
            _ => format!("`{exercise}` takes no {}: choose {}", language.name(), known.join(" or ")),
        };
        return Err(UsageError(message).into());
    }
    write_new(dir, &pack.begun_in(language))?;
    let mut out = std::io::stdout().lock();
    let mut command = format!("grader grade {}", argument(&dir.display().to_string()));
    if exercise != crate::pack::DEFAULT_ID {
        command += &format!(" --exercise {}", argument(exercise));
    }
    if pack.exercise.interface == InterfaceKind::Service {
        // It is started as an ordinary program: one's own may be.
        command += " --trust";
    }
    writeln!(out, "Now write your code, and try: {command}")?;
    Ok(Outcome::Passed)
}

/// Files that a fresh repository or an editor puts into a folder (or how their names begin); a folder with only these counts as
/// empty.
const KEPT: &[&str] = &[".git", ".hg", ".svn", ".DS_Store", ".idea", ".vscode", "README", "LICENSE", "LICENCE"];

/// Refuses a folder in which files could be overwritten, or mixed with those of an exercise.
fn check_free<'a>(dir: &Path, mut files: impl Iterator<Item = &'a String>) -> Result<()> {
    let is_kept = |name: &str| KEPT.iter().any(|kept| name.starts_with(kept));
    let mut inside = fs::read_dir(dir).into_iter().flatten().flatten();
    let occupied = inside.any(|entry| !is_kept(&entry.file_name().to_string_lossy()));
    if dir.is_file() {
        return Err(UsageError(format!("`{}` is a file: name a new folder, nothing was written", dir.display())).into());
    }
    if occupied || files.any(|file| dir.join(file).exists()) {
        let message = format!("`{}` holds something already: name a new folder, nothing was written", dir.display());
        return Err(UsageError(message).into());
    }
    Ok(())
}
