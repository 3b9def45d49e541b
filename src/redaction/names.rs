//! Which names the file knows, and what for: so that a text that mixes them with ordinary words, like
//! the title of an alert, can be told apart.

use std::collections::{BTreeSet, HashMap};

use super::placeholder::Kind;
use super::vocabulary::{self, joins_words};
use crate::metrics::{Context, Report};
use crate::source::cell;

/// Tables of the audit database that name instruments.
const TABLES: &str = "
SELECT
    list.name
FROM sqlite_schema AS list
JOIN pragma_table_info(list.name) AS info
WHERE list.type = 'table' AND info.name = 'instrument'";

/// Names by their first letter, longest first.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_first: HashMap<char, Vec<(String, Kind)>>,
}

impl Names {
    /// The names in the report, and the coins of every table that has any.
    pub(crate) fn new(report: &Report, context: &Context<'_>) -> Self {
        let coins = coins(context).unwrap_or_else(|error| {
            // Coins with ordinary words for names may stay in old alerts' titles; all others do not.
            tracing::warn!("the coins that are to be hidden cannot all be read: {error:#}");
            BTreeSet::new()
        });
        let coins = coins.into_iter().map(|coin| (coin, Kind::Coin));
        Self::of(coins.chain(of_report(report)))
    }

    /// These names; what a name stands for first counts.
    pub(super) fn of(names: impl IntoIterator<Item = (String, Kind)>) -> Self {
        let mut by_first: HashMap<char, Vec<(String, Kind)>> = HashMap::new();
        let mut known = BTreeSet::new();
        for (name, kind) in names {
            let name = name.trim().to_owned();
            if let Some(first) = name.chars().next()
                && known.insert(name.clone())
            {
                by_first.entry(first).or_default().push((name, kind));
            }
        }
        for names in by_first.values_mut() {
            names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
        Self { by_first }
    }

    /// What a whole text is the name of.
    pub(super) fn kind_of(&self, text: &str) -> Option<Kind> {
        self.candidates(text).find(|(name, _)| name == text).map(|(_, kind)| *kind)
    }

    /// The longest name with which a text begins, as a whole word.
    pub(super) fn at_start(&self, text: &str) -> Option<(&str, Kind)> {
        let ends_word = |name: &str| {
            let behind = text.get(name.len()..).and_then(|behind| behind.chars().next());
            !behind.is_some_and(joins_words)
        };
        self.candidates(text)
            .find(|(name, _)| text.starts_with(name.as_str()) && ends_word(name))
            .map(|(name, kind)| (name.as_str(), *kind))
    }

    fn candidates(&self, text: &str) -> impl Iterator<Item = &(String, Kind)> {
        text.chars().next().and_then(|first| self.by_first.get(&first)).into_iter().flatten()
    }
}

/// The coins of every table that names them.
fn coins(context: &Context<'_>) -> rusqlite::Result<BTreeSet<String>> {
    let audit = context.db.connection();
    let mut tables = audit.prepare(TABLES)?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut coins = BTreeSet::new();
    for table in tables {
        let mut statement = audit.prepare(&format!("SELECT DISTINCT instrument FROM {table}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            coins.extend(cell::name(row, 0)?.map(|coin| coin.into_owned()));
        }
    }
    Ok(coins)
}

fn of_report(report: &Report) -> impl Iterator<Item = (String, Kind)> {
    let mut names = Vec::new();
    let mut add = |kind: Kind, name: &str| names.push((name.to_owned(), kind));
    if let Some(trades) = report.trade_patterns.available() {
        trades.trades_by_coin.0.iter().for_each(|(coin, _)| add(Kind::Coin, coin));
    }
    if let Some(account) = report.account_health.available() {
        account.open_position_list.iter().for_each(|position| add(Kind::Coin, &position.coin));
    }
    if let Some(rules) = report.rule_stats.available() {
        for rule in &rules.rule_details {
            rule.id.as_str().into_iter().for_each(|id| add(Kind::Rule, id));
            add(Kind::Text, &rule.text);
            rule.status.iter().for_each(|status| add(Kind::Name, status));
        }
    }
    if let Some(patterns) = report.winloss_patterns.available() {
        patterns.pnl_by_exit_reason.0.iter().for_each(|(exit, _)| add(Kind::Name, exit));
        patterns.previous.exits.0.iter().for_each(|(exit, _)| add(Kind::Name, exit));
    }
    if let Some(system) = report.system_metrics.available() {
        system.activity_by_type.0.iter().for_each(|(activity, _)| add(Kind::Name, activity));
        system.error_types.iter().flat_map(|errors| &errors.0).for_each(|(error, _)| add(Kind::Name, error));
    }
    if let Some(census) = report.tables.available() {
        for table in &census.all {
            add(Kind::Table, &table.schema.name);
            table.columns.iter().for_each(|column| add(Kind::Column, &column.name));
        }
    }
    names.into_iter().filter(|(name, kind)| match kind {
        Kind::Name => !vocabulary::is_name(name),
        Kind::Table | Kind::Column => !vocabulary::is_in_schema(name),
        Kind::Coin | Kind::Rule | Kind::Text => true,
    })
}
