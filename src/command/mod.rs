//! The commands, one file each.

mod announce;
mod attendance;
mod check;
mod config_file;
mod daemon;
mod demo;
mod dial;
mod end;
mod example;
mod extend;
mod fuzz;
mod grammar;
mod hash_pin;
mod import;
mod invite;
mod kick;
mod leave;
mod lock;
mod log;
mod mute;
mod offline;
mod pin;
mod record;
mod reload;
mod replay;
mod rooms;
mod run;
mod schedule;
mod schema;
mod show;
mod sounds;
mod status;
mod terminal;
mod watch;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::link::guard;

/// Key codes and conference control for the callers of a Yate engine.
///
/// A caller in mid-call keys a code, as *6, and is muted. touchtone runs beside the engine, watches what is keyed,
/// and has the engine do what the configuration says.
#[derive(Debug, Parser)]
#[command(name = "touchtone", version, about, max_term_width = 100)]
#[command(after_help = "Begin with `touchtone demo`, which needs nothing at all.\n\
    Exit codes: 0 done, 1 refused, 2 wrong usage.\n\
    The engine's [scripts] section passes one argument: `touchtone FILE.toml` alone runs on standard input and output.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How the log is written, on standard error; TOUCHTONE_LOG says how much, as `debug`.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: log::Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    Check(check::Check),
    Dial(dial::Dial),
    Fuzz(fuzz::Fuzz),
    Replay(replay::Replay),
    Grammar(grammar::GrammarFile),
    Schema(schema::Schema),
    Example(example::Example),
    Import(import::Import),
    HashPin(hash_pin::HashPin),
    Sounds(sounds::Sounds),
    Status(status::Status),
    Rooms(rooms::Rooms),
    Mute(mute::Mute),
    Kick(kick::Kick),
    Lock(lock::Lock),
    Record(record::Record),
    Announce(announce::Announce),
    Invite(invite::Invite),
    End(end::End),
    Extend(extend::Extend),
    Schedule(schedule::Schedule),
    Attendance(attendance::Attendance),
    Reload(reload::Reload),
    /// Started by `touchtone run` itself, to hold its connection: there is nothing to run.
    #[command(hide = true)]
    Guard,
}

/// The configuration that a command works with.
#[derive(Debug, Args)]
struct ConfigArg {
    /// The configuration file. `touchtone example` prints one to start from.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How a command prints what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why a command ends without having done what was asked.
#[derive(Debug)]
enum Failure {
    /// What was asked for is refused; the text was printed already, or is to be.
    Refused(String),
    /// The command was not given what it needs.
    Usage(String),
    /// Nobody reads what is printed any more.
    Unread,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Unread,
            _ => Failure::Refused(format!("error: {error}")),
        }
    }
}

/// Runs the command that the arguments name, and gives the process's exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if is_guard(&arguments) {
        // Nobody reads what it would say.
        return guard::stand().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let outcome = match started_by_engine(&arguments) {
        Some(file) => run::on_stdio(file),
        None => dispatch(Cli::parse_from(arguments)),
    };
    match outcome {
        Ok(()) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(Failure::Refused(text)) => fail(&text, 1),
        Err(Failure::Usage(text)) => fail(&text, 2),
    }
}

/// Whether we are to guard the connection of another touchtone: no person asks for that.
fn is_guard(arguments: &[OsString]) -> bool {
    matches!(arguments, [_, only] if only == guard::ARGUMENT)
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    // A daemon's own waits for nobody who reads it.
    if !matches!(cli.command, Command::Run(_)) {
        log::start(cli.log_format);
    }
    match cli.command {
        Command::Demo(demo) => demo.run(&mut stdout()),
        Command::Run(run) => run.run(cli.log_format),
        Command::Check(check) => check.run(&mut stdout()),
        Command::Dial(dial) => dial.run(&mut stdout()),
        Command::Fuzz(fuzz) => fuzz.run(&mut stdout()),
        Command::Replay(replay) => replay.run(&mut stdout()),
        Command::Grammar(grammar) => grammar.run(&mut stdout()),
        Command::Schema(schema) => schema.run(&mut stdout()),
        Command::Example(example) => example.run(&mut stdout()),
        Command::Import(import) => import.run(&mut stdout()),
        Command::HashPin(hash_pin) => hash_pin.run(&mut stdout()),
        Command::Sounds(sounds) => sounds.run(&mut stdout()),
        Command::Status(status) => status.run(&mut stdout()),
        Command::Rooms(rooms) => rooms.run(&mut stdout()),
        Command::Mute(mute) => mute.run(&mut stdout()),
        Command::Kick(kick) => kick.run(&mut stdout()),
        Command::Lock(lock) => lock.run(&mut stdout()),
        Command::Record(record) => record.run(&mut stdout()),
        Command::Announce(announce) => announce.run(&mut stdout()),
        Command::Invite(invite) => invite.run(&mut stdout()),
        Command::End(end) => end.run(&mut stdout()),
        Command::Extend(extend) => extend.run(&mut stdout()),
        Command::Schedule(schedule) => schedule.run(&mut stdout()),
        Command::Attendance(attendance) => attendance.run(&mut stdout()),
        Command::Reload(reload) => reload.run(&mut stdout()),
        Command::Guard => Err(Failure::Usage(
            "error: touchtone starts its guard itself: there is nothing to run".to_owned(),
        )),
    }
}

/// The engine passes a script one argument only, blanks and all.
fn started_by_engine(arguments: &[OsString]) -> Option<&Path> {
    match arguments {
        [_, file] => Some(Path::new(file)).filter(|file| file.extension().is_some_and(|end| end == "toml")),
        _ => None,
    }
}

/// It is not locked: who restores the terminal of a command that hangs writes to it, too.
fn stdout() -> impl Write {
    io::BufWriter::new(io::stdout())
}

fn fail(text: &str, code: u8) -> ExitCode {
    if !text.is_empty() {
        // Where even standard error is closed there is nobody left to tell.
        let _ = writeln!(io::stderr(), "{}", text.trim_end());
    }
    ExitCode::from(code)
}
