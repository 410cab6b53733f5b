//! Reads the cases of a check's file.

use super::{Bilingual, Case, PackError};

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
