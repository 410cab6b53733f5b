//! TLS for HTTP: a certificate and its key become what a connection is accepted with. Both are read at the start, so that a mistake in them
//! is told there and not to the first client.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};

/// The first byte of every TLS connection: a record of its handshake.
pub const HANDSHAKE: u8 = 22;
/// The answer to a client that speaks plain HTTP to a port of HTTPS.
pub const PLAIN_SORRY: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\
    Connection: close\r\nContent-Length: 63\r\n\r\n{\"error\":\"This port takes HTTPS: begin the URL with https://\"}\n";

/// What is wrong with a certificate or its key.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant's sentence says it")]
pub enum WrongTls {
    Unreadable { path: PathBuf, error: std::io::Error },
    NoCertificate { path: PathBuf },
    NoKey { path: PathBuf },
    NoPair { certificate: PathBuf, key: PathBuf, error: Error },
}

impl fmt::Display for WrongTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => {
                write!(f, "{} cannot be read ({error}): name a PEM file", path.display())
            }
            Self::NoCertificate { path } => write!(
                f,
                "{} has no certificate: name a PEM file that begins with the server's own, then those that vouch for it",
                path.display()
            ),
            Self::NoKey { path } => {
                write!(f, "{} has no private key: name a PEM file with one that needs no passphrase", path.display())
            }
            Self::NoPair { certificate, key, error } => write!(
                f,
                "{} and {} cannot be used together ({error}): name a certificate and the key that it was made with",
                certificate.display(),
                key.display()
            ),
        }
    }
}

impl std::error::Error for WrongTls {}

/// What connections are accepted with, of two PEM files.
///
/// # Errors
/// A file cannot be read, has nothing of its kind, or the two do not belong together.
pub fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, WrongTls> {
    let bytes =
        |path: &Path| std::fs::read(path).map_err(|error| WrongTls::Unreadable { path: path.to_owned(), error });
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(&bytes(certificate)?).collect::<Result<_, _>>().unwrap_or_default();
    if chain.is_empty() {
        return Err(WrongTls::NoCertificate { path: certificate.to_owned() });
    }
    let private = PrivateKeyDer::from_pem_slice(&bytes(key)?).map_err(|_| WrongTls::NoKey { path: key.to_owned() })?;
    let made = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut made = made.map_err(|error| {
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        WrongTls::NoPair { certificate, key, error }
    })?;
    made.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(made))
}
