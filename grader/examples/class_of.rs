//! Generates a class to measure with: `cargo run -p grader --example class_of -- 200 --seed 1 --out class-200`.

#[path = "../tests/class_of/mod.rs"]
mod class_of;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Parser;
use grader::pack::{DEFAULT_ID, Pack};

/// Makes up a class of learners, as course platforms export them.
#[derive(Parser)]
struct Arguments {
    /// How many learners
    count: usize,
    /// The same seed makes the same class
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The folder to make
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<()> {
    let Arguments { count, seed, out } = Arguments::parse();
    ensure!(!out.exists(), "`{}` is there already: name a new folder", out.display());
    fs::create_dir_all(&out)?;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions");
    class_of::write(count, seed, &Pack::load(DEFAULT_ID)?, &golden, &out)
}
