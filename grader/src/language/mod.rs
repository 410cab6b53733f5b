//! Languages: from a submission's text to subjects, one folder for each language, all behind one seam.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`toolchain`] | the seam: build a submission, get a factory of subjects |
//! | [`http`] | a running service: a command that starts it, or its URL |
//! | [`python`] | Python, on a real CPython in the sandbox |
//! | [`rust`] | Rust, compiled to WebAssembly |
//! | [`script`] | the script language: nothing to build |
//! | [`suite`] | tests as submissions, whatever their language |
//! | [`threads`] | a module with threads as a subject, under a scheduler of ours |
//! | [`wasm`] | a WebAssembly module as a subject, in a world that is given to it |

pub mod http;
pub mod python;
pub mod rust;
pub mod script;
pub mod suite;
pub mod threads;
pub mod toolchain;
pub mod wasm;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use cachedojo_judge::pack::CodeLanguage;

use crate::host::sandbox::Protection;
use crate::intake::submission::Submission;
use crate::pack::Pack;
use suite::Suite;
use toolchain::{Rejected, Toolchain};

/// The toolchain of a language for a pack's exercise. What must be made once on this machine is made now, with a message on
/// standard error.
///
/// # Errors
/// The pack lacks what the language needs, or this machine does; the message names the remedy.
pub fn open(language: CodeLanguage, pack: &Pack, protection: Protection) -> Result<Arc<dyn Toolchain>> {
    match language {
        CodeLanguage::Rust => Ok(Arc::new(rust::RustToolchain::open(pack, protection)?)),
        CodeLanguage::Python => Ok(Arc::new(python::PythonToolchain::open(protection)?)),
        CodeLanguage::Script => Ok(Arc::new(script::ScriptToolchain)),
        CodeLanguage::Http => Ok(Arc::new(http::HttpToolchain::new(protection))),
    }
}

/// A submission's tests, ready to be run on these caches (name to source).
///
/// # Errors
/// They do not build, do what is forbidden, or this machine lacks what they need.
pub fn open_suite(
    submission: &Submission,
    caches: &BTreeMap<String, String>,
    protection: Protection,
) -> Result<Box<dyn Suite>, Rejected> {
    match submission.language {
        CodeLanguage::Python => Ok(Box::new(python::suite::PythonSuite::open(&submission.files, caches, protection)?)),
        CodeLanguage::Rust => Ok(Box::new(rust::suite::RustSuite::open(submission, caches, protection)?)),
        CodeLanguage::Script | CodeLanguage::Http => {
            Err(Rejected::harness("tests are written in Python or Rust: name one of the two in exercise.toml"))
        }
    }
}

/// Makes what tests in a language need once on a machine.
///
/// # Errors
/// This machine lacks what that needs, or one of the caches does not build.
pub fn prepare_suite(
    code: CodeLanguage,
    caches: &BTreeMap<String, String>,
    protection: Protection,
) -> Result<(), Rejected> {
    match code {
        CodeLanguage::Rust => rust::suite::prepare(caches, protection),
        CodeLanguage::Python => python::suite::prepare(),
        CodeLanguage::Script | CodeLanguage::Http => Ok(()),
    }
}

/// Makes one of the things that are made once on a machine, by its name.
///
/// # Errors
/// It cannot be made: a sentence.
pub fn make(what: &str, say: &dyn Fn(&str)) -> Result<()> {
    for target in [rust::toolbox::Target::Single, rust::toolbox::Target::Threads] {
        if target.name() == what {
            rust::toolbox::Toolbox::open(target, say)?;
            return Ok(());
        }
    }
    anyhow::ensure!(what == python::toolbox::NAME, "nothing of the name `{what}` is made once");
    python::toolbox::folder(&python::interpreter::Interpreter::find()?, say)?;
    Ok(())
}
