//! What checks are about.

use std::fmt;

/// The theme of a check; one folder or file each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// What is stored against what follows from the file's own rows.
    Recompute,
    /// Rows that point to nothing or to the wrong row.
    Refer,
    /// Tables, columns, flags and features that do nothing.
    DeadParts,
    /// Silence, gaps, restarts, stale prices, wrong clocks.
    Alive,
    /// What decisions become.
    Funnel,
    /// Money and behaviour.
    Money,
    /// What the bot believes to learn.
    Learning,
    /// Key figures that left their own range.
    Trend,
}

impl fmt::Display for Theme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Recompute => "recompute",
            Self::Refer => "refer",
            Self::DeadParts => "dead parts",
            Self::Alive => "alive",
            Self::Funnel => "funnel",
            Self::Money => "money",
            Self::Learning => "learning",
            Self::Trend => "trend",
        })
    }
}
