//! The words of every finding: a number and its noun agree, and no sign stands twice.

use crate::bot_file::{BotFile, ago};
use crate::monitor::report;

/// A 1 before a plural (`1 positions`), a verb that does not follow it (`1 of 9 trades have`), a doubled sign.
fn slips(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split([' ', '\n']).collect();
    let mut slips = Vec::new();
    for (place, pair) in words.windows(2).enumerate() {
        // `1 of 1 rows` is a share of rows.
        let is_share = place > 0 && words[place - 1] == "of";
        let noun = pair[1].trim_matches(|letter: char| !letter.is_alphanumeric());
        let is_plural = noun.len() > 3 && noun.ends_with('s') && !noun.ends_with("ss") && noun != "series";
        if pair[0].trim_start_matches('(') == "1" && is_plural && !is_share {
            slips.push(pair.join(" "));
        }
    }
    for sign in ["--", "+-", "-+", "++"] {
        slips.extend(text.find(sign).map(|_| format!("{sign} in {text}")));
    }
    for five in words.windows(5) {
        let is_one_of = five[..2] == ["1", "of"];
        if is_one_of && ["have", "are", "were", "store", "hold"].iter().any(|verb| five[3..].contains(verb)) {
            slips.push(five.join(" "));
        }
    }
    slips
}

fn assert_well_worded(bot: &BotFile, checks: &[&str]) {
    let report = report(bot, &["--hours", "1"]);
    for check in checks {
        assert!(report.to_string().contains(&format!("\"check:{check}\"")), "{check} is silent");
    }
    for finding in report["findings"].as_array().unwrap() {
        for field in ["title", "description", "recommendation"] {
            let text = finding[field].as_str().unwrap();
            assert_eq!(slips(text), Vec::<String>::new(), "{}: {text}", finding["source"]);
        }
        let evidence = finding["evidence"].as_str().unwrap();
        assert!(!evidence.contains("--"), "{evidence}");
    }
}

#[test]
fn slips_are_seen() {
    for text in ["1 positions are open", "stop at --2.00 %", "1 of 30 trades have no exit", "(1 coins)"] {
        assert_eq!(slips(text).len(), 1, "{text}");
    }
    let well = "1 position is open; 1 of 30 trades has no exit; 21 trades have one; at -2.00 %, +1.00";
    assert_eq!(slips(well), Vec::<String>::new());
}

#[test]
fn one_of_each_fault_of_the_first_generation() {
    let bot = BotFile::generation1();
    for trade in 1..30_i64 {
        let (opened_at, closed_at) = (ago(trade * 4_000 + 900), ago(trade * 4_000));
        bot.closed_trade(|row| (row.opened_at, row.closed_at) = (&opened_at, &closed_at));
    }
    bot.execute("UPDATE closed_trades SET pnl_usd = 9 WHERE id = 2", []);
    bot.execute("UPDATE closed_trades SET duration_seconds = 7 WHERE id = 3", []);
    bot.execute("UPDATE closed_trades SET closed_at = opened_at, opened_at = closed_at, duration_seconds = -900 WHERE id = 4", []);
    bot.execute("UPDATE closed_trades SET size_usd = 500 WHERE id = 5", []);
    bot.execute("UPDATE closed_trades SET rule_ids_used = '77' WHERE id = 6", []);
    bot.execute("UPDATE closed_trades SET rule_ids_used = '1' WHERE id IN (8, 9)", []);
    bot.execute("UPDATE closed_trades SET pnl_pct = 40 WHERE id = 7", []);
    bot.execute("UPDATE account_state SET balance = 1000 + (SELECT sum(pnl_usd) FROM closed_trades)", []);
    bot.open_trade(|row| row.opened_at = "2026-11-18 00:00:00");
    bot.rule(|row| (row.success_count, row.failure_count) = (0, 20));
    for coin in ["bitcoin", "solana", "pepe", "tron"] {
        bot.market_price(coin, 100.0, &ago(3_000));
    }
    bot.activity("market_data", "Batch fetched 4 coins with volume", None, &ago(10));
    let checks = [
        "pnl-contradicts-prices",
        "duration-contradicts-times",
        "closed-before-opened",
        "trade-size-over-limit",
        "dangling-reference",
        "pnl-percent-contradicts-pnl",
        "position-stale",
        "prices-stale",
        "account-contradicts-trades",
    ];
    assert_well_worded(&bot, &checks);
}

#[test]
fn one_of_each_fault_of_the_second_generation() {
    let bot = BotFile::generation2();
    for trade in 1..40_i64 {
        let (entry_time, exit_time) = (ago(trade * 4_000 + 900), ago(trade * 4_000));
        bot.journal_trade(|row| (row.entry_time, row.exit_time) = (&entry_time, &exit_time));
    }
    bot.execute("UPDATE trade_journal SET pnl_usd = NULL WHERE rowid = 3", []);
    bot.execute("UPDATE trade_journal SET status = 'closed' WHERE rowid = 20", []);
    bot.execute("UPDATE trade_journal SET stop_loss_price = 98, take_profit_price = 90 WHERE rowid = 5", []);
    bot.journal_open(|row| row.entry_time = "2026-11-20 03:00:00");
    bot.execute(
        "INSERT INTO coin_adaptations (coin, timestamp, old_status, new_status, reason, created_at)
        VALUES ('BTC', ?1, 'normal', 'blacklisted', 'Win rate', ?1)",
        [ago(7_000)],
    );
    let checks = ["closed-without-exit", "trade-stuck-in-status", "levels-on-wrong-side", "blacklist-broken"];
    assert_well_worded(&bot, &checks);
}
