//! A calendar's lines: unfolded, with their place, and each thing that is begun ended.

use icalendar::parser;

/// How deep things are inside one another at most.
const MAX_DEPTH: usize = 8;

/// What of a calendar is of use.
#[derive(Debug)]
pub(super) struct Lines {
    /// The zone of times that have none (`X-WR-TIMEZONE`).
    pub(super) time_zone: Option<String>,
    /// Its events.
    pub(super) events: Vec<EventLines>,
}

/// What is written of an event, without what is inside of it, as alarms.
#[derive(Debug)]
pub(super) struct EventLines {
    /// The line in which it begins.
    pub(super) line: usize,
    /// What it says.
    pub(super) properties: Vec<Property>,
}

/// A line: a name, parameters and a value.
#[derive(Debug, Clone)]
pub(super) struct Property {
    pub(super) line: usize,
    /// In upper case.
    pub(super) name: String,
    /// Text is as it is meant, without backslashes.
    pub(super) value: String,
    /// Their names are in upper case.
    params: Vec<(String, String)>,
}

impl Property {
    /// What a parameter says.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All parameters.
    pub(super) fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Something is wrong with this line.
    pub(super) fn broken(&self, why: &str) -> String {
        format!("line {}: {}: {why}", self.line, self.name)
    }
}

/// Reads the lines of a calendar.
pub(super) fn read(text: &str) -> Result<Lines, String> {
    let mut lines = Lines { time_zone: None, events: Vec::new() };
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut last = 1;
    for (line, text) in unfold(text) {
        last = line;
        let (name, _) = name_of(line, &text)?;
        if open.is_empty() && !text.eq_ignore_ascii_case("BEGIN:VCALENDAR") {
            return Err(format!("line {line}: this is no calendar: one begins with BEGIN:VCALENDAR"));
        }
        match name.as_str() {
            "BEGIN" => begin(line, &text, &mut open, &mut lines)?,
            "END" => end(line, &text, &mut open)?,
            _ => match open.as_slice() {
                [_] if name == "X-WR-TIMEZONE" => lines.time_zone = Some(property(line, &text)?.value),
                [_, (inner, _)] if inner == "VEVENT" => {
                    let property = property(line, &text)?;
                    lines
                        .events
                        .iter_mut()
                        .last()
                        .into_iter()
                        .for_each(|event| event.properties.push(property.clone()));
                }
                _ => {}
            },
        }
    }
    match open.last() {
        Some((name, begun)) => Err(format!(
            "line {last}: the file ends inside the {name} that begins in line {begun}: is it cut off?"
        )),
        None if lines.events.is_empty() && text.trim().is_empty() => {
            Err("line 1: the file is empty".to_owned())
        }
        None => Ok(lines),
    }
}

fn begin(line: usize, text: &str, open: &mut Vec<(String, usize)>, lines: &mut Lines) -> Result<(), String> {
    let name = text["BEGIN:".len()..].trim().to_ascii_uppercase();
    if open.len() == MAX_DEPTH {
        return Err(format!("line {line}: more than {MAX_DEPTH} things are inside one another"));
    }
    if name == "VCALENDAR" && !open.is_empty() || name == "VEVENT" && open.len() != 1 {
        let outer = open.last().map(|(outer, begun)| format!("the {outer} of line {begun}"));
        return Err(format!("line {line}: {name} inside {}: an END is missing", outer.unwrap_or_default()));
    }
    if name == "VEVENT" {
        lines.events.push(EventLines { line, properties: Vec::new() });
    }
    open.push((name, line));
    Ok(())
}

fn end(line: usize, text: &str, open: &mut Vec<(String, usize)>) -> Result<(), String> {
    let name = text["END:".len()..].trim().to_ascii_uppercase();
    match open.pop() {
        Some((due, _)) if due == name => Ok(()),
        Some((due, begun)) => {
            Err(format!("line {line}: END:{name} where END:{due} is due, which begins in line {begun}"))
        }
        None => Err(format!("line {line}: END:{name} of nothing that was begun")),
    }
}

/// The name of a line, in upper case, and what follows.
fn name_of(line: usize, text: &str) -> Result<(String, &str), String> {
    if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\t') {
        return Err(format!("line {line}: {control:?} is no text"));
    }
    let (name, rest) = text.split_at(text.find([':', ';']).unwrap_or(text.len()));
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let name = name.to_ascii_uppercase();
    let bare = matches!(name.as_str(), "BEGIN" | "END") && !rest.starts_with(':');
    if !plain || bare || !rest.contains(':') {
        let shown: String = text.chars().take(40).collect();
        return Err(format!("line {line}: {shown:?} is no line of a calendar, which is NAME:VALUE"));
    }
    Ok((name, rest))
}

fn property(line: usize, text: &str) -> Result<Property, String> {
    let (name, rest) = name_of(line, text)?;
    let whole = format!("{name}{rest}");
    let parsed = parser::Property::try_from(whole.as_str());
    let read = parsed.ok().filter(|read| {
        // Where parameters cannot be read the parser takes the name alone.
        !(read.val.as_str().is_empty() && read.params.is_empty()) || rest == ":"
    });
    let open = |param: &parser::Parameter<'_>| {
        param.val.as_ref().is_some_and(|value| value.as_str().matches('"').count() % 2 == 1)
    };
    let read = read.filter(|read| !read.params.iter().any(open));
    let read = read.ok_or_else(|| format!("line {line}: the parameters of {name} cannot be read"))?;
    let text = |part: Option<&parser::ParseString<'_>>| {
        part.map(|part| part.as_str().to_owned()).unwrap_or_default()
    };
    let params = read
        .params
        .iter()
        .map(|param| (text(Some(&param.key)).to_ascii_uppercase(), text(param.val.as_ref())));
    Ok(Property { line, name, value: text(Some(&read.val)), params: params.collect() })
}

/// The lines with the number of the first of those that they were folded from; without empty ones.
fn unfold(text: &str) -> Vec<(usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, folded))) => folded.push_str(more),
            _ if line.trim().is_empty() => {}
            _ => lines.push((number + 1, line.to_owned())),
        }
    }
    lines
}
