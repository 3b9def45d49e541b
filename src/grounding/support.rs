//! Whether a figure of a text stands in the report, and under the name that the text gives it.

use super::clues;
use super::facts::{Fact, Subject};
use super::figure::{Figure, Kind, Sign};
use super::known::Known;
use super::reading::Reading;
use super::tokens::{Part, Token};

/// How a figure stands to the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It stands there, under a name that fits or with enough digits.
    Stands,
    /// It follows from figures that stand there and that the finding quotes.
    Follows,
    /// It says nothing either way: a small count, a threshold, a hit that may be chance.
    Silent,
    /// It stands there under another name.
    Misnamed,
    /// It does not stand there.
    Absent,
}

/// A figure, and what was found for it.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    /// The figure.
    pub(super) figure: Figure,
    /// How it stands.
    pub(super) standing: Standing,
    /// The facts that it gives.
    pub(super) facts: Vec<usize>,
}

/// Judges every figure of a text.
pub(super) fn judge(reading: &Reading<'_>, known: &Known) -> Vec<Judged> {
    let mut judged = Vec::new();
    for (at, token) in reading.tokens.iter().enumerate() {
        match &token.part {
            Part::Figure(figure) if !reading.is_name(at) => {
                judged.push(judge_one(reading, at, figure, known));
            }
            Part::Moment(moment) => judged.extend(judge_moment(moment, known)),
            _ => {}
        }
    }
    judged
}

/// A date or an exact time must have been shown; a full hour is a way of speaking.
fn judge_moment(moment: &str, known: &Known) -> Option<Judged> {
    let figure = Figure { written: moment.to_owned(), ..Figure::read("0", Sign::Unsaid, Kind::Plain)? };
    let standing = match known.shows_moment(moment) {
        true => Standing::Silent,
        false if moment.len() == "00:00".len() => Standing::Silent,
        false => Standing::Absent,
    };
    Some(Judged { figure, standing, facts: Vec::new() })
}

fn judge_one(reading: &Reading<'_>, at: usize, figure: &Figure, known: &Known) -> Judged {
    let about = reading.subjects.get(at).cloned().unwrap_or_default();
    let clue = Clue {
        about: &about,
        words: clues::near_words(reading, at),
        metric: clues::metric_before(reading.tokens, at, known)
            .or_else(|| clues::counted(reading, at, figure)),
        previous: clues::previous(reading.tokens, at),
        owner: clues::owner(reading, at, figure),
        reading,
    };
    if is_reversed(reading.tokens, at, known) {
        return Judged { figure: figure.clone(), standing: Standing::Misnamed, facts: Vec::new() };
    }
    let (standing, facts) = if reading.tokens.get(at).is_some_and(|token| reading.is_verbatim(token)) {
        (Standing::Stands, giving(known, figure))
    } else {
        clue.stands(figure, known, at)
    };
    Judged { figure: figure.clone(), standing, facts }
}

/// "From 72% to 63%" where the first is the present figure and the second the previous one.
fn is_reversed(tokens: &[Token], at: usize, known: &Known) -> bool {
    const WIDTH: usize = 4;
    let says = |at: usize, word: &str| tokens.get(at).and_then(Token::word) == Some(word);
    let figure = |at: usize| tokens.get(at).and_then(Token::figure);
    let pairs = (at.saturating_sub(2)..=at).filter(|from| {
        (*from == at || from + 2 == at)
            && from.checked_sub(1).is_some_and(|before| says(before, "from"))
            && says(from + 1, "to")
    });
    pairs
        .take(WIDTH)
        .filter_map(|from| Some((figure(from)?, figure(from + 2)?)))
        .any(|(first, second)| changed(known, second, first) && !changed(known, first, second))
}

/// Whether the same field was the one in the previous window and is the other now.
fn changed(known: &Known, previous: &Figure, now: &Figure) -> bool {
    let was = known.facts.iter().filter(|fact| fact.previous && fact.is_given_by(previous));
    was.into_iter().any(|was| {
        known
            .facts
            .iter()
            .any(|fact| !fact.previous && fact.parent > 0 && fact.keys == was.keys && fact.is_given_by(now))
    })
}

pub(super) fn giving(known: &Known, figure: &Figure) -> Vec<usize> {
    known
        .facts
        .iter()
        .enumerate()
        .filter(|(_, fact)| fact.is_given_by(figure))
        .map(|(index, _)| index)
        .collect()
}

/// What the words around a figure say of it.
pub(super) struct Clue<'reading> {
    /// What its clause names.
    pub(super) about: &'reading [Subject],
    /// The words beside it.
    pub(super) words: Vec<String>,
    /// The field named right before it.
    pub(super) metric: Option<&'reading [String]>,
    /// Whether it is said to be of the previous window.
    pub(super) previous: Option<bool>,
    /// The name right before a count.
    pub(super) owner: Option<&'reading Subject>,
    /// The text.
    pub(super) reading: &'reading Reading<'reading>,
}

impl Clue<'_> {
    fn stands(&self, figure: &Figure, known: &Known, at: usize) -> (Standing, Vec<usize>) {
        let given = giving(known, figure);
        let fitting: Vec<usize> = given.iter().copied().filter(|index| self.fits(known, *index)).collect();
        let is_wish = clues::is_wish(self.reading, at);
        if fitting.is_empty() {
            let part = self.pair(at).is_some();
            let standing = match () {
                () if is_wish || clues::is_year(figure) => Standing::Silent,
                () if !given.is_empty() => Standing::Misnamed,
                () if figure.is_small_count() && self.about.is_empty() && !part => Standing::Silent,
                () => Standing::Absent,
            };
            return (standing, given);
        }
        let named: Vec<usize> =
            fitting.iter().copied().filter(|index| self.is_named(known, *index, figure)).collect();
        // In a clause about something, a fact of something else that nobody named is a chance hit.
        let is_open = |index: &usize| self.about.is_empty() || self.is_of_named(known, *index);
        let pair = self.pair(at);
        let pair_stands = pair.is_none_or(|pair| self.pair_stands(known, pair));
        let is_large_pair = pair.is_some_and(|(part, whole)| clues::is_large_pair(part, whole));
        let standing = match () {
            () if !pair_stands && !is_wish => Standing::Absent,
            () if figure.is_trivial() && !self.has_named_subject(known, &named) => Standing::Silent,
            () if !named.is_empty()
                || is_large_pair
                || figure.is_telling() && fitting.iter().any(is_open) =>
            {
                Standing::Stands
            }
            () if self.about.is_empty() || is_wish => Standing::Silent,
            () => Standing::Misnamed,
        };
        (standing, if named.is_empty() { fitting } else { named })
    }

    /// Whether the names beside the figure allow this fact.
    pub(super) fn fits(&self, known: &Known, index: usize) -> bool {
        let Some(fact) = known.facts.get(index) else { return false };
        let in_time = self.previous.is_none_or(|previous| previous == fact.previous || fact.parent == 0);
        let in_metric = self.metric.is_none_or(|metric| fact.is_named(metric) || fact.parent == 0);
        let in_hand = self.owner.is_none_or(|owner| fact.subjects.contains(owner) || fact.parent == 0);
        in_time && in_metric && in_hand && !self.contradicts(fact)
    }

    /// Whether the clause is about another one of the fact's kind.
    fn contradicts(&self, fact: &Fact) -> bool {
        fact.subjects.iter().any(|own| {
            let mut rivals = self.about.iter().filter(|subject| subject.group == own.group).peekable();
            rivals.peek().is_some() && rivals.all(|rival| rival != own)
        })
    }

    /// Whether the text says whose or which figure it is, and the fact is that.
    pub(super) fn is_named(&self, known: &Known, index: usize, figure: &Figure) -> bool {
        let Some(fact) = known.facts.get(index) else { return false };
        let by_subject = fact.subjects.iter().any(|subject| self.about.contains(subject));
        let foreign = fact.subjects.iter().any(|subject| !self.reading.names(subject));
        let by_word = self.words.iter().any(|word| fact.has_word(word));
        let by_metric = self.metric.is_some_and(|metric| fact.is_named(metric));
        // Beside a name a small number belongs to the name, not to a total that happens to equal it.
        let is_own = self.about.is_empty() || figure.significant >= 2;
        by_subject || by_metric && !foreign || by_word && is_own && (!foreign || figure.is_telling())
    }

    /// Whether whatever the fact is about is named in the text.
    pub(super) fn is_of_named(&self, known: &Known, index: usize) -> bool {
        known.facts.get(index).is_some_and(|fact| fact.subjects.iter().all(|own| self.reading.names(own)))
    }

    fn has_named_subject(&self, known: &Known, named: &[usize]) -> bool {
        self.metric.is_some() && !named.is_empty()
            || named
                .iter()
                .filter_map(|index| known.facts.get(*index))
                .any(|fact| fact.subjects.iter().any(|subject| self.about.contains(subject)))
    }
}
