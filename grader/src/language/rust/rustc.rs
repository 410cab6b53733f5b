//! One call of the compiler: confined, with a minimal environment; its messages become diagnostics.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::host::budget;
use crate::host::sandbox::{self, Ending, Job, Limits, NotRun, Protection};
use crate::intake::diagnostic::{self, Diagnostic};
use crate::language::rust::toolbox::{Target, Toolbox};
use crate::language::rust::words::ADAPTER_FILES;

/// Processor time for compiling a submission, in seconds.
pub const CPU_S: u64 = 8;

/// The limits of a compiler call: ten times what an honest submission needs.
const LIMITS: Limits = Limits {
    // Thirty times the processor time: the machine may be busy with others.
    wall: Duration::from_mins(4),
    cpu_s: CPU_S,
    memory_bytes: 3 << 30,
    file_bytes: 64 << 20,
    output_bytes: 4 << 20,
};

/// The most places that one message of the compiler may be about.
const PRIMARY_MAX: usize = 20;

/// The most diagnostics of one call.
const DIAGNOSTICS_MAX: usize = 50;

/// One call of the compiler.
#[derive(Debug)]
pub struct Call<'a> {
    /// The toolbox to compile against.
    pub toolbox: &'a Toolbox,
    /// Its working folder, and the only one it may write to.
    pub scratch: &'a Path,
    /// The crate's root, relative to `scratch`.
    pub root: &'a str,
    /// The crate's name.
    pub name: &'a str,
    /// `rlib` or `cdylib`.
    pub kind: &'a str,
    /// The file to write, relative to `scratch`.
    pub output: &'a str,
    /// The crates that the source may use, with their libraries.
    pub externs: &'a [(&'a str, PathBuf)],
    /// `--cfg` values.
    pub cfgs: &'a [String],
    /// More flags.
    pub flags: &'a [String],
    /// Its processor time, in seconds: [`CPU_S`], or more for sources of our own.
    pub cpu_s: u64,
    /// Whether the compiler is confined.
    pub protection: Protection,
}

/// A compiler message, as far as the grader uses it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The message, with its place in the call's sources.
    pub diagnostic: Diagnostic,
    /// The file of that place; for code made by a macro, the file of the macro's call.
    pub outer_file: String,
    /// The line there.
    pub outer_line: u32,
    /// Its code, such as `E0432`, or a lint's name.
    pub code: String,
    /// Whether it has neither a code nor a place: then it is not about the sources, but about files, programs, or the whole call.
    pub bare: bool,
}

impl Message {
    /// The lint that made it; `None` for an error of the language.
    pub fn lint(&self) -> Option<&str> {
        Some(self.code.as_str()).filter(|code| code.starts_with(|first: char| first.is_ascii_lowercase()))
    }
}

/// The result of a call.
#[derive(Debug)]
pub enum Outcome {
    /// The output file was written.
    Built,
    /// The sources have errors.
    Errors(Vec<Message>),
    /// The compiler ran out of time, memory or output, or crashed: blamed on the submission, in a sentence.
    GaveUp(String),
    /// This machine failed: this says nothing about the submission.
    Machine(String),
}

impl Call<'_> {
    /// Compiles.
    ///
    /// # Errors
    /// The compiler was not run.
    pub fn run(&self) -> Result<Outcome, NotRun> {
        let arguments = self.arguments();
        let left = budget::time_left(budget::BUILDING).map_or(self.cpu_s, |left| left.as_secs().min(self.cpu_s));
        if left == 0 {
            let most = budget::BUILDING.as_secs();
            return Ok(Outcome::GaveUp(format!(
                "compiling was cut off: all of it may take {most} s of processor time"
            )));
        }
        let job = Job {
            program: &self.toolbox.rustc,
            arguments: &arguments,
            scratch: self.scratch,
            writes: true,
            readable: &self.toolbox.visible,
            // The same on every machine: no mark may depend on the compiler's environment.
            environment: &[("TMPDIR", ".".into())],
            // A module is linked by another program, a library is not.
            starts_programs: self.kind == "cdylib",
            forks: false,
            limits: Limits { cpu_s: left, ..LIMITS },
            protection: self.protection,
        };
        let finished = sandbox::run(&job)?;
        let said = String::from_utf8_lossy(&finished.said);
        if let Some(outcome) = unfinished(finished.ending, self.cpu_s) {
            return Ok(outcome);
        }
        if finished.ending == Ending::Success {
            return Ok(Outcome::Built);
        }
        let errors = self.errors(&said);
        let of_machine = errors.iter().filter(|message| message.bare).map(|message| &message.diagnostic.message);
        let of_machine = of_machine.map(String::as_str).find(|text| is_of_machine(text));
        Ok(match (of_machine, errors.is_empty()) {
            (Some(text), _) => Outcome::Machine(format!("the compiler failed on this machine: {text}")),
            (None, false) => Outcome::Errors(errors),
            (None, true) => crashed(&said),
        })
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut flag = |text: &str| arguments.push(text.into());
        for fixed in ["--edition=2024", "--error-format=json", "--json=diagnostic-short", "-Ccodegen-units=1"] {
            flag(fixed);
        }
        // Stories of threads show source lines; nothing else needs them.
        flag(match self.toolbox.target {
            Target::Single => "-Cdebuginfo=0",
            Target::Threads => "-Cdebuginfo=line-tables-only",
        });
        // Unoptimised, with wasmtime's fast backend: a submission saves more time in compiling than it loses in running.
        flag("-Copt-level=0");
        // Overflow panics, as under `cargo test`. Without the checks in std's own unsafe code, which find no mistakes of a
        // submission.
        flag("-Cdebug-assertions=off");
        flag("-Coverflow-checks=on");
        flag("-Cembed-bitcode=no");
        flag(&format!("--target={}", self.toolbox.target.name()));
        flag(&format!("--crate-name={}", self.name));
        flag(&format!("--crate-type={}", self.kind));
        for cfg in self.cfgs {
            flag("--cfg");
            flag(cfg);
        }
        for more in self.flags {
            flag(more);
        }
        let path = |prefix: &str, path: &Path| {
            let mut text = OsString::from(prefix);
            text.push(path);
            text
        };
        for (name, library) in self.externs {
            arguments.push("--extern".into());
            arguments.push(path(&format!("{name}="), library));
        }
        arguments.push(path("-Ldependency=", &self.toolbox.folder));
        // By default it derives this from its own path, which is not visible in the sandbox.
        arguments.push(path("--sysroot=", &self.toolbox.sysroot));
        for scratch in [self.scratch, Path::new(sandbox::WORK)] {
            let mut remap = path("--remap-path-prefix=", scratch);
            remap.push("=.");
            arguments.push(remap);
        }
        arguments.push("-o".into());
        arguments.push(self.output.into());
        arguments.push(self.root.into());
        arguments
    }

    fn errors(&self, said: &str) -> Vec<Message> {
        let mut messages: Vec<Message> = Vec::new();
        for line in said.lines() {
            let Ok(raw) = serde_json::from_str::<RawMessage>(line) else { continue };
            if raw.level.starts_with("error")
                && !raw.spans.is_empty() | raw.code.is_some() | !raw.message.starts_with("aborting due")
            {
                messages.push(self.message(raw));
            }
            if messages.len() == DIAGNOSTICS_MAX {
                break;
            }
        }
        messages
    }

    fn message(&self, raw: RawMessage) -> Message {
        let mut text = raw.message;
        let primary = raw.spans.iter().find(|span| span.is_primary).or(raw.spans.first());
        if let Some(label) = primary.and_then(|span| span.label.as_deref()).filter(|label| !text.contains(*label)) {
            text = format!("{text}: {label}");
        }
        let bare = raw.spans.is_empty() && raw.code.is_none();
        let code = raw.code.map(|code| code.code).unwrap_or_default();
        if !code.is_empty() {
            text = format!("{text} [{code}]");
        }
        let others = raw.spans.iter().filter(|span| !primary.is_some_and(|first| std::ptr::eq(first, *span)));
        let (pointed_at, remarks): (Vec<_>, Vec<_>) = others.partition(|span| span.is_primary);
        let pointed_at = pointed_at.into_iter().filter_map(RawSpan::own).take(PRIMARY_MAX);
        let remarks = remarks.into_iter().filter(|span| span.label.is_some()).filter_map(RawSpan::own).take(3);
        for (place, label) in pointed_at.chain(remarks) {
            text = format!("{text}\n{}:{}:{}{label}", place.file_name, place.line_start, place.column_start);
        }
        for child in raw.children.iter().filter(|child| child.level == "help" || child.level == "note").take(3) {
            text = format!("{text}\n{}: {}{}", child.level, child.message, child.replacement());
        }
        let text = self.without_host_paths(&text);
        let diagnostic = match primary.and_then(RawSpan::in_submission) {
            Some(place) => diagnostic::at(&place.file_name, place.line_start, place.column_start, &text),
            None => diagnostic::general(&text),
        };
        let outer = primary.map(RawSpan::outermost);
        let (outer_file, outer_line) = outer.map(|span| (span.file_name.clone(), span.line_start)).unwrap_or_default();
        Message { diagnostic, outer_file, outer_line, code, bare }
    }

    /// Removes this machine's paths: they do not help a learner, and would make reports differ.
    fn without_host_paths(&self, text: &str) -> String {
        let hidden: BTreeMap<&Path, &str> = BTreeMap::from([
            (self.scratch, "."),
            (Path::new(sandbox::WORK), "."),
            (self.toolbox.folder.as_path(), "<toolbox>"),
            (self.toolbox.sysroot.as_path(), "<rust>"),
        ]);
        hidden.iter().fold(text.to_owned(), |text, (path, name)| text.replace(&*path.to_string_lossy(), name))
    }
}

/// The outcome of a compiler that was ended before it had finished; `None` if it ended by itself.
fn unfinished(ending: Ending, cpu_s: u64) -> Option<Outcome> {
    Some(match ending {
        Ending::Success | Ending::Failure => return None,
        Ending::OutOfTime => Outcome::GaveUp(format!("compiling takes longer than {cpu_s} s")),
        Ending::TooMuchOutput => Outcome::GaveUp("compiling gives endless messages".to_owned()),
        // Nothing that a source says makes the compiler wait, so others had the processor.
        Ending::StoodStill => Outcome::Machine(format!(
            "the compiler did not get its {cpu_s} s of processor time within {} s: this machine is too busy",
            LIMITS.wall.as_secs()
        )),
        Ending::Killed(signal) => Outcome::Machine(format!(
            "the compiler was killed from outside (signal {signal}): is there memory left, and room for temporary files?"
        )),
    })
}

/// The meaning of a compiler that ended without an error message.
fn crashed(said: &str) -> Outcome {
    if ["memory allocation of", "out of memory", "Cannot allocate memory"].iter().any(|word| said.contains(word)) {
        let most = LIMITS.memory_bytes >> 20;
        return Outcome::GaveUp(format!("compiling takes more than {most} MiB of memory"));
    }
    match said.lines().find(|line| is_of_machine(line)) {
        Some(line) => Outcome::Machine(format!("the compiler failed on this machine: {line}")),
        None => Outcome::GaveUp("the compiler itself crashed on this source: it is too deep or too big".to_owned()),
    }
}

/// Whether a message without a place in the sources is about this machine: its disks, its tables of files and processes, or a
/// killed linker. (Not memory and file size: those limits are the grader's own.)
fn is_of_machine(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "No space left on device",
        "Disk quota exceeded",
        "Input/output error",
        "Read-only file system",
        "Permission denied",
        "Too many open files",
        "Resource temporarily unavailable",
        "signal: 7 (SIGBUS)",
        "signal: 9 (SIGKILL)",
        "signal: 15 (SIGTERM)",
        "truncated or malformed archive",
    ];
    WORDS.iter().any(|word| text.contains(word))
}

/// rustc's JSON: <https://doc.rust-lang.org/rustc/json.html>.
#[derive(Deserialize)]
struct RawMessage {
    message: String,
    level: String,
    code: Option<RawCode>,
    #[serde(default)]
    spans: Vec<RawSpan>,
    #[serde(default)]
    children: Vec<RawChild>,
}

#[derive(Deserialize)]
struct RawCode {
    code: String,
}

#[derive(Deserialize)]
struct RawChild {
    message: String,
    level: String,
    #[serde(default)]
    spans: Vec<RawSpan>,
}

impl RawChild {
    /// What it suggests to write, where that is one short piece that its sentence does not show.
    fn replacement(&self) -> String {
        match &*self.spans {
            [RawSpan { suggested_replacement: Some(code), .. }]
                if !code.trim().is_empty()
                    && code.len() <= 80
                    && !code.contains('\n')
                    && !self.message.contains(code.trim()) =>
            {
                format!(": `{}`", code.trim())
            }
            _ => String::new(),
        }
    }
}

#[derive(Deserialize)]
struct RawSpan {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    label: Option<String>,
    #[serde(default)]
    suggested_replacement: Option<String>,
    expansion: Option<Box<RawExpansion>>,
}

#[derive(Deserialize)]
struct RawExpansion {
    span: RawSpan,
}

impl RawSpan {
    fn outermost(&self) -> &Self {
        self.expansion.as_deref().map_or(self, |expansion| expansion.span.outermost())
    }

    /// Its place in the submission's own files, and what is said of it. A submission of one file keeps its name, without a folder.
    fn own(&self) -> Option<(&Self, String)> {
        let is_own = |place: &&Self| {
            let name = place.file_name.as_str();
            name.starts_with("src/") || !name.contains('/') && !ADAPTER_FILES.contains(&name)
        };
        let said = self.label.as_ref().map(|label| format!(": {label}")).unwrap_or_default();
        self.in_submission().filter(is_own).map(|place| (place, said))
    }

    /// The place in the submission itself: for an error inside a macro of std, the place of the call.
    fn in_submission(&self) -> Option<&Self> {
        if !self.file_name.starts_with('/') && !self.file_name.starts_with('<') {
            return Some(self);
        }
        self.expansion.as_deref().and_then(|expansion| expansion.span.in_submission())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_is_not_the_sources_fault() {
        for (ending, is_machines) in [
            (Ending::OutOfTime, false),
            (Ending::TooMuchOutput, false),
            (Ending::StoodStill, true),
            (Ending::Killed(9), true),
        ] {
            let outcome = unfinished(ending, CPU_S);
            let told = match outcome {
                Some(Outcome::Machine(_)) => Some(true),
                Some(Outcome::GaveUp(_)) => Some(false),
                _ => None,
            };
            assert_eq!(told, Some(is_machines), "{ending:?}");
        }
        assert!([Ending::Success, Ending::Failure].into_iter().all(|ending| unfinished(ending, CPU_S).is_none()));
    }

    #[test]
    fn what_the_machine_did_is_told_from_what_the_source_did() {
        for said in [
            "thread 'rustc' panicked: failed to write: No space left on device (os error 28)",
            "thread 'rustc' panicked: failed to spawn helper thread: Resource temporarily unavailable",
        ] {
            assert!(matches!(crashed(said), Outcome::Machine(_)), "{said}");
        }
        for said in ["", "thread 'rustc' has overflowed its stack", "memory allocation of 99 bytes failed"] {
            assert!(matches!(crashed(said), Outcome::GaveUp(_)), "{said}");
        }
        assert!(is_of_machine("linking with `rust-lld` failed: signal: 9 (SIGKILL)"));
        assert!(!is_of_machine("linking with `rust-lld` failed: exit status: 1\nnote: undefined symbol: f"));
    }
}
