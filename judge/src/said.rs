//! What was expected, or came: a value, which is the same in every language, or words of ours, which are told in the reader's.

use std::fmt;

use cachedojo_lab::event::{Event, What};
use cachedojo_notation::text::Language;

/// One side of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// What the submission said, or should have said, as it stands.
    Value(String),
    /// A phrase of ours.
    Ours(Phrase),
}

/// A phrase of ours in a sentence about a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phrase {
    /// The words of a scene: what it expects, or that it was told nothing, say.
    Scene(String),
    /// An answer has one character at least, but there was none in it.
    EmptyLine,
    /// There should have been another answer.
    NoMoreAnswers,
    /// Any answer would have been better than none.
    AnAnswer,
    /// So many answers should have come.
    Answers(usize),
    /// A run returned no answer at all.
    EmptyList,
    /// The run should have ended.
    NoAnswerAfterBye,
    /// Each command has its answer already.
    NoAnswerAfterLast,
    /// Either answer to a `DELETE` would have been right.
    DeletedOrNotFound,
    /// A `GET` may find nothing, or one of these.
    NotFoundOrPut(Vec<String>),
    /// A thread for each of so many commands.
    ThreadForEach(u32),
    /// So many threads.
    Threads(u32),
}

impl Default for Said {
    fn default() -> Self {
        Self::Value(String::new())
    }
}

impl From<Phrase> for Said {
    fn from(phrase: Phrase) -> Self {
        Self::Ours(phrase)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl Said {
    /// Words of a scene.
    pub(super) fn scene(words: &str) -> Self {
        Self::Ours(Phrase::Scene(words.to_owned()))
    }

    /// The actual answer of a broken expectation, which stands after these events: a value if a read has just found it.
    pub(super) fn answer(actual: &str, before: &[Event]) -> Self {
        let last = before.iter().rev().find(|event| event.what.is_answer()).map(|event| &event.what);
        match last {
            Some(hit @ What::Hit { .. }) if hit.to_string() == actual => Self::Value(actual.to_owned()),
            _ => Self::scene(actual),
        }
    }

    /// Whether nothing in particular was expected, or came.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Value(text) | Self::Ours(Phrase::Scene(text)) => text.is_empty(),
            Self::Ours(_) => false,
        }
    }

    /// As a reader of that language is told it.
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Value(value) => value.clone(),
            Self::Ours(phrase) => phrase.text(language),
        }
    }

    /// As part of a sentence: a value in quotes if it has blanks at its ends or several in a row, which would not be seen otherwise.
    pub(super) fn quoted(&self, language: Language) -> String {
        match self {
            Self::Value(value) if value.trim() != value || value.contains("  ") => format!("\"{value}\""),
            other => other.text(language),
        }
    }
}

impl Phrase {
    fn text(&self, language: Language) -> String {
        let (english, french) = match self {
            Self::Scene(words) if language == Language::French => return scene_in_french(words),
            Self::Scene(words) => return words.clone(),
            Self::NotFoundOrPut(values) => return not_found_or_put(&values.join(", "), language),
            Self::Answers(count) => return counted(*count, "answers", "réponses", language),
            Self::Threads(count) => return counted(*count, "threads", "threads", language),
            Self::ThreadForEach(count) if language == Language::French => {
                return format!("un thread pour chacune des {count} commandes");
            }
            Self::ThreadForEach(count) => return format!("a thread for each of {count} commands"),
            Self::EmptyLine => ("(an empty line)", "(une ligne vide)"),
            Self::NoMoreAnswers => ("(no more answers)", "(plus de réponse)"),
            Self::AnAnswer => ("an answer", "une réponse"),
            Self::EmptyList => ("an empty list", "une liste vide"),
            Self::NoAnswerAfterBye => ("no answer after BYE", "aucune réponse après BYE"),
            Self::NoAnswerAfterLast => ("no answer after the last", "aucune réponse après la dernière"),
            Self::DeletedOrNotFound => ("DELETED or NOT_FOUND", "DELETED ou NOT_FOUND"),
        };
        match language {
            Language::English => english,
            Language::French => french,
        }
        .to_owned()
    }
}

fn counted(count: impl fmt::Display, english: &str, french: &str, language: Language) -> String {
    match language {
        Language::English => format!("{count} {english}"),
        Language::French => format!("{count} {french}"),
    }
}

fn not_found_or_put(values: &str, language: Language) -> String {
    match language {
        Language::English => format!("NOT_FOUND or a value that was put ({values})"),
        Language::French => format!("NOT_FOUND ou une valeur qui a été écrite ({values})"),
    }
}

/// What a scene expects, or was answered, in French: a value stays as it is.
fn scene_in_french(said: &str) -> String {
    let word = |word: &str| match word {
        "nothing" => "rien".to_owned(),
        "stored" => "écrit".to_owned(),
        "deleted" => "fait".to_owned(),
        "error" => "une erreur".to_owned(),
        "yes" => "oui".to_owned(),
        "no" => "non".to_owned(),
        "none" => "aucun".to_owned(),
        "no answer" => "aucune réponse".to_owned(),
        "no answer within 10 s" => "aucune réponse en 10 s".to_owned(),
        "all promises kept" => "toutes les promesses tenues".to_owned(),
        other => other.to_owned(),
    };
    let beginnings = [
        ("contains ", "contient "),
        ("without ", "sans "),
        ("smallest ", "la plus petite part "),
        ("largest ", "la plus grande part "),
        ("error: ", "erreur : "),
        ("bytes ", "octets "),
        ("count ", "nombre "),
    ];
    if let Some(words) = said.strip_prefix("any of ") {
        return format!("l'un de {}", words.split(" | ").map(word).collect::<Vec<_>>().join(" | "));
    }
    if let Some(other) = said.strip_prefix("not ") {
        return format!("pas {}", word(other));
    }
    let begun = beginnings.iter().find_map(|(en, fr)| Some(format!("{fr}{}", said.strip_prefix(en)?)));
    begun.unwrap_or_else(|| word(said))
}

#[cfg(test)]
mod tests {
    use super::{Phrase, Said};
    use cachedojo_lab::event::{Event, What};
    use cachedojo_notation::text::Language;

    #[test]
    fn words_of_ours_are_told_in_french_and_a_value_that_reads_like_them_is_not() {
        let scene = |words: &str| Phrase::Scene(words.to_owned());
        for (words, english, french) in [
            (Phrase::NoMoreAnswers, "(no more answers)", "(plus de réponse)"),
            (Phrase::EmptyLine, "(an empty line)", "(une ligne vide)"),
            (Phrase::AnAnswer, "an answer", "une réponse"),
            (Phrase::Answers(6), "6 answers", "6 réponses"),
            (Phrase::EmptyList, "an empty list", "une liste vide"),
            (Phrase::NoAnswerAfterBye, "no answer after BYE", "aucune réponse après BYE"),
            (Phrase::NoAnswerAfterLast, "no answer after the last", "aucune réponse après la dernière"),
            (Phrase::DeletedOrNotFound, "DELETED or NOT_FOUND", "DELETED ou NOT_FOUND"),
            (
                Phrase::NotFoundOrPut(vec!["1".to_owned(), "2".to_owned()]),
                "NOT_FOUND or a value that was put (1, 2)",
                "NOT_FOUND ou une valeur qui a été écrite (1, 2)",
            ),
            (Phrase::ThreadForEach(6), "a thread for each of 6 commands", "un thread pour chacune des 6 commandes"),
            (Phrase::Threads(3), "3 threads", "3 threads"),
            (scene("nothing"), "nothing", "rien"),
        ] {
            let ours = Said::Ours(words);
            assert_eq!([ours.text(Language::English), ours.text(Language::French)], [english, french]);
            let value = Said::Value(english.to_owned());
            assert_eq!(value.text(Language::French), english);
            assert_ne!(value, ours);
        }
    }

    #[test]
    fn what_a_scene_expects_and_is_answered_is_told_in_french() {
        for (english, french) in [
            ("nothing", "rien"),
            ("stored", "écrit"),
            ("deleted", "fait"),
            ("yes", "oui"),
            ("no", "non"),
            ("error", "une erreur"),
            ("error: no answer", "erreur : no answer"),
            ("contains n1 n2", "contient n1 n2"),
            ("any of nothing | v1", "l'un de rien | v1"),
            ("not v1", "pas v1"),
            ("largest <= 450%", "la plus grande part <= 450%"),
            ("smallest = 0.0%", "la plus petite part = 0.0%"),
            // A value that a scene expects is nobody's word.
            ("ycoiwe6", "ycoiwe6"),
            ("nothing more", "nothing more"),
        ] {
            assert_eq!(Said::scene(english).text(Language::French), french);
        }
    }

    #[test]
    fn what_a_read_finds_is_a_value_whatever_it_reads_like() {
        let event = |what| Event { step: 1, line: 1, at_ms: 0, what };
        let (key, value) = ("k".to_owned(), "none".to_owned());
        let (hit, miss) = (event(What::Hit { key: key.clone(), value: value.clone() }), event(What::Miss { key }));
        assert_eq!(Said::answer("none", &[miss.clone(), hit.clone()]), Said::Value(value));
        for (actual, before) in
            [("nothing", vec![hit.clone(), miss]), ("no answer", vec![]), ("not a number", vec![hit])]
        {
            assert_eq!(Said::answer(actual, &before), Said::scene(actual));
        }
    }
}
