//! A map: one SQL file that says how the tables of a kind of bot become those of the audit database. The
//! head of `maps/trading_bot.sql` describes the format.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::clock::Clock;
use super::limits::Limits;

/// The maps that are built in. The first that recognises a file is used; the last one also where none does.
const EMBEDDED: &[&str] = &[include_str!("maps/freqtrade.sql"), include_str!("maps/trading_bot.sql")];

/// A kind of bot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Map {
    /// What is said of it beside its SELECTs.
    pub(crate) head: Head,
    /// The bot's tables with the columns that are read from them.
    pub(crate) sources: Vec<(String, Vec<String>)>,
    /// How the audit database's tables are filled.
    pub(crate) selects: Vec<Select>,
}

/// The comment that a map begins with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// The kind of bot.
    pub(crate) name: String,
    /// Tables that a file of this kind has, with columns of them; without any, one of the sources is enough.
    #[serde(default)]
    pub(crate) recognised_by: BTreeMap<String, Vec<String>>,
    /// The currency of rows that do not name one.
    pub(crate) currency: Option<String>,
    /// The clock of naive times that no note tells of.
    pub(crate) clock: Option<String>,
    /// When the bot's market is open; around the clock where this is missing.
    #[expect(dead_code, reason = "for the checks of silence")]
    pub(crate) market_hours: Option<String>,
    /// Sets of tables that follow one another as the bot is upgraded, the newest first.
    #[serde(default)]
    pub(crate) generations: Vec<Vec<String>>,
    /// Tables that the generation with these trades has no use for any more.
    #[serde(default)]
    pub(crate) left_behind: BTreeMap<String, Vec<String>>,
    /// Limits by the table of trades that they hold for.
    #[serde(default)]
    pub(crate) limits: BTreeMap<String, Limits>,
    /// Instruments by tier.
    #[serde(default, deserialize_with = "tiers")]
    pub(crate) tiers: BTreeMap<u8, Vec<String>>,
}

/// One SELECT, whose columns are named as those of the table that it fills.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    /// The audit database's table.
    pub(crate) table: String,
    /// The SELECT, over `src_<table>`.
    pub(crate) sql: String,
    notes: BTreeMap<String, Note>,
    clock: Clock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    Clock(Clock),
    Percent,
}

impl Map {
    /// The embedded maps, in the order in which they are tried.
    ///
    /// # Errors
    /// When one of them is no map.
    pub(crate) fn embedded() -> anyhow::Result<Vec<Self>> {
        EMBEDDED.iter().map(|text| Self::parse(text)).collect()
    }

    /// A map from its text.
    ///
    /// # Errors
    /// One sentence that says what is wrong with it.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let head = text.trim_start().strip_prefix("/*").and_then(|rest| rest.split_once("*/"));
        let (head, body) = head.context("a map begins with a comment /* … */ that names it")?;
        let head: Head = toml::from_str(head).context("the map's first comment is no TOML")?;
        let clock = head.clock.as_deref().map_or(Ok(Clock::Utc), clock)?;
        let sources = body.lines().filter_map(|line| line.strip_prefix("-- @source ")).map(source);
        let selects = body.split("-- @table ").skip(1).map(|part| Select::parse(part, clock));
        Ok(Self {
            sources: sources.collect::<anyhow::Result<_>>()?,
            selects: selects.collect::<anyhow::Result<_>>()?,
            head,
        })
    }

    /// Whether some times are of the host's clock.
    pub(crate) fn has_local_times(&self) -> bool {
        self.selects.iter().any(Select::has_local_times)
    }

    /// The fixed offsets of clocks, in seconds ahead of UTC.
    pub(crate) fn fixed_offsets(&self) -> impl Iterator<Item = i64> {
        self.clocks().filter_map(|clock| match clock {
            Clock::Ahead(seconds) => Some(seconds),
            Clock::Utc | Clock::Local => None,
        })
    }

    fn clocks(&self) -> impl Iterator<Item = Clock> {
        self.selects.iter().flat_map(|select| {
            let noted = select.notes.values().filter_map(|note| match note {
                Note::Clock(clock) => Some(*clock),
                Note::Percent => None,
            });
            noted.chain([select.clock])
        })
    }
}

impl Select {
    /// `name (column: note, …)` in the first line, then the SELECT.
    fn parse(part: &str, clock: Clock) -> anyhow::Result<Self> {
        let (line, rest) = part.split_once('\n').unwrap_or((part, ""));
        let (table, notes) = line.trim().trim_end_matches(')').split_once(" (").unwrap_or((line.trim(), ""));
        let notes = notes.split(", ").filter(|note| !note.is_empty()).map(note);
        // What follows on lines of its own belongs to the next one.
        let lines: Vec<&str> = rest.split(";\n").next().unwrap_or_default().lines().collect();
        let is_code = |line: &&str| !line.trim().is_empty() && !line.starts_with("--");
        let end = lines.iter().rposition(is_code).map_or(0, |last| last + 1);
        let sql = lines.get(..end).unwrap_or_default().join("\n");
        if !sql.contains("SELECT") {
            bail!("the map has no SELECT behind \"-- @table {table}\"");
        }
        Ok(Self { table: table.to_owned(), sql, notes: notes.collect::<anyhow::Result<_>>()?, clock })
    }

    /// A query of all its rows, to which conditions and an order may be added.
    pub(crate) fn rows(&self) -> String {
        format!("SELECT * FROM (\n{}\n)", self.sql)
    }

    /// The bot's tables that it reads.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        sources_in(&self.sql)
    }

    /// The clock that wrote a column's naive times.
    pub(crate) fn clock(&self, column: &str) -> Clock {
        match self.notes.get(column) {
            Some(Note::Clock(clock)) => *clock,
            _ => self.clock,
        }
    }

    /// Whether some of its times are of the host's clock.
    pub(crate) fn has_local_times(&self) -> bool {
        self.clock == Clock::Local || self.notes.values().any(|note| *note == Note::Clock(Clock::Local))
    }

    /// Whether a column's numbers are percent.
    pub(crate) fn is_percent(&self, column: &str) -> bool {
        self.notes.get(column) == Some(&Note::Percent)
    }
}

/// The tables behind the names `src_<table>` of a statement.
pub(super) fn sources_in(sql: &str) -> impl Iterator<Item = &str> {
    let words = sql.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.filter_map(|word| word.strip_prefix("src_"))
}

/// The keys of a TOML table are texts.
fn tiers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u8, Vec<String>>, D::Error> {
    let tiers: BTreeMap<String, Vec<String>> = BTreeMap::deserialize(deserializer)?;
    let number = |tier: String| tier.parse().map_err(|_| D::Error::custom(format!("{tier} is no tier")));
    tiers.into_iter().map(|(tier, names)| Ok((number(tier)?, names))).collect()
}

fn source(line: &str) -> anyhow::Result<(String, Vec<String>)> {
    let parts = line.trim().trim_end_matches(')').split_once(" (");
    let (table, columns) = parts.with_context(|| format!("the map's source {line} names no columns"))?;
    Ok((table.to_owned(), columns.split(", ").map(str::to_owned).collect()))
}

fn note(text: &str) -> anyhow::Result<(String, Note)> {
    let (column, note) =
        text.split_once(": ").with_context(|| format!("the map's note {text} has no colon"))?;
    let note = if note == "percent" { Note::Percent } else { Note::Clock(clock(note)?) };
    Ok((column.to_owned(), note))
}

fn clock(name: &str) -> anyhow::Result<Clock> {
    match name {
        "utc" => Ok(Clock::Utc),
        "local" => Ok(Clock::Local),
        offset => Clock::ahead(offset).with_context(|| {
            format!("the map names the clock {offset}: give utc, local or an offset like +09:00")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_a_head_sources_and_selects() {
        let map = Map::parse(
            "/*\nname = \"a bot\"\nclock = \"+09:00\"\n[tiers]\n1 = [\"BTC\"]\n*/\n\n-- @source deals (a, b)\n\n\
             -- Deals that are done.\n-- @table trade (opened_at: local, pnl_fraction: percent)\nSELECT a AS opened_at\n\
             FROM src_deals JOIN src_more\n\n-- @table position\nSELECT b FROM src_deals;\n",
        )
        .unwrap();
        assert_eq!(map.sources, [("deals".to_owned(), vec!["a".to_owned(), "b".to_owned()])]);
        assert_eq!(map.head.tiers.get(&1).unwrap(), &["BTC"]);
        let [trade, position] = map.selects.as_slice() else { panic!("{:?}", map.selects) };
        assert_eq!((trade.table.as_str(), position.sql.as_str()), ("trade", "SELECT b FROM src_deals"));
        assert_eq!(trade.reads().collect::<Vec<_>>(), ["deals", "more"]);
        assert_eq!(
            (trade.clock("opened_at"), trade.clock("closed_at")),
            (Clock::Local, Clock::Ahead(32_400))
        );
        assert!(trade.is_percent("pnl_fraction") && !position.is_percent("pnl_fraction"));
    }

    #[test]
    fn what_is_no_map_is_said_in_one_sentence() {
        for (text, sentence) in [
            ("SELECT 1", "a map begins with a comment"),
            ("/* nonsense */", "the map's first comment is no TOML"),
            ("/*\nname = \"x\"\n*/\n-- @table trade (at: moon)\nSELECT 1", "the map names the clock moon"),
            ("/*\nname = \"x\"\n*/\n-- @table trade\n\n", "the map has no SELECT"),
            ("/*\nname = \"x\"\n*/\n-- @source trades\n", "the map's source trades names no columns"),
        ] {
            let error = Map::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{error}");
        }
    }

    #[test]
    fn every_embedded_map_is_one() {
        assert_eq!(Map::embedded().unwrap().len(), EMBEDDED.len());
    }
}
