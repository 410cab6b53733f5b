//! Which node this is, who the others are, and where it keeps what must outlive it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use cachedojo::cluster::{NodeId, NodeSet};
use sha2::{Digest as _, Sha256};

/// The longest name of a cluster, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// A node's settings, whole and right.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// Which node it is.
    pub id: NodeId,
    /// The cluster's name: nodes of another one are refused.
    pub cluster: String,
    /// Who founds the cluster, or of whom it may be let in, itself among them. Port 0 is for one whose address is not known: it tells
    /// it when it connects.
    pub peers: BTreeMap<NodeId, SocketAddr>,
    /// Where it keeps its log and its records.
    pub folder: PathBuf,
    /// What a node must know to be heard: made of the cluster's name and the token.
    pub proof: [u8; 32],
    /// How much its records may take, in bytes.
    pub memory_bytes_max: u64,
    /// From how many bytes of keys and values on it evicts; `None` if it never does.
    pub evict_bytes: Option<usize>,
}

impl NodeSettings {
    /// Where the nodes are that are given as `n1=127.0.0.1:7001,n2=127.0.0.1:7002`.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read_peers(text: &str) -> Result<BTreeMap<NodeId, SocketAddr>, WrongNode> {
        let mut peers = BTreeMap::new();
        for part in text.split(',').map(str::trim) {
            let (name, address) = part.split_once('=').ok_or_else(|| WrongNode::NoPair { text: part.to_owned() })?;
            let id = read_id(name)?;
            let wrong = || WrongNode::NoAddress { id, text: address.to_owned() };
            let address: SocketAddr = address.parse().map_err(|_| wrong())?;
            if address.ip().is_unspecified() {
                return Err(WrongNode::Unreachable { id, address });
            }
            let twice = peers.iter().find(|&(_, known)| *known == address && address.port() != 0);
            if let Some((&other, _)) = twice {
                return Err(WrongNode::OneAddress { other, id, address });
            }
            if peers.insert(id, address).is_some() {
                return Err(WrongNode::Twice { id });
            }
        }
        Ok(peers)
    }

    /// Puts a node's settings together.
    ///
    /// # Errors
    /// The node is not among the peers, or the name of the cluster is not one.
    pub fn new(
        id: NodeId,
        peers: BTreeMap<NodeId, SocketAddr>,
        cluster: &str,
        folder: Option<&str>,
        token: Option<&str>,
        memory_bytes_max: u64,
    ) -> Result<Self, WrongNode> {
        if !peers.contains_key(&id) {
            return Err(WrongNode::NotAmong { id, all: peers.keys().copied().collect() });
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if cluster.is_empty() || cluster.len() > NAME_BYTES_MAX || !cluster.bytes().all(is_plain) {
            return Err(WrongNode::NoName { text: cluster.to_owned() });
        }
        let proof = Sha256::new()
            .chain_update("cachedojo cluster\n")
            .chain_update(cluster)
            .chain_update("\n")
            .chain_update(token.unwrap_or_default())
            .finalize()
            .into();
        let folder = folder.map_or_else(|| PathBuf::from(format!("{cluster}-{id}")), PathBuf::from);
        Ok(Self { id, cluster: cluster.to_owned(), peers, folder, proof, memory_bytes_max, evict_bytes: None })
    }

    /// All that are named.
    pub fn founders(&self) -> NodeSet {
        self.peers.keys().copied().collect()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.peers[&self.id]
    }
}

/// The node of that name.
///
/// # Errors
/// There can be none of that name.
pub fn read_id(name: &str) -> Result<NodeId, WrongNode> {
    NodeId::from_name(name).ok_or_else(|| WrongNode::NoId { text: name.to_owned() })
}

/// What is wrong with a node's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant's sentence says it")]
pub enum WrongNode {
    NoPair { text: String },
    NoId { text: String },
    NoAddress { id: NodeId, text: String },
    Unreachable { id: NodeId, address: SocketAddr },
    OneAddress { other: NodeId, id: NodeId, address: SocketAddr },
    Twice { id: NodeId },
    NotAmong { id: NodeId, all: NodeSet },
    NoName { text: String },
}

impl fmt::Display for WrongNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPair { text } => {
                write!(f, "`{text}` is no node: write each as NAME=ADDRESS, as in n1=127.0.0.1:7001,n2=127.0.0.1:7002")
            }
            Self::NoId { text } => write!(f, "`{text}` is no node: nodes are n1 to n63"),
            Self::NoAddress { id, text } => {
                write!(f, "`{text}` of {id} is no address: write one such as 127.0.0.1:7001 or [::1]:7001")
            }
            Self::Unreachable { id, address } => {
                write!(f, "others cannot reach {id} at `{address}`: write the address of one of its interfaces")
            }
            Self::OneAddress { other, id, address } => {
                write!(f, "{other} and {id} have one address, {address}: give each its own")
            }
            Self::Twice { id } => write!(f, "{id} is there twice: name each node once"),
            Self::NotAmong { id, all } => {
                write!(f, "this node is {id}, and the peers are {all}: name it among them, with its own address")
            }
            Self::NoName { text } => {
                write!(f, "`{text}` is no name of a cluster: write 1 to 64 letters, digits, `-`, `_` or `.`")
            }
        }
    }
}

impl std::error::Error for WrongNode {}
