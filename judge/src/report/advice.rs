//! What to look at where a program gave no answer at all.

use cachedojo_lab::event::What;
use cachedojo_lab::subject::Crash;
use cachedojo_notation::text::Language;

use crate::outcome::CaseOutcome;
use crate::pack::InterfaceKind;
use crate::verdict::Verdict;

/// A hint in English and in French.
type Hint = (&'static str, &'static str);

const CALLS_ITSELF: Hint = (
    "A function calls itself again and again: look for what should end that.",
    "Une fonction s'appelle elle-même sans fin : cherchez ce qui devrait l'arrêter.",
);

/// The hint for a program that gave no answer: the row's own hint is about wrong answers and would mislead.
pub(super) fn advice(interface: InterfaceKind, case: &CaseOutcome, language: Language) -> Option<&'static str> {
    let is_whole_run = interface == InterfaceKind::Simulate;
    let said = case.divergence.as_ref().map(|divergence| divergence.actual.to_string()).unwrap_or_default();
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
        Verdict::Panic if raised && raised_hint(&said).is_some() => raised_hint(&said)?,
        Verdict::Panic if raised => (
            "The last command raised an exception that nothing caught. Look on its way for an index, a key, a conversion or a \
             `None` that is not always there; answer `ERROR` or `NOT_FOUND` instead.",
            "La dernière commande a levé une exception que rien n'a rattrapée. Cherchez sur son chemin un indice, une clé, une \
             conversion ou un `None` qui n'est pas toujours là ; répondez plutôt `ERROR` ou `NOT_FOUND`.",
        ),
        Verdict::Panic if unfit => unfit_hint(&said)?,
        Verdict::Forbidden if is_whole_run && matches!(crash, Some(Crash::Exit { .. })) => (
            "Leave out what ends the program (`sys.exit`, `os._exit`, `process::exit`): `EXIT` is answered `BYE` like any \
             command, and then the function returns.",
            "Ôtez ce qui termine le programme (`sys.exit`, `os._exit`, `process::exit`) : `EXIT` reçoit sa réponse, `BYE`, comme \
             toute commande, puis la fonction retourne.",
        ),
        Verdict::NotImplemented if is_whole_run => (
            "Call the function by this very name, `simulate_distributed_cache`, at the top level of `main.py` or `src/lib.rs`.",
            "Donnez à la fonction exactement ce nom, `simulate_distributed_cache`, au premier niveau de `main.py` ou `src/lib.rs`.",
        ),
        // Its rows are about orders of threads: their own hints say what to look at.
        Verdict::Race if is_whole_run => return None,
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
        Verdict::Deadlock if says(&["holds itself", "held by itself", "tenu par lui-même"]) => (
            "A thread takes a lock that it holds already, and so waits for itself: let it go first, or do both under one lock.",
            "Un thread prend un verrou qu'il tient déjà, et s'attend donc lui-même : relâchez-le d'abord, ou faites les deux sous un seul verrou.",
        ),
        Verdict::Deadlock => (
            "Threads wait for each other. Take locks in the same order everywhere, let a guard go before you wait, and wake \
             everyone who waits after the change that they wait for.",
            "Des threads s'attendent. Prenez les verrous partout dans le même ordre, relâchez un verrou avant d'attendre, et \
             réveillez tous ceux qui attendent après le changement attendu.",
        ),
        // Nothing need be endless there: what ran before may have taken the time.
        Verdict::Timeout if matches!(crash, Some(Crash::CutOff)) => (
            "The time for all checks together was used up before this one had ended. Look for what takes longer the more there is:              copies of everything, a search through everything, many threads that wait for each other.",
            "Le temps de toutes les vérifications ensemble était épuisé avant la fin de celle-ci. Cherchez ce qui dure d'autant plus              qu'il y a davantage : des copies de tout, un parcours de tout, beaucoup de threads qui s'attendent.",
        ),
        Verdict::Timeout if matches!(crash, Some(Crash::TooMuchOutput)) => (
            "The last command prints or answers without end: take out what prints, and answer once.",
            "La dernière commande écrit ou répond sans fin : ôtez ce qui écrit, et répondez une seule fois.",
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

/// What to do about an exception whose kind tells where it came from.
fn raised_hint(said: &str) -> Option<Hint> {
    const HINTS: &[(&[&str], Hint)] = &[
        (
            &["ModuleNotFoundError", "ImportError"],
            (
                "Only Python's own library and your own files are there: leave out what has to be installed.",
                "Seules la bibliothèque de Python et vos propres fichiers sont là : ôtez ce qui doit être installé.",
            ),
        ),
        (
            &["NameError", "UnboundLocalError"],
            (
                "That name has no value there: an `import` is missing (such as `import threading`), or it is spelt otherwise, or \
                 given a value only on another way.",
                "Ce nom n'a pas de valeur à cet endroit : il manque un `import` (comme `import threading`), ou il s'écrit \
                 autrement, ou ne reçoit sa valeur que sur un autre chemin.",
            ),
        ),
        (
            &["EOFError"],
            (
                "Nobody types anything: the commands are the function's argument. Leave `input()` out.",
                "Personne ne saisit rien : les commandes sont l'argument de la fonction. Ôtez `input()`.",
            ),
        ),
        (
            &[
                "FileNotFoundError",
                "PermissionError",
                "IsADirectoryError",
                "NotADirectoryError",
                "OSError",
                "ConnectionRefusedError",
            ],
            (
                "There are no files and no network here: the commands come as the function's argument, and its memory is all it needs.",
                "Il n'y a ici ni fichiers ni réseau : les commandes sont l'argument de la fonction, et sa mémoire lui suffit.",
            ),
        ),
        (
            &["TypeError: simulate_distributed_cache()"],
            (
                "The function is called with one argument: the list of command lines.",
                "La fonction est appelée avec un seul argument : la liste des lignes de commande.",
            ),
        ),
    ];
    let raised = said.strip_prefix("raised ")?;
    HINTS.iter().find(|(kinds, _)| kinds.iter().any(|kind| raised.starts_with(kind))).map(|(_, hint)| *hint)
}

/// What to do about a submission that returned something else than answers, or did what none may.
fn unfit_hint(said: &str) -> Option<Hint> {
    let returned = said.strip_prefix("returned a `").and_then(|rest| rest.split('`').next());
    Some(match returned {
        Some("coroutine" | "async_generator") => (
            "An `async def` returns before any of it has run: write `def`, and start the threads with `threading.Thread`.",
            "Une `async def` retourne avant d'avoir rien exécuté : écrivez `def`, et lancez les threads par `threading.Thread`.",
        ),
        Some("NoneType") => (
            "The function returns nothing: end it with `return` and the list of answers. What it prints is not read.",
            "La fonction ne renvoie rien : finissez-la par `return` et la liste des réponses. Ce qu'elle affiche n'est pas lu.",
        ),
        Some("generator") => (
            "A function with `yield` returns a generator: collect the answers in a list, and return it.",
            "Une fonction avec `yield` renvoie un générateur : rassemblez les réponses dans une liste, et renvoyez-la.",
        ),
        Some(_) => (
            "Return a list of strings: one answer for each command, in the order of the commands.",
            "Renvoyez une liste de chaînes : une réponse par commande, dans l'ordre des commandes.",
        ),
        None if said.starts_with("was ended because it") => (
            "Take that out: the function needs nothing but its argument, its memory and its threads.",
            "Ôtez cela : la fonction n'a besoin que de son argument, de sa mémoire et de ses threads.",
        ),
        None => return None,
    })
}

#[cfg(test)]
mod tests {
    use cachedojo_lab::event::{Event, What};
    use cachedojo_lab::subject::Crash;
    use cachedojo_notation::text::Language;

    use super::{advice, raised_hint, unfit_hint};
    use crate::outcome::CaseOutcome;
    use crate::pack::InterfaceKind;
    use crate::verdict::Verdict;

    #[test]
    fn only_what_ran_on_and_on_is_called_endless() {
        for (crash, words) in [
            (Crash::OutOfFuel, "never came to an end"),
            (Crash::CutOff, "time for all checks together"),
            (Crash::TooMuchOutput, "prints or answers without end"),
        ] {
            let events = vec![Event { step: 0, line: 1, at_ms: 0, what: What::Crashed { crash } }];
            let (script, divergence, shortest, schedule) = (String::new(), None, None, None);
            let verdict = Verdict::Timeout;
            let case = CaseOutcome { index: 0, verdict, events, script, divergence, shortest, schedules: 0, schedule };
            let hint = advice(InterfaceKind::Prototype, &case, Language::English).unwrap_or_default();
            assert!(hint.contains(words), "{hint}");
        }
    }

    #[test]
    fn what_a_program_did_instead_of_answering_chooses_the_hint() {
        for (said, words) in [
            ("raised ModuleNotFoundError: No module named 'numpy' (main.py, line 1)", Some("installed")),
            ("raised NameError: name 'threading' is not defined (main.py, line 2)", Some("import threading")),
            ("raised EOFError: EOF when reading a line (main.py, line 3)", Some("input()")),
            ("raised FileNotFoundError: [Errno 2] No such file or directory: '/etc/passwd'", Some("no files")),
            ("raised TypeError: simulate_distributed_cache() takes 0 positional arguments", Some("one argument")),
            // The row's other hint is for these.
            ("raised KeyError: 'NameError'", None),
            ("raised IndexError: list index out of range (main.py, line 9)", None),
            ("returned a `coroutine`, not a list of strings", Some("async def")),
            ("returned a `NoneType`, not a list of strings", Some("return")),
            ("returned a `dict`, not a list of strings", Some("list of strings")),
            ("was ended because it opens a socket, which no submission may", Some("Take that out")),
            ("ran out of the interpreter's stack", None),
        ] {
            let hint = raised_hint(said).or_else(|| unfit_hint(said)).map(|(english, _)| english);
            assert_eq!(hint.is_some(), words.is_some(), "{said}: {hint:?}");
            assert!(words.is_none_or(|words| hint.unwrap_or_default().contains(words)), "{said}: {hint:?}");
        }
    }
}
