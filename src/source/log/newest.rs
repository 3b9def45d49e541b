//! The newest rows of the window, with their texts.

use std::ops::Range;

/// Newest rows that are kept: two days of a cycle every 36 seconds with four rows each.
pub(crate) const MOST_ROWS: usize = 20_000;
/// Longest text or detail that is kept.
const LONGEST_TEXT_BYTES: usize = 2_000;

/// A row whose texts stand one behind the other among those of all rows.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) at: f64,
    pub(super) pattern: usize,
    source_id: Range<usize>,
    /// Where its text ends: it begins where the id ends.
    text_end: usize,
    /// Where its details end, if it has some: they begin where the text ends.
    details_end: Option<usize>,
}

/// The texts of a row.
#[derive(Debug, PartialEq)]
pub(super) struct Texts<'newest> {
    pub(super) source_id: &'newest str,
    pub(super) text: &'newest str,
    pub(super) details: Option<&'newest str>,
}

/// Keeps the newest of the rows that it is given.
#[derive(Debug, Default)]
pub(super) struct Newest {
    pub(super) rows: Vec<Kept>,
    pub(super) are_cut: bool,
    texts: String,
}

impl Newest {
    /// Takes the next row.
    pub(super) fn add(
        &mut self,
        at: f64,
        pattern: usize,
        source_id: &str,
        text: &str,
        details: Option<&str>,
    ) {
        // Twice as many are held for a while, so that few rows are moved.
        if self.rows.len() >= 2 * MOST_ROWS {
            self.keep_newest();
        }
        let begin = self.texts.len();
        self.texts.push_str(source_id);
        let source_id = begin..self.texts.len();
        let text_end = self.push(text);
        let details_end = details.map(|details| self.push(details));
        self.rows.push(Kept { at, pattern, source_id, text_end, details_end });
    }

    fn push(&mut self, text: &str) -> usize {
        self.texts.push_str(text.get(..text.floor_char_boundary(LONGEST_TEXT_BYTES)).unwrap_or_default());
        self.texts.len()
    }

    /// Drops what is more than is kept.
    pub(super) fn keep_newest(&mut self) {
        let Some(surplus) = self.rows.len().checked_sub(MOST_ROWS).filter(|surplus| *surplus > 0) else {
            return;
        };
        self.are_cut = true;
        self.rows.drain(..surplus);
        let begin = self.rows.first().map_or(0, |row| row.source_id.start);
        self.texts.drain(..begin);
        for row in &mut self.rows {
            row.source_id = row.source_id.start - begin..row.source_id.end - begin;
            row.text_end -= begin;
            row.details_end = row.details_end.map(|end| end - begin);
        }
    }

    /// What a row says.
    pub(super) fn texts(&self, row: &Kept) -> Texts<'_> {
        let text = |range: Range<usize>| self.texts.get(range);
        Texts {
            source_id: text(row.source_id.clone()).unwrap_or_default(),
            text: text(row.source_id.end..row.text_end).unwrap_or_default(),
            details: row.details_end.and_then(|end| text(row.text_end..end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_rows_are_kept_with_their_texts() {
        for (rows, first) in
            [(7, 0), (MOST_ROWS, 0), (MOST_ROWS + 1, 1), (4 * MOST_ROWS + 3, 3 * MOST_ROWS + 3)]
        {
            let mut newest = Newest::default();
            for number in 0..rows {
                let details = (number % 2 == 0).then_some("coins=44");
                newest.add(number as f64, 0, &number.to_string(), &format!("row {number}"), details);
            }
            newest.keep_newest();
            assert_eq!((newest.rows.len(), newest.are_cut), (rows - first, first > 0));
            let details = (first % 2 == 0).then_some("coins=44");
            let (source_id, text) = (first.to_string(), format!("row {first}"));
            assert_eq!(newest.texts(&newest.rows[0]), Texts { source_id: &source_id, text: &text, details });
        }
    }
}
