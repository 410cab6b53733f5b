//! The French texts of events. An event's `Display` is the script language's own text, the same for every reader: `expect`
//! compares it and transcripts hold it. The page shows the French text beside it.

mod phrases;

use cachedojo::cache::CacheEvent;
use cachedojo_notation::duration::Duration;
use cachedojo_notation::text::{Language, word};

use crate::event::{NO_ANSWER, StatsView, What, name};
use crate::families::cluster::tell::WorldEvent;
use crate::missing;
use crate::script::Command;
use crate::script::expect::NO_LIST;
use crate::subject::Crash;
use phrases::phrases;

impl What {
    /// The event of this command, in the reader's language; in English that is its `Display` text. Cost: O(text).
    pub fn text_in(&self, command: &Command, language: Language) -> String {
        match (language, self, command) {
            (Language::English, ..) => self.to_string(),
            // Reports of the simulated cluster are translated; answers of a protocol are not.
            (Language::French, Self::Said { text }, Command::World(_)) => report(text),
            (Language::French, ..) => french(self),
        }
    }
}

/// What an expectation met, in the reader's language: an error is told in it; what a script can expect has one spelling. Cost:
/// O(text).
pub fn met_in(actual: &str, language: Language) -> String {
    if language == Language::English {
        return actual.to_owned();
    }
    match (actual.strip_prefix("error: "), actual.strip_suffix(NO_LIST)) {
        (Some(message), _) => format!("erreur : {}", phrase(message)),
        (None, Some(value)) => format!("{value}, qui n'est pas une liste d'ids"),
        (None, None) => actual.to_owned(),
    }
}

fn french(what: &What) -> String {
    match what {
        What::Hit { value, .. } => word(value),
        What::Miss { .. } | What::Number { value: None, .. } => "rien".into(),
        What::Stored { .. } => "enregistré".into(),
        What::Refused { .. } => "refusé".into(),
        What::Deleted { .. } => "supprimé".into(),
        What::NotFound { .. } => "introuvable".into(),
        What::Touched { .. } => "prolongé".into(),
        What::Removed { count } => format!("{count} {}", many(*count, "entrée retirée", "entrées retirées")),
        What::Truth { value } => if *value { "oui" } else { "non" }.into(),
        What::Stats(stats) => stats_in_french(stats),
        What::Created { object } => match object.as_str() {
            "node" => "nœud prêt".into(),
            "ring" => "anneau prêt".into(),
            "cluster" => "grappe prête".into(),
            other => format!("{other} prêt"),
        },
        What::Joined { id } => format!("{} a rejoint", name(id)),
        What::Left { id } => format!("{} est parti", name(id)),
        What::Rebalanced => "rééquilibré".into(),
        What::Owner { node: None, .. } => "personne".into(),
        What::Nodes { nodes } if nodes.is_empty() => "personne".into(),
        What::Spread { .. } | What::Moved { .. } => spread_in_french(what),
        What::Marked { keys } => format!("{keys} {}", many(u64::from(*keys), "clé marquée", "clés marquées")),
        What::Error { message } => format!("erreur : {}", phrase(message)),
        What::NotImplemented { item } => format!("non réalisé : {item}"),
        What::NoObject { object } => missing::in_french(object),
        What::Crashed { crash } => crash_in_french(crash),
        What::Inside { event } => inside(event),
        What::World { event } => world(event),
        What::WallJumped { ms } => {
            let sign = if *ms < 0 { '-' } else { '+' };
            format!("horloge murale {sign}{}", Duration::from_ms(ms.unsigned_abs()))
        }
        What::Held { expected } => format!("juste : {expected}"),
        What::Broken { expected, actual } if actual == NO_ANSWER => {
            format!("FAUX : attendu {expected}, et il n'y a pas de réponse")
        }
        What::Broken { expected, actual } => {
            format!("FAUX : attendu {expected}, obtenu {}", met_in(actual, Language::French))
        }
        // Names, keys, numbers and bytes need no translation.
        What::Number { .. }
        | What::Owner { .. }
        | What::Nodes { .. }
        | What::Keys { .. }
        | What::Said { .. }
        | What::Parsed { .. }
        | What::Rejected { .. }
        | What::Wrote { .. }
        | What::Ticked { .. } => what.to_string(),
    }
}

const fn many<'a>(count: u64, one: &'a str, several: &'a str) -> &'a str {
    if count < 2 { one } else { several }
}

fn stats_in_french(stats: &StatsView) -> String {
    let StatsView { hits, misses, evictions, expired, bytes, entries } = stats;
    format!(
        "trouvées={hits} manquées={misses} évincées={evictions} périmées={expired} octets={bytes} entrées={entries}"
    )
}

fn spread_in_french(what: &What) -> String {
    what.to_string()
        .replacen(" keys:", " clés :", 1)
        .replace("nobody", "personne")
        .replacen("moved ", "déplacées : ", 1)
        .replacen(" of ", " sur ", 1)
}

/// How a subject ended, in French.
pub fn crash_in_french(crash: &Crash) -> String {
    match crash {
        // The message is the program's own; where it stands is said by us.
        Crash::Panic { message } => match message.rsplit_once(" (at ") {
            Some((own, place)) if place.ends_with(')') => format!("panique : {own} (à {place}"),
            _ => format!("panique : {message}"),
        },
        Crash::Raised { message } => format!("exception : {message}"),
        Crash::Unfit { message } => phrase(message),
        Crash::OutOfFuel => "ne s'est pas terminé : tout le travail permis est épuisé".into(),
        Crash::CutOff => "interrompu : sa vérification, ou la correction entière, a épuisé le temps permis".into(),
        Crash::Machine { message } => format!("n'a pas été exécuté jusqu'au bout, cette machine a failli : {message}"),
        Crash::OutOfMemory => "a demandé plus de mémoire qu'il n'est permis".into(),
        Crash::TooMuchOutput => "a écrit ou répondu plus qu'il n'est permis".into(),
        Crash::Deadlock { waits } if waits.is_empty() => {
            "plus aucun de ses fils d'exécution ne peut avancer : interblocage".into()
        }
        Crash::Deadlock { waits } => {
            let waits: Vec<String> = waits.iter().map(|wait| phrase(wait)).collect();
            format!("interblocage : {}", waits.join(" ; "))
        }
        Crash::Exit { code } => {
            format!("a terminé le programme avec le code {code} au lieu de répondre")
        }
        Crash::Gibberish => "a répondu des octets qui ne sont pas une réponse".into(),
    }
}

fn inside(event: &CacheEvent) -> String {
    match event {
        CacheEvent::Evicted { key, policy, for_key } => {
            format!("~ {} évince {} pour faire place à {}", policy.name(), name(key), name(for_key))
        }
        CacheEvent::Expired { key, .. } => format!("~ {} est périmée", name(key)),
        CacheEvent::Refused { key, bytes, limit_bytes } => {
            format!("~ {} pèse {bytes} octets, la limite est de {limit_bytes}", name(key))
        }
    }
}

fn world(event: &WorldEvent) -> String {
    match event {
        WorldEvent::Message { .. } => phrase(&event.to_string()),
        WorldEvent::Node { node, text, .. } => format!("~ {node} {}", phrase(text)),
        WorldEvent::Client { node, text, .. } => format!("~ {node} : {}", request_in_french(text)),
        WorldEvent::Fault { node: Some(node), text, .. } => format!("{node} {}", phrase(text)),
        WorldEvent::Fault { node: None, text, .. } => phrase(text),
        WorldEvent::Settled { is: true, .. } => "au repos".into(),
        WorldEvent::Settled { waits: None, .. } => "pas encore au repos".into(),
        WorldEvent::Settled { waits: Some(waits), .. } => format!("pas encore au repos : {}", phrase(waits)),
        WorldEvent::Checked { broken: None } => "toutes les promesses sont tenues".into(),
        WorldEvent::Checked { broken: Some(broken) } => format!("promesse rompue : {}", phrase(broken)),
    }
}

/// A line of `explain` or `health`.
fn report(line: &str) -> String {
    match line.split_once(" ms  ") {
        // The sentence follows its time and its node; a message has no sentence. Behind it stands how often it came again.
        Some((time, said)) => {
            let (said, again) = match said.rsplit_once(" (").map(|(said, again)| (said, again.strip_suffix(" ms)"))) {
                Some((said, Some(again))) => (said, again.split_once(" times, the last at ")),
                _ => (said, None),
            };
            let told = match (phrase(said), said.split_once([' ', ':'])) {
                (told, _) if told != said => told,
                (_, Some((node, said))) if said.starts_with(' ') => format!("{node} :{}", request_in_french(said)),
                (_, Some((node, said))) => format!("{node} {}", phrase(said)),
                (told, None) => told,
            };
            let again =
                again.map_or(String::new(), |(times, last)| format!(" ({times} fois, la dernière à {last} ms)"));
            format!("{time} ms  {told}{again}")
        }
        None => phrase(line)
            .replacen(" up follower ", " actif, suiveur, ", 1)
            .replacen(" up leader ", " actif, meneur, ", 1)
            .replacen(" up candidate ", " actif, candidat, ", 1)
            .replace(", wall clock off by ", ", horloge murale fausse de ")
            .replace(", not whole yet", ", pas encore complet"),
    }
}

/// A client's request, with the answer if there is one.
fn request_in_french(text: &str) -> String {
    match text.split_once(" => ") {
        Some((asked, answer)) => format!("{asked} => {}", phrase(answer)),
        None => text.to_owned(),
    }
}

/// A sentence of the simulated cluster or of the engine in French; unchanged if it is none of these.
fn phrase(text: &str) -> String {
    for (english, french) in phrases() {
        if let Some(parts) = parts_of(text, english) {
            return filled(french, &parts);
        }
    }
    text.to_owned()
}

/// The parts of a text at the places of the form's `{}`; `None` if the text does not match the form.
fn parts_of<'a>(text: &'a str, form: &str) -> Option<Vec<&'a str>> {
    let mut pieces = form.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut parts = Vec::new();
    let pieces: Vec<&str> = pieces.collect();
    for (i, piece) in pieces.iter().enumerate() {
        let at = if i + 1 == pieces.len() { rest.strip_suffix(piece)?.len() } else { rest.find(piece)? };
        parts.push(&rest[..at]);
        rest = &rest[at + piece.len()..];
    }
    (rest.is_empty() || form.ends_with("{}")).then_some(parts)
}

/// The form with its `{}` replaced, in order; a part at `{+}` is a sentence and is translated too.
fn filled(form: &str, parts: &[&str]) -> String {
    let (mut text, mut rest) = (String::new(), form);
    for part in parts {
        let Some((before, after)) = rest.split_once('{') else { break };
        text.push_str(before);
        match after.strip_prefix('+') {
            Some(_) => text.push_str(&phrase(part)),
            None => text.push_str(part),
        }
        rest = after.trim_start_matches(['+', '}']);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::{crash_in_french, filled, parts_of, phrase, phrases, world};
    use crate::families::cluster::tell::WorldEvent;
    use crate::reference::Reference;
    use crate::runner::run;
    use crate::script::{Dialect, parse};
    use crate::subject::Crash;
    use cachedojo_notation::text::Language;

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let events = run(&parse(script, Dialect::Lab), &mut Reference::default(), 0);
        assert_eq!(texts(script, Language::French), expected, "{script}");
        assert_eq!(
            texts(script, Language::English),
            events.iter().map(|event| event.what.to_string()).collect::<Vec<_>>()
        );
    }

    fn texts(script: &str, language: Language) -> Vec<String> {
        let script = parse(script, Dialect::Lab);
        let events = run(&script, &mut Reference::default(), 0);
        let shown = events.iter().filter(|event| !event.what.is_quiet());
        shown.map(|event| event.what.text_in(&script.commands[event.step as usize].command, language)).collect()
    }

    #[test]
    fn the_place_of_a_panic_is_told_in_french() {
        for (message, told) in [
            ("boom (at src/lib.rs:7:5)", "panique : boom (à src/lib.rs:7:5)"),
            ("look (at it) again", "panique : look (at it) again"),
            ("boom", "panique : boom"),
        ] {
            assert_eq!(crash_in_french(&Crash::Panic { message: message.to_owned() }), told);
        }
    }

    #[test]
    fn what_a_thread_waits_for_is_told_in_french() {
        for (wait, told) in [
            (
                "thread 4 (cmd-3) waits at main.py:28 in job for a lock that it holds itself, taken at line 20",
                "thread 4 (cmd-3) attend à main.py:28 dans job un verrou qu'il tient lui-même, pris à la ligne 20",
            ),
            (
                "thread 1 (a) waits in `acquire` at main.py:4 in job for a lock held by thread 2 (b)",
                "thread 1 (a) attend dans `acquire` à main.py:4 dans job un verrou tenu par thread 2 (b)",
            ),
            (
                "thread 0 (MainThread) waits in `join` at main.py:46 in f for the end of thread 2 (b)",
                "thread 0 (MainThread) attend dans `join` à main.py:46 dans f la fin du thread 2 (b)",
            ),
            (
                "thread 2 (b) waits in `get` at main.py:9 in job until another thread puts something in",
                "thread 2 (b) attend dans `get` à main.py:9 dans job qu'un autre thread y mette quelque chose",
            ),
            ("thread 2 (b) waits at main.py:9 in job", "thread 2 (b) attend à main.py:9 dans job"),
        ] {
            let waits = vec![wait.to_owned(), "thread 3 attend le mutex".to_owned()];
            assert_eq!(
                crash_in_french(&Crash::Deadlock { waits }),
                format!("interblocage : {told} ; thread 3 attend le mutex")
            );
        }
    }

    #[test]
    fn what_happens_is_told_in_french() {
        check(
            "node new 100\nnode set a 60*x\nnode set b 60*x\nnode get a\nexpect nothing\nexpect value 1",
            &[
                "nœud prêt",
                "enregistré",
                "enregistré",
                "~ lru évince a pour faire place à b",
                "rien",
                "juste : nothing",
                "FAUX : attendu value 1, obtenu nothing",
            ],
        );
        check("ring where k", &["il n'y a pas encore d'anneau : créez-en un avec `ring new`"]);
        check("ring moved", &["aucune clé n'est marquée : écrivez d'abord `ring mark key 1000`"]);
        check("write k v", &["il n'y a pas encore de grappe simulée : créez-en une avec `cluster nodes=3`"]);
        check(
            "cluster new rf=2\nread k",
            &[
                "grappe prête",
                "ceci est pour une grappe simulée, que crée `cluster nodes=3` : celle de `cluster new` prend `cluster set`, \
                 `cluster get` et `cluster where`",
            ],
        );
        check(
            "ring new 10\nring add A\nring spread k 10\nwall jump -1h\ntick 5s",
            &["anneau prêt", "A a rejoint", "10 clés : A=10", "horloge murale -1h", "+5s"],
        );
    }

    #[test]
    fn a_broken_promise_is_told_in_french() {
        for (english, expected) in [
            (
                "n2 lacks the newest version of `k1`",
                "promesse rompue : il manque à n2 la version la plus récente de `k1`",
            ),
            ("n3 holds `k1`, which belongs elsewhere", "promesse rompue : n3 tient `k1`, qui a sa place ailleurs"),
            ("n2 has another ring than n1", "promesse rompue : n2 a un autre anneau que n1"),
        ] {
            assert_eq!(world(&WorldEvent::Checked { broken: Some(english.to_owned()) }), expected);
        }
    }

    #[test]
    fn a_quorum_that_is_not_met_says_in_french_what_to_do() {
        let told = texts("cluster nodes=3\nkill n2\nkill n3\nwrite k v", Language::French);
        for expected in ["grappe prête", "n2 tué"] {
            assert!(told.iter().any(|line| line == expected), "{expected}: {told:?}");
        }
        let last = told.last().expect("an answer");
        assert!(last.starts_with("erreur : quorum demande 2 des répliques"), "{last}");
        assert!(last.contains("réponses à temps de n1 seulement"), "{last}");
        let nobody = "quorum needs 2 of the replicas n1 n2; nobody answered in time: heal, restart or try again";
        assert!(phrase(nobody).contains("personne n'a répondu à temps"));
    }

    #[test]
    fn each_sentence_has_as_many_places_in_both_languages_and_is_found() {
        for (english, french) in phrases() {
            let places = |form: &str| form.matches('{').count();
            assert_eq!(places(english), places(french), "{english}");
            let names = ["n1", "7", "key", "8", "n3", "9"];
            let said = filled(english, &names[..places(english)]);
            let parts = parts_of(&said, english).expect(english);
            assert_eq!(parts.len(), places(english));
            let told = phrase(&said);
            assert_eq!(told, filled(french, &names[..places(english)]), "another sentence comes first: {english}");
            assert_ne!(told, said);
        }
        assert_eq!(phrase("no sentence of ours"), "no sentence of ours");
        assert_eq!(phrase("error: nothing"), "erreur : rien");
        // A key may contain any words: they are not translated.
        assert_eq!(phrase("invalidates nothing"), "invalide nothing");
    }

    #[test]
    fn what_a_protocol_says_is_not_translated_and_what_the_cluster_explains_is() {
        check("line PUT k nothing\nline GET k", &["STORED", "nothing"]);
        let told = texts("cluster nodes=3\nwrite k nothing\nexplain k\nhealth", Language::French);
        assert!(told.iter().any(|line| line.contains(" garde une valeur de k, version ")), "{told:#?}");
        assert!(
            told.iter().any(|line| line.contains(" : write k \"nothing\" level=quorum => enregistré")),
            "{told:#?}"
        );
        assert!(told.iter().any(|line| line.contains("ms en route")), "{told:#?}");
        assert_eq!(told.last().map(String::as_str), Some("les anneaux s'accordent"));
    }
}
