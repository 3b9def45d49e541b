//! Whether a part of the audit did its work.

use serde::Serialize;

/// Whether a part of the audit did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It ran to its end.
    Ok,
    /// It could not; `error` says why.
    Failed,
    /// It was not asked for.
    Skipped,
}
