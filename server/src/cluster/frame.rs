//! What goes over a connection between two nodes: a greeting, its answer, and then messages one way, each in a frame that begins with its length.

use std::net::SocketAddr;
use std::sync::Arc;

use cachedojo::cluster::wire::{Reader, Wire};
use cachedojo::cluster::{Envelope, NodeId, NodeSet};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The version of what is said here and in the messages; nodes of another one are refused.
pub(super) const VERSION: u16 = 1;
/// How every greeting begins, whatever its version.
const BEGINNING: [u8; 16] = *b"cachedojo node\r\n";
/// The largest frame of a greeting and of its answer, in bytes.
pub(super) const GREETING_MAX: usize = 16 << 10;
/// The largest frame of a message, in bytes: 64 records, each with the largest value and key.
pub(super) const FRAME_MAX: usize = 20 << 20;

/// Which nodes there are, and where.
pub(super) type Addresses = Vec<(NodeId, Option<SocketAddr>)>;

/// What a node says first on a connection that it opened.
#[derive(Debug, Clone)]
pub(super) struct Greeting {
    /// The cluster's name.
    pub(super) cluster: Arc<str>,
    /// That it may be in it.
    pub(super) proof: Vec<u8>,
    /// Who it is, and whom it takes the other one for.
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    /// Where it can be reached itself.
    pub(super) address: Option<SocketAddr>,
    /// In which life it is, with which disk; life 0 before it knows that.
    pub(super) life: u16,
    pub(super) disk: u64,
    /// The others that it knows.
    pub(super) others: Addresses,
}

/// What the other node answers.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Go on.
    Welcome {
        /// In which life it is itself; 0 before it knows that.
        life: u16,
        /// The last life of the one who greets of which it knows, beyond the founding.
        known: u16,
        /// Who founded the cluster; of a node in life 0, who is to found it. Nobody, if it does not know yet.
        founders: NodeSet,
        /// The others that it knows.
        others: Addresses,
    },
    /// You are one whose life is over: come back as a new one, above this.
    Over {
        /// The last life of that node.
        life: u16,
    },
    /// Go away.
    Refused {
        /// Why.
        sentence: Arc<str>,
    },
}

/// What goes on a connection from then on.
#[derive(Debug)]
pub(super) enum Frame {
    /// A message.
    Message(Box<Envelope>),
    /// The nodes that there are.
    Others(Addresses),
}

/// What a greeting's first bytes tell, even in another version.
pub(super) enum Spoken {
    /// It is whole.
    This(Box<Greeting>),
    /// It is of another version.
    Version(u16),
    /// It is something else.
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
    /// Its bytes, with what every greeting begins with.
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

/// Where a node is, or that nobody knows.
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
