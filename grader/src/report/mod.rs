//! Renderers: one report, many formats. Each is a pure function of a [`cachedojo_judge::Report`] and a [`Setting`].
//!
//! Before a format is rendered, the report goes through `disclose`: hidden parts are removed, characters that terminals, browsers
//! or XML parsers could misinterpret are replaced, links are added. So a format deals only with its own syntax. The formats of
//! course platforms are made from `rows`, which has no passed row unless the submission was really graded.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use cachedojo_judge::Report;
use cachedojo_notation::text::Language;
use clap::ValueEnum;

use crate::host::printable::obeyed_by_none;

mod autolab;
mod check50;
pub mod classroom50;
mod definitions;
mod disclose;
mod exercism;
pub(crate) mod french;
pub mod github;
mod gradescope;
pub(crate) mod html;
mod json;
mod junit;
pub mod link;
mod markdown;
mod mutation_elements;
mod prairielearn;
mod pretty;
mod rows;
mod sarif;
mod setting;
mod text;
pub(crate) mod words;

pub use definitions::Definitions;
pub use disclose::shorten;
pub use link::PLAYGROUND;
pub(crate) use rows::with_place;

pub use setting::Setting;

/// The forms a report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table and each failure, for a terminal
    Text,
    /// The report as data: `cachedojo/report/v1`
    Json,
    /// For a pull request or a step summary
    Markdown,
    /// A page that stands alone
    Html,
    /// JUnit XML
    Junit,
    /// Gradescope's results.json
    Gradescope,
    /// Classroom 50's result.json
    Classroom50,
    /// GitHub Actions: annotations, step summary, and the result GitHub Classroom's reporter reads
    Github,
    /// PrairieLearn's results.json
    Prairielearn,
    /// Exercism's results.json
    Exercism,
    /// check50's JSON
    Check50,
    /// Autolab: feedback, then scores as JSON in the last line
    Autolab,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// The known bugs as a mutation-testing-elements report
    MutationElements,
}

impl Format {
    /// Every format, in the order of `--help`.
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Whether it is read in a terminal or in a log of a continuous integration, where characters that move the cursor and lines
    /// that look like commands have an effect. The format `github` contains such commands on purpose, and escapes itself.
    pub fn is_for_a_terminal(self) -> bool {
        match self {
            Self::Text | Self::Markdown | Self::Autolab => true,
            Self::Json
            | Self::Html
            | Self::Junit
            | Self::Gradescope
            | Self::Classroom50
            | Self::Github
            | Self::Prairielearn
            | Self::Exercism
            | Self::Check50
            | Self::Sarif
            | Self::MutationElements => false,
        }
    }

    /// Whether the whole text is one JSON value.
    pub fn is_json(self) -> bool {
        match self {
            Self::Json
            | Self::Gradescope
            | Self::Classroom50
            | Self::Prairielearn
            | Self::Exercism
            | Self::Check50
            | Self::Sarif
            | Self::MutationElements => true,
            Self::Text | Self::Markdown | Self::Html | Self::Junit | Self::Github | Self::Autolab => false,
        }
    }
}

/// The report in a format, ending with a line end. Cost: O(report).
pub fn render(report: &Report, format: Format, setting: &Setting) -> String {
    let report = &disclosed(report, setting);
    let language = setting.language;
    let mut text = match format {
        Format::Text => text::render(report, language),
        Format::Json => json::render(report),
        Format::Markdown => markdown::render(report, language),
        Format::Html => html::render(report, language),
        Format::Junit => junit::render(report, language),
        Format::Gradescope => gradescope::render(report, language),
        Format::Classroom50 => classroom50::render(report, language, &setting.identity),
        Format::Github => github::render(report, setting),
        Format::Prairielearn => prairielearn::render(report, language),
        Format::Exercism => exercism::render(report, language),
        Format::Check50 => check50::render(report, language),
        Format::Autolab => autolab::render(report, language),
        Format::Sarif => sarif::render(report, setting),
        Format::MutationElements => mutation_elements::render(report, language),
    };
    // Once more after the format's own escaping: only now it is known which text is at the start of a line.
    if format.is_for_a_terminal() {
        text = obeyed_by_none(&text);
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The report in the form for every format: with links, without hidden parts, in harmless characters. Cost: O(report).
pub fn disclosed(report: &Report, setting: &Setting) -> Report {
    disclose::disclose(report, &setting.playground, setting.language)
}

/// The first thing that stands in the way of grading, in a line: where it is and what it is.
pub(crate) fn first_obstacle(report: &Report, language: Language) -> Option<String> {
    let mut first = report.diagnostics.first()?.clone();
    if language == Language::French {
        first.message = french::in_french(&first.message);
    }
    let head = first.message.lines().next().unwrap_or_default().to_owned();
    first.message = head;
    Some(with_place(&first))
}

/// Renders the report to `out`, or to standard output. A file appears whole or not at all. The format `github` also
/// gives the step its summary and its output `result`, where GitHub Actions has files for them.
///
/// # Errors
/// Something cannot be written; the message names the file.
pub fn deliver(report: &Report, format: Format, setting: &Setting, out: Option<&Path>) -> io::Result<()> {
    let text = render(report, format, setting);
    match out {
        Some(path) => write_whole(path, text.as_bytes())?,
        None => io::stdout().lock().write_all(text.as_bytes())?,
    }
    if format == Format::Github {
        if let Some(path) = &setting.step_summary {
            append(path, &render(report, Format::Markdown, setting))?;
        }
        if let Some(path) = &setting.step_output {
            append(path, &github::step_output(report, setting))?;
        }
    }
    Ok(())
}

/// Writes a file that nobody sees half-written: under another name first, then renamed. An existing path that is not a file, such
/// as `/dev/null`, is written to directly.
///
/// # Errors
/// The folder cannot be written to; the message names the file.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, bytes).map_err(|error| naming(path, &error));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // What there was no room for is of no use.
        _ = fs::remove_file(&part);
    }
    written.map_err(|error| naming(path, &error))
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    let file = fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| naming(path, &error))
}

fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("writing `{}`: {error}", path.display()))
}
