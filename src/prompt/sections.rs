//! What each section of the report says to an LLM, and what of it matters most.
//!
//! Worth: 900 and above are key figures, 500 to 800 what findings are usually made of, below that
//! detail. Text from the file is always a JSON string.

use super::figures::{keyed, measured, named, number, rate, shown, times, unavailable, word};
use super::layout::Section;
use super::said;
use super::tables::tables;
use super::wording::Wording;
use crate::metrics::account_health::AccountHealth;
use crate::metrics::learning_quality::LearningQuality;
use crate::metrics::rule_stats::{Rule, RuleStats};
use crate::metrics::system_metrics::SystemMetrics;
use crate::metrics::trade_patterns::TradePatterns;
use crate::metrics::winloss_patterns::WinlossPatterns;
use crate::metrics::{self, Context, Report};
use crate::model::{Alert, Finding};
use crate::source::clock::utc_text;

/// When, and over what.
pub(super) fn preamble(context: &Context<'_>) -> String {
    format!(
        "## BOT MONITORING REPORT\n\
         Generated: {now} UTC. Analysis window: the last {hours} hours, from {start} UTC. \
         \"previous\" is the {hours} hours before. Money is in US dollars, rates are fractions (wins/trades), hours are UTC.\n",
        now = utc_text(context.now),
        hours = context.config.hours,
        start = utc_text(context.window.after),
    )
}

/// The six sections, the tables in brief, and what is already known.
pub(super) fn all(
    report: &Report,
    reported: &[Finding],
    unresolved: &[Alert],
    wording: &mut Wording<'_>,
) -> Vec<Section> {
    vec![
        section("TRADE PATTERNS", &report.trade_patterns, trade_patterns, wording),
        section("RULE EFFECTIVENESS", &report.rule_stats, rule_stats, wording),
        section("WIN/LOSS ANALYSIS", &report.winloss_patterns, winloss_patterns, wording),
        section("ACCOUNT HEALTH", &report.account_health, account_health, wording),
        section("SYSTEM METRICS", &report.system_metrics, system_metrics, wording),
        section("LEARNING QUALITY", &report.learning_quality, learning_quality, wording),
        section("TABLES", &report.tables, tables, wording),
        said::already_reported(reported, wording),
        said::still_open(unresolved, wording),
    ]
}

fn section<T>(
    heading: &str,
    from: &metrics::Section<T>,
    write: fn(&T, &mut Wording<'_>, &mut Section),
    wording: &mut Wording<'_>,
) -> Section {
    let mut section = Section::new(heading);
    match from {
        metrics::Section::Available(figures) => write(figures, wording, &mut section),
        metrics::Section::Failed { error } => {
            section.fact(1_000, format!("unavailable: {}", wording.text(error)));
        }
    }
    section
}

fn trade_patterns(trades: &TradePatterns, wording: &mut Wording<'_>, section: &mut Section) {
    let previous = &trades.previous;
    section.fact(
        1_000,
        format!(
            "total_trades {} (previous {}), all_time_trades {}, basis {}",
            trades.total_trades,
            previous.total_trades,
            shown(trades.all_time_trades),
            word(&trades.basis),
        ),
    );
    section.fact(
        980,
        format!(
            "win_rate {} (previous {}), total_pnl {} (previous {}), avg_win_pnl {}, avg_loss_pnl {}",
            rate(trades.win_rate),
            rate(previous.win_rate),
            number(trades.total_pnl),
            number(previous.total_pnl),
            measured(trades.avg_win_pnl),
            measured(trades.avg_loss_pnl),
        ),
    );
    section.fact(
        900,
        format!(
            "avg_trade_size {}, avg_duration_seconds {}",
            measured(trades.avg_trade_size),
            measured(trades.avg_duration_seconds)
        ),
    );
    if trades.trades_without_pnl > 0 {
        section.fact(850, format!("trades_without_pnl {}", trades.trades_without_pnl));
    }
    section.list(620, "trades_by_coin", named(&trades.trades_by_coin, |coin| wording.coin(coin)));
    section.list(560, "trades_by_tier", keyed(&trades.trades_by_tier));
    section.list(540, "size_distribution", keyed(&trades.size_distribution));
    section.list(380, "trades_by_hour", keyed(&trades.trades_by_hour));
    unavailable(&trades.unavailable, section);
}

fn rule_stats(rules: &RuleStats, wording: &mut Wording<'_>, section: &mut Section) {
    section.fact(
        1_000,
        format!(
            "total_rules {}, unused_rules {}, rules_never_succeeded {}",
            shown(rules.total_rules),
            rules.unused_rules.len(),
            rules.rules_never_succeeded.len()
        ),
    );
    if let Some(with_rules) = rules.trades_with_rules {
        let previous = rules.previous.trades_with_rules.unwrap_or_default();
        section.fact(
            900,
            format!("trades_with_rules: win_rate {} (previous {})", rate(with_rules), rate(previous)),
        );
    }
    section.list(700, "rules_by_status", named(&rules.rules_by_status, |name| wording.name(name)));
    section.lines(690, "rule_details", rules.rule_details.iter().map(|one| rule(one, wording)));
    section.list(
        640,
        "rules_never_succeeded ids",
        rules.rules_never_succeeded.iter().map(|rule| wording.rule_id(&rule.id)),
    );
    section.list(600, "unused_rules ids", rules.unused_rules.iter().map(|rule| wording.rule_id(&rule.id)));
    unavailable(&rules.unavailable, section);
}

fn rule(rule: &Rule, wording: &mut Wording<'_>) -> String {
    let judged = match (rule.success_count, rule.failure_count) {
        (Some(successes), Some(failures)) => {
            format!(
                "successes {successes}, failures {failures}, success_rate {}",
                measured(rule.success_rate)
            )
        }
        _ => format!("triggered {}", rule.use_count),
    };
    let in_window = rule.in_window.map(|uses| format!(", in window {}", rate(uses))).unwrap_or_default();
    format!(
        "{} {} {} {}: {judged}{in_window}, last_used {}",
        rule.kind,
        wording.rule_id(&rule.id),
        rule.status.as_deref().map_or_else(|| "null".to_owned(), |status| wording.name(status)),
        wording.text(&rule.text),
        shown(rule.last_used.as_deref()),
    )
}

fn winloss_patterns(patterns: &WinlossPatterns, wording: &mut Wording<'_>, section: &mut Section) {
    section.fact(
        1_000,
        format!(
            "overall_win_rate {} (previous {}), basis {}",
            rate(patterns.overall_win_rate),
            rate(patterns.previous.overall_win_rate),
            word(&patterns.basis),
        ),
    );
    let streaks = &patterns.streak_analysis;
    section.fact(
        920,
        format!(
            "current_streak {}, max_win_streak {}, max_loss_streak {}",
            streaks.current_streak, streaks.max_win_streak, streaks.max_loss_streak
        ),
    );
    section.list(
        880,
        "pnl_by_exit_reason",
        patterns.pnl_by_exit_reason.0.iter().map(|(reason, exit)| {
            format!(
                "{} {} trades, {} wins, pnl {}",
                wording.name(reason),
                exit.count,
                exit.wins,
                number(exit.total_pnl)
            )
        }),
    );
    section.list(500, "exits previous", named(&patterns.previous.exits, |name| wording.name(name)));
    section.list(
        720,
        "win_rate_by_tier",
        patterns.win_rate_by_tier.0.iter().map(|(tier, wins)| format!("{tier} {}", rate(*wins))),
    );
    section.list(
        660,
        "win_rate_by_coin",
        patterns
            .win_rate_by_coin
            .0
            .iter()
            .map(|(coin, wins)| format!("{} {}", wording.coin(coin), rate(*wins))),
    );
    section.list(
        520,
        "win_rate_by_hour",
        patterns.win_rate_by_hour.0.iter().map(|(hour, wins)| format!("{hour}h {}", rate(*wins))),
    );
    unavailable(&patterns.unavailable, section);
}

fn account_health(account: &AccountHealth, wording: &mut Wording<'_>, section: &mut Section) {
    section.fact(
        1_000,
        format!(
            "current_balance {} ({}), starting_balance {}, total_pnl {}, pnl_trend {}, balance_volatility {}",
            measured(account.current_balance),
            shown(account.balance_source),
            measured(account.starting_balance),
            measured(account.total_pnl),
            shown(account.pnl_trend),
            measured(account.balance_volatility),
        ),
    );
    section.fact(
        990,
        format!(
            "open_positions {}, open_size_usd {}, max_exposure_fraction {}, exposure_utilization {}, unrealized_pnl_usd {}",
            account.open_positions,
            number(account.open_size_usd),
            measured(account.max_exposure_fraction),
            measured(account.exposure_utilization),
            measured(account.unrealized_pnl_usd),
        ),
    );
    section.list(
        820,
        "open positions, oldest first",
        account.open_position_list.iter().map(|position| {
            let age = measured(position.age_hours.map(|hours| (hours * 10.0).round() / 10.0));
            format!("{} size {} for {age} h", wording.coin(&position.coin), measured(position.size_usd))
        }),
    );
    for (label, side) in [("stored", account.stored.as_ref()), ("recomputed", Some(&account.recomputed))] {
        let Some(side) = side else { continue };
        section.fact(
            940,
            format!(
                "{label}: balance {}, available {}, in_positions {}, total_pnl {}, daily_pnl {}, trade_count_today {}{}",
                measured(side.balance),
                measured(side.available_balance),
                measured(side.in_positions),
                measured(side.total_pnl),
                measured(side.daily_pnl),
                shown(side.trade_count_today),
                side.last_updated.as_deref().map(|at| format!(", last_updated {at}")).unwrap_or_default(),
            ),
        );
    }
    if let Some(refusals) = &account.trades_near_limits {
        let previous = account.previous.trades_near_limits;
        section.fact(900, format!("trades_near_limits {} (previous {})", refusals.total, shown(previous)));
        section.list(780, "refusals by limit", keyed(&refusals.by_kind));
    }
    let days = account.daily_pnl_history.iter().rev();
    section.list(
        640,
        "daily_pnl_history, newest first",
        days.map(|day| {
            let partial = if day.whole { "" } else { " partial" };
            format!("{} {} in {} trades{partial}", day.date, number(day.pnl), day.trades)
        }),
    );
    unavailable(&account.unavailable, section);
}

fn system_metrics(system: &SystemMetrics, wording: &mut Wording<'_>, section: &mut Section) {
    let previous = &system.previous;
    section.fact(
        1_000,
        format!(
            "uptime_hours {}, last_start {}, last_activity {}, seconds_since_last_activity {}",
            measured(system.uptime_hours),
            shown(system.last_start.as_deref()),
            shown(system.last_activity.as_deref()),
            measured(system.seconds_since_last_activity),
        ),
    );
    section.fact(
        990,
        format!(
            "total_cycles {} (previous {}), cycles_with_errors {}, error_rate {} (previous {}), failed_fetches {}, avg_cycle_duration in seconds {} (previous {})",
            shown(system.total_cycles),
            shown(previous.total_cycles),
            shown(system.cycles_with_errors),
            measured(system.error_rate),
            measured(previous.error_rate),
            shown(system.failed_fetches),
            measured(system.avg_cycle_duration),
            measured(previous.avg_cycle_duration),
        ),
    );
    section.fact(
        960,
        format!(
            "llm_response_times in seconds {} (previous {}), cycle_interval_seconds {}",
            times(system.llm_response_times),
            times(previous.llm_response_times),
            times(system.cycle_interval_seconds),
        ),
    );
    section.fact(930, format!("market_data_staleness in seconds {}", measured(system.market_data_staleness)));
    if let Some(errors) = &system.error_types {
        let total: u64 = errors.0.iter().map(|(_, count)| count).sum();
        section.fact(925, format!("errors of all kinds {total} (previous {})", shown(previous.errors)));
        section.list(920, "error_types", named(errors, |name| wording.name(name)));
    }
    if let Some(cooldowns) = &system.cooldown_effectiveness {
        section.fact(
            880,
            format!(
                "cooldown_effectiveness: rejections {}, unique_coins_traded {}",
                cooldowns.rejections, cooldowns.unique_coins_traded
            ),
        );
    }
    section.list(680, "activity_by_type", named(&system.activity_by_type, |name| wording.name(name)));
    unavailable(&system.unavailable, section);
}

fn learning_quality(learning: &LearningQuality, _: &mut Wording<'_>, section: &mut Section) {
    let previous = &learning.previous;
    section.fact(
        1_000,
        format!(
            "total_learnings {}, learnings_last_24h {}, learnings_in_window {} (previous {}), rules_created_from_learnings {}",
            shown(learning.total_learnings),
            shown(learning.learnings_last_24h),
            learning.learnings_in_window,
            previous.learnings,
            shown(learning.rules_created_from_learnings),
        ),
    );
    section.fact(
        900,
        format!(
            "of {} learnings (basis {}): avg_confidence {} (previous {}), duplicate_patterns {} (previous {}; learnings whose text another one has already), distinct_patterns {} (named in the pattern column), actionable_learnings {}",
            learning.basis_rows,
            word(&learning.basis),
            measured(learning.avg_confidence),
            measured(previous.avg_confidence),
            learning.duplicate_patterns,
            previous.duplicate_patterns,
            learning.distinct_patterns,
            learning.actionable_learnings,
        ),
    );
    if let Some(outcomes) = &learning.learnings_by_outcome {
        let counts: Vec<_> = keyed(outcomes).collect();
        section.fact(700, format!("learnings_by_outcome: {}", counts.join(", ")));
    }
    unavailable(&learning.unavailable, section);
}
