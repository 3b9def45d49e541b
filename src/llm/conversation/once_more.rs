//! The ways to ask once more, each of them once: with more room for the answer, with what was wrong,
//! as it was, or with a shorter prompt.

use super::{Conversation, Correction, Next};
use crate::llm::answer::{NoAnswer, extract};
use crate::llm::body::quoted;
use crate::llm::context::Plan;
use crate::llm::remedy;
use crate::llm::server_error::ServerError;
use crate::sanitize::cut;

/// Most characters of a useless answer that are sent back to the model with what is wrong with it.
const MAX_RETURNED_CHARS: usize = 1_500;

impl Conversation<'_> {
    /// Nothing complete fitted into the answer: twice the room, once.
    pub(super) fn more_room(&mut self) -> Next {
        let used = self.shape.max_tokens;
        let prompt_tokens = self.tally.prompt_tokens.unwrap_or(self.sent_chars() as u64 / 4);
        let free = self.window_tokens.map(|window| window.saturating_sub(prompt_tokens));
        let doubled = u64::from(used).saturating_mul(2).min(free.unwrap_or(u64::MAX));
        match u32::try_from(doubled) {
            Ok(room) if room > used && !self.asked_for_more_room => {
                tracing::warn!(
                    "the LLM's answer ended before one finding was complete, with room for {used} tokens; asking again with room for {room}"
                );
                self.asked_for_more_room = true;
                self.shape.max_tokens = room;
                Next::AskAgain
            }
            _ => Next::Fail(format!(
                "the answer ended before one finding was complete, {}: raise {}, or ask a model that thinks less",
                match self.ended_early_at() {
                    Some(tokens) => format!("after {tokens} tokens, with room for {used} tokens"),
                    None => format!("with room for {used} tokens"),
                },
                match self.ended_early_at() {
                    Some(_) => "the endpoint's own limit on answers",
                    None => "max_tokens in the config file",
                }
            )),
        }
    }

    /// Where an answer ended, if that was well before the room that it had.
    fn ended_early_at(&self) -> Option<u64> {
        let used = self.tally.completion_tokens?;
        (used > 0 && used * 2 < u64::from(self.shape.max_tokens)).then_some(used)
    }

    /// The model is told once what is wrong with its answer.
    pub(super) fn correct(&mut self, text: &str, no_answer: &NoAnswer) -> Next {
        let fault = match no_answer.dropped {
            _ if no_answer.is_doubtful => "with an empty list and words that say otherwise".to_owned(),
            0 => "without a list of findings".to_owned(),
            1 => "with 1 item, without a title and a description of its own".to_owned(),
            dropped => {
                format!("with {dropped} items, none of them with a title and a description of its own")
            }
        };
        if self.correction.is_some() {
            let opening = quoted(&cut(text.trim(), 100));
            return Next::Fail(format!(
                "the model answered {fault}, also when asked again (\"{opening}\"): ask a model that follows instructions better"
            ));
        }
        tracing::warn!("the LLM answered {fault}; asking once more");
        let complaint = match no_answer.dropped {
            _ if no_answer.is_doubtful => {
                "You gave an empty list, but wrote beside it that you could not do the audit, or that something is wrong. Answer again with nothing but one JSON object of the form {\"findings\": [...]}: with what is wrong, or with an empty list if you have read the report and there really is nothing to report."
            }
            0 => {
                "That was not the JSON I asked for. Answer again with nothing but one JSON object of the form {\"findings\": [...]}, without any other text. If there really is nothing to report, answer {\"findings\": []}."
            }
            _ => {
                "None of those items was a finding. Answer again with nothing but one JSON object of the form {\"findings\": [...]}, where every finding has type, severity, title, description, evidence and recommendation as strings, in words of your own about this report. If there really is nothing to report, answer {\"findings\": []}."
            }
        };
        self.correction = Some(Correction { answer: cut(text.trim(), MAX_RETURNED_CHARS), complaint });
        Next::AskAgain
    }

    /// The endpoint's own validation rejected the model's text, which often holds the findings nevertheless.
    pub(super) fn invalid_json(&mut self, error: &ServerError) -> Next {
        if let Some(text) = &error.failed_generation
            && let Ok(extraction) = extract(text)
            && !extraction.findings.is_empty()
        {
            return Next::Done(extraction);
        }
        if self.asked_for_valid_json {
            return Next::Fail(format!(
                "{}, also when asked again: ask a model that follows instructions better",
                error.sentence()
            ));
        }
        self.asked_for_valid_json = true;
        Next::AskAgain
    }

    /// Renders the prompt once more for a window that the server named, or that its count revealed.
    pub(super) fn fit_into(&mut self, window_tokens: Option<u64>, prompt_tokens: Option<u64>) -> Next {
        let sent_chars = self.sent_chars();
        if self.window_tokens.is_some() {
            return Next::Fail(remedy::context_too_small(window_tokens, sent_chars));
        }
        // Where the limit is not stated, half of what was sent is assumed to fit.
        let window = window_tokens.unwrap_or(sent_chars as u64 / 8);
        let counted = prompt_tokens.map(|tokens| (sent_chars, tokens));
        let plan = Plan::for_window(window, counted, self.shape.max_tokens);
        let prompt = (self.render)(plan.prompt_chars.min(self.prompt.chars()));
        let chars = prompt.chars();
        let is_smaller = chars < sent_chars || plan.answer_tokens < self.shape.max_tokens;
        if !is_smaller || (window_tokens.is_some() && !plan.may_hold(window, chars)) {
            return Next::Fail(remedy::context_too_small(window_tokens, chars));
        }
        tracing::warn!(
            "the model's context holds {window} tokens; asking again with {chars} characters instead of {sent_chars}"
        );
        self.window_tokens = Some(window);
        self.shape.max_tokens = plan.answer_tokens;
        self.correction = None;
        self.prompt = prompt;
        Next::AskAgain
    }
}
