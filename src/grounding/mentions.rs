//! Which coins, rules, hours and days a text names, and where.

use super::coins;
use super::facts::Subject;
use super::known::{Known, Name};
use super::tokens::{Part, Token};
use crate::redaction::is_placeholder;

/// A name in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mention {
    /// The first token.
    pub(super) from: usize,
    /// The token behind the last.
    pub(super) to: usize,
    /// Whose name it is; `None` for a number that merely numbers something.
    pub(super) subject: Option<Subject>,
}

/// Every name of the report in a text, in its order.
pub(super) fn find(tokens: &[Token], known: &Known) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let found = numbered(tokens, at, known).or_else(|| named(tokens, at, known));
        match found {
            Some(mention) => {
                at = mention.to.max(at + 1);
                mentions.push(mention);
            }
            None => at += 1,
        }
    }
    mentions
}

/// A name that is a name of the report: the longest that begins here.
fn named(tokens: &[Token], at: usize, known: &Known) -> Option<Mention> {
    let name = known.names.iter().find(|name| is_named(tokens, at, name))?;
    let mut to = at + name.phrase.len();
    // The rest of the same identifier belongs to it: `axie-infinity` where only "axie" was matched.
    let whole = tokens.get(at).map(|token| token.start);
    while tokens.get(to).is_some_and(|token| token.word().is_some() && Some(token.start) == whole) {
        to += 1;
    }
    Some(Mention { from: at, to, subject: Some(name.subject.clone()) })
}

fn is_named(tokens: &[Token], at: usize, name: &Name) -> bool {
    let Some(first) = tokens.get(at) else { return false };
    let words = tokens.get(at..).unwrap_or_default().iter().map(Token::word);
    let matches = !name.phrase.is_empty()
        && name.phrase.iter().map(|word| Some(word.as_str())).eq(words.take(name.phrase.len()));
    if !matches || name.exactly.as_ref().is_some_and(|exactly| first.written != *exactly) {
        return false;
    }
    let next = tokens.get(at + name.phrase.len());
    let figure_follows = next.is_some_and(|token| token.figure().is_some() || token.part == Part::Mark('('));
    let is_spelled = first.written.eq_ignore_ascii_case(&name.subject.name);
    !name.is_ordinary || name.exactly.is_some() || is_spelled && (first.quoted || figure_follows)
}

/// A subject that is a number: tier 3, rule #4, hour 11, 17h, 23:00, 2026-11-21, November 17.
fn numbered(tokens: &[Token], at: usize, known: &Known) -> Option<Mention> {
    let token = tokens.get(at)?;
    match &token.part {
        Part::Moment(moment) => moment_mention(at, moment, known),
        Part::Mark('#') => rule_or_id(tokens, at, known),
        Part::Word(word) => word_and_number(tokens, at, word, known),
        Part::Figure(_) => listed_key(tokens, at, known).or_else(|| hour(tokens, at, known)),
        _ => None,
    }
}

fn moment_mention(at: usize, moment: &str, known: &Known) -> Option<Mention> {
    let group = if moment.len() == "00:00".len() { "hour" } else { "date" };
    let name = if group == "hour" { moment.get(..2)? } else { moment };
    let name = if name == "00" { "0" } else { name };
    Some(Mention { from: at, to: at + 1, subject: Some(known.subject(group, name)?.clone()) })
}

/// `#4` is a rule, unless the word before numbers something else.
fn rule_or_id(tokens: &[Token], at: usize, known: &Known) -> Option<Mention> {
    let number = whole_number(tokens.get(at + 1)?)?;
    let before = at.checked_sub(1).and_then(|before| tokens.get(before)).and_then(Token::word);
    let numbers_other = before.is_some_and(|word| {
        matches!(
            word,
            "trade" | "cycle" | "learning" | "reflection" | "position" | "alert" | "finding" | "id"
        )
    });
    let subject = (!numbers_other).then(|| rule(number, known));
    Some(Mention { from: at, to: at + 2, subject })
}

/// A rule, whether or not it exists.
fn rule(number: &str, known: &Known) -> Subject {
    let unknown = || Subject { group: "rule".to_owned(), name: number.to_owned() };
    known.subject("rule", number).cloned().unwrap_or_else(unknown)
}

/// "tier 3", "rule 4", "rule id 4", "hour 11", "November 17".
fn word_and_number(tokens: &[Token], at: usize, word: &str, known: &Known) -> Option<Mention> {
    let is_id =
        |token: &Token| matches!(token.word(), Some("id" | "number")) || token.part == Part::Mark('#');
    let mut to = at + 1;
    while tokens.get(to).is_some_and(is_id) {
        to += 1;
    }
    let (token, last) = (tokens.get(at)?, tokens.get(to)?);
    let number = whole_number(last)?;
    // `total_rules 8` and `uptime_hours 3` are fields with their values; `rule_id 3` and `tier-1` are names.
    let is_field =
        token.written.contains('_') && token.start != last.start && !token.written.starts_with("rule_id");
    let subject = match word {
        _ if is_field => return None,
        // "rules 8" may be their number, "rule 8" is one of them.
        "rule" if token.written.ends_with('s') && to == at + 1 => known.subject(word, number).cloned()?,
        "rule" => rule(number, known),
        "tier" | "hour" => known.subject(word, number).cloned()?,
        _ if is_month(&token.written) => return Some(Mention { from: at, to: to + 1, subject: None }),
        _ => return None,
    };
    Some(Mention { from: at, to: to + 1, subject: Some(subject) })
}

/// A month by its name, whole or by three letters; "may" and "mar" are other words too often.
fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 11] = [
        "January",
        "February",
        "March",
        "April",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    MONTHS.iter().any(|month| *month == word || month.get(..3) == Some(word))
}

/// In `trades_by_tier: 1 1, 2 14` the first number of an item is its name.
fn listed_key(tokens: &[Token], at: usize, known: &Known) -> Option<Mention> {
    let number = whole_number(tokens.get(at)?)?;
    let before = at.checked_sub(1).and_then(|before| tokens.get(before))?;
    tokens.get(at + 1)?.figure()?;
    if before.part != Part::Clause && before.word().is_none() {
        return None;
    }
    let sentence = tokens.get(..at)?.iter().rev().take_while(|token| token.part != Part::Sentence);
    let label = sentence.filter_map(Token::word).find(|word| matches!(*word, "tier" | "hour"))?;
    Some(Mention { from: at, to: at + 1, subject: Some(known.subject(label, number)?.clone()) })
}

/// `17h` is an hour of the day where figures of that hour follow or a time is spoken of.
fn hour(tokens: &[Token], at: usize, known: &Known) -> Option<Mention> {
    let figure = tokens.get(at)?.figure()?;
    let number = figure.written.strip_suffix('h')?;
    let before = at.checked_sub(1).and_then(|before| tokens.get(before)).and_then(Token::word);
    let spoken = before.is_some_and(|word| matches!(word, "at" | "hour" | "between" | "during"));
    let follows = tokens.get(at + 1).is_some_and(|next| next.figure().is_some() || next.part == Part::Clause);
    let subject = known.subject("hour", number).filter(|_| spoken || follows)?;
    Some(Mention { from: at, to: at + 1, subject: Some(subject.clone()) })
}

/// A small integer without sign or unit.
fn whole_number(token: &Token) -> Option<&str> {
    let written = match &token.part {
        Part::Figure(figure) => figure.written.as_str(),
        // The number inside an identifier: `rule-3`, `tier_1`.
        Part::Word(word) => word.as_str(),
        _ => return None,
    };
    (written.len() <= 6 && written.bytes().all(|byte| byte.is_ascii_digit())).then_some(written)
}

/// What a text names that the report does not: a sentence for each.
pub(super) fn unknown(tokens: &[Token], mentions: &[Mention], known: &Known) -> Vec<String> {
    let rules = mentions
        .iter()
        .filter_map(|mention| mention.subject.as_ref())
        .filter(|subject| subject.group == "rule" && known.subject("rule", &subject.name).is_none());
    let mut unknown: Vec<String> = rules.map(|rule| format!("rule #{} does not exist", rule.name)).collect();
    for (at, token) in tokens.iter().enumerate() {
        let inside = |mention: &Mention| (mention.from..mention.to).contains(&at);
        let is_first = at
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_none_or(|before| before.start != token.start);
        if token.word().is_none()
            || !is_first
            || mentions.iter().any(inside) && !is_placeholder(&token.written)
            || known.shows_word(&token.written)
        {
            continue;
        }
        let what = match () {
            () if is_placeholder(&token.written) => "name",
            () if is_unknown_coin(tokens, at) => "coin",
            () if is_rule_id(tokens, at) => "rule",
            () => continue,
        };
        unknown.push(format!("the {what} \"{}\" does not stand in the report", token.written));
    }
    unknown
}

/// A coin that no report knows, or a quoted name with a figure behind it as the report lists coins.
fn is_unknown_coin(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    let parts = tokens.iter().filter(|other| other.start == token.start && other.word().is_some()).count();
    let next = tokens.get(at + parts);
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let alone = next.is_none_or(|next| !next.quoted || next.word().is_none())
        && before.is_none_or(|before| !before.quoted || before.word().is_none());
    let figure_follows = next.is_some_and(|next| next.figure().is_some());
    let is_negated = tokens.get(at.saturating_sub(6)..at).unwrap_or_default().iter().any(|word| {
        word.word().is_some_and(|word| {
            matches!(word, "no" | "never" | "not" | "without" | "such" | "like" | "e" | "zero")
        })
    });
    coins::is_coin(&token.written) && !is_negated
        || token.quoted && alone && figure_follows && !token.written.contains('_')
}

/// An identifier built like a rule's, or one that the text calls a rule.
fn is_rule_id(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    if !token.written.contains('_') {
        return false;
    }
    let is_versioned = token.written.rsplit('_').next().is_some_and(|end| {
        let digits = end.strip_prefix('v').unwrap_or(end);
        let length = digits.len();
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (length >= 6 || end.len() > length && length > 0)
    });
    let before = at.checked_sub(1).and_then(|before| tokens.get(before)).and_then(Token::word);
    is_versioned || before.is_some_and(|word| matches!(word, "rule" | "pattern" | "strategy"))
}
