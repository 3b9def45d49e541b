//! Words made comparable: `Losses`, `lost` and `loss` are one.

/// A word in lower case, without its plural, and synonyms of the report's words by the report's word.
pub(super) fn stem(word: &str) -> String {
    let lower = word.to_lowercase();
    let known = match lower.as_str() {
        "won" | "winning" | "winner" | "winners" => "win",
        "lost" | "losses" | "losing" | "loses" | "lose" | "loser" | "losers" => "loss",
        "rejected" | "rejections" | "rejection" | "refused" | "refusal" | "refusals" | "rejects"
        | "limits" => "reject",
        "succeeded" | "succeeds" | "successes" | "successful" => "success",
        "failed" | "fails" | "fail" | "failing" | "failures" => "failure",
        "average" | "mean" | "averaging" | "averages" => "avg",
        "maximum" | "slowest" | "longest" | "highest" => "max",
        "opened" | "opens" | "opening" => "open",
        "closed" | "closes" | "closing" => "close",
        "earn" | "earned" | "p&l" | "profit" | "profits" => "pnl",
        "earlier" | "prior" | "previously" | "formerly" => "previous",
        "repeats" | "repeated" | "duplicates" | "copies" | "repeat" => "duplicate",
        "insight" | "insights" => "learning",
        "calls" | "call" => "query",
        "queries" => "query",
        "restarts" | "restarted" | "started" | "starts" => "start",
        "uses" | "used" | "applied" | "use" => "use",
        "triggered" | "triggers" | "fired" | "fires" => "trigger",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    match lower.strip_suffix('s') {
        Some(singular) if singular.chars().count() > 2 && !singular.ends_with(['s', 'u', 'i']) => {
            singular.to_owned()
        }
        _ => lower,
    }
}

/// The stems of a name's parts: `take_profit`, `take-profit` and `Take Profit` are one.
pub(super) fn phrase(name: &str) -> Vec<String> {
    name.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()).map(stem).collect()
}

/// Words that join or qualify.
const EMPTY_WORDS: &[&str] = &[
    "the", "a", "an", "of", "in", "at", "to", "by", "for", "with", "and", "or", "is", "was", "are", "were",
    "be", "been", "ha", "have", "had", "it", "that", "thi", "these", "from", "on", "no", "not", "only",
    "all", "out", "per", "last", "hour", "day", "rate", "which",
];

/// Whether a word joins or qualifies without naming anything.
pub(super) fn is_empty_word(stem: &str) -> bool {
    EMPTY_WORDS.contains(&stem)
}

/// Words before a rough figure.
const HEDGES: &[&str] = &[
    "about",
    "around",
    "roughly",
    "nearly",
    "almost",
    "over",
    "approximately",
    "circa",
    "some",
    "approx",
    "more",
    "les",
    "less",
    "than",
    "close",
    "under",
    "exceed",
    "exceeding",
];

/// Whether the word says that a figure is meant roughly.
pub(super) fn is_hedge(stem: &str) -> bool {
    HEDGES.contains(&stem)
}

/// Words before a wish, a threshold or an example.
const WISHES: &[&str] = &[
    "least",
    "most",
    "should",
    "would",
    "could",
    "must",
    "need",
    "needed",
    "threshold",
    "minimum",
    "recommended",
    "recommend",
    "consider",
    "ideally",
    "expected",
    "planned",
    "target",
    "timeout",
    "even",
    "breakeven",
    "break",
    "instead",
    "e",
    "if",
    "top",
    "typical",
    "typically",
    "normally",
    "usually",
    "assuming",
    "require",
    "required",
    "cap",
    "first",
    "until",
    "within",
    "every",
    "healthy",
    "ideal",
];

/// Whether the word turns a figure into a wish, a threshold or an example: no claim about the report.
pub(super) fn is_wish(stem: &str) -> bool {
    WISHES.contains(&stem)
}
