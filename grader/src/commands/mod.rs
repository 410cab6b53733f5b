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

use crate::course::{self, COURSE_ID, CourseFiles};
use crate::host::files::read_plain;
use crate::host::outcome::{UsageError, say};
use crate::pack::{DEFAULT_ID, Pack, built_in_ids, plain};

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

/// Checks that an output file can be written, before anything is graded.
fn check_out(file: &Path) -> Result<()> {
    let folder = file.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let shown = file.display();
    if file.is_dir() {
        return Err(
            UsageError(format!("`{shown}` is a folder: name a file for the report, such as {shown}/report")).into()
        );
    }
    if !folder.is_dir() {
        return Err(
            UsageError(format!("there is no folder `{}` for the report: make it first", folder.display())).into()
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
    let lessons = CourseFiles::load().map(|files| files.course.lessons).unwrap_or_default();
    let ids = built_in_ids().into_iter().chain(lessons.into_iter().map(|lesson| lesson.id));
    let is_of = |id: &String| {
        let pack = Pack::load(id).ok();
        pack.is_some_and(|pack| {
            [Language::English, Language::French].into_iter().any(|language| pack.statement(language) == Some(&begun))
        })
    };
    if let Some(id) = ids.filter(|id| id != DEFAULT_ID).find(is_of) {
        say(&format!("this folder was begun for `{id}` and is graded for `{DEFAULT_ID}`: was --exercise {id} meant?"));
    }
}
