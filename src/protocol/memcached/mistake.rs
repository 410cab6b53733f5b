//! What can be wrong with a request: the protocol's few words for it, and ours.

use std::fmt;

use crate::text::Language;

/// Everything that can be wrong with a request. [`Mistake::message`] names the remedy; [`Mistake::wire`] is what the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The line has less than two characters.
    Blank,
    /// The first word is no command.
    UnknownCommand,
    /// There are too few words.
    MissingWord,
    /// The key is longer than 250 bytes.
    KeyTooLong,
    /// The key holds a control character.
    KeyCharacter,
    /// The key is said to be base64, but is not.
    KeyBase64,
    /// The key of `me` is said to be base64, but is not.
    DebugKeyBase64,
    /// The client flags are no 32-bit number.
    ClientFlags,
    /// The exptime of a storage command is no number.
    StoreExptime,
    /// The exptime of another command is no number.
    Exptime,
    /// The CAS is no 64-bit number.
    Cas,
    /// The length of the data is no number from 0 to 2^31 - 3.
    DataLength,
    /// The item is larger than 1 MiB.
    TooLarge,
    /// The data is longer or shorter than announced.
    DataEnd,
    /// `delete` takes no time.
    DeleteTime,
    /// The amount of `incr` or `decr` is no 64-bit number.
    Delta,
    /// The level of `verbosity` is no number.
    Verbosity,
    /// The limit of `cache_memlimit` is no number.
    MemoryLimit,
    /// There are more than 20 words.
    TooManyFlags,
    /// A flag is given twice.
    DuplicateFlag,
    /// There is no such flag.
    UnknownFlag,
    /// A flag begins with neither a letter nor a digit.
    FlagCharacter,
    /// A flag's number is none.
    FlagNumber,
    /// The number of `F` is none.
    FlagClientFlags,
    /// The number of `J` is none.
    FlagInitial,
    /// The number of `D` is none.
    FlagDelta,
    /// One of the flags of `ma` is given twice, does not exist, or its number is none.
    ArithmeticFlag,
    /// `M` is followed by none of the modes of `ms`.
    SetMode,
    /// `M` is followed by none of the modes of `ma`.
    ArithmeticMode,
    /// The opaque token is longer than 32 bytes.
    OpaqueTooLong,
}

impl Mistake {
    /// What the server answers, without its line end.
    pub fn wire(self) -> &'static str {
        match self {
            Self::UnknownCommand | Self::MemoryLimit => "ERROR",
            Self::Blank
            | Self::MissingWord
            | Self::KeyTooLong
            | Self::KeyCharacter
            | Self::DebugKeyBase64
            | Self::ClientFlags
            | Self::StoreExptime
            | Self::Cas
            | Self::DataLength
            | Self::FlagCharacter
            | Self::FlagClientFlags
            | Self::Verbosity => "CLIENT_ERROR bad command line format",
            Self::KeyBase64 => "CLIENT_ERROR error decoding key",
            Self::Exptime => "CLIENT_ERROR invalid exptime argument",
            Self::TooLarge => "SERVER_ERROR object too large for cache",
            Self::DataEnd => "CLIENT_ERROR bad data chunk",
            Self::DeleteTime => "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]",
            Self::Delta => "CLIENT_ERROR invalid numeric delta argument",
            Self::TooManyFlags => "CLIENT_ERROR options flags are too long",
            Self::DuplicateFlag => "CLIENT_ERROR duplicate flag",
            Self::UnknownFlag => "CLIENT_ERROR invalid flag",
            Self::FlagNumber => "CLIENT_ERROR bad token in command line format",
            Self::FlagInitial => "CLIENT_ERROR invalid numeric initial value",
            Self::FlagDelta => "CLIENT_ERROR invalid numeric delta value",
            Self::ArithmeticFlag => "CLIENT_ERROR invalid or duplicate flag",
            Self::SetMode => "CLIENT_ERROR invalid mode for ms M token",
            Self::ArithmeticMode => "CLIENT_ERROR invalid mode for ma M token",
            Self::OpaqueTooLong => "CLIENT_ERROR opaque token too long",
        }
    }

    /// One sentence that names the remedy.
    pub fn message(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::French => self.french(),
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Blank => "The line is empty: write a command, such as `get user:1`.",
            Self::UnknownCommand => "This is no command: check its spelling; commands are lower case.",
            Self::MissingWord => {
                "A word is missing: see the command's form, such as `set <key> <flags> <exptime> <bytes>`."
            }
            Self::KeyTooLong => "The key is too long: use at most 250 bytes.",
            Self::KeyCharacter => "The key has a control character: remove it.",
            Self::KeyBase64 | Self::DebugKeyBase64 => {
                "The flag `b` says that the key is base64, but it is not: encode it, or drop the flag."
            }
            Self::ClientFlags | Self::FlagClientFlags => "Client flags are a number from 0 to 4294967295: mend it.",
            Self::StoreExptime | Self::Exptime => {
                "The exptime is a number of seconds, or a Unix time, or 0 for never: mend it."
            }
            Self::Cas => "The CAS is a number from 0 to 18446744073709551615: take it from `gets`.",
            Self::DataLength => "The length is the number of the value's bytes: count them.",
            Self::TooLarge => "The item is too large: key and value together may have about 1 MiB.",
            Self::DataEnd => "The value has not the announced length: count its bytes, without the line end.",
            Self::DeleteTime => "`delete` takes no time: remove it.",
            Self::Delta => "The amount is a number from 0 to 18446744073709551615: mend it.",
            Self::Verbosity => "The level is a number: mend it.",
            Self::MemoryLimit => "The limit is a number of mebibytes: mend it.",
            Self::TooManyFlags => "There are too many flags: a meta command has at most 20 words.",
            Self::DuplicateFlag => "This flag is given twice: remove one.",
            Self::FlagCharacter | Self::UnknownFlag => "There is no such flag: remove it.",
            Self::FlagNumber | Self::FlagInitial | Self::FlagDelta => {
                "This flag needs a number right after its letter, such as `T30`."
            }
            Self::ArithmeticFlag => "This flag is unknown, given twice, or lacks its number: mend or remove it.",
            Self::SetMode => "The mode is one of ME (add), MA (append), MP (prepend), MR (replace), MS (set).",
            Self::ArithmeticMode => "The mode is one of MI or M+ (increment), MD or M- (decrement).",
            Self::OpaqueTooLong => "The opaque token is too long: use at most 32 bytes, its `O` included.",
        }
    }

    fn french(self) -> &'static str {
        match self {
            Self::Blank => "La ligne est vide : écrivez une commande, par exemple « get user:1 ».",
            Self::UnknownCommand => {
                "Ce n'est pas une commande : vérifiez l'orthographe ; les commandes sont en minuscules."
            }
            Self::MissingWord => {
                "Il manque un mot : voyez la forme de la commande, par exemple « set <clé> <flags> <exptime> <octets> »."
            }
            Self::KeyTooLong => "La clé est trop longue : 250 octets au plus.",
            Self::KeyCharacter => "La clé a un caractère de contrôle : retirez-le.",
            Self::KeyBase64 | Self::DebugKeyBase64 => {
                "L'option « b » dit que la clé est en base64, ce qu'elle n'est pas : encodez-la, ou retirez l'option."
            }
            Self::ClientFlags | Self::FlagClientFlags => {
                "Les flags du client sont un nombre de 0 à 4294967295 : corrigez-le."
            }
            Self::StoreExptime | Self::Exptime => {
                "L'exptime est un nombre de secondes, ou une date Unix, ou 0 pour jamais : corrigez-le."
            }
            Self::Cas => "Le CAS est un nombre de 0 à 18446744073709551615 : prenez-le de « gets ».",
            Self::DataLength => "La longueur est le nombre d'octets de la valeur : comptez-les.",
            Self::TooLarge => "L'élément est trop grand : clé et valeur ensemble font 1 Mio environ au plus.",
            Self::DataEnd => "La valeur n'a pas la longueur annoncée : comptez ses octets, sans la fin de ligne.",
            Self::DeleteTime => "« delete » ne prend pas de durée : retirez-la.",
            Self::Delta => "La quantité est un nombre de 0 à 18446744073709551615 : corrigez-la.",
            Self::Verbosity => "Le niveau est un nombre : corrigez-le.",
            Self::MemoryLimit => "La limite est un nombre de mébioctets : corrigez-la.",
            Self::TooManyFlags => "Il y a trop d'options : une commande meta a 20 mots au plus.",
            Self::DuplicateFlag => "Cette option est donnée deux fois : retirez-en une.",
            Self::FlagCharacter | Self::UnknownFlag => "Cette option n'existe pas : retirez-la.",
            Self::FlagNumber | Self::FlagInitial | Self::FlagDelta => {
                "Cette option veut un nombre juste après sa lettre, par exemple « T30 »."
            }
            Self::ArithmeticFlag => {
                "Cette option est inconnue, donnée deux fois, ou sans son nombre : corrigez-la ou retirez-la."
            }
            Self::SetMode => "Le mode est l'un de ME (add), MA (append), MP (prepend), MR (replace), MS (set).",
            Self::ArithmeticMode => "Le mode est l'un de MI ou M+ (incrémenter), MD ou M- (décrémenter).",
            Self::OpaqueTooLong => "Le jeton opaque est trop long : 32 octets au plus, son « O » compris.",
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message(Language::English))
    }
}
