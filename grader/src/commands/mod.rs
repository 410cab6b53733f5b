//! The commands, one module each.

pub mod build;
pub mod class;
pub mod doctor;
pub mod exercises;
pub mod grade;
pub mod run;
pub mod selfcheck;
pub mod serve;
pub mod shell;
mod stop;
pub mod trace;
pub mod watch;
pub mod worker;

use std::path::Path;

use anyhow::Result;
use cachedojo_notation::text::Language;

use crate::cli::{Command, GradingArgs};
use crate::course::{self, COURSE_ID};
use crate::host::files::read_plain;
use crate::host::outcome::{self, UsageError, say};
use crate::pack::{DEFAULT_ID, Pack, built_in_ids, plain};
use crate::report::french::in_french;

/// The largest statement that is searched, in bytes.
const STATEMENT_BYTES_MAX: u64 = 1 << 20;

/// Has what is said beside a command's result in the language that was asked for.
pub fn speak(command: &Command) {
    let language = match command {
        Command::Grade(args) => args.grading.lang,
        Command::Watch(args) => args.lang,
        Command::Class(args) => args.lang,
        Command::Worker(args) => args.lang,
        Command::Run(args) => args.lang,
        Command::Show(args) => args.lang,
        _ => Language::English,
    };
    if language == Language::French {
        outcome::speak(in_french);
    }
}

/// The pack that an argument names; if there is no valid one, that is the caller's mistake.
fn load_pack(id_or_folder: &str) -> Result<Pack> {
    if id_or_folder == COURSE_ID {
        let message = "`script-hunts` is a course: name one of its lessons, such as expose-ttl; `grader show script-hunts` lists them";
        return Err(UsageError(message.to_owned()).into());
    }
    let pack = course::load(id_or_folder).map_err(|error| UsageError(format!("{error:#}")))?;
    let id = &pack.exercise.id;
    // A copy of a built-in pack is another exercise once something of it is changed.
    let is_built_in = id != id_or_folder && built_in_ids().contains(id);
    if is_built_in && Pack::load(id).is_ok_and(|built_in| built_in.files != pack.files) {
        say(&format!(
            "`{id_or_folder}` has the id of the built-in exercise `{id}`, and its results are called by it: give it an id of its own"
        ));
    }
    Ok(pack)
}

/// A submission's path that is not there, and is the name of an exercise: the two are easily mixed up.
fn check_submission(path: &Path) -> Result<()> {
    let Some(name) = path.to_str().filter(|_| !path.exists()) else { return Ok(()) };
    if course::ids().iter().any(|id| id == name) {
        let why = format!(
            "`{name}` is an exercise, and no folder of that name is here: `grader init {name} DIR` begins it, \
             `grader grade DIR --exercise {name}` grades it"
        );
        return Err(UsageError(why).into());
    }
    Ok(())
}

/// A file that is to be written must be able to, as the report or whatever is asked for: told before anything is graded.
fn check_out(file: &Path, what: &str, example: &str) -> Result<()> {
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let shown = file.display();
    if file.is_dir() {
        return Err(UsageError(format!(
            "`{shown}` is a folder: name a file for the {what}, such as {shown}/{example}"
        ))
        .into());
    }
    if !folder.is_dir() {
        return Err(
            UsageError(format!("there is no folder `{}` for the {what}: make it first", folder.display())).into()
        );
    }
    // Nobody is to wait for a report that then cannot be written. What is no file (`/dev/null`) is written to as it is.
    let is_replaced = !file.exists() || file.is_file();
    if is_replaced && let Err(error) = tempfile::tempfile_in(folder) {
        let why =
            format!("nothing can be written into `{}` ({error}): name another file for the {what}", folder.display());
        return Err(UsageError(why).into());
    }
    Ok(())
}

/// The pack that a learner's folder is graded by. The submission's content never decides it: a folder that was begun for another
/// exercise than the one that is graded when none is named must be graded with `--exercise`.
fn graded_by(grading: &GradingArgs) -> Result<Pack> {
    if let Some(exercise) = &grading.exercise {
        return load_pack(exercise);
    }
    if let Some(id) = begun_for(&grading.path) {
        let path = grading.path.display();
        let why = format!(
            "`{path}` was begun for `{id}`: was --exercise {id} meant? Name it, or --exercise {DEFAULT_ID} to grade it for that"
        );
        return Err(UsageError(why).into());
    }
    load_pack(DEFAULT_ID)
}

/// The other exercise than the default one whose statement stands in a folder.
fn begun_for(path: &Path) -> Option<String> {
    let statement = |name: &str| String::from_utf8(read_plain(&path.join(name), STATEMENT_BYTES_MAX).ok()?).ok();
    let begun = plain(&statement("statement.en.md").or_else(|| statement("statement.fr.md"))?);
    // A statement is known by its first line too, since the rest may have been mended after the folder was begun.
    let title = begun.lines().next().unwrap_or_default();
    let is_of = |id: &String| {
        let pack = Pack::load(id).ok();
        pack.is_some_and(|pack| {
            [Language::English, Language::French].into_iter().any(|language| {
                pack.statement(language).is_some_and(|statement| statement.lines().next() == Some(title))
            })
        })
    };
    course::ids().into_iter().filter(|id| id != DEFAULT_ID).find(is_of)
}
