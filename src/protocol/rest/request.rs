//! Parsing of requests: from method, path and body to one of the API's operations.

use super::body::{self, NewEntry};
use super::path::{Resource, Selection};
use super::settings::Change;
use super::{Failure, Limits};

/// A valid request of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the module's table says what each is")]
pub enum Request {
    Health,
    Get { namespace: String, key: String },
    Put { namespace: String, entry: NewEntry },
    Delete { namespace: String, key: String },
    Mget { namespace: String, keys: Vec<String> },
    Mset { namespace: String, entries: Vec<NewEntry> },
    Flush { namespace: String, selection: Selection },
    Stats { namespace: String },
    Namespaces,
    Settings { namespace: String },
    Configure { namespace: String, change: Change },
    Forget { namespace: String },
    Audit { namespace: String },
}

impl Request {
    /// Reads a request. `target` is path and query, percent-encoded, as they stand in a request line. O(its length).
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn read(method: &str, target: &str, body: Option<&str>, limits: &Limits) -> Result<Self, Failure> {
        let value_bytes_max = limits.value_bytes_max;
        let resource = Resource::new(target)?;
        let allow = resource.allow();
        Ok(match (resource, method) {
            (Resource::Health, "GET") => Self::Health,
            (Resource::Stats(namespace), "GET") => Self::Stats { namespace },
            (Resource::Mget(namespace), "POST") => Self::Mget { namespace, keys: body::read_keys(body)? },
            (Resource::Mset(namespace), "POST") => {
                Self::Mset { namespace, entries: body::read_entries(body, value_bytes_max)? }
            }
            (Resource::Namespace { namespace, selection }, "DELETE") => Self::Flush { namespace, selection },
            (Resource::Entry { namespace, key }, "GET") => Self::Get { namespace, key },
            (Resource::Entry { namespace, key }, "PUT") => {
                Self::Put { namespace, entry: body::read_put(key, body, value_bytes_max)? }
            }
            (Resource::Entry { namespace, key }, "DELETE") => Self::Delete { namespace, key },
            (Resource::Namespaces, "GET") => Self::Namespaces,
            (Resource::Settings(namespace), "GET") => Self::Settings { namespace },
            (Resource::Settings(namespace), "PUT") => Self::Configure { namespace, change: body::read_change(body)? },
            (Resource::Settings(namespace), "DELETE") => Self::Forget { namespace },
            (Resource::Audit(namespace), "GET") => Self::Audit { namespace },
            _ => return Err(Failure::MethodNotAllowed { allow }),
        })
    }

    /// The operation's name: `GET`, `PUT`, `DELETE`, `MGET`, `MSET`, `FLUSH`, `STATS`, `SETTINGS`, `CONFIGURE`, `FORGET`,
    /// `AUDIT`, `NAMESPACES` or `HEALTH`.
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::Health => "HEALTH",
            Self::Get { .. } => "GET",
            Self::Put { .. } => "PUT",
            Self::Delete { .. } => "DELETE",
            Self::Mget { .. } => "MGET",
            Self::Mset { .. } => "MSET",
            Self::Flush { .. } => "FLUSH",
            Self::Stats { .. } => "STATS",
            Self::Namespaces => "NAMESPACES",
            Self::Settings { .. } => "SETTINGS",
            Self::Configure { .. } => "CONFIGURE",
            Self::Forget { .. } => "FORGET",
            Self::Audit { .. } => "AUDIT",
        }
    }

    /// The namespace that it concerns, if it concerns one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Health | Self::Namespaces => None,
            Self::Get { namespace, .. }
            | Self::Put { namespace, .. }
            | Self::Delete { namespace, .. }
            | Self::Mget { namespace, .. }
            | Self::Mset { namespace, .. }
            | Self::Flush { namespace, .. }
            | Self::Stats { namespace }
            | Self::Settings { namespace }
            | Self::Configure { namespace, .. }
            | Self::Forget { namespace }
            | Self::Audit { namespace } => Some(namespace),
        }
    }
}
