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
    /// The earlier checks, or cases of them or of this one (`check.name`), that must have passed for this case to run: otherwise the
    /// same mistake would cost points twice.
    #[serde(default)]
    pub given: Vec<String>,
    /// The earlier checks that must have earned something for this case to run: what it is about does not show without their core.
    #[serde(default)]
    pub given_some: Vec<String>,
    /// Whether it asks only who starts no thread: what it expects, a thread may rightly have changed before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unless_threads: bool,
    /// A thread, counted from 1, that is also stopped once at each of its steps in turn, while the others go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops: Option<u32>,
    /// Whether it costs nothing, and is run only to tell a known bug from others that fail alike.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
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

/// Parses the cases of a check's file: `== [costs as name given check… check.name… some check… stops thread unless threads] english //
/// français`, each part of the brackets optional, or `== [probe] …`; optionally `?? english // français` (the case's own hint), commands, and
/// optionally `----` and the output.
pub(super) fn read_cases(check_id: &str, text: &str) -> Result<Vec<Case>, PackError> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        // Spaces at the end of a heading come from editors; those of a command or an answer may matter.
        let is_rule = line.trim_end() == "----";
        if let Some(title) = line.strip_prefix("== ") {
            let (mark, title) = read_title(title).ok_or_else(|| PackError::Title(check_id.to_owned(), number))?;
            let Mark { costs, name, given, given_some, unless_threads, stops, probe } = mark;
            cases.push(Case {
                title,
                costs,
                name,
                given,
                given_some,
                unless_threads,
                stops,
                probe,
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

/// The brackets before a case's title.
#[derive(Default)]
struct Mark {
    costs: Option<u32>,
    name: Option<String>,
    given: Vec<String>,
    given_some: Vec<String>,
    unless_threads: bool,
    stops: Option<u32>,
    probe: bool,
}

fn read_title(text: &str) -> Option<(Mark, Bilingual)> {
    let Some(rest) = text.strip_prefix('[') else { return Some((Mark::default(), read_bilingual(text)?)) };
    let (mark, text) = rest.split_once(']')?;
    Some((read_mark(mark.trim())?, read_bilingual(text)?))
}

fn read_mark(text: &str) -> Option<Mark> {
    if text == "probe" {
        return Some(Mark { costs: Some(0), probe: true, ..Mark::default() });
    }
    let mut mark = Mark::default();
    let mut words = text.split_whitespace().peekable();
    if words.peek()?.bytes().all(|byte| byte.is_ascii_digit()) {
        mark.costs = Some(words.next()?.parse().ok()?);
    }
    while let Some(word) = words.next() {
        match word {
            "as" if mark.name.is_none() => mark.name = Some(words.next()?.to_owned()),
            "stops" => mark.stops = Some(words.next()?.parse().ok().filter(|thread| *thread > 0)?),
            "unless" => (mark.unless_threads, _) = (true, words.next().filter(|word| *word == "threads")?),
            "given" | "some" => {
                let (whole, some) = (&mut mark.given, &mut mark.given_some);
                let given = if word == "given" { whole } else { some };
                while let Some(named) = words.next_if(|word| !["some", "stops", "unless"].contains(word)) {
                    given.push(named.to_owned());
                }
            }
            _ => return None,
        }
    }
    Some(mark)
}

fn read_bilingual(text: &str) -> Option<Bilingual> {
    let (en, fr) = text.split_once(" // ")?;
    Some(Bilingual { en: en.trim().to_owned(), fr: fr.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::read_cases;

    #[test]
    fn brackets_say_what_a_case_costs_and_what_it_is_given() {
        for (mark, costs, name, given, some, threads) in [
            ("", None, "", "", "", false),
            ("[2] ", Some(2), "", "", "", false),
            ("[as core] ", None, "core", "", "", false),
            ("[2 as core given a b.c some d e] ", Some(2), "core", "a b.c", "d e", false),
            ("[1 given some d] ", Some(1), "", "", "d", false),
            ("[given a unless threads] ", None, "", "a", "", true),
            ("[1 unless threads] ", Some(1), "", "", "", true),
        ] {
            let cases = read_cases("row", &format!("== {mark}One // Un\nexpect x\n")).expect(mark);
            let case = &cases[0];
            assert_eq!((case.costs, case.name.as_deref().unwrap_or_default()), (costs, name), "{mark}");
            assert_eq!(
                (case.given.join(" "), case.given_some.join(" ")),
                (given.to_owned(), some.to_owned()),
                "{mark}"
            );
            assert_eq!((case.unless_threads, case.probe, case.title.en.as_str()), (threads, false, "One"), "{mark}");
        }
        let stops = read_cases("row", "== [2 given a stops 3 unless threads] One // Un\nexpect x\n").expect("a case");
        assert_eq!((stops[0].stops, stops[0].given.len(), stops[0].unless_threads), (Some(3), 1, true));
        assert!(read_cases("row", "== [probe] One // Un\nexpect x\n").expect("a case")[0].probe);
        for wrong in ["[] ", "[x] ", "[2 as] ", "[unless luck] ", "[2 2] ", "[probe 2] ", "[stops] ", "[stops 0] "] {
            assert!(read_cases("row", &format!("== {wrong}One // Un\nexpect x\n")).is_err(), "{wrong}");
        }
    }
}
