//! How a row went.

use cachedojo_judge::Verdict;
use cachedojo_notation::text::Bilingual;

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
