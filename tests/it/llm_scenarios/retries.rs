//! Failures that pass, or that do not pass in time.

use serde_json::json;

use super::{Scenario, found};
use crate::server::Reply;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "429, then the answer",
            vec![Reply::error(429, "slow down").retry_soon(), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "retry-after in fractions of a second",
            vec![Reply::error(503, "loading").header("Retry-After", "0.05"), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "a limit's reset time",
            vec![Reply::error(429, "slow down").header("x-ratelimit-reset-tokens", "39ms"), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "529, 522 and 408, then the answer",
            vec![
                Reply::error(529, "overloaded").retry_soon(),
                Reply::new(522, "text/html", "<title>Timed out</title>").retry_soon(),
                Reply::new(408, "text/plain", "").retry_soon(),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(4),
        Scenario::new("500 without a wish", vec![Reply::error(500, "boom"), found(&["A"])])
            .finds(&["A"])
            .attempts(2),
        Scenario::new("503 for ever", vec![Reply::error(503, "model is loading").retry_soon()])
            .fails(&["503 Service Unavailable (model is loading)", "gave up after 4 requests"])
            .attempts(4),
        Scenario::new(
            "a wish for an hour",
            vec![Reply::error(429, "slow down").header("retry-after", "3600")],
        )
        .fails(&["429", "wait 3600 s"]),
        Scenario::new(
            "a wish for six minutes",
            vec![Reply::error(429, "slow down").header("x-ratelimit-reset-requests", "6m0s")],
        )
        .fails(&["429", "wait 360 s"]),
        Scenario::new(
            "an error inside a 200 that passes",
            vec![
                Reply::json(
                    200,
                    &json!({"choices": null, "error": {"code": 502, "message": "Provider returned error"}}),
                )
                .retry_soon(),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(2),
    ]
}
