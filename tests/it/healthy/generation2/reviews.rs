//! What a healthy bot of the second generation makes of its trades: coins judged, hours reflected on and
//! counted, and its state at a clean stop.

use rusqlite::{named_params, params};
use serde_json::json;

use super::super::texts::thought;
use super::super::{DAY, HOUR, run_cached};
use super::{Closed, STARTING_BALANCE_USD, Simulation};

/// How far back reflections and hourly snapshots go.
const REFLECTION_DAYS: i64 = 14;
const REFLECTION: &str =
    "INSERT INTO reflections (timestamp, trades_analyzed, period_hours, insights, summary,
        total_time_ms, created_at)
    VALUES (datetime(?1, 'unixepoch'), ?2, 1.0, ?3, ?4, ?5, datetime(?1, 'unixepoch'))";
const ADAPTATION: &str = "INSERT INTO adaptations (adaptation_id, timestamp, insight_type, action, target, description,
        pre_metrics, insight_confidence, insight_evidence, post_metrics, effectiveness, effectiveness_measured_at,
        created_at)
    VALUES (?1, datetime(?2, 'unixepoch'), 'coin', 'favor', ?3, ?4, ?5, ?6, ?5, ?7, ?8, ?9,
        datetime(?2, 'unixepoch'))";
const SNAPSHOT: &str = "INSERT INTO profit_snapshots (timestamp, timeframe, total_pnl, realized_pnl, total_trades,
        winning_trades, losing_trades, win_rate, avg_win, avg_loss, profit_factor, max_drawdown, max_drawdown_pct,
        starting_balance, ending_balance, return_pct, created_at)
    VALUES (:local, :timeframe, :pnl, :pnl, :trades, :wins, :losses, :win_rate, :avg_win, :avg_loss, :factor,
        :drawdown, 100 * :drawdown / :balance, :balance, :balance + :pnl, 100 * :pnl / :balance,
        datetime(:at, 'unixepoch'))";
const ADAPTED_COIN: &str = "INSERT INTO coin_adaptations (coin, timestamp, old_status, new_status, reason,
        trigger_stats, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, datetime(?7, 'unixepoch'))";

impl Simulation<'_> {
    /// What happens at every full hour: a reflection and a snapshot, at midnight a daily one.
    pub(super) fn hourly(&mut self, at: i64) {
        if at % DAY == 0 {
            self.snapshot(at, "day", DAY);
            self.adaptation(at);
        }
        if at > self.now - REFLECTION_DAYS * DAY {
            self.snapshot(at, "hour", HOUR);
            self.reflect(at);
        }
    }

    /// The trades of the period that ends at a moment, the newest first.
    pub(super) fn closed_since(&self, from: i64, until: i64) -> impl Iterator<Item = &Closed> {
        self.closed
            .iter()
            .rev()
            .skip_while(move |trade| trade.at >= until)
            .take_while(move |trade| trade.at >= from)
    }

    /// The totals of a period.
    pub(super) fn snapshot(&self, at: i64, timeframe: &str, seconds: i64) {
        let (mut won_usd, mut lost_usd, mut wins, mut losses) = (0.0, 0.0, 0, 0);
        // The newest trade comes first: a fall read backwards is as deep.
        let (mut fall_usd, mut drawdown_usd) = (0.0_f64, 0.0_f64);
        for trade in self.closed_since(at - seconds, at) {
            if trade.pnl_usd > 0.0 {
                (won_usd, wins) = (won_usd + trade.pnl_usd, wins + 1);
            } else {
                (lost_usd, losses) = (lost_usd - trade.pnl_usd, losses + 1);
            }
            fall_usd = (fall_usd - trade.pnl_usd).max(0.0);
            drawdown_usd = drawdown_usd.max(fall_usd);
        }
        let ending = self.closed.iter().rev().find(|trade| trade.at < at);
        let ending_usd = ending.map_or(STARTING_BALANCE_USD, |trade| trade.balance_usd);
        let trades = wins + losses;
        run_cached(
            self.bot,
            SNAPSHOT,
            named_params! {
                ":local": self.local(at, 896_522),
                ":timeframe": timeframe,
                ":pnl": won_usd - lost_usd,
                ":trades": trades,
                ":wins": wins,
                ":losses": losses,
                ":win_rate": 100.0 * f64::from(wins) / f64::from(trades.max(1)),
                ":avg_win": won_usd / f64::from(wins.max(1)),
                ":avg_loss": lost_usd / f64::from(losses.max(1)),
                ":factor": if lost_usd > 0.0 { won_usd / lost_usd } else { 999.99 },
                ":drawdown": drawdown_usd,
                ":balance": ending_usd - (won_usd - lost_usd),
                ":at": at,
            },
        );
    }

    /// Two or three insights about the last hour, unlike any before.
    pub(super) fn reflect(&mut self, at: i64) {
        let trades = self.closed_since(at - HOUR, at).count();
        let insights: Vec<_> = (0..self.random.whole(2, 4))
            .map(|_| {
                self.thoughts += 1;
                let thought = thought(self.thoughts);
                json!({
                    "insight_type": self.random.pick(&["coin", "pattern", "time", "exit", "regime", "general"]),
                    "category": self.random.pick(&["opportunity", "problem", "observation"]),
                    "title": thought.pattern,
                    "description": thought.cause,
                    "evidence": { "trades": trades },
                    "suggested_action": thought.lesson,
                    "confidence": self.random.whole(10, 19) as f64 / 20.0,
                })
            })
            .collect();
        let summary = format!("{trades} trades in the last hour. Performance is as expected.");
        let milliseconds = self.random.between(5000.0, 11_000.0);
        run_cached(
            self.bot,
            REFLECTION,
            params![at, trades as i64, json!(insights).to_string(), summary, milliseconds],
        );
    }

    /// A change that a reflection led to, measured a day later; at most one a day, and one for a coin.
    pub(super) fn adaptation(&mut self, at: i64) {
        let adapted = &self.adapted;
        let Some(record) =
            self.records.iter().find(|it| it.status == "favored" && !adapted.contains(&it.coin))
        else {
            return;
        };
        let (coin, trades) = (record.coin, record.wins + record.losses);
        let win_rate = f64::from(record.wins) / f64::from(trades);
        self.adapted.push(coin);
        let measured_at = at + DAY + HOUR;
        let measured = measured_at < self.now;
        let metrics = json!({ "coin": coin, "win_rate": win_rate, "trades": trades }).to_string();
        let confidence = self.random.whole(12, 19) as f64 / 20.0;
        let effectiveness = self.random.pick(&["effective", "highly_effective", "neutral"]);
        self.bot.execute(
            ADAPTATION,
            params![
                format!("{at:08x}"),
                at,
                coin,
                format!("Favored {coin}: {:.0}% win rate over {trades} trades", 100.0 * win_rate),
                metrics,
                confidence,
                measured.then_some(&metrics),
                measured.then_some(effectiveness),
                measured.then(|| self.local(measured_at, 112_400)),
            ],
        );
    }

    /// Counts a trade for its coin and judges the coin, seldom enough not to waver; returns its status.
    pub(super) fn adapt_coin(&mut self, coin: &'static str, pnl_usd: f64, at: i64) -> &'static str {
        let record = self.records.iter_mut().find(|record| record.coin == coin).unwrap();
        if pnl_usd > 0.0 {
            record.wins += 1
        } else {
            record.losses += 1
        }
        record.pnl_usd += pnl_usd;
        let (old_status, trades, total_pnl_usd) =
            (record.status, record.wins + record.losses, record.pnl_usd);
        let rate = f64::from(record.wins) / f64::from(trades);
        let new_status = match rate {
            ..0.3 if total_pnl_usd < 0.0 => "blacklisted",
            ..0.45 => "reduced",
            0.6.. if total_pnl_usd > 0.0 => "favored",
            _ => "normal",
        };
        let judged = trades >= 5 && (new_status == "blacklisted" || [5, 20, 80, 320].contains(&trades));
        if !judged || new_status == old_status {
            return old_status;
        }
        record.status = new_status;
        let stats = json!({ "total_trades": trades, "wins": record.wins, "losses": record.losses,
            "win_rate": rate, "total_pnl": total_pnl_usd, "avg_pnl": total_pnl_usd / f64::from(trades) });
        let reason = format!("Win rate {:.0}% with ${total_pnl_usd:.2} over {trades} trades", 100.0 * rate);
        let row =
            params![coin, self.local(at, 674_113), old_status, new_status, reason, stats.to_string(), at];
        self.bot.execute(ADAPTED_COIN, row);
        new_status
    }

    /// What a clean stop leaves behind; the bot starts again at once.
    pub(super) fn stop_cleanly(&self, at: i64) {
        let stopped_at = self.local(at, 846_787);
        let last_reflection = self.local(at - at % HOUR, 104_154);
        let uptime = format!("{}.3", at - self.installed_at);
        let state = [
            ("shutdown_time", stopped_at.as_str()),
            ("last_reflection_time", &last_reflection),
            ("trades_since_reflection", "2"),
            ("uptime_seconds", &uptime),
            ("tick_count", "688280"),
        ];
        for (key, value) in state {
            self.bot.execute(
                "INSERT INTO runtime_state (key, value, updated_at) VALUES (?1, ?2, datetime(?3, 'unixepoch'))",
                params![key, value, at],
            );
        }
    }
}
