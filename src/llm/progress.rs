//! A sign of life on a terminal while the LLM thinks. Logs and pipes see nothing of it.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_secs(1);
/// Back to the line's start, and away with what stands on it.
const CLEAR_LINE: &str = "\r\u{1b}[K";

/// A line with the elapsed seconds, until it is dropped.
pub(super) struct Progress {
    stop: Option<Sender<()>>,
    ticker: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts the line; does nothing where standard error is no terminal.
    pub(super) fn since(start: Instant) -> Self {
        if !stderr().is_terminal() {
            return Self { stop: None, ticker: None };
        }
        let (stop, stopped) = channel::<()>();
        let ticker = thread::Builder::new().name("progress".to_owned()).spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                show(&format!("{CLEAR_LINE}waiting for the LLM: {} s", start.elapsed().as_secs()));
            }
            show(CLEAR_LINE);
        });
        Self { stop: Some(stop), ticker: ticker.ok() }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(ticker) = self.ticker.take() {
            // A line that could not be drawn is no reason to fail.
            let _ = ticker.join();
        }
    }
}

fn show(text: &str) {
    let mut terminal = stderr().lock();
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}
