//! The list of the checks for people and programs.

use std::io::{self, Write};

use serde_json::json;

use super::engine::{Catalogue, Member};
use crate::sanitize;

/// Writes a paragraph a check: id, theme, threshold, and why; what is no check comes last.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write_text(catalogue: &Catalogue, writer: &mut impl Write) -> io::Result<()> {
    for check in catalogue.members() {
        let file = check.file().map(|file| format!(" ({})", file.display())).unwrap_or_default();
        let why = sanitize::one_line(&format!("{}{file}", check.why()));
        writeln!(writer, "{:<34} {:<10} {why}", check.id(), check.theme())?;
        if let Some(threshold) = check.threshold() {
            let reason = sanitize::one_line(check.threshold_reason().unwrap_or("no reason given"));
            writeln!(writer, "{:<34} {:<10} threshold {threshold}: {reason}", "", "")?;
        }
    }
    for broken in &catalogue.broken {
        let sentence = format!("{}: {}", broken.file, broken.reason);
        writeln!(writer, "No check: {}", sanitize::one_line(&sentence))?;
    }
    Ok(())
}

/// Writes one JSON document.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write_json(catalogue: &Catalogue, writer: &mut impl Write) -> io::Result<()> {
    let check = |check: &Member| {
        json!({
            "id": check.id(),
            "theme": check.theme().to_string(),
            "why": check.why(),
            "threshold": check.threshold(),
            "threshold_reason": check.threshold_reason(),
            "kind": if matches!(check, Member::Rule(_)) { "rule" } else { "code" },
            "file": check.file().map(|file| file.display().to_string()),
        })
    };
    let checks: Vec<_> = catalogue.members().iter().map(check).collect();
    let broken = catalogue.broken.iter().map(|broken| json!({"file": broken.file, "reason": broken.reason}));
    sanitize::write_json(writer, &json!({ "checks": checks, "broken": broken.collect::<Vec<_>>() }))
}
