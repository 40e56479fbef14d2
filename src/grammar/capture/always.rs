//! What a pattern captures whatever is matched.

use crate::grammar::compile::{Instruction, Program};

/// What became so far of the captures of a name, of which the last counts that is in no other of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// There is none.
    Missing,
    /// It took no symbol.
    Empty,
    /// It took some.
    Full,
    /// It has begun, and took no symbol yet.
    OpenEmpty,
    /// It has begun, and took some.
    OpenFull,
}

const STATUSES: usize = 5;

impl Status {
    fn opened(self) -> Self {
        match self {
            Status::Missing | Status::Empty | Status::Full => Status::OpenEmpty,
            open => open,
        }
    }

    fn taken(self) -> Self {
        if self == Status::OpenEmpty { Status::OpenFull } else { self }
    }

    fn closed(self) -> Self {
        match self {
            Status::OpenEmpty => Status::Empty,
            Status::OpenFull => Status::Full,
            closed => closed,
        }
    }
}

/// Whether a [`Close`](Instruction::Close) ends the outermost capture of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    No,
    Yes,
    /// It does on some ways, and on others the capture was begun in a loop around.
    Maybe,
}

/// What is being done at a place: the instruction, the outermost round without a symbol as in a way, the status.
type Place = (usize, usize, Status);

/// Whether every way of the one pattern of a program to a match leaves something captured by a name.
pub(super) fn captures(program: &Program, name: &str) -> bool {
    let count = program.instructions.len();
    let rounds = program.rounds(0) + 1;
    let wanted: Vec<bool> = program.names.iter().map(|known| **known == *name).collect();
    let ends = ends(program, &wanted);
    let mut seen = vec![false; count * rounds * STATUSES];
    let mut rest: Vec<Place> = vec![(program.extent(0).start, 0, Status::Missing)];
    while let Some((at, hungry, status)) = rest.pop() {
        let place = (at * rounds + hungry) * STATUSES + status as usize;
        if std::mem::replace(&mut seen[place], true) {
            continue;
        }
        match program.instructions[at] {
            Instruction::Take { .. } => rest.push((at + 1, 0, status.taken())),
            Instruction::Split { first, second } => {
                rest.extend([first, second].map(|to| (to as usize, hungry, status)));
            }
            Instruction::Jump(to) => rest.push((to as usize, hungry, status)),
            Instruction::Open(opened) if wanted[opened as usize] => {
                rest.push((at + 1, hungry, status.opened()));
            }
            Instruction::Close(_) => {
                let (open, closed) = ((at + 1, hungry, status), (at + 1, hungry, status.closed()));
                match ends[at] {
                    Ends::No => rest.push(open),
                    Ends::Yes => rest.push(closed),
                    Ends::Maybe => rest.extend([open, closed]),
                }
            }
            Instruction::Open(_) | Instruction::Enter | Instruction::Tag(_) => {
                rest.push((at + 1, hungry, status));
            }
            Instruction::Round(round) => {
                let hungry = if hungry == 0 { round as usize } else { hungry.min(round as usize) };
                rest.push((at + 1, hungry, status));
            }
            Instruction::Taken(round) if hungry == 0 || hungry > round as usize => {
                rest.push((at + 1, hungry, status));
            }
            Instruction::Match(_) if status.closed() != Status::Full => return false,
            Instruction::Taken(_) | Instruction::Match(_) | Instruction::Fail => {}
        }
    }
    true
}

/// Something that has begun, as the instructions are written.
struct Open {
    wanted: bool,
    is_loop: bool,
    /// Whether a wanted capture begins in it.
    holds: bool,
}

/// For each instruction, what it ends, as far as its place says. What a loop leaves open ends with the loop.
fn ends(program: &Program, wanted: &[bool]) -> Vec<Ends> {
    let mut ends = vec![Ends::No; program.instructions.len()];
    let mut open: Vec<Open> = Vec::new();
    let (mut around, mut loops) = (0, 0);
    for (at, instruction) in program.instructions.iter().enumerate() {
        match *instruction {
            Instruction::Open(name) => {
                let wanted = wanted[name as usize];
                around += usize::from(wanted);
                open.push(Open { wanted, is_loop: false, holds: wanted });
            }
            Instruction::Enter => {
                loops += 1;
                open.push(Open { wanted: false, is_loop: true, holds: false });
            }
            Instruction::Close(_) => {
                let Some(ended) = open.pop() else { continue };
                around -= usize::from(ended.wanted);
                loops -= usize::from(ended.is_loop);
                if let Some(outer) = open.last_mut() {
                    outer.holds |= ended.holds;
                }
                if around == 0 && (ended.wanted || ended.is_loop && ended.holds) {
                    ends[at] = if ended.wanted || loops == 0 { Ends::Yes } else { Ends::Maybe };
                }
            }
            _ => {}
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use crate::grammar::ast::Node;
    use crate::grammar::capture::Matcher;
    use crate::grammar::{Limits, dregex};
    use crate::key::KEY_COUNT;

    fn always(node: &Node) -> bool {
        Matcher::new(node, KEY_COUNT, &Limits::default()).unwrap().always_captures("n")
    }

    #[test]
    fn a_capture_is_missing_where_a_way_leads_past_it() {
        let always = |text: &str| always(&dregex::parse(text, &Limits::default()).unwrap());
        assert!(always("*(n:x)#"));
        assert!(always("*(a:(n:x){1,2})#"));
        assert!(!always("*(n:x){0,1}#"));
        assert!(!always("*(n:x{0,3})#"));
        assert!(!always("*#"));
    }

    #[test]
    fn what_is_captured_last_decides() {
        let always = |text: &str| always(&dregex::parse(text, &Limits::default()).unwrap());
        assert!(!always("*(n:x)(n:x{0,1})#"));
        assert!(always("*(n:x{0,1})(n:x)#"));
        assert!(always("*(n:(n:x{0,1})x)#"));
        assert!(!always("*(n:x{0,1}){2}#"));
        // A round of a repeat without an end is only made if it takes a key.
        assert!(always("*(n:x)(n:x{0,1}){0,}#"));
    }

    #[test]
    fn a_capture_that_a_loop_leaves_open_ends_with_the_loop() {
        let number = |digit: Node| {
            let again = Node::Again { label: 0, part: 0 }.captured("n").repeated(0, Some(1));
            Node::Loop { label: 0, parts: vec![Node::Sequence(vec![digit, again])] }
        };
        let after = |node: Node| Node::Sequence(vec![node, Node::symbol(11)]);
        assert!(always(&after(number(Node::symbol(1)).captured("n"))));
        assert!(!always(&after(number(Node::symbol(1)))));
        assert!(!always(&after(number(Node::symbol(1).repeated(0, Some(1))).captured("n"))));
    }
}
