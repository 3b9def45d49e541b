//! Each rule has a file of cases: rows, and what the rule says of them.
//!
//! A case is SQL that fills the audit database and a comment `/* says … */` behind it; the first one makes the rule
//! speak. `UPDATE_FIXTURES=1 cargo test fixtures` writes the comments.

use std::fs;
use std::path::{Path, PathBuf};

use super::{embedded, findings};
use crate::checks::engine::Rule;
use crate::checks::problem::Problem;

const BEGIN: &str = "/* says\n";
const END: &str = "*/\n";

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checks/fixtures")
}

/// Cases of a file: the SQL, and what is said.
pub(super) fn cases(text: &str) -> Vec<(&str, &str)> {
    let cases = text.split_inclusive(END).filter(|case| !case.trim().is_empty());
    cases
        .map(|case| {
            let (sql, said) = case.split_once(BEGIN).expect("a case ends in /* says … */");
            (sql, said.strip_suffix(END).expect("a case ends in */"))
        })
        .collect()
}

fn said(problems: &[&Problem]) -> String {
    if problems.is_empty() {
        return "nothing\n".to_owned();
    }
    let said = |problem: &&Problem| {
        let Problem { severity, subject, title, description, evidence, recommendation, .. } = problem;
        let subject = if subject.is_empty() { String::new() } else { format!(" {subject}") };
        format!("{}{subject}: {title}\n{description}\n{evidence}\n{recommendation}\n", severity.as_str())
    };
    problems.iter().map(said).collect::<Vec<_>>().join("\n")
}

/// A rule and those that decide about its rows, in the order in which they run.
fn with_relations(rules: &[Rule], id: &str) -> Vec<Rule> {
    let mut wanted = vec![id.to_owned()];
    let mut own: Vec<Rule> = Vec::new();
    // Relations come earlier in this order.
    for rule in rules.iter().rev() {
        let needs: Vec<&String> = own.iter().flat_map(|other| &other.header.needs).collect();
        let decides = rule.header.distrusts.iter().any(|cell| needs.contains(&cell));
        if wanted.contains(&rule.header.id) || decides {
            wanted.extend(rule.header.explained_by.iter().cloned());
            own.push(rule.clone());
        }
    }
    own.reverse();
    own
}

/// The file as it would be right, and whether the first case speaks.
fn written(rules: &[Rule], id: &str, text: &str) -> (String, bool) {
    let rules = with_relations(rules, id);
    let mut written = String::new();
    let mut speaks = None;
    for (sql, _) in cases(text) {
        let found = findings(&rules, sql);
        let own: Vec<&Problem> = found.iter().filter(|(rule, _)| rule == id).map(|(_, one)| one).collect();
        speaks.get_or_insert(!own.is_empty());
        written.push_str(&format!("{sql}{BEGIN}{}{END}", said(&own)));
    }
    (written, speaks.unwrap_or(false))
}

#[test]
fn each_rule_says_of_its_fixtures_what_stands_there() {
    let rules = embedded();
    for rule in &rules {
        let id = &rule.header.id;
        let file = folder().join(format!("{id}.sql"));
        let text = fs::read_to_string(&file)
            .unwrap_or_else(|_| panic!("{id} has no fixture: write src/checks/fixtures/{id}.sql"));
        let (written, speaks) = written(&rules, id, &text);
        assert!(speaks, "the first case of {id} must make the rule speak");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&file, written).unwrap();
        } else {
            assert!(written == text, "{id} says:\n{written}\n(UPDATE_FIXTURES=1 writes it into its fixture)");
        }
    }
}

#[test]
fn each_fixture_is_of_a_rule() {
    let rules = embedded();
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let id = name.strip_suffix(".sql").unwrap();
        assert!(id == "healthy" || rules.iter().any(|rule| rule.header.id == id), "{name} is of no rule");
    }
}

#[test]
fn no_rule_finds_anything_where_nothing_is_wrong() {
    let healthy = fs::read_to_string(folder().join("healthy.sql")).unwrap();
    for script in ["", healthy.as_str()] {
        let found = findings(&embedded(), script);
        assert!(found.is_empty(), "{found:#?}");
    }
}
