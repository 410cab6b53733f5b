//! The formats of published traces.

use std::collections::HashMap;
use std::num::NonZeroU64;

use super::Request;
use super::mistake::{LINE_BLOCKS_MAX, REQUESTS_MAX, TraceError};
use super::packing::Packing;

/// The format of a trace file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// libCacheSim's `oracleGeneral`: records of 24 bytes, little-endian: u32 time, u64 id, u32 size, i64 next request of the
    /// same object. Requests of size zero are left out, as libCacheSim does.
    OracleGeneral,
    /// Lines of fields; ids may be any text.
    Csv(CsvColumns),
    /// Lines of fields, of which more than an id and a size matter.
    Table(Box<Table>),
    /// The ARC paper's: `first_block blocks ignored ignored` on each line; each block is a request of size 1.
    Arc,
    /// The LIRS paper's: a block number on each line, of size 1; lines with `*` are marks and skipped.
    Lirs,
    /// A key on each line, of size 1; keys may be any text.
    Keys,
}

/// The columns of a CSV file; they are named by the header, or numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvColumns {
    /// The object's id.
    pub id: String,
    /// Its size in bytes; without this column every object has size 1.
    pub size: Option<String>,
    /// The separator of fields; a space stands for any number of blanks.
    pub delimiter: char,
    /// Whether the first line names the columns.
    pub has_header: bool,
}

impl Default for CsvColumns {
    /// `id,size` with a header.
    fn default() -> Self {
        Self { id: "id".into(), size: Some("size".into()), delimiter: ',', has_header: true }
    }
}

/// A table of requests to disks, or to caches that have several operations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The columns of ids and sizes. With [`Table::block_bytes`] an id is an offset in bytes.
    pub columns: CsvColumns,
    /// Columns that distinguish equal ids: a host and the number of its disk.
    pub disks: Vec<String>,
    /// The column of the operation.
    pub op: Option<String>,
    /// The operations to read, in any case; all of them if the list is empty.
    pub ops: Vec<String>,
    /// If set, each block of so many bytes that a row touches is a request of this size.
    pub block_bytes: Option<NonZeroU64>,
    /// How rows of size 0 are read.
    pub empty: EmptyRows,
}

/// How rows of size 0 are read: in some traces these are requests whose size was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyRows {
    /// They are left out, as libCacheSim leaves them out.
    #[default]
    LeftOut,
    /// They are requests of size 1.
    One,
}

impl Table {
    /// The format of the MSR Cambridge traces (SNIA): `timestamp,host,disk,Read|Write,offset,size,response time` without a
    /// header; each block of 4 KiB is a request.
    pub fn msr() -> Self {
        let columns = CsvColumns { id: "5".into(), size: Some("6".into()), delimiter: ',', has_header: false };
        let disks = vec!["2".into(), "3".into()];
        Self { columns, disks, op: Some("4".into()), block_bytes: NonZeroU64::new(4096), ..Self::default() }
    }
}

/// A trace, parsed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Its requests, in order.
    pub requests: Vec<Request>,
    /// Rows that were left out because their size is 0.
    pub empty_rows: u64,
    /// Rows that were left out because of their operation.
    pub other_ops: u64,
}

impl Format {
    /// The format with that name (`oracle-general`, `csv`, `msr`, `arc`, `lirs`, `keys`); CSV has the usual columns.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "oracle-general" => Self::OracleGeneral,
            "csv" => Self::Csv(CsvColumns::default()),
            "msr" => Self::Table(Box::new(Table::msr())),
            "arc" => Self::Arc,
            "lirs" => Self::Lirs,
            "keys" => Self::Keys,
            _ => return None,
        })
    }
}

/// Parses a whole trace. O(its length).
///
/// # Errors
/// The first thing in it that does not fit the format.
pub fn read(format: &Format, bytes: &[u8]) -> Result<Vec<Request>, TraceError> {
    read_trace(format, bytes).map(|trace| trace.requests)
}

/// The same, and also counts what was left out.
///
/// # Errors
/// As [`read`].
pub fn read_trace(format: &Format, bytes: &[u8]) -> Result<Trace, TraceError> {
    read_within(format, bytes, REQUESTS_MAX).map(|(trace, _)| trace)
}

/// The same for a trace of at most `most` requests, and the names of its objects where it has some. Memory: that of `most` requests
/// and of the names.
///
/// # Errors
/// As [`read`], or when it has more requests.
pub fn read_within(format: &Format, bytes: &[u8], most: usize) -> Result<(Trace, ObjectNames), TraceError> {
    let mut names = ObjectNames::default();
    let trace = read_naming(format, bytes, most, &mut names)?;
    if trace.requests.len() > most {
        return Err(TraceError::TooMany { most });
    }
    Ok((trace, names))
}

/// Reads one request more than `most` at most.
fn read_naming(format: &Format, bytes: &[u8], most: usize, ids: &mut ObjectNames) -> Result<Trace, TraceError> {
    if Packing::of(bytes).is_some() {
        return Err(TraceError::Compressed);
    }
    let requests = match format {
        Format::OracleGeneral => return oracle_general(bytes, most),
        Format::Csv(columns) => return csv(columns, text(bytes)?, most, ids),
        Format::Table(table) => return table_rows(table, text(bytes)?, most, ids),
        Format::Arc => arc(text(bytes)?, most),
        Format::Lirs => lines(text(bytes)?)
            .filter(|(_, line)| *line != "*")
            .take(most.saturating_add(1))
            .map(|(number, line)| Ok(Request { id: whole(number, line)?, size: 1 }))
            .collect(),
        Format::Keys => Ok(text(bytes)?
            .lines()
            .filter(|key| !key.is_empty())
            .take(most.saturating_add(1))
            .map(|key| Request { id: ids.of(key), size: 1 })
            .collect()),
    }?;
    Ok(Trace { requests, ..Trace::default() })
}

fn oracle_general(bytes: &[u8], most: usize) -> Result<Trace, TraceError> {
    let (records, rest) = bytes.as_chunks::<24>();
    if !rest.is_empty() {
        return Err(TraceError::TruncatedRecord { offset: bytes.len() - rest.len() });
    }
    let requests = records.iter().map(|&[_, _, _, _, i0, i1, i2, i3, i4, i5, i6, i7, s0, s1, s2, s3, ..]| Request {
        id: u64::from_le_bytes([i0, i1, i2, i3, i4, i5, i6, i7]),
        size: u32::from_le_bytes([s0, s1, s2, s3]).into(),
    });
    let requests: Vec<Request> = requests.filter(|request| request.size != 0).take(most.saturating_add(1)).collect();
    let empty_rows = (records.len() - requests.len()) as u64;
    Ok(Trace { requests, empty_rows, other_ops: 0 })
}

fn csv(columns: &CsvColumns, text: &str, most: usize, ids: &mut ObjectNames) -> Result<Trace, TraceError> {
    table_rows(&Table { columns: columns.clone(), ..Table::default() }, text, most, ids)
}

fn table_rows(table: &Table, text: &str, most: usize, ids: &mut ObjectNames) -> Result<Trace, TraceError> {
    let columns = &table.columns;
    // Not trimmed: a tab or a space may be the delimiter, and then a blank at the end means an empty field.
    let mut rows = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).peekable();
    let header: Vec<&str> = if columns.has_header {
        rows.next().map(|(_, line)| fields(line, columns.delimiter).collect()).unwrap_or_default()
    } else {
        Vec::new()
    };
    let place = |name: &str| {
        let named = header.iter().position(|column| *column == name);
        let numbered = || name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        named.or_else(numbered).ok_or_else(|| TraceError::NoColumn { name: name.into() })
    };
    let mut trace = Trace::default();
    if rows.peek().is_none() {
        return Ok(trace);
    }
    let id_at = place(&columns.id)?;
    let size_at = columns.size.as_deref().map(&place).transpose()?;
    let disks_at = table.disks.iter().map(|disk| place(disk)).collect::<Result<Vec<_>, _>>()?;
    let op_at = table.op.as_deref().map(&place).transpose()?;
    let (mut disks, mut blocks, mut sum_bytes) = (ObjectNames::default(), HashMap::new(), 0_u64);
    for (number, line) in rows {
        if trace.requests.len() > most {
            break;
        }
        let field = |at: usize, name: &str| {
            let missing = || TraceError::MissingField { line: number, field: name.into() };
            fields(line, columns.delimiter).nth(at).ok_or_else(missing)
        };
        if let Some(at) = op_at {
            let op = field(at, "operation")?;
            if !table.ops.is_empty() && !table.ops.iter().any(|kept| kept.eq_ignore_ascii_case(op)) {
                trace.other_ops += 1;
                continue;
            }
        }
        let id = field(id_at, "id")?;
        // The disks' names, each preceded by its length, so that different lists never give the same text.
        let mut disk = String::new();
        for &at in &disks_at {
            let name = field(at, "disk")?;
            disk += &format!("{}:{name}", name.len());
        }
        let size = size_at.map_or(Ok(1), |at| whole(number, field(at, "size")?))?;
        let size = if size == 0 && table.empty == EmptyRows::One { 1 } else { size };
        let Some(block_bytes) = table.block_bytes else {
            let id = if disk.is_empty() { ids.of(id) } else { ids.of(&(disk + id)) };
            sum_bytes = sum_bytes.checked_add(size).ok_or(TraceError::TooLarge { line: number })?;
            if size == 0 {
                trace.empty_rows += 1;
            } else {
                trace.requests.push(Request { id, size });
            }
            continue;
        };
        if size == 0 {
            trace.empty_rows += 1;
            continue;
        }
        let (first, last) = block_range(number, id, size, block_bytes)?;
        within(number, (last - first).saturating_add(1), most - trace.requests.len(), most)?;
        let disk = disks.of(&disk);
        for block in first..=last {
            let next = blocks.len() as u64;
            let id = *blocks.entry((disk, block)).or_insert(next);
            sum_bytes = sum_bytes.checked_add(block_bytes.get()).ok_or(TraceError::TooLarge { line: number })?;
            trace.requests.push(Request { id, size: block_bytes.get() });
        }
    }
    Ok(trace)
}

/// The first and the last block that a row of `size` bytes (more than 0) touches from an offset on.
fn block_range(line: usize, offset: &str, size: u64, block_bytes: NonZeroU64) -> Result<(u64, u64), TraceError> {
    let first: u64 = whole(line, offset)?;
    let last = first.checked_add(size - 1).ok_or_else(|| TraceError::NotANumber { line, text: offset.into() })?;
    Ok((first / block_bytes, last / block_bytes))
}

/// Whether a line may ask for so many blocks, where there is room for `room` more requests of `most`.
fn within(line: usize, blocks: u64, room: usize, most: usize) -> Result<(), TraceError> {
    if blocks > LINE_BLOCKS_MAX {
        return Err(TraceError::TooLong { line });
    }
    if blocks > room as u64 { Err(TraceError::TooMany { most }) } else { Ok(()) }
}

fn arc(text: &str, most: usize) -> Result<Vec<Request>, TraceError> {
    let mut requests = Vec::new();
    for (number, line) in lines(text) {
        let mut fields = line.split_ascii_whitespace();
        let missing = |field: &str| TraceError::MissingField { line: number, field: field.into() };
        let from = fields.next().ok_or_else(|| missing("first block"))?;
        let count: u64 = whole(number, fields.next().ok_or_else(|| missing("number of blocks"))?)?;
        let first: u64 = whole(number, from)?;
        within(number, count, most - requests.len(), most)?;
        let Some(others) = count.checked_sub(1) else { continue };
        let last =
            first.checked_add(others).ok_or_else(|| TraceError::NotANumber { line: number, text: from.into() })?;
        requests.extend((first..=last).map(|id| Request { id, size: 1 }));
    }
    Ok(requests)
}

fn text(bytes: &[u8]) -> Result<&str, TraceError> {
    let text = std::str::from_utf8(bytes).map_err(|error| TraceError::NotText { offset: error.valid_up_to() })?;
    // Spreadsheets write a byte order mark before the first column's name.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The lines that are not blank, trimmed and numbered from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty())
}

/// The fields of a line, without spaces and quotes around them. A quoted field may contain the delimiter, and quotes written
/// twice; these stay doubled, which distinguishes ids just as well.
fn fields(line: &str, delimiter: char) -> impl Iterator<Item = &str> {
    let is_space = move |c: char| c.is_whitespace() && c != delimiter;
    // With blanks as delimiter there are no empty fields, also at the beginning of the line.
    let is_blank = delimiter == ' ';
    let mut rest = Some(line).filter(|line| !is_blank || !line.trim().is_empty());
    std::iter::from_fn(move || {
        let from = if is_blank { rest?.trim_start() } else { rest?.trim_start_matches(is_space) };
        let quoted = from.strip_prefix('"').and_then(split_at_quote);
        let (field, after) = quoted.unwrap_or(("", from));
        let is_end = |c: char| c == delimiter || (is_blank && c.is_whitespace());
        let (unquoted, after) = after.split_once(is_end).map_or((after, None), |(field, rest)| (field, Some(rest)));
        rest = after.filter(|after| !is_blank || !after.trim().is_empty());
        Some(if quoted.is_some() { field } else { unquoted.trim_end_matches(is_space) })
    })
}

/// The parts before and after the quote that ends a field.
fn split_at_quote(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let end = from + text[from..].find('"')?;
        match text[end + 1..].strip_prefix('"') {
            Some(_) => from = end + 2,
            None => return Some((&text[..end], &text[end + 1..])),
        }
    }
}

fn whole<N: std::str::FromStr>(line: usize, text: &str) -> Result<N, TraceError> {
    text.parse().map_err(|_| TraceError::NotANumber { line, text: text.chars().take(40).collect() })
}

/// Numbers the distinct texts in the order in which they first appear.
#[derive(Debug, Clone, Default)]
pub struct ObjectNames(HashMap<String, u64>);

impl ObjectNames {
    /// The text that became this id; nothing where the format has numbers of its own. O(names).
    pub fn text(&self, id: u64) -> Option<&str> {
        self.0.iter().find(|&(_, &known)| known == id).map(|(text, _)| text.as_str())
    }

    fn of(&mut self, text: &str) -> u64 {
        if let Some(&known) = self.0.get(text) {
            return known;
        }
        let next = self.0.len() as u64;
        self.0.insert(text.to_owned(), next);
        next
    }
}
