//! The rows of freqtrade's tables, column by column.

use rusqlite::types::Value;

use super::{Order, Trade};
use crate::bot_file::{after, parse};

type Row<'name> = Vec<(&'name str, Value)>;

/// A moment as SQLAlchemy writes it.
fn moment_text(utc: &str) -> Value {
    Value::Text(parse(utc).format("%Y-%m-%d %H:%M:%S%.6f").to_string())
}

fn optional_moment(utc: Option<&str>) -> Value {
    utc.map_or(Value::Null, moment_text)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
}

fn real(condition: bool, value: f64) -> Value {
    if condition { Value::Real(value) } else { Value::Null }
}

/// The end of the five-minute candle in which a trade was closed.
pub(super) fn next_candle(utc: &str) -> String {
    let seconds = parse(utc).and_utc().timestamp();
    after(utc, 300 - seconds.rem_euclid(300))
}

/// The coin and the stake of `BTC/USDT` and `BTC/USDT:USDT`.
fn currencies(pair: &str) -> (&str, &str) {
    let (base, rest) = pair.split_once('/').unwrap();
    (base, rest.split(':').next().unwrap())
}

/// A row of `trades`; columns of all schemas.
pub(super) fn trade(trade: &Trade<'_>) -> Row<'static> {
    let closed = trade.closed_at.is_some();
    let value = trade.units() * trade.open_rate;
    let entry_fee_sign = if trade.is_short { -1.0 } else { 1.0 };
    let stop_loss = trade.open_rate * (1.0 + entry_fee_sign * trade.stop_loss_ratio / trade.leverage);
    let left = trade.last_units() / trade.units();
    let open_value = value * (1.0 + entry_fee_sign * trade.fee);
    let total = trade.total_profit();
    let so_far = if closed { total } else { trade.first_profit() };
    let (base, stake_currency) = currencies(trade.pair);
    let reason = optional(trade.exit_reason);
    vec![
        ("id", trade.id.map_or(Value::Null, Value::Integer)),
        ("exchange", text("binance")),
        ("pair", text(trade.pair)),
        ("base_currency", text(base)),
        ("stake_currency", text(stake_currency)),
        ("is_open", Value::Integer(i64::from(!closed))),
        ("fee_open", Value::Real(trade.fee)),
        ("fee_open_cost", Value::Real(trade.fee * value)),
        ("fee_open_currency", text(base)),
        ("fee_close", Value::Real(trade.fee)),
        ("fee_close_cost", real(closed, trade.fee * trade.last_units() * trade.close_rate)),
        ("open_rate", Value::Real(trade.open_rate)),
        ("open_rate_requested", Value::Real(trade.open_rate)),
        ("open_trade_value", Value::Real(left * open_value)),
        ("close_rate", real(closed, trade.close_rate)),
        ("close_rate_requested", real(trade.exit_reason.is_some(), trade.close_rate)),
        ("realized_profit", Value::Real(so_far)),
        ("close_profit", real(closed, total / open_value * trade.leverage)),
        ("close_profit_abs", real(closed || trade.first_exit.is_some(), so_far)),
        ("stake_amount", Value::Real(left * trade.stake)),
        ("max_stake_amount", Value::Real(trade.stake)),
        ("amount", Value::Real(trade.last_units())),
        ("amount_requested", Value::Real(trade.units())),
        ("open_date", moment_text(trade.opened_at)),
        ("close_date", optional_moment(trade.closed_at)),
        ("stop_loss", Value::Real(trade.stop_loss.unwrap_or(stop_loss))),
        ("stop_loss_pct", Value::Real(trade.stop_loss_ratio)),
        ("initial_stop_loss", Value::Real(stop_loss)),
        ("initial_stop_loss_pct", Value::Real(trade.stop_loss_ratio)),
        ("is_stop_loss_trailing", Value::Integer(i64::from(trade.stop_loss.is_some()))),
        ("max_rate", Value::Real(trade.open_rate.max(trade.close_rate))),
        ("min_rate", Value::Real(trade.open_rate.min(trade.close_rate))),
        ("exit_reason", reason.clone()),
        ("sell_reason", reason),
        ("exit_order_status", if closed { text("closed") } else { Value::Null }),
        ("sell_order_status", if closed { text("closed") } else { Value::Null }),
        ("strategy", text(trade.strategy)),
        ("enter_tag", optional(trade.enter_tag)),
        ("buy_tag", optional(trade.enter_tag)),
        ("timeframe", Value::Integer(5)),
        ("trading_mode", text(if trade.pair.contains(':') { "FUTURES" } else { "SPOT" })),
        ("leverage", Value::Real(trade.leverage)),
        ("is_short", Value::Integer(i64::from(trade.is_short))),
        ("interest_rate", Value::Real(0.0)),
        ("funding_fees", Value::Real(trade.funding_fees)),
        ("record_version", Value::Integer(2)),
    ]
}

/// A row of `trades` whose entry waits: the schemas since 2023 store no amount until it is filled.
pub(super) fn unfilled(waiting: &Trade<'_>) -> Row<'static> {
    let mut row = trade(waiting);
    for (name, value) in &mut row {
        if ["amount", "max_stake_amount", "fee_open_cost"].contains(name) {
            *value = Value::Real(0.0);
        }
    }
    row
}

/// A row of `orders`; its number makes the order's id unique.
pub(super) fn order(trade: i64, order: &Order<'_>, number: i64) -> Row<'static> {
    let is_filled = order.status == "closed";
    let filled = if is_filled { order.units } else { 0.0 };
    let mode = if order.dry_run { "dry_run_" } else { "" };
    let is_stop = order.side == "stoploss";
    vec![
        ("ft_trade_id", Value::Integer(trade)),
        ("ft_order_side", text(order.side)),
        ("ft_pair", text(order.pair)),
        ("ft_is_open", Value::Integer(i64::from(order.status == "open"))),
        ("ft_amount", Value::Real(order.units)),
        ("ft_price", Value::Real(order.price)),
        ("ft_cancel_reason", optional(order.cancel_reason)),
        ("order_id", Value::Text(format!("{mode}{}_{number}", order.side))),
        ("status", text(order.status)),
        ("symbol", text(order.pair)),
        ("order_type", text("limit")),
        ("side", text(if is_stop { "sell" } else { order.side })),
        ("price", Value::Real(order.price)),
        ("average", Value::Real(order.price)),
        ("amount", Value::Real(order.units)),
        ("filled", Value::Real(filled)),
        ("remaining", Value::Real(order.units - filled)),
        ("cost", Value::Real(order.units * order.price)),
        ("stop_price", real(is_stop, order.price)),
        ("order_date", moment_text(order.placed_at)),
        ("order_filled_date", if is_filled { moment_text(order.updated_at) } else { Value::Null }),
        ("order_update_date", moment_text(order.updated_at)),
        ("ft_order_tag", optional(order.tag)),
    ]
}

/// A row of `pairlocks`.
pub(super) fn lock(pair: &str, reason: &str, from: &str, until: &str) -> Row<'static> {
    vec![
        ("pair", text(pair)),
        ("side", text(if pair == "*" { "*" } else { "long" })),
        ("reason", text(reason)),
        ("lock_time", moment_text(from)),
        ("lock_end_time", moment_text(until)),
        ("active", Value::Integer(1)),
    ]
}

/// A row of `wallet_history`.
pub(super) fn wallet(midnight: &str, currency: &str, balance: f64, rate: f64) -> Row<'static> {
    vec![
        ("timestamp", moment_text(midnight)),
        ("currency", text(currency)),
        ("rate", Value::Real(rate)),
        ("quote_currency", text("USDT")),
        ("balance", Value::Real(balance)),
        ("total_quote", Value::Real(balance * rate)),
        ("leverage", Value::Real(1.0)),
        ("bot_managed", Value::Integer(1)),
    ]
}

/// A moment in `KeyValueStore`.
pub(super) fn moment(id: i64, key: &str, at: &str) -> Row<'static> {
    vec![
        ("id", Value::Integer(id)),
        ("key", text(key)),
        ("value_type", text("datetime")),
        ("datetime_value", moment_text(at)),
    ]
}
