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

use crate::course::{self, COURSE_ID};
use crate::host::files::read_plain;
use crate::host::outcome::{UsageError, say};
use crate::pack::{DEFAULT_ID, Pack, plain};

/// The largest statement that is searched, in bytes.
const STATEMENT_BYTES_MAX: u64 = 1 << 20;

/// The pack that an argument names; if there is no valid one, that is the caller's mistake.
fn load_pack(id_or_folder: &str) -> Result<Pack> {
    if id_or_folder == COURSE_ID {
        let message = "`script-hunts` is a course: name one of its lessons, such as expose-ttl; `grader show script-hunts` lists them";
        return Err(UsageError(message.to_owned()).into());
    }
    course::load(id_or_folder).map_err(|error| UsageError(format!("{error:#}")).into())
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
    Ok(())
}

/// Warns if the folder was started for another exercise than the default one, which is graded because none was named. The
/// submission's content never decides what it is graded by.
fn note_other_exercise(path: &Path, exercise: &str) {
    if exercise != DEFAULT_ID {
        return;
    }
    let statement = |name: &str| String::from_utf8(read_plain(&path.join(name), STATEMENT_BYTES_MAX).ok()?).ok();
    let Some(begun) = statement("statement.en.md").or_else(|| statement("statement.fr.md")) else { return };
    let begun = plain(&begun);
    let is_of = |id: &String| {
        let pack = Pack::load(id).ok();
        pack.is_some_and(|pack| {
            [Language::English, Language::French].into_iter().any(|language| pack.statement(language) == Some(&begun))
        })
    };
    if let Some(id) = course::ids().into_iter().filter(|id| id != DEFAULT_ID).find(is_of) {
        say(&format!("this folder was begun for `{id}` and is graded for `{DEFAULT_ID}`: was --exercise {id} meant?"));
    }
}
