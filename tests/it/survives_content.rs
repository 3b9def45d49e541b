//! Files whose content is not what the bot writes: absent, of other types, out of every range.

mod poison;

use rusqlite::Connection;

use self::poison::{POISONS, loose, poison, with_mangled_texts, without};

use crate::healthy::Random;
use crate::monitor::audit;
use crate::survival::{
    Copy, assert_none, complaints, complaints_about_a_dry_run, complaints_about_a_run, few_rows_1,
    few_rows_2, is_thorough, many_rows_1, many_rows_2, rounds,
};

struct Column {
    table: String,
    name: String,
    is_text: bool,
}

/// Every column of every table of the bot.
fn columns(template: &[u8]) -> Vec<Column> {
    let copy = Copy::of(template);
    let connection = Connection::open(copy.path()).unwrap();
    let sql =
        "SELECT list.name, info.name, info.type = 'TEXT' FROM pragma_table_list AS list, pragma_table_info(list.name) AS info
        WHERE list.schema = 'main' AND list.type = 'table' AND list.name NOT LIKE 'sqlite_%'
            AND list.name NOT LIKE 'monitoring_%'
        ORDER BY list.name, info.cid";
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement
        .query_map([], |row| Ok(Column { table: row.get(0)?, name: row.get(1)?, is_text: row.get(2)? }));
    columns.unwrap().map(Result::unwrap).collect()
}

fn tables(template: &[u8]) -> Vec<String> {
    let mut tables: Vec<String> = columns(template).into_iter().map(|column| column.table).collect();
    tables.dedup();
    tables
}

/// The file after these statements.
fn changed(template: &[u8], sql: &str) -> Copy {
    let copy = Copy::of(template);
    let connection = Connection::open(copy.path()).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA foreign_keys = OFF")
        .unwrap();
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    copy
}

/// Audits files one by one: by turns as a dry run with JSON and for real with a text or, when there is
/// time, in both ways.
fn assert_all_survive(cases: impl IntoIterator<Item = (String, Copy)>) {
    assert_none(cases.into_iter().enumerate().map(|(number, (case, copy))| {
        let path = copy.path();
        let complaints = match (is_thorough(), number % 2) {
            (true, _) => [complaints_about_a_dry_run(&path), complaints_about_a_run(&path)].concat(),
            (false, 0) => complaints_about_a_dry_run(&path),
            (false, _) => complaints_about_a_run(&path),
        };
        (case, complaints)
    }));
}

/// Several names, for a case that is about all of them.
fn names(columns: &[&Column]) -> String {
    let names = columns.iter().map(|column| format!("{}.{}", column.table, column.name));
    names.collect::<Vec<_>>().join(", ")
}

/// One column of each table at a time or, when there is time, one column of the file.
fn groups(columns: &[Column]) -> Vec<Vec<&Column>> {
    if is_thorough() {
        return columns.iter().map(|column| vec![column]).collect();
    }
    let mut groups: Vec<Vec<&Column>> = Vec::new();
    for column in columns {
        let place = groups.iter().position(|group| group.iter().all(|other| other.table != column.table));
        match place {
            Some(place) => groups[place].push(column),
            None => groups.push(vec![column]),
        }
    }
    groups
}

#[test]
fn any_table_may_be_missing_or_empty() {
    for (template, ways) in
        [(few_rows_1(), &["DROP TABLE", "DELETE FROM"][..]), (few_rows_2(), &["DROP TABLE"])]
    {
        let changes = tables(template)
            .into_iter()
            .flat_map(|table| ways.iter().map(move |way| format!("{way} {table}")));
        assert_all_survive(changes.map(|sql| (sql.clone(), changed(template, &sql))));
    }
}

#[test]
fn all_tables_may_be_empty_or_hold_one_row() {
    for template in [few_rows_1(), few_rows_2()] {
        assert_all_survive(["TRUE", "rowid > 1"].map(|rows| {
            let sql: String =
                tables(template).iter().map(|table| format!("DELETE FROM {table} WHERE {rows};")).collect();
            (format!("without the rows where {rows}"), changed(template, &sql))
        }));
    }
}

#[test]
fn any_column_may_be_missing() {
    let template = few_rows_2();
    let columns = columns(template);
    assert_all_survive(groups(&columns).into_iter().map(|missing| {
        let sql: String = missing.iter().map(|column| without(template, column)).collect();
        (format!("without {}", names(&missing)), changed(template, &sql))
    }));
}

#[test]
fn any_column_may_hold_anything() {
    for template in [many_rows_1(), if is_thorough() { many_rows_2() } else { few_rows_2() }] {
        let columns = columns(template);
        assert_all_survive(groups(&columns).into_iter().enumerate().map(|(phase, poisoned)| {
            let sql: String = poisoned
                .iter()
                .map(|column| loose(template, &column.table) + &poison(column, phase))
                .collect();
            (format!("anything in {}", names(&poisoned)), changed(template, &sql))
        }));
    }
}

#[test]
fn every_column_may_hold_the_same() {
    assert_all_survive(POISONS.into_iter().enumerate().map(|(number, poison)| {
        let template = if number % 6 == 0 { few_rows_2() } else { few_rows_1() };
        let mut sql: String = tables(template).iter().map(|table| loose(template, table)).collect();
        for Column { table, name, .. } in columns(template) {
            sql += &format!("UPDATE \"{table}\" SET \"{name}\" = {poison};");
        }
        (format!("{poison} everywhere"), changed(template, &sql))
    }));
}

#[test]
fn any_mixture_of_columns_may_hold_anything() {
    assert_all_survive((0..rounds(24, 1_000)).map(|seed| {
        let template = if seed % 2 == 0 { many_rows_1() } else { few_rows_2() };
        let (mut random, columns) = (Random::new(seed), columns(template));
        let mut poisoned: Vec<&Column> = Vec::new();
        let mut sql = String::new();
        for _ in 0..random.whole(2, 14) {
            let column = &columns[random.whole(0, columns.len() as i64) as usize];
            // With its types and indexes a table takes less, and is read in other ways.
            let is_loose = column.name == "id" || random.whole(0, 3) > 0;
            if is_loose && poisoned.iter().all(|other| other.table != column.table) {
                sql += &loose(template, &column.table);
            } else if column.name == "id" {
                continue;
            }
            sql += &poison(column, random.whole(0, POISONS.len() as i64) as usize);
            poisoned.push(column);
        }
        (format!("seed {seed}: {}", names(&poisoned)), changed(template, &sql))
    }));
}

#[test]
fn every_text_may_have_a_megabyte() {
    let megabyte = "replace(hex(zeroblob(100000)), '0', 'word ')";
    let texts = columns(few_rows_1()).into_iter().filter(|column| column.is_text);
    let sql: String = texts
        .map(|Column { table, name, .. }| {
            format!("UPDATE {table} SET {name} = {megabyte} WHERE rowid = (SELECT max(rowid) FROM {table});")
        })
        .collect();
    let run = audit(&changed(few_rows_1(), &sql).path(), &["--format", "json"]);
    assert_none([("a megabyte everywhere".to_owned(), complaints(&run))]);
    assert!(run.stdout.len() < 500_000, "{} bytes are no summary", run.stdout.len());
}

#[test]
fn any_text_may_be_mangled() {
    assert_all_survive((0..rounds(10, 600)).map(|seed| {
        let template = if seed % 2 == 0 { many_rows_1() } else { many_rows_2() };
        (format!("seed {seed}"), with_mangled_texts(template, seed))
    }));
}
