//! Causes of a lost exchange, in the same words for each transport.

use std::io;

#[cfg(feature = "ureq")]
use rustls::{CertificateError, Error};
#[cfg(not(feature = "ureq"))]
use tokio_rustls::rustls::{CertificateError, Error};

pub(crate) const UNRESOLVED: &str = "dns: the host name was not found";
pub(crate) const UNCONNECTED: &str = "connect: no connection";
pub(crate) const LATE: &str = "timeout: no answer in time";
const HANDSHAKE: &str = "tls: the server speaks another TLS";

/// Names the fault of a certificate or a handshake.
pub(crate) fn distrust(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(fault) => match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "tls: the certificate has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "tls: the certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "tls: the certificate is for another name"
            }
            CertificateError::UnknownIssuer => "tls: nobody trusted has issued the certificate",
            CertificateError::Revoked => "tls: the certificate is revoked",
            _ => "tls: the certificate is not valid",
        },
        _ => HANDSHAKE,
    }
}

/// Finds the error of TLS within an error of I/O; `None` if it is not of TLS.
pub(crate) fn of_tls(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}
