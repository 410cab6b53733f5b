//! The sentences of a lesson's judgement, in both languages.

use cachedojo_lab::french::met_in;
use cachedojo_notation::text::Language;

/// The language in which sentences are written.
#[derive(Clone, Copy)]
pub(super) struct Tongue(pub(super) Language);

impl Tongue {
    fn say(self, english: impl FnOnce() -> String, french: impl FnOnce() -> String) -> String {
        match self.0 {
            Language::English => english(),
            Language::French => french(),
        }
    }

    pub(super) fn answer(self, number: usize) -> String {
        self.say(|| format!("Answer {number}"), || format!("Réponse {number}"))
    }

    pub(super) fn exposes(self) -> String {
        self.say(|| "The bug shows".to_owned(), || "Le bogue se voit".to_owned())
    }

    pub(super) fn short(self) -> String {
        self.say(|| "The script is short".to_owned(), || "Le script est court".to_owned())
    }

    pub(super) fn no_subject(self) -> String {
        self.say(
            || "The cache with the bug could not be loaded: check again, or reload the page.".to_owned(),
            || "Le cache bogué n'a pas pu être chargé : vérifiez à nouveau, ou rechargez la page.".to_owned(),
        )
    }

    pub(super) fn frame_changed(self, line: u32) -> String {
        self.say(
            || format!("Line {line} differs from the lesson's own script: bring it back, or begin again, and write only where you are asked to."),
            || format!("La ligne {line} diffère du script de la leçon : rétablissez-la, ou recommencez, et n'écrivez que là où on vous le demande."),
        )
    }

    pub(super) fn line_too_many(self, line: u32) -> String {
        self.say(
            || format!("Line {line} is not of the lesson's own script: take it out, and write only where you are asked to."),
            || format!("La ligne {line} n'est pas du script de la leçon : enlevez-la, et n'écrivez que là où on vous le demande."),
        )
    }

    pub(super) fn still_open(self, line: u32) -> String {
        self.say(
            || format!("Line {line} still has its `?`: replace it by the answer that you expect."),
            || format!("La ligne {line} a encore son `?` : remplacez-le par la réponse que vous attendez."),
        )
    }

    pub(super) fn on_line(self, line: u32, message: &str) -> String {
        self.say(|| format!("Line {line}: {message}"), || format!("Ligne {line} : {message}"))
    }

    pub(super) fn not_exact(self, line: u32) -> String {
        self.say(
            || format!("Line {line} says what the answer is not, or nearly is: say exactly what it is."),
            || {
                format!(
                    "La ligne {line} dit ce que la réponse n'est pas, ou presque : dites exactement ce qu'elle est."
                )
            },
        )
    }

    pub(super) fn other_answer(self, line: u32, expected: &str, actual: &str) -> String {
        let actual = met_in(actual, self.0);
        self.say(
            || format!("Line {line}: you said `{expected}`, the cache answered `{actual}`."),
            || format!("Ligne {line} : vous avez dit « {expected} », le cache a répondu « {actual} »."),
        )
    }

    pub(super) fn never_reached(self, line: u32) -> String {
        self.say(
            || format!("The script ended before line {line}."),
            || format!("Le script a fini avant la ligne {line}."),
        )
    }

    pub(super) fn goal_missed(self, line: u32, expected: &str, actual: &str) -> String {
        let actual = met_in(actual, self.0);
        self.say(
            || format!("Line {line}: the goal is `{expected}`, but it is `{actual}`."),
            || format!("Ligne {line} : le but est « {expected} », mais c'est « {actual} »."),
        )
    }

    pub(super) fn too_many_lines(self, found: usize, most: u32) -> String {
        self.say(
            || format!("You wrote {found} lines; this lesson allows {most}."),
            || format!("Vous avez écrit {found} lignes ; cette leçon en permet {most}."),
        )
    }

    pub(super) fn not_allowed(self, line: u32, allowed: &[String]) -> String {
        let list = allowed.iter().map(|command| format!("`{command}`")).collect::<Vec<_>>().join(", ");
        self.say(
            || format!("Line {line}: this lesson is to be solved with {list}."),
            || format!("Ligne {line} : cette leçon se résout avec {list}."),
        )
    }

    pub(super) fn too_large(self, line: u32, number: u64, most: u64) -> String {
        self.say(
            || format!("Line {line}: {number} is over the {most} that this lesson allows."),
            || format!("Ligne {line} : {number} dépasse les {most} permis par cette leçon."),
        )
    }

    pub(super) fn expose_first(self) -> String {
        self.say(
            || "The length counts once the bug shows.".to_owned(),
            || "La longueur compte dès que le bogue se voit.".to_owned(),
        )
    }

    pub(super) fn longer(self, length: u32, par: u32) -> String {
        self.say(
            || format!("Your script has {length} lines; it can be done in {par}."),
            || format!("Votre script a {length} lignes ; {par} suffisent."),
        )
    }

    pub(super) fn empty(self) -> String {
        self.say(
            || "There is no command yet: write some, one a line.".to_owned(),
            || "Il n'y a pas encore de commande : écrivez-en, une par ligne.".to_owned(),
        )
    }

    pub(super) fn breaks_on_sound(self, line: u32, message: &str) -> String {
        self.say(
            || format!("Line {line} fails on the sound cache too, so it proves nothing: {message}"),
            || format!("La ligne {line} échoue aussi sur le cache sain, elle ne prouve donc rien : {message}"),
        )
    }

    pub(super) fn not_known_here(self, line: u32, command: &str, taken: &str) -> String {
        self.say(
            || format!("Line {line}: only the reference knows `{command}`. What this lesson is about takes {taken}."),
            || {
                format!(
                    "Ligne {line} : seule la référence connaît `{command}`. Ce dont parle cette leçon prend {taken}."
                )
            },
        )
    }

    pub(super) fn no_simulated_cluster(self, line: u32, command: &str, taken: &str) -> String {
        self.say(
            || {
                format!(
                    "Line {line}: `{command}` is for a simulated cluster, and this lesson has none. What it is about takes {taken}."
                )
            },
            || {
                format!(
                    "Ligne {line} : `{command}` est pour une grappe simulée, et cette leçon n'en a pas. Ce dont elle parle prend {taken}."
                )
            },
        )
    }

    pub(super) fn no_difference(self) -> String {
        self.say(
            || "Both caches answer this script alike: the bug does not show.".to_owned(),
            || "Les deux caches répondent pareil à ce script : le bogue ne se voit pas.".to_owned(),
        )
    }

    pub(super) fn silence(self) -> String {
        self.say(|| "no answer".to_owned(), || "pas de réponse".to_owned())
    }
}
