//! Values that are not what their column holds.

use super::{assert_says, assert_silent, other_table};
use crate::bot_file::ago;

#[test]
fn placeholders_are_no_values() {
    let check = "placeholder-values";
    let some = |row: i64| match row {
        0..3 => "'pattern_name'",
        3..8 => "'None'",
        _ => "'momentum'",
    };
    let bot = other_table("pattern TEXT", 40, |row| some(row).to_owned());
    assert_says(&bot, check, &["pattern of signals", "medium", "\"None\" 5, \"pattern_name\" 3"]);
    // The whole table's figure, where only the newest rows were read for the profile.
    let every = |row: i64| if row % 20 == 0 { "'pattern_name'" } else { "'momentum'" }.to_owned();
    let bot = other_table("pattern TEXT", 700, every);
    assert_says(&bot, check, &["35 of 700 rows", "\"pattern_name\" 35"]);
    let plain = |row: i64| ["'none'", "'pattern'", "'unknown'", "NULL"][(row % 4) as usize].to_owned();
    assert_silent(&other_table("pattern TEXT", 40, plain), check);
}

#[test]
fn one_value_in_two_spellings_is_two_values() {
    let check = "spellings-differ";
    let directions = |values: [&'static str; 4]| move |row: i64| format!("'{}'", values[(row % 4) as usize]);
    let bot = other_table("direction TEXT", 60, directions(["LONG", "SHORT", "BUY", "LONG"]));
    assert_says(&bot, check, &["direction of signals", "medium", "\"LONG\" 30 and \"BUY\" 15"]);
    let bot = other_table("mood TEXT", 60, directions(["calm", "Calm", "wild", "wild"]));
    assert_says(&bot, check, &["mood of signals", "low", "\"Calm\" 15 and \"calm\" 15"]);
    assert_silent(&other_table("direction TEXT", 60, directions(["LONG", "SHORT", "LONG", "LONG"])), check);
    assert_silent(&other_table("move TEXT", 60, directions(["+1", "-1", "1", "BUY"])), check);
}

#[test]
fn amounts_are_numbers() {
    let bot = other_table("price TEXT, fee REAL", 30, |row| format!("'{row}.5', {row}"));
    assert_says(
        &bot,
        "numbers-as-text",
        &["Amounts in signals", "low", "column_name price, looked_at 30 rows"],
    );
    assert_silent(&bot, "text-in-numbers");
    let bot =
        other_table("price REAL", 30, |row| if row < 4 { "'$1,200'".to_owned() } else { row.to_string() });
    assert_says(&bot, "text-in-numbers", &["price of signals", "medium", "4 of 30 rows; e.g. ", "$1,200"]);
    assert_silent(&bot, "numbers-as-text");
}

#[test]
fn json_parses() {
    let check = "json-broken";
    let cut = |row: i64| if row < 3 { "'{\"a\": [1, 2'".to_owned() } else { "'{\"a\": [1, 2]}'".to_owned() };
    assert_says(
        &other_table("payload TEXT", 30, cut),
        check,
        &["payload of signals", "medium", "3 of 30 rows"],
    );
    let texts =
        |row: i64| if row < 3 { "'[BUY] at once, {coin} rises'".to_owned() } else { "'{}'".to_owned() };
    assert_silent(&other_table("payload TEXT", 30, texts), check);
}

#[test]
fn a_column_has_one_format_of_time() {
    let check = "time-formats-mixed";
    let written = |iso: fn(i64) -> bool| {
        other_table("seen_at TEXT", 40, move |row| {
            let at = ago((40 - row) * 600);
            if iso(row) { format!("'{}.5'", at.replace(' ', "T")) } else { format!("'{at}'") }
        })
    };
    let alternating = written(|row| row % 3 == 0);
    assert_says(
        &alternating,
        check,
        &["seen_at of signals mixes formats", "medium", "26 YYYY-MM-DD HH:MM:SS, 14"],
    );
    assert_says(&written(|row| row > 20), check, &["seen_at of signals mixes formats", "low"]);
    assert_silent(&written(|_| true), check);
}

#[test]
fn a_time_can_be_read() {
    let check = "time-implausible";
    let written = |unread: i64| {
        other_table("seen_at TEXT", 40, move |row| {
            if row < unread { "'22.11.2026 09:00'".to_owned() } else { format!("'{}'", ago(row * 600)) }
        })
    };
    assert_says(
        &written(3),
        check,
        &["signals.seen_at holds times that cannot be", "low", "3 of 40 rows", "22.11.2026"],
    );
    assert_silent(&written(0), check);
}
