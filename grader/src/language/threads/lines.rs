//! From a position in a module's code to a source line, with the compiler's line tables.

use std::collections::BTreeMap;

use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The line tables of a module.
pub(super) struct Lines<'a>(Option<addr2line::Context<Slice<'a>>>);

impl std::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}

impl<'a> Lines<'a> {
    /// Parses a module's tables; without tables every look-up gives `None`.
    pub(super) fn of(module: &'a [u8]) -> Self {
        let mut sections: BTreeMap<&str, &'a [u8]> = BTreeMap::new();
        for payload in wasmparser::Parser::new(0).parse_all(module) {
            if let Ok(wasmparser::Payload::CustomSection(section)) = payload {
                sections.insert(section.name(), section.data());
            }
        }
        let load = |id: SectionId| -> Result<Slice<'a>, addr2line::gimli::Error> {
            let bytes = sections.get(id.name()).copied().unwrap_or_default();
            Ok(EndianSlice::new(bytes, LittleEndian))
        };
        Self(Dwarf::load(load).ok().and_then(|dwarf| addr2line::Context::from_dwarf(dwarf).ok()))
    }

    /// The file and line of a position, counted from the start of the code section.
    pub(super) fn find(&self, offset: u32) -> Option<(String, u32)> {
        let found = self.0.as_ref()?.find_location(u64::from(offset)).ok()??;
        Some((found.file?.to_owned(), found.line?))
    }
}
