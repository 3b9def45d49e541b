//! Data flows one way: files have no circles, and no room uses one that stands behind it.
//!
//! An arrow is a path in the code of one file, outside its tests, that leads to another file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The files and folders right below `src`: each may use those before it.
const ROOMS: &str = "sanitize sqlite_error plural span dollars similarity demo model guard cli sandbox source config logging
    exit_code metrics checks reading redaction prompt grounding llm store output alerts doctor commands audit main";

/// Modules that each module uses, by their paths below the crate.
type Arrows = BTreeMap<String, BTreeSet<String>>;

#[test]
fn files_have_no_circles() {
    let arrows = arrows();
    let leads_back = |(from, other): &(&String, &String)| reachable(&arrows, other).contains(from.as_str());
    let circles: Vec<_> = each(&arrows).filter(leads_back).collect();
    assert!(circles.is_empty(), "move what these files share into a file of its own: {circles:#?}");
}

#[test]
fn no_room_uses_one_behind_it() {
    let place = |module: &str| {
        let room = module.split("::").next().unwrap_or_default();
        let place = ROOMS.split_whitespace().position(|known| known == room);
        place.unwrap_or_else(|| panic!("give {room} its place among the rooms of this test"))
    };
    let arrows = arrows();
    let back: Vec<_> = each(&arrows).filter(|(from, other)| place(from) < place(other)).collect();
    assert!(back.is_empty(), "arrows that run back: {back:#?}");
}

#[test]
fn arrows_are_seen_in_every_form_of_a_path() {
    let modules = ["main", "a", "a::one", "a::two", "b"].map(|name| (name.to_owned(), String::new())).into();
    let code = "use super::{one::{X, Y as Z}, two};\npub(in crate::b) fn f() { crate::a::two::g(one::H) }\n\
                // crate::b\n#[cfg(test)]\nmod tests {\n use crate::b::T;\n}";
    let seen = |module| used(module, code, &modules).into_iter().collect::<Vec<_>>();
    assert_eq!(seen("a::two"), ["a::one"]);
    assert_eq!(seen("a"), ["a::one", "a::two", "main"]);
}

fn arrows() -> Arrows {
    let mut modules = BTreeMap::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut modules);
    let arrows: Arrows =
        modules.iter().map(|(module, code)| (module.clone(), used(module, code, &modules))).collect();
    assert!(arrows.values().map(BTreeSet::len).sum::<usize>() > 100, "the arrows are not found");
    arrows
}

/// Each arrow by its two ends.
fn each(arrows: &Arrows) -> impl Iterator<Item = (&String, &String)> {
    arrows.iter().flat_map(|(from, others)| others.iter().map(move |other| (from, other)))
}

/// Reads the modules of a folder, but for those that hold nothing but tests.
fn collect(folder: &Path, parent: &str, modules: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let module = if parent.is_empty() { name.to_owned() } else { format!("{parent}::{name}") };
        if path.is_dir() && name != "tests" {
            collect(&path, &module, modules);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !name.ends_with("tests") {
            let module = if name == "mod" { parent.to_owned() } else { module };
            modules.insert(module, fs::read_to_string(&path).unwrap());
        }
    }
}

/// The other modules that a module's code names.
fn used(module: &str, code: &str, modules: &BTreeMap<String, String>) -> BTreeSet<String> {
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join("\n").replace("pub(in crate", "pub(in ");
    let mut used = BTreeSet::new();
    for statement in code.split(';') {
        // In prose, a letter stands before the word.
        let is_import =
            |at: &usize| !statement[..*at].trim_end().ends_with(|letter: char| letter.is_alphanumeric());
        let import = statement.match_indices("use ").map(|(at, _)| at).find(is_import);
        let (before, tree) = import.map_or((statement, ""), |at| (&statement[..at], &statement[at + 4..]));
        let inline = before.split(|letter: char| !letter.is_alphanumeric() && !"_:".contains(letter));
        let mut paths: Vec<String> = inline.filter(|path| path.contains("::")).map(str::to_owned).collect();
        expand("", tree, &mut paths);
        used.extend(paths.iter().filter_map(|path| resolved(module, path, modules)));
    }
    used.remove(module);
    used
}

/// The paths of a tree of imports.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, inside)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default().trim();
        return paths.extend((!name.is_empty()).then(|| format!("{prefix}{name}")));
    };
    let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
    let mut depth = 0;
    let parts = inside.split(|letter: char| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && depth == 0
    });
    parts.for_each(|part| expand(&format!("{prefix}{}", head.trim()), part, paths));
}

/// The module that a path leads into, where it is one of ours.
fn resolved(module: &str, path: &str, modules: &BTreeMap<String, String>) -> Option<String> {
    let child = |parent: &str, name: &str| match parent {
        "main" => name.to_owned(),
        parent => format!("{parent}::{name}"),
    };
    let parent = |module: &str| module.rsplit_once("::").map_or("main", |(parent, _)| parent).to_owned();
    let mut names = path.split("::").peekable();
    let mut at = match *names.peek()? {
        "crate" => "main".to_owned(),
        "self" | "super" => module.to_owned(),
        name if modules.contains_key(&child(module, name)) => module.to_owned(),
        _ => return None,
    };
    for name in names {
        at = match name {
            "crate" | "self" => at,
            "super" => parent(&at),
            name if modules.contains_key(&child(&at, name)) => child(&at, name),
            _ => break,
        };
    }
    Some(at)
}

fn reachable<'a>(arrows: &'a Arrows, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = arrows[from].iter().map(String::as_str).collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(arrows[module].iter().map(String::as_str));
        }
    }
    reached
}
