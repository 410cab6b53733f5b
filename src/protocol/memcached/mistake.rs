//! What can be wrong with a request: the protocol's short texts, and our longer ones.

use std::fmt;

use cachedojo_notation::text::Language;

/// Everything that can be wrong with a request. [`Mistake::message`] names the remedy; [`Mistake::wire`] is what the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The line has fewer than two characters.
    Blank,
    /// The first word is not a command.
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
    /// The client flags are not a 32-bit number.
    ClientFlags,
    /// The exptime of a storage command is not a number.
    StoreExptime,
    /// The exptime of another command is not a number.
    Exptime,
    /// The CAS is not a 64-bit number.
    Cas,
    /// The length of the data is not a number from 0 to 2^31 - 3.
    DataLength,
    /// The item is larger than 1 MiB.
    TooLarge,
    /// The data is longer or shorter than announced.
    DataEnd,
    /// `delete` takes no time.
    DeleteTime,
    /// The amount of `incr` or `decr` is not a 64-bit number.
    Delta,
    /// The level of `verbosity` is not a number.
    Verbosity,
    /// The limit of `cache_memlimit` is not a number.
    MemoryLimit,
    /// `slabs`, `lru` or `lru_crawler` with words that they do not take.
    AdminForm,
    /// A number of one of these commands is not a number.
    AdminNumber,
    /// A number of `lru` is not a number.
    LruNumber,
    /// A factor or a ratio is not a finite decimal number.
    Factor,
    /// The two percentages of `lru tune` are more than 80 together.
    LruPercent,
    /// A factor of `lru tune` is not above 0.
    LruFactor,
    /// The window of `slabs automove` is not from 3 to 1800.
    AutomoveWindow,
    /// `lru_crawler sleep` is longer than a second.
    CrawlerSleep,
    /// `watch` shows nothing of that name.
    Stream,
    /// `stats` has no such topic.
    StatsTopic,
    /// `stats detail` is followed by neither `on`, `off` nor `dump`.
    StatsDetail,
    /// `stats cachedump` lacks a word.
    DumpWords,
    /// `stats cachedump` names a class that cannot exist.
    DumpClass,
    /// There are more than 20 words.
    TooManyFlags,
    /// A flag is given twice.
    DuplicateFlag,
    /// There is no such flag.
    UnknownFlag,
    /// A flag begins with neither a letter nor a digit.
    FlagCharacter,
    /// A flag's number is not a number.
    FlagNumber,
    /// The number of `F` is not a number.
    FlagClientFlags,
    /// The number of `J` is not a number.
    FlagInitial,
    /// The number of `D` is not a number.
    FlagDelta,
    /// A flag of `ma` is given twice, is unknown, or its number is not a number.
    ArithmeticFlag,
    /// `M` is followed by something other than the modes of `ms`.
    SetMode,
    /// `M` is followed by something other than the modes of `ma`.
    ArithmeticMode,
    /// The opaque token is longer than 32 bytes.
    OpaqueTooLong,
}

impl Mistake {
    /// What the server answers, without its line end.
    pub fn wire(self) -> &'static str {
        match self {
            Self::UnknownCommand
            | Self::MemoryLimit
            | Self::AdminForm
            | Self::LruNumber
            | Self::Factor
            | Self::Stream
            | Self::StatsTopic => "ERROR",
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
            | Self::Verbosity
            | Self::AdminNumber => "CLIENT_ERROR bad command line format",
            Self::KeyBase64 => "CLIENT_ERROR error decoding key",
            Self::Exptime => "CLIENT_ERROR invalid exptime argument",
            Self::TooLarge => "SERVER_ERROR object too large for cache",
            Self::DataEnd => "CLIENT_ERROR bad data chunk",
            Self::DeleteTime => "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]",
            Self::Delta => "CLIENT_ERROR invalid numeric delta argument",
            Self::LruPercent => "ERROR hot and warm pcts must not exceed 80",
            Self::LruFactor => "ERROR hot/warm age factors must be greater than 0",
            Self::AutomoveWindow => "CLIENT_ERROR automove window too low or too high",
            Self::CrawlerSleep => "CLIENT_ERROR sleep must be one second or less",
            Self::StatsDetail => "CLIENT_ERROR usage: stats detail on|off|dump",
            Self::DumpWords => "CLIENT_ERROR bad command line",
            Self::DumpClass => "CLIENT_ERROR Illegal slab id",
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
            Self::AdminForm => {
                "There is no such form: see `slabs reassign|automove`, `lru tune|mode|temp_ttl`, `lru_crawler enable|crawl|metadump all`."
            }
            Self::AdminNumber => "A whole number is missing here: mend it.",
            Self::LruNumber => "`lru tune` takes two percentages and two factors, `lru temp_ttl` a number of seconds.",
            Self::Factor => "This is a decimal number, such as 0.5: mend it.",
            Self::LruPercent => "Hot and warm items are at most 80 percent together: lower one of the two.",
            Self::LruFactor => "An age factor is above 0: raise it.",
            Self::AutomoveWindow => "The window is a number from 3 to 1800: mend it.",
            Self::CrawlerSleep => "The crawler sleeps at most 1000000 microseconds: lower the number.",
            Self::Stream => "`watch` shows fetchers, mutations, deletions, evictions or connevents: name one of them.",
            Self::StatsTopic => {
                "There is no such topic: use settings, items, slabs, sizes, conns, detail, cachedump or reset."
            }
            Self::StatsDetail => "Say `stats detail on`, `off` or `dump`.",
            Self::DumpWords => "Two numbers are missing: `stats cachedump <class> <limit>`.",
            Self::DumpClass => "A class is a number below 64: take one from `stats items`.",
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
            Self::AdminForm => {
                "Cette forme n'existe pas : voyez « slabs reassign|automove », « lru tune|mode|temp_ttl », « lru_crawler enable|crawl|metadump all »."
            }
            Self::AdminNumber => "Il manque ici un nombre entier : corrigez-le.",
            Self::LruNumber => {
                "« lru tune » prend deux pourcentages et deux facteurs, « lru temp_ttl » un nombre de secondes."
            }
            Self::Factor => "C'est un nombre décimal, par exemple 0.5 : corrigez-le.",
            Self::LruPercent => "Les éléments chauds et tièdes font 80 pour cent au plus : baissez l'un des deux.",
            Self::LruFactor => "Un facteur d'âge dépasse 0 : augmentez-le.",
            Self::AutomoveWindow => "La fenêtre est un nombre de 3 à 1800 : corrigez-la.",
            Self::CrawlerSleep => "Le robot dort 1000000 microsecondes au plus : baissez le nombre.",
            Self::Stream => {
                "« watch » montre fetchers, mutations, deletions, evictions ou connevents : nommez l'un d'eux."
            }
            Self::StatsTopic => {
                "Ce sujet n'existe pas : prenez settings, items, slabs, sizes, conns, detail, cachedump ou reset."
            }
            Self::StatsDetail => "Dites « stats detail on », « off » ou « dump ».",
            Self::DumpWords => "Il manque deux nombres : « stats cachedump <classe> <limite> ».",
            Self::DumpClass => "Une classe est un nombre inférieur à 64 : prenez-en une de « stats items ».",
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
