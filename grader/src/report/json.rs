//! The report as data, under its stable key names.

use cachedojo_judge::Report;

pub(super) fn render(report: &Report) -> String {
    super::pretty::pretty(report)
}
