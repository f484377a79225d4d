//! A client of a sandbox of its own, with the account `sid`, `token`.

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Method, Request};
use xoxzo_2fa_sandbox::{Options, Sandbox};

/// `sid:token`.
pub(crate) const BASIC: &str = "Basic c2lkOnRva2Vu";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const JSON: &str = "application/json";

pub(crate) struct Client {
    pub(crate) sandbox: Sandbox,
    agent: Agent,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let sandbox = Sandbox::start(options.account("sid", "token")).unwrap();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .allow_non_standard_methods(true)
            .build()
            .into();
        Self { sandbox, agent }
    }

    /// Sends headers and a body as they are.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let url = format!("{}{path}", self.sandbox.url());
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match body {
            "" => self.agent.run(request.body(()).unwrap()),
            body => self.agent.run(request.body(body).unwrap()),
        };
        let mut response = sent.unwrap();
        let body = response.body_mut().read_to_string().unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("authorization", BASIC)], "")
    }

    pub(crate) fn post(&self, kind: &str, body: &str) -> Answer {
        self.to("/sms/messages/", kind, body)
    }

    /// Posts a body to a path.
    pub(crate) fn to(&self, path: &str, kind: &str, body: &str) -> Answer {
        let headers = [("authorization", BASIC), ("content-type", kind)];
        self.ask("POST", path, &headers, body)
    }

    /// Makes a call that is taken, and gives its id; arguments as in [`Client::send`].
    pub(crate) fn call(&self, recipient: &str, text: &str) -> String {
        let body =
            format!("recipient=%2B{recipient}&caller=815012345678&tts_lang=en&tts_message={text}");
        let sent = self.to("/voice/simple/playbacks/", FORM, &body);
        assert_eq!(sent.status, 201, "{}", sent.body);
        sent.json()[0]["callid"].as_str().unwrap().to_string()
    }

    /// Sends a message that is taken, and gives its id. `recipient` is digits; `message` is
    /// percent-encoded already.
    pub(crate) fn send(&self, recipient: &str, message: &str) -> String {
        let body = format!("recipient=%2B{recipient}&sender=Shop&message={message}");
        let sent = self.post(FORM, &body);
        assert_eq!(sent.status, 201, "{}", sent.body);
        sent.json()[0]["msgid"].as_str().unwrap().to_string()
    }
}
