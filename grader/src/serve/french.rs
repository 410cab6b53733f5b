//! The server's sentences in French. A learner meets them in the page, which shows what the server says.

use crate::report::french;

/// Sentences as a whole; see `report::french`.
const SENTENCES: &[(&str, &str)] = &[
    (
        "POST a submission to /api/v1/grade or /api/v1/build, GET /api/v1/exercises",
        "envoyez un rendu par POST à /api/v1/grade ou /api/v1/build, ou lisez /api/v1/exercises par GET",
    ),
    (
        "the API has /api/v1/grade, /api/v1/build and /api/v1/exercises, and nothing here",
        "l'API a /api/v1/grade, /api/v1/build et /api/v1/exercises, et rien ici",
    ),
    ("there is no such exercise: see /api/v1/exercises", "cet exercice n'existe pas : voyez /api/v1/exercises"),
    ("there is no such exercise", "cet exercice n'existe pas"),
    (
        "services are not graded here: whoever runs this server may start it with --trust; `grader grade` on your own machine grades yours",
        "les services ne sont pas notés ici : qui fait tourner ce serveur peut le lancer avec --trust ; `grader grade`, sur votre machine, note le vôtre",
    ),
    ("there is no such format: format is one of {}", "ce format n'existe pas : les formats sont {}"),
    ("many submissions wait already: ask again soon", "beaucoup de rendus attendent déjà : redemandez bientôt"),
    (
        "too many submissions are graded before this one: ask again later",
        "trop de rendus sont notés avant celui-ci : redemandez plus tard",
    ),
    ("the grader is being closed", "le correcteur se ferme : relancez-le, puis redemandez"),
    ("the grader failed", "le correcteur a échoué : redemandez"),
    ("the submission took too long to come", "le rendu a mis trop de temps à arriver : redemandez"),
    ("the submission did not come whole: send it again", "le rendu n'est pas arrivé en entier : renvoyez-le"),
    (
        "a submission has at most {} bytes: hand in source files only",
        "un rendu a au plus {} octets : ne rendez que des fichiers source",
    ),
    (
        "a submission has at most {}: hand in source files only",
        "un rendu a au plus {} : ne rendez que des fichiers source",
    ),
    ("the body is empty: it is the submission", "il n'y a rien : envoyez le rendu"),
    ("no submission ({}): write {}", "ce n'est pas un rendu ({}) : écrivez {}"),
    ("a submission has from 1 to {} files", "un rendu a de 1 à {} fichiers"),
    (
        "a file's name is a short path like src/lib.rs, without `..`",
        "le nom d'un fichier est un chemin court comme src/lib.rs, sans `..`",
    ),
    ("two files' names stand in each other's way", "les noms de deux fichiers se gênent : renommez-en un"),
    ("this server asks for a token: {}", "ce serveur demande un jeton : {}"),
    (
        "this server answers for this machine only: ask http://127.0.0.1 or http://localhost",
        "ce serveur ne répond que pour cette machine : demandez http://127.0.0.1 ou http://localhost",
    ),
    (
        "this server answers for this machine only: ask http://127.0.0.1",
        "ce serveur ne répond que pour cette machine : demandez http://127.0.0.1",
    ),
    ("a request names its host and its origin once", "une requête nomme son hôte et son origine une fois"),
    (
        "a page of another origin asked: only this server's own pages may",
        "une page d'une autre origine a demandé : seules les pages de ce serveur le peuvent",
    ),
    (
        "a page of another site asked: only this server's own pages may",
        "une page d'un autre site a demandé : seules les pages de ce serveur le peuvent",
    ),
    (
        "a page that does not say where it is from asked: only this server's own pages may",
        "une page qui ne dit pas d'où elle vient a demandé : seules les pages de ce serveur le peuvent",
    ),
    ("there is no playground here: {}", "il n'y a pas de terrain de jeu ici : {}"),
];

/// What the server says, in French; what it does not know stays as it is. Cost: O(text x sentences).
pub(super) fn in_french(message: &str) -> String {
    french::in_french_of(SENTENCES, message).unwrap_or_else(|| french::in_french(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::archive::Refused;

    /// Words that no French sentence of the server has.
    const ENGLISH: [&str; 8] = [" the ", "the ", " is ", " a submission", " may", " hand in", " ask", "cannot"];

    #[track_caller]
    fn check(english: &str, holds: &str) {
        let told = in_french(english);
        assert!(told.contains(holds), "{told}");
        assert!(ENGLISH.iter().all(|word| !told.contains(word)), "{told}");
    }

    #[test]
    fn every_row_translates_a_message() {
        let unused = french::unused::rows_of_no_message(SENTENCES);
        assert_eq!(unused, [""; 0], "remove them, or write them as the message is now");
    }

    #[test]
    fn an_archive_is_refused_in_french() {
        check(
            &Refused::Unreadable("EOF".to_owned()).to_string(),
            "est illisible, abîmée ou incomplète : rendez un simple fichier zip",
        );
        check(&Refused::Foreign("7z").to_string(), "(7z) : rendez un simple fichier zip ou un .tar.gz");
        check(&Refused::TooManyEntries(7).to_string(), "plus de 7 entrées");
        check(&Refused::TooManyBytes(7).to_string(), "plus de 7 octets");
    }

    #[test]
    fn a_file_of_too_many_bytes_is_refused_in_french() {
        check("a submission has at most 8388608 bytes: hand in source files only", "au plus 8388608 octets");
        check("a submission has from 1 to 256 files", "de 1 à 256 fichiers");
    }

    #[test]
    fn a_page_from_elsewhere_is_refused_in_french() {
        check("a page of another site asked: only this server's own pages may", "seules les pages de ce serveur");
    }

    #[test]
    fn what_the_compiler_says_stays_as_it_is() {
        let said = "mismatched types: the grader failed; expected ` files`, found `u64`";
        assert_eq!(in_french(said), said);
    }

    #[test]
    fn what_follows_the_first_line_is_the_learners_or_the_compilers() {
        assert_eq!(
            in_french("the grader failed\nthe grader failed"),
            "le correcteur a échoué : redemandez\nthe grader failed"
        );
    }
}
