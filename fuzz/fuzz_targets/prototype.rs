//! The prototype's parser handles any bytes; the bytes that it consumed give the same command again.
#![no_main]

use cachedojo::protocol::{ParseError, ProtocolParser};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    match ProtocolParser::parse_prefix(input) {
        Ok((command, used)) => {
            assert_eq!(ProtocolParser::parse(&input[..used]), Ok(command));
            assert_eq!(ProtocolParser::parse(&input[..used - 1]), Err(ParseError::Incomplete));
        }
        Err(error) => assert_eq!(ProtocolParser::parse(input), Err(error)),
    }
});
