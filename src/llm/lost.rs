//! A request to which nothing came back, or not all of it: what happened, in a sentence.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use reqwest::Url;

use super::address::{is_loopback, place};
use super::body::quoted;
use super::retry::FailureKind;

/// Covers the name's lookup as well.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why nothing came back, or not all of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// Whether another try may help.
    pub(super) kind: FailureKind,
    /// What happened and what to do.
    pub(super) sentence: String,
}

/// How reading a body failed.
pub(super) enum BodyLoss {
    /// More than any answer needs.
    TooLarge { limit_bytes: usize },
    /// The time was over.
    TooSlow,
    /// The connection broke.
    Broken(io::Error),
}

impl BodyLoss {
    /// As a sentence.
    pub(super) fn told(self, url: &Url, timeout: Duration) -> Lost {
        match self {
            Self::TooLarge { limit_bytes } => Lost {
                kind: FailureKind::Final,
                sentence: format!(
                    "{} sent more than {} MB: that is no answer of an LLM, check the base URL",
                    place(url),
                    limit_bytes / 1024 / 1024
                ),
            },
            Self::TooSlow => Lost::timeout(url, timeout),
            Self::Broken(error) => Lost {
                kind: FailureKind::Connection,
                sentence: format!(
                    "the answer of {} was cut short on its way ({})",
                    place(url),
                    chain(&error)
                ),
            },
        }
    }
}

impl Lost {
    /// The sentence for a request to which no headers came back.
    pub(super) fn of_request(error: &reqwest::Error, url: &Url, timeout: Duration) -> Self {
        let place = place(url);
        let cause = chain(error);
        let connection = |sentence: String| Self { kind: FailureKind::Connection, sentence };
        match io_kind(error) {
            _ if error.is_dns() => connection(format!(
                "the host name of {place} cannot be resolved: check the base URL and the network"
            )),
            Some(io::ErrorKind::ConnectionRefused) => {
                let proxy = if is_loopback(url) { "" } else { ", or the proxy" };
                connection(format!(
                    "nothing is listening at {place}: start the LLM's server or correct the base URL{proxy}"
                ))
            }
            _ if error.is_timeout() && error.is_connect() => connection(format!(
                "no connection to {place} within {} s: check the base URL and the network",
                CONNECT_TIMEOUT.min(timeout).as_secs()
            )),
            _ if error.is_timeout() => Self::timeout(url, timeout),
            _ if cause.contains("corrupt message") => Self {
                kind: FailureKind::Final,
                sentence: format!("{place} does not speak TLS: begin the base URL with http://"),
            },
            _ if cause.contains("certificate") => Self {
                kind: FailureKind::Final,
                sentence: format!(
                    "{place} has no certificate that this machine trusts ({cause}): name its authority's PEM file as ca_file in the config file"
                ),
            },
            Some(
                io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe,
            ) => connection(format!("{place} closed the connection without an answer")),
            _ if cause.contains("connection closed before message completed") => {
                connection(format!("{place} closed the connection without an answer"))
            }
            _ => connection(format!("no answer from {place} ({cause})")),
        }
    }

    fn timeout(url: &Url, timeout: Duration) -> Self {
        Self {
            kind: FailureKind::Connection,
            sentence: format!(
                "no complete answer from {} within {} s: raise --timeout or ask a faster model",
                place(url),
                timeout.as_secs_f64().round()
            ),
        }
    }

    /// The sentence for a cause that is not expected.
    pub(super) fn unknown(url: &Url, cause: &str) -> Self {
        Self { kind: FailureKind::Final, sentence: format!("no answer from {} ({cause})", place(url)) }
    }
}

/// The kind of the first I/O error among an error's causes.
fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        source = cause.source();
    }
    None
}

/// The innermost cause, which says most.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    quoted(&innermost.to_string())
}
