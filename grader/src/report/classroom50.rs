//! Classroom 50's `classroom50/result/v1`: whole points, names in kebab case, no unknown fields.

use std::time::{SystemTime, UNIX_EPOCH};

use cachedojo::protocol::rest::rfc3339;
use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;
use serde::Serialize;

use super::rows::{mark_of, rows};

/// The submission's owner. Classroom 50's runner passes it in environment variables and compares it with the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    classroom: String,
    assignment: String,
    assignment_type: &'static str,
    owner: String,
    submission: String,
    commit: String,
    release: String,
    review: String,
    datetime: String,
    submitted_by: Option<SubmittedBy>,
}

/// The person who pushed the submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SubmittedBy {
    username: String,
    id: Option<u64>,
}

impl Identity {
    /// The identity from the runner's variables. Missing parts are reported as unknown, which Classroom 50 does not
    /// enter into a gradebook. `now` replaces the submission's time if no runner gives it.
    pub(super) fn from_variables(variable: &dyn Fn(&str) -> Option<String>, now: SystemTime) -> Self {
        let known = |names: &[&str]| names.iter().find_map(|name| variable(name));
        let text = |names: &[&str]| known(names).unwrap_or_else(|| "unknown".to_owned());
        let tag = known(&["SUBMISSION_TAG"]).filter(|tag| tag.starts_with("submit/"));
        let id = variable("GITHUB_ACTOR_ID").and_then(|id| id.parse().ok());
        let group = variable("MODE").is_some_and(|mode| mode == "group");
        Self {
            classroom: text(&["CLASSROOM"]),
            assignment: text(&["ASSIGNMENT"]),
            assignment_type: if group { "group" } else { "individual" },
            owner: text(&["OWNER", "USERNAME", "GITHUB_REPOSITORY_OWNER"]),
            submission: tag.unwrap_or_else(|| "submit/unknown".to_owned()),
            commit: text(&["COMMIT_URL", "GITHUB_SHA"]),
            release: text(&["RELEASE_URL"]),
            review: text(&["REVIEW_URL", "COMMIT_URL", "GITHUB_SHA"]),
            datetime: known(&["SUBMISSION_DATETIME"]).filter(|text| is_instant(text)).unwrap_or_else(|| instant(now)),
            submitted_by: variable("GITHUB_ACTOR").map(|username| SubmittedBy { username, id }),
        }
    }
}

/// A time as `YYYY-MM-DDTHH:MM:SSZ`.
fn instant(time: SystemTime) -> String {
    rfc3339(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// `YYYY-MM-DDTHH:MM:SSZ`.
fn is_instant(text: &str) -> bool {
    let shape = "0000-00-00T00:00:00Z";
    let fits = |(c, pattern): (char, char)| if pattern == '0' { c.is_ascii_digit() } else { c == pattern };
    text.len() == shape.len()
        && text.chars().zip(shape.chars()).all(fits)
        && &text[11..13] < "24"
        && &text[14..16] < "60"
        && &text[17..19] < "60"
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct TestResult<'a> {
    test_name: &'a str,
    passed: bool,
    score: u32,
    max_score: u32,
    output: String,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    classroom: &'a str,
    assignment: &'a str,
    assignment_type: &'a str,
    owner: &'a str,
    submission: &'a str,
    commit: &'a str,
    release: &'a str,
    review: &'a str,
    datetime: &'a str,
    score: u32,
    #[serde(rename = "max-score")]
    max_score: u32,
    tests: Vec<TestResult<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted_by: Option<&'a SubmittedBy>,
}

/// After a failure of the grader, and where nothing was there to grade, it is 0 of 0, as where Classroom 50 itself has nothing to
/// grade by: a result needs a score, and 0 of the exercise's points would be a mark.
pub(super) fn render(report: &Report, language: Language, identity: &Identity) -> String {
    let is_marked = mark_of(report).is_some();
    let tests = rows(report, language).into_iter().map(|row| TestResult {
        test_name: row.name(),
        passed: row.passed(),
        score: if is_marked { row.points.min(row.max_points) } else { 0 },
        max_score: if is_marked { row.max_points } else { 0 },
        output: row.details,
    });
    let graded = report.verdict == GradeVerdict::Graded;
    super::pretty::pretty(&Document {
        schema: "classroom50/result/v1",
        classroom: &identity.classroom,
        assignment: &identity.assignment,
        assignment_type: identity.assignment_type,
        owner: &identity.owner,
        submission: &identity.submission,
        commit: &identity.commit,
        release: &identity.release,
        review: &identity.review,
        datetime: &identity.datetime,
        score: if graded { report.score.min(report.max_score) } else { 0 },
        max_score: if is_marked { report.max_score } else { 0 },
        tests: tests.collect(),
        submitted_by: identity.submitted_by.as_ref(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_runners_variables_become_the_identity() {
        let variable = |name: &str| {
            let value = match name {
                "CLASSROOM" => "cs50",
                "MODE" => "group",
                "SUBMISSION_TAG" => "submit/2026-01-02T03-04-05Z-abc",
                "SUBMISSION_DATETIME" => "2026-01-02T03:04:05Z",
                "GITHUB_ACTOR" => "ada",
                "GITHUB_ACTOR_ID" => "42",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let identity = Identity::from_variables(&variable, UNIX_EPOCH);
        assert_eq!((identity.classroom.as_str(), identity.assignment_type), ("cs50", "group"));
        assert_eq!(identity.submission, "submit/2026-01-02T03-04-05Z-abc");
        assert_eq!(identity.datetime, "2026-01-02T03:04:05Z");
        assert_eq!(identity.submitted_by, Some(SubmittedBy { username: "ada".to_owned(), id: Some(42) }));
        assert_eq!(identity.owner, "unknown");
    }

    #[test]
    fn without_a_runner_the_time_is_now() {
        for (seconds, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_795_881_599, "2026-11-28T15:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            let now = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(Identity::from_variables(&|_| None, now).datetime, written);
            assert!(is_instant(written));
        }
    }

    #[test]
    fn a_time_that_classroom_50_would_refuse_is_not_passed_on() {
        for wrong in ["2026-01-02", "2026-01-02T24:00:00Z", "2026-01-02T03:60:05Z", "é026-01-02T03:04:05Z"] {
            assert!(!is_instant(wrong), "{wrong}");
        }
    }
}
