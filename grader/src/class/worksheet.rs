//! The words of Moodle's grading worksheet, which has the headings of its site's language: one table for all of them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A column of the worksheet, in the worksheet's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// `Participant 12`: the number of the person's part in the assignment.
    Id,
    /// The full name.
    Name,
    /// The address.
    Email,
    /// What came of the submission.
    Status,
    /// The mark.
    Grade,
    /// The mark's maximum.
    Maximum,
    /// Whether the mark may be changed.
    Open,
    /// When the submission was changed.
    #[expect(dead_code, reason = "only its place among the headings is used")]
    Submitted,
    /// When the mark was changed.
    #[expect(dead_code, reason = "only its place among the headings is used")]
    Graded,
    /// The comment.
    Feedback,
}

/// The number of columns.
const COLUMNS: usize = 10;

/// A worksheet in one language.
pub(super) struct Words {
    /// What stands before a participant's number.
    pub(super) participant: &'static str,
    /// The headings: what the newest Moodle writes, and what older ones wrote.
    heads: [&'static [&'static str]; COLUMNS],
    /// That a mark may be changed.
    pub(super) yes: &'static str,
    /// Words of a status, folded as headings are: it came late.
    late: &'static [&'static str],
    /// It is a draft, which nobody handed in yet.
    draft: &'static [&'static str],
}

/// A column's name for comparison: without accents and case, with a plain apostrophe.
pub(super) fn folded_head(name: &str) -> String {
    let name = name.trim().trim_start_matches('\u{feff}').trim();
    let plain = name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    plain.map(|c| if c == '\u{2019}' { '\'' } else { c }).collect()
}

/// The languages, English first. The words are those of Moodle's language packs.
const LANGUAGES: &[Words] = &[
    Words {
        participant: "Participant ",
        heads: [
            &["Identifier"],
            &["Full name"],
            &["Email address"],
            &["Status"],
            &["Grade"],
            &["Maximum Grade"],
            &["Grade can be changed"],
            &["Last modified (submission)"],
            &["Last modified (grade)"],
            &["Feedback comments"],
        ],
        yes: "Yes",
        late: &["late"],
        draft: &["draft"],
    },
    Words {
        participant: "Teilnehmer/in",
        heads: [
            &["ID"],
            &["Vollständiger Name"],
            &["E-Mail-Adresse"],
            &["Status"],
            &["Bewertung"],
            &["Bestwertung", "Bestbewertung", "Beste Bewertung"],
            &["Bewertung kann geändert werden"],
            &["Zuletzt geändert (Abgabe)"],
            &["Zuletzt geändert (Bewertung)"],
            &["Feedback als Kommentar"],
        ],
        yes: "Ja",
        late: &["spat", "spater", "verspatet"],
        draft: &["entwurf"],
    },
    Words {
        participant: "Participant ",
        heads: [
            &["Identifiant"],
            &["Nom complet"],
            &["Adresse de courriel"],
            &["Statut"],
            &["Note"],
            &["Note maximale"],
            &["La note peut être modifiée"],
            &["Dernière modification (travail remis)"],
            &["Dernière modification (note)"],
            &["Feedback par commentaires"],
        ],
        yes: "Oui",
        late: &["retard"],
        draft: &["brouillon"],
    },
    Words {
        participant: "Participante ",
        heads: [
            &["Identificador"],
            &["Nombre completo"],
            &["Dirección de correo"],
            &["Estado", "Estatus"],
            &["Calificación"],
            &["Calificación máxima"],
            &["La calificación puede ser cambiada"],
            &["Última modificación (entrega)"],
            &["Última modificación (calificación)"],
            &["Comentarios de retroalimentación"],
        ],
        yes: "Sí",
        late: &["despues", "retraso", "retrasada"],
        draft: &["borrador"],
    },
    Words {
        participant: "Partecipante ",
        heads: [
            &["Identificativo"],
            &["Nome"],
            &["Indirizzo email"],
            &["Stato"],
            &["Valutazione"],
            &["Valutazione massima", "Voto massimo"],
            &["La valutazione può essere cambiata"],
            &["Ultima modifica (consegna)"],
            &["Ultima modifica (valutazione)"],
            &["Commenti"],
        ],
        yes: "Sì",
        late: &["ritardo"],
        draft: &["bozza"],
    },
    Words {
        participant: "Participante ",
        heads: [
            &["Identificador"],
            &["Nome completo"],
            &["E-mail", "Endereço de e-mail", "Endereço de email"],
            &["Estado", "Status"],
            &["Nota"],
            &["Nota máxima"],
            &["A nota pode ser alterada.", "A nota pode ser alterada", "Nota pode ser alterada"],
            &["Última atualização (submissão)"],
            &["Última atualização (avaliação)"],
            &["Comentários de feedback"],
        ],
        yes: "Sim",
        late: &["atrasado", "atrasada", "atraso"],
        draft: &["curso", "rascunho"],
    },
    Words {
        participant: "Deelnemer ",
        heads: [
            &["Identificatie"],
            &["Volledige naam"],
            &["E-mailadres"],
            &["Status"],
            &["Beoordeling", "Cijfer"],
            &["Maximaal cijfer"],
            &["Het cijfer kan gewijzigd worden"],
            &["Laatst gewijzigd (inzending)"],
            &["Laatst gewijzigd (beoordeling)"],
            &["Feedback tekstvak"],
        ],
        yes: "Ja",
        late: &["laat"],
        draft: &["concept"],
    },
];

impl Words {
    /// The headings as Moodle writes them today.
    pub(super) fn headings(&self) -> impl Iterator<Item = &'static str> {
        self.heads.iter().map(|names| names[0])
    }

    /// Whether a heading, folded, is this column's.
    fn is(&self, column: Column, folded: &str) -> bool {
        self.heads[column as usize].iter().any(|name| folded_head(name) == folded)
    }
}

/// Whether a heading, folded, is this column's in any language.
pub(super) fn is(column: Column, folded: &str) -> bool {
    LANGUAGES.iter().any(|words| words.is(column, folded))
}

/// The words in which most headings of a table are, English where none is.
pub(super) fn words_of(head: &[String]) -> &'static Words {
    let names: Vec<String> = head.iter().map(|name| folded_head(name)).collect();
    let count = |words: &Words| {
        let is_known =
            |name: &&String| words.heads.iter().flat_map(|names| *names).any(|own| folded_head(own) == **name);
        names.iter().filter(is_known).count()
    };
    // Of those with equally many the first counts, and `max_by_key` would take the last.
    LANGUAGES.iter().rev().max_by_key(|words| count(words)).unwrap_or(&LANGUAGES[0])
}

/// Whether a table is a worksheet: by a heading that only Moodle has or, as `ID` is anybody's, by a mark beside it and the
/// participants' numbers below. `cells` has the cells of a column.
pub(super) fn is_worksheet<'a, C: Iterator<Item = &'a str>>(head: &[String], cells: impl Fn(usize) -> C) -> bool {
    let names: Vec<String> = head.iter().map(|name| folded_head(name)).collect();
    let at = |words: &Words, column: Column| names.iter().position(|name| words.is(column, name));
    LANGUAGES.iter().any(|words| {
        let Some(id) = at(words, Column::Id) else { return false };
        let is_marked =
            [Column::Grade, Column::Maximum, Column::Open].iter().any(|column| at(words, *column).is_some());
        let of_participants = || cells(id).find(|cell| !cell.trim().is_empty()).is_some_and(is_participant);
        matches!(names[id].as_str(), "identifier" | "identifiant") || is_marked && of_participants()
    })
}

/// Whether a cell is a participant's number as Moodle writes it: a word in any language, then the number.
fn is_participant(cell: &str) -> bool {
    let word = cell.trim().trim_end_matches(|c: char| c.is_ascii_digit());
    word.len() < cell.trim().len() && word.starts_with(char::is_alphabetic)
}

/// The number of a participant: what `Participant 12` and `Teilnehmer/in12` end with.
pub(super) fn number(cell: &str) -> &str {
    cell.trim().rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default()
}

/// What a status says of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Late,
    Draft,
}

/// Whether a status, in any language, says this.
pub(super) fn says(status: &str, what: Told) -> bool {
    let status = folded_head(status);
    let words = |words: &Words| if what == Told::Late { words.late } else { words.draft };
    let mut said = status.split(|c: char| !c.is_alphabetic());
    said.any(|word| LANGUAGES.iter().any(|language| words(language).contains(&word)))
}
