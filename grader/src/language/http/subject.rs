//! The seam: a script's requests are sent to the service, and its answers are reported like the reference's.

use std::sync::Arc;
use std::time::Duration;

use cachedojo::protocol::rest::parse_line;
use cachedojo_judge::report::{TIME_MOVED, TIME_WAITED};
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_wire::{ExtraRequest, Request, Response};

use super::client::Answer;
use super::lives::Lives;
use super::service::{Service, Turn};

/// The longest line of an answer, in characters.
const TOLD_MAX: usize = 2 << 20;

/// The most characters that an abbreviation in a script may stand for.
const LETTERS_MAX: usize = 16 << 20;
/// Runs of one character from this length on are abbreviated.
const RUN_MIN: usize = 1000;

/// One run of a script on a service. Its namespaces are unique, so that they contain nothing of an earlier run.
#[derive(Debug)]
pub struct HttpSubject {
    service: Arc<Service>,
    turn: Turn,
    lives: Lives,
}

impl HttpSubject {
    /// A run of its own.
    pub fn new(service: Arc<Service>) -> Self {
        let turn = service.begin();
        Self { service, turn, lives: Lives::default() }
    }

    fn answer(&mut self, line: &str, now: Duration) -> Response {
        let said = |text: String| Response::Lines(vec![text]);
        let request = match parse_line(line) {
            Ok(request) => request,
            Err(error) => return said(format!("({error})")),
        };
        let target = self.turn.own(request.target);
        let body = request.body.map(written_out);
        let has_passed = self.turn.last.is_some_and(|last| last < now);
        let answer = self.service.ask(&mut self.turn, now, request.method, &target, body.as_deref());
        if let Some(sent) = self.turn.sent {
            self.lives.note(now, sent, self.service.is_clocked, body.as_deref().unwrap_or_default());
        }
        match answer {
            Ok(answer) => {
                let mut lines = lines(&answer);
                if has_passed {
                    lines.insert(1, if self.service.is_clocked { TIME_MOVED } else { TIME_WAITED }.to_owned());
                }
                Response::Lines(lines)
            }
            Err(why) => said(format!("({why})")),
        }
    }
}

impl Subject for HttpSubject {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        let now = Duration::from_nanos(world.monotonic_ns);
        Ok(match request {
            Request::Extra(ExtraRequest::Rest(line)) => self.answer(line, now),
            _ => Response::NotImplemented { item: "a service answers `http` commands only".to_owned() },
        })
    }

    fn is_late(&self) -> bool {
        self.lives.is_late()
    }
}

/// An answer in the reference's form: status line, the API's headers, body. A body must be one line, so JSON over several lines
/// is joined.
fn lines(answer: &Answer) -> Vec<String> {
    let mut lines = vec![format!("HTTP/1.1 {}", answer.status)];
    for name in ["Allow", "X-Cache-Hit", "X-Cache-TTL"] {
        if let Some(value) = answer.header(name) {
            lines.push(format!("{name}: {}", value.chars().take(200).collect::<String>()));
        }
    }
    // Told only where it is another one.
    if let Some(kind) = answer.header("Content-Type").filter(|kind| !is_json(kind)) {
        lines.push(format!("Content-Type: {}", kind.chars().take(200).collect::<String>()));
    }
    let body = with_runs_shortened(&String::from_utf8_lossy(&answer.body));
    lines.push(body.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TOLD_MAX).collect());
    lines
}

/// Whether a content type is that of JSON, whatever parameters it has.
fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// A body in which the text `"<1000*x>"` is expanded: so a script with a large value can be short.
fn written_out(body: &str) -> String {
    let Some((before, rest)) = body.split_once("\"<") else { return body.to_owned() };
    let long = rest.split_once("*x>\"").and_then(|(count, after)| {
        let count: usize = count.parse().ok().filter(|count| *count <= LETTERS_MAX)?;
        Some(format!("{before}\"{}\"{after}", "x".repeat(count)))
    });
    long.unwrap_or_else(|| body.to_owned())
}

/// A body in which a long run of that letter is told as it was asked for. A service that writes so itself has not stored the letters.
fn with_runs_shortened(body: &str) -> String {
    let body = &body.replace("*x>", "*x >");
    let Some(start) = body.find(&"x".repeat(RUN_MIN)) else { return body.to_owned() };
    let rest = body[start..].trim_start_matches('x');
    format!("{}<{}*x>{rest}", &body[..start], body.len() - start - rest.len())
}

#[cfg(test)]
mod tests {
    use super::{with_runs_shortened, written_out};

    #[test]
    fn a_large_value_is_short_in_a_script() {
        let (short, long) = ("{\"value\": \"<1000*x>\"}", format!("{{\"value\": \"{}\"}}", "x".repeat(1000)));
        assert_eq!(written_out(short), long);
        assert_eq!(with_runs_shortened(&long), short);
        assert_ne!(with_runs_shortened(short), short, "whoever only writes so has stored nothing");
        for other in ["{\"value\": \"<b>\"}", "{\"value\": \"<99999999999*x>\"}", "{\"value\": \"xxx\"}", "\"<"] {
            assert_eq!(
                (written_out(other), with_runs_shortened(other)),
                (other.to_owned(), other.replace("*x>", "*x >"))
            );
        }
    }
}
