//! The newest closed trades, and the positions that were open at the audited moment and are closed now.

use rusqlite::{OptionalExtension as _, Row};

use super::filler::Filler;
use super::row::Shape;
use super::target::Target;
use crate::model::Period;
use crate::source::map::Select;

/// Newest trades that nearly all checks rest on, weeks of a busy bot: cost is bounded whatever the history.
const MOST_TRADES: usize = 2_000;

/// Closing of the oldest trade that is kept, where there are older ones.
const OLDEST_KEPT: &str = "
SELECT
    closed_at
FROM trade
WHERE (SELECT count(closed_at) FROM trade) > ?1
ORDER BY closed_at DESC
LIMIT 1 OFFSET ?1 - 1";

impl<'run> Filler<'run> {
    /// Fills `trade`, and `position` with what was open then.
    pub(super) fn trades(&mut self) -> anyhow::Result<()> {
        self.each_select("trade", "trade", Self::newest_trades)?;
        self.keep_newest_trades()?;
        self.each_select("trade", "position", Self::closed_later)
    }

    /// The newest trades of one SELECT, and those whose closing time nobody knows.
    fn newest_trades(&mut self, select: &'run Select, target: &mut Target<'run>) -> anyhow::Result<()> {
        let bot = self.setting.bot;
        let mut shape = self.shape(select, target)?;
        let (mut count, mut last_has_time) = (0, false);
        let most = if bot.has_odd_times() { 2 * MOST_TRADES } else { MOST_TRADES + 1 };
        let newest = "WHERE not_later(closed_at) ORDER BY closed_at DESC";
        let newest = format!("{} {newest} LIMIT {}", select.rows(), 2 * MOST_TRADES);
        bot.each_not_later(&newest, self.setting.plan.now, |row| {
            if count < most && self.existed(&shape, row)? {
                count += 1;
                last_has_time = shape.closed(bot, row)?.is_some();
                shape.insert(&self.setting, row, target)?;
            }
            Ok(())
        })?;
        // Those without a closing time come last in that order: behind its limit they would be nowhere.
        if count >= most && last_has_time {
            let without = "WHERE closed_at IS NULL OR closed_at = ''";
            bot.each_selected(&format!("{} {without} LIMIT {MOST_TRADES}", select.rows()), |row| {
                if self.existed(&shape, row)? {
                    shape.insert(&self.setting, row, target)?;
                }
                Ok(())
            })?;
        }
        self.count_unreadable(&shape, target);
        Ok(())
    }

    /// Whether a trade had been closed by the audited moment; one that was opened later had not.
    fn existed(&mut self, shape: &Shape, row: &Row<'_>) -> rusqlite::Result<bool> {
        let (bot, now) = (self.setting.bot, self.setting.plan.now);
        let times = [shape.closed(bot, row)?, shape.opened(bot, row)?];
        let is_later = times.into_iter().flatten().any(|reading| reading.earliest > now);
        self.filled.is_past |= is_later;
        Ok(!is_later)
    }

    fn keep_newest_trades(&mut self) -> anyhow::Result<()> {
        let oldest: Option<f64> =
            self.audit.query_row(OLDEST_KEPT, [MOST_TRADES as i64], |row| row.get(0)).optional()?;
        if oldest.is_some() {
            self.audit.execute("DELETE FROM trade WHERE closed_at < ?1", [oldest])?;
            self.filled.trades_from = oldest;
        }
        Ok(())
    }

    /// What was closed after the audited moment was a position then, if it had been opened.
    fn closed_later(&mut self, select: &'run Select, positions: &mut Target<'run>) -> anyhow::Result<()> {
        let (bot, now) = (self.setting.bot, self.setting.plan.now);
        let mut shape = self.shape(select, positions)?;
        let later = format!("{} WHERE within(closed_at)", select.rows());
        bot.each_in_slices(&later, Period::later_than(now), |slice, row| {
            let is_later = shape.closed(bot, row)?.is_some_and(|closed| slice.contains(closed.earliest));
            self.filled.is_past |= is_later;
            self.filled.later_trades += u64::from(is_later);
            if is_later && shape.opened(bot, row)?.is_some_and(|opened| opened.earliest <= now) {
                shape.insert(&self.setting, row, positions)?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
