//! The commands of each dialect with their help, as they cross to the page.

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use cachedojo_lab::script::help;

use crate::{dialect_of, language_of};

/// A command of a dialect.
#[derive(Serialize, Tsify)]
pub struct CommandHelp {
    /// The words it begins with.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it does.
    pub help: &'static str,
    /// What it is about, with its neighbours; empty where the list needs no headings.
    pub heading: &'static str,
}

/// A dialect's commands, explained in the language of that tag.
///
/// # Errors
/// When there is no such dialect.
#[wasm_bindgen]
pub fn commands(dialect: &str, language: &str) -> Result<Vec<Ts<CommandHelp>>, JsError> {
    let language = language_of(language);
    let told = help(dialect_of(dialect)?).into_iter();
    let told = told.map(|entry| CommandHelp {
        name: entry.name,
        usage: entry.usage,
        help: entry.text(language),
        heading: entry.heading(language),
    });
    Ok(told.map(|command| command.into_ts()).collect::<Result<_, _>>()?)
}
