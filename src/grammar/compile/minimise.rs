//! Partition refinement: states that cannot be told apart become one.
//!
//! After A. Valmari, "Fast brief practical DFA minimization" (2012): blocks of states and bundles of edges are
//! refined against each other in m log n steps for m edges, and edges that are not there cost nothing.

use super::determinise::Graph;
use super::groups::Groups;

/// The smallest graph that accepts the same, its states numbered in the order in which they are reached.
pub(super) fn minimise(graph: &Graph) -> Graph {
    let blocks = blocks(graph);
    let by_source = Groups::new(graph.states(), graph.edges.iter().map(|edge| edge.0));
    let mut numbers = vec![None; blocks.count()];
    let mut order = vec![blocks.set(0)];
    numbers[blocks.set(0)] = Some(0);
    let mut smallest = Graph::default();
    let mut at = 0;
    while let Some(&block) = order.get(at) {
        // All states of a block have the same edges, so one stands for the others.
        let state = blocks.element(blocks.members(block).start);
        smallest.accepts.push(graph.accepts[state]);
        for &edge in by_source.group(state) {
            let (_, symbol, to) = graph.edges[edge as usize];
            let to = blocks.set(to as usize);
            let number = *numbers[to].get_or_insert_with(|| {
                order.push(to);
                order.len() as u32 - 1
            });
            smallest.edges.push((at as u32, symbol, number));
        }
        at += 1;
    }
    smallest
}

/// States that cannot be told apart, together.
fn blocks(graph: &Graph) -> Partition {
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
    blocks
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

    fn set(&self, element: usize) -> usize {
        self.sets[element] as usize
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
