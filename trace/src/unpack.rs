//! Unpacking of traces, which are published compressed.

use std::io::{self, Read};

use super::mistake::{TraceError, UNPACKED_BYTES_MAX};
use super::packing::Packing;

/// Unpacks a file compressed with gzip, bzip2, xz or Zstandard, recognised by its first bytes, in one part or several; other
/// files are returned unchanged. Memory: that of the unpacked bytes, at most 8 GiB.
///
/// # Errors
/// It is damaged, or too large.
pub fn unpack(bytes: Vec<u8>) -> Result<Vec<u8>, TraceError> {
    unpack_within(bytes, UNPACKED_BYTES_MAX)
}

fn unpack_within(bytes: Vec<u8>, bytes_max: u64) -> Result<Vec<u8>, TraceError> {
    let Some(packing) = Packing::of(&bytes) else { return Ok(bytes) };
    let packed = bytes.as_slice();
    let mut plain = Vec::new();
    let read = match packing {
        Packing::Gzip => read_within(flate2::read::MultiGzDecoder::new(packed), bytes_max, &mut plain),
        Packing::Bzip2 => read_within(bzip2::read::MultiBzDecoder::new(packed), bytes_max, &mut plain),
        Packing::Xz => read_within(lzma_rust2::XzReader::new(packed, true), bytes_max, &mut plain),
        Packing::Zstandard => unpack_zstandard(packed, bytes_max, &mut plain),
    };
    read.map_err(|error| TraceError::Damaged { packing: packing.name(), cause: error.to_string() })?;
    if plain.len() as u64 > bytes_max {
        return Err(TraceError::Unpacked);
    }
    Ok(plain)
}

/// Reads to the end, or one byte beyond the limit.
fn read_within(from: impl Read, bytes_max: u64, plain: &mut Vec<u8>) -> io::Result<()> {
    let room = (bytes_max + 1).saturating_sub(plain.len() as u64);
    from.take(room).read_to_end(plain).map(|_| ())
}

/// Zstandard's frames, one after the other; skippable frames are skipped.
fn unpack_zstandard(mut packed: &[u8], bytes_max: u64, plain: &mut Vec<u8>) -> io::Result<()> {
    while !packed.is_empty() && plain.len() as u64 <= bytes_max {
        if let [0x50..=0x5F, 0x2A, 0x4D, 0x18, l0, l1, l2, l3, rest @ ..] = packed {
            let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
            packed = rest.get(length..).ok_or(io::ErrorKind::UnexpectedEof)?;
            continue;
        }
        let frame = ruzstd::decoding::StreamingDecoder::new(&mut packed).map_err(io::Error::other)?;
        read_within(frame, bytes_max, plain)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{TraceError, unpack, unpack_within};

    /// `yes 1 | head -n 1000` and the like, packed by the programs themselves.
    const PACKED: [(&str, &[u8]); 4] = [
        ("gzip", include_bytes!("../tests/packed/keys.gz")),
        ("bzip2", include_bytes!("../tests/packed/keys.bz2")),
        ("xz", include_bytes!("../tests/packed/keys.xz")),
        ("zstd", include_bytes!("../tests/packed/keys.zst")),
    ];

    fn keys() -> Vec<u8> {
        (0..1000_u32).flat_map(|number| format!("{}\n", number * number % 97).into_bytes()).collect()
    }

    #[test]
    fn what_the_four_programs_packed_is_unpacked_in_one_part_or_several() {
        for (packing, packed) in PACKED {
            assert_eq!(unpack(packed.to_vec()), Ok(keys()), "{packing}");
            assert_eq!(unpack([packed, packed].concat()), Ok([keys(), keys()].concat()), "{packing}, twice");
        }
        let skipped = [b"\x28\xB5\x2F\xFD".as_slice(), &PACKED[3].1[4..], b"\x5A\x2A\x4D\x18\x02\0\0\0ab"].concat();
        assert_eq!(unpack(skipped), Ok(keys()));
        for plain in [b"BZh9 is a key\n".as_slice(), b"", b"1\n"] {
            assert_eq!(unpack(plain.to_vec()), Ok(plain.to_vec()));
        }
    }

    #[test]
    fn what_is_damaged_or_too_large_is_refused() {
        for (packing, packed) in PACKED {
            for length in [packed.len() / 2, packed.len() - 1] {
                let error = unpack(packed[..length].to_vec()).expect_err("it is cut");
                assert!(matches!(&error, TraceError::Damaged { packing: said, .. } if *said == packing), "{error:?}");
                assert!(error.to_string().ends_with("fetch it again"), "{error}");
            }
            let mut flipped = packed.to_vec();
            flipped[packed.len() / 2] ^= 0x10;
            assert_ne!(unpack(flipped), Ok(keys()), "{packing}");
            let length = keys().len() as u64;
            assert_eq!(unpack_within(packed.to_vec(), length), Ok(keys()), "{packing}");
            assert_eq!(unpack_within(packed.to_vec(), length - 1), Err(TraceError::Unpacked), "{packing}");
        }
    }
}
