//! The sentences of a report about a row, in the reader's language.

use cachedojo_lab::script::{self, Command, Dialect};
use cachedojo_notation::text::Language;

use super::verdict::{Divergence, Verdict};

/// A category in the reader's language: packs name theirs in English. One that is not known here is left as it is.
pub(super) fn category_name(category: &str, language: Language) -> &str {
    match (language, category) {
        (Language::English, _) => category,
        (Language::French, "Basic") => "Bases",
        (Language::French, "What worked before") => "Ce qui marchait",
        (Language::French, "Critical") => "Critique",
        (Language::French, "High") => "Élevée",
        (Language::French, "Medium") => "Moyenne",
        (Language::French, "Core") => "Essentiel",
        (Language::French, "Concurrency") => "Concurrence",
        (Language::French, "Failure scenario") => "Scénario de panne",
        (Language::French, "Functional") => "Fonctionnel",
        (Language::French, "Requirement") => "Exigence",
        (Language::French, "Rules") => "Règles",
        (Language::French, "Complexity") => "Complexité",
        (Language::French, other) => other,
    }
}

/// Why a row was skipped.
pub(super) fn skipped_message(id: &str, title: &str, lacks: Option<&str>, language: Language) -> String {
    match (lacks, language) {
        (Some(item), Language::English) => {
            format!(
                "Skipped because `{item}` is missing or cannot be called, as `{id}` ({title}) says: mend that first."
            )
        }
        (Some(item), Language::French) => format!(
            "Sauté car « {item} » manque ou ne peut être appelé, comme le dit « {id} » ({title}) : corrigez cela d'abord."
        ),
        (None, Language::English) => format!("Skipped because `{id}` ({title}) earned nothing: mend that first."),
        (None, Language::French) => {
            format!("Sauté car « {id} » ({title}) n'a rien rapporté : corrigez-le d'abord.")
        }
    }
}

/// The most characters of a command in a row's message.
const ASKED_CHARS_MAX: usize = 60;

/// The command whose answer was wrong: the last one up to this step that is not an expectation.
pub(super) fn command_before(script: &str, step: u32) -> Option<String> {
    let script = script::parse(script, Dialect::Lab);
    let obeyed = script.commands.get(..=step as usize)?;
    let is_asked = |step: &&script::Step| !matches!(step.command, Command::Expect(_) | Command::Always(_));
    let source = obeyed.iter().rev().find(is_asked)?.source.trim();
    let is_long = source.chars().count() > ASKED_CHARS_MAX;
    let shown: String = source.chars().take(ASKED_CHARS_MAX).collect();
    Some(if is_long { shown + "…" } else { shown })
}

/// What a judge of the line protocol adds to an answer ([`Divergence::aside`]) in French.
fn aside_in_french(aside: &str) -> String {
    [
        (", though no PUT stores this key", ", alors qu'aucun PUT n'écrit cette clé"),
        (" times in all for ", " fois en tout pour "),
        (" PUT of this key", " PUT de cette clé"),
        ("answers in all: ", "réponses en tout : "),
        (", commands: ", ", commandes : "),
    ]
    .iter()
    .fold(aside.to_owned(), |text, (english, french)| text.replace(english, french))
}

/// What was expected and what came in a run of commands, as parts of a sentence, with the command.
pub(super) fn in_a_run(at: &Divergence, language: Language) -> (String, String) {
    let asked = match language {
        _ if at.asked.is_empty() => String::new(),
        Language::English => format!(" to `{}`", at.asked),
        Language::French => format!(" à `{}`", at.asked),
    };
    let aside = if language == Language::French { aside_in_french(&at.aside) } else { at.aside.clone() };
    (at.expected.quoted(language) + &asked, at.actual.quoted(language) + &aside)
}

/// What was wrong in a case of this title: first what was there and what was expected, for a wrong answer with the command that was
/// `asked` where that is known, then how the two differ where that is hard to see (`apart`). The title is a rule and does not say
/// what this code does, so it comes last.
pub(super) fn told(
    verdict: Verdict,
    title: &str,
    asked: Option<&str>,
    expected: &str,
    actual: &str,
    apart: &str,
    language: Language,
) -> String {
    let expected = match (asked, language) {
        (None, _) => expected.to_owned(),
        (Some(asked), Language::English) => format!("{expected} after `{asked}`"),
        (Some(asked), Language::French) => format!("{expected} après « {asked} »"),
    };
    let expected = expected.as_str();
    let seen = match (verdict, language) {
        (Verdict::Flaky, Language::English) => format!(
            "Two runs of the same script disagree, `{expected}` and `{actual}`; something random decides (a RandomState, the order of a HashMap). `grader run` shows it under two values of `--seed`."
        ),
        (Verdict::Flaky, Language::French) => format!(
            "Deux exécutions du même script divergent, « {expected} » et « {actual} » ; le hasard décide (un RandomState, l'ordre d'un HashMap). `grader run` le montre sous deux valeurs de `--seed`."
        ),
        (Verdict::Race, Language::English) if expected.is_empty() => {
            format!("In another order of its threads it holds, in this one not: {actual}.")
        }
        (Verdict::Race, Language::French) if expected.is_empty() => {
            format!("Dans un autre ordre des threads cela tient, dans celui-ci non : {actual}.")
        }
        (Verdict::Race, Language::English) => {
            format!("In another order of its threads it holds; in this one expected {expected}, got {actual}.")
        }
        (Verdict::Race, Language::French) => {
            format!("Dans un autre ordre des threads cela tient ; dans celui-ci attendu {expected}, obtenu {actual}.")
        }
        (Verdict::Fail, Language::English) => format!("Expected {expected}, got {actual}."),
        (Verdict::Fail, Language::French) => format!("Attendu {expected}, obtenu {actual}."),
        // What stopped the code says enough of itself: there the title tells where that was.
        (Verdict::Panic, Language::English) if is_unwritten(actual) => {
            return format!("{title}: not implemented yet; it {actual}.");
        }
        (Verdict::Panic, Language::French) if is_unwritten(actual) => {
            return format!("{title} : pas encore écrit ; {actual}.");
        }
        (_, Language::English) => return format!("{title}: {actual}."),
        (_, Language::French) => return format!("{title} : {actual}."),
    };
    match language {
        Language::English => format!("{seen}{apart} The rule: {title}."),
        Language::French => format!("{seen}{apart} La règle : {title}."),
    }
}

/// Words of a panic that stands for code which is not written yet: `todo!()`, `unimplemented!()`, Python's `NotImplementedError`.
pub(super) fn is_unwritten(said: &str) -> bool {
    ["not yet implemented", "not implemented", "NotImplementedError"].iter().any(|words| said.contains(words))
}

/// Where two answers differ that look alike: in blanks, in the case of a letter, in a character that is not seen. Nothing where a
/// reader sees the difference.
pub(super) fn unlike(expected: &str, actual: &str, language: Language) -> Option<String> {
    // Events tell a value with blanks in quotes.
    let bare = |text: &str| -> Vec<char> {
        let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inner.unwrap_or(text).replace("\\t", "\t").chars().collect()
    };
    let seen = |text: &[char]| -> String {
        let marks =
            text.iter().filter(|c| !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}'));
        marks.flat_map(|c| c.to_lowercase()).collect()
    };
    let (expected, actual) = (bare(expected), bare(actual));
    if expected == actual || seen(&expected) != seen(&actual) || seen(&expected).is_empty() {
        return None;
    }
    let at = expected.iter().zip(&actual).take_while(|(one, other)| one == other).count();
    let (wanted, got) = (character(expected.get(at), language), character(actual.get(at), language));
    Some(match language {
        Language::English => format!(" They differ at character {}: {wanted} is expected, {got} came.", at + 1),
        Language::French => format!(" Ils diffèrent au caractère {} : attendu {wanted}, obtenu {got}.", at + 1),
    })
}

/// A character, by its name if it is a blank.
fn character(c: Option<&char>, language: Language) -> String {
    let (en, fr) = match c {
        None => ("the end", "la fin"),
        Some(' ') => ("a space", "une espace"),
        Some('\t') => ("a tab", "une tabulation"),
        Some('\u{a0}' | '\u{202f}') => ("a non-breaking space", "une espace insécable"),
        Some(c) if c.is_alphanumeric() || c.is_ascii_graphic() => return format!("`{c}`"),
        Some(c) => return format!("U+{:04X}", u32::from(*c)),
    };
    match language {
        Language::English => en,
        Language::French => fr,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use cachedojo_notation::text::Language;

    use super::{in_a_run, unlike};
    use crate::said::{Phrase, Said};
    use crate::verdict::Divergence;

    #[track_caller]
    fn check_unlike(expected: &str, actual: &str, told: Option<&str>) {
        let told = told.map(|told| format!(" They differ at character {told} came."));
        assert_eq!(unlike(expected, actual, Language::English), told, "{expected:?} {actual:?}");
    }

    #[test]
    fn answers_that_look_alike_are_told_apart() {
        check_unlike("v1", "\"v1 \"", Some("3: the end is expected, a space"));
        check_unlike("v1 ", "v1", Some("3: a space is expected, the end"));
        check_unlike("\"a b\"", "\"a  b\"", Some("3: `b` is expected, a space"));
        check_unlike("\"a b\"", "\"a\u{a0}b\"", Some("2: a space is expected, a non-breaking space"));
        check_unlike("\"a b\"", "\"a\\tb\"", Some("2: a space is expected, a tab"));
        check_unlike("STORED", "Stored", Some("2: `T` is expected, `t`"));
        check_unlike("v", "v\u{200b}", Some("2: the end is expected, U+200B"));
        for (expected, actual) in [("v1", "v2"), ("v1", "v1"), ("nothing", "v1"), ("\" \"", "\"\"")] {
            check_unlike(expected, actual, None);
        }
        let french = unlike("v1", "v1 ", Language::French);
        assert_eq!(french.as_deref(), Some(" Ils diffèrent au caractère 3 : attendu la fin, obtenu une espace."));
    }

    #[test]
    fn a_sentence_about_a_run_names_the_command_and_shows_blanks() {
        let check_said = |asked: &str, aside: &str, said: [Said; 2], english: [&str; 2], french: [&str; 2]| {
            let (asked, aside, [expected, actual]) = (asked.to_owned(), aside.to_owned(), said);
            let at = Divergence { step: 0, expected, actual, asked, aside };
            for (language, told) in [(Language::English, english), (Language::French, french)] {
                let parts = in_a_run(&at, language);
                assert_eq!((parts.0.as_str(), parts.1.as_str()), (told[0], told[1]));
            }
        };
        let check = |asked: &str, aside: &str, values: [&str; 2], english: [&str; 2], french: [&str; 2]| {
            check_said(asked, aside, values.map(|value| Said::Value(value.to_owned())), english, french);
        };
        let (english, french) = (["6 answers", "an empty list"], ["6 réponses", "une liste vide"]);
        check_said("", "", [Phrase::Answers(6).into(), Phrase::EmptyList.into()], english, french);
        // A program that says the same is told its own words.
        check("", "", english, english, english);
        check(
            "GET a",
            " (answers in all: 3, commands: 4)",
            ["a b  c", "a b  c "],
            ["\"a b  c\" to `GET a`", "\"a b  c \" (answers in all: 3, commands: 4)"],
            ["\"a b  c\" à `GET a`", "\"a b  c \" (réponses en tout : 3, commandes : 4)"],
        );
        check(
            "DELETE a",
            ", 2 times in all for 1 PUT of this key",
            ["NOT_FOUND", "DELETED"],
            ["NOT_FOUND to `DELETE a`", "DELETED, 2 times in all for 1 PUT of this key"],
            ["NOT_FOUND à `DELETE a`", "DELETED, 2 fois en tout pour 1 PUT de cette clé"],
        );
        check(
            "DELETE a",
            ", though no PUT stores this key (answers in all: 3, commands: 4)",
            ["NOT_FOUND", "DELETED"],
            ["NOT_FOUND to `DELETE a`", "DELETED, though no PUT stores this key (answers in all: 3, commands: 4)"],
            [
                "NOT_FOUND à `DELETE a`",
                "DELETED, alors qu'aucun PUT n'écrit cette clé (réponses en tout : 3, commandes : 4)",
            ],
        );
    }
}
