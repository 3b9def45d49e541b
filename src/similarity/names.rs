//! Names that a bot's file knows: coins above all, under all of their names.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::lexicon::meaning;
use super::text::{Token, stem};

/// Symbol and other names of common coins: one generation writes `BTC`, the other `bitcoin`.
const COINS: &[(&str, &[&str])] = &[
    ("btc", &["bitcoin", "xbt"]),
    ("eth", &["ethereum", "ether"]),
    ("sol", &["solana"]),
    ("bnb", &["binancecoin", "binance-coin"]),
    ("xrp", &["ripple"]),
    ("doge", &["dogecoin"]),
    ("ada", &["cardano"]),
    ("avax", &["avalanche", "avalanche-2"]),
    ("link", &["chainlink"]),
    ("dot", &["polkadot"]),
    ("matic", &["polygon", "polygon-ecosystem-token", "pol"]),
    ("uni", &["uniswap"]),
    ("atom", &["cosmos"]),
    ("ltc", &["litecoin"]),
    ("etc", &["ethereum-classic"]),
    ("trx", &["tron"]),
    ("ton", &["the-open-network", "toncoin"]),
    ("shib", &["shiba-inu", "shiba"]),
    ("bch", &["bitcoin-cash"]),
    ("xlm", &["stellar"]),
    ("near", &["near-protocol"]),
    ("apt", &["aptos"]),
    ("inj", &["injective-protocol", "injective"]),
    ("op", &["optimism"]),
    ("arb", &["arbitrum"]),
    ("sei", &["sei-network"]),
    ("pepe", &[]),
    ("floki", &[]),
    ("sui", &[]),
    ("jup", &["jupiter-exchange-solana", "jupiter"]),
    ("wld", &["worldcoin-wld", "worldcoin"]),
    ("axs", &["axie-infinity"]),
    ("tia", &["celestia"]),
    ("gala", &[]),
    ("kas", &["kaspa"]),
    ("rndr", &["render-token", "render"]),
    ("strk", &["starknet"]),
    ("algo", &["algorand"]),
    ("wif", &["dogwifcoin"]),
    ("ondo", &["ondo-finance"]),
    ("sand", &["the-sandbox", "sandbox"]),
    ("bonk", &[]),
    ("icp", &["internet-computer"]),
    ("fil", &["filecoin"]),
    ("hbar", &["hedera-hashgraph", "hedera"]),
    ("vet", &["vechain"]),
    ("aave", &[]),
    ("mkr", &["maker"]),
    ("xmr", &["monero"]),
];

/// Names of coins that are words of the language too: only a spelling in upper case means the coin.
const AMBIGUOUS: &[&str] = &[
    "link", "dot", "etc", "near", "op", "sand", "one", "gas", "flow", "mask", "just", "sun", "wild",
    "render", "maker", "ether", "pol", "apt", "sol", "uni", "ton", "fil", "jupiter", "atom", "optimism",
    "manual",
];

/// Upper-case words of the field that are no coins.
const NO_COINS: &[&str] = &[
    "ai", "api", "buy", "cpu", "csv", "cvd", "db", "gpu", "high", "hold", "hour", "http", "https", "id",
    "ids", "info", "io", "json", "llm", "long", "loss", "low", "max", "min", "ml", "never", "no", "nan",
    "not", "null", "ok", "pnl", "ram", "roi", "rsi", "rule", "select", "sell", "short", "sl", "sql", "stop",
    "tp", "tier", "ttl", "url", "us", "usd", "usdt", "utc", "wait", "wal", "win", "all", "bug", "error",
    "pl", "zero", "none", "only", "ema", "sma", "macd", "atr", "ath", "bot", "must", "always", "from",
    "where", "and", "or", "am", "pm",
];

/// What the bot's file knows by name: coins, rules, tables, exit reasons.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    all: Vec<String>,
    /// Sorted at the first use: a run whose LLM found nothing compares no texts.
    sorted: OnceCell<Sorted>,
}

#[derive(Debug, Clone, Default)]
struct Sorted {
    coins: BTreeSet<String>,
    identifiers: BTreeSet<String>,
}

/// Whether the lexicon holds the name as a word.
fn is_word(name: &str) -> bool {
    meaning(&[stem(name)]).is_some()
}

impl Sorted {
    fn of(names: &[String]) -> Self {
        let mut sorted = Self::default();
        for name in names {
            if name.contains('_') {
                sorted.identifiers.insert(name.clone());
            } else if name.contains(char::is_alphabetic)
                && !NO_COINS.contains(&name.as_str())
                && !is_word(name)
            {
                sorted.coins.insert(name.clone());
            }
        }
        sorted
    }
}

impl Names {
    /// Sorts the names by their looks: an underscore makes an identifier, a letter a coin, unless it is a
    /// word of the field, as the names of some tables are. Bare numbers are left, because a number in a
    /// text is a rule's only where the word rule says so.
    pub(crate) fn new<Name: AsRef<str>>(names: impl IntoIterator<Item = Name>) -> Self {
        let all = names.into_iter().map(|name| name.as_ref().trim().to_lowercase()).collect();
        Self { all, sorted: OnceCell::new() }
    }

    fn sorted(&self) -> &Sorted {
        self.sorted.get_or_init(|| Sorted::of(&self.all))
    }

    /// Whether the file has a table, rule or exit reason of this name.
    pub(super) fn has_identifier(&self, name: &str) -> bool {
        self.sorted().identifiers.contains(name)
    }

    /// The coin that the words at the start name, and how many words that takes.
    pub(super) fn coin(&self, tokens: &[Token<'_>]) -> Option<(String, usize)> {
        (1..=4).rev().find_map(|length| {
            let words = tokens.get(..length)?;
            let name = words.iter().map(|token| token.word.as_str()).collect::<Vec<_>>().join("-");
            let raw_upper = words.iter().all(Token::is_upper);
            self.canonical(&name, raw_upper).map(|coin| (coin, length))
        })
    }

    fn canonical(&self, name: &str, is_upper: bool) -> Option<String> {
        if AMBIGUOUS.contains(&name) && !is_upper {
            return None;
        }
        let common = COINS.iter().find(|(symbol, others)| *symbol == name || others.contains(&name));
        if let Some((symbol, _)) = common {
            return Some((*symbol).to_owned());
        }
        // A symbol that nobody listed is recognised by its looks.
        let looks_like_symbol = is_upper
            && (2..=6).contains(&name.len())
            && !NO_COINS.contains(&name)
            && name.bytes().filter(u8::is_ascii_alphabetic).count() > 1;
        (self.sorted().coins.contains(name) || looks_like_symbol).then(|| name.to_owned())
    }
}
