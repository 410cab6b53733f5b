//! A whole run as one file: all events for programs, commands with their answers for people.

use serde::Serialize;

use cachedojo_notation::text::Language;

use crate::event::Event;
use crate::script::{Diagnostic, Dialect, Script, advise};

/// What `grader run --format json` prints and the page saves.
#[derive(Debug, Serialize)]
pub struct RunReport<'a> {
    schema: &'static str,
    dialect: Dialect,
    seed: u64,
    /// The lines that could not be read.
    pub diagnostics: Vec<RunDiagnostic>,
    /// Lines that probably mean something else: see [`advise`]. Empty before [`Self::tell`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<RunDiagnostic>,
    events: &'a [Event],
}

/// A mistake and its place in the text, in bytes.
#[derive(Debug, Serialize)]
pub struct RunDiagnostic {
    /// The line, counted from 1.
    pub line: u32,
    /// Its first byte.
    pub from: usize,
    /// The byte after it.
    pub to: usize,
    /// What is wrong.
    pub message: String,
}

impl RunDiagnostic {
    fn of(diagnostic: &Diagnostic, language: Language) -> Self {
        Self {
            line: diagnostic.line,
            from: diagnostic.span.start,
            to: diagnostic.span.end,
            message: diagnostic.mistake.message(language),
        }
    }
}

impl<'a> RunReport<'a> {
    /// That of a run of this script.
    pub fn of(script: &Script, seed: u64, events: &'a [Event]) -> Self {
        let diagnostics = script.diagnostics.iter().map(|one| RunDiagnostic::of(one, Language::English)).collect();
        let (schema, dialect, warnings) = ("cachedojo/run/v1", script.dialect, Vec::new());
        Self { schema, dialect, seed, diagnostics, warnings, events }
    }

    /// Adds what is doubtful in a `lab` script, whose text this is, and tells all of it in that language.
    pub fn tell(&mut self, script: &Script, text: &str, language: Language) {
        for (told, diagnostic) in self.diagnostics.iter_mut().zip(&script.diagnostics) {
            told.message = diagnostic.mistake.message(language);
        }
        if self.dialect == Dialect::Lab {
            // What a protocol refuses, its answer says.
            let doubts = advise(text, Dialect::Lab).into_iter().filter(|one| !one.mistake.is_refusal());
            self.warnings = doubts.map(|one| RunDiagnostic::of(&one, language)).collect();
        }
    }

    /// The run's events.
    pub const fn events(&self) -> &'a [Event] {
        self.events
    }

    /// The script's language.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }
}

/// Each command with its answers below it, for people to read on paper. Cost: O(events).
pub fn handout(script: &Script, events: &[Event]) -> String {
    let mut text = String::new();
    let mut rest = events.iter().filter(|event| !event.what.is_quiet()).peekable();
    for (step, number) in script.commands.iter().zip(0..) {
        if rest.peek().is_none() && number > 0 {
            break;
        }
        text += &format!("> {}\n", step.source);
        while let Some(event) = rest.next_if(|event| event.step == number) {
            text += &format!("  {}\n", event.what);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;
    use crate::runner::run;
    use crate::script::parse;

    #[test]
    fn a_handout_has_each_command_and_what_it_was_answered() {
        let script = parse("node new 100 lru\n# why\nfor 1..2 node set k{} v\ntick 1s\nnode get k1\n", Dialect::Lab);
        let events = run(&script, &mut Reference::default(), 0);
        let expected = "> node new 100 lru\n  node ready\n> node set k1 v\n  stored\n> node set k2 v\n  stored\n\
                        > tick 1s\n  +1s\n> node get k1\n  v\n";
        assert_eq!(handout(&script, &events), expected);
        assert_eq!(handout(&parse("", Dialect::Lab), &[]), "");
    }
}
