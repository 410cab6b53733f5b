//! Finds the built playground: where `--page` says, else in `page/` beside the grader (as `cargo xtask dist` lays it
//! out), else in `www/dist` of the repository that the grader was built in.

use std::path::{Path, PathBuf};

use anyhow::Result;
use axum::http::StatusCode;

use super::api::Refusal;
use crate::host::outcome::UsageError;

/// How to build the page.
pub const REMEDY: &str = "build it with `cargo xtask dist` and name its folder with --page dist/page";

/// The playground's folder; `None` if it was not built.
///
/// # Errors
/// The named folder has no page.
pub fn find(named: Option<&Path>) -> Result<Option<PathBuf>> {
    let is_page = |folder: &Path| folder.join("index.html").is_file();
    if let Some(folder) = named {
        return if is_page(folder) {
            Ok(Some(folder.to_owned()))
        } else {
            Err(UsageError(format!("`{}` holds no playground (no index.html): {REMEDY}", folder.display())).into())
        };
    }
    let program = std::env::current_exe()?;
    let beside = program.parent().map(|folder| folder.join("page"));
    let built = program.ancestors().skip(1).map(|folder| folder.join("www/dist"));
    Ok(beside.into_iter().chain(built).find(|folder| is_page(folder)))
}

/// The answer if there is no page.
pub async fn missing() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, &format!("there is no playground here: {REMEDY}; the API is /api/v1/grade"))
}
