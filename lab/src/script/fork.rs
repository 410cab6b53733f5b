//! The part of a script that a run has executed, so that it can be continued differently.

use super::parse;
use super::parsed::{Dialect, lines};

/// The script that consists of this one's first `position` commands: the lines up to there, with a `for` cut to the turns that
/// were executed. Cost: O(text).
pub fn fork(text: &str, dialect: Dialect, position: usize) -> String {
    let script = parse(text, dialect);
    let Some(next) = script.commands.get(position) else { return text.to_owned() };
    let Some(last) = position.checked_sub(1).and_then(|last| script.commands.get(last)) else { return String::new() };
    let done = script.commands[..position].iter().rev().take_while(|step| step.line == last.line).count();
    // A command of memcached has its value in the lines below.
    let end = if dialect == Dialect::Memcached { last.line.max(next.line - 1) } else { last.line };
    let mut cut = String::new();
    for line in lines(text).take_while(|line| line.number <= end) {
        match (line.number == last.line && next.line == last.line).then(|| shortened(line.content, done)).flatten() {
            Some(shorter) => cut.push_str(&shorter),
            None => cut.push_str(line.raw),
        }
    }
    cut
}

/// A `for` line shortened to so many turns; `None` if the line is not a `for`.
fn shortened(line: &str, turns: usize) -> Option<String> {
    let (before, rest) = line.split_at(line.find("for")? + "for".len());
    let (range, command) = rest.trim_start().split_once(char::is_whitespace)?;
    let (first, _) = range.split_once("..")?;
    let last = first.parse::<u64>().ok()? + turns as u64 - 1;
    Some(format!("{before} {first}..{last} {command}\n"))
}

#[cfg(test)]
mod tests {
    use super::fork;
    use crate::script::{Dialect, parse};

    #[test]
    fn a_script_is_cut_where_its_run_stands() {
        let text = "# all\nnode new 9\n  for 3..6 node get k{} # why\nstats\n";
        for (position, expected) in [
            (0, ""),
            (1, "# all\nnode new 9\n"),
            (2, "# all\nnode new 9\n  for 3..3 node get k{} # why\n"),
            (4, "# all\nnode new 9\n  for 3..5 node get k{} # why\n"),
            (5, "# all\nnode new 9\n  for 3..6 node get k{} # why\n"),
            (6, text),
            (99, text),
        ] {
            let cut = fork(text, Dialect::Lab, position);
            assert_eq!(cut, expected, "{position}");
            let (of_cut, whole) = (parse(&cut, Dialect::Lab), parse(text, Dialect::Lab));
            assert_eq!(of_cut.commands, whole.commands[..position.min(6)]);
        }
        assert_eq!(fork("PUT a 1\r\nGET a\r\n", Dialect::Line, 1), "PUT a 1\r\n");
        assert_eq!(fork("set k 0 0 1\r\nx\r\nget k", Dialect::Memcached, 1), "set k 0 0 1\r\nx\r\n");
    }
}
