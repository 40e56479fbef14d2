//! A reader of Prometheus' text format (version 0.0.4) that takes nothing but what the format says.

use std::collections::{BTreeMap, BTreeSet};

/// A page that was read: every value by its name and labels.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Exposition(BTreeMap<(String, Labels), f64>);

type Labels = BTreeMap<String, String>;

/// One name with all that belongs to it.
#[derive(Debug)]
struct Family {
    name: String,
    kind: String,
    samples: Vec<(String, Labels, f64)>,
}

impl Exposition {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if !text.ends_with('\n') {
            return Err("the last line has no end".to_owned());
        }
        let mut families: Vec<Family> = Vec::new();
        let mut helped: Option<String> = None;
        for line in text.lines() {
            let bad = |what: &str| format!("{what}: {line:?}");
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').ok_or_else(|| bad("no help"))?;
                if !is_name(name) || help.is_empty() || helped.is_some() {
                    return Err(bad("bad help"));
                }
                helped = Some(name.to_owned());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').ok_or_else(|| bad("no type"))?;
                if helped.take().as_deref() != Some(name)
                    || !["counter", "gauge", "histogram"].contains(&kind)
                {
                    return Err(bad("bad type"));
                }
                if families.iter().any(|family| family.name == name) {
                    return Err(bad("the name is there twice"));
                }
                families.push(Family { name: name.to_owned(), kind: kind.to_owned(), samples: Vec::new() });
            } else {
                let sample = sample(line).ok_or_else(|| bad("no value"))?;
                let family =
                    families.last_mut().filter(|_| helped.is_none()).ok_or_else(|| bad("no type before"))?;
                family.samples.push(sample);
            }
        }
        let mut page = Exposition::default();
        for family in families {
            family.check()?;
            for (name, labels, value) in family.samples {
                if page.0.insert((name.clone(), labels), value).is_some() {
                    return Err(format!("{name} is there twice with the same labels"));
                }
            }
        }
        Ok(page)
    }

    /// The value of a name with exactly these labels.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels.iter().map(|&(label, says)| (label.to_owned(), says.to_owned())).collect();
        let key = (name.to_owned(), labels);
        *self.0.get(&key).unwrap_or_else(|| panic!("there is no {key:?} in {:#?}", self.0))
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.0.keys().map(|(name, _)| name.as_str()).collect()
    }

    /// The labels of each value of a name.
    pub(crate) fn labels(&self, name: &str) -> Vec<&Labels> {
        self.0.keys().filter(|(of, _)| of == name).map(|(_, labels)| labels).collect()
    }

    /// Without the names that begin so.
    pub(crate) fn without(mut self, prefix: &str) -> Self {
        self.0.retain(|(name, _), _| !name.starts_with(prefix));
        self
    }
}

impl Family {
    fn check(&self) -> Result<(), String> {
        let Family { name, kind, samples } = self;
        let good = match kind.as_str() {
            "histogram" => return self.check_histogram(),
            // Only what goes up ends so.
            "counter" => name.ends_with("_total") && samples.iter().all(|(.., value)| *value >= 0.0),
            _ => !["_total", "_bucket", "_sum", "_count"].iter().any(|end| name.ends_with(end)),
        };
        let own = samples
            .iter()
            .all(|(of, labels, value)| of == name && !labels.contains_key("le") && value.is_finite());
        if good && own { Ok(()) } else { Err(format!("no {kind}: {self:?}")) }
    }

    fn check_histogram(&self) -> Result<(), String> {
        let no = || format!("no histogram: {self:?}");
        let [buckets @ .., (sum_name, sum_labels, sum), (count_name, count_labels, count)] =
            &self.samples[..]
        else {
            return Err(no());
        };
        let (mut longest, mut most) = (f64::NEG_INFINITY, 0.0);
        for (name, labels, value) in buckets {
            let le =
                labels.get("le").filter(|_| labels.len() == 1).and_then(|le| number(le)).ok_or_else(no)?;
            if *name != format!("{}_bucket", self.name) || le <= longest || *value < most {
                return Err(no());
            }
            (longest, most) = (le, *value);
        }
        let ends = *sum_name == format!("{}_sum", self.name) && *count_name == format!("{}_count", self.name);
        let plain = sum_labels.is_empty() && count_labels.is_empty() && *sum >= 0.0;
        if ends && plain && longest == f64::INFINITY && most == *count { Ok(()) } else { Err(no()) }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "NaN" => Some(f64::NAN),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => text.parse().ok(),
        _ => None,
    }
}

/// `name{label="says",…} value`
fn sample(line: &str) -> Option<(String, Labels, f64)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, says) = rest.split_once("=\"")?;
            let (says, after) = unquoted(says)?;
            if !is_name(label) || labels.insert(label.to_owned(), says).is_some() {
                return None;
            }
            if let Some(after) = after.strip_prefix('}') {
                rest = after;
                break;
            }
            rest = after.strip_prefix(',')?;
        }
    }
    let value = number(rest.strip_prefix(' ')?)?;
    is_name(name).then(|| (name.to_owned(), labels, value))
}

/// What stands before the closing quote, and what behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut says = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((says, &text[at + 1..])),
            '\\' => says.push(match chars.next()?.1 {
                'n' => '\n',
                same @ ('\\' | '"') => same,
                _ => return None,
            }),
            other => says.push(other),
        }
    }
    None
}
