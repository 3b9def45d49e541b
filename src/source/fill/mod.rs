//! The audit database is filled: each SELECT of the map runs over the bot's file, and its rows are stored by
//! type.
//!
//! What the bot overwrites and the newest trades come first, in the first turn; what it only adds to follows.

mod carried;
mod filler;
mod log;
mod newest;
mod prices;
mod row;
mod run;
mod target;
mod totals;
mod trades;
mod value;

use rusqlite::Connection;

use super::Bot;
use super::plan::Plan;
pub(crate) use filler::Filled;
use filler::Filler;
use row::Setting;

/// Tables whose rows the bot overwrites, or that are short.
const OVERWRITTEN: &[&str] = &[
    "position",
    "account",
    "rule",
    "coin_score",
    "price",
    "cooldown",
    "lifecycle",
    "payment",
    "unfinished_trade",
];
/// Tables that the bot only adds to.
const GROWING: &[&str] =
    &["fill", "learning", "condition", "coin_status_change", "adaptation", "snapshot", "reflection"];

/// Fills an empty audit database.
///
/// # Errors
/// When the bot's file cannot be read, or the map names what its tables do not have.
pub(super) fn fill(bot: &Bot, plan: &Plan<'_>, audit: &Connection) -> anyhow::Result<Filled> {
    let setting = Setting {
        bot,
        plan,
        main_tables: run::generation(bot, plan),
        tiers: plan.tiers.unwrap_or(&bot.map().head.tiers),
    };
    let mut filler = Filler::new(setting, audit);
    for table in OVERWRITTEN {
        filler.each_select(table, table, Filler::whole)?;
    }
    filler.filled.first_trades = run::first_trades(bot);
    filler.trades()?;
    filler.filled.is_torn = bot.was_written_meanwhile();
    carried::fill(audit)?;
    filler.damaged_indexes()?;
    for table in GROWING {
        filler.each_select(table, table, Filler::newest)?;
    }
    filler.price_points()?;
    filler.logs()?;
    run::write(&filler)?;
    filler.totals()?;
    Ok(filler.filled)
}
