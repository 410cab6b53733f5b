//! A life as text that can be read without the script language: mutants are built without it. Each line is the [line of an
//! act](Act), or `check`; the first one makes the cluster.

use std::str::SplitWhitespace;

use cachedojo::cluster::ids::MS;
use cachedojo::cluster::{Level, Micros, NodeId, NodeSet, Outcome, Settings};
use cachedojo_notation::duration::Duration;

use super::act::{Act, Done, Operation, Player};
use super::simulate::{Life, settings};
use super::{ClusterWorld, check};

impl Life {
    /// The life's world at its beginning.
    pub fn begin(&self) -> Player {
        let settings = if self.haste { settings(self.copies) } else { Settings::default() };
        let settings = Settings { copies: self.copies, virtual_nodes: self.points, memory: self.memory, ..settings };
        Player::new(ClusterWorld::new(self.nodes, settings, self.seed, false))
    }

    /// Parses what [`script`](super::simulate::script) writes; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| *line != "check");
        let mut life = Self { seed: 0, nodes: 0, copies: 3, points: 150, haste: false, memory: None, acts: Vec::new() };
        for option in lines.next()?.strip_prefix("cluster ")?.split_whitespace() {
            match option.split_once('=')? {
                ("nodes", value) => life.nodes = value.parse().ok()?,
                ("rf", value) => life.copies = value.parse().ok()?,
                ("points", value) => life.points = value.parse().ok()?,
                ("seed", value) => life.seed = value.parse().ok()?,
                ("memory", value) => life.memory = Some(value.parse().ok()?),
                ("haste", "yes") => life.haste = true,
                ("haste", "no") => life.haste = false,
                _ => return None,
            }
        }
        life.acts = lines.map(Act::read).collect::<Option<_>>()?;
        Some(life)
    }

    /// The clients' answers in this life, one line for each act, and at the end whether a promise was broken.
    pub fn transcript(&self) -> Vec<String> {
        let mut player = self.begin();
        player.perform(&Act::Settle);
        let mut lines = Vec::new();
        for act in &self.acts {
            let done = player.perform(act);
            lines.push(match done {
                Done::Call(call) => match player.world.calls().get(call).and_then(|call| call.answer.as_ref()) {
                    Some((_, Outcome::Read { value: Some(value), .. })) => String::from_utf8_lossy(value).into_owned(),
                    Some((_, Outcome::Read { value: None, .. })) => "nothing".into(),
                    Some((_, Outcome::Written { .. } | Outcome::Noted)) => "done".into(),
                    Some((_, Outcome::Failed(_))) => "error".into(),
                    None => "begun".into(),
                },
                Done::Settled(is) => format!("settled: {is}"),
                Done::Yes => "yes".into(),
                Done::No(why) => why.to_string(),
            });
        }
        let is_calm = player.world.network.is_healthy() && player.world.is_settled();
        let broken = check::clients(&player.world).or_else(|| check::replicas(&player.world).filter(|_| is_calm));
        lines.push(broken.unwrap_or_default());
        lines
    }
}

impl Act {
    /// Parses the line of an act.
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let first = words.next()?;
        Some(match first {
            "begin" => read_operation(words.next()?, &mut words, true)?,
            "write" | "read" | "erase" | "invalidate" => read_operation(first, &mut words, false)?,
            "session" => Self::Session { name: words.next().unwrap_or_default().to_owned() },
            "kill" => Self::Kill(NodeId::from_name(words.next()?)?),
            "restart" => Self::Restart {
                node: NodeId::from_name(words.next()?)?,
                with_nothing: words.next() == Some("with=nothing"),
            },
            "pause" => Self::Pause(NodeId::from_name(words.next()?)?),
            "resume" => Self::Resume(NodeId::from_name(words.next()?)?),
            "leave" => Self::Leave(NodeId::from_name(words.next()?)?),
            "join" => Self::Join {
                node: NodeId::from_name(words.next()?)?,
                weight: words.next().map_or(Some(1), |word| word.strip_prefix("weight=")?.parse().ok())?,
            },
            "partition" => {
                let groups = line.strip_prefix("partition ")?.split('|');
                let group = |text: &str| text.split_whitespace().map(NodeId::from_name).collect::<Option<NodeSet>>();
                Self::Partition(groups.map(group).collect::<Option<_>>()?)
            }
            "block" => {
                let (from, to) = arrow(words.next()?)?;
                Self::Block { from, to }
            }
            "delay" => {
                let (from, to) = arrow(words.next()?)?;
                Self::Delay { from, to, by: time(words.next()?)? }
            }
            "heal" => Self::Heal,
            "settle" => Self::Settle,
            "skew" => Self::Skew { node: NodeId::from_name(words.next()?)?, by: signed(words.next()?)? },
            "clock" => Self::Jump { node: NodeId::from_name(words.next()?)?, by: signed(words.nth(1)?)? },
            "disk" => Self::Disk { node: NodeId::from_name(words.next()?)?, takes: time(words.next()?)? },
            "drop" => Self::Drop(permille(words.next()?)?),
            "duplicate" => Self::Duplicate(permille(words.next()?)?),
            "reorder" => Self::Reorder(time(words.next()?)?),
            "tick" => Self::Tick(time(words.next()?)?),
            _ => return None,
        })
    }
}

fn read_operation(word: &str, words: &mut SplitWhitespace<'_>, begins: bool) -> Option<Act> {
    let key = words.next()?.into();
    let value = if word == "write" { words.next()?.as_bytes().into() } else { [].into() };
    let (mut level, mut via, mut ttl, mut tag) = (Level::Quorum, None, None, None);
    for option in words {
        match option.split_once('=')? {
            ("level", value) => level = Level::from_name(value)?,
            ("via", value) => via = Some(NodeId::from_name(value)?),
            ("ttl", value) => ttl = Some(time(value)?),
            ("tag", value) => tag = Some(value.into()),
            _ => return None,
        }
    }
    let operation = match word {
        "write" => Operation::Write { value, ttl, tag },
        "read" => Operation::Read,
        "erase" => Operation::Erase,
        "invalidate" => Operation::Invalidate,
        _ => return None,
    };
    Some(Act::Operate { operation, key, level, via, begins })
}

fn time(word: &str) -> Option<Micros> {
    Duration::parse(word)?.as_ms().checked_mul(MS)
}

fn signed(word: &str) -> Option<i64> {
    let by = i64::try_from(time(word.get(1..)?)?).ok()?;
    Some(if word.starts_with('-') { -by } else { by })
}

fn arrow(word: &str) -> Option<(NodeId, NodeId)> {
    let (from, to) = word.split_once("->")?;
    Some((NodeId::from_name(from)?, NodeId::from_name(to)?))
}

fn permille(word: &str) -> Option<u64> {
    let number = word.strip_suffix('%')?;
    let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
    Some(whole.parse::<u64>().ok()?.checked_mul(10)? + tenth.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::super::simulate::{live, relive, script};
    use super::super::story::Happening;
    use super::*;

    #[test]
    fn a_life_is_the_same_when_it_is_read_from_its_script() {
        for seed in 0..8 {
            let (life, lived) = live(seed);
            let text = script(&life);
            let read = Life::read(&text).expect("a life");
            assert_eq!(read.acts, life.acts, "{text}");
            let again = relive(&read);
            assert_eq!((again.digest, again.broken), (lived.digest, lived.broken), "seed {seed}");
            // A script begins with a cluster at rest, so a life without its first `settle` is the same life.
            let shorter = Life { acts: read.acts[1..].to_vec(), ..read };
            assert_eq!((&life.acts[0], relive(&shorter).digest), (&Act::Settle, lived.digest), "seed {seed}");
        }
    }

    /// Found by seed 266,421: each answer that was older than the session knew asked all the others again, so that the questions
    /// doubled until the world had used up its events.
    #[test]
    fn an_answer_older_than_the_session_knows_asks_the_others_once() {
        let life = Life::read(
            "cluster nodes=5 rf=4 points=8 haste=yes seed=1\nsettle\nsession s1\npartition n2 | n1 n3 n4 n5\n\
             write w v1 level=one via=n2\nkill n2\nheal\nrestart n2 with=nothing\nsettle\nreorder 40ms\nduplicate 50%\n\
             begin read w level=one via=n1\ntick 1500ms\n",
        )
        .expect("a life");
        let settings = Settings { virtual_nodes: life.points, ..settings(life.copies) };
        let mut player = Player::new(ClusterWorld::new(life.nodes, settings, life.seed, true));
        for act in &life.acts {
            player.perform(act);
        }
        let story = player.world.take_story();
        let asked = story.iter().filter(|event| matches!(event.what, Happening::Message { name: "query", .. })).count();
        // One round at once and one with each of the eight retries within its patience, to four nodes, half of them twice.
        assert!((6..=2 * 4 * 10).contains(&asked), "{asked} questions");
    }
}
