//! Services that share a database share the settings in it: what another one changed is taken over after a while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use cachedojo::protocol::rest::{Changed, Named, Reply, Request, Settings};
use tokio::sync::watch;

use super::Service;
use crate::connection::stopped;

/// How long a database may take to be read.
const PATIENCE: Duration = Duration::from_secs(10);

impl Service {
    /// Looks in the database, each time after `pause`, for settings that another service or a person changed there, until the server
    /// stops.
    pub async fn follow(self: Arc<Self>, pause: Duration, mut stop: watch::Receiver<bool>) {
        let mut is_told = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stopped(&mut stop) => return,
            }
            let taken = tokio::time::timeout(PATIENCE, self.take_over()).await;
            match taken.context("the database took too long").and_then(|taken| taken) {
                Ok(()) => is_told = false,
                Err(error) => {
                    if !is_told {
                        tracing::warn!(error = format!("{error:#}"), "settings could not be read: those known go on");
                    }
                    is_told = true;
                }
            }
        }
    }

    async fn take_over(&self) -> Result<()> {
        let _alone = self.changing.lock().await;
        self.take_over_alone().await
    }

    /// Sets what is kept in the database, and the defaults where nothing is kept, while nothing else is changed here.
    pub(super) async fn take_over_alone(&self) -> Result<()> {
        if self.database.is_in_memory() {
            return Ok(());
        }
        let kept = self.database.settings().await?;
        let now = self.time.now();
        let known = match self.store.with_machine(|machine| machine.obey(Request::Namespaces, now)) {
            Ok(Reply::Namespaces(all)) => all,
            _ => Vec::new(),
        };
        let mut known: BTreeMap<String, Named> = known.into_iter().map(|named| (named.name.clone(), named)).collect();
        for named in kept.sound {
            let here = known.remove(&named.name).map(|here| here.settings);
            if here != Some(named.settings) {
                let changes = self.database.changes(&named.name).await?;
                self.set(&named, changes)?;
            }
        }
        // A namespace that was only used has the defaults already, and one whose row is wrong keeps what it has.
        let is_gone = |named: &Named| named.settings != Settings::default() && !kept.wrong.contains(&named.name);
        for (_, mut named) in known.into_iter().filter(|(_, named)| is_gone(named)) {
            named.settings = Settings::default();
            self.set(&named, Vec::new())?;
        }
        Ok(())
    }

    fn set(&self, named: &Named, changes: Vec<Changed>) -> Result<()> {
        let now = self.time.now();
        let set = self.store.with_machine(|machine| machine.restore(named, changes, now));
        set.with_context(|| format!("the settings of `{}` could not be taken over", named.name))
    }
}
