//! The address on which metrics are shown.
//!
//! Whoever looks is served on a thread of its own, so that none of them, however slow or strange, delays a digit. What
//! they look at is asked of the daemon through [`Server::next`]: once for all who look within a moment, and never twice at
//! a time.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use super::text;
use crate::control::protocol::Status;

/// Where metrics are.
pub const PATH: &str = "/metrics";

/// How many are served at a time. One more waits until the system gives it up, or a place is free.
pub const MAX_CLIENTS: usize = 16;

/// How long a client may take, from when it comes until it has its answer.
pub const CLIENT_TIME: Duration = Duration::from_secs(5);

/// How long what a client asks may be, in bytes.
const MAX_REQUEST: usize = 8 * 1024;

/// How old what is shown may be.
const FRESH: Duration = Duration::from_millis(100);

/// How long no one is accepted after the system could not.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Who wants to know how the daemon is.
type Look = oneshot::Sender<Box<Status>>;

/// The address of a daemon on which metrics are shown.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    looks: mpsc::Receiver<Look>,
    /// Who waits for the answer.
    waiting: Option<Look>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Why metrics cannot be shown.
#[derive(Debug, thiserror::Error)]
#[error(
    "metrics cannot be shown on {address}: {error}. Is another program there? Give another `listen` in [metrics]"
)]
pub struct BindProblem {
    /// Where they were to be.
    pub address: SocketAddr,
    /// Why.
    pub error: io::Error,
}

impl Server {
    /// Listens there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn bind(address: SocketAddr) -> Result<Server, BindProblem> {
        let refused = |error| BindProblem { address, error };
        let listener = StdListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        // On a thread that does nothing else, and made here so that it is known whether it can be had.
        let runtime = Builder::new_current_thread().enable_all().build().map_err(refused)?;
        let (asks, looks) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let thread = thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, asks, stopped));
        });
        let thread = Some(thread.map_err(refused)?);
        Ok(Server { address, looks, waiting: None, stop, thread })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until somebody looks, who is to be given a status then. Nothing is lost if the wait is given up.
    pub async fn next(&mut self) {
        match self.looks.recv().await {
            Some(look) => self.waiting = Some(look),
            None => pending().await,
        }
    }

    /// Gives whoever looks what they look at; at once, and nothing happens if they are gone.
    pub fn respond(&mut self, status: Box<Status>) {
        if let Some(look) = self.waiting.take() {
            drop(look.send(status));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.looks.close();
        self.waiting = None;
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// What the thread does. Who is not served at its end is left.
async fn serve(listener: StdListener, asks: mpsc::Sender<Look>, mut stopped: watch::Receiver<bool>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return warn!(%error, "metrics are not shown"),
    };
    let desk = Arc::new(Desk { asks, last: Mutex::new(None) });
    let places = Arc::new(Semaphore::new(MAX_CLIENTS));
    let mut clients = JoinSet::new();
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            _ = stopped.changed() => return,
            Some(_) = clients.join_next() => {}
            (accepted, place) = accepted => match accepted {
                Ok((stream, _)) => {
                    let desk = desk.clone();
                    clients.spawn(async move {
                        timeout(CLIENT_TIME, desk.serve(stream)).await.ok();
                        drop(place);
                    });
                }
                Err(error) => {
                    warn!(%error, "whoever looks at metrics cannot be accepted");
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
}

/// Where clients are served.
#[derive(Debug)]
struct Desk {
    asks: mpsc::Sender<Look>,
    /// What was shown last, and when.
    last: Mutex<Option<(Instant, Bytes)>>,
}

impl Desk {
    /// Answers one request. A client that says what is no request is answered so, or left.
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| {
            let desk = self.clone();
            async move { Ok::<_, Infallible>(desk.answer(&request).await) }
        });
        let connection = http1::Builder::new()
            .keep_alive(false)
            .half_close(true)
            // There is a limit for the whole.
            .header_read_timeout(None)
            .max_buf_size(MAX_REQUEST)
            .serve_connection(TokioIo::new(stream), service);
        // What goes wrong is the client's doing, and the client's to know.
        connection.await.ok();
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if !request.headers().get_all(HOST).iter().all(is_this_machine) {
            return plain(
                StatusCode::FORBIDDEN,
                "ask for localhost or a loopback address: no other name leads here\n",
            );
        }
        if request.uri().path() != PATH {
            return plain(StatusCode::NOT_FOUND, "metrics are at /metrics\n");
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refusal =
                plain(StatusCode::METHOD_NOT_ALLOWED, "metrics can only be looked at, with GET\n");
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        match self.page().await {
            Some(page) => response(StatusCode::OK, text::CONTENT_TYPE, page),
            None => plain(StatusCode::SERVICE_UNAVAILABLE, "touchtone is leaving\n"),
        }
    }

    #[allow(clippy::disallowed_methods)] // The edge: what is shown is not to be old.
    async fn page(&self) -> Option<Bytes> {
        let mut last = self.last.lock().await;
        if let Some((at, page)) = &*last
            && at.elapsed() < FRESH
        {
            return Some(page.clone());
        }
        let (look, seen) = oneshot::channel();
        self.asks.send(look).await.ok()?;
        let status = seen.await.ok()?;
        let page = Bytes::from(text::page(&status));
        *last = Some((Instant::now(), page.clone()));
        Some(page)
    }
}

/// Whether that names this machine and nothing else could: a page in a browser may have a name of its own that leads here.
fn is_this_machine(host: &HeaderValue) -> bool {
    let Ok(authority) = Authority::try_from(host.as_bytes()) else { return false };
    let name = authority.host();
    let number = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || number.parse().is_ok_and(|number: IpAddr| number.to_canonical().is_loopback())
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

fn response(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
