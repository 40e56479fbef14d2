//! The three ways to an engine.

use std::fmt;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Stdin, Stdout};
use tokio::net::{TcpStream, UnixStream};

use super::role_of;
use crate::assist::Role;
use crate::config::Address;

/// A connection to an engine.
pub enum Stream {
    /// By a UNIX socket: the fastest.
    Unix(UnixStream),
    /// By TCP.
    Tcp(TcpStream),
    /// By standard input and output: the engine started us.
    Stdio(Stdin, Stdout),
}

impl Stream {
    /// Connects.
    ///
    /// # Errors
    /// What the system says if nobody listens there.
    pub async fn connect(address: &Address) -> io::Result<Stream> {
        match address {
            Address::Unix(path) => UnixStream::connect(path).await.map(Stream::Unix),
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                quick_ack(&stream)?;
                Ok(Stream::Tcp(stream))
            }
            Address::Stdio => Ok(Stream::Stdio(tokio::io::stdin(), tokio::io::stdout())),
        }
    }

    /// What a module does first on such a connection.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Stream::Unix(_) | Stream::Tcp(_) => Role::Socket,
            Stream::Stdio(..) => role_of(&Address::Stdio),
        }
    }

    /// Reads what there is; 0 bytes mean that the engine closed.
    ///
    /// # Errors
    /// What the system says.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.read(buffer).await,
            Stream::Tcp(stream) => {
                let count = stream.read(buffer).await?;
                quick_ack(stream)?;
                Ok(count)
            }
            Stream::Stdio(input, _) => input.read(buffer).await,
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// What the system says.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Stream::Unix(stream) => stream.write_all(bytes).await,
            Stream::Tcp(stream) => stream.write_all(bytes).await,
            Stream::Stdio(_, output) => {
                output.write_all(bytes).await?;
                output.flush().await
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

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stream::Unix(_) => "Unix",
            Stream::Tcp(_) => "Tcp",
            Stream::Stdio(..) => "Stdio",
        })
    }
}
