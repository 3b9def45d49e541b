//! Which of a run's statistical claims stand.
//!
//! The tests of a run share their trades: groups by coin, hour and side hold the same ones. Benjamini and
//! Yekutieli (2001) keep the expected share of false ones among the claims that stand below the rate whatever
//! the tests depend on each other by. A claim is made where it stands, and is withdrawn where the data no longer
//! lean its way at all; between the two it is not decided, so that an alert neither opens nor closes by chance.

use crate::model::Finding;

/// Expected share of false claims among those of a run that stand.
const FALSE_DISCOVERY_RATE: f64 = 0.05;
/// From this p-value of a one-sided test on the data lean the other way.
const WITHDRAWN_FROM: f64 = 0.5;

/// For a claim that another claim of the same rows makes already: it counts as a test and is not decided.
pub(super) const TOLD_BY_ANOTHER: f64 = 0.49;

/// What became of the claims.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// They stand.
    pub(super) stand: Vec<Finding>,
    /// They are not decided.
    pub(super) undecided: Vec<Finding>,
}

/// Judges all claims of a run, each with the p-value of its test: the largest k with p(k) ≤ k / (m × (1 + 1/2 + … +
/// 1/m)) × rate stand.
pub(super) fn judge(mut claims: Vec<(f64, Finding)>) -> Judged {
    claims.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let tests = claims.len() as f64;
    let dependence: f64 = (1_u32..).take(claims.len()).map(|rank| 1.0 / f64::from(rank)).sum();
    let limit = |rank: u32| f64::from(rank) / (tests * dependence) * FALSE_DISCOVERY_RATE;
    let stands = |((p_value, _), rank): &(&(f64, Finding), u32)| *p_value <= limit(*rank);
    let standing =
        claims.iter().zip(1_u32..).filter(stands).map(|(_, rank)| rank as usize).max().unwrap_or(0);
    let undecided = claims.split_off(standing).into_iter();
    Judged {
        stand: claims.into_iter().map(|(_, finding)| finding).collect(),
        undecided: undecided
            .filter(|(p_value, _)| *p_value < WITHDRAWN_FROM)
            .map(|(_, finding)| finding)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{About, AlertType, Severity, Source};

    fn judged(p_values: &[f64]) -> (usize, usize) {
        let finding = || Finding {
            alert_type: AlertType::Pattern,
            severity: Severity::Low,
            title: String::new(),
            description: String::new(),
            evidence: None,
            recommendation: None,
            fingerprint: None,
            source: Source::Check("claim"),
            grounded: Some(true),
            duplicate_of: None,
            check: About::default(),
        };
        let judged = judge(p_values.iter().map(|p_value| (*p_value, finding())).collect());
        (judged.stand.len(), judged.undecided.len())
    }

    #[test]
    fn a_single_test_stands_at_five_percent() {
        assert_eq!(judged(&[0.05]), (1, 0));
        assert_eq!(judged(&[0.051]), (0, 1));
        assert_eq!(judged(&[]), (0, 0));
    }

    #[test]
    fn many_tests_ask_for_more_also_where_they_depend_on_each_other() {
        // Of two tests the first must reach 0.05 / (2 × 1.5), or both of them 0.05 / 1.5.
        assert_eq!(judged(&[0.016, 0.9]), (1, 0));
        assert_eq!(judged(&[0.017, 0.9]), (0, 1));
        assert_eq!(judged(&[0.033, 0.033]), (2, 0));
    }

    #[test]
    fn a_claim_is_withdrawn_only_where_the_data_lean_the_other_way() {
        assert_eq!(judged(&[0.49]), (0, 1));
        assert_eq!(judged(&[0.5]), (0, 0));
        assert_eq!(judged(&[1.0]), (0, 0));
    }
}
