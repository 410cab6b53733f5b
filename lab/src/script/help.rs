//! The commands of each dialect, with their help in two languages.

use cachedojo_notation::text::Language;

use super::{COMMANDS, Dialect};
use crate::families::headings;

/// A command, for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Help {
    /// The words it begins with.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    english: &'static str,
    french: &'static str,
    heading: (&'static str, &'static str),
}

impl Help {
    /// What it does, in that language.
    pub const fn text(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::French => self.french,
        }
    }

    /// What it is about, with its neighbours in the list; empty where a list needs no headings.
    pub const fn heading(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.heading.0,
            Language::French => self.heading.1,
        }
    }
}

/// The commands of a dialect, in the order in which a learner meets them. Cost: O(commands).
pub fn help(dialect: Dialect) -> Vec<Help> {
    match dialect {
        Dialect::Lab => COMMANDS
            .iter()
            .zip(headings())
            .map(|(entry, heading)| Help {
                name: entry.name,
                usage: entry.usage,
                english: entry.help_en,
                french: entry.help_fr,
                heading,
            })
            .collect(),
        Dialect::Line => LINE.to_vec(),
        Dialect::Memcached => MEMCACHED.to_vec(),
        Dialect::Rest => REST.to_vec(),
    }
}

const fn entry(name: &'static str, usage: &'static str, english: &'static str, french: &'static str) -> Help {
    Help { name, usage, english, french, heading: ("", "") }
}

const LINE: &[Help] = &[
    entry(
        "PUT",
        "PUT <key> <value>",
        "Store a value: the whole rest of the line.",
        "Enregistre une valeur : tout le reste de la ligne.",
    ),
    entry("GET", "GET <key>", "Ask for a key's value.", "Demande la valeur d'une clé."),
    entry("DELETE", "DELETE <key>", "Delete a key.", "Supprime une clé."),
    entry("EXIT", "EXIT", "End: nothing after it is obeyed.", "Termine : rien de ce qui suit n'est exécuté."),
];

const MEMCACHED: &[Help] = &[
    entry(
        "set",
        "set <key> <flags> <exptime> <bytes>",
        "Store a value; it follows on the next line.",
        "Enregistre une valeur ; elle suit à la ligne suivante.",
    ),
    entry("get", "get <key>…", "Ask for values.", "Demande des valeurs."),
    entry(
        "add",
        "add <key> <flags> <exptime> <bytes>",
        "Store a value where there is none yet.",
        "Enregistre une valeur là où il n'y en a pas.",
    ),
    entry(
        "replace",
        "replace <key> <flags> <exptime> <bytes>",
        "Store a value where there is one already.",
        "Enregistre une valeur là où il y en a déjà une.",
    ),
    entry(
        "append",
        "append <key> <flags> <exptime> <bytes>",
        "Put more behind a value.",
        "Ajoute à la fin d'une valeur.",
    ),
    entry(
        "prepend",
        "prepend <key> <flags> <exptime> <bytes>",
        "Put more in front of a value.",
        "Ajoute au début d'une valeur.",
    ),
    entry("gets", "gets <key>…", "Ask for values with their CAS number.", "Demande des valeurs avec leur numéro CAS."),
    entry(
        "cas",
        "cas <key> <flags> <exptime> <bytes> <cas>",
        "Store a value if nobody else did since that CAS number.",
        "Enregistre une valeur si personne d'autre ne l'a fait depuis ce numéro CAS.",
    ),
    entry("delete", "delete <key>", "Delete a key.", "Supprime une clé."),
    entry("incr", "incr <key> <number>", "Add to a number.", "Ajoute à un nombre."),
    entry(
        "decr",
        "decr <key> <number>",
        "Take from a number; never below 0.",
        "Retire d'un nombre ; jamais en dessous de 0.",
    ),
    entry(
        "touch",
        "touch <key> <exptime>",
        "Give an entry a new time to live.",
        "Donne à une entrée une nouvelle durée de vie.",
    ),
    entry(
        "gat",
        "gat <exptime> <key>…",
        "Ask for values and give them a new time to live.",
        "Demande des valeurs et leur donne une nouvelle durée de vie.",
    ),
    entry("gats", "gats <exptime> <key>…", "As gat, with the CAS numbers.", "Comme gat, avec les numéros CAS."),
    entry(
        "mg",
        "mg <key> <flag>…",
        "Meta get: v asks for the value, t for the time left, c for the CAS number.",
        "Meta get : v demande la valeur, t le temps restant, c le numéro CAS.",
    ),
    entry(
        "ms",
        "ms <key> <bytes> <flag>…",
        "Meta set; the value follows on the next line.",
        "Meta set ; la valeur suit à la ligne suivante.",
    ),
    entry("md", "md <key> <flag>…", "Meta delete.", "Meta delete."),
    entry(
        "ma",
        "ma <key> <flag>…",
        "Meta arithmetic: D is by how much, M the mode.",
        "Meta arithmétique : D est de combien, M le mode.",
    ),
    entry("mn", "mn", "Meta no-op: answers MN.", "Meta sans effet : répond MN."),
    entry(
        "flush_all",
        "flush_all [<delay>]",
        "Let everything be gone, at once or in so many seconds.",
        "Fait tout disparaître, tout de suite ou dans tant de secondes.",
    ),
    entry("stats", "stats", "Tell the counters.", "Donne les compteurs."),
    entry("version", "version", "Tell the version.", "Donne la version."),
    entry("quit", "quit", "End the connection.", "Termine la connexion."),
];

const REST: &[Help] = &[
    entry("GET …/<key>", "GET /api/v1/cache/<namespace>/<key>", "Ask for a value.", "Demande une valeur."),
    entry(
        "PUT …/<key>",
        "PUT /api/v1/cache/<namespace>/<key> {\"value\": 1, \"ttl\": 60}",
        "Store a value, for so many seconds.",
        "Enregistre une valeur, pour tant de secondes.",
    ),
    entry("DELETE …/<key>", "DELETE /api/v1/cache/<namespace>/<key>", "Delete a value.", "Supprime une valeur."),
    entry(
        "POST …/mget",
        "POST /api/v1/cache/<namespace>/mget {\"keys\": [\"a\"]}",
        "Ask for several keys at once.",
        "Demande plusieurs clés à la fois.",
    ),
    entry(
        "POST …/mset",
        "POST /api/v1/cache/<namespace>/mset {\"entries\": [{\"key\": \"a\", \"value\": 1}]}",
        "Store several keys: all or none.",
        "Enregistre plusieurs clés : toutes ou aucune.",
    ),
    entry(
        "DELETE …/<namespace>",
        "DELETE /api/v1/cache/<namespace>",
        "Empty a namespace; ?pattern=… or ?tag=… a part of it.",
        "Vide un espace de noms ; ?pattern=… ou ?tag=… une partie.",
    ),
    entry(
        "GET …/stats",
        "GET /api/v1/cache/<namespace>/stats",
        "Ask for the counters of a namespace.",
        "Demande les compteurs d'un espace de noms.",
    ),
    entry("GET /health", "GET /health", "Ask whether the service works.", "Demande si le service fonctionne."),
];

#[cfg(test)]
mod tests {
    use super::help;
    use crate::script::{Dialect, advise, parse};
    use cachedojo_notation::text::Language;

    #[test]
    fn what_is_told_of_a_protocol_can_be_written_there() {
        for dialect in [Dialect::Line, Dialect::Memcached, Dialect::Rest] {
            for entry in help(dialect) {
                let filled = entry
                    .usage
                    .replace("<flag>…", "v")
                    .replace('…', "")
                    .replace("[<delay>]", "5")
                    .replace("<bytes>", "3");
                let numbers = ["<flags>", "<exptime>", "<number>", "<cas>"];
                let filled = numbers.iter().fold(filled, |text, place| text.replace(place, "7"));
                let filled = filled.replace("<key>", "k").replace("<namespace>", "n").replace("<value>", "v w");
                let text = if entry.usage.contains("<bytes>") { format!("{filled}\nabc") } else { filled };
                assert!(advise(&text, dialect).is_empty() && parse(&text, dialect).diagnostics.is_empty(), "{text}");
                assert_ne!(entry.name, "");
            }
        }
        let headings = help(Dialect::Lab).into_iter().map(|entry| entry.heading(Language::English));
        let mut distinct: Vec<_> = headings.collect();
        distinct.dedup();
        assert_eq!(distinct.iter().collect::<std::collections::BTreeSet<_>>().len(), distinct.len(), "{distinct:?}");
        for dialect in Dialect::ALL {
            let list = help(dialect);
            let differ = list.iter().filter(|entry| entry.text(Language::English) != entry.text(Language::French));
            assert!(differ.count() + 1 >= list.len(), "{dialect:?}");
        }
    }
}
