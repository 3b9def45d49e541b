//! A panic in one part must not cost what the other parts have found.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use crate::sqlite_error;

/// Runs a part; a panic becomes its error, and SQLite's errors say what to do.
///
/// Unwind safety: the state of a part that panicked is dropped and not used again.
pub(crate) fn run<T>(part: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    panic::catch_unwind(AssertUnwindSafe(part))
        .unwrap_or_else(|payload| Err(anyhow::anyhow!("internal error: {}", message(payload.as_ref()))))
        .map_err(sqlite_error::told)
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_its_words_are_kept() {
        let error = run::<()>(|| panic!("rule {} overflowed", 3)).unwrap_err();
        assert_eq!(error.to_string(), "internal error: rule 3 overflowed");
        assert_eq!(run(|| Ok(7)).unwrap(), 7);
    }
}
