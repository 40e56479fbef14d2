//! Every message of the engine's is answered exactly once, at the instant it arrives, before anything else.

use bstr::BString;

use super::Checked;
use crate::trial::record::{Event, Noted};
use crate::wire::{EngineLine, ModuleLine};

pub(super) fn check(record: &[Noted]) -> Checked {
    let mut open: Option<BString> = None;
    for Noted { at, event } in record {
        match event {
            Event::Said(line) => match (ModuleLine::parse(line), &open) {
                (Ok(ModuleLine::Answer(answer)), Some(id)) if id.as_slice() == answer.id.as_ref() => {
                    open = None;
                }
                (Ok(ModuleLine::Answer(answer)), _) => {
                    let id = BString::from(answer.id.into_owned());
                    return Err((
                        *at,
                        format!("{id} is answered, which nobody asked or was answered before"),
                    ));
                }
                (_, Some(id)) => {
                    return Err((*at, format!("something else is said before {id} is answered")));
                }
                (_, None) => {}
            },
            Event::Told(_) | Event::Stands(_) => {}
            _ => {
                if let Some(id) = open.take() {
                    return Err((*at, format!("{id} is not answered at once")));
                }
            }
        }
        if let Event::Heard(line) = event
            && let Ok(EngineLine::Message(message)) = EngineLine::parse(line)
        {
            open = Some(BString::from(message.id.into_owned()));
        }
    }
    match (open, record.last()) {
        (Some(id), Some(last)) => Err((last.at, format!("{id} is never answered"))),
        _ => Ok(()),
    }
}
