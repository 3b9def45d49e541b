//! How the rows of a map's SELECT become rows of a table: for each of its columns, where the value comes from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use rusqlite::{Row, Statement};

use super::target::{Column, Kind, Target};
use super::value::{self, Value};
use crate::source::Bot;
use crate::source::clock::{self, Clock, Reading};
use crate::source::limits::Limits;
use crate::source::map::Select;
use crate::source::plan::Plan;

/// Columns that tell when a row was written, the first that a table has.
const WRITTEN: [&str; 4] = ["closed_at", "opened_at", "at", "created_at"];

/// Where the value of a column comes from: places are those of the SELECT's columns.
#[derive(Debug, Clone, Copy)]
enum Origin {
    Nothing,
    Time(Moment),
    Latest(Moment),
    WallClock {
        opened: Moment,
        closed: Moment,
    },
    InWindow(Moment),
    Number {
        place: usize,
        divisor: f64,
    },
    Integer {
        place: usize,
    },
    Text {
        place: usize,
    },
    /// A name; a blank one names nothing.
    Instrument {
        place: usize,
    },
    PositionSide {
        place: usize,
    },
    OrderSide {
        place: usize,
    },
    ExitKind {
        place: usize,
    },
    Tier {
        place: usize,
    },
    IsMain {
        place: usize,
    },
    Currency {
        place: Option<usize>,
    },
}

/// A time of the SELECT.
#[derive(Debug, Clone, Copy)]
struct Moment {
    place: usize,
    clock: Clock,
    /// Whether an instant before there were coins is none, such as an epoch of zero.
    is_plausible_only: bool,
}

impl Moment {
    fn read(self, bot: &Bot, row: &Row<'_>) -> rusqlite::Result<Option<Reading>> {
        let reading = bot.read_time(row.get_ref(self.place)?, self.clock);
        Ok(reading.filter(|reading| !self.is_plausible_only || clock::is_plausible(reading.earliest)))
    }
}

/// What rows are read with.
#[derive(Debug)]
pub(super) struct Setting<'run> {
    pub(super) bot: &'run Bot,
    pub(super) plan: &'run Plan<'run>,
    /// The tables of the generation that the bot writes now; `None` where there is only one.
    pub(super) main_tables: Option<&'run [String]>,
    /// Instruments by tier.
    pub(super) tiers: &'run BTreeMap<u8, Vec<String>>,
}

impl Setting<'_> {
    /// Whether the file has a table of positions of the generation that the bot writes now.
    pub(super) fn has_positions(&self) -> bool {
        let selects = self.bot.map().selects.iter().filter(|select| select.table == "position");
        let mut own = selects.filter(|select| select.reads().all(|table| self.is_main(table)));
        own.any(|select| select.reads().all(|table| self.bot.has_table(table)))
    }

    /// Whether the file holds times of the host's clock, and nothing shows how far that is from UTC.
    pub(super) fn is_host_clock_unknown(&self) -> bool {
        let mut local = self.bot.map().selects.iter().filter(|select| select.has_local_times());
        let has_rows = |select: &Select| select.reads().any(|table| self.bot.has_rows(table));
        self.bot.host_offset().newest_seconds().is_none() && local.any(has_rows)
    }

    fn tier(&self, instrument: &str) -> Option<i64> {
        let holds = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(instrument));
        let own = self.tiers.iter().find(|(_, names)| holds(names)).map(|(tier, _)| *tier);
        let last = self.tiers.keys().max().map(|last| last + 1);
        own.or(last).map(i64::from)
    }

    /// The table of trades that the bot writes now.
    pub(super) fn main_source(&self) -> Option<&str> {
        self.main_tables.and_then(|tables| tables.first()).map(String::as_str)
    }

    /// The limits in force: the owner's, else those of the generation.
    pub(super) fn limits(&self) -> Limits {
        let limits = &self.bot.map().head.limits;
        let own = self.main_source().and_then(|table| limits.get(table)).copied().unwrap_or_default();
        self.plan.limits.or(own)
    }

    fn is_main(&self, source: &str) -> bool {
        self.main_tables.is_none_or(|tables| tables.iter().any(|table| table == source))
    }
}

/// The shape in which a SELECT's rows go into a table.
#[derive(Debug)]
pub(super) struct Shape {
    origins: Vec<Origin>,
    written: Option<Moment>,
    opened: Option<Moment>,
    closed: Option<Moment>,
    updated: Option<Moment>,
    currency: Option<String>,
    /// Values that should be a number and are none, by column of the table.
    pub(super) unreadable: Vec<u64>,
}

impl Shape {
    /// The shape for a table; columns of the SELECT that the table does not have are left out.
    pub(super) fn new(
        select: &Select,
        statement: &Statement<'_>,
        target: &Target<'_>,
        currency: Option<&str>,
    ) -> Self {
        let names: Vec<&str> = statement.column_names().collect();
        let place = |name: &str| names.iter().position(|one| *one == name);
        let moment = |name: &str| {
            let is_plausible_only = name == "opened_at";
            place(name).map(|place| Moment { place, clock: select.clock(name), is_plausible_only })
        };
        let written = written_column(target).and_then(moment);
        let origin = |column: &Column| {
            let name = column.name.as_str();
            let from = |name: &str, origin: fn(usize) -> Origin| place(name).map_or(Origin::Nothing, origin);
            match (name, column.kind) {
                ("in_window", _) => written.map_or(Origin::Nothing, Origin::InWindow),
                ("is_main", _) => from("source", |place| Origin::IsMain { place }),
                ("tier", _) => from("instrument", |place| Origin::Tier { place }),
                ("exit_kind", _) => from("exit_reason", |place| Origin::ExitKind { place }),
                ("side", _) if target.name == "fill" => from(name, |place| Origin::OrderSide { place }),
                ("side", _) => from(name, |place| Origin::PositionSide { place }),
                ("currency", _) => Origin::Currency { place: place(name) },
                ("wall_clock_seconds", _) => match (moment("opened_at"), moment("closed_at")) {
                    (Some(opened), Some(closed)) => Origin::WallClock { opened, closed },
                    _ => Origin::Nothing,
                },
                (_, Kind::Time) => match name.strip_suffix("_latest") {
                    Some(name) => moment(name).map_or(Origin::Nothing, Origin::Latest),
                    None => moment(name).map_or(Origin::Nothing, Origin::Time),
                },
                (_, Kind::Real) => {
                    let divisor = if select.is_percent(name) { 100.0 } else { 1.0 };
                    place(name).map_or(Origin::Nothing, |place| Origin::Number { place, divisor })
                }
                (_, Kind::Integer) => from(name, |place| Origin::Integer { place }),
                ("instrument", _) => from(name, |place| Origin::Instrument { place }),
                (_, Kind::Text) => from(name, |place| Origin::Text { place }),
            }
        };
        Self {
            origins: target.columns.iter().map(origin).collect(),
            written,
            opened: moment("opened_at"),
            closed: moment("closed_at"),
            updated: moment("updated_at"),
            currency: currency.map(str::to_owned),
            unreadable: vec![0; target.columns.len()],
        }
    }

    /// When the row was written: a trade when it was closed, a position when it was opened.
    pub(super) fn written(&self, bot: &Bot, row: &Row<'_>) -> rusqlite::Result<Option<Reading>> {
        self.written.map_or(Ok(None), |moment| moment.read(bot, row))
    }

    /// When the trade was opened.
    pub(super) fn opened(&self, bot: &Bot, row: &Row<'_>) -> rusqlite::Result<Option<Reading>> {
        self.opened.map_or(Ok(None), |moment| moment.read(bot, row))
    }

    /// When the trade was closed, whatever table it goes into.
    pub(super) fn closed(&self, bot: &Bot, row: &Row<'_>) -> rusqlite::Result<Option<Reading>> {
        self.closed.map_or(Ok(None), |moment| moment.read(bot, row))
    }

    /// When the bot overwrote the row last.
    pub(super) fn updated(&self, bot: &Bot, row: &Row<'_>) -> rusqlite::Result<Option<Reading>> {
        self.updated.map_or(Ok(None), |moment| moment.read(bot, row))
    }

    /// Adds a row of the SELECT to the table.
    pub(super) fn insert(
        &mut self,
        setting: &Setting<'_>,
        row: &Row<'_>,
        target: &mut Target<'_>,
    ) -> rusqlite::Result<()> {
        let columns = target.columns.iter().zip(&self.origins).zip(&mut self.unreadable);
        for (((column, origin), unreadable), parameter) in columns.zip(1..) {
            if let Origin::Number { place, .. } | Origin::Integer { place } = origin {
                *unreadable += u64::from(value::is_unreadable(row.get_ref(*place)?));
            }
            let value = origin.value(setting, row, self.currency.as_deref())?;
            let value = if column.is_required { value.or_empty(column.kind == Kind::Text) } else { value };
            target.insert.raw_bind_parameter(parameter, value)?;
        }
        target.insert.raw_execute()?;
        Ok(())
    }
}

impl Origin {
    fn value<'row>(
        &self,
        setting: &Setting<'_>,
        row: &'row Row<'_>,
        currency: Option<&'row str>,
    ) -> rusqlite::Result<Value<'row>> {
        let number = |place: usize| row.get_ref(place).map(value::number);
        let text = |place: usize| row.get_ref(place).map(value::text);
        let read = |moment: &Moment| moment.read(setting.bot, row);
        let named = |name: Option<&'static str>| name.map_or(Value::Null, |name| Value::Text(name.into()));
        let own = |text: Option<Cow<'row, str>>| text.map_or(Value::Null, Value::Text);
        Ok(match self {
            Self::Nothing => Value::Null,
            Self::Time(moment) => Value::time(read(moment)?.map(|reading| reading.earliest)),
            Self::Latest(moment) => Value::time(read(moment)?.map(|reading| reading.latest)),
            Self::InWindow(moment) => {
                let is_in = |reading: Reading| setting.plan.window.contains(reading.earliest);
                Value::flag(read(moment)?.is_some_and(is_in))
            }
            Self::WallClock { opened, closed } => {
                let naive = |moment: &Moment| Moment { clock: Clock::Utc, ..*moment }.read(setting.bot, row);
                let times = naive(opened)?.zip(naive(closed)?);
                let seconds =
                    times.map(|(from, to)| clock::seconds(to.earliest) - clock::seconds(from.earliest));
                seconds.map_or(Value::Null, Value::Real)
            }
            Self::Number { place, divisor } => {
                number(*place)?.map_or(Value::Null, |number| Value::Real(number / divisor))
            }
            Self::Integer { place } => {
                number(*place)?.map_or(Value::Null, |number| Value::Integer(number as i64))
            }
            Self::Text { place } => own(text(*place)?),
            Self::Instrument { place } => own(text(*place)?.filter(|name| !name.trim().is_empty())),
            Self::PositionSide { place } => named(text(*place)?.and_then(|word| value::position_side(&word))),
            Self::OrderSide { place } => named(text(*place)?.and_then(|word| value::order_side(&word))),
            Self::ExitKind { place } => {
                own(text(*place)?.map(|reason| value::before_colon(&reason).to_owned().into()))
            }
            Self::Tier { place } => {
                let tier = text(*place)?.and_then(|instrument| setting.tier(&instrument));
                tier.map_or(Value::Null, Value::Integer)
            }
            Self::IsMain { place } => {
                Value::flag(text(*place)?.is_some_and(|source| setting.is_main(&source)))
            }
            Self::Currency { place } => {
                let stored = place.map(text).transpose()?.flatten().filter(|name| !name.trim().is_empty());
                own(stored.or(currency.map(Cow::Borrowed)))
            }
        })
    }
}

/// The column that tells when a row of a table was written.
pub(super) fn written_column(target: &Target<'_>) -> Option<&'static str> {
    let has = |name: &str| target.columns.iter().any(|column| column.name == name);
    WRITTEN.into_iter().find(|name| has(name))
}

/// Refuses a SELECT with a column that its table does not have.
///
/// # Errors
/// One sentence.
pub(super) fn check(select: &Select, statement: &Statement<'_>, target: &Target<'_>) -> anyhow::Result<()> {
    for name in statement.column_names() {
        ensure!(
            target.columns.iter().any(|column| column.name == name),
            "the map fills a column {name} that the table {} does not have",
            select.table
        );
    }
    statement.column_index("source").ok().context("the map's SELECT names no source")?;
    Ok(())
}
