//! The class as CSV, one row for each learner. No cell can be taken for a formula.

use cachedojo_notation::text::Language;

use super::summary::{Class, Learner, State};

/// The table. Cost: O(learners x checks).
pub fn render(class: &Class, check_ids: &[String]) -> String {
    // All cells are quoted, because spreadsheets of other countries separate cells by other characters.
    let mut table = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::NonNumeric).from_writer(Vec::new());
    let head = ["learner", "path", "state", "score", "max_score", "passed"].into_iter().map(str::to_owned);
    let tail = ["note", "sha256", "receipt", "late", "name"].into_iter().map(str::to_owned);
    write(&mut table, head.chain(check_ids.iter().map(|id| harmless(id))).chain(tail));
    for learner in &class.learners {
        let report = learner.report.as_ref();
        let points = check_ids.iter().map(|id| {
            let check = report.and_then(|report| report.checks.iter().find(|check| check.id == *id));
            check.map(|check| check.points.to_string()).unwrap_or_default()
        });
        let head = [
            harmless(&learner.learner),
            harmless(&learner.path),
            learner.state.name().to_owned(),
            learner.mark().map(|score| score.to_string()).unwrap_or_default(),
            class.max_score.to_string(),
            learner.passed.to_string(),
        ];
        let tail = [
            harmless(&note(class, learner)),
            report.map(|report| report.submission.sha256.clone()).unwrap_or_default(),
            report.map(|report| report.receipt.clone()).unwrap_or_default(),
            if learner.late { "late".to_owned() } else { String::new() },
            harmless(&learner.name),
        ];
        write(&mut table, head.into_iter().chain(points).chain(tail));
    }
    let bytes = table.into_inner().expect("memory takes any writing");
    String::from_utf8(bytes).expect("what was written is UTF-8")
}

/// Why somebody has no mark, in a sentence also where the other tables' columns say it.
fn note(class: &Class, learner: &Learner) -> String {
    let why = learner.why(Language::English);
    match learner.state {
        State::Empty if why.is_empty() => "what was handed in is empty".to_owned(),
        State::Missing => format!("no source among {why}"),
        State::Superseded if why.is_empty() => {
            let is_later = |other: &&Learner| other.learner == learner.learner && other.state != State::Superseded;
            let later = class.learners.iter().find(is_later).map(|other| other.path.as_str()).unwrap_or_default();
            format!("a later one counts: {later}")
        }
        _ => why,
    }
}

fn write(table: &mut csv::Writer<Vec<u8>>, row: impl Iterator<Item = String>) {
    table.write_record(row).expect("every row has the same columns, and memory takes any writing");
}

/// Characters with which a spreadsheet's formula begins; full-width forms and the true minus count like the plain ones.
const FORMULA: &[char] =
    &['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠', '｜', '％', '−', '﹢', '﹣', '﹦', '﹫'];

/// A cell that no spreadsheet executes: text that begins like a formula is quoted, and stays on one line. A lone dash, which
/// platforms write for "nothing yet", is not a formula.
pub(super) fn harmless(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.trim() == "-" {
        line
    } else if line.trim_start().starts_with(FORMULA) {
        format!("'{line}")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =cmd|' /C calc'!A0", "\r=1", "＝1+1", "−1", "＠SUM(A1)", "＋1"]
        {
            let written = harmless(cell);
            assert!(written.starts_with('\''), "{written}");
            assert!(!written.contains(['\t', '\r']));
        }
        assert_eq!(harmless("Ada Lovelace"), "Ada Lovelace");
    }
}
