//! Why a request is refused, for whoever wrote it: [`Failure`] as one sentence that names the remedy.

use std::borrow::Cow;

use super::limits::INTEGER_MAX;
use super::{Eviction, Failure, KEY_CHARS_MAX, NAMESPACE_BYTES_MAX, TAG_CHARS_MAX, TAGS_MAX};
use cachedojo_notation::text::Language;

impl Failure {
    /// One sentence that names the remedy, where the request's text alone is wrong; else what the answer's body says.
    pub fn message(self, language: Language) -> Cow<'static, str> {
        // Those with a name or a limit in them.
        let made = |english: String, french: String| match language {
            Language::English => english.into(),
            Language::French => french.into(),
        };
        let (english, french) = match self {
            Self::BadRequest(mistake) => return mistake.message(language).into(),
            Self::InvalidNamespace => {
                return made(
                    format!("A namespace has 1 to {NAMESPACE_BYTES_MAX} letters, digits, `_` and `-`: mend its name."),
                    format!(
                        "Un espace de noms a de 1 à {NAMESPACE_BYTES_MAX} lettres, chiffres, « _ » et « - » : corrigez son nom."
                    ),
                );
            }
            Self::InvalidKey => {
                return made(
                    format!("A key has 1 to {KEY_CHARS_MAX} characters and no control character: mend it."),
                    format!("Une clé a de 1 à {KEY_CHARS_MAX} caractères, sans caractère de contrôle : corrigez-la."),
                );
            }
            Self::InvalidPattern => (
                "The pattern or the tag is empty, too long, given twice or encoded wrongly: write one, such as `?pattern=user*`.",
                "Le motif ou l'étiquette est vide, trop long, donné deux fois ou mal encodé : écrivez-en un, par exemple « ?pattern=user* ».",
            ),
            Self::UnknownParameter => (
                "Such a request takes `pattern` and `tag` only: remove the other parameter.",
                "Une telle requête n'accepte que « pattern » et « tag » : retirez l'autre paramètre.",
            ),
            Self::MalformedJson => (
                "The body is missing or no JSON: write it after the path, and check its quotes, commas and brackets.",
                "Le corps manque ou n'est pas du JSON : écrivez-le après le chemin, et vérifiez ses guillemets, virgules et crochets.",
            ),
            Self::NotAnObject => (
                "The body is a JSON object: write it between `{` and `}`.",
                "Le corps est un objet JSON : écrivez-le entre « { » et « } ».",
            ),
            Self::MissingValue => {
                ("The value is missing: write `{\"value\": …}`.", "La valeur manque : écrivez « {\"value\": …} ».")
            }
            Self::ValueTooLarge => {
                ("The value is too large: shorten it.", "La valeur est trop grande : raccourcissez-la.")
            }
            Self::InvalidTtl => (
                "The `ttl` is a whole number of seconds, 0 or more: mend it.",
                "Le « ttl » est un nombre entier de secondes, 0 ou plus : corrigez-le.",
            ),
            Self::InvalidTags => (
                "The `tags` are a list of strings: write `[\"a\", \"b\"]`.",
                "Les « tags » sont une liste de textes : écrivez « [\"a\", \"b\"] ».",
            ),
            Self::InvalidTag => {
                return made(
                    format!(
                        "An entry has at most {TAGS_MAX} tags, each of 1 to {TAG_CHARS_MAX} characters: remove or shorten some."
                    ),
                    format!(
                        "Une entrée a {TAGS_MAX} étiquettes au plus, de 1 à {TAG_CHARS_MAX} caractères : retirez-en ou raccourcissez-les."
                    ),
                );
            }
            Self::InvalidKeys => (
                "The `keys` are a list of strings: write `{\"keys\": [\"a\", \"b\"]}`.",
                "Les « keys » sont une liste de textes : écrivez « {\"keys\": [\"a\", \"b\"]} ».",
            ),
            Self::InvalidEntries => (
                "The `entries` are a list of objects with `key` and `value`: write `{\"entries\": [{\"key\": \"a\", \"value\": 1}]}`.",
                "Les « entries » sont une liste d'objets avec « key » et « value » : écrivez « {\"entries\": [{\"key\": \"a\", \"value\": 1}]} ».",
            ),
            Self::TooManyKeys => (
                "One request may not name so many keys: split it.",
                "Une requête ne nomme pas tant de clés : découpez-la.",
            ),
            Self::InvalidDefaultTtl => {
                return made(
                    format!("The `default_ttl` is a whole number of seconds from 1 to {INTEGER_MAX}: mend it."),
                    format!("Le « default_ttl » est un nombre entier de secondes de 1 à {INTEGER_MAX} : corrigez-le."),
                );
            }
            Self::InvalidSize => {
                return made(
                    format!("The size is a whole number, 1 or more, of at most {INTEGER_MAX} MiB: mend it."),
                    format!("La taille est un nombre entier, 1 ou plus, de {INTEGER_MAX} Mio au plus : corrigez-la."),
                );
            }
            Self::TwoSizes => (
                "The size is given twice: keep `max_size_mb` or `max_size_bytes`.",
                "La taille est donnée deux fois : gardez « max_size_mb » ou « max_size_bytes ».",
            ),
            Self::InvalidPolicy => {
                return made(
                    format!("There is no such policy: write {}.", Eviction::listed("or")),
                    format!("Cette politique n'existe pas : écrivez {}.", Eviction::listed("ou")),
                );
            }
            Self::UnknownSetting => (
                "There is no such setting: there are `default_ttl`, `max_size_mb` or `max_size_bytes`, and `eviction_policy`.",
                "Ce réglage n'existe pas : il y a « default_ttl », « max_size_mb » ou « max_size_bytes », et « eviction_policy ».",
            ),
            Self::NotFound => (
                "There is no such path: write `/api/v1/cache/{namespace}/{key}`, for one.",
                "Ce chemin n'existe pas : écrivez par exemple « /api/v1/cache/{namespace}/{key} ».",
            ),
            Self::MethodNotAllowed { allow } => {
                return made(
                    format!("This path does not take that method: write {}.", allow.replace(", ", " or ")),
                    format!("Ce chemin n'accepte pas cette méthode : écrivez {}.", allow.replace(", ", " ou ")),
                );
            }
            // The text of such a request is right.
            Self::KeyNotFound
            | Self::NamespaceNotFound
            | Self::StorageFull
            | Self::TooManyNamespaces
            | Self::Unavailable
            | Self::TimedOut
            | Self::Unfinished
            | Self::NoDatabase => return self.to_string().into(),
        };
        match language {
            Language::English => english,
            Language::French => french,
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::EvictionPolicy;
    use crate::protocol::rest::{Limits, Request, parse_line};

    /// Every failure of a request whose text alone is wrong, by a request that has it.
    #[test]
    fn a_request_that_is_wrong_is_told_its_remedy_in_both_languages() {
        let many = format!("POST /api/v1/cache/n/mget {{\"keys\": [{}\"k\"]}}", "\"k\", ".repeat(10_000));
        let large = format!("PUT /api/v1/cache/n/k {{\"value\": \"{}\"}}", "v".repeat(1024 * 1024 + 1));
        for (request, failure, english, french) in [
            ("PATCH /health", Failure::MethodNotAllowed { allow: "GET" }, "write GET.", "écrivez GET."),
            ("GET /api/v1/cache/n%20m/k", Failure::InvalidNamespace, "1 to 100", "1 à 100"),
            ("GET /api/v1/cache/n/%0A", Failure::InvalidKey, "1 to 255", "1 à 255"),
            ("DELETE /api/v1/cache/n?tag=", Failure::InvalidPattern, "?pattern=user*", "?pattern=user*"),
            ("DELETE /api/v1/cache/n?tga=a", Failure::UnknownParameter, "`tag`", "« tag »"),
            ("PUT /api/v1/cache/n/k", Failure::MalformedJson, "no JSON", "pas du JSON"),
            ("PUT /api/v1/cache/n/k 1", Failure::NotAnObject, "JSON object", "objet JSON"),
            ("PUT /api/v1/cache/n/k {}", Failure::MissingValue, "{\"value\": …}", "{\"value\": …}"),
            (&large, Failure::ValueTooLarge, "shorten", "raccourcissez"),
            ("PUT /api/v1/cache/n/k {\"value\": 1, \"ttl\": -1}", Failure::InvalidTtl, "`ttl`", "« ttl »"),
            ("PUT /api/v1/cache/n/k {\"value\": 1, \"tags\": 1}", Failure::InvalidTags, "`tags`", "« tags »"),
            (
                "PUT /api/v1/cache/n/k {\"value\": 1, \"tags\": [\"\"]}",
                Failure::InvalidTag,
                "at most 16 tags, each of 1 to 100 ",
                "16 étiquettes au plus, de 1 à 100 ",
            ),
            ("POST /api/v1/cache/n/mget {}", Failure::InvalidKeys, "`keys`", "« keys »"),
            ("POST /api/v1/cache/n/mset {}", Failure::InvalidEntries, "`entries`", "« entries »"),
            (&many, Failure::TooManyKeys, "split", "découpez"),
            (
                "PUT /api/v1/namespaces/n {\"default_ttl\": 0}",
                Failure::InvalidDefaultTtl,
                "1 to 2147483647",
                "1 à 2147483647",
            ),
            ("PUT /api/v1/namespaces/n {\"max_size_mb\": 0}", Failure::InvalidSize, "size", "taille"),
            (
                "PUT /api/v1/namespaces/n {\"max_size_mb\": 1, \"max_size_bytes\": 1}",
                Failure::TwoSizes,
                "keep `max_size_mb`",
                "gardez « max_size_mb »",
            ),
            (
                "PUT /api/v1/namespaces/n {\"eviction_policy\": \"MRU\"}",
                Failure::InvalidPolicy,
                "WTINYLFU or NONE.",
                "WTINYLFU ou NONE.",
            ),
            ("PUT /api/v1/namespaces/n {\"ttl\": 1}", Failure::UnknownSetting, "no such setting", "réglage"),
            ("GET /nowhere", Failure::NotFound, "no such path", "chemin n'existe pas"),
        ] {
            let read = parse_line(request).expect("a request");
            let found = Request::read(read.method, read.target, read.body, &Limits::default());
            assert_eq!(found.err(), Some(failure), "{}", &request[..request.len().min(80)]);
            for (language, words) in [(Language::English, english), (Language::French, french)] {
                let told = failure.message(language);
                assert!(told.contains(words) && !told.contains("  "), "{told}");
                // The body's own text is for programs.
                assert_ne!(told, failure.to_string());
            }
        }
    }

    #[test]
    fn every_policy_is_named_wherever_one_is_asked_for() {
        let told = [Failure::InvalidPolicy.to_string()].into_iter().chain(
            [Language::English, Language::French].map(|language| Failure::InvalidPolicy.message(language).into()),
        );
        for said in told {
            let names: Vec<&str> = said.split([' ', ',', '.']).collect();
            for policy in EvictionPolicy::ALL {
                let name = policy.name().to_ascii_uppercase();
                assert!(names.contains(&name.as_str()), "{name}: {said}");
            }
        }
    }
}
