//! Connections: how many there may be, how slow each may be, and how they end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsAcceptor;

use crate::metrics::{Gauge, Metrics};
use crate::tls::{HANDSHAKE, PLAIN_SORRY};

/// The largest head of a request, in bytes: a percent-encoded key of 255 characters has up to 3 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The most header lines of a request.
const HEADERS_MAX: usize = 64;
/// The most connections that are told to come back; further ones are just closed.
const TURNED_AWAY_MAX: usize = 64;
/// How long telling them may take.
const TURNING_AWAY: Duration = Duration::from_millis(500);
/// How long a client may go on sending what is not read any more. A connection that is closed while bytes wait in it is reset, and
/// then the client may lose the answer that says why.
const PARTING: Duration = Duration::from_secs(2);
/// The most bytes of that.
const PARTING_BYTES_MAX: usize = 64 << 20;
/// How long to wait if the system has no more sockets.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// Accepts connections up to a limit, until it is told to stop.
#[derive(Debug, Clone)]
pub struct Door {
    places: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    timeout: Duration,
    metrics: Arc<Metrics>,
    stop: watch::Receiver<bool>,
    /// Every connection holds a clone; when the last one is dropped, all have ended.
    inside: mpsc::Sender<Infallible>,
}

impl Door {
    /// A door for that many connections at a time.
    pub fn new(
        places: usize,
        timeout: Duration,
        metrics: Arc<Metrics>,
        stop: watch::Receiver<bool>,
        inside: mpsc::Sender<Infallible>,
    ) -> Self {
        let [places, turned_away] = [places, TURNED_AWAY_MAX].map(|count| Arc::new(Semaphore::new(count)));
        Self { places, turned_away, timeout, metrics, stop, inside }
    }

    /// Accepts connections until it is told to stop; each is served by `serve` on a task of its own. A connection beyond the
    /// limit gets `sorry` and is closed.
    pub async fn open<F>(self, listener: TcpListener, gauge: Gauge, sorry: &'static [u8], serve: impl Fn(Visit) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut stop = self.stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stop) => return,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, gauge, sorry, &serve),
                // No descriptors left, or a client that closed before it was served: the next `accept` may succeed.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(OUT_OF_SOCKETS).await;
                }
            }
        }
    }

    fn admit<F>(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        gauge: Gauge,
        sorry: &'static [u8],
        serve: &impl Fn(Visit) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        _ = stream.set_nodelay(true);
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.metrics.count_rejected();
            return self.turn_away(stream, sorry);
        };
        let stream = Patient::new(stream, self.timeout);
        let visit = Visit { stream, peer, timeout: self.timeout, stop: self.stop.clone() };
        let (served, metrics, inside) = (serve(visit), Arc::clone(&self.metrics), self.inside.clone());
        tokio::spawn(async move {
            metrics.enter(gauge);
            served.await;
            metrics.leave(gauge);
            drop((place, inside));
        });
    }

    fn turn_away(&self, mut stream: TcpStream, sorry: &'static [u8]) {
        if let Ok(permit) = Arc::clone(&self.turned_away).try_acquire_owned() {
            tokio::spawn(async move {
                _ = tokio::time::timeout(TURNING_AWAY, async {
                    stream.write_all(sorry).await?;
                    stream.shutdown().await?;
                    // Its request is taken in, so that closing does not take the answer from it.
                    let mut scrap = [0; 1024];
                    while stream.read(&mut scrap).await? > 0 {}
                    Ok::<_, std::io::Error>(())
                })
                .await;
                drop(permit);
            });
        }
    }
}

/// An accepted connection.
#[derive(Debug)]
pub struct Visit {
    /// Its bytes.
    pub stream: Patient,
    /// The client's address.
    pub peer: SocketAddr,
    /// How long each step may take.
    pub timeout: Duration,
    /// Becomes true when the server stops.
    pub stop: watch::Receiver<bool>,
}

/// Waits until the server stops.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    // If the sender is gone, the server has stopped as well.
    _ = stop.wait_for(|stop| *stop).await;
}

/// The HTTP answer for a connection beyond the limit.
pub const HTTP_SORRY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n\
    Connection: close\r\nContent-Length: 32\r\n\r\n{\"error\":\"Too many connections\"}";

/// Serves HTTP/1.1 on one connection until the client closes it, is too slow, or the server stops: then the request in progress
/// is the last one.
///
/// `answer` answers a request, and says whether it has read the body to its end.
pub async fn serve_http<F>(visit: Visit, answer: impl Fn(Request<Incoming>) -> F + Send)
where
    F: Future<Output = (Response, bool)> + Send,
{
    let Visit { stream, peer, timeout, stop } = visit;
    let unread = Arc::clone(&stream.unread);
    speak_http(stream, unread, (peer, timeout, stop), answer).await;
}

/// The same inside of TLS. A client that speaks plain HTTP is told so.
pub async fn serve_https<F>(visit: Visit, answer: impl Fn(Request<Incoming>) -> F + Send, tls: TlsAcceptor)
where
    F: Future<Output = (Response, bool)> + Send,
{
    let Visit { mut stream, peer, timeout, mut stop } = visit;
    let unread = Arc::clone(&stream.unread);
    let accept = async {
        if stream.first_byte().await? != HANDSHAKE {
            stream.write_all(PLAIN_SORRY).await?;
            stream.shutdown().await?;
            return Err(std::io::Error::other("it does not speak TLS"));
        }
        tls.accept(stream).await
    };
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(timeout, accept) => accepted.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())),
        () = stopped(&mut stop) => return,
    };
    match accepted {
        Ok(stream) => speak_http(stream, unread, (peer, timeout, stop), answer).await,
        Err(error) => tracing::debug!(%peer, %error, "no TLS connection came about"),
    }
}

async fn speak_http<F>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    unread: Arc<AtomicBool>,
    (peer, timeout, mut stop): (SocketAddr, Duration, watch::Receiver<bool>),
    answer: impl Fn(Request<Incoming>) -> F + Send,
) where
    F: Future<Output = (Response, bool)> + Send,
{
    let answers = service_fn(|request| {
        let (answered, unread) = (answer(request), Arc::clone(&unread));
        async move {
            let (response, is_read) = answered.await;
            unread.store(!is_read, Ordering::Relaxed);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answers);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// A connection whose writes fail if the other side does not accept them in time, and whose end leaves time to read the answer.
#[derive(Debug)]
pub struct Patient {
    stream: TcpStream,
    patience: Duration,
    /// A timer that runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Whether the client may be sending what nobody reads.
    unread: Arc<AtomicBool>,
    /// A timer that runs while that is thrown away, and how many bytes were.
    parting: Option<(Pin<Box<Sleep>>, usize)>,
}

impl Patient {
    fn new(stream: TcpStream, patience: Duration) -> Self {
        Self { stream, patience, waiting: None, unread: Arc::default(), parting: None }
    }

    /// The first byte that comes, which is left there.
    async fn first_byte(&self) -> std::io::Result<u8> {
        let mut byte = [0];
        let count = self.stream.peek(&mut byte).await?;
        if count == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(byte[0]) }
    }

    /// Throws away what still comes, until the other side ends as well, or for a while.
    fn part(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let (timer, thrown) = self.parting.get_or_insert_with(|| (Box::pin(sleep(PARTING)), 0));
        let mut scrap = [0; 16 * 1024];
        while *thrown < PARTING_BYTES_MAX && timer.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut scrap);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                break;
            }
            *thrown += buf.filled().len();
        }
        Poll::Ready(Ok(()))
    }

    /// The result of a write, or an error if it has waited for too long.
    fn judge<T>(&mut self, write: Poll<std::io::Result<T>>, cx: &mut Context<'_>) -> Poll<std::io::Result<T>> {
        if write.is_ready() {
            self.waiting = None;
            return write;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(std::io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(write, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(write, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.parting.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            if !self.unread.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
        }
        self.part(cx)
    }
}
