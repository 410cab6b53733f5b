//! How a row went.

use std::time::Duration;

use cachedojo_judge::Verdict;
use cachedojo_notation::text::Bilingual;

/// The time for the requests of a row, beyond the last one's: a service that is far too slow is not waited for.
pub(super) const ROW: Duration = Duration::from_secs(20);

/// How a row went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowOutcome {
    /// Whether it is good.
    pub(super) verdict: Verdict,
    /// What was seen, in the two languages.
    pub(super) seen: Bilingual,
}

impl RowOutcome {
    pub(super) fn of(is_good: bool, en: String, fr: String) -> Self {
        Self { verdict: if is_good { Verdict::Pass } else { Verdict::Fail }, seen: Bilingual { en, fr } }
    }

    pub(super) fn not_tried() -> Self {
        Self { verdict: Verdict::Skipped, ..Self::of(false, "not tried".to_owned(), "pas essayé".to_owned()) }
    }
}
