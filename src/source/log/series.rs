//! What the order of the rows tells: gaps, episodes of errors, which kind follows which, and the rhythm.

use std::collections::{BTreeMap, VecDeque};

/// Gaps that are kept.
const MOST_GAPS: usize = 200;
/// Errors that follow each other within this time are one episode.
const SAME_EPISODE_SECONDS: f64 = 600.0;
/// Newest rows that the rhythm is measured on: a day of any bot.
const RHYTHM_ROWS: usize = 10_000;
/// Fewer gaps say nothing about a rhythm.
const FEWEST_GAPS: usize = 30;

/// A time without a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap {
    pub(super) from: f64,
    pub(super) until: f64,
    /// Kinds of the rows before and after it.
    pub(super) kinds: (usize, usize),
}

impl Gap {
    /// Its length in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.until - self.from
    }
}

/// The longest gaps.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    list: Vec<Gap>,
    /// Shorter ones are none of the longest.
    least_seconds: f64,
}

impl Gaps {
    /// Takes the next gap.
    pub(super) fn add(&mut self, gap: Gap) {
        if gap.seconds() <= self.least_seconds {
            return;
        }
        self.list.push(gap);
        if self.list.len() >= 2 * MOST_GAPS {
            self.keep_longest();
        }
    }

    /// Drops what is more than is kept.
    pub(super) fn keep_longest(&mut self) {
        self.list.sort_by(|one, other| other.seconds().total_cmp(&one.seconds()));
        self.list.truncate(MOST_GAPS);
        if self.list.len() == MOST_GAPS {
            self.least_seconds = self.list.last().map_or(0.0, Gap::seconds);
        }
    }

    /// The longest first, once no more are kept than that.
    pub(super) fn list(&self) -> &[Gap] {
        &self.list
    }
}

/// Rows of one kind of error of which each follows the one before within ten minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Episode {
    pub(super) in_window: bool,
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) rows: u32,
}

/// Episodes of each kind of error, oldest first.
#[derive(Debug, Default)]
pub(super) struct Episodes(pub(super) BTreeMap<Box<str>, Vec<Episode>>);

impl Episodes {
    /// Takes the next error.
    pub(super) fn add(&mut self, error: &str, at: f64, in_window: bool) {
        let new = Episode { in_window, from: at, until: at, rows: 1 };
        let Some(episodes) = self.0.get_mut(error) else {
            self.0.insert(error.into(), vec![new]);
            return;
        };
        match episodes.last_mut() {
            Some(last) if last.in_window == in_window && at - last.until <= SAME_EPISODE_SECONDS => {
                (last.until, last.rows) = (at, last.rows + 1);
            }
            _ => episodes.push(new),
        }
    }
}

/// How often rows of one kind follow rows of another.
#[derive(Debug, Default)]
pub(super) struct Successions {
    /// By the first kind: the next one, rows of the window, rows of the window before.
    by_kind: Vec<Vec<(usize, [u32; 2])>>,
}

impl Successions {
    /// Takes a row with the next one.
    pub(super) fn add(&mut self, kind: usize, next: usize, in_window: bool) {
        if self.by_kind.len() <= kind {
            self.by_kind.resize_with(kind + 1, Vec::new);
        }
        let Some(followers) = self.by_kind.get_mut(kind) else { return };
        let place = followers.iter().position(|(known, _)| *known == next).unwrap_or_else(|| {
            followers.push((next, [0, 0]));
            followers.len() - 1
        });
        if let Some(count) =
            followers.get_mut(place).and_then(|(_, rows)| rows.get_mut(usize::from(!in_window)))
        {
            *count += 1;
        }
    }

    /// Kind, next kind, rows of the window, rows of the window before.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, usize, [u32; 2])> {
        let of_kind = |(kind, followers): (usize, &Vec<(usize, [u32; 2])>)| {
            followers.iter().map(move |(next, rows)| (kind, *next, *rows)).collect::<Vec<_>>()
        };
        self.by_kind.iter().enumerate().flat_map(of_kind)
    }
}

/// Times of the newest rows.
#[derive(Debug, Default)]
pub(super) struct NewestTimes {
    times: VecDeque<f64>,
    /// Times of the last seconds, and the newest that is older than those.
    recent: VecDeque<f64>,
    before: Option<f64>,
}

/// Rows that a start writes before its own are this close to it.
pub(crate) const STARTING_SECONDS: f64 = 10.0;

impl NewestTimes {
    /// Takes the next row's time.
    pub(super) fn add(&mut self, at: f64) {
        if self.times.len() >= RHYTHM_ROWS {
            self.times.pop_front();
        }
        self.times.push_back(at);
        while let Some(first) = self.recent.front().copied().filter(|first| at - first >= STARTING_SECONDS) {
            self.before = Some(first);
            self.recent.pop_front();
        }
        if self.recent.back() != Some(&at) {
            self.recent.push_back(at);
        }
    }

    /// The newest time at least ten seconds before the last row's.
    pub(super) fn before_start(&self) -> Option<f64> {
        self.before
    }

    /// The rhythm of so many newest rows at most.
    pub(super) fn rhythm(self, most: usize) -> Option<Rhythm> {
        let surplus = self.times.len().saturating_sub(most);
        Rhythm::of(self.times.into_iter().skip(surplus).collect())
    }
}

/// How often something is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rhythm {
    /// Time of the newest row.
    pub(crate) newest_at: f64,
    /// Gaps that it is measured on.
    pub(crate) gaps: u32,
    /// 99th percentile of their lengths.
    pub(crate) p99_seconds: Option<f64>,
    /// The third-longest gap: two longer ones may be stops.
    pub(crate) third_longest_seconds: Option<f64>,
}

impl Rhythm {
    /// Of times in any order; `None` without any.
    pub(crate) fn of(mut times: Vec<f64>) -> Option<Self> {
        times.sort_unstable_by(f64::total_cmp);
        let newest_at = times.last().copied()?;
        let mut gaps: Vec<f64> =
            times.iter().zip(times.iter().skip(1)).map(|(earlier, later)| later - earlier).collect();
        gaps.sort_unstable_by(f64::total_cmp);
        let of_enough = |place: usize| gaps.get(place).copied().filter(|_| gaps.len() >= FEWEST_GAPS);
        Some(Self {
            newest_at,
            gaps: gaps.len() as u32,
            p99_seconds: of_enough(gaps.len() * 99 / 100),
            third_longest_seconds: of_enough(gaps.len().saturating_sub(3)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_within_ten_minutes_are_one_episode() {
        let mut episodes = Episodes::default();
        for minute in [0, 5, 15, 40, 40, 51] {
            episodes.add("boom", f64::from(minute) * 60.0, true);
        }
        let rows: Vec<_> = episodes.0["boom"].iter().map(|episode| episode.rows).collect();
        assert_eq!(rows, [3, 2, 1]);
    }

    #[test]
    fn the_longest_gaps_are_kept() {
        let mut gaps = Gaps::default();
        for number in 0..1_000 {
            let length = f64::from((number * 7) % 1_000);
            gaps.add(Gap { from: 0.0, until: length, kinds: (0, 0) });
        }
        gaps.keep_longest();
        let longest = gaps.list();
        assert_eq!((longest.len(), longest[0].until, longest[199].until), (MOST_GAPS, 999.0, 800.0));
    }

    #[test]
    fn the_row_before_a_start_is_none_that_the_start_wrote() {
        let mut times = NewestTimes::default();
        for at in [0.0, 50.0, 100.0, 101.0, 102.0] {
            times.add(at);
        }
        assert_eq!(times.before_start(), Some(50.0));
        assert_eq!(times.rhythm(100).unwrap().p99_seconds, None);
        let rhythm = Rhythm::of((0..100).map(f64::from).chain([200.0]).collect()).unwrap();
        assert_eq!(
            (rhythm.p99_seconds, rhythm.third_longest_seconds, rhythm.newest_at),
            (Some(101.0), Some(1.0), 200.0)
        );
    }
}
