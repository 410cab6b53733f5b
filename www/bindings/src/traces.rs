//! A public trace that a learner brings: a cache of each policy replays it, side by side, and whoever knows the future.

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use cachedojo::cache::EvictionPolicy;
use cachedojo_notation::text::Language;
use cachedojo_trace::{
    CacheSize, CsvColumns, Footprint, Format, ObjectNames, ReplayedCache, Request, Trace, TraceError, floor_telling,
    read_within,
};

use crate::count::count;
use crate::language_of;
use crate::race::{Curve, Lane, policies_of};
use crate::view::NUMBER_MAX;

/// The most bytes of a file that are read.
const BYTES_MAX: usize = 32 << 20;
/// The most requests: with all that the replay keeps of them about 200 MB.
const REQUESTS_MAX: usize = 2_000_000;
/// The most keys that are named of those that left at once.
const NAMED_MAX: usize = 5;

/// The result of a race on a trace.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct TraceRaced {
    /// Each policy, in the order of the request.
    pub lanes: Vec<Lane>,
    /// Belady's rule, which knows all later requests. It counts no evictions: it may let an object pass by.
    pub floor: Lane,
    /// The first request at which they evict different objects, if there is one.
    pub parting: Option<TraceParting>,
    /// Requests of the trace.
    pub requests: u32,
    /// Distinct objects in it.
    pub objects: u32,
    /// Bytes of the working set: each object once, in its largest size.
    pub working_set_bytes: u64,
    /// Bytes of each cache.
    pub size_bytes: u64,
    /// Rows that were left out because their size is 0.
    pub empty_rows: u32,
}

/// Where policies differ.
#[derive(Serialize, Tsify)]
pub struct TraceParting {
    /// The request, counted from 1.
    pub request: u32,
    /// What it asks for.
    pub key: String,
    /// For each policy the objects that it evicted there, separated by spaces; at most [`NAMED_MAX`] of them.
    pub victims: Vec<String>,
}

/// A race on a trace, and how far it has come.
#[wasm_bindgen]
pub struct TraceRace {
    requests: Vec<Request>,
    names: ObjectNames,
    footprint: Footprint,
    size_bytes: u64,
    empty_rows: u64,
    runners: Vec<Runner>,
    position: usize,
    parting: Option<TraceParting>,
}

struct Runner {
    policy: EvictionPolicy,
    cache: ReplayedCache,
    curve: Curve,
    evictions: u32,
    /// Who left at the latest request.
    gone: Vec<u64>,
}

#[wasm_bindgen]
impl TraceRace {
    /// Reads a trace in that format, of at most 32 MiB and 2,000,000 requests, for caches of that size (bytes, or a share of the
    /// working set) of up to five policies, by the names that scripts use. Cost: O(bytes).
    ///
    /// # Errors
    /// What does not fit, in one sentence in the language of that tag.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands a vector over")]
    pub fn new(
        bytes: Vec<u8>,
        format: &str,
        size: &str,
        policies: Vec<String>,
        language: &str,
    ) -> Result<TraceRace, JsError> {
        let language = language_of(language);
        let policies = policies_of(&policies)?;
        let size = CacheSize::parse(size).ok_or_else(|| JsError::new(no_size(language)))?;
        let format = Format::from_name(format).ok_or_else(|| JsError::new("no such format"))?;
        if bytes.len() > BYTES_MAX {
            return Err(JsError::new(too_large(language)));
        }
        let (trace, names) = read(&format, &bytes).map_err(|error| JsError::new(&sentence(&error, language)))?;
        drop(bytes);
        if trace.requests.is_empty() {
            return Err(JsError::new(no_request(language)));
        }
        let footprint = Footprint::of(&trace.requests);
        let size_bytes = size.bytes(footprint.working_set_bytes);
        let reads = count(trace.requests.len());
        let runners = policies.into_iter().map(|policy| Runner::new(policy, size_bytes, reads)).collect();
        let Trace { requests, empty_rows, .. } = trace;
        Ok(Self { requests, names, footprint, size_bytes, empty_rows, runners, position: 0, parting: None })
    }

    /// Replays up to `count` requests more. Cost: O(policies × count).
    pub fn step(&mut self, count: u32) {
        let end = self.position.saturating_add(count as usize).min(self.requests.len());
        for place in self.position..end {
            let request = self.requests[place];
            for runner in &mut self.runners {
                runner.ask(request);
            }
            if self.parting.is_none() && self.runners.iter().any(|runner| runner.gone != self.runners[0].gone) {
                self.parting = Some(self.parting_at(place));
            }
        }
        self.position = end;
    }

    /// Requests replayed so far.
    #[wasm_bindgen(getter)]
    pub fn position(&self) -> u32 {
        count(self.position)
    }

    /// Requests of the trace.
    #[wasm_bindgen(getter)]
    pub fn total(&self) -> u32 {
        count(self.requests.len())
    }

    /// What came out; call it at the end. Computes the floor: O(requests × log objects).
    ///
    /// # Errors
    /// None that the page could cause.
    pub fn result(&mut self) -> Result<Ts<TraceRaced>, JsError> {
        let mut floor = Curve::new(count(self.requests.len()));
        floor_telling(&self.requests, self.size_bytes, |found| floor.hear(found));
        let lanes =
            self.runners.drain(..).map(|Runner { policy, curve, evictions, .. }| curve.lane(policy.name(), evictions));
        Ok(TraceRaced {
            lanes: lanes.collect(),
            floor: floor.lane("belady", 0),
            parting: self.parting.take(),
            requests: count(self.requests.len()),
            objects: u32::try_from(self.footprint.objects).unwrap_or(u32::MAX),
            working_set_bytes: self.footprint.working_set_bytes.min(NUMBER_MAX),
            size_bytes: self.size_bytes.min(NUMBER_MAX),
            empty_rows: u32::try_from(self.empty_rows).unwrap_or(u32::MAX),
        }
        .into_ts()?)
    }
}

impl TraceRace {
    fn parting_at(&self, place: usize) -> TraceParting {
        let name = |id: u64| self.names.text(id).map_or_else(|| id.to_string(), |text| text.chars().take(40).collect());
        let victims = self.runners.iter().map(|Runner { gone, .. }| {
            let named: Vec<String> = gone.iter().take(NAMED_MAX).map(|&id| name(id)).collect();
            let rest = if gone.len() > NAMED_MAX { " …" } else { "" };
            named.join(" ") + rest
        });
        TraceParting { request: count(place + 1), key: name(self.requests[place].id), victims: victims.collect() }
    }
}

impl Runner {
    fn new(policy: EvictionPolicy, size_bytes: u64, reads: u32) -> Self {
        let (cache, curve) = (ReplayedCache::new(policy, size_bytes), Curve::new(reads));
        Self { policy, cache, curve, evictions: 0, gone: Vec::new() }
    }

    fn ask(&mut self, request: Request) {
        self.gone.clear();
        self.curve.hear(self.cache.request(request, &mut self.gone));
        self.evictions = self.evictions.saturating_add(count(self.gone.len()));
    }
}

/// Reads the trace. In a table without a column `size` every object has size 1.
fn read(format: &Format, bytes: &[u8]) -> Result<(Trace, ObjectNames), TraceError> {
    match (read_within(format, bytes, REQUESTS_MAX), format) {
        (Err(TraceError::NoColumn { name }), Format::Csv(columns)) if Some(&name) == columns.size.as_ref() => {
            let unsized_columns = CsvColumns { size: None, ..columns.clone() };
            read_within(&Format::Csv(unsized_columns), bytes, REQUESTS_MAX)
        }
        (read, _) => read,
    }
}

fn sentence(error: &TraceError, language: Language) -> String {
    match (error, language) {
        (TraceError::NoColumn { name }, Language::English) => {
            format!(
                "the first line names no column `{name}`: write one there, or use `grader trace`, which takes other names"
            )
        }
        (TraceError::NoColumn { name }, Language::French) => format!(
            "la première ligne ne nomme aucune colonne `{name}` : écrivez-en une, ou prenez `grader trace`, qui accepte d'autres noms"
        ),
        _ => error.message(language),
    }
}

const fn no_size(language: Language) -> &'static str {
    match language {
        Language::English => {
            "that is not a cache's size: write bytes, as 1000 or 64KiB, or a share of the working set, as 10%"
        }
        Language::French => {
            "ce n'est pas la taille d'un cache : écrivez des octets, comme 1000 ou 64KiB, ou une part de l'ensemble de travail, comme 10%"
        }
    }
}

const fn too_large(language: Language) -> &'static str {
    match language {
        Language::English => "the file has over 32 MiB: cut it, or replay it whole with `grader trace`",
        Language::French => "le fichier dépasse 32 Mio : découpez-le, ou rejouez-le entier avec `grader trace`",
    }
}

const fn no_request(language: Language) -> &'static str {
    match language {
        Language::English => "the file holds no request: check the format",
        Language::French => "le fichier ne contient aucune requête : vérifiez le format",
    }
}
