//! The right programs are right, and what is shown keeps what it is about.

use std::fs;
use std::path::Path;

use super::*;
use crate::minimize::shortest;
use crate::{Exercise, Verdict, judge};

/// The exercise that is graded by such scripts.
fn pack() -> Exercise {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exercises/distributed-cache");
    let text = fs::read_to_string(home.join("exercise.toml")).expect("the exercise");
    let exercise: Exercise = toml::from_str(&text).expect("an exercise");
    let script =
        |id: &String| (id.clone(), fs::read_to_string(home.join(format!("checks/{id}.txt"))).expect("a check"));
    let scripts = exercise.checks.iter().map(|check| script(&check.id)).collect();
    exercise.with_scripts(&scripts).expect("a sound pack")
}

#[test]
fn right_programs_lose_nothing() {
    for (ways, seed) in ALL.into_iter().zip(0..) {
        let mut fresh = || Ok(Box::new(Right::new(ways)) as Box<dyn Subject>);
        let outcomes = judge(&pack(), seed, &mut fresh).expect("a sound pack");
        for outcome in outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Pass) {
            // Only the statement's own test, three times 40 bytes in 100, has no room for an overhead.
            let of_100 = |case: &crate::CaseOutcome| case.script.starts_with("node new 100 ");
            let wrong = outcome.cases.iter().find(|case| case.verdict != Verdict::Pass && !of_100(case));
            assert!(ways.overhead > 0 && wrong.is_none(), "{ways:?}: {}: {wrong:?}", outcome.id);
        }
    }
}

/// A program with a mistake: what it makes of a request, or the answer that it gives without doing anything.
type Mistake = fn(&Request) -> Result<Request, Response>;

struct Wrong(Right, Mistake);

impl Subject for Wrong {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        match self.1(request) {
            Ok(request) => self.0.call(world, &request),
            Err(answer) => Ok(answer),
        }
    }
}

/// The shown script of a case has these lines, for a program with this mistake.
#[track_caller]
fn check(row: &str, title: &str, mistake: Mistake, kept: &[&str]) {
    let pack = pack();
    let check = pack.checks.iter().find(|check| check.id == row).expect("a row");
    let case = check.cases.iter().find(|case| case.title.en.starts_with(title)).expect("a case");
    for (ways, seed) in ALL.into_iter().zip(0..) {
        let mut fresh = || Ok(Box::new(Wrong(Right::new(ways), mistake)) as Box<dyn Subject>);
        let (text, _) = case.script(row, seed).expect("a script");
        let Some(shown) = shortest(&text, Verdict::Fail, 0, &mut fresh) else { continue };
        for line in kept {
            let is_kept = shown.script.lines().any(|shown| shown.starts_with(line));
            assert!(is_kept, "`{line}` is what it is about, {ways:?}:\n{}", shown.script);
        }
    }
}

#[test]
fn the_line_that_a_case_is_about_is_shown() {
    let idle_rebalance: Mistake = |request| match request {
        Request::Cluster(ClusterRequest::Rebalance) => Err(Response::Done),
        other => Ok(other.clone()),
    };
    let idle_clean: Mistake = |request| match request {
        Request::Node(NodeRequest::CleanExpired) => Err(Response::Count(0)),
        other => Ok(other.clone()),
    };
    let dead_is_alive: Mistake = |request| match request {
        Request::Ring(RingRequest::Add(member)) => {
            Ok(Request::Ring(RingRequest::Add(cachedojo_wire::Member { is_alive: true, ..member.clone() })))
        }
        other => Ok(other.clone()),
    };
    let idle_remove: Mistake = |request| match request {
        Request::Cluster(ClusterRequest::Remove { .. }) => Err(Response::Done),
        other => Ok(other.clone()),
    };
    let idle_touch: Mistake = |request| match request {
        Request::Node(NodeRequest::Touch { .. }) => Err(Response::Bool(true)),
        other => Ok(other.clone()),
    };
    check("scenario_d", "Rebalanced, two copies", idle_rebalance, &["cluster remove", "cluster rebalance"]);
    check("scenario_d", "Rebalanced, every value", idle_rebalance, &["cluster rebalance"]);
    check("replication", "A copy that is moved", idle_rebalance, &["cluster rebalance"]);
    check("scenario_a", "A clean-up gives", idle_clean, &["node clean"]);
    check("scenario_a", "A clean-up finds", idle_clean, &["node clean"]);
    check("scenario_d", "The keys of a dead node", dead_is_alive, &["ring add"]);
    check("scenario_d", "A dead node holds", dead_is_alive, &["ring add"]);
    check("scenario_d", "A server that is removed", idle_remove, &["cluster remove"]);
    check("ttl_expire", "touch gives a new lifetime", idle_touch, &["node touch", "tick"]);
}
