//! What the sample's LLM says.

use serde_json::json;

/// The rules: id, text, type, status, and how many hours ago they were created.
pub(super) const RULES: [(i64, &str, &str, &str, i64); 4] = [
    (
        1,
        "When a tier 3 coin declines more than 8% in 24 hours, then BUY a small position",
        "rebound",
        "active",
        112,
    ),
    (2, "When 24h change is between 4% and 9%, then BUY and take profit at 2%", "momentum", "active", 97),
    (3, "When volume doubles within an hour, then BUY at market", "volume spike", "testing", 26),
    (4, "When bitcoin rises for three hours, then BUY a tier 2 coin", "market trend", "testing", 3),
];

/// Why it buys.
pub(super) const BUY_REASONS: [&str; 5] = [
    "Strong upward movement with room to run",
    "Oversold after a sharp decline, looking for mean reversion",
    "Price increase in the last 24 hours indicates bullish trend",
    "Significant drop presents buying opportunity",
    "Volume is picking up near support",
];

/// Why it waits.
pub(super) const HOLD_REASONS: [&str; 4] = [
    "Market is flat, waiting for a better entry",
    "Most coins with strong signals are in cooldown",
    "Exposure limit is near, waiting for positions to close",
    "No clear direction across tiers",
];

const SITUATIONS: [&str; 11] = [
    "bought into a vertical candle",
    "entered after a long quiet range",
    "caught a rebound from the daily low",
    "followed bitcoin with a delay",
    "chased a move that was mostly over",
    "traded against the daily trend",
    "entered on thin weekend volume",
    "bought right below resistance",
    "scaled in after the second dip",
    "reacted to a volume spike",
    "held through a sideways hour",
];

const LESSONS: [&str; 13] = [
    "wait for a closing candle before buying",
    "halve the size when volatility doubles",
    "take the profit as soon as momentum slows",
    "look at bitcoin first",
    "skip the entry when the spread widens",
    "prefer coins that lag behind their tier",
    "let the second test of support pass",
    "leave when volume dries up",
    "ignore the first signal after a crash",
    "compare the move with the weekly range",
    "enter only with the hourly trend",
    "give the trade more room before selling",
    "demand a larger drop for the same size",
];

const CAUSES: [&str; 7] = [
    "The whole market moved the same way",
    "Liquidity was thin on the other side",
    "The 24h change was already priced in",
    "Momentum lasted less than an hour",
    "The size fitted the distance to the stop",
    "Bitcoin turned shortly after the entry",
    "Volume did not follow the price",
];

/// A learning as the LLM writes it; the first 143 numbers have a pattern of their own.
pub(super) fn learning(number: usize, coin: &str) -> String {
    let nth = |texts: &[&'static str]| texts.get(number % texts.len()).copied().unwrap_or_default();
    let (situation, cause, lesson) = (nth(&SITUATIONS), nth(&CAUSES), nth(&LESSONS));
    json!({
        "what_happened": format!("The trade in {coin} {situation}"),
        "why_outcome": cause,
        "pattern": format!("{situation}: {lesson}"),
        "lesson": format!("In {coin}, {lesson}"),
        "confidence": (40 + 5 * (number % 8)) as f64 / 100.0,
    })
    .to_string()
}
