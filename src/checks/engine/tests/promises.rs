//! What holds for every rule.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;

use super::fixtures::{cases, folder};
use super::{database, embedded, findings};
use crate::sandbox::as_number;

#[test]
fn every_rule_and_its_count_can_be_prepared_without_a_row() {
    let database = database("DELETE FROM run");
    let sandbox = &database;
    for rule in embedded() {
        for query in [Some(&rule.sql), rule.header.of.as_ref()].into_iter().flatten() {
            let answer = sandbox.select(query, 1.0, 10);
            answer.unwrap_or_else(|error| panic!("{}: {error:#}: {query}", rule.header.id));
        }
    }
}

/// A rule that reads a cell which another one calls wrong says that it needs it, or leaves those rows to that one.
#[test]
fn every_rule_needs_what_it_reads_and_others_distrust() {
    let catalogue = crate::checks::catalogue(None, None);
    let mut distrusted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for member in catalogue.members() {
        for cell in member.distrusts() {
            distrusted.entry(cell).or_default().push(member.id());
        }
    }
    let database = database("");
    let sandbox = &database;
    let mut wrong = Vec::new();
    for rule in embedded() {
        let header = &rule.header;
        let mut read: BTreeSet<String> = BTreeSet::new();
        for query in [Some(&rule.sql), header.of.as_ref()].into_iter().flatten() {
            let (_, reads) = sandbox.select(query, 1.0, 10).unwrap();
            read.extend(reads.into_iter().map(|(table, column)| format!("{table}.{column}")));
        }
        let unread = header.needs.iter().filter(|needed| !read.contains(*needed));
        wrong.extend(unread.map(|needed| format!("{} needs {needed} and does not read it", header.id)));
        for (cell, by) in distrusted.iter().filter(|(cell, _)| read.contains(**cell)) {
            let is_known = |cells: &[String]| cells.iter().any(|known| known == cell);
            let leaves_rows = by.iter().all(|id| header.explained_by.iter().any(|known| known == id));
            if !is_known(&header.needs) && !is_known(&header.distrusts) && !leaves_rows {
                wrong.push(format!("{} reads {cell}, which {} distrusts", header.id, by.join(" and ")));
            }
        }
    }
    assert!(wrong.is_empty(), "needs, or explained_by, is not right:\n{}", wrong.join("\n"));
}

#[test]
fn every_cell_of_a_relation_is_one_of_the_audit_database() {
    let database = database("");
    for member in crate::checks::catalogue(None, None).members() {
        for cell in member.needs().into_iter().chain(member.distrusts()) {
            let (table, column) = cell.split_once('.').unwrap();
            let sql = "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2";
            let count: i64 = database.connection().query_row(sql, [table, column], |row| row.get(0)).unwrap();
            assert_eq!(count, 1, "{} speaks of {cell}", member.id());
        }
    }
}

/// What a finding counts is what its query returns: the rows of its subject, or what their column `n` counts.
#[test]
fn every_count_is_that_of_the_query() {
    for rule in embedded() {
        let header = &rule.header;
        let Ok(fixture) = std::fs::read_to_string(folder().join(format!("{}.sql", header.id))) else {
            continue;
        };
        let is_alone = header.explained_by.is_empty() && header.needs.is_empty();
        for (script, _) in cases(&fixture) {
            let sandbox = database(script);
            let (answer, _) = sandbox.select(&rule.sql, header.threshold.unwrap_or(0.0), 20_000).unwrap();
            for (_, problem) in findings(std::slice::from_ref(&rule), script) {
                let own = answer.rows.iter().filter(|row| match answer.place("subject") {
                    Some(place) => row[place] == Value::Text(problem.subject.clone()),
                    None => true,
                });
                let count: f64 = match answer.place("n") {
                    Some(place) => own.filter_map(|row| as_number(&row[place])).sum(),
                    None => own.count() as f64,
                };
                let told = problem.evidence.split(' ').next().unwrap();
                assert!(
                    !is_alone || told == count.to_string(),
                    "{}: {count}: {}",
                    header.id,
                    problem.evidence
                );
            }
        }
    }
}

#[test]
fn no_sentence_leaves_a_cause_open() {
    for rule in embedded() {
        for sentence in [rule.header.description.as_ref(), Some(&rule.header.title)].into_iter().flatten() {
            let is_open = sentence.split_whitespace().any(|word| word.eq_ignore_ascii_case("either"));
            assert!(!is_open, "{}: {sentence}", rule.header.id);
        }
    }
}
