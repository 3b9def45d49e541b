//! What checks that are functions have to do with other checks.

use super::engine::Relations;

/// Those that have anything to do with others; rules say it in their own files.
const ALL: &[Relations] = &[Relations {
    id: "payoff-asymmetry",
    explained_by: &["expectancy-negative"],
    distrusts: &[],
    needs: &[],
}];

/// What a check has to do with others.
pub(super) fn of(id: &str) -> Relations {
    ALL.iter().copied().find(|relations| relations.id == id).unwrap_or_default()
}
