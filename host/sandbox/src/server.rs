//! The server: a thread of its own with a small runtime.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use rand::TryRng;
use tokio::sync::oneshot;

use crate::sms::{Message, Phones};
use crate::{api, inbox};

/// How to start.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// TCP port on 127.0.0.1; 0, the default, takes a free one.
    pub port: u16,
    /// API SID; a random one if absent.
    pub sid: Option<String>,
    /// API token; a random one if absent.
    pub auth_token: Option<String>,
}

impl Options {
    /// Sets the port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the credentials.
    #[must_use]
    pub fn account(mut self, sid: impl Into<String>, auth_token: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self.auth_token = Some(auth_token.into());
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("port", &self.port).finish_non_exhaustive()
    }
}

/// A running sandbox. It ends when this is dropped.
pub struct Sandbox {
    url: String,
    site: Arc<Site>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What requests are answered from.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) sid: String,
    pub(crate) auth_token: String,
    pub(crate) phones: Phones,
}

impl Sandbox {
    /// Binds the port and serves.
    ///
    /// # Errors
    ///
    /// The port is taken, or the system gives no randomness or thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let site = Arc::new(Site {
            url: url.clone(),
            sid: options.sid.map_or_else(random_id, Ok)?,
            auth_token: options.auth_token.map_or_else(random_id, Ok)?,
            phones: Phones::default(),
        });
        let routes = Router::new().merge(api::routes()).merge(inbox::routes()).fallback(api::missing);
        let routes = routes.with_state(Arc::clone(&site));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                tokio::select! {
                    _ = async { axum::serve(listener, routes).await } => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name("xoxzo-2fa sandbox".to_string()).spawn(serve)?;
        Ok(Self { url, site, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The API SID it takes.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.site.sid
    }

    /// The API token it takes.
    #[must_use]
    pub fn auth_token(&self) -> &str {
        &self.site.auth_token
    }

    /// The messages to a number, or all, newest last.
    #[must_use]
    pub fn inbox(&self, recipient: Option<&str>) -> Vec<Message> {
        self.site.phones.inbox(recipient)
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // Its only other end is a panic of the server, after which there is nothing to wait for.
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
        f.debug_struct("Sandbox").field("url", &self.url).field("auth_token", &"[REDACTED]").finish_non_exhaustive()
    }
}

/// 32 letters and digits, like Xoxzo's ids.
pub(crate) fn random_id() -> io::Result<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789xX";
    let mut bytes = [0; 32];
    rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect())
}
