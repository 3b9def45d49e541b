//! What every collector and check is given: each reading is made when first asked for, once a run.

use std::cell::OnceCell;
use std::ops::Deref;

use chrono::{DateTime, Utc};

use super::activity;
use super::setting::Setting;
use super::traded::Traded;
use crate::config::Config;
use crate::source::Bot;
use crate::source::closing::{self, Closing};
use crate::source::ledger::{self, Entry, Ledger};
use crate::source::log::Log;
use crate::source::opening::{self, Opening};
use crate::source::trade::{self, Later};

/// All trades are counted and added up to this many, or to twice those of the window: beyond that they
/// would cost by history and not by window.
pub(super) const MOST_COUNTED_TRADES: u64 = 20_000;

/// What every collector is given.
#[derive(Debug)]
pub(crate) struct Context<'run> {
    setting: Setting<'run>,
    activity: OnceCell<Log>,
    traded: OnceCell<Traded>,
    ledger: OnceCell<Ledger>,
    all_trades: OnceCell<Option<Ledger>>,
    open_positions: OnceCell<Vec<Entry>>,
    later: OnceCell<Later>,
    trade_count: OnceCell<trade::Count>,
    closings: OnceCell<Vec<Closing>>,
    openings: OnceCell<Vec<Opening>>,
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
    pub(crate) fn new(bot: &'run Bot, config: &'run Config, now: DateTime<Utc>) -> anyhow::Result<Self> {
        Ok(Self {
            setting: Setting::new(bot, config, now)?,
            activity: OnceCell::new(),
            traded: OnceCell::new(),
            ledger: OnceCell::new(),
            all_trades: OnceCell::new(),
            open_positions: OnceCell::new(),
            later: OnceCell::new(),
            trade_count: OnceCell::new(),
            closings: OnceCell::new(),
            openings: OnceCell::new(),
        })
    }

    /// The newest rows of the window's log, read once a run.
    pub(crate) fn activity(&self) -> anyhow::Result<&Log> {
        if let Some(activity) = self.activity.get() {
            return Ok(activity);
        }
        let activity = activity::read(self)?;
        Ok(self.activity.get_or_init(|| activity))
    }

    /// The trades of the window and of the one before, read once a run.
    pub(super) fn traded(&self) -> rusqlite::Result<&Traded> {
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
        let ledger = Ledger::read(self.bot, self.now, ledger::MOST_TRADES, self.later()?.trades)?;
        Ok(self.ledger.get_or_init(|| ledger))
    }

    /// The positions of either generation that were open now, oldest first, read once a run.
    pub(crate) fn open_positions(&self) -> anyhow::Result<&[Entry]> {
        if let Some(positions) = self.open_positions.get() {
            return Ok(positions);
        }
        let positions = Ledger::open(self.bot, self.now)?;
        Ok(self.open_positions.get_or_init(|| positions))
    }

    /// What was traded after now, the profit that of the current generation; read once a run.
    pub(crate) fn later(&self) -> rusqlite::Result<&Later> {
        if let Some(later) = self.later.get() {
            return Ok(later);
        }
        let later = Later::read(self.bot, self.now, self.generation)?;
        Ok(self.later.get_or_init(|| later))
    }

    /// Number of trades closed up to now, counted once a run.
    pub(crate) fn trade_count(&self) -> rusqlite::Result<&trade::Count> {
        if let Some(count) = self.trade_count.get() {
            return Ok(count);
        }
        let most = MOST_COUNTED_TRADES.max(2 * self.traded()?.window.patterns.key.total_trades);
        let count = trade::count_without(self.bot, self.later()?, most)?;
        Ok(self.trade_count.get_or_init(|| count))
    }

    /// All closed trades, read once a run; `None` where they are too many.
    pub(crate) fn all_trades(&self) -> anyhow::Result<Option<&Ledger>> {
        if self.ledger()?.complete {
            return Ok(self.ledger.get());
        }
        let ledger = match self.all_trades.get() {
            Some(ledger) => ledger,
            None => {
                let is_short =
                    self.trade_count()?.as_ref().is_ok_and(|trades| *trades < ledger::MOST_OF_ALL as u64);
                let later = self.later()?.trades;
                let read = || Ledger::read(self.bot, self.now, ledger::MOST_OF_ALL, later);
                let ledger = if is_short { Some(read()?) } else { None };
                self.all_trades.get_or_init(|| ledger)
            }
        };
        Ok(ledger.as_ref().filter(|ledger| ledger.complete))
    }

    /// The newest closings that the bot has logged, read once a run.
    pub(crate) fn closings(&self) -> anyhow::Result<&[Closing]> {
        if let Some(closings) = self.closings.get() {
            return Ok(closings);
        }
        let closings = closing::newest(self.bot, self.now)?;
        Ok(self.closings.get_or_init(|| closings))
    }

    /// The newest openings that the bot has logged, read once a run.
    pub(crate) fn openings(&self) -> anyhow::Result<&[Opening]> {
        if let Some(openings) = self.openings.get() {
            return Ok(openings);
        }
        let openings = opening::newest(self.bot, self.now)?;
        Ok(self.openings.get_or_init(|| openings))
    }
}
