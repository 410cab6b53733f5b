//! What a module has, read before it is rewritten.

use std::collections::BTreeMap;
use std::convert::Infallible;

use wasm_encoder::reencode;
use wasmparser::{Parser, Payload, TypeRef};

/// Why a module cannot be rewritten.
#[derive(Debug)]
pub(in super::super) struct NotRewritten(pub(super) String);

impl std::fmt::Display for NotRewritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "this module cannot be prepared for the scheduler: {}", self.0)
    }
}

impl std::error::Error for NotRewritten {}

impl From<wasmparser::BinaryReaderError> for NotRewritten {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self(error.to_string())
    }
}

impl From<reencode::Error<Infallible>> for NotRewritten {
    fn from(error: reencode::Error<Infallible>) -> Self {
        Self(error.to_string())
    }
}

/// What must be known of a module before it is written.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) types: u32,
    pub(super) imported: u32,
    pub(super) functions: u32,
    pub(super) globals: u32,
    pub(super) stack_pointer: u32,
    pub(super) set_stack_size: Option<u32>,
    pub(super) code: std::ops::Range<usize>,
    pub(super) names: BTreeMap<u32, String>,
}

pub(super) fn survey(bytes: &[u8]) -> Result<Survey, NotRewritten> {
    let mut survey = Survey::default();
    let mut shared = false;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::TypeSection(section) => survey.types = section.count(),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import?.ty {
                        TypeRef::Func(_) => survey.imported += 1,
                        TypeRef::Global(_) => survey.globals += 1,
                        TypeRef::Memory(memory) => shared |= memory.shared,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => survey.functions = section.count(),
            Payload::GlobalSection(section) => survey.globals += section.count(),
            Payload::CodeSectionStart { range, .. } => survey.code = range,
            Payload::CustomSection(section) => {
                if let wasmparser::KnownCustom::Name(names) = section.as_known() {
                    survey.read_names(names)?;
                }
            }
            _ => {}
        }
    }
    if shared { Ok(survey) } else { Err(NotRewritten("it imports no shared memory".to_owned())) }
}

impl Survey {
    fn read_names(&mut self, names: wasmparser::NameSectionReader<'_>) -> Result<(), NotRewritten> {
        for names in names {
            match names? {
                wasmparser::Name::Function(map) => {
                    for naming in map {
                        let naming = naming?;
                        if naming.name.ends_with("pthread_attr_setstacksize") {
                            self.set_stack_size = Some(naming.index);
                        }
                        self.names.insert(naming.index, naming.name.to_owned());
                    }
                }
                wasmparser::Name::Global(map) => {
                    for naming in map {
                        let naming = naming?;
                        if naming.name == "__stack_pointer" {
                            self.stack_pointer = naming.index;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a function gets points: Rust code does, except std's spinning.
    pub(super) fn has_points(&self, function: u32) -> bool {
        let Some(name) = self.names.get(&function) else { return true };
        let rust = name.starts_with("_ZN") || name.starts_with("_R");
        let spinning = name.contains("3std3sys4sync") && name.contains("spin");
        rust && !spinning
    }
}
