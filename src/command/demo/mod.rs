//! `touchtone demo`

mod cast;
mod onlooker;
mod pad;
mod page;
mod scene;
mod story;
mod words;

use std::io::Write;
use std::time::Duration;

use clap::Args;

use super::{Failure, terminal};
use page::Page;
use scene::Scene;
use story::{STORY, Told, Verdict};

/// Watch callers use key codes: a simulated engine, touchtone, and nothing else.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Be the callers: a key pad in the terminal, the room beside it.
    #[arg(long, short, conflicts_with_all = ["pace", "wire"])]
    interactive: bool,
    /// Play it as fast as it happens, not at once.
    #[arg(long)]
    pace: bool,
    /// Show the lines of the protocol too, as they are.
    #[arg(long)]
    wire: bool,
    /// What chance depends on: by how much the engine's threads overtake each other.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
}

const INTRODUCTION: &str = "With touchtone, callers key codes in mid-call: *6 mutes, *9 records the room.\n\
    Here it plays beside a simulated Yate engine; codes are those of the example.";

const WHAT_NEXT: &str = "touchtone demo --interactive               be the callers\n\
    touchtone example > touchtone.toml         edit the codes\n\
    touchtone dial -c touchtone.toml '*3800#'  try keys\n\
    touchtone run -c touchtone.toml            beside an engine";

impl Demo {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        if self.interactive {
            return pad::run(scene::configuration()?, self.seed);
        }
        let mut page = Page::new(out, terminal::width(), terminal::color());
        let mut scene = Scene::new(scene::configuration()?, self.seed, self.wire);
        for line in INTRODUCTION.lines() {
            page.text(line)?;
        }
        let verdict = story::play(&mut scene, STORY, &mut |told| match told {
            Told::Heading(text) => page.heading(text),
            Told::Line(line) => page.line(line),
            Told::Passed(time) if self.pace => {
                page.flush()?;
                sleep(time);
                Ok(())
            }
            Told::Passed(_) => Ok(()),
        })?;
        self.end(&mut page, &verdict)
    }

    fn end(&self, page: &mut Page<impl Write>, verdict: &Verdict) -> Result<(), Failure> {
        if !verdict.false_facts.is_empty() {
            page.flush()?;
            let missing = verdict.false_facts.join("; ");
            return Err(Failure::Refused(format!(
                "error: with seed {} the demo did not come out as it must. Not so: {missing}",
                self.seed
            )));
        }
        page.text("")?;
        page.text(&format!(
            "{} facts were looked up in the engine on the way; all hold.",
            verdict.true_facts
        ))?;
        page.heading("What next")?;
        for line in WHAT_NEXT.lines() {
            page.text(line)?;
        }
        Ok(page.flush()?)
    }
}

#[allow(clippy::disallowed_methods)] // For whoever watches; nothing else waits.
fn sleep(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_that_does_not_come_out_is_refused_and_says_what_is_not_so() {
        let demo = Demo { interactive: false, pace: false, wire: false, seed: 7 };
        let mut page = Page::new(Vec::new(), 80, false);
        let good = Verdict { true_facts: 3, false_facts: Vec::new() };
        assert!(demo.end(&mut page, &good).is_ok());
        let bad = Verdict { true_facts: 3, false_facts: vec!["alice is muted"] };
        let Err(Failure::Refused(text)) = demo.end(&mut page, &bad) else { panic!("it must be refused") };
        assert!(text.contains("seed 7") && text.ends_with("Not so: alice is muted"), "{text}");
    }
}
