//! The report as data with stable key names.

use cachedojo_judge::Report;

pub(super) fn render(report: &Report) -> String {
    super::pretty::pretty(report)
}
