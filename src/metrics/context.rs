//! What every collector and check is given: each reading is made when first asked for, once a run.

use std::cell::OnceCell;
use std::ops::Deref;

use chrono::{DateTime, Utc};

use super::setting::Setting;
use super::traded::Traded;
use crate::config::Config;
use crate::source::audit::AuditDb;
use crate::source::ledger::{Entry, Ledger};
use crate::source::trade;

/// What every collector is given.
#[derive(Debug)]
pub(crate) struct Context<'run> {
    setting: Setting<'run>,
    traded: OnceCell<Traded>,
    ledger: OnceCell<Ledger>,
    open_positions: OnceCell<Vec<Entry>>,
    trade_count: OnceCell<trade::Count>,
}

impl<'run> Deref for Context<'run> {
    type Target = Setting<'run>;

    fn deref(&self) -> &Setting<'run> {
        &self.setting
    }
}

impl<'run> Context<'run> {
    /// The context of a run that audits the hours before `now`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn new(db: AuditDb, config: &'run Config, now: DateTime<Utc>) -> rusqlite::Result<Self> {
        Ok(Self {
            setting: Setting::new(db, config, now)?,
            traded: OnceCell::new(),
            ledger: OnceCell::new(),
            open_positions: OnceCell::new(),
            trade_count: OnceCell::new(),
        })
    }

    /// The trades of the window and of the one before, read once a run.
    pub(super) fn traded(&self) -> anyhow::Result<&Traded> {
        if let Some(traded) = self.traded.get() {
            return Ok(traded);
        }
        let traded = Traded::read(self)?;
        Ok(self.traded.get_or_init(|| traded))
    }

    /// The newest closed trades, read once a run.
    pub(crate) fn ledger(&self) -> anyhow::Result<&Ledger> {
        if let Some(ledger) = self.ledger.get() {
            return Ok(ledger);
        }
        let ledger = Ledger::read(&self.db)?;
        Ok(self.ledger.get_or_init(|| ledger))
    }

    /// The positions of either generation that were open now, oldest first, read once a run.
    pub(crate) fn open_positions(&self) -> anyhow::Result<&[Entry]> {
        if let Some(positions) = self.open_positions.get() {
            return Ok(positions);
        }
        let positions = Ledger::open(&self.db)?;
        Ok(self.open_positions.get_or_init(|| positions))
    }

    /// Number of trades closed up to now, counted once a run.
    pub(crate) fn trade_count(&self) -> rusqlite::Result<&trade::Count> {
        if let Some(count) = self.trade_count.get() {
            return Ok(count);
        }
        let count = trade::count(&self.db, self.db.facts())?;
        Ok(self.trade_count.get_or_init(|| count))
    }
}
