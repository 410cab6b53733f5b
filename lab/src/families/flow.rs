//! The commands of the run itself: time (`tick`, `wall jump`), expectations (`expect`, `always`), repetition (`for`). None of
//! them reaches a subject.

use cachedojo_notation::duration::Duration;

use crate::script::Command;
use crate::script::args::{Args, Entry};
use crate::script::mistake::{Fault, Mistake};

/// The family's commands, in the order in which a learner meets them.
pub(super) const COMMANDS: &[Entry] = &[
    Entry {
        name: "tick",
        usage: "tick <duration>",
        help_en: "Let time pass.",
        help_fr: "Laisse passer le temps.",
        read: |a| Ok(Command::Tick(a.duration()?)),
    },
    Entry {
        name: "wall jump",
        usage: "wall jump <+|-><duration>",
        help_en: "Set the wall clock forward or back, in a simulated cluster that of every node; the monotonic clock stays.",
        help_fr: "Avance ou recule l'horloge murale, dans une grappe simulée celle de chaque nœud ; l'horloge monotone ne bouge pas.",
        read: wall_jump,
    },
    Entry {
        name: "expect http",
        usage: "expect http <status>[|<status>…] [[<Header>: <value>; …]] [<JSON>]",
        help_en: "Say what the whole answer of the last http must be like: JSON by meaning, and more may stand in it; 59..60 is a number between, any anything, text any text, time a date with a time, absent nothing.",
        help_fr: "Dit à quoi doit ressembler toute la réponse du dernier http : le JSON par son sens, et il peut y avoir davantage ; 59..60 est un nombre entre les deux, any n'importe quoi, text un texte, time une date avec une heure, absent rien.",
        read: |a| Ok(Command::Expect(a.http_shape()?)),
    },
    Entry {
        name: "expect",
        usage: "expect <answer> | <field>[+<field>…] <=|!=|<|<=|>|>=> <number>[%] | any of <a> | <b> | not <answer> | error | contains <id>… | without <id>… | contains those before | without those before | only to <id> | only from <id>",
        help_en: "Say what the last answer must be. Behind `not` and as a choice of `any of` each form means what it means alone; text in \"quotes\" is text. `error` is any error, `contains` looks for ids in a list, `those before` are the ids in the answer before it.",
        help_fr: "Dit ce que doit être la dernière réponse. Derrière « not » et comme choix de « any of », chaque forme garde son sens ; un texte entre guillemets \"…\" est un texte. « error » est n'importe quelle erreur, « contains » cherche des ids dans une liste, « those before » désigne les ids de la réponse précédente.",
        read: |a| Ok(Command::Expect(a.expectation()?)),
    },
    Entry {
        name: "always",
        usage: "always <field>[+<field>…] <=|!=|<|<=|>|>=> <number>",
        help_en: "Check the node's counters after every command that follows.",
        help_fr: "Vérifie les compteurs du nœud après chaque commande qui suit.",
        read: |a| Ok(Command::Always(a.expectation()?)),
    },
    Entry {
        name: "for",
        usage: "for <first>..<last> <command with {}>",
        help_en: "Repeat a command, {} standing for the number.",
        help_fr: "Répète une commande, {} valant le numéro.",
        read: |a| Err(a.fault_here(Mistake::NestedFor)),
    },
];

fn wall_jump(args: &mut Args<'_>) -> Result<Command, Fault> {
    let token = args.take("<duration>")?;
    let fault = (token.span.clone(), Mistake::Duration { found: token.raw.clone() });
    let (negative, digits) = match token.raw.split_at_checked(1) {
        Some(("-", rest)) => (true, rest),
        Some(("+", rest)) => (false, rest),
        _ => (false, token.raw.as_str()),
    };
    let ms = Duration::parse(digits).and_then(|duration| i64::try_from(duration.as_ms()).ok()).ok_or(fault)?;
    Ok(Command::WallJump(if negative { -ms } else { ms }))
}
