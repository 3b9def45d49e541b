//! The newest activity of a period as rows in memory, for those who look at what follows what.

mod cycles;
mod decision;
mod error_kind;
mod kinds;
mod limit;
mod newest;
mod outcomes;
pub(crate) mod pass;
#[cfg(test)]
mod pass_tests;
mod patterns;
mod role;
pub(crate) mod series;
mod template;
pub(crate) mod told;
mod vocabulary;
mod words;
pub(crate) mod write;

use std::borrow::Cow;
use std::ops::Range;

use chrono::{DateTime, Utc};

pub(crate) use decision::{Decision, failure_word};
pub(crate) use error_kind::{is_failed_fetch, quotable};
pub(crate) use vocabulary::{Class, KindId, Vocabulary};

use crate::source::clock::utc_text;
use crate::untrusted::cut;

/// Times of the log up to a day, newest first, for `Bot::newest_times`.
pub(crate) const NEWEST: &str = "
SELECT
    created_at,
    clock
FROM activity
WHERE created_at < ?1
ORDER BY created_at DESC";

/// Newest rows that are kept: two days of a cycle every 36 seconds with four rows each.
pub(crate) const MOST_ROWS: usize = 20_000;
/// Longest description or detail that is kept.
const LONGEST_TEXT_CHARS: usize = 2_000;

/// One row of the activity log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'log> {
    log: &'log Log,
    row: &'log Row,
}

impl<'log> Entry<'log> {
    /// When it was written.
    pub(crate) fn at(self) -> DateTime<Utc> {
        self.row.at
    }

    /// Its id.
    pub(crate) fn id(self) -> i64 {
        self.row.id
    }

    /// Its type.
    pub(crate) fn kind(self) -> &'log str {
        self.log.vocabulary.kind(self.row.class)
    }

    /// What it says.
    pub(crate) fn description(self) -> &'log str {
        self.log.texts.get(self.row.description.clone()).unwrap_or_default()
    }

    /// What it adds, of decisions and of their refusals.
    pub(crate) fn details(self) -> Option<&'log str> {
        self.log.texts.get(self.row.description.end..self.row.details_end?)
    }

    /// The kind of error that it reports, if it reports one.
    pub(crate) fn error(self) -> Option<&'log str> {
        self.log.vocabulary.error(self.row.class)
    }

    /// The limit at which it tells that a trade was refused.
    pub(crate) fn limit(self) -> Option<&'static str> {
        self.row.class.limit
    }
}

/// The newest rows of a period, oldest first.
#[derive(Debug)]
pub(crate) struct Log {
    /// The decisions among its rows.
    pub(crate) decisions: Vec<Decision>,
    /// The period holds more rows than were kept.
    pub(crate) is_cut: bool,
    rows: Vec<Row>,
    texts: String,
    /// What the types of its rows and their errors are called.
    pub(crate) vocabulary: Vocabulary,
}

/// A row whose texts stand one behind the other among those of all rows.
#[derive(Debug)]
struct Row {
    at: DateTime<Utc>,
    id: i64,
    class: Class,
    description: Range<usize>,
    /// Where its details end, if it has some: they begin where the description ends.
    details_end: Option<usize>,
}

impl Log {
    /// All rows.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = Entry<'_>> + ExactSizeIterator + Clone {
        self.rows.iter().map(|row| Entry { log: self, row })
    }

    /// The row at a place.
    pub(crate) fn entry(&self, place: usize) -> Option<Entry<'_>> {
        self.rows.get(place).map(|row| Entry { log: self, row })
    }

    /// Each row with the one that follows it.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = (Entry<'_>, Entry<'_>)> {
        self.entries().zip(self.entries().skip(1))
    }

    /// Rows of one type.
    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = Entry<'_>> {
        let kind = self.vocabulary.kinds().position(|known| known == kind).map(KindId);
        self.entries().filter(move |entry| Some(entry.row.class.kind) == kind)
    }

    /// The rows behind a decision, up to the next cycle, decision, start or stop; `None` where the log
    /// ends before that and tells of no outcome: what follows may not be written yet.
    pub(crate) fn consequences(&self, decision: &Decision) -> Option<impl Iterator<Item = Entry<'_>>> {
        let rest = self.rows.get(decision.place + 1..)?.iter().map(|row| Entry { log: self, row });
        let is_end = |entry: Entry<'_>| Self::is_next_step(entry) || entry.kind() == "llm_decision";
        let is_outcome = |entry: Entry<'_>| {
            entry.kind().starts_with("trade_")
                || entry.kind().ends_with("_rejected")
                || entry.kind().ends_with("_error")
        };
        let end = rest.clone().position(is_end);
        let count = end.or_else(|| rest.clone().any(is_outcome).then_some(rest.len()))?;
        Some(rest.take(count))
    }

    /// Whether a row begins a cycle, or tells of a start or a stop: what stands before it is done.
    pub(crate) fn is_next_step(entry: Entry<'_>) -> bool {
        entry.kind() == "market_data" || entry.kind().starts_with("bot_")
    }

    /// The time that its rows are of, in words: a window of which only the newest rows were read is not the window.
    pub(crate) fn when(&self) -> Cow<'static, str> {
        match self.rows.first().filter(|_| self.is_cut) {
            Some(first) => format!("since {} UTC", utc_text(first.at)).into(),
            None => "in the window".into(),
        }
    }

    /// The rows that were read, as a condition of SQL over the bot's own table.
    pub(crate) fn read_sql(&self) -> String {
        let ids = self.rows.iter().map(|row| row.id);
        let (first, last) = (ids.clone().min().unwrap_or(0), ids.max().unwrap_or(0));
        format!("id BETWEEN {first} AND {last}")
    }
}

/// Keeps the newest of the rows that it is given.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    rows: Vec<Row>,
    texts: String,
    is_cut: bool,
}

impl Recorder {
    /// Takes the next row in the order of time.
    pub(crate) fn row(
        &mut self,
        at: DateTime<Utc>,
        id: i64,
        class: Class,
        description: &str,
        details: Option<&str>,
    ) {
        // Twice as many are held for a while, so that few rows are moved.
        if self.rows.len() >= 2 * MOST_ROWS {
            self.keep_newest();
        }
        let description = self.text(description);
        let details_end = details.map(|details| self.text(details).end);
        self.rows.push(Row { at, id, class, description, details_end });
    }

    /// What was kept, with its decisions read.
    pub(crate) fn finish(mut self, vocabulary: Vocabulary) -> Log {
        self.keep_newest();
        let Self { rows, texts, is_cut } = self;
        let mut log = Log { decisions: Vec::new(), is_cut, rows, texts, vocabulary };
        let decisions = log.entries().enumerate().filter(|(_, entry)| entry.kind() == "llm_decision");
        let read = |(place, entry): (usize, Entry<'_>)| {
            Decision::read(place, entry.description(), entry.details().unwrap_or_default())
        };
        log.decisions = decisions.map(read).collect();
        log
    }

    fn text(&mut self, text: &str) -> Range<usize> {
        let begin = self.texts.len();
        match text.len() <= LONGEST_TEXT_CHARS {
            true => self.texts.push_str(text),
            false => self.texts.push_str(&cut(text, LONGEST_TEXT_CHARS)),
        }
        begin..self.texts.len()
    }

    fn keep_newest(&mut self) {
        let Some(surplus) = self.rows.len().checked_sub(MOST_ROWS).filter(|surplus| *surplus > 0) else {
            return;
        };
        self.is_cut = true;
        self.rows.drain(..surplus);
        let begin = self.rows.first().map_or(0, |row| row.description.start);
        self.texts.drain(..begin);
        for row in &mut self.rows {
            row.description = row.description.start - begin..row.description.end - begin;
            row.details_end = row.details_end.map(|end| end - begin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(rows: usize) -> Log {
        let mut vocabulary = Vocabulary::default();
        let mut recorder = Recorder::default();
        for number in 0..rows {
            let (kind, details) = match number % 2 {
                0 => ("market_data", None),
                _ => ("llm_decision", Some(format!(r#"{{"action": "BUY", "coin": "coin {number}"}}"#))),
            };
            let description = format!("row {number}");
            let kind = vocabulary.kind_id(kind);
            let class = vocabulary.class(kind, &description);
            recorder.row(DateTime::UNIX_EPOCH, number as i64, class, &description, details.as_deref());
        }
        recorder.finish(vocabulary)
    }

    #[test]
    fn the_newest_rows_are_kept_with_their_texts() {
        for (rows, first) in
            [(7, 0), (MOST_ROWS, 0), (MOST_ROWS + 1, 1), (4 * MOST_ROWS + 3, 3 * MOST_ROWS + 3)]
        {
            let log = log(rows);
            assert_eq!(log.entries().len(), rows - first);
            assert_eq!(log.is_cut, first > 0);
            let (oldest, newest) = (log.entry(0).unwrap(), log.entries().next_back().unwrap());
            assert_eq!((oldest.id(), oldest.description()), (first as i64, &*format!("row {first}")));
            assert_eq!((newest.id(), newest.description()), (rows as i64 - 1, &*format!("row {}", rows - 1)));
            let decision = log.decisions.last().unwrap();
            let named = log.entry(decision.place).unwrap().id();
            assert_eq!(decision.coin.as_deref(), Some(&*format!("coin {named}")));
        }
    }

    #[test]
    fn consequences_end_with_the_next_cycle_and_are_unknown_at_the_end() {
        let log = log(4);
        assert_eq!(log.consequences(&log.decisions[0]).unwrap().count(), 0);
        assert!(log.consequences(&log.decisions[1]).is_none());
    }
}
