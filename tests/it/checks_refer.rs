//! Rows that point to nothing or to the wrong row, and rows that contradict each other.

use serde_json::Value;

use crate::bot_file::{BotFile, NOW, after, ago};
use crate::monitor::{assert_found_after, command, findings, finish, found, report};

/// Thirty trades of three coins, none of which overlap within a coin.
fn generation1() -> BotFile {
    let bot = BotFile::generation1();
    for trade in 0..30_i64 {
        let closed_at = ago(trade * 2_000 + 600);
        let opened_at = after(&closed_at, -900);
        bot.closed_trade(|row| {
            row.coin_name = ["bitcoin", "solana", "pepe"][(trade % 3) as usize];
            (row.opened_at, row.closed_at) = (&opened_at, &closed_at);
        });
    }
    bot
}

/// The same of the second generation.
fn generation2() -> BotFile {
    let bot = BotFile::generation2();
    for trade in 0..30_i64 {
        let exit_time = ago(trade * 2_000 + 600);
        let entry_time = after(&exit_time, -900);
        bot.journal_trade(|row| {
            row.coin = ["BTC", "DOGE", "APT"][(trade % 3) as usize];
            (row.entry_time, row.exit_time) = (&entry_time, &exit_time);
        });
    }
    bot
}

#[test]
fn a_position_closes_once() {
    let twice = |bot: &BotFile| {
        bot.execute("INSERT INTO closed_trades SELECT 900, coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct, entry_reason, exit_reason, opened_at, closed_at, duration_seconds, rule_ids_used FROM closed_trades WHERE id = 4", []);
    };
    assert_found_after(
        &generation1(),
        "trade-recorded-twice",
        twice,
        &["medium", "Nothing in the file tells how many", "instrument bitcoin", "+1.00"],
    );
    let same_position = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET (position_id, entry_time, exit_time) = (SELECT position_id, entry_time, exit_time FROM trade_journal WHERE rowid = 1) WHERE rowid = 4", []);
    };
    assert_found_after(
        &generation2(),
        "trade-recorded-twice",
        same_position,
        &["1 of 30 rows", "instrument BTC"],
    );
}

#[test]
fn a_closing_is_logged_once() {
    let bot = generation2();
    let position: String = bot.value("SELECT position_id FROM trade_journal WHERE rowid = 2");
    bot.quick_update(&position, "DOGE", 1.0, &ago(2_600));
    let again = |bot: &BotFile| {
        bot.quick_update(&position, "DOGE", 1.0, &ago(300));
    };
    assert_found_after(
        &bot,
        "closing-logged-twice",
        again,
        &["high", "1 of 2 logged closings", "(DOGE)", "again_at 2026-11-22 08:55:00 UTC, again_pnl 1,"],
    );
    assert_eq!(findings(&bot, "closing-contradicts-log", &[]), Vec::<Value>::new());
}

#[test]
fn an_open_position_was_not_closed() {
    let bot = generation2();
    bot.journal_open(|trade| {
        (trade.coin, trade.position_id, trade.entry_time) = ("SUI", Some("pos-9"), "2026-11-22 07:00:00")
    });
    let logged = |bot: &BotFile| {
        bot.quick_update("pos-9", "SUI", -2.0, &ago(1_800));
    };
    assert_found_after(
        &bot,
        "open-position-was-closed",
        logged,
        &["critical", "1 of 1 open positions", "closed in the log at 2026-11-22 08:30:00 UTC"],
    );
    assert_eq!(findings(&bot, "closing-contradicts-log", &[]), Vec::<Value>::new());

    let bot = generation1();
    let same = |bot: &BotFile| {
        bot.open_trade(|trade| (trade.coin_name, trade.opened_at) = ("solana", "2026-11-22 08:01:40"));
    };
    assert_found_after(&bot, "open-position-was-closed", same, &["closed as trade 2, "]);
}

#[test]
fn a_closing_of_another_position_under_the_same_number_is_none_of_this_one() {
    let bot = generation1();
    let closed = |id: &str, at: &str| {
        let details = format!("trade_id={id}, entry=$1.00");
        bot.activity("trade_closed", "CLOSED solana @ $1.00 P&L: $-0.50 (stop_loss)", details.as_str(), at);
    };
    let silent = |more: &[&str]| {
        assert_eq!(findings(&bot, "open-position-was-closed", more), Vec::<Value>::new(), "{more:?}")
    };
    // Open at 08:25, known by the number of its closed trade only.
    closed("2", "2026-11-22 08:10:00");
    silent(&["--as-of", "2026-11-22T08:18:00Z"]);
    closed("1", "2026-11-22 08:20:00");
    bot.open_trade(|trade| (trade.coin_name, trade.opened_at) = ("solana", "2026-11-22 08:40:00"));
    silent(&[]);
    closed("1", "2026-11-22 08:50:00");
    assert_eq!(findings(&bot, "open-position-was-closed", &[]).len(), 1);
}

#[test]
fn an_exit_that_only_the_wrong_zone_puts_after_now_is_no_closed_position() {
    // The bot is in India, the monitor in New York, and no row carries both clocks but the log of the closings.
    for logged_later_seconds in [0, 400] {
        let bot = BotFile::generation2().host_offset_seconds(19_800);
        for trade in 0..5_i64 {
            let exit_time = ago(trade * 2_000 + 900);
            let (entry_time, id) = (after(&exit_time, -43_200), format!("pos-{trade}"));
            bot.journal_trade(|row| {
                row.position_id = Some(&id);
                (row.entry_time, row.exit_time) = (&entry_time, &exit_time);
            });
            bot.quick_update(&id, "BTC", 1.0, &after(&exit_time, logged_later_seconds));
        }
        let mut command = command(["--no-llm", "--dry-run", "--format", "json", "--as-of", NOW, "--db"]);
        command.arg(bot.path()).env("TZ", "EST5EDT,M3.2.0,M11.1.0");
        let report = finish(command).json();
        assert_eq!(found(&report, "open-position-was-closed"), Vec::<&Value>::new());
    }
}

#[test]
fn a_forgotten_position_is_reported_once() {
    let bot = generation2();
    bot.journal_open(|trade| trade.coin = "SUI");
    let forgotten = |bot: &BotFile| {
        bot.journal_open(|trade| (trade.coin, trade.entry_time) = ("APT", "2026-11-18 09:00:00"));
    };
    assert_found_after(
        &bot,
        "position-forgotten",
        forgotten,
        &["critical", "1 of 2 open positions", "APT", "opened_at 2026-11-18 09:00:00"],
    );
    assert_eq!(findings(&bot, "position-stale", &[]), Vec::<Value>::new());
}

#[test]
fn a_closed_trade_has_an_exit() {
    let unfinished = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET exit_time = NULL, pnl_usd = NULL WHERE rowid = 5", []);
    };
    assert_found_after(
        &generation2(),
        "closed-without-exit",
        unfinished,
        &["high", "1 of 30", "without time and profit"],
    );
}

#[test]
fn a_trade_does_not_stay_half_finished() {
    let stuck = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET status = 'closed' WHERE rowid IN (1, 20, 25)", []);
    };
    let words = ["low", "2 of 30", "27 others", "has missed them."];
    let bot = generation2();
    assert_found_after(&bot, "trade-stuck-in-status", stuck, &words);
    // At an earlier moment those that the step has finished since were not finished.
    bot.execute(
        "UPDATE trade_journal SET updated_at = datetime(exit_time, '+30 minutes') WHERE status = 'post_tracked'",
        [],
    );
    let found = findings(&bot, "trade-stuck-in-status", &["--as-of", "2026-11-22T08:20:00Z"]);
    assert!(found[0].to_string().contains("2 of 29 trades have"), "{found:#?}");
    assert!(found[0].to_string().contains("26 others became"), "{found:#?}");
}

#[test]
fn a_step_that_finishes_no_trade_any_more_has_stopped() {
    let stopped = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET status = 'closed' WHERE rowid <= 20", []);
    };
    let words = ["medium", "10 of 30", "10 others", "none of the 10", "the step has stopped"];
    assert_found_after(&generation2(), "trade-stuck-in-status", stopped, &words);
    let never = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET status = 'closed'", []);
    };
    let words = ["medium", "20 of 30", "Not one trade has become 'post_tracked'"];
    assert_found_after(&generation2(), "trade-stuck-in-status", never, &words);
}

#[test]
fn a_trade_is_open_or_closed() {
    let halfway = |status: &str| {
        let bot = generation2();
        bot.journal_open(|row| (row.coin, row.entry_time) = ("SOL", "2026-11-20 08:00:00"));
        bot.journal_open(|_| ());
        bot.execute("UPDATE trade_journal SET status = ?1 WHERE coin = 'SOL'", [status]);
        bot
    };
    let told = |bot: &BotFile| findings(bot, "trade-neither-open-nor-closed", &[]);
    for status in ["closing", "OPEN", "", "error: no price"] {
        let bot = halfway(status);
        let found = told(&bot);
        assert_eq!(found.len(), 1, "{status}");
        assert_eq!(
            (&found[0]["severity"], found[0]["title"].as_str().unwrap()),
            (&"high".into(), "Trades in trade_journal are neither open nor closed")
        );
        let description = found[0]["description"].as_str().unwrap();
        assert!(description.contains(&format!("('{status}'), by")), "{description}");
        assert!(description.contains("20 hours: 1, of 50.00."), "{description}");
    }
    for status in
        ["open", "cancelled", "REJECTED", "expired at a loss", "failed", "limit_order", "unfilled", "paper"]
    {
        assert!(told(&halfway(status)).is_empty(), "{status}");
    }
    // Just now, or with a result.
    let bot = halfway("closing");
    bot.execute("UPDATE trade_journal SET updated_at = '2026-11-22T08:59:30' WHERE coin = 'SOL'", []);
    assert!(told(&bot).is_empty());
    bot.execute("UPDATE trade_journal SET updated_at = entry_time, exit_time = entry_time, pnl_usd = 1 WHERE coin = 'SOL'", []);
    assert!(told(&bot).is_empty());
}

#[test]
fn a_bot_has_its_own_word_for_open() {
    for (word, positions) in [("OPEN", 2), ("active", 2), ("closing", 0)] {
        let bot = generation2();
        bot.journal_open(|row| (row.coin, row.entry_time) = ("SOL", "2026-11-20 08:00:00"));
        bot.journal_open(|_| ());
        bot.execute("UPDATE trade_journal SET status = ?1 WHERE status = 'open'", [word]);
        let stuck = usize::from(positions == 0);
        assert_eq!(findings(&bot, "trade-neither-open-nor-closed", &[]).len(), stuck, "{word}");
        let report = report(&bot, &[]);
        assert_eq!(report["report"]["account_health"]["open_positions"], positions, "{word}");
    }
}

#[test]
fn a_learning_is_about_its_trade() {
    let bot = generation1();
    for trade in 1..=9 {
        let created_at: String = bot.value(&format!(
            "SELECT datetime(closed_at, '+30 seconds') FROM closed_trades WHERE id = {trade}"
        ));
        let happened = format!(
            "A long position in {} near support",
            ["BITCOIN", "SOLANA", "PEPE"][(trade as usize - 1) % 3]
        );
        bot.learning(|row| {
            (row.trade_id, row.what_happened, row.created_at) = (Some(trade), &happened, &created_at);
            row.lesson = "Wait";
        });
    }
    let shifted = |bot: &BotFile| {
        bot.execute("UPDATE learnings SET trade_id = trade_id + 1", []);
    };
    assert_found_after(
        &bot,
        "learning-of-another-trade",
        shifted,
        &["high", "9 of 9", "trade_id 2, coin_of_trade solana, coin_of_learning bitcoin"],
    );
    let bot = generation1();
    bot.learning(|row| (row.trade_id, row.created_at) = (Some(9), "2026-11-22 08:55:00"));
    let early = |bot: &BotFile| {
        bot.execute("UPDATE learnings SET created_at = '2026-11-20 08:55:00'", []);
    };
    assert_found_after(&bot, "learning-of-another-trade", early, &["were written before the trade closed"]);
}

#[test]
fn an_id_points_to_a_row() {
    let bot = generation1();
    bot.learning(|row| row.trade_id = Some(3));
    let dangling = |bot: &BotFile| {
        bot.learning(|row| row.trade_id = Some(4_000));
    };
    assert_found_after(
        &bot,
        "dangling-reference",
        dangling,
        &["medium", "1 of 2 ids in learnings.trade_id", "names 4000"],
    );
    let bot = generation1();
    bot.rule(|rule| (rule.success_count, rule.failure_count) = (1, 0));
    bot.execute("UPDATE closed_trades SET rule_ids_used = '1' WHERE id = 1", []);
    let invented = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET rule_ids_used = '1,122' WHERE id = 2", []);
    };
    assert_found_after(
        &bot,
        "dangling-reference",
        invented,
        &["1 of 3 ids in closed_trades.rule_ids_used", "row 2 names 122"],
    );
}

#[test]
fn a_coin_is_not_refused_for_its_spelling() {
    let bot = generation1();
    bot.market_price("cardano", 0.9, &ago(30));
    bot.activity(
        "trade_rejected",
        "No market data for MATIC. Cannot execute trade without real price.",
        None,
        &ago(400),
    );
    let refused = |bot: &BotFile| {
        for minute in 1..4 {
            bot.activity(
                "trade_rejected",
                "No market data for CARDANO. Cannot execute trade without real price.",
                None,
                &ago(60 * minute),
            );
        }
    };
    assert_found_after(
        &bot,
        "coin-refused-for-its-spelling",
        refused,
        &["high", "rejected CARDANO, has_price cardano"],
    );
    // It stops few of many proposals.
    for minute in 10..50 {
        bot.activity("llm_decision", "BUY (confidence: 0.70)", None, &ago(60 * minute));
        bot.activity("market_data", "Batch fetched 44 coins with volume", None, &ago(60 * minute));
    }
    let found = findings(&bot, "coin-refused-for-its-spelling", &[]);
    assert_eq!(found[0]["severity"], "medium", "{found:#?}");
}

#[test]
fn a_coin_has_one_spelling() {
    let bot = generation1();
    bot.cooldown("solana", &ago(60));
    let split = |bot: &BotFile| bot.cooldown("SOLANA ", &ago(60));
    assert_found_after(
        &bot,
        "coin-spelling-splits",
        split,
        &["medium", "\"SOLANA \" (cooldown) and \"solana\" (trade)"],
    );
}

#[test]
fn each_generation_has_its_own_names() {
    let bot = BotFile::upgraded();
    bot.closed_trade(|trade| trade.coin_name = "near");
    bot.journal_trade(|trade| trade.coin = "NEAR");
    assert_eq!(findings(&bot, "coin-spelling-splits", &[]), Vec::<Value>::new());
}

#[test]
fn a_rule_exists_once() {
    let bot = generation1();
    bot.rule(|rule| rule.rule_text = "When BTC drops 5%, WAIT");
    bot.rule(|rule| rule.rule_text = "When BTC drops 6%, WAIT");
    let again = |bot: &BotFile| {
        bot.rule(|rule| rule.rule_text = "when btc drops 5%  wait.");
    };
    assert_found_after(
        &bot,
        "duplicate-rules",
        again,
        &["medium", "same_as 1, text when btc drops 5%  wait. (trading_rules 3)"],
    );
    let bot = generation2();
    bot.regime_rule(|rule| rule.rule_id = "a");
    bot.regime_rule(|rule| rule.rule_id = "b");
    let found = findings(&bot, "duplicate-rules", &[]).remove(0);
    let text = found["evidence"].as_str().unwrap();
    assert!(text.contains("same_as a, text Reduce trading during hours [11] (auto-generated"), "{text}");
}

#[test]
fn equal_conditions_do_not_wait_together() {
    let bot = generation2();
    for (number, seconds) in [1_000, 2_000, 3_000].into_iter().enumerate() {
        let (id, at) = (format!("c{number}"), ago(seconds));
        bot.condition(|row| (row.id, row.created_at) = (&id, &at));
    }
    let together = |bot: &BotFile| {
        for number in 3..5 {
            let id = format!("c{number}");
            bot.condition(|row| (row.id, row.created_at) = (&id, "2026-11-22 08:43:00"));
        }
    };
    assert_found_after(
        &bot,
        "duplicate-conditions",
        together,
        &["medium", "2 of 5 conditions", "BTC, side long, trigger_price 100"],
    );
}

#[test]
fn nothing_happens_before_it_exists() {
    let bot = generation1();
    bot.rule(|rule| rule.created_at = "2026-11-22 06:00:00");
    let early = |bot: &BotFile| {
        bot.execute("UPDATE trading_rules SET last_used = '2026-11-21 06:00:00'", []);
    };
    assert_found_after(
        &bot,
        "times-out-of-order",
        early,
        &["medium", "In 1 of 1 rules the last use lies before the creation"],
    );
    let bot = generation1();
    bot.rule(|rule| {
        (rule.created_at, rule.success_count, rule.failure_count) = ("2026-11-22 06:00:00", 1, 0)
    });
    let carried = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET rule_ids_used = '1' WHERE id = 20", []);
    };
    assert_found_after(&bot, "times-out-of-order", carried, &["(closed_trades 20)"]);
}

#[test]
fn trades_without_a_closing_time_are_told_among_however_many() {
    let bot = BotFile::generation1();
    bot.trade_each_minute(-2_400..=-1);
    let forgotten = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET closed_at = '' WHERE id <= 3", []);
    };
    assert_found_after(&bot, "closed-without-exit", forgotten, &["high", "3 of ", "without time"]);
    assert_eq!(findings(&bot, "closing-contradicts-log", &[]).len(), 0);
}
