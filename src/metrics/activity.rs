//! The activity log of the window and of the one before: read in one pass, for the collectors and the
//! checks.

use std::borrow::Cow;

use super::setting::Setting;
use super::system_metrics::tally::Tally;
use crate::model::Period;
use crate::source::cell;
use crate::source::log::{Log, Recorder, Vocabulary};

/// Details of other types are never read: they are most of the file's bytes.
const ROWS: &str = "
SELECT
    created_at,
    clock,
    activity_type,
    description,
    id,
    CASE WHEN activity_type IN ('llm_decision', 'decision_rejected') THEN details END
FROM activity
WHERE within(created_at)";

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
    pub(super) fn read(context: &Setting<'_>) -> anyhow::Result<Self> {
        let (mut window, mut previous) = (Tally::new(context), Tally::new(context));
        let mut vocabulary = Vocabulary::default();
        let mut recorder = Recorder::default();
        let both = Period { after: context.previous.after, until: context.window.until };
        // Texts that do not sort as their instants do are in the order in which the bot wrote them.
        let order = if context.bot.has_odd_times() { "id" } else { "created_at, id" };
        context.bot.each_within(&format!("{ROWS}\nORDER BY {order}"), both, |at, row| {
            let kind = vocabulary.kind_id(&cell::name(row, 2)?.unwrap_or_default());
            let is_previous = at <= context.previous.until;
            let description = match is_previous && !vocabulary.tells_by_description(kind) {
                true => Cow::default(),
                false => cell::text(row, 3)?.unwrap_or_default(),
            };
            let class = vocabulary.class(kind, &description);
            if is_previous {
                previous.row(at, class, &vocabulary);
                return Ok(());
            }
            window.row(at, class, &vocabulary);
            let id = cell::integer(row, 4)?.unwrap_or_default();
            recorder.row(at, id, class, &description, cell::text(row, 5)?.as_deref());
            Ok(())
        })?;
        previous.end();
        window.end();
        Ok(Self { window, previous, log: recorder.finish(vocabulary) })
    }
}
