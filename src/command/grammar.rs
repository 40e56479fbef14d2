//! `touchtone grammar`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Failure, Format, config_file};
use crate::config::{Refused, load_grammar, load_limits};
use crate::grammar::Limits;
use crate::grammar::capture::{Captures, Matcher};
use crate::grammar::srgs::{Grammar, Mode};

/// Check one grammar file (W3C SRGS 1.0, ABNF Form), or try an input on it.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the grammar is legal and the input, if any, matches; 1 not; 2 wrong usage.\n\
    Example: touchtone grammar conference.gram '*3800#' --rule join"
)]
pub(super) struct GrammarFile {
    /// The grammar file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What is said or keyed: words, separated by blanks, or keys, as `*3800#`.
    #[arg(value_name = "INPUT", allow_hyphen_values = true)]
    input: Option<String>,
    /// The public rule that the input is tried on, instead of the root; a grammar without a root tries all of them.
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// The configuration whose [limits] hold for the grammar.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How what is found is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl GrammarFile {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let limits = self.config.as_deref().map_or_else(|| Ok(Limits::default()), load_limits);
        let loaded = limits.and_then(|limits| Ok((load_grammar(&self.file, &limits)?, limits)));
        match (loaded, &self.input) {
            (Ok((grammar, _)), None) => self.describe(&grammar, out),
            (Ok((grammar, limits)), Some(input)) => self.try_input(&grammar, input, &limits, out),
            (Err(refused), _) => self.report(&refused, out),
        }
    }

    fn report(&self, refused: &Refused, out: &mut impl Write) -> Result<(), Failure> {
        if self.format == Format::Json {
            for diagnostic in &refused.diagnostics {
                writeln!(out, "{}", diagnostic.to_json(&refused.sources))?;
            }
            out.flush()?;
        } else {
            let text = config_file::render(&refused.diagnostics, &refused.sources);
            io::stderr().write_all(text.as_bytes())?;
        }
        Err(Failure::Refused(String::new()))
    }

    fn describe(&self, grammar: &Grammar, out: &mut impl Write) -> Result<(), Failure> {
        let mode = match grammar.mode() {
            Mode::Dtmf => "dtmf",
            Mode::Voice => "voice",
        };
        let public: Vec<&str> = grammar.rules().filter(|rule| rule.public).map(|rule| rule.name).collect();
        let root = grammar.root();
        if self.format == Format::Json {
            writeln!(out, "{}", json!({ "legal": true, "mode": mode, "root": root, "public": public }))?;
        } else {
            let root = root.map_or("no root".to_owned(), |root| format!("root ${root}"));
            let count = grammar.rules().count();
            writeln!(out, "{}: legal, mode {mode}, {root}, {count} rules", self.file.display())?;
            for name in public {
                writeln!(out, "  public ${name}")?;
            }
        }
        Ok(out.flush()?)
    }

    fn try_input(
        &self,
        grammar: &Grammar,
        input: &str,
        limits: &Limits,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        let words = grammar.alphabet().words(input);
        let symbols = match grammar.alphabet().symbols(input) {
            Ok(symbols) => symbols,
            Err(word) => return self.report_no_key(word, out),
        };
        let mut tried = None;
        for rule in self.rules(grammar)? {
            let found = try_rule(grammar, rule, &symbols, limits)?;
            let matches = found.is_some();
            tried = Some((rule, found));
            if matches {
                break;
            }
        }
        let (rule, found) = tried.unwrap_or_default();
        match self.format {
            Format::Json => writeln!(out, "{}", json_of(rule, &words, found.as_ref()))?,
            Format::Text => write_text(out, rule, &words, found.as_ref())?,
        }
        out.flush()?;
        if found.is_some() { Ok(()) } else { Err(Failure::Refused(String::new())) }
    }

    fn report_no_key(&self, word: &str, out: &mut impl Write) -> Result<(), Failure> {
        let help = "the keys are 0-9 A-D, * or star, and # or pound";
        let message = format!("{word:?} is no key");
        if self.format == Format::Json {
            writeln!(out, "{}", json!({ "matches": false, "error": message, "help": help }))?;
            out.flush()?;
            return Err(Failure::Refused(String::new()));
        }
        Err(Failure::Refused(format!("error: {message}\n{help}")))
    }

    /// The rule that is named, or the root; without either, every public rule in turn.
    fn rules<'g>(&'g self, grammar: &'g Grammar) -> Result<Vec<&'g str>, Failure> {
        if let Some(rule) = self.rule.as_deref().or(grammar.root()) {
            return Ok(vec![rule]);
        }
        let public: Vec<&str> = grammar.rules().filter(|rule| rule.public).map(|rule| rule.name).collect();
        if public.is_empty() {
            return Err(Failure::Usage("error: the grammar has neither a root nor a public rule".to_owned()));
        }
        Ok(public)
    }
}

fn try_rule(
    grammar: &Grammar,
    rule: &str,
    symbols: &[usize],
    limits: &Limits,
) -> Result<Option<Captures>, Failure> {
    let node = grammar.rule(rule).map_err(|error| Failure::Usage(format!("error: {error}")))?;
    let matcher = Matcher::new(&node, grammar.alphabet().size(), limits)
        .map_err(|error| Failure::Refused(format!("error: ${rule}: {error}")))?;
    Ok(matcher.captures(symbols))
}

fn json_of(rule: &str, words: &[&str], found: Option<&Captures>) -> serde_json::Value {
    let Some(found) = found else { return json!({ "rule": rule, "matches": false }) };
    let captures: Vec<_> = found
        .iter()
        .map(|captured| {
            let value = words[captured.range.clone()].join(" ");
            let (from, to) = (captured.range.start, captured.range.end);
            json!({ "name": &*captured.name, "value": value, "from": from, "to": to, "depth": captured.depth })
        })
        .collect();
    let tags: Vec<&str> = found.tags().collect();
    json!({ "rule": rule, "matches": true, "captures": captures, "tags": tags })
}

fn write_text(out: &mut impl Write, rule: &str, words: &[&str], found: Option<&Captures>) -> io::Result<()> {
    let Some(found) = found else { return writeln!(out, "${rule} does not match") };
    writeln!(out, "${rule} matches")?;
    for captured in found.iter() {
        let indent = "  ".repeat(captured.depth + 1);
        writeln!(out, "{indent}{} = {}", captured.name, words[captured.range.clone()].join(" "))?;
    }
    for tag in found.tags() {
        writeln!(out, "  {{{tag}}}")?;
    }
    Ok(())
}
