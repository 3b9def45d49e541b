//! `docs/tables.md` and `docs/checks.md` follow from the program; `UPDATE_DOCS=1 cargo test documents` writes them.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::monitor::run;

const SCHEMA: &str = include_str!("../../../src/source/schema.sql");

/// Fails where the file in `docs` is not this text, or writes it where the environment asks for that.
fn is_current(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "docs/{name} is stale: write it with UPDATE_DOCS=1 cargo test documents");
}

/// One cell of a table in Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_page_of_tables_follows_from_the_schema() {
    let mut page = String::from(
        "# The tables of the audit database\n\nGenerated from the comments of `src/source/schema.sql`.\n",
    );
    let mut comment = String::new();
    let mut is_query = false;
    for line in SCHEMA.lines() {
        if is_query {
            is_query = !line.ends_with(';');
        } else if let Some(text) = line.strip_prefix("--") {
            writeln!(comment, "{}", text.trim()).unwrap();
        } else if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            let name = rest.split_whitespace().next().unwrap();
            write!(page, "\n## {name}\n\n{comment}\n| column | type | meaning |\n|---|---|---|\n").unwrap();
            comment.clear();
        } else if let Some(view) = line.strip_prefix("CREATE VIEW ") {
            write!(page, "\n## {}\n\n{comment}", view.trim_end_matches(" AS")).unwrap();
            comment.clear();
            is_query = true;
        } else if line.starts_with("    ") {
            page += &column(line);
        } else if !comment.is_empty() {
            // The comment of the whole file stands before the first table's.
            let sentences = comment.lines().filter(|line| !line.is_empty());
            page.extend(sentences.map(|sentence| format!("\n{sentence}\n")));
            comment.clear();
        }
    }
    assert!(page.matches("\n## ").count() > 25, "{page}");
    is_current("tables.md", &page);
}

/// The row of a column of the schema; empty for a constraint of the table.
fn column(line: &str) -> String {
    let (definition, meaning) = line.split_once("--").unwrap_or((line, ""));
    let (name, kind) = definition.trim().trim_end_matches(',').split_once(' ').unwrap();
    let kind = kind.split(" AS (").next().unwrap();
    if name.chars().any(|letter| letter.is_ascii_uppercase()) {
        return String::new();
    }
    format!("| `{name}` | {kind} | {} |\n", cell(meaning.trim()))
}

#[test]
fn the_page_of_checks_follows_from_the_program_s_list() {
    let listed = run(["checks", "--format", "json"]).json();
    let checks = listed["checks"].as_array().unwrap();
    let mut page = format!(
        "# The built-in checks\n\nGenerated from `autonomous-monitor checks --format json`: {} checks. \
         A threshold is changed by `[checks.ID] threshold = …` in the config file.\n",
        checks.len()
    );
    let mut themes: Vec<&str> = checks.iter().map(|check| check["theme"].as_str().unwrap()).collect();
    themes.sort_unstable();
    themes.dedup();
    for theme in themes {
        write!(page, "\n## {theme}\n\n| check | why | threshold |\n|---|---|---|\n").unwrap();
        page.extend(checks.iter().filter(|check| check["theme"] == theme).map(row));
    }
    is_current("checks.md", &page);
}

/// The row of a check.
fn row(check: &Value) -> String {
    let text = |key: &str| cell(check[key].as_str().unwrap_or_default());
    let threshold = match check["threshold"].as_f64() {
        Some(threshold) => format!("{threshold}: {}", text("threshold_reason")),
        None => String::new(),
    };
    format!("| `{}` | {} | {threshold} |\n", text("id"), text("why"))
}
