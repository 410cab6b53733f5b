use crate::cluster::{CacheCommand, CacheResponse};
use std::time::Duration;

pub struct ProtocolParser;

#[derive(Debug)]
pub enum ParseError {
    InvalidCommand,
    InvalidArguments,
    Incomplete,
}

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        // The header is everything up to the first line end, or everything there is.
        let (header, data) = match input.iter().position(|&b| b == b'\n') {
            Some(i) => (&input[..i], &input[i + 1..]),
            None => (input, &input[input.len()..]),
        };
        let header = std::str::from_utf8(header).map_err(|_| ParseError::InvalidCommand)?.trim_end();
        let mut it = header.split_ascii_whitespace();
        let Some(verb) = it.next() else { return Err(ParseError::InvalidCommand) };
        let args: Vec<&str> = it.collect();
        if verb.eq_ignore_ascii_case("stats") {
            return Ok(CacheCommand::Stats);
        }
        let key = match (verb.to_ascii_lowercase().as_str(), args.first()) {
            ("get" | "set" | "delete" | "incr" | "decr" | "touch", Some(key)) => key.to_string(),
            ("get" | "set" | "delete" | "incr" | "decr" | "touch", None) => return Err(ParseError::InvalidArguments),
            _ => return Err(ParseError::InvalidCommand),
        };
        match verb.to_ascii_lowercase().as_str() {
            "get" => Ok(CacheCommand::Get { key }),
            "delete" => Ok(CacheCommand::Delete { key }),
            "set" => Self::set(key, &args[1..], data),
            "touch" => Ok(CacheCommand::Touch { key, ttl: Duration::from_secs(Self::number(args.get(1))?) }),
            sign => {
                let n = Self::number(args.get(1))? as i64;
                Ok(CacheCommand::Incr { key, delta: if sign == "decr" { -n } else { n } })
            }
        }
    }

    fn number(word: Option<&&str>) -> Result<u64, ParseError> {
        word.and_then(|w| w.parse().ok()).ok_or(ParseError::InvalidArguments)
    }

    fn set(key: String, args: &[&str], data: &[u8]) -> Result<CacheCommand, ParseError> {
        let (secs, len) = (Self::number(args.get(1))?, Self::number(args.get(2))? as usize);
        if data.len() < len {
            return Err(ParseError::Incomplete);
        }
        let ttl = (secs != 0).then_some(Duration::from_secs(secs));
        Ok(CacheCommand::Set { key, value: data[..len].to_vec(), ttl })
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        use CacheResponse::*;
        match response {
            Stored => b"STORED\r\n".to_vec(),
            Deleted => b"DELETED\r\n".to_vec(),
            NotFound => b"NOT_FOUND\r\n".to_vec(),
            Error(text) => format!("SERVER_ERROR {text}\r\n").into_bytes(),
            Value(value) => value.clone().unwrap_or_default(),
            Stats(stats) => format!("{stats:?}\r\n").into_bytes(),
        }
    }
}
