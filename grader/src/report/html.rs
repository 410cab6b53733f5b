//! The report as a self-contained page: no script, no font, no picture from elsewhere; the template escapes all text of
//! a submission.

use askama::Template;
use cachedojo_judge::Verdict;
use cachedojo_judge::growth::GrowthClass;
use cachedojo_judge::pack::Visibility;
use cachedojo_judge::report::{AlsoFails, CheckReport, GradeVerdict, GrowthReport, Report};
use cachedojo_notation::text::Language;

use super::rows::{headline, opening, place, resemblances, series};
use super::words::{Words, mark, untold};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    view: View<'a>,
}

/// A report in the form for the templates.
pub(crate) struct View<'a> {
    pub(crate) report: &'a Report,
    pub(crate) words: &'static Words,
    pub(crate) headline: String,
    /// Whether there is a score; otherwise the headline says why not.
    pub(crate) graded: bool,
    pub(crate) rows: Vec<RowView<'a>>,
    pub(crate) diagnostics: Vec<(String, &'a str)>,
    pub(crate) resemblances: Vec<String>,
    pub(crate) growth: Vec<GrowthView<'a>>,
}

/// An operation's growth in the form for the templates.
pub(crate) struct GrowthView<'a> {
    pub(crate) title: &'a str,
    pub(crate) class: &'static str,
    /// Whether it grows faster than it should.
    pub(crate) too_fast: bool,
    /// For each size the left edge, top and height of its column, in a box 40 high.
    pub(crate) columns: Vec<(u64, u64, u64)>,
    pub(crate) series: String,
}

/// A check in the form for the templates.
pub(crate) struct RowView<'a> {
    pub(crate) check: &'a CheckReport,
    pub(crate) mark: char,
    pub(crate) verdict: &'static str,
    /// The colour's name; mark and word have the same meaning.
    pub(crate) class: &'static str,
    pub(crate) lost: u32,
    pub(crate) hidden: bool,
    pub(crate) transcript: Vec<(&'static str, &'a str)>,
    /// The lines of a scene that is told in words; else nothing.
    pub(crate) replays: &'a str,
    /// The link's text.
    pub(crate) opening: String,
    pub(crate) also_fails: Vec<AlsoView<'a>>,
}

/// A further failing case in the form for the templates.
pub(crate) struct AlsoView<'a> {
    pub(crate) message: &'a str,
    pub(crate) transcript: Vec<(&'static str, &'a str)>,
    pub(crate) replays: &'a str,
    pub(crate) schedule: &'a str,
    pub(crate) link: &'a str,
}

pub(super) fn render(report: &Report, language: Language) -> String {
    let page = Page { view: View::of(report, language) };
    page.render().expect("a template without failing filters renders into memory")
}

impl<'a> View<'a> {
    /// The view of a report that was disclosed already.
    pub(crate) fn of(report: &'a Report, language: Language) -> Self {
        let words = Words::of(language);
        Self {
            report,
            words,
            headline: headline(report, words),
            graded: report.verdict == GradeVerdict::Graded,
            rows: report.checks.iter().map(|check| RowView::of(check, words)).collect(),
            diagnostics: report.diagnostics.iter().map(|one| (place(one), one.message.as_str())).collect(),
            resemblances: resemblances(report, words),
            growth: report.growth.iter().map(|row| GrowthView::of(row, language)).collect(),
        }
    }

    /// The score in percent, for the bar.
    pub(crate) fn percent(&self) -> u32 {
        self.report.score.min(self.report.max_score) * 100 / self.report.max_score.max(1)
    }

    /// The text beside the score.
    pub(crate) fn outcome(&self) -> String {
        let outcome = if self.report.passed { self.words.passed } else { self.words.not_passed };
        format!("{outcome} ({} {})", self.words.passing, self.report.passing_score)
    }

    pub(crate) fn failed(&self) -> impl Iterator<Item = &RowView<'a>> {
        self.rows.iter().filter(|row| row.check.verdict != Verdict::Pass)
    }

    pub(crate) fn any_failed(&self) -> bool {
        self.failed().next().is_some()
    }
}

impl<'a> GrowthView<'a> {
    fn of(row: &'a GrowthReport, language: Language) -> Self {
        let most = row.fuel.iter().max().copied().unwrap_or(0).max(1);
        let column = |(place, &fuel): (u64, &u64)| (place * 14, 40 - fuel * 38 / most, fuel * 38 / most + 1);
        Self {
            title: &row.title,
            class: row.class.name(language),
            too_fast: row.class > row.within && row.class != GrowthClass::Unknown,
            columns: (0..).zip(&row.fuel).map(column).collect(),
            series: series(&row.fuel),
        }
    }
}

impl<'a> RowView<'a> {
    fn of(check: &'a CheckReport, words: &Words) -> Self {
        Self {
            check,
            mark: mark(check.verdict),
            verdict: words.verdict_of(check),
            class: class(check.verdict),
            lost: check.max_points.saturating_sub(check.points),
            hidden: check.visibility == Visibility::Hidden && check.verdict != Verdict::Skipped,
            transcript: lines(&check.transcript),
            replays: untold(&check.script, &check.transcript).unwrap_or_default(),
            opening: opening(&check.link, words),
            also_fails: check.also_fails.iter().map(AlsoView::of).collect(),
        }
    }

    /// Whether the hint helps: not if the check was skipped because of another one.
    pub(crate) fn hints(&self) -> bool {
        !self.check.hint.is_empty() && self.check.verdict != Verdict::Skipped
    }
}

impl<'a> AlsoView<'a> {
    fn of(also: &'a AlsoFails) -> Self {
        Self {
            message: &also.message,
            transcript: lines(&also.transcript),
            replays: untold(&also.script, &also.transcript).unwrap_or_default(),
            schedule: &also.schedule,
            link: &also.link,
        }
    }
}

fn lines(transcript: &str) -> Vec<(&'static str, &str)> {
    let kind = |line: &str| if line.starts_with("> ") { "command" } else { "answer" };
    transcript.lines().map(|line| (kind(line), line)).collect()
}

/// The colour of a verdict.
pub(crate) fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Skipped | Verdict::NotImplemented => "none",
        Verdict::Flaky | Verdict::HarnessError => "doubt",
        _ => "fail",
    }
}
