//! The report in Markdown: for a pull request, or as a step's summary.

use std::fmt::Write;

use cachedojo_judge::Verdict;
use cachedojo_judge::pack::Visibility;
use cachedojo_judge::report::{CheckReport, Report};
use cachedojo_notation::text::Language;

use super::rows::{chart, headline, opening, resemblances, series, with_place};
use super::words::{Words, mark, untold};

pub(super) fn render(report: &Report, language: Language) -> String {
    let words = Words::of(language);
    let mut text =
        format!("## {} `{}`\n\n**{}**\n", words.report, plain(&report.exercise), inline(&headline(report, words)));
    if !report.diagnostics.is_empty() {
        let _ = writeln!(text, "\n### {}", words.diagnostics);
        for diagnostic in &report.diagnostics {
            let _ = writeln!(text, "\n{}", fenced(&with_place(diagnostic)));
        }
    }
    if !report.checks.is_empty() {
        table(report, words, &mut text);
    }
    for line in resemblances(report, words) {
        let _ = writeln!(text, "\n> {}", inline(&line));
    }
    if !report.growth.is_empty() {
        growth(report, language, &mut text);
    }
    let failed: Vec<_> = report.checks.iter().filter(|check| check.verdict != Verdict::Pass).collect();
    if !failed.is_empty() {
        let _ = writeln!(text, "\n### {}", words.failures);
    }
    for check in failed {
        failure(check, words, &mut text);
    }
    let _ = writeln!(text, "\n<sub>{}{} {}</sub>", words.receipt, words.colon, plain(&report.receipt));
    text
}

fn table(report: &Report, words: &Words, text: &mut String) {
    let _ = writeln!(text, "\n| | {} | {} | {} |\n|---|---|---:|---|", words.check, words.points, words.verdict);
    for check in &report.checks {
        let (points, max) = (check.points, check.max_points);
        let verdict = words.verdict_of(check);
        let _ = writeln!(text, "| {} | {} | {points}/{max} | {verdict} |", mark(check.verdict), inline(&check.title));
    }
}

fn growth(report: &Report, language: Language, text: &mut String) {
    let words = Words::of(language);
    let (complexity, growth) = (words.complexity, words.growth);
    let _ = writeln!(text, "\n### {complexity}\n\n| | {growth} | | n, 2n, 4n … |\n|---|---|---|---|");
    for row in &report.growth {
        let (title, class) = (inline(&row.title), row.class.name(language));
        let _ = writeln!(text, "| {title} | {class} | {} | {} |", chart(&row.fuel), series(&row.fuel));
    }
}

fn failure(check: &CheckReport, words: &Words, text: &mut String) {
    let lost = check.max_points - check.points;
    let (mark, verdict) = (mark(check.verdict), words.verdict_of(check));
    let _ = writeln!(text, "\n#### {mark} {} (−{lost}, {verdict})", inline(&check.title));
    if !check.message.is_empty() {
        let _ = writeln!(text, "\n{}", inline(&check.message));
    }
    if check.visibility == Visibility::Hidden && check.verdict != Verdict::Skipped {
        let _ = writeln!(text, "\n{}", words.hidden);
    }
    if !check.expected.is_empty() {
        let (expected, actual) = (inline(&check.expected), inline(&check.actual));
        let _ = writeln!(text, "\n| {} | {} |\n|---|---|\n| {expected} | {actual} |", words.expected, words.actual);
    }
    if !check.transcript.is_empty() {
        let above = words.above_transcript(check);
        let _ = writeln!(text, "\n{above}{}\n\n{}", words.colon, fenced(&check.transcript));
        replays(&check.script, &check.transcript, words, text);
    }
    if !check.schedule.is_empty() {
        let _ = writeln!(text, "\n{}{}\n\n{}", words.schedule, words.colon, fenced(&check.schedule));
    }
    if !check.hint.is_empty() && check.verdict != Verdict::Skipped {
        let _ = writeln!(text, "\n**{}{}** {}", words.hint, words.colon, inline(&check.hint));
    }
    if !check.link.is_empty() {
        let _ = writeln!(text, "\n[{}]({})", opening(&check.link, words), plain_link(&check.link));
    }
    for also in &check.also_fails {
        let _ = writeln!(text, "\n**{}{}** {}", words.also_fails, words.colon, inline(&also.message));
        if !also.transcript.is_empty() {
            let _ = writeln!(text, "\n{}", fenced(&also.transcript));
            replays(&also.script, &also.transcript, words, text);
        }
        if !also.schedule.is_empty() {
            let _ = writeln!(text, "\n{}{}\n\n{}", words.schedule, words.colon, fenced(&also.schedule));
        }
        if !also.link.is_empty() {
            let _ = writeln!(text, "\n[{}]({})", opening(&also.link, words), plain_link(&also.link));
        }
    }
}

/// The lines of a scene that is told in words.
fn replays(script: &str, transcript: &str, words: &Words, text: &mut String) {
    if let Some(script) = untold(script, transcript) {
        let _ = writeln!(text, "\n{}{}\n\n{}", words.replays, words.colon, fenced(script));
    }
}

/// A link without characters that would end it.
fn plain_link(link: &str) -> String {
    link.replace(['(', ')', ' ', '<', '>'], "")
}

/// Text on one line with all markup escaped: tags, links, mentions, ends of cells. Only what stands between two backticks, as our
/// sentences name commands and items, is code.
fn inline(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text.trim_end());
    while let Some((before, code, after)) = code_span(rest) {
        out += &escaped(before);
        let _ = write!(out, "`{code}`");
        rest = after;
    }
    out + &escaped(rest)
}

/// The first code span of a text, with what stands around it. Characters that mean something in a table, a tag or a log keep it from
/// being one.
fn code_span(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find('`').map(|at| from + at) {
        let length = text[at + 1..].find('`')?;
        let (code, after) = (&text[at + 1..at + 1 + length], &text[at + 2 + length..]);
        let is_apart = !after.starts_with('`') && !text[..at].ends_with('`');
        let is_plain =
            !code.trim().is_empty() && !code.contains(['\n', '|', '\\', '<', '>', '&', '@']) && !code.contains("::");
        match (is_apart, is_plain) {
            (true, true) => return Some((&text[..at], code, after)),
            (true, false) => from = at + 2 + length,
            (false, _) => from = at + 1,
        }
    }
    None
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br>"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A backslash does not help with mentions and issues; automatic links are handled below.
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    let out = out.replace("://", "&#58;//").replace("::", "&#58;:");
    // GitHub recognises a link by its first letters, in any case.
    let mut quiet = String::with_capacity(out.len());
    for (at, c) in out.char_indices() {
        let ends_www = c == '.' && at >= 3 && out.get(at - 3..at).is_some_and(|word| word.eq_ignore_ascii_case("www"));
        if ends_www { quiet.push_str("&#46;") } else { quiet.push(c) }
    }
    quiet
}

/// A name of ours, between backticks or tags.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || "-_:.".contains(*c)).collect()
}

/// A block of code with a fence that its content cannot end.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::inline;

    #[test]
    fn what_stands_between_two_backticks_is_code_and_nothing_else_is_markup() {
        for (said, written) in [
            ("Expected v_1 to `GET k_1`, got *", "Expected v\\_1 to `GET k_1`, got \\*"),
            ("`PUT` and `a, b`", "`PUT` and `a, b`"),
            ("one ` alone", "one \\` alone"),
            ("``two``", "\\`\\`two\\`\\`"),
            ("`<` and `x`", "\\`&lt;\\` and `x`"),
            ("` ` `a|b` `x`", "\\` \\` \\`a\\|b\\` `x`"),
            ("`<b>` `a\nb` `@ada` `a::b`", "\\`&lt;b&gt;\\` \\`a<br>b\\` \\`&#64;ada\\` \\`a&#58;:b\\`"),
            ("", ""),
        ] {
            assert_eq!(inline(said), written, "{said}");
        }
    }
}
