//! The cases of a check, and how its file is read.

use cachedojo_notation::text::Bilingual;
use serde::{Deserialize, Serialize};

use super::error::PackError;

/// One script of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub title: Bilingual,
    /// The points that it costs when it fails; `None` for an essential case, which costs the whole row.
    pub costs: Option<u32>,
    /// The name by which cases of later checks ask for it: `given check.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The earlier checks, or cases of them (`check.name`), that must have passed for this case to run: otherwise the same mistake
    /// would cost points twice.
    #[serde(default)]
    pub given: Vec<String>,
    /// The earlier checks that must have earned something for this case to run: what it is about does not show without their core.
    #[serde(default)]
    pub given_some: Vec<String>,
    /// What to look at when this case fails, if not the check's hint.
    #[serde(default)]
    pub hint: Option<Bilingual>,
    /// The script, with placeholders.
    pub template: String,
    /// The whole output, if it is pinned; with placeholders.
    pub output: Option<String>,
    /// Where the case begins in its file, counted from 1.
    pub line: u32,
}

/// Parses the cases of a check's file: `== [costs as name given check… check.name… some check…] english // français`, optionally
/// `?? english // français` (the case's own hint), commands, and optionally `----` and the output.
pub(super) fn read_cases(check_id: &str, text: &str) -> Result<Vec<Case>, PackError> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        // Spaces at the end of a heading come from editors; those of a command or an answer may matter.
        let is_rule = line.trim_end() == "----";
        if let Some(title) = line.strip_prefix("== ") {
            let (mark, title) = read_title(title).ok_or_else(|| PackError::Title(check_id.to_owned(), number))?;
            let costs = mark.as_ref().map(|mark| mark.costs);
            let Mark { name, given, given_some, .. } = mark.unwrap_or_default();
            cases.push(Case {
                title,
                costs,
                name,
                given,
                given_some,
                hint: None,
                template: String::new(),
                output: None,
                line: number,
            });
            continue;
        }
        if let (Some(case), Some(hint)) = (cases.last_mut(), line.strip_prefix("?? "))
            && case.template.is_empty()
        {
            let hint = read_bilingual(hint).ok_or_else(|| PackError::Hint(check_id.to_owned(), number))?;
            case.hint = Some(hint);
            continue;
        }
        match cases.last_mut() {
            None if line.trim().is_empty() || line.starts_with('#') => {}
            None => return Err(PackError::TextBeforeCase(check_id.to_owned(), number)),
            Some(case) if is_rule && case.output.is_none() => case.output = Some(String::new()),
            Some(case) => {
                let part = case.output.as_mut().unwrap_or(&mut case.template);
                part.push_str(if is_rule { "----" } else { line });
                part.push('\n');
            }
        }
    }
    if cases.is_empty() {
        return Err(PackError::NoCase(check_id.to_owned()));
    }
    // Where no output follows, a line of dashes was to begin it, and the case would expect nothing of what stands below.
    let is_mistaken = |line: &str| line.len() > 1 && line.bytes().all(|byte| byte == b'-');
    for case in cases.iter().filter(|case| case.output.is_none()) {
        if let Some(at) = case.template.lines().position(|line| is_mistaken(line.trim_end())) {
            let hint = u32::from(case.hint.is_some());
            return Err(PackError::Rule(check_id.to_owned(), case.line + hint + 1 + u32::try_from(at).unwrap_or(0)));
        }
    }
    for case in &mut cases {
        if let Some(output) = &mut case.output {
            *output = format!("{}\n", output.trim_end());
        }
    }
    Ok(cases)
}

/// The brackets before an edge case's title.
#[derive(Default)]
struct Mark {
    costs: u32,
    name: Option<String>,
    given: Vec<String>,
    given_some: Vec<String>,
}

fn read_title(text: &str) -> Option<(Option<Mark>, Bilingual)> {
    let (mark, text) = match text.strip_prefix('[') {
        Some(rest) => {
            let (mark, text) = rest.split_once(']')?;
            let (head, given) = mark.split_once(" given ").unwrap_or((mark, ""));
            let (costs, name) = head.split_once(" as ").map_or((head, None), |(costs, name)| (costs, Some(name)));
            let mut words = given.split_whitespace().map(str::to_owned);
            let whole = words.by_ref().take_while(|word| word != "some").collect();
            let (costs, name) = (costs.trim().parse().ok()?, name.map(|name| name.trim().to_owned()));
            (Some(Mark { costs, name, given: whole, given_some: words.collect() }), text)
        }
        None => (None, text),
    };
    Some((mark, read_bilingual(text)?))
}

fn read_bilingual(text: &str) -> Option<Bilingual> {
    let (en, fr) = text.split_once(" // ")?;
    Some(Bilingual { en: en.trim().to_owned(), fr: fr.trim().to_owned() })
}
