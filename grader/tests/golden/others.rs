//! Golden submissions of the other packs, as a table: what each is made of, and the marks that it must get.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cachedojo_judge::Report;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_notation::text::Language;
use grader::intake::submission::Submission;
use grader::pack::Pack;
use grader::run::bench::Bench;
use serde::Deserialize;

/// The table, in several files.
const TABLES: [&str; 4] = [
    include_str!("others.toml"),
    include_str!("five-bugs/table.toml"),
    include_str!("replicated-node/table.toml"),
    include_str!("cache-service/table.toml"),
];

#[derive(Deserialize)]
struct File {
    entries: Vec<Entry>,
}

/// A submission, and its marks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) id: String,
    exercise: String,
    language: CodeLanguage,
    /// What it begins as: `starter`, `solution`, or a file of `tests/golden/`, which stands in the place of the submission's root.
    of: String,
    /// Whose `starter` or `solution`, if not the exercise's own: packs share an interface.
    from: Option<String>,
    /// Whole files of `tests/golden/` in the place of others: the submission's name, and the file.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// What stands in the submission once, and what stands there instead.
    #[serde(default)]
    edits: Vec<(String, String)>,
    /// At least and at most so many points.
    score: (u32, u32),
    /// The rows that lose points: these and no others.
    #[serde(default)]
    lost: Vec<String>,
    /// The known bug that is named, and no other; an empty name if none may be. Without this line it is not looked for, which costs
    /// thousands of runs.
    like: Option<String>,
    /// Words that some remark of the report has.
    #[serde(default)]
    says: Vec<String>,
}

/// The table.
pub(crate) fn entries() -> Vec<Entry> {
    let files = TABLES.map(|text| toml::from_str::<File>(text).expect("a table is sound"));
    files.into_iter().flat_map(|file| file.entries).collect()
}

fn golden(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Entry {
    fn submission(&self, pack: &Pack) -> Submission {
        let root = match self.language {
            CodeLanguage::Python => "main.py",
            _ => "src/lib.rs",
        };
        let mut files = match self.of.as_str() {
            part @ ("starter" | "solution") => match &self.from {
                Some(other) => Pack::load(other).expect("a sound pack").part(part, self.language),
                None => pack.part(part, self.language),
            },
            file => BTreeMap::from([(root.to_owned(), golden(file))]),
        };
        for (name, file) in &self.files {
            files.insert(name.clone(), golden(file));
        }
        for (old, new) in &self.edits {
            let places: Vec<_> = files.values_mut().filter(|text| text.contains(old.as_str())).collect();
            let [text] = &mut places.into_iter().collect::<Vec<_>>()[..] else {
                panic!("{}: `{old}` stands in no file, or in several", self.id)
            };
            assert_eq!(text.matches(old.as_str()).count(), 1, "{}: `{old}`: give more of its lines", self.id);
            **text = text.replace(old.as_str(), new);
        }
        Submission::of(self.language, &self.id, files).unwrap_or_else(|| panic!("{} has no root", self.id))
    }

    /// What is wrong with its marks: nothing, where they are as they should be.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut pack = Pack::load(&self.exercise).expect("a sound pack");
        if self.like.is_none() && self.exercise != "integration-tests" {
            pack.exercise.mutants.clear();
        }
        let submission = self.submission(&pack);
        let bench = Bench::open(&pack, false).expect("this machine can grade");
        let report = bench.grade(&submission, 0, Language::English).expect("the pack is sound");
        self.compare(&report)
    }

    fn compare(&self, report: &Report) -> Vec<String> {
        let (low, high) = self.score;
        let lost: Vec<&str> = report.checks.iter().filter(|it| it.points < it.max_points).map(|it| &*it.id).collect();
        let like: Vec<&str> = report.mutants.iter().filter(|it| it.behaves_like).map(|it| &*it.id).collect();
        let remarks: Vec<&str> = report.diagnostics.iter().map(|it| &*it.message).collect();
        let said = remarks.iter().copied().chain(report.checks.iter().map(|it| &*it.message));
        let mut wrong = Vec::new();
        if !(low..=high).contains(&report.score) {
            wrong.push(format!("{} points, not {low} to {high}: {remarks:?}", report.score));
        }
        if lost != self.lost {
            wrong.push(format!("loses in {lost:?}, not in {:?}", self.lost));
        }
        if self.like.is_some()
            && like != self.like.iter().map(String::as_str).filter(|id| !id.is_empty()).collect::<Vec<_>>()
        {
            wrong.push(format!("is like {like:?}, not {:?}", self.like));
        }
        for words in self.says.iter().filter(|words| !said.clone().any(|remark| remark.contains(*words))) {
            wrong.push(format!("nothing says `{words}`: {remarks:?}"));
        }
        wrong.into_iter().map(|what| format!("{}: {what}", self.id)).collect()
    }
}
