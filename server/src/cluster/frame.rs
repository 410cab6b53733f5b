//! The frames of a connection between two nodes: a greeting, its answer, then messages in one direction. Each frame begins with its length.

use std::net::SocketAddr;
use std::sync::Arc;

use cachedojo::cluster::wire::{Reader, Wire};
use cachedojo::cluster::{Envelope, NodeId, NodeSet};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The version of these frames and of the messages in them; a node with another version is refused.
pub(super) const VERSION: u16 = 1;
/// The first bytes of every greeting, in every version.
const BEGINNING: [u8; 16] = *b"cachedojo node\r\n";
/// The largest frame of a greeting and of its answer, in bytes.
pub(super) const GREETING_MAX: usize = 16 << 10;
/// The largest frame of a message, in bytes: 64 records, each with the largest value and key.
pub(super) const FRAME_MAX: usize = 20 << 20;

/// The known nodes, each with its address if that is known.
pub(super) type Addresses = Vec<(NodeId, Option<SocketAddr>)>;

/// The first frame on a connection, from the node that opened it.
#[derive(Debug, Clone)]
pub(super) struct Greeting {
    /// The cluster's name.
    pub(super) cluster: Arc<str>,
    /// Proof that the sender knows the cluster's name and token.
    pub(super) proof: Vec<u8>,
    /// The sender, and the node that it expects at this address.
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    /// The sender's own address.
    pub(super) address: Option<SocketAddr>,
    /// The sender's life and disk number; life 0 while it does not know its life.
    pub(super) life: u16,
    pub(super) disk: u64,
    /// The others that it knows.
    pub(super) others: Addresses,
}

/// The answer to a greeting.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Accepted: messages may follow.
    Welcome {
        /// The answering node's life; 0 while it does not know its life.
        life: u16,
        /// The last life of the greeting node that it knows, not counting the founding.
        known: u16,
        /// The founders of the cluster; from a node in life 0, those that it was configured with. Empty if unknown.
        founders: NodeSet,
        /// The others that it knows.
        others: Addresses,
    },
    /// The greeting node's life is over: it must begin a new one, with a higher number.
    Over {
        /// The last life of that node.
        life: u16,
    },
    /// Refused.
    Refused {
        /// Why.
        sentence: Arc<str>,
    },
}

/// A frame after the greeting.
#[derive(Debug)]
pub(super) enum Frame {
    /// A message.
    Message(Box<Envelope>),
    /// The known nodes, when they change.
    Others(Addresses),
}

/// The result of reading a greeting, whose version may be another one.
pub(super) enum Spoken {
    /// A greeting of this version.
    This(Box<Greeting>),
    /// A greeting of another version.
    Version(u16),
    /// No greeting.
    Nothing,
}

impl Spoken {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let Some(rest) = bytes.strip_prefix(&BEGINNING) else { return Self::Nothing };
        let mut reader = Reader::new(rest);
        match u16::take(&mut reader) {
            Some(VERSION) => match Greeting::take(&mut reader) {
                Some(greeting) if reader.is_empty() => Self::This(Box::new(greeting)),
                _ => Self::Nothing,
            },
            Some(version) => Self::Version(version),
            None => Self::Nothing,
        }
    }
}

impl Greeting {
    /// Its bytes, after the beginning and the version.
    pub(super) fn spoken(&self) -> Vec<u8> {
        let mut out = BEGINNING.to_vec();
        VERSION.put(&mut out);
        self.put(&mut out);
        out
    }
}

/// Appends a frame's length and bytes.
pub(super) fn put_frame(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// The length of the next frame; an error when it is over the bound.
pub(super) async fn read_length(from: &mut (impl AsyncRead + Unpin), max: usize) -> std::io::Result<usize> {
    let length = usize::try_from(from.read_u32_le().await?).unwrap_or(usize::MAX);
    if length > max {
        let text = format!("a frame of {length} bytes came, and {max} are the most");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
    }
    Ok(length)
}

/// A frame's bytes; memory is taken as they come.
pub(super) async fn read_bytes(from: &mut (impl AsyncRead + Unpin), length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes).await?;
    if bytes.len() < length { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// A node's address, if it is known.
pub(super) struct Place(pub(super) Option<SocketAddr>);

impl Wire for Place {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.map(|address| Arc::<str>::from(address.to_string())).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        match <Option<Arc<str>> as Wire>::take(from)? {
            Some(text) => text.parse().ok().map(|address| Self(Some(address))),
            None => Some(Self(None)),
        }
    }
}

fn put_others(others: &Addresses, out: &mut Vec<u8>) {
    u8::try_from(others.len()).unwrap_or(u8::MAX).put(out);
    for (node, address) in others {
        node.put(out);
        Place(*address).put(out);
    }
}

fn take_others(from: &mut Reader<'_>) -> Option<Addresses> {
    (0..u8::take(from)?).map(|_| Some((NodeId::take(from)?, Place::take(from)?.0))).collect()
}

impl Wire for Greeting {
    fn put(&self, out: &mut Vec<u8>) {
        self.cluster.put(out);
        self.proof.put(out);
        self.from.put(out);
        self.to.put(out);
        Place(self.address).put(out);
        self.life.put(out);
        self.disk.put(out);
        put_others(&self.others, out);
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            cluster: Wire::take(from)?,
            proof: Wire::take(from)?,
            from: Wire::take(from)?,
            to: Wire::take(from)?,
            address: Place::take(from)?.0,
            life: Wire::take(from)?,
            disk: Wire::take(from)?,
            others: take_others(from)?,
        })
    }
}

impl Wire for Answer {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Welcome { life, known, founders, others } => {
                out.push(1);
                life.put(out);
                known.put(out);
                founders.put(out);
                put_others(others, out);
            }
            Self::Over { life } => {
                out.push(2);
                life.put(out);
            }
            Self::Refused { sentence } => {
                out.push(3);
                sentence.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some(match u8::take(from)? {
            1 => Self::Welcome {
                life: Wire::take(from)?,
                known: Wire::take(from)?,
                founders: Wire::take(from)?,
                others: take_others(from)?,
            },
            2 => Self::Over { life: Wire::take(from)? },
            3 => Self::Refused { sentence: Wire::take(from)? },
            _ => return None,
        })
    }
}

impl Wire for Frame {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Message(envelope) => {
                out.push(1);
                envelope.put(out);
            }
            Self::Others(others) => {
                out.push(2);
                put_others(others, out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Option<Self> {
        Some(match u8::take(from)? {
            1 => Self::Message(Box::new(Wire::take(from)?)),
            2 => Self::Others(take_others(from)?),
            _ => return None,
        })
    }
}
