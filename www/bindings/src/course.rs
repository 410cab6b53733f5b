//! Lessons in the page: judged here as natively, by the one function that knows how.

use cachedojo_judge::course::{Lesson, Subjects, attempt};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::subject::Subject;
use serde::Serialize;
use serde_wasm_bindgen::{Serializer, from_value};
use wasm_bindgen::prelude::*;

use crate::language_of;
use crate::module::{ModuleSubject, Program};

/// The editor's initial text for a lesson (an object of the course's file), in the language of that tag.
///
/// # Errors
/// When it is not a lesson.
#[wasm_bindgen(js_name = lessonOpening)]
pub fn lesson_opening(lesson: JsValue, language: &str) -> Result<String, JsError> {
    let lesson: Lesson = from_value(lesson)?;
    Ok(lesson.opening(language_of(language)))
}

/// Judges a script for a lesson (an object of the course's file). For a lesson to expose a bug, `sound` and `other` are the two
/// programs. Returns a `judge::course::Attempt` in the form of its JSON, with null for missing fields.
///
/// # Errors
/// When it is not a lesson.
#[wasm_bindgen(js_name = checkLesson)]
pub fn check_lesson(
    lesson: JsValue,
    script: &str,
    language: &str,
    sound: Option<Program>,
    other: Option<Program>,
) -> Result<JsValue, JsError> {
    let lesson: Lesson = from_value(lesson)?;
    let mut reference = || Ok(Box::new(Reference::default()) as Box<dyn Subject>);
    let fresh = |program: Option<Program>| {
        move || match &program {
            Some(program) => Ok(Box::new(ModuleSubject::new(program)?) as Box<dyn Subject>),
            None => Err("the program is not loaded".to_owned()),
        }
    };
    let loaded = sound.is_some() && other.is_some();
    let (mut sound, mut other) = (fresh(sound), fresh(other));
    let hunted = if loaded { Some((&mut sound as _, &mut other as _)) } else { None };
    let attempt = attempt(&lesson, script, language_of(language), Subjects { reference: &mut reference, hunted });
    Ok(attempt.serialize(&Serializer::json_compatible())?)
}
