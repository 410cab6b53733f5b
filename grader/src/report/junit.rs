//! JUnit XML, in nextest's and Jenkins' dialect. It has no points, so they are properties.

use cachedojo_judge::report::GradeVerdict;
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::rows::{Row, headline, resemblances, rows};
use super::words::Words;

type Xml = Writer<Vec<u8>>;

pub(super) fn render(report: &Report, language: Language) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(report, language, &mut xml).expect("memory takes any writing");
    String::from_utf8(xml.into_inner()).expect("what was written is UTF-8") + "\n"
}

fn write(report: &Report, language: Language, xml: &mut Xml) -> std::io::Result<()> {
    let words = Words::of(language);
    let rows = rows(report, language);
    let count = |wanted: fn(Kind) -> bool| rows.iter().filter(|row| wanted(Kind::of(row.verdict))).count().to_string();
    let (tests, skipped) = (rows.len().to_string(), count(|kind| kind == Kind::Skipped));
    let (failures, errors) = (count(|kind| kind == Kind::Failure), count(|kind| kind == Kind::Error));
    let counts = [("name", report.exercise.as_str()), ("tests", &tests), ("failures", &failures), ("errors", &errors)];
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites").with_attributes(counts).write_inner_content(|xml| {
        let suite = xml.create_element("testsuite").with_attributes(counts);
        suite.with_attributes([("disabled", "0"), ("skipped", skipped.as_str())]).write_inner_content(|xml| {
            suite_properties(report, xml)?;
            for row in &rows {
                test_case(row, report, words, xml)?;
            }
            let mut out = headline(report, words);
            for line in resemblances(report, words) {
                out = format!("{out}\n{line}");
            }
            xml.create_element("system-out").write_text_content(BytesText::new(&out))?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn suite_properties(report: &Report, xml: &mut Xml) -> std::io::Result<()> {
    let score = if report.verdict == GradeVerdict::Graded { report.score } else { 0 };
    let values = [
        ("score", score.to_string()),
        ("max_score", report.max_score.to_string()),
        ("passing_score", report.passing_score.to_string()),
        ("passed", report.passed.to_string()),
        ("seed", report.seed.to_string()),
        ("receipt", report.receipt.clone()),
    ];
    properties(&values, xml)
}

fn test_case(row: &Row<'_>, report: &Report, words: &Words, xml: &mut Xml) -> std::io::Result<()> {
    let class =
        if row.category.is_empty() { report.exercise.clone() } else { format!("{}.{}", report.exercise, row.category) };
    xml.create_element("testcase")
        .with_attributes([("name", row.name()), ("classname", class.as_str())])
        .write_inner_content(|xml| {
            let values = [
                ("id", row.id.to_owned()),
                ("points", row.points.to_string()),
                ("max_points", row.max_points.to_string()),
            ];
            properties(&values, xml)?;
            let message = row.details.lines().next().unwrap_or_else(|| words.name(row.verdict));
            let element = match Kind::of(row.verdict) {
                Kind::Pass => return Ok(()),
                Kind::Failure => "failure",
                Kind::Error => "error",
                Kind::Skipped => {
                    xml.create_element("skipped").with_attribute(("message", message)).write_empty()?;
                    return Ok(());
                }
            };
            xml.create_element(element)
                .with_attributes([("type", row.verdict.name()), ("message", message)])
                .write_text_content(BytesText::new(&row.details))?;
            Ok(())
        })?;
    Ok(())
}

fn properties(values: &[(&str, String)], xml: &mut Xml) -> std::io::Result<()> {
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in values {
            xml.create_element("property").with_attributes([("name", *name), ("value", value)]).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

/// JUnit's value for a verdict. Its "flaky" means "passed in the end", so a flaky check is a failure here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pass,
    Failure,
    Error,
    Skipped,
}

impl Kind {
    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Skipped => Self::Skipped,
            Verdict::Fail | Verdict::NotImplemented | Verdict::Flaky | Verdict::Race => Self::Failure,
            Verdict::Panic
            | Verdict::Deadlock
            | Verdict::Timeout
            | Verdict::OutOfMemory
            | Verdict::Forbidden
            | Verdict::HarnessError => Self::Error,
        }
    }
}
