//! The wire protocols, a line at a time: `line`, `mc`, `http`; and a whole run of the line protocol.

#[cfg(not(feature = "services"))]
#[expect(clippy::unused_self, reason = "its methods are those of the services")]
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

/// Whether an answer, by its first line, is its protocol's error. That something is not there is none.
pub fn is_refusal(request: &ExtraRequest, first: &str) -> bool {
    match request {
        ExtraRequest::Line(_) => first == "ERROR",
        ExtraRequest::Memcached(_) => {
            matches!(first.split(' ').next(), Some("ERROR" | "CLIENT_ERROR" | "SERVER_ERROR"))
        }
        ExtraRequest::Rest(_) => {
            let status = first.split(' ').nth(1).unwrap_or_default();
            status.starts_with(['4', '5']) && status != "404"
        }
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_from_an_answer_by_its_first_line() {
        let memcached = || ExtraRequest::Memcached(Vec::new());
        let rest = || ExtraRequest::Rest(String::new());
        for (request, first, expected) in [
            (ExtraRequest::Line(String::new()), "ERROR", true),
            (ExtraRequest::Line(String::new()), "ERRORS", false),
            (memcached(), "ERROR", true),
            (memcached(), "CLIENT_ERROR cannot increment or decrement non-numeric value", true),
            (memcached(), "SERVER_ERROR out of memory storing object", true),
            (memcached(), "NOT_FOUND", false),
            (memcached(), "VALUE a 0 5", false),
            (memcached(), "EN", false),
            (rest(), "HTTP/1.1 405 Method Not Allowed", true),
            (rest(), "HTTP/1.1 507 Insufficient Storage", true),
            (rest(), "HTTP/1.1 404 Not Found", false),
            (rest(), "HTTP/1.1 201 Created", false),
            (ExtraRequest::Order, "ERROR", false),
        ] {
            assert_eq!(is_refusal(&request, first), expected, "{request:?} {first}");
        }
    }
}
