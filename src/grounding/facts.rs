//! The report's figures, each with the names that lead to it.

use serde_json::{Map, Value};

use super::figure::{Figure, Kind};
use super::words::phrase;

/// What a figure can be about: a coin, a rule, an hour, a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    /// Which of these: `coin`, `rule`, `exit_reason` …
    pub(super) group: String,
    /// Its name in the report.
    pub(super) name: String,
}

/// The unit of a fact, from its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    /// A fraction, which a text may give in percent.
    Fraction,
    /// Dollars.
    Money,
    /// A time, and how many seconds its unit has.
    Duration(f64),
    /// A number of things.
    Count,
    /// Anything else.
    Plain,
}

/// One figure of the report.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    /// The value.
    pub(super) value: f64,
    /// Its unit.
    pub(super) unit: Unit,
    /// The section, or the line of the prompt.
    pub(super) section: usize,
    /// The object in which it stands.
    pub(super) parent: usize,
    /// The names that lead to it, without the section's.
    pub(super) keys: Vec<Vec<String>>,
    /// What it is about.
    pub(super) subjects: Vec<Subject>,
    /// Whether it is of the previous window.
    pub(super) previous: bool,
}

/// From here on a number without digits behind the point may stand for one that has them.
const SMALLEST_ROUNDED: f64 = 10.0;

impl Fact {
    /// Whether a figure of a text gives this fact, whatever the names say.
    pub(super) fn is_given_by(&self, figure: &Figure) -> bool {
        // A small number without a unit is a count: it rounds nothing.
        let is_count = figure.kind == Kind::Plain && figure.decimals == 0 && figure.value < SMALLEST_ROUNDED;
        let same = |value: f64| {
            let gives = if is_count { value.abs() == figure.value } else { figure.gives(value) };
            gives && !figure.sign_contradicts(value)
        };
        match (figure.kind, self.unit) {
            (Kind::Percent, Unit::Fraction | Unit::Plain) => same(self.value),
            (Kind::Money, Unit::Money | Unit::Plain) => same(self.value),
            (Kind::Duration, Unit::Duration(seconds)) => same(self.value * seconds),
            (Kind::Plain, Unit::Fraction) => {
                same(self.value) || figure.decimals > 0 && figure.value > 1.0 && same(self.value * 100.0)
            }
            (Kind::Plain, _) | (Kind::Times, Unit::Plain) => same(self.value),
            _ => false,
        }
    }

    /// Whether its name holds these words in this order.
    pub(super) fn is_named(&self, metric: &[String]) -> bool {
        let last = self.keys.last().map(Vec::as_slice).unwrap_or_default();
        // A rate of wins is called a win rate and a success rate alike.
        let is_success =
            matches!(metric, [first, second] if second == "rate" && (first == "win" || first == "success"));
        if let [word] = metric {
            let means = |own: &String| {
                own == word
                    || matches!((own.as_str(), word.as_str()), ("win", "success") | ("loss", "failure"))
            };
            return last.iter().any(means);
        }
        is_success && (last == ["rate"] || last == ["success", "rate"])
            || self.keys.iter().any(|key| key.windows(metric.len()).any(|words| words == metric))
    }

    /// Whether a word is part of one of its names.
    pub(super) fn has_word(&self, word: &str) -> bool {
        let subjects = self.subjects.iter().flat_map(|subject| phrase(&subject.name));
        self.keys.iter().flatten().any(|own| own == word) || subjects.into_iter().any(|own| own == word)
    }
}

/// Every figure of the report.
pub(super) fn collect(report: &Value) -> Vec<Fact> {
    let mut walk = Walk { facts: Vec::new(), objects: 0, section: 0 };
    for (section, (_, value)) in report.as_object().into_iter().flatten().enumerate() {
        walk.section = section;
        walk.value(value, &Place::default());
    }
    walk.facts
}

/// Where the walk stands.
#[derive(Debug, Clone, Default)]
struct Place {
    /// The name of what is walked.
    name: String,
    keys: Vec<Vec<String>>,
    subjects: Vec<Subject>,
    parent: usize,
    previous: bool,
}

struct Walk {
    facts: Vec<Fact>,
    objects: usize,
    section: usize,
}

impl Walk {
    fn value(&mut self, value: &Value, place: &Place) {
        match value {
            Value::Object(fields) => self.object(fields, place),
            Value::Array(items) => {
                for item in items {
                    let mut inner = place.clone();
                    inner
                        .subjects
                        .extend(item.as_object().and_then(|fields| item_subject(&place.name, fields)));
                    self.value(item, &inner);
                }
            }
            Value::Number(number) => self.number(number.as_f64().unwrap_or_default(), number.is_f64(), place),
            Value::String(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, place: &Place) {
        self.objects += 1;
        let parent = self.objects;
        let group = data_group(&place.name);
        for (key, value) in fields.iter().filter(|(key, _)| *key != "id") {
            let mut inner = Place { parent, name: key.clone(), ..place.clone() };
            match &group {
                Some(group) => {
                    inner.subjects.push(Subject { group: group.clone(), name: key.clone() });
                    inner.name = String::new();
                }
                None if key == "previous" => inner.previous = true,
                None => inner.keys.push(phrase(key)),
            }
            self.value(value, &inner);
        }
        self.complement(fields, Place { parent, ..place.clone() });
    }

    /// Wins and trades say the losses too, which a text names as often.
    fn complement(&mut self, fields: &Map<String, Value>, mut place: Place) {
        let count = |name: &str| fields.get(name).and_then(Value::as_f64);
        if let (Some(wins), Some(trades)) = (count("wins"), count("trades").or(count("count"))) {
            place.keys.push(phrase("losses"));
            self.number(trades - wins, false, &place);
        }
    }

    fn number(&mut self, value: f64, is_fractional: bool, place: &Place) {
        self.facts.push(Fact {
            value,
            unit: unit(&place.keys, is_fractional),
            section: self.section,
            parent: place.parent,
            keys: place.keys.clone(),
            subjects: place.subjects.clone(),
            previous: place.previous,
        });
    }
}

/// The group of names that are the keys of a map; `None` where the keys are fields.
fn data_group(name: &str) -> Option<String> {
    let by = name.split_once("_by_").map(|(_, group)| group).or_else(|| name.strip_prefix("by_"));
    let is_data = ["_types", "_distribution", "_counts", "_rows"].iter().any(|end| name.ends_with(end));
    match name {
        "exits" => Some("exit_reason".to_owned()),
        _ => by.map(str::to_owned).or_else(|| is_data.then(|| name.to_owned())),
    }
}

/// What an item of a list is about.
fn item_subject(list: &str, fields: &Map<String, Value>) -> Option<Subject> {
    let (key, value) =
        ["id", "date", "coin", "table", "name"].iter().find_map(|key| fields.get_key_value(*key))?;
    let name = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let group = if key == "id" && list.contains("rule") { "rule" } else { key };
    Some(Subject { group: group.to_owned(), name })
}

fn unit(keys: &[Vec<String>], is_fractional: bool) -> Unit {
    let any = |words: &[&str]| keys.iter().flatten().any(|word| words.contains(&word.as_str()));
    let last = |words: &[&str]| keys.last().into_iter().flatten().any(|word| words.contains(&word.as_str()));
    match () {
        () if last(&["rate", "fraction", "utilization", "confidence", "volatility"]) => Unit::Fraction,
        () if is_fractional && last(&["pnl", "balance", "usd", "size", "position"]) => Unit::Money,
        () if last(&["hour"]) && is_fractional => Unit::Duration(3_600.0),
        () if is_fractional && any(&["second", "duration", "time", "staleness"]) => Unit::Duration(1.0),
        () if is_fractional => Unit::Plain,
        () => Unit::Count,
    }
}
