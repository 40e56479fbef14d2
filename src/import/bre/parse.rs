//! From text to a [`Node`].

use super::{Bytes, Kind, Mistake, Node, bracket};

/// The largest number in a repeat, as the C library has it.
const REPEAT_MAX: usize = 32_767;
/// How deep groups may be nested. Nobody keys what needs more, and the stack is safe.
const NESTING: usize = 50;
/// How often a repeat may be repeated.
const REPEATS: usize = 4;
/// How long an expression may be.
const LENGTH: usize = 4_096;

/// Reads an expression.
///
/// # Errors
/// [`Mistake`] for the first thing that makes it none.
pub fn parse(text: &str) -> Result<Node, Mistake> {
    let mut reader = Reader { text: text.as_bytes(), at: 0, groups: 0, closed: Vec::new() };
    if text.len() > LENGTH {
        let message = format!("it is longer than {LENGTH} bytes");
        return Err(Mistake { message, span: 0..text.len() });
    }
    let node = reader.alternatives(0)?;
    match reader.rest() {
        [] => Ok(node),
        // Only the end of a group stops before the end of the text.
        _ => Err(reader.mistake("a \"\\)\" without its \"\\(\"", reader.at, 2)),
    }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    /// How many groups were begun.
    groups: usize,
    /// The groups that were ended.
    closed: Vec<usize>,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, token: &[u8]) -> bool {
        let taken = self.rest().starts_with(token);
        self.at += if taken { token.len() } else { 0 };
        taken
    }

    fn mistake(&self, message: impl Into<String>, at: usize, length: usize) -> Mistake {
        Mistake { message: message.into(), span: at..(at + length).min(self.text.len()) }
    }

    fn ends_here(&self, rest: &[u8]) -> bool {
        rest.is_empty() || rest.starts_with(br"\|") || rest.starts_with(br"\)")
    }

    fn alternatives(&mut self, depth: usize) -> Result<Node, Mistake> {
        let from = self.at;
        let mut nodes = vec![self.sequence(depth)?];
        while self.take(br"\|") {
            nodes.push(self.sequence(depth)?);
        }
        match nodes.pop() {
            Some(only) if nodes.is_empty() => Ok(only),
            last => {
                nodes.extend(last);
                Ok(Node::new(Kind::Alternatives(nodes), from..self.at))
            }
        }
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, Mistake> {
        let from = self.at;
        let mut nodes = Vec::new();
        if self.take(b"^") {
            nodes.push(Node::new(Kind::Begin, self.at - 1..self.at));
        }
        let mut first = true;
        while !self.ends_here(self.rest()) {
            let start = self.at;
            let node = self.item(depth, first)?;
            let node = self.repeats(node, start)?;
            nodes.push(node);
            // After an anchor nothing can be repeated either.
            first = nodes.last().is_some_and(Node::is_anchor);
        }
        Ok(Node::new(Kind::Sequence(nodes), from..self.at))
    }

    /// Reads one thing that can be repeated. A `*` that comes first is itself.
    fn item(&mut self, depth: usize, first: bool) -> Result<Node, Mistake> {
        let start = self.at;
        let byte = self.rest().first().copied().unwrap_or_default();
        self.at += 1;
        let kind = match byte {
            b'\\' => return self.escape(depth, first, start),
            b'[' => {
                let (bytes, length) = bracket::read(self.rest())
                    .map_err(|message| self.mistake(message, start, self.text.len()))?;
                self.at += length;
                Kind::Bytes(bytes)
            }
            b'.' => Kind::Bytes(Bytes::of(|byte| byte != 0)),
            b'$' if self.ends_here(self.rest()) => Kind::End,
            _ => Kind::Bytes(Bytes::of(|other| other == byte)),
        };
        Ok(Node::new(kind, start..self.at))
    }

    fn escape(&mut self, depth: usize, first: bool, start: usize) -> Result<Node, Mistake> {
        let Some(&byte) = self.rest().first() else {
            return Err(self.mistake("a \"\\\" with nothing after it", start, 1));
        };
        self.at += 1;
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let blank = |byte: u8| byte.is_ascii_whitespace() || byte == 0x0b;
        let kind = match byte {
            b'(' => return self.group(depth, start),
            b'{' if first => return Err(self.mistake("a repeat of nothing", start, 2)),
            b'w' => Kind::Bytes(Bytes::of(word)),
            b'W' => Kind::Bytes(Bytes::of(|byte| !word(byte))),
            b's' => Kind::Bytes(Bytes::of(blank)),
            b'S' => Kind::Bytes(Bytes::of(|byte| !blank(byte))),
            b'`' => Kind::Begin,
            b'\'' => Kind::End,
            b'<' | b'>' | b'b' | b'B' => Kind::WordEdge,
            b'1'..=b'9' => {
                let number = usize::from(byte - b'0');
                if !self.closed.contains(&number) {
                    return Err(self.mistake(format!("there is no group {number} before it"), start, 2));
                }
                Kind::Again(number)
            }
            _ => Kind::Bytes(Bytes::of(|other| other == byte)),
        };
        Ok(Node::new(kind, start..self.at))
    }

    fn group(&mut self, depth: usize, start: usize) -> Result<Node, Mistake> {
        if depth == NESTING {
            return Err(self.mistake(format!("groups are nested deeper than {NESTING}"), start, 2));
        }
        self.groups += 1;
        let number = self.groups;
        let node = Box::new(self.alternatives(depth + 1)?);
        if !self.take(br"\)") {
            return Err(self.mistake("a \"\\(\" without its \"\\)\"", start, 2));
        }
        self.closed.push(number);
        Ok(Node::new(Kind::Group { number, node }, start..self.at))
    }

    /// Reads the repeats after an item, of which there may be several. An anchor has none.
    fn repeats(&mut self, mut node: Node, start: usize) -> Result<Node, Mistake> {
        if node.is_anchor() {
            return Ok(node);
        }
        let mut depth = 0;
        loop {
            if depth > 0 && (self.rest().starts_with(b"*") || self.rest().starts_with(br"\{")) {
                return Err(self.mistake("a repeat of a repeat", start, self.at + 2 - start));
            }
            let (min, max) = if self.take(b"*") {
                (0, None)
            } else if self.take(br"\+") {
                (1, None)
            } else if self.take(br"\?") {
                (0, Some(1))
            } else if self.rest().starts_with(br"\{") {
                self.interval()?
            } else {
                break;
            };
            depth += 1;
            if depth > REPEATS {
                return Err(self.mistake(format!("more than {REPEATS} repeats of a repeat"), start, 1));
            }
            node = Node::new(Kind::Repeat { node: Box::new(node), min, max }, start..self.at);
        }
        Ok(node)
    }

    fn interval(&mut self) -> Result<(usize, Option<usize>), Mistake> {
        let start = self.at;
        self.at += 2;
        let length = self.rest().windows(2).position(|pair| pair == br"\}");
        let Some(length) = length else {
            return Err(self.mistake("a \"\\{\" without its \"\\}\"", start, 2));
        };
        let inside = String::from_utf8_lossy(&self.rest()[..length]).into_owned();
        self.at += length + 2;
        let wrong = |message: &str| self.mistake(message, start, length + 4);
        let number = |digits: &str| match digits.parse::<usize>() {
            Ok(number) if number <= REPEAT_MAX && digits.bytes().all(|b| b.is_ascii_digit()) => Ok(number),
            _ => Err(wrong("this is no repeat")),
        };
        let (min, max) = match inside.split_once(',') {
            None => (number(&inside)?, Some(number(&inside)?)),
            Some(("", "")) => (0, None),
            Some((min, "")) => (number(min)?, None),
            Some(("", max)) => (0, Some(number(max)?)),
            Some((min, max)) => (number(min)?, Some(number(max)?)),
        };
        if max.is_some_and(|max| max < min) {
            return Err(wrong("a repeat that ends before it begins"));
        }
        Ok((min, max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let mistake = parse(text).unwrap_err();
        format!("{:?} {mistake}", mistake.span)
    }

    fn is_match(expression: &str, text: &str) -> bool {
        parse(expression).unwrap().is_match(text)
    }

    #[test]
    fn anchors_hold_where_they_can_be_and_are_themselves_elsewhere() {
        assert!(is_match("^ab$", "ab") && !is_match("^ab$", "abc") && !is_match("^ab$", "xab"));
        assert!(is_match("a^b", "a^b") && is_match("a$b", "a$b"));
        assert!(is_match(r"x\|^a", "ab") && !is_match(r"x\|^a", "ba"));
        assert!(is_match(r"\(^a\)", "ab") && !is_match(r"\(^a\)", "ba"));
        assert!(is_match(r"a$\|b", "ca") && is_match(r"\(a$\)", "ca"));
        assert!(is_match("^*a", "*a") && !is_match("^*a", "a"), "a * that comes first is itself");
        assert!(is_match(r"\(*a\)", "*a") && is_match("*", "*"));
        assert!(is_match(r"\`a\'", "a") && !is_match(r"\`a\'", "ba"));
    }

    #[test]
    fn repeats_are_those_of_basic_expressions() {
        assert!(is_match("^ab*$", "a") && is_match("^ab*$", "abbb"));
        assert!(is_match(r"^ab\+$", "ab") && !is_match(r"^ab\+$", "a"));
        assert!(is_match(r"^ab\?$", "a") && !is_match(r"^ab\?$", "abb"));
        assert!(is_match(r"^\(ab\)\{2,3\}$", "ababab") && !is_match(r"^\(ab\)\{2,3\}$", "ab"));
        assert!(is_match(r"^a\{,2\}$", "aa") && !is_match(r"^a\{,2\}$", "aaa"));
        assert!(is_match(r"^a\{2\}\+$", "aaaa") && !is_match(r"^a\{2\}\+$", "aaa"));
        assert!(is_match("^a+$", "a+") && is_match("^a?(b|c){2}$", "a?(b|c){2}"));
    }

    #[test]
    fn classes_are_those_of_the_c_library() {
        assert!(is_match("^[[:digit:]a-c]$", "b") && is_match("^[[:digit:]a-c]$", "7"));
        assert!(is_match("^[^0-9]$", "#") && !is_match("^[^0-9]$", "1"));
        assert!(is_match("^[]a]$", "]") && is_match("^[^]a]$", "b") && is_match("^[a-]$", "-"));
        assert!(is_match(r"^[\]$", r"\"), "a backslash is itself there");
        assert!(is_match("^[[=a=][.b.]]*$", "ab"));
        assert!(is_match(r"^\w\W\s\S$", "a# b"));
    }

    #[test]
    fn what_is_no_expression_is_pointed_at() {
        assert_eq!(wrong(r"ab\("), r#"2..4 a "\(" without its "\)""#);
        assert_eq!(wrong(r"a\)"), r#"1..3 a "\)" without its "\(""#);
        assert_eq!(wrong("a[1-"), "1..4 a \"[\" without its \"]\"");
        assert_eq!(wrong("[[:num:]]"), "0..9 there is no class \"num\"");
        assert_eq!(wrong("[9-1]"), "0..5 a range that goes down");
        assert_eq!(wrong(r"a\{x\}"), "1..6 this is no repeat");
        assert_eq!(wrong(r"a\{3,2\}"), "1..8 a repeat that ends before it begins");
        assert_eq!(wrong(r"a\{99999\}"), "1..10 this is no repeat");
        assert_eq!(wrong(r"\{2\}"), "0..2 a repeat of nothing");
        assert_eq!(wrong(r"1\+*"), "0..4 a repeat of a repeat");
        assert_eq!(wrong(r"a\|\`\{2\}"), "5..7 a repeat of nothing");
        assert_eq!(wrong(r"\(a\1\)"), "3..5 there is no group 1 before it");
        assert_eq!(wrong("a\\"), "1..2 a \"\\\" with nothing after it");
    }

    #[test]
    fn nothing_hostile_costs_much() {
        assert!(parse(&r"\(".repeat(1000)).is_err());
        assert!(parse(&format!("a{}", r"\+".repeat(1000))).is_err());
        assert!(parse(&"a".repeat(5000)).is_err());
        let nested = format!("^{}a{}$", r"\(".repeat(40), r"\)\{0,32767\}".repeat(40));
        assert!(!parse(&nested).unwrap().is_match(&"b".repeat(60)));
        assert!(!parse(&nested.replace("{0,", "{1,")).unwrap().is_match(&"ab".repeat(30)));
    }
}
