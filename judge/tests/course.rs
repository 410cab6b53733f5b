//! The built-in course: every lesson can be solved, can be failed, and says why.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use cachedojo_judge::Verdict;
use cachedojo_judge::course::{Attempt, Chapter, Course, CourseError, Kind, Lesson, Subjects, attempt, report};
use cachedojo_judge::report::{GraderId, SubmissionId};
use cachedojo_judge::run::Fresh;
use cachedojo_lab::reference::Reference;
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_notation::text::Language;
use cachedojo_wire::{Request, Response};

#[derive(serde::Deserialize)]
struct Chapters {
    chapters: Vec<Chapter>,
}

fn files() -> (Vec<Chapter>, BTreeMap<String, Lesson>) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../exercises/script-hunts");
    let text = fs::read_to_string(root.join("course.toml")).expect("course.toml");
    let chapters: Chapters = toml::from_str(&text).expect("chapters");
    let mut lessons = BTreeMap::new();
    for entry in fs::read_dir(root.join("lessons")).expect("lessons") {
        let path = entry.expect("an entry").path();
        let id = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let lesson = toml::from_str(&fs::read_to_string(&path).expect("text"));
        lessons.insert(id.clone(), lesson.unwrap_or_else(|error| panic!("{id}: {error}")));
    }
    (chapters.chapters, lessons)
}

fn course() -> Course {
    let (chapters, lessons) = files();
    Course::new(chapters, lessons).expect("a sound course")
}

fn reference() -> Box<Fresh<'static>> {
    Box::new(|| Ok(Box::new(Reference::default()) as Box<dyn Subject>))
}

fn on_reference(lesson: &Lesson, text: &str, language: Language) -> Attempt {
    attempt(lesson, text, language, Subjects { reference: &mut *reference(), hunted: None })
}

#[test]
fn every_lesson_is_solved_by_its_solution_and_not_by_its_failed_attempt() {
    for lesson in course().lessons.iter().filter(|lesson| lesson.kind != Kind::Expose) {
        let solved = on_reference(lesson, &lesson.solution(), Language::English);
        assert!(solved.solved && solved.score == 100, "{}: {:#?}", lesson.id, solved.rows);
        assert!(solved.explanation.is_some());
        for language in [Language::English, Language::French] {
            let failed = on_reference(lesson, &lesson.failed_attempt(), language);
            assert!(!failed.solved && failed.explanation.is_none(), "{} is solved by its failed attempt", lesson.id);
            assert!(
                failed.rows.iter().any(|row| row.verdict == Verdict::Fail && !row.message.is_empty()),
                "{}",
                lesson.id
            );
            assert!(!on_reference(lesson, &lesson.opening(language), language).solved, "{} opens solved", lesson.id);
        }
    }
}

#[track_caller]
fn check(id: &str, text: &str, score: u32, says: &str) {
    let course = course();
    let attempt = on_reference(course.lesson(id).expect("a lesson"), text, Language::English);
    let told: Vec<_> =
        attempt.rows.iter().map(|row| row.message.as_str()).filter(|message| !message.is_empty()).collect();
    assert_eq!((attempt.score, told.first().copied().unwrap_or_default()), (score, says), "{told:#?}");
}

#[test]
fn a_prediction_is_exact_and_the_script_stays_the_lessons() {
    let script = course().lesson("first-words").expect("a lesson").solution();
    check("first-words", &script, 100, "");
    check("first-words", &script.replace('\n', "   # why\n"), 100, "");
    check("first-words", &format!("# mine\n\n{script}\n"), 100, "");
    check(
        "first-words",
        &script.replace("expect Lyon", "expect Paris"),
        75,
        "Line 5: you said `Paris`, the cache answered `Lyon`.",
    );
    check(
        "first-words",
        &script.replace("expect Lyon", "expect not Paris"),
        75,
        "Line 5 says what the answer is not, or nearly is: say exactly what it is.",
    );
    check(
        "first-words",
        &script.replace("expect Lyon", "expect any of Paris | Lyon"),
        75,
        "Line 5 says what the answer is not, or nearly is: say exactly what it is.",
    );
    check(
        "first-words",
        &script.replace("expect Lyon", "expect ?"),
        75,
        "Line 5 still has its `?`: replace it by the answer that you expect.",
    );
    let changed = "Line 3 differs from the lesson's own script: bring it back, or begin again, and write only where you are asked to.";
    check("first-words", &script.replace("set city Lyon", "set city Rome"), 0, changed);
    check("first-words", &script.replace("node set city Lyon\n", ""), 0, changed);
    let too_many = "Line 12 is not of the lesson's own script: take it out, and write only where you are asked to.";
    check("first-words", &format!("{script}node get city\nexpect nothing\n"), 0, too_many);
    let (ours, more) = (course(), format!("{script}node get city\nexpect nothing\n"));
    let lesson = ours.lesson("first-words").expect("a lesson");
    let judged = on_reference(lesson, &more, Language::English);
    let id = SubmissionId { path: String::new(), sha256: String::new(), files: Vec::new() };
    let grader = GraderId { version: String::new(), backend: String::new() };
    let checks = report(lesson, &judged, &more, Language::English, id, grader).checks;
    let told: Vec<_> = checks.iter().map(|row| (row.verdict, row.message.as_str(), row.hint.as_str())).collect();
    let skipped = (Verdict::Skipped, "", "");
    assert_eq!(told, [(Verdict::Fail, too_many, ""), skipped, skipped, skipped], "once");
    check("first-words", "", 0, &changed.replace("Line 3", "Line 1"));
    check(
        "who-leaves",
        &course().lesson("who-leaves").expect("a lesson").solution().replace("evictions = 1", "evictions >= 0"),
        67,
        "Line 12 says what the answer is not, or nearly is: say exactly what it is.",
    );
}

#[test]
fn a_french_reader_is_told_in_french() {
    #[track_caller]
    fn check(id: &str, change: (&str, &str), says: &str) {
        let course = course();
        let lesson = course.lesson(id).expect("a lesson");
        let script = lesson.solution();
        assert!(script.contains(change.0), "{script}");
        let script = script.replacen(change.0, change.1, 1);
        let judged = on_reference(lesson, &script, Language::French);
        assert!(judged.rows.iter().any(|row| row.message == says), "{:?}", judged.rows);
    }
    check(
        "after-the-storm",
        ("restart n2\n", ""),
        "Ligne 15 : le but est « pear », mais c'est « erreur : le nœud est arrêté : redémarrez-le, ou demandez à un autre ».",
    );
    check(
        "enough-points",
        ("ring new 150\n", ""),
        "Ligne 3 : il n'y a pas encore d'anneau : créez-en un avec `ring new`",
    );
    check(
        "survive-a-scan",
        ("node new 60 lfu\n", ""),
        "Ligne 3 : il n'y a pas encore de nœud : créez-en un avec `node new`",
    );
    check(
        "first-words",
        ("set city Lyon", "set city Rome"),
        "La ligne 3 diffère du script de la leçon : rétablissez-la, ou recommencez, et n'écrivez que là où on vous le demande.",
    );
}

#[test]
fn what_stands_around_the_learners_lines_stays_and_only_what_is_allowed_stands_between() {
    let script = course().lesson("a-bigger-node").expect("a lesson").solution();
    check("a-bigger-node", &script, 100, "");
    check("a-bigger-node", &script.replace("ring add big weight 2", "for 1..1 ring add big weight 2"), 100, "");
    check(
        "a-bigger-node",
        &script.replace("expect largest <= 165%", "expect largest <= 999%"),
        0,
        "Line 9 differs from the lesson's own script: bring it back, or begin again, and write only where you are asked to.",
    );
    check(
        "a-bigger-node",
        &script.replace("ring add left\n", "ring new 5\n"),
        0,
        "Line 4: this lesson is to be solved with `ring add`.",
    );
    check(
        "a-bigger-node",
        &script.replace("ring add left\n", "ring add left\nring add more\n"),
        0,
        "You wrote 4 lines; this lesson allows 3.",
    );
    let points = course().lesson("enough-points").expect("a lesson").solution();
    check(
        "enough-points",
        &points.replace("ring new 150", "ring new 5000"),
        0,
        "Line 2: 5000 is over the 200 that this lesson allows.",
    );
    check(
        "enough-points",
        &points.replace("ring new 150", "ring nwe 150"),
        0,
        "Line 2: `ring nwe` is no command; did you mean `ring new`?",
    );
}

/// A program as the lessons' are: it knows the prototype, and not what the reference alone offers.
struct Program(Reference);

impl Subject for Program {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        match request {
            Request::Node(_) | Request::Ring(_) | Request::Cluster(_) | Request::Parser(_) => {
                self.0.call(world, request)
            }
            other => Ok(Response::NotImplemented { item: other.item().to_owned() }),
        }
    }
}

/// Judged as where the program with the bug has none.
fn on_programs(lesson: &Lesson, text: &str, language: Language) -> Attempt {
    let program = || Ok(Box::new(Program(Reference::default())) as Box<dyn Subject>);
    let (mut sound, mut other) = (program, program);
    let hunted: Option<(&mut Fresh<'_>, &mut Fresh<'_>)> = Some((&mut sound, &mut other));
    attempt(lesson, text, language, Subjects { reference: &mut *reference(), hunted })
}

#[test]
fn what_the_programs_of_a_lesson_do_not_take_is_told_with_what_they_take() {
    #[track_caller]
    fn check(id: &str, text: &str, language: Language, says: &str) {
        // As the page has it.
        let mut lesson = course().lesson(id).expect("a lesson").clone();
        lesson.script.solution.clear();
        let judged = on_programs(&lesson, text, language);
        assert_eq!((judged.rows[0].message.as_str(), judged.solved), (says, false));
    }
    let node =
        "`node new`, `node set`, `node get`, `node delete`, `node incr`, `node touch`, `node clean`, `node stats`";
    check(
        "expose-lru",
        "node new 4 lru\nnode set a 1\nnode order\n",
        Language::English,
        &format!("Line 3: only the reference knows `node order`. What this lesson is about takes {node}."),
    );
    check(
        "expose-lru",
        "node new 4 lru\norder\n",
        Language::French,
        &format!("Ligne 2 : seule la référence connaît `order`. Ce dont parle cette leçon prend {node}."),
    );
    let cluster = "`cluster new`, `cluster add`, `cluster remove`, `cluster set`, `cluster get`, `cluster delete`, \
                   `cluster where`, `cluster stats`";
    for (script, command) in
        [("cluster new rf=2\nwrite k v\n", "write"), ("\ncluster nodes=3\nread k\n", "cluster nodes=3")]
    {
        check(
            "expose-lonely-copy",
            script,
            Language::English,
            &format!(
                "Line 2: `{command}` is for a simulated cluster, and this lesson has none. What it is about takes {cluster}."
            ),
        );
    }
    // Whatever is named is taken.
    for lesson in course().lessons.iter().filter(|lesson| lesson.kind == Kind::Expose) {
        let judged = on_programs(lesson, &lesson.solution(), Language::English);
        assert_eq!(
            judged.rows[0].message, "Both caches answer this script alike: the bug does not show.",
            "{}",
            lesson.id
        );
    }
}

#[test]
fn a_course_is_proved_sound() {
    #[track_caller]
    fn check(change: impl Fn(&mut Vec<Chapter>, &mut BTreeMap<String, Lesson>), says: &CourseError) {
        let (mut chapters, mut lessons) = files();
        change(&mut chapters, &mut lessons);
        assert_eq!(Course::new(chapters, lessons).as_ref(), Err(says));
    }
    fn first(lessons: &mut BTreeMap<String, Lesson>) -> &mut Lesson {
        lessons.get_mut("first-words").expect("a lesson")
    }
    let id = || "first-words".to_owned();
    check(|_, lessons| drop(lessons.remove("first-words")), &CourseError::NoLesson(id()));
    check(|chapters, _| drop(chapters[0].lessons.remove(0)), &CourseError::NotOnce(id()));
    check(|chapters, _| chapters[1].lessons.push(id()), &CourseError::NotOnce(id()));
    check(|_, lessons| first(lessons).task.fr.clear(), &CourseError::NoText(id(), "task"));
    check(|_, lessons| first(lessons).hints.clear(), &CourseError::NoHint(id()));
    check(|_, lessons| first(lessons).mutant = Some("m".to_owned()), &CourseError::Mutant(id()));
    check(|_, lessons| first(lessons).script.starter = "node new 1\n".to_owned(), &CourseError::NothingToCheck(id()));
    check(
        |_, lessons| first(lessons).script.example = "\nnode nwe 1\n".to_owned(),
        &CourseError::Script(id(), "example", 2, "`node nwe` is no command; did you mean `node new`?".to_owned()),
    );
}

#[test]
fn the_course_has_its_four_chapters_and_each_kind_of_lesson() {
    let course = course();
    assert_eq!(course.chapters.len(), 4);
    assert!(course.lessons.len() >= 24, "{} lessons", course.lessons.len());
    for kind in [Kind::Predict, Kind::Expose, Kind::Repair, Kind::Design] {
        assert!(course.lessons.iter().filter(|lesson| lesson.kind == kind).count() >= 2, "{kind:?}");
    }
}
