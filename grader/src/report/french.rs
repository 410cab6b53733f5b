//! The grader's messages about a source, in French. The compiler's messages stay in English, because learners search
//! for them.

/// Sentences, and the places of learners' names in them.
const PHRASES: &[(&str, &str)] = &[
    (
        "; import what is tested as the statement does, and hand in your own modules",
        " ; importez ce qui est testé comme l'énoncé, et rendez vos propres modules",
    ),
    (" is not as the prototype has it, ", " n'est pas comme dans le prototype ; "),
    (" cannot be used as the prototype says, ", " ne peut être utilisé comme le dit le prototype ; "),
    (
        "its meaning is plain, so it is graded all the same and costs nothing",
        "son sens est clair : c'est noté quand même et ne coûte rien",
    ),
    ("so it is not graded", "ce n'est donc pas noté"),
    (": expected `", " : attendu `"),
    ("; expected `", " ; attendu `"),
    ("`, found `", "`, trouvé `"),
    ("` at the crate's root; ", "` à la racine du projet ; "),
    (" is private, ", " est privé, "),
    (": write `pub` before it", " : écrivez `pub` devant"),
    (" has public fields that the prototype lacks (", " a des champs publics que le prototype n'a pas ("),
    ("), and the grader cannot fill them in, ", "), et le correcteur ne peut les remplir ; "),
    (
        ": give each a type with a `Default`, or make do without",
        " : donnez à chacun un type qui a un `Default`, ou passez-vous-en",
    ),
    (
        "`unsafe` is forbidden in this exercise: write it in safe Rust",
        "`unsafe` est interdit dans cet exercice : écrivez-le en Rust sûr",
    ),
    ("the crate `", "la bibliothèque `"),
    ("` is not allowed here: use std and `", "` n'est pas permise ici : utilisez std et `"),
    ("` only", "` seulement"),
    (
        "build scripts are never run here: the submission is graded without this file",
        "les scripts de construction ne sont jamais exécutés ici : le rendu est noté sans ce fichier",
    ),
    (
        "cargo's settings are ignored: the grader has its own",
        "les réglages de cargo sont ignorés : le correcteur a les siens",
    ),
    (
        "the toolchain is the grader's: this file is ignored",
        "les outils sont ceux du correcteur : ce fichier est ignoré",
    ),
    (
        "symbolic links are not followed: this one is ignored",
        "les liens symboliques ne sont pas suivis : celui-ci est ignoré",
    ),
    (
        "this file's name holds characters that no module has: it is ignored",
        "le nom de ce fichier contient des caractères qu'aucun module n'a : il est ignoré",
    ),
    (
        "this file is not UTF-8 from here on; save it as UTF-8",
        "à partir d'ici, ce fichier n'est pas en UTF-8 ; enregistrez-le en UTF-8",
    ),
    ("this file is UTF-16; save it as UTF-8", "ce fichier est en UTF-16 ; enregistrez-le en UTF-8"),
    ("compiling takes longer than ", "la compilation prend plus de "),
    ("compiling takes more than ", "la compilation prend plus de "),
    (" MiB of memory", " Mio de mémoire"),
    (" is too big: at most ", " est trop gros : au plus "),
    (" bytes a source file, ", " octets par fichier source, "),
    (" in all (`", " en tout (`"),
    ("` alone has ", "` à lui seul en a "),
    (" bytes a file (it has ", " octets par fichier (il en a "),
    ("; hand in source files only", " ; ne rendez que des fichiers source"),
    (": hand in source files only", " : ne rendez que des fichiers source"),
    ("` holds no Rust source", "` ne contient pas de source Rust"),
    ("` holds no Python source", "` ne contient pas de source Python"),
    ("` holds no Rust or Python source", "` ne contient pas de source Rust ou Python"),
    ("` holds no Python or Rust source", "` ne contient pas de source Python ou Rust"),
    ("` holds no script source", "` ne contient pas de script"),
    ("` holds no service source", "` ne contient pas de service"),
    ("` holds no `", "` ne contient pas de `"),
    (" (it has ", " (il y a "),
    ("); hand in `", ") ; rendez `"),
    ("; hand in `", " ; rendez `"),
    ("); name the file to be graded `", ") ; nommez le fichier à noter `"),
    (
        "` is graded, and not this file: hand in one of the two to choose",
        "` est noté, et non ce fichier : ne rendez que l'un des deux pour choisir",
    ),
    ("` or `", "` ou `"),
    (
        "nothing listens at the port in the environment variable PORT: the service listens at ",
        "personne n'écoute au port de la variable d'environnement PORT : le service écoute à la place à ",
    ),
    (" instead; read PORT, and listen there", " ; lisez PORT, et écoutez-y"),
    ("this does not compile: ", "ceci ne compile pas : "),
    ("the exercise calls `", "l'exercice appelle « "),
    ("`, and this function is called `", " », et cette fonction s'appelle « "),
    ("`: rename it", " » : renommez-la"),
    (
        "a service is started as an ordinary program, which could read and change what you can: if you trust it, add --trust; or \
         start it where you like and name it with --url",
        "un service est lancé comme un programme ordinaire, qui pourrait lire et changer ce que vous pouvez : si vous lui faites \
         confiance, ajoutez --trust ; ou lancez-le où vous voulez et nommez-le avec --url",
    ),
    (
        "the file `start` names an address inside this machine or its network, and what answers there would be shown to whoever \
         handed it in: if you trust it, name it with --url, or add --trust",
        "le fichier `start` nomme une adresse de cette machine ou de son réseau, et ce qui y répond serait montré à qui l'a rendu : \
         si vous lui faites confiance, nommez-la avec --url, ou ajoutez --trust",
    ),
];

/// A message of the grader in French; other messages are unchanged. Cost: O(text x phrases).
pub(crate) fn in_french(message: &str) -> String {
    // The first line is the grader's; the compiler's help or the learner's own source follows.
    let (head, rest) = message.split_once('\n').map_or((message, None), |(head, rest)| (head, Some(rest)));
    let head = PHRASES.iter().fold(head.to_owned(), |text, (english, french)| text.replace(english, french));
    rest.map_or_else(|| head.clone(), |rest| format!("{head}\n{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::http;

    #[test]
    fn the_graders_own_sentences_are_french() {
        for (english, french) in [
            (
                "`A::b` is not as the prototype has it, its meaning is plain, so it is graded all the same and costs nothing: expected \
                 `fn b(x: u8)`, found `fn b(x: u16)`",
                "`A::b` n'est pas comme dans le prototype ; son sens est clair : c'est noté quand même et ne coûte rien : attendu \
                 `fn b(x: u8)`, trouvé `fn b(x: u16)`",
            ),
            (
                "`A` is private, so it is not graded: write `pub` before it",
                "`A` est privé, ce n'est donc pas noté : écrivez `pub` devant",
            ),
            (
                "`a` holds no Python or Rust source (it has b.pdf); hand in `main.py` or `src/lib.rs`",
                "`a` ne contient pas de source Python ou Rust (il y a b.pdf) ; rendez `main.py` ou `src/lib.rs`",
            ),
            (
                "`a` holds no `src/lib.rs` (it has b.rs, c.rs); name the file to be graded `src/lib.rs`",
                "`a` ne contient pas de `src/lib.rs` (il y a b.rs, c.rs) ; nommez le fichier à noter `src/lib.rs`",
            ),
            (
                "cannot find value `x` in this scope [E0425]\n2 | so it is not graded",
                "cannot find value `x` in this scope [E0425]\n2 | so it is not graded",
            ),
        ] {
            assert_eq!(in_french(english), french);
        }
        for english in [http::NOT_TRUSTED, http::NOT_ASKED] {
            assert!(in_french(english).contains("confiance"), "{english}");
        }
        assert!(PHRASES.iter().all(|(english, french)| english != french));
    }
}
