//! What an exercise asks of a submission before any of its code runs.

use anyhow::Context;
use cachedojo_judge::pack::InterfaceKind;

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
}

impl Interface {
    /// What a pack's exercise asks for.
    ///
    /// # Errors
    /// The pack has no prototype, or not one that can be read.
    pub fn of(pack: &Pack) -> anyhow::Result<Self> {
        let text = pack.files.get("prototype.rs").context("the pack has no prototype.rs: add one")?;
        Ok(Self {
            kind: pack.exercise.interface,
            prototype: Prototype::parse(text).map_err(anyhow::Error::msg)?,
            allowed_crates: pack.exercise.allowed_crates.iter().map(|name| name.replace('-', "_")).collect(),
        })
    }
}
