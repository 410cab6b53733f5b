//! A cluster of real processes: killed, started again, robbed of its disk, and changed while clients write. What was acknowledged at QUORUM
//! is read back at QUORUM every time.

mod sessions;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::chaos::until;
use crate::load::{Known, Load};
use crate::processes::{Folder, Process};
use crate::support::Client;

/// How often a status is asked for before it counts as never reached, and the pause between.
const ASKED_MAX: usize = 4800;
const PAUSE: Duration = Duration::from_millis(50);
/// How often a question is asked that too few nodes answered, each of two seconds.
const SERVED_MAX: usize = 20;

/// One process.
struct Node {
    name: String,
    process: Process,
    http: std::net::SocketAddr,
    /// Where other nodes reach it.
    address: String,
}

impl Node {
    /// Starts it on ports of its own; of the others it knows the addresses of those that run.
    fn start(folder: &Path, name: &str, all: &[&str], running: &[&Self]) -> Self {
        Self::run(Self::command(folder, name, all, running), name)
    }

    fn command(folder: &Path, name: &str, all: &[&str], running: &[&Self]) -> Command {
        let address = |other: &str| {
            running.iter().find(|node| node.name == other).map_or("127.0.0.1:0", |node| node.address.as_str())
        };
        let peers: Vec<String> = all.iter().map(|other| format!("{other}={}", address(other))).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cachedojo-server"));
        command.args(["--listen", "127.0.0.1:0", "--log", "warn", "--node", name, "--peers", &peers.join(",")]);
        command.arg("--data").arg(folder.join(name));
        command
    }

    fn run(command: Command, name: &str) -> Self {
        let mut process = Process::start(command, "Cache service: ");
        let http = process.ready.rsplit("http://").next().and_then(|url| url.trim_end_matches('/').parse().ok());
        let address = process.next_with("cluster: ").replace("cluster: ", "");
        Self { name: name.to_owned(), process, http: http.expect("an address"), address }
    }

    fn ask(&self, method: &str, target: &str, body: &str) -> (u16, String) {
        let answer = Client::new(self.http).ask(method, target, body);
        (answer.status, answer.body)
    }

    /// Asks until enough nodes answered in time: on a busy machine too few may, and 503 says so. It loses nothing, and the same
    /// question may be asked again.
    fn served(&self, method: &str, target: &str, body: &str) -> (u16, String) {
        let mut answers = (0..SERVED_MAX).map(|_| self.ask(method, target, body));
        answers
            .find(|(status, _)| *status != 503)
            .unwrap_or_else(|| panic!("{}: {method} {target} is never served", self.name))
    }

    fn status(&self) -> Value {
        Client::new(self.http).ask("GET", "/cluster/status", "").json()
    }

    /// Waits until its status is as it should be.
    fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        // Nothing is ever sent: it is only waited for the time between two questions.
        let (_sender, nothing) = std::sync::mpsc::channel::<()>();
        let mut status = self.status();
        for _ in 0..ASKED_MAX {
            if holds(&status) {
                return status;
            }
            _ = nothing.recv_timeout(PAUSE);
            status = self.status();
        }
        panic!("{} never came to be {what}: {status:#}", self.name);
    }

    /// Waits until it is a whole member of a cluster of these nodes that is at rest.
    fn until_member(&self, of: &[&str]) -> Value {
        self.until(&format!("at rest among {of:?}"), |status| {
            let is_placed = status["placed"].as_array().is_some_and(|placed| placed.iter().eq(of.iter()));
            let members = status["members"].as_object().map_or(0, serde_json::Map::len);
            let is_calm =
                status["is_whole"] == true && status["is_in_handover"] == false && status["knows_time"] == true;
            is_placed && members == of.len() && is_calm && status["leader"].is_string()
        })
    }
}

/// Every value that was acknowledged is there, whichever node is asked.
fn check(clients: &mut [Vec<Known>], by: &[&Node]) {
    for (client, keys) in clients.iter_mut().enumerate() {
        for (key, known) in keys.iter_mut().enumerate() {
            known.check(client, key, |target| by[(client + key) % by.len()].served("GET", target, ""));
        }
    }
}

fn places(nodes: &[&Node]) -> Vec<std::net::SocketAddr> {
    nodes.iter().map(|node| node.http).collect()
}

fn three(folder: &Path) -> [Node; 3] {
    let all = ["n1", "n2", "n3"];
    let first = Node::start(folder, "n1", &all, &[]);
    assert_eq!(first.status()["stage"], "gathering");
    assert_eq!(first.status()["waits_for"], serde_json::json!(["n2", "n3"]));
    let (status, body) = first.ask("GET", "/cluster/keys/k", "");
    assert!(status == 503 && body.contains("ask another node"), "{body}");
    let (status, body) = first.ask("GET", "/health", "");
    assert!(status == 503 && body.contains("\"unhealthy\"") && body.contains("n1 waits for the nodes"), "{body}");
    let second = Node::start(folder, "n2", &all, &[&first]);
    let third = Node::start(folder, "n3", &all, &[&first, &second]);
    let nodes = [first, second, third];
    for node in &nodes {
        assert_eq!(node.until_member(&all)["life"], 1);
    }
    nodes
}

#[test]
fn a_node_is_killed_under_load_and_then_all_are_and_nothing_acknowledged_is_lost() {
    let folder = Folder::new();
    let all = ["n1", "n2", "n3"];
    let [mut n1, mut n2, mut n3] = three(folder.path());

    // A write at one node is read at another.
    assert_eq!(n1.served("PUT", "/cluster/keys/a%2Fb?level=quorum", "written at n1").0, 200);
    assert_eq!(n3.served("GET", "/cluster/keys/a%2Fb", ""), (200, "written at n1".to_owned()));
    assert_eq!(n2.served("DELETE", "/cluster/keys/a%2Fb?level=all", "").0, 200);
    assert_eq!(n1.ask("GET", "/cluster/keys/a%2Fb?level=one", "").0, 404);
    sessions::check([&n1, &n2, &n3]);

    let load = Load::new(3, places(&[&n1, &n2, &n3]));
    let mut clients: Vec<Vec<Known>> = std::thread::scope(|scope| {
        let (end, clients) = (load.end(), load.start(scope));
        load.until_more(12);
        // Whoever asks it just now hears nothing, and the clients do not know that it is gone.
        n3.process.kill();
        load.until_more(8);
        let (status, body) = n1.ask("PUT", "/cluster/keys/k?level=all", "v");
        assert!(status == 503 && body.contains("all needs 3 of the replicas n1 n2 n3"), "{body}");
        n3 = Node::start(folder.path(), "n3", &all, &[&n1, &n2]);
        load.ask(places(&[&n1, &n2, &n3]));
        load.until_more(8);
        assert_eq!(n3.until_member(&all)["life"], 1, "it had its disk");
        drop(end);
        clients.into_iter().map(|client| client.join().expect("it saw nothing wrong")).collect()
    });
    let (acknowledged, refused, unreachable) = load.counts();
    assert!(acknowledged >= 3 * 28 && unreachable > 0, "{acknowledged}, {refused} refused, {unreachable} unreachable");
    // It catches up with what it missed, though whoever kept hints for it ends: with three nodes each holds every key.
    n1.process.kill();
    n1 = Node::start(folder.path(), "n1", &all, &[&n2, &n3]);
    let records = n2.until_member(&all)["records"].as_u64();
    n3.until("caught up", |status| status["records"].as_u64() >= records);
    check(&mut clients, &[&n1, &n2, &n3]);

    // All at once: what is left is on the disks.
    for node in [&mut n1, &mut n2, &mut n3] {
        node.process.kill();
    }
    n1 = Node::start(folder.path(), "n1", &all, &[]);
    let (status, body) = n1.ask("GET", "/health", "");
    assert!(status == 503 && body.contains("\"unhealthy\""), "alone it serves nobody: {body}");
    n2 = Node::start(folder.path(), "n2", &all, &[&n1]);
    n3 = Node::start(folder.path(), "n3", &all, &[&n1, &n2]);
    for node in [&n1, &n2, &n3] {
        assert_eq!(node.until_member(&all)["life"], 1);
    }
    check(&mut clients, &[&n1, &n2, &n3]);

    // Told to end, one ends; the others go on.
    n2.process.signal("TERM");
    assert_eq!(n2.process.wait().0, Some(0));
    check(&mut clients, &[&n1, &n3]);
    // Without the third, n1 is one of three, which is no quorum.
    assert!(until(|| n1.ask("GET", "/health", "").0 == 200), "two of three serve");
    n3.process.kill();
    let why = "n1 reaches 1 of 3 members, itself included, and a quorum needs 2";
    assert!(until(|| n1.ask("GET", "/health", "").1.contains(why)), "{}", n1.ask("GET", "/health", "").1);
    let _third = Node::start(folder.path(), "n3", &all, &[&n1]);
    assert!(until(|| n1.ask("GET", "/health", "").0 == 200), "two of three serve again");

    // Two processes never share a folder, nor does one node take another's.
    let second = Command::new(env!("CARGO_BIN_EXE_cachedojo-server"))
        .args(["--listen", "127.0.0.1:0", "--node", "n3", "--peers", "n3=127.0.0.1:0", "--data"])
        .arg(folder.path().join("n3"))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(second.status.code() == Some(1) && said.contains("in use by another process"), "{said}");
}

#[test]
fn a_lost_disk_a_node_more_and_a_node_less_while_clients_write() {
    let folder = Folder::new();
    let all = ["n1", "n2", "n3"];
    let [n1, mut n2, n3] = three(folder.path());
    // A stranger on the nodes' port is told why it is refused, or is hung up on.
    let refused = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(&n1.address).expect("it listens");
        stream.write_all(bytes).expect("it takes some");
        let mut answer = Vec::new();
        _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    let greeting = |version: u8| [&18_u32.to_le_bytes()[..], b"cachedojo node\r\n", &[version, 0]].concat();
    assert!(refused(&greeting(2)).contains("it speaks version 2, and this node version 1"));
    assert!(refused(&greeting(1)).contains("that is no greeting of a node"));
    assert_eq!(refused(b"GET / HTTP/1.1\r\n\r\n"), "");
    let mut other = Node::command(folder.path(), "n5", &["n1", "n5"], &[&n1]);
    other.args(["--cluster", "other"]);
    let other = Node::run(other, "n5");
    other.until("refused", |status| {
        let trouble = status["peers"]["n1"]["trouble"].as_str();
        trouble.is_some_and(|why| why.contains("this is the cluster `cachedojo`, not `other`"))
    });
    drop(other);

    // Nor does a second one of the same name take the place of the first.
    for node in [&n1, &n3] {
        node.until("connected to n2", |status| status["peers"]["n2"]["is_connected"] == true);
    }
    let twin = Node::start(&folder.path().join("twin"), "n2", &all, &[&n1, &n3]);
    for peer in ["n1", "n3"] {
        twin.until("refused", |status| {
            let trouble = status["peers"][peer]["trouble"].as_str();
            trouble.is_some_and(|why| why.contains(&format!("n2 is connected to {peer} already, from {}", n2.address)))
        });
    }
    drop(twin);
    assert_eq!(n2.until_member(&all)["life"], 1);

    let four = ["n1", "n2", "n3", "n4"];
    let n4 = Node::start(folder.path(), "n4", &four, &[&n1, &n2, &n3]);
    let load = Load::new(3, places(&[&n1, &n2, &n3]));
    let mut clients: Vec<Vec<Known>> = std::thread::scope(|scope| {
        let (end, clients) = (load.end(), load.start(scope));
        load.until_more(6);
        // A new machine in the place of one that is gone: a new life, which vouches for nothing before it has caught up.
        n2.process.kill();
        std::fs::remove_dir_all(folder.path().join("n2")).expect("its disk is lost");
        n2 = Node::start(folder.path(), "n2", &all, &[&n1, &n3]);
        load.ask(places(&[&n1, &n2, &n3]));
        load.until_more(4);
        assert_eq!(n2.until_member(&all)["life"], 2);

        // Who was not announced is told so, and let in once it is.
        n4.until("refused", |status| {
            status["peers"]["n1"]["trouble"]
                .as_str()
                .is_some_and(|why| why.contains("n4 is not known to n1: announce it first"))
        });
        assert_eq!(n1.ask("POST", "/cluster/members", "{\"join\": \"n4\"}").0, 202);
        load.ask(places(&[&n1, &n2, &n3, &n4]));
        load.until_more(4);
        for node in [&n1, &n2, &n3, &n4] {
            node.until_member(&four);
        }

        // One leaves; its keys go to the others first.
        assert_eq!(n4.ask("POST", "/cluster/members", "{\"leave\": \"n9\"}").0, 404);
        assert_eq!(n4.ask("POST", "/cluster/members", "{\"leave\": \"n1\"}").0, 202);
        load.until_more(4);
        for node in [&n2, &n3, &n4] {
            node.until_member(&["n2", "n3", "n4"]);
        }
        n1.until("gone", |status| status["stage"] == "left");
        // It says so to whoever is sent there, and the others to whoever wants it back.
        let way = "move its data folder away, and start it again";
        for (method, target) in [("GET", "/health"), ("GET", "/cluster/keys/k"), ("PUT", "/cluster/keys/k")] {
            let (status, body) = n1.ask(method, target, "");
            assert!(status == 503 && body.contains("n1 was let go") && body.contains(way), "{method} {target}: {body}");
        }
        let (status, body) = n2.ask("POST", "/cluster/members", "{\"join\": \"n1\"}");
        assert!(status == 202 && body.contains("n1 was let go in its life 1") && body.contains(way), "{body}");
        assert_eq!(n2.ask("GET", "/health", "").0, 200);
        load.ask(places(&[&n2, &n3, &n4]));
        load.until_more(2);
        drop(end);
        clients.into_iter().map(|client| client.join().expect("it saw nothing wrong")).collect()
    });
    drop(n1);
    check(&mut clients, &[&n2, &n3, &n4]);
}
