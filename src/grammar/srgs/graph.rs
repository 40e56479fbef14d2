//! Which rules refer to each other.

/// For each node of a graph, the component that it is in: nodes that lead to each other are in one. A component's
/// number is above those that it leads to.
///
/// Tarjan's algorithm, with a stack of its own: a chain of rules can be longer than the machine's stack is deep.
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut search = Search {
        edges,
        order: vec![None; edges.len()],
        lowest: vec![0; edges.len()],
        component: vec![None; edges.len()],
        open: Vec::new(),
        next: 0,
        count: 0,
    };
    for node in 0..edges.len() {
        if search.order[node].is_none() {
            search.from(node);
        }
    }
    search.component.into_iter().map(Option::unwrap_or_default).collect()
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    /// When each node was come to.
    order: Vec<Option<usize>>,
    /// The earliest open node that each one leads back to.
    lowest: Vec<usize>,
    component: Vec<Option<usize>>,
    /// Nodes that have no component yet.
    open: Vec<usize>,
    next: usize,
    count: usize,
}

impl Search<'_> {
    fn from(&mut self, start: usize) {
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((node, edge)) = path.last_mut() {
            let node = *node;
            let Some(&to) = self.edges[node].get(*edge) else {
                path.pop();
                self.leave(node, path.last().map(|before| before.0));
                continue;
            };
            *edge += 1;
            match self.order[to] {
                None => {
                    self.enter(to);
                    path.push((to, 0));
                }
                Some(order) if self.component[to].is_none() => {
                    self.lowest[node] = self.lowest[node].min(order);
                }
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.order[node] = Some(self.next);
        self.lowest[node] = self.next;
        self.next += 1;
        self.open.push(node);
    }

    fn leave(&mut self, node: usize, before: Option<usize>) {
        if self.order[node] == Some(self.lowest[node]) {
            while let Some(member) = self.open.pop() {
                self.component[member] = Some(self.count);
                if member == node {
                    break;
                }
            }
            self.count += 1;
        }
        if let Some(before) = before {
            self.lowest[before] = self.lowest[before].min(self.lowest[node]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_chain_is_no_danger() {
        let edges: Vec<_> = (0..200_000).map(|node| vec![(node + 1) % 200_000]).collect();
        assert!(components(&edges).iter().all(|&component| component == 0));
    }

    proptest! {
        #[test]
        fn nodes_that_lead_to_each_other_are_together(edges in prop::collection::vec(prop::collection::vec(0usize..7, 0..4), 7)) {
            let mut leads = [[false; 7]; 7];
            for _ in 0..7 {
                for (from, to) in edges.iter().enumerate().flat_map(|(from, to)| to.iter().map(move |&to| (from, to))) {
                    let beyond = leads[to];
                    leads[from][to] = true;
                    leads[from].iter_mut().zip(beyond).for_each(|(leads, beyond)| *leads |= beyond);
                }
            }
            let component = components(&edges);
            for one in 0..7 {
                for other in 0..7 {
                    let together = one == other || (leads[one][other] && leads[other][one]);
                    prop_assert_eq!(component[one] == component[other], together);
                    prop_assert!(!leads[one][other] || component[one] >= component[other]);
                }
            }
        }
    }
}
