//! Tables that nobody writes, that only grow, or that keep what has expired.

use super::{assert_says, assert_silent, other_table};
use crate::bot_file::{BotFile, ago};
use crate::monitor::findings;

/// Ten days of trades, with a row of `audits` for each one older than so many hours.
fn audited_until(hours_ago: i64) -> BotFile {
    let bot = BotFile::generation1();
    bot.execute("CREATE TABLE audits (id INTEGER PRIMARY KEY, trade_id INTEGER, created_at TEXT)", []);
    bot.execute("BEGIN", []);
    for trade in (0..240_i64).rev() {
        let (opened_at, closed_at) = (ago(trade * 3_600 + 2_000), ago(trade * 3_600 + 200));
        let id = bot.closed_trade(|row| (row.opened_at, row.closed_at) = (&opened_at, &closed_at));
        if trade >= hours_ago {
            bot.execute("INSERT INTO audits (trade_id, created_at) VALUES (?1, ?2)", (id, &closed_at));
        }
    }
    bot.execute("COMMIT", []);
    bot
}

#[test]
fn a_table_that_stops_while_its_neighbour_goes_on_is_abandoned() {
    let check = "table-abandoned";
    let bot = audited_until(60);
    assert_says(
        &bot,
        check,
        &["The table audits is no longer written", "medium", "missing 60", "other_name closed_trades"],
    );
    assert_silent(&audited_until(10), check);
    bot.execute("CREATE TABLE audits_v2 (id INTEGER PRIMARY KEY, created_at TEXT)", []);
    for hour in (0..60).rev() {
        bot.execute("INSERT INTO audits_v2 (created_at) VALUES (?1)", [ago(hour * 3_600)]);
    }
    assert_silent(&bot, check);
}

#[test]
fn a_table_about_trades_that_none_has_filled_was_never_written() {
    let check = "table-never-written";
    let bot = audited_until(1_000);
    assert_says(
        &bot,
        check,
        &["The table audits was never written", "low", "parent closed_trades, parent_rows 240"],
    );
    bot.execute("INSERT INTO audits (trade_id) VALUES (7)", []);
    assert_silent(&bot, check);
}

#[test]
fn a_table_without_its_first_row_is_told_as_soon_as_its_parents_are_a_day_old() {
    let with = |trades: i64| {
        let bot = BotFile::generation1();
        bot.execute("CREATE TABLE audits (id INTEGER PRIMARY KEY, trade_id INTEGER, created_at TEXT)", []);
        for trade in (0..trades).rev() {
            let (opened_at, closed_at) = (ago(trade * 3_600 + 2_000), ago(trade * 3_600 + 200));
            bot.closed_trade(|row| (row.opened_at, row.closed_at) = (&opened_at, &closed_at));
        }
        bot
    };
    assert_says(
        &with(49),
        "table-never-written",
        &["The table audits was never written", "parent closed_trades, parent_rows 49"],
    );
    assert_silent(&with(30), "table-never-written");
}

#[test]
fn expired_rows_that_nobody_removes_pile_up() {
    let check = "expired-rows-pile-up";
    let expiring = |life: i64| {
        other_table("expires_at TEXT", 200, move |row| format!("'{}'", ago((200 - row) * 1_000 - life)))
    };
    assert_says(&expiring(600), check, &["Expired rows of signals", "low", "199 of 200 rows"]);
    assert_silent(&expiring(100_000), check);
}

#[test]
fn rows_that_expire_at_midnight_are_compared_as_text() {
    let check = "expiry-compared-as-text";
    let bot = |oldest_hours: i64| {
        let bot = BotFile::generation2();
        bot.activity("strategist", "Generated 1 conditions", None, &ago(5 * 86_400));
        for condition in 0..oldest_hours * 12 {
            let (id, at) = (format!("c{condition}"), ago(condition * 300 + 10));
            bot.condition(|row| (row.id, row.created_at) = (&id, &at));
        }
        bot
    };
    // Nine hours since midnight, twelve conditions each.
    assert_says(
        &bot(9),
        check,
        &["Expired rows of active_conditions stay until midnight", "low", "of 108 rows"],
    );
    // It tells the cause: the same rows are not told again.
    let bot_of_today = bot(9);
    assert_silent(&bot_of_today, "expired-rows-pile-up");
    // Nor left to a check that does not run.
    let config = bot_of_today.folder().join("off.toml");
    std::fs::write(&config, "[checks.expiry-compared-as-text]\nenabled = false\n").unwrap();
    let told = findings(&bot_of_today, "expired-rows-pile-up", &["--config", config.to_str().unwrap()]);
    assert_eq!(told.len(), 1);
    assert_silent(&bot(1), check);
    assert_silent(&bot(5), check);
    assert_silent(&bot(20), check);
}

#[test]
fn a_table_from_which_nothing_is_deleted_grows_without_bound() {
    let check = "table-grows-without-bound";
    let bot = other_table("prompt TEXT", 1_200, |_| "zeroblob(50000)".to_owned());
    assert_says(
        &bot,
        check,
        &["Nothing is ever deleted from signals", "low", "rows 1200, rows_a_day 86.", "gigabytes_a_year 1.5"],
    );
    bot.execute("DELETE FROM signals WHERE id <= 100", []);
    assert_silent(&bot, check);
}
