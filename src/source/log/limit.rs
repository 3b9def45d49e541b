//! Limits at which trades are refused.

use std::sync::LazyLock;

use super::words::Words;

/// What a refusal says and the limit that it means, the foremost that is found.
const LIMITS: [(&str, &str); 5] = [
    ("in cooldown", "cooldown"),
    ("Total exposure", "exposure"),
    ("Trade size", "trade_size"),
    ("No market data", "no_market_data"),
    ("balance", "balance"),
];
/// A refusal that means none of them.
const OTHER: &str = "other";

static WORDS: LazyLock<Words> = LazyLock::new(|| Words::new(&LIMITS.map(|(words, _)| words)));

/// The limit that a refusal names, from the words of its description.
pub(super) fn limit_of(description: &str) -> &'static str {
    let limit = WORDS.foremost(description).and_then(|place| LIMITS.get(place));
    limit.map_or(OTHER, |(_, limit)| limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_limit() {
        let exposure =
            "BUY aptos $50.00: Total exposure ($230.00) would exceed max ($200.00, 20.0% of balance)";
        assert_eq!(limit_of(exposure), "exposure");
        let cooldown = "BUY floki $60.00: Coin floki in cooldown (1620s remaining). Trade different coins";
        assert_eq!(limit_of(cooldown), "cooldown");
        assert_eq!(
            limit_of("BUY x $100.00: Trade size ($100.00) exceeds max per trade ($98.59, 10.0% of balance)"),
            "trade_size"
        );
        assert_eq!(limit_of("something new"), "other");
    }
}
