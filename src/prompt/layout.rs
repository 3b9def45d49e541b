//! Fits sections of facts and lists into a budget by dropping the least telling items first.

/// Longest list that is considered at all; what is beyond is counted, not shown.
const MOST_LIST_ITEMS: usize = 60;

/// One section: a heading and what stands below it.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    heading: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    Fact { text: String, worth: u32 },
    List { label: String, items: Vec<(String, u32)>, more: usize, separator: &'static str },
}

impl Section {
    /// An empty section.
    pub(crate) fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), entries: Vec::new() }
    }

    /// Adds a line; the larger `worth`, the longer it is kept.
    pub(crate) fn fact(&mut self, worth: u32, text: impl Into<String>) {
        self.entries.push(Entry::Fact { text: text.into(), worth });
    }

    /// Adds a list on one line, most telling item first; each item is worth less than the one before.
    pub(crate) fn list(&mut self, worth: u32, label: &str, items: impl IntoIterator<Item = String>) {
        self.push_list(worth, label, items, ", ");
    }

    /// Adds a list of one line an item.
    pub(crate) fn lines(&mut self, worth: u32, label: &str, items: impl IntoIterator<Item = String>) {
        self.push_list(worth, label, items, "\n- ");
    }

    fn push_list(
        &mut self,
        worth: u32,
        label: &str,
        items: impl IntoIterator<Item = String>,
        separator: &'static str,
    ) {
        const LESS_PER_RANK: u32 = 10;
        let mut items = items.into_iter();
        let shown: Vec<_> = items
            .by_ref()
            .take(MOST_LIST_ITEMS)
            .zip(0_u32..)
            .map(|(item, rank)| (item, worth.saturating_sub(rank * LESS_PER_RANK)))
            .collect();
        if !shown.is_empty() {
            self.entries.push(Entry::List {
                label: label.to_owned(),
                items: shown,
                more: items.count(),
                separator,
            });
        }
    }

    fn worths(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().flat_map(|entry| match entry {
            Entry::Fact { worth, .. } => vec![*worth],
            Entry::List { items, .. } => items.iter().map(|(_, worth)| *worth).collect(),
        })
    }

    fn render(&self, least_worth: u32, text: &mut String) {
        text.push_str("\n### ");
        text.push_str(&self.heading);
        text.push('\n');
        let mut dropped_facts = 0;
        for entry in &self.entries {
            match entry {
                Entry::Fact { text: fact, worth } if *worth >= least_worth => {
                    text.push_str(fact);
                    text.push('\n');
                }
                Entry::Fact { .. } => dropped_facts += 1,
                Entry::List { label, items, more, separator } => {
                    render_list(label, items, *more, separator, least_worth, text);
                }
            }
        }
        if dropped_facts > 0 {
            text.push_str(&format!("… {dropped_facts} more lines\n"));
        }
    }
}

fn render_list(
    label: &str,
    items: &[(String, u32)],
    more: usize,
    separator: &str,
    least_worth: u32,
    text: &mut String,
) {
    let kept = items.iter().take_while(|(_, worth)| *worth >= least_worth).count();
    text.push_str(label);
    text.push(':');
    for (rank, (item, _)) in items.iter().take(kept).enumerate() {
        text.push_str(match (rank, separator) {
            (0, ", ") => " ",
            _ => separator,
        });
        text.push_str(item);
    }
    let more = more + items.len() - kept;
    if more > 0 {
        text.push_str(if kept > 0 && separator != ", " { "\n" } else { " " });
        text.push_str(&format!("… {more} more"));
    }
    text.push('\n');
}

/// The sections within a budget of characters: the largest part whose least telling item is still
/// worth its place. Every drop is visible as `… n more`.
pub(crate) fn fit(sections: &[Section], budget_chars: usize) -> String {
    let mut thresholds: Vec<u32> = sections.iter().flat_map(Section::worths).collect();
    thresholds.extend([0, u32::MAX]);
    thresholds.sort_unstable();
    thresholds.dedup();
    let render = |least_worth: u32| {
        let mut text = String::new();
        for section in sections {
            section.render(least_worth, &mut text);
        }
        text
    };
    let too_long = |least_worth: &u32| render(*least_worth).chars().count() > budget_chars;
    let first_fitting = thresholds.partition_point(too_long);
    let text = render(thresholds.get(first_fitting).copied().unwrap_or(u32::MAX));
    crate::sanitize::cut(&text, budget_chars)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Vec<Section> {
        let mut section = Section::new("TRADES");
        section.fact(900, "total 54");
        section.list(600, "by coin", (1..=100).map(|coin| format!("\"coin{coin}\" {coin}")));
        section.fact(100, "a detail");
        section.lines(300, "rules", (1..=5).map(|rule| format!("rule {rule}")));
        vec![section]
    }

    #[test]
    fn with_room_only_the_cap_of_a_list_shows() {
        let text = fit(&sample(), 10_000);
        assert!(text.contains("total 54\n"));
        assert!(text.contains("\"coin60\" 60 … 40 more\n"), "{text}");
        assert!(text.contains("rules:\n- rule 1\n- rule 2"));
        assert!(!text.contains("more lines"));
    }

    #[test]
    fn the_least_telling_goes_first() {
        let text = fit(&sample(), 300);
        assert!(text.chars().count() <= 300);
        assert!(text.contains("total 54") && text.contains("\"coin1\" 1"), "{text}");
        assert!(!text.contains("a detail") && text.contains("… 1 more lines"), "{text}");
        assert!(text.contains("rules: … 5 more"), "{text}");
    }

    proptest! {
        #[test]
        fn the_budget_is_kept(budget in 0_usize..3_000) {
            prop_assert!(fit(&sample(), budget).chars().count() <= budget);
        }
    }
}
