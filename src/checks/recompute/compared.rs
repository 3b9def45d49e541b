//! A trade's profit as stored against what its prices give.

use super::tolerance::{CENT, MOST_FEES_FRACTION, most};
use crate::source::ledger::Entry;

/// Rounding of prices: eight decimals, what exchanges give at most.
const PRICE_STEP: f64 = 1e-8;
/// Trades that show a constant factor before it counts as the bot's leverage and not as an error.
pub(super) const LEVERAGE_TRADES: usize = 5;
/// What a trade's prices do not settle: a twentieth of a percent of its size.
const SLACK_FRACTION: f64 = 0.0005;

/// One trade's profit as stored and as its prices have it.
pub(super) struct Compared<'entry> {
    pub(super) entry: &'entry Entry,
    pub(super) stored: f64,
    pub(super) expected: f64,
    pub(super) size: f64,
    /// What rounding of money and prices makes, as a fraction of the size.
    pub(super) rounding: f64,
    pub(super) tolerance: f64,
    pub(super) fees: f64,
}

impl<'entry> Compared<'entry> {
    /// `None` where a price, the size, the direction or the profit is missing.
    pub(super) fn new(entry: &'entry Entry) -> Option<Self> {
        let size = entry.size_usd.filter(|size| *size > 0.0)?;
        let expected = size * entry.gain_fraction()?;
        let smallest = entry.entry_price?.min(entry.exit_price?);
        let tolerance = CENT + size * (SLACK_FRACTION + 2.0 * PRICE_STEP / smallest);
        let fees = MOST_FEES_FRACTION * size * (1.0 + entry.gain_fraction()?.abs());
        let rounding = CENT / size + PRICE_STEP / smallest + 0.1 * SLACK_FRACTION;
        Some(Self { entry, stored: entry.pnl_usd?, expected, size, rounding, tolerance, fees })
    }

    /// By how much the stored profit is lower, as a fraction of the size.
    pub(super) fn deduction(&self) -> f64 {
        (self.expected - self.stored) / self.size
    }

    /// Whether it is lower by more than this fraction, and rounding is no reason.
    pub(super) fn is_lower_by(&self, fraction: f64) -> bool {
        self.deduction() > fraction.max(1.5 * self.rounding)
    }

    /// Whether it is lower by about this fraction.
    pub(super) fn is_about(&self, fraction: f64, part: f64) -> bool {
        (self.deduction() - fraction).abs() <= part * fraction + self.rounding
    }

    /// Whether the stored profit is this one, or this one less what a trade costs.
    pub(super) fn is(&self, profit: f64) -> bool {
        (-self.tolerance - self.fees..=self.tolerance).contains(&(self.stored - profit))
    }

    /// Whether prices and fees do not give the stored profit.
    pub(super) fn is_off(&self) -> bool {
        !self.is(self.expected)
    }

    /// Whether it can tell a factor: profits near zero agree with every one.
    pub(super) fn tells(&self) -> bool {
        self.expected.abs() > 10.0 * CENT
    }

    /// The trade's prices and profits.
    pub(super) fn example(&self) -> String {
        let Entry { entry_price, exit_price, size_usd, .. } = self.entry;
        format!(
            "{}: {} → {} with ${:.2} gives {:+.2}, stored {:+.2}",
            self.entry.name(),
            entry_price.unwrap_or_default(),
            exit_price.unwrap_or_default(),
            size_usd.unwrap_or_default(),
            self.expected,
            self.stored
        )
    }
}

/// Whether nearly all profits, in money and in percent, are the price's move times one factor: the
/// stored size is then the margin.
pub(super) fn is_leveraged(compared: &[Compared<'_>]) -> bool {
    let mut factors: Vec<f64> =
        compared.iter().filter(|trade| trade.tells()).map(|trade| trade.stored / trade.expected).collect();
    factors.sort_by(f64::total_cmp);
    let Some(factor) = factors.get(factors.len() / 2).copied() else { return false };
    // Fees of a leveraged trade take their part of every result.
    let near = |value: f64| (value / factor - 1.0).abs() < 0.25;
    let percents = compared
        .iter()
        .filter(|trade| trade.tells())
        .filter_map(|trade| Some(trade.entry.pnl_percent? / (100.0 * trade.entry.gain_fraction()?)));
    let percents: Vec<f64> = percents.collect();
    (1.8..=51.0).contains(&factor)
        && factors.len() >= LEVERAGE_TRADES
        && most(factors.iter().filter(|value| near(**value)).count(), factors.len())
        && (percents.is_empty()
            || most(percents.iter().filter(|value| near(**value)).count(), percents.len()))
}
