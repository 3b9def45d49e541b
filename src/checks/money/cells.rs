//! Groups of trades that win less often than the rest.

use std::collections::{HashMap, HashSet};
use std::fmt;

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc, Weekday};

use super::names::{closed_trades, shown};
use crate::checks::check::{Audit, Found, Problem};
use crate::checks::claims::TOLD_BY_ANOTHER;
use crate::checks::statistics::{p_text, wilson, wins_less_often};
use crate::checks::weight;
use crate::dollars::usd;
use crate::model::{AlertType, Severity};
use crate::source::ledger::{Entry, Side};

/// Hours of the day repeat only over days, weekdays only over weeks: before, they are just dates.
const DAYS_FOR_HOURS: i64 = 5;
const DAYS_FOR_PARTS: i64 = 3;
const DAYS_FOR_WEEKDAYS: i64 = 28;
/// A group that lies in one with a stronger claim by this much says the same thing again.
const SAME_TRADES: f64 = 0.7;
/// A coin opened again this soon after its last exit.
const REENTRY_MINUTES: i64 = 15;

/// What the trades of a group have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Trait<'trades> {
    Coin(&'trades str),
    Tier(u8),
    Side(Side),
    Strategy(&'trades str),
    Rule(&'trades str),
    PartOfDay(&'static str),
    Hour(u32),
    Weekday(Weekday),
    Reentry,
}

impl fmt::Display for Trait<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coin(coin) => write!(formatter, "coin {}", shown(coin)),
            Self::Tier(tier) => write!(formatter, "tier {tier}"),
            Self::Side(Side::Long) => formatter.write_str("long trades"),
            Self::Side(Side::Short) => formatter.write_str("short trades"),
            Self::Strategy(strategy) => write!(formatter, "strategy {}", shown(strategy)),
            Self::Rule(rule) => write!(formatter, "rule {}", shown(rule)),
            Self::PartOfDay(part) => formatter.write_str(part),
            Self::Hour(hour) => write!(formatter, "hour {hour:02} UTC of the opening"),
            Self::Weekday(weekday) => write!(formatter, "weekday {weekday} of the opening"),
            Self::Reentry => {
                write!(formatter, "coins opened again within {REENTRY_MINUTES} minutes of their last exit")
            }
        }
    }
}

/// One group: what it is called and which of the trades belong to it.
struct Group {
    name: String,
    members: Vec<usize>,
    wins: u64,
    p_value: f64,
}

/// Claims that a group wins less often than the rest.
pub(super) fn wins_less(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let trades = audit.history.closed(audit.context)?;
    let known: Vec<(&Entry, bool)> = trades.iter().filter_map(|trade| Some((*trade, trade.won()?))).collect();
    let all_wins = known.iter().filter(|(_, won)| *won).count() as u64;
    let mut groups: Vec<Group> = members(audit, &known)
        .into_iter()
        .filter(|(_, members)| {
            let rest = known.len() - members.len();
            members.len() as f64 >= audit.threshold && rest as f64 >= audit.threshold
        })
        .map(|(name, members)| {
            let wins = members.iter().filter(|index| known.get(**index).is_some_and(|(_, won)| *won)).count();
            let (wins, count) = (wins as u64, members.len() as u64);
            let p_value = wins_less_often(wins, count, all_wins - wins, known.len() as u64 - count);
            Group { name, members, wins, p_value }
        })
        .collect();
    groups.sort_by(|one, other| one.p_value.total_cmp(&other.p_value));
    silence_repetitions(&mut groups);
    let mut found = Found::nothing();
    for group in &groups {
        found.claim(group.p_value, problem(audit, group, &known, all_wins));
    }
    Ok(found)
}

/// Gives up the claims of groups that are mostly part of one with a stronger claim; they still count as tests.
fn silence_repetitions(groups: &mut [Group]) {
    const WORTH_LOOKING: f64 = 0.05;
    let mut kept: Vec<HashSet<usize>> = Vec::new();
    for group in groups.iter_mut().filter(|group| group.p_value <= WORTH_LOOKING) {
        let own: HashSet<usize> = group.members.iter().copied().collect();
        let repeats = kept.iter().any(|other| {
            let shared = own.intersection(other).count() as f64;
            shared >= SAME_TRADES * own.len().min(other.len()) as f64
        });
        if repeats { group.p_value = TOLD_BY_ANOTHER } else { kept.push(own) }
    }
}

/// The trades of each group, in the order of the groups' names.
fn members(audit: &Audit<'_>, known: &[(&Entry, bool)]) -> Vec<(String, Vec<usize>)> {
    let mut groups: HashMap<Trait<'_>, Vec<usize>> = HashMap::new();
    let days = span_days(known);
    let mut last_exit: HashMap<&str, DateTime<Utc>> = HashMap::new();
    for (index, (trade, _)) in known.iter().enumerate() {
        let mut join = |common| groups.entry(common).or_default().push(index);
        join(Trait::Coin(&trade.coin));
        join(Trait::Tier(audit.context.tier(&trade.coin)));
        if let Some(side) = trade.side {
            join(Trait::Side(side));
        }
        if let Some(strategy) = trade.strategy.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
            join(Trait::Strategy(strategy));
        }
        for rule in trade.rules().collect::<HashSet<_>>() {
            join(Trait::Rule(rule));
        }
        if let Some(opened_at) = trade.opened_at {
            if days >= DAYS_FOR_PARTS {
                join(Trait::PartOfDay(part_of_day(opened_at.hour())));
            }
            if days >= DAYS_FOR_HOURS {
                join(Trait::Hour(opened_at.hour()));
            }
            if days >= DAYS_FOR_WEEKDAYS {
                join(Trait::Weekday(opened_at.weekday()));
            }
            let since = last_exit.get(trade.coin.as_str()).map(|exit| opened_at - *exit);
            let soon = TimeDelta::zero()..=TimeDelta::minutes(REENTRY_MINUTES);
            if since.is_some_and(|since| soon.contains(&since)) {
                join(Trait::Reentry);
            }
        }
        if let Some(closed_at) = trade.closed_at {
            last_exit.insert(&trade.coin, closed_at);
        }
    }
    let mut named: Vec<_> = groups.into_iter().map(|(common, trades)| (common.to_string(), trades)).collect();
    named.sort();
    named
}

/// A single hour holds few trades; a third of the day shows what nights do.
fn part_of_day(hour: u32) -> &'static str {
    match hour {
        6..14 => "openings from 06:00 to 14:00 UTC",
        14..22 => "openings from 14:00 to 22:00 UTC",
        _ => "openings at night, from 22:00 to 06:00 UTC",
    }
}

fn span_days(known: &[(&Entry, bool)]) -> i64 {
    let at = |trade: Option<&(&Entry, bool)>| trade.and_then(|(trade, _)| trade.closed_at);
    match (at(known.first()), at(known.last())) {
        (Some(first), Some(last)) => (last - first).num_days(),
        _ => 0,
    }
}

fn problem(audit: &Audit<'_>, group: &Group, known: &[(&Entry, bool)], all_wins: u64) -> Problem {
    let (name, count) = (&group.name, group.members.len() as u64);
    let rest = known.len() as u64 - count;
    let rest_wins = all_wins - group.wins;
    let trades = group.members.iter().filter_map(|index| known.get(*index));
    let pnl_usd: f64 = trades.filter_map(|(trade, _)| trade.pnl_usd).sum();
    let (low, high) = wilson(group.wins, count).unwrap_or_default();
    let (table, _) = closed_trades(audit.context.generation);
    Problem {
        alert_type: AlertType::Pattern,
        severity: weight::by_loss(audit, -pnl_usd).min(Severity::Medium),
        subject: name.clone(),
        title: format!("Fewer wins than elsewhere, beyond chance: {name}"),
        description: format!(
            "Of {count} trades ({name}) {} won, {:.0} % (95 % interval {:.0} to {:.0} %); of the other {rest}, \
             {:.0} % won. Together they made {}.",
            group.wins,
            100.0 * group.wins as f64 / count as f64,
            100.0 * low,
            100.0 * high,
            100.0 * rest_wins as f64 / rest as f64,
            usd(pnl_usd, 2)
        ),
        evidence: format!(
            "{} of {count} against {rest_wins} of {rest}, Fisher's exact {}; rows: the newest {} of {table}",
            group.wins,
            p_text(group.p_value),
            known.len()
        ),
        recommendation: "Trade less there, or find out what is different about these trades.".to_owned(),
    }
}
