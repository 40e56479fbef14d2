//! From lines to sections.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::lines::{Line, lines, trim};
use super::{Ini, Note, Param, Place, Section, boolean};

/// How deep files may be included, as the engine has it.
const DEPTH: usize = 10;
/// How many bytes all files together may have.
const BYTES: usize = 1_000_000;

/// Reads a file and those it includes; `files` gives their bytes.
///
/// # Errors
/// What is wrong with the file itself; of the others a note tells.
pub fn read(path: &Path, files: &dyn Fn(&Path) -> io::Result<Vec<u8>>) -> Result<Ini, String> {
    let bytes = files(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
        _ => format!("{} cannot be read: {error}", path.display()),
    })?;
    if bytes.len() > BYTES {
        return Err(format!("{} has more than {BYTES} bytes: it is no such configuration", path.display()));
    }
    let mut reader =
        Reader { files, ini: Ini::default(), section: None, known: HashMap::new(), bytes: bytes.len() };
    reader.file(path, &bytes, 0);
    Ok(reader.ini)
}

struct Reader<'f> {
    files: &'f dyn Fn(&Path) -> io::Result<Vec<u8>>,
    ini: Ini,
    /// The section that parameters go to, as a place among them.
    section: Option<usize>,
    /// The places of sections by their names.
    known: HashMap<String, usize>,
    bytes: usize,
}

/// What is true while one file is read.
struct File<'p> {
    path: &'p Path,
    depth: usize,
    enabled: bool,
    /// The comment lines above, with nothing between.
    comments: Vec<String>,
}

impl File<'_> {
    fn place(&self, line: &Line) -> Place {
        Place { file: self.path.display().to_string(), line: line.number }
    }
}

impl Reader<'_> {
    fn note(&mut self, file: &File<'_>, line: &Line, text: impl Into<String>) -> Note {
        let note = Note { place: file.place(line), text: text.into() };
        self.ini.notes.push(note.clone());
        note
    }

    fn file(&mut self, path: &Path, bytes: &[u8], depth: usize) {
        let mut file = File { path, depth, enabled: true, comments: Vec::new() };
        let lines = lines(bytes);
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            at += 1;
            if !line.is_text {
                self.note(&file, line, "not text in UTF-8: what is none is shown as \u{fffd}");
            }
            if line.text.is_empty() {
                file.comments.clear();
            } else if let Some(comment) = line.text.strip_prefix(';') {
                file.comments.push(comment.strip_prefix(' ').unwrap_or(comment).to_owned());
            } else if line.text.starts_with('[') {
                self.header(&mut file, line);
                file.comments.clear();
            } else {
                // A comment or a section never goes on in the next line; anything else with a value does.
                let mut param = vec![line];
                while param.last().is_some_and(|last| last.text.ends_with('\\'))
                    && line.text.find('=').is_some_and(|equals| equals > 0)
                {
                    let Some(next) = lines.get(at) else { break };
                    param.push(next);
                    at += 1;
                }
                self.param(&mut file, &param);
            }
        }
    }

    fn header(&mut self, file: &mut File<'_>, line: &Line) {
        let Some((name, _)) = line.text[1..].split_once(']') else {
            self.note(file, line, format!("{:?} is no section, and ignored by the engine", line.text));
            return;
        };
        let name = trim(name);
        if let Some(condition) = directive(name, "$enabled") {
            return self.enable(file, line, condition);
        }
        if name.is_empty() || !file.enabled {
            return;
        }
        for command in ["$include", "$includesilent", "$require"] {
            if let Some(included) = directive(name, command) {
                return self.include(file, line, included);
            }
        }
        if name.starts_with("$includesection") || name.starts_with("$requiresection") {
            let note = self.note(file, line, format!("[{name}] is not followed"));
            if let Some(section) = self.section.and_then(|at| self.ini.sections.get_mut(at)) {
                section.unknown.get_or_insert(note);
            }
            return;
        }
        if name.contains("${") {
            self.note(file, line, format!("the engine's own parameters are not known, as in [{name}]"));
        }
        self.begin(file, line, name);
    }

    fn begin(&mut self, file: &File<'_>, line: &Line, name: &str) {
        let new = self.ini.sections.len();
        let at = *self.known.entry(name.to_owned()).or_insert(new);
        self.section = Some(at);
        if at == new {
            self.ini.sections.push(Section {
                name: name.to_owned(),
                place: file.place(line),
                comments: file.comments.clone(),
                params: Vec::new(),
                unknown: None,
            });
        }
    }

    fn enable(&mut self, file: &mut File<'_>, line: &Line, condition: &str) {
        let alternative = directive(condition, "elseif");
        if condition == "else" || condition == "toggle" {
            file.enabled = !file.enabled;
        } else if alternative.is_some() && file.enabled {
            file.enabled = false;
        } else {
            let condition = alternative.unwrap_or(condition);
            match boolean(condition) {
                Some(enabled) => file.enabled = enabled,
                None => {
                    let text = format!("whether {condition:?} holds is not known here: taken as if it did");
                    self.note(file, line, text);
                    file.enabled = true;
                }
            }
        }
    }

    fn include(&mut self, file: &File<'_>, line: &Line, included: &str) {
        let path = file.path.parent().unwrap_or(Path::new("")).join(included);
        let wrong = if included.is_empty() || included.contains("${") {
            Some("what it includes is not known here".to_owned())
        } else if file.depth == DEPTH {
            Some(format!("files are included deeper than {DEPTH}"))
        } else {
            match (self.files)(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Some(format!("{} is not there to be included", path.display()))
                }
                Err(error) => Some(format!("{} is not included: {error}", path.display())),
                Ok(bytes) if self.bytes.saturating_add(bytes.len()) > BYTES => Some(format!(
                    "{} is not included: all files have more than {BYTES} bytes",
                    path.display()
                )),
                Ok(bytes) => {
                    // An empty file costs something too: even files that include nothing but each other come to an end.
                    self.bytes += bytes.len() + 1_000;
                    // What follows belongs again to the section that was begun here.
                    let section = self.section;
                    self.file(&path, &bytes, file.depth + 1);
                    self.section = section;
                    None
                }
            }
        };
        if let Some(text) = wrong {
            self.note(file, line, text);
        }
    }

    fn param(&mut self, file: &mut File<'_>, lines: &[&Line]) {
        let comments = std::mem::take(&mut file.comments);
        let Some(first) = lines.first() else { return };
        let (name, value) = first.text.split_once('=').unwrap_or((&first.text, ""));
        let name = trim(name);
        let pieces = [value].into_iter().chain(lines[1..].iter().map(|line| line.text.as_str()));
        let value: String = pieces.map(|piece| piece.strip_suffix('\\').unwrap_or(piece)).collect();
        if !file.enabled || name.is_empty() {
            return;
        }
        let Some(section) = self.section.and_then(|at| self.ini.sections.get_mut(at)) else {
            self.note(file, first, format!("{name:?} is in no section, and ignored by the engine"));
            return;
        };
        section.params.push(Param {
            name: name.to_owned(),
            value: trim(&value).to_owned(),
            place: file.place(first),
            comments,
            lines: lines.iter().map(|line| line.text.clone()).collect(),
        });
    }
}

/// What follows a directive, if it is that one.
fn directive<'n>(name: &'n str, command: &str) -> Option<&'n str> {
    let rest = name.strip_prefix(command)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| trim(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ini(text: &str) -> Ini {
        let files = |path: &Path| match path.to_str() {
            Some("etc/main.conf") => Ok(text.as_bytes().to_vec()),
            Some("etc/more.conf") => Ok(b"also=1\n[new]\nx=y\n".to_vec()),
            Some("etc/loop.conf") => Ok(b"[$include loop.conf]\n[$include loop.conf]\n".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        read(Path::new("etc/main.conf"), &files).unwrap()
    }

    fn told(ini: &Ini) -> Vec<String> {
        let param = |param: &Param| format!("{}={}", param.name, param.value);
        let section = |section: &Section| {
            let params: Vec<_> = section.params.iter().map(param).collect();
            format!("[{}] {}", section.name, params.join(", "))
        };
        ini.sections.iter().map(section).collect()
    }

    fn notes(ini: &Ini) -> Vec<String> {
        ini.notes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_are_sections_parameters_and_comments() {
        let ini = ini(
            "\u{feff}; of a\n[ a ] ignored\r\n\t x = 1 \r; y\ny=2=3\nz\n;no\n\nw=\n[b]\nx=;kept # too\n[a]\nq=\\\\\n",
        );
        assert_eq!(told(&ini), ["[a] x=1, y=2=3, z=, w=, q=\\", "[b] x=;kept # too"]);
        assert_eq!(ini.sections[0].comments, ["of a"]);
        assert_eq!(ini.sections[0].params[1].comments, ["y"]);
        assert_eq!(ini.sections[0].params[3].comments, [""; 0], "an empty line ends a comment");
        assert_eq!(ini.sections[1].place.to_string(), "etc/main.conf:10");
    }

    #[test]
    fn a_backslash_at_the_end_goes_on_in_the_next_line() {
        let ini = ini("[a]\nx=one \\\n   two\\\n;three\ny=\\");
        assert_eq!(told(&ini), ["[a] x=one two;three, y="]);
        assert_eq!(ini.sections[0].params[0].lines.len(), 3);
    }

    #[test]
    fn files_are_included_and_never_without_end() {
        let ini = ini("[a]\n[$include more.conf]\nz=1\n[$require nosuch.conf]\n[$include loop.conf]\n");
        assert_eq!(told(&ini), ["[a] also=1, z=1", "[new] x=y"]);
        let notes = notes(&ini);
        assert!(notes[0].starts_with("etc/main.conf:4: etc/nosuch.conf is not there"), "{notes:?}");
        assert!(notes.iter().any(|note| note.contains("deeper than 10") || note.contains("more than")));
    }

    #[test]
    fn conditions_that_can_be_known_hold() {
        let ini = ini(
            "[a]\n[$enabled no]\nx=1\n[$enabled else]\ny=1\n[$enabled elseif yes]\nz=1\n[$enabled true]\n[b]\n[$enabled $loaded sip]\nq=1\n",
        );
        assert_eq!(told(&ini), ["[a] y=1", "[b] q=1"]);
        assert_eq!(notes(&ini).len(), 1);
    }

    #[test]
    fn what_is_no_line_of_a_configuration_is_told() {
        let ini = ini("x=1\n[a\n[]\n=5\n[${name}]\n[c]\n[$includesection d]\n");
        assert_eq!(told(&ini), ["[${name}] ", "[c] "]);
        assert_eq!(notes(&ini).len(), 4);
        assert!(ini.sections[1].unknown.is_some());
    }

    #[test]
    fn numbers_are_written_as_in_c() {
        let numbers = ["20", "0x14", "024", "-3", "0", "x", "", "2s", "1 2"];
        let numbers = numbers.map(super::super::integer);
        let (twenty, none) = (Some(20), None);
        assert_eq!(numbers, [twenty, twenty, twenty, Some(-3), Some(0), none, none, none, none]);
    }
}
