//! The fewest commands of a whole run that show a failure.

use cachedojo_lab::schedule::{Plan, Schedule};
use cachedojo_lab::shrink;

use super::Shortest;
use crate::run::Fresh;
use crate::simulate::{self, Accept, Calls, Wanted, right_outputs};
use crate::verdict::Verdict;

/// The most runs of a submission for shortening one case: an interpreter takes some milliseconds for each, and a submission may fail
/// in every row.
pub(crate) const RUNS_MAX: u32 = 40;
/// A case with more commands is shown as it is: each run of it would take as long as the check did.
const COMMANDS_MAX: usize = 200;

/// A case, and how it failed without another order of threads.
pub(crate) struct Failing<'a> {
    pub(crate) calls: Calls,
    pub(crate) pinned: Option<&'a str>,
    pub(crate) wanted: Wanted,
    pub(crate) verdict: Verdict,
}

/// Drops commands as long as one of the same text still has the same wrong answer, before any other wrong one. The right answers of
/// what is left are the engine's; so nothing is dropped where those of the whole case are others. `None` if the case does not fail so
/// to begin with. Cost: at most `runs_max` runs of the submission.
pub(crate) fn shortest(failing: Failing<'_>, seed: u64, runs_max: u32, fresh: &mut Fresh<'_>) -> Option<Shortest> {
    let Failing { calls, pinned, wanted, verdict } = failing;
    let engines = right_outputs(&calls.commands, None);
    let is_engines = right_outputs(&calls.commands, pinned).iter().any(|output| engines.contains(output));
    let length = calls.earlier.len() + calls.commands.len();
    if !is_engines || length > COMMANDS_MAX || wanted.accept == Accept::ThreadEach {
        return None;
    }
    let mut runs = 0;
    let mut failure = |calls: &Calls, pinned: Option<&str>| {
        runs += 1;
        if runs > runs_max || calls.commands.is_empty() {
            return None;
        }
        let (judged, _) = simulate::run(calls, pinned, wanted, seed, fresh, &Schedule::new(Plan::Calm));
        let divergence = judged.divergence.filter(|_| judged.verdict == verdict)?;
        Some(Shortest { script: text_of(calls), events: judged.events, divergence, schedule: None })
    };
    let mut best = failure(&calls, pinned)?;
    // Units are the earlier call's commands, then those of the one that is judged.
    let mut lines: Vec<(bool, String)> = calls.earlier.into_iter().map(|line| (true, line)).collect();
    lines.extend(calls.commands.into_iter().map(|line| (false, line)));
    shrink::leave_out(lines.len(), |dropped| {
        let mut fewer = lines.clone();
        fewer.drain(dropped);
        let (earlier, commands) = fewer.iter().cloned().partition::<Vec<_>, _>(|(is_earlier, _)| *is_earlier);
        let texts = |lines: Vec<(bool, String)>| lines.into_iter().map(|(_, text)| text).collect();
        let is_same = |found: &Shortest| {
            let (one, other) = (&found.divergence, &best.divergence);
            (&one.asked, &one.expected, &one.actual) == (&other.asked, &other.expected, &other.actual)
        };
        let shorter = Calls { earlier: texts(earlier), commands: texts(commands) };
        let Some(found) = failure(&shorter, None).filter(is_same) else { return false };
        (lines, best) = (fewer, found);
        true
    });
    Some(best)
}

/// The commands as a case's text, from which [`simulate::calls`] reads the same ones.
fn text_of(Calls { earlier, commands }: &Calls) -> String {
    let again = if earlier.is_empty() { None } else { Some(simulate::AGAIN) };
    let lines = earlier.iter().map(String::as_str).chain(again).chain(commands.iter().map(String::as_str));
    lines.collect::<Vec<_>>().join("\n") + "\n\n"
}

#[cfg(test)]
mod tests {
    use cachedojo_lab::event::What;
    use cachedojo_lab::subject::{Crash, Subject};
    use cachedojo_lab::world::World;
    use cachedojo_wire::{Request, Response};

    use super::*;

    /// Answers as the engine does, after each command was changed by a bug; it keeps what an earlier call put.
    struct Bug(fn(&str) -> String, Vec<String>);

    impl Subject for Bug {
        fn call(&mut self, _: &mut World, request: &Request) -> Result<Response, Crash> {
            let Request::Simulate(commands) = request else { return Err(Crash::Gibberish) };
            let before = self.1.len();
            self.1.extend(commands.iter().map(|command| self.0(command)));
            Ok(Response::Lines(right_outputs(&self.1, None).remove(0).into_iter().skip(before).collect()))
        }
    }

    /// A value that ends at its first space.
    fn cuts(command: &str) -> String {
        command.split(' ').take(3).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(bug: fn(&str) -> String, text: &str, pinned: Option<&str>, left: &str) {
        let mut fresh = || Ok(Box::new(Bug(bug, Vec::new())) as Box<dyn Subject>);
        let calls = simulate::calls(text).expect("sound");
        let wanted = Wanted { accept: Accept::Ordered, edge: false, anywhere: false };
        let shortest = shortest(Failing { calls, pinned, wanted, verdict: Verdict::Fail }, 0, 80, &mut fresh);
        let shortest = shortest.expect("it fails");
        assert_eq!(simulate::script(&shortest.script), left);
        let said = shortest.events.iter().find(|event| event.step == shortest.divergence.step);
        let answer = said.map(|event| &event.what);
        assert!(
            matches!(answer, Some(What::Said { text }) if *text == shortest.divergence.actual.to_string()),
            "{said:?}"
        );
    }

    #[test]
    fn no_command_that_is_left_is_idle() {
        check(cuts, "PUT o x\nPUT k a b\nDELETE k z\nGET o\nGET k\nGET never\nEXIT\n", None, "PUT k a b\nGET k");
        // Many at once, a first command of no word, and a pinned output that is the engine's.
        check(cuts, "\n@for 1..90 PUT o{} x\nPUT k a b\nGET k\n", None, "PUT k a b\nGET k");
        check(cuts, "PUT k a b\nPUT o x\nGET k\n", Some("STORED\nSTORED\na b\n"), "PUT k a b\nGET k");
        // Nothing is dropped where the engine's answers are not those of the case.
        let kept = |command: &str| command.to_owned();
        let mut fresh = || Ok(Box::new(Bug(kept, Vec::new())) as Box<dyn Subject>);
        let calls = simulate::calls("PUT o x\nGET o\n").expect("sound");
        let wanted = Wanted { accept: Accept::Ordered, edge: false, anywhere: false };
        let failing = Failing { calls, pinned: Some("STORED\nERROR"), wanted, verdict: Verdict::Fail };
        assert!(shortest(failing, 0, 80, &mut fresh).is_none());
    }

    #[test]
    fn of_two_calls_both_become_shorter() {
        check(str::to_owned, "PUT o x\nPUT k v\n@again\nGET none\nGET k\nEXIT\n", None, "PUT k v\n@again\nGET k");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (earlier, commands) in [(&[][..], &["GET a", ""][..]), (&["", "PUT a b"], &["", "GET a"]), (&[], &[""])] {
            let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
            let calls = Calls { earlier: owned(earlier), commands: owned(commands) };
            assert_eq!(simulate::calls(&text_of(&calls)).expect("sound"), calls);
        }
    }
}
