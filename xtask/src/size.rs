//! Checks the page's download size against the budget in `xtask/size-budget.json`.
//!
//! The budget is a ratchet: a change that makes the page smaller lowers it; one that needs more raises it in the same commit,
//! where reviewers see it.

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Compares the page in `dist` with the budget.
pub(crate) fn check(dist: &Path, budget: &Path) -> Result<()> {
    let limits: Value =
        serde_json::from_str(&std::fs::read_to_string(budget).with_context(|| budget.display().to_string())?)?;
    // A lesson's programs are in another folder, and are loaded when the lesson is opened.
    let files: Vec<PathBuf> = WalkDir::new(dist.join("assets"))
        .into_iter()
        .map(|entry| Ok(entry?.into_path()))
        .collect::<Result<_>>()
        .context("the page is not built")?;
    let mut over = Vec::new();
    for part in Part::ALL {
        let what = part.name();
        let bytes = Bytes::of(files.iter().filter(|file| Part::of(file) == Some(part)))?;
        for (measure, measured) in [("raw_bytes", bytes.raw), ("gzip_bytes", bytes.gzip)] {
            let limit = limits[what][measure]
                .as_u64()
                .with_context(|| format!("{} lacks {what}.{measure}", budget.display()))?;
            println!("{what:<16} {measure:<10} {measured:>9} of {limit:>9}");
            if measured > limit {
                over.push(format!("{what}.{measure} is {measured}, {} over", measured - limit));
            }
        }
        ensure!(bytes.raw > 0, "{} holds nothing of `{what}`: look at what `npm run build` wrote", dist.display());
    }
    ensure!(
        over.is_empty(),
        "{}: make it smaller, or raise the budget in {} and say why",
        over.join("; "),
        budget.display()
    );
    Ok(())
}

/// The parts that are weighed separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The engine's module that the first screen needs.
    Engine,
    /// The other files that the first screen needs.
    ScriptAndStyle,
    /// The engine's module with the simulated cluster, which a script with one loads.
    Cluster,
    /// The whole engine and the workers of the larger modules, which are loaded on demand.
    Later,
}

impl Part {
    const ALL: [Self; 4] = [Self::Engine, Self::ScriptAndStyle, Self::Cluster, Self::Later];

    const fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::ScriptAndStyle => "script_and_style",
            Self::Cluster => "cluster",
            Self::Later => "later",
        }
    }

    /// Which part a file of the built page belongs to.
    fn of(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_str()?;
        match file.extension()?.to_str()? {
            "wasm" if name.starts_with("first_bg") => Some(Self::Engine),
            "wasm" if name.starts_with("cluster_bg") => Some(Self::Cluster),
            "wasm" => Some(Self::Later),
            "js" if LATER.iter().any(|start| name.starts_with(start)) => Some(Self::Later),
            "js" | "css" => Some(Self::ScriptAndStyle),
            _ => None,
        }
    }
}

/// How scripts begin that no first screen waits for.
const LATER: [&str; 3] = ["cluster.worker", "scenarios-", "whole.worker"];

struct Bytes {
    raw: u64,
    gzip: u64,
}

impl Bytes {
    /// The sum of the files' sizes, each compressed on its own as a web server does.
    fn of<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<Self> {
        let mut sum = Self { raw: 0, gzip: 0 };
        for file in files {
            let bytes = std::fs::read(file)?;
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&bytes)?;
            sum.raw += bytes.len() as u64;
            sum.gzip += encoder.finish()?.len() as u64;
        }
        Ok(sum)
    }
}
