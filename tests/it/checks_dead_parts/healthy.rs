//! Healthy bots have dead columns at most: nothing that needs to be fixed.

use crate::checks_dead_parts::assert_silent;
use crate::healthy::{Healthy, Pace};
use crate::monitor::report;

#[test]
fn a_healthy_bot_needs_no_repair() {
    for base in [Healthy::generation1(), Healthy::generation2()] {
        for (seed, days, pace) in [(11, 0, Pace::Busy), (12, 3, Pace::Busy), (13, 10, Pace::Quiet)] {
            let bot = Healthy { seed, days, pace, ..base.clone() }.write();
            let report = report(&bot, &[]);
            for finding in report["findings"].as_array().unwrap() {
                assert!(["low", "info"].contains(&finding["severity"].as_str().unwrap()), "{finding:#}");
            }
            assert_silent(&bot, "spellings-differ");
        }
    }
}
