//! The newest rows of a table that the bot adds to: all of both windows, and older ones up to a number.

use super::filler::Filler;
use super::row;
use super::target::Target;
use crate::source::map::Select;

/// Rows up to which older ones are read.
const MOST_ROWS: usize = 5_000;

impl<'run> Filler<'run> {
    /// The newest rows of a SELECT.
    pub(super) fn newest(&mut self, select: &'run Select, target: &mut Target<'run>) -> anyhow::Result<()> {
        let Some(time) = row::written_column(target) else { return self.whole(select, target) };
        let (bot, both) = (self.setting.bot, self.setting.plan.both());
        let mut shape = self.shape(select, target)?;
        let mut left = MOST_ROWS;
        bot.each_in_slices(&format!("{} WHERE within({time})", select.rows()), both, |slice, row| {
            if shape.written(bot, row)?.is_some_and(|written| slice.contains(written.earliest)) {
                left = left.saturating_sub(1);
                shape.insert(&self.setting, row, target)?;
            }
            Ok(())
        })?;
        let older =
            format!("{} WHERE not_later({time}) ORDER BY {time} DESC LIMIT {}", select.rows(), 2 * MOST_ROWS);
        bot.each_not_later(&older, self.setting.plan.now, |row| {
            let is_read = shape.written(bot, row)?.is_some_and(|written| both.contains(written.earliest));
            if !is_read && left > 0 && self.is_known(&shape, row)? {
                left -= 1;
                shape.insert(&self.setting, row, target)?;
            }
            Ok(())
        })?;
        if left == 0 {
            self.filled.cut.insert(target.name.clone());
        }
        self.count_unreadable(&shape, target);
        Ok(())
    }
}
