//! A part and its whole, "4 of 7" and "4/7": the two must stand together.

use super::clues;
use super::facts::Fact;
use super::figure::Figure;
use super::known::Known;
use super::support::{Clue, giving};

impl Clue<'_> {
    /// The figures of "4/7" or "4 of 7" around a token.
    pub(super) fn pair(&self, at: usize) -> Option<(&Figure, &Figure)> {
        let tokens = self.reading.tokens;
        clues::whole_of(tokens, at)
            .and_then(|whole| Some((tokens.get(at)?.figure()?, tokens.get(whole)?.figure()?)))
            .or_else(|| {
                let part =
                    (at.saturating_sub(4)..at).find(|part| clues::whole_of(tokens, *part) == Some(at))?;
                Some((tokens.get(part)?.figure()?, tokens.get(at)?.figure()?))
            })
    }

    /// Whether a part and its whole stand together: in one object, or as counts of one section.
    pub(super) fn pair_stands(&self, known: &Known, (part, whole): (&Figure, &Figure)) -> bool {
        let fitting = |figure: &Figure| -> Vec<&Fact> {
            let given = giving(known, figure).into_iter().filter(|index| self.fits(known, *index));
            given
                .filter(|index| self.may_pair(known, *index))
                .filter_map(|index| known.facts.get(index))
                .collect()
        };
        let wholes = fitting(whole);
        let is_large = clues::is_large_pair(part, whole);
        fitting(part).iter().any(|part| {
            wholes.iter().any(|whole| {
                let is_own = part.subjects == whole.subjects
                    || part.subjects.is_empty() && self.about.is_empty()
                    || whole.subjects.is_empty() && is_large;
                part.section == whole.section && is_own && (part.parent == whole.parent || is_large)
            })
        }) || is_large && self.both_named(known, part, whole)
    }

    /// Where something is named, a pair of something else is a chance hit, and so is one in a line of
    /// the prompt that shares no word with the text.
    fn may_pair(&self, known: &Known, index: usize) -> bool {
        let Some(fact) = known.facts.get(index) else { return false };
        match fact.parent {
            0 => self.words.iter().any(|word| fact.has_word(word)),
            _ => self.about.is_empty() || self.is_of_named(known, index),
        }
    }

    /// "12 learnings of 65 trades": two sections, each under its name.
    fn both_named(&self, known: &Known, part: &Figure, whole: &Figure) -> bool {
        [part, whole].iter().all(|figure| {
            giving(known, figure)
                .into_iter()
                .any(|index| self.fits(known, index) && self.is_named(known, index, figure))
        })
    }
}
