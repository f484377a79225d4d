//! How a sandbox starts and ends.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};

use xoxzo_2fa_sandbox::{Options, Sandbox};

use crate::client::Client;

#[test]
fn it_draws_its_credentials_and_takes_its_port() {
    let [first, second] = [(); 2].map(|()| Sandbox::start(Options::default()).unwrap());
    let drawn = [
        first.sid(),
        first.auth_token(),
        second.sid(),
        second.auth_token(),
    ];
    for (at, one) in drawn.iter().enumerate() {
        assert!(
            one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{one}"
        );
        assert!(!drawn[..at].contains(one), "{one} was drawn twice");
    }
    assert_ne!(first.url(), second.url());
    assert!(first.url().starts_with("http://127.0.0.1:") && !first.url().ends_with('/'));
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let address = address(&sandbox);
    let second = Sandbox::start(Options::default().listen(address));
    let error = second.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(
        error.to_string().starts_with(&address.to_string()),
        "{error}"
    );
}

fn address(sandbox: &Sandbox) -> SocketAddr {
    let address = sandbox.url().strip_prefix("http://").unwrap();
    address.parse().unwrap()
}

/// The library checks what it is given as the program does.
#[test]
fn options_that_cannot_be_are_errors() {
    let default = Options::default;
    for (options, told) in [
        (
            default().listen(([0, 0, 0, 0], 0)),
            "0.0.0.0:0 is not a loopback address",
        ),
        (default().account("a:b", "token"), "the SID must be"),
        (
            default().account("sid", "two words"),
            "the Auth Token must be",
        ),
        (
            default().template(7, "Broken", "Hi {name"),
            "template 7: the `{` at character 4",
        ),
        (
            default().pending_template(0, "None", "Hi"),
            "template 0: an id is 1 or more",
        ),
    ] {
        let error = Sandbox::start(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().starts_with(told), "{error}");
    }
    let open = default().listen(([0, 0, 0, 0], 0));
    assert!(Sandbox::start(open.danger_listen_anywhere(true)).is_ok());
}

#[test]
fn it_ends_when_it_is_dropped() {
    let client = Client::new();
    // Leaves a connection open.
    client.send("819012345678", "Hi");
    let address = address(&client.sandbox);
    assert!(TcpStream::connect(address).is_ok());
    drop(client.sandbox);
    assert_eq!(
        TcpStream::connect(address).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
}

#[test]
fn debug_shows_no_secret() {
    let client = Client::new();
    client.send("819012345678", "123456");
    let options = Options::default().account("sid", "s3cret");
    let sandbox = Sandbox::start(options.clone()).unwrap();
    let inbox = client.sandbox.inbox(None);
    for (shown, secret) in [
        (format!("{options:?}"), "s3cret"),
        (format!("{sandbox:?}"), "s3cret"),
        (format!("{inbox:?}"), "123456"),
    ] {
        assert!(
            shown.contains("[REDACTED]") && !shown.contains(secret),
            "{shown}"
        );
    }
}
