//! One thread owns the map. Each command's thread sends its line with its number, and gets its answer back through a channel of
//! its own; the owner obeys in the order of the numbers, and keeps what comes early until its turn.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc;
use std::thread;

struct Letter {
    number: usize,
    line: String,
    reply: mpsc::Sender<String>,
}

fn owner(inbox: mpsc::Receiver<Letter>) {
    let mut store = HashMap::new();
    let mut early = BTreeMap::new();
    let mut turn = 0;
    while let Ok(letter) = inbox.recv() {
        early.insert(letter.number, letter);
        while let Some(letter) = early.remove(&turn) {
            turn += 1;
            let answer = answer(&mut store, &letter.line);
            // Whoever asked waits for it.
            letter.reply.send(answer).expect("somebody waits");
        }
    }
}

fn answer(store: &mut HashMap<String, String>, line: &str) -> String {
    let good_key = |key: &str| {
        let letters = key.as_bytes();
        letters.len() <= 64 && !letters.is_empty() && letters.iter().all(u8::is_ascii_alphanumeric)
    };
    let error = || String::from("ERROR");
    let mut parts = line.splitn(3, ' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("EXIT"), None, None) => String::from("BYE"),
        (Some("GET"), Some(key), None) if good_key(key) => match store.get(key) {
            Some(value) => value.clone(),
            None => String::from("NOT_FOUND"),
        },
        (Some("DELETE"), Some(key), None) if good_key(key) => match store.remove(key) {
            Some(_) => String::from("DELETED"),
            None => String::from("NOT_FOUND"),
        },
        (Some("PUT"), Some(key), Some(value)) if good_key(key) => {
            let printable = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
            if value.is_empty() || value.len() > 256 || !printable {
                return error();
            }
            store.insert(key.to_owned(), value.to_owned());
            String::from("STORED")
        }
        _ => error(),
    }
}

pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    let (post, inbox) = mpsc::channel();
    let owner = thread::spawn(move || owner(inbox));
    let mut waiting = Vec::new();
    for (number, line) in commands.iter().enumerate() {
        let (post, line) = (post.clone(), line.clone());
        waiting.push(thread::spawn(move || {
            let (reply, answer) = mpsc::channel();
            post.send(Letter { number, line, reply }).expect("the owner listens");
            answer.recv().expect("each letter is answered")
        }));
        if commands[number] == "EXIT" {
            break;
        }
    }
    drop(post);
    let answers = waiting.into_iter().map(|thread| thread.join().unwrap()).collect();
    owner.join().unwrap();
    answers
}
