//! Clusters of two small subjects.

use super::*;
use cachedojo::cluster::ids::MS;
use cachedojo_wire::machine::MachineLevel;
use std::cell::Cell;
use std::rc::Rc;

/// A node that answers `peek` with its clocks, and has one more behaviour.
struct Probe {
    does: Does,
    starts: Rc<Cell<u32>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Nothing,
    /// It asks n2 for the answer, and gives the first that comes.
    AsksOn,
    /// It answers requests to any node, at once and repeatedly.
    AnswersForOthers,
    /// It sets a timer of zero length, again and again.
    Storms,
    /// It answers each message with more messages.
    Floods,
    /// It sleeps for a second at each input.
    Sleeps,
    Panics,
}

impl Probe {
    fn handle(&self, world: &mut World, input: &Input) -> Vec<MachineEffect> {
        let reply = |number: u64, reply: MachineReply| MachineEffect::Reply { number, reply };
        let send = |to: &str, bytes: Vec<u8>| MachineEffect::Send { to: to.to_owned(), bytes };
        match (self.does, input) {
            (Does::AsksOn, Input::Client { command: MachineCommand::Get { .. }, number }) => {
                vec![send("n2", number.to_le_bytes().to_vec())]
            }
            (Does::AsksOn, Input::Message { from, bytes }) if from == "n1" => vec![send("n1", bytes.clone())],
            (Does::AsksOn, Input::Message { bytes, .. }) => {
                let number = bytes.first().copied().map_or(0, u64::from);
                vec![reply(number, MachineReply::Done)]
            }
            (Does::AnswersForOthers, _) => (1..9).map(|number| reply(number, MachineReply::Done)).collect(),
            (Does::Storms, _) => vec![MachineEffect::Timer { timer: 1, after_ms: 0 }],
            (Does::Floods, _) => vec![send("n1", vec![0; 1 << 20]), send("n1", vec![0; 1 << 20])],
            (Does::Sleeps, Input::Client { number, .. }) => {
                world.pass(1_000_000_000);
                vec![reply(*number, MachineReply::Done)]
            }
            (_, Input::Client { command: MachineCommand::Peek { .. }, number }) => {
                let told = format!("{} {}", world.monotonic_ns, world.wall_ns);
                vec![reply(*number, MachineReply::Value(Some(told.into_bytes())))]
            }
            (_, Input::Client { number, .. }) => vec![reply(*number, MachineReply::Done)],
            _ => Vec::new(),
        }
    }
}

impl Subject for Probe {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        if self.does == Does::Panics {
            return Err(Crash::Panic { message: "on purpose".to_owned() });
        }
        Ok(match request {
            Request::Machine(MachineRequest::Start(_)) => {
                self.starts.set(self.starts.get() + 1);
                let number = u64::from(self.starts.get());
                Response::Effects(vec![MachineEffect::Timer { timer: number, after_ms: 1_000 }])
            }
            Request::Machine(MachineRequest::Handle(input)) => Response::Effects(self.handle(world, input)),
            _ => Response::Done,
        })
    }
}

/// The answer of n1 in a world of two such nodes, after `befalls` was applied to them.
fn asked(does: Does, befalls: impl FnOnce(&mut Machines<'_>)) -> (Option<MachineReply>, Option<WorldEnd>, Micros) {
    let starts = Rc::new(Cell::new(0));
    let mut fresh = || Ok(Box::new(Probe { does, starts: Rc::clone(&starts) }) as Box<dyn Subject>);
    let mut world = Machines::new(2, 2, 16, 7, &mut fresh);
    befalls(&mut world);
    let command = MachineCommand::Get { key: "k".to_owned(), level: MachineLevel::One };
    let reply = world.ask(NodeId::new(1).expect("n1"), command, 10 * SECOND);
    (reply, world.failure().cloned(), world.now())
}

fn node(number: u8) -> NodeId {
    NodeId::new(number).expect("a number")
}

#[test]
fn messages_take_the_networks_way() {
    let (reply, failure, now) = asked(Does::AsksOn, |_| {});
    assert_eq!((reply, failure), (Some(MachineReply::Done), None));
    assert!((2 * MS..10 * MS).contains(&now), "there and back: {now} us");
    let (reply, failure, now) = asked(Does::AsksOn, |world| world.network.block(node(2), node(1)));
    assert_eq!((reply, failure, now), (None, None, 10 * SECOND), "the answer is lost");
    let (reply, ..) = asked(Does::AsksOn, |world| assert!(world.kill(node(2))));
    assert_eq!(reply, None, "who is dead hears nothing");
}

#[test]
fn only_who_was_asked_answers() {
    let (reply, ..) = asked(Does::AnswersForOthers, |world| assert!(world.pause(node(1))));
    assert_eq!(reply, None, "n2 has answered everything that n1 was asked, in vain");
    let (reply, ..) = asked(Does::AnswersForOthers, |_| {});
    assert_eq!(reply, Some(MachineReply::Done));
}

#[test]
fn who_goes_on_without_end_is_stopped() {
    let over = |crash: Crash| Some(WorldEnd::Crashed(node(1), crash));
    assert_eq!(asked(Does::Storms, |_| {}).1, over(Crash::OutOfFuel));
    assert_eq!(asked(Does::Floods, |_| {}).1, over(Crash::TooMuchOutput));
    assert_eq!(asked(Does::Panics, |_| {}).1, over(Crash::Panic { message: "on purpose".to_owned() }));
}

#[test]
fn who_sleeps_answers_late_and_hears_nothing_meanwhile() {
    let (reply, _, now) = asked(Does::Sleeps, |world| {
        world.begin(node(1), MachineCommand::Invalidate { key: "k".to_owned() });
    });
    assert_eq!((reply, now), (Some(MachineReply::Done), 2 * SECOND), "it was busy with the first");
}

#[test]
fn each_node_has_clocks_of_its_own_and_a_restart_keeps_the_machines() {
    let clocks = |world: &mut Machines<'_>, number: u8| -> (u64, u64) {
        let told = String::from_utf8(world.peek(node(number), "k").expect("an answer")).expect("text");
        let (mono, wall) = told.split_once(' ').expect("two numbers");
        (mono.parse().expect("a number"), wall.parse().expect("a number"))
    };
    asked(Does::Nothing, |world| {
        let (one, two) = (clocks(world, 1), clocks(world, 2));
        assert_ne!(one.0, two.0, "machines have been up for different times");
        assert_eq!(one.1, two.1, "wall clocks agree until one is set");
        world.skew(node(2), -3_000_000, true);
        world.run_for(SECOND);
        assert_eq!(clocks(world, 1), (one.0 + 1_000_000_000, one.1 + 1_000_000_000));
        assert_eq!(clocks(world, 2), (two.0 + 1_000_000_000, two.1 - 2_000_000_000));
        assert!(world.kill(node(2)) && world.restart(node(2)) && !world.restart(node(2)));
        assert_eq!(clocks(world, 2), (two.0 + 1_000_000_000, two.1 - 2_000_000_000));
    });
}

#[test]
fn memory_that_nobody_measures_is_no_leak_and_no_pass() {
    let (.., failure) = {
        let (reply, failure, _) = asked(Does::Nothing, |world| assert_eq!(world.cycle(10, &[]), 0));
        (reply, failure)
    };
    assert!(matches!(failure, Some(WorldEnd::NotStarted(_))));
}
