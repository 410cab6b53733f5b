//! Notes on a learner's submission in French: what the search of a class's folder, its archive and its roster say.

use cachedojo_notation::text::Language;

use crate::report::french::{in_french, in_french_of};

/// Sentences as a whole; see [`crate::report::french`].
const SENTENCES: &[(&str, &str)] = &[
    (
        "it holds several that could be graded ({}): keep one, as {or}; if these are learners, grade this folder as a class",
        "il y a plusieurs rendus possibles ({}) : n'en gardez qu'un, sous le nom {or} ; si ce sont des étudiants, notez ce dossier comme une classe",
    ),
    ("there is more than was graded: {}", "il y a plus que ce qui a été noté : {}"),
    ("a later attempt has nothing to grade: {}", "une tentative plus récente n'a rien à noter : {}"),
    ("the folder cannot be read: {}", "le dossier est illisible : {}"),
    ("its files cannot be read: {}", "ses fichiers sont illisibles : {}"),
    (
        "it is a link, and links are not followed: put the files themselves there",
        "c'est un lien, et les liens ne sont pas suivis : mettez-y les fichiers eux-mêmes",
    ),
    (
        "`{}` is a link, and links are not followed: hand in the file itself",
        "`{}` est un lien, et les liens ne sont pas suivis : rendez le fichier lui-même",
    ),
    (
        "`{}` is neither a file nor a folder: hand in a file",
        "`{}` n'est ni un fichier ni un dossier : rendez un fichier",
    ),
    (
        "it is neither a folder nor a file: put the files themselves there",
        "ce n'est ni un dossier ni un fichier : mettez-y les fichiers eux-mêmes",
    ),
    (
        "it unpacks to more than {} MiB: hand in source files only",
        "une fois déballé, cela fait plus de {} Mio : ne rendez que des fichiers source",
    ),
    (
        "`{}` is in the archive twice, with different content: pack it anew, with one",
        "`{}` est deux fois dans l'archive, avec des contenus différents : refaites-la, avec un seul",
    ),
    ("{} cannot be unpacked, it is damaged: pack it anew", "{} est abîmé et ne peut être déballé : refaites l'archive"),
    (
        "{} has more than {} bytes: hand in source files only",
        "{} fait plus de {} octets : ne rendez que des fichiers source",
    ),
    ("{} is called like another entry: pack it anew", "{} porte le nom d'une autre entrée : refaites l'archive"),
    ("several submissions are of this person of the roster", "plusieurs rendus sont de cette personne de la liste"),
    (
        "its name does not tell for sure who of the roster it is",
        "son nom ne dit pas avec certitude de qui de la liste il s'agit",
    ),
    ("several people of the roster have this name", "plusieurs personnes de la liste portent ce nom"),
    ("not in the roster", "pas dans la liste"),
    (
        "the platform says that it is a draft, which was not handed in",
        "la plateforme dit que c'est un brouillon, qui n'a pas été rendu",
    ),
    (
        "a submission may be theirs: see above whose is not clear",
        "un rendu est peut-être le leur : voyez plus haut ceux qui ne sont pas rattachés",
    ),
];

/// A note in the reader's language; a part that is none of these sentences stays as it is. Cost: O(text x sentences).
pub(crate) fn note_in(note: &str, language: Language) -> String {
    if language == Language::English {
        return note.to_owned();
    }
    let whole =
        |text: &str| in_french_of(SENTENCES, text).or_else(|| Some(in_french(text)).filter(|french| french != text));
    // Notes on one submission are joined; a sentence with a semicolon of its own is found as a whole, for its halves are none.
    let parts: Vec<_> = note.split("; ").map(|part| (part, whole(part))).collect();
    if parts.iter().any(|(_, french)| french.is_none())
        && let Some(french) = whole(note)
    {
        return french;
    }
    let parts = parts.into_iter().map(|(part, french)| french.unwrap_or_else(|| part.to_owned()));
    parts.collect::<Vec<_>>().join(" ; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::roster::Roster;

    #[test]
    fn every_row_translates_a_message() {
        let unused = crate::report::french::unused::rows_of_no_message(SENTENCES);
        assert_eq!(unused, [""; 0], "remove them, or write them as the message is now");
    }

    #[test]
    fn notes_are_in_the_readers_language() {
        for (english, french) in [
            ("", ""),
            ("a.txt, b.txt", "a.txt, b.txt"),
            (
                "there is more than was graded: b.rs; not in the roster",
                "il y a plus que ce qui a été noté : b.rs ; pas dans la liste",
            ),
            ("the folder cannot be read: EACCES", "le dossier est illisible : EACCES"),
        ] {
            assert_eq!(note_in(english, Language::English), english);
            assert_eq!(note_in(english, Language::French), french);
        }
        for remark in Roster::UNMATCHED {
            assert_ne!(note_in(remark, Language::French), *remark);
        }
    }
}
