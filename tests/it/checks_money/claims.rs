//! Claims: what they rest on, what they weigh, and how they are worded.

use serde_json::Value;

use super::{Deal, assert_found, assert_silent, deal, found, results, shown, status_change, trades};
use crate::bot_file::{BotFile, after, ago};
use crate::monitor::{findings, report};

#[test]
fn a_mean_below_zero_is_claimed_with_its_interval_and_break_even() {
    let words = ["newest 60 trades", "-$0.750 a trade (95 %", "80.0 % must win", "50.0 % do"];
    assert_found(&trades(results(60, &[-2.0, 0.5])), "expectancy-negative", "medium", &words);
    assert_silent(&trades(results(60, &[-1.0, 1.2])), "expectancy-negative");
    assert_silent(&trades(results(20, &[-2.0, 0.5])), "expectancy-negative");
}

#[test]
fn exits_that_lose_on_average_are_claimed_by_their_kind() {
    let with = |sold: &[f64]| {
        let sales = results(40, sold).into_iter().map(|deal| Deal { reason: "llm_sell: weak", ..deal });
        results(40, &[1.0]).into_iter().chain(sales).collect::<Vec<_>>()
    };
    let words = ["Exits by llm_sell", "40 trades", "-$0.40 each on average (95 %"];
    let bot = trades(with(&[-1.0, 0.2]));
    bot.execute("UPDATE closed_trades SET exit_reason = exit_reason || id WHERE exit_reason LIKE '%:%'", []);
    assert_found(&bot, "exit-kind-loses", "low", &words);
    // The query has a row a kind, not one a text.
    assert_eq!(shown(&bot, &found(&bot, "exit-kind-loses")[0]), 2);
    assert_silent(&trades(with(&[-0.2, 0.3])), "exit-kind-loses");
}

#[test]
fn a_coin_that_loses_more_often_than_the_rest_is_claimed_once() {
    let with = |coin: &'static str| {
        let losers = results(40, &[-1.0]).into_iter().map(move |deal| Deal { coin, ..deal });
        results(100, &[1.0, 1.0, -1.0]).into_iter().chain(losers).collect::<Vec<_>>()
    };
    let words = ["coin dogecoin", "Of 40 trades", " 0 won", "-$40.00"];
    assert_found(&trades(with("dogecoin")), "group-wins-less", "medium", &words);
    assert_silent(&trades(results(140, &[1.0, 1.0, -1.0])), "group-wins-less");
}

#[test]
fn nights_that_lose_are_claimed() {
    // One trade every ten minutes for four days back from 09:00.
    let with = |night_pnl_usd: f64| {
        (0..576_i64).rev().map(move |place| {
            let hour = (9 * 60 - place * 10 - 6).rem_euclid(24 * 60) / 60;
            let day_pnl_usd = if place % 3 == 0 { -1.0 } else { 1.0 };
            deal(if (6..22).contains(&hour) { day_pnl_usd } else { night_pnl_usd * day_pnl_usd.abs() })
        })
    };
    let words = ["openings at night, from 22:00 to 06:00 UTC", " 0 won"];
    assert_found(&trades(with(-1.0)), "group-wins-less", "medium", &words);
    assert_silent(&trades(results(576, &[1.0, 1.0, -1.0])), "group-wins-less");
}

#[test]
fn a_streak_beyond_chance_is_claimed() {
    let with = |losses: usize| results(100, &[1.0, -1.0]).into_iter().chain(results(losses, &[-1.0]));
    assert_found(
        &trades(with(30)),
        "losing-streak",
        "medium",
        &["newest 31 trades all lost, $31.00", "49 %", "about 1 in"],
    );
    assert_silent(&trades(with(4)), "losing-streak");
}

#[test]
fn a_drawdown_counts_from_the_peak() {
    let with = |loss: f64| results(10, &[5.0]).into_iter().chain(results(10, &[loss]));
    assert_found(&trades(with(-20.0)), "drawdown", "medium", &["19.0 %", "$1050.00", "$850.00"]);
    assert_found(&trades(with(-30.0)), "drawdown", "high", &["28.6 %"]);
    assert_silent(&trades(with(-10.0)), "drawdown");
    let lost = trades(with(-120.0));
    assert_found(&lost, "drawdown", "high", &["balance is -$150.00", "Everything is lost"]);
    assert!(!found(&lost, "drawdown")[0].to_string().contains("to recover"));
    assert_eq!(report(&lost, &[])["report"]["account_health"]["exposure_utilization"], Value::Null);
}

#[test]
fn most_of_the_trades_in_one_coin_is_told() {
    let coins = ["solana", "pepe", "tron", "near"];
    let with = |most: usize| {
        let others = (0..60 - most).map(|place| Deal { coin: coins[place % 4], ..deal(-1.0) });
        results(most, &[1.0, -1.0]).into_iter().chain(others).collect::<Vec<_>>()
    };
    assert_found(&trades(with(40)), "concentration", "low", &["bitcoin has 40 of the newest 60"]);
    assert_silent(&trades(with(15)), "concentration");
    // One loss is all that was lost, and says nothing.
    let spread = (0..60)
        .map(|place| Deal { coin: (["bitcoin"].iter().chain(&coins)).nth(place % 5).unwrap(), ..deal(1.0) });
    assert_silent(&trades(spread.chain([deal(-0.2), deal(-0.3)])), "concentration");
    // Without any loss the trades still count.
    let others = (0..20).map(|place| Deal { coin: coins[place % 4], ..deal(1.0) });
    assert_found(&trades(results(40, &[1.0]).into_iter().chain(others)), "concentration", "low", &["$0.00"]);
}

#[test]
fn a_reduction_without_effect_is_claimed() {
    let with = |reduced_usd: f64| {
        let bot = BotFile::generation2();
        status_change(&bot, "ETC", "normal", "reduced", "2026-11-20 00:00:00");
        for place in 0..50 {
            let exit_time = ago(place * 900 + 60);
            let entry_time = after(&exit_time, -600);
            bot.journal_trade(|row| {
                row.coin = if place % 2 == 0 { "ETC" } else { "BTC" };
                let usual = if place % 2 == 0 { reduced_usd } else { 50.0 };
                row.position_size_usd = usual + (place % 5) as f64;
                row.entry_time = &entry_time;
                row.exit_time = &exit_time;
            });
        }
        bot
    };
    assert_found(&with(50.0), "reduced-coin-at-full-size", "low", &["25 trades in coins", "$52.00"]);
    assert_silent(&with(25.0), "reduced-coin-at-full-size");
}

#[test]
fn a_reduction_of_fixed_sizes_is_claimed_too() {
    let with = |reduced_usd: f64| {
        let bot = BotFile::generation2();
        status_change(&bot, "ETC", "normal", "reduced", "2026-11-20 00:00:00");
        for place in 0..50 {
            let exit_time = ago(place * 900 + 60);
            let entry_time = after(&exit_time, -600);
            bot.journal_trade(|row| {
                row.coin = if place % 2 == 0 { "ETC" } else { "BTC" };
                row.position_size_usd = if place % 2 == 0 { reduced_usd } else { 50.0 };
                (row.entry_time, row.exit_time) = (&entry_time, &exit_time);
            });
        }
        bot
    };
    let words = ["25 trades in coins", "had $50.00 on average", "made $25.00 together", "p < 0.000001"];
    let bot = with(50.0);
    assert_found(&bot, "reduced-coin-at-full-size", "low", &words);
    bot.execute("UPDATE trade_journal SET pnl_usd = -5 WHERE coin = 'ETC'", []);
    assert_found(&bot, "reduced-coin-at-full-size", "medium", &["made -$125.00 together"]);
    assert_silent(&with(40.0), "reduced-coin-at-full-size");
}

#[test]
fn a_rule_that_loses_and_is_followed_is_claimed() {
    let with = |wins, status: &'static str| {
        let bot = BotFile::generation1();
        bot.rule(|row| (row.success_count, row.failure_count, row.status) = (wins, 60, status));
        bot
    };
    assert_found(&with(5, "active"), "rule-loses", "medium", &["5 of 65 uses", "status is active"]);
    assert_silent(&with(50, "active"), "rule-loses");
    assert_silent(&with(5, "rejected"), "rule-loses");
    assert_found(&with(0, "active"), "rule-never-succeeded", "medium", &["60 failures"]);
    assert_silent(&with(0, "rejected"), "rule-never-succeeded");
}

#[test]
fn a_loss_that_never_varies_is_claimed() {
    let words =
        ["newest 100 trades", "-$1.000 a trade (all of them the same)", "0 of 100 won", "p < 0.000001"];
    assert_found(&trades(results(100, &[-1.0])), "expectancy-negative", "high", &words);
    assert_silent(&trades(results(100, &[0.0])), "expectancy-negative");
    assert_silent(&trades(results(100, &[1.0])), "expectancy-negative");
    let sold = results(40, &[-0.5]).into_iter().map(|deal| Deal { reason: "llm_sell: weak", ..deal });
    let bot = trades(results(40, &[1.0, 1.2]).into_iter().chain(sold));
    assert_found(&bot, "exit-kind-loses", "low", &["-$0.50 each on average (all of them the same)"]);
}

#[test]
fn ten_trades_that_all_lost_are_enough() {
    let losses = |count| trades(results(count, &[-1.0, -2.0]));
    assert_found(&losses(12), "expectancy-negative", "medium", &["newest 12 trades", "0 of 12 won"]);
    assert_silent(&losses(9), "expectancy-negative");
    assert_silent(&trades(results(12, &[-2.0, -2.0, -2.0, 0.5])), "expectancy-negative");
}

#[test]
fn wins_alone_do_not_make_a_loss_impossible() {
    let after_wins = |losses: usize| trades(results(60, &[1.0]).into_iter().chain(results(losses, &[-1.0])));
    assert_silent(&after_wins(2), "losing-streak");
    let words = [
        "newest 8 trades all lost, $8.00 together",
        "before them 0 % lost",
        "Even at 6 %",
        "less than 1 in a million",
    ];
    assert_found(&after_wins(8), "losing-streak", "medium", &words);
    // A trade that ended where it began is no win and no loss.
    let even = trades(results(60, &[1.0]).into_iter().chain(results(8, &[-1.0, 0.0])));
    assert_found(&even, "losing-streak", "medium", &["8 trades brought no win and cost $4.00 together"]);
}

/// The same test's claim weighs as much as what it is about has cost.
#[test]
fn a_claim_is_as_severe_as_its_effect() {
    let severity = |bot: &BotFile, id: &str| found(bot, id)[0]["severity"].as_str().unwrap().to_owned();
    for (result_usd, expected) in [(-0.02, "medium"), (-0.5, "medium"), (-2.0, "high")] {
        let bot = trades(results(100, &[result_usd, result_usd * 1.1]));
        assert_eq!(severity(&bot, "expectancy-negative"), expected, "{result_usd} a trade");
    }
    for (result_usd, expected) in [(-0.02, "low"), (-1.0, "medium"), (-4.0, "medium")] {
        let losers = results(40, &[result_usd]).into_iter().map(|deal| Deal { coin: "dogecoin", ..deal });
        let bot = trades(results(100, &[1.0, 1.0, -1.0]).into_iter().chain(losers));
        assert_eq!(severity(&bot, "group-wins-less"), expected, "{result_usd} a trade");
    }
    for (wins, losses, expected) in [(400, 600, "low"), (10, 40, "medium")] {
        let bot = BotFile::generation1();
        bot.rule(|row| (row.success_count, row.failure_count) = (wins, losses));
        assert_eq!(severity(&bot, "rule-loses"), expected, "{wins} wins, {losses} losses");
    }
}

#[test]
fn no_claim_prints_a_probability_of_zero() {
    let losers = results(60, &[-9.0, -11.0]).into_iter().map(|deal| Deal { coin: "dogecoin", ..deal });
    let bot = trades(results(100, &[1.0, 1.5]).into_iter().chain(losers));
    bot.rule(|row| (row.success_count, row.failure_count, row.status) = (1, 3_000, "active"));
    let report = report(&bot, &["--hours", "2"]).to_string();
    for claim in ["expectancy-negative", "group-wins-less", "losing-streak", "rule-loses"] {
        assert!(report.contains(&format!("check:{claim}")), "{claim} is silent");
    }
    for zero in ["0.0e0", "e-1", "e-2", "p = 0.000000", "p 0.0"] {
        let place = report.find(zero).map(|place| &report[place.saturating_sub(80)..place + 20]);
        assert_eq!(place, None, "{zero}");
    }
}

#[test]
fn the_coin_with_the_largest_share_is_named() {
    let with = |shares: &[(&'static str, usize, f64)]| {
        let deals = shares.iter().flat_map(|(coin, count, pnl_usd)| {
            results(*count, &[*pnl_usd]).into_iter().map(move |deal| Deal { coin, ..deal })
        });
        trades(deals.collect::<Vec<_>>())
    };
    let others = [("near", 4, 1.0), ("pepe", 4, 1.0), ("tron", 4, 1.0)];
    let both = [[("aptos", 51, -0.1), ("zcash", 35, -2.0)].as_slice(), &others].concat();
    assert_found(&with(&both), "concentration", "low", &["in one coin: zcash", "$70.00 of the $75.10"]);
}

#[test]
fn a_window_in_one_coin_is_told_beside_the_whole_history() {
    let coins = ["solana", "pepe", "tron", "near", "aptos"];
    let older = (0..300).map(|place| Deal { coin: coins[place % 5], ..deal([1.0, -1.0][place % 2]) });
    let newest = (0..60).map(|place| match place % 4 {
        0 => Deal { coin: "pepe", ..deal(-1.0) },
        _ => deal(if place % 8 < 4 { 1.0 } else { -1.0 }),
    });
    let bot = trades(older.chain(newest));
    let words = ["bitcoin has 45 of the newest 60 trades", "The bot trades 6 coins"];
    let found = findings(&bot, "concentration", &["--hours", "10"]);
    assert_eq!(found.len(), 1, "{found:#?}");
    for word in words {
        assert!(found[0].to_string().contains(word), "{word}: {found:#?}");
    }
    assert_silent(&bot, "concentration");
}

#[test]
fn who_has_lost_everything_may_open_nothing() {
    let bot = trades([deal(-1_100.0), deal(1.0)]);
    assert_found(&bot, "trade-size-over-limit", "high", &["1 of 2 trades", "size 50", "allowed 0"]);
}
