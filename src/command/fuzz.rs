//! `touchtone fuzz`

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::{ConfigArg, Failure, Format};
use crate::assist::Report;
use crate::config::Config;
use crate::trial::reach::{Reach, reach};
use crate::trial::shrink::shrink;
use crate::trial::{Broken, Event, Faults, Noted, Scene, Trial};

/// Try a configuration with random keys, timings and mishaps on a simulated engine, and hold it to the promises.
#[derive(Debug, Args)]
#[command(
    after_help = "It says how often each code fired, by which keys each can fire, and which never can.\n\
    Exit codes: 0 no promise is broken, 1 one is, or the configuration is refused, 2 wrong usage.\n\
    What breaks a promise is printed with its seed and the fewest acts that do: --seed begins with it again."
)]
pub(super) struct Fuzz {
    #[command(flatten)]
    config: ConfigArg,
    /// For how long.
    #[arg(long, value_name = "N", default_value_t = 10)]
    seconds: u64,
    /// How many trials, however long they take.
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    trials: Option<u64>,
    /// The seed of the first trial; each has the next.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How what is found is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What was tried so far.
#[derive(Debug, Default)]
struct Tally {
    trials: u64,
    digits: u64,
    fired: HashMap<String, u64>,
}

/// A trial that broke a promise, as few acts as do.
struct Found {
    trial: Trial,
    broken: Broken,
}

impl Fuzz {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let path = self.config.path()?.to_owned();
        let config = self.config.load()?;
        let scene = Scene::new(config.clone(), Faults::ALL);
        let mut tally = Tally::default();
        let found = self.try_on(&scene, &mut tally)?;
        match self.format {
            Format::Text => self.print(out, &config, &tally, found.is_none())?,
            Format::Json => self.print_json(out, &scene, &tally, found.as_ref())?,
        }
        out.flush()?;
        match found {
            None => Ok(()),
            Some(found) if self.format == Format::Text => {
                Err(Failure::Refused(report(&scene, &path, &found)))
            }
            Some(_) => Err(Failure::Refused(String::new())),
        }
    }

    #[allow(clippy::disallowed_methods, reason = "how long a command runs is the edge's to say")]
    fn try_on(&self, scene: &Scene, tally: &mut Tally) -> Result<Option<Found>, Failure> {
        let start = Instant::now();
        let mut shown = Duration::ZERO;
        let goes_on = |trials: u64| match self.trials {
            Some(wanted) => trials < wanted,
            None => start.elapsed() < Duration::from_secs(self.seconds),
        };
        while goes_on(tally.trials) {
            let trial = Trial::of_seed(scene, self.seed.wrapping_add(tally.trials));
            tally.trials += 1;
            match trial.hold(scene) {
                Ok(record) => tally.count(&record),
                Err(broken) => {
                    let (trial, broken) = shrink(scene, trial, broken);
                    return Ok(Some(Found { trial, broken }));
                }
            }
            if io::stderr().is_terminal() && start.elapsed() > shown + Duration::from_millis(200) {
                shown = start.elapsed();
                write!(io::stderr(), "\r{} trials, {} digits ", tally.trials, tally.digits)?;
            }
        }
        if shown > Duration::ZERO {
            write!(io::stderr(), "\r\x1b[K")?;
        }
        Ok(None)
    }

    fn print(&self, out: &mut impl Write, config: &Config, tally: &Tally, held: bool) -> io::Result<()> {
        let reach = reach(config);
        let name = |at: usize| config.codes[at].name.as_str();
        let wide = (0..config.codes.len()).map(|at| name(at).chars().count()).max().unwrap_or(0).clamp(4, 20);
        let keys_wide =
            reach.iter().map(|reach| reach.keys().chars().count()).max().unwrap_or(0).clamp(4, 20);
        writeln!(out, "{:<wide$}  {:>7}  {:<keys_wide$}  where", "code", "fired", "keys")?;
        for (at, reach) in reach.iter().enumerate() {
            let fired = match tally.fired(name(at)) {
                0 if matches!(reach, Reach::Follows) => "-".to_owned(),
                count => count.to_string(),
            };
            let (keys, note) = (reach.keys(), reach.note());
            writeln!(out, "{:<wide$}  {fired:>7}  {keys:<keys_wide$}  {note}", name(at))?;
        }
        if held {
            let (trials, digits, seed) = (tally.trials, tally.digits, self.seed);
            writeln!(out, "\n{trials} trials from seed {seed} on, {digits} digits: no promise is broken")?;
        }
        Ok(())
    }

    fn print_json(
        &self,
        out: &mut impl Write,
        scene: &Scene,
        tally: &Tally,
        found: Option<&Found>,
    ) -> io::Result<()> {
        let config = &scene.config;
        for (code, reach) in config.codes.iter().zip(reach(config)) {
            let (states, never, follows) = match &reach {
                Reach::Keys { states, .. } => (states.clone(), None, false),
                Reach::Follows => (Vec::new(), None, true),
                Reach::Never { why } => (Vec::new(), Some(*why), false),
            };
            let keys = Some(reach.keys()).filter(|keys| !keys.is_empty());
            let line = Line::Code {
                code: code.name.clone(),
                fired: tally.fired(&code.name),
                keys,
                states,
                follows,
                never,
            };
            writeln!(out, "{}", serde_json::to_string(&line)?)?;
        }
        let line = Line::Trials { trials: tally.trials, seed: self.seed, digits: tally.digits };
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
        if let Some(Found { trial, broken }) = found {
            let line = Line::Broken {
                promise: broken.promise.to_string(),
                seed: trial.seed,
                at_ms: u64::try_from(broken.at.as_millis()).unwrap_or(u64::MAX),
                what: broken.what.clone(),
                acts: trial.acts.iter().map(|act| scene.tell(act)).collect(),
            };
            writeln!(out, "{}", serde_json::to_string(&line)?)?;
        }
        Ok(())
    }
}

/// One line of what tools read.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
enum Line {
    /// A code: how often it fired, and how it can.
    Code {
        code: String,
        fired: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        keys: Option<String>,
        states: Vec<String>,
        follows: bool,
        /// Why it never can.
        #[serde(skip_serializing_if = "Option::is_none")]
        never: Option<&'static str>,
    },
    /// How much was tried.
    Trials { trials: u64, seed: u64, digits: u64 },
    /// A promise that is broken, and by what.
    Broken { promise: String, seed: u64, at_ms: u64, what: String, acts: Vec<String> },
}

impl Tally {
    fn count(&mut self, record: &[Noted]) {
        for noted in record {
            match &noted.event {
                Event::Told(Report::Keyed { keys, .. }) => self.digits += keys.len() as u64,
                Event::Told(Report::Fired { code, .. }) => *self.fired.entry(code.clone()).or_default() += 1,
                _ => {}
            }
        }
    }

    fn fired(&self, code: &str) -> u64 {
        self.fired.get(code).copied().unwrap_or(0)
    }
}

impl Reach {
    fn keys(&self) -> String {
        match self {
            Reach::Keys { keys, .. } => keys.to_string(),
            Reach::Follows | Reach::Never { .. } => String::new(),
        }
    }

    fn note(&self) -> String {
        match self {
            Reach::Keys { states, .. } => states.join(", "),
            Reach::Follows => "follows another code".to_owned(),
            Reach::Never { why } => format!("never: {why}"),
        }
    }
}

fn report(scene: &Scene, path: &Path, Found { trial, broken }: &Found) -> String {
    let Broken { promise, at, what } = broken;
    let seed = trial.seed;
    let mut text = format!(
        "error: a promise is broken: {promise}\nseed {seed}, after {} ms: {what}\n\n",
        at.as_millis()
    );
    for (number, act) in (1..).zip(&trial.acts) {
        text += &format!("{number:>4}  {}\n", scene.tell(act));
    }
    text + &format!("\nsee it again: touchtone fuzz --config {} --seed {seed} --trials 1\n", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::trial::act::Party;
    use crate::trial::{Act, Promise};
    use std::sync::Arc;

    #[test]
    fn what_breaks_a_promise_is_told_so_that_it_can_be_seen_again() {
        let text = include_str!("../../config/conference.toml");
        let loaded = config::load(Path::new("a.toml"), |_| Ok(text)).unwrap();
        let scene = Scene::new(Arc::new(loaded.config), Faults::NONE);
        let who = Party { caller: 0, far: false };
        let keys = Act::Keys {
            who,
            keys: "*6".parse().unwrap(),
            gap: Some(Duration::from_millis(200)),
            trouble: None,
        };
        let acts = vec![Act::Call { who: 0, to: 1 }, keys];
        let what = "6 of sip/1 is lost".to_owned();
        let broken = Broken { promise: Promise::Conserved, at: Duration::from_millis(450), what };
        let found = Found { trial: Trial { seed: 17, acts }, broken };
        assert_eq!(
            report(&scene, Path::new("a.toml"), &found),
            "error: a promise is broken: every digit is fired, passed on or dropped, once and in order\n\
             seed 17, after 450 ms: 6 of sip/1 is lost\n\n   \
             1  caller 0 calls conf/800\n   \
             2  caller 0 keys *6, 200 ms apart\n\n\
             see it again: touchtone fuzz --config a.toml --seed 17 --trials 1\n"
        );
    }
}
