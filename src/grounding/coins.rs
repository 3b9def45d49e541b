//! Coins by their usual names: what a model may call a coin of the report, and what is surely a coin
//! although the report does not know it.

/// The id that generation 1 writes and the ticker that generation 2 writes.
const COINS: &[(&str, &str)] = &[
    ("bitcoin", "BTC"),
    ("ethereum", "ETH"),
    ("solana", "SOL"),
    ("ripple", "XRP"),
    ("binancecoin", "BNB"),
    ("dogecoin", "DOGE"),
    ("cardano", "ADA"),
    ("avalanche-2", "AVAX"),
    ("polkadot", "DOT"),
    ("chainlink", "LINK"),
    ("polygon-ecosystem-token", "MATIC"),
    ("tron", "TRX"),
    ("the-open-network", "TON"),
    ("shiba-inu", "SHIB"),
    ("litecoin", "LTC"),
    ("uniswap", "UNI"),
    ("bitcoin-cash", "BCH"),
    ("stellar", "XLM"),
    ("near", "NEAR"),
    ("aptos", "APT"),
    ("cosmos", "ATOM"),
    ("injective-protocol", "INJ"),
    ("optimism", "OP"),
    ("arbitrum", "ARB"),
    ("ethereum-classic", "ETC"),
    ("pepe", "PEPE"),
    ("floki", "FLOKI"),
    ("bonk", "BONK"),
    ("sui", "SUI"),
    ("celestia", "TIA"),
    ("kaspa", "KAS"),
    ("render-token", "RNDR"),
    ("algorand", "ALGO"),
    ("axie-infinity", "AXS"),
    ("gala", "GALA"),
    ("the-sandbox", "SAND"),
    ("worldcoin-wld", "WLD"),
    ("dogwifcoin", "WIF"),
    ("sei-network", "SEI"),
    ("jupiter-exchange-solana", "JUP"),
    ("ondo-finance", "ONDO"),
    ("starknet", "STRK"),
    ("immutable-x", "IMX"),
    ("hedera-hashgraph", "HBAR"),
    ("brett", "BRETT"),
    ("monero", "XMR"),
    ("terra-luna", "LUNA"),
    ("tezos", "XTZ"),
    ("iota", "IOTA"),
    ("zcash", "ZEC"),
    ("aave", "AAVE"),
    ("filecoin", "FIL"),
    ("vechain", "VET"),
    ("fantom", "FTM"),
    ("internet-computer", "ICP"),
    ("the-graph", "GRT"),
    ("decentraland", "MANA"),
    ("theta-token", "THETA"),
    ("chiliz", "CHZ"),
    ("kusama", "KSM"),
    ("curve-dao-token", "CRV"),
    ("pancakeswap-token", "CAKE"),
    ("thorchain", "RUNE"),
    ("apecoin", "APE"),
    ("bittensor", "TAO"),
    ("hyperliquid", "HYPE"),
    ("fetch-ai", "FET"),
];

/// Names that are ordinary words as well: as a coin they need quotes, capitals or a figure behind them.
const ORDINARY: &[&str] = &[
    "near",
    "stellar",
    "cosmos",
    "optimism",
    "gala",
    "render",
    "the",
    "internet",
    "active",
    "testing",
    "rejected",
    "error",
    "warning",
    "win",
    "loss",
    "other",
    "unknown",
    "exposure",
    "manual",
    "curve",
    "theta",
    "fetch",
    "cooldown",
    "immutable",
    "terra",
    "open",
    "closed",
    "sell",
    "axie",
    "normal",
];

/// Other names of a coin: a ticker of an id, an id of a ticker.
pub(super) fn aliases(name: &str) -> Vec<&'static str> {
    COINS
        .iter()
        .filter_map(|(id, ticker)| match () {
            () if id.eq_ignore_ascii_case(name) => Some(*ticker),
            () if ticker.eq_ignore_ascii_case(name) => Some(*id),
            () => None,
        })
        .collect()
}

/// Whether a word is a coin and nothing else; a ticker only in capitals.
pub(super) fn is_coin(written: &str) -> bool {
    let lower = written.to_lowercase();
    COINS.iter().any(|(id, ticker)| {
        (*ticker == written
            && ticker.len() > 2
            && !matches!(*ticker, "LINK" | "NEAR" | "OP" | "APE" | "HYPE"))
            || (*id == lower && !is_ordinary(&lower))
    }) || matches!(lower.as_str(), "luna" | "shib" | "doge")
}

/// Whether a name is an ordinary word as well.
pub(super) fn is_ordinary(word: &str) -> bool {
    ORDINARY.contains(&word)
}
