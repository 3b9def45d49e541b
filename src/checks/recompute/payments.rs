//! What the file itself says of the balance that the bot began with, and of money paid in or out.

use chrono::{DateTime, Utc};

use crate::checks::check::Audit;
use crate::source::cell;

/// A row of the log that names a payment, whatever wrote it; what the LLM writes proves none.
const PAYMENTS: &str = "
SELECT
    created_at,
    clock,
    activity_type || ' ' || description,
    details
FROM activity
WHERE activity_type NOT LIKE 'llm%' AND (
    activity_type || ' ' || description LIKE '%deposit%'
    OR activity_type || ' ' || description LIKE '%withdraw%'
    OR activity_type || ' ' || description LIKE '%paid in%'
    OR activity_type || ' ' || description LIKE '%top_up%'
    OR activity_type || ' ' || description LIKE '%topped up%'
    OR activity_type || ' ' || description LIKE '%added funds%'
    OR activity_type || ' ' || description LIKE '%funds added%'
    OR activity_type || ' ' || description LIKE '%transfer in%'
    OR activity_type || ' ' || description LIKE '%transfer out%'
    OR activity_type || ' ' || description LIKE '%transferred%'
    OR activity_type || ' ' || description LIKE '%balance set%'
    OR activity_type || ' ' || description LIKE '%paid out%'
)";

const FIRST_START: &str = "
SELECT
    created_at,
    clock,
    description
FROM activity
WHERE activity_type = 'bot_started'
ORDER BY id
LIMIT 1";

const FIRST_SNAPSHOT: &str = "
SELECT
    at,
    clock,
    starting_balance
FROM snapshot
ORDER BY id
LIMIT 1";

const EQUITY_POINTS: &str = "
SELECT
    at,
    clock,
    balance,
    trade_id
FROM equity_point
ORDER BY id";

const FIRST_CLOSING: &str = "
SELECT
    closed_at,
    clock
FROM trade
WHERE generation = ?1 AND closed_at IS NOT NULL
ORDER BY closed_at
LIMIT 1";

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Payments {
    /// The balance before the first trade, where a row of that time states it.
    pub(super) start_usd: Option<f64>,
    /// Sum of the payments, those out below zero.
    pub(super) paid_in_usd: f64,
    /// Each logged one as it is counted in, with all numbers of its row.
    logged: Vec<(f64, Vec<f64>)>,
}

impl Payments {
    /// Reads the rows that state a balance or a payment. A step of the balance alone is none: a booking that
    /// is missing leaves one, too.
    pub(super) fn read(audit: &Audit<'_>) -> anyhow::Result<Self> {
        let first_closing = first_closing(audit)?;
        let is_before_trades = |at: DateTime<Utc>| first_closing.is_none_or(|first| at <= first);
        let mut payments = Self::default();
        for (sql, generation) in [(FIRST_START, 1), (FIRST_SNAPSHOT, 2)] {
            if generation != audit.context.generation {
                continue;
            }
            audit.context.bot.each_row(sql, |row| {
                if audit.context.bot.instant(row, 0, 1)?.is_some_and(is_before_trades) {
                    payments.start_usd = cell::text(row, 2)?.as_deref().and_then(amount);
                }
                Ok(())
            })?;
        }
        payments.add_logged(audit)?;
        payments.add_equity_points(audit, is_before_trades)?;
        Ok(payments)
    }

    /// Whether a logged payment would explain what is missing in `paid_in_usd`, were another number of its row
    /// the amount, or the difference of two: the words say which only to people.
    pub(super) fn explain(&self, missing_usd: f64) -> bool {
        let is_near = |one: f64, other: f64| (one - other).abs() < 0.01;
        self.logged.iter().any(|(counted, numbers)| {
            let usd = (missing_usd + counted).abs();
            let is_step = |one: &f64| numbers.iter().any(|other| is_near(other - one, usd));
            usd > 0.01 && numbers.iter().any(|one| is_near(*one, usd) || is_step(one))
        })
    }

    /// What is known of payments where they do not explain the balance.
    pub(super) fn text(&self) -> String {
        if self.paid_in_usd == 0.0 {
            return " No row of the log tells of money paid in or out.".to_owned();
        }
        format!(" Payments of {:+.2} in all, which the file tells of, are counted in.", self.paid_in_usd)
    }

    fn add_logged(&mut self, audit: &Audit<'_>) -> anyhow::Result<()> {
        audit.context.bot.each_row(PAYMENTS, |row| {
            let is_past = audit.context.bot.instant(row, 0, 1)?.is_some_and(|at| at <= audit.context.now);
            let text = cell::text(row, 2)?.unwrap_or_default().to_lowercase();
            let details = cell::text(row, 3)?.unwrap_or_default();
            if let Some(usd) = amount(&text).or_else(|| amount(&details)).filter(|_| is_past) {
                let is_out = ["withdraw", "paid out", "transfer out", "transferred out"];
                let usd = if is_out.iter().any(|words| text.contains(words)) { -usd } else { usd };
                self.paid_in_usd += usd;
                self.logged.push((usd, numbers(&format!("{text} {details}"))));
            }
            Ok(())
        })
    }

    /// A point that belongs to no trade, and since whose predecessor no trade was closed, was written only to
    /// state another balance.
    fn add_equity_points(
        &mut self,
        audit: &Audit<'_>,
        is_before_trades: impl Fn(DateTime<Utc>) -> bool,
    ) -> anyhow::Result<()> {
        let context = audit.context;
        let ledger = context.ledger()?;
        let closings: Vec<_> = ledger.of(2).filter_map(|trade| trade.closed_at).collect();
        let mut before: Option<(DateTime<Utc>, f64)> = None;
        context.bot.each_row(EQUITY_POINTS, |row| {
            let at = context.bot.instant(row, 0, 1)?.filter(|at| *at <= context.now);
            let (Some(at), Some(balance)) = (at, cell::real(row, 2)?) else { return Ok(()) };
            let is_of_no_trade = cell::text(row, 3)?.is_none_or(|trade_id| trade_id.trim().is_empty());
            match before.replace((at, balance)) {
                _ if !is_of_no_trade => {}
                None if is_before_trades(at) => self.start_usd = Some(balance),
                None => {}
                Some((since, old)) => {
                    let no_trade =
                        !closings.iter().any(|closed| (since..=at).contains(closed) && *closed != since);
                    self.paid_in_usd += if no_trade { balance - old } else { 0.0 };
                }
            }
            Ok(())
        })
    }
}

fn first_closing(audit: &Audit<'_>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let bot = audit.context.bot;
    let mut statement = bot.prepare(FIRST_CLOSING)?;
    let mut rows = statement.query([audit.context.generation])?;
    Ok(rows.next()?.map(|row| bot.instant(row, 0, 1)).transpose()?.flatten())
}

/// All numbers of a text, without their signs.
fn numbers(text: &str) -> Vec<f64> {
    let parts = text.split(|letter: char| !matches!(letter, '0'..='9' | '.' | ','));
    parts.filter_map(|part| part.replace(',', "").trim_matches('.').parse().ok()).collect()
}

/// The dollars that a text names: the number behind the first `$`, else the first number.
fn amount(text: &str) -> Option<f64> {
    let from = text.find('$').or_else(|| text.find(|letter: char| letter.is_ascii_digit()))?;
    let number = text.get(from..)?.trim_start_matches('$');
    let end = number.find(|letter: char| !letter.is_ascii_digit() && !".,".contains(letter));
    let digits = number.get(..end.unwrap_or(number.len()))?.replace(',', "");
    digits.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_out_of_words() {
        assert_eq!(amount("Bot started with balance $1010.88"), Some(1_010.88));
        assert_eq!(amount("deposit Deposited $5,000.00."), Some(5_000.0));
        assert_eq!(amount("amount=250, note=3"), Some(250.0));
        assert_eq!(amount("deposit of nothing"), None);
    }
}
