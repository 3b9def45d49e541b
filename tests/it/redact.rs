//! With `--redact`, nothing that is sent tells a coin's name or a text of the file, and everything
//! that comes back tells them again.

use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use crate::bot_file::{BotFile, NOW, ago};
use crate::monitor::{Run, audit, command, finish};
use crate::server::{Reply, Server};

const COIN: &str = "zzsecretcoin";
const RULE: &str = "Never tell anyone about the moonshot";
/// None of these may be sent, in any case.
const SECRETS: [&str; 6] = ["secretcoin", "moonshot", "tell anyone", "dawn", "zzother", "zzerror"];

fn prompt(bot: &BotFile, more: &[&str]) -> String {
    let mut command = command(["--print-prompt", "--redact", "--as-of", NOW, "--db"]);
    command.arg(bot.path()).args(more);
    let run = finish(command);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout
}

fn ask(bot: &BotFile, server: &Server, more: &[&str]) -> Run {
    let mut command = command(["--format", "json", "--as-of", NOW, "--base-url", &server.base_url(), "--db"]);
    command.arg(bot.path()).args(more);
    finish(command)
}

fn answer(findings: &Value) -> Reply {
    Reply::chat(&json!({ "findings": findings }).to_string())
}

fn assert_tells_no_secret(sent: &str) {
    let sent = sent.to_lowercase();
    for secret in SECRETS {
        let from = sent.find(secret).unwrap_or_default();
        let around: String = sent.chars().skip(from.saturating_sub(80)).take(200).collect();
        assert!(!sent.contains(secret), "{secret} is sent: {around}");
    }
}

/// A bot of the first generation that calls everything by secret names, with faults that checks quote.
fn first() -> BotFile {
    let bot = BotFile::generation1();
    let rule = bot
        .rule(|rule| (rule.rule_text, rule.status, rule.failure_count) = (RULE, "zzother status", 12))
        .to_string();
    for number in 0..30 {
        let (opened_at, closed_at) = (ago(7_200 + 600 * number), ago(3_600 + 600 * number));
        bot.closed_trade(|trade| {
            trade.coin_name = if number % 2 == 0 { COIN } else { "ZZSECRETCOIN" };
            trade.exit_reason =
                if number % 3 == 0 { "zzother exit: at dawn" } else { "llm_sell: sold at dawn" };
            (trade.opened_at, trade.closed_at) = (&opened_at, &closed_at);
            (trade.pnl_usd, trade.rule_ids_used) = (Some(-1.0), Some(rule.as_str()));
        });
        bot.learning(|learning| learning.lesson = "Buy the secretcoin at dawn");
    }
    bot.learning(|learning| learning.learning_text = Some("{\"lesson\": \"dawn of the secretcoin"));
    bot.open_trade(|trade| (trade.coin_name, trade.opened_at) = (COIN, "2026-11-01 00:00:00"));
    bot.market_price("zzsecretcoin-2", 1.0, &ago(900_000));
    bot.market_price(COIN, 1.0, &ago(30));
    bot.cooldown("zzsecretcoin-3", &ago(-600));
    for minute in 1..9 {
        bot.activity("cycle_error", "Cycle #1 error: zzerror in secretcoin at dawn", None, &ago(60 * minute));
        let refused = format!("BUY {COIN} $50.00: Total exposure ($230.00) would exceed max ($200.00)");
        bot.activity("trade_rejected", &refused, None, &ago(60 * minute + 5));
        bot.activity("zzother_activity", "at dawn", "dawn", &ago(60 * minute + 9));
    }
    bot.execute("CREATE TABLE zzother_moonshots (id INTEGER PRIMARY KEY, zzother_dawn TEXT)", []);
    bot.execute("INSERT INTO zzother_moonshots (id) VALUES (1), (2), (3)", []);
    with_open_alert(bot)
}

/// The same of the second generation.
fn second() -> BotFile {
    let bot = BotFile::generation2();
    bot.pattern(|pattern| (pattern.pattern_id, pattern.description) = ("zzother_dawn_v1", RULE));
    bot.regime_rule(|rule| (rule.rule_id, rule.description) = ("dawn_rule", "Wait at dawn"));
    for number in 0..30 {
        let (opened_at, closed_at) = (ago(7_200 + 600 * number), ago(3_600 + 600 * number));
        bot.journal_trade(|trade| {
            trade.coin = if number % 2 == 0 { "SECRETCOIN" } else { "secretcoin" };
            (trade.exit_reason, trade.strategy_id) = ("zzother", "zzother_dawn");
            (trade.entry_time, trade.exit_time) = (&opened_at, &closed_at);
            (trade.pnl_usd, trade.pattern_id) = (Some(-1.0), Some("zzother_dawn_v1"));
        });
    }
    bot.coin_score(|score| {
        (score.coin, score.wins, score.blacklist_reason) = ("SECRETCOIN", 99, Some("at dawn"))
    });
    bot.condition(|condition| condition.coin = "ZZSECRETCOIN");
    bot.reflection(&ago(600), &[json!({"description": "6 trades of SECRETCOIN at dawn", "confidence": 0.5})]);
    bot.error(&ago(60), "zzerror in SECRETCOIN at dawn");
    with_open_alert(bot)
}

fn with_open_alert(bot: BotFile) -> BotFile {
    let title = format!("Rule '{RULE}' and \"sell at dawn\" ruin zzsecretcoin-9 in zzother_moonshots");
    bot.execute(
        "INSERT INTO monitoring_alerts (alert_type, severity, title, description) VALUES ('zzother', 'low', ?1, 'at dawn')",
        [title],
    );
    bot
}

#[test]
fn nothing_that_is_sent_tells_a_name_or_a_text() {
    for bot in [first(), second()] {
        // No list of findings first, then a context that is too small: all of the ways to ask again.
        let refused = Reply::error(400, "This model's maximum context length is 4096 tokens");
        let server = Server::start(vec![Reply::chat("I see no problem."), refused, answer(&json!([]))]);
        let run = ask(&bot, &server, &["--dry-run", "--redact", "--verbose"]);
        let requests = server.requests();
        assert_eq!(requests.len(), 3, "{}", run.stderr);
        for request in &requests {
            let text = request.body.to_string();
            assert!(text.contains("COIN_") && text.contains("ALREADY REPORTED"), "{text}");
            assert_tells_no_secret(&text);
        }
        assert!(run.stdout.contains("secretcoin"), "the summary stays here");
        let first_prompt = requests[0].body["messages"][1]["content"].as_str().unwrap().to_owned();
        assert!(prompt(&bot, &[]).ends_with(&first_prompt), "--print-prompt shows exactly that");
        assert!(first_prompt.contains(" [high] ") || first_prompt.contains(" [medium] "), "{first_prompt}");
    }
}

/// Every text of every table is a secret, whatever a later section may read.
#[test]
fn no_column_of_any_table_is_sent() {
    for bot in [first(), second()] {
        let columns: Vec<(String, String)> = bot.rows(
            "SELECT list.name, info.name FROM sqlite_master AS list, pragma_table_info(list.name) AS info
            WHERE list.type = 'table' AND list.name NOT LIKE 'sqlite_%' AND upper(info.type) = 'TEXT' AND info.pk = 0",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        );
        assert!(columns.len() > 20);
        for (table, column) in columns {
            let sql = format!("UPDATE OR IGNORE \"{table}\" SET \"{column}\" = 'zzother dawn ' || rowid");
            bot.execute(&sql, []);
        }
        assert_tells_no_secret(&prompt(&bot, &["--max-prompt-chars", "200000"]));
    }
}

#[test]
fn the_budget_holds_and_two_runs_say_the_same() {
    for bot in [first(), second()] {
        for budget in [6_000_usize, 9_000, 60_000] {
            let shown = prompt(&bot, &["--max-prompt-chars", &budget.to_string()]);
            assert!(shown.chars().count() <= budget + 1);
            assert_eq!(shown, prompt(&bot, &["--max-prompt-chars", &budget.to_string()]));
        }
    }
}

#[test]
fn two_spellings_of_a_coin_are_two_placeholders() {
    let shown = prompt(&first(), &[]);
    let line = shown.lines().find(|line| line.starts_with("trades_by_coin")).unwrap();
    assert_eq!(line.matches("COIN_").count(), 2, "{line}");
}

#[test]
fn the_words_of_the_bot_s_own_code_stay() {
    let shown = prompt(&first(), &[]);
    for word in [
        "\"closed_trades\"",
        "\"llm_sell\"",
        "\"trade_rejected\"",
        "\"cycle_error\"",
        "rule #1",
        "position-stale",
    ] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
}

/// The placeholder behind these words of a prompt.
fn placeholder_behind(prompt: &str, words: &str) -> String {
    let behind = prompt.split_once(words).unwrap_or_else(|| panic!("no {words}: {prompt}")).1;
    behind.split('"').nth(1).unwrap().to_owned()
}

/// What a model finds about a coin and a rule; nested, as some of them state evidence.
fn findings(coin: &str, rule: &str) -> Value {
    json!([{
        "type": "bug",
        "severity": "high",
        "title": format!("{coin} only ever loses"),
        "description": format!("**{coin}**'s trades lose: 0 of 15 won. Rule #1, `{rule}`, does not help."),
        "evidence": {"win_rate_by_coin": {coin: "0 (0/15)"}, "lists": [format!("\"{coin}\" 15"), {"rule": rule}]},
        "recommendation": format!("Stop trading {coin} ({rule})."),
    }])
}

#[test]
fn what_comes_back_tells_the_names_and_is_stored_once() {
    let bot = first();
    let shown = prompt(&bot, &[]);
    let coin = placeholder_behind(&shown, "win_rate_by_coin");
    let rule = shown.split_once("rule #1 ").unwrap().1.split('"').nth(3).unwrap();
    assert!(coin.starts_with("COIN_") && rule.starts_with("TEXT_"), "{coin} {rule}");
    let server = Server::start(vec![answer(&findings(&coin.to_lowercase(), rule))]);
    let run = ask(&bot, &server, &["--redact"]);
    let document = run.json();
    let found =
        document["findings"].as_array().unwrap().iter().find(|finding| finding["source"] == "llm").unwrap();
    let name = if shown_coin_is_lower(&document) { COIN } else { "ZZSECRETCOIN" };
    assert_eq!(found["title"], format!("{name} only ever loses"));
    assert_eq!(found["grounded"], true, "{found}");
    assert!(!run.stdout.contains("COIN_") && !run.stdout.contains("TEXT_"), "{found}");
    for (field, words) in
        [("description", RULE), ("evidence", name), ("evidence", RULE), ("recommendation", name)]
    {
        assert!(found[field].as_str().unwrap().contains(words), "{field}: {found}");
    }
    let stored: Vec<String> = bot.rows(
        "SELECT title || description || evidence || recommendation FROM monitoring_alerts WHERE title LIKE '%only ever%'",
        [],
        |row| row.get(0),
    );
    assert!(stored.len() == 1 && stored[0].contains(RULE) && !stored[0].contains("TEXT_"), "{stored:?}");
    let again = ask(&bot, &server, &["--redact"]).json();
    assert_eq!((&again["stored"], again["duplicates"].as_u64().unwrap() > 0), (&json!(0), true), "{again}");
}

fn shown_coin_is_lower(document: &Value) -> bool {
    document["report"]["winloss_patterns"]["win_rate_by_coin"].as_object().unwrap().keys().next().unwrap()
        == COIN
}

#[test]
fn the_same_answer_gives_the_same_findings_with_and_without() {
    for bot in [first(), second()] {
        let hidden = prompt(&bot, &[]);
        let report = audit(&bot.path(), &["--dry-run", "--format", "json"]).json();
        let coins = report["report"]["winloss_patterns"]["win_rate_by_coin"].as_object().unwrap();
        let coin = coins.keys().next().unwrap();
        let placeholder = placeholder_behind(&hidden, "win_rate_by_coin");
        for text in ["%C only ever loses: 0/15", "%C wins 14 of 15", "dogecoin and %C lose 15 of 15", "%Cs"] {
            let of_coin = |coin: &str| findings(&text.replace("%C", coin), "2 rules");
            let plain = Server::start(vec![answer(&of_coin(coin))]);
            let redacted = Server::start(vec![answer(&of_coin(&placeholder))]);
            let plain = ask(&bot, &plain, &["--dry-run"]).json();
            let redacted = ask(&bot, &redacted, &["--dry-run", "--redact"]).json();
            assert_eq!(plain["findings"], redacted["findings"], "{text}");
        }
    }
}

#[test]
fn a_placeholder_that_was_never_given_stays_and_is_not_believed() {
    let bot = first();
    for invented in ["COIN_99", "COIN_Z9Z9Z9Z9"] {
        let server = Server::start(vec![answer(&findings(invented, "nothing"))]);
        let document = ask(&bot, &server, &["--dry-run", "--redact"]).json();
        let findings = document["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["source"] == "llm").unwrap();
        assert_eq!(found["title"], format!("{invented} only ever loses"));
        assert_eq!((&found["grounded"], &found["severity"]), (&json!(false), &json!("medium")), "{found}");
        assert!(
            found["description"].as_str().unwrap().contains(&format!("\"{invented}\" does not stand")),
            "{found}"
        );
    }
}

#[test]
fn hostile_names_break_nothing() {
    let bot = BotFile::generation1();
    let huge = "secretcoin ".repeat(100_000);
    let names = [
        "the",
        "a",
        "1",
        "wins",
        "total_trades",
        "trades",
        "COIN_2",
        "",
        "(.*)+$[\\",
        "\"}], \"x\": \"",
        "日本🚀",
        &huge,
    ];
    for name in names {
        bot.closed_trade(|trade| trade.coin_name = name);
        bot.rule(|rule| rule.rule_text = name);
        bot.insert(
            "monitoring_alerts",
            &[
                ("alert_type", Cell::Text("bug".to_owned())),
                ("severity", Cell::Text("low".to_owned())),
                ("title", Cell::Text(format!("Losses in {name} and COIN_2"))),
                ("description", Cell::Text(name.to_owned())),
            ],
        );
    }
    let shown = prompt(&bot, &[]);
    assert!(shown.contains("total_trades 12 (previous 0), all_time_trades 12"), "{shown}");
    assert!(shown.contains("wins, pnl") && !shown.contains("COIN_2\"") && !shown.contains("日本"), "{shown}");
    assert_tells_no_secret(&shown);
    let server = Server::start(vec![answer(&findings(&placeholder_behind(&shown, "win_rate_by_coin"), "x"))]);
    let document = ask(&bot, &server, &["--dry-run", "--redact"]).json();
    assert_eq!(document["analysis"]["llm"]["status"], "ok");
}

#[test]
fn the_config_file_can_ask_for_it() {
    let bot = first();
    let config = bot.folder().join("monitor.toml");
    std::fs::write(&config, "redact = true\n").unwrap();
    let mut command = command(["--print-prompt", "--as-of", NOW, "--db"]);
    command.arg(bot.path()).arg("--config").arg(&config);
    assert_eq!(finish(command).stdout, prompt(&bot, &[]));
}

#[test]
fn the_check_of_the_setup_sends_nothing_of_the_file() {
    let bot = first();
    let models = Reply::json(200, &json!({"data": [{"id": "m"}]}));
    let server = Server::start(vec![models, Reply::chat(r#"{"findings": []}"#)]);
    let mut command = command(["doctor", "--model", "m", "--base-url", &server.base_url(), "--db"]);
    command.arg(bot.path());
    assert_eq!(finish(command).code, 0);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    requests.iter().for_each(|request| assert_tells_no_secret(&request.body.to_string()));
}

#[test]
fn neither_path_nor_key_nor_settings_are_sent() {
    let bot = first();
    let config = bot.folder().join("zzsettings.toml");
    std::fs::write(&config, "[tiers]\n1 = [\"zztier-coin\"]\n[checks.fees-ignored]\nthreshold = 0.31337\n")
        .unwrap();
    for more in [&["--dry-run"][..], &["--dry-run", "--redact"]] {
        let server = Server::start(vec![answer(&json!([]))]);
        let mut command = command(["--as-of", NOW, "--base-url", &server.base_url(), "--config"]);
        command.arg(&config).arg("--db").arg(bot.path()).args(more).env("OPENAI_API_KEY", "sk-zzkey");
        finish(command);
        let sent = server.requests()[0].body.to_string();
        let folder = bot.folder().file_name().unwrap().to_str().unwrap().to_owned();
        for word in [&folder, "trading_bot.db", "zzsettings", "zztier", "31337", "sk-zzkey"] {
            assert!(!sent.contains(word), "{word}: {sent}");
        }
    }
}

/// A coin may have an ordinary word for a name; that the file knows it is enough, wherever it stands.
#[test]
fn a_coin_with_an_ordinary_name_is_hidden_in_the_titles_of_alerts() {
    let bot = BotFile::generation2();
    bot.cooldown("trades", &ago(-600));
    bot.market_price("losses", 1.0, &ago(30));
    bot.coin_score(|score| score.coin = "wins");
    bot.condition(|condition| condition.coin = "limits");
    bot.execute(
        "INSERT INTO monitoring_alerts (alert_type, severity, title, description) \
         VALUES ('bug', 'low', 'Bad rules: trades, losses, wins and limits of 2 hours', 'x')",
        [],
    );
    let shown = prompt(&bot, &[]);
    let alert = shown.lines().find(|line| line.contains("Bad rules")).unwrap();
    assert_eq!(alert.matches("COIN_").count(), 4, "{alert}");
    assert!(alert.starts_with("- 1 [\"bug\"] ") && alert.ends_with(" of 2 hours\""), "{alert}");
}
