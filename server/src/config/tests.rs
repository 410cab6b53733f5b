//! What settings amount to, and what is said of wrong ones.

use super::*;
use clap::Parser as _;

fn config(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Config, Mistake> {
    let arguments = ["cachedojo-server"].iter().chain(arguments);
    let flags = Flags::try_parse_from(arguments).expect("known flags");
    Config::new(&flags, |name| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn flags_come_before_environment_before_file_before_default() {
    let folder = std::env::temp_dir().join(format!("cachedojo-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("server.toml");
    std::fs::write(&path, "listen = \"127.0.0.1:1\"\nmemory-mb = 7\nconnections = \"3\"\n").expect("a file");
    let file = ["--config", path.to_str().expect("text")];
    let with_flag = [file[0], file[1], "--listen", "127.0.0.1:3"];
    let environment = [("CACHEDOJO_LISTEN", "127.0.0.1:2"), ("CACHEDOJO_MEMORY_MB", "8")];
    let read = config(&with_flag, &environment).expect("right");
    assert_eq!((read.listen.port(), read.memory_bytes_max, read.connections_max), (3, 8 << 20, 3));
    let read = config(&file, &environment[..1]).expect("right");
    assert_eq!((read.listen.port(), read.memory_bytes_max), (2, 7 << 20));
    let read = config(&[], &[]).expect("right");
    assert_eq!((read.listen.port(), read.memory_bytes_max, read.virtual_clock), (8080, 100 << 20, false));
    for (text, sentence) in [
        ("listen-to = \"127.0.0.1:1\"", "there is no setting `listen-to`: the settings are listen, tls-cert,"),
        ("[server]\nlisten = \"127.0.0.1:1\"", "there is no setting `server`: the settings are listen,"),
        ("memory-mb = 1.5", "memory-mb is neither a text nor a whole number: write memory-mb = \"…\""),
        ("memory-mb = 0", "`0` is out of range: write a whole number from 1 to 1048576"),
        ("listen = \"127.0.0.1:1\"\n\nlog = info\n", "line 3 is no TOML ("),
    ] {
        std::fs::write(&path, text).expect("a file");
        let mistake = config(&file, &[]).expect_err("wrong").to_string();
        assert!(mistake.contains(sentence) && mistake.contains("server.toml: "), "{text}: {mistake}");
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn every_wrong_setting_is_named_with_its_place_and_what_would_be_right() {
    for (arguments, sentence) in [
        (
            ["--listen", "localhost"],
            "--listen: `localhost` is no address: write one such as 127.0.0.1:8080 or [::1]:8080",
        ),
        (["--memory-mb", "0"], "--memory-mb: `0` is out of range: write a whole number from 1 to 1048576"),
        (["--timeout-ms", "soon"], "--timeout-ms: `soon` is no number: write a whole number from 1 to 3600000"),
        (["--log", "loud"], "--log: `loud` is none of its words: write one of off, error, warn, info, debug"),
        (["--access-log", "no"], "--access-log: `no` is none of its words: write one of on, off"),
        (["--clock", "none"], "--clock: `none` is none of its words: write one of host, virtual"),
        (
            ["--store", "disk"],
            "--store is no store: write memory, redis://HOST:PORT or redis+cluster://HOST:PORT,HOST:PORT",
        ),
        (["--store", "redis://"], "--store: Missing hostname - InvalidClientConfig: write redis://HOST:PORT"),
        (
            ["--store", "redis+cluster://a:1,"],
            "--store: Missing hostname - InvalidClientConfig: write redis://HOST:PORT",
        ),
        (["--database", "mysql://x"], "--database is no database: write sqlite:PATH, sqlite::memory: or postgres://…"),
        (["--database", "sqlite:"], "--database: `sqlite:` names no file: write sqlite:PATH, or sqlite::memory:"),
        (["--memcached", "127.0.0.1:8080"], "127.0.0.1:8080 is given to listen and to memcached: give each its own"),
        (["--tls-cert", "c.pem"], "--tls-cert needs its key: name it with tls-key"),
        (["--tls-key", "k.pem"], "--tls-key needs its certificate: name it with tls-cert"),
        (["--token", "a b"], "--token: a token has printable ASCII characters and no spaces"),
        (
            ["--body-bytes", "2000"],
            "a body of 2000 bytes cannot hold a value of 1048576: raise body-bytes or lower value-bytes",
        ),
    ] {
        assert_eq!(config(&arguments, &[]).expect_err("wrong").to_string(), sentence);
    }
    let environment = [("CACHEDOJO_MEMCACHED", "x")];
    assert!(config(&[], &environment).expect_err("wrong").to_string().starts_with("CACHEDOJO_MEMCACHED: `x`"));
    let missing = config(&["--config", "/nowhere/x.toml"], &[]).expect_err("wrong").to_string();
    assert!(missing.starts_with("/nowhere/x.toml cannot be read"), "{missing}");
}

#[test]
fn a_misspelt_variable_is_told() {
    let names = ["CACHEDOJO_MEMORYMB", "CACHEDOJO_MEMORY_MB", "CACHEDOJO_CONFIG", "CACHEDOJO_PLAYGROUND", "PATH"]
        .map(str::to_owned);
    assert_eq!(unread(names.into_iter()), ["CACHEDOJO_MEMORYMB"]);
}

#[test]
fn a_redis_cluster_is_named_by_some_of_its_nodes() {
    for (value, urls) in [
        ("redis+cluster://127.0.0.1:1", &["redis://127.0.0.1:1"][..]),
        ("redis+cluster://u:p@a:1, b:2", &["redis://u:p@a:1", "redis://u:p@b:2"]),
    ] {
        let urls = urls.iter().map(|url| (*url).to_owned()).collect();
        assert_eq!(config(&["--store", value], &[]).expect("right").store, StoreUrl::RedisCluster(urls));
    }
}

#[test]
fn every_setting_is_a_flag() {
    let mut all = Flags::default();
    for &(name, access) in SETTINGS {
        *access(&mut all) = Some(name.to_owned());
    }
    // No `..`: a field that is new must be named here, and so in `SETTINGS`.
    let Flags {
        config: _,
        listen,
        tls_cert,
        tls_key,
        memcached,
        store,
        database,
        access_log,
        store_timeout_ms,
        token,
        memory_mb,
        value_bytes,
        evict_mb,
        body_bytes,
        connections,
        timeout_ms,
        farewell_ms,
        log,
        clock,
        node,
        peers,
        cluster,
        data,
    } = all;
    let served =
        [listen, tls_cert, tls_key, memcached, store, database, access_log, store_timeout_ms, token, log, clock];
    let bounds = [memory_mb, value_bytes, body_bytes, connections, timeout_ms, farewell_ms];
    assert!(served.iter().chain(&bounds).chain(&[node, peers, cluster, data, evict_mb]).all(Option::is_some));
}

#[test]
fn a_node_of_a_cluster_is_checked_before_anything_is_opened() {
    let three = "n1=127.0.0.1:7001,n2=127.0.0.1:7002,n3=127.0.0.1:7003";
    let node = config(&["--node", "n2", "--peers", three], &[]).expect("right").node.expect("a node");
    assert_eq!((node.id.number(), node.address().port(), node.founders().len()), (2, 7002, 3));
    assert_eq!(node.folder, Path::new("cachedojo-n2"));
    // An even number of them is as good, and port 0 is for those whose address is not known.
    let environment =
        [("CACHEDOJO_NODE", "n1"), ("CACHEDOJO_PEERS", "n1=[::1]:0, n2=[::1]:0"), ("CACHEDOJO_DATA", "d")];
    let other = config(&["--cluster", "c"], &environment).expect("right").node.expect("a node");
    assert_eq!((other.founders().len(), other.folder.to_str()), (2, Some("d")));
    assert_eq!((node.evict_bytes, other.evict_bytes), (None, None));
    let evicts = config(&["--evict-mb", "3"], &environment).expect("right").node.expect("a node");
    assert_eq!(evicts.evict_bytes, Some(3 << 20));
    assert_ne!(other.proof, config(&["--token", "t"], &environment).expect("right").node.expect("a node").proof);
    for (arguments, sentence) in [
        (&["--node", "n1"][..], "--node needs peers: name all nodes, as in n1=127.0.0.1:7001,n2=127.0.0.1:7002"),
        (&["--peers", three], "--peers is for a node of a cluster: say with node which one this is"),
        (&["--evict-mb", "5"], "--evict-mb is for a node of a cluster: say with node which one this is"),
        (
            &["--node", "n1", "--peers", three, "--evict-mb", "100"],
            "evict-mb is 100 and memory-mb 100, which counts what deletes leave behind too: lower evict-mb or raise memory-mb",
        ),
        (&["--data", "d"], "--data is for a node of a cluster: say with node which one this is"),
        (&["--node", "first", "--peers", three], "--node: `first` is no node: nodes are n1 to n63"),
        (
            &["--node", "n4", "--peers", three],
            "this node is n4, and the peers are n1 n2 n3: name it among them, with its own address",
        ),
        (
            &["--node", "n1", "--peers", "n1=127.0.0.1:1,n2=127.0.0.1:1"],
            "--peers: n1 and n2 have one address, 127.0.0.1:1: give each its own",
        ),
        (
            &["--node", "n1", "--peers", "n1=127.0.0.1:1,n1=127.0.0.1:2"],
            "--peers: n1 is there twice: name each node once",
        ),
        (
            &["--node", "n1", "--peers", "n1=localhost"],
            "--peers: `localhost` of n1 is no address: write one such as 127.0.0.1:7001 or [::1]:7001",
        ),
        (
            &["--node", "n1", "--peers", "n1=0.0.0.0:7001"],
            "--peers: others cannot reach n1 at `0.0.0.0:7001`: write the address of one of its interfaces",
        ),
        (
            &["--node", "n1", "--peers", "127.0.0.1:7001"],
            "--peers: `127.0.0.1:7001` is no node: write each as NAME=ADDRESS, as in n1=127.0.0.1:7001,n2=127.0.0.1:7002",
        ),
        (
            &["--node", "n1", "--peers", three, "--cluster", "a/b"],
            "`a/b` is no name of a cluster: write 1 to 64 letters, digits, `-`, `_` or `.`",
        ),
        (
            &["--node", "n2", "--peers", three, "--listen", "127.0.0.1:7002"],
            "127.0.0.1:7002 is given to listen and to this node in peers: give each its own",
        ),
        (
            &["--node", "n1", "--peers", three, "--clock", "virtual"],
            "the nodes of a cluster follow their machines' clocks: leave out clock or node",
        ),
    ] {
        assert_eq!(config(arguments, &[]).expect_err("wrong").to_string(), sentence);
    }
}
