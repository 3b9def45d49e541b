//! The bot's file, read-only.

pub(crate) mod clock;
