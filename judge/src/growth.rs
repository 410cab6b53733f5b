//! Complexity without a stopwatch: the work of an operation at n, 2n, 4n … entries, measured in fuel, shows how it grows.
//!
//! Fuel is deterministic, so a module always gets the same class. Each size takes the median of several operations, so
//! a table that doubles now and then counts as constant, which it is on average.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::run::Fresh;
use super::template;
use cachedojo::random::Random;
use cachedojo_lab::event::What;
use cachedojo_lab::runner::Runner;
use cachedojo_lab::script::{self, Dialect, Script};
use cachedojo_notation::text::{Bilingual, Language};

/// The values of `n` in a row's scripts: each twice the one before.
pub const SIZES: [i64; 5] = [4, 8, 16, 32, 64];

/// The fewest sizes from which a class can be told.
const SIZES_MIN: usize = 3;

/// When this much fuel is used, no larger size is tried: such slow code has shown its class by then. The smallest sizes may use
/// four times as much, because a class needs three sizes.
const FUEL_MAX: u64 = 40_000_000;

/// A row of the complexity table, as the pack has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// Its stable name.
    pub id: String,
    /// The operation.
    pub title: Bilingual,
    /// The script, with `${n}`, that builds the state to measure on. Rows with the same setup share one run, in their
    /// order.
    pub setup: String,
    /// The operations to measure, one command each.
    pub measure: String,
    /// The class that it should stay within.
    pub within: GrowthClass,
    /// The points for it: 0 unless the pack gives some.
    #[serde(default)]
    pub points: u32,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrowthError {
    /// A placeholder is wrong.
    Placeholder {
        /// The row's id.
        row: String,
        /// The text in the braces.
        placeholder: String,
    },
    /// A command is wrong.
    Script {
        /// The row's id.
        row: String,
        /// What is wrong with it.
        message: String,
    },
    /// The setup or the operations are empty.
    Empty {
        /// The row's id.
        row: String,
    },
}

impl fmt::Display for GrowthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placeholder { row, placeholder } => {
                write!(
                    f,
                    "the growth row `{row}`: `${{{placeholder}}}` is no placeholder: use ${{n}}, ${{k1}} and ${{v1}}"
                )
            }
            Self::Script { row, message } => write!(f, "the growth row `{row}`: {message}"),
            Self::Empty { row } => write!(f, "the growth row `{row}`: give `setup` and `measure` a command each"),
        }
    }
}

impl std::error::Error for GrowthError {}

/// How the work of an operation grows with the number of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrowthClass {
    /// Not at all.
    Constant,
    /// By a constant amount with each doubling.
    Log,
    /// Twofold with each doubling.
    Linear,
    /// Faster than that.
    Worse,
    /// It could not be measured.
    Unknown,
}

impl GrowthClass {
    /// The class's name for people.
    pub const fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Constant, _) => "constant",
            (Self::Log, Language::English) => "logarithmic",
            (Self::Log, Language::French) => "logarithmique",
            (Self::Linear, Language::English) => "linear",
            (Self::Linear, Language::French) => "linéaire",
            (Self::Worse, Language::English) => "worse than linear",
            (Self::Worse, Language::French) => "pire que linéaire",
            (Self::Unknown, Language::English) => "not measured",
            (Self::Unknown, Language::French) => "non mesuré",
        }
    }
}

/// The measurement of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The row's id.
    pub id: String,
    /// Its class.
    pub class: GrowthClass,
    /// The fuel of one operation (the median of several) at n, 2n, 4n …; shorter if a larger size was too much work.
    pub fuel: Vec<u64>,
}

/// Measures every row of an exercise's complexity table, on fresh subjects that count fuel. Cost: one run for each setup and
/// size, and little more than `FUEL_MAX` for each setup.
///
/// # Errors
/// A row is wrong (`prove` finds it before).
pub fn measure(rows: &[Growth], seed: u64, fresh: &mut Fresh<'_>) -> Result<Vec<Measured>, GrowthError> {
    let mut fuel: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (setup, rows) in groups(rows) {
        let mut spent = 0;
        for size in SIZES {
            let texts: Vec<&str> = std::iter::once(setup).chain(rows.iter().map(|row| row.measure.as_str())).collect();
            let (script, ends) = script_of(&rows[0].id, &texts, size, seed)?;
            let Some(steps) = fuel_of_steps(&script, seed, fresh) else { break };
            spent += steps.iter().sum::<u64>();
            for (row, range) in rows.iter().zip(ends.windows(2)) {
                fuel.entry(&row.id).or_default().push(median(&steps[range[0]..range[1]]));
            }
            let enough = if size < SIZES[SIZES_MIN - 1] { 4 * FUEL_MAX } else { FUEL_MAX };
            if spent > enough {
                break;
            }
        }
    }
    let measured = rows.iter().map(|row| {
        let fuel = fuel.remove(row.id.as_str()).unwrap_or_default();
        Measured { id: row.id.clone(), class: classify(&fuel), fuel }
    });
    Ok(measured.collect())
}

/// Checks that the rows' scripts can be parsed.
pub(super) fn prove(rows: &[Growth]) -> Result<(), GrowthError> {
    for row in rows {
        script_of(&row.id, &[&row.setup, &row.measure], SIZES[0], 0)?;
    }
    Ok(())
}

/// The rows grouped by setup, in the order of the pack.
fn groups(rows: &[Growth]) -> Vec<(&str, Vec<&Growth>)> {
    let mut groups: Vec<(&str, Vec<&Growth>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(setup, _)| *setup == row.setup) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((&row.setup, vec![row])),
        }
    }
    groups
}

/// The texts as one script, with the number of commands up to the end of each text.
fn script_of(id: &str, texts: &[&str], n: i64, seed: u64) -> Result<(Script, Vec<usize>), GrowthError> {
    let mut whole = String::new();
    let mut lines = Vec::new();
    let mut random = Random::new(seed);
    for text in texts {
        let text = template::fill_with(text, &[("n", n)], &mut random)
            .map_err(|error| GrowthError::Placeholder { row: id.to_owned(), placeholder: error.placeholder })?;
        whole = format!("{whole}{text}\n");
        lines.push(whole.lines().count());
    }
    let script = script::parse(&whole, Dialect::Lab);
    let ends: Vec<_> =
        lines.into_iter().map(|last| script.commands.partition_point(|step| step.line as usize <= last)).collect();
    if let Some(wrong) = script.diagnostics.first() {
        let message = wrong.mistake.message(Language::English);
        return Err(GrowthError::Script { row: id.to_owned(), message });
    }
    if ends.windows(2).any(|range| range[0] == range[1]) {
        return Err(GrowthError::Empty { row: id.to_owned() });
    }
    Ok((script, ends))
}

/// The fuel of each command; `None` if a command is not possible, or the subject does not count fuel.
fn fuel_of_steps(script: &Script, seed: u64, fresh: &mut Fresh<'_>) -> Option<Vec<u64>> {
    let mut subject = fresh().ok()?;
    let mut runner = Runner::new(seed);
    let (mut events, mut steps, mut before) = (Vec::new(), Vec::new(), 0);
    for _ in &script.commands {
        events.clear();
        runner.step(script, subject.as_mut(), &mut events);
        let failed =
            |what: &What| matches!(what, What::NotImplemented { .. } | What::Crashed { .. } | What::NoObject { .. });
        if events.iter().any(|event| failed(&event.what)) {
            return None;
        }
        let now = subject.fuel_used();
        steps.push(now - before);
        before = now;
    }
    (before > 0).then_some(steps)
}

fn median(steps: &[u64]) -> u64 {
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// The class of an operation with this work at n, 2n, 4n …. The bounds leave a third for noise: hash collisions, splitting tree
/// nodes, the constant work of a call.
fn classify(fuel: &[u64]) -> GrowthClass {
    let (&[first, ..], &[.., before, last]) = (fuel, fuel) else { return GrowthClass::Unknown };
    if fuel.len() < SIZES_MIN {
        return GrowthClass::Unknown;
    }
    let doublings = fuel.len() as u64 - 1;
    // Linear work would be 2^doublings times the first; logarithmic work from 32 entries on, (5 + doublings) / 5.
    let far = last > (first << doublings) * 4 / 3;
    let grows = last > first * (5 + doublings) / 5 * 4 / 3;
    // A large constant part hides growth in the sums, but not in their differences: those of linear work double with each size,
    // those of quadratic work grow fourfold.
    let (step, previous) = (last.saturating_sub(before), before.saturating_sub(fuel[fuel.len() - 3]));
    let doubles = last > first * 3 / 2 && step * 2 >= previous * 3 && step * 3 <= previous * 8;
    if far || (grows && step > previous * 3 && last > first * 4) {
        GrowthClass::Worse
    } else if grows || doubles {
        GrowthClass::Linear
    } else if last > first + first / 25 {
        GrowthClass::Log
    } else {
        GrowthClass::Constant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(cost: impl Fn(u64) -> u64) -> Vec<u64> {
        (0..5).map(|i| cost(32 << i)).collect()
    }

    #[test]
    fn classes_are_told_through_constant_work_and_noise() {
        let log = |n: u64| u64::from(n.ilog2());
        for constant in [1_000, 5_000, 20_000] {
            assert_eq!(classify(&series(|n| constant + n % 3 * constant / 100)), GrowthClass::Constant);
            assert_eq!(classify(&series(|n| constant + log(n) * constant / 30)), GrowthClass::Log);
            assert_eq!(classify(&series(|n| constant + n * constant / 500)), GrowthClass::Linear);
            assert_eq!(classify(&series(|n| constant + n * 100)), GrowthClass::Linear);
            assert_eq!(classify(&series(|n| constant + n * n)), GrowthClass::Worse);
        }
        assert_eq!(classify(&series(|n| log(n) * 700)), GrowthClass::Log);
        assert_eq!(classify(&series(|n| n * 30)), GrowthClass::Linear);
        assert_eq!(classify(&series(|n| n * n / 10)), GrowthClass::Worse);
    }

    #[test]
    fn what_real_submissions_need_is_classed_as_their_code_says() {
        for (fuel, class) in [
            ([24_135, 25_866, 25_901, 26_601, 28_568], GrowthClass::Log), // a BTreeSet of turns
            ([20_402, 21_877, 22_120, 22_612, 24_022], GrowthClass::Log), // a BTreeMap of points
            ([13_724, 15_840, 16_954, 17_881, 20_487], GrowthClass::Log), // a binary search that hashes much
            ([9_259, 9_457, 9_562, 9_679, 9_803], GrowthClass::Log),      // a binary search that hashes little
            ([14_368, 14_552, 14_552, 14_552, 14_562], GrowthClass::Constant), // a HashMap and a list
            ([50_214, 78_184, 133_381, 243_031, 466_000], GrowthClass::Linear), // a VecDeque that is searched
            ([8_619, 10_597, 14_076, 21_457, 36_000], GrowthClass::Linear), // a search from the first point on
        ] {
            assert_eq!(classify(&fuel), class, "{fuel:?}");
        }
    }

    #[test]
    fn two_sizes_tell_nothing() {
        assert_eq!(classify(&[1, 2]), GrowthClass::Unknown);
        assert_eq!(classify(&[]), GrowthClass::Unknown);
    }
}
