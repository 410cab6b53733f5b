//! The story of a scene in the learner's language: what happened, to which node, when, and with what result.

use cachedojo_lab::event::{Event, What};
use cachedojo_lab::families::cluster::{ClusterCommand, Setup, tell::WorldEvent};
use cachedojo_lab::script::Command;
use cachedojo_lab::world::cluster::act::{Act, Operation};
use cachedojo_notation::text::Language;

use super::{Doing, Scene, SceneStep};
use crate::said::Said;

/// The most lines of a story. The middle is left out: the first and the last lines tell most.
const LINES_MAX: usize = 60;

/// The story of a run of a scene, one line for each step; of the turns of a `for` the first and the last. Cost:
/// O(events).
pub fn tell(scene: &Scene, events: &[Event], language: Language) -> String {
    if let Some(lines) = of_life(scene, events, language) {
        return shortened(lines);
    }
    let mut lines = Vec::new();
    for (index, step) in scene.steps.iter().enumerate() {
        let own: Vec<(usize, &Event)> =
            events.iter().enumerate().filter(|(_, event)| event.step as usize == index).collect();
        let Some((_, first)) = own.first() else { break };
        let beside = |at: Option<usize>| at.and_then(|at| scene.steps.get(at)).is_some_and(|it| it.line == step.line);
        let ends =
            |(_, event): &(usize, &Event)| matches!(event.what, What::Crashed { .. } | What::NotImplemented { .. });
        if beside(index.checked_sub(1)) && beside(Some(index + 1)) && !own.iter().any(ends) {
            if !beside(index.checked_sub(2)) {
                lines.push("…".to_owned());
            }
            continue;
        }
        let at = format!("{}.{:03} s", first.at_ms / 1000, first.at_ms % 1000);
        let told: Vec<String> =
            own.iter().filter_map(|(at, event)| outcome(&event.what, &events[..*at], language)).collect();
        match (sentence(step, language), told.is_empty()) {
            (Some(said), true) => lines.push(format!("{at}  {said}")),
            (Some(said), false) => {
                let colon = say(language, ": ".to_owned(), " : ".to_owned());
                lines.push(format!("{at}  {said}{colon}{}", told.join("; ")));
            }
            (None, false) => lines.extend(told.into_iter().map(|told| format!("{at}  {told}"))),
            (None, true) => {}
        }
    }
    shortened(lines)
}

fn shortened(mut lines: Vec<String>) -> String {
    if lines.len() > LINES_MAX {
        let left_out = lines.len() - LINES_MAX;
        lines.splice(LINES_MAX / 2..LINES_MAX / 2 + left_out, [format!("… ({left_out}) …")]);
    }
    lines.join("\n") + "\n"
}

/// The story of a life in which a promise was broken: the faults and the clients' operations on the key, in order of time; at the
/// end the promise, and which nodes hold what. `None` if this is not a broken promise in a life.
fn of_life(scene: &Scene, events: &[Event], language: Language) -> Option<Vec<String>> {
    let broken = |event: &Event| matches!(&event.what, What::World { event: WorldEvent::Checked { broken: Some(_) } });
    let at = events.iter().position(broken)?;
    let time = |us: u64| format!("{}.{:03} s", us / 1_000_000, us / 1_000 % 1_000);
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (index, step) in scene.steps.iter().enumerate() {
        let Some(first) = events.iter().find(|event| event.step as usize == index) else { continue };
        let Doing::World(command) = &step.doing else { continue };
        if !matches!(command, ClusterCommand::Do(Act::Operate { .. })) {
            lines.extend(sentence(step, language).map(|said| (first.at_ms * 1_000, said)));
        }
    }
    let (mut last, mut at_the_end) = (Vec::new(), Vec::new());
    for event in &events[at..] {
        match &event.what {
            heard @ What::World { event: WorldEvent::Client { at_us, .. } } => {
                let told = in_language(heard, language);
                let told = told.trim_start_matches("~ ");
                lines
                    .push((*at_us, if language == Language::French { asked_in_french(told) } else { told.to_owned() }));
            }
            What::World { event: WorldEvent::Checked { .. } } => {
                last.push(format!("✗ {}", in_language(&event.what, language)));
            }
            What::Broken { .. } => {}
            What::World { event: held @ WorldEvent::Node { .. } } => at_the_end.extend(of_event(held, language)),
            what => last.extend(outcome(what, &[], language)),
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    let lines = lines.into_iter().map(|(at, said)| format!("{}  {said}", time(at)));
    if !at_the_end.is_empty() {
        last.push(say(language, "at the end:".to_owned(), "à la fin :".to_owned()));
    }
    Some(lines.chain(last).chain(at_the_end).collect())
}

/// The promise that a run was found to break, as a reader is told of it, where that is what went wrong.
pub(crate) fn promise(events: &[Event], said: &str, language: Language) -> Option<String> {
    let is_it = |event: &&Event| matches!(&event.what, What::World { event: WorldEvent::Checked { broken: Some(broken) } } if broken == said);
    events.iter().find(is_it).map(|event| in_language(&event.what, language))
}

/// An event of the simulated cluster, as the language of scripts tells it.
fn in_language(what: &What, language: Language) -> String {
    what.text_in(&Command::World(ClusterCommand::Check), language)
}

/// What a client asked a node, `n1 : write k v => …`, with the word for it in French.
fn asked_in_french(told: &str) -> String {
    let verbs = [("write ", "écrire "), ("read ", "lire "), ("erase ", "supprimer "), ("invalidate ", "invalider ")];
    let Some((node, asked)) = told.split_once(" : ") else { return told.to_owned() };
    let verb = verbs.iter().find_map(|(en, fr)| Some(format!("{node} : {fr}{}", asked.strip_prefix(en)?)));
    verb.unwrap_or_else(|| told.to_owned())
}

/// A text in the language asked for.
fn say(language: Language, en: String, fr: String) -> String {
    match language {
        Language::English => en,
        Language::French => fr,
    }
}

/// What a line of the scene does, as a sentence; `None` for an expectation.
fn sentence(step: &SceneStep, language: Language) -> Option<String> {
    let said = |en: String, fr: String| Some(say(language, en, fr));
    match &step.doing {
        Doing::Tick(_) => said(format!("time passes ({})", step.source), format!("le temps passe ({})", step.source)),
        Doing::Where(key) => said(format!("which nodes hold `{key}`"), format!("quels nœuds ont `{key}`")),
        Doing::Spread { prefix, count } => said(
            format!("how the {count} keys `{prefix}…` lie on the nodes"),
            format!("comment les {count} clés `{prefix}…` se répartissent sur les nœuds"),
        ),
        Doing::Cycle(count) => said(
            format!("{count} nodes are made, used and dropped, one after the other"),
            format!("{count} nœuds sont créés, utilisés et détruits, l'un après l'autre"),
        ),
        Doing::Traffic => said(
            "are there more than twice as many messages as in the stretch before?".to_owned(),
            "y a-t-il plus de deux fois plus de messages que dans la période précédente ?".to_owned(),
        ),
        Doing::World(ClusterCommand::Make(Setup { nodes: 1, .. })) => {
            said("one node starts, alone".to_owned(), "un nœud démarre, seul".to_owned())
        }
        Doing::World(ClusterCommand::Make(setup)) if setup.copies > usize::from(setup.nodes) => said(
            format!(
                "{} nodes start, each key on all of them, and on {} once there are as many",
                setup.nodes, setup.copies
            ),
            format!(
                "{} nœuds démarrent, chaque clé sur tous, et sur {} dès qu'il y en a autant",
                setup.nodes, setup.copies
            ),
        ),
        Doing::World(ClusterCommand::Make(setup)) => said(
            format!("{} nodes start, each key on {} of them", setup.nodes, setup.copies),
            format!("{} nœuds démarrent, chaque clé sur {} d'entre eux", setup.nodes, setup.copies),
        ),
        Doing::World(ClusterCommand::Do(act)) => Some(of_act(act, language)),
        Doing::Expect(_) | Doing::Check | Doing::World(_) => None,
    }
}

fn of_act(act: &Act, language: Language) -> String {
    let said = |en: String, fr: String| say(language, en, fr);
    match act {
        Act::Operate { operation, key, level, via, .. } => {
            let asked = via.map_or_else(|| "n1".to_owned(), |via| via.to_string());
            match operation {
                Operation::Read => said(
                    format!("{asked} is asked to read `{key}` (level {level})"),
                    format!("on demande à {asked} de lire `{key}` (niveau {level})"),
                ),
                Operation::Write { value, ttl, .. } => {
                    let value = String::from_utf8_lossy(value);
                    let (en, fr) = ttl.map_or_else(Default::default, |ttl| {
                        (format!(" for {} s", ttl / 1_000_000), format!(" pour {} s", ttl / 1_000_000))
                    });
                    said(
                        format!("{asked} is asked to write `{key}` = {value}{en} (level {level})"),
                        format!("on demande à {asked} d'écrire `{key}` = {value}{fr} (niveau {level})"),
                    )
                }
                Operation::Erase => said(
                    format!("{asked} is asked to delete `{key}` (level {level})"),
                    format!("on demande à {asked} de supprimer `{key}` (niveau {level})"),
                ),
                Operation::Invalidate => said(
                    format!("{asked} is asked to invalidate `{key}` everywhere"),
                    format!("on demande à {asked} d'invalider `{key}` partout"),
                ),
            }
        }
        Act::Kill(node) => {
            said(format!("{node} dies, and what it held with it"), format!("{node} meurt, avec ce qu'il avait"))
        }
        Act::Restart { node, .. } => said(
            format!("{node} starts again, empty, as a new process"),
            format!("{node} redémarre, vide, comme un nouveau processus"),
        ),
        Act::Pause(node) => said(format!("{node} stands still"), format!("{node} se fige")),
        Act::Resume(node) => said(format!("{node} goes on"), format!("{node} repart")),
        Act::Join { node, .. } => said(
            format!("{node} joins; all others hear of it"),
            format!("{node} rejoint la grappe ; tous l'apprennent"),
        ),
        Act::Leave(node) => said(
            format!("{node} leaves; all others hear of it"),
            format!("{node} quitte la grappe ; tous l'apprennent"),
        ),
        Act::Skew { node, by } => said(
            format!("the wall clock of {node} is wrong by {} s from now on", by / 1_000_000),
            format!("l'horloge murale de {node} se trompe désormais de {} s", by / 1_000_000),
        ),
        Act::Jump { node, by } => said(
            format!("the wall clock of {node} jumps by {} s", by / 1_000_000),
            format!("l'horloge murale de {node} saute de {} s", by / 1_000_000),
        ),
        Act::Block { from, to } => said(
            format!("messages from {from} to {to} are lost from now on"),
            format!("les messages de {from} à {to} se perdent désormais"),
        ),
        Act::Delay { from, to, by } => said(
            format!("messages from {from} to {to} take {} ms longer", by / 1_000),
            format!("les messages de {from} à {to} prennent {} ms de plus", by / 1_000),
        ),
        Act::Heal => said("the network is whole again".to_owned(), "le réseau est de nouveau entier".to_owned()),
        Act::Partition(groups) => {
            let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
            let groups = groups.join(" | ");
            said(
                format!("the network falls apart: {groups} do not hear each other"),
                format!("le réseau se divise : {groups} ne s'entendent plus"),
            )
        }
        Act::Drop(of_1000) => said(
            format!("the network loses {of_1000} of 1000 messages from now on"),
            format!("le réseau perd désormais {of_1000} messages sur 1000"),
        ),
        Act::Duplicate(of_1000) => said(
            format!("the network delivers {of_1000} of 1000 messages twice from now on"),
            format!("le réseau livre désormais deux fois {of_1000} messages sur 1000"),
        ),
        Act::Reorder(by) => said(
            format!("each message takes up to {} ms longer from now on, so that one may overtake another", by / 1_000),
            format!("chaque message prend désormais jusqu'à {} ms de plus : l'un peut dépasser l'autre", by / 1_000),
        ),
        Act::Disk { node, takes } => said(
            format!("a write to the disk of {node} takes {} ms from now on", takes / 1_000),
            format!("une écriture sur le disque de {node} prend désormais {} ms", takes / 1_000),
        ),
        Act::Session { .. } | Act::Settle | Act::Tick(_) => act.to_string(),
    }
}

/// The result, as a sentence, after these events; `None` for one as expected.
fn outcome(what: &What, before: &[Event], language: Language) -> Option<String> {
    let said = |en: String, fr: String| Some(say(language, en, fr));
    match what {
        What::Created { .. }
        | What::Ticked { .. }
        | What::Held { .. }
        | What::World { event: WorldEvent::Checked { .. } } => None,
        What::World { event } => of_event(event, language),
        What::Hit { value, .. } => said(format!("it answers {value}"), format!("il répond {value}")),
        What::Miss { .. } => {
            said("it answers that there is none".to_owned(), "il répond qu'il n'y en a pas".to_owned())
        }
        What::Stored { .. } => said("it answers: stored".to_owned(), "il répond : écrit".to_owned()),
        What::Deleted { .. } => said("it answers: done".to_owned(), "il répond : fait".to_owned()),
        What::Error { message } => said(format!("it answers: {message}"), format!("il répond : {message}")),
        What::Nodes { nodes } if nodes.is_empty() => said("none".to_owned(), "aucun".to_owned()),
        What::Stats(stats) => said(
            format!("their memory grew by {} bytes", stats.bytes),
            format!("leur mémoire a grandi de {} octets", stats.bytes),
        ),
        What::Truth { value: true } => said("yes".to_owned(), "oui".to_owned()),
        What::Truth { value: false } => said("no".to_owned(), "non".to_owned()),
        What::Broken { expected, actual } => {
            let [expected, actual] = [Said::scene(expected), Said::answer(actual, before)].map(|it| it.text(language));
            said(format!("✗ expected {expected}, got {actual}"), format!("✗ attendu {expected}, obtenu {actual}"))
        }
        other => Some(other.to_string()),
    }
}

fn of_event(event: &WorldEvent, language: Language) -> Option<String> {
    let said = |en: String, fr: String| Some(say(language, en, fr));
    match event {
        WorldEvent::Node { node, text, .. } => {
            if let Some(key) = text.strip_prefix("does not hold ") {
                return said(format!("{node} does not hold `{key}`"), format!("{node} n'a pas `{key}`"));
            }
            let held = text.trim_start_matches("holds ");
            said(format!("{node} holds {held}"), format!("{node} a {held}"))
        }
        WorldEvent::Fault { node: Some(node), .. } => {
            said(format!("{node} ended before it answered"), format!("{node} s'est arrêté avant de répondre"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_script;
    use super::{asked_in_french, sentence};
    use cachedojo_notation::text::Language;

    #[test]
    fn what_happens_to_the_network_is_told_in_words() {
        for (line, english, french) in [
            (
                "partition n1 | n2 n3",
                "the network falls apart: n1 | n2 n3 do not hear each other",
                "le réseau se divise : n1 | n2 n3 ne s'entendent plus",
            ),
            (
                "drop 10%",
                "the network loses 100 of 1000 messages from now on",
                "le réseau perd désormais 100 messages sur 1000",
            ),
            (
                "duplicate 5%",
                "the network delivers 50 of 1000 messages twice from now on",
                "le réseau livre désormais deux fois 50 messages sur 1000",
            ),
            (
                "reorder 30ms",
                "each message takes up to 30 ms longer from now on, so that one may overtake another",
                "chaque message prend désormais jusqu'à 30 ms de plus : l'un peut dépasser l'autre",
            ),
            (
                "disk n2 200ms",
                "a write to the disk of n2 takes 200 ms from now on",
                "une écriture sur le disque de n2 prend désormais 200 ms",
            ),
        ] {
            let scene = read_script(&format!("cluster nodes=3 rf=3\n{line}\n")).expect("a scene");
            let told = |language| sentence(&scene.steps[1], language).expect("a sentence");
            assert_eq!(told(Language::English), english);
            assert_eq!(told(Language::French), french);
        }
    }

    #[test]
    fn what_was_asked_is_told_in_french() {
        assert_eq!(asked_in_french("n1 : write k v => fait (0 ms)"), "n1 : écrire k v => fait (0 ms)");
        assert_eq!(asked_in_french("n1 : read k => v (2 ms)"), "n1 : lire k => v (2 ms)");
    }
}
