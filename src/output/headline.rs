//! The first line of a run: the only one that Nagios and the preview of a mail show.

use chrono::TimeDelta;

use super::summary::Summary;
use crate::exit_code::Verdict;
use crate::model::{AlertStatus, News, Outcome, Severity};
use crate::sanitize::one_line;
use crate::source::clock;

/// The first line of a run that failed before it had a report.
pub(crate) fn headline_of_failure(error: &str, name: Option<&str>) -> String {
    let bot = name.map(|name| format!("bot {name}: ")).unwrap_or_default();
    one_line(&format!("{}: {bot}{error}", Verdict::Incomplete.word()))
}

impl Summary<'_> {
    /// The exit code as a word, which bot, what is new and what is known, what it has traded, how old its
    /// newest row is.
    pub(super) fn headline(&self) -> String {
        let path = self.config.db.display();
        let bot = match &self.config.name {
            Some(name) => format!("bot {name} ({path})"),
            None => format!("bot {path}"),
        };
        let mut parts = vec![self.found()];
        let briefs: Vec<String> = self.shortcomings().into_iter().map(|one| one.brief).collect();
        if !briefs.is_empty() {
            parts.push(format!("audit incomplete ({})", briefs.join(", ")));
        }
        parts.extend(self.traded());
        parts.push(self.last_row());
        if self.config.as_of.is_some() {
            parts.push(format!("as of {} UTC", clock::utc_text(self.now)));
        }
        one_line(&format!("{}: {bot}: {}", self.verdict().word(), parts.join("; ")))
    }

    fn found(&self) -> String {
        let mut parts = Vec::new();
        for severity in Severity::WORST_FIRST {
            for (news, word) in [(News::New, "new"), (News::Worse, "worse"), (News::Returned, "returned")] {
                let count = self.of(severity).filter(|outcome| outcome.news == news).count();
                if count > 0 {
                    parts.push(format!("{count} {word} {}", severity.as_str()));
                }
            }
        }
        let known = self.known();
        match (parts.is_empty(), known.is_empty()) {
            (true, true) => return "no findings".to_owned(),
            (true, false) => parts.push("nothing new".to_owned()),
            (false, _) => {}
        }
        if !known.is_empty() {
            parts.push(format!("{} known{}", known.len(), details(&known)));
        }
        parts.join(", ")
    }

    /// Findings that their alerts have told.
    pub(super) fn known(&self) -> Vec<&Outcome> {
        self.kept.outcomes.iter().filter(|outcome| outcome.news == News::Known).collect()
    }

    fn traded(&self) -> Option<String> {
        let hours = self.config.hours;
        let is_unread =
            |name: &str| ["closed_trades", "trade_journal"].iter().any(|table| name.contains(table));
        let is_missing_some = self.report.failed().iter().any(|(name, _)| is_unread(name));
        let Some(trades) = self.report.trade_patterns.available().filter(|_| !is_missing_some) else {
            return Some("trades unknown".to_owned());
        };
        trades.all_time_trades?;
        let (s, count) = match trades.total_trades {
            0 => return Some(format!("no trades in {hours} h")),
            1 => ("", 1),
            count => ("s", count),
        };
        let without = match trades.trades_without_pnl {
            0 => String::new(),
            unknown => format!(" ({unknown} without a profit or loss)"),
        };
        Some(format!("{count} trade{s} in {hours} h, {:+.2} USD{without}", trades.total_pnl))
    }

    /// The age of the newest row that the bot has written.
    fn last_row(&self) -> String {
        let tables = self.report.tables.available().into_iter().flat_map(|tables| &tables.all);
        let times = tables.filter(|table| !table.is_monitors_own()).flat_map(|table| &table.sampled_times);
        match times.filter(|at| **at <= self.now).max() {
            Some(at) => format!("last row {} ago", age(self.now - *at)),
            None if self.report.holds_later_rows() => "no row up to then".to_owned(),
            None => "no row with a time".to_owned(),
        }
    }
}

/// Of the known findings, those that count for the exit code and those that were set aside.
fn details(known: &[&Outcome]) -> String {
    let count = |is_meant: &dyn Fn(&Outcome) -> bool| known.iter().filter(|one| is_meant(one)).count();
    let paging = |severity| count(&|one| one.pages() && one.finding.severity == severity);
    let status = |status| count(&|one| one.snoozed_until.is_none() && one.alert_status == Some(status));
    let details: Vec<String> = [
        ("critical", paging(Severity::Critical)),
        ("high", paging(Severity::High)),
        ("snoozed", count(&|one| one.snoozed_until.is_some())),
        ("acknowledged", status(AlertStatus::Acknowledged)),
        ("wontfix", status(AlertStatus::Wontfix)),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(word, count)| format!("{count} {word}"))
    .collect();
    if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) }
}

/// In the largest unit of which there are at least two.
fn age(age: TimeDelta) -> String {
    let seconds = age.num_seconds();
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_largest_unit_of_which_there_are_two() {
        for (seconds, told) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(age(TimeDelta::seconds(seconds)), told);
        }
    }
}
