//! The model's context: how a server says that it is too small, how it shows when a server says
//! nothing, and what then fits.
//!
//! Tokens are estimated as characters / 4: prose has about 4.5 characters a token, a report full of
//! figures 2 to 3, so the estimate errs on the low side, and a server's count far below it is no
//! matter of tokenisers.

/// Words of errors that are about the context's size.
const OVERFLOW_WORDS: [&str; 10] = [
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "available context size",
    "exceeds the context",
    "context window",
    "context length",
    "prompt is too long",
    "input is too long",
    "tokens + `max_new_tokens` must be",
];
/// Behind one of these stands the limit.
const WINDOW_WORDS: [&str; 6] =
    ["context length", "context size", "context window", "context limit", "tokens >", "must be <="];
/// Before one of these stands the prompt's size.
const PROMPT_WORDS: [&str; 5] =
    [" in the messages", " in your prompt", " input tokens", " prompt tokens", " `inputs` tokens"];
/// The first tokens that Ollama keeps when it cuts a prompt, beside the tail.
const KEPT_HEAD_TOKENS: u64 = 4;
/// Contexts are configured in multiples of this.
const WINDOW_STEP_TOKENS: u64 = 1_024;
/// No context in use is smaller: a lower count comes from a server that counts otherwise (only what
/// its cache did not hold, or nothing real).
const SMALLEST_COUNT_TOKENS: u64 = 512;
/// Characters a token in a report of figures, where nobody counted: on the safe side.
const DENSE_CHARS_PER_TOKEN: f64 = 2.5;
/// Counts vary a little between two renderings of one report.
const SAFETY: f64 = 0.95;
/// An answer of two findings.
const SMALLEST_ANSWER_TOKENS: u64 = 512;

/// Whether an error's text is about the context's size.
pub(super) fn is_overflow_text(lower_text: &str) -> bool {
    OVERFLOW_WORDS.iter().any(|word| lower_text.contains(word))
}

/// The limit that a message names, such as "maximum context length is 4096 tokens".
pub(super) fn stated_window_tokens(message: &str) -> Option<u64> {
    let message = message.to_lowercase();
    WINDOW_WORDS.iter().find_map(|word| {
        let behind = message.split_once(word)?.1;
        numbers(behind.get(..60).unwrap_or(behind)).find(|number| *number >= SMALLEST_COUNT_TOKENS)
    })
}

/// The prompt's size that a message names, such as "(5120 in the messages".
pub(super) fn stated_prompt_tokens(message: &str) -> Option<u64> {
    PROMPT_WORDS.iter().find_map(|word| numbers(message.split_once(word)?.0).last())
}

/// The whole numbers in a text; thousands may be set off by commas.
pub(super) fn numbers(text: &str) -> impl Iterator<Item = u64> {
    text.split(|letter: char| !(letter.is_ascii_digit() || letter == ','))
        .filter_map(|digits| digits.replace(',', "").parse().ok())
}

/// The context that a silently cut prompt reveals, or `None` where the count is believable.
///
/// A cut keeps the first 4 tokens and fills half the window with the tail: 4,096 tokens report
/// 4 + (4096 − 4) / 2 = 2050. Such a count means that window if the estimate exceeds it at all; any
/// other count is taken for the window itself, and only if it is below three quarters of the
/// estimate.
pub(super) fn silently_cut_window_tokens(sent_chars: usize, counted_tokens: u64) -> Option<u64> {
    let estimated_tokens = sent_chars as u64 / 4;
    if counted_tokens < SMALLEST_COUNT_TOKENS || counted_tokens >= estimated_tokens {
        return None;
    }
    let doubled = 2 * (counted_tokens - KEPT_HEAD_TOKENS) + KEPT_HEAD_TOKENS;
    // One token more or less is a matter of rounding.
    let off_by = (doubled + 2) % WINDOW_STEP_TOKENS;
    if off_by <= 4 {
        return Some(doubled + 2 - off_by);
    }
    (counted_tokens * 4 < estimated_tokens * 3).then_some(counted_tokens)
}

/// What to send into a window.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Size of the whole prompt.
    pub(super) prompt_chars: usize,
    /// Room for the answer.
    pub(super) answer_tokens: u32,
}

impl Plan {
    /// A quarter of the window for the answer, the rest for the prompt. `counted` is what the
    /// server counted for how many characters, if it counted all of them.
    pub(super) fn for_window(window_tokens: u64, counted: Option<(usize, u64)>, max_tokens: u32) -> Self {
        let largest_answer = u64::from(max_tokens).max(SMALLEST_ANSWER_TOKENS);
        let answer_tokens = (window_tokens / 4).clamp(SMALLEST_ANSWER_TOKENS, largest_answer);
        let chars_per_token = counted
            .filter(|(_, tokens)| *tokens > 0)
            .map_or(DENSE_CHARS_PER_TOKEN, |(chars, tokens)| chars as f64 / tokens as f64);
        let prompt_tokens = window_tokens.saturating_sub(answer_tokens);
        Self {
            prompt_chars: (prompt_tokens as f64 * chars_per_token * SAFETY) as usize,
            answer_tokens: u32::try_from(answer_tokens).unwrap_or(max_tokens).min(max_tokens),
        }
    }

    /// Whether a prompt that was rendered longer than planned can still fit into the window.
    pub(super) fn may_hold(&self, window_tokens: u64, rendered_chars: usize) -> bool {
        rendered_chars <= self.prompt_chars
            || rendered_chars as u64 / 4 + SMALLEST_ANSWER_TOKENS <= window_tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_and_the_prompt_s_size_are_read_out_of_messages() {
        for (message, window, prompt) in [
            (
                "This model's maximum context length is 4096 tokens. However, you requested 6000 tokens (5100 in the messages, 900 in the completion).",
                Some(4_096),
                Some(5_100),
            ),
            (
                "request (5120 tokens) exceeds the available context size (4096 tokens), try increasing it",
                Some(4_096),
                None,
            ),
            (
                "This model's maximum context length is 131,072 tokens and your request has 140000 input tokens",
                Some(131_072),
                Some(140_000),
            ),
            ("Your input exceeds the context window of this model", None, None),
            ("prompt is too long: 210000 tokens > 200000 maximum", Some(200_000), None),
        ] {
            assert!(is_overflow_text(&message.to_lowercase()), "{message}");
            assert_eq!(stated_window_tokens(message), window, "{message}");
            assert_eq!(stated_prompt_tokens(message), prompt, "{message}");
        }
    }

    #[test]
    fn a_count_of_2050_reveals_a_window_of_4096() {
        for (sent_chars, counted, window) in [
            (16_000, 2_050, Some(4_096)),
            (9_000, 2_050, Some(4_096)),
            (16_000, 2_051, Some(4_096)),
            (32_000, 4_098, Some(8_192)),
            // Half a window exactly, but more than the whole estimate: an ordinary count.
            (8_000, 2_050, None),
            (16_000, 4_000, None),
            (16_000, 3_300, None),
            (16_000, 2_900, Some(2_900)),
            (40_000, 4_096, Some(4_096)),
            // No window: a fixture's number, or a cache's rest.
            (16_000, 10, None),
            (16_000, 0, None),
        ] {
            assert_eq!(
                silently_cut_window_tokens(sent_chars, counted),
                window,
                "{counted} of {sent_chars} characters"
            );
        }
    }

    #[test]
    fn a_plan_for_ollama_s_window_fits_the_smallest_prompt() {
        let plan = Plan::for_window(4_096, None, 4_096);
        assert_eq!(plan, Plan { prompt_chars: 7_296, answer_tokens: 1_024 });
        let counted = Plan::for_window(4_096, Some((16_000, 8_000)), 4_096);
        assert_eq!(counted.prompt_chars, 5_836);
        assert!(counted.may_hold(4_096, 6_000));
        assert!(!Plan::for_window(1_024, None, 4_096).may_hold(1_024, 6_000));
    }

    #[test]
    fn a_plan_never_asks_for_a_longer_answer_than_configured() {
        assert_eq!(Plan::for_window(32_768, None, 300).answer_tokens, 300);
        assert_eq!(Plan::for_window(100, None, 4_096).prompt_chars, 0);
    }
}
