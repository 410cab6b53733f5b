//! The memcached text protocol: what each request is answered with.

use cachedojo::clock::Instant;
use cachedojo::protocol::memcached::{ANSWER_BYTES_MAX, Machine, Mistake, Parsed, Parser, Session, Store};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::runner::{render, run};
use cachedojo_lab::script::{Dialect, parse};
use cachedojo_notation::text::{from_bytes, to_bytes};

/// The Unix time at which the tests' clocks begin.
const BASE_S: u64 = 1_700_000_000;

/// One request to a fresh server.
#[track_caller]
fn check_one(request: &[u8], answer: &str) {
    let answered = Machine::new(BASE_S).feed(request, Instant::default());
    assert_eq!(String::from_utf8_lossy(&answered), answer, "{:?}", String::from_utf8_lossy(request));
}

#[test]
fn stats_count_what_happened() {
    let mut machine = Machine::new(BASE_S);
    let now = Instant::from_millis(61_000);
    machine.feed(b"set a 0 1 1\r\n1\r\nget a\r\nget b\r\nincr a 1\r\ndelete c\r\ntouch a 1\r\nmg a v\r\n", now);
    let answer = machine.feed(b"get a\r\nstats\r\n", Instant::from_millis(62_000));
    let answer = String::from_utf8(answer).unwrap();
    for row in [
        "uptime 62",
        "time 1700000062",
        "cmd_get 4",
        "get_hits 2",
        "get_misses 2",
        "cmd_set 1",
        "incr_hits 1",
        "delete_misses 1",
        "touch_hits 1",
        "get_expired 1",
        "curr_items 0",
        "total_items 1",
        "bytes 0",
        "cmd_meta 1",
    ] {
        assert!(answer.contains(&format!("STAT {row}\r\n")), "{row} is not in {answer}");
    }
    assert!(answer.ends_with("END\r\n"));
}

/// What memcached 1.6.45 counted of the same commands, but for `cmd_meta`.
#[test]
fn every_command_counts_where_memcached_counts_it() {
    let large = "x".repeat(2_000_000);
    let commands = format!(
        "set a 0 0 1\n1\nadd b 0 0 1\n1\nget a a z\ngat 100 a\ngat 0 a z z z\ntouch a 0\ntouch a 0\ntouch z 0\n\
         incr a 1\nincr z 1\nincr z 1\ndecr a 1\ndecr a 1\ndecr z 1\nma a\nma z\nma z MD\nma n N0\nma a MD\n\
         delete z\ndelete b\nmd n\nmd z\nmd a C99\ncas a 0 0 1 99\n1\ncas z 0 0 1 1\n1\nms a 1 C99\n1\nms a 1 C99\n1\n\
         ms z 1 C1\n1\nms a 1\n1\nms y 1 MR\n1\nmg a T100\nmg a T100 v\nmg z\nmg a\nmg d N30\nmd c I\nms c 1 C1 I\n1\n\
         me a\nset big 0 0 2000000\n{large}\nstats\n"
    );
    let answer = Machine::new(BASE_S).feed(commands.as_bytes(), Instant::from_millis(0));
    let answer = String::from_utf8(answer).unwrap();
    let found: Vec<_> = answer.lines().filter_map(|line| line.strip_prefix("STAT ")).skip(5).take(21).collect();
    let expected = [
        "cmd_get 6",
        "cmd_set 10",
        "cmd_flush 0",
        "cmd_touch 10",
        "cmd_meta 21",
        "get_hits 4",
        "get_misses 2",
        "get_expired 0",
        "get_flushed 0",
        "delete_misses 4",
        "delete_hits 2",
        "incr_misses 3",
        "incr_hits 2",
        "decr_misses 2",
        "decr_hits 3",
        "cas_misses 3",
        "cas_hits 0",
        "cas_badval 3",
        "touch_hits 6",
        "touch_misses 4",
        "store_too_large 1",
    ];
    assert_eq!(found, expected);
}

#[test]
fn quit_ends_the_connection_and_so_does_http() {
    for (request, answer) in [
        ("version\r\nquit\r\nversion\r\n", "VERSION 1.6.45\r\n"),
        ("GET / HTTP/1.0\r\nversion\r\n", ""),
        ("PUT /asdf/asd/fasdfasdf/sadf HTTP/1.1\r\n", ""),
        ("DELETE HTTP/1.1\r\n", ""),
    ] {
        let mut machine = Machine::new(BASE_S);
        assert_eq!(machine.feed(request.as_bytes(), Instant::default()), answer.as_bytes(), "{request:?}");
        assert!(machine.closed(), "{request:?}");
        assert_eq!(machine.feed(b"version\r\n", Instant::default()), b"", "after {request:?}");
    }
}

/// It would wait for an answer for ever. Later in a conversation the byte is one like others.
#[test]
fn a_client_of_the_binary_protocol_is_hung_up_on() {
    let noop = [0x80, 0x0A, 0, 0, 0, 0, 0, 0];
    let mut machine = Machine::new(BASE_S);
    assert_eq!(machine.feed(b"", Instant::default()), b"");
    assert_eq!((machine.feed(&noop, Instant::default()), machine.closed()), (Vec::new(), true));
    let mut machine = Machine::new(BASE_S);
    machine.feed(b"version\r\n", Instant::default());
    let answer = machine.feed(b"\x80\r\n", Instant::default());
    assert_eq!(String::from_utf8_lossy(&answer), "CLIENT_ERROR bad command line format\r\n");
    assert!(!machine.closed());
}

#[test]
fn a_line_without_end_ends_the_connection_unless_it_is_a_get() {
    let spaces = " ".repeat(2048);
    for (request, answer, closed) in [
        (format!("get {spaces} manyspaces\r\n"), "END\r\n", false),
        (format!("incr {spaces} manyspaces 1\r\n"), "", true),
        (format!("incr a 1{}\r\n", " ".repeat(2040)), "NOT_FOUND\r\n", false),
        (format!("incr a 1{}\r\n", " ".repeat(2041)), "", true),
        (format!("incr a 1{}", " ".repeat(2041)), "", true),
        (format!("get a{}\r\n", " a".repeat(500_000)), "END\r\n", false),
        (format!("get a{}", " a".repeat(600_000)), "", true),
    ] {
        let mut machine = Machine::new(BASE_S);
        assert_eq!(machine.feed(request.as_bytes(), Instant::default()), answer.as_bytes());
        assert_eq!(machine.closed(), closed);
    }
}

#[test]
fn keys_have_up_to_250_bytes_and_no_control_characters() {
    let (longest, too_long) = ("k".repeat(250), "k".repeat(251));
    let wrong = "CLIENT_ERROR bad command line format\r\n";
    check_one(
        format!("set {longest} 0 0 1\r\nx\r\nget {longest}\r\n").as_bytes(),
        &format!("STORED\r\nVALUE {longest} 0 1\r\nx\r\nEND\r\n"),
    );
    check_one(format!("set {too_long} 0 0 1\r\nx\r\nversion\r\n").as_bytes(), &format!("{wrong}VERSION 1.6.45\r\n"));
    check_one(format!("set a 0 0 1\r\nx\r\nget a {too_long}\r\n").as_bytes(), &format!("STORED\r\n{wrong}"));
    for command in ["delete", "touch", "incr"] {
        check_one(format!("{command} {too_long} 1\r\n").as_bytes(), wrong);
    }
    for command in ["mg", "md", "me"] {
        check_one(format!("{command} {too_long}\r\n").as_bytes(), wrong);
    }
    check_one(format!("ma {too_long}\r\n").as_bytes(), "CLIENT_ERROR invalid or duplicate flag\r\n");
    check_one(b"get a\tb\r\n", wrong);
    check_one("set clé 0 0 1\r\nx\r\n".as_bytes(), "STORED\r\n");
}

#[test]
fn values_are_any_bytes_counted_by_their_length() {
    let mut machine = Machine::new(BASE_S);
    let value: Vec<u8> = (0..=255).chain(*b"\r\nEND\r\n").collect();
    let mut request = format!("set bin 0 0 {}\r\n", value.len()).into_bytes();
    request.extend([&value[..], b"\r\n"].concat());
    assert_eq!(machine.feed(&request, Instant::default()), b"STORED\r\n");
    let expected = [b"VALUE bin 0 263\r\n", &value[..], b"\r\nEND\r\n"].concat();
    assert_eq!(machine.feed(b"get bin\r\n", Instant::default()), expected);
    check_one(b"set a 0 0 1\nx\nget a\n", "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n");
    check_one(b"set a 0 0 0\r\n\r\nget a\r\n", "STORED\r\nVALUE a 0 0\r\n\r\nEND\r\n");
}

#[test]
fn a_script_of_any_bytes_is_answered_byte_for_byte() {
    let value: Vec<u8> = (0..=255).chain("é\u{f7ff}".bytes()).chain(*b"\xc3\r\n").collect();
    let set = format!("set v 7 0 {}\r\n", value.len());
    let request = [set.as_bytes(), &value, b"\r\nget v\r\nappend v 0 0 1\r\n\x80\r\nmg v s\r\n"].concat();
    let script = parse(&from_bytes(&request), Dialect::Memcached);
    let events = run(&script, &mut Reference::default(), 0);
    let answer = format!("STORED\r\nVALUE v 7 {}\r\n", value.len());
    let rest = format!("\r\nEND\r\nSTORED\r\nHD s{}\r\n", value.len() + 1);
    let expected = [answer.as_bytes(), &value, rest.as_bytes()].concat();
    assert_eq!(to_bytes(&render(&events, Dialect::Memcached)), expected);
}

#[test]
fn data_of_another_length_is_a_bad_data_chunk() {
    check_one(
        b"set a 0 0 4\r\ninsert\r\nget a\r\n",
        "CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\nEND\r\n",
    );
    check_one(b"set a x 0 3\r\nab\r\nget a\r\n", "CLIENT_ERROR bad command line format\r\nERROR\r\n");
    check_one(b"set a 0 0 3\r\nab\r\nget a\r\n", "CLIENT_ERROR bad data chunk\r\nERROR\r\n");
    check_one(b"ms a 2 q\r\nabcd\r\n", "CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\n");
}

#[test]
fn a_length_that_cannot_be_is_refused_and_what_follows_is_a_request() {
    for length in ["-1", "2147483646", "2147483647", "4294967295", "99999999999999999999", "x", "+1", "1.5"] {
        check_one(
            format!("set a 0 0 {length} noreply\r\nversion\r\n").as_bytes(),
            "CLIENT_ERROR bad command line format\r\nVERSION 1.6.45\r\n",
        );
        check_one(
            format!("ms a {length}\r\nversion\r\n").as_bytes(),
            "CLIENT_ERROR bad command line format\r\nVERSION 1.6.45\r\n",
        );
    }
    check_one(b"set a 0 0 2147483645\r\nversion\r\n", "SERVER_ERROR object too large for cache\r\n");
}

#[test]
fn an_item_too_large_is_refused_its_data_skipped_and_the_old_value_removed() {
    let largest = 1024 * 1024 - 59 - 1;
    for (verb, gone) in [("set", true), ("add", false)] {
        for length in [largest + 1, 1024 * 1024, 3_000_000] {
            let request = format!("set a 0 0 1\r\nx\r\n{verb} a 0 0 {length}\r\n{}\r\nget a\r\n", "v".repeat(length));
            let left = if gone { "" } else { "VALUE a 0 1\r\nx\r\n" };
            let answer = format!("STORED\r\nSERVER_ERROR object too large for cache\r\n{left}END\r\n");
            check_one(request.as_bytes(), &answer);
        }
    }
    check_one(format!("set a 0 0 {largest}\r\n{}\r\n", "v".repeat(largest)).as_bytes(), "STORED\r\n");
    check_one(b"ms YQ== 3000000 b\r\n", "SERVER_ERROR object too large for cache\r\n");
    let append = format!("set a 0 0 {largest}\r\n{}\r\nappend a 0 0 1\r\nx\r\n", "v".repeat(largest));
    check_one(append.as_bytes(), "STORED\r\nNOT_STORED\r\n");
}

#[test]
fn words_that_are_wrong_are_refused_and_the_data_skipped() {
    let wrong = "CLIENT_ERROR bad command line format\r\nVERSION 1.6.45\r\n";
    for request in [
        "set a x 0 7\r\nflush_a\r\n",
        "set a -1 0 7\r\nflush_a\r\n",
        "set a 4294967296 0 7\r\nflush_a\r\n",
        "set a 0 x 7\r\nflush_a\r\n",
        "set a 0 9223372036854775808 7\r\nflush_a\r\n",
        "cas a 0 0 7\r\nflush_a\r\n",
        "cas a 0 0 7 x\r\nflush_a\r\n",
        "cas a 0 0 7 18446744073709551616\r\nflush_a\r\n",
        "set a x 0 7\nflush_a\n",
        "set a 0 0\r\n",
        "get\r\n",
        "get \r\n",
        "gets\r\n",
        "delete\r\n",
        "touch a\r\n",
        "mg\r\n",
        "ms a\r\n",
        "\r\n",
        "\n",
        " \n",
        "x\r\n",
    ] {
        check_one(format!("{request}version\r\n").as_bytes(), wrong);
    }
    for request in [
        "boguscommand slkdsldkfjsd\r\n",
        "GET a\r\n",
        " get a\r\n",
        "getx a\r\n",
        "debugtime p\r\n",
        "misbehave\r\n",
        "refresh_certs\r\n",
    ] {
        check_one(request.as_bytes(), "ERROR\r\n");
    }
}

#[test]
fn a_full_store_lets_the_least_recently_used_go() {
    let mut machine = Machine::new(BASE_S);
    let now = Instant::default();
    machine.feed(b"cache_memlimit 8\r\n", now);
    let value = "v".repeat(1_000_000);
    for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        machine.feed(format!("set {key} 0 0 1000000 noreply\r\n{value}\r\n").as_bytes(), now);
    }
    machine.feed(b"get a\r\n", now);
    machine.feed(format!("set i 0 0 1000000 noreply\r\n{value}\r\n").as_bytes(), now);
    assert_eq!(machine.feed(b"mg a\r\nmg b\r\nmg c\r\n", now), b"HD\r\nEN\r\nHD\r\n");
    assert_eq!(machine.store().counters().evictions, 1);
    assert!(machine.store().bytes() <= machine.store().bytes_max());
}

#[test]
fn every_mistake_has_its_place() {
    #[track_caller]
    fn check(request: &str, mistake: Mistake, wrong: &str) {
        let Parsed::Refused { refusal, .. } = Parser::new().parse(request.as_bytes()) else {
            panic!("{request:?} is not refused")
        };
        assert_eq!((refusal.mistake, &request[refusal.span]), (mistake, wrong), "{request:?}");
    }
    check("x\r\n", Mistake::Blank, "x");
    check("frob a\r\n", Mistake::UnknownCommand, "frob");
    check("set a 0 0\r\n", Mistake::MissingWord, "");
    check(&format!("get a {}\r\n", "k".repeat(251)), Mistake::KeyTooLong, &"k".repeat(251));
    check("get a b\tc\r\n", Mistake::KeyCharacter, "b\tc");
    check("mg ??? v b\r\n", Mistake::KeyBase64, "???");
    check("me ??? b\r\n", Mistake::DebugKeyBase64, "???");
    check("set a x 0 1\r\n", Mistake::ClientFlags, "x");
    check("set a 0 x 1\r\n", Mistake::StoreExptime, "x");
    check("touch a x\r\n", Mistake::Exptime, "x");
    check("cas a 0 0 1 x\r\n", Mistake::Cas, "x");
    check("set a 0 0 x\r\n", Mistake::DataLength, "x");
    check("set a 0 0 1048576\r\n", Mistake::TooLarge, "1048576");
    check("set a 0 0 1\r\nxyz\r\n", Mistake::DataEnd, "xyz");
    check("delete a 5\r\n", Mistake::DeleteTime, "5");
    check("incr a x\r\n", Mistake::Delta, "x");
    check("verbosity x\r\n", Mistake::Verbosity, "x");
    check("cache_memlimit x\r\n", Mistake::MemoryLimit, "x");
    check("slabs frob\r\n", Mistake::AdminForm, "frob");
    check("slabs automove 3\r\n", Mistake::AdminForm, "3");
    check("lru\r\n", Mistake::AdminForm, "");
    check("lru_crawler crawl\r\n", Mistake::AdminForm, "crawl");
    check("slabs reassign 1 x\r\n", Mistake::AdminNumber, "x");
    check("lru_crawler tocrawl x\r\n", Mistake::AdminNumber, "x");
    check("lru temp_ttl x\r\n", Mistake::LruNumber, "x");
    check("lru tune 1 2 x 1\r\n", Mistake::Factor, "x");
    check("slabs automove ratio\r\n", Mistake::Factor, "");
    check("lru tune 41 40 1 1\r\n", Mistake::LruPercent, "40");
    check("lru tune 1 2 1 0\r\n", Mistake::LruFactor, "0");
    check("slabs automove window 2\r\n", Mistake::AutomoveWindow, "2");
    check("lru_crawler sleep 1000001\r\n", Mistake::CrawlerSleep, "1000001");
    check("watch fetchers x\r\n", Mistake::Stream, "x");
    check("stats frob\r\n", Mistake::StatsTopic, "frob");
    check("stats detail x\r\n", Mistake::StatsDetail, "x");
    check("stats cachedump 1\r\n", Mistake::DumpWords, "");
    check("stats cachedump 64 1\r\n", Mistake::DumpClass, "64");
    check("mg a v v\r\n", Mistake::DuplicateFlag, "v");
    check("mg a v m\r\n", Mistake::UnknownFlag, "m");
    check("mg a Tx\r\n", Mistake::FlagNumber, "Tx");
    check("mg a Dx\r\n", Mistake::FlagDelta, "Dx");
    check("mg a Jx\r\n", Mistake::FlagInitial, "Jx");
    check("mg a Fx\r\n", Mistake::FlagClientFlags, "Fx");
    check("mg a v !\r\n", Mistake::FlagCharacter, "!");
    check("mg a v q s h t k l f c u x I O P L b N1 T1 C1\r\n", Mistake::TooManyFlags, "C1");
    check("ma a Tx\r\n", Mistake::ArithmeticFlag, "Tx");
    check("ms a 1 MX\r\n", Mistake::SetMode, "MX");
    check("ma a MX\r\n", Mistake::ArithmeticMode, "MX");
    check("mg a O12345678901234567890123456789012\r\n", Mistake::OpaqueTooLong, "O12345678901234567890123456789012");
}

#[test]
fn answers_are_bounded_and_come_in_parts_alike() {
    let now = Instant::default();
    let mut store = Store::new(0, 64 * 1024 * 1024);
    let mut session = Session::new();
    let large = vec![b'v'; 900_000];
    let set = [b"set a 0 0 900000\r\n", large.as_slice(), b"\r\n"].concat();
    let mut out = Vec::new();
    session.feed(&mut store, &set, now, &mut out);
    assert_eq!(out, b"STORED\r\n");
    // One line that asks for 4.5 GB.
    out.clear();
    session.feed(&mut store, format!("get{}\r\nmn\r\n", " a".repeat(5000)).as_bytes(), now, &mut out);
    assert_eq!(out, b"SERVER_ERROR out of memory writing get response\r\nMN\r\n");
    let most = ANSWER_BYTES_MAX / (large.len() + 22);
    out.clear();
    session.feed(&mut store, format!("get{}\r\n", " a".repeat(most)).as_bytes(), now, &mut out);
    assert!(out.len() <= ANSWER_BYTES_MAX && out.ends_with(b"END\r\n"));
    // Many lines that ask for as much: whoever feeds them takes the answers in parts.
    let lines = "get a\r\nincr none 1\r\n".repeat(30);
    let mut whole = Vec::new();
    session.clone().feed(&mut store.clone(), lines.as_bytes(), now, &mut whole);
    let (mut parts, mut largest, mut rounds) = (Vec::new(), 0, 0);
    let mut bytes = lines.as_bytes();
    loop {
        let mut part = Vec::new();
        let is_done = session.feed_until(&mut store, bytes, now, 1_000_000, &mut part);
        largest = largest.max(part.len());
        parts.extend_from_slice(&part);
        rounds += 1;
        bytes = b"";
        if is_done {
            break;
        }
    }
    assert_eq!(parts, whole, "however it is taken");
    assert!(largest < 2_000_000 && rounds >= 15, "{largest} bytes at most in {rounds} rounds");
}
