//! The daemon under digits for a long time, seen from outside: an engine of straw sends a thousand digits a second over a
//! UNIX socket, from a thousand channels in a hundred rooms that hang up and call again. Each minute it prints what the
//! daemon's process takes and how long answers took; memory and descriptors stay what they are. It has a store, and once a
//! second somebody looks at its metrics, and somebody asks for its status.
//!
//! `cargo test --release --test soak_daemon -- --ignored --nocapture` goes on for `SOAK_MINUTES` (3), at `SOAK_RATE` digits
//! a second (1000).

#![allow(clippy::disallowed_methods)] // It measures time.

mod common;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::process::{PATIENCE, touchtone};

/// How many channels there are at a time.
const CHANNELS: usize = 1_000;
/// How many rooms they are in.
const ROOMS: usize = 100;
/// How many digits a channel keys before it hangs up and another one takes its place.
const CALL_LENGTH: u64 = 60;
/// What everybody keys, again and again: a code among digits that are none, and the beginning of one.
const KEYED: &[u8] = b"*61234567890**512";
/// How often digits are sent.
const TICK: Duration = Duration::from_micros(500);

#[test]
fn a_soak_of_seconds_loses_no_digit() {
    soak(Duration::from_secs(3), 1_000, 1);
}

#[test]
#[ignore = "takes minutes; say --release"]
fn soak_at_a_thousand_digits_a_second_keeps_memory_and_descriptors_flat() {
    let given =
        |name: &str, usual| std::env::var(name).map_or(usual, |text| text.parse::<u64>().expect("a number"));
    soak(Duration::from_secs(60), given("SOAK_RATE", 1_000), given("SOAK_MINUTES", 3));
}

/// What the daemon's process takes.
#[derive(Debug, Clone, Copy)]
struct Taken {
    memory_kb: u64,
    descriptors: usize,
}

fn soak(span: Duration, rate: u64, spans: u64) {
    let mut engine = Engine::start();
    // Once round for everything that is made the first time it is needed.
    engine.digits(rate, Duration::from_secs(2));
    let mut looker = Looker::start(engine.metrics, engine.control.clone());
    let warm_up = spans / 3;
    let mut warm: Option<Taken> = None;
    for number in 1..=spans {
        engine.latencies.clear();
        let before = engine.operations;
        let sent = engine.digits(rate, span);
        let (taken, looks) = looker.rest(|| engine.taken());
        let operations = engine.operations - before;
        println!(
            "{number}: {sent} digits, {operations} operations, {looks} looks, {taken:?}, {}",
            engine.spread()
        );
        assert!(operations > 0, "codes fire");
        assert!(looks > 0, "somebody looks");
        match warm {
            None if number >= warm_up => warm = Some(taken),
            None => {}
            Some(warm) => {
                assert!(taken.memory_kb * 100 <= warm.memory_kb * 105, "memory grows: {warm:?}, {taken:?}");
                assert!(taken.descriptors <= warm.descriptors, "descriptors grow: {warm:?}, {taken:?}");
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Caller {
    channel: u64,
    keyed: u64,
    muted: bool,
}

/// The daemon, with us as its engine.
struct Engine {
    child: Child,
    stream: UnixStream,
    /// What the daemon says, and when that was heard.
    heard: Receiver<(Instant, Vec<u8>)>,
    out: Vec<u8>,
    unread: Vec<u8>,
    callers: Vec<Caller>,
    /// When each digit that waits was sent, by its number.
    waiting: HashMap<u64, Instant>,
    latencies: Vec<Duration>,
    next_channel: u64,
    next_digit: u64,
    operations: u64,
    metrics: SocketAddr,
    control: PathBuf,
    _folder: tempfile::TempDir,
}

impl Engine {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (socket, config) = (folder.path().join("engine.sock"), folder.path().join("touchtone.toml"));
        let control = folder.path().join("control.sock");
        let metrics = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let metrics = metrics.expect("a free port");
        let text = format!(
            "{}\n[store]\nfile = \"touchtone.db\"\n[control]\nsocket = \"control.sock\"\n[metrics]\nlisten = \"{metrics}\"\n",
            include_str!("../config/conference.toml")
        );
        std::fs::write(&config, text).expect("a configuration");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let child = run(&config, &socket);
        let (stream, _) = listener.accept().expect("a connection");
        let heard = listen(stream.try_clone().expect("a stream"));
        let mut engine = Engine {
            child,
            stream,
            heard,
            out: Vec::new(),
            unread: Vec::new(),
            callers: vec![Caller { channel: 0, keyed: 0, muted: false }; CHANNELS],
            waiting: HashMap::new(),
            latencies: Vec::new(),
            next_channel: 0,
            next_digit: 0,
            operations: 0,
            metrics,
            control,
            _folder: folder,
        };
        (0..CHANNELS).for_each(|at| engine.call(at));
        engine
    }

    /// Sends so many digits a second for so long, and waits until all are answered; gives how many.
    fn digits(&mut self, rate: u64, span: Duration) -> u64 {
        let (start, first) = (Instant::now(), self.next_digit);
        while start.elapsed() < span {
            let due = u64::try_from(start.elapsed().as_micros()).expect("a time") * rate / 1_000_000;
            while self.next_digit < first + due {
                self.key();
            }
            self.pass();
        }
        let patience = Instant::now() + Duration::from_secs(10);
        while !self.waiting.is_empty() {
            assert!(Instant::now() < patience, "{} digits are not answered", self.waiting.len());
            self.pass();
        }
        self.next_digit - first
    }

    fn key(&mut self) {
        let at = usize::try_from(self.next_digit).expect("a count") % CHANNELS;
        let Caller { channel, keyed, .. } = self.callers[at];
        if keyed == CALL_LENGTH {
            let end = format!("chan.hangup::id=sip/{channel}:module=sip:lastpeerid=conf/{channel}");
            self.say(&format!("%%<message::false:{end}"));
            self.call(at);
            return self.key();
        }
        let number = self.next_digit;
        // The phase of each channel is its own, so that codes fire all the time and not all at once.
        let place = usize::try_from(keyed + channel).expect("a count") % KEYED.len();
        let (key, sequence) = (char::from(KEYED[place]), keyed + 1);
        self.say(&format!(
            "%%>message:0x7f359cf16c60.{number}:1795420070:chan.dtmf::id=sip/{channel}:module=sip:status=answered:\
             address=127.0.0.1%z7001:billid=1795419992-{channel}:peerid=conf/{channel}:lastpeerid=conf/{channel}:\
             answered=true:direction=incoming:callid=sip/1-19971@127.0.0.1/1/2:sip_content-type=application/dtmf-relay:\
             text={key}:detected=sip-info:sequence={sequence}:duplicate=false"
        ));
        self.waiting.insert(number, Instant::now());
        self.next_digit += 1;
        self.callers[at].keyed += 1;
    }

    /// Somebody new is in the room.
    fn call(&mut self, at: usize) {
        self.next_channel += 1;
        let (channel, room) = (self.next_channel, at % ROOMS);
        self.callers[at] = Caller { channel, keyed: 0, muted: false };
        self.say(&format!(
            "%%<message::true:call.execute::id=sip/{channel}:module=sip:answered=false:caller=c{channel}:called=800:\
             billid=1795419992-{channel}:callto=conf/r{room}:peerid=conf/{channel}:room=conf/r{room}"
        ));
    }

    fn say(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.push(b'\n');
    }

    /// Says what there is to say, and hears for a while what there is to hear.
    fn pass(&mut self) {
        let until = Instant::now() + TICK;
        loop {
            self.stream.write_all(&self.out).expect("the daemon reads");
            self.out.clear();
            match self.heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((at, bytes)) => self.hear(&bytes, at),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("the daemon is gone"),
            }
        }
    }

    fn hear(&mut self, bytes: &[u8], now: Instant) {
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let mut rest = unread.as_slice();
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            self.said(std::str::from_utf8(&rest[..end]).expect("text"), now);
            rest = &rest[end + 1..];
        }
        self.unread = rest.to_vec();
    }

    /// A line of the daemon's: an answer, or something that it wants to be done, which is.
    fn said(&mut self, line: &str, now: Instant) {
        let mut fields = line.split(':');
        match fields.next() {
            Some("%%<message") => {
                let id =
                    fields.next().and_then(|id| id.strip_prefix("0x7f359cf16c60.")).expect("an id of ours");
                let sent = self.waiting.remove(&id.parse().expect("a number")).expect("it is answered once");
                self.latencies.push(now.duration_since(sent));
            }
            Some("%%>message") => {
                let (id, name) = (fields.next().expect("an id").to_owned(), fields.nth(1).expect("a name"));
                let params = line.splitn(6, ':').nth(5).unwrap_or_default();
                if name == "engine.status" {
                    let account = self.account(params);
                    return self.say(&format!("%%<message:{id}:true:engine.status:{account}%M%J:{params}"));
                }
                self.operations += 1;
                let leg = self.done(params);
                self.say(&format!("%%<message:{id}:true:chan.control::{params}:peerid=conf/{leg}"));
            }
            _ => {}
        }
    }

    /// Mutes whom it is about, and gives their leg.
    fn done(&mut self, params: &str) -> u64 {
        let of = |name: &str| params.split(':').find_map(|param| param.strip_prefix(name));
        let channel = of("id=sip/").and_then(|channel| channel.parse().ok()).unwrap_or_default();
        let caller = self.callers.iter_mut().find(|caller| caller.channel == channel);
        if let (Some(caller), Some(muted)) = (caller, of("mute=")) {
            caller.muted = muted == "true";
        }
        channel
    }

    /// What there is, as an engine says it.
    fn account(&self, params: &str) -> String {
        let all = || self.callers.iter().enumerate();
        let module = params.strip_prefix("module=").unwrap_or_default();
        let mut text = format!("name={module},type=misc,format=x;chans=1");
        match module {
            "conf" => {
                for (at, Caller { channel, .. }) in all() {
                    let before = if at == 0 { ';' } else { ',' };
                    let _ = write!(text, "{before}conf/{channel}=outgoing|r{}|sip/{channel}", at % ROOMS);
                }
            }
            "cdrbuild" => {
                for (at, Caller { channel, .. }) in all() {
                    let before = if at == 0 { ';' } else { ',' };
                    let _ =
                        write!(text, "{before}sip/{channel}=answered|c{channel}|800|1795419992-{channel}|1");
                }
            }
            _ => {
                let number = module.strip_prefix("conf/").and_then(|leg| leg.parse().ok()).unwrap_or(0);
                if let Some((at, Caller { muted, .. })) = all().find(|(_, caller)| caller.channel == number) {
                    let room = at % ROOMS;
                    text = format!(
                        "name={module},type=channel;peerid=sip/{number},address=r{room},billid=1,mute={muted}"
                    );
                }
            }
        }
        text
    }

    fn taken(&self) -> Taken {
        let process = Path::new("/proc").join(self.child.id().to_string());
        let status = std::fs::read_to_string(process.join("status")).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let memory_kb = line.trim().trim_end_matches(" kB").parse().expect("a number");
        // What somebody who has just left had is closed soon.
        let descriptors = (0..10).map(|_| {
            thread::sleep(Duration::from_millis(10));
            std::fs::read_dir(process.join("fd")).expect("descriptors").count()
        });
        Taken { memory_kb, descriptors: descriptors.min().expect("a count") }
    }

    /// How long answers took.
    fn spread(&mut self) -> String {
        self.latencies.sort_unstable();
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in the list"
            )]
            let place = ((self.latencies.len() - 1) as f64 * share) as usize;
            self.latencies[place]
        };
        format!("p50 {:?}, p99 {:?}, p99.9 {:?}, longest {:?}", at(0.5), at(0.99), at(0.999), at(1.0))
    }
}

/// Hears what the daemon says as soon as it does.
fn listen(mut stream: UnixStream) -> Receiver<(Instant, Vec<u8>)> {
    let (sender, heard) = channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count) = stream.read(&mut buffer)
            && count > 0
            && sender.send((Instant::now(), buffer[..count].to_vec())).is_ok()
        {}
    });
    heard
}

/// Looks at the metrics, and asks for the status, once a second.
struct Looker {
    /// How often that was done. It is not done while somebody else has this.
    looks: Arc<Mutex<u64>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Looker {
    fn start(metrics: SocketAddr, control: PathBuf) -> Self {
        let (looks, stop) = (Arc::new(Mutex::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (looks.clone(), stop.clone());
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let mut looks = count.lock().unwrap_or_else(PoisonError::into_inner);
                scrape(metrics);
                status(&control);
                *looks += 1;
                drop(looks);
                thread::park_timeout(Duration::from_secs(1));
            }
        });
        Looker { looks, stop, thread: Some(thread) }
    }

    /// What is so while nobody looks, and how often somebody did since the last time.
    fn rest<T>(&mut self, is: impl FnOnce() -> T) -> (T, u64) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        (is(), std::mem::take(&mut *looks))
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return };
        thread.thread().unpark();
        let ended = thread.join();
        assert!(thread::panicking() || ended.is_ok(), "whoever looked saw what is above");
    }
}

fn scrape(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).expect("metrics");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it is read");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("an answer");
    assert!(
        page.starts_with("HTTP/1.1 200 ") && page.contains("\ntouchtone_store_failures_total 0\n"),
        "{page}"
    );
}

fn status(socket: &Path) {
    let mut stream = UnixStream::connect(socket).expect("a socket");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream.write_all(b"{\"v\":1,\"id\":1,\"command\":\"status\"}\n").expect("it is read");
    let mut said = String::new();
    BufReader::new(stream).read_line(&mut said).expect("an answer");
    assert!(said.contains("\"ready\":true") && said.contains("\"store\":true"), "{said}");
}

fn run(config: &Path, socket: &Path) -> Child {
    let mut command = touchtone();
    command.args(["run", "--config"]).arg(config).arg("--connect").arg(format!("unix:{}", socket.display()));
    command.env("TOUCHTONE_LOG", "info").stderr(Stdio::null()).spawn().expect("the daemon")
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
