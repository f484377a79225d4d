//! The server: a thread of its own with a small runtime.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::DATE;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use time::{Duration, OffsetDateTime};
use tokio::runtime;
use tokio::sync::oneshot;

use crate::account::Account;
use crate::line::{Knife, Lines};
use crate::message::Message;
use crate::options::Options;
use crate::site::{Clock, Site};
use crate::{api, recorder, viewer};

/// The most bytes of a request body that are read before it is answered.
const READ: usize = 1024 * 1024;

/// A running sandbox. It ends when this is dropped.
pub struct Sandbox {
    site: Arc<Site>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds the address and serves in a thread of its own.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if an option is not what it must be. Otherwise the address is taken or not of this machine, or the system gives no
    /// randomness or thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let ahead = Duration::seconds(options.clock_ahead.into());
        Self::serve(options, Box::new(move || OffsetDateTime::now_utc() + ahead))
    }

    fn serve(options: Options, clock: Clock) -> io::Result<Self> {
        options.check()?;
        let listener = TcpListener::bind(options.listen).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", options.listen))
        })?;
        listener.set_nonblocking(true)?;
        let address = reachable(listener.local_addr()?);
        let account = Account::new(options.sid.clone(), options.auth_token.clone())?;
        let site = Arc::new(Site::new(address, account, options, clock));
        let routes = Router::new()
            .merge(api::routes(&site))
            .merge(viewer::routes(&site))
            .fallback(api::lost)
            .layer(middleware::from_fn_with_state(
                Arc::clone(&site),
                recorder::record,
            ))
            .layer(middleware::from_fn(read_whole))
            .layer(middleware::from_fn_with_state(Arc::clone(&site), dated))
            .with_state(Arc::clone(&site));

        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = {
            let _context = runtime.enter();
            Lines(tokio::net::TcpListener::from_std(listener)?)
        };
        let routes = routes.into_make_service_with_connect_info::<Knife>();
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = async { axum::serve(listener, routes).await } => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new()
            .name("xoxzo-2fa sandbox".to_string())
            .spawn(serve)?;
        Ok(Self {
            site,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Returns the address that it listens on, such as `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.site.url
    }

    /// The API SID it takes.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.site.account.sid
    }

    /// The Auth Token it takes.
    #[must_use]
    pub fn auth_token(&self) -> &str {
        &self.site.account.auth_token
    }

    /// The messages to a recipient in E.164 (`+819012345678`), or all; newest last. Of all
    /// messages the last 1,000 are kept.
    #[must_use]
    pub fn inbox(&self, recipient: Option<&str>) -> Vec<Message> {
        self.site.phones.inbox(recipient)
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // Its only other end is a panic of the server, after which nothing is left to wait for.
            let _ended = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _already_stopped = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.site.url)
            .field("sid", &self.site.account.sid)
            .field("auth_token", &"[REDACTED]")
            .finish_non_exhaustive()
    }
}

/// Returns an address under which this machine reaches a listener: one on all addresses has no address of its own.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Dates a response by the site's clock (RFC 9110, section 6.6.1).
async fn dated(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = httpdate::fmt_http_date(site.now().into());
    let date = HeaderValue::from_str(&date).expect("a date is plain ASCII");
    response.headers_mut().insert(DATE, date);
    response
}

/// Reads a body before anything can refuse it: a client that is answered while it sends may see a
/// broken connection instead of the answer.
async fn read_whole(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match to_bytes(body, READ).await {
        Ok(body) => next.run(Request::from_parts(head, Body::from(body))).await,
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use serde_json::Value;
    use time::macros::datetime;

    use super::*;

    /// The status and time of a message are read from the given clock, over HTTP.
    #[test]
    fn a_message_moves_on_with_the_clock() {
        let millis = Arc::new(AtomicI64::new(0));
        let elapsed = Arc::clone(&millis);
        let clock = move || {
            let elapsed = Duration::milliseconds(elapsed.load(Ordering::SeqCst));
            datetime!(2026-11-24 08:00:00.5 UTC) + elapsed
        };
        let options = Options::default().account("sid", "token");
        let sandbox = Sandbox::serve(options, Box::new(clock)).unwrap();
        let url = format!("{}/sms/messages/", sandbox.url());
        let form = [
            ("recipient", "+819012345678"),
            ("sender", "Shop"),
            ("message", "Hi"),
        ];
        let basic = "Basic c2lkOnRva2Vu";
        let agent = ureq::Agent::from(ureq::Agent::config_builder().proxy(None).build());
        agent
            .post(&url)
            .header("authorization", basic)
            .send_form(form)
            .unwrap();

        let message = sandbox.inbox(None).remove(0);
        assert_eq!(message.sent_at, "2026-11-24T08:00:00Z");
        let url = format!("{url}{}/", message.message_id);
        for (at, expected, date) in [
            (0, "QUEUED", "Tue, 24 Nov 2026 08:00:00 GMT"),
            (999, "QUEUED", "Tue, 24 Nov 2026 08:00:01 GMT"),
            (1_000, "DELIVERING", "Tue, 24 Nov 2026 08:00:01 GMT"),
            (1_999, "DELIVERING", "Tue, 24 Nov 2026 08:00:02 GMT"),
            (2_000, "DELIVERED", "Tue, 24 Nov 2026 08:00:02 GMT"),
            (86_400_000, "DELIVERED", "Wed, 25 Nov 2026 08:00:00 GMT"),
            (-86_400_000, "QUEUED", "Mon, 23 Nov 2026 08:00:00 GMT"),
        ] {
            millis.store(at, Ordering::SeqCst);
            let mut response = agent
                .get(&url)
                .header("authorization", basic)
                .call()
                .unwrap();
            assert_eq!(response.headers()["date"], date, "after {at} ms");
            let body = response.body_mut().read_to_string().unwrap();
            let status: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(status["status"], expected, "after {at} ms");
            assert_eq!(status["sent_time"], "2026-11-24 08:00:00", "after {at} ms");
        }
    }
}
