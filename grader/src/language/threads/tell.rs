//! Tells a run to a learner: which thread did what, at which line, in which order; and for a deadlock, which thread
//! waits for what.

use std::collections::BTreeMap;

use cachedojo_notation::text::Language;

use super::limits::Stop;
use super::lines::Lines;
use super::rewrite::Map;
use super::story::{Entry, Frames, Log, What};
use super::world::World;

/// The submission's own files by name; lines of other files are not shown.
pub type Sources = BTreeMap<String, String>;

/// A run, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The story, one line for each turn of a thread.
    pub story: Vec<String>,
    /// For a deadlock: which thread waits for what, and which one holds that.
    pub waits: Vec<String>,
}

/// The most lines of a story; the middle of a longer one is left out.
const STORY_MAX: usize = 40;
/// The most steps of one turn that are told.
const STEPS_MAX: usize = 8;
/// The most waits of a deadlock that are told.
const WAITS_MAX: usize = 20;
/// The most characters of a source line that are shown.
const CODE_MAX: usize = 80;

/// Tells a run.
pub(super) fn tell(world: &World, map: &Map, lines: &Lines<'_>, sources: &Sources, end: Option<&Stop>) -> Told {
    let Some((log, language)) = world.log.as_ref().zip(world.language) else { return Told::default() };
    let mut teller = Teller { log, map, lines, sources, language, known: BTreeMap::new() };
    let waits = match end {
        Some(Stop::Deadlock(waits)) => waits.iter().take(WAITS_MAX).map(|(thread, _)| teller.wait(*thread)).collect(),
        _ => Vec::new(),
    };
    Told { story: teller.story(end), waits }
}

/// A line of the submission, and the library function that it called.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: String,
    line: u32,
    /// The called function, such as `Mutex::lock`; empty if its name would not help.
    called: String,
}

struct Teller<'a, 'm> {
    log: &'a Log,
    map: &'a Map,
    lines: &'a Lines<'m>,
    sources: &'a Sources,
    language: Language,
    /// Lines that were looked up before.
    known: BTreeMap<(u32, u32), Option<(String, u32)>>,
}

/// One turn of a thread, as it is told.
#[derive(Debug, PartialEq, Eq)]
struct Turn {
    thread: u32,
    steps: Vec<Place>,
    end: String,
}

impl Teller<'_, '_> {
    fn say(&self, english: &str, french: &str) -> String {
        match self.language {
            Language::English => english.to_owned(),
            Language::French => french.to_owned(),
        }
    }

    fn who(&self, thread: u32) -> String {
        if thread == 0 {
            return self.say("the caller's thread", "le thread appelant");
        }
        format!("thread {thread}")
    }

    /// The innermost line of the submission's own in a call stack.
    fn place(&mut self, frames: &Frames) -> Option<Place> {
        let mut called = String::new();
        for (function, offset) in frames {
            let found = if let Some(found) = self.known.get(&(*function, *offset)) {
                found.clone()
            } else {
                let found = self.map.old_offset(*function, *offset).and_then(|old| self.lines.find(old));
                let found = found.and_then(|(file, line)| Some((self.own_file(&file)?, line)));
                self.known.insert((*function, *offset), found.clone());
                found
            };
            if let Some((file, line)) = found {
                return Some(Place { file, line, called });
            }
            called = short(self.map.name(*function).unwrap_or_default());
        }
        None
    }

    fn own_file(&self, file: &str) -> Option<String> {
        let own = |name: &&String| {
            file.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        // A library's file with the same name has a path of the compiler or the host.
        let foreign = file.contains("/rustc/") || file.contains("/registry/") || file.contains("/library/");
        self.sources.keys().filter(|_| !foreign).find(own).cloned()
    }

    fn code(&self, place: &Place) -> String {
        let text = self.sources.get(&place.file).and_then(|text| text.lines().nth(place.line as usize - 1));
        let text: String = text.unwrap_or_default().trim().chars().take(CODE_MAX).collect();
        if text.is_empty() { String::new() } else { format!(" `{text}`") }
    }

    fn at(&self, place: &Place) -> String {
        format!("{}:{}{}", place.file, place.line, self.code(place))
    }

    // ---- waits of a deadlock ----

    /// A thread of a deadlock: what it waits for, where, and which thread holds that.
    fn wait(&mut self, thread: u32) -> String {
        let log = self.log;
        let frames = log.places.get(&thread).cloned().unwrap_or_default();
        let waits = log.entries.iter().rev().find_map(|entry| match entry.what {
            What::Waits { address, owner, .. } if entry.thread == thread => Some((address, owner)),
            _ => None,
        });
        let (address, owner) = waits.unwrap_or_default();
        let what = self.awaited(&frames, owner);
        let place = self.place(&frames).map(|place| self.say(" at ", " à la ligne ") + &self.at(&place));
        let mut text =
            format!("{} {} {what}{}", self.who(thread), self.say("waits for", "attend"), place.unwrap_or_default());
        for (holder, since) in log.holders_of(address) {
            let since = self.place(since).map(|place| self.say(" since ", " depuis ") + &self.at(&place));
            let who = if *holder == thread {
                self.say("itself, which cannot take it twice,", "lui-même, qui ne peut pas le prendre deux fois,")
            } else {
                self.who(*holder)
            };
            text += &format!("; {} {who}{}", self.say("it is held by", "il est tenu par"), since.unwrap_or_default());
        }
        text
    }

    /// What a wait in a call stack is for.
    fn awaited(&self, frames: &Frames, owner: Option<u32>) -> String {
        let names: Vec<String> =
            frames.iter().map(|(function, _)| self.map.name(*function).unwrap_or_default().to_lowercase()).collect();
        let any = |word: &str| names.iter().any(|name| name.contains(word));
        let first = names.iter().find_map(|name| {
            ["pthread_join", "condvar", "rwlock", "mutex", "once", "park"].into_iter().find(|word| name.contains(word))
        });
        match first.unwrap_or_default() {
            "pthread_join" => match owner {
                Some(thread) => self.say("the end of ", "la fin de ") + &self.who(thread),
                None => self.say("another thread's end", "la fin d'un autre thread"),
            },
            "condvar" | "park" if any("barrier") => self.say("the others at a `Barrier`", "les autres à une `Barrier`"),
            "condvar" => self.say("a notification (`Condvar`)", "une notification (`Condvar`)"),
            "rwlock" if any("write") => self.say("a lock for writing (`RwLock`)", "un verrou en écriture (`RwLock`)"),
            "rwlock" => self.say("a lock for reading (`RwLock`)", "un verrou en lecture (`RwLock`)"),
            "mutex" => self.say("a lock (`Mutex`)", "un verrou (`Mutex`)"),
            "once" => self.say("an initialisation (`Once`)", "une initialisation (`Once`)"),
            _ if any("mpsc") || any("mpmc") => self.say("a message (`mpsc`)", "un message (`mpsc`)"),
            _ if any("scope") => self.say("the end of its scope's threads", "la fin des threads de son `scope`"),
            "park" => self.say("`unpark`", "`unpark`"),
            _ => self.say("a wake-up", "un réveil"),
        }
    }

    // ---- the story ----

    fn story(&mut self, end: Option<&Stop>) -> Vec<String> {
        let turns = self.turns();
        let mut told: Vec<String> = Vec::new();
        let mut at = 0;
        while at < turns.len() {
            let turn = &turns[at];
            let alike = turns[at..]
                .iter()
                .enumerate()
                .take_while(|(more, other)| {
                    other.steps == turn.steps
                        && other.end == turn.end
                        && u64::from(other.thread) == u64::from(turn.thread) + *more as u64
                })
                .count();
            told.push(self.turn(turn, alike));
            at += alike;
        }
        if self.log.forgotten > 0 {
            told.insert(0, self.say("(the beginning is left out)", "(le début est omis)"));
        }
        if told.len() > STORY_MAX {
            let left_out = told.len() - STORY_MAX + 1;
            let words = self.say("more turns", "autres tours");
            told.splice(STORY_MAX / 2..STORY_MAX / 2 + left_out, [format!("… ({left_out} {words}) …")]);
        }
        told.extend(self.ending(end));
        told
    }

    fn ending(&self, end: Option<&Stop>) -> Option<String> {
        let text = match end? {
            Stop::Deadlock(_) => {
                self.say("Nobody can run any more: a deadlock.", "Plus personne ne peut avancer : un interblocage.")
            }
            Stop::StackOverflow { thread, .. } => {
                format!("{} {}", self.who(*thread), self.say("overflows its stack.", "déborde de sa pile."))
            }
            Stop::Trap { thread, .. } => {
                let words = self.say(
                    "panics; here a panic ends the whole program: nothing is poisoned, and no `join` returns an error.",
                    "panique ; ici, une panique termine tout le programme : rien n'est empoisonné, et aucun `join` ne rend d'erreur.",
                );
                format!("{} {words}", self.who(*thread))
            }
            _ => return None,
        };
        Some(text)
    }

    fn turns(&mut self) -> Vec<Turn> {
        let log = self.log;
        let mut turns: Vec<Turn> = Vec::new();
        let mut last: Option<&Entry> = None;
        for entry in &log.entries {
            // A thread that is interrupted and continues at once had no turn in between.
            if last.is_none_or(|last| last.thread != entry.thread) {
                turns.push(Turn { thread: entry.thread, steps: Vec::new(), end: String::new() });
            }
            last = Some(entry);
            let place = self.place(&entry.frames);
            let end = self.end_of(entry, place.as_ref());
            let Some(turn) = turns.last_mut() else { continue };
            turn.end = end;
            if let Some(place) = place
                && !matches!(entry.what, What::HeldUp)
                && turn.steps.last() != Some(&place)
            {
                turn.steps.push(place);
            }
        }
        turns
    }

    /// The words for an entry that ends its turn.
    fn end_of(&self, entry: &Entry, place: Option<&Place>) -> String {
        // Between its start and its first line a thread is at no line of the submission's.
        let at = |english: &str, french: &str| {
            place.map(|place| self.say(english, french) + &self.at(place)).unwrap_or_default()
        };
        match entry.what {
            What::HeldUp => self.say("is held up", "est interrompu") + &at(" before ", " avant "),
            What::Waits { owner, .. } => {
                self.say("waits for ", "attend ") + &self.awaited(&entry.frames, owner) + &at(" at ", " à ")
            }
            What::Sleeps { ns } => format!("{} {}", self.say("sleeps for", "dort"), super::words::duration(ns)),
            What::Yields => self.say("gives up its turn", "cède son tour"),
            What::Ends => self.say("ends", "se termine"),
            What::Starts { child } => self.say("starts ", "lance ") + &self.who(child),
            What::Point | What::GoesOn { .. } => String::new(),
        }
    }

    fn turn(&self, turn: &Turn, alike: usize) -> String {
        let mut who = self.who(turn.thread);
        if alike > 1 {
            who = format!("threads {} {} {}", turn.thread, self.say("to", "à"), turn.thread as usize + alike - 1);
        }
        let mut steps: Vec<String> = Vec::new();
        for place in &turn.steps {
            let step = if place.called.is_empty() {
                format!("{}:{}", place.file, place.line)
            } else {
                format!("{}:{} {}", place.file, place.line, place.called)
            };
            if steps.last() != Some(&step) {
                steps.push(step);
            }
        }
        if steps.len() > STEPS_MAX {
            steps.splice(STEPS_MAX / 2..steps.len() - STEPS_MAX / 2, ["…".to_owned()]);
        }
        match (steps.is_empty(), turn.end.is_empty()) {
            (true, true) => format!("{who} {}", self.say("begins", "commence")),
            (true, false) => format!("{who} {}", turn.end),
            (false, true) => format!("{who}: {}", steps.join(", ")),
            (false, false) => format!("{who}: {} — {}", steps.join(", "), turn.end),
        }
    }
}

/// The end of a function's name, without generics and hashes: `Mutex::lock`; empty if the name would not help a
/// learner.
fn short(name: &str) -> String {
    let full = format!("{:#}", rustc_demangle::demangle(name));
    let mut plain = String::new();
    let mut depth = 0_u32;
    for c in full.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let parts: Vec<&str> = plain.split("::").filter(|part| !part.is_empty() && *part != "{closure#0}").collect();
    match parts.as_slice() {
        [.., kind, method] if kind.starts_with(char::is_uppercase) => format!("{kind}::{method}"),
        [.., module, function] if matches!(*module, "thread" | "scoped" | "mem") => format!("{module}::{function}"),
        // `<Mutex<T>>::lock`: the type is inside the brackets that were removed.
        _ => own_type(&full).unwrap_or_default(),
    }
}

/// The type and method of a name like `<std::sync::Mutex<T>>::lock` or `<Arc<T> as Drop>::drop`.
fn own_type(full: &str) -> Option<String> {
    let inner = full.strip_prefix('<')?;
    let method = full.rsplit("::").next()?;
    let path: &str = inner.split(['<', '>', ' ']).next()?;
    let kind = path.rsplit("::").next()?;
    (kind.starts_with(char::is_uppercase) && !method.contains(['<', '>', '{'])).then(|| format!("{kind}::{method}"))
}
