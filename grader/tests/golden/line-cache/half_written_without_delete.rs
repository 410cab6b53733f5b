use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

pub fn simulate_distributed_cache(commands: &[String]) -> Vec<String> {
    let map: Arc<Mutex<HashMap<String, String>>> = Arc::new(Mutex::new(HashMap::new()));
    let mut answers = vec![];
    for command in commands {
        let (map, command) = (map.clone(), command.clone());
        // One at a time for now.
        let answer = thread::spawn(move || {
            let parts: Vec<&str> = command.splitn(3, ' ').collect();
            let mut map = map.lock().unwrap();
            match parts[..] {
                ["PUT", key, value] => {
                    map.insert(key.to_string(), value.to_string());
                    "STORED".to_string()
                }
                ["GET", key] => map.get(key).cloned().unwrap_or("NOT_FOUND".to_string()),
                ["DELETE", _key] => todo!("delete"),
                ["EXIT"] => "BYE".to_string(),
                _ => "ERROR".to_string(),
            }
        })
        .join()
        .unwrap();
        let over = answer == "BYE";
        answers.push(answer);
        if over {
            break;
        }
    }
    answers
}
