//! `grader trace`: a public cache trace, replayed under policies and sizes.

use std::fs;
use std::io::Write;
use std::num::NonZeroU64;

use anyhow::Result;
use cachedojo::cache::EvictionPolicy;
use cachedojo_notation::duration::parse_size;
use cachedojo_trace::{
    Belady, CacheSize, CsvColumns, EmptyRows, Footprint, Format, Replay, Request, Table, Trace, floor, read_trace,
    replay, unpack,
};
use serde::Serialize;

use crate::cli::{EmptyRow, TraceArgs};
use crate::host::outcome::{Outcome, UsageError};
use crate::host::printable::harmless;

/// The rules that decide which objects are kept.
#[derive(Debug, Clone, Copy)]
enum Contender {
    Policy(EvictionPolicy),
    Floor,
}

/// A line of the table.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Contest {
    Policy(Replay),
    Floor(Replay<Belady>),
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Contests {
    requests: u64,
    objects: u64,
    bytes_requested: u64,
    working_set_bytes: u64,
    /// Rows that were left out because their size is 0.
    empty_rows: u64,
    /// Rows that were left out because of their operation.
    other_ops: u64,
    results: Vec<Contest>,
}

/// Replays the trace and prints its totals, and misses and bytes missed with their ratios for each policy and size.
///
/// # Errors
/// The trace cannot be read, or an argument is invalid.
pub fn trace(args: &TraceArgs) -> Result<Outcome> {
    let (format, contenders, sizes) = (format_of(args)?, contenders(&args.policy)?, sizes(&args.size)?);
    let unreadable = |error| UsageError(format!("cannot read `{}`: {error}", args.file.display()));
    let bytes = fs::read(&args.file).map_err(unreadable)?;
    let read = unpack(bytes).and_then(|bytes| read_trace(&format, &bytes));
    let trace = read.map_err(|error| UsageError(harmless(&error.to_string())))?;
    if trace.requests.is_empty() {
        let mut err = std::io::stderr().lock();
        writeln!(err, "`{}` holds no request: is its format {}?", args.file.display(), args.format)?;
    }
    let report = Contests::of(&trace, &contenders, &sizes);
    if let Some(note) = too_large_for_s3fifo(&trace.requests, &report.results) {
        writeln!(std::io::stderr().lock(), "{note}")?;
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
    } else {
        report.print(&mut out)?;
    }
    Ok(Outcome::Passed)
}

fn format_of(args: &TraceArgs) -> Result<Format, UsageError> {
    let columns = CsvColumns {
        id: args.id_column.clone(),
        size: (!args.no_size).then(|| args.size_column.clone()),
        delimiter: args.delimiter,
        has_header: !args.no_header,
    };
    let mut table = match args.format.as_str() {
        "csv" => Table { columns, disks: args.disk_column.clone(), op: args.op_column.clone(), ..Table::default() },
        "msr" => Table::msr(),
        name => {
            return Format::from_name(name).ok_or_else(|| {
                UsageError(format!(
                    "there is no trace format `{name}`: use oracle-general, csv, msr, arc, lirs or keys"
                ))
            });
        }
    };
    table.ops = args.op.iter().map(|op| op.trim().to_owned()).collect();
    if !table.ops.is_empty() && table.op.is_none() {
        return Err(UsageError("--op needs the column of the operations: give --op-column".into()));
    }
    if let Some(text) = &args.block {
        let bytes = parse_size(text).and_then(NonZeroU64::new);
        let wrong = || UsageError(format!("`{text}` is not a block's size: write bytes, as 4096 or 4KiB"));
        table.block_bytes = Some(bytes.ok_or_else(wrong)?);
    }
    table.empty = match args.zero_size {
        EmptyRow::Skip => EmptyRows::LeftOut,
        EmptyRow::One => EmptyRows::One,
    };
    Ok(Format::Table(Box::new(table)))
}

fn contenders(names: &[String]) -> Result<Vec<Contender>, UsageError> {
    let mut contenders = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        match (name, EvictionPolicy::from_name(name)) {
            (_, Some(policy)) => contenders.push(Contender::Policy(policy)),
            ("belady", _) => contenders.push(Contender::Floor),
            ("all", _) => {
                contenders.extend(EvictionPolicy::ALL.map(Contender::Policy));
                contenders.push(Contender::Floor);
            }
            _ => {
                let known = EvictionPolicy::ALL.map(EvictionPolicy::name).join(", ");
                return Err(UsageError(format!("there is no policy `{name}`: use {known}, belady or all")));
            }
        }
    }
    Ok(contenders)
}

fn sizes(texts: &[String]) -> Result<Vec<CacheSize>, UsageError> {
    let size = |text: &String| {
        CacheSize::parse(text).ok_or_else(|| {
            UsageError(format!(
                "`{text}` is not a cache's size: write bytes, as 1000 or 128MiB, or a share of the working set, as 10% or 0.1"
            ))
        })
    };
    texts.iter().map(size).collect()
}

impl Contests {
    fn of(trace: &Trace, contenders: &[Contender], sizes: &[CacheSize]) -> Self {
        let requests: &[Request] = &trace.requests;
        let Footprint { objects, working_set_bytes } = Footprint::of(requests);
        let sizes: Vec<u64> = sizes.iter().map(|size| size.bytes(working_set_bytes)).collect();
        let mut results = Vec::new();
        for contender in contenders {
            match contender {
                Contender::Policy(policy) => {
                    results.extend(replay(requests, &[*policy], &sizes).results.into_iter().map(Contest::Policy));
                }
                Contender::Floor => results.extend(floor(requests, &sizes).into_iter().map(Contest::Floor)),
            }
        }
        Self {
            requests: requests.len() as u64,
            objects,
            bytes_requested: requests.iter().map(|request| request.size).sum(),
            working_set_bytes,
            empty_rows: trace.empty_rows,
            other_ops: trace.other_ops,
            results,
        }
    }

    fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        let Self { requests, objects, bytes_requested, working_set_bytes, .. } = self;
        write!(out, "{requests} requests for {bytes_requested} bytes, {objects} objects of {working_set_bytes} bytes")?;
        for (rows, why) in [(self.empty_rows, "of size 0"), (self.other_ops, "of other operations")] {
            if rows > 0 {
                write!(out, "; {rows} rows {why} left out")?;
            }
        }
        writeln!(
            out,
            "\n{:8} {:>15} {:>12} {:>10} {:>18} {:>15}",
            "policy", "size (bytes)", "misses", "miss ratio", "bytes missed", "byte miss ratio"
        )?;
        for row in &self.results {
            match row {
                Contest::Policy(replay) => print_row(out, replay.policy.name(), replay)?,
                Contest::Floor(replay) => print_row(out, "belady", replay)?,
            }
        }
        Ok(())
    }
}

/// What is said where S3-FIFO keeps nothing, or not all, for a reason that its miss ratio does not show.
fn too_large_for_s3fifo(requests: &[Request], results: &[Contest]) -> Option<String> {
    let size = results.iter().filter_map(|row| match row {
        Contest::Policy(replay) if replay.policy == EvictionPolicy::S3Fifo && replay.size_bytes >= 10 => {
            Some(replay.size_bytes)
        }
        _ => None,
    });
    let size = size.min()?;
    let refused = requests.iter().filter(|request| request.size >= size / 10 && request.size <= size).count();
    (refused > 0).then(|| {
        format!(
            "s3fifo keeps no object of a tenth of the cache or more (what its small queue cannot hold), as in libCacheSim: at {size} bytes {refused} of {} requests ask for one; larger sizes show the policy itself",
            requests.len()
        )
    })
}

fn print_row<P>(out: &mut impl Write, name: &str, replay: &Replay<P>) -> std::io::Result<()> {
    let Replay { size_bytes, misses, miss_ratio, bytes_missed, byte_miss_ratio, .. } = replay;
    writeln!(
        out,
        "{name:8} {size_bytes:>15} {misses:>12} {miss_ratio:>10.6} {bytes_missed:>18} {byte_miss_ratio:>15.6}"
    )
}
