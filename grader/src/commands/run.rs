//! `grader run`: a script, a subject, and what it answers.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::runner::{self, render_in};
use cachedojo_lab::scenario::Scenario;
use cachedojo_lab::script::{self, Dialect, Script};
use cachedojo_lab::written::RunReport;
use cachedojo_notation::text::{self, Language};

use crate::cli::{RunArgs, RunFormat};
use crate::host::outcome::{Outcome, UsageError};
use crate::host::printable::harmless;
use crate::language::toolchain::Limits;
use crate::pack::{DEFAULT_ID, Pack, built_in_ids};
use crate::run::bench::Bench;
use crate::run::isolated;
use crate::run::mutants;
use crate::run::script::{self as on_subject, Asked};

/// The exercise of a submission in Python, or of a script of the line protocol on a submission or a known bug, if none is named.
const LINE_ID: &str = "line-cache";
/// The largest script, in bytes.
const SCRIPT_BYTES_MAX: u64 = 64 << 20;

/// Runs the script and prints. In the dialects `line`, `memcached` and `rest` the text is exactly the answers.
///
/// # Errors
/// The script cannot be read, or its subject cannot be created.
pub fn run(args: &RunArgs) -> Result<Outcome> {
    let Some(path) = &args.script else { return list_commands(args) };
    let text = read_script(path)?;
    let scenario = Scenario::read(&text).ok();
    let scenario = scenario.filter(|scenario| args.dialect.is_none_or(|dialect| dialect == scenario.dialect));
    // The reference obeys every script, whatever the exercise: but a name that is none was meant as something.
    let is_python = is_python(&args.subject);
    let is_line = args.dialect.or(scenario.as_ref().map(|scenario| scenario.dialect)) == Some(Dialect::Line);
    let is_built = args.subject != "reference";
    let usual = if is_python || is_line && is_built { LINE_ID } else { DEFAULT_ID };
    let exercise = args.exercise.as_deref().unwrap_or(usual);
    if args.schedule.is_some() && !is_built {
        let why = "the reference has no threads, so --schedule changes nothing: name what it is for with --subject, or leave it out";
        return Err(UsageError(why.to_owned()).into());
    }
    let is_default = args.subject == "reference" && exercise == DEFAULT_ID;
    let pack = if is_default { None } else { Some(super::load_pack(exercise)?) };
    if let Some(pack) =
        pack.as_ref().filter(|pack| is_python && !pack.exercise.languages.contains(&CodeLanguage::Python))
    {
        let why = format!(
            "`{}` is in Python, which `{}` does not take: name its exercise, as `--exercise {LINE_ID}`",
            args.subject, pack.exercise.id
        );
        return Err(UsageError(why).into());
    }
    if let Some(pack) = pack.as_ref().filter(|_| is_built && !args.subject.starts_with("mutant:")) {
        let (id, tests) = (&pack.exercise.id, pack.exercise.interface == InterfaceKind::Tests);
        if tests || pack.lesson.is_some() {
            let what = if tests { "tests are handed in, which run" } else { "a script is handed in, which runs" };
            let why = format!(
                "in `{id}` {what} others and cannot be run on: leave --subject out, or name the exercise that asks for `{}`",
                args.subject
            );
            return Err(UsageError(why).into());
        }
    }
    let is_whole_run = pack.as_ref().is_some_and(|pack| pack.exercise.interface == InterfaceKind::Simulate);
    let usual = if is_whole_run { Dialect::Line } else { Dialect::Lab };
    let seed = args.seed.or(scenario.as_ref().map(|scenario| scenario.seed)).unwrap_or(0);
    let (script, header) = match &scenario {
        Some(scenario) => (script::parse(&scenario.commands, scenario.dialect), scenario.header()),
        None => (script::parse(&text, args.dialect.unwrap_or(usual)), ""),
    };
    let commands = scenario.as_ref().map_or(text.as_str(), |scenario| scenario.commands.as_str());
    let mut events = match (args.subject.as_str(), &pack) {
        ("reference", _) | (_, None) => runner::run(&script, &mut Reference::default(), seed),
        (subject, Some(pack)) => on_built(args, pack, subject, script.dialect, commands, seed)?,
    };
    let header_lines = u32::try_from(header.lines().count())?;
    for event in &mut events {
        event.line += header_lines;
    }
    // A scene has lines that no other script has, and runs only if all of them are right.
    let is_scene = args.subject != "reference"
        && pack.as_ref().is_some_and(|pack| on_subject::is_scene(pack.exercise.interface, script.dialect));
    let has_mistakes = !is_scene && !script.diagnostics.is_empty();
    let mut report = RunReport::of(&script, seed, &events);
    if is_scene {
        report.diagnostics.clear();
    }
    report.tell(&script, commands, args.lang);
    for diagnostic in report.diagnostics.iter_mut().chain(&mut report.warnings) {
        diagnostic.line += header_lines;
        diagnostic.from += header.len();
        diagnostic.to += header.len();
    }
    print(args, &script, &report)?;
    if args.dialect.is_none()
        && !is_whole_run
        && let Some(meant) = script::likely_dialect(commands, script.dialect)
    {
        let meant = meant.name();
        match args.lang {
            Language::English => {
                eprintln!("This looks like a script in the dialect `{meant}`: add `--dialect {meant}`.");
            }
            Language::French => {
                eprintln!("Cela ressemble à un script dans le dialecte « {meant} » : ajoutez `--dialect {meant}`.");
            }
        }
    }
    let broken =
        |event: &Event| matches!(event.what, What::Broken { .. } | What::Crashed { .. } | What::NotImplemented { .. });
    Ok(if has_mistakes {
        Outcome::Usage
    } else if events.iter().any(broken) {
        Outcome::NotPassed
    } else {
        Outcome::Passed
    })
}

/// Whether a subject is a submission in Python, by its name: a file, or a folder with a `main.py`.
fn is_python(subject: &str) -> bool {
    let path = Path::new(subject);
    let is_source = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("py"));
    is_source && path.is_file() || path.join("main.py").is_file()
}

fn read_script(path: &str) -> Result<String> {
    let unreadable =
        |error| UsageError(format!("cannot read `{path}`: {error}; name a script's file, or `-` for standard input"));
    let (mut bytes, most) = (Vec::new(), SCRIPT_BYTES_MAX + 1);
    if path == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).context("reading standard input")?;
    } else {
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 == most {
        return Err(UsageError(format!("`{path}` is larger than {} MiB: split it", SCRIPT_BYTES_MAX >> 20)).into());
    }
    // A byte that is not UTF-8 becomes a private character, from which the memcached dialect restores it: its values
    // may be any bytes.
    Ok(text::from_bytes(&bytes))
}

/// Runs the script on a known bug or, in a separate process, on a submission.
fn on_built(
    args: &RunArgs,
    pack: &Pack,
    subject: &str,
    dialect: Dialect,
    commands: &str,
    seed: u64,
) -> Result<Vec<Event>> {
    on_subject::suits(pack.exercise.interface, commands, dialect)?;
    let bench = Bench::open(pack, args.trust)?;
    let asked = Asked::calmly(commands, dialect, seed);
    let asked = Asked { schedule: args.schedule.clone().unwrap_or(asked.schedule), ..asked };
    let Some(id) = subject.strip_prefix("mutant:") else {
        let path = Path::new(subject);
        if !path.exists() {
            let why = format!("there is no subject `{subject}`: use reference, mutant:ID or a submission's path");
            return Err(UsageError(why).into());
        }
        return isolated::run(&bench, path, asked);
    };
    if !pack.exercise.mutants.iter().any(|mutant| mutant.id == id) {
        return Err(no_mutant(pack, id).into());
    }
    let languages = pack.exercise.languages.iter().copied();
    let spoken = |language: &CodeLanguage| {
        pack.exercise.mutants.iter().any(|mutant| mutant.id == id && mutant.speaks(*language))
    };
    let language = languages.into_iter().find(spoken).context("the mutant is in no language of its exercise")?;
    let factory = mutants::factory(&bench, language, id)?;
    let mut fresh = || factory.subject(&Limits::default()).map_err(|error| error.to_string());
    on_subject::run(pack.exercise.interface, &asked, &mut fresh)
}

/// What is said of a name that no known bug of the exercise has: another exercise's, one that is nearly the same, or all of them.
fn no_mutant(pack: &Pack, id: &str) -> UsageError {
    let exercise = &pack.exercise.id;
    let has = |other: &&String| {
        Pack::load(other).is_ok_and(|other| other.exercise.mutants.iter().any(|mutant| mutant.id == id))
    };
    let known: Vec<_> = pack.exercise.mutants.iter().map(|mutant| mutant.id.as_str()).collect();
    let near = |known: &&&str| text::distance(id, known);
    let nearest = || known.iter().min_by_key(near).filter(|nearest| near(nearest) <= 1 + nearest.len() / 4);
    let remedy = if let Some(other) = built_in_ids().iter().find(has) {
        format!("`{other}` has one: add --exercise {other}")
    } else if known.is_empty() {
        "it has none; name an exercise that has some with --exercise".to_owned()
    } else if let Some(id) = nearest() {
        format!("did you mean `{id}`?")
    } else {
        format!("name one of {}, or another exercise with --exercise", known.join(", "))
    };
    UsageError(format!("there is no mutant `{id}` in `{exercise}`: {remedy}"))
}

fn print(args: &RunArgs, script: &Script, report: &RunReport<'_>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match args.format {
        RunFormat::Text => {
            let mut err = std::io::stderr().lock();
            let (line, remark) = match args.lang {
                Language::English => ("line", "remark: "),
                Language::French => ("ligne", "remarque : "),
            };
            for (diagnostics, kind) in [(&report.diagnostics, ""), (&report.warnings, remark)] {
                for diagnostic in diagnostics {
                    writeln!(err, "{line} {}: {kind}{}", diagnostic.line, harmless(&diagnostic.message))?;
                }
            }
            out.write_all(&text::to_bytes(&render_in(report.events(), script, args.lang)))?;
        }
        RunFormat::Json => {
            serde_json::to_writer(&mut out, report)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Lists a dialect's commands, below headings where there are some.
fn list_commands(args: &RunArgs) -> Result<Outcome> {
    let mut out = std::io::stdout().lock();
    let mut heading = "";
    for command in script::help(args.dialect.unwrap_or(Dialect::Lab)) {
        if command.heading(args.lang) != heading {
            heading = command.heading(args.lang);
            writeln!(out, "{heading}\n")?;
        }
        writeln!(out, "  {}\n      {}\n", command.usage, command.text(args.lang))?;
    }
    Ok(Outcome::Passed)
}
