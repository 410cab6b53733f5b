//! The commands, one module each.

pub mod class;
pub mod doctor;
pub mod exercises;
pub mod grade;
pub mod run;
pub mod selfcheck;
pub mod shell;
mod stop;
pub mod trace;
pub mod watch;

use anyhow::Result;

use crate::cli::UsageError;
use crate::pack::Pack;

/// The pack that an argument names; naming none that is sound is the caller's mistake.
fn load_pack(id_or_folder: &str) -> Result<Pack> {
    Pack::load(id_or_folder).map_err(|error| UsageError(format!("{error:#}")).into())
}
