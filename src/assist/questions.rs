//! What is asked of the store, and what is done with its answers. Nothing waits for them but what needs them.

use std::collections::HashMap;

use super::calling::Outgoing;
use super::job::Job;
use super::outcome::Cause;
use super::{Assist, Report};
use crate::control::protocol::{Answer, Outcome, Refusal};
use crate::moment::Moment;
use crate::store::{AttemptKey, Manage, Managed, OccurrenceKey, Reply, Request};

/// What an answer of the store's is waited for.
#[derive(Debug)]
pub(super) enum Question {
    /// What is held, and will be; and what a command is told then that changed it.
    Occurrences { told: Option<(u64, Box<Managed>)> },
    /// Whether somebody may be called: it is on disk that they are.
    Begin(Box<Outgoing>),
    /// Who was there when we last wrote, asked on that connection.
    OpenAttendance(u64),
    /// What was kept of calls and rooms, asked on that connection.
    Kept(u64),
    /// That what is kept of them is written.
    Keep,
    /// Whether a PIN is right.
    Pin(u64),
    /// That a conference ends later.
    Extend { job: Job, key: OccurrenceKey, ends: jiff::Timestamp },
    /// What a command wants of it.
    Manage { command: u64, changes: bool },
    /// Only that it is written.
    Written,
}

impl Question {
    /// Whether something is to be on disk when it is answered.
    const fn writes(&self) -> bool {
        match self {
            Question::Begin(_)
            | Question::Keep
            | Question::Extend { .. }
            | Question::Manage { changes: true, .. }
            | Question::Written => true,
            Question::Occurrences { .. }
            | Question::OpenAttendance(_)
            | Question::Kept(_)
            | Question::Pin(_)
            | Question::Manage { changes: false, .. } => false,
        }
    }
}

/// The questions that are not answered yet, by number.
#[derive(Debug, Default)]
pub(super) struct Questions {
    last: u64,
    open: HashMap<u64, Question>,
}

impl Questions {
    /// All that are not answered yet.
    pub(super) fn open_mut(&mut self) -> impl Iterator<Item = &mut Question> {
        self.open.values_mut()
    }

    /// How many calls are to be written down before they are made.
    pub(super) fn begun(&self) -> usize {
        self.open.values().filter(|question| matches!(question, Question::Begin(_))).count()
    }

    /// How many are not answered yet.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}

impl Assist {
    /// Whether anything is to last.
    pub(super) fn has_store(&self) -> bool {
        self.config.store.is_some()
    }

    pub(super) fn ask_store(&mut self, now: Moment, question: Question, request: Request) {
        // A PIN can be looked at without a file.
        if !self.has_store() && !matches!(request, Request::VerifyPin { .. }) {
            let problem = "there is no store: add [store] with file = \"…\" to the configuration";
            return self.store_failed(now, question, Cause::Store, problem.to_owned());
        }
        self.questions.last += 1;
        let number = self.questions.last;
        self.questions.open.insert(number, question);
        self.outbox.ask_store(number, request);
    }

    /// Writes something down; nothing waits for it.
    pub(super) fn write_down(&mut self, now: Moment, request: Request) {
        if self.has_store() {
            self.ask_store(now, Question::Written, request);
        }
    }

    /// The store has answered.
    pub(super) fn stored(&mut self, now: Moment, number: u64, reply: Reply) {
        let Some(question) = self.questions.open.remove(&number) else { return };
        if let Reply::Failed(problem) = reply {
            // What is asked may be wrong, and a PIN is looked at beside the store.
            match question {
                Question::Pin(_) => {}
                Question::Written if problem.yours => {
                    // The store works, and knows nothing of what this is about: it is another than it was.
                    self.store_works(now, true, true, "");
                    self.outbox.report(Report::Advice { text: format!("not written: {}", problem.message) });
                }
                _ => {
                    self.counts.store_failures += u64::from(!problem.yours);
                    let writes = question.writes() && !problem.yours;
                    self.store_works(now, problem.yours, writes, &problem.message);
                }
            }
            let cause = if problem.yours { Cause::Other } else { Cause::Store };
            return self.store_failed(now, question, cause, problem.message);
        }
        if !matches!(question, Question::Pin(_)) {
            self.store_works(now, true, question.writes(), "");
        }
        match (question, reply) {
            (Question::Occurrences { told }, Reply::Occurrences(occurrences)) => {
                self.schedule_known(now, occurrences);
                self.tell_managed(told);
            }
            (Question::Begin(outgoing), Reply::Begun(fresh)) => self.attempt_begun(now, *outgoing, fresh),
            (Question::OpenAttendance(connection), Reply::OpenAttendance(open)) => {
                if connection == self.connections && self.is_connected_and_ready() {
                    self.open_attendance(now, open);
                }
            }
            (Question::Pin(number), Reply::Verified(at)) => self.pin_known(now, number, Ok(at)),
            (Question::Extend { job, key, ends }, _) => self.extended(now, job, key, ends),
            // Who is told that it is on the schedule may call at once.
            (Question::Manage { command, changes: true }, Reply::Managed(managed)) => {
                self.ask_for_occurrences(now, Some((command, managed)));
            }
            (Question::Manage { command, .. }, Reply::Managed(managed)) => {
                self.tell_managed(Some((command, managed)));
            }
            (Question::Kept(connection), Reply::Kept(kept)) => self.kept_known(now, connection, *kept),
            (Question::Keep, _) => self.kept_written(now, true),
            (Question::Written, _) => {}
            (question, _) => {
                let problem = "the store said something else".to_owned();
                self.store_failed(now, question, Cause::Store, problem);
            }
        }
    }

    /// Says loudly that what is to last is not written, once, and when it is again. Where nothing can be written, as on a
    /// disk that is full, it says nothing that something can be read.
    fn store_works(&mut self, now: Moment, works: bool, writes: bool, problem: &str) {
        if works && !writes && self.store_is_full {
            return;
        }
        self.store_is_full = if works { false } else { writes || self.store_is_full };
        if self.store_ok.replace(works) == Some(works) {
            return;
        }
        if !works {
            self.store_was_bad = true;
            self.trouble(format!("the store does not work, and calls go on without it: {problem}"));
        } else if std::mem::take(&mut self.store_was_bad) {
            self.trouble("the store works again; who came and left meanwhile is not in it".to_owned());
            self.write_who_is_there(now);
            self.keep_again(now);
            self.ask_for_occurrences(now, None);
        }
    }

    fn tell_managed(&mut self, told: Option<(u64, Box<Managed>)>) {
        if let Some((command, managed)) = told {
            self.outbox.answer_command(command, Outcome::Ok(Answer::Schedule(managed)));
        }
    }

    fn store_failed(&mut self, now: Moment, question: Question, cause: Cause, problem: String) {
        match question {
            Question::OpenAttendance(_) | Question::Written => {}
            Question::Kept(connection) => self.kept_unknown(now, connection),
            Question::Keep => self.kept_written(now, false),
            Question::Occurrences { told } => {
                self.schedule.ask_again();
                self.tell_managed(told);
            }
            // Better not called than called twice.
            Question::Begin(outgoing) => self.not_called(now, &outgoing, cause, &problem),
            Question::Pin(number) => self.pin_known(now, number, Err(problem)),
            Question::Extend { job, .. } => self.finish(now, job, Err(cause.because(problem))),
            Question::Manage { command, .. } => {
                let refusal = Refusal { code: cause.code(), message: problem };
                self.outbox.answer_command(command, Outcome::Error(refusal));
            }
        }
    }

    /// Operations that wait for the store wait no more: their callers may be others by then.
    pub(super) fn fail_questions(&mut self, now: Moment, reason: &'static str) {
        let waits = |question: &mut Question| matches!(question, Question::Extend { .. });
        let failed: Vec<_> = self.questions.open.extract_if(|_, question| waits(question)).collect();
        for (_, question) in failed {
            if let Question::Extend { job, .. } = question {
                self.conclude(now, &job, Err(Cause::Engine.because(reason)));
            }
        }
    }

    /// Whether the store was asked to write down that this call begins.
    pub(super) fn is_beginning(&self, key: AttemptKey) -> bool {
        let begins = |question: &Question| matches!(question, Question::Begin(outgoing) if outgoing.attempt == Some(key));
        self.questions.open.values().any(begins)
    }

    /// A command about the schedule, or about who attended.
    pub(super) fn manage(&mut self, now: Moment, command: u64, manage: Manage) {
        let changes = matches!(manage, Manage::Add { .. } | Manage::Remove { .. } | Manage::Import { .. });
        self.ask_store(now, Question::Manage { command, changes }, Request::Manage(manage));
    }
}
