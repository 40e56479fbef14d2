//! Patterns of which one accepts the beginning of what another one accepts.

use super::{Automaton, NONE};

/// One pattern that accepts the beginning of what another one accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// The pattern that can match first.
    pub short: usize,
    /// The pattern that can go on from there.
    pub long: usize,
    /// The shortest symbols that `short` accepts, and `long` goes on from.
    pub witness: Vec<usize>,
    /// The shortest symbols that begin with `witness` and that `long` accepts.
    pub longer: Vec<usize>,
}

/// How many [`Prefix`]es are found at most; what is beyond is not said.
pub const MAX_PREFIXES: usize = 10_000;

/// How many symbols all that are found may have together; what is beyond is not said, but for the first.
pub const MAX_PREFIX_SYMBOLS: usize = 1_000_000;

impl Automaton {
    /// Pairs of patterns of which one accepts the beginning of what the other accepts, the shortest beginnings
    /// first; at most [`MAX_PREFIXES`], and [`MAX_PREFIX_SYMBOLS`].
    #[must_use]
    pub fn prefixes(&self) -> Vec<Prefix> {
        let mut found = Found::default();
        if self.program.patterns() > 1 {
            let mut search = Search::new(self);
            for long in 0..self.program.patterns() as u32 {
                search.go_back_from(long);
                search.find_pairs(long, &mut found);
                search.forget();
            }
        }
        found.cut();
        found.pairs.into_iter().map(|pair| pair.prefix(self)).collect()
    }
}

/// A pair of patterns.
struct Pair {
    /// The first state that accepts the short one and leads to the long one.
    state: u32,
    /// How many symbols lead there.
    depth: u32,
    short: u32,
    long: u32,
    /// The shortest symbols from there.
    rest: Vec<usize>,
}

impl Pair {
    /// What comes first is found first.
    fn order(&self) -> (u32, usize) {
        (self.state, self.rest.len())
    }

    fn symbols(&self) -> usize {
        2 * self.depth as usize + self.rest.len()
    }

    fn prefix(self, automaton: &Automaton) -> Prefix {
        let witness = automaton.way_to(self.state);
        let longer = witness.iter().copied().chain(self.rest).collect();
        Prefix { short: self.short as usize, long: self.long as usize, witness, longer }
    }
}

/// The pairs found so far.
#[derive(Default)]
struct Found {
    pairs: Vec<Pair>,
    symbols: usize,
    /// What is after this is known to be too much.
    end: Option<(u32, usize)>,
}

impl Found {
    fn wants(&self, order: (u32, usize)) -> bool {
        self.end.is_none_or(|end| order < end)
    }

    fn add(&mut self, pair: Pair) {
        self.symbols += pair.symbols();
        self.pairs.push(pair);
        if self.pairs.len() >= 2 * MAX_PREFIXES || self.symbols >= 2 * MAX_PREFIX_SYMBOLS {
            self.cut();
        }
    }

    /// Keeps the first pairs, as many as there may be.
    fn cut(&mut self) {
        self.pairs
            .sort_by(|one, other| one.order().cmp(&other.order()).then_with(|| one.rest.cmp(&other.rest)));
        let mut symbols = 0;
        let mut fits = |(count, pair): (usize, &Pair)| {
            symbols += pair.symbols();
            count == 0 || count < MAX_PREFIXES && symbols <= MAX_PREFIX_SYMBOLS
        };
        let fitting = self.pairs.iter().enumerate().take_while(|&entry| fits(entry)).count();
        if let Some(pair) = self.pairs.get(fitting) {
            self.end = Some(pair.order());
        }
        self.pairs.truncate(fitting);
        self.symbols = self.pairs.iter().map(Pair::symbols).sum();
    }
}

/// Goes back from what each pattern accepts, to all that leads there.
///
/// When patterns were followed together, a state was made of something of every pattern that it leads to. So what is
/// gone back here takes no more steps than that, and the limit `dfa-work` bounds it.
struct Search<'a> {
    automaton: &'a Automaton,
    /// The states that lead to each state, one state's after the other's.
    sources: Vec<u32>,
    /// Where each state's begin; one more, for the end.
    begins: Vec<u32>,
    /// How many symbols lead to each state at least.
    depths: Vec<u32>,
    /// The states that accept each pattern, in order.
    accepting: Vec<Vec<u32>>,
    /// How many symbols lead from each state to the pattern at least, but not none; [`NONE`] where no symbols do.
    distances: Vec<u32>,
    /// The states that have a distance.
    reached: Vec<u32>,
    /// For each pattern, the last one that it was found to be the beginning of, or [`NONE`].
    begun: Vec<u32>,
}

impl<'a> Search<'a> {
    fn new(automaton: &'a Automaton) -> Self {
        let (states, patterns) = (automaton.states(), automaton.program.patterns());
        let targets = || automaton.table.iter().filter(|&&to| to != NONE).map(|&to| to as usize);
        let mut begins = vec![0; states + 1];
        targets().for_each(|to| begins[to + 1] += 1);
        (0..states).for_each(|state| begins[state + 1] += begins[state]);
        let mut next = begins.clone();
        let mut sources = vec![0; targets().count()];
        for (from, row) in (0u32..).zip(automaton.table.chunks(automaton.alphabet_size)) {
            for &to in row.iter().filter(|&&to| to != NONE) {
                sources[next[to as usize] as usize] = from;
                next[to as usize] += 1;
            }
        }
        let mut depths = vec![0; states];
        let mut accepting = vec![Vec::new(); patterns];
        for state in 0..states {
            if let Some(from) = automaton.ways.get(state).filter(|way| way.0 != NONE) {
                depths[state] = depths[from.0 as usize] + 1;
            }
            if let Some(states) = accepting.get_mut(automaton.accepts[state] as usize) {
                states.push(state as u32);
            }
        }
        let (distances, begun) = (vec![NONE; states], vec![NONE; patterns]);
        Search { automaton, sources, begins, depths, accepting, distances, reached: Vec::new(), begun }
    }

    /// Gives a distance to every state that leads to a pattern.
    fn go_back_from(&mut self, long: u32) {
        for place in 0..self.accepting[long as usize].len() {
            self.reach_sources(self.accepting[long as usize][place], 1);
        }
        let mut next = 0;
        while let Some(&state) = self.reached.get(next) {
            self.reach_sources(state, self.distances[state as usize] + 1);
            next += 1;
        }
    }

    fn reach_sources(&mut self, of: u32, distance: u32) {
        let (from, to) = (self.begins[of as usize], self.begins[of as usize + 1]);
        for &source in &self.sources[from as usize..to as usize] {
            let known = &mut self.distances[source as usize];
            if *known == NONE {
                *known = distance;
                self.reached.push(source);
            }
        }
    }

    /// Finds the first state of every other pattern that leads to this one.
    fn find_pairs(&mut self, long: u32, found: &mut Found) {
        self.reached.sort_unstable();
        for &state in &self.reached {
            let short = self.automaton.accepts[state as usize];
            if short == NONE || short == long || self.begun[short as usize] == long {
                continue;
            }
            self.begun[short as usize] = long;
            if found.wants((state, self.distances[state as usize] as usize)) {
                let depth = self.depths[state as usize];
                found.add(Pair { state, depth, short, long, rest: self.rest(state, long) });
            }
        }
    }

    /// The shortest symbols from a state to a pattern, the first of those.
    fn rest(&self, from: u32, long: u32) -> Vec<usize> {
        let (mut symbols, mut at) = (Vec::new(), from);
        for left in (0..self.distances[from as usize]).rev() {
            let leads = |to: u32| match left {
                0 => self.automaton.accepts[to as usize] == long,
                _ => self.distances[to as usize] == left,
            };
            let mut row = self.automaton.row(at).iter().enumerate();
            let Some((symbol, &to)) = row.find(|&(_, &to)| to != NONE && leads(to)) else { break };
            symbols.push(symbol);
            at = to;
        }
        symbols
    }

    fn forget(&mut self) {
        self.reached.drain(..).for_each(|state| self.distances[state as usize] = NONE);
    }
}
