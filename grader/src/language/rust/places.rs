//! The compiler's messages about a submission's files: their places as the learner knows them, and what is missing.

use crate::language::rust::rustc::Message;

/// The folder of the submission's files in the scratch folder.
pub(super) const SOURCES: &str = "submission";

/// Removes the scratch folder from a message's place and from the paths in its text.
pub(super) fn own_names(mut message: Message) -> Message {
    let file = &mut message.diagnostic.file;
    if let Some(own) = file.strip_prefix(SOURCES).and_then(|rest| rest.strip_prefix('/')) {
        *file = own.to_owned();
    }
    message.diagnostic.message = without_own_folder(&message.diagnostic.message);
    message
}

/// The text with the folder left out before each path that begins with it.
fn without_own_folder(text: &str) -> String {
    // The end of a longer name, or a folder further down in a path.
    let is_within = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || "_-/\\.".contains(c));
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for (at, folder) in text.match_indices(&format!("{SOURCES}/")) {
        if !is_within(&text[..at]) {
            shown.push_str(&text[from..at]);
            from = at + folder.len();
        }
    }
    shown + &text[from..]
}

/// The compiler's code for a module whose file is not there.
const NO_MODULE: &str = "E0583";

/// The messages with one about all files that are missing in place of one for each: it names the remedy, which is to hand in the
/// folder. The compiler proposes to create them.
pub(super) fn together(mut messages: Vec<Message>) -> Vec<Message> {
    let missing = |message: &Message| {
        let named = message.diagnostic.message.split_once("create file \"")?.1.split_once('"')?.0;
        (message.code == NO_MODULE).then(|| format!("`{named}`"))
    };
    let named: Vec<String> = messages.iter().filter_map(missing).collect();
    let Some(first) = messages.iter().position(|message| missing(message).is_some()) else { return messages };
    let told = format!(
        "missing beside this file: {}; hand in the folder that holds them all, or a .zip of it",
        named.join(", ")
    );
    messages[first].diagnostic.message = told;
    let mut place = 0;
    messages.retain(|message| {
        place += 1;
        place - 1 == first || missing(message).is_none()
    });
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::diagnostic;

    #[test]
    fn no_path_of_a_message_begins_with_the_graders_own_folder() {
        let message = |file: &str, text: &str| Message {
            diagnostic: diagnostic::at(file, 1, 1, text),
            outer_file: String::new(),
            outer_line: 0,
            code: String::new(),
            bare: false,
        };
        for (text, own) in [
            ("couldn't read `submission/src/words.txt`", "couldn't read `src/words.txt`"),
            ("create file \"submission/a.rs\" or \"submission/a/mod.rs\"", "create file \"a.rs\" or \"a/mod.rs\""),
            ("in a\nsubmission/b.rs:1:1", "in a\nb.rs:1:1"),
            (
                "submission/a.rs is missing (see submission/b.rs, 'submission/c.rs')",
                "a.rs is missing (see b.rs, 'c.rs')",
            ),
            ("--> submission/a.rs:1:1\tsubmission/b.rs", "--> a.rs:1:1\tb.rs"),
            ("my_submission/c", "my_submission/c"),
            ("src/submission/c", "src/submission/c"),
            (
                "../submission/c, my-submission/c, \u{e9}submission/c",
                "../submission/c, my-submission/c, \u{e9}submission/c",
            ),
            // Only the folder itself: below it, a learner's may have the same name.
            ("`submission/submission/c`", "`submission/c`"),
            ("submission/submission/submission/c", "submission/submission/c"),
        ] {
            let told = own_names(message("submission/src/lib.rs", text));
            assert_eq!((told.diagnostic.file.as_str(), told.diagnostic.message.as_str()), ("src/lib.rs", own));
        }
    }
}
