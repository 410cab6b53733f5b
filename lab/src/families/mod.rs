//! Command families, one file each: a family's commands with their help in two languages, how they are parsed, what the reference
//! answers, and which event a response becomes. `event` has the texts of events.
//!
//! | family | its commands |
//! | --- | --- |
//! | `node` | a cache node, as the prototype has it, and questions that only the reference answers |
//! | `ring` | a hash ring |
//! | `prototype` | the prototype's cluster in one process |
//! | `parser` | the prototype's protocol parser |
//! | `wire` | the wire protocols, a line at a time |
//! | `flow` | time, expectations, repetition |
//! | [`cluster`] | the simulated cluster |
//!
//! `convert` has the conversions between the wire's types and the engine's.

pub mod cluster;
mod convert;
mod flow;
pub mod node;
pub(crate) mod parser;
pub(crate) mod prototype;
pub(crate) mod ring;
pub(crate) mod wire;

pub use wire::is_refusal;

use cachedojo_wire::{Request, Response};

use crate::event::What;
use crate::script::args::Entry;
use crate::subject::Crash;

/// The families' tables, in the order in which a learner meets their commands.
const TABLES: [&[Entry]; 9] = [
    node::COMMANDS,
    ring::COMMANDS,
    prototype::COMMANDS,
    parser::COMMANDS,
    ring::SHORT,
    node::SHORT,
    wire::COMMANDS,
    flow::COMMANDS,
    cluster::COMMANDS,
];

/// What each table's commands are about, in English and French: the headings of a list of them. Neighbours may have one.
const HEADINGS: [(&str, &str); TABLES.len()] = [
    ("One cache", "Un cache"),
    ("A ring of nodes", "Un anneau de nœuds"),
    ("A cluster without a network", "Une grappe sans réseau"),
    ("The parser of text commands", "L'analyseur de commandes en texte"),
    SHORT_FORMS,
    SHORT_FORMS,
    ("Protocols, a line at a time", "Les protocoles, une ligne à la fois"),
    ("Time, expectations, repetition", "Temps, attentes, répétition"),
    (
        "A cluster with a network: begin with `cluster nodes=3`",
        "Une grappe avec un réseau : commencez par `cluster nodes=3`",
    ),
];
const SHORT_FORMS: (&str, &str) = ("Questions", "Questions");

/// The heading below which a list has each command of [`COMMANDS`].
pub(crate) fn headings() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLES.iter().zip(HEADINGS).flat_map(|(table, heading)| table.iter().map(move |_| heading))
}

/// Every command, in the order in which a learner meets them.
pub const COMMANDS: &[Entry] = &joined::<{ length() }>();

const fn length() -> usize {
    let (mut table, mut length) = (0, 0);
    while table < TABLES.len() {
        length += TABLES[table].len();
        table += 1;
    }
    length
}

const fn joined<const LENGTH: usize>() -> [Entry; LENGTH] {
    let mut all = [TABLES[0][0]; LENGTH];
    let (mut table, mut at) = (0, 0);
    while table < TABLES.len() {
        let mut inner = 0;
        while inner < TABLES[table].len() {
            all[at] = TABLES[table][inner];
            (inner, at) = (inner + 1, at + 1);
        }
        table += 1;
    }
    all
}

/// The events that a response means, given the request. A response of the wrong kind counts as gibberish: only a
/// subject that tampers with the seam gives one.
pub(crate) fn events_of(request: &Request, answer: Result<Response, Crash>) -> Vec<What> {
    let response = match answer {
        Ok(response) => response,
        Err(crash) => return vec![What::Crashed { crash }],
    };
    let what = match (request, response) {
        (_, Response::NotImplemented { item }) => What::NotImplemented { item },
        (Request::Extra(request), response) => {
            return wire::events_of(request, &response)
                .unwrap_or_else(|| vec![node::extra_event_of(request, response)]);
        }
        (Request::Simulate(_), response) => return wire::run_events_of(response),
        (Request::Node(request), response) => node::event_of(request, response),
        (Request::Ring(request), response) => ring::event_of(request, response),
        (Request::Cluster(request), response) => prototype::event_of(request, response),
        (Request::Parser(request), response) => parser::event_of(request, response),
        // Requests to nodes are asked by the simulated world only, never by a script.
        (Request::Machine(_), _) => What::Crashed { crash: Crash::Gibberish },
    };
    vec![what]
}
