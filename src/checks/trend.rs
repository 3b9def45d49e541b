//! Key figures that left their own recent range.

mod figures;
mod results;
mod windows;

use super::check::{Check, Theme, Threshold};

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "trend-results",
        theme: Theme::Trend,
        why: "Results that are worse than in the windows before, beyond chance, mean that something has changed.",
        threshold: Some(Threshold {
            default: 20.0,
            reason: "trades in the window, and three times as many before: fewer make no rate",
        }),
        run: results::worse,
    },
    Check {
        id: "trend-trade-count",
        theme: Theme::Trend,
        why: "A bot that trades far more or far less than in any window before has changed its mind or its code.",
        threshold: Some(Threshold {
            default: 4.0,
            reason: "multiple of the usual number, up or down, and outside of twice the range seen before",
        }),
        run: figures::trade_count,
    },
    Check {
        id: "trend-trade-size",
        theme: Theme::Trend,
        why: "Sizes far from what they were change the risk, whatever the limits say.",
        threshold: Some(Threshold {
            default: 6.0,
            reason: "robust standard deviations from the usual median size, and twice or half of it",
        }),
        run: figures::trade_size,
    },
    Check {
        id: "trend-trade-duration",
        theme: Theme::Trend,
        why: "Trades that last far longer or shorter than ever before are closed by something else than before.",
        threshold: Some(Threshold {
            default: 6.0,
            reason: "robust standard deviations from the usual median duration, and three times or a third of it",
        }),
        run: figures::trade_duration,
    },
    Check {
        id: "trend-llm-time",
        theme: Theme::Trend,
        why: "An LLM that answers far slower than before delays every decision, stops included.",
        threshold: Some(Threshold {
            default: 3.0,
            reason: "multiple of the mean time in the window before, and at least ten seconds more",
        }),
        run: figures::llm_time,
    },
];
