//! What becomes of each section.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};

use super::contest::{Ask, Contender, Contest, Lost, automaton, buffers, shown, word};
use super::general::General;
use super::ini::{Ini, Section};
use super::keys::{self, Branch};
use super::operation::{self, Act};
use super::trigger::{self, BUILT_IN, Not, OwnState, States, TAKEN};

/// How often keys are taken off a section that others take first.
const ROUNDS: usize = 16;

/// How many sections can be compared.
const SECTIONS: usize = 200;
/// How many parameters a section may have.
const PARAMS: usize = 100;
/// How many steps comparing all sections may take.
const STEPS: usize = 10_000_000;

/// A section that can act.
pub(super) struct Candidate {
    /// The section, as a place among them.
    pub(super) section: usize,
    pub(super) states: States,
    branches: Vec<Branch>,
    contender: Contender,
}

/// All sections that can act, and how they get in each other's way.
pub(super) struct Plan<'i> {
    pub(super) ini: &'i Ini,
    pub(super) general: &'i General,
    pub(super) own: Vec<OwnState>,
    pub(super) candidates: Vec<Candidate>,
    /// What is known already of the other sections.
    pub(super) settled: BTreeMap<usize, Not>,
    /// How many steps are left for comparing sections.
    steps: Cell<usize>,
    /// By state, the sections that ever fire; `None` if there was too much to look at.
    firing: Vec<(String, Option<HashSet<usize>>)>,
}

/// What is keyed for a section in some of its states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keyed {
    pub(super) branches: Vec<Branch>,
    pub(super) states: Vec<String>,
    /// What is good to know.
    pub(super) remarks: Vec<String>,
}

impl<'i> Plan<'i> {
    pub(super) fn new(ini: &'i Ini, general: &'i General) -> Self {
        let own = operation::own_states(&ini.sections);
        let mut plan = Plan {
            ini,
            general,
            own,
            candidates: Vec::new(),
            settled: BTreeMap::new(),
            steps: Cell::new(STEPS),
            firing: Vec::new(),
        };
        for (at, section) in ini.sections.iter().enumerate() {
            let is_settings = section.name == "general" || section.name == "configuration";
            if is_settings && section.filled("trigger").is_none() {
                continue;
            }
            match plan.candidate(at, section) {
                Ok(candidate) => plan.candidates.push(candidate),
                Err(not) => {
                    plan.settled.insert(at, not);
                }
            }
        }
        plan.firing =
            plan.state_names().map(|state| (state.to_owned(), plan.contest(state).firing())).collect();
        plan
    }

    /// The states of touchtone, without that of pass-through.
    pub(super) fn state_names(&self) -> impl Iterator<Item = &str> {
        BUILT_IN.into_iter().chain(self.own.iter().map(|(_, here)| here.as_str()))
    }

    fn candidate(&self, at: usize, section: &Section) -> Result<Candidate, Not> {
        if self.candidates.len() == SECTIONS || section.params.len() > PARAMS {
            let why =
                format!("there are more than {SECTIONS} sections, or more than {PARAMS} parameters in it");
            return Err(Not::Carried(why));
        }
        let branches = trigger::branches(section, self.general.least)?;
        if let Some(note) = &section.unknown {
            return Err(Not::Carried(format!("it is not known whole: {note}; {TAKEN}")));
        }
        let states = trigger::states(section, &self.own)?;
        let automaton = automaton(&buffers(&branches)).ok_or_else(|| {
            Not::Carried(format!("its trigger is too large to be compared with the others; {TAKEN}"))
        })?;
        let shortest = branches.iter().map(|branch| keys::shortest(&branch.items)).min().unwrap_or_default();
        let longest = branches.iter().filter(|branch| branch.begin && branch.end);
        let longest = longest.map(|branch| keys::longest(&branch.items)).collect::<Option<Vec<_>>>();
        let bounded = branches.iter().all(|branch| branch.begin && branch.end);
        if let Some(longest) = longest.and_then(|all| all.into_iter().max()).filter(|_| bounded)
            && longest < self.general.least
        {
            return Err(Not::Idle(format!(
                "pbxassist looks at nothing shorter than minlen={}, and {} is all that this matches",
                self.general.least,
                counted(longest)
            )));
        }
        if shortest > self.general.most {
            let most = self.general.most;
            return Err(Not::Idle(format!("it takes {}, and maxlen={most} are kept", counted(shortest))));
        }
        let keeps = operation::act(section) == Act::Keep
            || section.filled("pastekeys").is_some_and(super::value::is_whole_match);
        let greedy = operation::is_greedy(section);
        let contender = Contender { id: at, automaton, keeps, greedy };
        Ok(Candidate { section: at, states, branches, contender })
    }

    fn contest(&self, state: &str) -> Contest<'_> {
        let here = |candidate: &&Candidate| candidate.states.here.iter().any(|name| name == state);
        let contenders = self.candidates.iter().filter(here).map(|candidate| &candidate.contender);
        Contest { contenders: contenders.collect(), least: self.general.least, steps: &self.steps }
    }

    fn name(&self, section: usize) -> &str {
        &self.ini.sections[section].name
    }

    /// The states in which a section ever does anything.
    pub(super) fn live(&self, candidate: &Candidate) -> Result<Vec<String>, Not> {
        let fires = |state: &str| {
            let known = self.firing.iter().find(|(name, _)| name == state).and_then(|(_, ids)| ids.as_ref());
            known.is_none_or(|ids| ids.contains(&candidate.section))
        };
        let live: Vec<String> = candidate.states.here.iter().filter(|state| fires(state)).cloned().collect();
        if live.is_empty() { Err(self.never(candidate)) } else { Ok(live) }
    }

    /// Why a section never does anything.
    fn never(&self, candidate: &Candidate) -> Not {
        let state = candidate.states.here.first().map_or("", String::as_str);
        let word = word(&candidate.contender.automaton, self.general.least).unwrap_or_default();
        let Some((other, count)) = self.contest(state).taken(&word) else {
            return Not::Idle("pbxassist never comes to it: other sections take its keys first".to_owned());
        };
        let taken = shown(&word[..count]);
        let name = self.name(other);
        if self.meet(candidate, other) {
            Not::Idle(format!(
                "pbxassist never comes to it: at `{taken}` it does [{name}], which empties the buffer"
            ))
        } else {
            Not::Carried(format!(
                "at `{taken}` there is [{name}] already, and the states in which pbxassist tells them apart are one \
                 here, `{state}`"
            ))
        }
    }

    /// Whether there is a state of pbxassist in which both act.
    fn meet(&self, candidate: &Candidate, other: usize) -> bool {
        let other = self.candidates.iter().find(|candidate| candidate.section == other);
        other
            .is_none_or(|other| candidate.states.there.iter().any(|state| other.states.there.contains(state)))
    }

    /// What is keyed for a section, state by state where that differs.
    pub(super) fn keyed(&self, candidate: &Candidate) -> Result<Vec<Keyed>, Not> {
        let mut all: Vec<Keyed> = Vec::new();
        for state in self.live(candidate)? {
            let (branches, remarks) = self.resolve(candidate, &state).map_err(Not::Carried)?;
            match all.iter_mut().find(|keyed| (&keyed.branches, &keyed.remarks) == (&branches, &remarks)) {
                Some(keyed) => keyed.states.push(state),
                None => all.push(Keyed { branches, states: vec![state], remarks }),
            }
        }
        Ok(all)
    }

    pub(super) fn trimmed(&self, candidate: &Candidate) -> Vec<Branch> {
        let mut trimmed: Vec<Branch> = Vec::new();
        for mut branch in candidate.branches.iter().cloned() {
            branch.trim(self.general.least);
            // What is keyed does not depend on what may stand around it.
            (branch.begin, branch.end) = (true, true);
            if !trimmed.contains(&branch) {
                trimmed.push(branch);
            }
        }
        trimmed
    }

    /// The keys of a section in one state, without those that others take first.
    fn resolve(&self, candidate: &Candidate, state: &str) -> Result<(Vec<Branch>, Vec<String>), String> {
        let contest = self.contest(state);
        let mut branches = self.trimmed(candidate);
        let mut remarks = Vec::new();
        let no_others = candidate.branches.iter().all(|branch| branch.begin);
        let mut ask = Ask { no_others, enough: true };
        for _ in 0..ROUNDS {
            let Some(words) = automaton(&buffers(&branches)) else { break };
            match contest.compare(candidate.section, &words, ask) {
                Some(Ok(())) => return Ok((branches, remarks)),
                None => {
                    remarks
                        .push("It was not compared with the other sections: they are too many.".to_owned());
                    return Ok((branches, remarks));
                }
                Some(Err(Lost::TooFew(keys))) => {
                    ask.enough = false;
                    remarks.push(format!(
                        "pbxassist does this only with another key before it, because `{keys}` is shorter than minlen={}.",
                        self.general.least
                    ));
                }
                Some(Err(Lost::To { other, taken, keys })) => {
                    branches = self.less(&branches, other).ok_or_else(|| {
                        format!(
                            "of `{keys}` pbxassist takes `{taken}` for [{}]: say by hand which keys are left",
                            self.name(other)
                        )
                    })?;
                    ask.no_others = false;
                }
                Some(Err(Lost::ToItself { taken, keys })) => {
                    return Err(format!(
                        "it takes `{taken}` already, the beginning of `{keys}`: say by hand where its keys end"
                    ));
                }
                Some(Err(Lost::Missing(keys))) => {
                    return Err(format!(
                        "it takes `{keys}` too, in a way that is not understood: say by hand which keys it has"
                    ));
                }
            }
        }
        Err("too many other sections take its keys first: say by hand which are left".to_owned())
    }

    /// The branches without what another section takes, if that makes them fewer.
    fn less(&self, branches: &[Branch], other: usize) -> Option<Vec<Branch>> {
        let other = self.candidates.iter().find(|candidate| candidate.section == other)?;
        let mut left = branches.to_vec();
        for taken in self.trimmed(other) {
            let parts = left.iter().map(|branch| keys::without(branch, &taken));
            left = parts.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        }
        (!left.is_empty() && left != branches && left.len() <= 32).then_some(left)
    }
}

pub(super) fn counted(keys: usize) -> String {
    if keys == 1 { "one key".to_owned() } else { format!("{keys} keys") }
}
