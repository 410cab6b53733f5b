//! The arguments of `grader trace`, and its help.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `grader trace`.
#[derive(Debug, Args)]
#[command(after_long_help = TRACE_HELP)]
pub struct TraceArgs {
    /// The trace
    pub file: PathBuf,
    /// Its format: oracle-general, csv, msr, arc, lirs or keys
    #[arg(long)]
    pub format: String,
    /// Eviction policies, separated by commas; belady is the floor, all is every policy and the floor
    #[arg(long, value_delimiter = ',', default_value = "lru")]
    pub policy: Vec<String>,
    /// Cache sizes, separated by commas: bytes, as 1000,128MiB (kB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024), or a
    /// share of the working set, as 10% or 0.1
    #[arg(long, value_delimiter = ',', required = true, allow_negative_numbers = true)]
    pub size: Vec<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
    /// CSV: the column of the object's id, by name or number
    #[arg(long, default_value = "id")]
    pub id_column: String,
    /// CSV: the column of its size in bytes
    #[arg(long, default_value = "size")]
    pub size_column: String,
    /// CSV: there is no size column, every object has size 1
    #[arg(long)]
    pub no_size: bool,
    /// CSV: the separator of fields; `tab` is a tab, `blank` any number of blanks
    #[arg(long, default_value = ",", value_parser = delimiter)]
    pub delimiter: char,
    /// CSV: there is no header, the first line is data
    #[arg(long)]
    pub no_header: bool,
    /// CSV: a column that distinguishes equal ids, such as a disk's number; may be given more than once
    #[arg(long, value_name = "COLUMN")]
    pub disk_column: Vec<String>,
    /// CSV: the column of the operation
    #[arg(long, value_name = "COLUMN")]
    pub op_column: Option<String>,
    /// CSV, msr: the operations to replay, separated by commas, as read or get,gets [default: all]
    #[arg(long, value_name = "OP", value_delimiter = ',')]
    pub op: Vec<String>,
    /// CSV, msr: ids are offsets in bytes, and each block of this size that a row touches is a request [default for msr: 4KiB]
    #[arg(long, value_name = "SIZE")]
    pub block: Option<String>,
    /// CSV, msr: how rows of size 0 are read
    #[arg(long, value_enum, default_value_t = EmptyRow::Skip)]
    pub zero_size: EmptyRow,
}

/// What `grader trace` makes of a row whose size is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EmptyRow {
    /// Leave it out, and say how many there were
    Skip,
    /// Take it for a request of size 1
    One,
}

/// What `grader trace --help` ends with.
const TRACE_HELP: &str = "\
Formats (gzip, bzip2, xz and zstd are unpacked by themselves):
  oracle-general  libCacheSim's records of 24 bytes
  csv             fields with a header; the --…-column options name columns, or number them from 1
  msr             MSR Cambridge: timestamp,host,disk,Read|Write,offset,size,time; a request for each block of 4 KiB
  arc             the ARC paper's: first_block blocks ignored ignored
  lirs            the LIRS paper's: a block number a line
  keys            a key a line

Policies:
  lru       least recently used                     clock     FIFO that passes over what was read
  lfu       least frequently used                   arc       recency and frequency, balanced by ghosts
  fifo      first in, first out                     2q        FIFO, then LRU for what comes back
  ttl       soonest deadline (a trace has none)     lirs      who was read twice within a short time stays
  sieve     FIFO with a hand that spares            wtinylfu  a window, then who is asked for more often stays
  s3fifo    three FIFOs
  belady    whoever knows the future: where all objects are of one size, no policy misses less

What is printed: requests, objects and the working set (each object once, in its largest size); then for each policy and
size the misses and their share of the requests (miss ratio), the bytes missed and their share of the bytes asked for
(byte miss ratio). Sizes count the objects alone, without what a cache keeps beside them.

Examples:
  grader trace keys.txt.gz --format keys --policy lru,arc,belady --size 1%,10%
  grader trace web_0.csv.gz --format msr --op read --policy all --size 64MiB,1GiB
  grader trace cluster52.sort.zst --format csv --no-header --id-column 2 --size-column 4 --op-column 6 \\
      --op get,gets --policy s3fifo,wtinylfu --size 0.1 --json
  grader trace disk.txt --format csv --no-header --delimiter blank --id-column 3 --no-size --size 1000";

fn delimiter(text: &str) -> Result<char, String> {
    let mut letters = text.chars();
    match (text, letters.next(), letters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        ("blank" | "space", ..) => Ok(' '),
        (_, Some(letter), None) => Ok(letter),
        _ => Err("write one character, `tab` or `blank`".into()),
    }
}
