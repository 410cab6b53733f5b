//! Packs: the built-in exercises, embedded in this binary, and those of teachers, read from a folder at run time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use cachedojo_judge::Exercise;
use cachedojo_judge::course::Lesson;
use cachedojo_judge::pack::{Brief, CodeLanguage, Starter};
use cachedojo_lab::script::without_mark;
use cachedojo_notation::text::{Bilingual, Language};
use include_dir::{Dir, include_dir};

/// The built-in exercises: a folder each.
static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../exercises");

/// The files that a teacher's own exercise starts with.
static BEGUN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/setups/pack");

/// The exercise that is used if none is named.
pub const DEFAULT_ID: &str = "distributed-cache";

/// An exercise's statements: in English, in French.
const STATEMENTS: [&str; 2] = ["statement.en.md", "statement.fr.md"];

/// The largest file that belongs to a pack, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// An exercise with its files.
#[derive(Debug, Clone)]
pub struct Pack {
    /// The exercise, checked.
    pub exercise: Exercise,
    /// Its text files by path, with `/` between folders.
    pub files: BTreeMap<String, String>,
    /// For a lesson of the course: the lesson, which is judged in its own way.
    pub lesson: Option<Lesson>,
}

/// The ids of the built-in exercises, in order.
pub fn built_in_ids() -> Vec<String> {
    let packs = BUILT_IN.dirs().filter(|dir| dir.get_file(dir.path().join("exercise.toml")).is_some());
    let mut ids: Vec<_> = packs.map(|dir| dir.path().display().to_string()).collect();
    ids.sort();
    ids
}

/// The ids of the built-in exercises that take submissions in a language, in order. Cost: that of loading all of them.
pub fn ids_taking(language: CodeLanguage) -> Vec<String> {
    let takes = |id: &String| Pack::load(id).is_ok_and(|pack| pack.exercise.languages.contains(&language));
    built_in_ids().into_iter().filter(takes).collect()
}

/// The text files of a built-in folder by path, if there is one of that name.
pub fn built_in_files(name: &str) -> Option<BTreeMap<String, String>> {
    let dir = BUILT_IN.get_dir(name)?;
    let mut files = BTreeMap::new();
    collect_embedded(dir, dir.path(), &mut files);
    Some(files)
}

/// The files that a teacher's own exercise starts with, by path: a small, valid pack.
pub fn begun() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    collect_embedded(&BEGUN, BEGUN.path(), &mut files);
    files
}

impl Pack {
    /// The built-in exercise with that id, else the pack in that folder.
    ///
    /// # Errors
    /// There is neither, or the pack is invalid: the message names the file and the remedy.
    pub fn load(id_or_folder: &str) -> Result<Self> {
        if let Some(files) = built_in_files(id_or_folder).filter(|files| files.contains_key("exercise.toml")) {
            return Self::from_files(files).with_context(|| format!("the built-in exercise `{id_or_folder}`"));
        }
        let folder = Path::new(id_or_folder);
        if !folder.join("exercise.toml").is_file() {
            bail!(
                "there is no exercise `{id_or_folder}`: name one of {}, or a folder with an exercise.toml",
                built_in_ids().join(", ")
            );
        }
        let mut files = BTreeMap::new();
        collect_folder(folder, "", &mut files)?;
        let pack = Self::from_files(files).with_context(|| format!("the exercise in `{id_or_folder}`"))?;
        pack.check_whole().with_context(|| format!("the exercise in `{id_or_folder}`"))?;
        Ok(pack)
    }

    /// What a teacher may have forgotten, and would find out of by another failure: a patch without its mutant or the other
    /// way round, points that nobody can earn.
    fn check_whole(&self) -> Result<()> {
        let exercise = &self.exercise;
        for path in self.files.keys().filter(|path| path.starts_with("mutants/")) {
            let id = path.rsplit('/').next().and_then(|name| name.strip_suffix(".patch"));
            ensure!(
                id.is_none_or(|id| exercise.mutants.iter().any(|mutant| mutant.id == id)),
                "{path} belongs to no mutant: name it in exercise.toml or remove it"
            );
        }
        for mutant in &exercise.mutants {
            for language in exercise.languages.iter().filter(|language| mutant.speaks(**language)) {
                let path = self.patch_path(&mutant.id, *language);
                ensure!(self.files.contains_key(&path), "the pack has no {path}: add the patch");
            }
        }
        if let Some(check) = exercise.checks.iter().find(|check| check.points == 0) {
            bail!("exercise.toml: the check `{}` has no points: give it 1 or more", check.id);
        }
        let (passing, most) = (exercise.passing_score, exercise.max_score());
        ensure!(
            passing <= most,
            "exercise.toml: `passing_score` is {passing}, and all checks together give {most}: nobody could pass"
        );
        Ok(())
    }

    /// A pack from its text files by path.
    ///
    /// # Errors
    /// The pack is invalid.
    pub fn from_files(files: BTreeMap<String, String>) -> Result<Self> {
        let text = files.get("exercise.toml").context("exercise.toml is missing: add one")?;
        let exercise: Exercise =
            toml::from_str(text).map_err(|error| in_plain_words(&error)).context("exercise.toml")?;
        let scripts = files.iter().filter_map(|(path, text)| {
            let id = path.strip_prefix("checks/")?.strip_suffix(".txt")?;
            Some((id.to_owned(), text.clone()))
        });
        let exercise = exercise.with_scripts(&scripts.collect())?;
        for id in files.keys().filter_map(|path| path.strip_prefix("checks/")?.strip_suffix(".txt")) {
            ensure!(
                exercise.checks.iter().any(|check| check.id == id),
                "checks/{id}.txt belongs to no check: name it in exercise.toml or remove it"
            );
        }
        Ok(Self { exercise, files, lesson: None })
    }

    /// The files below `folder`, by their paths in it.
    pub fn folder(&self, folder: &str) -> BTreeMap<String, String> {
        let below = self
            .files
            .iter()
            .filter_map(|(path, text)| Some((path.strip_prefix(folder)?.strip_prefix('/')?.to_owned(), text.clone())));
        below.collect()
    }

    /// The files of one of the pack's folders (`starter`, `solution`) in a language, by their paths in a submission: the
    /// folder itself where the exercise has one language, its sub-folder of that name where it has more.
    pub fn part(&self, folder: &str, language: CodeLanguage) -> BTreeMap<String, String> {
        match self.exercise.languages[..] {
            [_] => self.folder(folder),
            _ => self.folder(&format!("{folder}/{}", language.name())),
        }
    }

    /// What a learner begins with in a language, by path: the starter, the statements, and what only a folder of one's own has.
    pub fn begun_in(&self, language: CodeLanguage) -> BTreeMap<String, String> {
        let mut files = self.part("starter", language);
        for name in STATEMENTS {
            files.extend(self.files.get(name).map(|text| (name.to_owned(), text.clone())));
        }
        files.extend(self.part("init", language));
        files
    }

    /// What a learner is told before handing in. Cost: O(pack).
    pub fn brief(&self) -> Brief {
        let statement = |language| self.statement(language).unwrap_or_default().to_owned();
        let statement = Bilingual { en: statement(Language::English), fr: statement(Language::French) };
        let starter = |language: &CodeLanguage| Starter { language: *language, files: self.begun_in(*language) };
        Brief::of(&self.exercise, statement, self.exercise.languages.iter().map(starter).collect())
    }

    /// The path of a mutant's patch in a language: `mutants/<id>.patch` where the exercise has one language,
    /// `mutants/<language>/<id>.patch` where it has more.
    pub fn patch_path(&self, id: &str, language: CodeLanguage) -> String {
        match self.exercise.languages[..] {
            [_] => format!("mutants/{id}.patch"),
            _ => format!("mutants/{}/{id}.patch", language.name()),
        }
    }

    /// The exercise's statement.
    pub fn statement(&self, language: Language) -> Option<&str> {
        let [english, french] = STATEMENTS;
        let name = if language == Language::French { french } else { english };
        self.files.get(name).map(String::as_str)
    }
}

/// What is wrong with a table, with TOML's words for what Rust calls by its types' names.
fn in_plain_words(error: &toml::de::Error) -> anyhow::Error {
    let plain = error
        .to_string()
        .replace("expected u32", "expected a whole number")
        .replace("expected u64", "expected a whole number");
    anyhow::anyhow!("{}", plain.replace("expected a sequence", "expected a list, as [\"…\"]").trim_end())
}

fn collect_embedded(dir: &Dir<'_>, root: &Path, files: &mut BTreeMap<String, String>) {
    for file in dir.files() {
        let path = file.path().strip_prefix(root).unwrap_or(file.path());
        if let Some(text) = file.contents_utf8() {
            files.insert(path.display().to_string(), plain(text));
        }
    }
    for inner in dir.dirs() {
        collect_embedded(inner, root, files);
    }
}

/// A text in the form that all readers of a pack expect, whatever editor and system wrote it: without a byte order mark, and with
/// `\n` at the end of every line.
pub fn plain(text: &str) -> String {
    let mut plain = without_mark(text).replace("\r\n", "\n");
    if !plain.is_empty() && !plain.ends_with('\n') {
        plain.push('\n');
    }
    plain
}

/// Whether grading reads this file of a pack; it does not read pictures of the statement.
fn is_for_grading(name: &str) -> bool {
    let known = ["toml", "txt", "md", "patch", "rs", "py"];
    name.rsplit_once('.').is_some_and(|(_, extension)| known.contains(&extension))
}

fn collect_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .with_context(|| format!("reading `{}`", folder.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && !matches!(name.as_str(), "target" | "node_modules" | ".git") {
            collect_folder(&entry.path(), &path, files)?;
        } else if kind.is_file() {
            if entry.metadata()?.len() > FILE_BYTES_MAX {
                ensure!(!is_for_grading(&name), "{path} is larger than {} MiB: split it", FILE_BYTES_MAX >> 20);
                continue;
            }
            match String::from_utf8(fs::read(entry.path())?) {
                Ok(text) => drop(files.insert(path, plain(&text))),
                Err(_) => ensure!(!is_for_grading(&name), "{path} is not UTF-8: save it as UTF-8"),
            }
        }
    }
    Ok(())
}
