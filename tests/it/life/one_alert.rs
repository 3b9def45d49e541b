//! One problem has one alert, and whoever looks at it sees who says it and when.

use serde_json::json;

use crate::bot_file::BotFile;
use crate::life::{STALE, alerts, ask, finding, status};
use crate::monitor::audit;

#[test]
fn a_closed_alert_is_not_opened_by_an_acknowledgement() {
    let bot = BotFile::generation1();
    ask(&bot, &[finding("low", "Balance never moves")], &[]);
    for word in ["fix", "wontfix"] {
        alerts(&bot, &[word, "1"]);
        let before = status(&bot, 1);
        let refused = alerts(&bot, &["ack", "1"]);
        assert!(refused.code == 3 && refused.stderr.contains("alert 1 is closed: nothing was changed"));
        assert_eq!(status(&bot, 1), before);
    }
}

#[test]
fn an_alert_whose_problem_has_a_newer_one_is_not_opened_beside_it() {
    for by_check in [true, false] {
        let bot = if by_check { BotFile::with_stale_position() } else { BotFile::generation1() };
        let find = || match by_check {
            true => audit(&bot.path(), &[]),
            false => ask(&bot, &[finding("low", "Balance never moves")], &[]),
        };
        for id in ["1", "2"] {
            find();
            assert_eq!(alerts(&bot, &["fix", id]).code, 0);
        }
        find();
        for (word, id) in [("reopen", "1"), ("reopen", "2"), ("wontfix", "1")] {
            let refused = alerts(&bot, &[word, id]);
            assert_eq!(refused.code, 3, "{word} {id}");
            assert!(refused.stderr.contains("again as alert 3: nothing was changed"), "{}", refused.stderr);
            assert_eq!(status(&bot, id.parse().unwrap()), "fixed");
        }
        alerts(&bot, &["fix", "3"]);
        assert_eq!(alerts(&bot, &["reopen", "3"]).code, 0, "the newest of them");
        assert_eq!(alerts(&bot, &["ack", "3"]).code, 0);
    }
}

#[test]
fn times_are_told_in_utc_and_what_an_llm_says_is_marked() {
    let made_up = json!({
        "type": "bug", "severity": "low", "title": "Losses explode on the coin luna",
        "description": "luna lost 83417.25 in 912 trades", "evidence": "luna -83417.25", "recommendation": "stop",
    });
    let bot = BotFile::with_stale_position();
    ask(&bot, &[finding("low", "Balance never moves"), made_up], &[]);
    let list = alerts(&bot, &["list"]).stdout;
    for line in list.lines() {
        assert!(line.contains(" UTC  ["), "{line}");
        assert_eq!(line.contains("(LLM"), !line.contains(STALE), "{line}");
        assert_eq!(line.contains("(LLM, unconfirmed)"), line.contains("luna"), "{line}");
    }
    for alert in alerts(&bot, &["list", "--format", "json"]).json()["alerts"].as_array().unwrap() {
        assert_eq!(alert["unconfirmed"], alert["title"].as_str().unwrap().contains("luna"), "{alert}");
    }
    alerts(&bot, &["ack", "1"]);
    alerts(&bot, &["fix", "1"]);
    let shown = alerts(&bot, &["show", "1"]).said();
    for label in ["Created: ", "Acknowledged: ", "Fixed: ", ", first ", ", last ", "Change: "] {
        let at = shown.find(label).unwrap_or_else(|| panic!("{label}: {shown}")) + label.len();
        assert_eq!(&shown[at + 19..at + 23], " UTC", "{label}: {shown}");
    }
}
