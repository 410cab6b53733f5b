//! Lives of a ring. Where its hash puts a key is anyone's choice, so what is asked is who may gain and who may lose.

use super::Writer;

const KEYS: u32 = 60;

fn moved(to: &mut Writer, expected: &str) {
    to.expect("ring moved", expected);
    to.line("expect moved > 0");
    to.line("expect moved < 75%");
}

/// Nodes come and go, and only their own keys move.
pub(super) fn moves(to: &mut Writer) {
    let names = to.names(8);
    to.line("ring new 150");
    names[..5].iter().for_each(|id| to.line(&format!("ring add {id}")));
    for (joining, leaving) in [(5, 1), (6, 3), (7, 5)] {
        to.line(&format!("ring mark {{}}.{} {KEYS}", names[0]));
        to.line(&format!("ring add {}", names[joining]));
        moved(to, &format!("only to {}", names[joining]));
        to.line(&format!("ring mark {{}}.{} {KEYS}", names[1]));
        to.line(&format!("ring remove {}", names[leaving]));
        moved(to, &format!("only from {}", names[leaving]));
    }
}

/// Scenario C: two processes agree, whatever came before, and no key is nobody's.
pub(super) fn shards(to: &mut Writer) {
    let names = to.names(6);
    to.line("ring new 150");
    names[..4].iter().for_each(|id| to.line(&format!("ring add {id}")));
    to.line(&format!("ring mark {{}}.{} {KEYS}", names[5]));
    to.line(&format!("ring add {}", names[4]));
    moved(to, &format!("only to {}", names[4]));
    to.expect(&format!("ring spread {{}}.{} {KEYS}", names[5]), "unowned = 0");
    to.line(&format!("ring mark {{}}.{} {KEYS}", names[5]));
    to.line("ring new 150");
    names[..5].iter().rev().for_each(|id| to.line(&format!("ring add {id}")));
    to.expect("ring moved", "moved = 0");
    to.line(&format!("ring remove {}", names[2]));
    moved(to, &format!("only from {}", names[2]));
    for key in &names {
        to.expect(&format!("ring where {key}"), "not nobody");
    }
}

/// Numbered nodes that come, go, die and come back; and who holds copies.
pub(super) fn everything(to: &mut Writer) {
    let (name, key) = (to.names(1).remove(0), to.names(1).remove(0));
    let points = to.pick(&[1, 20, 40, 150]);
    to.line(&format!("ring new {points}"));
    // Whether each of the twelve is there, and alive.
    let mut there: Vec<Option<bool>> = vec![None; 13];
    for step in 0..12 {
        let id = usize::try_from(to.between(1, 12)).unwrap_or_default();
        let alive = there.iter().filter(|node| **node == Some(true)).count();
        to.line(&format!("ring mark {{}}.{key} {KEYS}"));
        match there[id] {
            None => {
                let lives = step < 3 || to.below(4) > 0;
                to.line(&format!("ring add {name}{id}{}", if lives { "" } else { " dead" }));
                there[id] = Some(lives);
                if lives && alive > 0 {
                    to.expect("ring moved", &format!("only to {name}{id}"));
                } else if !lives && alive > 0 {
                    to.expect("ring moved", "moved = 0");
                }
            }
            Some(lives) => {
                to.line(&format!("ring remove {name}{id}"));
                there[id] = None;
                if lives && alive > 1 {
                    to.expect("ring moved", &format!("only from {name}{id}"));
                } else if !lives && alive > 0 {
                    to.expect("ring moved", "moved = 0");
                }
            }
        }
        let living: Vec<usize> = (1..=12).filter(|id| there[*id] == Some(true)).collect();
        for number in 0..2 {
            let (key, asked) = (format!("{key}{step}{number}"), to.below(5));
            to.line(&format!("ring where {key}"));
            if living.is_empty() {
                to.line("expect nobody");
                continue;
            }
            to.line("expect not nobody");
            to.line(&format!("ring replicas {key} {asked}"));
            let count = asked.min(living.len() as u64);
            to.line(&format!("expect count = {count}"));
            to.line(&format!("expect distinct = {count}"));
            if count > 0 {
                to.line("expect contains those before");
            }
            for id in (1..=12).filter(|id| there[*id] != Some(true)) {
                to.line(&format!("expect without {name}{id}"));
            }
        }
    }
    to.line("ring nodes");
    to.line(&format!("expect count = {}", there.iter().flatten().count()));
    // The same nodes, put on a new ring one after the other.
    to.line(&format!("ring mark {{}}.{key} {KEYS}"));
    to.line(&format!("ring new {points}"));
    for id in (1..=12).rev() {
        if let Some(lives) = there[id] {
            to.line(&format!("ring add {name}{id}{}", if lives { "" } else { " dead" }));
        }
    }
    if there.contains(&Some(true)) {
        to.expect("ring moved", "moved = 0");
    }
}
