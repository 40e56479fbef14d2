//! Alternatives written out, anchors put where they belong.

use std::ops::Range;

use super::{Beyond, Branch, Item, KeySet, shortest};
use crate::import::bre::{Kind, Node};

/// How many ways of keying one expression are written out at most.
const BRANCHES: usize = 32;
/// How many parts they have together at most.
const PARTS: usize = 4_000;
/// The largest number in a repeat that a digit expression can have; more keys than that are in no buffer.
const REPEAT: usize = 1_000;

/// A part that was not looked at for anchors yet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Item(Item),
    Begin,
    End,
    Group { number: usize, parts: Vec<Part> },
}

/// The ways to key what an expression matches; none if no keys do.
pub(in crate::import) fn expand(node: &Node) -> Result<Vec<Branch>, Beyond> {
    let ways = parts_of(node)?;
    let branches = ways.into_iter().map(|parts| branch(parts, &node.span));
    Ok(branches.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn beyond(message: impl Into<String>, span: &Range<usize>) -> Beyond {
    Beyond { message: message.into(), span: span.clone() }
}

/// Every way through a part of an expression.
fn parts_of(node: &Node) -> Result<Vec<Vec<Part>>, Beyond> {
    let ways = match &node.kind {
        Kind::Bytes(bytes) => {
            let set = KeySet::of(|key| bytes.contains(key.symbol()));
            if set.is_empty() { Vec::new() } else { vec![vec![Part::Item(Item::Set(set))]] }
        }
        Kind::Sequence(nodes) => {
            let mut ways = vec![Vec::new()];
            for node in nodes {
                ways = one_after_the_other(&ways, &parts_of(node)?, &node.span)?;
            }
            ways
        }
        Kind::Alternatives(nodes) => {
            let ways = nodes.iter().map(parts_of).collect::<Result<Vec<_>, _>>()?;
            merged(ways.into_iter().flatten().collect())
        }
        Kind::Group { number, node } => {
            let group = |parts| vec![Part::Group { number: *number, parts }];
            parts_of(node)?.into_iter().map(group).collect()
        }
        Kind::Repeat { node, min, max } => repeated(node, *min, *max)?,
        Kind::Begin => vec![vec![Part::Begin]],
        Kind::End => vec![vec![Part::End]],
        Kind::Again(number) => {
            let message = format!("\\{number} matches again what was keyed before, and no code can do that");
            return Err(beyond(message, &node.span));
        }
        Kind::WordEdge => return Err(beyond("no code can ask for the edge of a word", &node.span)),
    };
    check(&ways, &node.span)?;
    Ok(ways)
}

fn check(ways: &[Vec<Part>], span: &Range<usize>) -> Result<(), Beyond> {
    if ways.len() > BRANCHES || ways.iter().map(Vec::len).sum::<usize>() > PARTS {
        return Err(beyond(format!("written out it is more than {BRANCHES} ways to key it"), span));
    }
    Ok(())
}

fn one_after_the_other(
    ways: &[Vec<Part>],
    more: &[Vec<Part>],
    span: &Range<usize>,
) -> Result<Vec<Vec<Part>>, Beyond> {
    if ways.len() * more.len() > BRANCHES {
        return Err(beyond(format!("written out it is more than {BRANCHES} ways to key it"), span));
    }
    let joined = |before: &Vec<Part>, after: &Vec<Part>| before.iter().chain(after).cloned().collect();
    Ok(ways.iter().flat_map(|before| more.iter().map(move |after| joined(before, after))).collect())
}

/// Ways that are one key each are one way.
fn merged(ways: Vec<Vec<Part>>) -> Vec<Vec<Part>> {
    let single = |way: &Vec<Part>| match way.as_slice() {
        [Part::Item(Item::Set(set))] => Some(set.0),
        _ => None,
    };
    match ways.iter().map(single).collect::<Option<Vec<_>>>() {
        Some(sets) if !sets.is_empty() => {
            let set = KeySet(sets.into_iter().fold(0, |all, set| all | set));
            vec![vec![Part::Item(Item::Set(set))]]
        }
        _ => ways,
    }
}

fn repeated(node: &Node, min: usize, max: Option<usize>) -> Result<Vec<Vec<Part>>, Beyond> {
    let ways = parts_of(node)?;
    if min > REPEAT {
        return Ok(Vec::new());
    }
    let max = max.filter(|&max| max <= REPEAT);
    if ways.is_empty() || max == Some(0) {
        return Ok(if min == 0 { vec![Vec::new()] } else { Vec::new() });
    }
    if let [way] = ways.as_slice() {
        let items = items(way.clone()).ok_or_else(|| beyond("an anchor within a repeat", &node.span))?;
        let never_longer = items.is_empty() || (min, max) == (1, Some(1));
        return Ok(vec![match never_longer {
            true => items.into_iter().map(Part::Item).collect(),
            false => vec![Part::Item(Item::Repeat { items, min, max })],
        }]);
    }
    let either = ways.iter().map(|way| items(way.clone())).collect::<Option<Vec<_>>>();
    let either = either.ok_or_else(|| beyond("an anchor within a repeat", &node.span))?;
    let few = |max: &usize| ways.len().saturating_pow(u32::try_from(*max).unwrap_or(u32::MAX)) <= BRANCHES;
    let Some(max) = max.filter(few) else {
        let items = vec![Item::Either(either)];
        return Ok(vec![vec![Part::Item(Item::Repeat { items, min, max })]]);
    };
    let mut rounds = vec![Vec::new()];
    let mut all = if min == 0 { rounds.clone() } else { Vec::new() };
    for round in 1..=max {
        rounds = one_after_the_other(&rounds, &ways, &node.span)?;
        if round >= min {
            all.extend(rounds.iter().cloned());
        }
        check(&all, &node.span)?;
    }
    Ok(all)
}

/// Parts without anchors.
fn items(parts: Vec<Part>) -> Option<Vec<Item>> {
    let item = |part| match part {
        Part::Item(item) => Some(item),
        Part::Group { number, parts } => Some(Item::Group { number, items: items(parts)? }),
        Part::Begin | Part::End => None,
    };
    parts.into_iter().map(item).collect()
}

/// One way as a branch; `None` if nothing can match it.
fn branch(mut parts: Vec<Part>, span: &Range<usize>) -> Result<Option<Branch>, Beyond> {
    let begin = strip(&mut parts, &Part::Begin);
    parts.reverse();
    let end = strip_last(&mut parts);
    parts.reverse();
    match items(parts.clone()) {
        Some(items) => Ok(Some(Branch { begin, end, items })),
        None if keys_around_anchor(&parts) => Ok(None),
        None => Err(beyond("an anchor in the middle", span)),
    }
}

/// Takes the anchors away that come first, in groups too; says whether there were any.
fn strip(parts: &mut Vec<Part>, anchor: &Part) -> bool {
    let mut found = false;
    while parts.first() == Some(anchor) {
        parts.remove(0);
        found = true;
    }
    if let Some(Part::Group { parts, .. }) = parts.first_mut() {
        found |= strip(parts, anchor);
    }
    found
}

/// The same for ends, of parts that are the wrong way round.
fn strip_last(parts: &mut Vec<Part>) -> bool {
    let mut found = strip_ends(parts);
    if let Some(Part::Group { parts, .. }) = parts.first_mut() {
        parts.reverse();
        found |= strip_last(parts);
        parts.reverse();
    }
    found
}

fn strip_ends(parts: &mut Vec<Part>) -> bool {
    let mut found = false;
    while parts.first() == Some(&Part::End) {
        parts.remove(0);
        found = true;
    }
    found
}

/// Whether some anchor has keys, which cannot be left out, on the side where nothing may be.
fn keys_around_anchor(parts: &[Part]) -> bool {
    let mut flat = Vec::new();
    flatten(parts, &mut flat);
    let needs_keys = |parts: &[Part]| {
        parts.iter().any(|part| matches!(part, Part::Item(item) if shortest(std::slice::from_ref(item)) > 0))
    };
    flat.iter().enumerate().any(|(at, part)| match part {
        Part::Begin => needs_keys(&flat[..at]),
        Part::End => needs_keys(&flat[at + 1..]),
        Part::Item(_) | Part::Group { .. } => false,
    })
}

fn flatten(parts: &[Part], flat: &mut Vec<Part>) {
    for part in parts {
        match part {
            Part::Group { parts, .. } => flatten(parts, flat),
            _ => flat.push(part.clone()),
        }
    }
}
