//! Whether two statements describe the same problem, although two runs worded them.
//!
//! A statement becomes a profile: the subjects that it names, and concepts of the field instead of
//! words. Figures do not count, since they change from run to run. Different subjects, opposite
//! directions, other measures or other faults make two problems; only then does likeness decide.
//! A swallowed new problem is worse than a repeated old one: what is in doubt is not the same.

mod clock_time;
mod concepts;
mod lexicon;
mod names;
mod profile;
mod subjects;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use self::names::Names;
use self::profile::Profile;
pub(crate) use self::profile::Statement;

/// Least likeness of one problem: where every word of either title is known to the other statement,
/// where one title has a word of its own, and where both have. Chosen in steps of 0.05 so that no two
/// problems of the tuning half are called the same.
const LEAST_LIKENESS: [f64; 3] = [0.70, 0.75, 0.80];
/// Least likeness where a measure of one title is named in the description of the other only.
const LEAST_LIKENESS_OF_OTHER_MEASURES: f64 = 0.85;
/// Least share of either title that the other statement has to say as well.
const LEAST_COVERAGE: f64 = 0.4;

/// A statement, understood once and compared with many.
#[derive(Debug)]
pub(crate) struct Meaning<'text> {
    statement: Statement<'text>,
    profile: Profile,
}

impl<'text> Meaning<'text> {
    /// What a statement says, in a file that knows these names.
    pub(crate) fn of(statement: Statement<'text>, names: &Names) -> Self {
        Self { statement, profile: Profile::of(&statement, names) }
    }

    /// Whether both describe one problem; the order of the two makes no difference.
    pub(crate) fn is_same_problem(&self, other: &Meaning<'_>) -> bool {
        if self.statement == other.statement {
            return !self.statement.title.trim().is_empty();
        }
        types_are_related(self.statement.alert_type, other.statement.alert_type)
            && profiles_agree(&self.profile, &other.profile)
    }
}

/// Runs call one problem a bug or an inefficiency as it comes; but what is missing is no mere pattern,
/// and no slowness.
fn types_are_related(one: &str, other: &str) -> bool {
    let is_missing = |alert_type: &str| alert_type == "missing_feature";
    let is_observed = |alert_type: &str| matches!(alert_type, "pattern" | "performance");
    !(is_missing(one) && is_observed(other) || is_missing(other) && is_observed(one))
}

fn profiles_agree(known: &Profile, new: &Profile) -> bool {
    known.has_same_subjects(new)
        && !known.contradicts(new)
        && known.least_coverage(new) >= LEAST_COVERAGE
        && known.likeness(new) >= least_likeness(known, new)
}

/// What either says and the other does not is a reason for doubt.
fn least_likeness(known: &Profile, new: &Profile) -> f64 {
    let least = LEAST_LIKENESS.get(known.titles_with_own_words(new)).copied().unwrap_or(1.0);
    if known.has_same_measures(new) { least } else { least.max(LEAST_LIKENESS_OF_OTHER_MEASURES) }
}
