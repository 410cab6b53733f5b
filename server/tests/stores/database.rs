//! Settings and the access log in SQLite and PostgreSQL.

use serde_json::Value;
use sqlx::{AnyPool, Row as _};

use crate::chaos::until;
use crate::processes::{Folder, Postgres};
use crate::support::Running;

/// Settings, their audit trail and the access log outlive the service.
fn outlives(url: &str) {
    let settings = "{\"default_ttl\":60,\"max_size_bytes\":1500000,\"eviction_policy\":\"LFU\"}";
    let server = Running::new(&["--database", url]);
    let mut client = server.client();
    let set = client.ask("PUT", "/api/v1/namespaces/users", settings);
    assert_eq!(set.status, 200, "{}", set.body);
    client.ask("PUT", "/api/v1/namespaces/users", "{\"default_ttl\":90}");
    client.ask("PUT", "/api/v1/namespaces/gone", "{\"default_ttl\":1}");
    client.ask("DELETE", "/api/v1/namespaces/gone", "");
    let before = ["", "/audit"].map(|part| client.ask("GET", &format!("/api/v1/namespaces/users{part}"), "").body);
    client.ask("PUT", "/api/v1/cache/users/user_123", "{\"value\":1}");
    client.ask("GET", "/api/v1/cache/users/user_123", "");
    client.ask("GET", "/api/v1/cache/users/user_456", "");
    client.ask("POST", "/api/v1/cache/users/mget", "{\"keys\":[\"user_123\"]}");
    client.ask("DELETE", "/api/v1/cache/users?pattern=user_*", "");
    drop(client);
    // When it has stopped, all is written.
    drop(server);
    let server = Running::new(&["--database", url]);
    let mut client = server.client();
    let after = ["", "/audit"].map(|part| client.ask("GET", &format!("/api/v1/namespaces/users{part}"), "").body);
    assert_eq!(after, before);
    assert_eq!(after[1].matches("\"setting\"").count(), 4, "{}", after[1]);
    let all = client.ask("GET", "/api/v1/namespaces", "").json();
    assert_eq!(all["namespaces"].as_array().map(Vec::len), Some(1), "{all}");
    drop(client);
    drop(server);
    let rows = query(
        url,
        "SELECT namespace, key_pattern, operation, CAST(CAST(hit AS INTEGER) AS BIGINT) FROM cache_access_logs ORDER BY id",
    );
    let hit = |number: i64| number == 1;
    let rows: Vec<(String, Option<String>, String, Option<bool>)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get::<Option<i64>, _>(3).map(hit))).collect();
    let expected = [
        (Some("user_*"), "PUT", None),
        (Some("user_*"), "GET", Some(true)),
        (Some("user_*"), "GET", Some(false)),
        (None, "MGET", Some(true)),
        (Some("user_*"), "FLUSH", None),
    ];
    let expected = expected
        .map(|(pattern, operation, hit)| ("users".to_owned(), pattern.map(str::to_owned), operation.to_owned(), hit));
    assert_eq!(rows, expected);
    let audited = query(url, "SELECT CAST(COUNT(*) AS BIGINT) FROM cache_audit WHERE namespace = 'gone'");
    assert_eq!(audited[0].get::<i64, _>(0), 1, "the trail of what is forgotten stays");
}

fn query(url: &str, sql: impl Into<String>) -> Vec<sqlx::any::AnyRow> {
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
    runtime.block_on(async {
        let pool = AnyPool::connect(url).await.expect("it is there");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql.into())).fetch_all(&pool).await.expect("rows");
        pool.close().await;
        rows
    })
}

/// One that nobody answers for is told at once and with its reason, and no password is.
#[test]
fn a_database_that_cannot_be_opened_is_told_with_its_reason() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
    for (url, place, reason) in [
        ("postgres://u:secret@127.0.0.1:1/x", "(postgres://…@127.0.0.1:1/x)", "Connection refused"),
        ("sqlite:/nowhere/x.db", "(sqlite:/nowhere/x.db)", "unable to open database file"),
    ] {
        let error = runtime.block_on(cachedojo_server::database::Database::open(url)).expect_err("nobody is there");
        let told = format!("{error:#}");
        assert!(told.contains("name another with --database") && told.contains(place), "{told}");
        assert!(told.contains(reason) && !told.contains("secret"), "{told}");
    }
}

#[test]
fn settings_and_logs_outlive_the_service_in_sqlite() {
    let folder = Folder::new();
    outlives(&format!("sqlite:{}", folder.path().join("cache.db").display()));
    may_be_empty(&format!("sqlite:{}", folder.path().join("cache.db").display()));
    logs_every_access(&format!("sqlite:{}", folder.path().join("cache.db").display()));
    leaves_out_what_is_wrong(&format!("sqlite:{}", folder.path().join("wrong.db").display()));
    is_shared(&format!("sqlite:{}", folder.path().join("shared.db").display()));
}

#[test]
fn settings_and_logs_outlive_the_service_in_postgresql() {
    let postgres = Postgres::new();
    outlives(&postgres.url);
    has_the_documents_tables(&postgres.url);
    may_be_empty(&postgres.url);
    logs_every_access(&postgres.url);
    leaves_out_what_is_wrong(&postgres.url);
    is_shared(&postgres.url);
}

/// Every table, column, default and index that the document names.
fn has_the_documents_tables(url: &str) {
    let document = include_str!("../service/document_002.md");
    let json = document.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("a JSON block");
    let schema: Value = serde_json::from_str(json).expect("JSON");
    let columns = query(
        url,
        "SELECT table_name::text, column_name::text, data_type::text, COALESCE(character_maximum_length, 0), \
         is_nullable::text, COALESCE(column_default, '')::text FROM information_schema.columns",
    );
    let mut checked = 0;
    for table in schema["persistence"]["tables"].as_array().expect("tables") {
        let table_name = table["name"].as_str().expect("a name");
        for column in table["columns"].as_array().expect("columns") {
            let [name, kind, constraints] =
                ["name", "type", "constraints"].map(|field| column[field].as_str().unwrap_or(""));
            let found = columns.iter().find(|row| row.get::<&str, _>(0) == table_name && row.get::<&str, _>(1) == name);
            let found = found.unwrap_or_else(|| panic!("{table_name}.{name} is not there"));
            let (data_type, length): (&str, i32) = (found.get(2), found.get(3));
            let (nullable, default): (&str, &str) = (found.get(4), found.get(5));
            let expected = match kind.split('(').next().expect("a type") {
                "SERIAL" | "INTEGER" => "integer",
                "BIGSERIAL" => "bigint",
                "VARCHAR" => "character varying",
                "TIMESTAMP" => "timestamp without time zone",
                "BOOLEAN" => "boolean",
                "FLOAT" => "double precision",
                other => panic!("{other} is unknown"),
            };
            assert_eq!(data_type, expected, "{table_name}.{name}");
            let wanted_length =
                kind.split_once('(').map_or(0, |(_, rest)| rest.trim_end_matches(')').parse().expect("a length"));
            assert_eq!(length, wanted_length, "{table_name}.{name}");
            assert!(!constraints.contains("NOT NULL") || nullable == "NO", "{table_name}.{name}");
            if let Some((_, wanted)) = constraints.split_once("DEFAULT ") {
                let wanted = wanted.trim_matches('\'').to_ascii_lowercase();
                assert!(default.to_ascii_lowercase().contains(&wanted), "{table_name}.{name}: {default}");
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 13);
    let indexes = query(url, "SELECT indexdef::text FROM pg_indexes WHERE tablename = 'cache_access_logs'");
    assert!(indexes.iter().any(|row| row.get::<&str, _>(0).contains("(namespace, \"timestamp\")")));
}

/// So many requests at once that their rows are written by one statement for many of them, and the rest by one for each.
fn logs_every_access(url: &str) {
    // Nothing of what is asked without a log.
    let silent = Running::new(&["--database", url, "--access-log", "off"]);
    assert_eq!(silent.client().ask("GET", "/api/v1/cache/log/k0xyy", "").status, 404);
    drop(silent);
    let server = Running::new(&["--database", url]);
    let mut client = server.client();
    let request = |number: u32| format!("GET /api/v1/cache/log/k{number}xyy HTTP/1.1\r\nHost: h\r\n\r\n");
    client.send(&(0..150).map(request).collect::<String>());
    assert!((0..150).all(|_| client.receive().status == 404));
    drop((client, server));
    let rows = query(
        url,
        "SELECT key_pattern, operation, CAST(CAST(hit AS INTEGER) AS BIGINT) FROM cache_access_logs \
         WHERE namespace = 'log' AND latency_ms > 0 AND timestamp >= '2024-01-01' ORDER BY id",
    );
    let is_so = |row: &sqlx::any::AnyRow| {
        (row.get::<&str, _>(0), row.get::<&str, _>(1), row.get::<i64, _>(2)) == ("k*xyy", "GET", 0)
    };
    assert_eq!((rows.len(), rows.iter().all(is_so)), (150, true));
}

/// What one service sets, another on the same database takes over, and so it does what is set in the table by hand.
fn is_shared(url: &str) {
    let (one, other) = (Running::new(&["--database", url]), Running::new(&["--database", url]));
    let (mut one, mut client) = (one.client(), other.client());
    let mut ttl = || client.ask("GET", "/api/v1/namespaces/shared", "").json()["default_ttl"].clone();
    assert_eq!(one.ask("PUT", "/api/v1/namespaces/shared", "{\"default_ttl\":60}").status, 200);
    assert!(until(|| ttl() == 60), "{}", ttl());
    query(url, "UPDATE cache_namespaces SET default_ttl = 70 WHERE name = 'shared'");
    assert!(until(|| ttl() == 70), "{}", ttl());
    assert_eq!(one.ask("DELETE", "/api/v1/namespaces/shared", "").status, 200);
    assert!(until(|| ttl() == 3600), "{}", ttl());
    let mut client = other.client();
    assert_eq!(client.ask("GET", "/api/v1/namespaces/shared/audit", "").body, "{\"changes\":[]}");
}

/// A row that somebody else wrote, with nothing but its name: the document's defaults count.
fn may_be_empty(url: &str) {
    drop(Running::new(&["--database", url]));
    let columns = "name, default_ttl, max_size_mb, eviction_policy, created_at";
    let row =
        |name: &str| format!("INSERT INTO cache_namespaces ({columns}) VALUES ('{name}', NULL, NULL, NULL, NULL)");
    query(url, row("empty"));
    query(url, "INSERT INTO cache_namespaces (name) VALUES ('named')");
    let server = Running::new(&["--database", url]);
    for name in ["empty", "named"] {
        let settings = server.client().ask("GET", &format!("/api/v1/namespaces/{name}"), "").json();
        let of = |setting: &str| settings[setting].to_string();
        assert_eq!([of("default_ttl"), of("max_size_bytes"), of("eviction_policy")], ["3600", "104857600", "\"LRU\""]);
    }
    drop(server);
}

/// A row that holds what is no setting stops nobody: the others are followed, and the namespace can be set anew.
fn leaves_out_what_is_wrong(url: &str) {
    let (first, last) = (Running::new(&["--database", url]), "UPDATE cache_namespaces SET default_ttl =");
    let mut client = first.client();
    for name in ["good", "wrong"] {
        assert_eq!(client.ask("PUT", &format!("/api/v1/namespaces/{name}"), "{\"default_ttl\":9}").status, 200);
    }
    for (number, (column, value)) in
        [("eviction_policy", "'SOON'"), ("max_size_bytes", "-1"), ("default_ttl", "0")].into_iter().enumerate()
    {
        query(url, format!("UPDATE cache_namespaces SET {column} = {value} WHERE name = 'wrong'"));
        let ttl = 50 + number;
        query(url, format!("{last} {ttl} WHERE name = 'good'"));
        let second = Running::new(&["--database", url]);
        let mut other = second.client();
        for client in [&mut client, &mut other] {
            let mut of =
                |name: &str| client.ask("GET", &format!("/api/v1/namespaces/{name}"), "").json()["default_ttl"].clone();
            assert!(until(|| of("good") == ttl), "{column}: {}", of("good"));
            assert!([9, 3600].iter().any(|ttl| of("wrong") == *ttl), "{column}: {}", of("wrong"));
        }
        assert_eq!(other.ask("PUT", "/api/v1/namespaces/other", "{\"default_ttl\":5}").status, 200, "{column}");
    }
    let anew = "{\"default_ttl\":7,\"max_size_bytes\":1000,\"eviction_policy\":\"LFU\"}";
    assert_eq!(client.ask("PUT", "/api/v1/namespaces/wrong", anew).status, 200);
    let third = Running::new(&["--database", url]);
    let set = third.client().ask("GET", "/api/v1/namespaces/wrong", "").json();
    assert_eq!((&set["default_ttl"], &set["eviction_policy"]), (&7.into(), &"LFU".into()), "{set}");
}

/// A setting that cannot be kept is not set: what is set is always what is kept.
#[test]
fn a_change_that_cannot_be_kept_is_taken_back() {
    let postgres = Postgres::new();
    let server = Running::new(&["--database", &postgres.url]);
    let mut client = server.client();
    assert_eq!(client.ask("PUT", "/api/v1/namespaces/n", "{\"default_ttl\":60}").status, 200);
    query(&postgres.url, "ALTER TABLE cache_audit RENAME TO elsewhere");
    assert_eq!(client.ask("PUT", "/api/v1/namespaces/n", "{\"default_ttl\":70}").status, 503);
    assert_eq!(client.ask("GET", "/api/v1/namespaces/n", "").json()["default_ttl"], 60);
    assert_eq!(client.ask("GET", "/api/v1/namespaces/n/audit", "").body.matches("\"setting\"").count(), 1);
    query(&postgres.url, "ALTER TABLE elsewhere RENAME TO cache_audit");
    assert_eq!(client.ask("PUT", "/api/v1/namespaces/n", "{\"default_ttl\":70}").status, 200);
}

/// Entries are served on while the database is down, and a change of settings says what does not answer.
#[test]
fn a_database_that_went_away_is_named() {
    let postgres = Postgres::new();
    let server = Running::new(&["--database", &postgres.url, "--timeout-ms", "2000"]);
    let mut client = server.client();
    assert_eq!(client.ask("PUT", "/api/v1/namespaces/n", "{\"default_ttl\":60}").status, 200);
    postgres.end();
    for (method, target, body) in [
        ("PUT", "/api/v1/namespaces/n", "{\"default_ttl\":12}"),
        ("PUT", "/api/v1/namespaces/other", "{\"default_ttl\":12}"),
        ("DELETE", "/api/v1/namespaces/n", ""),
    ] {
        let answer = client.ask(method, target, body);
        let told = (answer.status, answer.body.as_str());
        assert_eq!(
            told,
            (503, "{\"error\":\"The database does not answer, or cannot store it\"}"),
            "{method} {target}"
        );
    }
    assert_eq!(client.ask("GET", "/api/v1/namespaces/n", "").json()["default_ttl"], 60);
    assert_eq!(client.ask("PUT", "/api/v1/cache/n/k", "{\"value\":1}").status, 201);
    assert_eq!(client.ask("GET", "/health", "").status, 200);
}
