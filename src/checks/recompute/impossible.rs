//! Prices of zero or below, and trades without a price.

use std::collections::{BTreeMap, BTreeSet};

use super::tolerance::{GRACE, while_it_lasts};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::ledger::{Entry, table};
use crate::untrusted::cut;

pub(super) const PRICES: Check = Check {
    id: "price-impossible",
    theme: Theme::Integrity,
    why: "A price of zero or below is no price: the profit, the percentage and the exits that follow from it are made up.",
    threshold: None,
    run: prices,
};

fn prices(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    let coins = unpriced_coins(audit, &mut found)?;
    for generation in [1, 2] {
        let closed: Vec<_> = audit.context.ledger()?.of(generation).collect();
        let wrong = wrong(&closed, &["entry_price", "exit_price"]);
        found.facts.extend(closed_problem(audit, table(generation), &wrong, closed.len()));
        let open = audit.context.open_positions()?.iter();
        let open: Vec<_> = open.filter(|position| position.generation == generation).collect();
        // A current price of zero comes from the table of prices, where that holds one.
        let (entries, current) = (wrong_entries(&open), self::wrong(&open, &["current_price"]));
        // A new position gets its current price in the next cycle.
        let is_new = |position: &Entry| position.opened_by.is_some_and(|at| at > audit.context.now - GRACE);
        let current = current
            .into_iter()
            .filter(|position| !is_new(position) && !coins.contains(&position.coin.to_lowercase()));
        let mut wrong: Vec<&Entry> = entries.into_iter().chain(current).collect();
        wrong.sort_by(|one, other| one.id.cmp(&other.id));
        wrong.dedup_by(|one, other| one.id == other.id);
        found.facts.extend(open_problem(generation, &wrong, open.len()));
    }
    Ok(found)
}

/// Rows with a number of zero or below in one of these fields, or without an entry price that others have.
fn wrong<'run>(rows: &[&'run Entry], names: &[&str]) -> Vec<&'run Entry> {
    let entries: BTreeSet<_> = wrong_entries(rows).iter().map(|row| row.id.as_str()).collect();
    let has_none = |row: &&&Entry| names.iter().any(|name| row.has_no(name));
    let looks_at_entry = names.contains(&"entry_price");
    let rows =
        rows.iter().filter(|row| has_none(row) || (looks_at_entry && entries.contains(row.id.as_str())));
    rows.copied().collect()
}

/// Rows whose entry price is zero or below, or missing where most rows have one.
fn wrong_entries<'run>(rows: &[&'run Entry]) -> Vec<&'run Entry> {
    let missing = rows.iter().filter(|row| row.entry_price.is_none() && !row.has_no("entry_price")).count();
    let is_kept = missing * 2 <= rows.len();
    let is_wrong = |row: &&&Entry| row.has_no("entry_price") || (is_kept && row.entry_price.is_none());
    rows.iter().filter(is_wrong).copied().collect()
}

fn example(row: &Entry) -> String {
    let levels = ["stop_loss_price", "take_profit_price"];
    let wrong = row.no_prices.iter().filter(|(name, _)| !levels.contains(name));
    let mut wrong: Vec<_> = wrong.map(|(name, number)| format!("{name} {number}")).collect();
    if wrong.is_empty() {
        wrong.push("no entry_price".to_owned());
    }
    let profit = row.pnl_usd.or(row.unrealized_pnl_usd).map(|pnl_usd| format!(", profit {pnl_usd:+.2}"));
    format!("{}: {}{}", row.name(), wrong.join(" and "), profit.unwrap_or_default())
}

fn evidence(rows: &[&Entry], of: usize) -> Evidence {
    let mut evidence = Evidence::default();
    for row in rows {
        evidence.fault(|| example(row));
    }
    evidence.of = of as u64;
    evidence
}

fn closed_problem(audit: &Audit<'_>, table: &str, rows: &[&Entry], of: usize) -> Option<Problem> {
    let evidence = evidence(rows, of);
    let pnl_usd = rows.iter().filter_map(|row| row.pnl_usd).fold(0.0, |sum, pnl_usd| sum + pnl_usd);
    let wrong = "entry_price IS NULL OR entry_price <= 0 OR exit_price <= 0";
    (evidence.count > 0).then(|| Problem {
        alert_type: AlertType::Bug,
        severity: while_it_lasts(audit, rows.iter().copied()),
        subject: table.to_owned(),
        title: format!("Trades in {table} have an entry or exit price of zero, below zero or none"),
        description: format!(
            "{} no valid entry or exit price. Such profits ({pnl_usd:+.2} US dollars together) follow from no price, \
             and every sum over the trades contains them.",
            evidence.counted("closed trades", "has", "have")
        ),
        evidence: evidence.text("closed trades", &match table {
            "closed_trades" => format!("SELECT id, coin_name, entry_price, exit_price, size_usd, pnl_usd FROM closed_trades WHERE {wrong}"),
            _ => format!("SELECT id, coin, entry_price, exit_price, position_size_usd, pnl_usd FROM trade_journal WHERE status <> 'open' AND ({wrong})"),
        }),
        recommendation: "Refuse to open or close a trade without a price above zero; look up the real prices and recompute these rows.".to_owned(),
    })
}

fn open_problem(generation: i64, rows: &[&Entry], of: usize) -> Option<Problem> {
    let evidence = evidence(rows, of);
    let (table, query) = match generation {
        1 => (
            "open_trades",
            "SELECT id, coin_name, entry_price, current_price, unrealized_pnl FROM open_trades WHERE entry_price IS NULL OR entry_price <= 0 OR current_price <= 0",
        ),
        _ => (
            "trade_journal",
            "SELECT id, coin, entry_price FROM trade_journal WHERE status = 'open' AND (entry_price IS NULL OR entry_price <= 0)",
        ),
    };
    (evidence.count > 0).then(|| Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: format!("{table}:open"),
        title: format!("Open positions in {table} have an entry or current price of zero, below zero or none"),
        description: format!(
            "{} no valid entry or current price. The profit so far, and each exit that depends on it, follow \
             from no price.",
            evidence.counted("open positions", "has", "have")
        ),
        evidence: evidence.text("open positions", query),
        recommendation: "Refuse to open a position without a price above zero, keep the last valid price where none arrives, and correct these rows.".to_owned(),
    })
}

/// The current prices, and the newest stored ones by key.
const STORED: &str = "
SELECT
    updated_at,
    clock,
    coin,
    price_usd,
    'market_data'
FROM price
WHERE price_usd <= 0 OR price_usd IS NULL
UNION ALL
SELECT
    at,
    clock,
    coin,
    price_usd,
    'price_history'
FROM (
    SELECT
        at,
        clock,
        coin,
        price_usd
    FROM price_point
    ORDER BY id DESC
    LIMIT 12000
)
WHERE price_usd <= 0";

/// Reports the coins whose stored prices are zero or below, and returns their names in lower case.
fn unpriced_coins(audit: &Audit<'_>, found: &mut Found) -> anyhow::Result<BTreeSet<String>> {
    let context = audit.context;
    let (mut evidence, mut coins) = (Evidence::default(), BTreeSet::new());
    let mut by_table: BTreeMap<String, u64> = BTreeMap::new();
    context.bot.each_row(STORED, |row| {
        if context.bot.instant(row, 0, 1)?.is_some_and(|at| at > context.now) {
            return Ok(());
        }
        let (coin, price) = (cell::name(row, 2)?.unwrap_or_default(), cell::real(row, 3)?);
        let table = cell::text(row, 4)?.unwrap_or_default().into_owned();
        if !context.bot.has_column(&table, "price_usd") {
            return Ok(());
        }
        evidence.fault(|| {
            let price = price.map_or_else(|| "none".to_owned(), |price| price.to_string());
            format!("{} in {table}: {price}", cut(&coin, 40))
        });
        coins.insert(coin.to_lowercase());
        *by_table.entry(table).or_default() += 1;
        Ok(())
    })?;
    if evidence.count == 0 {
        return Ok(coins);
    }
    let held =
        context.open_positions()?.iter().filter(|position| coins.contains(&position.coin.to_lowercase()));
    let held: BTreeSet<_> = held.map(|position| cut(&position.coin, 40)).collect();
    let consequence = match held.len() {
        0 => "No position is open in them.".to_owned(),
        _ => format!(
            "Positions are open in {}: at such a price a stop is reached, and a loss is total.",
            held.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
        ),
    };
    let tables: Vec<_> = by_table.iter().map(|(table, count)| format!("{table} {count}")).collect();
    found.fact(Problem {
        alert_type: AlertType::Bug,
        severity: if held.is_empty() { Severity::Medium } else { Severity::Critical },
        subject: "stored".to_owned(),
        title: "Prices of zero, below zero or none are stored for coins".to_owned(),
        description: format!(
            "Coins with such a price: {}; rows: {} (of price_history the newest 12,000 were read). {consequence}",
            coins.len(),
            tables.join(", ")
        ),
        evidence: evidence.text("rows with such a price", "SELECT coin, price_usd, last_updated FROM market_data WHERE price_usd <= 0 OR price_usd IS NULL UNION ALL SELECT coin, price_usd, timestamp FROM price_history WHERE price_usd <= 0"),
        recommendation: "Drop a price that is not above zero where an answer of the price source is read.".to_owned(),
    });
    Ok(coins)
}
