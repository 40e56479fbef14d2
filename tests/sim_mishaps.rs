//! What can go wrong between the simulated engine and a module, each by itself and all of it by chance.

mod common;

use std::time::Duration;

use common::brain::conference;
use touchtone::sim::{CallRequest, ConnectionId, Fate, Kind, Mishap, Mishaps, Settings, Sim};
use touchtone::stage::{Stage, Told};

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// An engine, and a module that watches channels come.
fn engine() -> (Sim, ConnectionId) {
    let mut sim = Sim::new(Settings::default());
    let module = sim.connect();
    sim.receive(module, b"%%>connect:global\n%%>watch:chan.startup\n");
    sim.advance(ms(20));
    sim.transmit(module);
    (sim, module)
}

fn heard(sim: &mut Sim, module: ConnectionId, time: Duration) -> Vec<String> {
    sim.advance(sim.now() + time);
    let said = String::from_utf8(sim.transmit(module)).expect("text");
    said.lines().map(|line| line.chars().take(60).collect()).collect()
}

/// The module asks for two things; the answer to the first fares like that. What it hears at once, and later.
fn answers(kind: Kind, fate: Fate) -> [Vec<String>; 2] {
    let (mut sim, module) = engine();
    sim.mishap(module, Mishap::Line(kind, fate));
    let name = if kind == Kind::Account { "engine.status" } else { "call.drop" };
    for id in ["a", "b"] {
        sim.receive(module, format!("%%>message:{id}:0:{name}::module=tone:id=sip/9\n").as_bytes());
    }
    [heard(&mut sim, module, ms(20)), heard(&mut sim, module, ms(1000))]
}

fn ids(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line.split(':').nth(1).expect("an id")).collect()
}

#[test]
fn an_answer_comes_late_never_twice_out_of_order_or_under_another_id() {
    let fares = |fate| {
        let [now, later] = answers(Kind::Answer, fate);
        [ids(&now).join(" "), ids(&later).join(" ")]
    };
    assert_eq!(fares(Fate::Late(ms(500))), ["b", "a"]);
    assert_eq!(fares(Fate::Never), ["b", ""]);
    assert_eq!(fares(Fate::Twice(ms(500))), ["a b", "a"]);
    assert_eq!(fares(Fate::Overtaken), ["b a", ""]);
    assert_eq!(fares(Fate::Misnamed), ["nobody.a b", ""]);
    assert_eq!(fares(Fate::Confused), ["b b", ""]);
}

#[test]
fn what_is_to_be_overtaken_comes_though_nothing_follows() {
    let (mut sim, module) = engine();
    sim.mishap(module, Mishap::Line(Kind::Answer, Fate::Overtaken));
    sim.receive(module, b"%%>message:a:0:call.drop::id=sip/9\n");
    assert!(heard(&mut sim, module, ms(20)).is_empty());
    assert_eq!(ids(&heard(&mut sim, module, ms(1000))), ["a"]);
}

#[test]
fn an_account_is_cut_and_is_no_other_answer() {
    let [now, _] = answers(Kind::Account, Fate::Cut(100));
    assert_eq!(now[0], "%%<message:a:true:engine.status::module=tone:id=sip/9:handle");
    assert!(now[1].starts_with("%%<message:b:true:engine.status:name=tone"), "{now:?}");
    let [now, _] = answers(Kind::Answer, Fate::Never);
    assert_eq!(ids(&now), ["b"]);
}

#[test]
fn an_event_is_lost_or_told_twice() {
    let comes = |fate| {
        let (mut sim, module) = engine();
        sim.mishap(module, Mishap::Line(Kind::Event, fate));
        let _ = sim.call(&CallRequest::new("alice", "900", "127.0.0.1:7001"));
        let seen = heard(&mut sim, module, ms(2000));
        seen.iter().filter(|line| line.contains("chan.startup::id=sip/1")).count()
    };
    assert_eq!([comes(Fate::Never), comes(Fate::Twice(ms(10))), comes(Fate::Late(ms(10)))], [0, 2, 1]);
}

#[test]
fn the_connection_is_closed_at_any_byte_that_is_said() {
    let whole = {
        let (mut sim, module) = engine();
        sim.receive(module, b"%%>message:a:0:call.drop::id=sip/9\n");
        sim.advance(ms(40));
        sim.transmit(module)
    };
    for bytes in 0..whole.len() {
        let (mut sim, module) = engine();
        sim.mishap(module, Mishap::ClosesSaying(bytes));
        sim.receive(module, b"%%>message:a:0:call.drop::id=sip/9\n");
        sim.advance(ms(40));
        assert_eq!(sim.transmit(module), whole[..bytes]);
        assert!(!sim.is_open(module), "after {bytes} bytes");
    }
}

#[test]
fn the_connection_is_closed_at_any_byte_that_is_read_and_half_a_line_is_no_message() {
    let line = b"%%>message:a:0:engine.status::module=tone\n";
    for bytes in 0..=line.len() {
        let (mut sim, module) = engine();
        sim.mishap(module, Mishap::ClosesReading(bytes));
        sim.receive(module, line);
        sim.receive(module, line);
        let said = heard(&mut sim, module, ms(40));
        assert!(!sim.is_open(module), "after {bytes} bytes");
        assert!(said.is_empty(), "who is gone is answered nothing: {said:?}");
    }
}

#[test]
fn what_goes_wrong_by_chance_follows_from_the_seed_and_takes_nothing_from_the_rest() {
    let all = Mishaps { answers: 0.2, accounts: 0.2, events: 0.2, closes: 0.01, latest: ms(300) };
    let play = |seed, mishaps| {
        let settings = Settings { seed, mishaps, ..Settings::default() };
        let mut stage = Stage::new(conference(), settings);
        let mut callers = Vec::new();
        for number in 0..4 {
            callers.push(stage.sim_mut().call(&CallRequest::new(
                format!("c{number}"),
                "800",
                "127.0.0.1:7001",
            )));
            stage.advance(ms(200));
        }
        for _ in 0..10 {
            for caller in &callers {
                stage.sim_mut().key(caller, &"*6".parse().expect("keys"));
                stage.advance(ms(700));
            }
        }
        let lost =
            |told: &(Duration, Told)| matches!(&told.1, Told::Sent(line) if line.starts_with(b"%%>connect"));
        let told = stage.take_told();
        (told.iter().filter(|told| lost(told)).count(), format!("{told:?}"))
    };
    let (connections, told) = play(7, all);
    assert!(connections > 1, "the engine closes now and then");
    assert_eq!(told, play(7, all).1);
    assert_ne!(told, play(8, all).1);
    let calm = Mishaps { latest: ms(300), ..Mishaps::default() };
    assert_eq!(play(7, calm).1, play(7, Mishaps::default()).1);
}
