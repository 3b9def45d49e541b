//! The file as such: what may be opened, how it is opened without a trace, and what its errors mean.

use crate::sqlite_error::BUSY_TIMEOUT;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{anyhow, ensure};
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// Bytes of SQLite's header up to the change counter and with it.
const HEADER_BYTES: usize = 28;

/// A file in WAL mode without a -wal file: no connection has it open. Opening it in WAL mode would create
/// -wal and -shm files owned by this user, which a reader cannot remove and which could lock the bot out. All
/// rows are in the main file, so it is opened with immutable=1, without locks.
#[derive(Debug)]
pub(super) struct AtRest {
    path: PathBuf,
    uri: String,
    stamp: Stamp,
}

/// The header up to the change counter, size and time of the file: they differ after a write.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    header: [u8; HEADER_BYTES],
    bytes: u64,
    modified: Option<SystemTime>,
}

impl AtRest {
    /// The file, if it is in that state.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        let stamp = Stamp::of(&path)?;
        let is_in_wal_mode = stamp.header.get(18..20) == Some(&[2, 2]);
        let encoded = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let uri = format!("file:{encoded}?immutable=1");
        let at_rest = Self { path, uri, stamp };
        (is_in_wal_mode && !at_rest.has_log()).then_some(at_rest)
    }

    /// Whether another process has begun to write since: what was read may be of two moments.
    pub(super) fn is_over(&self) -> bool {
        self.has_log() || Stamp::of(&self.path).as_ref() != Some(&self.stamp)
    }

    fn has_log(&self) -> bool {
        beside(&self.path, "-wal").exists()
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let mut header = [0; HEADER_BYTES];
        let mut file = File::open(path).ok()?;
        file.read_exact(&mut header).ok()?;
        let metadata = file.metadata().ok()?;
        Some(Self { header, bytes: metadata.len(), modified: metadata.modified().ok() })
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Fails for what is no file that SQLite can read.
///
/// # Errors
/// One sentence.
pub(super) fn check(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    ensure!(path.exists(), "there is no file {shown}: name the bot's database with --db or MONITOR_DB");
    ensure!(!path.is_dir(), "{shown} is a directory: name the bot's database file with --db or MONITOR_DB");
    // Fails for a FIFO, which would block for ever when opened.
    ensure!(path.is_file(), "{shown} is no regular file: name the bot's database with --db or MONITOR_DB");
    for ending in ["-journal", "-wal"] {
        let beside = beside(path, ending);
        ensure!(
            !beside.exists() || beside.is_file() || beside.is_dir(),
            "{} is no regular file: move it away",
            beside.display()
        );
    }
    Ok(())
}

/// Opens a file for reading; a WAL file that no process has open, with immutable=1.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn open(path: &Path, at_rest: Option<&AtRest>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match at_rest {
        Some(at_rest) => Connection::open_with_flags(&at_rest.uri, flags | OpenFlags::SQLITE_OPEN_URI),
        None => Connection::open_with_flags(path, flags),
    }
}

/// Opens a file for reading, and leaves nothing beside it.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    open(path, AtRest::of(path).as_ref())
}

/// Whether this user may write a file. To be asked while no connection to it is open: closing a file lets go
/// of the locks that the process holds on it.
pub(crate) fn may_write(path: &Path) -> bool {
    OpenOptions::new().write(true).open(path).is_ok()
}

/// Whether reading failed because a rollback journal of a killed process lies beside the file.
pub(super) fn is_hot_journal(error: &rusqlite::Error, path: &Path) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
        && beside(path, "-journal").exists()
}

/// The first read of a writer rolls a hot journal back; nothing else is done.
pub(super) fn roll_back(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))
}

/// SQLite's error as a sentence about the file.
pub(super) fn explain(error: &rusqlite::Error, path: &Path) -> anyhow::Error {
    let shown = path.display();
    let sentence = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            format!("{shown} is not an SQLite database (or is encrypted): name the bot's file with --db")
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("{shown} is damaged: run `sqlite3 {shown} 'PRAGMA integrity_check'` and restore a backup")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "{shown} stayed locked for {} s: another process holds its write lock",
            BUSY_TIMEOUT.as_secs()
        ),
        _ if is_hot_journal(error, path) => format!(
            "{shown} cannot be read before somebody rolls back the half-written transaction of a killed \
             process beside it: start the bot, or run without --dry-run as a user who may write its folder"
        ),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => format!(
            "{shown} cannot be opened: check that this user may read the file and, \
             while a -wal or -journal file lies beside it, write its folder"
        ),
        Some(ErrorCode::SystemIoFailure) => format!(
            "{shown} cannot be read: check the disk, and what lies beside the file under its name with \
             -journal or -wal"
        ),
        _ => format!("{shown} cannot be read: run `sqlite3 {shown} 'PRAGMA integrity_check'`"),
    };
    anyhow!("{sentence} ({error})")
}
