//! The process' exit code: the only place that knows 0, 1, 2 and 3.
//!
//! The numbers equal Nagios' OK, WARNING, CRITICAL and UNKNOWN.

use std::process::ExitCode;

use serde::Serialize;

use crate::model::Severity;

/// How a run ended. Serialises as its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The audit is complete and found nothing of high severity or above.
    Ok,
    /// At least one finding of high severity, none critical.
    High,
    /// At least one critical finding.
    Critical,
    /// The audit could not do its whole job: bad flag or file, failed analysis, nothing stored.
    Incomplete,
}

impl Verdict {
    /// The verdict of a run with this worst severity; findings outrank an incomplete audit.
    pub(crate) fn of(worst: Option<Severity>, complete: bool) -> Self {
        match worst {
            Some(Severity::Critical) => Self::Critical,
            Some(Severity::High) => Self::High,
            _ if !complete => Self::Incomplete,
            _ => Self::Ok,
        }
    }

    /// The same after the output could not be written.
    pub(crate) fn or_incomplete(self) -> Self {
        if self == Self::Ok { Self::Incomplete } else { self }
    }

    /// Nagios' word for the number.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::High => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Incomplete => "UNKNOWN",
        }
    }

    /// The number that cron sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::High => 1,
            Self::Critical => 2,
            Self::Incomplete => 3,
        }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        Self::from(verdict.code())
    }
}

impl Serialize for Verdict {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_critical_finding_outranks_everything() {
        assert_eq!(Verdict::of(Some(Severity::Critical), false).code(), 2);
    }

    #[test]
    fn a_high_finding_outranks_an_incomplete_audit() {
        assert_eq!(Verdict::of(Some(Severity::High), false).code(), 1);
    }

    #[test]
    fn an_incomplete_audit_is_never_ok() {
        assert_eq!(Verdict::of(None, false).code(), 3);
        assert_eq!(Verdict::of(Some(Severity::Medium), false).code(), 3);
    }

    #[test]
    fn medium_and_below_are_ok() {
        assert_eq!(Verdict::of(Some(Severity::Medium), true).code(), 0);
        assert_eq!(Verdict::of(None, true).code(), 0);
    }
}
