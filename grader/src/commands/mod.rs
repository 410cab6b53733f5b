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

use std::path::Path;

use anyhow::Result;

use crate::course;
use crate::host::outcome::UsageError;
use crate::pack::Pack;

/// The pack that an argument names; naming none that is sound is the caller's mistake.
fn load_pack(id_or_folder: &str) -> Result<Pack> {
    course::load(id_or_folder).map_err(|error| UsageError(format!("{error:#}")).into())
}

/// A file that is to be written must be able to: told before anything is graded.
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
