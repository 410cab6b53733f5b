//! The words of all reports, in both languages.

use cachedojo_judge::Verdict;
use cachedojo_judge::report::{CheckReport, GradeVerdict, Report};
use cachedojo_notation::text::Language;

/// The fixed words of reports.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) language_tag: &'static str,
    /// The colon; French has a space before it.
    pub(crate) colon: &'static str,
    pub(crate) report: &'static str,
    pub(crate) score: &'static str,
    pub(crate) passed: &'static str,
    pub(crate) not_passed: &'static str,
    pub(crate) passing: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) hidden: &'static str,
    pub(crate) behaves_like: &'static str,
    /// What stands before the number of a bug that a statement numbers.
    pub(crate) bug: &'static str,
    pub(crate) not_this_bug: &'static str,
    pub(crate) build_failed: &'static str,
    pub(crate) not_gradable: &'static str,
    pub(crate) forbidden: &'static str,
    pub(crate) harness_error: &'static str,
    pub(crate) check: &'static str,
    pub(crate) checks: &'static str,
    pub(crate) points: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) failures: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) actual: &'static str,
    pub(crate) script: &'static str,
    pub(crate) seen: &'static str,
    /// What stands above the lines of a scene whose transcript tells them in words.
    pub(crate) replays: &'static str,
    pub(crate) schedule: &'static str,
    pub(crate) open: &'static str,
    /// How to start the playground, if a link points to this machine's own.
    pub(crate) start_it: &'static str,
    pub(crate) also_fails: &'static str,
    pub(crate) diagnostics: &'static str,
    pub(crate) submission: &'static str,
    pub(crate) receipt: &'static str,
    pub(crate) known_bugs: &'static str,
    pub(crate) complexity: &'static str,
    pub(crate) growth: &'static str,
    pub(crate) verdicts: [&'static str; 12],
}

impl Words {
    /// The words of a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::French => &FRENCH,
        }
    }

    /// A verdict, for people.
    pub(crate) fn name(&self, verdict: Verdict) -> &'static str {
        self.verdicts[match verdict {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::NotImplemented => 2,
            Verdict::Panic => 3,
            Verdict::Timeout => 4,
            Verdict::OutOfMemory => 5,
            Verdict::Forbidden => 6,
            Verdict::Flaky => 7,
            Verdict::Skipped => 8,
            Verdict::HarnessError => 9,
            Verdict::Deadlock => 10,
            Verdict::Race => 11,
        }]
    }

    /// The verdict on a check: code that is not written yet is no panic to its author.
    pub(crate) fn verdict_of(&self, check: &CheckReport) -> &'static str {
        self.name(if check.is_unwritten() { Verdict::NotImplemented } else { check.verdict })
    }

    /// What stands above a transcript: tests, and scenes with lines that no script has, show none, and a story is none.
    pub(crate) fn above_transcript(&self, check: &CheckReport) -> &'static str {
        let is_story = untold(&check.script, &check.transcript).is_some();
        if check.script.is_empty() || is_story { self.seen } else { self.script }
    }

    /// Why no check ran; nothing when they did.
    pub(crate) fn obstacle(&self, report: &Report) -> Option<&'static str> {
        // No compiler has complained of what was not found, a service that does not answer, or a test whose import fails.
        let is_unseen = report.diagnostics.iter().all(|found| found.line == 0);
        match report.verdict {
            GradeVerdict::Graded => None,
            GradeVerdict::BuildFailed if is_unseen => Some(self.not_gradable),
            GradeVerdict::BuildFailed => Some(self.build_failed),
            GradeVerdict::Forbidden => Some(self.forbidden),
            GradeVerdict::HarnessError => Some(self.harness_error),
        }
    }
}

/// The script of a scene, where the transcript is a story that tells its lines in words: then they are to be shown beside it.
pub(crate) fn untold<'a>(script: &'a str, transcript: &str) -> Option<&'a str> {
    let first = script.lines().find(|line| line.starts_with("cluster "))?;
    (!transcript.is_empty() && !transcript.contains(first)).then_some(script)
}

/// A verdict as one character: its shape has the meaning, colour only repeats it.
pub(crate) fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '✓',
        Verdict::Skipped => '–',
        Verdict::NotImplemented => '○',
        Verdict::Flaky | Verdict::HarnessError => '?',
        _ => '✗',
    }
}

static ENGLISH: Words = Words {
    language_tag: "en",
    colon: ":",
    report: "Report",
    score: "Score",
    passed: "passed",
    not_passed: "not passed",
    passing: "passing score",
    hint: "Hint",
    hidden: "The script of this check is not shown.",
    behaves_like: "Behaves like the known bug",
    bug: "bug",
    not_this_bug: "The submission does not behave like this bug",
    build_failed: "The submission does not compile: mend what is listed, then grade again.",
    not_gradable: "Nothing could be graded: mend what is listed, then grade again.",
    forbidden: "The submission holds what this exercise forbids: remove it, then grade again.",
    harness_error: "The grader itself failed: this says nothing about the submission. Run `grader doctor`.",
    check: "Check",
    checks: "Checks",
    points: "Points",
    verdict: "Verdict",
    failures: "What went wrong",
    expected: "expected",
    actual: "actual",
    script: "A script that shows it, with the submission's answers",
    seen: "What was seen",
    replays: "Its lines, which `grader run` replays",
    schedule: "The order of threads that shows it",
    open: "Open in the playground",
    start_it: "start it first: grader serve",
    also_fails: "Also fails",
    diagnostics: "About the source",
    submission: "Submission",
    receipt: "Receipt",
    known_bugs: "Known bugs",
    complexity: "How the work grows",
    growth: "growth",
    verdicts: [
        "pass",
        "fail",
        "not implemented",
        "panic",
        "timeout",
        "out of memory",
        "forbidden",
        "flaky",
        "skipped",
        "grader failed",
        "deadlock",
        "race",
    ],
};

static FRENCH: Words = Words {
    language_tag: "fr",
    colon: " :",
    report: "Rapport",
    score: "Note",
    passed: "réussi",
    not_passed: "non réussi",
    passing: "seuil de réussite",
    hint: "Piste",
    hidden: "Le script de cette vérification n'est pas montré.",
    behaves_like: "Se comporte comme le bogue connu",
    bug: "bogue",
    not_this_bug: "Le rendu ne se comporte pas comme ce bogue",
    build_failed: "Le rendu ne compile pas : corrigez ce qui est listé, puis relancez la notation.",
    not_gradable: "Rien n'a pu être noté : corrigez ce qui est listé, puis relancez la notation.",
    forbidden: "Le rendu contient ce que l'exercice interdit : retirez-le, puis relancez la notation.",
    harness_error: "Le correcteur lui-même a échoué : cela ne dit rien du rendu. Lancez « grader doctor ».",
    check: "Vérification",
    checks: "Vérifications",
    points: "Points",
    verdict: "Verdict",
    failures: "Ce qui ne va pas",
    expected: "attendu",
    actual: "obtenu",
    script: "Un script qui le montre, avec les réponses du rendu",
    seen: "Ce qui a été observé",
    replays: "Ses lignes, que « grader run » rejoue",
    schedule: "L'ordre des threads qui le montre",
    open: "Ouvrir dans le bac à sable",
    start_it: "lancez-le d'abord : grader serve",
    also_fails: "Échoue aussi",
    diagnostics: "À propos du code source",
    submission: "Rendu",
    receipt: "Reçu",
    known_bugs: "Bogues connus",
    complexity: "Comment croît le travail",
    growth: "croissance",
    verdicts: [
        "réussi",
        "échoué",
        "non implémenté",
        "panique",
        "délai dépassé",
        "mémoire épuisée",
        "interdit",
        "instable",
        "sauté",
        "correcteur en panne",
        "interblocage",
        "course",
    ],
};

#[cfg(test)]
mod tests {
    use super::untold;

    #[test]
    fn the_lines_of_a_scene_are_shown_beside_a_story_and_not_beside_themselves() {
        let script = "# three\ncluster nodes=3 rf=3\nwrite k v\nexpect stored";
        assert_eq!(untold(script, "0.000 s  3 nodes start\n"), Some(script));
        assert_eq!(untold(script, "  cluster nodes=3 rf=3\nready\n"), None);
        assert_eq!(untold(script, ""), None);
        assert_eq!(untold("", "0.000 s  3 nodes start\n"), None);
        assert_eq!(untold("GET k", "> GET k\n"), None);
    }
}
