//! The socket that the proxy connects to.

use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, Error, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net;

/// Owner and group may connect to the socket; nobody else.
const MODE: u32 = 0o660;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(_) => Err("it must be unix: and an absolute path"),
            None => text
                .parse()
                .map(Self::Tcp)
                .map_err(|_| "it must be ADDRESS:PORT, such as 127.0.0.1:9120, or unix:PATH"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A bound socket, which threads may share.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// Binds an address.
    ///
    /// # Errors
    ///
    /// The address is taken or not of this machine. `InvalidInput` for an address that other machines reach, unless `anywhere`.
    pub(crate) fn bind(address: &Address, anywhere: bool) -> io::Result<Self> {
        let named = |error: Error| Error::new(error.kind(), format!("{address}: {error}"));
        match address {
            Address::Tcp(tcp) if !tcp.ip().is_loopback() && !anywhere => Err(Error::new(
                ErrorKind::InvalidInput,
                format!("{tcp} is not a loopback address; --danger-listen-anywhere allows it"),
            )),
            Address::Tcp(tcp) => {
                let listener = TcpListener::bind(tcp).map_err(named)?;
                listener.set_nonblocking(true)?;
                Ok(Self::Tcp(listener))
            }
            Address::Unix(path) => {
                remove_stale(path).map_err(named)?;
                let listener = UnixListener::bind(path).map_err(named)?;
                fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(named)?;
                listener.set_nonblocking(true)?;
                Ok(Self::Unix(listener))
            }
        }
    }

    /// Returns the address that it is bound to.
    ///
    /// # Errors
    ///
    /// The system does not say it.
    pub(crate) fn url(&self, address: &Address) -> io::Result<String> {
        match self {
            Self::Tcp(listener) => Ok(format!("http://{}", listener.local_addr()?)),
            Self::Unix(_) => Ok(address.to_string()),
        }
    }

    /// Makes another handle of the same socket, within a runtime.
    ///
    /// # Errors
    ///
    /// The system has no more handles.
    pub(crate) fn share(&self) -> io::Result<Accepting> {
        Ok(match self {
            Self::Tcp(listener) => {
                Accepting::Tcp(net::TcpListener::from_std(listener.try_clone()?)?)
            }
            Self::Unix(listener) => {
                Accepting::Unix(net::UnixListener::from_std(listener.try_clone()?)?)
            }
        })
    }
}

/// Removes a socket that nobody listens on any more.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => match UnixStream::connect(path) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A socket that gives connections.
pub(crate) enum Accepting {
    Tcp(net::TcpListener),
    Unix(net::UnixListener),
}

/// Bytes both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl Accepting {
    pub(crate) async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Self::Unix(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_this_machine() {
        for (text, bound) in [
            ("127.0.0.1:0", true),
            ("[::1]:0", true),
            ("0.0.0.0:0", false),
        ] {
            let address: Address = text.parse().unwrap();
            // A machine may lack IPv6.
            let refused = Listener::bind(&address, false)
                .err()
                .is_some_and(|error| error.kind() == ErrorKind::InvalidInput);
            assert_eq!(!refused, bound, "{text}");
        }
        for bad in ["", "127.0.0.1", "unix:", "unix:here", "localhost:1"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_socket_outlives_a_crash_and_no_other_process() {
        let directory =
            std::env::temp_dir().join(format!("xoxzo-2fa-listen-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("socket");
        let address = Address::Unix(path.clone());
        let first = Listener::bind(&address, false).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            MODE
        );
        assert!(Listener::bind(&address, false).is_err());
        drop(first);
        Listener::bind(&address, false).unwrap();
        fs::remove_dir_all(directory).unwrap();
    }
}
