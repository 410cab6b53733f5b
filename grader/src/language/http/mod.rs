//! A running service as a submission: a command that starts one, or the URL of one. The checks' requests are sent over HTTP, and
//! its answers are treated as a stranger's bytes.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`client`] | one request and its answer, bounded in bytes and in time |
//! | [`clock`] | whether the header that moves a service's time can be used |
//! | [`extra`] | rows beyond the checks: speed beside a reference, and trouble |
//! | [`lives`] | whether an entry may have gone before its time because real time passed |
//! | [`outside`] | which addresses are inside this network |
//! | [`process`] | the process of a service, started and ended with all its children |
//! | [`service`] | a service that is asked: found or started, told the time, started again when it ended |
//! | [`subject`] | the seam: requests of a script, sent |

pub mod client;
mod clock;
pub mod extra;
mod lives;
mod outside;
pub mod process;
pub mod service;
pub mod subject;

use std::sync::Arc;

use crate::host::sandbox::Protection;
use crate::intake::diagnostic;
use crate::intake::submission::Submission;
use crate::language::toolchain::{Built, ExtraAsked, Factory, Limits, NotStarted, Reason, Rejected, Toolchain};
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::report::CheckReport;
use cachedojo_lab::subject::Subject;
pub use process::START;
use service::{NotOpened, Service};
use subject::HttpSubject;

/// Why a command is not run without `--trust`.
pub const NOT_TRUSTED: &str = "a service is started as an ordinary program, which could read and change what you can: \
    if you trust it, add --trust; or start it where you like and name it with --url";

/// Why an address is not asked without `--trust`.
pub const NOT_ASKED: &str = "the file `start` names an address inside this machine or its network, and what answers there \
    would be shown to whoever handed it in: if you trust it, name it with --url, or add --trust";

/// Whether a submission is a service to be started as an ordinary program, and nobody said that it is trusted. That is for whoever
/// grades to say, so it costs no learner a mark. Every way to grade asks this of what it has read, archives unpacked.
pub fn needs_trust(submission: &Submission, protection: Protection) -> bool {
    submission.language == CodeLanguage::Http
        && protection == Protection::Sandbox
        && !submission.is_of_pack
        && !matches!(service::start_text(&submission.files), text if text.is_empty() || service::is_url(text))
}

/// Services, started or connected to.
#[derive(Debug)]
pub struct HttpToolchain {
    protection: Protection,
}

impl HttpToolchain {
    /// The toolchain for services; a service is started only under `Protection::Trust`.
    pub const fn new(protection: Protection) -> Self {
        Self { protection }
    }
}

impl Toolchain for HttpToolchain {
    fn build(&self, submission: &Submission) -> Result<Built, Rejected> {
        let rejected = |reason, message: &str| Rejected::new(reason, vec![diagnostic::general(message)]);
        // Who grades is told before: see `Bench::grade`. This holds whoever asks.
        if needs_trust(submission, self.protection) {
            return Err(Rejected::harness(NOT_TRUSTED));
        }
        let service =
            Service::open(&submission.files, self.protection == Protection::Trust).map_err(|why| match why {
                NotOpened::Inside => rejected(Reason::Forbidden, NOT_ASKED),
                NotOpened::Failed(why) => rejected(Reason::BuildFailed, &why),
            })?;
        let artifact = serde_json::to_vec(&submission.files).map_err(|error| Rejected::harness(&error.to_string()))?;
        let mut diagnostics = submission.notes.clone();
        diagnostics.extend(service.clock_fault.as_deref().map(diagnostic::general));
        let factory = Arc::new(HttpFactory { service: Arc::new(service) });
        Ok(Built { factory, artifact, missing: Vec::new(), diagnostics })
    }

    fn revive(&self, artifact: &[u8]) -> Option<Arc<dyn Factory>> {
        let files = serde_json::from_slice(artifact).ok()?;
        let service = Service::open(&files, self.protection == Protection::Trust).ok()?;
        Some(Arc::new(HttpFactory { service: Arc::new(service) }))
    }

    fn identity(&self) -> String {
        "http".to_owned()
    }

    fn backend(&self) -> &'static str {
        "http"
    }
}

#[derive(Debug)]
struct HttpFactory {
    service: Arc<Service>,
}

impl Factory for HttpFactory {
    fn subject(&self, _limits: &Limits) -> Result<Box<dyn Subject>, NotStarted> {
        Ok(Box::new(HttpSubject::new(Arc::clone(&self.service))))
    }

    fn extra(&self, asked: &ExtraAsked<'_>) -> Option<Result<Vec<CheckReport>, String>> {
        let text = asked.pack.get(extra::FILE)?;
        let solution = |path: &str| path.strip_prefix("solution/").map(str::to_owned);
        let files = asked.pack.iter().filter_map(|(path, text)| Some((solution(path)?, text.clone()))).collect();
        let reference = || match Service::open(&files, true) {
            Ok(service) => Ok(service),
            Err(NotOpened::Failed(why)) => Err(why),
            Err(NotOpened::Inside) => Err(NOT_ASKED.to_owned()),
        };
        let rows = extra::try_rows(text, asked.kinds, asked.language, &self.service, &reference);
        Some(rows.map_err(|why| why.to_string()))
    }
}
