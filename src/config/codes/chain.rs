//! Which codes follow which.

use std::collections::{HashMap, HashSet};

use crate::config::read::{Findings, Text, nearest};

use super::Draft;

/// Names of codes.
pub(super) type Names = HashSet<String>;

/// The names of all codes that follow others, of what follows each.
pub(super) fn followers(then: &[Vec<Text>]) -> Names {
    then.iter().flatten().map(|name| name.value.clone()).collect()
}

/// Which codes follow which, each as a place among the codes.
pub(super) struct Chains {
    followers: Vec<Vec<usize>>,
    leaders: Vec<Vec<usize>>,
}

impl Chains {
    /// Finds the codes that are named, and reports names that no code has, and codes that would follow themselves.
    pub(super) fn new(drafts: &[Draft], found: &mut Findings<'_>) -> Self {
        let named = drafts
            .iter()
            .enumerate()
            .filter_map(|(at, draft)| Some((draft.name.as_ref()?.value.as_str(), at)));
        let places: HashMap<&str, usize> = named.collect();
        let mut leaders = vec![Vec::new(); drafts.len()];
        let mut followers = Vec::with_capacity(drafts.len());
        for (at, draft) in drafts.iter().enumerate() {
            let place = |name: &Text| {
                places.get(name.value.as_str()).copied().or_else(|| unknown(name, &places, found))
            };
            let then: Vec<usize> = draft.then.iter().filter_map(place).collect();
            then.iter().for_each(|&follower| leaders[follower].push(at));
            followers.push(then);
        }
        let chains = Chains { followers, leaders };
        chains.report_endless(drafts, found);
        chains
    }

    /// The codes that follow a code directly, in order.
    pub(super) fn followers(&self, code: usize) -> &[usize] {
        &self.followers[code]
    }

    /// A code, and all that it follows, directly or not.
    pub(super) fn leaders(&self, code: usize) -> Vec<usize> {
        let mut found = vec![code];
        let mut known = HashSet::from([code]);
        let mut next = 0;
        while let Some(&at) = found.get(next) {
            found.extend(self.leaders[at].iter().filter(|&&leader| known.insert(leader)));
            next += 1;
        }
        found
    }

    fn report_endless(&self, drafts: &[Draft], found: &mut Findings<'_>) {
        for (at, draft) in drafts.iter().enumerate().filter(|(at, _)| !self.leaders[*at].is_empty()) {
            let again = self.followers[at]
                .iter()
                .any(|&follower| follower == at || self.leaders(at).contains(&follower));
            if let Some(name) = draft.then.first().filter(|_| again) {
                let message = "a code that follows itself never ends";
                let help = "take it out of `then`, or out of the `then` of a code that follows it";
                found.push(found.error("endless-chain", message, name.span.clone()).help(help));
            }
        }
    }
}

fn unknown(name: &Text, places: &HashMap<&str, usize>, found: &mut Findings<'_>) -> Option<usize> {
    let message = format!("there is no code {:?}", name.value);
    let help = match nearest(&name.value, places.keys().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "`then` names other codes of this file".to_owned(),
    };
    found.push(found.error("unknown-code", message, name.span.clone()).help(help));
    None
}
