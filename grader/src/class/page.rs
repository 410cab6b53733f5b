//! The class as a self-contained page: no script, nothing loaded, all text of learners escaped.

use askama::Template;
use cachedojo_judge::Report;
use cachedojo_notation::text::Language;

use super::summary::{Alike, AlikeKind, Class, Learner, MutantRow, State};
use crate::report::html::{View, class as colour};
use crate::report::words::{Words, mark};

#[derive(Template)]
#[template(path = "class.html")]
struct Page<'a> {
    class: &'a Class,
    words: &'static Words,
    say: &'static Phrases,
    headline: String,
    bins: Vec<Bin>,
    columns: Vec<(&'a str, &'a str)>,
    rows: Vec<Row<'a>>,
    bugs: Vec<Bug<'a>>,
    /// Programs that are the same as a whole, with how.
    alike: Vec<(&'static str, &'a Alike)>,
}

/// A known bug, and the learners who have it, as links to their sections.
struct Bug<'a> {
    row: &'a MutantRow,
    who: Vec<(usize, &'a str)>,
}

/// A bar of the distribution.
struct Bin {
    label: String,
    count: usize,
    percent: usize,
}

/// A learner's row in the heatmap, and a link to their section.
struct Row<'a> {
    learner: &'a Learner,
    anchor: usize,
    state: &'static str,
    /// Whether there is a score; otherwise the state is shown.
    has_checks: bool,
    cells: Vec<Cell>,
    view: Option<View<'a>>,
}

struct Cell {
    mark: char,
    class: &'static str,
    verdict: &'static str,
    points: String,
}

/// The page. `reports` are the learners' reports without hidden parts, in the learners' order. Cost: O(learners x
/// checks).
pub fn render(class: &Class, reports: &[Option<Report>], language: Language) -> String {
    let (words, say) = (Words::of(language), Phrases::of(language));
    let first = reports.iter().flatten().find(|report| !report.checks.is_empty());
    let columns: Vec<_> = first
        .map(|report| report.checks.iter().map(|c| (c.id.as_str(), c.title.as_str())).collect())
        .unwrap_or_default();
    let mut rows: Vec<_> = class
        .learners
        .iter()
        .zip(reports)
        .enumerate()
        .map(|(anchor, (learner, report))| Row {
            learner,
            anchor,
            state: say.state(learner.state),
            has_checks: report.as_ref().is_some_and(|report| !report.checks.is_empty()),
            cells: columns.iter().map(|(id, _)| cell(report.as_ref(), id, words, say)).collect(),
            view: report.as_ref().map(|report| View::of(report, language)),
        })
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.learner.score), row.anchor));
    let page = Page {
        class,
        words,
        say,
        headline: headline(class, words, say),
        bugs: bugs(class),
        alike: class.alike.iter().map(|alike| (say.alike(alike.kind), alike)).collect(),
        bins: bins(class),
        columns,
        rows,
    };
    page.render().expect("a template without failing filters renders into memory")
}

fn bugs(class: &Class) -> Vec<Bug<'_>> {
    let who = |row: &MutantRow| {
        let learners = class.learners.iter().enumerate().filter(|(_, learner)| learner.report.is_some());
        let with_it = learners.filter(|(_, learner)| row.learners.contains(&learner.learner));
        with_it.map(|(anchor, learner)| (anchor, learner.learner.as_str())).collect()
    };
    class.mutants.iter().map(|row| Bug { row, who: who(row) }).collect()
}

fn cell(report: Option<&Report>, id: &str, words: &Words, say: &Phrases) -> Cell {
    match report.and_then(|report| report.checks.iter().find(|check| check.id == id)) {
        None => Cell { mark: '·', class: "none", verdict: say.no_result, points: String::new() },
        Some(check) => {
            let partly = check.points > 0 && check.points < check.max_points;
            Cell {
                mark: if partly { '◐' } else { mark(check.verdict) },
                class: if partly { "doubt" } else { colour(check.verdict) },
                verdict: words.verdict_of(check),
                points: format!("{}/{}", check.points, check.max_points),
            }
        }
    }
}

fn headline(class: &Class, words: &Words, say: &Phrases) -> String {
    let scores = class.scores();
    // Whoever is unmatched is in another row, too.
    let counts = |learner: &&Learner| !matches!(learner.state, State::Superseded | State::Unmatched);
    let learners = class.learners.iter().filter(counts).count();
    let passed = class.learners.iter().filter(|learner| learner.passed).count();
    let median = scores.get(scores.len() / 2).copied().unwrap_or(0);
    let mut parts = vec![format!("{learners} {}", say.learners), format!("{passed} {}", say.passed)];
    // Of no score there is no median.
    if !scores.is_empty() {
        parts.push(format!("{} {median}/{}", say.median, class.max_score));
    }
    for state in [
        State::BuildFailed,
        State::Forbidden,
        State::Missing,
        State::Empty,
        State::Unreadable,
        State::Ambiguous,
        State::NotSubmitted,
        State::Unmatched,
        State::HarnessError,
    ] {
        if class.count(state) > 0 {
            parts.push(format!("{}{} {}", say.state(state), words.colon, class.count(state)));
        }
    }
    parts.join(" · ")
}

/// Ten bars; full marks are in the last.
fn bins(class: &Class) -> Vec<Bin> {
    let max = class.max_score.max(1);
    let mut counts = [0_usize; 10];
    for score in class.scores() {
        counts[(score.min(max) * 10 / max).min(9) as usize] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let label = |bin: u32| {
        let upper = if bin == 9 { max } else { ((bin + 1) * max).div_ceil(10).saturating_sub(1) };
        format!("{}–{upper}", (bin * max).div_ceil(10))
    };
    let bars = (0_u32..).zip(counts).map(|(bin, count)| Bin { label: label(bin), count, percent: count * 100 / most });
    bars.collect()
}

/// What came of a submission, in words.
pub(crate) const fn state_name(state: State, language: Language) -> &'static str {
    Phrases::of(language).state(state)
}

/// The page's own phrases.
struct Phrases {
    class: &'static str,
    learner: &'static str,
    learners: &'static str,
    passed: &'static str,
    median: &'static str,
    distribution: &'static str,
    heatmap: &'static str,
    legend: &'static str,
    hardest: &'static str,
    full: &'static str,
    part: &'static str,
    nothing: &'static str,
    bugs: &'static str,
    no_bugs: &'static str,
    similar: &'static str,
    similar_note: &'static str,
    identical: &'static str,
    nearly: &'static str,
    own_solution: &'static str,
    no_similar: &'static str,
    in_common: &'static str,
    lines: &'static str,
    earlier: &'static str,
    no_result: &'static str,
    each: &'static str,
    late: &'static str,
    states: [&'static str; 11],
}

impl Phrases {
    const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &Self {
                class: "Class",
                learner: "Learner",
                learners: "learners",
                passed: "passed",
                median: "median",
                distribution: "Distribution of scores",
                heatmap: "Learners by checks",
                legend: "✓ pass · ◐ some points · ✗ fail · ○ not implemented · – skipped · ? flaky · · no result",
                hardest: "Hardest checks",
                full: "Full points",
                part: "Some",
                nothing: "None",
                bugs: "Known bugs met",
                no_bugs: "Nobody's submission behaves like a known bug.",
                similar: "Much in common",
                similar_note: "Evidence to look at, never a verdict. First whole programs; then pairs: passages of the same shape, \
                               whatever their names, after what the starter and the solution hold and what many learners wrote is \
                               left out.",
                identical: "Exactly the same files",
                nearly: "Nearly the same program, whatever its names, values and comments",
                own_solution: "Nearly the exercise's own solution",
                no_similar: "No two submissions have much in common.",
                in_common: "in common",
                lines: "lines",
                earlier: "Earlier results",
                no_result: "no result",
                each: "Each learner",
                late: "late",
                states: [
                    "graded",
                    "does not compile",
                    "forbidden",
                    "grader failed",
                    "empty",
                    "no source",
                    "superseded",
                    "unreadable",
                    "several to choose from",
                    "nothing handed in",
                    "not matched",
                ],
            },
            Language::French => &Self {
                class: "Classe",
                learner: "Élève",
                learners: "élèves",
                passed: "reçus",
                median: "médiane",
                distribution: "Répartition des notes",
                heatmap: "Élèves par vérification",
                legend: "✓ réussi · ◐ des points · ✗ échoué · ○ non implémenté · – sauté · ? instable · · sans résultat",
                hardest: "Vérifications les plus difficiles",
                full: "Tous les points",
                part: "Une partie",
                nothing: "Aucun",
                bugs: "Bogues connus rencontrés",
                no_bugs: "Aucun rendu ne se comporte comme un bogue connu.",
                similar: "Beaucoup en commun",
                similar_note: "Des indices à examiner, jamais un verdict. D'abord les programmes entiers ; puis les paires : passages de \
                               même forme, quels que soient les noms, une fois retiré ce que contiennent le point de départ et le corrigé et ce que beaucoup ont écrit.",
                identical: "Exactement les mêmes fichiers",
                nearly: "Presque le même programme, quels que soient les noms, les valeurs et les commentaires",
                own_solution: "Presque le corrigé de l'exercice",
                no_similar: "Aucune paire de rendus n'a beaucoup en commun.",
                in_common: "en commun",
                lines: "lignes",
                earlier: "Résultats antérieurs",
                no_result: "sans résultat",
                each: "Chaque élève",
                late: "en retard",
                states: [
                    "noté",
                    "ne compile pas",
                    "interdit",
                    "correcteur en panne",
                    "vide",
                    "sans source",
                    "remplacé",
                    "illisible",
                    "plusieurs possibles",
                    "rien rendu",
                    "pas rattaché",
                ],
            },
        }
    }

    const fn alike(&self, kind: AlikeKind) -> &'static str {
        match kind {
            AlikeKind::Identical => self.identical,
            AlikeKind::NearlyIdentical => self.nearly,
            AlikeKind::Solution => self.own_solution,
        }
    }

    const fn state(&self, state: State) -> &'static str {
        self.states[match state {
            State::Graded => 0,
            State::BuildFailed => 1,
            State::Forbidden => 2,
            State::HarnessError => 3,
            State::Empty => 4,
            State::Missing => 5,
            State::Superseded => 6,
            State::Unreadable => 7,
            State::Ambiguous => 8,
            State::NotSubmitted => 9,
            State::Unmatched => 10,
        }]
    }
}
