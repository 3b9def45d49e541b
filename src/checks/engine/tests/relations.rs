//! One cause is one finding, and nothing rests on a value that another finding calls wrong.

use super::{Rule, database, findings, rule};
use crate::checks::engine::catalogue::Catalogue;
use crate::checks::engine::{Engine, Limits, Member};
use crate::config::CheckSettings;
use crate::model::Severity;

const TRADES: &str = "
INSERT INTO trade (source, source_id, in_window, instrument, pnl, closed_at)
VALUES ('t', '1', 1, 'a', -1, 5), ('t', '2', 0, 'a', -2, NULL), ('t', '3', 0, 'b', -3, 7), ('t', '4', 0, 'b', 4, 8);";

fn without_time() -> Rule {
    rule(
        "/* id = 'without-time'
        severity = 'high'
        title = 'Trades have no time'
        distrusts = ['trade.closed_at', 'trade.pnl'] */
        SELECT source, source_id FROM trade WHERE closed_at IS NULL",
    )
}

fn losses(more: &str) -> Rule {
    rule(&format!(
        "/* id = 'losses'
        severity = 'critical'
        title = 'Trades lose'
        of = 'SELECT count(*) FROM trade'
        {more} */
        SELECT source, source_id, pnl FROM trade WHERE pnl < 0"
    ))
}

fn told(rules: &[Rule]) -> Vec<String> {
    let found = findings(rules, TRADES).into_iter();
    found
        .map(|(id, one)| format!("{id} {}: {} {}", one.severity.as_str(), one.description, one.evidence))
        .collect()
}

#[test]
fn a_row_that_an_explainer_reports_is_left_to_it() {
    let told = told(&[without_time(), losses("explained_by = ['without-time']")]);
    assert_eq!(
        told,
        [
            "without-time medium: 1 row. Nothing of it is of the window or open. 1 row; e.g. t 2; all rows: autonomous-monitor explain without-time",
            "losses critical: 2 of 3 rows. 1 of them is of the window. 1 more row is left to without-time. 2 of 3 rows; e.g. pnl -1 (t 1); pnl -3 (t 3); all rows: autonomous-monitor explain losses",
        ]
    );
}

#[test]
fn nobody_yields_to_a_check_that_reports_nothing() {
    let told = told(&[losses("explained_by = ['without-time']")]);
    assert!(told[0].contains("3 of 4 rows"), "{told:#?}");
}

#[test]
fn what_is_explained_whole_is_not_decided() {
    let database = database(TRADES);
    let sandbox = &database;
    let engine = Engine::new(sandbox).unwrap();
    let (first, second) = (without_time(), losses("explained_by = ['without-time']\nmin_rows = 3"));
    let run = |rule: &Rule| engine.run(rule, Limits::of(rule, CheckSettings::default())).unwrap();
    engine.note(&Member::Rule(Box::new(first.clone())), &run(&first).keys);
    let outcome = run(&second);
    assert_eq!((outcome.problems.len(), outcome.explained), (0, vec![String::new()]));
}

#[test]
fn a_rule_does_not_see_rows_whose_needed_cell_is_distrusted() {
    let told = told(&[without_time(), losses("needs = ['trade.pnl']")]);
    assert!(told[1].contains("2 of 3 rows"), "{told:#?}");
    assert!(
        told[1].contains("1 row was left out: another finding calls trade.pnl wrong there."),
        "{told:#?}"
    );
}

#[test]
fn the_worst_row_and_the_window_make_the_severity() {
    let rule = |open: i64| {
        rule(&format!(
            "/* id = 'x'
            severity = 'low'
            title = 'Trades of {{{{ subject }}}}' */
            SELECT instrument AS subject, source, source_id, iif(pnl = -3, 'critical', 'info') AS severity, {open} AS open
            FROM trade WHERE pnl < 0"
        ))
    };
    let severities =
        |open| findings(&[rule(open)], TRADES).into_iter().map(|(_, one)| one.severity).collect::<Vec<_>>();
    assert_eq!(severities(0), [Severity::Info, Severity::Medium]);
    assert_eq!(severities(1), [Severity::Info, Severity::Critical]);
}

#[test]
fn a_rule_of_a_capped_table_says_since_when() {
    let script = format!("{TRADES} UPDATE run SET trades_from = 86400");
    let found = findings(&[losses("")], &script);
    let description = &found[0].1.description;
    assert!(description.ends_with("(Of the trades since 1970-01-02 00:00:00 UTC.)"), "{description}");
}

#[test]
fn broken_files_of_a_folder_are_told_and_stop_no_other() {
    let folder = tempfile::tempdir().unwrap();
    for (name, header, sql) in [
        ("a", "id = 'a'\nexplained_by = ['b']", "SELECT 1"),
        ("b", "id = 'b'\nexplained_by = ['a']", "SELECT 1"),
        ("c", "id = 'c'\nexplained_by = ['nobody']", "SELECT 1"),
        ("d", "id = 'd'\nlimit = 3", "SELECT 1"),
        ("e", "id = 'e'\ndistrusts = ['trade.pnl']", "SELECT 1"),
        ("f", "id = 'closed-at-once'", "SELECT 1"),
        ("g", "id = 'Good'", "SELECT 1"),
        ("h", "id = 'h'", ""),
        ("i", "id = 'i'\nmin_share = 0.5", "SELECT 1"),
        ("j", "id = 'j'", "SELECT 1"),
    ] {
        let text = format!("/*\n{header}\nseverity = 'low'\ntitle = 'x'\n*/\n{sql}");
        std::fs::write(folder.path().join(format!("{name}.sql")), text).unwrap();
    }
    let catalogue: &Catalogue = crate::checks::catalogue(None, Some(folder.path()));
    let told: Vec<String> = catalogue
        .broken
        .iter()
        .map(|one| format!("{}: {}", one.file.rsplit('/').next().unwrap(), one.reason))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    d.sql: unknown field `limit`, expected one of `id`, `severity`, `type`, `title`, `why`, `fix`, `description`, `threshold`, `min_rows`, `min_share`, `of`, `explained_by`, `distrusts`, `needs`, `was`
    e.sql: distrusts is denied: only built-in checks take rows from others
    g.sql: id = "Good": give letters a to z, digits and hyphens
    h.sql: a SELECT must follow the comment
    i.sql: min_share needs of, the query that counts all rows
    b.sql: it waits for a, which waits for it: drop one of the two
    c.sql: explained_by names nobody, and there is no such check
    "#);
    assert_eq!(catalogue.replaced, ["closed-at-once"]);
    let own = catalogue.members().iter().filter(|member| member.file().is_some());
    assert_eq!(own.map(Member::id).collect::<Vec<_>>(), ["a", "closed-at-once", "j"]);
}
