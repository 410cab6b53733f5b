//! A cache that obeys commands.

use std::collections::HashMap;

/// Obeys commands and returns their answers, in the order of the commands.
pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    let mut store: HashMap<String, String> = HashMap::new();
    let mut answers = Vec::new();
    for command in commands {
        let parts: Vec<&str> = command.splitn(3, ' ').collect();
        let answer = match parts[..] {
            ["PUT", key, value] => {
                store.insert(key.to_owned(), value.to_owned());
                "STORED".to_owned()
            }
            ["GET", key] => store.get(key).cloned().unwrap_or("NOT_FOUND".to_owned()),
            ["DELETE", key] => match store.remove(key) {
                Some(_) => "DELETED".to_owned(),
                None => "NOT_FOUND".to_owned(),
            },
            ["EXIT"] => {
                answers.push("BYE".to_owned());
                break;
            }
            _ => "ERROR".to_owned(),
        };
        answers.push(answer);
    }
    answers
}
