//! Ways to an engine, as they are written.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::Address;

/// The longest path that a UNIX socket can have, in bytes.
pub(super) const LONGEST_SOCKET_PATH: usize = 107;

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It begins with none of the known words.
    #[error("{written:?} is no way to an engine: write unix:PATH, tcp:HOST:PORT or stdio")]
    Unknown {
        /// What was written.
        written: String,
    },
    /// `unix:` with nothing behind it.
    #[error("unix: is followed by the path of a socket, as unix:/run/yate-touchtone.sock")]
    NoPath,
    /// A path that no socket can have.
    #[error("the path of a socket has at most {LONGEST_SOCKET_PATH} bytes and no NUL")]
    BadPath,
    /// `tcp:` without host and port.
    #[error("tcp: is followed by a host and a port, as tcp:127.0.0.1:5039 or tcp:[::1]:5039")]
    NoHostAndPort,
    /// A port that is none.
    #[error("{port:?} is no port: a port is a number from 1 to 65535")]
    BadPort {
        /// What was written.
        port: String,
    },
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        match text.split_once(':') {
            None if text == "stdio" => Ok(Address::Stdio),
            Some(("unix", path)) => unix(path),
            Some(("tcp", place)) => tcp(place),
            _ => Err(BadAddress::Unknown { written: text.to_owned() }),
        }
    }
}

fn unix(path: &str) -> Result<Address, BadAddress> {
    match path {
        "" => Err(BadAddress::NoPath),
        _ if path.len() > LONGEST_SOCKET_PATH || path.contains('\0') => Err(BadAddress::BadPath),
        _ => Ok(Address::Unix(PathBuf::from(path))),
    }
}

fn tcp(place: &str) -> Result<Address, BadAddress> {
    let (host, port) = place.rsplit_once(':').ok_or(BadAddress::NoHostAndPort)?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match bracketed {
        Some(host) => host,
        None if host.contains([':', '[', ']']) => return Err(BadAddress::NoHostAndPort),
        None => host,
    };
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(BadAddress::NoHostAndPort);
    }
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    let number = port.parse().ok().filter(|&port| digits && port != 0);
    let port = number.ok_or_else(|| BadAddress::BadPort { port: port.to_owned() })?;
    Ok(Address::Tcp { host: host.to_owned(), port })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            Address::Stdio => f.write_str("stdio"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_shows_as_it_was_written() {
        for text in [
            "unix:/run/a:b.sock",
            "unix:rel",
            "tcp:127.0.0.1:5039",
            "tcp:pbx.example:1",
            "tcp:[::1]:5039",
            "stdio",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_says_what_one_is() {
        let problem = |text: &str| text.parse::<Address>().unwrap_err();
        assert_eq!(problem("/run/x"), BadAddress::Unknown { written: "/run/x".into() });
        assert_eq!(problem("stdio:"), BadAddress::Unknown { written: "stdio:".into() });
        assert_eq!(problem("unix:"), BadAddress::NoPath);
        assert_eq!(problem(&format!("unix:/{}", "x".repeat(107))), BadAddress::BadPath);
        assert_eq!(problem("tcp:host"), BadAddress::NoHostAndPort);
        assert_eq!(problem("tcp:::1:5039"), BadAddress::NoHostAndPort);
        assert_eq!(problem("tcp::5039"), BadAddress::NoHostAndPort);
        assert_eq!(problem("tcp:h:0"), BadAddress::BadPort { port: "0".into() });
        assert_eq!(problem("tcp:h:+5"), BadAddress::BadPort { port: "+5".into() });
        assert_eq!(problem("tcp:h:65536"), BadAddress::BadPort { port: "65536".into() });
    }
}
