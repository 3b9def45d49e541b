//! What each generation of the bot is configured to do, as far as its file does not say it.

use chrono::{DateTime, Utc};

use super::Bot;

/// The bot's limits and rhythm. Sources: the configuration of each generation's code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// Balance before the first trade.
    pub(crate) starting_balance_usd: f64,
    /// Largest sum of open positions as a fraction of the balance.
    pub(crate) max_exposure_fraction: f64,
    /// Largest size of one trade as a fraction of the balance.
    pub(crate) max_trade_fraction: f64,
    /// Most positions open at once; infinite where none is configured.
    pub(crate) max_positions: f64,
    /// Most positions open at once in one coin; infinite where none is configured.
    pub(crate) max_positions_per_coin: f64,
    /// For how long a coin is not opened again; zero where no pause is configured.
    pub(crate) cooldown_seconds: f64,
    /// Pause between two cycles.
    pub(crate) cycle_pause_seconds: f64,
}

const GENERATION_1: Limits = Limits {
    starting_balance_usd: 1_000.0,
    max_exposure_fraction: 0.20,
    max_trade_fraction: 0.10,
    max_positions: f64::INFINITY,
    max_positions_per_coin: f64::INFINITY,
    cooldown_seconds: 1_800.0,
    cycle_pause_seconds: 30.0,
};
const GENERATION_2: Limits = Limits {
    starting_balance_usd: 10_000.0,
    max_exposure_fraction: 0.10,
    // It has no limit of its own for one trade: none can be larger than all together.
    max_trade_fraction: 0.10,
    max_positions: 5.0,
    max_positions_per_coin: 1.0,
    cooldown_seconds: 0.0,
    cycle_pause_seconds: 180.0,
};

/// The generation that writes the file at a moment: the second once its journal's first trade is opened,
/// or where the first never traded. An upgraded file keeps the first one's rows as history.
pub(crate) fn current(bot: &Bot, now: DateTime<Utc>) -> rusqlite::Result<i64> {
    if !bot.has_table("trade_journal") {
        return Ok(1);
    }
    let mut statement = bot.prepare("SELECT entry_time, 'local' FROM src_trade_journal LIMIT 1")?;
    let mut rows = statement.query([])?;
    let has_traded = match rows.next()? {
        Some(first) => bot.instant(first, 0, 1)?.is_none_or(|opened_at| opened_at <= now),
        None => false,
    };
    let is_second = has_traded || !bot.prepare("SELECT 1 FROM src_closed_trades LIMIT 1")?.exists([])?;
    Ok(if is_second { 2 } else { 1 })
}

/// The limits of a generation.
pub(crate) fn limits(generation: i64) -> Limits {
    if generation == 1 { GENERATION_1 } else { GENERATION_2 }
}

/// Coins of tiers 1 and 2 under both generations' names; any other coin is tier 3.
const TIERS: [(u8, &[&str]); 2] = [
    (1, &["bitcoin", "ethereum", "binancecoin", "ripple", "solana", "BTC", "ETH", "SOL", "BNB", "XRP"]),
    (
        2,
        &[
            "cardano",
            "dogecoin",
            "avalanche-2",
            "polkadot",
            "chainlink",
            "polygon-ecosystem-token",
            "tron",
            "the-open-network",
            "shiba-inu",
            "litecoin",
            "uniswap",
            "bitcoin-cash",
            "stellar",
            "near",
            "aptos",
            "DOGE",
            "ADA",
            "AVAX",
            "LINK",
            "DOT",
            "MATIC",
            "UNI",
            "ATOM",
            "LTC",
            "ETC",
        ],
    ),
];
/// Where a coin belongs that no list names.
const LAST_TIER: u8 = 3;

/// The built-in tier of a coin.
pub(crate) fn tier(coin: &str) -> u8 {
    TIERS
        .iter()
        .find(|(_, coins)| coins.iter().any(|name| name.eq_ignore_ascii_case(coin)))
        .map_or(LAST_TIER, |(tier, _)| *tier)
}
