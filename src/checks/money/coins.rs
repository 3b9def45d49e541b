//! What the bot has decided about a coin, against its trades in that coin afterwards.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{names, shown};
use crate::bot::cell;
use crate::bot::clock::utc_text;
use crate::bot::ledger::Entry;
use crate::checks::statistics::{Sample, median, p_text};
use crate::checks::{Audit, Evidence, Found, Problem, weight};
use crate::finding::{AlertType, Severity};

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
    for trade in audit.shared.history.all(audit.context)? {
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
    let Some(pause_seconds) = pause_seconds(audit, &openings)? else { return Ok(Found::nothing()) };
    let mut evidence = Evidence::default();
    for (coin, opened) in &openings {
        for ((before, _), (after, _)) in opened.iter().zip(opened.iter().skip(1)) {
            let seconds = (*after - *before).num_seconds() as f64;
            // Openings in the same second are two rows of one decision: a duplicate, not a broken pause.
            evidence.row((seconds >= 1.0 && seconds < pause_seconds - TOLERANCE_SECONDS).then_some(|| {
                format!("{} at {} and again {seconds:.0} s later", shown(coin), utc_text(*before))
            }));
        }
    }
    let names = names(audit.context.generation);
    Ok((evidence.count >= LEAST_ROWS)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: String::new(),
            title: "Coins are opened again within their cooldown".to_owned(),
            description: format!(
                "{} times a coin was opened again sooner than {pause_seconds:.0} s after it was opened: the cooldown \
                 that should spread the trades over coins does not hold.",
                evidence.count
            ),
            evidence: evidence.text(
                "repeated openings",
                &format!("SELECT {0}, {1} FROM {2} ORDER BY {0}, {1}", names.coin, names.opened_at, names.closed),
            ),
            recommendation: "Check the cooldown when the order is executed, by the time of the coin's last opening \
                             in the file."
                .to_owned(),
        })
        .into())
}

/// The pause that the config file sets, else as the bot's file shows it: by how much cooldowns expire after
/// their coin's opening. The bot's own default only confirms it: a pause that the file does not show may be
/// switched off.
fn pause_seconds(audit: &Audit<'_>, openings: &Openings<'_>) -> anyhow::Result<Option<f64>> {
    const LEAST_COOLDOWNS: usize = 3;
    const SAME_SECONDS: f64 = 5.0;
    const AGREEING: f64 = 0.8;
    if let Some(seconds) = audit.context.config.limits.cooldown_seconds {
        return Ok(Some(seconds));
    }
    let configured = audit.context.limits.cooldown_seconds;
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
    let Some(usual) = median(&pauses).filter(|_| pauses.len() >= LEAST_COOLDOWNS) else { return Ok(None) };
    let agree = pauses.iter().filter(|pause| (**pause - usual).abs() <= SAME_SECONDS).count();
    let is_shown =
        agree as f64 >= AGREEING * pauses.len() as f64 || (usual - configured).abs() <= SAME_SECONDS;
    Ok(is_shown.then_some(usual))
}

struct StatusChange {
    at: DateTime<Utc>,
    status: String,
}

/// The coins' changes of status, oldest first.
fn status_changes(audit: &Audit<'_>) -> anyhow::Result<BTreeMap<String, Vec<StatusChange>>> {
    let mut changes: BTreeMap<String, Vec<StatusChange>> = BTreeMap::new();
    audit.context.bot.each_row(STATUS_CHANGES, |row| {
        let (Some(at), Some(coin), Some(status)) =
            (audit.context.bot.instant(row, 0, 1)?, cell::text(row, 2)?, cell::text(row, 4)?)
        else {
            return Ok(());
        };
        let change = StatusChange { at, status: status.trim().to_ascii_lowercase() };
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
    let (mut size_usd, mut pnl_usd) = (0.0, 0.0);
    for (coin, openings) in openings(audit)? {
        for (opened_at, trade) in openings {
            let standing = changes
                .get(coin)
                .and_then(|changes| changes.iter().rev().find(|change| change.at <= opened_at))
                .filter(|change| change.status == "blacklisted")
                .map(|change| change.at);
            let banned_at = standing.or(bans.get(coin).copied()).filter(|at| *at + grace < opened_at);
            if banned_at.is_some() {
                size_usd += trade.size_usd.unwrap_or(0.0);
                pnl_usd += trade.pnl_usd.unwrap_or(0.0);
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
            severity: Severity::High,
            subject: String::new(),
            title: "Blacklisted coins are still traded".to_owned(),
            description: format!(
                "{} trades were opened in coins that the bot had blacklisted and not released, ${size_usd:.2} of size \
                 with a result of ${pnl_usd:.2}: the ban does not reach the part that opens trades.",
                evidence.count
            ),
            evidence: evidence.text(
                "openings",
                &format!(
                    "SELECT {0}, {1} FROM {2} WHERE {0} IN (SELECT coin FROM coin_scores WHERE is_blacklisted)",
                    names.coin, names.opened_at, names.closed
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
                 status ${:.2}: the mark has little or no effect. The former made ${pnl_usd:.2} together.",
                reduced.count, reduced.mean, usual.count, usual.mean
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
