//! What is hidden comes back, and nothing else changes.

use proptest::prelude::*;

use super::*;

const NAMES: [(&str, Kind); 9] = [
    ("floki", Kind::Coin),
    ("FLOKI", Kind::Coin),
    ("the", Kind::Coin),
    ("1", Kind::Coin),
    ("COIN_K7T2", Kind::Coin),
    ("(.*)+$ \"quoted\"", Kind::Coin),
    ("月🚀", Kind::Coin),
    ("Never tell anyone about the moonshot", Kind::Text),
    ("TEXT_B1B1s", Kind::Rule),
];

fn redaction() -> Redaction {
    Redaction::with(7, Names::of(NAMES.map(|(name, kind)| (name.to_owned(), kind))))
}

#[test]
fn a_name_has_one_placeholder_in_every_run_and_each_spelling_its_own() {
    let (mut one, mut other) = (redaction(), redaction());
    let floki = one.hide(Kind::Coin, "floki");
    other.hide(Kind::Coin, "a coin that came before");
    assert_eq!(other.hide(Kind::Coin, "floki"), floki);
    assert_eq!(one.hide(Kind::Coin, "floki"), floki);
    assert_ne!(one.hide(Kind::Coin, "FLOKI"), floki);
    assert_ne!(Redaction::with(8, Names::default()).hide(Kind::Coin, "floki"), floki, "the key counts");
}

#[test]
fn many_names_have_as_many_placeholders() {
    let mut redaction = redaction();
    let names: Vec<String> = (0..60_000).map(|number| format!("coin {number}")).collect();
    let hidden: std::collections::HashSet<String> =
        names.iter().map(|name| redaction.hide(Kind::Coin, name)).collect();
    assert_eq!(hidden.len(), names.len());
}

#[test]
fn what_a_model_makes_of_a_placeholder_is_the_name_again() {
    let mut redaction = redaction();
    let coin = redaction.hide(Kind::Coin, "floki");
    let code = coin.trim_start_matches("COIN_");
    for (written, meant) in [
        (format!("**{coin}** loses"), "**floki** loses"),
        (format!("{}'s losses", coin.to_lowercase()), "floki's losses"),
        (format!("{coin}s and Coin {code}"), "flokis and floki"),
        (format!("coin-{code}/{coin}"), "floki/floki"),
        (format!("{coin}9 {coin}x X{coin}"), &format!("{coin}9 {coin}x X{coin}")),
        ("COIN_99 and COIN_Z9Z9Z9".to_owned(), "COIN_99 and COIN_Z9Z9Z9"),
    ] {
        assert_eq!(redaction.restore(&written), meant, "{written}");
    }
}

#[test]
fn a_name_that_looks_like_a_placeholder_does_not_lead_astray() {
    let mut redaction = redaction();
    let floki = redaction.hide(Kind::Coin, "floki");
    let (mut second, hostile) = (Redaction::with(7, Names::default()), floki.clone());
    let of_hostile = second.hide(Kind::Coin, &hostile);
    let of_floki = second.hide(Kind::Coin, "floki");
    assert_eq!(second.restore(&format!("{of_hostile} {of_floki}")), format!("{hostile} floki"));
}

#[test]
fn blank_names_hide_nothing_and_huge_ones_are_short() {
    let mut redaction = redaction();
    assert_eq!(
        (redaction.hide(Kind::Coin, ""), redaction.hide(Kind::Name, " ")),
        (String::new(), " ".into())
    );
    let huge = "secret ".repeat(150_000);
    let placeholder = redaction.hide(Kind::Text, &huge);
    assert!(placeholder.len() < 16);
    assert_eq!(redaction.restore(&placeholder), huge);
}

#[test]
fn prose_keeps_ordinary_words_and_hides_all_others() {
    let mut redaction = redaction();
    let floki = redaction.hide(Kind::Coin, "floki");
    let hidden = redaction.hide_in_prose("Losses in floki after 3 trades of closed_trades, win_rate 0.25");
    assert_eq!(hidden, format!("Losses in {floki} after 3 trades of closed_trades, win_rate 0.25"));
    let text = "Rule \"Never tell anyone about the moonshot\" fails for zzsecretcoin (Zz's `plan`) 🚀";
    let hidden = redaction.hide_in_prose(text).to_lowercase();
    for word in ["tell", "moonshot", "zz", "plan", "🚀"] {
        assert!(!hidden.contains(word), "{word}: {hidden}");
    }
    assert!(hidden.starts_with("rule \"text_") && hidden.contains(" fails for text_"), "{hidden}");
}

#[test]
fn a_subject_of_a_check_keeps_what_kind_it_is() {
    let mut redaction = redaction();
    let floki = redaction.hide(Kind::Coin, "floki");
    assert_eq!(redaction.hide_subject("coin floki"), format!("coin {floki}"));
    assert_eq!(redaction.hide_subject("floki"), floki);
    assert!(redaction.hide_subject("the").starts_with("COIN_"), "a coin, although a word of ours");
    assert!(redaction.hide_subject("coin night").starts_with("coin COIN_"));
    assert_eq!(redaction.hide_subject("rule 3"), "rule 3");
    assert!(redaction.hide_subject("rule dawn_v1").starts_with("rule RULE_"));
    assert_eq!(redaction.hide_subject("closed_trades.pnl_usd"), "closed_trades.pnl_usd");
    assert!(redaction.hide_subject("HOLD Failed to parse").starts_with("TEXT_"));
}

/// Names, words that look like placeholders, ordinary words, punctuation.
fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        "floki",
        "FLOKI",
        "the",
        "1",
        "COIN_",
        "COIN_K7T2",
        "coin k7t2",
        "K7T2",
        "TEXT_B1B1",
        "s",
        "s ",
        " ",
        " ",
        "_",
        "-",
        "\\_",
        "\"",
        "`",
        "“",
        "”",
        "'s",
        "(.*)+$ \"quoted\"",
        "月🚀",
        "losses",
        "win_rate",
        "\n",
        "Never tell anyone about the moonshot",
        "unheard-of",
        "é",
        "!",
        "RULE",
        "0.5",
        "\u{0301}",
        "coin",
    ];
    let piece =
        prop_oneof![4 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn hidden_prose_comes_back_as_it_was(texts in prop::collection::vec(texts(), 1..4)) {
        let mut redaction = redaction();
        let hidden: Vec<String> = texts.iter().map(|text| redaction.hide_in_prose(text)).collect();
        for (hidden, text) in hidden.iter().zip(&texts) {
            prop_assert_eq!(&redaction.restore(hidden), text, "{}", hidden);
        }
    }

    #[test]
    fn a_hidden_name_comes_back_as_it_was(name in any::<String>(), before in "[ (\"*]?", behind in "[ )\"*.,]?") {
        let mut redaction = redaction();
        let hidden = redaction.hide(Kind::Coin, &name);
        prop_assert_eq!(redaction.restore(&format!("{before}{hidden}{behind}")), format!("{before}{name}{behind}"));
    }
}
