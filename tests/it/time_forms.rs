//! Times in other forms than the bot's own: read where they say one moment, named where nobody can read them.

use serde_json::Value;

use crate::bot_file::BotFile;
use crate::healthy::Healthy;
use crate::monitor::{audit, report};

/// The times of a generation 1 file, by table.
const COLUMNS: [(&str, &str); 10] = [
    ("open_trades", "opened_at"),
    ("closed_trades", "opened_at"),
    ("closed_trades", "closed_at"),
    ("account_state", "last_updated"),
    ("trading_rules", "created_at"),
    ("learnings", "created_at"),
    ("market_data", "last_updated"),
    ("activity_log", "created_at"),
    ("price_history", "timestamp"),
    ("coin_cooldowns", "expires_at"),
];

/// Each form as an SQL expression of the bot's own `YYYY-MM-DD HH:MM:SS`.
const FORMS: [(&str, &str); 7] = [
    ("Julian days", "julianday({})"),
    ("Go", "{} || ' +0000 UTC'"),
    ("Go in a zone", "datetime({}, '+5 hours', '+30 minutes') || '.000 +0530 IST m=+12.5'"),
    ("slashes", "replace({}, '-', '/')"),
    (
        "twelve hours",
        "strftime('%Y-%m-%d ', {}) || CAST((strftime('%H', {}) + 11) % 12 + 1 AS INTEGER) \
         || strftime(':%M:%S', {}) || CASE WHEN strftime('%H', {}) >= '12' THEN ' PM' ELSE ' AM' END",
    ),
    ("digits", "CAST(strftime('%Y%m%d%H%M%S', {}) AS INTEGER)"),
    ("epoch", "CAST(strftime('%s', {}) AS INTEGER)"),
];

fn rewritten(bot: &BotFile, form: &str) {
    for (table, column) in COLUMNS {
        let value = form.replace("{}", column);
        bot.execute(&format!("UPDATE {table} SET {column} = {value} WHERE {column} IS NOT NULL"), []);
    }
}

/// Two days of a healthy bot, and a position that nothing has closed for weeks.
fn two_days() -> BotFile {
    let bot = Healthy { days: 2, ..Healthy::generation1() }.write();
    bot.open_trade(|trade| trade.opened_at = "2026-11-01 00:00:00");
    bot
}

#[test]
fn every_form_gives_the_figures_and_findings_of_the_bot_s_own() {
    let figures = |bot: &BotFile| -> Vec<Value> {
        let report = report(bot, &[]);
        let mut figures: Vec<_> = [
            "/report/trade_patterns",
            "/report/winloss_patterns",
            "/report/account_health",
            "/report/system_metrics",
            "/report/learning_quality",
            "/report/unreadable_times",
            "/analysis/checks/error",
        ]
        .iter()
        .map(|place| report.pointer(place).cloned().unwrap_or_default())
        .collect();
        let titles = report["findings"].as_array().unwrap().iter().map(|finding| finding["title"].clone());
        figures.extend(titles);
        figures
    };
    let own = figures(&two_days());
    for (name, form) in FORMS {
        let bot = two_days();
        rewritten(&bot, form);
        for (one, other) in figures(&bot).iter().zip(&own) {
            assert_eq!(one, other, "{name}");
        }
    }
}

#[test]
fn a_table_whose_times_nobody_can_read_is_named_and_the_audit_is_incomplete() {
    for (form, example) in [
        ("strftime('%d.%m.%Y %H:%M', {})", "22.11.2026 08:30"),
        ("strftime('%m/%d/%Y', {}) || ' 08:30 PM'", "11/22/2026 08:30 PM"),
        ("CAST(strftime('%s', {}) / 86400 AS INTEGER)", "20779"),
        // Ticks of 100 ns since the year 1 and since 1601: as nanoseconds they would be 1990 and 2394.
        ("strftime('%s', {}) * 10000000 + 621355968000000000", "639309330000000000"),
        ("'moment ' || strftime('%s', {})", "moment 1795336200"),
    ] {
        let bot = BotFile::generation1().without_table("account_state");
        bot.closed_trade(|trade| trade.closed_at = "2026-11-22 08:30:00");
        let value = form.replace("{}", "closed_at");
        bot.execute(&format!("UPDATE closed_trades SET closed_at = {value}"), []);
        let run = audit(&bot.path(), &["--dry-run"]);
        assert_eq!(run.code, 3, "{form}: {}", run.stdout);
        let told = format!(
            "INCOMPLETE: not collected: closed_trades.closed_at: none of its times can be read (one is \"{example}\")"
        );
        assert_eq!(run.said().matches(&told).count(), 1, "{form}: {}", run.stdout);
        assert!(!run.stdout.contains("Nothing to audit"), "{}", run.stdout);
        let json = report(&bot, &[]);
        assert!(json["report"]["unreadable_times"]["closed_trades.closed_at"].is_string(), "{form}");
    }
}

#[test]
fn one_readable_time_or_none_at_all_is_no_reason_to_stop() {
    for times in [
        ["NULL", "NULL"],
        ["''", "'never'"],
        ["0", "'0000-00-00 00:00:00'"],
        ["'soon: 7'", "'2026-11-22 08:30:00'"],
    ] {
        let bot = BotFile::generation1();
        for time in times {
            let id = bot.closed_trade(|_| ());
            bot.execute(&format!("UPDATE closed_trades SET closed_at = {time} WHERE id = {id}"), []);
        }
        assert_eq!(report(&bot, &[])["report"]["unreadable_times"], Value::Null, "{times:?}");
    }
}

#[test]
fn what_cannot_be_placed_in_time_closes_no_alert() {
    let bot = BotFile::with_stale_position();
    assert_eq!(audit(&bot.path(), &[]).code, 0);
    bot.execute("UPDATE open_trades SET opened_at = '01.11.2026'", []);
    for _ in 0..4 {
        assert_eq!(audit(&bot.path(), &[]).code, 3);
    }
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM monitoring_alerts WHERE status = 'open'"), 1);
}
