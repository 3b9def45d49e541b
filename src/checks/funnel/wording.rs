//! Shares and patterns in words.

/// A share for people.
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 }
}

/// The same with a decimal, in words where it would be told as zero and is not.
pub(super) fn share_text(part: u64, whole: u64) -> String {
    /// Less is rounded to 0.0.
    const LEAST_PERCENT: f64 = 0.05;
    match percent(part, whole) {
        share if part > 0 && share < LEAST_PERCENT => "under 0.1 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

/// A pattern of SQL's LIKE for a text in which numbers and what may not be shown are left out.
pub(super) fn like(text: &str) -> String {
    let words = text.split([' ', '#', '…', '%']).filter(|word| !word.is_empty());
    format!("'%{}%'", words.collect::<Vec<_>>().join("%").replace('\'', "''"))
}
