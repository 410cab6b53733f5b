//! The story of a run: which thread ran when, and where each turn ended.

use std::collections::BTreeSet;

use cachedojo_notation::text::Language;

use super::wire::{Observed, Turn};
use crate::host::printable;

/// The most turns that are told.
const TURNS_MAX: usize = 60;

/// The submission's root file.
pub(super) struct Entrance<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its text.
    pub(super) text: &'a str,
}

impl Entrance<'_> {
    /// A line of it, counted from 1; empty if there is none.
    fn line(&self, number: u32) -> &str {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        index.and_then(|index| self.text.lines().nth(index)).unwrap_or_default().trim()
    }
}

/// The run's first turns, one line each.
pub(super) fn tell(entrance: &Entrance<'_>, seen: &Observed, language: Language) -> Vec<String> {
    let name = |number: u32| {
        let name = seen.names.get(number as usize).map_or("", String::as_str);
        match language {
            _ if number == 0 => "thread 0".to_owned(),
            Language::English | Language::French => format!("thread {number} ({})", printable::line(name)),
        }
    };
    let mut begun = BTreeSet::from([0]);
    let turns = seen.turns.iter().take(TURNS_MAX).map(|&(thread, line, how, to)| {
        begun.insert(thread);
        let code = printable::clip(&printable::harmless(entrance.line(line)), 80);
        let place = match line {
            0 => String::new(),
            _ => format!(" {}:{line} `{code}`", entrance.name),
        };
        match (how, language) {
            (Turn::Wakes, Language::English) => return format!("{} wakes {} at{place}", name(thread), name(to)),
            (Turn::Wakes, Language::French) => return format!("{} réveille {} à{place}", name(thread), name(to)),
            (Turn::Stuck, Language::English) => return format!("{} waits at{place}; nobody can go on", name(thread)),
            (Turn::Stuck, Language::French) => {
                return format!("{} attend à{place} ; personne ne peut continuer", name(thread));
            }
            _ => {}
        }
        // A thread that was started before has its first turn here.
        let goes_on = match (begun.insert(to), language) {
            (true, Language::English) => "goes on (its first turn)",
            (true, Language::French) => "continue (son premier tour)",
            (false, Language::English) => "goes on",
            (false, Language::French) => "continue",
        };
        let (thread, to) = (name(thread), name(to));
        match (how, language) {
            (Turn::Stops, Language::English) => format!("{thread} stops at{place}; {to} {goes_on}"),
            (Turn::Stops, Language::French) => format!("{thread} s'arrête à{place} ; {to} {goes_on}"),
            (Turn::Starts, Language::English) => format!("{thread} starts a thread at{place}; {to} {goes_on}"),
            (Turn::Starts, Language::French) => format!("{thread} lance un thread à{place} ; {to} {goes_on}"),
            (Turn::Waits, Language::English) => format!("{thread} waits at{place}; {to} {goes_on}"),
            (Turn::Waits, Language::French) => format!("{thread} attend à{place} ; {to} {goes_on}"),
            (Turn::Ends, Language::English) => format!("{thread} ends; {to} {goes_on}"),
            (Turn::Ends, Language::French) => format!("{thread} finit ; {to} {goes_on}"),
            (Turn::Wakes | Turn::Stuck, _) => String::new(),
        }
    });
    turns.collect()
}
