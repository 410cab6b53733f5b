//! The sentences of a report about a row, in the reader's language.

use cachedojo_lab::script::{self, Command, Dialect};
use cachedojo_notation::text::Language;

use super::verdict::Verdict;

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
pub(super) fn asked(script: &str, step: u32) -> Option<String> {
    let script = script::parse(script, Dialect::Lab);
    let obeyed = script.commands.get(..=step as usize)?;
    let is_asked = |step: &&script::Step| !matches!(step.command, Command::Expect(_) | Command::Always(_));
    let source = obeyed.iter().rev().find(is_asked)?.source.trim();
    let is_long = source.chars().count() > ASKED_CHARS_MAX;
    let shown: String = source.chars().take(ASKED_CHARS_MAX).collect();
    Some(if is_long { shown + "…" } else { shown })
}

/// How the actual answer differs from the expected one; for a wrong answer with the command that was `asked`, if it is known.
pub(super) fn difference(
    verdict: Verdict,
    asked: Option<&str>,
    expected: &str,
    actual: &str,
    language: Language,
) -> String {
    let expected = match (asked, language) {
        (None, _) => expected.to_owned(),
        (Some(asked), Language::English) => format!("{expected} after `{asked}`"),
        (Some(asked), Language::French) => format!("{expected} après « {asked} »"),
    };
    let expected = expected.as_str();
    match (verdict, language) {
        (Verdict::Flaky, Language::English) => format!(
            ": two runs of the same script disagree, `{expected}` and `{actual}`; something random decides (a RandomState, the order of a HashMap)."
        ),
        (Verdict::Flaky, Language::French) => format!(
            " : deux exécutions du même script divergent, « {expected} » et « {actual} » ; le hasard décide (un RandomState, l'ordre d'un HashMap)."
        ),
        (Verdict::Race, Language::English) if expected.is_empty() => {
            format!(": in another order of its threads it holds, in this one not: {actual}.")
        }
        (Verdict::Race, Language::French) if expected.is_empty() => {
            format!(" : dans un autre ordre des threads cela tient, dans celui-ci non : {actual}.")
        }
        (Verdict::Race, Language::English) => {
            format!(": in another order of its threads it holds; in this one expected {expected}, got {actual}.")
        }
        (Verdict::Race, Language::French) => {
            format!(
                " : dans un autre ordre des threads cela tient ; dans celui-ci attendu {expected}, obtenu {actual}."
            )
        }
        (Verdict::Fail, Language::English) => format!(": expected {expected}, got {actual}."),
        (Verdict::Fail, Language::French) => format!(" : attendu {expected}, obtenu {actual}."),
        (_, Language::English) => format!(": {actual}."),
        (_, Language::French) => format!(" : {actual}."),
    }
}
