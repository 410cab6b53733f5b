//! The requirements of an exercise on a submission, before any of its code runs.

use cachedojo_judge::pack::InterfaceKind;

use crate::host::outcome::UsageError;
use crate::language::rust::companion::Companion;
use crate::language::rust::prototype::Prototype;
use crate::pack::Pack;

/// The requirements on a submission.
#[derive(Debug, Clone)]
pub struct Interface {
    /// What of it is called.
    pub kind: InterfaceKind,
    /// The items that are requested.
    pub prototype: Prototype,
    /// The crates that it may use besides std, with the names that Rust code has for them.
    pub allowed_crates: Vec<String>,
    /// A crate of ours that it is compiled with; one of the allowed crates.
    pub companion: Option<Companion>,
}

impl Interface {
    /// The requirements of a pack's exercise.
    ///
    /// # Errors
    /// The pack has no prototype, or an invalid one.
    pub fn of(pack: &Pack) -> anyhow::Result<Self> {
        let kind = pack.exercise.interface;
        // Of tests, nothing but the tests themselves is called.
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
