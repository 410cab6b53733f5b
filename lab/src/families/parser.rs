//! The commands of the prototype's protocol parser: `parse`, `serialize`.

#[cfg(feature = "services")]
mod answer;

use cachedojo_notation::duration::Duration;
use cachedojo_notation::text::{escape, word};
use cachedojo_wire::{Command as CacheCommand, ParseError, ParserRequest, Reply, Request, Response};

use crate::event::{What, name};
use crate::script::Command;
use crate::script::args::{Args, Entry};
use crate::script::mistake::{Fault, Mistake};
use crate::subject::Crash;
#[cfg(feature = "services")]
pub(crate) use answer::answer;

/// The family's commands, in the order in which a learner meets them.
pub(super) const COMMANDS: &[Entry] = &[
    Entry {
        name: "parse",
        usage: "parse <bytes>",
        help_en: "Hand bytes to the protocol parser, as \"get k\\r\\n\".",
        help_fr: "Donne des octets à l'analyseur de protocole, comme \"get k\\r\\n\".",
        read: |a| Ok(Command::Ask(Request::Parser(ParserRequest::Parse(a.bytes("<bytes>")?)))),
    },
    Entry {
        name: "serialize",
        usage: "serialize value <bytes> | nothing | stored | deleted | not-found | error <text>",
        help_en: "Ask for a response's bytes.",
        help_fr: "Demande les octets d'une réponse.",
        read: serialize,
    },
];

fn serialize(args: &mut Args<'_>) -> Result<Command, Fault> {
    let token = args.take("<response>")?;
    let (span, found) = (token.span.clone(), token.raw.clone());
    let reply = match found.as_str() {
        "value" => Reply::Value(Some(args.bytes("<bytes>")?)),
        "nothing" => Reply::Value(None),
        "stored" => Reply::Stored,
        "deleted" => Reply::Deleted,
        "not-found" => Reply::NotFound,
        "error" => Reply::Error(args.string("<text>")?),
        _ => return Err((span, Mistake::Option { found, usage: args.entry.usage })),
    };
    Ok(Command::Ask(Request::Parser(ParserRequest::Serialize(reply))))
}

/// The event that a response means, given the request.
pub(crate) fn event_of(request: &ParserRequest, response: Response) -> What {
    match (request, response) {
        (ParserRequest::Parse(_), Response::Parsed(Ok(command))) => What::Parsed { command: command_text(&command) },
        (ParserRequest::Parse(_), Response::Parsed(Err(error))) => {
            What::Rejected { error: parse_error_text(error).into() }
        }
        (ParserRequest::Serialize(_), Response::Bytes(bytes)) => What::Wrote { bytes: escape(&bytes) },
        _ => What::Crashed { crash: Crash::Gibberish },
    }
}

/// A prototype's command in the words of the script language, so that `expect` can compare it.
fn command_text(command: &CacheCommand) -> String {
    match command {
        CacheCommand::Get { key } => format!("get {}", name(key)),
        CacheCommand::Set { key, value, ttl_ms } => {
            let value = word(&escape(value));
            let ttl = ttl_ms.map_or(String::new(), |ms| format!(" ttl {}", Duration::from_ms(ms)));
            format!("set {} {value}{ttl}", name(key))
        }
        CacheCommand::Delete { key } => format!("delete {}", name(key)),
        CacheCommand::Incr { key, delta } => format!("incr {} {delta}", name(key)),
        CacheCommand::Touch { key, ttl_ms } => format!("touch {} {}", name(key), Duration::from_ms(*ttl_ms)),
        CacheCommand::Stats => "stats".into(),
    }
}

/// A prototype's parse error in words.
fn parse_error_text(error: ParseError) -> &'static str {
    match error {
        ParseError::InvalidCommand => "invalid command",
        ParseError::InvalidArguments => "invalid arguments",
        ParseError::Incomplete => "incomplete",
    }
}
