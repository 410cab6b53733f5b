//! Parsing of a line of the `lab` dialect. The commands are those of the families.

use std::ops::Range;

use cachedojo_wire::{ClusterRequest, Command as CacheCommand, NodeRequest, Request};

use super::args::Args;
use super::command::Command;
use super::mistake::{Fault, Mistake};
use super::parsed::{COMMANDS_MAX, Diagnostic, EXPANDED_BYTES_MAX, Script, Step};
use super::token::read_tokens;
use super::words;
use crate::families::COMMANDS;

/// Parses one line into `script`: a command, several commands (of a `for`), or a mistake.
pub(super) fn read_line(script: &mut Script, line: u32, start: usize, content: &str) {
    let outcome = match after_for(content) {
        Some(rest) => read_for(script, line, content, rest),
        None => read_command(content)
            .and_then(|command| command.map_or(Ok(()), |command| push(script, line, content, command))),
    };
    if let Err((span, mistake)) = outcome {
        script.diagnostics.push(Diagnostic { line, span: start + span.start..start + span.end, mistake });
    }
}

/// What follows `for`, if the line begins with it.
fn after_for(content: &str) -> Option<&str> {
    let is_whole = |rest: &&str| rest.is_empty() || rest.starts_with(char::is_whitespace);
    content.trim_start().strip_prefix("for").filter(is_whole)
}

/// The command of a line, or of the first turn of its `for`, then with the place of what is said in each turn. Nothing where the line
/// cannot be read.
pub(super) fn first_command(content: &str) -> Option<(Command, Option<Range<usize>>)> {
    let Some(rest) = after_for(content) else {
        return Some((read_command(content).ok()??, None));
    };
    let (range, template) = rest.trim_start().split_once(char::is_whitespace)?;
    let (first, _) = range.split_once("..")?;
    let command = read_command(&template.replace("{}", first)).ok()??;
    let start = content.len() - template.trim_start().len();
    Some((command, Some(start..content.trim_end().len())))
}

fn push(script: &mut Script, line: u32, source: &str, command: Command) -> Result<(), Fault> {
    let value_bytes = match &command {
        Command::Ask(
            Request::Node(NodeRequest::Set { value, .. })
            | Request::Cluster(ClusterRequest::Execute(CacheCommand::Set { value, .. })),
        ) => value.len(),
        _ => 0,
    };
    script.expanded_bytes += value_bytes;
    if script.commands.len() >= COMMANDS_MAX || script.expanded_bytes > EXPANDED_BYTES_MAX {
        return Err((0..source.len(), Mistake::TooLong));
    }
    match &command {
        Command::Expect(_) if script.answers == 0 => return Err((0..source.len(), Mistake::NothingToExpect)),
        Command::Expect(expectation) if expectation.looks_before() && script.answers == 1 => {
            return Err((0..source.len(), Mistake::NothingBefore));
        }
        Command::Expect(_)
        | Command::Always(_)
        | Command::Tick(_)
        | Command::WallJump(_)
        | Command::RemoveOthers { .. } => {}
        Command::Ask(_)
        | Command::Spread { .. }
        | Command::Mark { .. }
        | Command::Moved
        | Command::Where { .. }
        | Command::World(_) => script.answers += 1,
    }
    script.commands.push(Step { line, source: source.trim().to_owned(), command });
    Ok(())
}

fn read_for(script: &mut Script, line: u32, content: &str, rest: &str) -> Result<(), Fault> {
    let rest = rest.trim_start();
    let whole = content.len() - rest.len()..content.len();
    let (range, template) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let bounds = range.split_once("..").and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)));
    let Some((first, last)) = bounds else {
        return Err((whole, Mistake::Range { found: range.to_owned() }));
    };
    if first > last {
        let end = content.len() - rest.len() + range.len();
        return Err((content.len() - rest.len()..end, Mistake::Backwards { meant: format!("{last}..{first}") }));
    }
    if template.trim().is_empty() {
        return Err((whole, Mistake::Missing { what: "<command>", usage: "for <first>..<last> <command with {}>" }));
    }
    for number in first..=last {
        let source = template.replace("{}", &number.to_string());
        script.expanded_bytes += source.len();
        match read_command(&source) {
            Ok(Some(command)) => {
                push(script, line, &source, command).map_err(|(_, mistake)| (whole.clone(), mistake))?;
            }
            // A comment in a `for` is a comment in every turn.
            Ok(None) => return Ok(()),
            // The template is wrong in every turn: report it once, for the whole template.
            Err((_, mistake)) => return Err((whole, mistake)),
        }
    }
    Ok(())
}

/// Parses one command; `None` for a blank line or a comment.
pub(super) fn read_command(line: &str) -> Result<Option<Command>, Fault> {
    let tokens = match read_tokens(line) {
        Ok(tokens) => tokens,
        // The rest of the line belongs to another grammar, quotes included.
        Err(_) if is_of_another_grammar(line) => Vec::new(),
        Err(fault) => return Err(fault),
    };
    let mut words = line.split_whitespace();
    let Some(first) = words.next().filter(|word| !word.starts_with('#')) else { return Ok(None) };
    let second = words.next();
    let two = second.map(|second| format!("{first} {second}"));
    let find = |name: &str| COMMANDS.iter().find(|entry| entry.name == name);
    let (entry, taken) = match two.as_deref().and_then(find) {
        Some(entry) => (entry, 2),
        None => match find(first) {
            Some(entry) => (entry, 1),
            None => return Err(unknown(line, first, second)),
        },
    };
    let mut args = Args { line, tokens: &tokens, next: taken, options_from: None, entry };
    let command = (entry.read)(&mut args)?;
    args.end()?;
    Ok(Some(command))
}

fn is_of_another_grammar(line: &str) -> bool {
    let mut words = line.split_whitespace();
    match words.next() {
        Some("line" | "mc" | "http") => true,
        Some("expect") => words.find(|word| *word != "not") == Some("http"),
        _ => false,
    }
}

fn unknown(line: &str, first: &str, second: Option<&str>) -> Fault {
    let start = line.len() - line.trim_start().len();
    let mut end = start + first.len();
    let mut found = first.to_owned();
    if let Some(second) = second.filter(|_| words::is_object(first)) {
        found = format!("{first} {second}");
        end = line.len() - line[end..].trim_start().len() + second.len();
    }
    let found: String = found.chars().take(40).collect();
    (start..end, words::mistake(first, second, found))
}
