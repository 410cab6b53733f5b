//! The built-in course: its lessons, and the programs with a bug that some of them are about.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cachedojo_judge::Exercise;
use cachedojo_judge::course::{Chapter, Course, Lesson};
use cachedojo_judge::pack::{Check, CodeLanguage, InterfaceKind, Visibility};
use cachedojo_judge::simulate::Accept;
use cachedojo_notation::text::Language;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::intake::submission::hex;
use crate::pack::{DEFAULT_ID, Pack, built_in_files, built_in_ids};
use crate::run::bench::Bench;
use crate::run::mutants;

/// The folder of the course among the built-in exercises.
pub const COURSE_ID: &str = "script-hunts";

/// The name of the program without a bug, beside those of the bugs.
pub const SOUND: &str = "sound";

#[derive(Deserialize)]
struct Chapters {
    chapters: Vec<Chapter>,
}

/// The course and its patches.
#[derive(Debug, Clone)]
pub struct CourseFiles {
    /// Chapters and lessons, proved sound.
    pub course: Course,
    /// The diff of each bug, by its name.
    pub patches: BTreeMap<String, String>,
}

impl CourseFiles {
    /// The built-in course. Cost: O(text).
    ///
    /// # Errors
    /// The course is unsound: the message names the file and the remedy.
    pub fn load() -> Result<Self> {
        let files = built_in_files(COURSE_ID).context("the built-in course is missing: build the grader again")?;
        let text = files.get("course.toml").context("script-hunts/course.toml is missing: add it")?;
        let chapters: Chapters = toml::from_str(text).context("script-hunts/course.toml")?;
        let mut lessons = BTreeMap::new();
        let mut patches = BTreeMap::new();
        for (path, text) in &files {
            if let Some(id) = path.strip_prefix("lessons/").and_then(|name| name.strip_suffix(".toml")) {
                let lesson: Lesson = toml::from_str(text).with_context(|| format!("script-hunts/{path}"))?;
                lessons.insert(id.to_owned(), lesson);
            } else if let Some(id) = path.strip_prefix("mutants/").and_then(|name| name.strip_suffix(".patch")) {
                patches.insert(id.to_owned(), text.clone());
            }
        }
        let course = Course::new(chapters.chapters, lessons)?;
        for lesson in &course.lessons {
            if let Some(id) = lesson.mutant.as_ref().filter(|id| !patches.contains_key(*id)) {
                anyhow::bail!("lessons/{}.toml names the mutant `{id}`: add mutants/{id}.patch", lesson.id);
            }
        }
        Ok(Self { course, patches })
    }

    /// The programs that lessons are about, as the mutants of a pack: [`SOUND`] is the one without a bug.
    ///
    /// # Errors
    /// The exercise that they are made of is unsound.
    pub fn hunted(&self) -> Result<Pack> {
        let mut pack = Pack::load(DEFAULT_ID)?;
        pack.files.retain(|path, _| !path.starts_with("mutants/"));
        let sound = (SOUND.to_owned(), String::new());
        let patches = self.patches.clone().into_iter().chain([sound]);
        pack.files.extend(patches.map(|(id, patch)| (format!("mutants/{id}.patch"), patch)));
        Ok(pack)
    }

    /// A lesson as a pack; `None` where the course has none of that id.
    pub fn pack(&self, id: &str) -> Option<Pack> {
        let lesson = self.course.lesson(id)?.clone();
        let check = |id: &str, points| Check {
            id: id.to_owned(),
            title: lesson.title.clone(),
            category: "Lesson".to_owned(),
            points,
            depends: Vec::new(),
            hint: lesson.hints[0].clone(),
            visibility: Visibility::Visible,
            schedules: 0,
            accept: Accept::default(),
            any_moment: false,
            threads: 0,
            operations: 0,
            cases: Vec::new(),
        };
        let exercise = Exercise {
            id: lesson.id.clone(),
            title: lesson.title.clone(),
            languages: vec![CodeLanguage::Script],
            interface: InterfaceKind::Script,
            passing_score: lesson.passing_score(),
            allowed_crates: Vec::new(),
            checks: lesson.table().iter().map(|(id, points)| check(id, *points)).collect(),
            growth: Vec::new(),
            mutants: Vec::new(),
        };
        let statement = |language: Language| {
            let (title, theory) = (lesson.title.get(language), lesson.theory.get(language));
            format!("# {title}\n\n{theory}\n{}\n", lesson.task.get(language))
        };
        let files = BTreeMap::from([
            ("statement.en.md".to_owned(), statement(Language::English)),
            ("statement.fr.md".to_owned(), statement(Language::French)),
            ("starter/script.txt".to_owned(), lesson.opening(Language::English)),
            ("solution/script.txt".to_owned(), lesson.solution()),
        ]);
        Some(Pack { exercise, files, lesson: Some(lesson) })
    }

    /// Writes what the page loads: `course.json`, in `m/` a module and a diff for each bug, under names that tell nothing, and in
    /// `exercises.json` the public part of each exercise that a program can be graded on in the page.
    /// Cost: two calls of the compiler for each bug the first time.
    ///
    /// # Errors
    /// The folder cannot be written, or a program does not build.
    pub fn export(&self, folder: &Path, trust: bool) -> Result<()> {
        let pack = self.hunted()?;
        let bench = Bench::open(&pack, trust)?;
        let modules = folder.join("m");
        fs::create_dir_all(&modules).with_context(|| format!("making `{}`", modules.display()))?;
        let write = |name: String, bytes: &[u8]| {
            fs::write(modules.join(&name), bytes).with_context(|| format!("writing `{name}`"))
        };
        write(format!("{}.wasm", opaque(SOUND)), &mutants::made(&bench, CodeLanguage::Rust, SOUND)?.0)?;
        for (id, patch) in &self.patches {
            write(format!("{}.wasm", opaque(id)), &mutants::made(&bench, CodeLanguage::Rust, id)?.0)?;
            write(format!("{}.diff", opaque(id)), patch.as_bytes())?;
        }
        let public = Course {
            chapters: self.course.chapters.clone(),
            lessons: self.course.lessons.iter().map(|lesson| lesson.public(opaque)).collect(),
        };
        let json =
            serde_json::json!({ "sound": opaque(SOUND), "chapters": public.chapters, "lessons": public.lessons });
        fs::write(folder.join("course.json"), serde_json::to_vec(&json)?).context("writing course.json")?;
        fs::write(folder.join("exercises.json"), serde_json::to_vec(&briefs()?)?).context("writing exercises.json")
    }
}

/// A name for a bug that does not tell which it is.
fn opaque(id: &str) -> String {
    hex(&Sha256::digest(format!("course {id}")))[..10].to_owned()
}

/// What the page may know of each exercise whose programs it can run.
fn briefs() -> Result<Vec<Exercise>> {
    let mut briefs = Vec::new();
    for id in built_in_ids() {
        let exercise = Pack::load(&id)?.exercise;
        if exercise.interface == InterfaceKind::Prototype && exercise.languages.contains(&CodeLanguage::Rust) {
            briefs.push(exercise.public());
        }
    }
    Ok(briefs)
}
