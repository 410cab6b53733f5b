//! Why a request is refused, for whoever wrote it: [`Failure`] as one sentence that names the remedy.

use std::borrow::Cow;

use super::Failure;
use cachedojo_notation::text::Language;

impl Failure {
    /// One sentence that names the remedy, where the request's text alone is wrong; else what the answer's body says.
    pub fn message(self, language: Language) -> Cow<'static, str> {
        let said = match language {
            Language::English => self.english(),
            Language::French => self.french(),
        };
        match (said, self, language) {
            (Some(said), ..) => said.into(),
            (None, Self::BadRequest(mistake), _) => mistake.message(language).into(),
            (None, Self::MethodNotAllowed { allow }, Language::English) => {
                format!("This path does not take that method: write {}.", allow.replace(", ", " or ")).into()
            }
            (None, Self::MethodNotAllowed { allow }, Language::French) => {
                format!("Ce chemin n'accepte pas cette méthode : écrivez {}.", allow.replace(", ", " ou ")).into()
            }
            _ => self.to_string().into(),
        }
    }

    const fn english(self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidNamespace => "A namespace has 1 to 100 letters, digits, `_` and `-`: mend its name.",
            Self::InvalidKey => "A key has 1 to 255 characters and no control character: mend it.",
            Self::InvalidPattern => {
                "The pattern or the tag is empty, too long, given twice or encoded wrongly: write one, such as `?pattern=user*`."
            }
            Self::UnknownParameter => "Such a request takes `pattern` and `tag` only: remove the other parameter.",
            Self::MalformedJson => {
                "The body is missing or no JSON: write it after the path, and check its quotes, commas and brackets."
            }
            Self::NotAnObject => "The body is a JSON object: write it between `{` and `}`.",
            Self::MissingValue => "The value is missing: write `{\"value\": …}`.",
            Self::ValueTooLarge => "The value is too large: shorten it.",
            Self::InvalidTtl => "The `ttl` is a whole number of seconds, 0 or more: mend it.",
            Self::InvalidTags => "The `tags` are a list of strings: write `[\"a\", \"b\"]`.",
            Self::InvalidTag => "An entry has at most 16 tags, each of 1 to 100 characters: remove or shorten some.",
            Self::InvalidKeys => "The `keys` are a list of strings: write `{\"keys\": [\"a\", \"b\"]}`.",
            Self::InvalidEntries => {
                "The `entries` are a list of objects with `key` and `value`: write `{\"entries\": [{\"key\": \"a\", \"value\": 1}]}`."
            }
            Self::TooManyKeys => "One request may not name so many keys: split it.",
            Self::InvalidDefaultTtl => "The `default_ttl` is a whole number of seconds from 1 to 2147483647: mend it.",
            Self::InvalidSize => "The size is a whole number, 1 or more: mend it.",
            Self::TwoSizes => "The size is given twice: keep `max_size_mb` or `max_size_bytes`.",
            Self::InvalidPolicy => {
                "There is no such policy: write LRU, LFU, FIFO, TTL, SIEVE, S3FIFO, CLOCK, ARC, 2Q, LIRS, WTINYLFU or NONE."
            }
            Self::UnknownSetting => {
                "There is no such setting: there are `default_ttl`, `max_size_mb` or `max_size_bytes`, and `eviction_policy`."
            }
            Self::NotFound => "There is no such path: write `/api/v1/cache/{namespace}/{key}`, for one.",
            _ => return None,
        })
    }

    const fn french(self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidNamespace => {
                "Un espace de noms a de 1 à 100 lettres, chiffres, « _ » et « - » : corrigez son nom."
            }
            Self::InvalidKey => "Une clé a de 1 à 255 caractères, sans caractère de contrôle : corrigez-la.",
            Self::InvalidPattern => {
                "Le motif ou l'étiquette est vide, trop long, donné deux fois ou mal encodé : écrivez-en un, par exemple « ?pattern=user* »."
            }
            Self::UnknownParameter => {
                "Une telle requête n'accepte que « pattern » et « tag » : retirez l'autre paramètre."
            }
            Self::MalformedJson => {
                "Le corps manque ou n'est pas du JSON : écrivez-le après le chemin, et vérifiez ses guillemets, virgules et crochets."
            }
            Self::NotAnObject => "Le corps est un objet JSON : écrivez-le entre « { » et « } ».",
            Self::MissingValue => "La valeur manque : écrivez « {\"value\": …} ».",
            Self::ValueTooLarge => "La valeur est trop grande : raccourcissez-la.",
            Self::InvalidTtl => "Le « ttl » est un nombre entier de secondes, 0 ou plus : corrigez-le.",
            Self::InvalidTags => "Les « tags » sont une liste de textes : écrivez « [\"a\", \"b\"] ».",
            Self::InvalidTag => {
                "Une entrée a 16 étiquettes au plus, de 1 à 100 caractères : retirez-en ou raccourcissez-les."
            }
            Self::InvalidKeys => "Les « keys » sont une liste de textes : écrivez « {\"keys\": [\"a\", \"b\"]} ».",
            Self::InvalidEntries => {
                "Les « entries » sont une liste d'objets avec « key » et « value » : écrivez « {\"entries\": [{\"key\": \"a\", \"value\": 1}]} »."
            }
            Self::TooManyKeys => "Une requête ne nomme pas tant de clés : découpez-la.",
            Self::InvalidDefaultTtl => {
                "Le « default_ttl » est un nombre entier de secondes de 1 à 2147483647 : corrigez-le."
            }
            Self::InvalidSize => "La taille est un nombre entier, 1 ou plus : corrigez-la.",
            Self::TwoSizes => "La taille est donnée deux fois : gardez « max_size_mb » ou « max_size_bytes ».",
            Self::InvalidPolicy => {
                "Cette politique n'existe pas : écrivez LRU, LFU, FIFO, TTL, SIEVE, S3FIFO, CLOCK, ARC, 2Q, LIRS, WTINYLFU ou NONE."
            }
            Self::UnknownSetting => {
                "Ce réglage n'existe pas : il y a « default_ttl », « max_size_mb » ou « max_size_bytes », et « eviction_policy »."
            }
            Self::NotFound => "Ce chemin n'existe pas : écrivez par exemple « /api/v1/cache/{namespace}/{key} ».",
            _ => return None,
        })
    }
}
