//! The tests that claims rest on: the distributions are statrs', Wilson's interval and the longest run are not
//! in it.

use statrs::distribution::{Binomial, ContinuousCDF as _, DiscreteCDF as _, Hypergeometric, StudentsT};
use statrs::function::factorial::ln_binomial;
use statrs::stats_tests::Alternative;
use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};

/// More trials than any bot makes: such a count is damaged, and proves nothing.
const MOST_TRIALS: u64 = 1_000_000_000;

/// Probability of at most `k` successes in `n` trials of probability `p`.
pub(super) fn binomial_at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n || n > MOST_TRIALS {
        return 1.0;
    }
    Binomial::new(p.clamp(0.0, 1.0), n).map_or(1.0, |binomial| binomial.cdf(k))
}

/// Probability of at least `k` successes in `n` trials of probability `p`.
pub(super) fn binomial_at_least(k: u64, n: u64, p: f64) -> f64 {
    match k.checked_sub(1) {
        Some(below) if n <= MOST_TRIALS => {
            Binomial::new(p.clamp(0.0, 1.0), n).map_or(1.0, |binomial| binomial.sf(below))
        }
        _ => 1.0,
    }
}

/// One-sided exact test of Fisher: the probability that a group wins at most this often, if its wins
/// and those of the rest come from one rate (hypergeometric lower tail).
pub(super) fn wins_less_often(wins: u64, trades: u64, rest_wins: u64, rest_trades: u64) -> f64 {
    let (all_wins, all) = (wins + rest_wins, trades + rest_trades);
    if wins > trades || rest_wins > rest_trades {
        return 1.0;
    }
    Hypergeometric::new(all, all_wins, trades).map_or(1.0, |drawn| drawn.cdf(wins))
}

/// One-sided test of Mann and Whitney: probability that the first sample is larger by chance alone.
pub(super) fn larger_by_rank(larger: &[f64], smaller: &[f64]) -> f64 {
    let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
    let tested = mannwhitneyu(larger, smaller, method, Alternative::Greater);
    // Without any difference between the values the test has no deviation to divide by.
    tested.ok().map(|(_, p_value)| p_value).filter(|p_value| p_value.is_finite()).unwrap_or(1.0)
}

/// Number of standard deviations that 95 % of a normal distribution lie within.
const Z_95: f64 = 1.959_963_984_540_054;

/// The 95 % interval of a rate (Wilson, 1927): it stays within 0 and 1 and holds for small samples.
pub(super) fn wilson(successes: u64, trials: u64) -> Option<(f64, f64)> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (n, p) = (trials as f64, successes as f64 / trials as f64);
    let z2 = Z_95 * Z_95;
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Some(((middle - half).max(0.0), (middle + half).min(1.0)))
}

/// Whether one mean is below the other by more than the arithmetic's rounding.
fn is_less(one: f64, other: f64) -> bool {
    other - one > 1e-9 * one.abs().max(other.abs())
}

/// Probability that Student's t with these degrees of freedom is below `t`.
fn student_below(t: f64, degrees: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees).map_or(0.5, |student| student.cdf(t))
}

/// Mean and variance of a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample {
    /// Number of values.
    pub(super) count: f64,
    /// Their mean.
    pub(super) mean: f64,
    /// Their variance (n − 1).
    pub(super) variance: f64,
}

impl Sample {
    /// Of these values; all zero without any.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        // Welford, 1962: one pass without loss of digits.
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for value in values {
            count += 1.0;
            let from_old = value - mean;
            mean += from_old / count;
            squares += from_old * (value - mean);
        }
        Self { count, mean, variance: if count > 1.0 { squares / (count - 1.0) } else { 0.0 } }
    }

    /// Squared standard error of the mean.
    fn error_squared(self) -> f64 {
        self.variance / self.count
    }

    /// One-sided t test: probability of a mean this far below `level`, if the true one is `level`.
    ///
    /// Where the values hardly vary, t has no bound. That all of `n` values lie below `level` is no rarer than
    /// `n` tosses of a coin that all fall alike (the sign test), so that bounds it.
    pub(super) fn below(self, level: f64) -> f64 {
        if self.count < 2.0 || !is_less(self.mean, level) {
            return 1.0;
        }
        student_below((self.mean - level) / self.error_squared().sqrt(), self.count - 1.0)
            .max(0.5_f64.powf(self.count))
    }

    /// One-sided test of Welch (1947): probability of a mean this far below the other's, if both are equal.
    ///
    /// Where the values hardly vary, it is bounded by the rarest order of the values, each of the one sample
    /// below each of the other (a permutation test).
    pub(super) fn below_other(self, other: Self) -> f64 {
        let (own, others) = (self.error_squared(), other.error_squared());
        if self.count < 2.0 || other.count < 2.0 || !is_less(self.mean, other.mean) {
            return 1.0;
        }
        let rarest = (-ln_binomial((self.count + other.count) as u64, self.count as u64)).exp();
        if own + others <= 0.0 {
            return rarest;
        }
        let degrees = (own + others).powi(2)
            / (own.powi(2) / (self.count - 1.0) + others.powi(2) / (other.count - 1.0));
        student_below((self.mean - other.mean) / (own + others).sqrt(), degrees).max(rarest)
    }

    /// The 95 % interval of the mean; samples here are large enough for the normal quantile.
    pub(super) fn interval(self) -> (f64, f64) {
        let half = Z_95 * self.error_squared().sqrt();
        (self.mean - half, self.mean + half)
    }

    /// The same sample in another unit.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, variance: self.variance * factor * factor, ..self }
    }
}

/// Probability that `trials` of failure rate `failure_rate` hold a run of at least `length` failures.
///
/// Exact by the recursion over the position of the first such run (Feller, An Introduction to
/// Probability Theory, volume 1, XIII.7).
pub(super) fn longest_run_at_least(length: usize, trials: usize, failure_rate: f64) -> f64 {
    if length == 0 || length > trials {
        return if length == 0 { 1.0 } else { 0.0 };
    }
    let run = failure_rate.powi(i32::try_from(length).unwrap_or(i32::MAX));
    let mut without = vec![1.0; length];
    without.push(1.0 - run);
    for place in length + 1..=trials {
        let before = without.get(place - 1).copied().unwrap_or(0.0);
        let start = without.get(place - length - 1).copied().unwrap_or(0.0);
        without.push(before - start * (1.0 - failure_rate) * run);
    }
    (1.0 - without.last().copied().unwrap_or(1.0)).clamp(0.0, 1.0)
}

/// Smaller probabilities differ by the model's assumptions, not by the data.
const SMALLEST_SHOWN: f64 = 1e-6;

/// A p-value for evidence, in two digits: `p = 0.032` or `p < 0.000001`.
pub(super) fn p_text(p_value: f64) -> String {
    if p_value < SMALLEST_SHOWN {
        return format!("p < {SMALLEST_SHOWN:.6}");
    }
    let digits = (1.0 - p_value.log10().floor()).clamp(1.0, 6.0) as usize;
    format!("p = {p_value:.digits$}")
}

/// A small probability in words, in two digits: `about 1 in 2300` or `less than 1 in a million`.
pub(super) fn chance_text(probability: f64) -> String {
    if probability < SMALLEST_SHOWN {
        return "less than 1 in a million".to_owned();
    }
    let times = (1.0 / probability).round();
    let unit = 10.0_f64.powf((times.log10().floor() - 1.0).max(0.0));
    format!("about 1 in {:.0}", (times / unit).round() * unit)
}

/// The middle value; `None` without values.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    let lower = if sorted.len() % 2 == 1 { upper } else { *sorted.get(middle.checked_sub(1)?)? };
    Some((lower + upper) / 2.0)
}

/// A robust standard deviation: the median distance from the median, times 1.4826, which makes it the
/// standard deviation of a normal distribution (Rousseeuw and Croux, 1993).
pub(super) fn robust_deviation(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    let distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    median(&distances).map(|distance| 1.4826 * distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 + 1e-7 * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn tails_agree_with_published_values() {
        close(binomial_at_most(2, 10, 0.5), 56.0 / 1024.0);
        close(binomial_at_most(0, 10, 0.5), 1.0 / 1024.0);
        close(binomial_at_most(10, 10, 0.5), 1.0);
        close(binomial_at_least(5, 5, 0.5), 1.0 / 32.0);
        close(binomial_at_least(1, 2, 0.5), 0.75);
        close(binomial_at_least(0, 7, 0.3), 1.0);
        // Fisher's tea: all four cups right has probability 1/70; seen from the losing side.
        close(wins_less_often(0, 4, 4, 4), 1.0 / 70.0);
        close(wins_less_often(1, 4, 3, 4), 17.0 / 70.0);
        // Tables of Student's t: t(10) at 95 % is 1.812461, t(30) at 97.5 % is 2.042272.
        assert!((student_below(1.812_461, 10.0) - 0.95).abs() < 1e-6);
        assert!((student_below(-2.042_272, 30.0) - 0.025).abs() < 1e-6);
        close(student_below(0.0, 5.0), 0.5);
        // With one degree of freedom it is Cauchy's distribution.
        close(student_below(1.0, 1.0), 0.75);
    }

    #[test]
    fn intervals_agree_with_published_values() {
        let (low, high) = wilson(15, 50).unwrap();
        assert!((low - 0.1910).abs() < 1e-4 && (high - 0.4375).abs() < 1e-4, "{low} {high}");
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn larger_values_are_told_from_equal_ones() {
        let low: Vec<f64> = (0..12).map(f64::from).collect();
        let high: Vec<f64> = (20..26).map(f64::from).collect();
        assert!(larger_by_rank(&high, &low) < 0.001);
        assert!(larger_by_rank(&low, &low) > 0.4);
        close(larger_by_rank(&[5.0; 6], &[5.0; 12]), 1.0);
    }

    #[test]
    fn runs_agree_with_counting() {
        // Of the 8 sequences of three throws, 3 hold two tails in a row.
        close(longest_run_at_least(2, 3, 0.5), 3.0 / 8.0);
        // Of the 16 of four, 8.
        close(longest_run_at_least(2, 4, 0.5), 8.0 / 16.0);
        close(longest_run_at_least(5, 4, 0.5), 0.0);
        close(longest_run_at_least(3, 3, 0.2), 0.008);
    }

    #[test]
    fn samples_agree_with_the_textbook() {
        let sample = Sample::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter());
        close(sample.mean, 5.0);
        close(sample.variance, 32.0 / 7.0);
        // Tables of Student's t: t(7) at 95 % is 1.894579; the standard error is the root of 32 / 7 / 8.
        let level = 5.0 + 1.894_579 * (4.0_f64 / 7.0).sqrt();
        assert!((sample.below(level) - 0.05).abs() < 1e-6);
        assert_eq!(sample.below(5.0), 1.0);
        assert_eq!(Sample::of(std::iter::empty()).below(0.0), 1.0);
    }

    #[test]
    fn values_that_do_not_vary_prove_as_much_as_their_number() {
        let all = |value: f64, count: usize| Sample::of(std::iter::repeat_n(value, count));
        close(all(-1.0, 10).below(0.0), 1.0 / 1024.0);
        assert_eq!(all(0.0, 10).below(0.0), 1.0);
        assert_eq!(all(1.0, 10).below(0.0), 1.0);
        // Of 252 ways to choose 5 of 10, one puts all of these below all of those.
        close(all(40.0, 5).below_other(all(50.0, 5)), 1.0 / 252.0);
        assert_eq!(all(0.8 * 35.0, 5).below_other(all(28.0, 5)), 1.0);
    }

    #[test]
    fn a_tiny_probability_is_never_written_as_zero() {
        assert_eq!(p_text(0.0), "p < 0.000001");
        assert_eq!(p_text(0.000_012_3), "p = 0.000012");
        assert_eq!(p_text(0.0321), "p = 0.032");
        assert_eq!(chance_text(0.0), "less than 1 in a million");
        assert_eq!(chance_text(0.000_431), "about 1 in 2300");
        assert_eq!(chance_text(0.0312), "about 1 in 32");
    }

    #[test]
    fn the_middle_withstands_outliers() {
        let values = [1.0, 2.0, 3.0, 4.0, 1e9];
        close(median(&values).unwrap(), 3.0);
        close(robust_deviation(&values).unwrap(), 1.4826);
        close(median(&[1.0, 2.0]).unwrap(), 1.5);
        assert_eq!(median(&[]), None);
    }
}
