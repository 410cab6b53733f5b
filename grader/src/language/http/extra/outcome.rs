//! How a row went.

use std::time::Duration;

use super::super::client::{Answer, Fault, HttpCall};
use super::super::service::Service;
use cachedojo_judge::Verdict;
use cachedojo_judge::report::no_answer_in_french;
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

    /// Lost at this request, after what went well.
    pub(super) fn lost_at(request: &Unanswered, en: &str, fr: &str) -> Self {
        let Unanswered { asked, expected, came } = request;
        Self::of(
            false,
            format!("{en}: sent {asked}, expected status {}, came {}", expected.en, came.en),
            format!("{fr} : envoyé {asked}, attendu le statut {}, reçu {}", expected.fr, came.fr),
        )
    }

    fn not_tried(en: String, fr: String) -> Self {
        Self { verdict: Verdict::Skipped, ..Self::of(false, en, fr) }
    }

    /// Not begun: the rows of its kind before it took all of their time.
    pub(super) fn too_late(all: Duration) -> Self {
        let all = all.as_secs();
        Self::not_tried(
            format!("not tried: the rows before took the {all} s that these rows have"),
            format!("pas essayé : les lignes d'avant ont pris les {all} s que ces lignes ont"),
        )
    }

    /// It cannot be ended and started again.
    pub(super) fn not_started_here() -> Self {
        Self::not_tried(
            "not tried: it was not started by the grader, or does not start again".to_owned(),
            "pas essayé : le correcteur ne l'a pas lancé, ou il ne redémarre pas".to_owned(),
        )
    }

    /// There is nothing to compare it with.
    pub(super) fn no_reference() -> Self {
        Self::not_tried(
            "not tried: the pack's own solution gave no answer".to_owned(),
            "pas essayé : la solution de l'exercice n'a pas répondu".to_owned(),
        )
    }
}

/// A request that was not answered as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unanswered {
    /// Method and path, in the document's form.
    asked: String,
    /// Which statuses would have been right.
    expected: Bilingual,
    /// What came instead.
    came: Bilingual,
}

/// Sends a request whose answer must have one of these statuses; of none it must be one of success.
pub(super) fn send(service: &Service, call: &HttpCall<'_>, statuses: &[u16]) -> Result<(), Unanswered> {
    judge(service.call(call), call, statuses)
}

fn judge(answered: Result<Answer, Fault>, call: &HttpCall<'_>, statuses: &[u16]) -> Result<(), Unanswered> {
    let came = match answered {
        Ok(answer) if statuses.contains(&answer.status) => return Ok(()),
        Ok(answer) if statuses.is_empty() && (200..300).contains(&answer.status) => return Ok(()),
        Ok(answer) => {
            let status = answer.status;
            Bilingual { en: format!("status {status}"), fr: format!("le statut {status}") }
        }
        Err(fault) => {
            let english = format!("(no answer: {fault})");
            Bilingual { fr: no_answer_in_french(&english), en: english }
        }
    };
    let among = |or: &str, to: &str| match statuses {
        [] => format!("200{to}299"),
        [one] => one.to_string(),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(u16::to_string).collect();
            format!("{}{or}{last}", rest.join(", "))
        }
    };
    let expected = Bilingual { en: among(" or ", " to "), fr: among(" ou ", " à ") };
    let length = call.body.map_or(0, str::len);
    let body = if length > BODY_SHOWN_MAX { format!(" ({length} B)") } else { String::new() };
    Err(Unanswered { asked: format!("`{} {}`{body}", call.method, call.target), expected, came })
}

/// The longest body whose length is not told, in bytes.
const BODY_SHOWN_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::{RowOutcome, judge};
    use crate::language::http::client::{Answer, Fault, HttpCall};

    #[test]
    fn a_lost_row_says_what_was_sent_what_was_expected_and_what_came() {
        let body = "x".repeat(20_000);
        let call = |body| HttpCall { method: "PUT", target: "/a/b", headers: "", body };
        let status = |status| Ok(Answer { status, headers: Vec::new(), body: Vec::new() });
        for (answered, call, statuses, en, fr) in [
            (
                status(500),
                call(None),
                &[][..],
                "1 of 2: sent `PUT /a/b`, expected status 200 to 299, came status 500",
                "1 sur 2 : envoyé `PUT /a/b`, attendu le statut 200 à 299, reçu le statut 500",
            ),
            (
                Err(Fault::HungUp),
                call(Some(&body)),
                &[200, 201, 507],
                "1 of 2: sent `PUT /a/b` (20000 B), expected status 200, 201 or 507, \
                 came (no answer: it hung up without a word: did it fail at this request?)",
                "1 sur 2 : envoyé `PUT /a/b` (20000 B), attendu le statut 200, 201 ou 507, \
                 reçu (pas de réponse : il a raccroché sans un mot : cette requête l'a-t-elle fait échouer ?)",
            ),
        ] {
            let lost = judge(answered, &call, statuses).expect_err("it is wrong");
            let told = RowOutcome::lost_at(&lost, "1 of 2", "1 sur 2").seen;
            assert_eq!((told.en.as_str(), told.fr.as_str()), (en, fr));
        }
        for (answered, statuses) in [(status(204), &[][..]), (status(507), &[200, 507][..])] {
            assert_eq!(judge(answered, &call(None), statuses), Ok(()));
        }
    }
}
