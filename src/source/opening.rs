//! Openings as the bot's log has them: the first generation logs each with its size and its stop.

use chrono::{DateTime, Utc};

use super::{Bot, closing};

/// One logged opening.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// The open trade's id that it names.
    pub(crate) trade_id: Option<String>,
    /// The coin that it names.
    pub(crate) coin: String,
    /// Size of the whole position in US dollars.
    pub(crate) size_usd: Option<f64>,
    /// Price at which a loss is to be cut, in whole cents, above zero.
    pub(crate) stop_loss_price: Option<f64>,
    /// When it was logged.
    pub(crate) at: DateTime<Utc>,
}

/// The newest openings up to `now`, newest first.
///
/// # Errors
/// When the log cannot be read.
pub(crate) fn newest(bot: &Bot, now: DateTime<Utc>) -> anyhow::Result<Vec<Opening>> {
    let mut openings = Vec::new();
    closing::each_logged(bot, now, "trade_opened", |at, description, details| {
        openings.extend(parse(description, details, at));
    })?;
    Ok(openings)
}

/// `BUY solana $100.00 @ $145.66` with `trade_id=12, stop_loss=$131.09, take_profit=$147.12`.
fn parse(description: &str, details: &str, at: DateTime<Utc>) -> Option<Opening> {
    let (order, _) = description.rsplit_once(" @ ")?;
    let (coin, size) = order.split_once(' ')?.1.rsplit_once(" $")?;
    let (_, id) = details.split_once("trade_id=").unwrap_or_default();
    let id = id.split(',').next().unwrap_or_default().trim();
    let stop = details.split_once("stop_loss=").and_then(|(_, stop)| money(stop));
    Some(Opening {
        trade_id: Some(id.to_owned()).filter(|id| !id.is_empty()),
        coin: coin.trim().to_owned(),
        size_usd: money(size).filter(|size| *size > 0.0),
        stop_loss_price: stop.filter(|stop| *stop > 0.0),
        at,
    })
}

/// The amount at the beginning of a text: `$1,131.09, take_profit=…` is 1131.09.
fn money(text: &str) -> Option<f64> {
    let text = text.trim_start().trim_start_matches('$');
    let end = text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | ',' | '-')).unwrap_or(text.len());
    text.get(..end)?.replace(',', "").parse().ok().filter(|amount: &f64| amount.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_opening_has_coin_size_and_stop() {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let details = "trade_id=12, stop_loss=$61,131.09, take_profit=$67,147.12";
        let opening = parse("BUY bitcoin-cash $100.00 @ $67,000.00", details, at).unwrap();
        assert_eq!((opening.coin.as_str(), opening.size_usd), ("bitcoin-cash", Some(100.0)));
        assert_eq!((opening.trade_id.as_deref(), opening.stop_loss_price), (Some("12"), Some(61_131.09)));
        let bare = parse("BUY pepe $30.00 @ $0.00", "stop_loss=$0.00", at).unwrap();
        assert_eq!((bare.trade_id, bare.stop_loss_price), (None, None));
        assert!(parse("BUY", "", at).is_none());
    }
}
