//! `grader trace`: a public cache trace, replayed under policies and sizes.

use std::fs;
use std::io::Write;

use anyhow::Result;
use cachedojo::cache::EvictionPolicy;
use cachedojo_notation::duration::parse_size;
use cachedojo_trace::{CsvColumns, Format, read, replay};

use crate::cli::TraceArgs;
use crate::host::outcome::{Outcome, UsageError};
use crate::host::printable::harmless;

/// Replays the trace and prints requests, misses, miss ratio and bytes for each policy and size.
///
/// # Errors
/// The trace cannot be read, or an argument names nothing that there is.
pub fn trace(args: &TraceArgs) -> Result<Outcome> {
    let usage = |message: String| UsageError(message);
    let format = match args.format.as_str() {
        "csv" => Format::Csv(CsvColumns {
            id: args.id_column.clone(),
            size: (!args.no_size).then(|| args.size_column.clone()),
            delimiter: args.delimiter,
            has_header: !args.no_header,
        }),
        name => Format::from_name(name).ok_or_else(|| {
            usage(format!("there is no trace format `{name}`: use oracle-general, csv, arc, lirs or keys"))
        })?,
    };
    let policies = args.policy.iter().map(|name| {
        let known = EvictionPolicy::ALL.map(EvictionPolicy::name).join(", ");
        EvictionPolicy::from_name(name.trim()).ok_or_else(|| usage(format!("there is no policy `{name}`: use {known}")))
    });
    let policies = policies.collect::<Result<Vec<_>, _>>()?;
    let sizes = args.size.iter().map(|text| {
        let size = parse_size(text).filter(|&bytes| bytes > 0);
        size.ok_or_else(|| usage(format!("`{text}` is not a cache's size: write bytes, as 1000 or 128MiB")))
    });
    let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
    let bytes =
        fs::read(&args.file).map_err(|error| usage(format!("cannot read `{}`: {error}", args.file.display())))?;
    let requests = read(&format, &bytes).map_err(|error| usage(harmless(&error.to_string())))?;
    if requests.is_empty() {
        let mut err = std::io::stderr().lock();
        writeln!(err, "`{}` holds no request: is its format {}?", args.file.display(), args.format)?;
    }
    let report = replay(&requests, &policies, &sizes);
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
        return Ok(Outcome::Passed);
    }
    writeln!(out, "{} requests", report.requests)?;
    writeln!(
        out,
        "{:8} {:>15} {:>12} {:>10} {:>18}",
        "policy", "size (bytes)", "misses", "miss ratio", "bytes missed"
    )?;
    for result in &report.results {
        let (policy, ratio) = (result.policy.name(), result.miss_ratio);
        writeln!(
            out,
            "{policy:8} {:>15} {:>12} {ratio:>10.6} {:>18}",
            result.size_bytes, result.misses, result.bytes_missed
        )?;
    }
    Ok(Outcome::Passed)
}
