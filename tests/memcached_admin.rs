//! The memcached commands that manage a server, and its statistics.

use cachedojo::clock::Instant;
use cachedojo::protocol::memcached::{Machine, Session, Store};

/// The Unix time at which the tests' clocks begin.
const BASE_S: u64 = 1_700_000_000;

/// What is answered to all of this, as text.
fn answer(machine: &mut Machine, requests: &str) -> String {
    String::from_utf8(machine.feed(requests.as_bytes(), Instant::default())).expect("these tests speak text")
}

#[test]
fn a_dump_lists_the_living_items_by_class_the_least_recently_used_first() {
    let mut machine = Machine::new(BASE_S);
    let lines = answer(&mut machine, "set a 0 0 1 noreply\r\nx\r\nlru_crawler metadump all\r\n");
    let line = "key=a exp=-1 la=1700000000 cas=1 fetch=no cls=1 size=61 flags=0 \n";
    assert_eq!(lines, format!("OK\r\n{line}END\r\n"), "only an item's own line ends without `\\r`");
}

#[test]
fn a_page_moves_to_another_class_and_takes_what_has_no_room() {
    let machine = &mut Machine::new(BASE_S);
    let value = "v".repeat(600_000);
    for key in ["a", "b", "c"] {
        assert_eq!(answer(machine, &format!("set {key} 0 0 600000\r\n{value}\r\n")), "STORED\r\n");
    }
    let pages = |machine: &mut Machine| {
        let rows = answer(machine, "stats slabs\r\n");
        let rows =
            rows.lines().filter(|row| row.contains("_pages") || row.contains("_chunks ") || row.contains("malloced"));
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    let chunks = ["STAT 39:total_chunks 6", "STAT 39:used_chunks 6", "STAT 39:free_chunks 0"];
    let expected = [&["STAT 39:total_pages 3"], &chunks[..], &["STAT total_malloced 3145728"]].concat();
    assert_eq!(pages(machine), expected);
    assert_eq!(answer(machine, "slabs reassign -1 0\r\n"), "OK\r\n");
    let chunks = ["STAT 39:total_chunks 4", "STAT 39:used_chunks 4", "STAT 39:free_chunks 0"];
    let expected = [&["STAT 39:total_pages 2"], &chunks[..], &["STAT total_malloced 3145728"]].concat();
    assert_eq!(pages(machine), expected);
    assert_eq!(
        answer(machine, "mg a\r\nmg b\r\nmg c\r\n"),
        "EN\r\nHD\r\nHD\r\n",
        "the least recently used one is gone"
    );
    assert_eq!(machine.store().counters().evictions, 1);
    assert_eq!(
        answer(machine, "slabs reassign 39 5\r\nslabs reassign 39 5\r\n"),
        "OK\r\nNOSPARE source class has no spare pages\r\n"
    );
}

#[test]
fn the_classes_show_what_happened_in_each() {
    let machine = &mut Machine::new(BASE_S);
    let large = "v".repeat(1000);
    answer(machine, "set a 0 0 1\r\n5\r\nget a a b\r\nincr a 1\r\ndecr a 1\r\ntouch a 0\r\ncas a 0 0 1 99\r\n1\r\n");
    answer(
        machine,
        &format!("set b 0 0 1000\r\n{large}\r\nset d 0 0 1\r\nx\r\ndelete d\r\nms c 1000 T0\r\n{large}\r\n"),
    );
    let rows = "
        STAT 1:chunk_size 96
        STAT 1:chunks_per_page 10922
        STAT 1:total_pages 1
        STAT 1:total_chunks 10922
        STAT 1:used_chunks 1
        STAT 1:free_chunks 10921
        STAT 1:free_chunks_end 0
        STAT 1:get_hits 2
        STAT 1:cmd_set 3
        STAT 1:delete_hits 1
        STAT 1:incr_hits 1
        STAT 1:decr_hits 1
        STAT 1:cas_hits 0
        STAT 1:cas_badval 1
        STAT 1:touch_hits 1
        STAT 12:chunk_size 1184
        STAT 12:chunks_per_page 885
        STAT 12:total_pages 1
        STAT 12:total_chunks 885
        STAT 12:used_chunks 2
        STAT 12:free_chunks 883
        STAT 12:free_chunks_end 0
        STAT 12:get_hits 0
        STAT 12:cmd_set 2
        STAT 12:delete_hits 0
        STAT 12:incr_hits 0
        STAT 12:decr_hits 0
        STAT 12:cas_hits 0
        STAT 12:cas_badval 0
        STAT 12:touch_hits 0
        STAT active_slabs 2
        STAT total_malloced 2097152
        END";
    let found = answer(machine, "stats slabs\r\n");
    assert_eq!(found.lines().collect::<Vec<_>>(), rows.lines().skip(1).map(str::trim).collect::<Vec<_>>());
    assert_eq!(answer(machine, "stats sizes\r\n"), "STAT 64 1\r\nSTAT 1088 2\r\nEND\r\n");
    answer(machine, "flush_all\r\n");
    assert!(answer(machine, "stats items\r\n").contains("STAT items:12:number 2\r\n"), "they stay as in memcached");
    answer(machine, "lru_crawler crawl all\r\n");
    assert_eq!(answer(machine, "stats items\r\nstats sizes\r\n"), "END\r\nEND\r\n");
    assert!(answer(machine, "stats slabs\r\n").contains("STAT 1:used_chunks 0\r\n"), "pages stay");
}

#[test]
fn a_watcher_sees_what_the_others_do() {
    let store = &mut Store::new(BASE_S, 64 * 1024 * 1024);
    let (mut watcher, mut client) = (Session::new(), Session::new());
    let mut say = |session: &mut Session, bytes: &str, now_ms| {
        let mut out = Vec::new();
        session.feed(store, bytes.as_bytes(), Instant::from_millis(now_ms), &mut out);
        String::from_utf8(out).expect("these tests speak text")
    };
    let all = "watch fetchers mutations deletions evictions connevents\r\nget dropped\r\n";
    assert_eq!(say(&mut watcher, all, 0), "OK\r\n");
    assert_eq!(say(&mut client, "set a%b 0 10 3\r\nabc\r\n", 1005), "STORED\r\n");
    assert_eq!(
        say(&mut client, "append none 0 0 1\r\nx\r\nget a%b\r\ndelete a%b\r\nmd a%b\r\nquit\r\n", 2000).lines().count(),
        6
    );
    let expected = "\
        ts=1700000001.5000 gid=1 type=conn_new rip=unix rport=0 transport=local cfd=2\n\
        ts=1700000001.5000 gid=2 type=item_get key=a%25b status=not_found clsid=0 cfd=2 size=0\n\
        ts=1700000001.5000 gid=3 type=item_store key=a%25b status=stored cmd=set ttl=10 clsid=1 cfd=2 size=3\n\
        ts=1700000002.0 gid=4 type=item_get key=none status=not_found clsid=0 cfd=2 size=0\n\
        ts=1700000002.0 gid=5 type=item_store key=none status=not_stored cmd=append ttl=0 clsid=1 cfd=2 size=1\n\
        ts=1700000002.0 gid=6 type=item_get key=a%25b status=found clsid=1 cfd=2 size=3\n\
        ts=1700000002.0 gid=7 type=item_get key=a%25b status=found clsid=1 cfd=2 size=3\n\
        ts=1700000002.0 gid=8 type=deleted key=a%25b cmd=delete clsid=1 size=3\n\
        ts=1700000002.0 gid=9 type=item_get key=a%25b status=not_found clsid=0 cfd=2 size=0\n\
        ts=1700000002.0 gid=10 type=conn_close rip=unix rport=0 transport=local reason=normal cfd=2\n";
    assert_eq!(say(&mut watcher, "", 2000), expected);
    assert_eq!(say(&mut watcher, "version\r\nquit\r\n", 2000), "", "a watcher is heard no more");
    let mut third = Session::new();
    assert_eq!(
        say(&mut third, "stats conns\r\n", 3000).lines().filter(|row| row.contains("state")).collect::<Vec<_>>(),
        ["STAT 1:state conn_watch", "STAT 3:state conn_parse_cmd"]
    );
    say(&mut third, "watch deletions\r\n", 3000);
    let mut fourth = Session::new();
    say(&mut fourth, "cache_memlimit 8\r\nset old 0 100 1\r\nx\r\nget old\r\n", 4000);
    let value = "v".repeat(1_000_000);
    for key in 0..9 {
        say(&mut fourth, &format!("set {key} 0 0 1000000 noreply\r\n{value}\r\n"), 6000);
    }
    let seen = say(&mut watcher, "", 6000);
    let evictions: Vec<_> =
        seen.lines().filter_map(|line| line.split_once("type=eviction")).map(|line| line.1).collect();
    assert_eq!(evictions[0], " key=old fetch=yes ttl=98 la=2 clsid=1 size=1");
    assert_eq!(say(&mut third, "", 6000), "", "each sees only what it asked for");
}

#[test]
fn a_watcher_that_does_not_fetch_misses_lines_and_learns_how_many() {
    let store = &mut Store::new(BASE_S, 64 * 1024 * 1024);
    let (mut watcher, mut client, now) = (Session::new(), Session::new(), Instant::default());
    let mut out = Vec::new();
    watcher.feed(store, b"watch\r\n", now, &mut out);
    for _ in 0..5000 {
        client.feed(store, b"get aaaaaaaaaaaaaaaaaaaaaaaaa\r\n", now, &mut Vec::new());
    }
    out.clear();
    watcher.feed(store, b"", now, &mut out);
    assert!(out.len() <= 256 * 1024 && out.len() > 255 * 1024, "{}", out.len());
    let lines = String::from_utf8(std::mem::take(&mut out)).expect("lines are text").lines().count();
    client.feed(store, b"get b\r\n", now, &mut Vec::new());
    watcher.feed(store, b"", now, &mut out);
    let text = String::from_utf8(out).expect("lines are text");
    assert!(text.starts_with(&format!("skipped={}\nts=1700000000.0 gid=5001 ", 5000 - lines)), "{text}");
}

#[test]
fn twenty_clients_may_watch_and_room_is_made_when_one_hangs_up() {
    let store = &mut Store::new(BASE_S, 64 * 1024 * 1024);
    let now = Instant::default();
    let mut sessions: Vec<_> = (0..21).map(|_| Session::new()).collect();
    let mut answers = Vec::new();
    for session in &mut sessions {
        session.feed(store, b"watch m\r\n", now, &mut answers);
    }
    assert!(answers.ends_with(b"OK\r\nWATCHER_TOO_MANY log watcher limit reached\r\n"));
    sessions[0].hang_up(store, now);
    assert!(sessions[0].closed());
    answers.clear();
    sessions[20].feed(store, b"watch m\r\n", now, &mut answers);
    sessions[0].feed(store, b"version\r\n", now, &mut answers);
    assert_eq!(answers, b"OK\r\n");
}

/// As memcached counts them: a flushed item stays until it is asked for, crawled, or in the way of another.
#[test]
fn a_flushed_item_is_counted_when_it_is_met() {
    let machine = &mut Machine::new(BASE_S);
    let row = |machine: &mut Machine, name: &str| {
        let rows = answer(machine, "stats\r\n");
        let row = rows.lines().find_map(|row| row.strip_prefix(&format!("STAT {name} "))).map(str::to_owned);
        row.unwrap_or_else(|| panic!("no {name} in {rows}"))
    };
    for key in ["a", "b", "c", "d"] {
        answer(machine, &format!("set {key} 0 0 1\r\nx\r\n"));
    }
    answer(machine, "flush_all\r\nset late 0 0 1\r\nx\r\n");
    assert_eq!((row(machine, "get_flushed").as_str(), row(machine, "curr_items").as_str()), ("0", "5"));
    assert_eq!(answer(machine, "get a a b late\r\n"), "VALUE late 0 1\r\nx\r\nEND\r\n");
    assert_eq!(answer(machine, "incr c 1\r\nset c 0 0 1\r\nx\r\n"), "NOT_FOUND\r\nSTORED\r\n");
    assert_eq!((row(machine, "get_flushed").as_str(), row(machine, "curr_items").as_str()), ("3", "3"));
    assert_eq!(row(machine, "get_expired"), "0");
    assert_eq!(answer(machine, "lru_crawler mgdump hash\r\n"), "OK\r\nmg c\r\nmg late\r\nEN\r\n");
    assert_eq!(machine.store().entries().map(|(key, _, _)| key).collect::<Vec<_>>(), [b"late".as_slice(), b"c"]);
    answer(machine, "lru_crawler crawl all\r\n");
    assert_eq!((row(machine, "curr_items").as_str(), row(machine, "crawler_reclaimed").as_str()), ("2", "1"));
    assert_eq!(row(machine, "expired_unfetched"), "0");
    // What is in the way goes without being counted as evicted.
    answer(machine, "cache_memlimit 8\r\n");
    let value = "v".repeat(1_000_000);
    for key in 0..9 {
        answer(machine, &format!("set {key} 0 0 1000000 noreply\r\n{value}\r\n"));
    }
    let evicted = row(machine, "evictions");
    answer(machine, "flush_all\r\n");
    for key in 0..4 {
        answer(machine, &format!("set {key}{key} 0 0 1000000 noreply\r\n{value}\r\n"));
    }
    assert_eq!((row(machine, "evictions"), row(machine, "curr_items").as_str()), (evicted, "8"));
}

#[test]
fn a_host_may_show_its_process() {
    let rows = |store: &mut Store| {
        let mut out = Vec::new();
        Session::new().feed(store, b"stats\r\n", Instant::default(), &mut out);
        String::from_utf8(out).expect("these tests speak text")
    };
    let (mut with, mut without) = (Store::new(BASE_S, 1 << 20).with_pid(4711), Store::new(BASE_S, 1 << 20));
    assert!(rows(&mut with).starts_with("STAT pid 4711\r\nSTAT uptime 0\r\n"));
    assert!(rows(&mut without).starts_with("STAT uptime 0\r\n"));
}

#[test]
fn a_dump_and_the_counts_of_prefixes_are_bounded() {
    let store = &mut Store::new(BASE_S, 1 << 40);
    let (mut session, mut out, now) = (Session::new(), Vec::new(), Instant::default());
    // Each key of 250 bytes that are not shown as they are takes 750 of the dump.
    let key = "é".repeat(122);
    for number in 0..90_000 {
        session.feed(store, format!("set {key}{number:06} 0 0 0\r\n\r\n").as_bytes(), now, &mut out);
    }
    out.clear();
    session.feed(store, b"lru_crawler metadump all\r\nmn\r\n", now, &mut out);
    assert_eq!(out, b"SERVER_ERROR out of memory writing dump\r\nMN\r\n");
    out.clear();
    session.feed(store, b"lru_crawler mgdump all\r\n", now, &mut out);
    assert!(out.ends_with(b"EN\r\n") && out.len() > 90_000 * 250, "{} bytes", out.len());
    session.feed(store, b"flush_all\r\nstats detail on\r\n", now, &mut Vec::new());
    for number in 0..20_000 {
        session.feed(store, format!("get p{number}:x\r\n").as_bytes(), now, &mut Vec::new());
    }
    out.clear();
    session.feed(store, b"stats detail dump\r\n", now, &mut out);
    assert_eq!(out.split(|&byte| byte == b'\n').filter(|row| row.starts_with(b"PREFIX p")).count(), 10_000);
}
