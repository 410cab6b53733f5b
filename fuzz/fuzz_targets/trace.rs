//! Any bytes are a trace in each format but the table (whose columns a person names), or refused with a place in them; every
//! replay's sums are consistent.
#![no_main]

use cachedojo::cache::EvictionPolicy;
use cachedojo_trace::{CsvColumns, Format, TraceError, read, replay};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Written<'a> {
    OracleGeneral,
    Csv { id: &'a str, size: Option<&'a str>, delimiter: char, has_header: bool },
    CsvAsUsual,
    Arc,
    Lirs,
    Keys,
}

fuzz_target!(|input: (Written<'_>, u16, &[u8])| {
    let (written, size, bytes) = input;
    let format = match written {
        Written::OracleGeneral => Format::OracleGeneral,
        Written::Csv { id, size, delimiter, has_header } => {
            Format::Csv(CsvColumns { id: id.into(), size: size.map(Into::into), delimiter, has_header })
        }
        Written::CsvAsUsual => Format::Csv(CsvColumns::default()),
        // A line of a few bytes stands for a million requests.
        Written::Arc if bytes.len() > 40 => return,
        Written::Arc => Format::Arc,
        Written::Lirs => Format::Lirs,
        Written::Keys => Format::Keys,
    };
    let lines = bytes.split(|&byte| byte == b'\n').count();
    let mut requests = match read(&format, bytes) {
        Ok(requests) => requests,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            match error {
                TraceError::NotText { offset } => assert!(offset < bytes.len()),
                TraceError::TruncatedRecord { offset } => assert!(offset < bytes.len()),
                TraceError::MissingField { line, .. }
                | TraceError::NotANumber { line, .. }
                | TraceError::TooLarge { line }
                | TraceError::TooLong { line } => assert!((1..=lines).contains(&line)),
                TraceError::NoColumn { .. } | TraceError::TooMany { .. } | TraceError::Compressed => {}
                TraceError::Damaged { .. } | TraceError::Unpacked => panic!("nothing was unpacked: {error}"),
            }
            return;
        }
    };
    requests.truncate(2000);
    let asked: u64 = requests.iter().map(|request| request.size).sum();
    let sizes = [0, u64::from(size), u64::MAX];
    let report = replay(&requests, &EvictionPolicy::ALL, &sizes);
    assert_eq!((report.requests, report.results.len()), (requests.len() as u64, 3 * EvictionPolicy::ALL.len()));
    for result in &report.results {
        assert!(result.misses <= report.requests && result.bytes_missed <= asked);
        assert!(result.size_bytes != 0 || result.misses == report.requests);
    }
});
