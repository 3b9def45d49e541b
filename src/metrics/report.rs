//! The report: what the six collectors and the profiler have measured.

use std::collections::BTreeMap;

use serde::Serialize;

use super::context::Context;
use super::section::Section;
use super::setting::Basis;
use super::{account_health, learning_quality, rule_stats, system_metrics, trade_patterns, winloss_patterns};
use crate::source::profile::Profile;
use crate::source::{ForeignObject, UnreadableTimes};

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
    pub(crate) tables: Section<Profile>,
    /// Columns of the bot's tables whose rows cannot be placed in time, each with the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) unreadable_times: BTreeMap<String, String>,
    /// Tables of the audit database that lack rows, each with the reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) unread: BTreeMap<String, String>,
    /// Objects of the schema that need what only the bot's own program has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) foreign_objects: Vec<ForeignObject>,
}

impl Report {
    /// Runs the six collectors and the profiler.
    pub(crate) fn collect(context: &Context<'_>) -> Self {
        Self {
            trade_patterns: Section::collect("trade patterns", context, trade_patterns::collect),
            rule_stats: Section::collect("rule stats", context, rule_stats::collect),
            winloss_patterns: Section::collect("win/loss patterns", context, winloss_patterns::collect),
            account_health: Section::collect("account health", context, account_health::collect),
            system_metrics: Section::collect("system metrics", context, system_metrics::collect),
            learning_quality: Section::collect("learning quality", context, learning_quality::collect),
            tables: Section::collect("tables", context, |context| context.db.take_profile()),
            unreadable_times: context.db.facts().unreadable_times().iter().map(unreadable).collect(),
            unread: context.db.filled().failed.clone(),
            foreign_objects: context.db.facts().foreign_objects().to_vec(),
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
        self.tables.available().is_some_and(|profile| profile.is_past)
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
        let tables = self.tables.available().into_iter().flat_map(|profile| &profile.all);
        let tables = tables.map(|table| (format!("the table {}", table.schema.name), table.error.as_deref()));
        let times = self.unreadable_times.iter().map(|(name, reason)| (name.clone(), Some(reason.as_str())));
        let unread =
            self.unread.iter().map(|(name, reason)| (format!("the rows of {name}"), Some(reason.as_str())));
        sections
            .chain(tables)
            .chain(times)
            .chain(unread)
            .filter_map(|(name, error)| Some((name, error?)))
            .collect()
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
