//! What codes cost: to load, and for each digit that a caller keys. The cost of a digit must not depend on how many
//! codes there are; beside it stands what it costs to try one code after the other.

#![allow(missing_docs)] // The macros of the benchmark make public items.

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use touchtone::assist::{Assist, Input, Output, Role, Telling};
use touchtone::config::{self, Config};
use touchtone::key::{Key, Keys};
use touchtone::keypad::Collector;
use touchtone::moment::Moment;
use touchtone::wire::EngineLine;

const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];

/// Codes of three kinds, as an installation with many services has them.
fn code(index: usize) -> String {
    match index % 3 {
        0 => format!("*{index:05}"),
        1 => format!("#{index:05}(room:x{{3,6}})#"),
        _ => format!("*9{index:05}*(number:x{{1,15}})*(pin:x{{4}})#"),
    }
}

fn text(count: usize) -> String {
    let mut text = "[yate]\nconnect = \"stdio\"\n".to_owned();
    for index in 0..count {
        let keys = code(index);
        write!(
            text,
            "[[code]]\nname = \"code-{index}\"\nkeys = \"{keys}\"\nstate = \"call\"\noperation = \"mute\"\n"
        )
        .expect("memory");
    }
    text
}

fn config(text: &str) -> Arc<Config> {
    match config::load(Path::new("bench.toml"), |_| Ok(text.to_owned())) {
        Ok(loaded) => Arc::new(loaded.config),
        Err(refused) => panic!("{refused}"),
    }
}

/// What a caller keys: three codes that are there whatever their number, one that breaks off, and digits for somebody
/// else.
fn keyed() -> Keys {
    "*00003#00001800#*900005*5551234*9876#*0000755512#*00009".parse().expect("keys")
}

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    for count in COUNTS {
        let text = text(count);
        group.bench_with_input(BenchmarkId::from_parameter(count), &text, |bencher, text| {
            bencher.iter(|| config(black_box(text)));
        });
    }
}

/// One caller's collector, its timers never due.
fn digit(criterion: &mut Criterion) {
    let keyed = keyed();
    let mut group = criterion.benchmark_group("digit");
    group.throughput(Throughput::Elements(keyed.len() as u64));
    for count in COUNTS {
        let config = config(&text(count));
        let state = config.states.iter().position(|state| state.name == config::STATE_CALL).expect("a state");
        let rules = config.rules(state, None);
        let mut collector = Collector::default();
        let mut outcomes = Vec::new();
        group.bench_function(BenchmarkId::new("collected", count), |bencher| {
            bencher.iter(|| {
                for &key in keyed.iter() {
                    collector.handle_key(Duration::ZERO, black_box(key), rules, &mut outcomes);
                    while collector.goes_on() {
                        collector.go_on(Duration::ZERO, rules, &mut outcomes);
                    }
                }
                outcomes.clear();
            });
        });
    }
    for count in [10, 10_000] {
        let codes: Vec<String> = (0..count).map(code).collect();
        group.bench_function(BenchmarkId::new("each-code-tried", count), |bencher| {
            bencher.iter(|| {
                let mut held = String::new();
                for key in keyed.iter() {
                    held.push(char::from(Key::symbol(*key)));
                    if !codes.iter().any(|code| code.starts_with(black_box(&held[..]))) {
                        held.clear();
                    }
                }
                held.len()
            });
        });
    }
    group.finish();
}

/// The whole way of a digit: from the engine's line to the answer and what is done then.
fn message(criterion: &mut Criterion) {
    let keyed = keyed();
    let mut group = criterion.benchmark_group("message");
    group.throughput(Throughput::Elements(keyed.len() as u64));
    let lines: Vec<String> = keyed
        .iter()
        .map(|key| {
            let key = char::from(key.symbol());
            format!(
                "%%>message:0x7f1c.1:1795420044:chan.dtmf::id=sip/2:module=sip:status=answered:address=127.0.0.1%z5062:\
                 billid=1795420044-7:answered=true:direction=incoming:text={key}:detected=sip-info:peerid=sip/9:\
                 caller=alice:duplicate=false"
            )
        })
        .collect();
    for count in COUNTS {
        let mut assist = Assist::new(config(&text(count)));
        let now = Moment::at(Duration::ZERO, Timestamp::UNIX_EPOCH);
        assist.tell(Telling::Codes);
        assist.handle_input(now, Input::Connected(Role::Socket));
        while assist.poll_output().is_some() {}
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| {
                let mut sent = 0;
                for line in &lines {
                    let line = EngineLine::parse(black_box(line.as_bytes())).expect("a line");
                    assist.handle_input(now, Input::Line(line));
                    while let Some(output) = assist.poll_output() {
                        if let Output::Send(bytes) = output {
                            sent += bytes.len();
                        }
                    }
                }
                sent
            });
        });
    }
    group.finish();
}

criterion_group!(benches, load, digit, message);
criterion_main!(benches);
