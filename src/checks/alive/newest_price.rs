//! The newest price of a coin anywhere in the file, and what open positions have made at it.

use chrono::{DateTime, Utc};

use crate::checks::check::Audit;
use crate::dollars::signed_usd;
use crate::source::ledger::Entry;
use crate::source::{cell, clock};

/// A price with its place and time.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewestPrice {
    price_usd: f64,
    /// When it was stored.
    pub(super) at: DateTime<Utc>,
    place: &'static str,
}

const CURRENT: &str = "
SELECT
    updated_at,
    clock,
    price_usd
FROM price
WHERE lower(coin) = lower(?1)";

/// Answers of the source that the bot logs whole hold the price of each coin.
const LOGGED: &str = "
SELECT
    created_at,
    clock,
    details
FROM activity
WHERE activity_type = 'market_data' AND instr(lower(details), lower(?1)) > 0
ORDER BY id DESC
LIMIT 1";

impl NewestPrice {
    /// Of the coin, up to now.
    pub(super) fn of(audit: &Audit<'_>, coin: &str) -> anyhow::Result<Option<Self>> {
        let context = audit.context;
        let mut newest: Option<Self> = None;
        let mut take = |at: DateTime<Utc>, price_usd: f64, place: &'static str| {
            let is_newer = newest.is_none_or(|known| known.at < at) && at <= context.now;
            if is_newer && price_usd > 0.0 {
                newest = Some(Self { price_usd, at, place });
            }
        };
        let mut statement = context.bot.prepare(CURRENT)?;
        let mut rows = statement.query([coin])?;
        while let Some(row) = rows.next()? {
            if let (Some(at), Some(price_usd)) = (context.bot.instant(row, 0, 1)?, cell::real(row, 2)?) {
                take(at, price_usd, "market_data");
            }
        }
        for point in audit.shared.history.prices(context)? {
            if point.coin.eq_ignore_ascii_case(coin) {
                take(point.at, point.price_usd, "price_history");
            }
        }
        let mut statement = context.bot.prepare(LOGGED)?;
        let mut rows = statement.query([coin])?;
        while let Some(row) = rows.next()? {
            let details = cell::text(row, 2)?.unwrap_or_default();
            if let (Some(at), Some(price_usd)) = (context.bot.instant(row, 0, 1)?, price_in(&details, coin)) {
                take(at, price_usd, "an answer in activity_log");
            }
        }
        Ok(newest)
    }

    /// The price, and what these positions have made so far at it.
    pub(super) fn told(self, positions: &[&Entry]) -> String {
        let gains = positions.iter().filter_map(|position| {
            let (entry, size) = (position.entry_price?, position.size_usd?);
            Some(size * position.side?.sign() * (self.price_usd / entry - 1.0))
        });
        let is_beyond = |position: &&&Entry| {
            position
                .side
                .zip(position.stop_loss_price)
                .is_some_and(|(side, stop)| side.sign() * (self.price_usd - stop) <= 0.0)
        };
        let beyond = match positions.iter().filter(is_beyond).count() {
            0 => String::new(),
            count => format!(" Positions that are beyond their stop at that price: {count}."),
        };
        format!(
            "The newest price in the file is {} of {} UTC, in {}: at that price the profit so far of what is open in it is {}.{beyond}",
            self.price_usd,
            clock::utc_text(self.at),
            self.place,
            signed_usd(gains.sum())
        )
    }

    /// Whether the bot has logged it in an answer and stored it nowhere.
    pub(super) fn is_logged_only(self) -> bool {
        self.place == "an answer in activity_log"
    }
}

/// The price in `{'bitcoin': {'usd': 62665.8, …}, …}`, as Python prints it or as JSON.
fn price_in(answer: &str, coin: &str) -> Option<f64> {
    let answer = answer.replace('"', "'");
    let place = answer.to_ascii_lowercase().find(&format!("'{}'", coin.to_ascii_lowercase()))?;
    let (_, fields) = answer.get(place..)?.split_once('{')?;
    let (fields, _) = fields.split_once('}').unwrap_or((fields, ""));
    let (_, price) = fields.split_once("'usd':")?;
    price.split(',').next()?.trim().parse().ok().filter(|price: &f64| price.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_the_price_of_each_coin() {
        let answer = "{'bitcoin': {'usd': 62665.8, 'usd_24h_change': -3.1}, 'brett': {'usd_24h_change': 1, 'usd': 1.7e-05}, 'near': {'usd': None}}";
        assert_eq!(price_in(answer, "Bitcoin"), Some(62_665.8));
        assert_eq!(price_in(answer, "brett"), Some(1.7e-5));
        assert_eq!(price_in(answer, "near"), None);
        assert_eq!(price_in(answer, "tron"), None);
        assert_eq!(price_in("{'bitcoin': {'us", "bitcoin"), None);
    }
}
