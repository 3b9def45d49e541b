//! Connections that fail, stall, trickle or never end.

use std::time::Duration;

use super::{Scenario, found};
use crate::server::Reply;

/// So that no trickle or pause ends before the monitor gives up.
const TOO_LONG: Duration = Duration::from_secs(8);

pub(super) fn scenarios() -> Vec<Scenario> {
    let tenth = Duration::from_millis(100);
    // Three tries fail within their second each, so four of them and the pauses stay below this.
    let four_tries = Duration::from_secs(14);
    vec![
        Scenario::new("compressed", vec![found(&["A"]).gzipped()])
            .finds(&["A"])
            .look(|requests| assert!(requests[0].header("accept-encoding").unwrap().contains("gzip"))),
        Scenario::new(
            "a trickle that ends in time",
            vec![found(&["A"]).trickled(60, Duration::from_millis(20))],
        )
        .finds(&["A"]),
        Scenario::new(
            "headers that come late but in time",
            vec![found(&["A"]).after(Duration::from_millis(700))],
        )
        .finds(&["A"])
        .with(&["--timeout", "5"]),
        Scenario::new("a trickle that never ends", vec![found(&["A"]).trickled(1, tenth)])
            .with(&["--timeout", "1"])
            .fails(&["no complete answer", "within 1 s", "--timeout"])
            .attempts(4)
            .within(four_tries),
        Scenario::new("headers that never come, once", vec![found(&["B"]).after(TOO_LONG), found(&["A"])])
            .with(&["--timeout", "2"])
            .finds(&["A"])
            .attempts(2),
        Scenario::new("a reset, then the answer", vec![Reply::reset(), found(&["A"])])
            .finds(&["A"])
            .attempts(2),
        Scenario::new("closed without a word, then the answer", vec![Reply::silence(), found(&["A"])])
            .finds(&["A"])
            .attempts(2),
        Scenario::new("a body cut short, then the answer", vec![found(&["B"]).cut_after(80), found(&["A"])])
            .finds(&["A"])
            .attempts(2),
        Scenario::new(
            "chunks that end early, then the answer",
            vec![found(&["B"]).in_broken_chunks(), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "a compressed body cut short, then the answer",
            vec![found(&["B"]).gzipped().cut_after(60), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new("40 MB", vec![found(&["A"]).padded(40 * 1024 * 1024)]).fails(&["more than 8 MB"]),
        Scenario::new("an error page of 40 MB", vec![Reply::error(400, "no").padded(40 * 1024 * 1024)])
            .fails(&["400"]),
        Scenario::new("nothing listening", vec![found(&[])])
            .at(|_| "http://127.0.0.1:9/v1".to_owned())
            .fails(&["nothing is listening at http://127.0.0.1:9/v1", "gave up after 4 requests"])
            .attempts(4),
        Scenario::new("TLS where there is none", vec![found(&[])])
            .at(|base| base.replace("http://", "https://"))
            .fails(&["does not speak TLS", "http://"]),
        Scenario::new("a proxy in the way of loopback", vec![found(&["A"])])
            .proxy("http://127.0.0.1:9")
            .finds(&["A"]),
        Scenario::new("a base URL with user and password", vec![found(&["A"])])
            .at(|base| base.replace("http://", "http://me:pass@"))
            .finds(&["A"])
            .look(|requests| assert_eq!(requests[0].header("authorization"), Some("Basic bWU6cGFzcw=="))),
        Scenario::new("a base URL with a slash", vec![found(&["A"])])
            .at(|base| format!("{base}/"))
            .finds(&["A"])
            .look(|requests| assert_eq!(requests[0].line, "POST /v1/chat/completions")),
        Scenario::new("a base URL that is the whole address", vec![found(&["A"])])
            .at(|base| format!("{base}/chat/completions"))
            .finds(&["A"])
            .look(|requests| assert_eq!(requests[0].line, "POST /v1/chat/completions")),
        Scenario::new("a file of certificate authorities that is missing", vec![found(&[])])
            .configured("ca_file = \"/nowhere/ca.pem\"")
            .fails(&["/nowhere/ca.pem", "PEM"])
            .attempts(0),
    ]
}
