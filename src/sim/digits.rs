//! Digits that callers key.

use std::time::Duration;

use bstr::BString;

use super::Sim;
use super::channel::{Chan, Driver};
use super::message::Msg;

/// How a digit was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detector {
    /// A SIP INFO request, as a telephone sends that has no better way.
    #[default]
    SipInfo,
    /// An event in the audio stream (RFC 2833).
    Rfc2833,
    /// Heard in the sound.
    Inband,
}

impl Detector {
    fn name(self) -> &'static str {
        match self {
            Detector::SipInfo => "sip-info",
            Detector::Rfc2833 => "rfc2833",
            Detector::Inband => "inband",
        }
    }
}

/// For how long another detector's same digit is taken to be the same.
const DUPLICATE_SPAN: Duration = Duration::from_secs(4);

impl Sim {
    /// One digit keyed on a channel.
    pub(super) fn keyed(&mut self, chan: Chan, symbol: u8, detector: Detector) {
        let text = BString::from([symbol].as_slice());
        let sip = self.channels.get(&chan).is_some_and(|channel| channel.driver == Driver::Sip);
        if detector == Detector::SipInfo && sip {
            let mut msg = self.message("chan.dtmf", chan, false);
            msg.fields.add("sip_content-type", "application/dtmf-relay");
            msg.fields.add("text", text);
            msg.fields.add("detected", detector.name());
            if !self.number_digit(chan, &mut msg) {
                self.enqueue(msg);
            }
            return;
        }
        let mut msg = Msg::new("chan.masquerade", self.now);
        msg.fields.add("id", self.id_of(chan));
        msg.fields.add("message", "chan.dtmf");
        msg.fields.add("text", text);
        msg.fields.add("detected", detector.name());
        self.enqueue(msg);
    }

    /// Numbers a digit; whether it is one that another detector found already.
    pub(super) fn number_digit(&mut self, chan: Chan, msg: &mut Msg) -> bool {
        if msg.name != "chan.dtmf" || msg.fields.has("sequence") {
            return false;
        }
        let Some(channel) = self.channels.get_mut(&chan) else { return false };
        let digits = &mut channel.digits;
        let duplicate = match (msg.fields.get("text"), msg.fields.get("detected")) {
            (Some(text), Some(detected)) => {
                digits.text == text && digits.detected != detected && msg.time < digits.until
            }
            _ => false,
        };
        if !duplicate {
            digits.sequence += 1;
            digits.until = msg.time + DUPLICATE_SPAN;
            digits.text = msg.fields.text("text").into();
            digits.detected = msg.fields.text("detected").into();
        }
        msg.fields.add("sequence", digits.sequence.to_string());
        msg.fields.add("duplicate", if duplicate { "true" } else { "false" });
        duplicate
    }
}
