//! Options of a sandbox.

use std::fmt;
use std::time::Duration;

use crate::template::Template;

/// Options to start with. The default takes a free port and random credentials, may send freeform, has 1,000 credits and three templates:
/// 1, a login; 2, a payment; 3, which waits for approval.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// TCP port on 127.0.0.1; 0, the default, takes a free one.
    pub port: u16,
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
    /// Sends callbacks as JSON, not as a form.
    pub json_callbacks: bool,
    pub(crate) templates: Vec<Template>,
}

impl Default for Options {
    fn default() -> Self {
        let login = "{service}: your code is {code}. Valid for {minutes} min. Never share it.";
        let payment = "{service}: to pay {amount} to {payee}, the code is {code}. Never share it.";
        Self {
            port: 0,
            sid: None,
            auth_token: None,
            pace: Duration::from_secs(1),
            credits: 1_000,
            freeform: true,
            test_credit: false,
            throttle: None,
            json_callbacks: false,
            templates: Vec::new(),
        }
        .template(1, "Login", login)
        .template(2, "Payment", payment)
        .pending_template(3, "New login", "{code} is your code.")
    }
}

impl Options {
    /// Sets the TCP port on 127.0.0.1; 0 takes a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the credentials: the API SID, which holds no colon (RFC 7617, section 2), and the
    /// Auth Token.
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

    /// Sets whether callbacks are JSON and not a form.
    #[must_use]
    pub fn json_callbacks(mut self, json: bool) -> Self {
        self.json_callbacks = json;
        self
    }

    /// Adds an approved template, with `{name}` for a variable; instead of one with the same id.
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

    fn with(mut self, template: Template) -> Self {
        self.templates.retain(|own| own.id != template.id);
        self.templates.push(template);
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("port", &self.port)
            .field("sid", &self.sid)
            .field("auth_token", &"[REDACTED]")
            .finish_non_exhaustive()
    }
}
