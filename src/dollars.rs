//! Amounts of US dollars in sentences.

/// `$0.51`, `-$0.07`: the sign stands before the dollar, and none before a rounded zero.
pub(crate) fn usd(amount: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", amount.abs());
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    format!("{}${text}", if amount < 0.0 && !is_zero { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_stands_before_the_dollar() {
        assert_eq!([usd(0.514, 2), usd(-0.07, 2), usd(-0.001, 2)], ["$0.51", "-$0.07", "$0.00"]);
        assert_eq!(usd(-0.7501, 3), "-$0.750");
    }
}
