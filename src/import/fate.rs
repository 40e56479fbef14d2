//! From a section to codes, or to why there are none.

use super::code::{Code, Operation, plain, unique};
use super::ini::Section;
use super::keys::{Branch, Item, KeySet, Names};
use super::operation::{self, ASK, Act};
use super::plan::{Candidate, Keyed, Plan};
use super::trigger::{BUILT_IN, Not};
use super::value;
use crate::config::names as known;
use crate::grammar::Limits;
use crate::grammar::compile::Builder;
use crate::grammar::dregex;
use crate::key::KEY_COUNT;

/// What becomes of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// These codes do the same; what is lost of it is said.
    Codes { codes: Vec<Code>, lost: Vec<String> },
    /// It needs no code, and this is why.
    Needless(String),
    /// Keys that no code wants go on in these states.
    Passes { states: Vec<String>, why: String },
    /// It does nothing in pbxassist either.
    Idle(String),
    /// It is not carried.
    Lost(String),
}

impl From<Not> for Fate {
    fn from(not: Not) -> Self {
        match not {
            Not::Idle(why) => Fate::Idle(why),
            Not::Carried(why) => Fate::Lost(why),
        }
    }
}

/// What the codes of all sections have in common.
pub(super) struct Maker<'p> {
    pub(super) plan: &'p Plan<'p>,
    /// The names of codes so far.
    pub(super) names: Vec<String>,
    /// The state in which all keys go on.
    pub(super) pass_through: String,
}

impl Maker<'_> {
    pub(super) fn fate(&mut self, candidate: &Candidate) -> Fate {
        self.try_fate(candidate).unwrap_or_else(Fate::from)
    }

    fn try_fate(&mut self, candidate: &Candidate) -> Result<Fate, Not> {
        let section = &self.plan.ini.sections[candidate.section];
        let live = self.plan.live(candidate)?;
        match operation::act(section) {
            Act::Keep => {
                let why =
                    "it keeps keys in the buffer, for what they may lead to: touchtone does so by itself";
                return Ok(Fate::Needless(why.to_owned()));
            }
            Act::Paste => return Err(Not::Carried(paste(section))),
            Act::Transparent if section.filled("text").or(section.filled("pbxprompt")).is_none() => {
                if let Some(why) = self.passes(candidate)? {
                    return Ok(Fate::Passes { states: live, why });
                }
            }
            _ => {}
        }
        if !self.plan.trimmed(candidate).iter().all(Branch::can_be_said) {
            let why = "alternatives that are repeated need a rule of a grammar file: write that, and name it by `rule`";
            return Err(Not::Carried(why.to_owned()));
        }
        let mut made = Made { codes: Vec::new(), lost: candidate.states.remark.iter().cloned().collect() };
        for keyed in self.plan.keyed(candidate)? {
            self.codes(candidate, section, &keyed, &mut made).map_err(Not::Carried)?;
        }
        Ok(Fate::Codes { codes: made.codes, lost: made.lost })
    }

    /// Whether single keys go on as they come, which needs no code.
    fn passes(&self, candidate: &Candidate) -> Result<Option<String>, Not> {
        // What others take first is theirs here too.
        self.plan.keyed(candidate)?;
        let digits = KeySet::of(|key| key.symbol().is_ascii_digit());
        let branches = self.plan.trimmed(candidate);
        let [Branch { items, .. }] = branches.as_slice() else { return Ok(None) };
        let [Item::Set(set)] = items.as_slice() else { return Ok(None) };
        if set.0 & digits.0 != digits.0 {
            return Ok(None);
        }
        let others = if *set == KeySet::of(|_| true) { "" } else { ", and not those alone that it names" };
        Ok(Some(format!("keys that no code wants go on to the other party{others} (`unmatched = \"pass\"`)")))
    }

    fn codes(
        &mut self,
        candidate: &Candidate,
        section: &Section,
        keyed: &Keyed,
        made: &mut Made,
    ) -> Result<(), String> {
        let names = names(section, &keyed.branches)?;
        let sound = match operation::prompt(section, &self.plan.general.error) {
            Some(Err(why)) => {
                made.lost.push(format!("its prompt is not played: {why}"));
                None
            }
            sound => sound.and_then(Result::ok),
        };
        let name = unique(&plain(&section.name), &mut self.names);
        let code = Code {
            section: Some(candidate.section),
            comments: keyed.remarks.clone(),
            keys: keyed.branches.iter().map(|branch| branch.expression(&names)).collect(),
            states: keyed.states.clone(),
            ..Code::new(name, Operation::SetState("auto".to_owned()))
        };
        let doing = Doing { section, names: &names, keyed, sound };
        self.complete(code, &doing, made)
    }

    fn complete(&mut self, mut code: Code, doing: &Doing<'_>, made: &mut Made) -> Result<(), String> {
        let Doing { section, names, keyed, sound } = doing;
        code.on_success.clone_from(sound);
        match operation::act(section) {
            Act::Keep | Act::Paste => {}
            Act::Message => {
                code.operation = operation::send(section, names)?;
                // pbxassist lets the caller hear itself what it cannot do.
                if operation::message(section) != ASK {
                    code.on_failure.clone_from(sound);
                }
                made.lost.extend(state_of_its_own(section));
                made.codes.push(code);
            }
            Act::Transparent => {
                code.operation = transparent(section, keyed, names)?;
                made.codes.push(code);
            }
            Act::PassThrough => {
                if self.plan.general.retake.is_none() {
                    return Err("pbxassist refuses it while `retake` has no keys that end it".to_owned());
                }
                code.operation = Operation::SetState(self.pass_through.clone());
                made.codes.push(code);
            }
            Act::SetState(state) => {
                code.operation = Operation::SetState(operation::state_here(&state, &self.plan.own));
                let mut told = Code::new(
                    unique(&format!("{}-told", code.name), &mut self.names),
                    operation::send(section, names)?,
                );
                told.section = code.section;
                told.comments.push("pbxassist is told too.".to_owned());
                code.then.push(told.name.clone());
                made.codes.extend([code, told]);
            }
            Act::Flush => self.flush(code, sound.as_deref(), made),
        }
        Ok(())
    }

    /// Keys that are spent on nothing, or on a sound.
    fn flush(&mut self, mut code: Code, sound: Option<&str>, made: &mut Made) {
        if let Some(sound) = sound {
            code.operation = operation::play(sound);
            code.on_success = None;
            return made.codes.push(code);
        }
        let (built_in, own): (Vec<_>, Vec<_>) = std::mem::take(&mut code.states)
            .into_iter()
            .partition(|state| BUILT_IN.contains(&state.as_str()));
        let base = code.name.clone();
        let groups =
            [("auto".to_owned(), built_in)].into_iter().chain(own.into_iter().map(|s| (s.clone(), vec![s])));
        for (to, states) in groups.filter(|(_, states)| !states.is_empty()) {
            let name = if made.codes.iter().any(|made| made.name == base) {
                unique(&format!("{base}-{to}"), &mut self.names)
            } else {
                base.clone()
            };
            let comments = [
                code.comments.clone(),
                vec!["The call stays where it is: the keys are spent, and no more.".to_owned()],
            ];
            made.codes.push(Code {
                name,
                comments: comments.concat(),
                states,
                operation: Operation::SetState(to),
                ..code.clone()
            });
        }
    }
}

/// The codes of one section so far.
struct Made {
    codes: Vec<Code>,
    lost: Vec<String>,
}

/// What goes into a code of a section.
struct Doing<'d> {
    section: &'d Section,
    names: &'d Names,
    keyed: &'d Keyed,
    sound: Option<String>,
}

fn paste(section: &Section) -> String {
    let paste = section.filled("pastekeys").unwrap_or_default();
    if value::is_whole_match(paste) {
        "it acts on keys and keeps them for what follows: here the keys of a code are spent. Let the code that follows \
         do it"
            .to_owned()
    } else {
        format!(
            "it puts `{paste}` into the buffer: here keys are only what callers key. Write the keys of what follows as \
             one more of its `keys`"
        )
    }
}

fn transparent(section: &Section, keyed: &Keyed, names: &Names) -> Result<Operation, String> {
    let text = match section.filled("text") {
        Some(text) => value::template(text, names)?,
        None => {
            last_key(&keyed.branches).ok_or("it sends the last key on, which depends on what is keyed")?
        }
    };
    let params = vec![("text".to_owned(), text), ("sequence".to_owned(), "0".to_owned())];
    Ok(Operation::Message { name: "chan.dtmf".to_owned(), masquerade: true, params })
}

/// The last key of every branch, if it is always the same or the only one.
fn last_key(branches: &[Branch]) -> Option<String> {
    let single = |branch: &Branch| matches!(branch.items.as_slice(), [Item::Set(_)]);
    if branches.iter().all(single) {
        return Some("${keys}".to_owned());
    }
    let last = |branch: &Branch| match branch.items.last() {
        Some(Item::Set(set)) => Some(*set),
        _ => None,
    };
    let sets = branches.iter().map(last).collect::<Option<Vec<_>>>()?;
    let keys = KeySet(sets.into_iter().fold(0, |all, set| all | set.0));
    match keys.keys().collect::<Vec<_>>().as_slice() {
        [only] => Some(only.to_string()),
        _ => None,
    }
}

/// A state that an operation of pbxassist sets besides what it does.
fn state_of_its_own(section: &Section) -> Option<String> {
    let state = section.filled("state")?;
    let operation = operation::name(section);
    let usual = match operation {
        "returntone" | "dialtone" => "dial",
        "transfer" | "dotransfer" => "hangup",
        "setstate" => {
            return Some(format!("`state={state}` is only told to pbxassist: here the state stays"));
        }
        _ => return None,
    };
    (state != usual).then(|| {
        format!(
            "`state={state}` is known to pbxassist only: here the state is by what the call is connected to"
        )
    })
}

/// Names for the groups that a section's values speak of.
fn names(section: &Section, branches: &[Branch]) -> Result<Names, String> {
    let mut names = Names::new();
    let mut taken: Vec<String> = value::TAKEN.iter().map(|&name| name.to_owned()).collect();
    for (number, param) in operation::wanted_groups(section) {
        let having = branches.iter().filter(|branch| branch.groups().contains(&number)).count();
        if having == 0 {
            continue;
        }
        if having < branches.len() {
            return Err(format!("\\{number} is in some of the ways to key it only: make a code of each"));
        }
        let fits = |name: &&str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
                && !taken.iter().any(|taken| taken == name)
                // Where nothing is captured by a name, what is known of the call has it.
                && !(branches.iter().any(|branch| branch.may_skip(number)) && known::call_value(name).is_some())
        };
        let wanted = param.filter(fits).unwrap_or("digits");
        names.insert(number, unique(wanted, &mut taken));
    }
    if !names.is_empty() && is_ambiguous(branches, &names) {
        return Err(
            "the same keys match it in two ways, with different groups: make a code of each".to_owned()
        );
    }
    Ok(names)
}

/// Whether some keys are matched by two branches.
fn is_ambiguous(branches: &[Branch], names: &Names) -> bool {
    let limits = Limits { nfa_states: 20_000, dfa_states: 4_000, dfa_work: 2_000_000, ..Limits::default() };
    let mut builder = Builder::new(KEY_COUNT, limits.clone()).accept_empty();
    for branch in branches {
        match dregex::parse(&branch.expression(names), &limits) {
            Ok(node) => builder.pattern(&node),
            Err(_) => return true,
        };
    }
    branches.len() > 1 && builder.build().is_err()
}
