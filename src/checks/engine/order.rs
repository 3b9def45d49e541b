//! The order in which checks run: explainers before what they explain, distrusters before what needs the cell.

use std::collections::{BTreeMap, BTreeSet};

use super::member::Member;

/// Checks in the order in which they run, and those that cannot, each with the reason.
pub(super) struct Ordered {
    pub(super) members: Vec<Member>,
    pub(super) broken: Vec<(Member, String)>,
}

/// Sorts them; beside that they stay as they were.
pub(super) fn sort(members: Vec<Member>) -> Ordered {
    let mut walk = Walk {
        members: &members,
        states: vec![State::New; members.len()],
        done: Vec::new(),
        broken: BTreeMap::new(),
    };
    for place in 0..members.len() {
        walk.visit(place);
    }
    let (done, mut reasons) = (walk.done, walk.broken);
    let mut all: Vec<Option<Member>> = members.into_iter().map(Some).collect();
    let mut take = |place: usize| all.get_mut(place).and_then(Option::take);
    let mut ordered = Ordered { members: Vec::new(), broken: Vec::new() };
    for place in done {
        match (take(place), reasons.remove(&place)) {
            (Some(member), None) => ordered.members.push(member),
            (Some(member), Some(reason)) => ordered.broken.push((member, reason)),
            (None, _) => {}
        }
    }
    ordered
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Under,
    Done,
}

struct Walk<'members> {
    members: &'members [Member],
    states: Vec<State>,
    done: Vec<usize>,
    broken: BTreeMap<usize, String>,
}

impl Walk<'_> {
    fn visit(&mut self, place: usize) {
        let Some(member) = self.members.get(place) else { return };
        self.set(place, State::Under);
        for other in self.before(place, member) {
            match self.states.get(other) {
                Some(State::New) => self.visit(other),
                Some(State::Under) => {
                    let other = self.members.get(other).map_or("", Member::id);
                    let reason = format!("it waits for {other}, which waits for it: drop one of the two");
                    self.broken.insert(place, reason);
                }
                _ => {}
            }
        }
        self.set(place, State::Done);
        self.done.push(place);
    }

    fn set(&mut self, place: usize, state: State) {
        if let Some(known) = self.states.get_mut(place) {
            *known = state;
        }
    }

    /// What must have run before a check.
    fn before(&mut self, place: usize, member: &Member) -> BTreeSet<usize> {
        let mut before = BTreeSet::new();
        for id in member.explained_by() {
            match self.members.iter().position(|other| other.id() == id) {
                Some(other) => {
                    before.insert(other);
                }
                None => {
                    let reason = format!("explained_by names {id}, and there is no such check");
                    self.broken.insert(place, reason);
                }
            }
        }
        for cell in member.needs() {
            let distrusts = |other: &Member| other.distrusts().contains(&cell);
            let others = self.members.iter().enumerate().filter(|(_, other)| distrusts(other));
            before.extend(others.map(|(other, _)| other));
        }
        before
    }
}
