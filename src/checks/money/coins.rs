//! What the bot has decided about a coin, against its trades in that coin afterwards.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::limits::NEWEST_REFUSALS;
use super::names::{names, shown};
use crate::checks::check::{Audit, Evidence, Found, Problem, id_list};
use crate::checks::statistics::{Sample, median, p_text};
use crate::checks::weight;
use crate::dollars::usd;
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::cell;
use crate::source::clock::utc_text;
use crate::source::ledger::Entry;

const COOLDOWNS: &str = "
SELECT
    expires_at,
    clock,
    coin
FROM cooldown";

const STATUS_CHANGES: &str = "
SELECT
    at,
    clock,
    coin,
    old_status,
    new_status
FROM coin_status_change
ORDER BY id DESC
LIMIT 20000";

const BANS_BY_ADAPTATION: &str = "
SELECT
    at,
    clock,
    target
FROM adaptation
WHERE action = 'blacklist' AND effectiveness IS NULL
LIMIT 20000";

const BANNED: &str = "
SELECT
    coin
FROM coin_score
WHERE is_blacklisted = 1";

type Openings<'trades> = BTreeMap<&'trades str, Vec<(DateTime<Utc>, &'trades Entry)>>;

/// Openings of each coin, oldest first.
fn openings<'run>(audit: &'run Audit<'_>) -> anyhow::Result<Openings<'run>> {
    let mut openings = Openings::new();
    for trade in audit.shared.history.all(audit.context)?.filter(|trade| trade.has_coin()) {
        if let Some(opened_at) = trade.opened_at {
            openings.entry(&trade.coin).or_default().push((opened_at, trade));
        }
    }
    openings.values_mut().for_each(|coin| coin.sort_by_key(|(opened_at, _)| *opened_at));
    Ok(openings)
}

/// Coins that were opened again within the pause that follows an opening.
pub(super) fn cooldown(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_ROWS: u64 = 2;
    const TOLERANCE_SECONDS: f64 = 60.0;
    let openings = openings(audit)?;
    let Some(pause) = pause(audit, &openings)? else { return Ok(Found::nothing()) };
    let most_seconds = pause.seconds - TOLERANCE_SECONDS;
    let mut evidence = Evidence::default();
    for (coin, opened) in &openings {
        for ((before, _), (after, next)) in opened.iter().zip(opened.iter().skip(1)) {
            // The longest of the times that a clock change leaves possible.
            let seconds = (next.opened_by.unwrap_or(*after) - *before).num_seconds() as f64;
            // Openings in the same second are two rows of one decision: a duplicate, not a broken pause.
            evidence.row((seconds >= 1.0 && seconds < most_seconds).then_some(|| {
                format!("{} at {} and again {seconds:.0} s later", shown(coin), utc_text(*before))
            }));
        }
    }
    let openings = match audit.context.generation {
        1 => {
            "SELECT coin_name AS coin, opened_at AS at FROM closed_trades UNION ALL SELECT coin_name, opened_at FROM open_trades"
        }
        _ => "SELECT coin, entry_time AS at FROM trade_journal",
    };
    Ok((evidence.count >= LEAST_ROWS)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: String::new(),
            title: "Coins are opened again within their cooldown".to_owned(),
            description: format!(
                "{} times a coin was opened again sooner than {:.0} s after it was opened, {}: the cooldown that \
                 should spread the trades over coins does not hold.",
                evidence.count, pause.seconds, pause.source
            ),
            evidence: evidence.text(
                "repeated openings",
                &format!(
                    "SELECT * FROM (SELECT coin, at, round((julianday(at) - julianday(lag(at) OVER (PARTITION BY coin \
                     ORDER BY at))) * 86400) AS seconds FROM ({openings})) WHERE seconds >= 1 AND seconds < {most_seconds:.0}"
                ),
            ),
            recommendation: "Check the cooldown when the order is executed, by the time of the coin's last opening \
                             in the file; if the cooldown is shorter by intention, or switched off, set \
                             limits.cooldown_seconds in the config file."
                .to_owned(),
        })
        .into())
}

/// How long a coin rests after its opening, and where that stands.
struct Pause {
    seconds: f64,
    source: &'static str,
}

/// The pause that the config file sets, else that of the bot's file: by how much cooldowns expire after their
/// coin's opening. The bot's own default holds where no row shows a pause, and where the pause is the default
/// and a time zone's offset: then openings and cooldowns are of two clocks.
fn pause(audit: &Audit<'_>, openings: &Openings<'_>) -> anyhow::Result<Option<Pause>> {
    const LEAST_COOLDOWNS: usize = 3;
    const AGREEING: f64 = 0.8;
    let context = audit.context;
    if let Some(seconds) = context.config.limits.cooldown_seconds {
        return Ok(Some(Pause { seconds, source: "as the config file sets the cooldown" }));
    }
    // A bot without the table knows no cooldown.
    if !context.bot.has_table("coin_cooldowns") {
        return Ok(None);
    }
    let default = Pause { seconds: context.limits.cooldown_seconds, source: "the bot's default" };
    let pauses = pauses(audit, openings)?;
    let Some(usual) = median(&pauses) else { return Ok(Some(default)) };
    let shift = usual - default.seconds;
    if is_same(usual, default.seconds)
        || (is_offset(shift) && longest_refusal_seconds(audit)? <= default.seconds)
    {
        return Ok(Some(default));
    }
    let agree = pauses.iter().filter(|pause| is_same(**pause, usual)).count();
    let is_shown = pauses.len() >= LEAST_COOLDOWNS && agree as f64 >= AGREEING * pauses.len() as f64;
    let source = "as long as the rows of coin_cooldowns block a coin";
    Ok(is_shown.then_some(Pause { seconds: usual, source }))
}

/// By how much the cooldowns expire after the last opening of their coin before that.
fn pauses(audit: &Audit<'_>, openings: &Openings<'_>) -> anyhow::Result<Vec<f64>> {
    let mut pauses = Vec::new();
    audit.context.bot.each_row(COOLDOWNS, |row| {
        let coin = cell::text(row, 2)?.unwrap_or_default();
        let expires_at = audit.context.bot.instant(row, 0, 1)?;
        if let (Some(expires_at), Some(opened)) = (expires_at, openings.get(coin.as_ref())) {
            let before = opened.iter().rev().find(|(opened_at, _)| *opened_at < expires_at);
            pauses.extend(before.map(|(opened_at, _)| (expires_at - *opened_at).num_seconds() as f64));
        }
        Ok(())
    })?;
    Ok(pauses)
}

fn is_same(seconds: f64, other: f64) -> bool {
    const SAME_SECONDS: f64 = 5.0;
    (seconds - other).abs() <= SAME_SECONDS
}

/// Whether a difference is one between a time zone and UTC: whole quarters of an hour, an hour at least.
fn is_offset(seconds: f64) -> bool {
    const QUARTER_SECONDS: f64 = 900.0;
    let quarters = (seconds / QUARTER_SECONDS).round();
    (4.0..=56.0).contains(&quarters.abs()) && is_same(seconds, quarters * QUARTER_SECONDS)
}

/// The longest rest of a cooldown that the bot itself has named when it refused an order: `in cooldown (360s
/// remaining)`. Zero where it names none.
fn longest_refusal_seconds(audit: &Audit<'_>) -> anyhow::Result<f64> {
    let mut longest: f64 = 0.0;
    audit.context.bot.each_row(NEWEST_REFUSALS, |row| {
        let description = cell::text(row, 0)?.unwrap_or_default();
        let rest =
            description.split_once("in cooldown (").and_then(|(_, rest)| rest.split_once("s remaining"));
        longest = longest.max(rest.and_then(|(seconds, _)| seconds.trim().parse().ok()).unwrap_or(0.0));
        Ok(())
    })?;
    Ok(longest)
}

struct StatusChange {
    at: DateTime<Utc>,
    /// At the latest: later only around a clock change.
    by: DateTime<Utc>,
    status: String,
}

/// The coins' changes of status, oldest first.
fn status_changes(audit: &Audit<'_>) -> anyhow::Result<BTreeMap<String, Vec<StatusChange>>> {
    let mut changes: BTreeMap<String, Vec<StatusChange>> = BTreeMap::new();
    audit.context.bot.each_row(STATUS_CHANGES, |row| {
        let (Some(reading), Some(coin), Some(status)) =
            (audit.context.bot.moments(row, 0, 1)?, cell::text(row, 2)?, cell::text(row, 4)?)
        else {
            return Ok(());
        };
        let status = status.trim().to_ascii_lowercase();
        let change = StatusChange { at: reading.earliest, by: reading.latest, status };
        changes.entry(coin.into_owned()).or_default().push(change);
        Ok(())
    })?;
    changes.values_mut().for_each(|coin| coin.sort_by_key(|change| change.at));
    Ok(changes)
}

/// Bans that followed from a reflection and that still stand.
fn bans_by_adaptation(audit: &Audit<'_>) -> anyhow::Result<BTreeMap<String, DateTime<Utc>>> {
    let bot = audit.context.bot;
    let mut banned = BTreeSet::new();
    bot.each_row(BANNED, |row| {
        banned.extend(cell::text(row, 0)?.map(|coin| coin.into_owned()));
        Ok(())
    })?;
    let mut bans: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    bot.each_row(BANS_BY_ADAPTATION, |row| {
        let target = cell::text(row, 2)?.unwrap_or_default();
        if let Some(at) = bot.instant(row, 0, 1)?.filter(|_| banned.contains(target.as_ref())) {
            let first = bans.entry(target.into_owned()).or_insert(at);
            *first = at.min(*first);
        }
        Ok(())
    })?;
    Ok(bans)
}

/// Coins that were opened although they are banned.
pub(super) fn blacklist(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let grace = TimeDelta::milliseconds((audit.threshold * 60_000.0) as i64);
    let (changes, bans) = (status_changes(audit)?, bans_by_adaptation(audit)?);
    let mut evidence = Evidence::default();
    let (mut size_usd, mut pnl_usd, mut broken) = (0.0, 0.0, Vec::new());
    for (coin, openings) in openings(audit)? {
        for (opened_at, trade) in openings {
            // A release that may have come before the opening counts, a ban that certainly did.
            let opened_by = trade.opened_by.unwrap_or(opened_at);
            let standing = changes
                .get(coin)
                .and_then(|changes| changes.iter().rev().find(|change| change.at <= opened_by))
                .filter(|change| change.status == "blacklisted")
                .map(|change| change.by);
            let banned_at = standing.or(bans.get(coin).copied()).filter(|at| *at + grace < opened_at);
            if banned_at.is_some() {
                size_usd += trade.size_usd.unwrap_or(0.0);
                pnl_usd += trade.pnl_usd.unwrap_or(0.0);
                broken.push(trade.id.as_str());
            }
            evidence.row(banned_at.map(|at| {
                move || {
                    format!(
                        "{} banned at {} and opened at {} (id {})",
                        shown(coin),
                        utc_text(at),
                        utc_text(opened_at),
                        trade.id
                    )
                }
            }));
        }
    }
    let names = names(audit.context.generation);
    Ok((evidence.count > 0)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: String::new(),
            title: "Trades were opened in coins that the bot had blacklisted".to_owned(),
            description: format!(
                "{} {} that the bot had blacklisted and not released, ${size_usd:.2} of size with a result of {}.",
                evidence.count,
                plural(evidence.count, "trade was opened in a coin", "trades were opened in coins"),
                usd(pnl_usd, 2)
            ),
            evidence: evidence.text(
                "openings",
                &format!(
                    "SELECT id, {}, {} FROM {} WHERE id IN ({})",
                    names.coin,
                    names.opened_at,
                    names.closed,
                    id_list(broken.into_iter())
                ),
            ),
            recommendation: "Read the blacklist where a trade is opened, and keep no copy of it in memory that a \
                             reflection does not refresh."
                .to_owned(),
        })
        .into())
}

/// A claim that trades in coins marked as reduced are about as large as others.
pub(super) fn reduced(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_REDUCED: f64 = 10.0;
    const LEAST_USUAL: f64 = 20.0;
    let changes = status_changes(audit)?;
    let (mut reduced, mut usual, mut pnl_usd) = (Vec::new(), Vec::new(), 0.0);
    for (coin, openings) in openings(audit)? {
        for (opened_at, trade) in openings {
            let change =
                changes.get(coin).and_then(|all| all.iter().rev().find(|change| change.at < opened_at));
            match (change.map(|change| change.status.as_str()), trade.size_usd) {
                (Some("reduced"), Some(size_usd)) => {
                    reduced.push(size_usd);
                    pnl_usd += trade.pnl_usd.unwrap_or(0.0);
                }
                (None | Some("normal" | "unknown"), Some(size_usd)) => usual.push(size_usd),
                _ => {}
            }
        }
    }
    let (reduced, usual) = (Sample::of(reduced.into_iter()), Sample::of(usual.into_iter()));
    if reduced.count < LEAST_REDUCED || usual.count < LEAST_USUAL {
        return Ok(Found::nothing());
    }
    let p_value = usual.scaled(audit.threshold).below_other(reduced);
    let mut found = Found::nothing();
    found.claim(
        p_value,
        Problem {
            alert_type: AlertType::Bug,
            severity: weight::by_loss(audit, -pnl_usd).min(Severity::Medium),
            subject: String::new(),
            title: "Coins marked as reduced are traded at full size".to_owned(),
            description: format!(
                "{} trades in coins whose status was reduced had ${:.2} on average, {} trades in coins of normal \
                 status ${:.2}: the mark has little or no effect. The former made {} together.",
                reduced.count, reduced.mean, usual.count, usual.mean, usd(pnl_usd, 2)
            ),
            evidence: format!(
                "mean size {:.2} against {:.2}, {}; query: SELECT * FROM coin_adaptations WHERE new_status = 'reduced'",
                reduced.mean,
                usual.mean,
                p_text(p_value)
            ),
            recommendation: "Apply the status where the size is computed.".to_owned(),
        },
    );
    Ok(found)
}
