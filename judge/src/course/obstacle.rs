//! What keeps a script from being run: the lesson's own lines are not as they were, or one's own are not allowed.

use cachedojo_lab::script::Script;

use super::frame::{self, Line};
use super::lesson::Lesson;
use super::sentences::Tongue;

/// What is wrong with a script before it is run.
pub(super) struct Obstacle {
    pub(super) line: u32,
    pub(super) message: String,
    /// Whether the lesson's own lines are not as they were.
    pub(super) is_of_frame: bool,
}

impl Obstacle {
    pub(super) fn changed(line: u32, tongue: Tongue) -> Self {
        Self { line, message: tongue.frame_changed(line), is_of_frame: true }
    }

    pub(super) fn too_many(line: u32, tongue: Tongue) -> Self {
        Self { line, message: tongue.line_too_many(line), is_of_frame: true }
    }

    const fn of_own(line: u32, message: String) -> Self {
        Self { line, message, is_of_frame: false }
    }
}

/// The first thing that is wrong with a script of one's own lines between the lesson's.
pub(super) fn obstacle(
    lesson: &Lesson,
    given: &[Line],
    goal: &[Line],
    lines: &[Line],
    script: &Script,
    tongue: Tongue,
) -> Option<Obstacle> {
    let never = |_: &Line| false;
    if let Some(line) = frame::first_changed(lines, given, never) {
        return Some(Obstacle::changed(line, tongue));
    }
    let Some(goal_starts) = lines.len().checked_sub(goal.len()).filter(|starts| *starts >= given.len()) else {
        let line = lines.last().map_or(1, |line| line.number);
        return Some(Obstacle::changed(line, tongue));
    };
    if let Some(line) = frame::first_changed(&lines[goal_starts..], goal, never) {
        let is_goal = |at: &usize| frame::first_changed(&lines[*at..], goal, never).is_none();
        if let Some(at) = (given.len()..goal_starts).rev().find(is_goal).filter(|_| !goal.is_empty()) {
            let behind = lines[at + goal.len()].number;
            return Some(Obstacle::too_many(behind, tongue));
        }
        return Some(Obstacle::changed(line, tongue));
    }
    let own = &lines[given.len()..goal_starts];
    if let Some(wrong) = script.diagnostics.first() {
        return Some(Obstacle::of_own(wrong.line, tongue.on_line(wrong.line, &wrong.mistake.message(tongue.0))));
    }
    if lesson.lines_max > 0 && own.len() > lesson.lines_max as usize {
        let line = own[lesson.lines_max as usize].number;
        return Some(Obstacle::of_own(line, tongue.too_many_lines(own.len(), lesson.lines_max)));
    }
    own.iter().find_map(|line| {
        let words: Vec<&str> = line.text.split_whitespace().collect();
        // In a `for`, the repeated command is the one to be allowed.
        let command = if words.first() == Some(&"for") { words.get(2..).unwrap_or_default() } else { &words };
        let begins = |allowed: &String| {
            let allowed: Vec<&str> = allowed.split_whitespace().collect();
            command.starts_with(&allowed)
        };
        if !lesson.allowed.is_empty() && !lesson.allowed.iter().any(begins) {
            return Some(Obstacle::of_own(line.number, tongue.not_allowed(line.number, &lesson.allowed)));
        }
        let too_large =
            words.iter().filter_map(|word| word.parse::<u64>().ok()).find(|&number| number > lesson.number_max);
        let number = too_large.filter(|_| lesson.number_max > 0)?;
        Some(Obstacle::of_own(line.number, tongue.too_large(line.number, number, lesson.number_max)))
    })
}
