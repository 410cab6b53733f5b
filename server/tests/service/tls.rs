//! HTTPS with a self-made certificate, and what is said of files that are none.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use cachedojo_server::config::{Config, Flags};
use clap::Parser as _;
use rcgen::{CertifiedKey, KeyPair};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::Running;

/// A certificate for `localhost` with its key, and files that are not what they should be.
struct Files {
    folder: PathBuf,
    roots: RootCertStore,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cachedojo-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let other = KeyPair::generate().expect("a key").serialize_pem();
        let texts = [
            ("cert.pem", cert.pem()),
            ("key.pem", signing_key.serialize_pem()),
            ("other.pem", other),
            ("empty.pem", String::new()),
        ];
        for (name, text) in texts {
            std::fs::write(folder.join(name), text).expect("a file");
        }
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).expect("a root");
        Self { folder, roots }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("text").to_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// All that the server says to these bytes inside of TLS, by a client that trusts these roots.
fn ask(address: SocketAddr, roots: RootCertStore, request: &str) -> std::io::Result<String> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), "localhost".try_into().expect("a name")).expect("a client");
    let mut stream = StreamOwned::new(client, TcpStream::connect(address)?);
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn https_is_answered_with_the_certificate_and_plain_http_is_told_so() {
    let files = Files::new("answered");
    let server = Running::new(&["--tls-cert", &files.path("cert.pem"), "--tls-key", &files.path("key.pem")]);
    let get = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = ask(server.address, files.roots.clone(), get).expect("an answer");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\"memory_usage\":\"0%\",\"store\":\"memory\"}"),
        "{answer}"
    );
    let error = ask(server.address, RootCertStore::empty(), get).expect_err("a stranger's certificate");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    let plain = server.client().ask("GET", "/health", "");
    assert_eq!(
        (plain.status, plain.json()["error"].as_str()),
        (400, Some("This port takes HTTPS: begin the URL with https://"))
    );
    // A client that says nothing, and one that talks nonsense, cost nobody else anything.
    let _silent = TcpStream::connect(server.address).expect("it listens");
    let mut nonsense = TcpStream::connect(server.address).expect("it listens");
    nonsense.write_all(&[22, 3, 1, 0, 5, 9, 9, 9, 9, 9]).expect("it takes some");
    assert!(ask(server.address, files.roots.clone(), get).is_ok());
}

#[test]
fn wrong_files_are_told_at_the_start() {
    let files = Files::new("wrong");
    let wrong = |certificate: &str, key: &str| {
        let arguments = ["cachedojo-server", "--tls-cert", &files.path(certificate), "--tls-key", &files.path(key)];
        let flags = Flags::try_parse_from(arguments).expect("known flags");
        let mistake = Config::new(&flags, |_| None).expect_err("wrong").to_string();
        mistake.replace(files.folder.to_str().expect("text"), "")
    };
    for (certificate, key, sentence) in [
        ("none.pem", "key.pem", "/none.pem cannot be read"),
        ("empty.pem", "key.pem", "/empty.pem has no certificate: name a PEM file that begins with the server's own"),
        ("key.pem", "key.pem", "/key.pem has no certificate"),
        ("cert.pem", "cert.pem", "/cert.pem has no private key: name a PEM file with one that needs no passphrase"),
        ("cert.pem", "other.pem", "/cert.pem and /other.pem cannot be used together"),
    ] {
        let mistake = wrong(certificate, key);
        assert!(mistake.starts_with(sentence), "{mistake}");
    }
}
