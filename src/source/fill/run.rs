//! The row of `run`, and which generation of the bot writes the file now.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, params};

use super::filler::Filler;
use crate::source::Bot;
use crate::source::clock::Reading;
use crate::source::clock::seconds;
use crate::source::map::Select;
use crate::source::plan::Plan;

/// The tables of the generation that writes the file at the audited moment: the newest that has opened a
/// trade by then, else the newest of which there are tables; `None` where a map knows of none.
pub(super) fn generation<'bot>(bot: &'bot Bot, plan: &Plan<'_>) -> Option<&'bot [String]> {
    let generations = &bot.map().head.generations;
    let has_traded = |tables: &&Vec<String>| has_traded(bot, plan, tables);
    let exists = |tables: &&Vec<String>| tables.first().is_some_and(|table| bot.has_table(table));
    let current = generations.iter().find(has_traded).or_else(|| generations.iter().find(exists));
    current.or(generations.last()).map(Vec::as_slice)
}

fn has_traded(bot: &Bot, plan: &Plan<'_>, tables: &[String]) -> bool {
    let is_known = |reading: Option<Reading>| reading.is_none_or(|reading| reading.earliest <= plan.now);
    let of_trades = |table: &str| matches!(table, "trade" | "position");
    let selects = bot.map().selects.iter().filter(|select| of_trades(&select.table));
    for select in selects.filter(|select| select.reads().all(|table| tables.iter().any(|own| own == table))) {
        // One that is damaged holds rows: whoever reads them says what is wrong.
        let mut has_traded = false;
        let first =
            format!("SELECT count(*), opened_at FROM (SELECT opened_at FROM ({}) LIMIT 1)", select.sql);
        let read = bot.each_selected(&first, |row| {
            let opened = bot.read_time(row.get_ref(1)?, select.clock("opened_at"));
            has_traded = row.get::<_, i64>(0)? > 0 && is_known(opened);
            Ok(())
        });
        if read.is_err() || has_traded {
            return true;
        }
    }
    false
}

/// The first row of each of the map's SELECTs for closed trades, as text.
pub(super) fn first_trades(bot: &Bot) -> Vec<String> {
    let mut first_trades = Vec::new();
    for select in bot.map().selects.iter().filter(|select| select.table == "trade") {
        let first = format!("SELECT source, opened_at, entry_price FROM ({}) LIMIT 1", select.sql);
        let read = bot.each_selected(&first, |row| {
            let values: [Value; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
            first_trades.push(format!("{values:?}"));
            Ok(())
        });
        if let Err(error) = read {
            tracing::debug!("the first trade cannot be read: {error}");
        }
    }
    first_trades
}

const INSERT: &str = "
INSERT INTO run (
    now,
    window_start,
    previous_start,
    hours,
    is_past,
    trades_from,
    events_from,
    decisions_from,
    bot,
    main_source,
    currency,
    starting_balance,
    max_exposure_fraction,
    max_trade_fraction,
    max_positions,
    max_positions_per_instrument,
    cooldown_seconds,
    cooldown_is_configured,
    host_offset_seconds,
    cycle_pause_seconds,
    has_positions,
    host_clock_is_unknown,
    host_measured_at
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23
)";

/// The currency of most rows.
const CURRENCY: &str = "
SELECT
    currency
FROM (SELECT currency FROM trade UNION ALL SELECT currency FROM position UNION ALL SELECT currency FROM account)
WHERE currency IS NOT NULL
GROUP BY currency
ORDER BY count(*) DESC, currency
LIMIT 1";

fn main_currency(filler: &Filler<'_>) -> rusqlite::Result<Option<String>> {
    let own = filler.map().head.currency.clone();
    Ok(filler.audit.query_row(CURRENCY, [], |row| row.get(0)).optional()?.or(own))
}

/// Whether the file has a table of cooldowns: a bot without one makes no pause.
fn knows_cooldowns(filler: &Filler<'_>) -> bool {
    let bot = filler.setting.bot;
    let selects = filler.map().selects.iter().filter(|select| select.table == "cooldown");
    selects.flat_map(Select::reads).any(|table| bot.has_table(table))
}

/// Writes the one row.
///
/// # Errors
/// When SQLite has no memory left.
pub(super) fn write(filler: &Filler<'_>) -> anyhow::Result<()> {
    let (plan, map, filled) = (filler.setting.plan, filler.map(), &filler.filled);
    let (main_source, limits) = (filler.setting.main_source(), filler.setting.limits());
    let offset = filler.setting.bot.host_offset();
    filler.audit.execute(
        INSERT,
        params![
            seconds(plan.now),
            seconds(plan.window.after),
            seconds(plan.previous.after),
            plan.hours,
            filled.is_past,
            filled.trades_from,
            filled.events_from,
            filled.decisions_from,
            map.head.name,
            main_source,
            main_currency(filler)?,
            limits.starting_balance,
            limits.max_exposure_fraction,
            limits.max_trade_fraction,
            limits.max_positions,
            limits.max_positions_per_instrument,
            plan.limits.cooldown_seconds.or(limits.cooldown_seconds.filter(|_| knows_cooldowns(filler))),
            plan.limits.cooldown_seconds.is_some(),
            offset.newest_seconds(),
            limits.cycle_pause_seconds,
            filler.setting.has_positions(),
            filler.setting.is_host_clock_unknown(),
            offset.newest_measurement().map(seconds),
        ],
    )?;
    Ok(())
}
