//! One position in two rows, and rows that only look like it: parts, equal fills, ids that are used again.

use crate::bot_file::{BotFile, after, ago};
use crate::healthy::Healthy;
use crate::monitor::{alarms, findings, only_finding};

const TWICE: &str = "trade-recorded-twice";
const NOTHING: [&str; 0] = [];

/// A healthy bot of the first generation and the id of a trade in its log.
fn healthy1() -> (BotFile, i64) {
    let bot = Healthy { log_hours: 30, ..Healthy::generation1() }.write();
    let id = bot
        .value("SELECT id FROM closed_trades WHERE rule_ids_used IS NULL ORDER BY id DESC LIMIT 1 OFFSET 5");
    (bot, id)
}

/// Copies a closed trade, this many seconds later and of this part of its size.
fn copy1(bot: &BotFile, id: i64, seconds: i64, part: f64) {
    bot.execute(
        "INSERT INTO closed_trades (coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct, entry_reason, exit_reason,
            opened_at, closed_at, duration_seconds, rule_ids_used)
        SELECT coin_name, entry_price, exit_price, ?3 * size_usd, ?3 * pnl_usd, pnl_pct, entry_reason, exit_reason,
            datetime(opened_at, ?2 || ' seconds'), datetime(closed_at, ?2 || ' seconds'), duration_seconds, rule_ids_used
        FROM closed_trades WHERE id = ?1",
        rusqlite::params![id, seconds, part],
    );
}

/// Copies a row of the journal under another id, this many seconds later and of this part of its size.
fn copy2(bot: &BotFile, rowid: i64, position: &str, seconds: i64, part: f64) {
    let columns: Vec<String> =
        bot.rows("SELECT name FROM pragma_table_info('trade_journal')", [], |row| row.get(0));
    let later = |column: &str| {
        format!(
            "strftime('%Y-%m-%dT%H:%M:%S', {column}, '{seconds} seconds') || coalesce(nullif(substr({column}, 20), ''), '')"
        )
    };
    let values: Vec<String> = columns
        .iter()
        .map(|column| match column.as_str() {
            "id" => "id || '-again'".to_owned(),
            "position_id" => format!("coalesce(nullif('{position}', ''), position_id)"),
            "entry_time" | "exit_time" => later(column),
            "position_size_usd" | "pnl_usd" => format!("{part} * {column}"),
            "condition_id" if position.is_empty() => column.clone(),
            _ => column.clone(),
        })
        .collect();
    bot.execute(
        &format!(
            "INSERT INTO trade_journal SELECT {} FROM trade_journal WHERE rowid = ?1",
            values.join(", ")
        ),
        [rowid],
    );
}

#[test]
fn the_same_trade_a_second_later_is_the_same_trade() {
    for (seconds, part) in [(1, 1.0), (0, 1.0), (-2, 1.0), (1, 0.9), (1, 1.7)] {
        let (bot, id) = healthy1();
        copy1(&bot, id, seconds, part);
        bot.settle_account();
        let pnl: f64 = bot.value(&format!("SELECT {part} * pnl_usd FROM closed_trades WHERE id = {id}"));
        let text = only_finding(&bot, TWICE);
        assert!(text.starts_with("critical") && text.contains("more than one row: 1."), "{text}");
        let last: i64 = bot.value("SELECT max(id) FROM closed_trades");
        let rows = [format!("repeats {id},"), format!("repeats {last},")];
        assert!(rows.iter().any(|rows| text.contains(rows)), "{text}");
        if seconds >= 0 {
            assert!(text.contains(&format!("add {pnl:+.2} USD")), "{text}");
        }
        assert_eq!(alarms(&bot), [TWICE], "{seconds} s, {part}");
    }
}

#[test]
fn the_same_journal_row_a_second_later_is_the_same_trade() {
    for (position, part) in [("", 1.0), ("pos-other", 1.0), ("pos-other", 0.9)] {
        let bot = Healthy::generation2().write();
        copy2(&bot, 400, position, 1, part);
        let text = only_finding(&bot, TWICE);
        assert!(text.starts_with("critical") && text.contains("-again"), "{text}");
        assert_eq!(findings(&bot, "position-id-reused", &[]).len(), 0);
    }
}

#[test]
fn an_open_position_in_two_rows_is_told() {
    let (bot, _) = healthy1();
    bot.execute(
        "INSERT INTO open_trades (coin_name, entry_price, size_usd, current_price, stop_loss_price, take_profit_price,
            entry_reason, opened_at, rule_ids_used)
        SELECT coin_name, entry_price, size_usd, current_price, stop_loss_price, take_profit_price, entry_reason,
            datetime(opened_at, '1 second'), rule_ids_used FROM open_trades ORDER BY opened_at LIMIT 1",
        [],
    );
    bot.settle_account();
    let text = only_finding(&bot, TWICE);
    assert!(text.contains("Open positions stand more than once in open_trades"), "{text}");
    let bot = Healthy::generation2().write();
    let open: i64 =
        bot.value("SELECT rowid FROM trade_journal WHERE status = 'open' ORDER BY entry_time LIMIT 1");
    copy2(&bot, open, "pos-other", 1, 1.0);
    assert!(only_finding(&bot, TWICE).contains("Open positions stand more than once in trade_journal"));
}

#[test]
fn an_open_row_a_second_beside_its_closed_one_was_closed() {
    let (bot, id) = healthy1();
    bot.execute(
        "INSERT INTO open_trades (coin_name, entry_price, size_usd, stop_loss_price, take_profit_price, entry_reason, opened_at)
        SELECT coin_name, entry_price, size_usd + 1, 0.9 * entry_price, 2 * entry_price, entry_reason,
            datetime(opened_at, '1 second') FROM closed_trades WHERE id = ?1",
        [id],
    );
    bot.settle_account();
    assert!(only_finding(&bot, "open-position-was-closed").contains(&format!("closed as trade {id}")));
    // What is left after a part was sold.
    bot.execute(
        "UPDATE closed_trades SET (size_usd, pnl_usd) = (0.4 * size_usd, 0.4 * pnl_usd) WHERE id = ?1",
        [id],
    );
    bot.execute(
        "UPDATE open_trades SET size_usd = 1.5 * (SELECT size_usd FROM closed_trades WHERE id = ?1)
        WHERE id = (SELECT max(id) FROM open_trades)",
        [id],
    );
    assert_eq!(findings(&bot, "open-position-was-closed", &[]).len(), 0);
}

#[test]
fn parts_of_a_position_are_closed_one_by_one() {
    for (seconds, part) in [(120, 0.5), (0, 0.5), (1, 0.3)] {
        let (bot, id) = healthy1();
        copy1(&bot, id, 0, part);
        bot.execute(
            "UPDATE closed_trades SET (size_usd, pnl_usd) = (?2 * size_usd, ?2 * pnl_usd) WHERE id = ?1",
            rusqlite::params![id, 1.0 - part],
        );
        bot.execute(
            "UPDATE closed_trades SET closed_at = datetime(closed_at, ?1 || ' seconds'), duration_seconds = duration_seconds + ?1
            WHERE id = (SELECT max(id) FROM closed_trades)",
            [seconds],
        );
        bot.settle_account();
        assert_eq!(findings(&bot, TWICE, &[]).len(), 0, "{seconds} s, {part}");
    }
    for seconds in [0, 300] {
        let bot = Healthy::generation2().write();
        bot.execute("UPDATE trade_journal SET (position_size_usd, pnl_usd) = (position_size_usd / 2, pnl_usd / 2) WHERE rowid = 400", []);
        copy2(&bot, 400, "", 0, 1.0);
        bot.execute(
            "UPDATE trade_journal SET exit_time = strftime('%Y-%m-%dT%H:%M:%S', exit_time, ?1 || ' seconds'),
                duration_seconds = duration_seconds + ?1 WHERE id LIKE '%-again'",
            [seconds],
        );
        assert_eq!(findings(&bot, TWICE, &[]).len(), 0, "{seconds} s");
        assert_eq!(findings(&bot, "position-id-reused", &[]).len(), 0, "{seconds} s");
    }
}

#[test]
fn two_closings_of_parts_are_no_closing_twice() {
    let bot = BotFile::generation2();
    for (number, exit_time) in ["2026-11-22 08:10:00", "2026-11-22 08:30:00"].into_iter().enumerate() {
        bot.journal_trade(|row| {
            (row.position_id, row.coin, row.exit_time) = (Some("pos-1"), "SUI", exit_time);
            row.position_size_usd = 25.0;
        });
        bot.execute("UPDATE trade_journal SET id = 'part ' || ?1 WHERE id LIKE 'j-%'", [number as i64]);
        bot.quick_update("pos-1", "SUI", 1.0, exit_time);
    }
    for check in [TWICE, "closing-logged-twice", "closing-contradicts-log", "position-id-reused"] {
        assert_eq!(findings(&bot, check, &[]).len(), 0, "{check}");
    }
}

#[test]
fn parts_that_are_logged_with_one_closing_are_its_profit() {
    let bot = BotFile::generation2();
    for number in 0..2 {
        bot.journal_trade(|row| (row.position_id, row.coin, row.pnl_usd) = (Some("pos-1"), "SUI", Some(0.5)));
        bot.execute("UPDATE trade_journal SET id = 'part ' || ?1 WHERE id LIKE 'j-%'", [number]);
    }
    bot.journal_trade(|row| row.exit_time = "2026-11-22 07:00:00");
    bot.quick_update("pos-1", "SUI", 1.0, "2026-11-22 08:30:00");
    assert_eq!(findings(&bot, "closing-contradicts-log", &[]).len(), 0);
    bot.quick_update("pos-1", "SUI", 3.0, "2026-11-22 08:30:00");
    bot.execute("DELETE FROM activity_log WHERE id = (SELECT min(id) FROM activity_log)", []);
    assert_eq!(findings(&bot, "closing-contradicts-log", &[]).len(), 1);
}

#[test]
fn a_position_that_was_closed_twice_at_different_prices_is_told_by_its_size() {
    let (bot, id) = healthy1();
    copy1(&bot, id, 0, 1.0);
    bot.execute(
        "UPDATE closed_trades SET closed_at = datetime(closed_at, '6 minutes'), duration_seconds = duration_seconds + 360,
            exit_price = exit_price * 1.001 WHERE id = (SELECT max(id) FROM closed_trades)",
        [],
    );
    bot.settle_account();
    assert!(only_finding(&bot, TWICE).contains("larger than what was opened"));
}

#[test]
fn equal_fills_of_one_second_are_trades_of_their_own() {
    // Each is logged.
    let (bot, id) = healthy1();
    for fill in 0..4 {
        copy1(&bot, id, 0, 1.0);
        bot.execute(
            "INSERT INTO activity_log (activity_type, description, details, created_at)
            SELECT activity_type, description, 'trade_id=' || (900 + ?2) || ', stop_loss=$1.00', created_at FROM activity_log
            WHERE activity_type = 'trade_opened' AND created_at = (SELECT opened_at FROM closed_trades WHERE id = ?1)",
            [id, fill],
        );
    }
    bot.settle_account();
    assert_eq!(findings(&bot, TWICE, &[]).len(), 0);
    // None is logged, but so this bot buys.
    let bot = BotFile::generation1();
    for level in 0..12_i64 {
        for _ in 0..3 {
            let (opened_at, closed_at) = (ago(9_000 - 600 * level), ago(8_700 - 600 * level));
            bot.closed_trade(|row| {
                (row.opened_at, row.closed_at) = (&opened_at, &closed_at);
                row.entry_price = 100.0 + level as f64;
            });
        }
    }
    assert_eq!(findings(&bot, TWICE, &[]).len(), 0);
    // Levels of a grid overlap: this bot holds several positions of a coin.
    let bot = BotFile::generation1();
    for level in 0..12_i64 {
        let (opened_at, closed_at) = (ago(9_000 - 60 * level), ago(1_000 - 60 * level));
        bot.closed_trade(|row| {
            (row.opened_at, row.closed_at) = (&opened_at, &closed_at);
            row.entry_price = 100.0 - level as f64;
        });
    }
    copy1(&bot, 7, 0, 1.0);
    assert_eq!(findings(&bot, TWICE, &[]).len(), 0);
}

#[test]
fn an_id_that_is_used_again_is_another_fault() {
    let bot = BotFile::generation2();
    for trade in 0..30_i64 {
        let exit_time = ago(trade * 2_000 + 600);
        let entry_time = after(&exit_time, -900);
        bot.journal_trade(|row| {
            row.coin = ["BTC", "DOGE", "APT"][(trade % 3) as usize];
            (row.entry_time, row.exit_time) = (&entry_time, &exit_time);
        });
    }
    bot.execute(
        "UPDATE trade_journal SET position_id = (SELECT position_id FROM trade_journal WHERE rowid = 1) WHERE rowid IN (4, 5)",
        [],
    );
    let text = only_finding(&bot, "position-id-reused");
    assert!(text.starts_with("medium") && text.contains("1 of 28 position ids"), "{text}");
    assert_eq!(findings(&bot, TWICE, &[]).len(), 0);
    // Each closing that the log tells has its own row.
    let (id, times): (String, Vec<String>) = (
        bot.value("SELECT position_id FROM trade_journal WHERE rowid = 1"),
        bot.rows("SELECT exit_time FROM trade_journal WHERE rowid IN (1, 4)", [], |row| row.get(0)),
    );
    for time in times {
        bot.quick_update(&id, "BTC", 1.0, &time.replace('T', " "));
    }
    assert_eq!(findings(&bot, "closing-logged-twice", &[]).len(), 0);
}

#[test]
fn a_healthy_bot_has_no_row_twice() {
    for bot in [Healthy::generation1(), Healthy::generation2()] {
        assert_eq!(alarms(&bot.write()), NOTHING);
    }
}

#[test]
fn equal_rows_of_which_nothing_else_tells_are_a_question() {
    let (bot, id) = healthy1();
    copy1(&bot, id, 0, 1.0);
    bot.execute("DELETE FROM activity_log WHERE activity_type LIKE 'trade_%'", []);
    bot.settle_account();
    let text = only_finding(&bot, TWICE);
    assert!(text.starts_with("medium") && text.contains("Nothing in the file tells how many"), "{text}");
    // One that the log proves is told beside it.
    let (bot, id) = healthy1();
    copy1(&bot, id, 0, 1.0);
    copy1(&bot, id - 9, 0, 1.0);
    bot.execute(
        "DELETE FROM activity_log WHERE activity_type LIKE 'trade_%' AND created_at <= (SELECT closed_at FROM closed_trades WHERE id = ?1 - 9)",
        [id],
    );
    assert_eq!(findings(&bot, TWICE, &[]).len(), 2);
    // Ids of their own are positions of their own.
    let bot = Healthy::generation2().write();
    bot.execute("UPDATE trade_journal SET condition_id = NULL", []);
    bot.execute("DELETE FROM activity_log WHERE activity_type = 'quick_update'", []);
    copy2(&bot, 400, "pos-other", 1, 1.0);
    assert_eq!(findings(&bot, TWICE, &[]).len(), 0);
}

#[test]
fn the_logged_profit_tells_parts_from_repetitions() {
    let with = |profits: &[f64], logged: &[f64]| {
        let bot = BotFile::generation2();
        for (number, profit) in profits.iter().enumerate() {
            bot.journal_trade(|row| {
                (row.position_id, row.coin, row.pnl_usd) = (Some("pos-1"), "SUI", Some(*profit));
                row.position_size_usd = 50.0 * profit;
            });
            bot.execute("UPDATE trade_journal SET id = 'part ' || ?1 WHERE id LIKE 'j-%'", [number as i64]);
        }
        for profit in logged {
            bot.quick_update("pos-1", "SUI", *profit, "2026-11-22 08:30:00");
        }
        findings(&bot, TWICE, &[])
    };
    for (profits, logged) in [
        (vec![0.3, 0.7], vec![1.0]),
        (vec![0.3, 0.7], vec![0.3, 0.7]),
        (vec![0.5, 0.5], vec![1.0]),
        (vec![0.34, 0.33, 0.33], vec![1.0]),
    ] {
        assert!(with(&profits, &logged).is_empty(), "{profits:?} {logged:?}");
    }
    // Two equal parts, or both written twice.
    assert_eq!(with(&[0.5, 0.5], &[0.5, 0.5])[0]["severity"], "medium");
    assert_eq!(with(&[1.0, 1.0], &[1.0])[0]["severity"], "critical");
    assert_eq!(with(&[1.0, 0.9], &[1.0])[0]["severity"], "critical");
}
