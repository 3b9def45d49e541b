//! Parts that do nothing: tables, columns, flags, counters and values that carry no information.
//!
//! Everything here is stated over the profile, so it holds for tables that nobody described. What a
//! fresh or quiet bot has not got round to yet is no fault: each check has its least number of rows.

mod columns;
mod counters;
mod expiry;
mod flags;
mod growth;
mod stopped;
mod table;
mod tables;
mod times;
mod values;

use super::check::{Check, Theme, Threshold};
/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "table-abandoned",
        theme: Theme::Hygiene,
        why: "A table that was written regularly and is no longer, while its neighbours go on, is a broken writer.",
        threshold: Some(Threshold {
            default: 30.0,
            reason: "rows that are missing by its own earlier rate: by chance once in e^30 even where rows come at random",
        }),
        run: tables::abandoned,
    },
    Check {
        id: "table-never-written",
        theme: Theme::Hygiene,
        why: "A table that refers to rows of another and stays empty while those come is a feature that never ran.",
        threshold: Some(Threshold {
            default: 10.0,
            reason: "rows, a day old, of the table that it refers to: what each fourth of them should lead to would be missing once in 18 (0.75^10)",
        }),
        run: tables::never_written,
    },
    Check {
        id: "column-stopped",
        theme: Theme::Hygiene,
        why: "A column that was filled and is no longer means that a part of the bot has silently broken.",
        threshold: Some(Threshold {
            default: 3.0,
            reason: "days without a value: some columns are filled only when a later event is known",
        }),
        run: stopped::check,
    },
    Check {
        id: "columns-never-filled",
        theme: Theme::Hygiene,
        why: "A column that no row fills is a feature that was planned and is not there: nothing can learn from it.",
        threshold: Some(Threshold {
            default: 200.0,
            reason: "rows: a value that one row in 50 has would be missing in all of them once in 57 (0.98^200)",
        }),
        run: columns::never_filled,
    },
    Check {
        id: "columns-never-move",
        theme: Theme::Hygiene,
        why: "A counter, score or flag that all rows leave at the table's default is never written.",
        threshold: Some(Threshold {
            default: 50.0,
            reason: "rows: a flag that one row in 10 sets would be unset in all of them once in 194 (0.9^50)",
        }),
        run: columns::never_move,
    },
    Check {
        id: "state-never-left",
        theme: Theme::Hygiene,
        why: "Rows that all wait in their first state are work that nobody does.",
        threshold: Some(Threshold { default: 100.0, reason: "rows, all older than a day" }),
        run: columns::state_never_left,
    },
    Check {
        id: "flag-contradicted",
        theme: Theme::Hygiene,
        why: "A flag that stays unset although other rows show that the event happened misleads whoever reads it.",
        threshold: Some(Threshold {
            default: 20.0,
            reason: "rows that show the event: one or two may be written just before the flag",
        }),
        run: flags::contradicted,
    },
    Check {
        id: "last-use-never-set",
        theme: Theme::Hygiene,
        why: "Who counts uses and never notes the last one cannot tell a living rule from a dead one.",
        threshold: Some(Threshold { default: 10.0, reason: "counted uses in all rows" }),
        run: flags::last_use_never_set,
    },
    Check {
        id: "update-time-frozen",
        theme: Theme::Hygiene,
        why: "A time of the last change that stays at the creation makes changed rows look untouched.",
        threshold: Some(Threshold { default: 20.0, reason: "rows that another time shows to have changed" }),
        run: flags::update_time_frozen,
    },
    Check {
        id: "counter-never-counts",
        theme: Theme::Hygiene,
        why: "Rules or patterns that are active and never used are a feature that the decisions do not reach.",
        threshold: Some(Threshold {
            default: 100.0,
            reason: "trades opened since the first of them was made: time enough for one use",
        }),
        run: counters::never_counts,
    },
    Check {
        id: "expired-rows-pile-up",
        theme: Theme::Hygiene,
        why: "Expired rows that nobody removes slow every look at the valid ones and may be taken for them.",
        threshold: Some(Threshold {
            default: 20.0,
            reason: "rows that expired more than a day ago, or more than two hours ago where nine in ten rows have expired",
        }),
        run: expiry::pile_up,
    },
    Check {
        id: "expiry-compared-as-text",
        theme: Theme::Hygiene,
        why: "A time with T compared as text with one without it is later all day: rows expire at midnight only.",
        threshold: Some(Threshold {
            default: 20.0,
            reason: "rows that expired more than two hours ago, today",
        }),
        run: expiry::compared_as_text,
    },
    Check {
        id: "table-grows-without-bound",
        theme: Theme::Hygiene,
        why: "A table from which nothing is ever removed makes the file, its backups and its queries grow for ever.",
        threshold: Some(Threshold {
            default: 1.0,
            reason: "GB a year at the present rate: the disks of small hosts have ten to twenty",
        }),
        run: growth::check,
    },
    Check {
        id: "placeholder-values",
        theme: Theme::Hygiene,
        why: "A placeholder stored as a value is taken for one: it groups what does not belong together.",
        threshold: Some(Threshold { default: 3.0, reason: "rows: one may be a test, three are a habit" }),
        run: values::placeholders,
    },
    Check {
        id: "spellings-differ",
        theme: Theme::Hygiene,
        why: "One thing under two spellings is counted, limited and compared as two.",
        threshold: Some(Threshold {
            default: 50.0,
            reason: "rows: in fewer, two spellings may be two things",
        }),
        run: values::spellings,
    },
    Check {
        id: "numbers-as-text",
        theme: Theme::Hygiene,
        why: "Amounts stored as text sort and compare as text: 9 is more than 10.",
        threshold: Some(Threshold { default: 20.0, reason: "rows" }),
        run: values::numbers_as_text,
    },
    Check {
        id: "json-broken",
        theme: Theme::Hygiene,
        why: "JSON that does not parse is lost to whoever reads it back.",
        threshold: Some(Threshold { default: 3.0, reason: "rows" }),
        run: values::broken_json,
    },
    Check {
        id: "time-formats-mixed",
        theme: Theme::Hygiene,
        why: "Times of one column in several formats sort and compare wrongly: SQLite compares them as text.",
        threshold: Some(Threshold { default: 20.0, reason: "rows with a time" }),
        run: times::mixed,
    },
];
