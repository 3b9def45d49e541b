//! What a healthy bot's LLM says: ever something else.

/// Five coins of each tier of the first generation, and their usual prices.
pub(super) const COINS: [(&str, f64); 15] = [
    ("bitcoin", 61_894.0),
    ("cardano", 0.909),
    ("sui", 0.7514),
    ("ethereum", 3032.9),
    ("near", 4.12),
    ("floki", 0.000_352),
    ("solana", 214.8),
    ("avalanche-2", 42.96),
    ("pepe", 0.000_009_6),
    ("ripple", 2.466),
    ("litecoin", 88.1),
    ("celestia", 3.62),
    ("binancecoin", 732.5),
    ("chainlink", 17.9),
    ("starknet", 0.3026),
];

/// Twenty coins of the second generation, of every tier, and their usual prices.
pub(super) const SYMBOLS: [(&str, f64); 20] = [
    ("BTC", 118_076.0),
    ("ADA", 0.909),
    ("APT", 9.0),
    ("ETH", 3589.0),
    ("LINK", 19.04),
    ("ARB", 0.62),
    ("SOL", 214.8),
    ("AVAX", 42.96),
    ("INJ", 20.28),
    ("BNB", 732.5),
    ("DOT", 6.4),
    ("OP", 1.577),
    ("XRP", 2.466),
    ("DOGE", 0.348),
    ("NEAR", 4.12),
    ("UNI", 16.33),
    ("ATOM", 8.72),
    ("SUI", 0.7514),
    ("LTC", 107.1),
    ("ETC", 38.77),
];

/// Rules of the first generation and their types.
pub(super) const RULES: [(&str, &str); 5] = [
    (
        "When a tier 3 coin declines more than 8% in 24 hours, then BUY a small position for a rebound",
        "rebound",
    ),
    ("When 24h change is between 4% and 9%, then BUY and take profit at 2%", "momentum"),
    ("When a coin gaps up at midnight, then BUY at once", "calendar"),
    ("When volume doubles while bitcoin is flat, then BUY half a position", "volume"),
    ("When price drops 6% within 1 hour, then WAIT for stabilization before buying", "patience"),
];

/// Why the first generation buys.
pub(super) const BUY_REASONS: [&str; 7] = [
    "Strong upward movement with room to run",
    "Oversold after a sharp decline, looking for mean reversion",
    "Price increase in the last 24 hours indicates bullish trend",
    "Significant drop presents buying opportunity",
    "Volume is picking up near support",
    "Relative strength against bitcoin",
    "A higher low on the hourly chart",
];

/// Why the first generation waits.
pub(super) const HOLD_REASONS: [&str; 5] = [
    "Market is flat, waiting for a better entry",
    "Most coins with strong signals are in cooldown",
    "No clear direction across tiers",
    "Open positions need room first",
    "Volatility is too low for the target",
];

const SETUPS: [&str; 11] = [
    "breakout entry",
    "dip purchase",
    "retest of support",
    "continuation buy",
    "range fade",
    "early reversal",
    "relative strength pick",
    "pullback entry",
    "gap fill",
    "squeeze release",
    "trend resumption",
];

const CONTEXTS: [&str; 13] = [
    "after a quiet night",
    "near the weekly high",
    "below the daily mean",
    "right after a funding reset",
    "during the London morning",
    "while majors rest",
    "at a round number",
    "behind a large liquidation",
    "in a narrow channel",
    "before a token unlock",
    "on the third test",
    "following two green hours",
    "around yesterday's close",
];

const CONDITIONS: [&str; 17] = [
    "volume was thin",
    "bitcoin was flat",
    "spreads were tight",
    "volatility was falling",
    "the order book leaned to buyers",
    "dominance was rising",
    "stablecoin inflows grew",
    "open interest fell",
    "news was absent",
    "altcoins lagged",
    "the dollar weakened",
    "sentiment was neutral",
    "large holders were buying",
    "momentum was slowing",
    "correlation was low",
    "depth was unusual",
    "sellers were exhausted",
];

const ADVICE: [&str; 19] = [
    "scale in with two orders",
    "wait for a closing candle",
    "take half of the gain early",
    "trail the stop under the last low",
    "skip the second signal",
    "trade the leader of the sector",
    "cut at the first failed bounce",
    "keep the size small",
    "look for a confirming sector",
    "avoid the first ten minutes",
    "hold through shallow dips",
    "exit before the daily close",
    "compare with the weekly range",
    "demand twice the usual volume",
    "let the target come to the price",
    "note the funding rate",
    "prefer a limit order",
    "rest after two exits",
    "revisit the level tomorrow",
];

/// What the LLM made of one trade or one hour.
pub(super) struct Thought {
    pub(super) pattern: String,
    pub(super) cause: String,
    pub(super) lesson: String,
}

/// One of 46,189 thoughts; one that follows another shares no part with it.
pub(super) fn thought(number: usize) -> Thought {
    let setup = SETUPS[number % SETUPS.len()];
    let context = CONTEXTS[number % CONTEXTS.len()];
    let condition = CONDITIONS[number % CONDITIONS.len()];
    let advice = ADVICE[number % ADVICE.len()];
    Thought {
        pattern: format!("{setup} {context} when {condition}: {advice}"),
        cause: format!("It came {context} and {condition}"),
        lesson: format!("In a {setup} where {condition}, {advice}"),
    }
}
