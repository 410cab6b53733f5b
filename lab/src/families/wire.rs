//! The wire protocols, a line at a time: `line`, `mc`, `http`; and a whole run of the line protocol.

#[cfg(not(feature = "services"))]
mod absent;
#[cfg(feature = "services")]
mod services;

use cachedojo::clock::Instant;
use cachedojo::protocol::line::{self, LineCache};
use cachedojo_notation::text;
use cachedojo_wire::{ExtraRequest, Request, Response};

use crate::bulk::within_bulk;
use crate::event::What;
use crate::script::Command;
use crate::script::args::Entry;
use crate::subject::Crash;
#[cfg(not(feature = "services"))]
pub(crate) use absent::Services;
#[cfg(feature = "services")]
pub(crate) use services::Services;

/// The family's commands, in the order in which a learner meets them.
pub(super) const COMMANDS: &[Entry] = &[
    Entry {
        name: "line",
        usage: "line <a line of the line protocol>",
        help_en: "Say one line of the PUT/GET/DELETE protocol.",
        help_fr: "Dit une ligne du protocole PUT/GET/DELETE.",
        read: |a| Ok(extra(ExtraRequest::Line(a.rest()))),
    },
    Entry {
        name: "mc",
        usage: "mc <a line of the memcached protocol>",
        help_en: "Say one line to a memcached session.",
        help_fr: "Dit une ligne à une session memcached.",
        read: |a| Ok(extra(ExtraRequest::Memcached(format!("{}\r\n", a.rest()).into_bytes()))),
    },
    Entry {
        name: "http",
        usage: "http <METHOD> <path> [JSON body]",
        help_en: "Send one request to the REST API.",
        help_fr: "Envoie une requête à l'API REST.",
        read: |a| Ok(extra(ExtraRequest::Rest(a.rest()))),
    },
];

fn extra(request: ExtraRequest) -> Command {
    Command::Ask(Request::Extra(request))
}

/// The servers of the protocols, as the reference has them.
#[derive(Debug, Clone)]
pub(crate) struct Servers {
    pub(crate) line: LineCache,
    pub(crate) services: Services,
}

/// The reference's answer to a line of a protocol; `None` for other requests.
pub(crate) fn answer(servers: &mut Servers, now: Instant, request: &ExtraRequest) -> Option<Response> {
    Some(match request {
        ExtraRequest::Line(_) if servers.line.exited() => Response::Lines(Vec::new()),
        ExtraRequest::Line(text) => Response::Lines(vec![servers.line.answer(text).to_string()]),
        ExtraRequest::Memcached(bytes) => servers.services.answer_memcached(bytes, now),
        ExtraRequest::Rest(line) => servers.services.answer_rest(line, now),
        _ => return None,
    })
}

/// What the reference answers to a whole run of the line protocol.
pub(crate) fn answer_run(commands: &[String]) -> Response {
    Response::Lines(line::simulate_distributed_cache(commands))
}

/// The events that a response means: one for each line. `None` if the request is not a protocol's.
pub(crate) fn events_of(request: &ExtraRequest, response: &Response) -> Option<Vec<What>> {
    let said = |text: &str| What::Said { text: text.to_owned() };
    Some(match (request, response) {
        (_, Response::NoObject) => return None,
        (ExtraRequest::Line(_) | ExtraRequest::Rest(_), Response::Lines(lines)) => {
            within_bulk(lines.iter().map(|line| said(line)))
        }
        (ExtraRequest::Memcached(_), Response::Bytes(bytes)) => {
            within_bulk(text::from_bytes(bytes).split_terminator("\r\n").map(said))
        }
        (ExtraRequest::Line(_) | ExtraRequest::Rest(_) | ExtraRequest::Memcached(_), _) => {
            vec![What::Crashed { crash: Crash::Gibberish }]
        }
        _ => return None,
    })
}

/// The events of the response to a whole run of the line protocol.
pub(crate) fn run_events_of(response: Response) -> Vec<What> {
    match response {
        Response::Lines(lines) => within_bulk(lines.into_iter().map(|text| What::Said { text })),
        _ => vec![What::Crashed { crash: Crash::Gibberish }],
    }
}
