//! Whether a run could write its alerts and its log. Nothing is left of the attempts.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::config::Config;
use crate::{guard, logging, store};

/// The file of the alerts: written in a transaction that is rolled back or, where the first run is to make
/// it, a file beside it.
pub(super) fn alerts(config: &Config) -> Result<String, String> {
    let path = config.alerts_path();
    let shown = path.display();
    if config.alerts_db.is_some() && !path.exists() {
        return match try_beside(path) {
            Ok(()) => Ok(format!("{shown} is not there yet and can be made")),
            Err(error) => Err(format!("{shown} cannot be made: {error}; {}", remedy(&error, path))),
        };
    }
    match guard::run(|| store::try_writing(config)) {
        Ok(()) => Ok(format!("alerts can be stored in {shown}")),
        Err(error) => Err(format!("no alerts can be stored in {shown}: {error:#}")),
    }
}

/// The log file: opened or, where a run is to make it, a file beside it.
pub(super) fn log(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let tried = match logging::missing_folder(path) {
        _ if path.exists() => OpenOptions::new().append(true).open(path).map(drop),
        Some(folder) => try_beside(folder),
        None => try_beside(path),
    };
    match tried {
        Ok(()) => Ok(format!("{shown} can be written")),
        Err(error) => Err(format!("{shown} cannot be written: {error}; {}", remedy(&error, path))),
    }
}

fn remedy(error: &io::Error, path: &Path) -> &'static str {
    match error.kind() {
        io::ErrorKind::IsADirectory => "name a file in it",
        io::ErrorKind::NotFound if logging::missing_folder(path).is_some() => {
            "make its folder, or name another file"
        }
        _ => "let this user write there, or name another file",
    }
}

/// Makes a file in the folder in which this one is to be made, writes to it and removes it.
fn try_beside(path: &Path) -> io::Result<()> {
    let probe = path.with_file_name(format!(".autonomous-monitor-doctor-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&probe)?;
    let written = file.write_all(b"can this be written?\n").and_then(|()| file.sync_all());
    fs::remove_file(&probe)?;
    written
}
