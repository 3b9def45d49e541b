//! What a row of the log means for the rows beside it, by the bot's word for its kind.

/// The part that a row plays in a cycle of the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Prices were fetched: a cycle begins.
    Prices,
    /// A run of the strategist has ended.
    StrategistRun,
    /// The bot's model has answered.
    Query,
    /// What the model decided.
    Decision,
    /// The bot has read its settings.
    Initialized,
    /// Another start or stop of the bot.
    Lifecycle,
    /// A position was opened.
    Opened,
    /// A trade, or a decision of one, went on or was rejected.
    Outcome,
    /// Something failed.
    Failure,
    /// Any other row.
    Other,
}

impl Role {
    /// Of rows of this kind.
    pub(super) fn of(kind: &str) -> Self {
        match kind {
            "market_data" => Self::Prices,
            "strategist" => Self::StrategistRun,
            "llm_query" => Self::Query,
            "llm_decision" => Self::Decision,
            "bot_initialized" => Self::Initialized,
            "trade_opened" => Self::Opened,
            _ if kind.starts_with("trade_") || kind.ends_with("_rejected") => Self::Outcome,
            _ if kind.contains("error") || kind.contains("failed") => Self::Failure,
            _ if kind.starts_with("bot_") => Self::Lifecycle,
            _ => Self::Other,
        }
    }

    /// Whether what stands before such a row is done: a cycle begins, or the bot starts or stops.
    pub(super) fn is_next_step(self) -> bool {
        matches!(self, Self::Prices | Self::Initialized | Self::Lifecycle)
    }

    /// Whether it says that the bot understood a decision.
    pub(super) fn is_understood(self) -> bool {
        matches!(self, Self::Opened | Self::Outcome)
    }
}

/// How bad a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Neither of the others.
    Plain,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

impl Level {
    /// By the bot's own word for it, else by the kind of the row.
    pub(super) fn of(word: Option<&str>, kind: &str) -> Self {
        let is_one_of = |names: &[&str]| {
            word.is_some_and(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))
        };
        match kind {
            _ if is_one_of(&["error", "critical", "fatal", "severe"]) => Self::Error,
            _ if is_one_of(&["warning", "warn"]) => Self::Warning,
            "error" => Self::Error,
            "warning" => Self::Warning,
            _ if kind.ends_with("_error") || kind.ends_with("_failed") => Self::Error,
            _ => Self::Plain,
        }
    }

    /// Its name in the tables.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Warning => Some("warning"),
            Self::Error => Some("error"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_a_role_and_a_level() {
        assert!(Role::of("market_data").is_next_step() && Role::of("bot_stopped").is_next_step());
        assert!(Role::of("trade_rejected").is_understood() && Role::of("decision_rejected").is_understood());
        assert_eq!(Role::of("cycle_error"), Role::Failure);
        assert_eq!(Level::of(None, "learning_failed"), Level::Error);
        assert_eq!(Level::of(Some("WARN"), "exchange"), Level::Warning);
        assert_eq!(Level::of(Some("INFO"), "trade_rejected"), Level::Plain);
    }
}
