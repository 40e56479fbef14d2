//! Calling a number into the room of who wants it.

use bstr::BString;

use crate::assist::Assist;
use crate::assist::calling::Outgoing;
use crate::assist::job::{Asker, Job};
use crate::assist::outcome::{Cause, in_no_room};
use crate::moment::Moment;
use crate::template::Template;

impl Assist {
    pub(in crate::assist) fn invite(
        &mut self,
        now: Moment,
        job: Job,
        number: &Template,
        role: Option<usize>,
    ) {
        let Some(room) = self.room_of_job(&job) else {
            return self.finish(now, job, in_no_room());
        };
        let number = BString::from(self.render(now, &job, number));
        if !is_number(&number) {
            let failure = Cause::Other.because("a number has digits, letters and +, and at most 64 of them");
            return self.finish(now, job, Err(failure));
        }
        let mut outgoing = Outgoing::new(room, number, role);
        outgoing.inviter = matches!(job.asker, Asker::Code(_)).then(|| job.channel.clone());
        self.dial(now, job, outgoing);
    }
}

/// Whether it can be called: nothing in it leads a resource's name elsewhere.
fn is_number(number: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+*#-._".contains(byte);
    (1..=64).contains(&number.len()) && number.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_cannot_lead_elsewhere() {
        assert!(is_number(b"+40211234567") && is_number(b"alice"));
        assert!(!is_number(b"1@elsewhere") && !is_number(b"") && !is_number(b"1\n2") && !is_number(b"a/b"));
        assert!(!is_number(&[b'1'; 65]));
    }
}
