//! One client of the control socket, from when it comes until it goes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::protocol::{Command, MAX_LINE, Outcome, Refusal, RefusalCode, Response, VERSION};
use super::reading;
use super::server::Refused;

/// How long a client may say nothing, or be in the middle of a line.
const IDLE: Duration = Duration::from_secs(300);

/// How long a client may take to read an answer.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// How long the daemon may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// What a buffer may keep of its size when a long line is over.
const KEPT: usize = 16 * 1024;

/// A request on its way to the daemon.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) command: Command,
    /// Who waits for what comes of it.
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// Where the clients' requests go.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) asks: mpsc::Sender<Asked>,
    /// Where it is counted what there is no place for.
    pub(super) refused: Arc<Refused>,
    /// Changes when the daemon leaves.
    pub(super) stopped: watch::Receiver<bool>,
}

/// What a client said.
enum Said {
    /// A line, without its end.
    Line,
    /// More than a line may have.
    TooMuch,
    /// Nothing more will come.
    Nothing,
}

impl Desk {
    /// Reads requests and answers them, one after the other, until the client goes or does what cannot be borne.
    pub(super) async fn serve(mut self, stream: UnixStream) {
        let (input, mut output) = stream.into_split();
        let mut input = BufReader::new(input);
        let mut buffer = Vec::new();
        loop {
            let said = tokio::select! {
                biased;
                _ = self.stopped.changed() => return,
                said = timeout(IDLE, read_line(&mut input, &mut buffer)) => said,
            };
            let (answer, last) = match said {
                Ok(Ok(Said::Line)) if buffer.trim_ascii().is_empty() => continue,
                Ok(Ok(Said::Line)) => (self.answer(&buffer).await, false),
                Ok(Ok(Said::TooMuch)) => (line(None, bad_request(&too_long())), true),
                Ok(Ok(Said::Nothing) | Err(_)) | Err(_) => return,
            };
            let written = timeout(WRITE_TIME, output.write_all(&answer)).await;
            if last || !matches!(written, Ok(Ok(()))) {
                return;
            }
            buffer.clear();
            buffer.shrink_to(KEPT);
        }
    }

    /// The line that answers that line.
    async fn answer(&self, asked: &[u8]) -> Vec<u8> {
        match reading::request(asked) {
            Ok(request) => line(request.id, self.ask(request.command).await),
            Err(unread) => line(unread.id, bad_request(&unread.message)),
        }
    }

    async fn ask(&self, command: Command) -> Outcome {
        let (answer, answered) = oneshot::channel();
        if self.asks.try_send(Asked { command, answer }).is_err() {
            self.refused.requests.fetch_add(1, Ordering::Relaxed);
            return busy("the daemon has too much to do; try again");
        }
        match timeout(ANSWER_TIME, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => refusal(RefusalCode::Refused, "touchtone is leaving".to_owned()),
            Err(_) => {
                let seconds = ANSWER_TIME.as_secs();
                busy(&format!(
                    "the daemon did not answer in {seconds} seconds; it may still do what was asked"
                ))
            }
        }
    }
}

/// Reads a line into an empty buffer, and of one that is too long no more than shows it.
async fn read_line(input: &mut BufReader<OwnedReadHalf>, buffer: &mut Vec<u8>) -> io::Result<Said> {
    buffer.clear();
    let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX).saturating_add(1);
    input.take(most).read_until(b'\n', buffer).await?;
    if buffer.last() == Some(&b'\n') {
        buffer.pop();
    } else if buffer.len() > MAX_LINE {
        return Ok(Said::TooMuch);
    } else if buffer.is_empty() {
        return Ok(Said::Nothing);
    }
    Ok(Said::Line)
}

/// A response as a line. One that nobody would take is replaced.
pub(super) fn line(id: Option<u64>, outcome: Outcome) -> Vec<u8> {
    let text = |outcome| serde_json::to_vec(&Response { v: VERSION, id, outcome }).unwrap_or_default();
    let refused = match &outcome {
        Outcome::Ok(_) => None,
        Outcome::Error(refusal) => Some(refusal.code),
    };
    let mut line = text(outcome);
    if line.is_empty() || line.len() > MAX_LINE {
        line = text(match refused {
            None => {
                let way_out = "what was asked was done, and the answer is longer than a line may be; ask for less: one room, \
                               or a shorter time";
                refusal(RefusalCode::Refused, way_out.to_owned())
            }
            Some(code) => {
                let message = "it was refused, and why is longer than a line may be; the log may have it";
                refusal(code, message.to_owned())
            }
        });
    }
    line.push(b'\n');
    line
}

/// That too much is asked at once.
pub(super) fn busy(message: &str) -> Outcome {
    refusal(RefusalCode::Busy, message.to_owned())
}

fn bad_request(message: &str) -> Outcome {
    refusal(RefusalCode::BadRequest, message.to_owned())
}

fn refusal(code: RefusalCode, message: String) -> Outcome {
    Outcome::Error(Refusal { code, message })
}

fn too_long() -> String {
    format!("a line may have {MAX_LINE} bytes; this one has more, and the connection is closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::protocol::Answer;

    fn answered(outcome: Outcome) -> Refusal {
        let line = line(Some(7), outcome);
        assert!(line.len() <= MAX_LINE);
        let Response { id, outcome, .. } = serde_json::from_slice(&line).expect("a response");
        let Outcome::Error(refusal) = outcome else { panic!("{outcome:?}") };
        assert_eq!(id, Some(7));
        refusal
    }

    #[test]
    fn an_answer_that_is_too_long_says_what_was_done_and_a_refusal_that_nothing_was() {
        let long = || "x".repeat(MAX_LINE);
        let done = answered(Outcome::Ok(Answer::Done(long())));
        assert!(done.message.starts_with("what was asked was done"), "{done:?}");
        let refused = answered(refusal(RefusalCode::NotFound, long()));
        assert_eq!(refused.code, RefusalCode::NotFound);
        assert!(refused.message.starts_with("it was refused"), "{refused:?}");
    }
}
