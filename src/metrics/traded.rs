//! What the trades of the window and of the one before add up to, for all collectors.

pub(super) mod patterns;
mod rules;
mod total;
pub(super) mod winloss;

use self::total::{TOTALS, Total};
use super::setting::{Basis, Setting};

/// What only the rows themselves tell, in the order of closing: of a window with more trades than are read,
/// the newest.
const TRADES: &str = "
SELECT
    size,
    pnl,
    rule_ids
FROM trade
JOIN run
WHERE
    CASE ?1
        WHEN 'window' THEN closed_at > window_start
        WHEN 'previous' THEN closed_at > previous_start AND closed_at <= window_start
        ELSE closed_at >= (SELECT min(first_at) FROM trade_total WHERE span = 'newest')
    END
ORDER BY closed_at, trade.rowid DESC";

/// What trades add up to.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// For the section `trade_patterns`.
    pub(super) patterns: patterns::Tally,
    /// For the section `winloss_patterns`.
    pub(super) winloss: winloss::Tally,
    /// For the section `rule_stats`.
    pub(super) rules: rules::Uses,
    /// Profits and losses of the current generation, in US dollars.
    pub(super) own_pnl_usd: f64,
}

impl Sums {
    fn read(setting: &Setting<'_>, span: &str) -> rusqlite::Result<Self> {
        let (mut sums, audit) = (Self::default(), setting.db.connection());
        let main: Option<String> = audit.query_row("SELECT main_source FROM run", [], |row| row.get(0))?;
        let mut totals = audit.prepare(TOTALS)?;
        let mut rows = totals.query([span])?;
        while let Some(row) = rows.next()? {
            let total = Total::read(row)?;
            let tier = setting.tier(&total.coin);
            sums.patterns.add(&total, tier);
            sums.winloss.add(&total, tier);
            if main.as_ref().is_none_or(|main| *main == total.source) {
                sums.own_pnl_usd += total.profit + total.loss;
            }
        }
        let mut trades = audit.prepare(TRADES)?;
        let mut rows = trades.query([span])?;
        while let Some(row) = rows.next()? {
            row.get::<_, Option<f64>>(0)?.into_iter().for_each(|size| sums.patterns.add_size(size));
            if let Some(pnl) = row.get::<_, Option<f64>>(1)? {
                sums.winloss.outcomes.push(pnl > 0.0);
                sums.rules.add(row.get_ref(2)?.as_str_or_null()?, pnl > 0.0);
            }
        }
        Ok(sums)
    }
}

/// The trades of both windows.
#[derive(Debug)]
pub(crate) struct Traded {
    /// Those of the window.
    pub(super) window: Sums,
    /// Those of the window before.
    pub(super) previous: Sums,
    /// Where the window holds none: the newest ones before it.
    newest: Option<Sums>,
}

impl Traded {
    /// Reads both windows and, where the window holds no trade, the newest 500.
    ///
    /// # Errors
    /// When the trades cannot be read.
    pub(super) fn read(setting: &Setting<'_>) -> anyhow::Result<Self> {
        setting.db.ensure_filled("trade")?;
        let (window, previous) = (Sums::read(setting, "window")?, Sums::read(setting, "previous")?);
        let newest = match window.patterns.key.total_trades {
            0 => Some(Sums::read(setting, "newest")?).filter(|newest| newest.patterns.key.total_trades > 0),
            _ => None,
        };
        Ok(Self { window, previous, newest })
    }

    /// What averages rest on: the window's trades or, where it holds none, the newest.
    pub(super) fn basis(&self) -> (&Sums, Basis) {
        match &self.newest {
            Some(newest) => (newest, Basis::Newest),
            None if self.window.patterns.key.total_trades == 0 => (&self.window, Basis::Nothing),
            None => (&self.window, Basis::Window),
        }
    }
}
