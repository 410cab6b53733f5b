//! What the reference answers to the commands of the prototype's parser.

use cachedojo::cache::CacheStats;
use cachedojo::clock::millis;
use cachedojo::protocol::{self, CacheCommand, CacheResponse, ProtocolParser};
use cachedojo_wire::{Command, ParseError, ParserRequest, Reply, Response, Stats};

/// What the reference answers.
pub(crate) fn answer(request: &ParserRequest) -> Response {
    match request {
        ParserRequest::Parse(bytes) => {
            Response::Parsed(ProtocolParser::parse(bytes).map(to_command).map_err(to_parse_error))
        }
        ParserRequest::Serialize(reply) => Response::Bytes(ProtocolParser::serialize(&from_reply(reply.clone()))),
    }
}

fn to_command(command: CacheCommand) -> Command {
    match command {
        CacheCommand::Get { key } => Command::Get { key },
        CacheCommand::Set { key, value, ttl } => Command::Set { key, value, ttl_ms: ttl.map(millis) },
        CacheCommand::Delete { key } => Command::Delete { key },
        CacheCommand::Incr { key, delta } => Command::Incr { key, delta },
        CacheCommand::Touch { key, ttl } => Command::Touch { key, ttl_ms: millis(ttl) },
        CacheCommand::Stats => Command::Stats,
    }
}

fn to_parse_error(error: protocol::ParseError) -> ParseError {
    match error {
        protocol::ParseError::InvalidCommand => ParseError::InvalidCommand,
        protocol::ParseError::InvalidArguments => ParseError::InvalidArguments,
        protocol::ParseError::Incomplete => ParseError::Incomplete,
    }
}

fn from_reply(reply: Reply) -> CacheResponse {
    match reply {
        Reply::Value(value) => CacheResponse::Value(value),
        Reply::Stored => CacheResponse::Stored,
        Reply::Deleted => CacheResponse::Deleted,
        Reply::NotFound => CacheResponse::NotFound,
        Reply::Error(message) => CacheResponse::Error(message),
        Reply::Stats(stats) => CacheResponse::Stats(from_stats(&stats)),
    }
}

fn from_stats(stats: &Stats) -> CacheStats {
    CacheStats {
        hits: stats.hits,
        misses: stats.misses,
        evictions: stats.evictions,
        expired: stats.expired,
        bytes_stored: usize::try_from(stats.bytes_stored).unwrap_or(usize::MAX),
        entry_count: usize::try_from(stats.entry_count).unwrap_or(usize::MAX),
    }
}
