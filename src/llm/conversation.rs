//! The whole exchange with one endpoint: asks, judges what comes back, adapts, waits and asks again,
//! until there is an answer or a sentence that says why there is none.

mod once_more;

use std::thread;
use std::time::{Duration, Instant};

use chrono::Utc;
use reqwest::Url;
use reqwest::header::{HeaderMap, LOCATION};

use super::address::chat_url;
use super::answer::{Extraction, extract};
use super::body::{Body, quoted};
use super::context::silently_cut_window_tokens;
use super::envelope::{Nothing, Verdict, judge};
use super::lost::Lost;
use super::progress::Progress;
use super::reading;
use super::remedy;
use super::request::{Message, Shape, names_request};
use super::retry::{Decision, FailureKind, Moment, Why, decide};
use super::server_error::ServerError;
use super::transport::{Reply, Transport};
use crate::config::LlmConfig;
use crate::plural::plural;
use crate::prompt::Prompt;

const OUT_OF_TIME: &str =
    "the run's deadline passed before the LLM had answered: raise --deadline or ask a faster model";

/// One audit's exchange with the endpoint.
pub(super) struct Conversation<'a> {
    config: &'a LlmConfig,
    render: &'a dyn Fn(usize) -> Prompt,
    deadline: Instant,
    /// Spreads the pauses between tries.
    jitter: fn() -> f64,
    started: Instant,
    transport: Transport,
    url: Url,
    shape: Shape,
    prompt: Prompt,
    correction: Option<Correction>,
    window_tokens: Option<u64>,
    failed_tries: u32,
    asked_for_more_room: bool,
    asked_for_valid_json: bool,
    asked_after_nothing: bool,
    /// The error with which the current form of the request was rejected.
    last_rejection: Option<String>,
    /// What the exchange cost so far.
    pub(super) tally: Tally,
}

/// What an exchange cost.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Requests sent.
    pub(super) attempts: u32,
    /// The model that answered.
    pub(super) model: Option<String>,
    /// Tokens of the last prompt.
    pub(super) prompt_tokens: Option<u64>,
    /// Tokens of the last answer.
    pub(super) completion_tokens: Option<u64>,
    /// Items of the last answer that were no finding.
    pub(super) dropped: usize,
}

/// A useless answer, and what is wrong with it.
struct Correction {
    answer: String,
    complaint: &'static str,
}

/// What follows from one reply.
enum Next {
    Done(Extraction),
    AskAgain,
    /// Ask again after a pause, if the failure is one that passes.
    Retry(Lost, HeaderMap),
    Fail(String),
}

impl<'a> Conversation<'a> {
    /// Prepares the first request.
    ///
    /// # Errors
    /// A sentence: no client can be made.
    pub(super) fn new(
        config: &'a LlmConfig,
        render: &'a dyn Fn(usize) -> Prompt,
        max_prompt_chars: usize,
        deadline: Instant,
        jitter: fn() -> f64,
    ) -> Result<Self, String> {
        Ok(Self {
            transport: Transport::new(config)?,
            url: chat_url(&config.base_url),
            shape: Shape::new(config),
            prompt: render(max_prompt_chars),
            config,
            render,
            deadline,
            jitter,
            started: Instant::now(),
            correction: None,
            window_tokens: None,
            failed_tries: 0,
            asked_for_more_room: false,
            asked_for_valid_json: false,
            asked_after_nothing: false,
            last_rejection: None,
            tally: Tally::default(),
        })
    }

    /// Asks until there is an answer.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub(super) fn run(&mut self) -> Result<Extraction, String> {
        loop {
            let time_left = self.time_left();
            if time_left.is_zero() {
                return Err(OUT_OF_TIME.to_owned());
            }
            let next = match self.send(time_left) {
                Ok(reply) => self.reply(reply),
                Err(_) if self.time_left().is_zero() => return Err(OUT_OF_TIME.to_owned()),
                Err(lost) => Next::Retry(lost, HeaderMap::new()),
            };
            match next {
                Next::Done(extraction) => return Ok(extraction),
                Next::AskAgain => {}
                Next::Retry(lost, headers) => self.pause(lost, &headers)?,
                Next::Fail(sentence) => return Err(sentence),
            }
        }
    }

    fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn send(&mut self, time_left: Duration) -> Result<Reply, Lost> {
        let body = self.shape.body(&self.config.model, &self.messages());
        self.tally.attempts += 1;
        tracing::debug!(
            "request {} to {}: {:?}, {} characters, {} tokens for the answer",
            self.tally.attempts,
            self.config.model,
            self.shape.format,
            self.sent_chars(),
            self.shape.max_tokens
        );
        let _progress = Progress::since(self.started);
        self.transport.post(&self.url, body, self.config.timeout.min(time_left))
    }

    fn messages(&self) -> Vec<Message<'_>> {
        let mut messages = vec![
            Message { role: "system", content: &self.prompt.system },
            Message { role: "user", content: &self.prompt.user },
        ];
        if let Some(correction) = &self.correction {
            messages.push(Message { role: "assistant", content: &correction.answer });
            messages.push(Message { role: "user", content: correction.complaint });
        }
        messages
    }

    fn sent_chars(&self) -> usize {
        self.messages().iter().map(|message| message.content.chars().count()).sum()
    }

    fn reply(&mut self, reply: Reply) -> Next {
        let body = reading::read(&reply.body, self.transport.key_removal());
        match reply.status {
            200..=299 => self.judged(&body, reply.headers),
            300..=399 => {
                let location = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok());
                let sentence = remedy::redirect(reply.status, location, &self.url);
                Next::Fail(self.transport.key_removal().text(&sentence))
            }
            status => self.rejected(&ServerError::of_reply(status, &body), reply.headers),
        }
    }

    fn judged(&mut self, body: &Body, headers: HeaderMap) -> Next {
        let judged = judge(body, self.shape.max_tokens);
        self.tally.model = judged.model.or(self.tally.model.take());
        self.tally.prompt_tokens = judged.prompt_tokens.or(self.tally.prompt_tokens);
        self.tally.completion_tokens = judged.completion_tokens.or(self.tally.completion_tokens);
        let is_answer =
            !matches!(judged.verdict, Verdict::Error(_) | Verdict::Nothing(_) | Verdict::CutShort(_));
        if is_answer
            && let Some(counted) = judged.prompt_tokens
            && let Some(window) = silently_cut_window_tokens(self.sent_chars(), counted)
        {
            return self.fit_into(Some(window), None);
        }
        match judged.verdict {
            Verdict::Answer { text, is_cut } => self.answered(&text, is_cut),
            Verdict::NoRoom => self.more_room(),
            Verdict::Error(error) => self.rejected(&error, headers),
            Verdict::Nothing(nothing) => self.nothing(&nothing, headers),
            Verdict::CutShort(sentence) => {
                Next::Retry(Lost { kind: FailureKind::Connection, sentence }, headers)
            }
            Verdict::Failed(sentence) => Next::Fail(sentence),
        }
    }

    /// A list that the limit cut keeps its complete findings; an empty one proves nothing.
    fn answered(&mut self, text: &str, is_cut: bool) -> Next {
        let extracted = extract(text);
        self.tally.dropped = extracted.as_ref().map_or_else(|none| none.dropped, |some| some.dropped);
        match extracted {
            Ok(extraction) if is_cut && extraction.findings.is_empty() => self.more_room(),
            Ok(extraction) => Next::Done(Extraction { cut: extraction.cut || is_cut, ..extraction }),
            // Complete items that are no findings would not be findings with more room either.
            Err(no_answer) if (no_answer.cut || is_cut) && no_answer.dropped == 0 => self.more_room(),
            Err(no_answer) => self.correct(text, &no_answer),
        }
    }

    /// An answer that holds nothing is worth one more try.
    fn nothing(&mut self, Nothing { fault, remedy }: &Nothing, headers: HeaderMap) -> Next {
        if self.asked_after_nothing {
            return Next::Fail(format!("{fault}, also when asked again: {remedy}"));
        }
        self.asked_after_nothing = true;
        let sentence = format!("{fault}: {remedy}");
        Next::Retry(Lost { kind: FailureKind::EmptyAnswer, sentence }, headers)
    }

    fn rejected(&mut self, error: &ServerError, headers: HeaderMap) -> Next {
        if error.is_context_overflow() {
            return self.fit_into(error.window_tokens, error.prompt_tokens);
        }
        if error.code == "json_validate_failed" || error.failed_generation.is_some() {
            return self.invalid_json(error);
        }
        if let Some(field) = self.shape.adapt(error) {
            tracing::debug!(
                "the endpoint does not take {field} as sent ({}); adapting",
                quoted(&error.message)
            );
            self.last_rejection = None;
            return Next::AskAgain;
        }
        let sentence = remedy::sentence(error, self.config);
        // A server that fails on a field that it names fails on it each time.
        let is_repeated = self.last_rejection.replace(sentence.clone()).as_ref() == Some(&sentence);
        if is_repeated && names_request(error) {
            return Next::Fail(sentence);
        }
        Next::Retry(Lost { kind: error.failure_kind(), sentence }, headers)
    }

    fn pause(&mut self, lost: Lost, headers: &HeaderMap) -> Result<(), String> {
        self.failed_tries += 1;
        let moment = Moment { now: Utc::now(), time_left: self.time_left(), jitter: (self.jitter)() };
        let why = match decide(self.failed_tries, lost.kind, headers, moment) {
            Decision::Wait(pause) => {
                tracing::warn!("{}; asking again in {:.1} s", lost.sentence, pause.as_secs_f64());
                let _progress = Progress::since(self.started);
                thread::sleep(pause);
                return Ok(());
            }
            Decision::GiveUp(why) => why,
        };
        let sentence = lost.sentence;
        Err(match why {
            Why::Final => sentence,
            Why::TriesSpent => {
                let requests = plural(self.tally.attempts, "request", "requests");
                format!("{sentence} (gave up after {} {requests})", self.tally.attempts)
            }
            Why::Deadline => format!("{sentence} (the run's deadline leaves no time to ask again)"),
            Why::WishTooLong(wish) => format!(
                "{sentence} (the endpoint asks to wait {} s, longer than an audit may)",
                wish.as_secs()
            ),
        })
    }
}
