//! What can be wrong with a pack.

use std::fmt;

use crate::growth::GrowthError;

/// What is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackError {
    /// A check has no script file.
    NoScript(String),
    /// A check has no case.
    NoCase(String),
    /// A case has no expectation, so it could not fail.
    NoExpectation(String, u32),
    /// Text stands before the first case.
    TextBeforeCase(String, u32),
    /// Dashes that are not four begin no output.
    Rule(String, u32),
    /// A case's title is not `== english // français`.
    Title(String, u32),
    /// A case's hint is not `?? english // français`.
    Hint(String, u32),
    /// A placeholder is wrong.
    Placeholder(String, u32, String),
    /// A command is wrong.
    Script(String, u32, String),
    /// Two checks or two mutants share a name.
    Duplicate(String),
    /// A dependency or killer is not an (earlier) check.
    UnknownCheck(String, String),
    /// An edge case costs more than its check has points.
    CostsTooMuch(String, u32),
    /// A row of the complexity table is wrong.
    Growth(GrowthError),
    /// No language, or one twice.
    Languages,
    /// No points at all.
    NoPoints,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoScript(id) => write!(f, "check `{id}` has no script: add checks/{id}.txt"),
            Self::NoCase(id) => write!(f, "checks/{id}.txt has no case: begin one with `== title // titre`"),
            Self::NoExpectation(id, line) => {
                write!(f, "checks/{id}.txt:{line}: this case expects nothing, so it could not fail: add an `expect`")
            }
            Self::TextBeforeCase(id, line) => {
                write!(f, "checks/{id}.txt:{line}: commands stand before the first `== title // titre`: give them one")
            }
            Self::Rule(id, line) => {
                write!(
                    f,
                    "checks/{id}.txt:{line}: four dashes, `----`, begin the output, and these are not four: add or take away some"
                )
            }
            Self::Title(id, line) => {
                write!(
                    f,
                    "checks/{id}.txt:{line}: write the title as `== [points] english // français`, or with `[points given check…]`"
                )
            }
            Self::Hint(id, line) => {
                write!(f, "checks/{id}.txt:{line}: write the hint as `?? english // français`")
            }
            Self::Placeholder(id, line, text) => write!(
                f,
                "checks/{id}.txt:{line}: `${{{text}}}` is no placeholder: use ${{k1}}, ${{v1}}, ${{n1:1..9}} and sums of numbers"
            ),
            Self::Script(id, line, message) => write!(f, "checks/{id}.txt:{line}: {message}"),
            Self::Duplicate(id) => write!(f, "exercise.toml: `{id}` is named twice: give each its own name"),
            Self::UnknownCheck(at, id) => {
                write!(
                    f,
                    "exercise.toml: `{at}` names the check `{id}`, which is not there (a dependency must come earlier)"
                )
            }
            Self::CostsTooMuch(id, line) => {
                write!(f, "checks/{id}.txt:{line}: this case costs more than the row has points: give it at most those")
            }
            Self::Growth(error) => write!(f, "exercise.toml: {error}"),
            Self::Languages => f.write_str(
                "exercise.toml: `languages` names none, or one twice: name each language of a submission once",
            ),
            Self::NoPoints => write!(f, "exercise.toml: no check gives a point, so nothing could be graded"),
        }
    }
}

impl std::error::Error for PackError {}
