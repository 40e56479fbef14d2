//! A writer that nobody waits for: what a slow terminal, or a pipe that nobody reads, does not take is kept for a while,
//! and then lost and counted.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::metrics::lines as lines_lost;

/// How long until it is tried again to write, where that failed.
const AGAIN: Duration = Duration::from_secs(1);

/// How much is kept that was not written yet, in bytes.
const MOST_KEPT: usize = 1024 * 1024;

/// Takes whole lines, and has them written by a thread of its own.
#[derive(Debug, Default)]
pub(super) struct Aside {
    kept: Mutex<Kept>,
    /// There is something to write.
    more: Condvar,
    /// Everything is written.
    done: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    lines: Vec<u8>,
    /// How many lines were lost since the last that was not.
    lost: u64,
    /// Whether something is being written.
    writing: bool,
    /// Whether nothing could be written when it was last tried.
    failing: bool,
}

impl Aside {
    /// Has it written to `out`; of lines that were lost, once some can be written again, what `lost` says of so many.
    ///
    /// # Errors
    /// There can be no thread.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        lost: impl Fn(u64) -> String + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let aside = Arc::new(Aside::default());
        let writer = aside.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.write_all_to(out, &lost))?;
        Ok(aside)
    }

    #[allow(clippy::disallowed_methods)] // A thread of its own: nobody waits for it.
    fn write_all_to(&self, mut out: impl Write, lost: &impl Fn(u64) -> String) {
        loop {
            let mut kept = self.kept();
            while kept.lines.is_empty() && kept.lost == 0 {
                kept = self.more.wait(kept).unwrap_or_else(PoisonError::into_inner);
            }
            let lines = std::mem::take(&mut kept.lines);
            let missing = std::mem::take(&mut kept.lost);
            kept.writing = true;
            drop(kept);
            let more = self.write_to(&mut out, &lines, missing, lost);
            let mut kept = self.kept();
            kept.lost += more;
            (kept.writing, kept.failing) = (false, more > 0);
            drop(kept);
            self.done.notify_all();
            if more > 0 {
                thread::sleep(AGAIN);
            }
        }
    }

    /// Writes lines and that others are missing, who came after them. Gives how many lines are to be told as lost then,
    /// because it failed: there is nobody else to tell.
    fn write_to(
        &self,
        out: &mut impl Write,
        lines: &[u8],
        missing: u64,
        lost: &impl Fn(u64) -> String,
    ) -> u64 {
        let written = write_most(out, lines);
        let unwritten = lines[written..].iter().filter(|byte| **byte == b'\n').count() as u64;
        if unwritten > 0 {
            lines_lost::lose(unwritten);
            return missing + unwritten;
        }
        let told = if missing > 0 { lost(missing) } else { String::new() };
        if write_most(out, told.as_bytes()) < told.len() { missing } else { 0 }
    }

    /// Takes lines, or counts them as lost.
    fn take(&self, lines: &[u8]) {
        let mut kept = self.kept();
        // What was lost is told before anything else is kept.
        if kept.lost > 0 || kept.lines.len() + lines.len() > MOST_KEPT {
            kept.lost += 1;
            lines_lost::lose(1);
        } else {
            kept.lines.extend_from_slice(lines);
        }
        self.more.notify_one();
    }

    /// Waits until everything is written, or nothing can be, but no longer than that.
    #[allow(clippy::disallowed_methods)] // The edge: the process is about to end.
    pub(super) fn drain(&self, patience: Duration) {
        let due = Instant::now() + patience;
        let mut kept = self.kept();
        while kept.writing || (!kept.failing && (!kept.lines.is_empty() || kept.lost > 0)) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            kept = self.done.wait_timeout(kept, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes as much as can be written, and says how much that is.
fn write_most(out: &mut impl Write, bytes: &[u8]) -> usize {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(count @ 1..) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => break,
        }
    }
    // What cannot be flushed fails when it is written next.
    let _ = out.flush();
    written
}

impl Write for &Aside {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.take(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::os::unix::net::UnixStream;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn told(lost: u64) -> String {
        format!("{lost} lost\n")
    }

    #[test]
    fn lines_are_written_in_their_order_and_all_of_them_before_the_end() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let aside = Aside::start(ours, told).expect("a thread");
        let reader = thread::spawn(move || {
            BufReader::new(theirs).lines().take(10_000).map(|line| line.expect("a line")).collect::<Vec<_>>()
        });
        let lines: Vec<String> = (0..10_000).map(|number| format!("line {number}")).collect();
        for line in &lines {
            (&*aside).write_all(format!("{line}\n").as_bytes()).expect("it is taken");
        }
        aside.drain(PATIENCE);
        assert_eq!(reader.join().expect("a reader"), lines);
    }

    #[test]
    fn what_nobody_reads_is_lost_and_counted_and_nobody_waits_for_it() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let aside = Aside::start(ours, told).expect("a thread");
        let line = format!("{}\n", "x".repeat(999));
        let sent: u64 = 5000;
        for _ in 0..sent {
            (&*aside).write_all(line.as_bytes()).expect("it is taken");
        }
        aside.drain(Duration::from_millis(10));
        assert!(aside.kept().lines.len() <= MOST_KEPT);
        let mut said = BufReader::new(theirs).lines().map(|line| line.expect("a line"));
        let (mut whole, mut lost) = (0, 0);
        // A writer that comes late finds that some are lost before it writes the first.
        while whole + lost < sent {
            let line = said.next().expect("more");
            match line.strip_suffix(" lost") {
                Some(count) => lost += count.parse::<u64>().expect("a number"),
                None => whole += 1,
            }
        }
        assert!(lost > 0 && whole + lost == sent, "{whole} + {lost}");
        (&*aside).write_all(b"again\n").expect("it is taken");
        assert_eq!(said.next().as_deref(), Some("again"));
    }

    /// Takes nothing for a while, or half a line of it.
    struct Broken {
        out: UnixStream,
        fails: u32,
    }

    impl Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.fails == 0 {
                return self.out.write(bytes);
            }
            self.fails -= 1;
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_could_not_be_written_is_counted_and_told_when_it_can_be_again() {
        let (out, theirs) = UnixStream::pair().expect("a pair");
        theirs.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let aside = Aside::start(Broken { out, fails: 2 }, told).expect("a thread");
        let before = lines_lost::lost();
        (&*aside).write_all(b"one\n").expect("it is taken");
        aside.drain(PATIENCE);
        (&*aside).write_all(b"two\n").expect("it is taken");
        aside.drain(PATIENCE);
        let mut said = BufReader::new(theirs).lines().map(|line| line.expect("a line"));
        assert_eq!(said.next().as_deref(), Some("2 lost"));
        assert!(lines_lost::lost() >= before + 2);
        (&*aside).write_all(b"three\n").expect("it is taken");
        assert_eq!(said.next().as_deref(), Some("three"));
    }
}
