//! Sockets, of either kind.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

/// A socket of either kind.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Where connections come in.
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    pub(super) fn open(address: &str) -> io::Result<Socket> {
        match address.split_once(':') {
            Some(("unix", path)) => UnixStream::connect(path).map(Socket::Unix),
            Some(("tcp", host)) => TcpStream::connect(host).map(Socket::Tcp),
            _ => Err(unknown_address(address)),
        }
    }

    pub(super) fn try_clone(&self) -> io::Result<Socket> {
        match self {
            Socket::Tcp(stream) => stream.try_clone().map(Socket::Tcp),
            Socket::Unix(stream) => stream.try_clone().map(Socket::Unix),
        }
    }

    pub(super) fn shut_down(&self) {
        // It may be closed already; then there is nothing to do.
        drop(match self {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Socket::Unix(stream) => stream.shutdown(Shutdown::Both),
        });
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.read(buffer),
            Socket::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.write(bytes),
            Socket::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.flush(),
            Socket::Unix(stream) => stream.flush(),
        }
    }
}

impl Listener {
    pub(super) fn accept(&self) -> io::Result<Socket> {
        match self {
            Listener::Tcp(listener) => listener.accept().map(|(stream, _)| Socket::Tcp(stream)),
            Listener::Unix(listener) => listener.accept().map(|(stream, _)| Socket::Unix(stream)),
        }
    }
}

fn unknown_address(address: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{address}: not unix:PATH or tcp:HOST:PORT"))
}

/// Listens; also says the address as a module is told it, and the file that is to be removed at the end.
pub(super) fn listen(address: &str) -> io::Result<(Listener, String, Option<PathBuf>)> {
    match address.split_once(':') {
        Some(("unix", path)) => {
            let path = PathBuf::from(path);
            if path.exists() {
                std::fs::remove_file(&path)?;
            }
            Ok((Listener::Unix(UnixListener::bind(&path)?), address.to_owned(), Some(path)))
        }
        Some(("tcp", host)) => {
            let listener = TcpListener::bind(host)?;
            let address = format!("tcp:{}", listener.local_addr()?);
            Ok((Listener::Tcp(listener), address, None))
        }
        _ => Err(unknown_address(address)),
    }
}
