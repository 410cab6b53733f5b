//! A ticket lock for each key: who draws ticket n enters when n is served. Tickets are drawn before the threads start.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

/// The place of one key.
#[derive(Default)]
struct Place {
    drawn: AtomicUsize,
    served: AtomicUsize,
    value: Mutex<Option<String>>,
}

struct Ticket {
    place: Arc<Place>,
    number: usize,
}

impl Ticket {
    fn draw(place: &Arc<Place>) -> Self {
        Self { place: Arc::clone(place), number: place.drawn.fetch_add(1, Ordering::SeqCst) }
    }

    fn wait(&self) {
        while self.place.served.load(Ordering::Acquire) != self.number {
            thread::yield_now();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.place.served.store(self.number + 1, Ordering::Release);
    }
}

enum Action {
    Put(String),
    Get,
    Delete,
}

impl Action {
    fn act(self, value: &mut Option<String>) -> String {
        match self {
            Action::Put(new) => {
                *value = Some(new);
                "STORED".to_owned()
            }
            Action::Get => value.clone().unwrap_or("NOT_FOUND".to_owned()),
            Action::Delete if value.take().is_some() => "DELETED".to_owned(),
            Action::Delete => "NOT_FOUND".to_owned(),
        }
    }
}

fn read(line: &str) -> Option<(&str, Action)> {
    let (word, rest) = line.split_once(' ')?;
    let (key, action) = match word {
        "GET" => (rest, Action::Get),
        "DELETE" => (rest, Action::Delete),
        "PUT" => {
            let (key, value) = rest.split_once(' ')?;
            let valid = (1..=256).contains(&value.len()) && !value.contains(|c: char| !(' '..='~').contains(&c));
            (key, valid.then(|| Action::Put(value.to_owned()))?)
        }
        _ => return None,
    };
    let valid = (1..=64).contains(&key.len()) && !key.contains(|c: char| !c.is_ascii_alphanumeric());
    valid.then_some((key, action))
}

pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    let end = commands.iter().position(|line| line == "EXIT").unwrap_or(commands.len());
    let answers: Arc<Vec<OnceLock<String>>> = Arc::new((0..end).map(|_| OnceLock::new()).collect());
    let mut places: HashMap<&str, Arc<Place>> = HashMap::new();
    let mut threads = vec![];
    for (number, line) in commands[..end].iter().enumerate() {
        let answers = Arc::clone(&answers);
        let job = read(line).map(|(key, action)| (Ticket::draw(places.entry(key).or_default()), action));
        threads.push(thread::spawn(move || {
            let answer = match job {
                None => "ERROR".to_owned(),
                Some((ticket, action)) => {
                    ticket.wait();
                    action.act(&mut ticket.place.value.lock().unwrap())
                }
            };
            answers[number].set(answer).expect("one thread an answer");
        }));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let mut told: Vec<String> = answers.iter().map(|answer| answer.get().unwrap().clone()).collect();
    if end < commands.len() {
        told.push("BYE".to_owned());
    }
    told
}
