//! Nights in which the host's clock is changed: an hour of local time that comes twice in autumn, and one that
//! never comes in spring. What only one reading of such a time shows is no fault.
//!
//! Rows are given as the host's clock shows them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bot_file::{BotFile, NOW, after};
use crate::monitor::{command, finish, found};

/// As POSIX writes time zones, so that no list of them need be installed: the clocks of New York, and of Berlin.
const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// How the host's zone is known.
#[derive(Debug, Clone, Copy)]
enum Zone {
    /// It is this machine's.
    Machine(&'static str),
    /// By hourly snapshots around a change from one offset to another, on a machine in UTC.
    Measured { change_utc: &'static str, before: i64, after: i64 },
    /// By the same snapshots on a machine of that zone.
    Both { zone: &'static str, change_utc: &'static str, before: i64, after: i64 },
}

const HOUR: i64 = 3_600;
/// Of 2026.
const NEW_YORK_IN_AUTUMN: [Zone; 3] = [
    Zone::Machine(NEW_YORK),
    Zone::Measured { change_utc: "2026-11-01 06:00:00", before: -4 * HOUR, after: -5 * HOUR },
    Zone::Both { zone: NEW_YORK, change_utc: "2026-11-01 06:00:00", before: -4 * HOUR, after: -5 * HOUR },
];

impl Zone {
    /// The report of a dry run, after the zone's snapshots have been written.
    fn report(self, bot: &BotFile, flags: &[&str]) -> Value {
        let (zone, change) = match self {
            Self::Machine(zone) => (zone, None),
            Self::Measured { change_utc, before, after } => ("UTC", Some((change_utc, before, after))),
            Self::Both { zone, change_utc, before, after } => (zone, Some((change_utc, before, after))),
        };
        if let Some((change_utc, before, behind)) = change {
            bot.execute("DELETE FROM profit_snapshots", []);
            for hour in -30..=30 {
                // Written at 00:00:02 of each hour, as the bot does.
                let utc = after(change_utc, hour * HOUR + 2);
                let local = after(&utc, if hour < 0 { before } else { behind });
                bot.snapshot(&local.replace(' ', "T"), &utc);
            }
        }
        let mut command = command(["--no-llm", "--dry-run", "--format", "json", "--as-of", NOW, "--db"]);
        command.arg(bot.path()).args(flags).env("TZ", zone);
        let report = finish(command).json();
        assert_eq!(report["analysis"]["checks"]["error"], Value::Null);
        report
    }
}

/// The checks that find something, but for those that look at the snapshots.
fn checks(report: &Value) -> BTreeSet<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let sources = findings.map(|finding| finding["source"].as_str().unwrap().to_owned());
    sources.filter(|source| !source.contains("snapshot") && !source.contains("clocks-disagree")).collect()
}

/// A closed trade by the host's clock, which took so long.
fn trade(bot: &BotFile, coin: &'static str, from: &str, to: &str, seconds: i64) {
    bot.journal_trade(|row| {
        (row.coin, row.entry_time, row.exit_time) = (coin, from, to);
        row.duration_seconds = Some(seconds);
    });
}

/// The check tells of the night, and not under any way to know the zone of the other one.
fn assert_only_on(night: fn(&str) -> BotFile, ordinary: &str, changed: &str, zones: &[Zone], check: &str) {
    for zone in zones {
        let report = zone.report(&night(ordinary), &[]);
        assert!(!found(&report, check).is_empty(), "{check} is silent on {ordinary}, {zone:?}");
        let report = zone.report(&night(changed), &[]);
        assert!(found(&report, check).is_empty(), "{zone:?}: {:#?}", found(&report, check));
    }
}

#[test]
fn two_trades_of_a_repeated_hour_do_not_overlap() {
    // 05:18:03 to 05:28:57 UTC, and 06:21:17 to 06:33:34 UTC.
    let night = |day: &str| {
        let bot = BotFile::generation2();
        let at = |time: &str| format!("{day} {time}");
        trade(&bot, "BTC", &at("01:18:03"), &at("01:28:57"), 654);
        trade(&bot, "BTC", &at("01:21:17"), &at("01:33:34"), 737);
        bot
    };
    assert_only_on(night, "2026-11-15", "2026-11-01", &NEW_YORK_IN_AUTUMN, "positions-over-limit");
    for zone in NEW_YORK_IN_AUTUMN {
        let alone = BotFile::generation2();
        trade(&alone, "BTC", "2026-11-01 01:18:03", "2026-11-01 01:28:57", 654);
        let (alone, both) = (zone.report(&alone, &[]), zone.report(&night("2026-11-01"), &[]));
        assert_eq!(checks(&alone), checks(&both), "{zone:?}");
    }
}

#[test]
fn positions_that_overlap_under_every_reading_are_still_told() {
    for zone in NEW_YORK_IN_AUTUMN {
        let bot = BotFile::generation2();
        trade(&bot, "BTC", "2026-10-31 22:30:00", "2026-11-01 04:30:00", 25_200);
        trade(&bot, "BTC", "2026-11-01 01:21:17", "2026-11-01 01:33:34", 737);
        assert_eq!(found(&zone.report(&bot, &[]), "positions-over-limit").len(), 1, "{zone:?}");
    }
}

#[test]
fn a_zone_that_is_not_the_machine_s_is_that_of_the_file() {
    // In Berlin nothing happens that night, and the host's clock is not Berlin's.
    let measured =
        Zone::Both { zone: BERLIN, change_utc: "2026-11-01 06:00:00", before: -4 * HOUR, after: -5 * HOUR };
    let night = |zone: Zone| {
        let bot = BotFile::generation2();
        trade(&bot, "BTC", "2026-11-01 01:18:03", "2026-11-01 01:28:57", 654);
        trade(&bot, "BTC", "2026-11-01 01:21:17", "2026-11-01 01:33:34", 737);
        found(&zone.report(&bot, &[]), "positions-over-limit").len()
    };
    assert_eq!(night(measured), 0);
    assert_eq!(night(Zone::Machine(BERLIN)), 1);
}

#[test]
fn durations_across_a_clock_change_agree_by_either_clock() {
    let berlin_in_autumn = [
        Zone::Machine(BERLIN),
        Zone::Measured { change_utc: "2026-10-25 01:00:00", before: 2 * HOUR, after: HOUR },
    ];
    let autumn = |day: &str| {
        let bot = BotFile::generation2();
        // Twenty minutes, from the first 02:50 to the second 02:10, and ten minutes of the second hour.
        trade(&bot, "BTC", &format!("{day} 02:50:00"), &format!("{day} 02:10:00"), 1_200);
        trade(&bot, "ETH", &format!("{day} 02:50:00"), &format!("{day} 03:10:00"), 1_200);
        trade(&bot, "SOL", &format!("{day} 02:50:00"), &format!("{day} 03:10:00"), 4_800);
        bot
    };
    assert_only_on(autumn, "2026-11-08", "2026-10-25", &berlin_in_autumn, "duration-contradicts-times");
    assert_only_on(
        |day| {
            let bot = BotFile::generation2();
            trade(&bot, "BTC", &format!("{day} 02:50:00"), &format!("{day} 02:10:00"), -2_400);
            bot
        },
        "2026-11-08",
        "2026-10-25",
        &berlin_in_autumn,
        "closed-before-opened",
    );
    // From 01:50 to 03:10 twenty minutes have passed; the bot that subtracts its texts stores eighty.
    for stored in [1_200, 4_800] {
        let bot = BotFile::generation2();
        trade(&bot, "BTC", "2026-03-29 01:50:00", "2026-03-29 03:10:00", stored);
        let report = Zone::Machine(BERLIN).report(&bot, &[]);
        assert!(found(&report, "duration-contradicts-times").is_empty(), "{stored} s");
    }
    let bot = BotFile::generation2();
    trade(&bot, "BTC", "2026-10-25 02:10:00", "2026-10-25 02:40:00", 600);
    let report = Zone::Machine(BERLIN).report(&bot, &[]);
    assert_eq!(found(&report, "duration-contradicts-times").len(), 1);
}

#[test]
fn a_clock_change_that_no_snapshot_shows_yet_is_no_wrong_duration() {
    // Snapshots until 01:00 by the clock before the change of 02:00 to 01:00, and four trades since.
    for (from, to, seconds, told) in [
        ("00:50:00", "01:10:00", 4_800, 0),
        ("01:40:00", "01:15:00", 2_100, 0),
        ("00:10:00", "00:40:00", 1_800, 0),
        ("01:10:00", "01:40:00", 600, 1),
    ] {
        let bot = BotFile::generation2();
        for hour in 0..20 {
            let utc = after("2026-11-01 05:00:02", -hour * HOUR);
            bot.snapshot(&after(&utc, -4 * HOUR).replace(' ', "T"), &utc);
        }
        let (from, to) = (format!("2026-11-01 {from}"), format!("2026-11-01 {to}"));
        trade(&bot, "BTC", &from, &to, seconds);
        let report = Zone::Machine("UTC").report(&bot, &[]);
        assert_eq!(found(&report, "duration-contradicts-times").len(), told, "{from}");
        assert!(found(&report, "closed-before-opened").is_empty(), "{from}");
    }
}

#[test]
fn an_exit_before_the_entry_is_impossible_in_both_generations() {
    let second = BotFile::generation2();
    trade(&second, "BTC", "2026-11-20 10:00:00", "2026-11-20 10:20:00", 1_200);
    assert!(found(&Zone::Machine(NEW_YORK).report(&second, &[]), "closed-before-opened").is_empty());
    let first = BotFile::generation1();
    first.closed_trade(|row| (row.opened_at, row.closed_at) = ("2026-11-20 10:00:00", "2026-11-20 10:20:00"));
    second.execute("UPDATE trade_journal SET exit_time = '2026-11-20T09:50:00'", []);
    first.execute("UPDATE closed_trades SET closed_at = '2026-11-20 09:50:00'", []);
    for bot in [&first, &second] {
        let report = Zone::Machine(NEW_YORK).report(bot, &[]);
        let told = found(&report, "closed-before-opened");
        assert_eq!(told.len(), 1);
        assert!(told[0]["evidence"].as_str().unwrap().contains("seconds 600"), "{told:#?}");
        // One cause, told once.
        assert!(found(&report, "duration-contradicts-times").is_empty());
    }
}

#[test]
fn a_cooldown_of_two_openings_in_a_repeated_hour_is_held() {
    let night = |day: &str| {
        let bot = BotFile::generation2();
        for coin in ["BTC", "ETH"] {
            trade(&bot, coin, &format!("{day} 01:10:00"), &format!("{day} 01:15:00"), 300);
            trade(&bot, coin, &format!("{day} 01:20:00"), &format!("{day} 01:25:00"), 300);
        }
        let config = "[limits]\ncooldown_seconds = 1800\n";
        std::fs::write(bot.folder().join("monitor.toml"), config).unwrap();
        bot
    };
    for zone in NEW_YORK_IN_AUTUMN {
        for (day, times) in [("2026-11-15", 1), ("2026-11-01", 0)] {
            let bot = night(day);
            let config = bot.folder().join("monitor.toml");
            let report = zone.report(&bot, &["--config", config.to_str().unwrap()]);
            assert_eq!(found(&report, "cooldown-broken").len(), times, "{day}, {zone:?}");
        }
    }
}

#[test]
fn a_level_is_ignored_only_where_the_order_of_prices_is_known() {
    // The stop is at 98. In truth 97 was paid at the first 01:45 and at the second 01:10.
    let night = |day: &str| {
        let bot = BotFile::generation2();
        trade(&bot, "BTC", &format!("{day} 00:05:00"), &format!("{day} 01:50:00"), 6_300);
        for (from, to) in [("01:08:00", "01:10:00"), ("01:43:00", "01:45:00")] {
            bot.journal_trade(|row| {
                (row.entry_price, row.exit_price) = (97.0, Some(97.0));
                row.duration_seconds = Some(120);
                let (from, to) = (format!("{day} {from}"), format!("{day} {to}"));
                (row.entry_time, row.exit_time) = (from.leak(), to.leak());
            });
        }
        bot
    };
    assert_only_on(night, "2026-11-15", "2026-11-01", &NEW_YORK_IN_AUTUMN, "level-ignored");
}

#[test]
fn equal_conditions_of_a_repeated_hour_do_not_wait_together() {
    let night = |day: &str| {
        let bot = BotFile::generation2();
        for (id, coin, time) in [
            ("a", "BTC", "01:10:00"),
            ("b", "BTC", "01:12:00"),
            ("c", "ETH", "01:20:00"),
            ("d", "ETH", "01:22:00"),
        ] {
            let at = format!("{day} {time}");
            bot.condition(|row| (row.id, row.coin, row.created_at) = (id, coin, &*at.leak()));
        }
        bot
    };
    assert_only_on(night, "2026-11-15", "2026-11-01", &NEW_YORK_IN_AUTUMN, "duplicate-conditions");
}

#[test]
fn a_ban_of_a_repeated_hour_may_be_later_than_the_opening() {
    let night = |day: &str| {
        let bot = BotFile::generation2();
        trade(&bot, "ADA", &format!("{day} 01:50:00"), &format!("{day} 01:55:00"), 300);
        bot.execute(
            "INSERT INTO coin_adaptations (coin, timestamp, old_status, new_status, reason)
            VALUES ('ADA', ?1, 'normal', 'blacklisted', 'Win rate')",
            [format!("{day}T01:05:00.5")],
        );
        bot
    };
    assert_only_on(night, "2026-11-15", "2026-11-01", &NEW_YORK_IN_AUTUMN, "blacklist-broken");
}

#[test]
fn a_validity_that_ends_in_a_skipped_hour_is_no_fault() {
    // Made at 01:58 and valid for five minutes, as the bot computes: until 02:03, which never comes.
    let night = |day: &str| {
        let bot = BotFile::generation2();
        let (created_at, triggered_at) = (format!("{day} 01:58:00"), format!("{day} 03:01:00"));
        bot.condition(|row| {
            (row.created_at, row.triggered_at) = (&*created_at.leak(), Some(&*triggered_at.leak()));
        });
        bot
    };
    let zones = [
        Zone::Both { zone: NEW_YORK, change_utc: "2026-03-08 07:00:00", before: -5 * HOUR, after: -4 * HOUR },
        Zone::Measured { change_utc: "2026-03-08 07:00:00", before: -5 * HOUR, after: -4 * HOUR },
    ];
    assert_only_on(night, "2026-03-15", "2026-03-08", &zones, "times-out-of-order");
}

#[test]
fn what_was_closed_a_moment_ago_in_a_repeated_hour_is_not_settled() {
    // The second 01:59, two minutes before the audit: the score does not hold the trade yet.
    let bot = BotFile::generation2();
    trade(&bot, "BTC", "2026-11-01 01:40:00", "2026-11-01 01:59:00", 1_140);
    bot.coin_score(|row| {
        (row.wins, row.losses, row.total_pnl, row.last_updated) = (0, 0, 0.0, "2026-10-31 01:00:00");
    });
    // Nothing is of a later moment.
    bot.execute("UPDATE account_state SET last_updated = '2026-10-31 05:00:00'", []);
    let audited = |as_of: &str| {
        let mut command = command(["--no-llm", "--dry-run", "--format", "json", "--as-of", as_of, "--db"]);
        command.arg(bot.path()).env("TZ", NEW_YORK);
        found(&finish(command).json(), "coin-score-contradicts-trades").len()
    };
    assert_eq!(audited("2026-11-01 07:01:00"), 0);
    assert_eq!(audited("2026-11-01 07:05:00"), 1);
}
