//! What to look at where a program gave no answer at all.

use cachedojo_lab::event::What;
use cachedojo_lab::subject::Crash;
use cachedojo_notation::text::Language;

use crate::outcome::CaseOutcome;
use crate::verdict::Verdict;

const CALLS_ITSELF: (&str, &str) = (
    "A function calls itself again and again: look for what should end that.",
    "Une fonction s'appelle elle-même sans fin : cherchez ce qui devrait l'arrêter.",
);

/// The hint for a program that gave no answer: the row's own hint is about wrong answers and would mislead.
pub(super) fn advice(case: &CaseOutcome, language: Language) -> Option<&'static str> {
    let said = case.divergence.as_ref().map_or("", |divergence| divergence.actual.as_str());
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let crash = case.events.iter().find_map(|event| match &event.what {
        What::Crashed { crash } => Some(crash),
        _ => None,
    });
    let (raised, unfit) = (matches!(crash, Some(Crash::Raised { .. })), matches!(crash, Some(Crash::Unfit { .. })));
    let (en, fr) = match case.verdict {
        Verdict::Panic if says(&["NotImplementedError"]) => (
            "A `raise NotImplementedError` still stands where the last command leads.",
            "Un `raise NotImplementedError` se trouve encore là où mène la dernière commande.",
        ),
        Verdict::Panic if says(&["RecursionError", "stack overflow", "interpreter's stack"]) => CALLS_ITSELF,
        Verdict::Panic if raised => (
            "The last command raised an exception that nothing caught. Look on its way for an index, a key, a conversion or a \
             `None` that is not always there; answer `ERROR` or `NOT_FOUND` instead.",
            "La dernière commande a levé une exception que rien n'a rattrapée. Cherchez sur son chemin un indice, une clé, une \
             conversion ou un `None` qui n'est pas toujours là ; répondez plutôt `ERROR` ou `NOT_FOUND`.",
        ),
        Verdict::Panic if unfit => return None,
        Verdict::Panic if says(&["spawn thread"]) => (
            "Start threads with `std::thread::spawn` or `std::thread::scope`, by these names in your own source: the grader looks for them there. Tasks of tokio's are fine too.",
            "Lancez les threads par `std::thread::spawn` ou `std::thread::scope`, sous ces noms dans votre propre source : le correcteur les y cherche. Les tâches de tokio conviennent aussi.",
        ),
        Verdict::Panic if says(&["acquire mutex", "borrowed", "can never happen"]) => (
            "A lock or a borrow is taken once more while it is still held: let the first guard go, or hand the locked value on.",
            "Un verrou ou un emprunt est repris alors qu'il est encore tenu : relâchez le premier, ou passez la valeur verrouillée.",
        ),
        Verdict::Panic if says(&["not yet implemented", "not implemented"]) => (
            "A `todo!()` or `unimplemented!()` still stands where the last command leads.",
            "Un `todo!()` ou `unimplemented!()` se trouve encore là où mène la dernière commande.",
        ),
        Verdict::Panic => (
            "The last command made your code panic. Look on its way for `unwrap`, `expect`, an index, a subtraction below zero; \
             answer with `None`, `false` or an error instead.",
            "La dernière commande a fait paniquer votre code. Cherchez sur son chemin un `unwrap`, un `expect`, un indice, une \
             soustraction sous zéro ; répondez plutôt par `None`, `false` ou une erreur.",
        ),
        Verdict::Race => (
            "Between two of your steps another thread came in; the story of the schedule shows where. Hold one lock from the \
             look to the change, or let one atomic operation do both.",
            "Entre deux de vos étapes, un autre thread est passé ; le récit de l'ordonnancement montre où. Tenez un seul verrou \
             de la lecture à la modification, ou laissez une seule opération atomique faire les deux.",
        ),
        Verdict::Deadlock => (
            "Threads wait for each other. Take locks in the same order everywhere, let a guard go before you wait, and wake \
             everyone who waits after the change that they wait for.",
            "Des threads s'attendent. Prenez les verrous partout dans le même ordre, relâchez un verrou avant d'attendre, et \
             réveillez tous ceux qui attendent après le changement attendu.",
        ),
        Verdict::Timeout => (
            "The last command never came to an end. Look for a loop that goes on although nothing changes any more, or for \
             something that is waited for and never comes.",
            "La dernière commande ne s'est jamais terminée. Cherchez une boucle qui tourne alors que rien ne change plus, ou \
             une attente de ce qui ne vient jamais.",
        ),
        _ => return None,
    };
    Some(match language {
        Language::English => en,
        Language::French => fr,
    })
}
