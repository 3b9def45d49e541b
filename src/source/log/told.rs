//! What single rows of the log tell of trades and of the bot's life: openings, closings, starts and stops.

use serde_json::Value;

/// An opening, a closing, or a closed trade that nobody learns from on purpose.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LoggedTrade {
    /// The table of trades that it speaks of.
    pub(crate) trade_source: &'static str,
    /// `opened`, `closed` or `not_learned`.
    pub(crate) event: &'static str,
    /// The id that it names.
    pub(crate) trade_id: Option<String>,
    /// The instrument that it names, empty where it names none.
    pub(crate) instrument: String,
    /// Money put in, of openings.
    pub(crate) size: Option<f64>,
    /// Price of the stop-loss in whole cents, above zero, of openings.
    pub(crate) stop_loss: Option<f64>,
    /// Profit or loss, of closings.
    pub(crate) pnl: Option<f64>,
}

/// Kinds of rows that are read further back than both windows.
pub(crate) const KINDS_READ_FURTHER: [&str; 7] = [
    "trade_opened",
    "trade_closed",
    "quick_update",
    "learning_skipped",
    "bot_started",
    "bot_stopped",
    "bot_initialized",
];

impl LoggedTrade {
    /// Of a row, if it tells of one.
    pub(crate) fn read(kind: &str, text: &str, details: &str) -> Option<Self> {
        match kind {
            "trade_opened" => opened(text, details),
            "trade_closed" => closed(text, details),
            "quick_update" => updated(details),
            "learning_skipped" => Some(not_learned(details)),
            _ => None,
        }
    }
}

/// What a row tells of the bot's life, and the pause between two cycles that a start names, in seconds.
pub(super) fn lifecycle(kind: &str, details: &str) -> Option<(&'static str, Option<f64>)> {
    match kind {
        "bot_started" => Some(("started", None)),
        "bot_stopped" => Some(("stopped", None)),
        "bot_initialized" => Some(("initialized", pause_of(details))),
        _ => None,
    }
}

/// `BUY solana $100.00 @ $145.66` with `trade_id=12, stop_loss=$131.09, take_profit=$147.12`.
fn opened(text: &str, details: &str) -> Option<LoggedTrade> {
    let (order, _) = text.rsplit_once(" @ ")?;
    let (instrument, size) = order.split_once(' ')?.1.rsplit_once(" $")?;
    let stop = details.split_once("stop_loss=").and_then(|(_, stop)| money(stop));
    Some(LoggedTrade {
        trade_source: "closed_trades",
        event: "opened",
        trade_id: trade_id(details),
        instrument: instrument.trim().to_owned(),
        size: money(size).filter(|size| *size > 0.0),
        stop_loss: stop.filter(|stop| *stop > 0.0),
        pnl: None,
    })
}

/// `CLOSED solana @ $147.21 P&L: +$1.07 (take_profit)` with `trade_id=12, entry=…`.
fn closed(text: &str, details: &str) -> Option<LoggedTrade> {
    let (instrument, rest) = text.strip_prefix("CLOSED ")?.split_once(" @ ")?;
    Some(LoggedTrade {
        trade_source: "closed_trades",
        event: "closed",
        trade_id: trade_id(details),
        instrument: instrument.trim().to_owned(),
        size: None,
        stop_loss: None,
        pnl: rest.split_once("P&L:").and_then(|(_, pnl)| money(pnl)),
    })
}

fn not_learned(details: &str) -> LoggedTrade {
    LoggedTrade {
        trade_source: "closed_trades",
        event: "not_learned",
        trade_id: trade_id(details),
        instrument: String::new(),
        size: None,
        stop_loss: None,
        pnl: None,
    }
}

/// JSON with trade_id, coin and pnl_usd.
fn updated(details: &str) -> Option<LoggedTrade> {
    let details: Value = serde_json::from_str(details).ok()?;
    let text = |field: &str| details.get(field).and_then(Value::as_str).map(str::to_owned);
    Some(LoggedTrade {
        trade_source: "trade_journal",
        event: "closed",
        trade_id: Some(text("trade_id")?),
        instrument: text("coin")?,
        size: None,
        stop_loss: None,
        pnl: details.get("pnl_usd").and_then(Value::as_f64),
    })
}

/// Instruments with their prices in `{'bitcoin': {'usd': 62665.8, …}, …}`, as Python prints it or as JSON.
pub(super) fn prices_in(answer: &str) -> Vec<(String, f64)> {
    let answer = answer.replace('"', "'");
    let price = |part: &str| {
        let (name, fields) = part.rsplit_once('{').map(|(before, fields)| (before.trim_end(), fields))?;
        let name = name.strip_suffix(':')?.trim_end().strip_suffix('\'')?.rsplit_once('\'')?.1;
        let (_, price) = fields.split_once("'usd':")?;
        let price: f64 = price.split(',').next()?.trim().parse().ok()?;
        (price.is_finite() && price > 0.0).then(|| (name.to_owned(), price))
    };
    answer.split('}').filter_map(price).collect()
}

/// The id of `trade_id=12, entry=…`.
fn trade_id(details: &str) -> Option<String> {
    let (_, id) = details.split_once("trade_id=")?;
    let id = id.split(',').next().unwrap_or_default().trim();
    Some(id.to_owned()).filter(|id| !id.is_empty())
}

/// The amount at the beginning of a text: `+$1,131.09 (take_profit)` is 1131.09.
fn money(text: &str) -> Option<f64> {
    let text = text.trim_start().trim_start_matches(['+', '$']);
    let (sign, text) = match text.strip_prefix("-$") {
        Some(amount) => (-1.0, amount),
        None => (1.0, text),
    };
    let end = text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | ',' | '-')).unwrap_or(text.len());
    let amount: f64 = text.get(..end)?.replace(',', "").parse().ok()?;
    Some(sign * amount).filter(|amount| amount.is_finite())
}

/// The seconds of `interval=30s, …`.
fn pause_of(details: &str) -> Option<f64> {
    let (_, rest) = details.split_once("interval=")?;
    let end = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(rest.len());
    let (number, unit) = rest.split_at_checked(end)?;
    let seconds: f64 = number.parse().ok()?;
    let is_seconds = unit.is_empty() || unit.starts_with('s') || unit.starts_with(',');
    (is_seconds && seconds >= 1.0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_has_instrument_size_and_stop() {
        let details = "trade_id=12, stop_loss=$61,131.09, take_profit=$67,147.12";
        let opening = opened("BUY bitcoin-cash $100.00 @ $67,000.00", details).unwrap();
        assert_eq!((opening.instrument.as_str(), opening.size), ("bitcoin-cash", Some(100.0)));
        assert_eq!((opening.trade_id.as_deref(), opening.stop_loss), (Some("12"), Some(61_131.09)));
        let bare = opened("BUY pepe $30.00 @ $0.00", "stop_loss=$0.00").unwrap();
        assert_eq!((bare.trade_id, bare.stop_loss), (None, None));
        assert!(opened("BUY", "").is_none());
    }

    #[test]
    fn both_kinds_of_closings_are_understood() {
        let text = "CLOSED bitcoin-cash @ $315.98 P&L: $-1,001.54 (llm_sell: Negative, P&L: bad)";
        let closing = LoggedTrade::read("trade_closed", text, "trade_id=360, entry=$342.39").unwrap();
        assert_eq!((closing.instrument.as_str(), closing.pnl), ("bitcoin-cash", Some(-1001.54)));
        assert_eq!(closing.trade_id.as_deref(), Some("360"));
        assert_eq!(closed("CLOSED x @ $1 P&L: +$1.07 (take_profit)", "").unwrap().pnl, Some(1.07));
        let json = r#"{"trade_id": "pos-1", "coin": "APT", "pnl_usd": -0.38}"#;
        assert_eq!(updated(json).unwrap().pnl, Some(-0.38));
        assert!(updated("not JSON").is_none());
        assert!(closed("CLOSED", "").is_none());
    }

    #[test]
    fn an_answer_holds_the_price_of_each_coin() {
        let answer = "{'bitcoin': {'usd': 62665.8, 'usd_24h_change': -3.1}, \"brett\": {'usd_24h_change': 1, 'usd': 1.7e-05}, 'near': {'usd': None}}";
        assert_eq!(prices_in(answer), [("bitcoin".to_owned(), 62_665.8), ("brett".to_owned(), 1.7e-5)]);
        assert!(prices_in("coins=44").is_empty() && prices_in("{'bitcoin': {'us").is_empty());
    }

    #[test]
    fn the_pause_stands_in_the_details_of_a_start() {
        for (details, pause) in [
            ("interval=30s, min_confidence=0.3", Some(30.0)),
            ("interval=0.5s", None),
            ("interval=5min", None),
            ("interval=fast", None),
        ] {
            assert_eq!(pause_of(details), pause, "{details}");
        }
    }
}
