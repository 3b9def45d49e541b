//! Openings that the log tells: the tables must hold them, and their stops bound the loss.

use crate::bot_file::{BotFile, after, ago};
use crate::healthy::Healthy;
use crate::monitor::{alarms, findings, only_finding};

const LOST: &str = "opening-contradicts-log";

fn healthy() -> BotFile {
    Healthy { log_hours: 30, ..Healthy::generation1() }.write()
}

#[test]
fn an_opening_that_no_table_holds_is_lost() {
    let bot = healthy();
    bot.activity(
        "trade_opened",
        "BUY solana $50.00 @ $145.66",
        "trade_id=9001, stop_loss=$131.09, take_profit=$148.57",
        &ago(3_000),
    );
    let text = only_finding(&bot, LOST);
    for word in ["critical", "1 of ", "(50.00)", "solana, at 2026-11-22 08:10:00 UTC, size 50, trade_id 9001"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(alarms(&bot), [LOST]);
}

#[test]
fn an_open_row_that_vanished_is_lost() {
    let bot = healthy();
    let id: i64 = bot.value("SELECT id FROM open_trades ORDER BY opened_at LIMIT 1");
    bot.execute("DELETE FROM open_trades WHERE id = ?1", [id]);
    assert!(only_finding(&bot, LOST).contains(&format!("trade_id {id}")));
}

#[test]
fn a_closing_without_a_row_is_told_once() {
    let bot = healthy();
    let id: i64 = bot.value("SELECT max(id) - 5 FROM closed_trades");
    bot.execute("DELETE FROM closed_trades WHERE id = ?1", [id]);
    assert_eq!(findings(&bot, LOST, &[]).len(), 0);
    assert_eq!(findings(&bot, "closing-contradicts-log", &[]).len(), 1);
}

#[test]
fn what_is_too_new_too_old_or_by_another_clock_is_not_lost() {
    let bot = healthy();
    let opening = |at: &str| {
        bot.activity("trade_opened", "BUY solana $50.00 @ $145.66", "trade_id=9001, stop_loss=$1.00", at);
    };
    opening(&ago(60));
    opening(&ago(700 * 86_400));
    // The same opening once more.
    bot.execute("INSERT INTO activity_log (activity_type, description, details, created_at) SELECT activity_type, description,
        details, datetime(created_at, '1 second') FROM activity_log WHERE activity_type = 'trade_opened' LIMIT 1", []);
    assert_eq!(findings(&bot, LOST, &[]).len(), 0);
    let bot = healthy();
    bot.execute(
        "UPDATE closed_trades SET opened_at = datetime(opened_at, '5 hours', '30 minutes'),
            closed_at = datetime(closed_at, '5 hours', '30 minutes')",
        [],
    );
    assert_eq!(findings(&bot, LOST, &["--as-of", "2026-11-22T15:00:00Z"]).len(), 0);
    // Tables that were emptied.
    let bot = healthy();
    bot.execute("DELETE FROM closed_trades", []);
    bot.execute("DELETE FROM open_trades", []);
    assert_eq!(findings(&bot, LOST, &[]).len(), 0);
}

#[test]
fn a_row_with_the_logged_id_is_the_opening_s() {
    for opened_at in ["2020-01-01 00:00:00", "2027-01-01 00:00:00"] {
        let bot = healthy();
        bot.execute(
            "UPDATE open_trades SET opened_at = ?1 WHERE id = (SELECT min(id) FROM open_trades)",
            [opened_at],
        );
        assert_eq!(findings(&bot, LOST, &[]).len(), 0, "{opened_at}");
    }
}

#[test]
fn coins_that_the_log_names_in_another_way_are_not_lost() {
    let bot = healthy();
    bot.execute(
        "UPDATE activity_log SET description = replace(description, 'BUY ', 'BUY X') WHERE activity_type = 'trade_opened'",
        [],
    );
    bot.execute(
        "UPDATE activity_log SET description = replace(description, 'CLOSED ', 'CLOSED X') WHERE activity_type = 'trade_closed'",
        [],
    );
    assert_eq!(findings(&bot, LOST, &[]).len(), 0);
}

#[test]
fn a_bot_that_never_stores_its_first_opening_is_told() {
    let bot = BotFile::generation1();
    bot.activity("trade_opened", "BUY pepe $20.00 @ $0.00", "trade_id=1, stop_loss=$0.00", &ago(3_000));
    assert!(only_finding(&bot, LOST).contains("1 of 1 openings"));
}

/// A healthy bot one of whose trades was stopped at this part of its entry price.
fn stopped(reason: &str, part: f64) -> BotFile {
    let bot = healthy();
    let id: i64 = bot.value(
        "SELECT id FROM closed_trades WHERE entry_price > 5 AND coin_name <> (SELECT coin_name FROM open_trades LIMIT 1)
        ORDER BY id DESC LIMIT 1 OFFSET 12",
    );
    bot.execute(
        "UPDATE closed_trades SET exit_reason = ?2, exit_price = ?3 * entry_price, pnl_usd = (?3 - 1) * size_usd,
            pnl_pct = 100 * (?3 - 1) WHERE id = ?1",
        rusqlite::params![id, reason, part],
    );
    bot
}

#[test]
fn a_stop_that_only_the_log_knows_is_overshot() {
    let text = only_finding(&stopped("stop_loss", 0.62), "stop-overshot");
    for word in ["medium", "28.0 % at worst", "stop_percent -9.9994, executed_percent -38"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(findings(&stopped("stop_loss", 0.898), "stop-overshot", &[]).len(), 0);
}

#[test]
fn a_stop_of_the_journal_is_overshot_by_a_single_trade_of_either_side() {
    for (direction, exit_price) in [("LONG", 70.0), ("SHORT", 130.0)] {
        let bot = BotFile::generation2();
        bot.journal_trade(|row| {
            (row.direction, row.exit_price, row.exit_reason) = (direction, Some(exit_price), "stop_loss");
        });
        let text = only_finding(&bot, "stop-overshot");
        assert!(
            text.contains("1 of 1 stops") && text.contains("stop_percent -2, executed_percent -30"),
            "{text}"
        );
    }
}

#[test]
fn a_logged_stop_in_cents_says_nothing_of_a_cheap_coin() {
    let bot = BotFile::generation1();
    let opened_at = after("2026-11-22 08:00:00", 0);
    bot.closed_trade(|row| {
        (row.entry_price, row.exit_price, row.exit_reason) = (0.02, Some(0.0178), "stop_loss");
        row.opened_at = &opened_at;
    });
    bot.activity("trade_opened", "BUY bitcoin $50.00 @ $0.02", "trade_id=1, stop_loss=$0.02", &opened_at);
    assert_eq!(findings(&bot, "stop-overshot", &[]).len(), 0);
}

#[test]
fn a_stop_in_profit_has_one_sign() {
    let bot = BotFile::generation2();
    for trade in 0..4_i64 {
        let exit_time = ago(trade * 2_000 + 600);
        let entry_time = after(&exit_time, -900);
        bot.journal_trade(|row| {
            (row.exit_price, row.exit_reason) = (Some(99.0), "stop_loss");
            (row.entry_time, row.exit_time) = (&entry_time, &exit_time);
        });
    }
    bot.execute("UPDATE trade_journal SET stop_loss_price = 102", []);
    assert!(only_finding(&bot, "stop-overshot").contains("stop_percent 2, executed_percent -1"));
}
