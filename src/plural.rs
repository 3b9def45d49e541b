//! Words that follow a number.

/// The first words for one, the others for any other number: `1 position is open`, `2 positions are open`.
pub(crate) fn plural<'words>(count: impl TryInto<u64>, one: &'words str, many: &'words str) -> &'words str {
    if count.try_into().is_ok_and(|count: u64| count == 1) { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        let words = [0_u64, 1, 2].map(|count| format!("{count} {}", plural(count, "row is", "rows are")));
        assert_eq!(words, ["0 rows are", "1 row is", "2 rows are"]);
        assert_eq!(plural(-1_i64, "row", "rows"), "rows");
        assert_eq!(plural(1_usize, "row", "rows"), "row");
    }
}
