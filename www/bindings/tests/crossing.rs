//! What crosses between Rust and JavaScript, in a real browser: `cargo xtask test browser`. Numbers arrive as numbers, what
//! is missing as `undefined` in a view and as null in an attempt, and an object crosses as its JSON does natively.
#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]

use cachedojo_judge::course::{Lesson, Subjects, attempt};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::subject::Subject;
use cachedojo_notation::text::Language;
use cachedojo_page::course::{check_lesson, lesson_opening};
use cachedojo_page::{Session, diagnose};
use js_sys::{JSON, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// As `course.json` has one: fields that are missing, and a whole number as large as JavaScript can say.
const LESSON: &str = r#"{
    "id": "ttl", "chapter": "time", "kind": "predict", "minutes": 1, "dialect": "lab", "seed": 9007199254740991, "views": [],
    "title": { "en": "A", "fr": "À" }, "theory": { "en": "a", "fr": "à" }, "task": { "en": "a", "fr": "à" },
    "hints": [{ "en": "a", "fr": "à" }], "explanation": { "en": "So it is.", "fr": "C'est ainsi." },
    "script": { "starter": "node new 10kb\nnode get a\nexpect ?\n" }
}"#;

const SCRIPT: &str = "node new 10kb\nnode get a\nexpect nothing\n";

fn object(json: &str) -> JsValue {
    JSON::parse(json).expect("a lesson is JSON")
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).expect("plain data").into()
}

fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).expect("an object")
}

#[wasm_bindgen_test]
fn a_view_has_numbers_for_numbers_and_nothing_for_none() {
    let mut session = Session::new("node new 10kb\nnode set k v ttl 1s\ntick 9h", "lab", 1).ok().expect("a dialect");
    assert!(session.step(2, "en").ok().expect("JSON").starts_with('['));
    let view = session.view(Vec::new()).ok().expect("plain data").js_value();
    let entry = r#"{"key":"k","value":"v","bytes":2,"accessCount":0,"leftMs":1000,"spanMs":1000}"#;
    let stats = r#"{"hits":0,"misses":0,"evictions":0,"expired":0,"bytes":2,"entries":1}"#;
    let node = format!(r#"{{"limitBytes":10000,"policy":"lru","stats":{stats},"entries":[{entry}]}}"#);
    assert_eq!(text(&view), format!(r#"{{"clockMs":0,"node":{node},"pairs":[],"pairCount":0}}"#));
    assert!(field(&view, "ring").is_undefined() && field(&field(&view, "node"), "hitRatePerMille").is_undefined());
    session.skip(1);
    let view = session.view(Vec::new()).ok().expect("plain data").js_value();
    assert_eq!(field(&view, "clockMs").as_f64(), Some(32_400_000.0));
}

#[wasm_bindgen_test]
fn a_lesson_crosses_as_an_object_and_its_attempt_as_what_its_json_stands_for() {
    let opening = lesson_opening(object(LESSON), "fr").ok().expect("a lesson");
    let lesson: Lesson = serde_json::from_str(LESSON).expect("a lesson");
    assert_eq!(opening, lesson.opening(Language::French));
    for script in [SCRIPT, "node new 10kb\nnode get a\nexpect 1\n", ""] {
        let crossed = check_lesson(object(LESSON), script, "fr", None, None).ok().expect("a lesson");
        let mut reference = || Ok(Box::new(Reference::default()) as Box<dyn Subject>);
        let subjects = Subjects { reference: &mut reference, hunted: None };
        let native = attempt(&lesson, script, Language::French, subjects);
        assert_eq!(text(&crossed), serde_json::to_string(&native).expect("plain data"));
    }
    let solved = check_lesson(object(LESSON), SCRIPT, "en", None, None).ok().expect("a lesson");
    assert_eq!(field(&solved, "solved").as_bool(), Some(true));
    assert!(field(&solved, "par").is_null(), "{}", text(&solved));
}

#[wasm_bindgen_test]
fn what_is_no_lesson_is_refused_with_a_sentence() {
    assert!(lesson_opening(object("{}"), "en").is_err());
    assert!(lesson_opening(JsValue::UNDEFINED, "en").is_err());
    assert!(diagnose("get a", "cobol", "en").is_err());
}
