//! The built-in course: its lessons, and the programs with a bug that some lessons are about.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cachedojo_judge::Exercise;
use cachedojo_judge::course::{Chapter, Course, Lesson};
use cachedojo_judge::pack::{About, Check, CodeLanguage, InterfaceKind, Visibility};
use cachedojo_judge::simulate::Accept;
use cachedojo_notation::text::Language;
use serde::Deserialize;

use crate::pack::{DEFAULT_ID, Pack, built_in_files, built_in_ids};

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
    /// Chapters and lessons, checked.
    pub course: Course,
    /// The diff of each bug, by its name.
    pub patches: BTreeMap<String, String>,
}

/// The exercise or lesson with that id, else the pack in that folder.
///
/// # Errors
/// There is none, or it is invalid: the message names the file and the remedy.
pub fn load(id_or_folder: &str) -> Result<Pack> {
    let is_exercise = built_in_ids().iter().any(|id| id == id_or_folder);
    let lesson = if is_exercise { None } else { CourseFiles::load()?.pack(id_or_folder) };
    if lesson.is_none() && !is_exercise && !Path::new(id_or_folder).join("exercise.toml").is_file() {
        bail!("{}", unknown(id_or_folder));
    }
    lesson.map_or_else(|| Pack::load(id_or_folder), Ok)
}

/// The ids of all built-in exercises and lessons.
pub fn ids() -> Vec<String> {
    let lessons = CourseFiles::load().map(|files| files.course.lessons).unwrap_or_default();
    built_in_ids().into_iter().chain(lessons.into_iter().map(|lesson| lesson.id)).collect()
}

/// What to say of a name that is no exercise's.
fn unknown(name: &str) -> String {
    let near = |id: &String| cachedojo_notation::text::distance(&name.to_lowercase(), id);
    let nearest = ids().into_iter().min_by_key(near).filter(|id| near(id) <= 1 + id.len() / 4);
    let is_folder = Path::new(name).is_dir();
    match nearest {
        _ if is_folder => format!(
            "the folder `{name}` holds no exercise.toml, so it is no exercise: `grader exercises` lists the built-in ones"
        ),
        Some(nearest) => format!("there is no exercise `{name}`: did you mean `{nearest}`?"),
        None => format!(
            "there is no exercise `{name}`: name one of {}, a lesson (`grader exercises` lists them), or a folder with an exercise.toml",
            built_in_ids().join(", ")
        ),
    }
}

impl CourseFiles {
    /// The built-in course. Cost: O(text).
    ///
    /// # Errors
    /// The course is invalid: the message names the file and the remedy.
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
                bail!("lessons/{}.toml names the mutant `{id}`: add mutants/{id}.patch", lesson.id);
            }
        }
        Ok(Self { course, patches })
    }

    /// The programs of lessons, as the mutants of a pack: [`SOUND`] is the one without a bug.
    ///
    /// # Errors
    /// The exercise that they are made from is invalid.
    pub fn hunted(&self) -> Result<Pack> {
        let mut pack = Pack::load(DEFAULT_ID)?;
        pack.files.retain(|path, _| !path.starts_with("mutants/"));
        let sound = (SOUND.to_owned(), String::new());
        let patches = self.patches.clone().into_iter().chain([sound]);
        pack.files.extend(patches.map(|(id, patch)| (format!("mutants/{id}.patch"), patch)));
        Ok(pack)
    }

    /// A lesson as a pack; `None` if the course has no such lesson.
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
            places: None,
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
            about: About { minutes: Some(lesson.minutes), ..About::default() },
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
}
