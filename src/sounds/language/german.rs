//! German: the unit stands before the ten, "einundzwanzig", and one is "ein" where something follows.

use super::Language;
use crate::sounds::Phrase;

pub(super) static GERMAN: Language = Language {
    number,
    units: [
        "null",
        "eins",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
        "zwanzig",
    ],
    tens: ["dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"],
    joints: &[
        ("ein", "ein", Some(1)),
        ("und", "und", None),
        ("hundert", "hundert", None),
        ("tausend", "tausend", None),
    ],
    signs: ["Stern", "Raute", "Plus"],
    phrase,
};

fn number(number: u32) -> Vec<String> {
    let (thousands, rest) = (number / 1000, number % 1000);
    let mut files = Vec::new();
    if thousands > 0 {
        below_thousand(thousands, "ein", &mut files);
        files.push("tausend".to_owned());
    }
    if rest > 0 || thousands == 0 {
        below_thousand(rest, "1", &mut files);
    }
    files
}

/// `one` is how a one at the end is spoken.
fn below_thousand(number: u32, one: &str, files: &mut Vec<String>) {
    let unit = |unit: u32, one: &str| if unit == 1 { one.to_owned() } else { unit.to_string() };
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        files.extend([unit(hundreds, "ein"), "hundert".to_owned()]);
        if rest == 0 {
            return;
        }
    }
    if rest <= 20 || rest % 10 == 0 {
        files.push(unit(rest, one));
    } else {
        files.extend([unit(rest % 10, "ein"), "und".to_owned(), (rest - rest % 10).to_string()]);
    }
}

fn phrase(phrase: Phrase) -> &'static str {
    match phrase {
        Phrase::Muted => "Sie sind stummgeschaltet.",
        Phrase::Unmuted => "Sie sind zu hören.",
        Phrase::OthersMuted => "Die anderen sind stummgeschaltet.",
        Phrase::AllUnmuted => "Alle sind zu hören.",
        Phrase::RoomLocked => "Die Konferenz ist geschlossen.",
        Phrase::RoomUnlocked => "Die Konferenz ist offen.",
        Phrase::Recording => "Diese Konferenz wird aufgezeichnet.",
        Phrase::NotRecording => "Diese Konferenz wird nicht aufgezeichnet.",
        Phrase::Kicked => "Der Teilnehmer wurde entfernt.",
        Phrase::YouAreKicked => "Sie wurden aus der Konferenz entfernt.",
        Phrase::Calling => "Es wird angerufen.",
        Phrase::Busy => "ist besetzt.",
        Phrase::NoAnswer => "antwortet nicht.",
        Phrase::Unreachable => "ist nicht erreichbar.",
        Phrase::HasJoined => "ist gekommen.",
        Phrase::HasLeft => "ist gegangen.",
        Phrase::Participants => "Teilnehmer.",
        Phrase::OneParticipant => "Sie sind allein in der Konferenz.",
        Phrase::Seat => "Platz",
        Phrase::Talking => "spricht.",
        Phrase::NobodyTalks => "Niemand spricht.",
        Phrase::Ended => "Die Konferenz ist zu Ende.",
        Phrase::EndsSoon => "Die Konferenz ist bald zu Ende.",
        Phrase::Extended => "Die Konferenz wurde verlängert.",
        Phrase::Missing => "fehlt.",
        Phrase::EnterPin => "Bitte geben Sie Ihre PIN ein, dann die Rautetaste.",
        Phrase::EnterRoom => "Bitte geben Sie die Nummer Ihrer Konferenz ein, dann die Rautetaste.",
        Phrase::WrongPin => "Diese PIN ist nicht richtig.",
        Phrase::TooManyTries => "Zu viele Versuche. Bitte rufen Sie später wieder an.",
        Phrase::NoConference => "Sie haben jetzt keine Konferenz.",
        Phrase::WaitForOrganizer => "Bitte warten Sie auf den Leiter der Konferenz.",
        Phrase::Locked => "Die Konferenz ist geschlossen. Sie können nicht eingelassen werden.",
        Phrase::Full => "Die Konferenz ist voll.",
        Phrase::NotAllowed => "Das dürfen Sie nicht.",
        Phrase::NobodyThere => "Es ist niemand da.",
        Phrase::NotInRoom => "Sie sind in keiner Konferenz.",
        Phrase::Failed => "Das ging nicht.",
    }
}
