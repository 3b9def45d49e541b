//! What checks are about.

use std::fmt;

/// The theme of a check; the folder of its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// What is stored against what follows from other rows; rows that point to nothing or to the wrong row.
    Integrity,
    /// Silence, gaps, restarts, stale prices, wrong clocks.
    Liveness,
    /// What decisions become.
    Funnel,
    /// Orders and what became of them.
    Execution,
    /// Money and behaviour.
    Money,
    /// What the bot believes to learn.
    Learning,
    /// Tables, columns, flags and features that do nothing.
    Hygiene,
    /// Key figures that left their own range.
    Trend,
    /// Rules of the user's own.
    Own,
}

impl Theme {
    const ALL: [Self; 9] = [
        Self::Integrity,
        Self::Liveness,
        Self::Funnel,
        Self::Execution,
        Self::Money,
        Self::Learning,
        Self::Hygiene,
        Self::Trend,
        Self::Own,
    ];

    /// The theme of a folder of rules.
    pub(crate) fn of_folder(folder: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == folder)
    }

    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Liveness => "liveness",
            Self::Funnel => "funnel",
            Self::Execution => "execution",
            Self::Money => "money",
            Self::Learning => "learning",
            Self::Hygiene => "hygiene",
            Self::Trend => "trend",
            Self::Own => "own",
        }
    }
}

impl fmt::Display for Theme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
