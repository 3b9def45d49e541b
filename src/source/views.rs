//! The canonical views of a page. They are no objects of the database: each query brings the definitions
//! of those that it reads, which costs less than to make all of them in every run.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::declared::Source;

/// A view as a query brings it.
#[derive(Debug)]
struct View {
    name: String,
    /// Name, columns and query, as they stand behind WITH.
    definition: String,
    /// Places of the sources that it reads.
    reads: Vec<usize>,
    /// Whether it is one of the page's own and certainly has no row.
    is_empty: bool,
    /// Whether some of its rows may carry times of the host's clock.
    has_local_times: bool,
}

impl View {
    fn new(name: &str, head: &str, query: &str) -> Self {
        Self {
            name: name.to_owned(),
            // Without these words SQLite would copy what a query reads twice.
            definition: format!("{head} AS NOT MATERIALIZED (\n{query}\n)"),
            reads: Vec::new(),
            is_empty: false,
            has_local_times: false,
        }
    }
}

/// The views of a page, behind the sources that they are made of.
#[derive(Debug)]
pub(super) struct Views {
    all: Vec<View>,
    sources: usize,
    /// Queries that were asked for before, with their definitions: some are made for every trade.
    defined: RefCell<HashMap<String, Rc<str>>>,
}

impl Views {
    /// The views of a page, without the arms of a UNION that can have no row: SQLite sees through a view
    /// of one arm, so that the indexes serve every query over it, its order and its limit.
    pub(super) fn new(page: &str, sources: &[Source]) -> Self {
        let source_view = |source: &Source| {
            let name = format!("src_{}", source.table);
            View::new(&name, &name, &source.query())
        };
        let mut all: Vec<View> = sources.iter().map(source_view).collect();
        let read = |sql: &str| -> Vec<usize> {
            names_read(sql).filter_map(|name| all.iter().position(|view| view.name == name)).collect()
        };
        let has_rows = |arm: &&str| {
            read(arm).iter().all(|place| sources.get(*place).is_none_or(|source| source.has_rows))
        };
        let statements = page.split(";\n").filter_map(|statement| {
            let (_, view) = statement.split_once("CREATE TEMP VIEW ")?;
            view.split_once(" AS\n")
        });
        let canonical = statements.map(|(head, query)| {
            const UNION: &str = "\nUNION ALL\n";
            let arms = query.split(UNION);
            let mut kept: Vec<_> = arms.clone().filter(has_rows).collect();
            let is_empty = kept.is_empty();
            kept.extend(arms.take(usize::from(is_empty)));
            let query = kept.join(UNION);
            let name = head.split(' ').next().unwrap_or_default();
            let has_local_times = !is_empty && query.contains("'local'");
            View { reads: read(&query), is_empty, has_local_times, ..View::new(name, head, &query) }
        });
        let canonical: Vec<View> = canonical.collect();
        all.extend(canonical);
        Self { all, sources: sources.len(), defined: RefCell::default() }
    }

    /// The names of the page's views, in its order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().skip(self.sources).map(|view| view.name.as_str())
    }

    /// Whether any row may carry times of the host's clock.
    pub(super) fn have_local_times(&self) -> bool {
        self.all.iter().any(|view| view.has_local_times)
    }

    /// Whether a query that adds nothing up reads empty views only: it need not even be prepared.
    pub(super) fn are_empty_for(&self, sql: &str) -> bool {
        let mut names = names_read(sql).peekable();
        let is_empty = |name| self.all.iter().any(|view| view.is_empty && view.name == name);
        names.peek().is_some() && names.all(is_empty)
    }

    /// A query behind the definitions of what it reads.
    pub(super) fn defined_for(&self, sql: &str) -> Rc<str> {
        if let Some(defined) = self.defined.borrow().get(sql) {
            return Rc::clone(defined);
        }
        let defined: Rc<str> = self.define(sql).into();
        self.defined.borrow_mut().insert(sql.to_owned(), Rc::clone(&defined));
        defined
    }

    fn define(&self, sql: &str) -> String {
        let mut wanted = BTreeSet::new();
        for name in names_read(sql) {
            if let Some(place) = self.all.iter().position(|view| view.name == name) {
                wanted.insert(place);
                wanted.extend(self.all.get(place).into_iter().flat_map(|view| &view.reads));
            }
        }
        let definitions = wanted.iter().filter_map(|place| self.all.get(*place));
        let definitions: Vec<_> = definitions.map(|view| view.definition.as_str()).collect();
        match definitions.as_slice() {
            [] => sql.to_owned(),
            definitions => format!("WITH {}\n{sql}", definitions.join(",\n")),
        }
    }
}

/// The tables and views that a query reads its rows from: what stands behind FROM and JOIN.
fn names_read(sql: &str) -> impl Iterator<Item = &str> {
    let is_name_end = |letter: char| !letter.is_alphanumeric() && letter != '_';
    let mut is_next = false;
    sql.split_whitespace().filter_map(move |word| {
        let is_name = std::mem::replace(&mut is_next, matches!(word, "FROM" | "JOIN"));
        is_name.then(|| word.trim_matches(is_name_end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_s_names_stand_behind_from_and_join() {
        let sql = "SELECT a FROM\n    one AS o, json_each(o.b) LEFT JOIN two ON EXISTS (SELECT 1 FROM three)";
        assert_eq!(names_read(sql).collect::<Vec<_>>(), ["one", "two", "three"]);
    }

    #[test]
    fn an_arm_without_rows_is_left_out_and_a_view_without_arms_is_empty() {
        let page = "-- A comment.\nCREATE TEMP VIEW both (a) AS\nSELECT 1 FROM src_void\nUNION ALL\nSELECT 'local' FROM src_full;\n\n\
                    CREATE TEMP VIEW none AS\nSELECT 'local' AS a FROM src_void;\n";
        let sources = [Source::of_test("full", true), Source::of_test("void", false)];
        let views = Views::new(page, &sources);
        assert_eq!(views.names().collect::<Vec<_>>(), ["both", "none"]);
        assert!(views.are_empty_for("SELECT a FROM none"));
        assert!(!views.are_empty_for("SELECT a FROM none JOIN both"));
        assert!(!views.are_empty_for("SELECT 1"));
        assert!(views.have_local_times());
        assert!(
            !Views::new(page, &[Source::of_test("full", false), Source::of_test("void", false)])
                .have_local_times()
        );
        assert_eq!(
            views.defined_for("SELECT a FROM both").as_ref(),
            "WITH src_full AS NOT MATERIALIZED (\nSELECT \"a\" FROM main.\"full\"\n),\n\
             both (a) AS NOT MATERIALIZED (\nSELECT 'local' FROM src_full\n)\nSELECT a FROM both"
        );
        assert_eq!(&*views.defined_for("SELECT a FROM main.other"), "SELECT a FROM main.other");
    }
}
