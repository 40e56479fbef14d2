//! Partition refinement: states that cannot be told apart become one.
//!
//! After A. Valmari, "Fast brief practical DFA minimization" (2012): blocks of states and bundles of edges are
//! refined against each other in m log n steps for m edges, and edges that are not there cost nothing.

use super::determinise::Graph;
use super::fold::fold;
use super::groups::Groups;

/// States in classes.
pub(super) struct Classes {
    /// The class of each state.
    pub(super) of: Vec<u32>,
    /// A state of each class, which stands for the others.
    pub(super) first: Vec<u32>,
}

/// The smallest graph that accepts the same, its states numbered in the order in which they are reached.
pub(super) fn minimise(graph: &Graph) -> Graph {
    let begins = graph.begins();
    let (classes, done) = fold(graph, &begins);
    let folded = merged(graph, &begins, &classes);
    if done { folded } else { merged(&folded, &folded.begins(), &refined(&folded)) }
}

/// The graph with every class as one state, numbered in the order in which they are reached.
fn merged(graph: &Graph, begins: &[u32], classes: &Classes) -> Graph {
    let class = |state: u32| classes.of[state as usize];
    let mut numbers = vec![None; classes.first.len()];
    let mut order = vec![class(0)];
    numbers[class(0) as usize] = Some(0);
    let mut merged = Graph::default();
    let mut at = 0;
    while let Some(&this) = order.get(at) {
        let state = classes.first[this as usize] as usize;
        merged.accepts.push(graph.accepts[state]);
        for &(_, symbol, to) in &graph.edges[begins[state] as usize..begins[state + 1] as usize] {
            let number = *numbers[class(to) as usize].get_or_insert_with(|| {
                order.push(class(to));
                order.len() as u32 - 1
            });
            merged.edges.push((at as u32, symbol, number));
        }
        at += 1;
    }
    merged
}

/// States that cannot be told apart, together.
fn refined(graph: &Graph) -> Classes {
    let accepted = |accept: &Option<u32>| accept.map_or(0, |pattern| pattern + 1);
    let kinds = graph.accepts.iter().map(accepted).max().map_or(0, |most| most as usize + 1);
    let mut blocks = Partition::new(&Groups::new(kinds, graph.accepts.iter().map(accepted)));
    let symbols = graph.edges.iter().map(|edge| edge.1).max().map_or(0, |most| most as usize + 1);
    let mut bundles = Partition::new(&Groups::new(symbols, graph.edges.iter().map(|edge| edge.1)));
    let by_target = Groups::new(graph.states(), graph.edges.iter().map(|edge| edge.2));

    // The first block is no splitter: the edges that lead into it are those that lead into no other.
    let (mut block, mut bundle) = (1, 0);
    while bundle < bundles.count() {
        for place in bundles.members(bundle) {
            blocks.mark(graph.edges[bundles.element(place)].0 as usize);
        }
        blocks.split();
        bundle += 1;
        while block < blocks.count() {
            for place in blocks.members(block) {
                by_target.group(blocks.element(place)).iter().for_each(|&edge| bundles.mark(edge as usize));
            }
            bundles.split();
            block += 1;
        }
    }
    let first = (0..blocks.count()).map(|block| blocks.elements[blocks.members(block).start]).collect();
    Classes { of: blocks.sets, first }
}

/// Elements in sets that only ever become more. Some of a set can be marked, and then split off.
struct Partition {
    /// The elements, those of a set together, marked ones first.
    elements: Vec<u32>,
    /// Where each element stands.
    places: Vec<u32>,
    /// The set of each element.
    sets: Vec<u32>,
    /// Where each set begins and ends, and how many of it are marked.
    extents: Vec<(u32, u32, u32)>,
    /// Sets with marked elements.
    touched: Vec<u32>,
}

impl Partition {
    /// A set for every group that is not empty.
    fn new(groups: &Groups) -> Self {
        let elements = groups.elements.clone();
        let (mut places, mut sets) = (vec![0; elements.len()], vec![0; elements.len()]);
        let mut extents = Vec::new();
        for bounds in groups.begins.windows(2).filter(|bounds| bounds[0] < bounds[1]) {
            for place in bounds[0]..bounds[1] {
                let element = elements[place as usize] as usize;
                (places[element], sets[element]) = (place, extents.len() as u32);
            }
            extents.push((bounds[0], bounds[1], 0));
        }
        Partition { elements, places, sets, extents, touched: Vec::new() }
    }

    fn count(&self) -> usize {
        self.extents.len()
    }

    /// Where the elements of a set stand.
    fn members(&self, set: usize) -> std::ops::Range<usize> {
        let (from, to, _) = self.extents[set];
        from as usize..to as usize
    }

    fn element(&self, place: usize) -> usize {
        self.elements[place] as usize
    }

    /// Marks an element that is not marked yet, or has been.
    fn mark(&mut self, element: usize) {
        let set = self.sets[element];
        let (from, _, marked) = &mut self.extents[set as usize];
        let (place, boundary) = (self.places[element], *from + *marked);
        if place < boundary {
            return;
        }
        if *marked == 0 {
            self.touched.push(set);
        }
        *marked += 1;
        let other = self.elements[boundary as usize];
        self.elements.swap(place as usize, boundary as usize);
        self.places[other as usize] = place;
        self.places[element] = boundary;
    }

    /// Makes the marked elements of each set a set of their own; the smaller part is the new one.
    fn split(&mut self) {
        while let Some(set) = self.touched.pop() {
            let (from, to, marked) = self.extents[set as usize];
            let middle = from + marked;
            self.extents[set as usize].2 = 0;
            if middle == to {
                continue;
            }
            let (stays, leaves) = if marked <= to - middle {
                ((middle, to), (from, middle))
            } else {
                ((from, middle), (middle, to))
            };
            self.extents[set as usize] = (stays.0, stays.1, 0);
            for place in leaves.0..leaves.1 {
                self.sets[self.elements[place as usize] as usize] = self.extents.len() as u32;
            }
            self.extents.push((leaves.0, leaves.1, 0));
        }
    }
}
