//! What can be said of a pattern by itself: how many keys it takes.

use crate::grammar::Limits;
use crate::grammar::ast::Node;
use crate::grammar::compile::{Builder, CompileError, Spent};
use crate::key::KEY_COUNT;

/// How many keys a pattern takes at least; `None` if no keys match it. What an automaton takes to find that is added to
/// what was spent before.
pub(super) fn shortest(
    node: &Node,
    limits: &Limits,
    spent: &mut Spent,
) -> Result<Option<usize>, CompileError> {
    if let Ok(keys) = straight(node) {
        return Ok(Some(keys).filter(|&keys| keys != NEVER));
    }
    let mut builder = Builder::new(KEY_COUNT, limits.clone()).accept_empty();
    let pattern = builder.pattern(node);
    Ok(builder.build_after(spent)?.shortest(pattern).map(|keys| keys.len()))
}

/// More keys than anybody can press.
const NEVER: usize = usize::MAX;

/// The way through a pattern goes back: an automaton has to find the shortest.
struct GoesBack;

/// What [`shortest`] is for a pattern without loops, the ordinary one.
fn straight(node: &Node) -> Result<usize, GoesBack> {
    Ok(match node {
        Node::Symbols(set) if set.is_empty() => NEVER,
        Node::Symbols(_) => 1,
        Node::Void => NEVER,
        Node::Empty | Node::Tag(_) | Node::Garbage => 0,
        Node::Sequence(nodes) => {
            nodes.iter().try_fold(0, |sum: usize, node| Ok(sum.saturating_add(straight(node)?)))?
        }
        Node::Alternatives(nodes) => {
            nodes.iter().try_fold(NEVER, |least, node| Ok(straight(node)?.min(least)))?
        }
        Node::Repeat { min, max: Some(max), .. } if max < min => NEVER,
        Node::Repeat { node, min, .. } => straight(node)?.saturating_mul(*min),
        Node::Capture { node, .. } => straight(node)?,
        Node::Loop { .. } | Node::Again { .. } => return Err(GoesBack),
    })
}

/// How many keys a pattern takes at most; `None` if there is no end.
pub(super) fn longest(node: &Node) -> Option<usize> {
    match node {
        Node::Symbols(_) => Some(1),
        Node::Void | Node::Empty | Node::Tag(_) => Some(0),
        Node::Garbage | Node::Loop { .. } | Node::Again { .. } => None,
        Node::Sequence(nodes) => {
            nodes.iter().try_fold(0, |sum: usize, node| Some(sum.saturating_add(longest(node)?)))
        }
        Node::Alternatives(nodes) => nodes.iter().try_fold(0, |most, node| Some(longest(node)?.max(most))),
        Node::Repeat { node, max, .. } => Some(longest(node)?.saturating_mul((*max)?)),
        Node::Capture { node, .. } => longest(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::dregex;

    fn pattern(text: &str) -> Node {
        dregex::parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn lengths_are_those_of_the_shortest_and_the_longest_keys() {
        let lengths = |text: &str| {
            (
                shortest(&pattern(text), &Limits::default(), &mut Spent::default()).unwrap(),
                longest(&pattern(text)),
            )
        };
        assert_eq!(lengths("*3(room:x{3,6})#"), (Some(6), Some(9)));
        assert_eq!(lengths("*(1x{2}){0,3}"), (Some(1), Some(10)));
        assert_eq!(lengths("*x{2,}"), (Some(3), None));
        assert_eq!(lengths("1{0,0}2"), (Some(1), Some(1)));
        assert_eq!(shortest(&Node::Void, &Limits::default(), &mut Spent::default()).unwrap(), None);
        assert_eq!(
            shortest(
                &Node::Sequence(vec![Node::Empty, Node::Void]),
                &Limits::default(),
                &mut Spent::default()
            )
            .unwrap(),
            None
        );
    }
}
