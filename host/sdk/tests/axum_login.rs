//! The example `axum_login`, as a user walks through it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use ureq::{Agent, Body, http::Response};
use xoxzo_2fa_sandbox::{Options, Sandbox};

/// The running example, and the session that it gave.
struct Shop {
    process: Child,
    url: String,
    agent: Agent,
    session: String,
}

impl Shop {
    fn start(sandbox: &Sandbox) -> Self {
        let test = std::env::current_exe().unwrap();
        let mut example: PathBuf = test.ancestors().nth(2).unwrap().join("examples/axum_login");
        example.set_extension(std::env::consts::EXE_EXTENSION);
        let mut process = Command::new(example)
            .envs([
                ("XOXZO_API_SID", sandbox.sid()),
                ("XOXZO_API_AUTH_TOKEN", sandbox.auth_token()),
                ("XOXZO_BASE_URL", sandbox.url()),
                ("XOXZO_2FA_KEY", &xoxzo_2fa::keygen().unwrap()),
                ("XOXZO_2FA_GUARD_KEY", &xoxzo_2fa::keygen().unwrap()),
                ("ANN_PHONE", "+819012345678"),
                ("ANN_PASSWORD", "correct horse"),
            ])
            .stdout(Stdio::piped())
            .spawn()
            .expect("`cargo test` builds examples; `cargo test --test` alone does not");
        let mut url = String::new();
        let out = process.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut url).unwrap();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self {
            process,
            url: url.trim().to_string(),
            agent: agent.into(),
            session: "none".to_string(),
        }
    }

    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
        let response = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("cookie", &format!("session={}", self.session))
            .send_form(fields.iter().copied())
            .unwrap();
        if let Some(cookie) = response.headers().get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let value = cookie.strip_prefix("session=").unwrap();
            self.session = value.split(';').next().unwrap().to_string();
        }
        response
    }

    fn page(&self) -> String {
        let page = self
            .agent
            .get(&self.url)
            .header("cookie", &format!("session={}", self.session));
        page.call().unwrap().into_body().read_to_string().unwrap()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_password_a_code_and_a_page() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut shop = Shop::start(&sandbox);
    assert!(shop.page().contains("name=password"));

    for (name, password) in [("ann", "wrong"), ("bob", "correct horse")] {
        let refused = shop.post("/password", &[("name", name), ("password", password)]);
        assert_eq!(refused.status(), 401);
    }
    assert!(
        sandbox.inbox(None).is_empty(),
        "nothing is sent before the password"
    );

    shop.post(
        "/password",
        &[("name", "ann"), ("password", "correct horse")],
    );
    let before = shop.session.clone();
    assert!(shop.page().contains("+81********78"));
    let message = sandbox.inbox(None).pop().unwrap();
    let mut runs = message.body.split(|letter: char| !letter.is_ascii_digit());
    let pin = runs.find(|run| run.len() == 6).unwrap().to_string();

    shop.post(
        "/code",
        &[("pin", if pin == "000000" { "000001" } else { "000000" })],
    );
    assert!(
        shop.page()
            .contains("That is not the code. 4 tries are left.")
    );
    shop.post("/again", &[]);
    assert!(shop.page().contains("This was requested a moment ago."));
    assert_eq!(sandbox.inbox(None).len(), 1);

    shop.post("/code", &[("pin", &format!(" {pin}"))]);
    assert!(shop.page().contains("Welcome, user-1."));
    assert_ne!(shop.session, before, "the session has a new id");
    shop.session = before;
    assert!(
        shop.page().contains("name=password"),
        "the old one is worth nothing"
    );
}

#[test]
fn a_user_without_tries_begins_again_and_is_told_why() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut shop = Shop::start(&sandbox);
    let ann = [("name", "ann"), ("password", "correct horse")];
    shop.post("/password", &ann);
    let message = sandbox.inbox(None).pop().unwrap();
    let wrong = if message.body.contains("000000") {
        "000001"
    } else {
        "000000"
    };
    shop.post("/code", &[("pin", "12x")]);
    assert!(shop.page().contains("Type all the digits of the code"));
    for _ in 0..4 {
        assert_eq!(shop.post("/code", &[("pin", wrong)]).status(), 303);
    }
    assert!(shop.page().contains("1 try is left."));
    let last = shop.post("/code", &[("pin", wrong)]);
    assert_eq!(last.status(), 403);
    let last = last.into_body().read_to_string().unwrap();
    assert_eq!(
        last,
        "That is not the code. No tries are left, so ask for a new code."
    );
    assert!(shop.page().contains("name=password"));
    let soon = shop.post("/password", &ann);
    assert_eq!(soon.status(), 403);
    let soon = soon.into_body().read_to_string().unwrap();
    assert!(soon.starts_with("This was requested a moment ago. Try again in "));
}

#[test]
fn forms_of_other_sites_are_refused() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let shop = Shop::start(&sandbox);
    let post = shop.agent.post(format!("{}/password", shop.url));
    let post = post.header("sec-fetch-site", "cross-site");
    let refused = post.send_form([("name", "ann"), ("password", "correct horse")]);
    assert_eq!(refused.unwrap().status(), 403);
    assert!(sandbox.inbox(None).is_empty());
}
