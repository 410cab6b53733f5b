//! Redis behind the service answers as the engine does, and its counts never part from its entries.

use serde_json::Value;

use crate::processes::{Process, free_port, redis};
use crate::support::{Answer, Client, Running};

/// A Redis, a service over it, and a connection to Redis for looking.
pub(crate) struct Pair {
    pub(crate) redis: Process,
    pub(crate) server: Running,
    pub(crate) port: u16,
}

impl Pair {
    pub(crate) fn new(redis_flags: &[&str], flags: &[&str]) -> Self {
        let port = free_port();
        let redis = redis(port, redis_flags);
        let url = format!("redis://127.0.0.1:{port}");
        let server = Running::new(&[&["--store", url.as_str()], flags].concat());
        Self { redis, server, port }
    }

    pub(crate) fn look(&self) -> ::redis::Connection {
        let client = ::redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("a URL");
        client.get_connection().expect("it runs")
    }
}

pub(crate) fn put(client: &mut Client, key: &str, body: &str) -> Answer {
    client.ask("PUT", &format!("/api/v1/cache/n/{key}"), body)
}

fn stats(client: &mut Client) -> Value {
    client.ask("GET", "/api/v1/cache/n/stats", "").json()
}

/// An answer without the times, which are the two stores' own.
fn timeless(answer: &Answer) -> (u16, Value, Option<String>) {
    let mut body = answer.json();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        for time in ["created_at", "last_accessed"] {
            assert!(metadata.remove(time).is_some_and(|time| time.is_string()), "{}", answer.body);
        }
    }
    (answer.status, body, answer.header("X-Cache-TTL").map(str::to_owned))
}

#[test]
fn redis_and_the_engine_answer_alike() {
    let pair = Pair::new(&[], &[]);
    let memory = Running::new(&[]);
    let (mut one, mut other) = (pair.server.client(), memory.client());
    for line in [
        r#"PUT /api/v1/cache/n/a {"value": {"b": [1, 2.50, "é"]}, "ttl": 1000, "tags": ["x", "y"]}"#,
        "GET /api/v1/cache/n/a",
        "GET /api/v1/cache/n/a",
        r#"PUT /api/v1/cache/n/a {"value": null}"#,
        "GET /api/v1/cache/n/a",
        "GET /api/v1/cache/n/none",
        r#"POST /api/v1/cache/n/mset {"entries": [{"key": "k1", "value": 1, "tags": ["x"]}, {"key": "k2", "value": 2}, {"key": "k1", "value": 3, "tags": ["x"]}]}"#,
        r#"POST /api/v1/cache/n/mget {"keys": ["k1", "no", "k2", "k1"]}"#,
        r#"POST /api/v1/cache/n/mget {"keys": []}"#,
        r#"POST /api/v1/cache/n/mset {"entries": []}"#,
        "GET /api/v1/cache/n/stats",
        "DELETE /api/v1/cache/nothing?tag=x&pattern=k*",
        "DELETE /api/v1/cache/nothing?pattern=k*",
        "DELETE /api/v1/cache/nothing",
        "DELETE /api/v1/cache/n?tag=x",
        "DELETE /api/v1/cache/n?pattern=k[0-9]",
        "DELETE /api/v1/cache/n/a",
        "DELETE /api/v1/cache/n/a",
        "GET /api/v1/cache/n/stats",
        r#"PUT /api/v1/namespaces/n {"max_size_bytes": 20, "default_ttl": 50}"#,
        r#"PUT /api/v1/cache/n/a {"value": "1234567"}"#,
        r#"PUT /api/v1/cache/n/b {"value": "1234567"}"#,
        "GET /api/v1/cache/n/a",
        r#"PUT /api/v1/cache/n/c {"value": "1234567"}"#,
        "GET /api/v1/cache/n/b",
        "GET /api/v1/cache/n/a",
        r#"PUT /api/v1/cache/n/d {"value": "12345678901234567890"}"#,
        "GET /api/v1/cache/n/stats",
        r#"PUT /api/v1/namespaces/n {"eviction_policy": "none"}"#,
        r#"PUT /api/v1/cache/n/d {"value": "1234567"}"#,
        r#"PUT /api/v1/cache/n/a {"value": "7654321"}"#,
        "GET /api/v1/cache/n/stats",
        "DELETE /api/v1/namespaces/n",
        "DELETE /api/v1/namespaces/n",
        "GET /api/v1/cache/n/stats",
    ] {
        let (method, rest) = line.split_once(' ').expect("a method");
        let (target, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let (found, expected) = (one.ask(method, target, body), other.ask(method, target, body));
        if line.contains("/namespaces/") {
            assert_eq!(found.status, expected.status, "{line}: {}", found.body);
        } else {
            assert_eq!(timeless(&found), timeless(&expected), "{line}");
        }
    }
}

#[test]
fn keys_and_fields_are_those_that_the_document_names() {
    let pair = Pair::new(&[], &[]);
    put(&mut pair.server.client(), "user_123", "{\"value\":{\"id\": 123},\"ttl\":3600}");
    pair.server.client().ask("GET", "/api/v1/cache/n/user_123", "");
    let mut look = pair.look();
    let value: String = ::redis::cmd("GET").arg("cache:n:user_123").query(&mut look).expect("a string");
    assert_eq!(value, "{\"id\": 123}");
    for key in ["cache:n:user_123", "cache_meta:n:user_123"] {
        let ttl: i64 = ::redis::cmd("TTL").arg(key).query(&mut look).expect("a number");
        assert!((3500..=3600).contains(&ttl), "{key}: {ttl}");
    }
    let fields = |look: &mut ::redis::Connection, key: &str| -> std::collections::BTreeMap<String, String> {
        ::redis::cmd("HGETALL").arg(key).query(look).expect("a hash")
    };
    let meta = fields(&mut look, "cache_meta:n:user_123");
    assert_eq!((meta["access_count"].as_str(), meta["size_bytes"].as_str()), ("1", "11"));
    assert!(meta["created_at"].parse::<u64>().is_ok() && meta["last_accessed"] >= meta["created_at"]);
    let stats = fields(&mut look, "cache_stats:n");
    let of = |name: &str| stats.get(name).map(String::as_str);
    assert_eq!(
        [of("hits"), of("misses"), of("total_keys"), of("total_bytes")],
        [Some("1"), None, Some("1"), Some("19")]
    );
}

/// What Redis lets go by itself, because its time has come or its room is needed, leaves the counts as well.
#[test]
fn counts_are_right_when_redis_lets_entries_go_by_itself() {
    let pair = Pair::new(&[], &[]);
    let (mut client, mut look) = (pair.server.client(), pair.look());
    for key in ["a", "b", "c", "d"] {
        put(&mut client, key, "{\"value\":1}");
    }
    // As an eviction of Redis's own would.
    ::redis::cmd("DEL").arg(&["cache:n:a", "cache:n:b"]).exec(&mut look).expect("deleted");
    // As expiry does, without waiting for it: the deadline is moved to where it has passed.
    ::redis::cmd("PEXPIRE").arg("cache:n:c").arg(0).exec(&mut look).expect("expired");
    ::redis::cmd("ZADD").arg("cache_index:n").arg(1).arg("c").exec(&mut look).expect("moved");
    assert_eq!(client.ask("GET", "/api/v1/cache/n/a", "").status, 404);
    let stats = stats(&mut client);
    let of = |name: &str| stats[name].as_u64().expect("a number");
    assert_eq!([of("total_keys"), of("memory_used_bytes"), of("evictions"), of("misses")], [1, 2, 2, 1], "{stats}");
    assert_eq!(client.ask("DELETE", "/api/v1/cache/n", "").json()["deleted_count"], 1);
}

/// Two services on one Redis count as one.
#[test]
fn services_share_entries_and_counts() {
    let pair = Pair::new(&[], &[]);
    let url = format!("redis://127.0.0.1:{}", pair.port);
    let second = Running::new(&["--store", &url]);
    put(&mut pair.server.client(), "k", "{\"value\":1}");
    let ask = |server: &Running| {
        let mut client = server.client();
        (0..50).filter(|_| client.ask("GET", "/api/v1/cache/n/k", "").status == 200).count()
    };
    let found = std::thread::scope(|scope| {
        let threads = [&pair.server, &second, &second].map(|server| scope.spawn(move || ask(server)));
        threads.map(|thread| thread.join().expect("it ends")).iter().sum::<usize>()
    });
    assert_eq!((found, stats(&mut second.client())["hits"].as_u64()), (150, Some(150)));
}

/// A key, the commands that store it, and the value and time of creation that are read, if any are.
type Stored = (&'static str, &'static [&'static [&'static [u8]]], Option<(&'static str, &'static str)>);

/// What another program stored under these names is read if it can be, and else counts as missing: never does it become part of an answer
/// unread. A flush deletes all of it.
#[test]
fn what_another_program_stored_is_read_or_counts_as_missing() {
    let pair = Pair::new(&[], &[]);
    let (mut client, mut look) = (pair.server.client(), pair.look());
    let rows: [Stored; 8] = [
        ("bad", &[&[b"SET", b"cache:n:bad", b"not json"]], None),
        ("inj", &[&[b"SET", b"cache:n:inj", b"1},\"x\":{\"y\":2"]], None),
        ("nothing", &[&[b"SET", b"cache:n:nothing", b""]], None),
        ("bytes", &[&[b"SET", b"cache:n:bytes", b"\"\xff\""]], None),
        ("hash", &[&[b"HSET", b"cache:n:hash", b"a", b"1"]], None),
        // As the document's own class does: it writes times with a fraction.
        (
            "class",
            &[
                &[b"SETEX", b"cache:n:class", b"100", b"\"x\""],
                &[b"HSET", b"cache_meta:n:class", b"created_at", b"1700000000.5", b"access_count", b"1"],
            ],
            Some(("\"x\"", "2023-11-14T22:13:20Z")),
        ),
        ("ever", &[&[b"SET", b"cache:n:ever", b"1"]], Some(("1", ""))),
        ("odd", &[&[b"SETEX", b"cache:n:odd", b"100", b"2"], &[b"SET", b"cache_meta:n:odd", b"x"]], Some(("2", ""))),
    ];
    for (key, commands, found) in rows {
        for command in commands {
            let mut call = ::redis::cmd(std::str::from_utf8(command[0]).expect("a name"));
            call.arg(&command[1..]).exec(&mut look).expect("it is stored");
        }
        let answer = client.ask("GET", &format!("/api/v1/cache/n/{key}"), "");
        let Some((value, created)) = found else {
            assert_eq!((answer.status, answer.body.as_str()), (404, "{\"error\":\"Key not found\"}"), "{key}");
            continue;
        };
        let body = answer.json();
        assert_eq!((answer.status, body["value"].to_string().as_str()), (200, value), "{key}");
        let metadata = &body["metadata"];
        assert!(created.is_empty() || metadata["created_at"] == created, "{key}: {body}");
        let ttl = metadata["ttl_remaining"].as_u64().expect("a number");
        assert!(if key == "ever" { ttl > 1 << 30 } else { (1..=100).contains(&ttl) }, "{key}: {body}");
    }
    let keys = rows.map(|(key, _, _)| key);
    let all = client.ask("POST", "/api/v1/cache/n/mget", &serde_json::json!({"keys": keys}).to_string()).json();
    assert_eq!((&all["hits"], &all["misses"]), (&3.into(), &5.into()), "{all}");
    let stats = stats(&mut client);
    assert_eq!((&stats["hits"], &stats["misses"]), (&6.into(), &10.into()), "{stats}");
    let metrics = client.ask("GET", "/metrics", "").body;
    for line in ["cachedojo_hits_total 6\n", "cachedojo_misses_total 10\n"] {
        assert!(metrics.contains(line), "{metrics}");
    }
    assert!(!metrics.contains("cachedojo_entries"), "what Redis holds is Redis's to tell");
    assert_eq!(put(&mut client, "own", "{\"value\":1}").status, 201);
    assert_eq!(client.ask("DELETE", "/api/v1/cache/n?pattern=e*", "").json()["deleted_count"], 1);
    assert_eq!(client.ask("DELETE", "/api/v1/cache/n", "").json()["deleted_count"], 8);
    let left: Vec<String> = ::redis::cmd("KEYS").arg("cache*:n:*").query(&mut look).expect("names");
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(self::stats(&mut client)["total_keys"], 0);
}

/// Many at once are stored by one request, and deleted by one, in steps.
#[test]
fn many_entries_are_flushed_in_steps() {
    let pair = Pair::new(&[], &["--store-timeout-ms", "20000"]);
    let mut client = pair.server.client();
    let entries: Vec<_> =
        (0..2500).map(|number| serde_json::json!({"key": format!("k{number}"), "value": 1})).collect();
    let body = serde_json::json!({"entries": entries}).to_string();
    assert_eq!(client.ask("POST", "/api/v1/cache/n/mset", &body).json()["stored"], 2500);
    assert_eq!(client.ask("DELETE", "/api/v1/cache/n?pattern=k?", "").json()["deleted_count"], 10);
    assert_eq!(client.ask("DELETE", "/api/v1/cache/n", "").json()["deleted_count"], 2490);
    let stats = stats(&mut client);
    assert_eq!((&stats["total_keys"], &stats["memory_used_bytes"]), (&0.into(), &0.into()), "{stats}");
}
