//! The list of the checks for people and programs.

use std::io::{self, Write};

use serde_json::json;

use super::registry::all;
use crate::untrusted;

/// Writes a paragraph a check: id, theme, threshold, and why.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write_text(writer: &mut impl Write) -> io::Result<()> {
    for check in all() {
        writeln!(writer, "{:<34} {:<10} {}", check.id, check.theme, check.why)?;
        if let Some(threshold) = &check.threshold {
            writeln!(writer, "{:<34} {:<10} threshold {}: {}", "", "", threshold.default, threshold.reason)?;
        }
    }
    Ok(())
}

/// Writes one JSON document.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write_json(writer: &mut impl Write) -> io::Result<()> {
    let checks: Vec<_> = all()
        .map(|check| {
            json!({
                "id": check.id,
                "theme": check.theme.to_string(),
                "why": check.why,
                "threshold": check.threshold.as_ref().map(|threshold| threshold.default),
                "threshold_reason": check.threshold.as_ref().map(|threshold| threshold.reason),
            })
        })
        .collect();
    untrusted::write_json(writer, &json!({ "checks": checks }))
}
