//! All checks of a run: functions, our own rules, and those of the user's folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use include_dir::{Dir, include_dir};

use super::member::Member;
use super::order;
use super::rule::Rule;
use crate::checks::theme::Theme;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/checks/rules");

/// All checks, in the order in which they run.
#[derive(Debug)]
pub(crate) struct Catalogue {
    members: Vec<Member>,
    /// Files that hold no check, and why.
    pub(crate) broken: Vec<Broken>,
    /// Our own rules that a user's replaces.
    pub(crate) replaced: Vec<String>,
}

/// A file that holds no check.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Its path, or the name of one of our own.
    pub(crate) file: String,
    /// What is wrong with it, in one sentence.
    pub(crate) reason: String,
}

impl Catalogue {
    /// Functions, our own rules, a file of the user's and those of a folder. It lives as long as the process does, so that the names of
    /// checks can be handed around as plain texts.
    pub(crate) fn load(code: Vec<Member>, file: Option<&Path>, folder: Option<&Path>) -> &'static Self {
        let mut read = Reading { members: code, broken: Vec::new(), replaced: Vec::new() };
        read.embedded();
        if let Some(file) = file {
            read.add(read_rule(file), &file.display().to_string());
        }
        if let Some(folder) = folder {
            read.folder(folder);
        }
        Box::leak(Box::new(read.ordered()))
    }

    /// The checks, in the order in which they run.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// A check by its name.
    pub(crate) fn find(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id() == id)
    }
}

fn read_rule(file: &Path) -> anyhow::Result<Rule> {
    const LONGEST_BYTES: u64 = 1_000_000;
    let bytes = fs::metadata(file).context("the file cannot be read")?.len();
    ensure!(bytes <= LONGEST_BYTES, "the file is larger than 1 MB");
    Rule::of_user(&fs::read_to_string(file).context("the file cannot be read")?, file)
}

struct Reading {
    members: Vec<Member>,
    broken: Vec<Broken>,
    replaced: Vec<String>,
}

impl Reading {
    fn embedded(&mut self) {
        for folder in EMBEDDED.dirs() {
            let theme = Theme::of_folder(&folder.path().to_string_lossy());
            for file in folder.files() {
                let theme = theme.context("the folder is no theme");
                let text = file.contents_utf8().context("the file is not UTF-8");
                let rule = theme.and_then(|theme| Rule::embedded(text?, theme));
                self.add(rule, &file.path().display().to_string());
            }
        }
    }

    /// Every `*.sql` of a folder, by name.
    fn folder(&mut self, folder: &Path) {
        let listed = fs::read_dir(folder).and_then(|entries| {
            let paths = entries.map(|entry| entry.map(|entry| entry.path()));
            paths.collect::<Result<Vec<PathBuf>, _>>()
        });
        let mut files = match listed {
            Ok(files) => files,
            Err(error) => {
                let reason = format!("the folder of checks cannot be read: {error}");
                return self.broken.push(Broken { file: folder.display().to_string(), reason });
            }
        };
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        for file in files {
            self.add(read_rule(&file), &file.display().to_string());
        }
    }

    fn add(&mut self, rule: anyhow::Result<Rule>, file: &str) {
        let rule = match rule {
            Ok(rule) => rule,
            Err(error) => return self.reject(file, &format!("{error:#}")),
        };
        let id = rule.header.id.clone();
        let known = self.members.iter().position(|member| member.id() == id);
        match known.and_then(|place| Some((place, self.members.get(place)?.file().map(Path::to_owned)))) {
            None => self.members.push(Member::Rule(Box::new(rule))),
            Some((_, Some(other))) => {
                self.reject(file, &format!("{} has the id {id} already", other.display()));
            }
            Some((_, None)) if rule.file.is_none() => self.reject(file, &format!("the id {id} is taken")),
            Some((place, None)) => {
                self.members.remove(place);
                self.members.push(Member::Rule(Box::new(rule)));
                self.replaced.push(id);
            }
        }
    }

    fn reject(&mut self, file: &str, reason: &str) {
        self.broken.push(Broken { file: file.to_owned(), reason: reason.to_owned() });
    }

    fn ordered(self) -> Catalogue {
        let ordered = order::sort(self.members);
        let broken = ordered.broken.into_iter().map(|(member, reason)| Broken {
            file: member.file().map_or_else(|| member.id().to_owned(), |file| file.display().to_string()),
            reason,
        });
        let broken = self.broken.into_iter().chain(broken).collect();
        Catalogue { members: ordered.members, broken, replaced: self.replaced }
    }
}
