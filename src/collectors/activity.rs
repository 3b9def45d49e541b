//! The activity log of the window and of the one before: read in one pass, for the collectors and the
//! checks.

use super::Context;
use super::system_metrics::Tally;
use crate::bot::cell;
use crate::bot::log::{Log, Recorder};

/// Details of these types are never read: they are most of the file's bytes.
const WINDOW: &str = "
SELECT
    created_at,
    clock,
    activity_type,
    description,
    id,
    CASE WHEN activity_type NOT IN ('llm_query', 'strategist') THEN details END
FROM activity
WHERE within(created_at)
ORDER BY created_at, id";

const PREVIOUS: &str = "
SELECT
    created_at,
    clock,
    activity_type,
    description
FROM activity
WHERE within(created_at)
ORDER BY created_at, id";

/// What the activity log says.
#[derive(Debug)]
pub(crate) struct Activity {
    /// The window.
    pub(crate) window: Tally,
    /// The window before.
    pub(crate) previous: Tally,
    /// The newest rows of the window.
    pub(crate) log: Log,
}

impl Activity {
    /// Reads both windows.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(super) fn read(context: &Context<'_>) -> anyhow::Result<Self> {
        let (mut window, mut previous) = (Tally::new(context), Tally::new(context));
        let mut recorder = Recorder::default();
        context.bot.each_within(PREVIOUS, context.previous, |at, row| {
            let kind = cell::name(row, 2)?.unwrap_or_default();
            previous.row(at, &kind, &cell::text(row, 3)?.unwrap_or_default());
            Ok(())
        })?;
        context.bot.each_within(WINDOW, context.window, |at, row| {
            let kind = cell::name(row, 2)?.unwrap_or_default();
            let description = cell::text(row, 3)?.unwrap_or_default();
            window.row(at, &kind, &description);
            let details = cell::text(row, 5)?;
            recorder.row(
                at,
                cell::integer(row, 4)?.unwrap_or_default(),
                &kind,
                &description,
                details.as_deref(),
            );
            Ok(())
        })?;
        previous.end();
        window.end();
        Ok(Self { window, previous, log: recorder.finish() })
    }
}
