//! The engine's own handlers: which there are, in which order, and what each leads to.

use super::Sim;
use super::channel::Driver;
use super::dispatch::{Onward, Outcome, Then};
use super::message::Msg;

/// What a handler of the engine's own does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    /// It sees the message and leaves it as it is.
    Looks,
    Masquerade(Driver),
    Locate(Driver),
    Drop(Driver),
    Execute(Driver),
    Control(Driver),
    Digit(Driver),
    Text(Driver),
    Progress(Driver),
    Ringing(Driver),
    Answered(Driver),
    Route,
    Conference,
    OwnerGone,
    AttachTone,
    AttachWave,
    Detach,
    RecordWave,
    StopRecord,
    Connect,
    Pickup,
    Cdr,
    CdrGone,
    Status,
    DriverStatus(Driver),
}

/// The modules that have handlers, as they name themselves in `handlers=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Module {
    Engine,
    Tone,
    Dumb,
    Wave,
    Sip,
    Conf,
    Yrtp,
    CdrBuild,
    CdrFile,
    RegexRoute,
    RexDebug,
    Pbx,
    External,
}

/// A handler that is there from the start.
pub(super) struct BuiltInHandler {
    pub(super) message: &'static str,
    pub(super) priority: u32,
    pub(super) module: Module,
    pub(super) what: Builtin,
}

impl Module {
    pub(super) fn name(self) -> &'static str {
        match self {
            Module::Engine => "engine",
            Module::Tone => "tone",
            Module::Dumb => "dumb",
            Module::Wave => "wave",
            Module::Sip => "sip",
            Module::Conf => "conf",
            Module::Yrtp => "yrtp",
            Module::CdrBuild => "cdrbuild",
            Module::CdrFile => "cdrfile",
            Module::RegexRoute => "regexroute",
            Module::RexDebug => "rex_debug",
            Module::Pbx => "pbx",
            Module::External => "extmodule",
        }
    }
}

const fn at(message: &'static str, priority: u32, module: Module, what: Builtin) -> BuiltInHandler {
    BuiltInHandler { message, priority, module, what }
}

/// In the order in which a running engine lists them where priorities are equal.
pub(super) const BUILT_IN: &[BuiltInHandler] = &[
    at("chan.masquerade", 10, Module::Tone, Builtin::Masquerade(Driver::Tone)),
    at("chan.masquerade", 10, Module::Dumb, Builtin::Masquerade(Driver::Dumb)),
    at("chan.masquerade", 10, Module::Wave, Builtin::Masquerade(Driver::Wave)),
    at("chan.masquerade", 10, Module::Sip, Builtin::Masquerade(Driver::Sip)),
    at("chan.masquerade", 10, Module::Conf, Builtin::Masquerade(Driver::Conf)),
    at("chan.locate", 40, Module::Tone, Builtin::Locate(Driver::Tone)),
    at("chan.locate", 40, Module::Dumb, Builtin::Locate(Driver::Dumb)),
    at("chan.locate", 40, Module::Wave, Builtin::Locate(Driver::Wave)),
    at("chan.locate", 40, Module::Sip, Builtin::Locate(Driver::Sip)),
    at("chan.locate", 40, Module::Conf, Builtin::Locate(Driver::Conf)),
    at("call.drop", 50, Module::CdrBuild, Builtin::CdrGone),
    at("call.drop", 60, Module::Tone, Builtin::Drop(Driver::Tone)),
    at("call.drop", 60, Module::Dumb, Builtin::Drop(Driver::Dumb)),
    at("call.drop", 60, Module::Wave, Builtin::Drop(Driver::Wave)),
    at("call.drop", 60, Module::Sip, Builtin::Drop(Driver::Sip)),
    at("call.drop", 60, Module::Conf, Builtin::Drop(Driver::Conf)),
    at("call.preroute", 100, Module::RegexRoute, Builtin::Looks),
    at("call.route", 50, Module::CdrBuild, Builtin::Cdr),
    at("call.route", 100, Module::RegexRoute, Builtin::Route),
    at("call.route", 100, Module::Sip, Builtin::Looks),
    at("call.execute", 50, Module::Yrtp, Builtin::Looks),
    at("call.execute", 50, Module::CdrBuild, Builtin::Cdr),
    at("call.execute", 90, Module::Tone, Builtin::Execute(Driver::Tone)),
    at("call.execute", 90, Module::Dumb, Builtin::Execute(Driver::Dumb)),
    at("call.execute", 90, Module::Wave, Builtin::Execute(Driver::Wave)),
    at("call.execute", 90, Module::Sip, Builtin::Execute(Driver::Sip)),
    at("call.execute", 90, Module::Conf, Builtin::Execute(Driver::Conf)),
    at("call.execute", 100, Module::Pbx, Builtin::Pickup),
    at("call.progress", 50, Module::Yrtp, Builtin::Looks),
    at("call.progress", 50, Module::CdrBuild, Builtin::Cdr),
    at("call.progress", 100, Module::Sip, Builtin::Progress(Driver::Sip)),
    at("call.ringing", 50, Module::Yrtp, Builtin::Looks),
    at("call.ringing", 50, Module::CdrBuild, Builtin::Cdr),
    at("call.ringing", 100, Module::Dumb, Builtin::Ringing(Driver::Dumb)),
    at("call.ringing", 100, Module::Wave, Builtin::Ringing(Driver::Wave)),
    at("call.ringing", 100, Module::Sip, Builtin::Ringing(Driver::Sip)),
    at("call.ringing", 100, Module::Conf, Builtin::Ringing(Driver::Conf)),
    at("call.answered", 50, Module::Yrtp, Builtin::Looks),
    at("call.answered", 50, Module::CdrBuild, Builtin::Cdr),
    at("call.answered", 100, Module::Dumb, Builtin::Answered(Driver::Dumb)),
    at("call.answered", 100, Module::Wave, Builtin::Answered(Driver::Wave)),
    at("call.answered", 100, Module::Sip, Builtin::Answered(Driver::Sip)),
    at("call.answered", 100, Module::Conf, Builtin::Answered(Driver::Conf)),
    at("call.update", 50, Module::CdrBuild, Builtin::Cdr),
    at("call.update", 100, Module::Sip, Builtin::Looks),
    at("call.cdr", 100, Module::CdrFile, Builtin::Looks),
    at("call.conference", 150, Module::Conf, Builtin::Conference),
    at("chan.startup", 50, Module::CdrBuild, Builtin::Cdr),
    at("chan.hangup", 50, Module::Yrtp, Builtin::Looks),
    at("chan.hangup", 150, Module::CdrBuild, Builtin::Cdr),
    at("chan.hangup", 150, Module::Conf, Builtin::OwnerGone),
    at("chan.control", 90, Module::Tone, Builtin::Control(Driver::Tone)),
    at("chan.control", 90, Module::Dumb, Builtin::Control(Driver::Dumb)),
    at("chan.control", 90, Module::Wave, Builtin::Control(Driver::Wave)),
    at("chan.control", 90, Module::Sip, Builtin::Control(Driver::Sip)),
    at("chan.control", 90, Module::Conf, Builtin::Control(Driver::Conf)),
    at("chan.connect", 90, Module::Pbx, Builtin::Connect),
    at("chan.dtmf", 75, Module::Conf, Builtin::Digit(Driver::Conf)),
    at("chan.dtmf", 100, Module::Dumb, Builtin::Digit(Driver::Dumb)),
    at("chan.dtmf", 100, Module::Wave, Builtin::Digit(Driver::Wave)),
    at("chan.dtmf", 100, Module::Sip, Builtin::Digit(Driver::Sip)),
    at("chan.dtmf", 150, Module::Yrtp, Builtin::Looks),
    at("chan.text", 75, Module::Conf, Builtin::Text(Driver::Conf)),
    at("chan.text", 100, Module::Dumb, Builtin::Text(Driver::Dumb)),
    at("chan.text", 100, Module::Wave, Builtin::Text(Driver::Wave)),
    at("chan.text", 100, Module::Sip, Builtin::Text(Driver::Sip)),
    at("chan.attach", 100, Module::Tone, Builtin::AttachTone),
    at("chan.attach", 100, Module::Yrtp, Builtin::Looks),
    at("chan.attach", 100, Module::Wave, Builtin::AttachWave),
    at("chan.attach", 100, Module::Pbx, Builtin::Detach),
    at("chan.record", 100, Module::Wave, Builtin::RecordWave),
    at("chan.record", 100, Module::Pbx, Builtin::StopRecord),
    at("engine.status", 90, Module::Engine, Builtin::Status),
    at("engine.status", 100, Module::CdrBuild, Builtin::Status),
    at("engine.status", 100, Module::RexDebug, Builtin::Status),
    at("engine.status", 110, Module::Tone, Builtin::DriverStatus(Driver::Tone)),
    at("engine.status", 110, Module::Yrtp, Builtin::Status),
    at("engine.status", 110, Module::Dumb, Builtin::DriverStatus(Driver::Dumb)),
    at("engine.status", 110, Module::RegexRoute, Builtin::Status),
    at("engine.status", 110, Module::Wave, Builtin::DriverStatus(Driver::Wave)),
    at("engine.status", 110, Module::Sip, Builtin::DriverStatus(Driver::Sip)),
    at("engine.status", 110, Module::Conf, Builtin::DriverStatus(Driver::Conf)),
    at("engine.status", 110, Module::Pbx, Builtin::Status),
    at("engine.status", 110, Module::External, Builtin::Status),
];

impl Sim {
    /// Runs one of the engine's own handlers.
    pub(super) fn handle(&mut self, what: Builtin, module: Module, msg: &mut Msg) -> Outcome {
        let done = match what {
            Builtin::Execute(driver) => return self.execute(driver, msg),
            Builtin::Looks => false,
            Builtin::Masquerade(driver) => self.masquerade(driver, msg),
            Builtin::Locate(driver) => self.locate(driver, msg),
            Builtin::Drop(driver) => self.call_drop(driver, msg),
            Builtin::Control(driver) => self.control(driver, msg),
            Builtin::Digit(driver) => self.digit_to(driver, msg),
            Builtin::Text(driver) => self.text_to(driver, msg),
            Builtin::Progress(driver) => self.progress_to(driver, msg, "progressing"),
            Builtin::Ringing(driver) => self.progress_to(driver, msg, "ringing"),
            Builtin::Answered(driver) => self.progress_to(driver, msg, "answered"),
            Builtin::Route => self.route(msg),
            Builtin::Conference => self.conference(msg),
            Builtin::OwnerGone => self.owner_gone(msg),
            Builtin::AttachTone => self.attach_tone(msg),
            Builtin::AttachWave => self.attach_wave(msg),
            Builtin::Detach => self.detach(msg),
            Builtin::RecordWave => self.record_wave(msg),
            Builtin::StopRecord => self.stop_record(msg),
            Builtin::Connect => self.chan_connect(msg),
            Builtin::Pickup => self.pickup(msg),
            Builtin::Cdr => self.cdr(msg),
            Builtin::CdrGone => self.cdr_gone(msg),
            Builtin::Status => self.module_status(module, msg),
            Builtin::DriverStatus(driver) => self.driver_status(driver, msg),
        };
        Outcome::Done(done)
    }

    fn execute(&mut self, driver: Driver, msg: &mut Msg) -> Outcome {
        let callto = bstr::BString::from(msg.fields.text("callto"));
        let Some(dest) = driver.strip(bstr::BStr::new(&callto)) else { return Outcome::Done(false) };
        match driver {
            Driver::Dumb => self.dumb_execute(msg, dest),
            Driver::Sip => Outcome::Done(self.sip_execute(msg, dest)),
            Driver::Conf => Outcome::Done(self.conf_execute(msg, dest)),
            Driver::Tone => Outcome::Done(self.tone_execute(msg, dest)),
            Driver::Wave => Outcome::Done(self.wave_execute(msg, dest)),
        }
    }

    /// Goes on after a message that something waited for.
    pub(super) fn go_on(&mut self, then: Then, msg: &mut Msg, handled: bool, outer: &mut Msg) -> Onward {
        match then {
            Then::Nothing => Onward::Result(handled),
            Then::DumbRouted(chan) => self.dumb_routed(chan, msg, handled, outer),
            Then::DumbExecuted(chan) => Onward::Result(self.dumb_executed(chan, msg, handled, outer)),
            Then::Prerouted(chan) => self.prerouted(chan, msg, handled),
            Then::Routed(chan) => self.routed(chan, msg, handled),
            Then::Executed(chan) => self.executed(chan, msg, handled),
            Then::Refused { chan, error, reason } => self.refused(chan, &error, &reason, handled),
        }
    }
}
