//! What can be wrong with a line of a script: one variant per mistake, one sentence per variant and language.

#[cfg(feature = "services")]
use cachedojo::protocol::memcached;
use cachedojo::protocol::{line, rest};
use cachedojo_notation::text::Language;

use crate::event::FIELDS;

/// A mistake and its place in the line, in bytes.
pub(crate) type Fault = (std::ops::Range<usize>, Mistake);

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// No command begins like this.
    UnknownCommand {
        /// The words found.
        found: String,
        /// The commands that may be meant: similar ones, or those that do this elsewhere.
        meant: &'static [&'static str],
    },
    /// Nor any that is close to one.
    NoCommand {
        /// The words found.
        found: String,
        /// Some words with which a line begins.
        words: &'static [&'static str],
    },
    /// An object without one of its commands.
    NoVerb {
        /// What stands there.
        found: String,
        /// Its commands.
        verbs: &'static [&'static str],
    },
    /// An argument is missing.
    Missing {
        /// What it is, as the usage line names it.
        what: &'static str,
        /// The command's usage.
        usage: &'static str,
    },
    /// An expectation without an answer. Its forms would be lines of their own: the help has them.
    NoAnswer,
    /// Something stands after the last argument.
    Leftover {
        /// The command's usage.
        usage: &'static str,
    },
    /// Not a number in the range.
    Number {
        /// What stands there.
        found: String,
    },
    /// The place that a lesson leaves for an answer still has its `?`.
    Blank,
    /// No answer has a number of that name.
    Field {
        /// What stands there.
        found: String,
    },
    /// `expect http` as a choice of `any of`.
    HttpChoice,
    /// Not a share of all messages.
    Percent {
        /// What stands there.
        found: String,
    },
    /// Not a duration.
    Duration {
        /// What stands there.
        found: String,
    },
    /// Not a size.
    Size {
        /// What stands there.
        found: String,
    },
    /// Not an eviction policy.
    Policy {
        /// What stands there.
        found: String,
    },
    /// No such option.
    Option {
        /// What stands there.
        found: String,
        /// The command's usage.
        usage: &'static str,
    },
    /// An option that does not take this value.
    Value {
        /// The value.
        found: String,
        /// The option.
        name: String,
        /// How the usage writes it.
        form: &'static str,
    },
    /// An option that stands there already.
    Twice {
        /// Its name.
        name: String,
    },
    /// Not a node of a simulated cluster.
    Node {
        /// What stands there.
        found: String,
    },
    /// Not a way from a node to another.
    Way {
        /// What stands there.
        found: String,
    },
    /// A selector that can select nothing.
    Selector {
        /// What stands there.
        found: String,
    },
    /// Compared as text, and written almost as a word of `expect` or without what belongs to it.
    Word {
        /// What stands there.
        found: String,
        /// What may be meant.
        meant: &'static str,
    },
    /// A number's name without a comparison behind it.
    Compared {
        /// What stands there.
        found: String,
        /// What may be meant.
        meant: String,
    },
    /// More copies than nodes.
    Copies {
        /// How many copies.
        copies: usize,
        /// How many nodes.
        nodes: u8,
    },
    /// A quote is not closed.
    OpenQuote,
    /// An escape that quoted strings do not support.
    Escape {
        /// What stands there.
        found: String,
    },
    /// A value larger than a script may write.
    ValueTooLarge,
    /// An `expect` with no answer before it.
    NothingToExpect,
    /// `those before`, with only one answer before it.
    NothingBefore,
    /// Not a range of a `for`.
    Range {
        /// What stands there.
        found: String,
    },
    /// A range of a `for` that ends before it begins.
    Backwards {
        /// The same range the other way round.
        meant: String,
    },
    /// A `for` inside a `for`.
    NestedFor,
    /// The script has too many lines or commands.
    TooLong,
    /// A line that the line protocol answers with an error.
    Line(line::Mistake),
    /// A line that memcached refuses.
    #[cfg(feature = "services")]
    Memcached(memcached::Mistake),
    /// The value that a command of memcached announces is not all there.
    NoData,
    /// Not an HTTP request.
    Rest(rest::LineMistake),
    /// A request that the REST API refuses whatever it holds.
    #[cfg(feature = "services")]
    Refused(rest::Failure),
    /// What follows the end of a session.
    AfterEnd {
        /// The line that ends it.
        line: u32,
    },
}

impl Mistake {
    /// One sentence that names the remedy.
    pub fn message(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::French => self.french(),
        }
    }

    /// Whether the line is executed, and its protocol answers with an error.
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Line(_) | Self::NoData | Self::Rest(_) => true,
            #[cfg(feature = "services")]
            Self::Memcached(_) | Self::Refused(_) => true,
            _ => false,
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NoCommand { found, words } => {
                format!("`{found}` is no command; a line begins with one, such as {}.", listed(words, ["`"; 2], " or "))
            }
            Self::UnknownCommand { found, meant } => {
                format!("`{found}` is no command; did you mean {}?", listed(meant, ["`", "`"], " or "))
            }
            Self::NoVerb { found, verbs } => {
                format!("`{found}` is no command; write {}.", listed(verbs, ["`", "`"], " or "))
            }
            Self::NoAnswer => {
                "What do you expect here? Write it after `expect`, as the line above answers it, such as `expect nothing`.".into()
            }
            Self::Missing { what, usage } => format!("{what} is missing here; write `{usage}`."),
            Self::Leftover { usage } => {
                format!("Nothing may follow here: the command is `{usage}`; put a value with spaces in \"quotes\".")
            }
            Self::Number { found } => format!("`{found}` is not a whole number in range; write digits, such as 42."),
            Self::Blank => "Put the answer that you expect in the place of the `?`.".into(),
            Self::Field { found } => {
                format!("No answer has a number named `{found}`; write one of {}.", FIELDS.join(", "))
            }
            Self::HttpChoice => {
                "`http` cannot be a choice of `any of`; write `expect http 200|201 …`, or \"http\" in quotes if it is text."
                    .into()
            }
            Self::Percent { found } => format!("`{found}` is not a share; write 0% to 100%, as 2.5%."),
            Self::Duration { found } => {
                format!("`{found}` is not a duration; write a number and ms, s, m, h or d, as 9.9s.")
            }
            Self::Size { found } => format!("`{found}` is not a size in bytes; write 100, 4KiB or 1MiB."),
            Self::Policy { found } => format!("`{found}` is not an eviction policy; choose lru, lfu, fifo or ttl."),
            Self::Option { found, usage } => {
                let quote = if wants_quotes(found, usage) { "; put a value with spaces in \"quotes\"" } else { "" };
                format!("`{found}` is not an option here; write `{usage}`{quote}.")
            }
            Self::Value { found, name, form } => format!("`{found}` is no value of `{name}`; write `{form}`."),
            Self::Twice { name } => format!("`{name}` stands here twice; write it once."),
            Self::Node { found } => format!("`{found}` names no node; write n1 to n63."),
            Self::Way { found } => format!("`{found}` is no way from a node to another; write n1->n2."),
            Self::Selector { found } => {
                format!("`{found}` selects nothing; write user:*, user:[ab]*, tag:hot, namespace:user or a key.")
            }
            Self::Word { found, meant } => {
                format!("`{found}` is compared as text; did you mean `{meant}`? Put it in \"quotes\" if it is the answer's text.")
            }
            Self::Compared { found, meant } => {
                format!("`{found}` is compared as text; to compare a number write `{meant}`, with spaces.")
            }
            Self::Copies { copies, nodes } => {
                format!("Each key is to be on {copies} nodes, and there are {nodes}: it is on fewer until more join.")
            }
            Self::OpenQuote => "This quote is never closed; end the text with another \".".into(),
            Self::Escape { found } => {
                format!(
                    "`{found}` is no escape; use \\n, \\r, \\t, \\\\, \\\", \\x41 or \\u{{e9}}, and write a lone backslash twice."
                )
            }
            Self::ValueTooLarge => "This value is larger than 8 MiB; make the repetition shorter.".into(),
            Self::NothingToExpect => {
                "There is no answer to look at yet; put `expect` after a command that answers.".into()
            }
            Self::NothingBefore => {
                "There is no answer before the last one yet; put the command whose ids are meant in front of the last one."
                    .into()
            }
            Self::Range { found } => {
                format!("`{found}` is not a range; write two numbers, as 1..10 (both ends count).")
            }
            Self::Backwards { meant } => format!("This range ends before it begins, so nothing would run; write {meant}."),
            Self::NestedFor => "A `for` cannot stand inside a `for`; write two lines.".into(),
            Self::TooLong => {
                "The script is longer than 200,000 commands or 64 MiB of values and repetitions; what follows is left out, so split it."
                    .into()
            }
            Self::Line(mistake) => mistake.message(Language::English).into(),
            #[cfg(feature = "services")]
            Self::Memcached(mistake) => mistake.message(Language::English).into(),
            Self::NoData => "The value is missing or too short: the next line holds as many bytes as this one says.".into(),
            Self::Rest(mistake) => mistake.message(Language::English).into(),
            #[cfg(feature = "services")]
            Self::Refused(failure) => failure.message(Language::English).into(),
            Self::AfterEnd { line } => format!("This is not run: the session ends at line {line}. Move it above that line."),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::NoCommand { found, words } => {
                let words = listed(words, ["« ", " »"], " ou ");
                format!("« {found} » n'est pas une commande ; une ligne commence par une commande, comme {words}.")
            }
            Self::UnknownCommand { found, meant } => {
                let meant = listed(meant, ["« ", " »"], " ou ");
                format!("« {found} » n'est pas une commande ; vouliez-vous dire {meant} ?")
            }
            Self::NoVerb { found, verbs } => {
                let verbs = listed(verbs, ["« ", " »"], " ou ");
                format!("« {found} » n'est pas une commande ; écrivez {verbs}.")
            }
            Self::NoAnswer => {
                "Qu'attendez-vous ici ? Écrivez-le après `expect`, comme la ligne au-dessus y répond, par exemple `expect nothing`.".into()
            }
            Self::Missing { what, usage } => format!("Il manque {what} ici ; écrivez « {usage} »."),
            Self::Leftover { usage } => format!(
                "Rien ne peut suivre ici : la commande est « {usage} » ; mettez une valeur avec espaces entre guillemets \"…\"."
            ),
            Self::Number { found } => {
                format!("« {found} » n'est pas un entier admis ; écrivez des chiffres, comme 42.")
            }
            Self::Blank => "Mettez la réponse que vous attendez à la place du « ? ».".into(),
            Self::Field { found } => {
                format!("Aucune réponse n'a de nombre nommé « {found} » ; écrivez l'un de {}.", FIELDS.join(", "))
            }
            Self::HttpChoice => {
                "« http » ne peut pas être un choix de « any of » ; écrivez « expect http 200|201 … », ou \"http\" entre guillemets si c'est un texte."
                    .into()
            }
            Self::Percent { found } => format!("« {found} » n'est pas une part ; écrivez 0% à 100%, comme 2.5%."),
            Self::Duration { found } => {
                format!("« {found} » n'est pas une durée ; écrivez un nombre suivi de ms, s, m, h ou d, comme 9.9s.")
            }
            Self::Size { found } => format!("« {found} » n'est pas une taille en octets ; écrivez 100, 4KiB ou 1MiB."),
            Self::Policy { found } => {
                format!("« {found} » n'est pas une politique d'éviction ; choisissez lru, lfu, fifo ou ttl.")
            }
            Self::Option { found, usage } => {
                let quote = if wants_quotes(found, usage) {
                    " ; mettez une valeur avec espaces entre guillemets \"…\""
                } else {
                    ""
                };
                format!("« {found} » n'est pas une option ici ; écrivez « {usage} »{quote}.")
            }
            Self::Value { found, name, form } => {
                format!("« {found} » n'est pas une valeur de « {name} » ; écrivez « {form} ».")
            }
            Self::Twice { name } => format!("« {name} » est écrit deux fois ; écrivez-le une fois."),
            Self::Node { found } => format!("« {found} » ne désigne aucun nœud ; écrivez n1 à n63."),
            Self::Way { found } => {
                format!("« {found} » n'est pas un sens d'un nœud vers un autre ; écrivez n1->n2.")
            }
            Self::Selector { found } => {
                format!("« {found} » ne vise rien ; écrivez user:*, user:[ab]*, tag:hot, namespace:user ou une clé.")
            }
            Self::Word { found, meant } => format!(
                "« {found} » est comparé comme du texte ; vouliez-vous dire « {meant} » ? Mettez-le entre guillemets \"…\" si c'est le texte de la réponse."
            ),
            Self::Compared { found, meant } => {
                format!("« {found} » est comparé comme du texte ; pour comparer un nombre écrivez « {meant} », avec des espaces.")
            }
            Self::Copies { copies, nodes } => {
                format!("Chaque clé doit être sur {copies} nœuds, et il y en a {nodes} : elle est sur moins de nœuds jusqu'à ce que d'autres rejoignent.")
            }
            Self::OpenQuote => "Ce guillemet n'est jamais fermé ; terminez le texte par un autre \".".into(),
            Self::Escape { found } => format!(
                "« {found} » n'est pas un échappement ; employez \\n, \\r, \\t, \\\\, \\\", \\x41 ou \\u{{e9}}, et doublez une barre oblique seule."
            ),
            Self::ValueTooLarge => "Cette valeur dépasse 8 Mio ; raccourcissez la répétition.".into(),
            Self::NothingToExpect => {
                "Il n'y a pas encore de réponse à examiner ; placez « expect » après une commande qui répond.".into()
            }
            Self::NothingBefore => {
                "Il n'y a pas encore de réponse avant la dernière ; placez la commande dont on veut les ids avant celle-ci."
                    .into()
            }
            Self::Range { found } => {
                format!("« {found} » n'est pas un intervalle ; écrivez deux nombres, comme 1..10 (bornes comprises).")
            }
            Self::Backwards { meant } => {
                format!("Cet intervalle finit avant de commencer : rien ne s'exécuterait ; écrivez {meant}.")
            }
            Self::NestedFor => "Un « for » ne peut pas en contenir un autre ; écrivez deux lignes.".into(),
            Self::TooLong => {
                "Le script dépasse 200 000 commandes ou 64 Mio de valeurs et de répétitions ; la suite est ignorée, découpez-le.".into()
            }
            Self::Line(mistake) => mistake.message(Language::French).into(),
            #[cfg(feature = "services")]
            Self::Memcached(mistake) => mistake.message(Language::French).into(),
            Self::NoData => {
                "La valeur manque ou est trop courte : la ligne suivante a autant d'octets que celle-ci en annonce.".into()
            }
            Self::Rest(mistake) => mistake.message(Language::French).into(),
            #[cfg(feature = "services")]
            Self::Refused(failure) => failure.message(Language::French).into(),
            Self::AfterEnd { line } => format!("Ceci n'est pas exécuté : la session se termine à la ligne {line}. Placez-le plus haut."),
        }
    }
}

/// Whether a word that is no option is rather the rest of a value.
fn wants_quotes(found: &str, usage: &str) -> bool {
    !found.contains('=') && usage.contains("<value>")
}

/// Names, each between the quotes, with a word before the last.
fn listed(names: &[&str], [open, close]: [&str; 2], or: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{open}{name}{close}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{}{or}{last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
