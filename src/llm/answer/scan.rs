//! JSON within other text: every bracket that starts some, mended where that helps.

use std::ops::Range;

use serde_json::Value;

use super::around::says_otherwise;
use super::extraction::{Extraction, Nesting, NoAnswer, distinct};
use super::harvest::Harvest;
use crate::llm::finding_item::{claims_to_be_finding, reads_like_finding};
use crate::llm::mend::{Mended, mend};
use crate::model::Finding;

/// Repairs read the text anew from every bracket: past this much reading they stop.
const MAX_MENDED_BYTES: usize = 16_000_000;
/// Most brackets that start no JSON: the text after them is ignored.
const MAX_FAILED_STARTS: usize = 5_000;

/// A piece of JSON within the text.
struct Piece {
    start: usize,
    end: usize,
    /// One finding by itself, not a list or a wrapper.
    is_single: bool,
    /// Nothing but a comma, a fence or white space since the piece before.
    is_adjacent: bool,
    harvest: Harvest,
}

/// A walk over every bracket of a text that may start JSON.
#[derive(Default)]
pub(super) struct Scan {
    pieces: Vec<Piece>,
    /// Where an object that reads like a finding could not be read.
    broken: Vec<usize>,
    /// Some container's end is missing.
    is_unclosed: bool,
    mended_bytes: usize,
}

impl Scan {
    /// Walks over the text.
    pub(super) fn of(text: &str, nesting: Nesting) -> Self {
        let mut scan = Self::default();
        let mut position = 0;
        let mut failed_starts = 0;
        while failed_starts < MAX_FAILED_STARTS
            && let Some(rest) = text.get(position..)
            && let Some(offset) = rest.find(['{', '['])
        {
            let start = position + offset;
            let rest = text.get(start..).unwrap_or_default();
            position = match scan.piece(rest, nesting) {
                Some((value, length)) => {
                    scan.keep(&value, text, start..start + length, nesting);
                    start + length
                }
                None => {
                    scan.note_broken(rest, start);
                    failed_starts += 1;
                    start + 1
                }
            };
        }
        if failed_starts == MAX_FAILED_STARTS {
            scan.broken.push(position);
        }
        scan
    }

    /// The JSON that starts here: as it stands, else mended if that brings findings to light.
    fn piece(&mut self, rest: &str, nesting: Nesting) -> Option<(Value, usize)> {
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(value)) = stream.next() {
            return Some((value, stream.byte_offset()));
        }
        if !may_start_json(rest) || self.mended_bytes > MAX_MENDED_BYTES {
            return None;
        }
        match mend(rest) {
            Mended::Closed(json, length) => {
                self.mended_bytes += length;
                let value = serde_json::from_str(&json).ok()?;
                let harvest = Harvest::of(&value, nesting);
                (!harvest.findings.is_empty() || harvest.is_empty_list).then_some((value, length))
            }
            Mended::Unclosed => {
                self.mended_bytes += rest.len();
                self.is_unclosed |= starts_findings(rest);
                None
            }
            Mended::Hopeless(length) => {
                self.mended_bytes += length;
                None
            }
        }
    }

    fn keep(&mut self, value: &Value, text: &str, range: Range<usize>, nesting: Nesting) {
        let between = self.pieces.last().and_then(|piece| text.get(piece.end..range.start));
        let is_filler = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '`');
        self.pieces.push(Piece {
            start: range.start,
            end: range.end,
            is_single: value.as_object().is_some_and(claims_to_be_finding),
            is_adjacent: between.is_some_and(|between| between.replace("json", "").chars().all(is_filler)),
            harvest: Harvest::of(value, nesting),
        });
    }

    fn note_broken(&mut self, rest: &str, start: usize) {
        let own = rest.strip_prefix('{').and_then(|inside| inside.split('{').next()).unwrap_or_default();
        if may_start_json(rest) && reads_like_finding(own) {
            self.broken.push(start);
        }
    }

    /// What the pieces come to.
    pub(super) fn result(self, text: &str) -> Result<Extraction, NoAnswer> {
        let read_to = self.pieces.last().map_or(0, |piece| piece.end);
        let tail = text.get(read_to..).unwrap_or_default();
        let cut = self.is_unclosed && !tail.contains(']');
        // The last broken object of a cut text is where the cut is, and is not counted as dropped.
        let is_cut_object = |start: &&usize| !(cut && **start >= read_to);
        let broken = self.broken.iter().filter(is_cut_object).count();
        let is_empty_answer = self.is_empty_answer(text);
        let is_doubtful = is_empty_answer && self.is_doubtful(text);
        let (findings, outside) = chosen(self.pieces);
        if findings.is_empty() && (is_doubtful || !is_empty_answer) {
            return Err(NoAnswer { dropped: outside + broken, cut, is_doubtful });
        }
        Ok(Extraction { findings: distinct(findings), dropped: outside + broken, cut })
    }

    /// An empty list inside other text counts if it is the last JSON there, stands on lines of its
    /// own, and nothing else in the text looks like a finding or a page. An object with an empty
    /// list may also share its line with the words on one side.
    fn is_empty_answer(&self, text: &str) -> bool {
        let Some(last) = self.pieces.last() else { return false };
        let line_before = text.get(..last.start).and_then(|before| before.rsplit('\n').next());
        let line_after = text.get(last.end..).and_then(|after| after.split('\n').next());
        let is_blank = |line: Option<&str>| line.is_some_and(|line| line.trim_matches('`').trim().is_empty());
        let is_object = text.get(last.start..).is_some_and(|piece| piece.starts_with('{'));
        let stands_apart = match (is_blank(line_before), is_blank(line_after)) {
            (true, true) => true,
            (false, false) => false,
            _ => is_object,
        };
        last.harvest.is_empty_list
            && last.harvest.dropped == 0
            && self.broken.is_empty()
            && !self.is_unclosed
            && self.pieces.iter().all(|piece| piece.harvest.findings.is_empty())
            && stands_apart
            && !text.starts_with('<')
            && !reads_like_finding(text)
    }

    /// Whether the words around an empty answer, or within its object, say otherwise.
    fn is_doubtful(&self, text: &str) -> bool {
        let Some(last) = self.pieces.last() else { return false };
        let around = [text.get(..last.start), text.get(last.end..)];
        last.harvest.is_doubtful || around.iter().flatten().any(|text| says_otherwise(text))
    }
}

/// Whether this is the head of a list of objects or of an object, and not a bracket of prose.
fn starts_findings(rest: &str) -> bool {
    let mut letters = rest.chars().filter(|letter| !letter.is_whitespace());
    match (letters.next(), letters.next()) {
        (Some('['), next) => next == Some('{'),
        (Some('{'), next) => matches!(next, Some('"' | '\'' | '“' | '‘')),
        _ => false,
    }
}

/// Whether a bracket's next character can follow it in JSON or almost-JSON.
fn may_start_json(rest: &str) -> bool {
    let next = rest.chars().skip(1).find(|letter| !letter.is_whitespace());
    matches!(next, Some('{' | '[' | '"' | '\'' | '“' | '‘' | '}' | ']'))
}

/// The findings that count, and how many items do not: the last list wins, with what stands singly
/// behind it; where there is no list, every single object counts.
fn chosen(pieces: Vec<Piece>) -> (Vec<Finding>, usize) {
    let mut findings: Vec<Finding> = Vec::new();
    let mut dropped = 0;
    for Piece { is_single, is_adjacent, harvest, .. } in pieces {
        if harvest.findings.is_empty() && !is_single {
            continue;
        }
        if !is_single && !is_adjacent {
            dropped += findings.len();
            findings.clear();
        }
        dropped += harvest.dropped;
        findings.extend(harvest.findings);
    }
    (findings, dropped)
}
