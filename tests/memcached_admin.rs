//! The memcached commands that manage a server, and its statistics.

mod conversation;

use cachedojo::clock::Instant;
use cachedojo::protocol::memcached::{Machine, Session, Store};
use conversation::{BASE_S, check};

/// What is answered to all of this, as text.
fn answer(machine: &mut Machine, requests: &str) -> String {
    String::from_utf8(machine.feed(requests.as_bytes(), Instant::default())).expect("these tests speak text")
}

#[test]
fn a_dump_lists_the_living_items_by_class_the_least_recently_used_first() {
    check(
        "
        > lru_crawler metadump all
        < OK
        < END
        > set b 7 100 1|x
        < STORED
        > set clé 0 0 40|0123456789012345678901234567890123456789
        < STORED
        > set a 0 0 1|x
        < STORED
        > ms YTp6 1 b|x
        < HD
        > set gone 0 3 1|x
        < STORED
        + 3.5
        > get b
        < VALUE b 7 1
        < x
        < END
        > lru_crawler metadump all
        < OK
        < key=a exp=-1 la=1700000000 cas=3 fetch=no cls=1 size=61 flags=0 
        < key=a%3Az exp=-1 la=1700000000 cas=4 fetch=no cls=1 size=63 flags=0 
        < key=b exp=1700000100 la=1700000003 cas=1 fetch=yes cls=1 size=65 flags=7 
        < key=cl%C3%A9 exp=-1 la=1700000000 cas=2 fetch=no cls=2 size=103 flags=0 
        < END
        > lru_crawler metadump 2,3
        < OK
        < key=cl%C3%A9 exp=-1 la=1700000000 cas=2 fetch=no cls=2 size=103 flags=0 
        < END
        > lru_crawler mgdump hash
        < OK
        < mg a
        < mg YTp6 b
        < mg b
        < mg clé
        < EN
        > lru_crawler m 2
        < OK
        < key=cl%C3%A9 exp=-1 la=1700000000 cas=2 fetch=no cls=2 size=103 flags=0 
        < END
        > lru_crawler metadump ,
        < NOTSTARTED no items to crawl
        > lru_crawler metadump 0
        < BADCLASS invalid class id
        > lru_crawler metadump 1,64
        < BADCLASS invalid class id
        > lru_crawler mgdump ALL
        < BADCLASS invalid class id
        > lru_crawler metadump all 1
        < ERROR
        > lru_crawler metadump all noreply
        ",
    );
    let mut machine = Machine::new(BASE_S);
    let lines = answer(&mut machine, "set a 0 0 1 noreply\r\nx\r\nlru_crawler metadump all\r\n");
    let line = "key=a exp=-1 la=1700000000 cas=1 fetch=no cls=1 size=61 flags=0 \n";
    assert_eq!(lines, format!("OK\r\n{line}END\r\n"), "only an item's own line ends without `\\r`");
}

#[test]
fn a_crawl_removes_what_has_expired() {
    check(
        "
        > set a 0 1 1|x
        < STORED
        > set b 0 1 1|x
        < STORED
        > get b
        < VALUE b 0 1
        < x
        < END
        > set c 0 0 1|x
        < STORED
        + 2
        > lru_crawler tocrawl 1
        < OK
        > lru_crawler crawl 2
        < OK
        > stats cachedump 1 0
        < ITEM c [1 b; 0 s]
        < END
        > lru_crawler crawl all
        < OK
        > stats items
        < STAT items:1:number 2
        < STAT items:1:age 2
        < STAT items:1:mem_requested 122
        < STAT items:1:evicted 0
        < STAT items:1:evicted_nonzero 0
        < STAT items:1:evicted_time 0
        < STAT items:1:outofmemory 0
        < STAT items:1:tailrepairs 0
        < STAT items:1:reclaimed 0
        < STAT items:1:expired_unfetched 1
        < STAT items:1:evicted_unfetched 0
        < STAT items:1:crawler_reclaimed 1
        < STAT items:1:crawler_items_checked 1
        < STAT items:1:lrutail_reflocked 0
        < END
        > lru_crawler tocrawl 0
        < OK
        > lru_crawler crawl ,1,,40
        < OK
        > stats sizes
        < STAT 64 1
        < END
        > lru_crawler crawl x
        < BADCLASS invalid class id
        > lru_crawler crawl hash
        < ERROR an unknown error happened
        > lru_crawler enable
        < ERROR failed to start lru crawler thread
        > lru_crawler disable
        < OK
        > lru_crawler disable
        < OK
        > lru_crawler crawl x
        < CLIENT_ERROR lru crawler disabled
        > lru_crawler metadump all
        < CLIENT_ERROR lru crawler disabled
        > lru_crawler e
        < OK
        > lru_crawler crawl all
        < OK
        > lru_crawler enable noreply
        > lru_crawler sleep 1000000
        < OK
        > lru_crawler sleep 1000001
        < CLIENT_ERROR sleep must be one second or less
        > lru_crawler sleep x
        < CLIENT_ERROR bad command line format
        > lru_crawler tocrawl -1
        < CLIENT_ERROR bad command line format
        > lru_crawler
        < ERROR
        > lru_crawler crawl
        < ERROR
        > lru_crawler bogus 1
        < ERROR
        ",
    );
}

#[test]
fn the_lru_and_the_slabs_are_tuned_within_limits() {
    check(
        "
        > lru tune 10 25 0.1 2.0
        < OK
        > lru tune 50 31 0.1 2
        < ERROR hot and warm pcts must not exceed 80
        > lru tune 50 30 0 2
        < ERROR hot/warm age factors must be greater than 0
        > lru tune 50 30 1 -2
        < ERROR hot/warm age factors must be greater than 0
        > lru tune 50 30 1x 2
        < ERROR
        > lru tune 50 30 1e400 2
        < ERROR
        > lru tune x 30 0 2
        < ERROR
        > lru tune 10 25 0.1
        < ERROR
        > lru mode flat
        < OK
        > lru m s
        < OK
        > lru mode flatter
        < ERROR
        > lru mode
        < ERROR
        > lru temp_ttl 5
        < OK
        > lru temp_ttl 2147483648
        < ERROR
        > lru
        < ERROR
        > slabs automove 0
        < OK
        > slabs a 2
        < OK
        > slabs automove 3
        < ERROR
        > slabs automove x
        < CLIENT_ERROR bad command line format
        > slabs automove ratio 0.5
        < OK
        > slabs automove ratio
        < ERROR
        > slabs automove freeratio 0.1
        < OK
        > slabs automove window 1800
        < OK
        > slabs automove window 1801
        < CLIENT_ERROR automove window too low or too high
        > slabs automove window x
        < CLIENT_ERROR bad command line format
        > slabs automove
        < ERROR
        > slabs automove 1 noreply
        > slabs
        < ERROR
        > verbosity 9
        < OK
        > lru_crawler sleep 7
        < OK
        > lru_crawler tocrawl 8
        < OK
        > stats settings
        < STAT maxbytes 67108864
        < STAT verbosity 2
        < STAT evictions on
        < STAT shutdown_command no
        < STAT growth_factor 1.25
        < STAT chunk_size 48
        < STAT stat_key_prefix :
        < STAT detail_enabled no
        < STAT cas_enabled yes
        < STAT item_size_max 1048576
        < STAT slab_reassign yes
        < STAT slab_automove 1
        < STAT slab_automove_ratio 0.50
        < STAT slab_automove_window 1800
        < STAT slab_chunk_max 524288
        < STAT lru_crawler yes
        < STAT lru_crawler_sleep 7
        < STAT lru_crawler_tocrawl 8
        < STAT flush_enabled yes
        < STAT dump_enabled yes
        < STAT lru_segmented yes
        < STAT hot_lru_pct 10
        < STAT warm_lru_pct 25
        < STAT hot_max_factor 0.10
        < STAT warm_max_factor 2.00
        < STAT temp_lru yes
        < STAT temporary_ttl 5
        < STAT watcher_logbuf_size 262144
        < STAT track_sizes yes
        < STAT client_flags_size 4
        < END
        ",
    );
}

#[test]
fn a_page_moves_to_another_class_and_takes_what_has_no_room() {
    check(
        "
        > slabs reassign 1 1
        < SAME src and dst class are identical
        > slabs reassign 1 2
        < NOSPARE source class has no spare pages
        > slabs reassign 0 1
        < NOSPARE source class has no spare pages
        > slabs reassign -1 1
        < BADCLASS invalid src or dst class id
        > slabs reassign 1 40
        < BADCLASS invalid src or dst class id
        > slabs reassign 1 x
        < CLIENT_ERROR bad command line format
        > slabs reassign 1
        < ERROR
        > slabs reassign 1 2 noreply
        ",
    );
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
    assert_eq!(answer(machine, "stats items\r\nstats sizes\r\n"), "END\r\nEND\r\n");
    assert!(answer(machine, "stats slabs\r\n").contains("STAT 1:used_chunks 0\r\n"), "pages stay");
}

#[test]
fn requests_are_counted_by_prefix_when_that_is_asked_for() {
    check(
        "
        > set before:x 0 0 1|x
        < STORED
        > stats detail on
        < OK
        > get foo:bar foo:bar:2
        < END
        > set foo:bar 0 0 1|x
        < STORED
        > get foo:bar a
        < VALUE foo:bar 0 1
        < x
        < END
        > delete foo:bar
        < DELETED
        > delete :x
        < NOT_FOUND
        > mg foo:bar v
        < EN
        > stats detail off
        < OK
        > get foo:bar
        < END
        > stats detail d
        < PREFIX  get 0 hit 0 set 0 del 1
        < PREFIX foo get 3 hit 1 set 1 del 1
        < END
        > stats reset
        < RESET
        > stats detail dump
        < END
        > stats detail
        < CLIENT_ERROR usage: stats detail on|off|dump
        > stats detail x
        < CLIENT_ERROR usage: stats detail on|off|dump
        ",
    );
}

#[test]
fn other_statistics_have_their_forms_and_limits() {
    check(
        "
        > set a 0 0 2|xy
        < STORED
        > set b 0 100 1|x
        < STORED
        > set gone 0 1 1|x
        < STORED
        > ms YQ== 3 b|xyz
        < HD
        + 2
        > stats cachedump 1 0
        < ITEM b [1 b; 1700000100 s]
        < END
        > set a 0 0 2|xy
        < STORED
        > stats cachedump 1 1
        < ITEM a [2 b; 0 s]
        < END
        > stats cachedump 2 0
        < END
        > stats cachedump 1
        < CLIENT_ERROR bad command line
        > stats cachedump x 1
        < CLIENT_ERROR bad command line format
        > stats cachedump 64 1
        < CLIENT_ERROR Illegal slab id
        > stats conns
        < STAT 1:addr local
        < STAT 1:state conn_parse_cmd
        < STAT 1:secs_since_last_cmd 0
        < END
        > stats extstore
        < ERROR
        > stats i
        < ERROR
        > stats nonsense
        < ERROR
        > stats sizes_enable
        < ERROR
        > stats noreply
        < ERROR
        ",
    );
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
