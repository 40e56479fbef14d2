//! Which codes follow which.

use std::collections::{HashMap, HashSet};

use crate::config::read::{Findings, Text, nearest};
use crate::diagnostic::Diagnostic;

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

    /// Reports every code for some roles only that others could have done by keying a code that it follows.
    pub(super) fn report_forbidden(&self, drafts: &[Draft], found: &mut Findings<'_>) {
        for (at, follower) in drafts.iter().enumerate().filter(|(_, draft)| draft.is_keyed()) {
            let Some(allowed) = &follower.allow else { continue };
            let lets_in = |draft: &&Draft| {
                draft.is_keyed()
                    && draft
                        .allow
                        .as_ref()
                        .is_none_or(|roles| roles.iter().any(|role| !allowed.contains(role)))
            };
            for &direct in &self.leaders[at] {
                let through = self.leaders(direct).into_iter().map(|leader| &drafts[leader]).find(lets_in);
                if let (Some(keyed), Some(name)) = (through, named(&drafts[direct], follower)) {
                    found.push(forbidden(keyed, follower, name, found));
                }
            }
        }
    }

    /// Reports every name by which a chain comes back to a code in it.
    fn report_endless(&self, drafts: &[Draft], found: &mut Findings<'_>) {
        for (at, draft) in drafts.iter().enumerate().filter(|(at, _)| !self.leaders[*at].is_empty()) {
            let before = self.leaders(at);
            let back = self.followers[at].iter().filter(|follower| before.contains(follower));
            for name in back.filter_map(|&follower| named(draft, &drafts[follower])) {
                let message = "a code that follows itself never ends";
                let help = "take it out of `then`, or out of the `then` of a code that follows it";
                found.push(found.error("endless-chain", message, name.span.clone()).help(help));
            }
        }
    }
}

/// Where a code names one that follows it.
fn named<'d>(leader: &'d Draft, follower: &Draft) -> Option<&'d Text> {
    let name = follower.name.as_ref()?;
    leader.then.iter().find(|text| text.value == name.value)
}

fn forbidden(keyed: &Draft, follower: &Draft, name: &Text, found: &Findings<'_>) -> Diagnostic {
    let leader = keyed.name.as_ref().map_or("a code", |name| &name.value);
    let message = format!("`{}` is not for everybody who may key `{leader}`", name.value);
    let help =
        format!("give `{leader}` the same `allow`, or write a code without keys for what is to follow");
    let error =
        found.error("allow-follower", message, name.span.clone()).labelled("it follows here").help(help);
    let place = follower.name.as_ref().map(|name| found.place(name.span.clone()));
    place.into_iter().fold(error, |error, place| error.related(place, "it has an `allow`"))
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
