//! A section of the report.

use std::time::Instant;

use serde::Serialize;

use crate::metrics::context::Context;
use crate::source::skipped;
use crate::{guard, logging};

/// A section of the report, or why there is none.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Section<T> {
    /// The collector's result.
    Available(T),
    /// The collector failed.
    Failed {
        /// One sentence.
        error: String,
    },
}

impl<T> Section<T> {
    /// The collector's result, if there is one.
    pub(crate) fn available(&self) -> Option<&T> {
        match self {
            Self::Available(section) => Some(section),
            Self::Failed { .. } => None,
        }
    }

    /// Why there is none.
    pub(super) fn error(&self) -> Option<&str> {
        match self {
            Self::Available(_) => None,
            Self::Failed { error } => Some(error),
        }
    }

    /// Runs a collector; its error is kept and logged.
    pub(super) fn collect(
        name: &str,
        context: &Context<'_>,
        collect: fn(&Context<'_>) -> anyhow::Result<T>,
    ) -> Self {
        tracing::info!("Collecting {name}...");
        let started = Instant::now();
        let collected = guard::run(|| collect(context));
        logging::took(name, started);
        match collected {
            Ok(section) => Self::Available(section),
            Err(error) => {
                let error = skipped(&error).unwrap_or_else(|| format!("{error:#}"));
                tracing::error!("Collecting {name} failed: {error}");
                Self::Failed { error }
            }
        }
    }
}
