//! Six collectors and a census of all tables turn the bot's rows into a report; this module names them in report order and is
//! the one place that catches a collector's error.
//!
//! A collector is a plain function `collect(&Context) -> anyhow::Result<Section>` over the canonical
//! views. It never logs its own failure and never turns missing data into zero: a field without data
//! is null, and the section's `unavailable` says why.

pub(crate) mod account_health;
mod activity;
pub(crate) mod census;
mod figures;
pub(crate) mod learning_quality;
pub(crate) mod rule_stats;
mod section;
pub(crate) mod system_metrics;
pub(crate) mod trade_patterns;
mod traded;
pub(crate) mod winloss_patterns;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Row;
use serde::Serialize;

use crate::config::Config;
use crate::model::Period;
use crate::source::closing::{self, Closing};
use crate::source::ledger::{self, Entry, Ledger};
use crate::source::opening::{self, Opening};
use crate::source::trade::{self, Later};
use crate::source::{Bot, ForeignObject, UnreadableTimes, generation};

use activity::Activity;
pub(crate) use figures::{Counts, Mean, Ranked, Rate, ratio};
pub(crate) use section::Section;
use traded::Traded;

/// Rows that averages rest on where the window holds none.
const NEWEST_ROWS: usize = 500;

/// All trades are counted and added up to this many, or to twice those of the window: beyond that they
/// would cost by history and not by window.
const MOST_COUNTED_TRADES: u64 = 20_000;

/// What every collector is given.
#[derive(Debug)]
pub(crate) struct Context<'run> {
    /// The bot's file.
    pub(crate) bot: &'run Bot,
    /// What was asked for.
    pub(crate) config: &'run Config,
    /// The moment that is audited; later rows do not exist.
    pub(crate) now: DateTime<Utc>,
    /// The analysis window, ending now.
    pub(crate) window: Period,
    /// The window of the same length before it.
    pub(crate) previous: Period,
    /// The generation that writes the file now, 1 or 2.
    pub(crate) generation: i64,
    /// The bot's limits: its generation's, overridden by the config file.
    pub(crate) limits: generation::Limits,
    activity: OnceCell<Activity>,
    traded: OnceCell<Traded>,
    ledger: OnceCell<Ledger>,
    all_trades: OnceCell<Option<Ledger>>,
    open_positions: OnceCell<Vec<Entry>>,
    later: OnceCell<Later>,
    trade_count: OnceCell<trade::Count>,
    closings: OnceCell<Vec<Closing>>,
    openings: OnceCell<Vec<Opening>>,
}

impl<'run> Context<'run> {
    /// The context of a run that audits the hours before `now`.
    pub(crate) fn new(bot: &'run Bot, config: &'run Config, now: DateTime<Utc>) -> rusqlite::Result<Self> {
        let length = TimeDelta::hours(i64::from(config.hours));
        let back = |from: DateTime<Utc>| from.checked_sub_signed(length).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let start = back(now);
        let generation = generation::current(bot, now)?;
        let own = generation::limits(generation);
        let limits = config.limits.applied_to(own);
        Ok(Self {
            bot,
            config,
            now,
            window: Period { after: start, until: now },
            previous: Period { after: back(start), until: start },
            generation,
            limits,
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

    /// The activity of the window and of the one before, read once a run.
    pub(crate) fn activity(&self) -> anyhow::Result<&Activity> {
        if let Some(activity) = self.activity.get() {
            return Ok(activity);
        }
        let activity = Activity::read(self)?;
        Ok(self.activity.get_or_init(|| activity))
    }

    /// The trades of the window and of the one before, read once a run.
    fn traded(&self) -> rusqlite::Result<&Traded> {
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

    /// The coin's tier: the config file's, else the built-in one.
    pub(crate) fn tier(&self, coin: &str) -> u8 {
        match &self.config.tiers {
            None => generation::tier(coin),
            Some(tiers) => tiers
                .iter()
                .find(|(_, coins)| coins.iter().any(|name| name.eq_ignore_ascii_case(coin)))
                .map_or_else(|| tiers.keys().max().map_or(1, |last| last + 1), |(tier, _)| *tier),
        }
    }

    /// Calls `visit` with each row of the window or, where it holds none, with the newest 500.
    pub(crate) fn each_in_basis(
        &self,
        sql: &str,
        mut visit: impl FnMut(DateTime<Utc>, &Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Basis> {
        let mut rows = 0_usize;
        self.bot.each_within(sql, self.window, |at, row| {
            rows += 1;
            visit(at, row)
        })?;
        if rows > 0 {
            return Ok(Basis::Window);
        }
        let Some(newest) = self.newest(sql)? else { return Ok(Basis::Nothing) };
        self.bot.each_within(sql, newest, visit)?;
        Ok(Basis::Newest)
    }

    /// The period up to now that holds the query's newest 500 rows. It looks back in growing steps,
    /// so that its cost follows the rows found and not the length of the history; what lies before the
    /// oldest time that is known is one step.
    fn newest(&self, sql: &str) -> rusqlite::Result<Option<Period>> {
        const STEP: i32 = 8;
        const FURTHEST_HOURS: i64 = 200 * 365 * 24;
        let mut hours = i64::from(self.config.hours);
        loop {
            hours = hours.saturating_mul(i64::from(STEP)).min(FURTHEST_HOURS);
            let mut after =
                self.now.checked_sub_signed(TimeDelta::hours(hours)).unwrap_or(DateTime::<Utc>::MIN_UTC);
            if self.bot.oldest_time().is_some_and(|oldest| after < oldest) {
                (hours, after) = (FURTHEST_HOURS, DateTime::<Utc>::MIN_UTC);
            }
            let mut times = Vec::new();
            self.bot.each_within(sql, Period { after, until: self.now }, |at, _| {
                times.push(at);
                Ok(())
            })?;
            if times.len() >= NEWEST_ROWS || (hours == FURTHEST_HOURS && !times.is_empty()) {
                times.sort_unstable_by(|one, other| other.cmp(one));
                let oldest = times.get(NEWEST_ROWS - 1).or(times.last()).copied();
                return Ok(oldest
                    .map(|oldest| Period { after: oldest - TimeDelta::microseconds(1), until: self.now }));
            }
            if hours == FURTHEST_HOURS {
                return Ok(None);
            }
        }
    }
}

/// The rows that a section's averages and distributions rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Basis {
    /// The rows of the analysis window.
    #[serde(rename = "window")]
    Window,
    /// The window holds none: the newest rows before it, at most 500.
    #[serde(rename = "newest 500 rows, the window holds none")]
    Newest,
    /// There are no rows.
    #[serde(rename = "no rows")]
    Nothing,
}

/// Why a field is null, by the field's name.
pub(crate) type Unavailable = BTreeMap<&'static str, String>;

/// Everything that was measured, in the order in which it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Trades and their distribution.
    pub(crate) trade_patterns: Section<trade_patterns::TradePatterns>,
    /// Rules and what became of them.
    pub(crate) rule_stats: Section<rule_stats::RuleStats>,
    /// Wins and losses.
    pub(crate) winloss_patterns: Section<winloss_patterns::WinlossPatterns>,
    /// Balance and exposure.
    pub(crate) account_health: Section<account_health::AccountHealth>,
    /// Cycles, errors and response times.
    pub(crate) system_metrics: Section<system_metrics::SystemMetrics>,
    /// What the bot believes to have learned.
    pub(crate) learning_quality: Section<learning_quality::LearningQuality>,
    /// Every table of the file.
    pub(crate) tables: Section<census::Census>,
    /// Columns of the bot's tables whose rows cannot be placed in time, each with the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) unreadable_times: BTreeMap<String, String>,
    /// Objects of the schema that need what only the bot's own program has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) foreign_objects: Vec<ForeignObject>,
}

impl Report {
    /// Runs the six collectors and the census.
    pub(crate) fn collect(context: &Context<'_>) -> Self {
        Self {
            trade_patterns: Section::collect("trade patterns", context, trade_patterns::collect),
            rule_stats: Section::collect("rule stats", context, rule_stats::collect),
            winloss_patterns: Section::collect("win/loss patterns", context, winloss_patterns::collect),
            account_health: Section::collect("account health", context, account_health::collect),
            system_metrics: Section::collect("system metrics", context, system_metrics::collect),
            learning_quality: Section::collect("learning quality", context, learning_quality::collect),
            tables: Section::collect("tables", context, census::collect),
            unreadable_times: context.bot.unreadable_times().iter().map(unreadable).collect(),
            foreign_objects: context.bot.foreign_objects().to_vec(),
        }
    }

    /// Whether the file holds no trade, open position, learning or activity up to the audited moment.
    pub(crate) fn is_of_nothing(&self) -> bool {
        let is_nothing = |basis| basis == Some(Basis::Nothing);
        self.unreadable_times.is_empty()
            && is_nothing(self.trade_patterns.available().map(|trades| trades.basis))
            && is_nothing(self.learning_quality.available().map(|learnings| learnings.basis))
            && self.account_health.available().is_some_and(|account| account.open_positions == 0)
            && self.system_metrics.available().is_some_and(|system| system.last_activity.is_none())
    }

    /// Whether the bot has written rows after the audited moment: what it overwrites belongs to a later one.
    pub(crate) fn holds_later_rows(&self) -> bool {
        self.tables.available().is_some_and(|census| census.is_past)
    }

    /// What the file knows by name: coins, rules, exit reasons, tables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let patterns = self.winloss_patterns.available();
        let coins =
            patterns.into_iter().flat_map(|patterns| &patterns.win_rate_by_coin.0).map(|(coin, _)| coin);
        let exits =
            patterns.into_iter().flat_map(|patterns| &patterns.pnl_by_exit_reason.0).map(|(exit, _)| exit);
        let rules = self.rule_stats.available().into_iter().flat_map(|rules| &rules.rule_details);
        let ids = rules.filter_map(|rule| rule.id.as_str());
        let tables = self.tables.available().into_iter().flat_map(|tables| &tables.all);
        let tables = tables.map(|table| table.schema.name.as_str());
        coins.chain(exits).map(String::as_str).chain(ids).chain(tables)
    }

    /// Names of the sections whose collector failed, of the tables that cannot be read and of the columns
    /// without a readable time, each with the reason.
    pub(crate) fn failed(&self) -> Vec<(String, &str)> {
        let sections = [
            ("trade_patterns", self.trade_patterns.error()),
            ("rule_stats", self.rule_stats.error()),
            ("winloss_patterns", self.winloss_patterns.error()),
            ("account_health", self.account_health.error()),
            ("system_metrics", self.system_metrics.error()),
            ("learning_quality", self.learning_quality.error()),
            ("tables", self.tables.error()),
        ];
        let sections = sections.into_iter().map(|(name, error)| (name.to_owned(), error));
        let tables = self.tables.available().into_iter().flat_map(|census| &census.all);
        let tables = tables.map(|table| (format!("the table {}", table.schema.name), table.error.as_deref()));
        let times = self.unreadable_times.iter().map(|(name, reason)| (name.clone(), Some(reason.as_str())));
        sections.chain(tables).chain(times).filter_map(|(name, error)| Some((name, error?))).collect()
    }
}

fn unreadable(times: &UnreadableTimes) -> (String, String) {
    let reason = format!(
        "none of its times can be read (one is \"{}\"), so that no window holds its rows: write them as \
         YYYY-MM-DD HH:MM:SS in UTC",
        times.example
    );
    (times.column.clone(), reason)
}
