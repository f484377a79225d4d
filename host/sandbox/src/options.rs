//! Options of a sandbox.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::account;
use crate::template::Template;

/// Options to start with. The default takes a free port of 127.0.0.1 and random credentials, may send freeform, has 1,000 credits and three
/// templates: 1, a login; 2, a payment; 3, which waits for approval.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Address and TCP port to listen on: 127.0.0.1 and a free port, which 0 stands for, by default.
    pub listen: SocketAddr,
    /// Accepts an address that is not a loopback address, so that other machines can read every message and the codes in it.
    pub danger_listen_anywhere: bool,
    /// API SID; a random one of 32 letters and digits if absent.
    pub sid: Option<String>,
    /// Auth Token; a random one of 32 letters and digits if absent.
    pub auth_token: Option<String>,
    /// Time from one state of a message to the next: 1 s by default.
    pub pace: Duration,
    /// Credits of the account.
    pub credits: u32,
    /// Lets the account send texts of its own.
    pub freeform: bool,
    /// Gives the account test credits only: the text of every SMS is replaced.
    pub test_credit: bool,
    /// Requests in a second that are answered; any number if absent.
    pub throttle: Option<u32>,
    /// Refuses senders that look domestic to Japan, which is only remarked otherwise.
    pub strict_senders: bool,
    /// Sends callbacks as JSON, not as a form.
    pub json_callbacks: bool,
    /// Seconds by which its clock is ahead of this machine's; negative if it is behind.
    pub clock_ahead: i32,
    pub(crate) templates: Vec<Template>,
}

impl Default for Options {
    fn default() -> Self {
        let login = "{service}: your code is {code}. Valid for {minutes} min. Never share it.";
        let payment = "{service}: to pay {amount} to {payee}, the code is {code}. Never share it.";
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            danger_listen_anywhere: false,
            sid: None,
            auth_token: None,
            pace: Duration::from_secs(1),
            credits: 1_000,
            freeform: true,
            test_credit: false,
            throttle: None,
            strict_senders: false,
            json_callbacks: false,
            clock_ahead: 0,
            templates: Vec::new(),
        }
        .template(1, "Login", login)
        .template(2, "Payment", payment)
        .pending_template(3, "New login", "{code} is your code.")
    }
}

impl Options {
    /// Sets the loopback address and the TCP port to listen on; port 0 takes a free one.
    #[must_use]
    pub fn listen(mut self, address: impl Into<SocketAddr>) -> Self {
        self.listen = address.into();
        self
    }

    /// Sets whether the address may be one that other machines reach. Whoever reaches it reads every message and the codes in it, under any
    /// name in `Host`: pages of strangers, too, which a browser on this machine shows.
    #[must_use]
    pub fn danger_listen_anywhere(mut self, allowed: bool) -> Self {
        self.danger_listen_anywhere = allowed;
        self
    }

    /// Sets the credentials: the API SID and the Auth Token, each 1 to 128 printable ASCII characters without spaces. The SID has no colon
    /// (RFC 7617, section 2).
    #[must_use]
    pub fn account(mut self, sid: impl Into<String>, auth_token: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self.auth_token = Some(auth_token.into());
        self
    }

    /// Sets the time from one state of a message to the next. With none, messages are delivered at once.
    #[must_use]
    pub fn pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// Sets the credits of the account.
    #[must_use]
    pub fn credits(mut self, credits: u32) -> Self {
        self.credits = credits;
        self
    }

    /// Sets whether the account may send texts of its own, as only trusted accounts may.
    #[must_use]
    pub fn freeform(mut self, allowed: bool) -> Self {
        self.freeform = allowed;
        self
    }

    /// Sets whether the account has test credits only: the text of every SMS is silently replaced.
    #[must_use]
    pub fn test_credit(mut self, only: bool) -> Self {
        self.test_credit = only;
        self
    }

    /// Sets how many requests in a second are answered; more get 429.
    #[must_use]
    pub fn throttle(mut self, per_second: u32) -> Self {
        self.throttle = Some(per_second);
        self
    }

    /// Sets whether a sender that looks domestic is refused to Japan with 400. By default the page only remarks that carriers may replace
    /// it, because nobody knows which of the two Xoxzo does.
    #[must_use]
    pub fn strict_senders(mut self, strict: bool) -> Self {
        self.strict_senders = strict;
        self
    }

    /// Sets whether callbacks are JSON and not a form.
    #[must_use]
    pub fn json_callbacks(mut self, json: bool) -> Self {
        self.json_callbacks = json;
        self
    }

    /// Sets the seconds by which its clock is ahead of this machine's, in the header `Date` and in the times of messages; negative if it is
    /// behind.
    #[must_use]
    pub fn clock_ahead(mut self, seconds: i32) -> Self {
        self.clock_ahead = seconds;
        self
    }

    /// Adds an approved template, which replaces one with the same id. `{name}` stands for a variable, whose name is 1 to 64 letters, digits
    /// and `_`. The id is 1 or more.
    #[must_use]
    pub fn template(self, id: u32, name: impl Into<String>, content: impl Into<String>) -> Self {
        self.with(Template::new(id, name.into(), content.into(), true))
    }

    /// Adds a template that waits for approval.
    #[must_use]
    pub fn pending_template(
        self,
        id: u32,
        name: impl Into<String>,
        content: impl Into<String>,
    ) -> Self {
        self.with(Template::new(id, name.into(), content.into(), false))
    }

    /// Checks the address, the credentials and the templates. The error says what is wrong, and holds no Auth Token.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::new(ErrorKind::InvalidInput, why));
        if !self.listen.ip().is_loopback() && !self.danger_listen_anywhere {
            return refuse(format!(
                "{} is not a loopback address: other machines could read every message and the codes in it; listen on 127.0.0.1 or [::1], \
                 or set danger-listen-anywhere",
                self.listen
            ));
        }
        let sid = self.sid.as_deref().map(account::check_sid);
        let auth_token = self.auth_token.as_deref().map(account::check_auth_token);
        for checked in [sid, auth_token].into_iter().flatten() {
            checked.or_else(|why| refuse(why.to_string()))?;
        }
        for template in &self.templates {
            let checked = template.check();
            checked.or_else(|why| refuse(format!("template {}: {why}", template.id)))?;
        }
        Ok(())
    }

    fn with(mut self, template: Template) -> Self {
        self.templates.retain(|own| own.id != template.id);
        self.templates.push(template);
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("sid", &self.sid)
            .field("auth_token", &"[REDACTED]")
            .finish_non_exhaustive()
    }
}
