//! From a submission's text to a program that can be run: inspect, compile, adapt.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use cachedojo::exercise::pack::SubjectKind;
use sha2::{Digest, Sha256};

use crate::diagnostic::{self, Diagnostic};
use crate::inspect::{self, Inspection};
use crate::pack::Pack;
use crate::prototype::Prototype;
use crate::rustc::{Call, Message, Outcome};
use crate::sandbox::{NotRun, Protection};
use crate::submission::{Submission, hex};
use crate::toolbox::Toolbox;
use crate::wasm::{Limits, Program, WasmSubject};

/// What a submission has to be.
#[derive(Debug, Clone)]
pub struct Interface {
    /// How it is spoken to.
    pub kind: SubjectKind,
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
            kind: pack.exercise.subject,
            prototype: Prototype::parse(text).map_err(anyhow::Error::msg)?,
            allowed_crates: pack.exercise.allowed_crates.iter().map(|name| name.replace('-', "_")).collect(),
        })
    }
}

/// A submission that can be run.
#[derive(Debug, Clone)]
pub struct Built {
    /// The program.
    pub program: Program,
    /// The module's bytes.
    pub module: Vec<u8>,
    /// The module's digest, in hexadecimal.
    pub module_sha256: String,
    /// Items of the prototype that are left out, because they are missing or have another signature.
    pub missing: Vec<String>,
    /// What there is to say all the same: items left out, and what the reader ignored.
    pub diagnostics: Vec<Diagnostic>,
}

impl Built {
    /// A fresh subject.
    pub fn subject(&self) -> WasmSubject {
        self.program.subject(Limits::default())
    }
}

/// Why a submission is not run.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// In a word.
    pub reason: Reason,
    /// In detail; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a submission is not run, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It does not compile.
    BuildFailed,
    /// It does what the exercise forbids.
    Forbidden,
    /// The grader itself failed; nothing is said about the submission.
    HarnessError,
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.reason {
            Reason::BuildFailed => "the submission does not build",
            Reason::Forbidden => "the submission holds what the exercise forbids",
            Reason::HarnessError => "the grader itself failed",
        })?;
        for diagnostic in &self.diagnostics {
            write!(f, "\n  {}:{}:{}: {}", diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejected {}

impl From<NotRun> for Rejected {
    fn from(error: NotRun) -> Self {
        Self::harness(&error.to_string())
    }
}

impl Rejected {
    fn new(reason: Reason, diagnostics: Vec<Diagnostic>) -> Self {
        Self { reason, diagnostics }
    }

    fn harness(message: &str) -> Self {
        Self::new(Reason::HarnessError, vec![diagnostic::general(message)])
    }
}

/// Most times the adapter is tried: each try leaves out at least one item, and rustc names many at once.
const TRIES_MAX: usize = 12;

/// The submission's own file names start in this folder of the scratch directory.
const SOURCES: &str = "submission";

/// Inspects, compiles and adapts a submission. Cost: two calls of the compiler, about half a second of processor time.
///
/// # Errors
/// See [`Rejected`].
pub fn prepare(
    submission: &Submission,
    interface: &Interface,
    toolbox: &Toolbox,
    protection: Protection,
) -> Result<Built, Rejected> {
    let inspection = inspect::inspect(submission, interface);
    if !inspection.forbidden.is_empty() {
        return Err(Rejected::new(Reason::Forbidden, inspection.forbidden));
    }
    let scratch = tempfile::Builder::new().prefix("cachedojo-").tempdir();
    let scratch = scratch.map_err(|error| {
        Rejected::harness(&format!("no scratch folder: {error}; free some space in the temporary folder"))
    })?;
    // Landlock and rustc both want the real path.
    let scratch = scratch.path().canonicalize().map(|path| (scratch, path));
    let (_keep, scratch) = scratch.map_err(|error| Rejected::harness(&format!("no scratch folder: {error}")))?;
    let workshop = Workshop { submission, interface, toolbox, protection, inspection: &inspection, scratch: &scratch };
    workshop.lay_out().map_err(|error| Rejected::harness(&format!("cannot write to the scratch folder: {error}")))?;
    workshop.compile()?;
    let (missing, mut diagnostics) = workshop.adapt()?;
    diagnostics.splice(0..0, submission.notes.iter().cloned());
    let module = fs::read(scratch.join("module.wasm"))
        .map_err(|error| Rejected::harness(&format!("the compiler left no module: {error}")))?;
    let program = Program::new(&module)
        .map_err(|reason| Rejected::new(Reason::BuildFailed, vec![diagnostic::general(&reason)]))?;
    let module_sha256 = hex(&Sha256::digest(&module));
    Ok(Built { program, module, module_sha256, missing, diagnostics })
}

/// Everything that the two calls of the compiler share.
struct Workshop<'a> {
    submission: &'a Submission,
    interface: &'a Interface,
    toolbox: &'a Toolbox,
    protection: Protection,
    inspection: &'a Inspection,
    scratch: &'a Path,
}

impl Workshop<'_> {
    fn lay_out(&self) -> std::io::Result<()> {
        for (name, text) in &self.submission.files {
            let path = self.scratch.join(SOURCES).join(name);
            fs::create_dir_all(path.parent().unwrap_or(self.scratch))?;
            fs::write(path, text)?;
        }
        fs::write(self.scratch.join("adapter.rs"), adapter(self.interface.kind))
    }

    /// The submission itself, to a library.
    fn compile(&self) -> Result<(), Rejected> {
        let allowed = self
            .interface
            .allowed_crates
            .iter()
            .filter_map(|name| Some((name.as_str(), self.toolbox.library(name)?.to_owned())));
        let allowed: Vec<(&str, PathBuf)> = allowed.collect();
        let call = Call {
            toolbox: self.toolbox,
            scratch: self.scratch,
            root: &format!("{SOURCES}/{}", self.submission.root),
            name: "submission",
            kind: "rlib",
            output: "libsubmission.rlib",
            externs: &allowed,
            cfgs: &[],
            // Panics name their place as the learner knows it.
            flags: &["-Funsafe_code", "-Awarnings", "--remap-path-prefix=submission="],
            protection: self.protection,
        };
        match call.run()? {
            Outcome::Built => Ok(()),
            Outcome::GaveUp(why) => Err(Rejected::new(Reason::BuildFailed, vec![diagnostic::general(&why)])),
            Outcome::Errors(messages) => {
                let messages: Vec<Message> = messages.into_iter().map(own_names).collect();
                Err(self.judge_errors(messages))
            }
        }
    }

    /// Errors of the compiler's, or what stands behind them: something forbidden.
    fn judge_errors(&self, messages: Vec<Message>) -> Rejected {
        let forbidden: Vec<Diagnostic> = messages.iter().filter_map(|message| self.forbidden(message)).collect();
        if forbidden.is_empty() {
            let diagnostics = messages.into_iter().map(|message| message.diagnostic).collect();
            Rejected::new(Reason::BuildFailed, diagnostics)
        } else {
            Rejected::new(Reason::Forbidden, forbidden)
        }
    }

    fn forbidden(&self, message: &Message) -> Option<Diagnostic> {
        let Diagnostic { file, line, column, message: text, .. } = &message.diagnostic;
        match message.code.as_str() {
            "unsafe_code" => Some(diagnostic::at(
                file,
                *line,
                *column,
                "`unsafe` is forbidden in this exercise: write it in safe Rust",
            )),
            "E0432" | "E0433" | "E0463" => {
                let name = self.inspection.foreign_crates.iter().find(|name| text.contains(&format!("`{name}`")))?;
                let allowed = self.interface.allowed_crates.join("`, `");
                let text = format!("the crate `{name}` is not allowed here: use std and `{allowed}` only");
                Some(diagnostic::at(file, *line, *column, &text))
            }
            _ => None,
        }
    }

    /// The adapter, with all items that typecheck. Returns those left out, and what is said about them.
    fn adapt(&self) -> Result<(Vec<String>, Vec<Diagnostic>), Rejected> {
        let source = adapter(self.interface.kind);
        let prototype = &self.interface.prototype;
        let mut items = self.inspection.items.clone();
        prototype.drop_dependents(&mut items);
        let mut diagnostics = self.inspection.remarks.clone();
        for _ in 0..TRIES_MAX {
            let messages = match self.try_adapter(&items)? {
                Outcome::Built => {
                    let missing = prototype.items().filter(|item| !items.contains(*item)).map(str::to_owned).collect();
                    return Ok((missing, diagnostics));
                }
                Outcome::GaveUp(why) => {
                    return Err(Rejected::new(Reason::BuildFailed, vec![diagnostic::general(&why)]));
                }
                Outcome::Errors(messages) => messages,
            };
            let mut left_out: BTreeMap<&str, &Message> = BTreeMap::new();
            for message in &messages {
                if let Some(item) = item_above(source, message.diagnostic.line).filter(|item| items.contains(*item)) {
                    left_out.entry(item).or_insert(message);
                }
            }
            if left_out.is_empty() {
                let messages = messages.into_iter().map(|message| message.diagnostic).collect();
                return Err(Rejected::new(Reason::HarnessError, messages));
            }
            for (item, message) in left_out {
                items.remove(item);
                diagnostics.push(self.inspection.mismatch(
                    self.submission,
                    prototype,
                    item,
                    &message.diagnostic.message,
                ));
            }
            prototype.drop_dependents(&mut items);
        }
        Err(Rejected::harness("the adapter does not settle on the items that this submission has"))
    }

    fn try_adapter(&self, items: &std::collections::BTreeSet<String>) -> Result<Outcome, Rejected> {
        let library = |name: &'static str| self.toolbox.library(name).map(|path| (name, path.to_owned()));
        let mut externs: Vec<_> = ["toolbox", "cachedojo_seam"].into_iter().filter_map(library).collect();
        externs.push(("submission", self.scratch.join("libsubmission.rlib")));
        let mut cfgs: Vec<String> = items.iter().map(|item| format!("item=\"{item}\"")).collect();
        if self.inspection.uses_tokio {
            cfgs.push("tokio".to_owned());
        }
        let call = Call {
            toolbox: self.toolbox,
            scratch: self.scratch,
            root: "adapter.rs",
            name: "adapter",
            kind: "cdylib",
            output: "module.wasm",
            externs: &externs,
            cfgs: &cfgs,
            flags: &["-Cstrip=symbols", "-Awarnings"],
            protection: self.protection,
        };
        Ok(call.run()?)
    }
}

fn adapter(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Prototype => include_str!("../adapter/distributed_cache.rs"),
        SubjectKind::Simulate => include_str!("../adapter/line_cache.rs"),
    }
}

/// The item of the adapter whose code stands at `line`: the nearest `item = "…"` at or above it.
fn item_above(source: &str, line: u32) -> Option<&str> {
    let lines: Vec<&str> = source.lines().take(line as usize).collect();
    lines.iter().rev().find_map(|line| {
        let (_, rest) = line.split_once("item = \"").or_else(|| line.split_once("item!(\""))?;
        rest.split_once('"').map(|(item, _)| item)
    })
}

/// Takes the scratch folder's own folder off a file name.
fn own_names(mut message: Message) -> Message {
    let file = &mut message.diagnostic.file;
    if let Some(own) = file.strip_prefix(SOURCES).and_then(|rest| rest.strip_prefix('/')) {
        *file = own.to_owned();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_adapter_belongs_to_the_nearest_item_above_it() {
        let source = "a\n#[cfg(item = \"A::b\")]\nfn x() {}\n    y => item!(\"C\", z),\n";
        assert_eq!(item_above(source, 1), None);
        assert_eq!(item_above(source, 3), Some("A::b"));
        assert_eq!(item_above(source, 4), Some("C"));
    }
}
