//! Events as the page shows them.

use serde::Serialize;

use cachedojo_lab::event::{Event, What};
use cachedojo_lab::families::is_refusal;
use cachedojo_lab::script::{Command, Step};
use cachedojo_notation::text::Language;
use cachedojo_wire::Request;

/// An event, with what the page shows beside it.
#[derive(Serialize)]
pub(crate) struct Told<'a> {
    #[serde(flatten)]
    event: &'a Event,
    text: String,
    /// The event in the reader's language, if that differs from its own text.
    #[serde(rename = "told", skip_serializing_if = "Option::is_none")]
    in_language: Option<String>,
    /// The command, only with its first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    /// Whether such events are frequent: a list of answers leaves them out.
    #[serde(rename = "isQuiet", skip_serializing_if = "std::ops::Not::not")]
    is_quiet: bool,
    /// Where it begins an answer that is an error of the script's, a protocol's or that an object is not there: the line of the next command, or one below all where none follows.
    #[serde(rename = "nextLine", skip_serializing_if = "Option::is_none")]
    next_line: Option<u32>,
}

/// The events of these commands, as they are told in a language.
pub(crate) fn told<'a>(events: &'a [Event], commands: &'a [Step], language: Language) -> Vec<Told<'a>> {
    let mut last_step = None;
    let each = |event: &'a Event| {
        let is_quiet = event.what.is_quiet();
        let is_first = !is_quiet && last_step.replace(event.step) != Some(event.step);
        let step = &commands[event.step as usize];
        let source = is_first.then_some(step.source.as_str());
        let text = if is_quiet { String::new() } else { event.what.to_string() };
        let is_foreign = !is_quiet && language != Language::English;
        let in_language = is_foreign.then(|| event.what.text_in(&step.command, language)).filter(|said| *said != text);
        let is_refused = match (&event.what, &step.command) {
            (What::Said { text }, Command::Ask(Request::Extra(request))) => is_first && is_refusal(request, text),
            // The script asks something of what it has not made.
            (What::NoObject { .. }, _) => is_first,
            _ => false,
        };
        // The commands are known before they are obeyed, so a mark does not wait for the next one.
        let next_line = is_refused.then(|| commands.get(event.step as usize + 1).map_or(u32::MAX, |next| next.line));
        Told { event, text, in_language, source, is_quiet, next_line }
    };
    events.iter().map(each).collect()
}
