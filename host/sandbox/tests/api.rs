//! The sandbox over HTTP, as a client sees it.

use ureq::Agent;
use ureq::http::Response;
use ureq::Body;
use xoxzo_2fa_sandbox::{Options, Sandbox};

struct Client {
    sandbox: Sandbox,
    agent: Agent,
}

struct Answer {
    status: u16,
    location: Option<String>,
    challenge: Option<String>,
    body: String,
}

fn answer(mut response: Response<Body>) -> Answer {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_string());
    let (location, challenge) = (header("location"), header("www-authenticate"));
    Answer { status: response.status().as_u16(), location, challenge, body: response.body_mut().read_to_string().unwrap() }
}

impl Client {
    fn new() -> Self {
        let sandbox = Sandbox::start(Options::default().account("sid", "token")).unwrap();
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).max_redirects_will_error(false).proxy(None);
        Self { sandbox, agent: config.build().into() }
    }

    fn post(&self, kind: &str, body: &str) -> Answer {
        let request = self.agent.post(format!("{}/sms/messages/", self.sandbox.url()));
        // sid:token
        answer(request.header("authorization", "Basic c2lkOnRva2Vu").header("content-type", kind).send(body).unwrap())
    }

    fn form(&self, body: &str) -> Answer {
        self.post("application/x-www-form-urlencoded", body)
    }

    fn get(&self, path: &str) -> Answer {
        let request = self.agent.get(format!("{}{path}", self.sandbox.url()));
        answer(request.header("authorization", "Basic c2lkOnRva2Vu").call().unwrap())
    }

    fn send(&self, recipient: &str, message: &str) -> String {
        let sent = self.form(&format!("recipient={}&sender=Shop&message={message}", recipient.replace('+', "%2B")));
        assert_eq!(sent.status, 201, "{}", sent.body);
        let id = sent.body.strip_prefix("[{\"msgid\":\"").and_then(|rest| rest.strip_suffix("\"}]")).unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        id.to_string()
    }
}

#[test]
fn a_message_is_taken_and_lies_in_the_inbox() {
    let client = Client::new();
    let first = client.send("+819012345678", "a+b%2Bc%0Ad");
    let second = client.send("+819012345678", "two");
    client.send("+819087654321", "other");
    let inbox = client.sandbox.inbox(Some("+819012345678"));
    assert_eq!(inbox.iter().map(|message| message.message_id.as_str()).collect::<Vec<_>>(), [&first, &second]);
    assert_eq!(inbox[0].body, "a b+c\nd");
    let json = client.get("/_sandbox/inbox?recipient=%2B819012345678").body;
    assert!(json.starts_with("[{") && json.contains(&first) && json.contains("\"channel\":\"sms\"") && !json.contains("other"), "{json}");
    assert_eq!(client.sandbox.inbox(None).len(), 3);
}

#[test]
fn json_is_taken_too() {
    let client = Client::new();
    let sent = client.post("application/json; charset=utf-8", r#"{"recipient":"+819012345678","sender":"Shop","message":"hi","unknown":7,"tags":"a,b"}"#);
    assert_eq!(sent.status, 201);
    let id = client.sandbox.inbox(None)[0].message_id.clone();
    let status = client.get(&format!("/sms/messages/{id}/"));
    assert_eq!(status.status, 200);
    for part in ["\"status\":\"QUEUED\"", "\"tags\":[\"a\",\"b\"]", "\"cost\":10", "\"parts\":1", "\"recipient\":\"+819012345678\""] {
        assert!(status.body.contains(part), "{part} in {}", status.body);
    }
}

#[test]
fn each_fault_names_its_field() {
    let client = Client::new();
    let missing = client.form("");
    assert_eq!(missing.status, 400);
    for field in ["message", "recipient", "sender"] {
        assert!(missing.body.contains(&format!("\"{field}\":[\"This field is required.\"]")), "{}", missing.body);
    }
    let good = ("%2B819012345678", "Shop", "hi".to_string());
    for (recipient, sender, message, field) in [
        ("%2B8108012345678", good.1, good.2.clone(), "recipient"),
        ("%2B0808012345678", good.1, good.2.clone(), "recipient"),
        ("+819012345678", good.1, good.2.clone(), "recipient"),
        ("819012345678", good.1, good.2.clone(), "recipient"),
        (good.0, "ElevenChars", good.2.clone(), "sender"),
        (good.0, "1234567890123456", good.2.clone(), "sender"),
        (good.0, good.1, "x".repeat(661), "message"),
        (good.0, good.1, String::new(), "message"),
    ] {
        let refused = client.form(&format!("recipient={recipient}&sender={sender}&message={message}"));
        assert_eq!(refused.status, 400, "{field}");
        assert!(refused.body.starts_with(&format!("{{\"{field}\":[")) && !refused.body.contains("\",\""), "{}", refused.body);
    }
    assert!(client.form(&format!("recipient={}&sender={}&message={}", good.0, good.1, "x".repeat(660))).status == 201);
    assert_eq!(client.sandbox.inbox(None).len(), 1);
}

#[test]
fn credentials_are_needed() {
    let client = Client::new();
    let url = format!("{}/sms/messages/", client.sandbox.url());
    for credentials in ["", "Basic c2lkOndyb25n", "Basic ???", "Bearer token"] {
        let refused = answer(client.agent.post(&url).header("authorization", credentials).send("").unwrap());
        assert_eq!(refused.status, 401);
        assert!(refused.body.contains("detail") && refused.challenge.unwrap().starts_with("Basic"));
    }
    assert!(client.sandbox.inbox(None).is_empty());
}

#[test]
fn what_is_not_there_or_not_allowed() {
    let client = Client::new();
    assert_eq!(client.get("/sms/messages/ABC/").status, 404);
    assert_eq!(client.get("/other/").status, 404);
    let moved = client.get("/sms/messages/ABC?x=1");
    assert_eq!((moved.status, moved.location.as_deref()), (301, Some("/sms/messages/ABC/?x=1")));
    assert_eq!(client.get("/sms/messages/").status, 405);
    assert_eq!(client.post("text/plain", "hi").status, 415);
    assert_eq!(client.post("application/json", "{").status, 400);
    assert_eq!(client.form(&format!("message={}", "x".repeat(70_000))).status, 413);
}

#[test]
fn the_page_shows_messages_and_runs_nothing_of_them() {
    let client = Client::new();
    client.send("+819012345678", "<script>alert(1)</script>%26{note}\"'");
    let page = client.get("/_sandbox/").body;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;{note}&quot;&#39;"), "{page}");
    assert!(page.contains("<html lang=\"en\">") && page.contains("+819012345678"));
    let request = client.agent.get(format!("{}/_sandbox/", client.sandbox.url())).header("accept-language", "ja,en;q=0.5");
    let response = request.call().unwrap();
    assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert!(answer(response).body.contains("<html lang=\"ja\">"));
    assert_eq!(client.get("/_sandbox/phone.js").status, 200);
    assert_eq!(client.get("/_sandbox/phone.css").status, 200);
}

#[test]
fn the_inbox_is_for_this_machine() {
    let client = Client::new();
    for host in ["evil.example", "127.0.0.1.evil.example:80", "evil.example:127"] {
        let request = client.agent.get(format!("{}/_sandbox/inbox", client.sandbox.url())).header("host", host);
        assert_eq!(answer(request.call().unwrap()).status, 403, "{host}");
    }
    assert_eq!(client.get("/_sandbox/inbox").status, 200);
}

#[test]
fn secrets_are_not_shown() {
    let client = Client::new();
    client.send("+819012345678", "123456");
    let shown = format!("{:?} {:?} {:?}", client.sandbox, client.sandbox.inbox(None), Options::default().account("sid", "s3cret"));
    assert!(!shown.contains("s3cret") && !shown.contains("123456") && !shown.contains("\"token\""), "{shown}");
}
