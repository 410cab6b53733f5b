//! Clients that write and read all the time, several at once, while nodes come and go. Each has keys of its own and knows what a read
//! may find: at least what was acknowledged or read last, at most what was written last.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

/// Keys of a client.
const KEYS: usize = 8;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The clients of a cluster.
pub(crate) struct Load {
    /// Where they ask, in turns; one of these may be gone.
    nodes: RwLock<Vec<SocketAddr>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How many writes of each client were acknowledged.
    acknowledged: Vec<usize>,
    refused: usize,
    unreachable: usize,
    is_over: bool,
}

/// The end of the clients.
pub(crate) struct End<'load>(&'load Load);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.state().is_over = true;
    }
}

/// What a client knows of one of its keys: the values are numbers that grow.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// The last one that was acknowledged or read; 0 for none.
    least: usize,
    /// The last one that was sent.
    most: usize,
}

/// What came of a request.
enum Came {
    Answer(u16, String),
    Nothing,
}

impl Load {
    pub(crate) fn new(clients: usize, nodes: Vec<SocketAddr>) -> Self {
        let state = State { acknowledged: vec![0; clients], ..State::default() };
        Self { nodes: RwLock::new(nodes), state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Starts the clients; each ends with what it knows of its keys.
    pub(crate) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
    ) -> Vec<ScopedJoinHandle<'scope, Vec<Known>>> {
        let count = self.state().acknowledged.len();
        (0..count).map(|client| scope.spawn(move || self.live(client))).collect()
    }

    /// Ends the clients when it is dropped, by a failed assertion too.
    pub(crate) const fn end(&self) -> End<'_> {
        End(self)
    }

    /// From now on they ask these.
    pub(crate) fn ask(&self, nodes: Vec<SocketAddr>) {
        *self.nodes.write().expect("nobody panicked") = nodes;
    }

    /// Waits until each client has had so many more writes acknowledged.
    pub(crate) fn until_more(&self, count: usize) {
        let state = self.state();
        let goal: Vec<usize> = state.acknowledged.iter().map(|had| had + count).collect();
        let behind = |state: &mut State| state.acknowledged.iter().zip(&goal).any(|(had, goal)| had < goal);
        let (state, waited) = self.changed.wait_timeout_while(state, PATIENCE, behind).expect("nobody panicked");
        assert!(!waited.timed_out(), "{:?} of {goal:?} were acknowledged", state.acknowledged);
    }

    /// Acknowledged, refused, and sent to a node that was gone.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let state = self.state();
        (state.acknowledged.iter().sum(), state.refused, state.unreachable)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node(&self, number: usize) -> SocketAddr {
        let nodes = self.nodes.read().expect("nobody panicked");
        nodes[number % nodes.len()]
    }

    fn live(&self, client: usize) -> Vec<Known> {
        let mut known = vec![Known::default(); KEYS];
        for turn in 1.. {
            if self.state().is_over {
                break;
            }
            let key = turn % KEYS;
            let target = target(client, key);
            known[key].most = turn;
            let put = send(self.node(turn + client), "PUT", &target, &turn.to_string());
            {
                let mut state = self.state();
                match put {
                    Came::Answer(200, _) => {
                        known[key].least = turn;
                        state.acknowledged[client] += 1;
                        self.changed.notify_all();
                    }
                    Came::Answer(status, body) => {
                        assert_eq!(status, 503, "{body}");
                        state.refused += 1;
                    }
                    Came::Nothing => state.unreachable += 1,
                }
            }
            let other = (turn * 5 + 1) % KEYS;
            let read = send(self.node(turn + client + 1), "GET", &self::target(client, other), "");
            known[other].meet(read, client, other);
        }
        known
    }
}

impl Known {
    /// A read never finds less than what is known, nor what was never written.
    fn meet(&mut self, read: Came, client: usize, key: usize) {
        let found = match read {
            Came::Answer(200, body) => body.parse().expect("a number"),
            Came::Answer(404, _) => 0,
            Came::Answer(..) | Came::Nothing => return,
        };
        assert!((self.least..=self.most).contains(&found), "client {client}, key {key}: {found} is not in {self:?}");
        self.least = found;
    }

    /// What is there now, by a node that answers.
    pub(crate) fn check(&mut self, client: usize, key: usize, ask: impl Fn(&str) -> (u16, String)) {
        let (status, body) = ask(&target(client, key));
        self.meet(Came::Answer(status, body), client, key);
    }
}

fn target(client: usize, key: usize) -> String {
    format!("/cluster/keys/client{client}:{key}")
}

/// One request on a connection of its own: the node may be gone, or end before it has answered.
fn send(node: SocketAddr, method: &str, target: &str, body: &str) -> Came {
    let ask = || {
        let mut stream = TcpStream::connect(node).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let length = body.len();
        let head = format!("{method} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}");
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    };
    ask().map_or(Came::Nothing, |(status, body)| Came::Answer(status, body))
}
