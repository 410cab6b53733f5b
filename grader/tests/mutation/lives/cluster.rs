//! Lives of a cluster. A server that leaves may take its copies along or hand them over, and when a rebalance moves what is left
//! open: what is asked is what must be there either way.

use super::Writer;

/// A key lives on as many different servers as it should, and is read back.
pub(super) fn places(to: &mut Writer) {
    let names = to.names(12);
    let (servers, keys) = names.split_at(6);
    to.line("cluster new rf=3");
    for id in servers {
        to.line(&format!("cluster add {id}"));
    }
    for key in keys {
        to.expect(&format!("cluster where {key}"), "count = 3");
        to.line("expect distinct = 3");
        to.expect(&format!("cluster set {key} {key}v"), "stored");
        to.expect(&format!("cluster get {key}"), &format!("{key}v"));
    }
}

/// Scenario D: servers fail, and their keys are still there and somebody's.
pub(super) fn failures(to: &mut Writer) {
    let names = to.names(16);
    let (servers, keys) = names.split_at(6);
    let rf = to.between(2, 3);
    to.line(&format!("cluster new rf={rf}"));
    for id in &servers[..5] {
        to.line(&format!("cluster add {id}"));
    }
    for key in keys {
        to.line(&format!("cluster set {key} {key}v"));
    }
    for (gone, server) in servers.iter().enumerate().take(3) {
        to.line(&format!("cluster remove {server}"));
        if gone % 2 == 1 || rf == 2 {
            to.line("cluster rebalance");
        }
        for key in keys {
            to.expect(&format!("cluster get {key}"), &format!("{key}v"));
            to.expect(&format!("cluster where {key}"), "count > 0");
            for id in &servers[..=gone] {
                to.line(&format!("expect without {id}"));
            }
        }
    }
    to.line(&format!("ring new 150\nring add {}\nring add {} dead\nring add {}", servers[0], servers[1], servers[2]));
    for key in keys {
        to.expect(&format!("ring where {key}"), "not nobody");
        to.line(&format!("expect without {}", servers[1]));
        to.expect(&format!("ring replicas {key} 3"), "count = 2");
        to.line(&format!("expect without {}", servers[1]));
    }
}

struct Value {
    text: String,
    deadline: Option<u64>,
}

/// All that a cluster can. Deadlines stand between the ticks.
pub(super) fn everything(to: &mut Writer) {
    let names = to.names(15);
    let (servers, keys) = names.split_at(7);
    let rf = usize::try_from(to.between(1, 3)).unwrap_or_default();
    let default = to.pick(&[None, Some(5025_u64)]);
    to.line(&format!("cluster new rf={rf}{}", default.map_or(String::new(), |ms| format!(" ttl={ms}ms"))));
    for id in &servers[..4] {
        to.line(&format!("cluster add {id}"));
    }
    let mut there: Vec<usize> = vec![0, 1, 2, 3];
    let mut values: Vec<Option<Value>> = keys.iter().map(|_| None).collect();
    let mut now = 0;
    for _ in 0..60 {
        let at = usize::try_from(to.below(keys.len() as u64)).unwrap_or_default();
        let key = keys[at].as_str();
        let lives = values[at].as_ref().is_some_and(|value| value.deadline.is_none_or(|deadline| deadline > now));
        match to.below(16) {
            0..=3 => {
                let text = to.between(10, 500).to_string();
                let ttl = to.pick(&[None, None, Some(425), Some(60_025)]);
                to.line(&format!("cluster set {key} {text}{}", ttl.map_or(String::new(), |ms| format!(" ttl {ms}ms"))));
                values[at] = Some(Value { text, deadline: ttl.or(default).map(|ms| now + ms) });
            }
            4..=8 => {}
            9 => {
                to.line(&format!("cluster delete {key}"));
                if lives {
                    to.line("expect deleted");
                }
                values[at] = None;
            }
            10 if lives => {
                let delta = to.below(60).cast_signed() - 30;
                to.line(&format!("cluster incr {key} {delta}"));
                if let Some(value) = &mut values[at] {
                    value.text = (value.text.parse::<i64>().unwrap_or_default() + delta).to_string();
                }
            }
            11 => {
                to.line(&format!("cluster touch {key} 2025ms"));
                if let Some(value) = values[at].as_mut().filter(|_| lives) {
                    value.deadline = Some(now + 2025);
                }
            }
            12 | 13 => {
                let ms = to.pick(&[150, 300, 2000]);
                now += ms;
                to.line(&format!("tick {ms}ms"));
            }
            14 => {
                to.expect(&format!("cluster where {key}"), &format!("count = {}", rf.min(there.len())));
                to.line(&format!("expect distinct = {}", rf.min(there.len())));
            }
            _ => change(to, servers, &mut there, rf),
        }
        let value = values[at].as_ref().filter(|value| value.deadline.is_none_or(|deadline| deadline > now));
        let expected = value.map_or("any of nothing | not found", |value| value.text.as_str());
        to.expect(&format!("cluster get {key}"), expected);
    }
    // What its numbers are is left open.
    to.line("cluster stats");
}

/// Servers come and go: of as many copies as there are, one less may go at once.
fn change(to: &mut Writer, servers: &[String], there: &mut Vec<usize>, rf: usize) {
    let absent: Vec<usize> = (0..servers.len()).filter(|id| !there.contains(id)).collect();
    if rf == 1 || there.len() <= rf + 1 || to.below(2) == 0 {
        if let Some(id) = absent.first() {
            to.line(&format!("cluster add {}", servers[*id]));
            there.push(*id);
        }
    } else {
        for _ in 1..rf {
            let at = usize::try_from(to.below(there.len() as u64)).unwrap_or_default();
            to.line(&format!("cluster remove {}", servers[there.remove(at)]));
        }
    }
    to.line("cluster rebalance");
}
