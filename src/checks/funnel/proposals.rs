//! Proposals to buy and what became of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::checks::check::Evidence;
use crate::source::log::{Entry, Log, quotable};
use crate::untrusted::cut;

/// The window's proposals to buy: the decisions to buy whose end the log has, and the outcomes that no such
/// decision precedes. Each has at most one refusal, so that no share of them is more than the whole.
#[derive(Debug, Default)]
pub(in crate::checks) struct Proposals {
    /// All of them.
    pub(in crate::checks) count: u64,
    /// Openings and refusals that no decision to buy precedes.
    pub(super) without_decision: u64,
    /// Positions that were opened.
    pub(super) opened: u64,
    refused: BTreeMap<Cow<'static, str>, Evidence>,
}

/// Where a row stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    BehindProposal,
    BehindRefusal,
    AtTheEnd,
    Elsewhere,
}

impl Proposals {
    /// Those of a log.
    pub(in crate::checks) fn of(log: &Log) -> Self {
        let mut proposals = Self::default();
        let mut decisions = log.decisions.iter().peekable();
        let mut stands = Place::Elsewhere;
        for (place, entry) in log.entries().enumerate() {
            if let Some(decision) = decisions.next_if(|decision| decision.place == place) {
                stands = match log.consequences(decision) {
                    None => Place::AtTheEnd,
                    Some(_) if decision.is("BUY") => Place::BehindProposal,
                    Some(_) => Place::Elsewhere,
                };
                proposals.count += u64::from(stands == Place::BehindProposal);
            } else if Log::is_next_step(entry) {
                stands = Place::Elsewhere;
            } else if stands != Place::AtTheEnd {
                stands = proposals.outcome(entry, stands);
            }
        }
        for evidence in proposals.refused.values_mut() {
            evidence.of = proposals.count;
        }
        proposals
    }

    /// Takes what may be an outcome, and tells where the next row stands.
    fn outcome(&mut self, entry: Entry<'_>, stands: Place) -> Place {
        let reason = reason_of(entry).filter(|_| !entry.description().starts_with("SELL"));
        let is_opened = entry.kind() == "trade_opened";
        self.opened += u64::from(is_opened);
        if stands == Place::BehindRefusal || (reason.is_none() && !is_opened) {
            return stands;
        }
        let alone = u64::from(stands == Place::Elsewhere);
        self.count += alone;
        self.without_decision += alone;
        if let Some(reason) = reason {
            self.refused.entry(reason).or_default().fault(|| {
                let text = match entry.limit() {
                    None | Some("other") => Cow::Owned(quotable(entry.description())),
                    Some(_) => Cow::Borrowed(entry.description()),
                };
                format!("#{} {}", entry.id(), cut(&text, 110))
            });
        }
        if alone == 0 { Place::BehindRefusal } else { stands }
    }

    /// The reason that refuses most of them, if it refuses more than this share.
    pub(super) fn dominant(self, least_share: f64) -> Option<(Cow<'static, str>, Evidence)> {
        /// Fewer make no share.
        const FEWEST: u64 = 100;
        let most = self.refused.into_iter().max_by_key(|(_, evidence)| evidence.count);
        most.filter(|(_, refused)| {
            refused.of >= FEWEST && refused.count as f64 > least_share * refused.of as f64
        })
    }
}

/// The reason of a refusal in a word or two; `None` where the row refuses nothing.
pub(super) fn reason_of(entry: Entry<'_>) -> Option<Cow<'static, str>> {
    match (entry.limit(), entry.kind()) {
        (Some("other"), _) => Some(in_words(entry.description()).into()),
        (Some(limit), _) if limit.contains('_') => Some(limit.replace('_', " ").into()),
        (Some(limit), _) => Some(limit.into()),
        (None, "decision_rejected") if !entry.description().starts_with("HOLD") => {
            let (_, reason) = entry.description().split_once(": ")?;
            Some(in_words(reason.split('(').next().unwrap_or(reason)).into())
        }
        _ => None,
    }
}

/// The words behind `BUY solana $100.00:`, without numbers.
fn in_words(description: &str) -> String {
    let reason = description.split_once(": ").map_or(description, |(_, reason)| reason);
    let words =
        reason.split_whitespace().filter(|word| !word.contains(|letter: char| letter.is_ascii_digit()));
    cut(&quotable(&words.take(8).collect::<Vec<_>>().join(" ")), 60)
}
