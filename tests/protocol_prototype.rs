//! The prototype's parser and serializer.

use cachedojo::cache::CacheStats;
use cachedojo::protocol::{CacheCommand, CacheResponse, ParseError, ProtocolParser};
use proptest::prelude::*;
use std::time::Duration;

#[track_caller]
fn check(input: &str, expected: &CacheCommand) {
    assert_eq!(ProtocolParser::parse(input.as_bytes()).as_ref(), Ok(expected), "{input:?}");
    let (command, used) = ProtocolParser::parse_prefix(format!("{input}get next").as_bytes()).expect("it parsed");
    assert_eq!((&command, used), (expected, input.len()), "{input:?} with bytes behind it");
    for end in 0..input.len() {
        let part = &input.as_bytes()[..end];
        assert_eq!(ProtocolParser::parse(part), Err(ParseError::Incomplete), "{:?}", &input[..end]);
    }
}

#[track_caller]
fn check_error(input: impl AsRef<[u8]>, expected: ParseError) {
    assert_eq!(ProtocolParser::parse(input.as_ref()), Err(expected), "{:?}", String::from_utf8_lossy(input.as_ref()));
    assert!(expected.to_string().ends_with('.'), "{expected}");
}

fn key() -> String {
    "mykey".to_owned()
}

fn set(value: &str, ttl: Option<Duration>) -> CacheCommand {
    CacheCommand::Set { key: key(), value: value.into(), ttl }
}

#[test]
fn every_command_is_read_in_any_letter_case() {
    check("get mykey\r\n", &CacheCommand::Get { key: key() });
    check("GET mykey\r\n", &CacheCommand::Get { key: key() });
    check("Get mykey\n", &CacheCommand::Get { key: key() });
    check("set mykey 0 0 5\r\nvalue\r\n", &set("value", None));
    check("SET mykey 0 0 5\nvalue\n", &set("value", None));
    check("delete mykey\r\n", &CacheCommand::Delete { key: key() });
    check("DELETE mykey 0 noreply\r\n", &CacheCommand::Delete { key: key() });
    check("incr mykey 5\r\n", &CacheCommand::Incr { key: key(), delta: 5 });
    check("DECR mykey 5\r\n", &CacheCommand::Incr { key: key(), delta: -5 });
    check("decr mykey 9223372036854775808\r\n", &CacheCommand::Incr { key: key(), delta: i64::MIN });
    check("touch mykey 90\r\n", &CacheCommand::Touch { key: key(), ttl: Duration::from_secs(90) });
    check("touch mykey 0\r\n", &CacheCommand::Touch { key: key(), ttl: Duration::MAX });
    check("stats\r\n", &CacheCommand::Stats);
}

#[test]
fn a_set_has_its_data_and_its_exptime_in_seconds() {
    check("set mykey 7 90 0 noreply\r\n\r\n", &set("", Some(Duration::from_secs(90))));
    check("set mykey 0 -1 2\r\n\r\n\r\n", &set("\r\n", Some(Duration::ZERO)));
    check("set mykey 0 2147483647 3\r\na b\r\n", &set("a b", Some(Duration::from_secs(2_147_483_647))));
}

#[test]
fn an_unknown_command_is_invalid() {
    for input in [
        "\r\n",
        "frob\r\n",
        "frob mykey\r\n",
        " get mykey\r\n",
        "append mykey 0 0 1\r\nx\r\n",
        "append mykey 0 0 1\r\n",
        "append\r\n",
        "gets mykey\r\n",
        "gats\r\n",
        "flush_all soon\r\n",
        "GET\tmykey\r\n",
    ] {
        check_error(input, ParseError::InvalidCommand);
    }
}

#[test]
fn wrong_arguments_are_told_from_a_wrong_command() {
    for input in [
        "get\r\n",
        "get \r\n",
        "get a b\r\n",
        "set mykey 0 0\r\n",
        "set mykey x 0 5\r\n",
        "set mykey 0 x 5\r\n",
        "set mykey 0 0 x\r\n",
        "set mykey 0 0 -1\r\n",
        "set mykey 0 0 1048576\r\n",
        "set mykey 0 0 3\r\nvalue\r\n",
        "delete\r\n",
        "delete mykey 5\r\n",
        "incr mykey\r\n",
        "incr mykey five\r\n",
        "incr mykey -5\r\n",
        "incr mykey 9223372036854775808\r\n",
        "touch mykey\r\n",
        "touch mykey soon\r\n",
        "stats items\r\n",
        "get a\tb\r\n",
    ] {
        check_error(input, ParseError::InvalidArguments);
    }
    check_error(format!("get {}\r\n", "k".repeat(251)), ParseError::InvalidArguments);
    check_error(format!("touch mykey {}", "0".repeat(2048)), ParseError::InvalidArguments);
    check_error(b"get \xff\r\n", ParseError::InvalidArguments);
    let longest = "k".repeat(250);
    assert_eq!(ProtocolParser::parse(format!("get {longest}\r\n").as_bytes()), Ok(CacheCommand::Get { key: longest }));
}

#[test]
fn responses_are_written_as_memcached_writes_them() {
    #[track_caller]
    fn check(response: &CacheResponse, expected: &str) {
        assert_eq!(String::from_utf8(ProtocolParser::serialize(response)).unwrap(), expected);
    }
    check(&CacheResponse::Value(Some(b"value".to_vec())), "VALUE - 0 5\r\nvalue\r\nEND\r\n");
    check(&CacheResponse::Value(None), "END\r\n");
    check(&CacheResponse::Stored, "STORED\r\n");
    check(&CacheResponse::Deleted, "DELETED\r\n");
    check(&CacheResponse::NotFound, "NOT_FOUND\r\n");
    check(&CacheResponse::Error(String::new()), "ERROR\r\n");
    check(&CacheResponse::Error("no\r\nroom".to_owned()), "SERVER_ERROR no  room\r\n");
    let stats = CacheStats { hits: 1, misses: 2, evictions: 3, expired: 4, bytes_stored: 5, entry_count: 6 };
    check(
        &CacheResponse::Stats(stats),
        "STAT get_hits 1\r\nSTAT get_misses 2\r\nSTAT evictions 3\r\nSTAT expired 4\r\nSTAT bytes 5\r\n\
         STAT curr_items 6\r\nEND\r\n",
    );
    let value = CacheResponse::Value(Some(vec![0, 255]));
    assert_eq!(ProtocolParser::serialize_for("user:1", &value), b"VALUE user:1 0 2\r\n\x00\xff\r\nEND\r\n");
}

proptest! {
    #[test]
    fn every_set_comes_back_whole(key in "[!-~é]{1,80}", value: Vec<u8>, seconds in 1..=i32::MAX) {
        let mut input = format!("set {key} 0 {seconds} {}\r\n", value.len()).into_bytes();
        input.extend_from_slice(&value);
        input.extend_from_slice(b"\r\n");
        let ttl = Some(Duration::from_secs(seconds.unsigned_abs().into()));
        prop_assert_eq!(ProtocolParser::parse(&input), Ok(CacheCommand::Set { key, value, ttl }));
    }

    #[test]
    fn no_input_makes_it_panic(input: Vec<u8>, line in "(get|SET|incr|touch|stats) [ -~\r\n]{0,40}\r\n") {
        let _ = ProtocolParser::parse(&input);
        let _ = ProtocolParser::parse(line.as_bytes());
    }
}
