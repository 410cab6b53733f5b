//! Sessions and invalidations: what one client has seen goes with it from node to node.

use super::{Node, SERVED_MAX};
use crate::processes::Folder;
use crate::support::{Answer, Client};

/// A client with a session, or without one.
struct Visitor {
    token: Option<String>,
}

impl Visitor {
    fn ask(&mut self, node: &Node, method: &str, target: &str, body: &str) -> (u16, String) {
        let header = self.token.as_ref().map(|token| format!("X-Cache-Session: {token}\r\n")).unwrap_or_default();
        let ask = || Client::new(node.http).ask_with(method, target, &header, body);
        // Too few may answer in time on a busy machine: the same question may be asked again.
        let answer: Answer = (0..SERVED_MAX).map(|_| ask()).find(|answer| answer.status != 503).expect("it is served");
        let told = answer.header("X-Cache-Session").map(str::to_owned);
        assert!(answer.status >= 400 && answer.status != 404 || told.is_some() == self.token.is_some(), "{answer:?}");
        self.token = told.or(self.token.take());
        (answer.status, answer.body)
    }
}

/// Whatever node is asked at ONE, a session reads what it wrote, and nothing older than what it read; others may. What is invalidated
/// is gone for all.
pub(super) fn check(nodes: [&Node; 3]) {
    let mut one = Visitor { token: Some("new".into()) };
    let mut read = String::new();
    for turn in 0..24 {
        let key = format!("/cluster/keys/seen:{}?level=one", turn % 5);
        let value = format!("turn {turn}");
        assert_eq!(one.ask(nodes[turn % 3], "PUT", &key, &value).0, 200);
        assert_eq!(one.ask(nodes[(turn + 1) % 3], "GET", &key, ""), (200, value.clone()), "its own write");
        // Another client that got this one's token has seen the same.
        let mut other = Visitor { token: one.token.clone() };
        assert_eq!(other.ask(nodes[(turn + 2) % 3], "GET", &key, ""), (200, value), "and a second time");
        read = other.token.expect("a token");
    }
    // Both tokens are one session.
    one.token = Some(format!("{}, {read}", one.token.expect("a token")));
    assert_eq!(one.ask(nodes[0], "DELETE", "/cluster/keys/seen:0?level=one", "").0, 200);
    assert_eq!(one.ask(nodes[1], "GET", "/cluster/keys/seen:0?level=one", "").0, 404);

    let refused = Client::new(nodes[0].http).ask_with("GET", "/cluster/keys/k", "X-Cache-Session: mine\r\n", "");
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("X-Cache-Session is no token of this cluster"), "{}", refused.body);

    invalidate(nodes, &mut one);
    forgotten();
}

fn invalidate(nodes: [&Node; 3], one: &mut Visitor) {
    let mut all = Visitor { token: None };
    for (target, body) in [
        ("user:1?tag=hot", "{\"key\": \"user:1\"}"),
        ("user:2", "{\"pattern\": \"user:?\"}"),
        ("tag:3", "{\"pattern\": \"tag:*\"}"),
        ("item:4?tag=hot", "{\"tag\": \"hot\"}"),
        ("order:5", "{\"namespace\": \"order\"}"),
    ] {
        let key = target.split('?').next().expect("a key");
        let key = format!("/cluster/keys/{key}");
        assert_eq!(all.ask(nodes[0], "PUT", &format!("/cluster/keys/{target}"), "v").0, 200);
        assert_eq!(one.ask(nodes[2], "GET", &format!("{key}?level=one"), "").1, "v");
        let (status, answer) = one.ask(nodes[1], "POST", "/cluster/invalidate", body);
        assert!(status == 200 && answer.contains("\"success\":true"), "{answer}");
        assert_eq!(one.ask(nodes[2], "GET", &format!("{key}?level=one"), "").0, 404, "{body}");
        assert_eq!(all.ask(nodes[0], "GET", &key, "").0, 404, "{body}");
        assert_eq!(all.ask(nodes[0], "GET", "/cluster/keys/seen:1", "").0, 200, "{body} does not reach it");
    }
}

/// No replica has what the session has seen any more: it is told what they have, and not to wait for ever.
fn forgotten() {
    let mut one = Visitor { token: Some("new".into()) };
    for (method, status) in [("PUT", 200), ("GET", 404)] {
        // Both are alike in name, and the second one has nothing, as if all had forgotten it.
        let folder = Folder::new();
        let node = Node::start(folder.path(), "n1", &["n1"], &[]);
        node.until_member(&["n1"]);
        assert_eq!(one.ask(&node, method, "/cluster/keys/k?level=one", "v").0, status);
    }
}
