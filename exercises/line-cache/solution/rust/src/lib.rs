//! A cache that obeys commands, each in a thread of its own.
//!
//! Two things keep the answers right. One lock guards the map, and is held from the look at a key to its change. And a command
//! waits for the one before it on the same key: each gets the receiving end of a channel whose sending end its
//! predecessor drops when it is done. Commands on different keys wait for nobody.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

const KEY_MAX: usize = 64;
const VALUE_MAX: usize = 256;

/// A valid command.
enum Command {
    Put { key: String, value: String },
    Get { key: String },
    Delete { key: String },
    Exit,
}

/// What all threads share.
#[derive(Default)]
struct Cache {
    values: Mutex<HashMap<String, String>>,
}

/// Obeys commands, each in a thread of its own, and returns their answers in the order of the commands.
pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    let cache = Arc::new(Cache::default());
    let mut last_on_key: HashMap<String, Receiver<()>> = HashMap::new();
    let mut threads = Vec::new();
    for line in commands {
        let command = parse(line);
        let exits = matches!(command, Some(Command::Exit));
        let (done, next) = channel();
        let before = command.as_ref().and_then(key_of).and_then(|key| last_on_key.insert(key.to_owned(), next));
        let cache = Arc::clone(&cache);
        threads.push(thread::spawn(move || {
            if let Some(before) = before {
                // An error is what we wait for: it says that the sending end is gone.
                let _ = before.recv();
            }
            let answer = command.map_or_else(|| "ERROR".to_owned(), |command| obey(&cache, command));
            drop(done);
            answer
        }));
        if exits {
            break;
        }
    }
    threads.into_iter().map(|thread| thread.join().expect("no command panics")).collect()
}

fn obey(cache: &Cache, command: Command) -> String {
    let mut values = cache.values.lock().expect("no thread panics while it holds the lock");
    match command {
        Command::Put { key, value } => {
            values.insert(key, value);
            "STORED".to_owned()
        }
        Command::Get { key } => values.get(&key).cloned().unwrap_or_else(|| "NOT_FOUND".to_owned()),
        Command::Delete { key } => {
            let answer = if values.remove(&key).is_some() { "DELETED" } else { "NOT_FOUND" };
            answer.to_owned()
        }
        Command::Exit => "BYE".to_owned(),
    }
}

fn key_of(command: &Command) -> Option<&str> {
    match command {
        Command::Put { key, .. } | Command::Get { key } | Command::Delete { key } => Some(key),
        Command::Exit => None,
    }
}

/// Reads a line; `None` for one that is no valid command.
fn parse(line: &str) -> Option<Command> {
    // At most three parts: a value is the whole rest of the line, spaces and all.
    let parts: Vec<&str> = line.splitn(3, ' ').collect();
    match parts.as_slice() {
        ["PUT", key, value] if is_key(key) && is_value(value) => {
            Some(Command::Put { key: (*key).to_owned(), value: (*value).to_owned() })
        }
        ["GET", key] if is_key(key) => Some(Command::Get { key: (*key).to_owned() }),
        ["DELETE", key] if is_key(key) => Some(Command::Delete { key: (*key).to_owned() }),
        ["EXIT"] => Some(Command::Exit),
        _ => None,
    }
}

fn is_key(text: &str) -> bool {
    (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_value(text: &str) -> bool {
    (1..=VALUE_MAX).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
