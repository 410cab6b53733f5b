//! The built-in course: its lessons, and the programs with a bug that some of them are about.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cachedojo_judge::course::{Chapter, Course, Lesson};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::intake::submission::{Submission, hex};
use crate::pack::{DEFAULT_ID, Pack, built_in_files};
use crate::run::bench::Bench;

/// The folder of the course among the built-in exercises.
pub const COURSE_ID: &str = "script-hunts";

/// The file of the exercise's solution that the course's patches change.
const SOLUTION: &str = "solution/src/lib.rs";

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

    /// The source of the sound program (`None`) or of one with a bug.
    ///
    /// # Errors
    /// There is no such bug, or its patch does not fit the solution any more.
    pub fn source(&self, mutant: Option<&str>) -> Result<String> {
        let pack = Pack::load(DEFAULT_ID)?;
        let solution = pack.files.get(SOLUTION).with_context(|| format!("the pack has no {SOLUTION}: add it"))?;
        let Some(id) = mutant else { return Ok(solution.clone()) };
        let text = self.patches.get(id).with_context(|| format!("the course has no mutants/{id}.patch: add it"))?;
        let patch = diffy::Patch::from_str(text).with_context(|| format!("mutants/{id}.patch is no unified diff"))?;
        diffy::apply(solution, &patch)
            .with_context(|| format!("mutants/{id}.patch does not fit {SOLUTION} any more: make it anew"))
    }

    /// The module of the sound program (`None`) or of one with a bug. Cost: two calls of the compiler.
    ///
    /// # Errors
    /// Those of [`CourseFiles::source`], and what does not build.
    pub fn module(&self, bench: &Bench<'_>, mutant: Option<&str>) -> Result<Vec<u8>> {
        let name = mutant.unwrap_or("the sound program");
        let submission = Submission::from_source(name, &self.source(mutant)?);
        Ok(bench.build(&submission).with_context(|| format!("the course's `{name}`"))?.artifact)
    }

    /// Writes what the page loads: `course.json`, and in `m/` a module and a diff for each bug, under names that tell nothing.
    /// Cost: two calls of the compiler for each bug.
    ///
    /// # Errors
    /// The folder cannot be written, or a program does not build.
    pub fn export(&self, bench: &Bench<'_>, folder: &Path) -> Result<()> {
        let modules = folder.join("m");
        fs::create_dir_all(&modules).with_context(|| format!("making `{}`", modules.display()))?;
        let write = |name: String, bytes: &[u8]| {
            fs::write(modules.join(&name), bytes).with_context(|| format!("writing `{name}`"))
        };
        write(format!("{}.wasm", opaque("")), &self.module(bench, None)?)?;
        for (id, patch) in &self.patches {
            write(format!("{}.wasm", opaque(id)), &self.module(bench, Some(id))?)?;
            write(format!("{}.diff", opaque(id)), patch.as_bytes())?;
        }
        let public = Course {
            chapters: self.course.chapters.clone(),
            lessons: self.course.lessons.iter().map(|lesson| lesson.public(opaque)).collect(),
        };
        let json = serde_json::json!({ "sound": opaque(""), "chapters": public.chapters, "lessons": public.lessons });
        fs::write(folder.join("course.json"), serde_json::to_vec(&json)?).context("writing course.json")
    }
}

/// A name for a bug that does not tell which it is; empty stands for the sound program.
fn opaque(id: &str) -> String {
    hex(&Sha256::digest(format!("course {id}")))[..10].to_owned()
}
