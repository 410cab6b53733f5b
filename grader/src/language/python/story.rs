//! A run as a story: whose turn it was, and where it came to its end.

use cachedojo_notation::text::Language;

use super::subject::Program;
use super::wire::{Observed, Turn};
use crate::host::printable;

/// Most turns that are told.
const TURNS_MAX: usize = 60;

/// The run's first turns, a line each.
pub(super) fn tell(program: &Program, seen: &Observed, language: Language) -> Vec<String> {
    let name = |number: u32| {
        let name = seen.names.get(number as usize).map_or("", String::as_str);
        match language {
            _ if number == 0 => "thread 0".to_owned(),
            Language::English | Language::French => format!("thread {number} ({})", printable::line(name)),
        }
    };
    let turns = seen.turns.iter().take(TURNS_MAX).map(|&(thread, line, how, to)| {
        let code = printable::clip(&printable::harmless(program.line(line)), 80);
        let place = match line {
            0 => String::new(),
            _ => format!(" {}:{line} `{code}`", program.entry()),
        };
        let (thread, to) = (name(thread), name(to));
        match (how, language) {
            (Turn::Stops, Language::English) => format!("{thread} stops at{place}; {to} goes on"),
            (Turn::Stops, Language::French) => format!("{thread} s'arrête à{place} ; {to} continue"),
            (Turn::Starts, Language::English) => format!("{thread} starts a thread at{place}; {to} goes on"),
            (Turn::Starts, Language::French) => format!("{thread} lance un thread à{place} ; {to} continue"),
            (Turn::Waits, Language::English) => format!("{thread} waits at{place}; {to} goes on"),
            (Turn::Waits, Language::French) => format!("{thread} attend à{place} ; {to} continue"),
            (Turn::Ends, Language::English) => format!("{thread} ends; {to} goes on"),
            (Turn::Ends, Language::French) => format!("{thread} finit ; {to} continue"),
        }
    });
    turns.collect()
}
