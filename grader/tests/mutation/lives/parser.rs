//! Lives of a parser.

use super::Writer;

/// `get`, in capitals and small letters.
pub(super) fn gets(to: &mut Writer) {
    for key in to.names(6) {
        let name = to.pick(&["get", "GET"]);
        to.expect(&format!("parse \"{name} {key}\\r\\n\""), &format!("get {key}"));
    }
}

/// Every command, right and wrong; and the responses.
pub(super) fn everything(to: &mut Writer) {
    for key in to.names(50) {
        let (line, expected) = command(to, &key);
        to.expect(&format!("parse \"{line}\""), &expected);
    }
    for (answer, bytes) in [("stored", "STORED"), ("deleted", "DELETED"), ("not-found", "NOT_FOUND")] {
        to.expect(&format!("serialize {answer}"), &format!("\"{bytes}\\r\\n\""));
    }
}

fn command(to: &mut Writer, key: &str) -> (String, String) {
    let name = to.pick(&[
        "get", "GeT", "set", "SET", "delete", "Delete", "incr", "INCR", "decr", "touch", "stats", "STATS", "gte", "",
    ]);
    let number = to.between(61, 900);
    let is_wrong = to.below(5) == 0;
    let error = "error".to_owned();
    let small = name.to_lowercase();
    match small.as_str() {
        "stats" => (format!("{name}\\r\\n"), small),
        "gte" | "" => (format!("{name} {key}\\r\\n"), error),
        "get" | "delete" if is_wrong => (format!("{name}\\r\\n"), error),
        "get" | "delete" => (format!("{name} {key}\\r\\n"), format!("{small} {key}")),
        "set" => set(to, name, key),
        _ if is_wrong => {
            let wrong = to.pick(&["", " x", " 99999999999999999999999"]);
            (format!("{name} {key}{wrong}\\r\\n"), error)
        }
        "touch" => {
            (format!("{name} {key} {number}\\r\\n"), format!("any of touch {key} {number}s | touch {key} {number}ms"))
        }
        "decr" => (format!("{name} {key} {number}\\r\\n"), format!("incr {key} -{number}")),
        _ => (format!("{name} {key} {number}\\r\\n"), format!("incr {key} {number}")),
    }
}

fn set(to: &mut Writer, name: &str, key: &str) -> (String, String) {
    let length = to.below(8);
    let data: String = (0..length).map(|_| to.pick(&["a", " ", "\\r", "\\n", "\\x00", "\\xff"])).collect();
    let error = "error".to_owned();
    match to.below(8) {
        0 => (format!("{name} {key} 0 0 x\\r\\n{data}\\r\\n"), error),
        1 => (format!("{name} {key} 0 0 {}\\r\\n{data}", length + 4), error),
        2 => (format!("{name} {key} 0 0\\r\\n"), error),
        3 => {
            let seconds = to.between(61, 119);
            let set = format!("set {key} \"{data}\" ttl {seconds}");
            (format!("{name} {key} 0 {seconds} {length}\\r\\n{data}\\r\\n"), format!("any of {set}s | {set}ms"))
        }
        _ => (format!("{name} {key} 0 0 {length}\\r\\n{data}\\r\\n"), format!("set {key} \"{data}\"")),
    }
}
