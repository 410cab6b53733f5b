//! SARIF 2.1.0, for code scanning.

use cachedojo_judge::report::GradeVerdict;
use cachedojo_judge::{Report, Verdict};
use serde::Serialize;

use super::Setting;
use super::rows::{Row, SourcePlace, rows};

/// The rule of messages of the compiler and the inspector.
const SOURCE_RULE: &str = "source";

/// The file shown for a failed check without a place: code scanning requires one.
fn root(report: &Report) -> &str {
    match report.grader.backend.as_str() {
        _ if !report.submission.files.is_empty() => &report.submission.files[0],
        "python" | "cpython" => "main.py",
        "script" => "script.txt",
        "http" => "start",
        _ => "src/lib.rs",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
struct Driver<'a> {
    name: &'static str,
    version: &'a str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Message<'a>>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'a str,
    kind: &'static str,
    level: &'static str,
    message: OwnMessage,
    locations: [Location; 1],
}

#[derive(Serialize)]
struct OwnMessage {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
}

pub(super) fn render(report: &Report, setting: &Setting) -> String {
    let rows = rows(report, setting.language);
    let root = root(report);
    let source =
        Rule { id: SOURCE_RULE, short_description: Message { text: "The source compiles and is allowed" }, help: None };
    let rules = rows.iter().map(|row| Rule {
        id: row.id,
        short_description: Message { text: row.name() },
        help: row.check.map(|check| check.hint.as_str()).filter(|hint| !hint.is_empty()).map(|text| Message { text }),
    });
    let level = if report.verdict == GradeVerdict::Graded { "warning" } else { "error" };
    let notes = report.diagnostics.iter().map(|diagnostic| Finding {
        rule_id: SOURCE_RULE,
        kind: "fail",
        level,
        message: OwnMessage { text: diagnostic.message.clone() },
        locations: [location(
            if diagnostic.file.is_empty() { root } else { &diagnostic.file },
            diagnostic.line,
            diagnostic.column,
        )],
    });
    super::pretty::pretty(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "cachedojo-grader",
                    version: &report.grader.version,
                    rules: [source].into_iter().chain(rules).collect(),
                },
            },
            invocations: [Invocation { execution_successful: report.verdict != GradeVerdict::HarnessError }],
            column_kind: "unicodeCodePoints",
            results: notes
                .chain(rows.iter().filter(|row| !row.passed()).map(|row| finding(row, root, setting)))
                .collect(),
        }],
    })
}

fn finding<'a>(row: &Row<'a>, root: &str, setting: &Setting) -> Finding<'a> {
    // SARIF requires the level `none` for anything that is not a failure.
    let (kind, level) = match row.verdict {
        Verdict::Skipped => ("notApplicable", "none"),
        Verdict::Flaky => ("fail", "warning"),
        _ => ("fail", "error"),
    };
    let text = format!("{}\n{}", row.name(), row.details).trim_end().to_owned();
    let at = match row.check.and_then(|check| setting.definitions.place_of(check)) {
        Some(SourcePlace { file, line, column }) => location(&file, line, column),
        None => location(root, 1, 0),
    };
    Finding { rule_id: row.id, kind, level, message: OwnMessage { text }, locations: [at] }
}

fn location(file: &str, line: u32, column: u32) -> Location {
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: relative_uri(file) },
            region: Region { start_line: line.max(1), start_column: (column > 0).then_some(column) },
        },
    }
}

/// A path as a relative reference: everything except plain characters is percent-encoded.
fn relative_uri(path: &str) -> String {
    let bytes = path.trim_start_matches('/').bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}
