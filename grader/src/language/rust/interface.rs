//! What an exercise asks of a submission before any of its code runs.

use cachedojo_judge::pack::InterfaceKind;

use crate::host::outcome::UsageError;
use crate::language::rust::companion::Companion;
use crate::language::rust::prototype::Prototype;
use crate::pack::Pack;

/// What a submission has to be.
#[derive(Debug, Clone)]
pub struct Interface {
    /// How it is spoken to.
    pub kind: InterfaceKind,
    /// The items it is asked for.
    pub prototype: Prototype,
    /// The crates it may use besides std, as Rust code names them.
    pub allowed_crates: Vec<String>,
    /// A crate of ours that it is compiled with, one of those allowed.
    pub companion: Option<Companion>,
}

impl Interface {
    /// What a pack's exercise asks for.
    ///
    /// # Errors
    /// The pack has no prototype, or not one that can be read.
    pub fn of(pack: &Pack) -> anyhow::Result<Self> {
        let kind = pack.exercise.interface;
        // Nothing of what tests hold is called but the tests.
        let none = (kind == InterfaceKind::Tests).then_some("");
        let text = pack.files.get("prototype.rs").map(String::as_str).or(none);
        let text = text.ok_or_else(|| UsageError("the pack has no prototype.rs: add one".to_owned()))?;
        Ok(Self {
            kind,
            prototype: Prototype::parse(text).map_err(UsageError)?,
            companion: None,
            allowed_crates: pack.exercise.allowed_crates.iter().map(|name| name.replace('-', "_")).collect(),
        })
    }
}
