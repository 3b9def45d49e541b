//! The journal of a healthy bot of the second generation, and the log's rows about closed positions.

use rusqlite::named_params;
use serde_json::json;

use super::super::texts::SYMBOLS;
use super::super::{MINUTE, run_cached};
use super::{PATTERNS, POST_TRACKED_SECONDS, Position, Simulation, condition_id, position_id};

const JOURNAL: &str = "INSERT INTO trade_journal
    VALUES (:id, :position, :entry_time, :entry_price, :reason, :coin, :direction, :size, :stop, :target, :strategy,
        :condition, :pattern, :regime, :volatility, :funding, :cvd, :btc_trend, :btc_price,
        CAST(substr(:entry_time, 12, 2) AS INTEGER), (strftime('%w', :entry_time) + 6) % 7,
        :exit_time, :exit_price, :exit_reason, :pnl, 100 * :pnl / :size, :duration, :after_1, :after_5, :after_15,
        :missed, :status, :entry_time, :updated)";

impl Simulation<'_> {
    /// The journal's row of a trade, closed at this price and profit or still open.
    pub(super) fn journal(&mut self, position: &Position, exit: Option<(f64, f64)>) {
        let Position { number, opened_at, closes_at, entry_price, size_usd, sign, .. } = *position;
        let fraction = if number % 40 == 0 { 0 } else { number * 7919 % 1_000_000 };
        let entry_time = self.local(opened_at, fraction);
        let age_seconds = self.now - closes_at;
        let mut after = [1, 5, 15].map(|minutes| {
            let price = exit.map(|(exit_price, _)| exit_price * self.random.between(0.997, 1.003));
            price.filter(|_| age_seconds > minutes * MINUTE)
        });
        let status = match exit {
            None => "open",
            Some(_) if age_seconds > POST_TRACKED_SECONDS => "post_tracked",
            Some(_) => "closed",
        };
        if status == "closed" {
            after[2] = None;
        }
        let missed = exit
            .zip(after[2])
            .map(|((exit_price, _), later)| sign * size_usd * (later - exit_price) / entry_price);
        let tracked_seconds = if status == "post_tracked" { 15 * MINUTE } else { 0 };
        let updated_at = exit.map_or(opened_at, |_| closes_at + tracked_seconds);
        let trend = self.random.pick(&["up", "down", "sideways"]);
        run_cached(
            self.bot,
            JOURNAL,
            named_params! {
                ":id": format!("j-{}-{number:06x}", entry_time[..19].replace(['-', ':', 'T'], "")),
                ":position": position_id(number),
                ":entry_time": entry_time,
                ":entry_price": entry_price,
                ":reason": position.reason,
                ":coin": position.coin.name,
                ":direction": if sign > 0.0 { "LONG" } else { "SHORT" },
                ":size": size_usd,
                ":stop": entry_price * (1.0 - sign * position.stop_percent / 100.0),
                ":target": entry_price * (1.0 + sign * position.target_percent / 100.0),
                ":strategy": position.strategy,
                ":condition": condition_id(number),
                ":pattern": position.pattern.map(|pattern| PATTERNS[pattern].0),
                ":regime": self.random.pick(&["trending", "ranging", "volatile"]),
                ":volatility": self.random.between(0.5, 4.5),
                ":funding": self.random.between(-0.01, 0.02),
                ":cvd": self.random.between(-900.0, 1000.0),
                ":btc_trend": trend,
                ":btc_price": SYMBOLS[0].1 * self.random.between(0.97, 1.03),
                ":exit_time": exit.map(|_| self.local(closes_at, fraction)),
                ":exit_price": exit.map(|(price, _)| price),
                ":exit_reason": exit.map(|_| position.exit_reason),
                ":pnl": exit.map(|(_, pnl_usd)| pnl_usd),
                ":duration": exit.map(|_| closes_at - opened_at),
                ":after_1": after[0],
                ":after_5": after[1],
                ":after_15": after[2],
                ":missed": missed,
                ":status": status,
                ":updated": self.local(updated_at, 452_529),
            },
        );
    }

    /// The log's row about a closed position.
    pub(super) fn log_close(&self, position: &Position, pnl_usd: f64, status: &str, at: i64) {
        if at < self.log_from {
            return;
        }
        let won = pnl_usd > 0.0;
        let record = self.records.iter().find(|record| record.coin == position.coin.name).unwrap();
        let result = if won { "WIN $+" } else { "LOSS $-" };
        let details = json!({
            "trade_id": position_id(position.number),
            "coin": position.coin.name,
            "won": won,
            "pnl_usd": pnl_usd,
            "exit_reason": position.exit_reason,
            "pattern_id": position.pattern.map(|pattern| PATTERNS[pattern].0),
            "coin_adaptation": null,
            "new_coin_status": status,
            "new_coin_win_rate": f64::from(record.wins) / f64::from(record.wins + record.losses),
            "pattern_deactivated": false,
            "processing_time_ms": 0.4,
        });
        let description = format!("Trade close: {} {result}{:.2}", position.coin.name, pnl_usd.abs());
        self.log(at, "quick_update", &description, &details.to_string());
    }
}
