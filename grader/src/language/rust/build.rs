//! From a submission's text to a program: inspect it, compile it, and link it with the adapter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cachedojo_judge::pack::InterfaceKind;

use crate::host::files::read_plain;
use crate::host::sandbox::Protection;
use crate::host::scratch;
use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::submission::Submission;
use crate::language::rust::inspect::{self, Inspection};
use crate::language::rust::interface::Interface;
use crate::language::rust::places::{SOURCES, own_names, together};
use crate::language::rust::prototype::Prototype;
use crate::language::rust::rustc::{CPU_S, Call, Message, Outcome};
use crate::language::rust::toolbox::{Target, Toolbox};
use crate::language::rust::words::{in_learners_words, not_allowed};
use crate::language::toolchain::{Reason, Rejected};
use crate::language::wasm::Program;

/// A submission as a module.
#[derive(Debug, Clone)]
pub struct Module {
    /// The module's bytes.
    pub bytes: Vec<u8>,
    /// Items of the prototype that are left out: missing, or with another signature.
    pub missing: Vec<String>,
    /// Messages that do not prevent grading: items left out, and files that were ignored.
    pub diagnostics: Vec<Diagnostic>,
}

/// A submission without threads that can be run.
#[derive(Debug, Clone)]
pub struct RustBuilt {
    /// The program.
    pub program: Program,
    /// The module's bytes.
    pub module: Vec<u8>,
    /// Items of the prototype that are left out: missing, or with another signature.
    pub missing: Vec<String>,
    /// Messages that do not prevent grading: items left out, and files that were ignored.
    pub diagnostics: Vec<Diagnostic>,
}

/// The most tries with the adapter: each one changes or drops at least one item, and rustc reports many at once.
const TRIES_MAX: usize = 20;

/// The most compilations because of lints that a submission denies: one call reports nearly all of them.
const LINT_ROUNDS_MAX: usize = 4;

/// The largest module that is read, in bytes: the most that the compiler may write.
const MODULE_BYTES_MAX: u64 = 64 << 20;

/// Inspects, compiles and adapts a submission without threads. Cost: two calls of the compiler, about half a second of processor
/// time.
///
/// # Errors
/// See [`Rejected`].
pub fn prepare(
    submission: &Submission,
    interface: &Interface,
    toolbox: &Toolbox,
    protection: Protection,
) -> Result<RustBuilt, Rejected> {
    let inspection = inspect::inspect(submission, interface)?;
    let Module { bytes: module, missing, diagnostics } =
        compile(submission, interface, toolbox, protection, &inspection)?;
    let program = Program::new(&module)
        .map_err(|reason| Rejected::new(Reason::BuildFailed, vec![diagnostic::general(&reason)]))?;
    Ok(RustBuilt { program, module, missing, diagnostics })
}

/// Compiles and adapts an inspected submission, for the toolbox's target.
///
/// # Errors
/// See [`Rejected`].
pub fn compile(
    submission: &Submission,
    interface: &Interface,
    toolbox: &Toolbox,
    protection: Protection,
    inspection: &Inspection,
) -> Result<Module, Rejected> {
    if !inspection.forbidden.is_empty() {
        return Err(Rejected::new(Reason::Forbidden, inspection.forbidden.clone()));
    }
    let unread = |suspicious: bool| -> Vec<Diagnostic> {
        let told = inspection.unread.iter().filter(|file| file.suspicious || !suspicious);
        told.map(|file| file.diagnostic.clone()).collect()
    };
    if inspection.unread.iter().any(|file| file.suspicious) {
        return Err(Rejected::new(Reason::BuildFailed, unread(true)));
    }
    let scratch = scratch::folder();
    let scratch = scratch.map_err(|error| {
        Rejected::harness(&format!("no scratch folder: {error}; free some space in the temporary folder"))
    })?;
    // Landlock and rustc both need the path without links.
    let scratch = scratch.path().canonicalize().map(|path| (scratch, path));
    let (_keep, scratch) = scratch.map_err(|error| Rejected::harness(&format!("no scratch folder: {error}")))?;
    let workshop = Workshop { submission, interface, toolbox, protection, inspection, scratch: &scratch };
    workshop.lay_out().map_err(|error| Rejected::harness(&format!("cannot write to the scratch folder: {error}")))?;
    if let Some(companion) = interface.companion {
        companion.compile(toolbox, &scratch, protection)?;
    }
    workshop.compile()?;
    // A file that the compiler could read and the inspector could not is not trusted; it may be one that the crate does not use.
    if !inspection.unread.is_empty() {
        workshop.leave_out_unread().and_then(|()| workshop.compile()).map_err(|rejected| match rejected.reason {
            Reason::HarnessError => rejected,
            _ => Rejected::new(Reason::BuildFailed, unread(false)),
        })?;
    }
    let (missing, mut diagnostics) = workshop.adapt()?;
    diagnostics.splice(0..0, submission.notes.iter().cloned());
    let bytes = read_plain(&scratch.join("module.wasm"), MODULE_BYTES_MAX)
        .map_err(|error| Rejected::harness(&format!("the compiler left no module: {error}")))?;
    Ok(Module { bytes, missing, diagnostics })
}

/// The data that both calls of the compiler share.
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
        for (name, text) in adapter(self.interface.kind) {
            fs::write(self.scratch.join(name), self.with_further_fields(text))?;
        }
        self.interface.companion.map_or(Ok(()), |companion| companion.lay_out(self.scratch))
    }

    /// The adapter's text, whose struct literals get the further public fields that the submission added, with their `Default`
    /// values. No line is added, so that line numbers still identify items.
    fn with_further_fields(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (kind, fields) in self.inspection.further_fields(&self.interface.prototype) {
            let further: String =
                fields.iter().map(|field| format!(" {field}: ::std::default::Default::default(),")).collect();
            text = text.replace(&format!("    {kind} {{\n"), &format!("    {kind} {{{further}\n"));
        }
        text
    }

    fn leave_out_unread(&self) -> Result<(), Rejected> {
        for file in &self.inspection.unread {
            fs::remove_file(self.scratch.join(SOURCES).join(&file.file))
                .map_err(|error| Rejected::harness(&format!("cannot change the scratch folder: {error}")))?;
        }
        Ok(())
    }

    /// Compiles the submission to a library. Lints must not fail it, whatever the source denies or forbids: those that do are set
    /// to warn, by name. `--cap-lints` would also cap `unsafe_code`, which must stay an error.
    fn compile(&self) -> Result<(), Rejected> {
        let mut tamed: BTreeSet<String> = BTreeSet::new();
        let mut outcome = self.try_submission(&tamed)?;
        for _ in 1..LINT_ROUNDS_MAX {
            let Outcome::Errors(messages) = &outcome else { break };
            let lints = messages.iter().filter_map(Message::lint).filter(|lint| *lint != "unsafe_code");
            let known = tamed.len();
            tamed.extend(lints.map(str::to_owned));
            if tamed.len() == known {
                break;
            }
            outcome = self.try_submission(&tamed)?;
        }
        match outcome {
            Outcome::Built => Ok(()),
            Outcome::GaveUp(why) => Err(self.gave_up(&why)),
            Outcome::Machine(why) => Err(Rejected::harness(&why)),
            Outcome::Errors(messages) => {
                self.machine(&messages)?;
                Err(self.judge_errors(together(messages.into_iter().map(own_names).collect())))
            }
        }
    }

    fn try_submission(&self, tamed: &BTreeSet<String>) -> Result<Outcome, Rejected> {
        let allowed = self
            .interface
            .allowed_crates
            .iter()
            .filter_map(|name| Some((name.as_str(), self.toolbox.library(name)?.to_owned())));
        let beside = self.interface.companion.map(|companion| (companion.name, companion.library().into()));
        let allowed: Vec<(&str, PathBuf)> = allowed.chain(beside).collect();
        // So that panics show the learner's own paths.
        let fixed = ["-Funsafe_code", "-Awarnings", "--remap-path-prefix=submission="].map(str::to_owned);
        let flags: Vec<String> =
            fixed.into_iter().chain(tamed.iter().map(|lint| format!("--force-warn={lint}"))).collect();
        let call = Call {
            toolbox: self.toolbox,
            scratch: self.scratch,
            root: &format!("{SOURCES}/{}", self.submission.root),
            name: "submission",
            kind: "rlib",
            output: "libsubmission.rlib",
            externs: &allowed,
            cfgs: &[],
            flags: &flags,
            cpu_s: CPU_S,
            protection: self.protection,
        };
        Ok(call.run()?)
    }

    /// A rejection for the compiler's errors, or for something forbidden that caused them.
    fn judge_errors(&self, messages: Vec<Message>) -> Rejected {
        let forbidden: Vec<Diagnostic> = messages.iter().filter_map(|message| self.forbidden(message)).collect();
        if forbidden.is_empty() {
            let diagnostics = messages.into_iter().map(|message| message.diagnostic).collect();
            Rejected::new(Reason::BuildFailed, diagnostics)
        } else {
            Rejected::new(Reason::Forbidden, forbidden)
        }
    }

    /// The compiler gave up: blamed on the source, unless the toolbox's libraries were changed.
    fn gave_up(&self, why: &str) -> Rejected {
        if self.toolbox.is_sound() { Rejected::build_failed(why) } else { self.broken(why) }
    }

    fn broken(&self, why: &str) -> Rejected {
        let folder = self.toolbox.folder.display();
        Rejected::harness(&format!(
            "the compiler cannot read a library that every submission is built with ({why}): delete `{folder}`, then run \
             `grader doctor`; if that does not help, install the compiler anew"
        ))
    }

    /// Reports a harness error if the compiler could not read its own libraries, or not link: the submission is not to blame.
    fn machine(&self, messages: &[Message]) -> Result<(), Rejected> {
        for message in messages {
            let text = &message.diagnostic.message;
            let unreadable = match message.code.as_str() {
                "E0463" => text.split('`').skip(1).step_by(2).any(|name| self.toolbox.lacks(name)),
                "E0460" | "E0461" | "E0462" | "E0514" | "E0786" => true,
                _ => false,
            };
            let is_of_linker = message.bare && text.contains("linking with");
            if unreadable || is_of_linker && !self.toolbox.is_sound() {
                return Err(self.broken(text));
            }
        }
        Ok(())
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
                let text = not_allowed(name, &self.interface.allowed_crates);
                Some(diagnostic::at(file, *line, *column, &text))
            }
            _ => None,
        }
    }

    /// Compiles the adapter with every item that typechecks in some form. Returns the items left out, and messages about those
    /// and about the converted ones.
    fn adapt(&self) -> Result<(Vec<String>, Vec<Diagnostic>), Rejected> {
        let adapter = adapter(self.interface.kind);
        let prototype = &self.interface.prototype;
        let mut forms: Forms = self.inspection.items.iter().map(|item| (item.clone(), 1)).collect();
        let mut reasons: BTreeMap<String, String> = BTreeMap::new();
        for _ in 0..TRIES_MAX {
            settle(prototype, &mut forms);
            let messages = match self.try_adapter(&forms)? {
                Outcome::Built => return Ok(self.account(&forms, &reasons)),
                Outcome::GaveUp(why) => return Err(self.gave_up(&why)),
                Outcome::Machine(why) => return Err(Rejected::harness(&why)),
                Outcome::Errors(messages) => messages,
            };
            let mut failing: BTreeMap<&str, &Message> = BTreeMap::new();
            for message in messages.iter().filter(|message| message.diagnostic.file != CONVERSIONS) {
                if let Some(item) = item_above(adapter, &message.outer_file, message.outer_line)
                    .filter(|item| forms.contains_key(*item))
                {
                    failing.entry(item).or_insert(message);
                }
            }
            if failing.is_empty() {
                self.machine(&messages)?;
                return Err(unadaptable(adapter, messages));
            }
            for (item, message) in failing {
                // The compiler's message about the first form is about the prototype, and so about the learner's
                // mistake.
                reasons.entry(item.to_owned()).or_insert_with(|| in_learners_words(&message.diagnostic.message));
                match next_form(adapter, item, forms[item]) {
                    Some(form) => drop(forms.insert(item.to_owned(), form)),
                    None => drop(forms.remove(item)),
                }
            }
        }
        Err(Rejected::build_failed("the items of this submission cannot be called side by side: keep to the prototype"))
    }

    /// The items of the prototype that are left out, and the messages about items.
    fn account(&self, forms: &Forms, reasons: &BTreeMap<String, String>) -> (Vec<String>, Vec<Diagnostic>) {
        let (prototype, root) = (&self.interface.prototype, &self.submission.root);
        let missing = prototype.items().filter(|item| !forms.contains_key(*item)).map(str::to_owned).collect();
        // An item that started in its second form, because a type is missing, has no message of the compiler.
        let converted = forms.iter().filter(|(_, form)| **form > 1).map(|(item, _)| item);
        let mut named: Vec<&String> = reasons.keys().chain(converted).collect();
        // Types first: errors in their methods may follow from them.
        named.sort_by_key(|item| (item.contains("::"), *item));
        named.dedup();
        let said = named.into_iter().map(|item| {
            let reason = reasons.get(item).map_or("", String::as_str);
            self.inspection.deviation(root, prototype, item, reason, forms.contains_key(item))
        });
        (missing, self.inspection.remarks.iter().cloned().chain(said).collect())
    }

    fn try_adapter(&self, forms: &Forms) -> Result<Outcome, Rejected> {
        let library = |name: &'static str| self.toolbox.library(name).map(|path| (name, path.to_owned()));
        let mut externs: Vec<_> = ["toolbox", "cachedojo_wire"].into_iter().filter_map(library).collect();
        externs.push(("submission", PathBuf::from("libsubmission.rlib")));
        let mut cfgs: Vec<String> = Vec::new();
        for (item, form) in forms {
            cfgs.push(format!("item=\"{item}\""));
            cfgs.extend(FORMS[..*form].iter().flatten().map(|name| format!("{name}=\"{item}\"")));
            if self.inspection.waits(item) {
                cfgs.push(format!("awaits=\"{item}\""));
            }
        }
        if forms.values().any(|form| *form > 1) {
            cfgs.push("loose".to_owned());
        }
        if self.inspection.uses_tokio {
            cfgs.push("tokio".to_owned());
        }
        let mut flags = vec!["-Awarnings".to_owned()];
        match self.toolbox.target {
            Target::Single => flags.push("-Cstrip=symbols".to_owned()),
            // A library that must be initialised before its first call: without that, std's first `spawn` loops for ever.
            // Function names and lines are kept, for stories.
            Target::Threads => {
                flags.extend(reactor_flags(self.toolbox));
            }
        }
        if self.interface.companion.is_some() {
            // The folder of the submission's own libraries.
            flags.push("-Ldependency=.".to_owned());
        }
        let call = Call {
            toolbox: self.toolbox,
            scratch: self.scratch,
            root: ADAPTER,
            name: "adapter",
            kind: "cdylib",
            output: "module.wasm",
            externs: &externs,
            cfgs: &cfgs,
            flags: &flags,
            cpu_s: CPU_S,
            protection: self.protection,
        };
        Ok(call.run()?)
    }
}

/// The items that are tried, each with the number of its form: see the adapter's own comment.
type Forms = BTreeMap<String, usize>;

/// The `cfg` of each form; the first one, the prototype's own, has none.
const FORMS: [Option<&str>; 4] = [None, Some("second"), Some("third"), Some("fourth")];

const ADAPTER: &str = "adapter.rs";
const CONVERSIONS: &str = "conversions.rs";

/// The sources of an adapter by name, including the crate's root.
type Sources = &'static [(&'static str, &'static str)];

fn next_form(adapter: Sources, item: &str, form: usize) -> Option<usize> {
    let fourth = format!("fourth = \"{item}\"");
    let forms = if adapter.iter().any(|(_, text)| text.contains(&fourth)) { 4 } else { 3 };
    (form < forms).then_some(form + 1)
}

/// Drops items that cannot be called, and converts those that must return another type than the prototype's.
fn settle(prototype: &Prototype, forms: &mut Forms) {
    let mut items = forms.keys().cloned().collect();
    prototype.drop_dependents(&mut items);
    forms.retain(|item, _| items.contains(item));
    for (item, form) in forms {
        if prototype.get(item).is_some_and(|item| !item.returns.is_subset(&items)) {
            *form = (*form).max(2);
        }
    }
}

/// The adapter's sources for an interface.
pub fn adapter(kind: InterfaceKind) -> Sources {
    match kind {
        InterfaceKind::Prototype => &[
            (ADAPTER, include_str!("../../../adapter/distributed_cache/adapter.rs")),
            ("types.rs", include_str!("../../../adapter/distributed_cache/types.rs")),
            ("node.rs", include_str!("../../../adapter/distributed_cache/node.rs")),
            ("ring.rs", include_str!("../../../adapter/distributed_cache/ring.rs")),
            ("cluster.rs", include_str!("../../../adapter/distributed_cache/cluster.rs")),
            ("parser.rs", include_str!("../../../adapter/distributed_cache/parser.rs")),
            (CONVERSIONS, include_str!("../../../adapter/distributed_cache/conversions.rs")),
        ],
        InterfaceKind::Simulate => &[(ADAPTER, include_str!("../../../adapter/line_cache/adapter.rs"))],
        InterfaceKind::Nodes => &[(ADAPTER, include_str!("../../../adapter/five_bugs/adapter.rs"))],
        InterfaceKind::Tests => &[(ADAPTER, include_str!("../../../adapter/integration_tests/runner.rs"))],
        // Such an exercise takes no Rust, so this is never used.
        InterfaceKind::Script | InterfaceKind::Service => &[],
    }
}

/// Flags that link a library for threads so that it is initialised before its first call.
pub(super) fn reactor_flags(toolbox: &Toolbox) -> Vec<String> {
    vec![format!("-Clink-arg={}", toolbox.reactor().display()), "-Clink-arg=--export=_initialize".to_owned()]
}

/// The item of the adapter that contains that line of that file: the nearest `item = "…"` at or above it, else a call
/// of `item!`.
fn item_above(adapter: Sources, file: &str, line: u32) -> Option<&'static str> {
    let (_, source) = adapter.iter().find(|(name, _)| *name == file)?;
    let lines: Vec<&str> = source.lines().take(line as usize).collect();
    lines.iter().rev().find_map(|line| {
        let (_, rest) = line.split_once("item = \"").or_else(|| line.split_once("item!(\""))?;
        rest.split_once('"').map(|(item, _)| item)
    })
}

/// Errors in the adapter that belong to none of its items. Every honest submission builds with the adapter, so this submission
/// must be the reason: errors that appear only when its generics and constants are evaluated, or what it defines for the whole
/// program.
fn unadaptable(adapter: Sources, messages: Vec<Message>) -> Rejected {
    let diagnostics = messages.into_iter().map(own_names).map(|mut message| {
        // Places in the adapter mean nothing to a learner.
        if adapter.iter().any(|(name, _)| *name == message.diagnostic.file) {
            message.diagnostic = diagnostic::general(&in_learners_words(&message.diagnostic.message));
        }
        message.diagnostic
    });
    Rejected::new(Reason::BuildFailed, diagnostics.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_adapter_belongs_to_the_nearest_item_above_it() {
        let adapter: Sources = &[
            ("adapter.rs", "a\n#[cfg(item = \"A::b\")]\nfn x() {}\n    y => item!(\"C\", z),\n"),
            ("other.rs", "#[cfg(item = \"D\")]\n"),
        ];
        assert_eq!(item_above(adapter, "adapter.rs", 1), None);
        assert_eq!(item_above(adapter, "adapter.rs", 3), Some("A::b"));
        assert_eq!(item_above(adapter, "adapter.rs", 4), Some("C"));
        assert_eq!(item_above(adapter, "other.rs", 1), Some("D"));
        assert_eq!(item_above(adapter, "src/lib.rs", 1), None);
    }
}
