//! How far scripts are shortened, and what stays.

use cachedojo_wire::{ClusterRequest, Command, Reply, Request, Response};

use super::*;
use cachedojo_lab::subject::Crash;
use cachedojo_lab::world::World;

/// A cluster with two bugs: it deletes nothing, and without a server it refuses everything. Only the first is searched for.
#[derive(Default)]
struct Hoarder {
    reference: Reference,
    has_server: bool,
}

impl Subject for Hoarder {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        match request {
            Request::Cluster(ClusterRequest::Execute(_)) if !self.has_server => {
                return Ok(Response::Reply(Reply::Error("no server".into())));
            }
            Request::Cluster(ClusterRequest::Execute(Command::Delete { .. })) => {
                return Ok(Response::Reply(Reply::Deleted));
            }
            Request::Cluster(ClusterRequest::Add { .. }) => self.has_server = true,
            _ => {}
        }
        self.reference.call(world, request)
    }
}

#[test]
fn a_shorter_script_shows_the_same_failure_and_no_other() {
    let text = "cluster new\ncluster add a\ncluster add b\ncluster set k v\ncluster delete k\ncluster stats\ncluster get k\n\
        expect any of nothing | not found";
    let mut fresh = || Ok(Box::new(Hoarder::default()) as Box<dyn Subject>);
    let shortest = shortest(text, Verdict::Fail, 0, &mut fresh).expect("it fails");
    let rest = "cluster set k v\ncluster delete k\ncluster get k\nexpect any of nothing | not found";
    assert_eq!(shortest.script, format!("cluster new\ncluster add b\n{rest}"));
    assert_eq!(shortest.divergence.actual.to_string(), "v");
}

#[track_caller]
fn check_shortest(text: &str, expected: &str) {
    let mut fresh = || Ok(Box::new(Hoarder::default()) as Box<dyn Subject>);
    let shortest = shortest(text, Verdict::Fail, 0, &mut fresh).expect("it fails");
    assert_eq!(shortest.script, expected);
}

#[test]
fn no_line_of_the_shortest_script_is_idle() {
    let shown = "cluster new\ncluster add a\ncluster set k v\ncluster delete k\ncluster get k\nexpect any of nothing | not found";
    // A read of a key that was never set, lines after the failure, and one `set` twenty times.
    for idle in [
        "cluster get never",
        "cluster set other x\ncluster get other",
        "for 1..20 cluster set other x",
        "for 1..20 cluster set k{} x",
        // Without its second line the other lines say more.
        "cluster nodes=3 rf=3\nkill n2\nwrite a b\ntick 3s\nread a",
        "for 1..30 cluster get never{}\nfor 1..9 cluster set k{} x\ncluster stats\ntick 5s",
    ] {
        let (head, tail) = shown.split_once("cluster set k v").expect("it is there");
        check_shortest(&format!("{head}{idle}\ncluster set k v{tail}\n{idle}"), shown);
    }
    let many: String = (0..60).map(|number| format!("cluster set x{number} y\n")).collect();
    let (head, tail) = shown.split_once("cluster set k v").expect("it is there");
    check_shortest(&format!("{head}{many}cluster set k v{tail}"), shown);
}

/// A cluster whose `rebalance` does nothing: once a server has come, nothing is found.
#[derive(Default)]
struct Forgetful {
    reference: Reference,
    servers: u32,
    late: bool,
}

impl Subject for Forgetful {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        match request {
            Request::Cluster(ClusterRequest::Add { .. }) => (self.servers, self.late) = (self.servers + 1, true),
            Request::Cluster(ClusterRequest::Execute(Command::Set { .. })) => {
                self.late = false;
                if self.servers == 0 {
                    return Ok(Response::Reply(Reply::Error("no server".into())));
                }
            }
            Request::Cluster(ClusterRequest::Execute(Command::Get { .. })) if self.late || self.servers == 0 => {
                return Ok(Response::Reply(Reply::Value(None)));
            }
            _ => {}
        }
        self.reference.call(world, request)
    }
}

/// A cluster that deletes nothing under plans of an odd seed.
struct Racy {
    inner: Hoarder,
    schedule: Schedule,
}

impl Subject for Racy {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        match self.schedule.plan {
            Plan::Pct { seed } if seed % 2 == 1 => self.inner.call(world, request),
            _ => self.inner.reference.call(world, request),
        }
    }

    fn set_schedule(&mut self, schedule: &Schedule) -> bool {
        self.schedule = schedule.clone();
        true
    }
}

#[test]
fn a_race_is_shown_by_a_shorter_script_and_a_schedule_that_shows_it() {
    let text = "cluster new\ncluster add a\nfor 1..9 cluster set x{} y\ncluster set k v\ncluster delete k\ncluster stats\n\
        cluster get k\nexpect any of nothing | not found\ncluster get x1\nexpect y";
    let calm = Schedule::new(Plan::Calm);
    let mut fresh = || Ok(Box::new(Racy { inner: Hoarder::default(), schedule: calm.clone() }) as Box<dyn Subject>);
    let [even, odd] = [2, 3].map(|seed| Schedule::new(Plan::Pct { seed }));
    let shortest = shortest_race(text, &[even.clone(), odd.clone()], 0, RACE_RUNS_MAX, &mut fresh).expect("it fails");
    let shown = "cluster new\ncluster add a\ncluster set k v\ncluster delete k\ncluster get k\nexpect any of nothing | not found";
    assert_eq!((shortest.script.as_str(), shortest.schedule.map(|found| found.plan)), (shown, Some(odd.plan)));
    assert!(shortest_race(text, &[even], 0, RACE_RUNS_MAX, &mut fresh).is_none(), "no schedule shows it");
}

#[test]
fn no_failure_rests_on_what_is_left_open() {
    let text =
        "cluster new rf=1\ncluster add a\ncluster set k v\ncluster add b\ncluster rebalance\ncluster get k\nexpect v";
    let mut fresh = || Ok(Box::new(Forgetful::default()) as Box<dyn Subject>);
    let shortest = shortest(text, Verdict::Fail, 0, &mut fresh).expect("it fails");
    assert_eq!(shortest.script, text, "without the first server, or without a rebalance, nothing is promised");
}

#[test]
fn a_loop_has_as_few_turns_as_show_the_failure() {
    check_shortest(
        "cluster new\ncluster add a\nfor 1..40 cluster set k{} v\nfor 1..40 cluster delete k{}\ncluster get k3\nexpect any of nothing | not found",
        "cluster new\ncluster add a\nfor 1..3 cluster set k{} v\nfor 1..3 cluster delete k{}\ncluster get k3\nexpect any of nothing | not found",
    );
}
