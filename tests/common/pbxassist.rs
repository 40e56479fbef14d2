//! The module that `import` carries over from, as far as its keys go: a buffer, sections, and a matcher for basic
//! expressions of its own that shares nothing with the library's.

/// A section: what is keyed, where, and what it is told by.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) trigger: String,
    /// The states it is for; all if empty.
    pub(crate) states: Vec<&'static str>,
    /// Whether the buffer stays.
    pub(crate) keeps: bool,
}

/// What fired: the section, and its groups from 0 on.
pub(crate) type Fired = (String, Vec<String>);

/// One call's buffer.
pub(crate) struct Buffer<'s> {
    pub(crate) sections: &'s [Section],
    pub(crate) least: usize,
    pub(crate) state: &'static str,
    pub(crate) keys: String,
}

impl Buffer<'_> {
    /// A key; says what fired.
    pub(crate) fn key(&mut self, key: char) -> Option<Fired> {
        self.keys.push(key);
        if self.keys.len() < self.least {
            return None;
        }
        for section in self.sections {
            if !section.states.is_empty() && !section.states.contains(&self.state) {
                continue;
            }
            let Some(groups) = search(&section.trigger, &self.keys) else { continue };
            if section.keeps {
                return None;
            }
            self.keys.clear();
            return Some((section.name.clone(), groups));
        }
        None
    }
}

/// What an expression matches somewhere in a text, and its groups: leftmost, and of those the longest.
pub(crate) fn search(expression: &str, text: &str) -> Option<Vec<String>> {
    let expression: Vec<char> = expression.chars().collect();
    let text: Vec<char> = text.chars().collect();
    for from in 0..=text.len() {
        let mut best: Option<(usize, Groups)> = None;
        let groups = Groups::default();
        alternatives(&expression, 0).iter().for_each(|pieces| {
            walk(&Walk { pieces, next: None }, &text, from, groups.clone(), &mut |end, groups| {
                if best.as_ref().is_none_or(|best| best.0 < end) {
                    best = Some((end, groups));
                }
            });
        });
        if let Some((end, groups)) = best {
            let part = |(from, to): (usize, usize)| text[from..to].iter().collect();
            let all = std::iter::once(Some((from, end))).chain(groups.0);
            return Some(all.map(|range| range.map_or_else(String::new, part)).collect());
        }
    }
    None
}

#[derive(Debug, Clone, Default)]
struct Groups([Option<(usize, usize)>; 9]);

/// A piece of an expression: what it is, and how often.
#[derive(Debug, Clone)]
struct Piece {
    atom: Atom,
    min: usize,
    max: usize,
}

#[derive(Debug, Clone)]
enum Atom {
    Any,
    One(Vec<char>),
    NotOne(Vec<char>),
    Group(usize, Vec<Vec<Piece>>),
    Begin,
    End,
}

/// The ways that an expression names, with the number of groups before it.
fn alternatives(expression: &[char], groups: usize) -> Vec<Vec<Piece>> {
    let mut reader = Reader { rest: expression, groups };
    let ways = reader.ways();
    assert!(reader.rest.is_empty(), "{expression:?}");
    ways
}

struct Reader<'e> {
    rest: &'e [char],
    groups: usize,
}

impl Reader<'_> {
    fn take(&mut self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let taken = self.rest.starts_with(&text);
        if taken {
            self.rest = &self.rest[text.len()..];
        }
        taken
    }

    fn ways(&mut self) -> Vec<Vec<Piece>> {
        let mut ways = vec![self.way()];
        while self.take(r"\|") {
            ways.push(self.way());
        }
        ways
    }

    fn way(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while !self.rest.is_empty()
            && !self.rest.starts_with(&['\\', ')'])
            && !self.rest.starts_with(&['\\', '|'])
        {
            let atom = self.atom();
            let (min, max) = self.times();
            pieces.push(Piece { atom, min, max });
        }
        pieces
    }

    fn atom(&mut self) -> Atom {
        if self.take(r"\(") {
            self.groups += 1;
            let number = self.groups;
            let ways = self.ways();
            assert!(self.take(r"\)"));
            return Atom::Group(number, ways);
        }
        if self.take("[") {
            let not = self.take("^");
            let end = self.rest.iter().position(|&c| c == ']').expect("an end");
            let (inside, after) = (&self.rest[..end], &self.rest[end + 1..]);
            let mut set = Vec::new();
            let mut at = 0;
            while at < inside.len() {
                if inside.get(at + 1) == Some(&'-') {
                    set.extend(inside[at]..=inside[at + 2]);
                    at += 3;
                } else {
                    set.push(inside[at]);
                    at += 1;
                }
            }
            self.rest = after;
            return if not { Atom::NotOne(set) } else { Atom::One(set) };
        }
        let escaped = self.take("\\");
        let symbol = self.rest[0];
        self.rest = &self.rest[1..];
        match symbol {
            '.' if !escaped => Atom::Any,
            '^' if !escaped => Atom::Begin,
            '$' if !escaped => Atom::End,
            _ => Atom::One(vec![symbol]),
        }
    }

    fn times(&mut self) -> (usize, usize) {
        if self.take("*") {
            (0, usize::MAX)
        } else if self.take(r"\+") {
            (1, usize::MAX)
        } else if self.take(r"\?") {
            (0, 1)
        } else if self.take(r"\{") {
            let end = self.rest.iter().position(|&c| c == '\\').expect("an end");
            let inside: String = self.rest[..end].iter().collect();
            self.rest = &self.rest[end + 2..];
            let number =
                |text: &str, default| if text.is_empty() { default } else { text.parse().expect("a number") };
            match inside.split_once(',') {
                Some((min, max)) => (number(min, 0), number(max, usize::MAX)),
                None => (number(&inside, 0), number(&inside, 0)),
            }
        } else {
            (1, 1)
        }
    }
}

/// Pieces that are still to be matched, then others.
struct Walk<'w> {
    pieces: &'w [Piece],
    next: Option<Next<'w>>,
}

/// What follows pieces of a group: the group ends, and it may come again.
#[derive(Clone, Copy)]
struct Next<'w> {
    number: usize,
    from: usize,
    again: &'w Walk<'w>,
}

/// Tries every way, the most rounds first.
fn walk(walk_on: &Walk<'_>, text: &[char], at: usize, groups: Groups, found: &mut dyn FnMut(usize, Groups)) {
    let Some((piece, rest)) = walk_on.pieces.split_first() else {
        let Some(next) = walk_on.next else { return found(at, groups) };
        if next.from == at
            && next.again.pieces.first().is_some_and(|piece| piece.max == usize::MAX && piece.min == 0)
        {
            // A round that took nothing is the last one.
            let mut groups = groups;
            groups.0[next.number - 1] = Some((next.from, at));
            let last = Walk { pieces: &next.again.pieces[1..], next: next.again.next };
            return walk(&last, text, at, groups, found);
        }
        let mut groups = groups;
        groups.0[next.number - 1] = Some((next.from, at));
        return walk(next.again, text, at, groups, found);
    };
    let once_less = Piece {
        atom: piece.atom.clone(),
        min: piece.min.saturating_sub(1),
        max: if piece.max == usize::MAX { usize::MAX } else { piece.max.saturating_sub(1) },
    };
    if piece.max > 0 {
        let mut again = vec![once_less];
        again.extend(rest.iter().cloned());
        let again = Walk { pieces: &again, next: walk_on.next };
        let fits = |set: &dyn Fn(char) -> bool| text.get(at).is_some_and(|&c| set(c));
        match &piece.atom {
            Atom::Any if fits(&|_| true) => walk(&again, text, at + 1, groups.clone(), found),
            Atom::One(set) if fits(&|c| set.contains(&c)) => {
                walk(&again, text, at + 1, groups.clone(), found);
            }
            Atom::NotOne(set) if fits(&|c| !set.contains(&c)) => {
                walk(&again, text, at + 1, groups.clone(), found);
            }
            Atom::Begin if at == 0 => {
                walk(&Walk { pieces: rest, next: walk_on.next }, text, at, groups.clone(), found);
            }
            Atom::End if at == text.len() => {
                walk(&Walk { pieces: rest, next: walk_on.next }, text, at, groups.clone(), found);
            }
            Atom::Group(number, ways) => {
                for way in ways {
                    let next = Next { number: *number, from: at, again: &again };
                    walk(&Walk { pieces: way, next: Some(next) }, text, at, groups.clone(), found);
                }
            }
            _ => {}
        }
    }
    if piece.min == 0 {
        walk(&Walk { pieces: rest, next: walk_on.next }, text, at, groups, found);
    }
}
