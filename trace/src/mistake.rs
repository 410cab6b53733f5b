//! Why a trace could not be read, in a sentence that names the remedy.

use std::fmt;

use cachedojo_notation::text::Language;

/// The most bytes that a trace may unpack to: a small file in any of these formats can stand for any amount.
pub(crate) const UNPACKED_BYTES_MAX: u64 = 8 << 30;

/// The most requests: more than any published trace of blocks has. The bound matters for the ARC format, where a few
/// characters can stand for any number of requests.
pub(crate) const REQUESTS_MAX: usize = 1 << 29;
pub(crate) const LINE_BLOCKS_MAX: u64 = 1 << 20;

/// Why a trace could not be read. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceError {
    /// A binary trace ends within a record.
    TruncatedRecord {
        /// The byte at which that record begins.
        offset: usize,
    },
    /// A text trace is not UTF-8.
    NotText {
        /// The first byte that is not.
        offset: usize,
    },
    /// A line has too few fields.
    MissingField {
        /// The line.
        line: usize,
        /// What is missing.
        field: String,
    },
    /// A field should be a whole number, but is not one, or is too large.
    NotANumber {
        /// The line.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The header has no column of that name.
    NoColumn {
        /// The name.
        name: String,
    },
    /// A line asks for more blocks than any program reads at once, or the trace for more than fit into memory.
    TooLong {
        /// The line.
        line: usize,
    },
    /// The sizes sum to 2^64 or more.
    TooLarge {
        /// The line at which they do.
        line: usize,
    },
    /// The trace has more requests than are read here.
    TooMany {
        /// The most that are.
        most: usize,
    },
    /// The trace is still compressed.
    Compressed,
    /// The trace is compressed, and damaged.
    Damaged {
        /// The compression format.
        packing: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// The trace is compressed, and unpacks to too many bytes.
    Unpacked,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TruncatedRecord { offset } => write!(
                f,
                "the trace ends within the record at byte {offset}: an oracle-general record has 24 bytes; decompress the file, or fetch it again"
            ),
            Self::NotText { offset } => {
                write!(
                    f,
                    "the trace is no UTF-8 text from byte {offset} on: choose the format oracle-general if it is binary"
                )
            }
            Self::MissingField { line, field } => {
                write!(f, "line {line} has no {field}: check the format, or the delimiter")
            }
            Self::NotANumber { line, text } => {
                write!(f, "line {line}: `{text}` is not a whole number that fits: check the format, or the column")
            }
            Self::NoColumn { name } => {
                write!(f, "the header has no column `{name}`: name one that it has, or number it from 1")
            }
            Self::TooLong { line } => write!(
                f,
                "line {line} asks for over {LINE_BLOCKS_MAX} blocks: check the format, or cut the trace into parts"
            ),
            Self::TooLarge { line } => {
                write!(f, "line {line} brings the sum of all sizes over 2^64 - 1 bytes: check the size column")
            }
            Self::TooMany { most } => {
                write!(f, "the trace has over {most} requests: cut it, or replay it whole with `grader trace`")
            }
            Self::Compressed => {
                f.write_str("the trace is compressed: decompress it first, with `zstd -d` or `gzip -d`")
            }
            Self::Damaged { packing, cause } => {
                write!(f, "the {packing} file is damaged ({cause}): fetch it again")
            }
            Self::Unpacked => write!(
                f,
                "the trace unpacks to over {} GiB: cut it into parts, as with `zstdcat … | head -n 10000000`",
                UNPACKED_BYTES_MAX >> 30
            ),
        }
    }
}

impl std::error::Error for TraceError {}

impl TraceError {
    /// The sentence in that language.
    pub fn message(&self, language: Language) -> String {
        match language {
            Language::English => self.to_string(),
            Language::French => self.in_french(),
        }
    }

    fn in_french(&self) -> String {
        match self {
            Self::TruncatedRecord { offset } => format!(
                "la trace finit dans l'enregistrement à l'octet {offset} : un enregistrement oracle-general a 24 octets ; décompressez le fichier, ou téléchargez-le à nouveau"
            ),
            Self::NotText { offset } => format!(
                "la trace n'est plus du texte UTF-8 à partir de l'octet {offset} : choisissez le format oracle-general si elle est binaire"
            ),
            Self::MissingField { line, field } => {
                let field = match field.as_str() {
                    "operation" => "d'opération",
                    "size" => "de taille",
                    "disk" => "de disque",
                    "first block" => "de premier bloc",
                    "number of blocks" => "de nombre de blocs",
                    _ => "d'identifiant",
                };
                format!("la ligne {line} n'a pas {field} : vérifiez le format, ou le séparateur")
            }
            Self::NotANumber { line, text } => format!(
                "ligne {line} : `{text}` n'est pas un nombre entier qui convienne : vérifiez le format, ou la colonne"
            ),
            Self::NoColumn { name } => {
                format!("l'en-tête n'a pas de colonne `{name}` : nommez-en une qu'il a, ou numérotez-la à partir de 1")
            }
            Self::TooLong { line } => format!(
                "la ligne {line} demande plus de {LINE_BLOCKS_MAX} blocs : vérifiez le format, ou découpez la trace"
            ),
            Self::TooLarge { line } => format!(
                "la ligne {line} porte la somme des tailles au-delà de 2^64 - 1 octets : vérifiez la colonne des tailles"
            ),
            Self::TooMany { most } => {
                format!("la trace a plus de {most} requêtes : découpez-la, ou rejouez-la entière avec `grader trace`")
            }
            Self::Compressed => {
                "la trace est compressée : décompressez-la d'abord, avec `zstd -d` ou `gzip -d`".to_owned()
            }
            Self::Damaged { packing, cause } => {
                format!("le fichier {packing} est abîmé ({cause}) : téléchargez-le à nouveau")
            }
            Self::Unpacked => format!(
                "la trace décompressée dépasse {} Gio : découpez-la, comme avec `zstdcat … | head -n 10000000`",
                UNPACKED_BYTES_MAX >> 30
            ),
        }
    }
}
