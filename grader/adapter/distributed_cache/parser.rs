//! `ProtocolParser`.

use super::*;

pub(crate) fn obey(request: ParserRequest) -> Response {
    match request {
        ParserRequest::Parse(bytes) => item!("ProtocolParser::parse", parse(bytes)),
        ParserRequest::Serialize(reply) => item!("ProtocolParser::serialize", serialize(reply)),
    }
}

#[cfg(item = "ProtocolParser::parse")]
fn parse(input: Vec<u8>) -> Response {
    #[cfg(fourth = "ProtocolParser::parse")]
    return {
        let parser = submission::ProtocolParser;
        Response::Parsed(submission::ProtocolParser::parse(&parser, FromBytes::from_bytes(&input)).read())
    };
    #[cfg(not(fourth = "ProtocolParser::parse"))]
    Response::Parsed(call!(
        "ProtocolParser::parse",
        submission::ProtocolParser::parse,
        [input.as_slice() => FromBytes::from_bytes(&input)],
        |parsed: Result<submission::CacheCommand, submission::ParseError>| {
            parsed.map_err(parse_error).and_then(command_back)
        },
        Read::read
    ))
}

/// A command that was read, in whatever it comes. Which error it is nobody asks.
#[cfg(all(item = "CacheCommand", loose))]
trait Read {
    fn read(self) -> Result<Command, ParseError>;
}

#[cfg(all(item = "CacheCommand", loose))]
impl Read for submission::CacheCommand {
    fn read(self) -> Result<Command, ParseError> {
        command_back(self)
    }
}

/// A command and how many bytes it took.
#[cfg(all(item = "CacheCommand", loose))]
impl<T> Read for (submission::CacheCommand, T) {
    fn read(self) -> Result<Command, ParseError> {
        command_back(self.0)
    }
}

#[cfg(all(item = "CacheCommand", loose))]
impl<R: Read> Read for Option<R> {
    fn read(self) -> Result<Command, ParseError> {
        self.map_or(Err(ParseError::Incomplete), Read::read)
    }
}

#[cfg(all(item = "CacheCommand", loose))]
impl<R: Read, E> Read for Result<R, E> {
    fn read(self) -> Result<Command, ParseError> {
        self.map_or(Err(ParseError::InvalidArguments), Read::read)
    }
}

#[cfg(item = "ProtocolParser::serialize")]
fn serialize(reply: Reply) -> Response {
    let mut response = match reply_back(reply) {
        Ok(response) => Some(response),
        Err(response) => return response,
    };
    #[cfg(fourth = "ProtocolParser::serialize")]
    return {
        let parser = submission::ProtocolParser;
        Response::Bytes(submission::ProtocolParser::serialize(&parser, Own::own(&mut response)).bytes())
    };
    #[cfg(not(fourth = "ProtocolParser::serialize"))]
    Response::Bytes(call!(
        "ProtocolParser::serialize",
        submission::ProtocolParser::serialize,
        [&response.take().expect("it was just put there") => Own::own(&mut response)],
        plain::<Vec<u8>>,
        |bytes| Value::value(bytes).unwrap_or_default()
    ))
}
