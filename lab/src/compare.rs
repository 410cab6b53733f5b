//! Two subjects on one script: the first command that they answer differently.

use cachedojo_notation::text::Language;
use serde::Serialize;

use crate::event::Event;
use crate::runner::Runner;
use crate::script::Script;
use crate::subject::Subject;

/// The first command that two subjects answer differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The index of the command.
    pub step: u32,
    /// The script's line, counted from 1.
    pub line: u32,
    /// The command.
    pub source: String,
    /// The first subject's answer, in the reader's language.
    pub one: Vec<String>,
    /// The second subject's answer.
    pub other: Vec<String>,
}

/// The first command that the two subjects answer differently; `None` if there is none. Events that only one subject can report
/// about its inside are left out. Cost: two runs up to there.
pub fn difference(
    script: &Script,
    seed: u64,
    one: &mut dyn Subject,
    other: &mut dyn Subject,
    language: Language,
) -> Option<Difference> {
    let mut runners = [Runner::new(seed), Runner::new(seed)];
    for (index, step) in script.commands.iter().enumerate() {
        let mut told = [Vec::new(), Vec::new()];
        let goes_on = [runners[0].step(script, one, &mut told[0]), runners[1].step(script, other, &mut told[1])];
        let answers = told.each_ref().map(|events| events.iter().filter(|event| counts(event)).collect::<Vec<_>>());
        if answers[0].iter().map(|event| &event.what).ne(answers[1].iter().map(|event| &event.what)) {
            let [one, other] =
                answers.map(|events| events.iter().map(|event| event.what.text_in(&step.command, language)).collect());
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            return Some(Difference { step: index, line: step.line, source: step.source.clone(), one, other });
        }
        if goes_on != [true, true] {
            return None;
        }
    }
    None
}

/// Whether every subject can show this event.
fn counts(event: &Event) -> bool {
    event.what.is_answer() && !event.what.is_quiet()
}

#[cfg(test)]
mod tests {
    use super::{Difference, difference};
    use crate::reference::Reference;
    use crate::script::{Dialect, parse};
    use crate::subject::{Crash, Subject};
    use crate::world::World;
    use cachedojo_notation::text::Language;
    use cachedojo_wire::{NodeRequest, Request, Response};

    /// The reference, except that it never finds this key.
    struct Blind(Reference, &'static str);

    impl Subject for Blind {
        fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
            match request {
                Request::Node(NodeRequest::Get { key }) if key == self.1 => {
                    self.0.call(world, &Request::Node(NodeRequest::Get { key: "none".into() }))
                }
                request => self.0.call(world, request),
            }
        }
    }

    #[track_caller]
    fn check(text: &str, blind_to: &'static str) -> Option<Difference> {
        let script = parse(text, Dialect::Lab);
        assert_eq!(script.diagnostics, []);
        let mut blind = Blind(Reference::default(), blind_to);
        difference(&script, 0, &mut Reference::default(), &mut blind, Language::French)
    }

    #[test]
    fn the_first_answer_that_differs_is_told_with_its_command() {
        let text = "node new 100\nnode set a 90*x\nnode set b 90*x\n\nnode get b\nnode get a\nnode get b";
        let expected = Difference {
            step: 3,
            line: 5,
            source: "node get b".into(),
            one: vec![format!("90*x")],
            other: vec!["rien".into()],
        };
        let found = check(text, "b").expect("they differ");
        assert_eq!((found.step, found.line, found.other.clone()), (3, 5, expected.other));
        assert_eq!(found.source, expected.source);
        assert_ne!(found.one, found.other);
        assert_eq!(check(text, "a"), None, "both find nothing");
        assert_eq!(check("", "a"), None);
        // Only the reference reports an eviction.
        assert_eq!(check("node new 100\nnode set a 90*x\nnode set b 90*x", "c"), None);
    }
}
