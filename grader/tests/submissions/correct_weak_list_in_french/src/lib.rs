//! Une liste chaînée par `Rc` et `Weak`, des noms français, et SHA-256 pour l'anneau.

use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
pub struct CacheEntry {
    pub value: Vec<u8>,
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub last_accessed: Instant,
    pub access_count: u64,
}

#[derive(Debug, Clone, Default)]
pub struct CacheStats {
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    pub expired: u64,
    pub bytes_stored: usize,
    pub entry_count: usize,
}

#[derive(Debug, Clone, Copy)]
pub enum EvictionPolicy {
    LRU,
    LFU,
    FIFO,
    TTL,
}

#[derive(Debug, Clone)]
pub struct NodeInfo {
    pub id: String,
    pub addr: String,
    pub weight: u32,
    pub is_alive: bool,
}

#[derive(Debug, Clone)]
pub struct CacheConfig {
    pub max_memory: usize,
    pub default_ttl: Option<Duration>,
    pub eviction_policy: EvictionPolicy,
    pub replication_factor: usize,
    pub virtual_nodes: usize,
}

#[derive(Debug, Clone)]
pub enum CacheCommand {
    Get { key: String },
    Set { key: String, value: Vec<u8>, ttl: Option<Duration> },
    Delete { key: String },
    Incr { key: String, delta: i64 },
    Touch { key: String, ttl: Duration },
    Stats,
}

#[derive(Debug)]
pub enum CacheResponse {
    Value(Option<Vec<u8>>),
    Stored,
    Deleted,
    NotFound,
    Error(String),
    Stats(CacheStats),
}

#[derive(Debug)]
pub enum ParseError {
    InvalidCommand,
    InvalidArguments,
    Incomplete,
}

type Lien = Option<Rc<RefCell<Maillon>>>;

/// Un maillon de la liste doublement chaînée.
struct Maillon {
    cle: String,
    suivant: Lien,
    precedent: Option<Weak<RefCell<Maillon>>>,
}

/// Liste : tête = le plus ancien, queue = le plus récent.
#[derive(Default)]
struct Liste {
    tete: Lien,
    queue: Lien,
}

impl Liste {
    fn ajouter(&mut self, cle: &str) -> Rc<RefCell<Maillon>> {
        let m = Rc::new(RefCell::new(Maillon { cle: cle.to_string(), suivant: None, precedent: None }));
        match self.queue.take() {
            Some(q) => {
                m.borrow_mut().precedent = Some(Rc::downgrade(&q));
                q.borrow_mut().suivant = Some(m.clone());
            }
            None => self.tete = Some(m.clone()),
        }
        self.queue = Some(m.clone());
        m
    }

    fn retirer(&mut self, m: &Rc<RefCell<Maillon>>) {
        let suivant = m.borrow_mut().suivant.take();
        let precedent = m.borrow_mut().precedent.take().and_then(|w| w.upgrade());
        match &suivant {
            Some(s) => s.borrow_mut().precedent = precedent.as_ref().map(Rc::downgrade),
            None => self.queue = precedent.clone(),
        }
        match precedent {
            Some(p) => p.borrow_mut().suivant = suivant,
            None => self.tete = suivant,
        }
    }
}

pub struct CacheNode {
    donnees: HashMap<String, (CacheEntry, Rc<RefCell<Maillon>>)>,
    liste: Liste,
    memoire_max: usize,
    memoire: usize,
    politique: EvictionPolicy,
    compteurs: CacheStats,
}

/// Octets comptés en plus pour chaque entrée.
const SURCOUT: usize = 4;

impl CacheNode {
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        CacheNode {
            donnees: HashMap::with_capacity(16),
            liste: Liste::default(),
            memoire_max: max_memory,
            memoire: 0,
            politique: eviction_policy,
            compteurs: CacheStats::default(),
        }
    }

    fn oter(&mut self, cle: &str) -> bool {
        if let Some((e, m)) = self.donnees.remove(cle) {
            self.liste.retirer(&m);
            self.memoire -= e.value.len() + SURCOUT;
            return true;
        }
        false
    }

    fn est_perimee(&self, cle: &str) -> bool {
        self.donnees.get(cle).and_then(|(e, _)| e.expires_at).is_some_and(|t| t < Instant::now())
    }

    fn perime(&mut self, cle: &str) {
        if self.est_perimee(cle) {
            self.oter(cle);
            self.compteurs.expired += 1;
        }
    }

    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        self.perime(key);
        match self.donnees.get_mut(key) {
            None => {
                self.compteurs.misses += 1;
                None
            }
            Some((e, m)) => {
                self.compteurs.hits += 1;
                e.access_count = e.access_count.saturating_add(1);
                e.last_accessed = Instant::now();
                if let EvictionPolicy::LRU = self.politique {
                    self.liste.retirer(m);
                    *m = self.liste.ajouter(key);
                }
                Some(e)
            }
        }
    }

    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let taille = value.len() + SURCOUT;
        self.oter(&key);
        if taille > self.memoire_max {
            return false;
        }
        let maintenant = Instant::now();
        let m = self.liste.ajouter(&key);
        self.donnees.insert(
            key,
            (
                CacheEntry {
                    value,
                    created_at: maintenant,
                    expires_at: ttl.map(|d| maintenant + d),
                    last_accessed: maintenant,
                    access_count: 1,
                },
                m,
            ),
        );
        self.memoire += taille;
        self.maybe_evict();
        true
    }

    pub fn delete(&mut self, key: &str) -> bool {
        self.perime(key);
        self.oter(key)
    }

    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        self.perime(key);
        let (e, _) = self.donnees.get_mut(key)?;
        let texte = std::str::from_utf8(&e.value).ok()?;
        let n = texte.parse::<i64>().ok()?.checked_add(delta)?;
        let avant = e.value.len();
        e.value = n.to_string().into_bytes();
        self.memoire = self.memoire - avant + e.value.len();
        self.maybe_evict();
        Some(n)
    }

    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.perime(key);
        self.donnees.get_mut(key).map(|(e, _)| e.expires_at = Some(Instant::now() + ttl)).is_some()
    }

    fn maybe_evict(&mut self) {
        while self.memoire > self.memoire_max && self.evict_one().is_some() {}
    }

    fn evict_one(&mut self) -> Option<String> {
        let cle = match self.politique {
            EvictionPolicy::LRU | EvictionPolicy::FIFO => self.liste.tete.as_ref()?.borrow().cle.clone(),
            EvictionPolicy::LFU => {
                let mut choix: Option<(u64, String)> = None;
                let mut m = self.liste.tete.clone();
                while let Some(courant) = m {
                    let cle = courant.borrow().cle.clone();
                    let n = self.donnees[&cle].0.access_count;
                    if choix.as_ref().is_none_or(|(c, _)| n < *c) {
                        choix = Some((n, cle));
                    }
                    m = courant.borrow().suivant.clone();
                }
                choix?.1
            }
            EvictionPolicy::TTL => {
                let avec = self.donnees.iter().filter_map(|(k, (e, _))| Some((e.expires_at?, k)));
                match avec.min() {
                    Some((_, k)) => k.clone(),
                    None => self.liste.tete.as_ref()?.borrow().cle.clone(),
                }
            }
        };
        self.oter(&cle);
        self.compteurs.evictions += 1;
        Some(cle)
    }

    pub fn clean_expired(&mut self) -> usize {
        let mortes: Vec<String> = self.donnees.keys().filter(|k| self.est_perimee(k)).cloned().collect();
        for k in mortes.iter() {
            self.oter(k);
            self.compteurs.expired += 1;
        }
        mortes.len()
    }

    pub fn stats(&self) -> CacheStats {
        CacheStats { bytes_stored: self.memoire, entry_count: self.donnees.len(), ..self.compteurs.clone() }
    }
}

pub struct HashRing {
    ring: BTreeMap<[u8; 8], Rc<str>>,
    nodes: BTreeMap<Rc<str>, NodeInfo>,
    virtual_nodes: usize,
}

impl HashRing {
    pub fn new(virtual_nodes: usize) -> Self {
        Self { ring: Default::default(), nodes: Default::default(), virtual_nodes }
    }

    /// The points of a node on the ring.
    fn points<'a>(&'a self, id: &'a str) -> impl Iterator<Item = [u8; 8]> + 'a {
        (0..self.virtual_nodes as u32).map(move |i| {
            let digest = Sha256::new().chain_update(id).chain_update(i.to_be_bytes()).finalize();
            digest[..8].try_into().unwrap()
        })
    }

    pub fn add_node(&mut self, node: NodeInfo) {
        let id: Rc<str> = Rc::from(node.id.as_str());
        let points: Vec<_> = self.points(&id).collect();
        for p in points {
            self.ring.entry(p).or_insert_with(|| id.clone());
        }
        self.nodes.insert(id, node);
    }

    pub fn remove_node(&mut self, node_id: &str) {
        let points: Vec<_> = self.points(node_id).collect();
        for p in points {
            if self.ring.get(&p).is_some_and(|id| **id == *node_id) {
                self.ring.remove(&p);
            }
        }
        self.nodes.remove(node_id);
    }

    fn hash(&self, key: &str) -> [u8; 8] {
        let d = Sha256::digest(key.as_bytes());
        d[..8].try_into().unwrap()
    }

    pub fn get_node(&self, key: &str) -> Option<&NodeInfo> {
        self.get_nodes(key, 1).first().copied()
    }

    pub fn get_nodes(&self, key: &str, count: usize) -> Vec<&NodeInfo> {
        let start = self.hash(key);
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        let mut out = vec![];
        let walk = self.ring.range(start..).map(|p| p.1).chain(self.ring.values());
        for id in walk {
            if out.len() >= count || taken.len() == self.nodes.len() {
                break;
            }
            if taken.insert(id) && self.nodes[id].is_alive {
                out.push(&self.nodes[id]);
            }
        }
        out
    }

    pub fn nodes(&self) -> Vec<&NodeInfo> {
        self.nodes.values().collect()
    }
}

pub struct DistributedCache {
    ring: HashRing,
    local_cache: CacheNode,
    replication_factor: usize,
    config: CacheConfig,
}

impl DistributedCache {
    pub fn new(config: CacheConfig) -> Self {
        Self {
            ring: HashRing::new(config.virtual_nodes),
            local_cache: CacheNode::new(config.max_memory, config.eviction_policy),
            replication_factor: config.replication_factor,
            config,
        }
    }

    pub fn add_server(&mut self, id: String, addr: String) {
        self.ring.add_node(NodeInfo { id, addr, weight: 1, is_alive: true });
    }

    pub fn remove_server(&mut self, id: &str) {
        self.ring.remove_node(id);
    }

    pub async fn execute(&mut self, cmd: CacheCommand) -> CacheResponse {
        match cmd {
            CacheCommand::Get { key } => CacheResponse::Value(self.local_cache.get(&key).map(|e| e.value.clone())),
            CacheCommand::Set { key, value, ttl } => {
                let ttl = ttl.or(self.config.default_ttl);
                if self.local_cache.set(key, value, ttl) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::Error("object too large for cache".to_string())
                }
            }
            CacheCommand::Delete { key } => {
                if self.local_cache.delete(&key) {
                    CacheResponse::Deleted
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Incr { key, delta } => match self.local_cache.incr(&key, delta) {
                Some(v) => CacheResponse::Value(Some(v.to_string().into_bytes())),
                None => CacheResponse::NotFound,
            },
            CacheCommand::Touch { key, ttl } => {
                if self.local_cache.touch(&key, ttl) {
                    CacheResponse::Stored
                } else {
                    CacheResponse::NotFound
                }
            }
            CacheCommand::Stats => CacheResponse::Stats(self.local_cache.stats()),
        }
    }

    pub fn servers_for_key(&self, key: &str) -> Vec<&NodeInfo> {
        self.ring.get_nodes(key, self.replication_factor)
    }

    pub async fn rebalance(&mut self) {
        self.local_cache.clean_expired();
    }
}

pub struct ProtocolParser;

impl ProtocolParser {
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        use CacheCommand as C;
        use ParseError as E;
        let crlf = input.windows(2).position(|w| w == b"\r\n").ok_or(E::Incomplete)?;
        let (line, rest) = (&input[..crlf], &input[crlf + 2..]);
        let line = std::str::from_utf8(line).or(Err(E::InvalidArguments))?;
        let parts: Vec<_> = line.split(' ').collect();
        let int = |s: &str| s.parse::<u64>().or(Err(E::InvalidArguments));
        let own = |s: &&str| -> Result<String, E> {
            if s.is_empty() { Err(E::InvalidArguments) } else { Ok((*s).to_string()) }
        };
        Ok(match (parts[0].to_uppercase().as_ref(), &parts[1..]) {
            ("GET", [k]) => C::Get { key: own(k)? },
            ("DELETE", [k] | [k, "noreply" | "0"]) => C::Delete { key: own(k)? },
            ("INCR", [k, n] | [k, n, "noreply"]) => {
                C::Incr { key: own(k)?, delta: i64::try_from(int(n)?).or(Err(E::InvalidArguments))? }
            }
            ("DECR", [k, n] | [k, n, "noreply"]) => {
                C::Incr { key: own(k)?, delta: -i64::try_from(int(n)?).or(Err(E::InvalidArguments))? }
            }
            ("TOUCH", [k, t] | [k, t, "noreply"]) => C::Touch { key: own(k)?, ttl: Duration::from_secs(int(t)?) },
            ("STATS", []) => C::Stats,
            ("SET", [k, f, t, n] | [k, f, t, n, "noreply"]) => {
                f.parse::<u16>().or(Err(E::InvalidArguments))?;
                let (t, n) = (int(t)?, int(n)? as usize);
                let (value, tail) = rest.split_at_checked(n).ok_or(E::Incomplete)?;
                match tail {
                    b"" | b"\r" => return Err(E::Incomplete),
                    [b'\r', b'\n', ..] => {}
                    _ => return Err(E::InvalidArguments),
                }
                let ttl = if t == 0 { None } else { Some(Duration::from_secs(t)) };
                C::Set { key: own(k)?, value: value.into(), ttl }
            }
            ("GET" | "DELETE" | "INCR" | "DECR" | "TOUCH" | "STATS" | "SET", _) => return Err(E::InvalidArguments),
            _ => return Err(E::InvalidCommand),
        })
    }

    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        fn line(s: impl AsRef<str>) -> Vec<u8> {
            format!("{}\r\n", s.as_ref()).into()
        }
        match response {
            CacheResponse::Value(v) => v.as_ref().map_or_else(
                || line("END"),
                |v| {
                    let mut out = line(format!("VALUE ? 0 {}", v.len()));
                    out.extend(v.iter().copied().chain(*b"\r\nEND\r\n"));
                    out
                },
            ),
            CacheResponse::Stored => line("STORED"),
            CacheResponse::Deleted => line("DELETED"),
            CacheResponse::NotFound => line("NOT_FOUND"),
            CacheResponse::Error(e) => line(format!("ERROR {e}")),
            CacheResponse::Stats(s) => line(format!("STAT hits {}\r\nSTAT misses {}\r\nEND", s.hits, s.misses)),
        }
    }
}
