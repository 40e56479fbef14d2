//! States from which there is no way round are made one where they are alike, from their ends on.

use super::determinise::Graph;
use super::lists::Lists;
use super::minimise::Classes;

/// Where a state stands while states are gone through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    /// What it leads to is being gone through.
    Open,
    /// It leads to no way round, and is in this class.
    Done(u32),
    /// It leads to a way round.
    Round,
}

/// Classes of states, as far as they can be told by looking at every state once, after all those that it leads to:
/// it is alike to another one that accepts the same and leads to the same classes.
///
/// A state that leads to a way round stays alone for now; it is alike to none that does not. Says also whether there
/// is none of that kind. The edges of each state begin at its place in `begins`.
pub(super) fn fold(graph: &Graph, begins: &[u32]) -> (Classes, bool) {
    let mut seen = vec![Seen::Not; graph.states()];
    let mut classes = Classes { of: vec![0; graph.states()], first: Vec::new() };
    let mut looks = Lists::default();
    let mut look = Vec::new();
    let mut path = vec![(0, begins[0])];
    while let Some((state, edge)) = path.last_mut() {
        let state = *state;
        seen[state] = Seen::Open;
        let edges = &graph.edges[*edge as usize..begins[state + 1] as usize];
        if let Some(skipped) = edges.iter().position(|edge| seen[edge.2 as usize] == Seen::Not) {
            *edge += skipped as u32;
            let to = edges[skipped].2 as usize;
            path.push((to, begins[to]));
            continue;
        }
        path.pop();
        look.clear();
        look.push(graph.accepts[state].map_or(0, |pattern| pattern + 1));
        seen[state] = Seen::Round;
        let mut targets = graph.edges[begins[state] as usize..begins[state + 1] as usize].iter();
        let all_done = targets.all(|&(_, symbol, to)| match seen[to as usize] {
            Seen::Done(class) => {
                look.extend([symbol, class]);
                true
            }
            Seen::Not | Seen::Open | Seen::Round => false,
        });
        if all_done {
            let class = looks.find(&look).unwrap_or_else(|| {
                classes.first.push(state as u32);
                looks.add(&look)
            });
            seen[state] = Seen::Done(class);
        }
    }
    let mut done = true;
    for (state, seen) in seen.into_iter().enumerate() {
        classes.of[state] = match seen {
            Seen::Done(class) => class,
            Seen::Not | Seen::Open | Seen::Round => {
                done = false;
                classes.first.push(state as u32);
                classes.first.len() as u32 - 1
            }
        };
    }
    (classes, done)
}
