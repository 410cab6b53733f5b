//! Scoped threads; one lock over everything, one condition variable, and for each key a queue of who is next.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Condvar, Mutex};
use std::thread::{self, ScopedJoinHandle};

#[derive(Default)]
struct Shared {
    values: BTreeMap<String, String>,
    queues: HashMap<String, VecDeque<usize>>,
}

enum Op<'a> {
    Put(&'a str, &'a str),
    Get(&'a str),
    Delete(&'a str),
    Exit,
    Invalid,
}

impl<'a> Op<'a> {
    fn read(line: &'a str) -> Self {
        if line == "EXIT" {
            return Op::Exit;
        }
        let Some((word, rest)) = line.split_once(' ') else { return Op::Invalid };
        match word {
            "PUT" => match rest.split_once(' ') {
                Some((key, value)) if Self::is_key(key) && Self::is_value(value) => Op::Put(key, value),
                _ => Op::Invalid,
            },
            "GET" if Self::is_key(rest) => Op::Get(rest),
            "DELETE" if Self::is_key(rest) => Op::Delete(rest),
            _ => Op::Invalid,
        }
    }

    fn is_key(text: &str) -> bool {
        !text.is_empty() && text.len() <= 64 && text.chars().all(|letter| letter.is_ascii_alphanumeric())
    }

    fn is_value(text: &str) -> bool {
        !text.is_empty() && text.len() <= 256 && text.chars().all(|letter| letter == ' ' || letter.is_ascii_graphic())
    }

    fn key(&self) -> Option<&'a str> {
        match self {
            Op::Put(key, _) | Op::Get(key) | Op::Delete(key) => Some(key),
            Op::Exit | Op::Invalid => None,
        }
    }

    fn apply(&self, values: &mut BTreeMap<String, String>) -> String {
        let missing = || "NOT_FOUND".to_string();
        match *self {
            Op::Put(key, value) => {
                values.insert(key.into(), value.into());
                "STORED".into()
            }
            Op::Get(key) => values.get(key).cloned().unwrap_or_else(missing),
            Op::Delete(key) => values.remove(key).map_or_else(missing, |_| "DELETED".into()),
            Op::Exit => "BYE".into(),
            Op::Invalid => "ERROR".into(),
        }
    }
}

pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    let (shared, changed) = (Mutex::new(Shared::default()), Condvar::new());
    let obey = |number: usize, op: Op<'_>| {
        let mut guard = shared.lock().expect("unpoisoned");
        let Some(key) = op.key() else { return op.apply(&mut guard.values) };
        guard = changed.wait_while(guard, |all| all.queues[key].front() != Some(&number)).expect("unpoisoned");
        let answer = op.apply(&mut guard.values);
        guard.queues.get_mut(key).and_then(VecDeque::pop_front);
        changed.notify_all();
        answer
    };
    thread::scope(|scope| {
        let mut running: Vec<ScopedJoinHandle<'_, String>> = Vec::with_capacity(commands.len());
        for (number, line) in commands.iter().enumerate() {
            let op = Op::read(line);
            let last = matches!(op, Op::Exit);
            if let Some(key) = op.key() {
                shared.lock().expect("unpoisoned").queues.entry(key.to_string()).or_default().push_back(number);
            }
            let obey = &obey;
            running.push(scope.spawn(move || obey(number, op)));
            if last {
                break;
            }
        }
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}
