//! SQLite's errors as sentences: what is wrong, and what a person can do.

use std::time::Duration;

use anyhow::anyhow;
use rusqlite::ErrorCode;

/// The longest wait for the bot's own write lock.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// For a file that others write.
pub(crate) const NOT_WRITABLE: &str = "this user may not write the file or its folder: change that, or keep the alerts in a file of their own \
                                       with --alerts-db";

/// The sentence instead of SQLite's words, where it is an error that a person can do something about.
pub(crate) fn told(error: anyhow::Error) -> anyhow::Error {
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<rusqlite::Error>());
    match cause.and_then(|cause| Some((sentence(cause.sqlite_error_code()?)?, cause))) {
        Some((sentence, cause)) => anyhow!("{sentence} ({cause})"),
        None => error,
    }
}

/// Whether the file is no SQLite database at all.
pub(crate) fn is_no_database(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<rusqlite::Error>());
    causes.any(|cause| cause.sqlite_error_code() == Some(ErrorCode::NotADatabase))
}

fn sentence(code: ErrorCode) -> Option<String> {
    Some(match code {
        ErrorCode::DiskFull => "the disk is full: free some space and try again".to_owned(),
        ErrorCode::SystemIoFailure => "the disk does not do what it is asked to: check its health, its \
             quota and the limit on file sizes, and try again"
            .to_owned(),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => format!(
            "another process held the lock of the file for {} s: look for a transaction that is never \
             ended, and try again",
            BUSY_TIMEOUT.as_secs()
        ),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => NOT_WRITABLE.to_owned(),
        ErrorCode::NotADatabase => "the file is no SQLite database: name another one".to_owned(),
        ErrorCode::DatabaseCorrupt => {
            "the file is damaged: look at it with `PRAGMA integrity_check` and restore a backup".to_owned()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use rusqlite::ffi;

    use super::*;

    fn failure(code: i32) -> anyhow::Error {
        anyhow::Error::new(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn what_a_person_can_mend_is_told_with_its_remedy() {
        for (code, words) in [
            (ffi::SQLITE_FULL, "free some space"),
            (ffi::SQLITE_IOERR_WRITE, "limit on file sizes"),
            (ffi::SQLITE_BUSY, "a transaction that is never ended"),
            (ffi::SQLITE_READONLY, "--alerts-db"),
            (ffi::SQLITE_CANTOPEN, "--alerts-db"),
            (ffi::SQLITE_CORRUPT, "restore a backup"),
        ] {
            let error = Err::<(), _>(failure(code)).context("cannot store an alert").unwrap_err();
            let sentence = format!("{:#}", told(error));
            assert!(sentence.contains(words), "{sentence}");
            assert!(!sentence.contains("next run"), "what a person does has no next run: {sentence}");
        }
    }

    #[test]
    fn any_other_error_stays_as_it_is() {
        assert_eq!(format!("{:#}", told(anyhow!("no such alert"))), "no such alert");
        let error = Err::<(), _>(failure(ffi::SQLITE_CONSTRAINT)).context("cannot store").unwrap_err();
        assert!(format!("{:#}", told(error)).starts_with("cannot store: "));
    }
}
