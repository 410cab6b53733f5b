//! The class's memory: results by content, and each learner's history. Every finished submission is one transaction, on
//! disk before its line of progress is printed: when the grader is killed, only the submissions in progress are lost.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::host::outcome::UsageError;

/// Key (of content, exercise, grader and seed) -> report.
const RESULTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("results");
/// Learner and number -> that grading. An entry is written only if it differs from the one before.
const HISTORY: TableDefinition<'_, (&str, u32), &[u8]> = TableDefinition::new("history");

/// What the results are of: the exercise's id and the seed, each under its own name.
const OF: TableDefinition<'_, &str, &str> = TableDefinition::new("of");

/// The file.
#[derive(Debug)]
pub struct Store {
    database: Database,
    /// What is said where it cannot be written: the disk may be full.
    writing: String,
}

/// One grading of one learner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// The report's receipt.
    pub receipt: String,
    /// Its verdict.
    pub verdict: GradeVerdict,
    /// Its score.
    pub score: u32,
    /// Whether it was a pass.
    pub passed: bool,
    /// When it was graded, in milliseconds since 1970.
    pub graded_at_ms: u64,
}

impl Past {
    /// The history's line on a report.
    pub fn of(report: &Report, graded_at_ms: u64) -> Self {
        let Report { verdict, score, passed, .. } = *report;
        Self { receipt: report.receipt.clone(), verdict, score, passed, graded_at_ms }
    }
}

impl Store {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// Another grader has it open, or it is not a store.
    pub fn open(path: &Path) -> Result<Self> {
        let database = Database::create(path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => anyhow!(UsageError(format!(
                "`{}` is in use by another grader: wait for it, or give another --out",
                path.display()
            ))),
            other => anyhow!("opening `{}`: {other}; move it away to begin anew", path.display()),
        })?;
        let writing = format!("writing `{}`", path.display());
        let make = || -> Result<()> {
            let write = database.begin_write()?;
            write.open_table(RESULTS)?;
            write.open_table(HISTORY)?;
            write.open_table(OF)?;
            Ok(write.commit()?)
        };
        make().with_context(|| writing.clone())?;
        Ok(Self { database, writing })
    }

    /// Notes that the results are of an exercise and a seed, which holds from then on. A file of an older version, which does not say,
    /// is taken to be of these.
    ///
    /// # Errors
    /// It holds the results of another exercise or another seed, or it cannot be written.
    pub fn claim(&self, exercise: &str, seed: u64) -> Result<()> {
        let ours = (exercise.to_owned(), seed.to_string());
        match exercise_and_seed(&self.database)? {
            Some(theirs) if theirs == ours => return Ok(()),
            Some((exercise, seed)) => {
                let why = format!("holds the results of {exercise}, seed {seed}, and they would be lost");
                return Err(UsageError(format!(
                    "{why}: name another folder with --out, or the same --exercise and --seed"
                ))
                .into());
            }
            None => {}
        }
        let ours = [("exercise", &ours.0), ("seed", &ours.1)];
        let insert = || -> Result<()> {
            let write = self.database.begin_write()?;
            for (name, value) in ours {
                write.open_table(OF)?.insert(name, value.as_str())?;
            }
            Ok(write.commit()?)
        };
        insert().with_context(|| self.writing.clone())
    }

    /// Everybody who was ever graded, with the last of their gradings, by name. Cost: O(history).
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn everybody(&self) -> Result<BTreeMap<String, Past>> {
        let table = self.database.begin_read()?.open_table(HISTORY)?;
        let mut last = BTreeMap::new();
        for entry in table.iter()? {
            let (key, value) = entry?;
            if let Ok(past) = serde_json::from_slice::<Past>(value.value()) {
                last.insert(key.value().0.to_owned(), past);
            }
        }
        Ok(last)
    }

    /// The report under a key.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn result(&self, key: &str) -> Result<Option<Report>> {
        let table = self.database.begin_read()?.open_table(RESULTS)?;
        let Some(bytes) = table.get(key)? else { return Ok(None) };
        // A report of an older version counts as missing.
        Ok(serde_json::from_slice(bytes.value()).ok())
    }

    /// Remembers a report under its key: durable when this returns.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remember(&self, key: &str, report: &Report) -> Result<()> {
        let insert = || -> Result<()> {
            let write = self.database.begin_write()?;
            write.open_table(RESULTS)?.insert(key, serde_json::to_vec(report)?.as_slice())?;
            Ok(write.commit()?)
        };
        insert().with_context(|| self.writing.clone())
    }

    /// Adds an entry to each learner's history if it differs from the last one. One transaction: all or nothing.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note<'a>(&self, graded: impl Iterator<Item = (&'a str, Past)>) -> Result<()> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(HISTORY)?;
            for (learner, now) in graded {
                let last = table.range((learner, 0)..=(learner, u32::MAX))?.next_back().transpose()?;
                let (number, same) = match &last {
                    None => (0, false),
                    Some((key, value)) => {
                        let before: Option<Past> = serde_json::from_slice(value.value()).ok();
                        (key.value().1 + 1, before.is_some_and(|before| before.receipt == now.receipt))
                    }
                };
                drop(last);
                if !same {
                    table.insert((learner, number), serde_json::to_vec(&now)?.as_slice())?;
                }
            }
        }
        write.commit()?;
        Ok(())
    }

    /// A learner's history, oldest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn history(&self, learner: &str) -> Result<Vec<Past>> {
        let table = self.database.begin_read()?.open_table(HISTORY)?;
        let mut history = Vec::new();
        for entry in table.range((learner, 0)..=(learner, u32::MAX))? {
            history.extend(serde_json::from_slice::<Past>(entry?.1.value()).ok());
        }
        Ok(history)
    }

    /// Whether another store's results can be of this exercise and seed; a store that tells neither may be.
    ///
    /// # Errors
    /// They are of others, so that none could be taken over; or the store cannot be read.
    pub fn check_import(path: &Path, exercise: &str, seed: u64) -> Result<()> {
        let shown = path.display();
        let other = Database::open(path).with_context(|| format!("opening `{shown}`"))?;
        match exercise_and_seed(&other)? {
            Some((theirs, of)) if theirs != exercise || of != seed.to_string() => Err(UsageError(format!(
                "`{shown}` holds the results of {theirs}, seed {of}, none of which counts here: import it with the same --exercise and \
                 --seed"
            ))
            .into()),
            _ => Ok(()),
        }
    }

    /// Takes over the results of another store, such as another shard's. Cost: O(its results).
    ///
    /// # Errors
    /// It cannot be read.
    pub fn import(&self, path: &Path) -> Result<u64> {
        let other = Database::open(path).with_context(|| format!("opening `{}`", path.display()))?;
        let theirs = other.begin_read()?.open_table(RESULTS)?;
        let write = self.database.begin_write()?;
        let mut count = 0;
        {
            let mut ours = write.open_table(RESULTS)?;
            for entry in theirs.iter()? {
                let (key, value) = entry?;
                ours.insert(key.value(), value.value())?;
                count += 1;
            }
        }
        write.commit()?;
        Ok(count)
    }
}

/// The exercise and the seed that a store's results are of.
fn exercise_and_seed(database: &Database) -> Result<Option<(String, String)>> {
    let table = match database.begin_read()?.open_table(OF) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let cell = |name: &str| Ok::<_, anyhow::Error>(table.get(name)?.map(|text| text.value().to_owned()));
    Ok(cell("exercise")?.zip(cell("seed")?))
}
