//! What happens in the demo, and what must be so at each point of it.

use std::time::Duration;

use super::cast::{Person, ROOM};
use super::scene::Scene;
use super::words::Line;
use crate::key::{Key, Keys};

use Person::{Alice, Bob, Carol, Dave};

/// How far apart the keys of a code are pressed.
const KEY_PACE: Duration = Duration::from_millis(200);

/// What the engine needs at most for anything to have come to an end.
const REST: Duration = Duration::from_millis(1300);

/// One step of the story.
#[derive(Clone, Copy)]
pub(super) enum Beat {
    /// What comes next.
    Heading(&'static str),
    /// Somebody calls a number.
    Call(Person, &'static str),
    /// Somebody keys.
    Keys(Person, &'static str),
    /// Somebody hangs up.
    HangUp(Person),
    /// Nothing is done for so many milliseconds.
    Wait(u64),
    /// What must be so now in the engine.
    Must(&'static str, fn(&Scene) -> bool),
}

use Beat::{Call, HangUp, Heading, Must, Wait};

/// The story.
pub(super) const STORY: &[Beat] = &[
    Heading("alice and bob dial into room 800; dave calls carol"),
    Call(Alice, ROOM),
    Call(Bob, ROOM),
    Call(Dave, "7010"),
    Wait(500),
    Must("alice and bob are in room 800", |scene| members(scene) == [Alice, Bob]),
    Must("dave is in a call with carol", |scene| scene.other_party(Dave) == Some(Carol)),
    Heading("*6 mutes whoever keys it, and *6 again makes them heard"),
    Beat::Keys(Alice, "*6"),
    Must("alice is muted, bob is not", |scene| muted(scene, Alice) && !muted(scene, Bob)),
    Must("alice hears a sound", |scene| heard(scene, Alice) == 1),
    Beat::Keys(Alice, "*6"),
    Must("alice is heard again", |scene| !muted(scene, Alice)),
    Heading("*9 records the room"),
    Beat::Keys(Bob, "*9"),
    Must("the room is recorded", |scene| recordings(scene) == 1),
    Heading("In a call of two, what is no code goes on to the other party"),
    Beat::Keys(Dave, "4"),
    Must("carol gets the 4", |scene| received(scene, Carol) == "4"),
    Beat::Keys(Dave, "*"),
    Must("the * is held", |scene| received(scene, Carol) == "4"),
    Wait(3000),
    Must("the * follows when no code comes of it", |scene| received(scene, Carol) == "4*"),
    Heading("*3, a room and # puts both of them into that room"),
    Beat::Keys(Dave, "*3800#"),
    Must("all four are in room 800", |scene| members(scene) == [Alice, Bob, Carol, Dave]),
    Must("carol heard none of the code", |scene| received(scene, Carol) == "4*"),
    Heading("A slip of the finger: in a room, what is no code is dropped"),
    Beat::Keys(Dave, "*5"),
    Beat::Keys(Carol, "**6"),
    Must("carol alone is muted", |scene| {
        Person::ALL.map(|who| muted(scene, who)) == [false, false, true, false]
    }),
    Heading("*9 again, by anybody, ends the recording; everybody hangs up"),
    Beat::Keys(Alice, "*9"),
    Must("the room is not recorded", |scene| recordings(scene) == 0),
    Must("there is one recording", |scene| scene.sim().recordings().count() == 1),
    HangUp(Alice),
    HangUp(Bob),
    HangUp(Carol),
    HangUp(Dave),
    Must("nothing is left", |scene| scene.sim().channels().count() + scene.sim().rooms().count() == 0),
    Must("the engine waits for no answer", |scene| scene.sim().waiting() == 0),
];

/// What is told of the story.
pub(super) enum Told<'a> {
    /// What comes next.
    Heading(&'static str),
    /// Something happened.
    Line(&'a Line),
    /// So much time has passed.
    Passed(Duration),
}

/// How the story came out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// How many things were as they must be.
    pub(super) true_facts: usize,
    /// What was not.
    pub(super) false_facts: Vec<&'static str>,
}

/// Plays a story, telling it as it goes.
pub(super) fn play<E>(
    scene: &mut Scene,
    story: &[Beat],
    tell: &mut impl FnMut(Told<'_>) -> Result<(), E>,
) -> Result<Verdict, E> {
    let mut verdict = Verdict::default();
    for beat in story {
        match *beat {
            Heading(text) => tell(Told::Heading(text))?,
            Call(person, number) => {
                scene.call(person, number);
                wait(scene, REST, tell)?;
            }
            Beat::Keys(person, keys) => key(scene, person, keys, tell)?,
            HangUp(person) => {
                scene.hang_up(person);
                wait(scene, REST, tell)?;
            }
            Wait(time) => wait(scene, Duration::from_millis(time), tell)?,
            Must(_, so) if so(scene) => verdict.true_facts += 1,
            Must(what, _) => verdict.false_facts.push(what),
        }
    }
    Ok(verdict)
}

fn key<E>(
    scene: &mut Scene,
    person: Person,
    keys: &str,
    tell: &mut impl FnMut(Told<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let keys: Keys = keys.bytes().filter_map(Key::from_symbol).collect();
    for key in keys.iter() {
        scene.key(person, *key);
        wait(scene, KEY_PACE, tell)?;
    }
    wait(scene, REST, tell)
}

/// Lets time pass in small pieces, so that what happens is told when it does.
fn wait<E>(
    scene: &mut Scene,
    time: Duration,
    tell: &mut impl FnMut(Told<'_>) -> Result<(), E>,
) -> Result<(), E> {
    const PIECE: Duration = Duration::from_millis(100);
    let until = scene.now() + time;
    while scene.now() < until {
        let piece = PIECE.min(until - scene.now());
        scene.advance(piece);
        for line in scene.take_lines() {
            tell(Told::Line(&line))?;
        }
        tell(Told::Passed(piece))?;
    }
    Ok(())
}

/// Who is in the room, by name.
fn members(scene: &Scene) -> Vec<Person> {
    let room = scene.room();
    let here = |person: &Person| {
        let call = scene.call_of(*person);
        room.as_ref().zip(call).is_some_and(|(room, call)| room.member(&call.id).is_some())
    };
    Person::ALL.into_iter().filter(here).collect()
}

fn muted(scene: &Scene, person: Person) -> bool {
    scene.call_of(person).is_some_and(|call| call.muted)
}

fn heard(scene: &Scene, person: Person) -> usize {
    scene.call_of(person).map_or(0, |call| call.heard.len())
}

fn received(scene: &Scene, person: Person) -> String {
    scene.call_of(person).map(|call| call.received).unwrap_or_default()
}

fn recordings(scene: &Scene) -> usize {
    scene.room().map_or(0, |room| room.recordings().len())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::super::scene::configuration;
    use super::*;

    fn played(seed: u64, story: &[Beat]) -> (Verdict, Vec<String>) {
        let mut scene = Scene::new(configuration().expect("the example"), seed, false);
        let mut texts = Vec::new();
        let verdict = play::<Infallible>(&mut scene, story, &mut |told| {
            if let Told::Line(line) = told {
                texts.push(format!("{} {}", line.who, line.text));
            }
            Ok(())
        });
        (verdict.expect("no error can be"), texts)
    }

    #[test]
    fn the_story_comes_out_with_any_seed() {
        for seed in 0..20 {
            let (verdict, texts) = played(seed, STORY);
            assert_eq!(verdict.false_facts, [""; 0], "seed {seed}");
            let facts = STORY.iter().filter(|beat| matches!(beat, Must(..))).count();
            assert_eq!(verdict.true_facts, facts);
            assert!(!texts.iter().any(|text| text.contains("warns")), "{texts:?}");
        }
    }

    #[test]
    fn a_story_that_comes_out_otherwise_says_what_is_not_so() {
        let story =
            [Call(Alice, ROOM), Beat::Keys(Alice, "*5"), Must("alice is muted", |scene| muted(scene, Alice))];
        let (verdict, texts) = played(0, &story);
        assert_eq!(verdict, Verdict { true_facts: 0, false_facts: vec!["alice is muted"] });
        assert_eq!(texts.last().map(String::as_str), Some("touchtone drops *5: no code"));
    }
}
