//! Positions that the file contradicts are told once, by the check that knows why.

use super::tables::journal;
use super::{assert_says, counted, only};
use crate::bot_file::{BotFile, ago};
use crate::monitor::findings;

/// What the rows of two positions show that were closed in time and, hours later, once more: they seem to have
/// passed their levels, to have stood beside others, and one of them to have made the profit.
const SEEMING: [&str; 4] =
    ["level-ignored", "positions-over-limit", "profit-from-one-trade", "stop-overshot"];

fn closed_again() -> BotFile {
    let bot = journal(120);
    for (number, entry, exit, reason, at) in
        [(10, 80.0, 120.0, "take_profit", ago(500)), (13, 100.0, 70.0, "stop_loss", ago(400))]
    {
        let pnl_usd = 50.0 * (exit / entry - 1.0);
        let position = format!("pos-{number}");
        bot.execute(
            "UPDATE trade_journal SET entry_price = ?2, exit_price = ?3, pnl_usd = ?4, exit_reason = ?5, exit_time = ?6,
                take_profit_price = 1.015 * ?2, stop_loss_price = 0.98 * ?2,
                duration_seconds = strftime('%s', ?6) - strftime('%s', entry_time) WHERE position_id = ?1",
            rusqlite::params![position, entry, exit, pnl_usd, reason, at.replace(' ', "T")],
        );
        let coin: String =
            bot.value(&format!("SELECT coin FROM trade_journal WHERE position_id = '{position}'"));
        bot.quick_update(&position, &coin, pnl_usd, &at);
    }
    bot
}

#[test]
fn a_second_closing_is_told_as_that_alone() {
    let bot = closed_again();
    assert_says(&only(&bot, "closing-logged-twice"), &["2 of 122 logged closings were logged a second time"]);
    for check in SEEMING {
        assert_eq!(findings(&bot, check, &[]).len(), 0, "{check}");
    }
    bot.execute(
        "DELETE FROM activity_log WHERE activity_type = 'quick_update' AND created_at < '2026-11-22 08:50:00'
            AND json_extract(details, '$.trade_id') IN ('pos-10', 'pos-13')",
        [],
    );
    for check in SEEMING {
        only(&bot, check);
    }
    assert_says(&only(&bot, "positions-over-limit"), &["At 4 of 120 openings"]);
    assert_says(&only(&bot, "stop-overshot"), &["Some stops are executed far beyond their price"]);
}

#[test]
fn a_forgotten_position_breaks_no_limit() {
    let bot = journal(120);
    bot.journal_open(|row| (row.coin, row.entry_time) = ("SOL", "2026-11-21 23:00:00"));
    let recent = ago(60);
    bot.journal_open(|row| (row.coin, row.entry_time) = ("LINK", &recent));
    let finding = only(&bot, "position-forgotten");
    assert_says(&finding, &["1 of 2 open positions is", "as a rule this bot holds one position of a coin"]);
    assert_eq!(counted(&finding), 1, "{finding:#}");
    assert_eq!(findings(&bot, "positions-over-limit", &[]).len(), 0);
}
