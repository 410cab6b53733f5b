//! A failure of a service in a reader's words: the request that was sent, what was expected, what came. The transcript keeps the
//! script's commands, for they can be tried; what does not hold is told in the same words.

use cachedojo_lab::event::{Event, What};
use cachedojo_lab::script::http::HttpShape;
use cachedojo_notation::text::Language;

use super::transcript_by;
use crate::verdict::Divergence;

/// What was expected at that step and what came instead; the script's own words where it is no answer of a service.
pub(super) fn expected_and_actual(at: &Divergence, events: &[Event], language: Language) -> (String, String) {
    let mut answer = Answer::default();
    events.iter().take_while(|event| event.step <= at.step).for_each(|event| answer.hear(event));
    let (expected, actual) = (at.expected.to_string(), at.actual.to_string());
    in_words(&expected, &answer.text, language).unwrap_or((expected, actual))
}

/// The last answer: the lines of one step.
#[derive(Default)]
struct Answer {
    step: u32,
    text: String,
}

impl Answer {
    fn hear(&mut self, event: &Event) {
        let What::Said { text } = &event.what else { return };
        if self.step == event.step && !self.text.is_empty() {
            self.text.push('\n');
        } else {
            self.text.clear();
        }
        self.step = event.step;
        self.text.push_str(text);
    }
}

fn in_words(expected: &str, answer: &str, language: Language) -> Option<(String, String)> {
    let (expected, came) = HttpShape::new(expected.strip_prefix("http ")?)?.difference_in_words(answer, language)?;
    Some((expected, if language == Language::French { time_in_french(&no_answer_in_french(&came)) } else { came }))
}

/// The run, a command a line, and what came of it.
pub(super) fn transcript(script: &str, events: &[Event], language: Language) -> String {
    let mut answer = Answer::default();
    transcript_by(script, events, |event| {
        answer.hear(event);
        match (&event.what, language) {
            (What::Said { text }, Language::French) if text == TIME_MOVED || text == TIME_WAITED => {
                time_in_french(text)
            }
            (What::Said { text }, Language::French) => no_answer_in_french(text),
            (What::Broken { expected, .. }, _) => match (in_words(expected, &answer.text, language), language) {
                (Some((expected, came)), Language::English) => format!("BROKEN: expected {expected}; came {came}"),
                (Some((expected, came)), Language::French) => format!("FAUX : attendu {expected} ; reçu {came}"),
                (None, _) => event.what.to_string(),
            },
            (what, _) => what.to_string(),
        }
    })
}

/// Stands in an answer before which time passed, because the service was told it.
pub const TIME_MOVED: &str = "(time moved on with X-Cache-Clock)";
/// Stands in an answer before which time passed, because it was waited for.
pub const TIME_WAITED: &str = "(time was waited for)";

fn time_in_french(text: &str) -> String {
    text.replace(TIME_MOVED, "(temps avancé par X-Cache-Clock)").replace(TIME_WAITED, "(temps attendu)")
}

/// Why a service gave no answer: phrases of the grader, of which a sentence is made.
const NO_ANSWER: &[(&str, &str)] = &[
    ("(no answer: ", "(pas de réponse : "),
    ("nobody answers: ", "personne ne répond : "),
    ("no whole answer within ", "pas de réponse entière en "),
    (
        "it hung up without a word: did it fail at this request?",
        "il a raccroché sans un mot : cette requête l'a-t-elle fait échouer ?",
    ),
    (
        "it hung up before its answer was whole: is Content-Length right?",
        "il a raccroché avant la fin de sa réponse : Content-Length est-il juste ?",
    ),
    ("its answer is longer than ", "sa réponse dépasse "),
    ("what it sent is no HTTP/1.1: ", "ce qu'il a envoyé n'est pas du HTTP/1.1 : "),
    ("its answer is packed (", "sa réponse est compressée ("),
    ("), though nobody asked for that", "), bien que personne ne l'ait demandé"),
    ("; the service has ended (", " ; le service s'est arrêté ("),
    ("(not asked: ", "(pas demandé : "),
    (" requests before got no answer in time", " requêtes d'avant sont restées sans réponse à temps"),
    ("all requests before took more than ", "toutes les requêtes d'avant ont pris plus de "),
];

/// Before what a service printed: its own words stay.
const PRINTED: [&str; 2] = ["; it printed: ", " ; il a affiché : "];

/// Why a service gave no answer, `(no answer: …)`, in French; any other text as it is.
pub fn no_answer_in_french(text: &str) -> String {
    if !text.starts_with("(no answer: ") && !text.starts_with("(not asked: ") {
        return text.to_owned();
    }
    let (ours, printed) = text.split_once(PRINTED[0]).map_or((text, None), |(ours, printed)| (ours, Some(printed)));
    let ours = NO_ANSWER.iter().fold(ours.to_owned(), |text, (english, french)| text.replace(english, french));
    printed.map_or_else(|| ours.clone(), |printed| format!("{ours}{}{printed}", PRINTED[1]))
}

#[cfg(test)]
mod tests {
    use super::{expected_and_actual, no_answer_in_french, transcript};
    use crate::said::Said;
    use crate::verdict::Divergence;
    use cachedojo_lab::event::{Event, What};
    use cachedojo_notation::text::Language::{English, French};

    fn event(step: u32, what: What) -> Event {
        Event { step, line: step + 1, at_ms: 0, what }
    }

    #[test]
    fn a_failure_says_what_was_expected_and_what_came_in_the_readers_language() {
        let script = "http GET /api/v1/cache/n/k\nexpect http 200 [X-Cache-TTL: 5..9]\n";
        let (expected, actual) =
            ("http 200 [X-Cache-TTL: 5..9]".to_owned(), "header X-Cache-TTL is 1 in: …".to_owned());
        let said = |text: &str| text.lines().map(|line| event(0, What::Said { text: line.to_owned() })).collect();
        let broken = event(1, What::Broken { expected: expected.clone(), actual: actual.clone() });
        let (expected, actual) = (Said::scene(&expected), Said::Value(actual));
        let at = Divergence { step: 1, expected, actual, ..Divergence::default() };
        for (answer, language, words) in [
            ("HTTP/1.1 200\nX-Cache-TTL: 1\n{}", English, "the header `X-Cache-TTL: 1` in: HTTP/1.1 200"),
            ("HTTP/1.1 200\nX-Cache-TTL: 1\n{}", French, "l'en-tête `X-Cache-TTL: 1` dans : HTTP/1.1 200"),
            (
                "HTTP/1.1 200\n(time was waited for)\nX-Cache-TTL: 1\n{}",
                French,
                "l'en-tête `X-Cache-TTL: 1` dans : HTTP/1.1 200 | (temps attendu)",
            ),
            ("(no answer: nobody answers: refused)", English, "(no answer: nobody answers: refused)"),
            ("(no answer: nobody answers: refused)", French, "(pas de réponse : personne ne répond : refused)"),
        ] {
            let mut events: Vec<Event> = said(answer);
            events.push(broken.clone());
            let (expected, came) = expected_and_actual(&at, &events, language);
            assert!(came.starts_with(words), "{came}");
            let wanted = if language == French {
                "le statut 200, l'en-tête `X-Cache-TTL` de 5 à 9"
            } else {
                "status 200, the header `X-Cache-TTL` from 5 to 9"
            };
            assert_eq!(expected, wanted);
            let run = transcript(script, &events, language);
            assert!(run.contains(&expected) && run.contains(&came) && run.contains("> expect http 200"), "{run}");
        }
    }

    #[test]
    fn why_there_is_no_answer_is_told_in_french_and_what_was_printed_stays() {
        for (english, french) in [
            (
                "(no answer: it hung up without a word: did it fail at this request?; the service has ended (exit status: 7); \
                 it printed: nobody answers: x)",
                "(pas de réponse : il a raccroché sans un mot : cette requête l'a-t-elle fait échouer ? ; le service s'est arrêté \
                 (exit status: 7) ; il a affiché : nobody answers: x)",
            ),
            ("HTTP/1.1 200 | nobody answers: x", "HTTP/1.1 200 | nobody answers: x"),
        ] {
            assert_eq!(no_answer_in_french(english), french);
        }
    }
}
