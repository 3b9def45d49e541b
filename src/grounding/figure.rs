//! One figure of a text: its value, how exactly it was given, and in which unit.

/// What a figure is a figure of, as far as its sign or unit says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No unit.
    Plain,
    /// Percent; the value is the fraction.
    Percent,
    /// A sum of money in dollars.
    Money,
    /// A length of time in seconds.
    Duration,
    /// "25x": how often one figure goes into another.
    Times,
}

/// A sign that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// None: the words may say it.
    Unsaid,
    /// A plus.
    Plus,
    /// A minus.
    Minus,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// The value without its sign, in the kind's unit.
    pub(super) value: f64,
    /// The sign as written.
    pub(super) sign: Sign,
    /// How far the true value may be away.
    pub(super) tolerance: f64,
    /// Digits that say something: without leading zeros and without the zeros of a round number.
    pub(super) significant: usize,
    /// Digits behind the point.
    pub(super) decimals: usize,
    /// What it is a figure of.
    pub(super) kind: Kind,
    /// As it stands in the text.
    pub(super) written: String,
}

impl Figure {
    /// Reads digits with an optional fraction, thousands separators already removed.
    pub(super) fn read(digits: &str, sign: Sign, kind: Kind) -> Option<Self> {
        let value: f64 = digits.parse().ok().filter(|value: &f64| value.is_finite())?;
        let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let bare: String = digits.chars().filter(|letter| *letter != '.').collect();
        let telling = bare.trim_start_matches('0');
        let significant = if decimals == 0 { telling.trim_end_matches('0').len() } else { telling.len() };
        let last_digit = 10_f64.powi(-i32::try_from(decimals).unwrap_or(i32::MAX));
        // Who gives many digits often cuts where others round.
        let share = if significant >= 3 && decimals > 0 { 1.0 } else { 0.5 };
        let tolerance = last_digit * share;
        Some(Self { value, sign, tolerance, significant, decimals, kind, written: digits.to_owned() })
    }

    /// The same figure in a larger or smaller unit, in the unit that the program calculates with.
    pub(super) fn scaled(mut self, kind: Kind, factor: f64) -> Self {
        self.value *= factor;
        self.tolerance *= factor;
        self.kind = kind;
        self
    }

    /// The same figure where the text says "about": some percent more are allowed.
    pub(super) fn hedged(mut self) -> Self {
        const HEDGE: f64 = 0.06;
        self.tolerance = self.tolerance.max(self.value * HEDGE);
        self
    }

    /// Whether a value, whatever its sign, is what the figure gives to the digits given.
    pub(super) fn gives(&self, value: f64) -> bool {
        const FLOAT_ERROR: f64 = 1e-9;
        (value.abs() - self.value).abs() <= self.tolerance + FLOAT_ERROR * self.value.max(1.0)
    }

    /// Whether a written sign contradicts the value's.
    pub(super) fn sign_contradicts(&self, value: f64) -> bool {
        match self.sign {
            Sign::Unsaid => false,
            Sign::Plus => value < 0.0,
            Sign::Minus => value > 0.0,
        }
    }

    /// Whether hitting it by chance is unlikely, in a report of a thousand figures.
    pub(super) fn is_telling(&self) -> bool {
        self.significant >= 3
    }

    /// Nothing, one, all: such figures stand in every report.
    pub(super) fn is_trivial(&self) -> bool {
        self.value == 0.0 || self.value == 1.0
    }

    /// A number as people count with in a sentence.
    pub(super) fn is_small_count(&self) -> bool {
        const LARGEST: f64 = 12.0;
        self.kind == Kind::Plain && self.decimals == 0 && self.value <= LARGEST
    }
}

/// What a unit behind a number makes of it: the kind and the factor; `None` for any other word.
pub(super) fn unit(word: &str) -> Option<(Kind, f64)> {
    Some(match word {
        "%" | "percent" | "pp" | "pct" | "percentage" => (Kind::Percent, 0.01),
        "usd" | "usdt" | "dollar" | "dollars" => (Kind::Money, 1.0),
        "cent" | "cents" => (Kind::Money, 0.01),
        "ms" | "millisecond" | "milliseconds" => (Kind::Duration, 0.001),
        "s" | "sec" | "secs" | "second" | "seconds" => (Kind::Duration, 1.0),
        "min" | "mins" | "minute" | "minutes" => (Kind::Duration, 60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => (Kind::Duration, 3_600.0),
        "d" | "day" | "days" => (Kind::Duration, 86_400.0),
        "week" | "weeks" => (Kind::Duration, 604_800.0),
        "x" | "×" | "fold" => (Kind::Times, 1.0),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(digits: &str) -> Figure {
        Figure::read(digits, Sign::Unsaid, Kind::Plain).unwrap()
    }

    #[test]
    fn a_figure_gives_what_rounds_to_it_and_what_is_cut_to_it() {
        assert!(plain("0.72").gives(0.7231) && !plain("0.72").gives(0.7262));
        assert!(plain("0.6666").gives(2.0 / 3.0) && plain("0.6667").gives(2.0 / 3.0));
        assert!(plain("17").gives(-17.23) && !plain("17").gives(18.0));
        assert!(plain("20").hedged().gives(20.03) && !plain("20").hedged().gives(23.0));
    }

    #[test]
    fn round_numbers_say_less_than_their_length() {
        for (digits, significant) in
            [("6300", 2), ("0.0042", 2), ("1322", 4), ("0.50", 2), ("100", 1), ("0", 0)]
        {
            assert_eq!(plain(digits).significant, significant, "{digits}");
        }
    }
}
