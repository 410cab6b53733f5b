//! The events of the simulated cluster: a space-time diagram is drawn from them, and each has a text.

use std::fmt;

use cachedojo::cluster::message::How;
use cachedojo::cluster::{NodeId, Note, Version};
use cachedojo_notation::text::{escape, word};
use serde::{Deserialize, Serialize};

use crate::world::cluster::story::{Carried, Happened, Happening};

/// One thing that happened in the simulated cluster. Times are in microseconds since the cluster began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sort", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum WorldEvent {
    /// A message arrived, or was lost.
    Message {
        /// The sender.
        from: String,
        /// The receiver.
        to: String,
        /// Its kind: `query`, `store`, `vote?` and so on.
        name: Box<str>,
        /// The key that it concerns.
        key: Option<String>,
        /// What it carries of that key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carries: Option<Box<CarriedView>>,
        /// When it was sent.
        sent_us: u64,
        /// When it was received; `None` if it was lost.
        received_us: Option<u64>,
    },
    /// A node reports something about itself.
    Node {
        /// Which node.
        node: String,
        /// When.
        at_us: u64,
        /// What.
        text: String,
        /// The key that it concerns.
        key: Option<String>,
        /// Whether such events are frequent.
        is_quiet: bool,
    },
    /// A client's request to a node, or the answer.
    Client {
        /// Which node.
        node: String,
        /// When.
        at_us: u64,
        /// The question or answer.
        text: String,
        /// The key.
        key: Option<String>,
        /// Whether it answers an operation that the script only began, without waiting.
        is_late: bool,
    },
    /// A fault: something done to a node or to the network.
    Fault {
        /// Which node.
        node: Option<String>,
        /// When.
        at_us: u64,
        /// What.
        text: String,
    },
    /// Whether the cluster has settled.
    Settled {
        /// Whether it is.
        is: bool,
        /// What it waits for, if it is not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waits: Option<String>,
    },
    /// Whether all promises were kept.
    Checked {
        /// The first promise that was broken.
        broken: Option<String>,
    },
}

/// What a message carries of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CarriedView {
    /// The version that it is about.
    pub version: String,
    /// The beginning of the value, escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether it says that the key is deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_tombstone: bool,
}

/// Characters of a value that an event repeats.
const VALUE_MAX: usize = 60;

impl CarriedView {
    /// What is told of what a message carries; `None` where it carries nothing.
    pub(super) fn of(carried: &Carried) -> Option<Self> {
        let Carried { version, record } = carried;
        let value = record.as_ref().and_then(|record| record.value.as_ref());
        Some(Self {
            version: version.as_ref()?.to_string(),
            value: value.map(|value| beginning(value)),
            is_tombstone: record.is_some() && value.is_none(),
        })
    }
}

/// The beginning of a value, escaped, and whether there is more of it.
fn beginning(value: &[u8]) -> String {
    let text = escape(&value[..value.len().min(4 * VALUE_MAX)]);
    if value.len() <= VALUE_MAX && text.chars().count() <= VALUE_MAX {
        return text;
    }
    text.chars().take(VALUE_MAX).chain(['…']).collect()
}

impl WorldEvent {
    /// Whether it is left out of a run's text.
    pub const fn is_quiet(&self) -> bool {
        match self {
            Self::Message { .. } => true,
            Self::Node { is_quiet, .. } => *is_quiet,
            Self::Client { is_late, .. } => !*is_late,
            _ => false,
        }
    }

    /// Whether `expect` looks at it.
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Checked { .. })
    }

    /// When it happened, in microseconds since the cluster began; `None` for answers about the past.
    pub const fn at_us(&self) -> Option<u64> {
        match self {
            Self::Message { sent_us, received_us, .. } => match received_us {
                Some(received_us) => Some(*received_us),
                None => Some(*sent_us),
            },
            Self::Node { at_us, .. } | Self::Client { at_us, .. } | Self::Fault { at_us, .. } => Some(*at_us),
            Self::Settled { .. } | Self::Checked { .. } => None,
        }
    }

    /// The key that it concerns.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Message { key, .. } | Self::Node { key, .. } | Self::Client { key, .. } => key.as_deref(),
            _ => None,
        }
    }
}

/// The event that a node's value of a key is not the newest.
#[cfg_attr(not(feature = "cluster"), expect(dead_code, reason = "only the cluster has it"))]
pub(super) fn of_older(at_us: u64, node: NodeId, key: &str, version: Version) -> WorldEvent {
    let text = format!("holds an older value of {}, version {version}", key_in_script(key));
    WorldEvent::Node { node: node.to_string(), at_us, text, key: Some(key.to_owned()), is_quiet: false }
}

/// A key as scripts write it.
pub(super) fn key_in_script(key: &str) -> String {
    word(&escape(key.trim_start_matches(cachedojo::cluster::record::SWEEP).as_bytes()))
}

/// The event of a node's note.
#[cfg_attr(not(feature = "cluster"), expect(dead_code, reason = "only the cluster has it"))]
pub(super) fn of_note(at_us: u64, node: NodeId, note: &Note) -> WorldEvent {
    let (text, key, is_quiet) = match note {
        Note::Elected { term } => (format!("leads term {term}"), None, false),
        Note::Epoch { epoch, is_handover: true } => (format!("begins a handover, ring epoch {epoch}"), None, true),
        Note::Epoch { epoch, .. } => (format!("is at ring epoch {epoch}"), None, true),
        Note::CaughtUp { epoch } => (format!("holds all that it should at epoch {epoch}"), None, false),
        Note::Kept { key, version, is_tombstone, how } => {
            let what = if *is_tombstone { "a tombstone" } else { "a value" };
            let how = match how {
                How::Written => "",
                How::Hinted => " from a hint",
                How::Compared => " from comparing digests",
                How::HandedOver => " from a handover",
            };
            (format!("keeps {what} of {}{how}, version {version}", key_in_script(key)), Some(key), true)
        }
        Note::Enough { key, answered, needed, replicas } => {
            let text =
                format!("has enough answers for {}: {answered}, {needed} needed of {replicas}", key_in_script(key));
            (text, Some(key), true)
        }
        Note::CameLate { key, version } => {
            (format!("holds something newer of {} than version {version}", key_in_script(key)), Some(key), true)
        }
        Note::NotWhole { key } => {
            (format!("does not answer for {}: it is not whole yet", key_in_script(key)), Some(key), true)
        }
        Note::BehindSession { key } => {
            (format!("asks on, for the session has seen a newer {}", key_in_script(key)), Some(key), true)
        }
        Note::LooksAgain { key } => {
            (format!("asks once more for {}, of which one write was deleted", key_in_script(key)), Some(key), true)
        }
        Note::NotForgotten { key, node } => {
            (format!("may not forget {} yet: {node} has not got its tombstone", key_in_script(key)), Some(key), true)
        }
        Note::LogCut => ("gives up entries of its log that were never committed".to_owned(), None, true),
        Note::Repairs { key } => {
            (format!("mends the replicas of {} before it answers", key_in_script(key)), Some(key), false)
        }
        Note::HintKept { key, node } => {
            (format!("keeps a hint of {} for {node}", key_in_script(key)), Some(key), false)
        }
        Note::HintTooLate { key } => {
            (format!("gets a hint of {}, which is deleted by now", key_in_script(key)), Some(key), false)
        }
        Note::Evicted { key, record, is_expired } => {
            let why = if *is_expired { ", whose time is over" } else { "" };
            let text = format!("is full and evicts {}{why}, version {}", key_in_script(key), record.version);
            (text, Some(key), false)
        }
        Note::Forgot { key, .. } => {
            (format!("sees that {} is dead everywhere and may be forgotten", key_in_script(key)), Some(key), false)
        }
        Note::Misplaced { key } => (format!("was sent {}, which is not its own", key_in_script(key)), Some(key), false),
        Note::WrongEpoch { theirs } => (format!("refuses a message of ring epoch {theirs}"), None, true),
        Note::TooOld => ("drops a message that was under way too long".to_owned(), None, false),
        Note::Restarted { key } => {
            (format!("begins the operation on {} anew under the new ring", key_in_script(key)), Some(key), false)
        }
        Note::Invalidated { selector, .. } => {
            (format!("invalidates {}", word(&escape(selector.as_bytes()))), None, true)
        }
        Note::LeftCluster { may_return: true } => {
            ("was let go and asks to come back with nothing".to_owned(), None, false)
        }
        Note::LeftCluster { .. } => ("has left the cluster".to_owned(), None, false),
        Note::RingsDiffer { with } => (format!("has another ring than {with}"), None, false),
    };
    let key = key.map(ToString::to_string);
    WorldEvent::Node { node: node.to_string(), at_us, text, key, is_quiet }
}

/// The event of a message; `None` for messages that are sent all the time.
#[cfg_attr(not(feature = "cluster"), expect(dead_code, reason = "only the cluster has it"))]
pub(super) fn of_message(happened: &Happened) -> Option<WorldEvent> {
    let Happening::Message { from, to, name, key, carried, is_routine: false, sent, received } = &happened.what else {
        return None;
    };
    Some(WorldEvent::Message {
        from: from.to_string(),
        to: to.to_string(),
        name: (*name).into(),
        key: key.as_ref().map(ToString::to_string),
        carries: CarriedView::of(carried).map(Box::new),
        sent_us: *sent,
        received_us: *received,
    })
}

impl fmt::Display for WorldEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { from, to, name, key, sent_us, received_us, .. } => {
                let key = key.as_ref().map_or(String::new(), |key| format!(" {}", key_in_script(key)));
                write!(f, "{from} -> {to}: {name}{key}, ")?;
                match received_us {
                    Some(received) => {
                        let took = received - sent_us;
                        write!(f, "{}.{:03} ms under way", took / 1000, took % 1000)
                    }
                    None => f.write_str("lost"),
                }
            }
            Self::Node { node, text, .. } => write!(f, "~ {node} {text}"),
            Self::Client { node, text, .. } => write!(f, "~ {node}: {text}"),
            Self::Fault { node: Some(node), text, .. } => write!(f, "{node} {text}"),
            Self::Fault { node: None, text, .. } => f.write_str(text),
            Self::Settled { is: true, .. } => f.write_str("settled"),
            Self::Settled { waits: None, .. } => f.write_str("not settled"),
            Self::Settled { waits: Some(waits), .. } => write!(f, "not settled: {waits}"),
            Self::Checked { broken: None } => f.write_str("all promises kept"),
            Self::Checked { broken: Some(broken) } => write!(f, "promise broken: {broken}"),
        }
    }
}
