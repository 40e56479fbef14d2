//! The three ways to an engine.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Stdin, Stdout};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

use crate::assist::Role;
use crate::config::Address;

/// Connects.
///
/// # Errors
/// What the system says if nobody listens there.
pub async fn connect(address: &Address) -> io::Result<(Reader, Writer)> {
    Ok(match address {
        Address::Unix(path) => {
            let (input, output) = UnixStream::connect(path).await?.into_split();
            (Reader::Unix(input), Writer::Unix(output))
        }
        Address::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            stream.set_nodelay(true)?;
            quick_ack(&stream)?;
            let (input, output) = stream.into_split();
            (Reader::Tcp(input), Writer::Tcp(output))
        }
        Address::Stdio => {
            (Reader::Stdio(tokio::io::stdin()), Writer::Stdio { output: tokio::io::stdout(), unflushed: 0 })
        }
    })
}

/// What the engine says.
#[derive(Debug)]
pub enum Reader {
    /// By a UNIX socket: the fastest.
    Unix(unix::OwnedReadHalf),
    /// By TCP.
    Tcp(tcp::OwnedReadHalf),
    /// By standard input: the engine started us.
    Stdio(Stdin),
}

impl Reader {
    /// What a module does on such a connection, and what the engine is like there.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Reader::Unix(_) => Role::Socket,
            Reader::Tcp(input) => {
                let ends = (input.local_addr(), input.peer_addr());
                let same_host = matches!(ends, (Ok(ours), Ok(theirs)) if ours.ip() == theirs.ip());
                Role::Tcp { same_host }
            }
            Reader::Stdio(_) => Role::Script,
        }
    }

    /// What tells whether there is anything to read, while it is being read.
    ///
    /// # Errors
    /// The system gives no other descriptor.
    pub(super) fn probe(&self) -> io::Result<Probe> {
        Ok(Probe(self.connection()?))
    }

    /// Another descriptor of the same socket; none of standard input, which a thread reads that waits for nothing else.
    ///
    /// # Errors
    /// The system gives none.
    pub(super) fn connection(&self) -> io::Result<Option<OwnedFd>> {
        let socket = match self {
            Reader::Unix(input) => Some(input.as_ref().as_fd()),
            Reader::Tcp(input) => Some(input.as_ref().as_fd()),
            Reader::Stdio(_) => None,
        };
        socket.map(|socket| socket.try_clone_to_owned()).transpose()
    }

    /// Reads what there is; 0 bytes mean that the engine closed. Nothing is lost if the wait is given up.
    ///
    /// # Errors
    /// What the system says.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Reader::Unix(input) => input.read(buffer).await,
            Reader::Tcp(input) => {
                let count = input.read(buffer).await?;
                // If it cannot be had it is slower, and what was read is as good; the next read tells if all is lost.
                quick_ack(input.as_ref()).ok();
                Ok(count)
            }
            Reader::Stdio(input) => input.read(buffer).await,
        }
    }
}

/// Looks at a connection without reading from it.
#[derive(Debug)]
pub(super) struct Probe(Option<OwnedFd>);

impl Probe {
    /// Whether there is nothing to read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|socket| {
            let seen = SockRef::from(socket).peek(&mut [MaybeUninit::uninit()]);
            seen.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
        })
    }
}

/// What we say to the engine.
#[derive(Debug)]
pub enum Writer {
    /// By a UNIX socket.
    Unix(unix::OwnedWriteHalf),
    /// By TCP.
    Tcp(tcp::OwnedWriteHalf),
    /// By standard output.
    Stdio {
        /// Where to.
        output: Stdout,
        /// How many bytes it has taken that may not have gone out yet.
        unflushed: usize,
    },
}

impl Writer {
    /// Writes some of it and says how much. Nothing is written twice if the wait is given up and it is called again
    /// with the same bytes and more.
    ///
    /// # Errors
    /// What the system says.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Writer::Unix(output) => output.write(bytes).await,
            Writer::Tcp(output) => output.write(bytes).await,
            Writer::Stdio { output, unflushed } => {
                if *unflushed == 0 {
                    *unflushed = output.write(bytes).await?;
                }
                output.flush().await?;
                Ok(std::mem::take(unflushed))
            }
        }
    }
}

/// The engine writes a line's text and its newline apart, with Nagle's algorithm on: without this the newline would
/// wait 40 ms for our acknowledgement. Linux forgets the option, so it is set after each read.
fn quick_ack(stream: &TcpStream) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    stream.set_quickack(true)?;
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
    Ok(())
}
