//! Decisions that lead to nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::wording::percent;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Period, Severity};
use crate::source::log::{Decision, Entry, Log};
use crate::source::{cell, clock};
use crate::untrusted::cut;
use chrono::{DateTime, TimeDelta, Utc};

/// Decisions to buy or sell after which nothing happened.
pub(super) const NO_EFFECT: Check = Check {
    id: "decision-without-effect",
    theme: Theme::Funnel,
    why: "A decision to trade that is neither executed nor refused is lost without anybody being told.",
    threshold: Some(Threshold {
        default: 5.0,
        reason: "decisions without effect of one kind in the window: fewer may be cut off by a stop or an error",
    }),
    run: no_effect,
};

/// Rows that say what became of a decision.
fn is_outcome(entry: Entry<'_>) -> bool {
    entry.kind().starts_with("trade_")
        || entry.kind().ends_with("_rejected")
        || entry.kind().contains("error")
        || entry.kind().contains("failed")
}

/// Rows that say that the bot understood a decision.
fn is_understood(entry: Entry<'_>) -> bool {
    entry.kind().starts_with("trade_") || entry.kind().ends_with("_rejected")
}

const HELD: &str = "
SELECT
    closed_at,
    clock,
    coin,
    opened_at
FROM trade
WHERE within(closed_at)";

/// When each coin was held, coins in lower case.
#[derive(Default)]
struct Holdings(HashMap<String, Vec<Held>>);

/// From opening to closing.
type Held = (DateTime<Utc>, DateTime<Utc>);

impl Holdings {
    fn read(audit: &Audit<'_>) -> anyhow::Result<Self> {
        let context = audit.context;
        let mut held = Self::default();
        // What the log does not reach back to, nobody asks about.
        let oldest = audit.log()?.entry(0).map_or(context.now, |entry| entry.at());
        let period = Period { after: oldest - TimeDelta::seconds(60), until: context.now };
        context.bot.each_within(HELD, period, |closed_at, row| {
            let coin = cell::text(row, 2)?.unwrap_or_default();
            let opened_at = context.bot.instant(row, 3, 1)?.unwrap_or(DateTime::<Utc>::MIN_UTC);
            held.0.entry(coin.to_lowercase()).or_default().push((opened_at, closed_at));
            Ok(())
        })?;
        for open in context.open_positions()? {
            let opened_at = open.opened_at.unwrap_or(DateTime::<Utc>::MIN_UTC);
            held.0.entry(open.coin.to_lowercase()).or_default().push((opened_at, DateTime::<Utc>::MAX_UTC));
        }
        Ok(held)
    }

    /// Whether the coin was certainly held then, or certainly not; `None` within seconds of a change.
    fn held(&self, coin: &str, at: DateTime<Utc>) -> Option<bool> {
        let slack = TimeDelta::seconds(30);
        let spans = self.0.get(&coin.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        let near = |moment: DateTime<Utc>| (moment - at).abs() <= slack;
        if spans.iter().any(|(from, to)| near(*from) || near(*to)) {
            return None;
        }
        Some(spans.iter().any(|(from, to)| *from < at && at < *to))
    }
}

/// Why nothing happened, as far as the file tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Spelling(String),
    NoCoin,
    NotHeld,
    SellIgnored,
    BuyIgnored,
}

impl Cause {
    /// The decisions that a cause is about.
    fn kind(&self) -> &'static str {
        match self {
            Self::NotHeld | Self::SellIgnored => "to sell",
            Self::BuyIgnored => "to buy",
            Self::Spelling(action) if action.trim().eq_ignore_ascii_case("BUY") => "to buy",
            Self::Spelling(_) => "to sell",
            Self::NoCoin => "to buy or sell",
        }
    }

    /// What tells its rows from other decisions `d` without effect.
    fn condition(&self) -> String {
        const HELD: &str = "EXISTS (SELECT 1 FROM (SELECT coin_name, opened_at, closed_at FROM closed_trades UNION ALL \
                            SELECT coin_name, opened_at, '9999' FROM open_trades) AS held WHERE lower(coin_name) = lower(d.coin) AND \
                            opened_at <= datetime(d.created_at, '+30 seconds') AND closed_at >= datetime(d.created_at, '-30 seconds'))";
        match self {
            Self::Spelling(action) if self.kind() == "to buy" => {
                format!("description GLOB {}", quoted_text(action))
            }
            Self::Spelling(action) => format!("description GLOB {} AND {HELD}", quoted_text(action)),
            Self::NoCoin => {
                "(description LIKE 'BUY (%' OR description LIKE 'SELL (%') AND coalesce(trim(coin), '') = ''"
                    .to_owned()
            }
            Self::BuyIgnored => "description GLOB 'BUY (*' AND coin <> ''".to_owned(),
            Self::NotHeld => format!("description LIKE 'SELL (%' AND coin <> '' AND NOT {HELD}"),
            Self::SellIgnored => format!("description GLOB 'SELL (*' AND coin <> '' AND {HELD}"),
        }
    }
}

fn quoted_text(text: &str) -> String {
    format!("'{} (*'", cut(text, 20).replace('\'', "''"))
}

fn cause(
    decision: &Decision,
    at: DateTime<Utc>,
    holdings: &Holdings,
    effective: &HashSet<String>,
) -> Option<Cause> {
    let held = decision.coin.as_ref().map(|coin| holdings.held(coin, at));
    let other_spelling = |action: &String| decision.is(action) && *action != decision.action;
    let is_misspelt = !effective.contains(&decision.action) && effective.iter().any(other_spelling);
    match held {
        _ if is_misspelt && (decision.is("BUY") || held == Some(Some(true))) => {
            Some(Cause::Spelling(decision.action.clone()))
        }
        None => Some(Cause::NoCoin),
        Some(_) if decision.is("BUY") => Some(Cause::BuyIgnored),
        Some(Some(true)) => Some(Cause::SellIgnored),
        Some(Some(false)) => Some(Cause::NotHeld),
        Some(None) => None,
    }
}

/// Spellings of actions that led to a trade or a refusal.
fn effective_actions(log: &Log) -> HashSet<String> {
    let effective =
        |decision: &&Decision| log.consequences(decision).is_some_and(|mut rows| rows.any(is_understood));
    log.decisions.iter().filter(effective).map(|decision| decision.action.clone()).collect()
}

fn no_effect(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let effective = effective_actions(log);
    // Where no decision of this log ever shows an outcome, outcomes are logged elsewhere.
    let shows_outcomes = log.entries().any(|entry| entry.kind().starts_with("trade_"));
    if !shows_outcomes {
        return Ok(Found::nothing());
    }
    let holdings = Holdings::read(audit)?;
    let mut by_cause: BTreeMap<Cause, Evidence> = BTreeMap::new();
    let (mut buys, mut sells) = (0_u64, 0_u64);
    for decision in &log.decisions {
        let (is_buy, is_sell) = (decision.is("BUY"), decision.is("SELL"));
        let (Some(mut after), true) = (log.consequences(decision), is_buy || is_sell) else { continue };
        (buys, sells) = (buys + u64::from(is_buy), sells + u64::from(is_sell));
        let Some(entry) = log.entry(decision.place) else { continue };
        if after.any(is_outcome) {
            continue;
        }
        if let Some(cause) = cause(decision, entry.at(), &holdings, &effective) {
            by_cause.entry(cause).or_default().fault(|| describe(decision, entry));
        }
    }
    let mut found = Found::nothing();
    for (cause, mut evidence) in by_cause {
        // Where the usual spelling nearly always has an effect, two without one are no accident.
        let fewest = if matches!(cause, Cause::Spelling(_)) { 2.0 } else { audit.threshold };
        if (evidence.count as f64) < fewest {
            continue;
        }
        evidence.of = match cause.kind() {
            "to buy" => buys,
            "to sell" => sells,
            _ => buys + sells,
        };
        found.fact(lost(log, &cause, &evidence));
    }
    Ok(found)
}

fn describe(decision: &Decision, entry: Entry<'_>) -> String {
    format!(
        "#{} {} {} {}",
        entry.id(),
        clock::utc_text(entry.at()),
        cut(&decision.action, 20),
        cut(decision.coin.as_deref().unwrap_or("(no coin)"), 40)
    )
}

fn lost(log: &Log, cause: &Cause, evidence: &Evidence) -> Problem {
    let share = percent(evidence.count, evidence.of);
    let (subject, severity, title, what, remedy) = match cause {
        Cause::Spelling(action) => (
            format!("spelling {action}"),
            Severity::Medium,
            format!("Decisions spelled \"{}\" have no effect", cut(action, 20)),
            "In this spelling no decision was executed or refused; in another spelling of the word some were.",
            "Does the bot compare the action letter by letter? Normalise it (upper case, trimmed) first, and log an unknown one.",
        ),
        Cause::NoCoin => (
            "no coin".to_owned(),
            Severity::Medium,
            "Decisions to trade that name no coin vanish without a trace".to_owned(),
            "They name no coin, and no row behind them says what became of them.",
            "Refuse such a decision with a logged reason, and demand a coin in the prompt's schema.",
        ),
        Cause::NotHeld => (
            "not held".to_owned(),
            if share > 50.0 { Severity::Medium } else { Severity::Low },
            "The LLM decides to sell coins that are not held, and nothing says so".to_owned(),
            "No position was open in the coin at that time, and no row behind them says what became of them.",
            "List the open positions in the prompt, refuse such a decision, and log it.",
        ),
        Cause::SellIgnored => (
            "sell ignored".to_owned(),
            Severity::High,
            "Decisions to sell a coin that is held do not close the position".to_owned(),
            "A position was open in the coin, and no closing and no refusal was logged.",
            "Follow one of these decisions through the code that closes positions.",
        ),
        Cause::BuyIgnored => (
            "buy ignored".to_owned(),
            Severity::Medium,
            "Decisions to buy are neither executed nor refused".to_owned(),
            "They name a coin, and yet no opening and no refusal was logged.",
            "Follow one of these decisions through the code, and log each way out of it.",
        ),
    };
    Problem {
        alert_type: AlertType::Bug,
        severity,
        subject,
        title,
        description: format!(
            "{} of {} decisions {} {} ({share:.1} %) led to nothing. {what}",
            evidence.count,
            evidence.of,
            cause.kind(),
            log.when()
        ),
        evidence: evidence.text(&format!("decisions {}", cause.kind()), &query(log, cause)),
        recommendation: remedy.to_owned(),
    }
}

/// Decisions of the cause whose next row tells of no outcome.
fn query(log: &Log, cause: &Cause) -> String {
    format!(
        "SELECT id, created_at, details FROM (SELECT *, json_extract(CASE WHEN json_valid(details) THEN details END, '$.coin') \
         AS coin FROM activity_log WHERE {} AND activity_type = 'llm_decision') AS d WHERE (SELECT activity_type FROM activity_log AS next \
         WHERE next.id > d.id ORDER BY next.id LIMIT 1) IN ('market_data', 'llm_query', 'warning') AND {}",
        log.read_sql(),
        cause.condition()
    )
}
