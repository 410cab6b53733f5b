//! The grader's messages about a source, in French. The compiler's messages stay in English, because learners search
//! for them.

#[cfg(test)]
pub(crate) mod unused;

/// Sentences as a whole. A place `{}` holds a learner's name, a declaration, a number or the compiler's words, and stays as it
/// is; a place `{or}` holds a list of ours, whose "or" is told in French. The narrower of two sentences stands first.
const SENTENCES: &[(&str, &str)] = &[
    (
        "`{}` is not as the prototype has it, its meaning is plain, so it is graded all the same and costs nothing: expected `{}`, \
         found `{}`",
        "`{}` n'est pas comme dans le prototype ; son sens est clair : c'est noté quand même et ne coûte rien : attendu `{}`, \
         trouvé `{}`",
    ),
    (
        "`{}` is not as the prototype has it, so it is not graded: expected `{}`, found `{}`",
        "`{}` n'est pas comme dans le prototype ; ce n'est donc pas noté : attendu `{}`, trouvé `{}`",
    ),
    (
        "`{}` cannot be used as the prototype says, its meaning is plain, so it is graded all the same and costs nothing: expected \
         `{}`; {}",
        "`{}` ne peut être utilisé comme le dit le prototype ; son sens est clair : c'est noté quand même et ne coûte rien : attendu \
         `{}` ; {}",
    ),
    (
        "`{}` cannot be used as the prototype says, so it is not graded: expected `{}` at the crate's root; {}",
        "`{}` ne peut être utilisé comme le dit le prototype ; ce n'est donc pas noté : attendu `{}` à la racine du projet ; {}",
    ),
    (
        "`{}` cannot be used as the prototype says, so it is not graded: expected `{}`; {}",
        "`{}` ne peut être utilisé comme le dit le prototype ; ce n'est donc pas noté : attendu `{}` ; {}",
    ),
    (
        "`{}` has public fields that the prototype lacks (`{}`), and the grader cannot fill them in, so it is not graded: give each a \
         type with a `Default`, or make do without; expected `{}`",
        "`{}` a des champs publics que le prototype n'a pas (`{}`), et le correcteur ne peut les remplir ; ce n'est donc pas noté : \
         donnez à chacun un type qui a un `Default`, ou passez-vous-en ; attendu `{}`",
    ),
    (
        "`{}` is private, so it is not graded: write `pub` before it",
        "`{}` est privé, ce n'est donc pas noté : écrivez `pub` devant",
    ),
    (
        "`unsafe` is forbidden in this exercise: write it in safe Rust",
        "`unsafe` est interdit dans cet exercice : écrivez-le en Rust sûr",
    ),
    (
        "the crate `{}` is not allowed here: use std alone",
        "la bibliothèque `{}` n'est pas permise ici : utilisez std seulement",
    ),
    (
        "the crate `{}` is not allowed here: use std and `{}` only",
        "la bibliothèque `{}` n'est pas permise ici : utilisez std et `{}` seulement",
    ),
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
    ("this is neither a file nor a folder: it is ignored", "ceci n'est ni un fichier ni un dossier : il est ignoré"),
    (
        "this is a link, and links are not followed: hand in the file itself",
        "ceci est un lien, et les liens ne sont pas suivis : rendez le fichier lui-même",
    ),
    (
        "this is neither a file nor a folder: hand in a file",
        "ceci n'est ni un fichier ni un dossier : rendez un fichier",
    ),
    (
        "this file's name holds characters that no module has: it is ignored",
        "le nom de ce fichier contient des caractères qu'aucun module n'a : il est ignoré",
    ),
    (
        "this file is not UTF-8 from here on; save it as UTF-8",
        "à partir d'ici, ce fichier n'est pas en UTF-8 ; enregistrez-le en UTF-8",
    ),
    (
        "this is a packed file, whatever its name says: hand in what is in it, or name it .zip",
        "ceci est un fichier compressé, quoi que dise son nom : rendez ce qu'il contient, ou nommez-le .zip",
    ),
    ("this file is UTF-16; save it as UTF-8", "ce fichier est en UTF-16 ; enregistrez-le en UTF-8"),
    (
        "missing beside this file: {}; hand in the folder that holds them all, or a .zip of it",
        "il manque à côté de ce fichier : {} ; rendez le dossier qui contient le tout, ou un .zip de ce dossier",
    ),
    ("there is more than was graded: {}", "il y a plus que ce qui est noté : {}"),
    ("compiling takes longer than {} s", "la compilation prend plus de {} s"),
    ("compiling takes more than {} MiB of memory", "la compilation prend plus de {} Mio de mémoire"),
    (
        "`{}` is too big: at most {} bytes a source file, {} in all (`{}` alone has {}); hand in source files only",
        "`{}` est trop gros : au plus {} octets par fichier source, {} en tout (`{}` à lui seul en a {}) ; ne rendez que des \
         fichiers source",
    ),
    (
        "`{}` is too big: at most {} bytes a file (it has {}); hand in source files only",
        "`{}` est trop gros : au plus {} octets par fichier (il en a {}) ; ne rendez que des fichiers source",
    ),
    (
        "`{}` is too big: at most {} files and folders; hand in source files only",
        "`{}` est trop gros : au plus {} fichiers et dossiers ; ne rendez que des fichiers source",
    ),
    (
        "`{}` is too big: at most {} source files; hand in source files only",
        "`{}` est trop gros : au plus {} fichiers source ; ne rendez que des fichiers source",
    ),
    (
        "the archive cannot be read, it is damaged or not complete: hand in a plain zip file",
        "l'archive est illisible, abîmée ou incomplète : rendez un simple fichier zip",
    ),
    (
        "it is an archive of another kind ({}): hand in a plain zip file or a .tar.gz",
        "c'est une archive d'une autre sorte ({}) : rendez un simple fichier zip ou un .tar.gz",
    ),
    (
        "the archive has more than {} entries: hand in source files only",
        "l'archive a plus de {} entrées : ne rendez que des fichiers source",
    ),
    (
        "the archive unpacks to more than {} bytes: hand in source files only",
        "l'archive déballée fait plus de {} octets : ne rendez que des fichiers source",
    ),
    ("the archive cannot be unpacked here: {}", "l'archive ne peut être déballée ici : {}"),
    ("`{}` of `{}` is empty; hand in {or}", "`{}` de `{}` est vide ; rendez {or}"),
    ("`{}` is empty; hand in {or}", "`{}` est vide ; rendez {or}"),
    ("`{}` was taken for the script", "`{}` a été pris pour le script"),
    (
        "`{}` holds no script source (it has {}); hand in {or}",
        "`{}` ne contient pas de script (il y a {}) ; rendez {or}",
    ),
    ("`{}` holds no script source; hand in {or}", "`{}` ne contient pas de script ; rendez {or}"),
    (
        "`{}` holds no service source (it has {}); hand in {or}",
        "`{}` ne contient pas de service (il y a {}) ; rendez {or}",
    ),
    ("`{}` holds no service source; hand in {or}", "`{}` ne contient pas de service ; rendez {or}"),
    (
        "`{}` holds no {or} source (it has {}); hand in {or}",
        "`{}` ne contient pas de source {or} (il y a {}) ; rendez {or}",
    ),
    ("`{}` holds no {or} source; hand in {or}", "`{}` ne contient pas de source {or} ; rendez {or}"),
    (
        "`{}` holds no file `{}` (it has {}): add one with the command that starts the service, or its address",
        "`{}` ne contient pas de fichier `{}` (il y a {}) : ajoutez-en un avec la commande qui lance le service, ou son adresse",
    ),
    ("`{}` is no service source; hand in {or}", "`{}` n'est pas un service ; rendez {or}"),
    ("`{}` is no script source; hand in {or}", "`{}` n'est pas un script ; rendez {or}"),
    ("`{}` is no {or} source; hand in {or}", "`{}` n'est pas une source {or} ; rendez {or}"),
    (
        "a folder with a file `{}` is a service; this exercise takes none, other exercises do: {}",
        "un dossier avec un fichier `{}` est un service ; cet exercice n'en prend pas, d'autres si : {}",
    ),
    ("other exercises take {} (`{}`): {}", "d'autres exercices prennent {} (`{}`) : {}"),
    (
        "`{}` holds no {or} (it has {}); name the file to be graded {or}",
        "`{}` ne contient pas de {or} (il y a {}) ; nommez le fichier à noter {or}",
    ),
    (
        "`{}` is graded, and not this file: hand in one of the two to choose",
        "`{}` est noté, et non ce fichier : ne rendez que l'un des deux pour choisir",
    ),
    (
        "nothing listens at the port in the environment variable PORT: the service listens at {} instead; read PORT, and listen there",
        "personne n'écoute au port de la variable d'environnement PORT : le service écoute à la place à {} ; lisez PORT, et écoutez-y",
    ),
    (
        "the service ended before it answered ({}); it must stay in the foreground (without `&` behind it) and listen on 127.0.0.1, at \
         the port in the environment variable PORT; its last words: {}",
        "le service s'est terminé avant de répondre ({}) ; il doit rester au premier plan (sans `&` derrière) et écouter sur 127.0.0.1, \
         au port de la variable d'environnement PORT ; ce qu'il a écrit en dernier : {}",
    ),
    (
        "the service ended before it answered ({}); it must stay in the foreground (without `&` behind it) and listen on 127.0.0.1, at \
         the port in the environment variable PORT",
        "le service s'est terminé avant de répondre ({}) ; il doit rester au premier plan (sans `&` derrière) et écouter sur 127.0.0.1, \
         au port de la variable d'environnement PORT",
    ),
    (
        "GET http://{}/health: nobody answers: {}; start it, then try again",
        "GET http://{}/health : personne ne répond : {} ; lancez-le, puis réessayez",
    ),
    (
        "the header `{}` is not used, and the time is waited for instead: at {} the service went back, it said `{}`",
        "l'en-tête `{}` n'est pas utilisé, et le temps est attendu à la place : à {} le service est revenu en arrière, il a dit `{}`",
    ),
    (
        "the header `{}` is not used, and the time is waited for instead: asked to move to {}, the service said `{}`",
        "l'en-tête `{}` n'est pas utilisé, et le temps est attendu à la place : prié d'aller à {}, le service a dit `{}`",
    ),
    ("this does not compile: {}", "ceci ne compile pas : {}"),
    (
        "learning the known bugs (kept for next time) …",
        "apprentissage des erreurs connues (gardé pour la prochaine fois) …",
    ),
    (
        "building the toolbox that submissions are compiled against, for {} (once per compiler, about 20 s) …",
        "construction de ce avec quoi les rendus sont compilés, pour {} (une fois par compilateur, environ 20 s) …",
    ),
    (
        "installing the compiler's target {} (rustup target add {}) …",
        "installation de la cible {} du compilateur (rustup target add {}) …",
    ),
    (
        "installing pytest and freezegun for Python's tests (once)",
        "installation de pytest et freezegun pour les tests en Python (une fois)",
    ),
    (
        "{}: nothing that is made once is remembered; name a folder that you may write to in CACHEDOJO_CACHE",
        "{} : rien de ce qui n'est fait qu'une fois n'est gardé ; nommez dans CACHEDOJO_CACHE un dossier où vous pouvez écrire",
    ),
    (
        "the exercise calls `{}`, and this function is called `{}`: rename it",
        "l'exercice appelle « {} », et cette fonction s'appelle « {} » : renommez-la",
    ),
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

/// A message of the grader in French; other messages are unchanged. Cost: O(text x sentences).
pub(crate) fn in_french(message: &str) -> String {
    in_french_of(SENTENCES, message).unwrap_or_else(|| message.to_owned())
}

/// A message in French, if its first line is one of these sentences from its first to its last character; what follows that
/// line is the compiler's help or the learner's own source. Cost: O(text x sentences).
pub(crate) fn in_french_of(sentences: &[(&str, &str)], message: &str) -> Option<String> {
    let (head, rest) = message.split_once('\n').map_or((message, None), |(head, rest)| (head, Some(rest)));
    let whole = |text: &str| sentences.iter().find_map(|(english, french)| Some(filled(french, &held(english, text)?)));
    // What is said of an archive has its name before it.
    let named = || {
        let (name, said) = head.strip_prefix('`')?.split_once("`: ")?;
        whole(said).map(|french| format!("`{name}` : {french}"))
    };
    let head = whole(head).or_else(named)?;
    Some(rest.map_or_else(|| head.clone(), |rest| format!("{head}\n{rest}")))
}

/// What a text has in a sentence's places, if it is that sentence.
fn held<'a>(sentence: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = parts(sentence);
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty().then(Vec::new) };
    let mut held = Vec::new();
    for part in parts {
        let (before, after) = rest.split_once(part)?;
        held.push(before);
        rest = after;
    }
    held.push(rest.strip_suffix(last)?);
    Some(held)
}

/// The sentence with what its places hold.
fn filled(sentence: &str, held: &[&str]) -> String {
    let (mut filled, mut held) = (String::new(), held.iter());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}').unwrap_or(("", after));
        let text = held.next().copied().unwrap_or_default();
        filled.push_str(before);
        filled.push_str(&if place == "or" { text.replace(" or ", " ou ") } else { text.to_owned() });
        rest = after;
    }
    filled + rest
}

/// What stands between a sentence's places.
fn parts(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split("{}").flat_map(|part| part.split("{or}"))
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
                "`a` holds no Rust source; hand in `src/lib.rs`",
                "`a` ne contient pas de source Rust ; rendez `src/lib.rs`",
            ),
            (
                "`a` holds no script source (it has b.rs); hand in `script.txt`",
                "`a` ne contient pas de script (il y a b.rs) ; rendez `script.txt`",
            ),
            (
                "`a.txt` is no Rust source; hand in `src/lib.rs`",
                "`a.txt` n'est pas une source Rust ; rendez `src/lib.rs`",
            ),
            ("`a.rs` is no script source; hand in `script.txt`", "`a.rs` n'est pas un script ; rendez `script.txt`"),
            (
                "other exercises take Python (`a.py`): `one`, `two`",
                "d'autres exercices prennent Python (`a.py`) : `one`, `two`",
            ),
            (
                "`A` cannot be used as the prototype says, so it is not graded: expected `struct A` at the crate's root; \
                 cannot find type `A`\nhelp: none",
                "`A` ne peut être utilisé comme le dit le prototype ; ce n'est donc pas noté : attendu `struct A` à la racine du \
                 projet ; cannot find type `A`\nhelp: none",
            ),
            (
                "`x.zip`: it is an archive of another kind (7z): hand in a plain zip file or a .tar.gz",
                "`x.zip` : c'est une archive d'une autre sorte (7z) : rendez un simple fichier zip ou un .tar.gz",
            ),
            (
                "`x.zip`: the archive cannot be read, it is damaged or not complete: hand in a plain zip file",
                "`x.zip` : l'archive est illisible, abîmée ou incomplète : rendez un simple fichier zip",
            ),
            ("`main.py` of `x` is empty; hand in `main.py`", "`main.py` de `x` est vide ; rendez `main.py`"),
            ("`x` is empty; hand in `main.py` or `start`", "`x` est vide ; rendez `main.py` ou `start`"),
            ("this does not compile: expected ':'", "ceci ne compile pas : expected ':'"),
            (
                "the exercise calls `a`, and this function is called `b`: rename it",
                "l'exercice appelle « a », et cette fonction s'appelle « b » : renommez-la",
            ),
            (
                "nothing listens at the port in the environment variable PORT: the service listens at 80 instead; read PORT, and \
                 listen there",
                "personne n'écoute au port de la variable d'environnement PORT : le service écoute à la place à 80 ; lisez PORT, et \
                 écoutez-y",
            ),
        ] {
            assert_eq!(in_french(english), french);
        }
        for (english, french) in SENTENCES {
            // A part of a sentence would never be found.
            assert!(english.trim() == *english && english.matches('`').count() % 2 == 0, "{english}");
            assert_eq!(parts(english).count(), parts(french).count(), "{english}");
            assert_eq!(english.matches("{or}").count(), french.matches("{or}").count(), "{english}");
        }
        for english in [http::NOT_TRUSTED, http::NOT_ASKED] {
            assert!(in_french(english).contains("confiance"), "{english}");
        }
        assert!(SENTENCES.iter().all(|(english, french)| english != french));
    }

    #[test]
    fn every_row_translates_a_message() {
        assert_eq!(unused::rows_of_no_message(SENTENCES), [""; 0], "remove them, or write them as the message is now");
    }

    #[test]
    fn what_the_compiler_says_stays_as_it_is() {
        for said in [
            "mismatched types: expected `u32`, found `u64`",
            "mismatched types; expected `u32`, found `u64` [E0308]",
            "unresolved import `a` or `b`: write `pub` before it",
            "cannot find value `x` in this scope [E0425]\n2 | so it is not graded",
            "`A` is private, so it is not graded: write `pub` before it, or so",
        ] {
            assert_eq!(in_french(said), said);
        }
    }

    #[test]
    fn what_learners_name_stays_as_it_is() {
        for (english, french) in [
            (
                "`a (it has b` holds no Rust or Python source (it has c or d.txt); hand in `main.py` or `src/lib.rs`",
                "`a (it has b` ne contient pas de source Rust ou Python (il y a c or d.txt) ; rendez `main.py` ou `src/lib.rs`",
            ),
            (
                "the crate `the crate` is not allowed here: use std and `rand` only",
                "la bibliothèque `the crate` n'est pas permise ici : utilisez std et `rand` seulement",
            ),
        ] {
            assert_eq!(in_french(english), french);
        }
    }
}
