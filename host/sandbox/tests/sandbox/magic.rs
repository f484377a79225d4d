//! Numbers that go wrong.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use xoxzo_2fa_sandbox::{Fault, Options};

use crate::client::{Client, FORM};

fn body(fault: Fault) -> String {
    format!(
        "recipient=%2B{}&sender=Shop&message=Hi",
        &fault.recipient()[1..]
    )
}

/// What comes back on a connection of its own, until its end; or how that came.
fn raw(client: &Client, fault: Fault) -> Result<String, ErrorKind> {
    let address = client.sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let body = body(fault);
    write!(
        stream,
        "POST /sms/messages/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Basic c2lkOnRva2Vu\r\n\
         content-type: {FORM}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => Ok(String::from_utf8_lossy(&answer).into_owned()),
        Err(error) => Err(error.kind()),
    }
}

#[test]
fn what_is_taken_is_in_the_inbox_and_what_is_not_is_not() {
    for fault in Fault::ALL {
        let client = Client::with(Options::default().pace(Duration::ZERO));
        if !matches!(fault, Fault::Hang | Fault::Slow) {
            let _however_it_ends = raw(&client, *fault);
            let taken = client.sandbox.inbox(Some(fault.recipient())).len();
            assert_eq!(taken, usize::from(fault.takes()), "{}", fault.name());
        }
        assert_eq!(
            client.get("/you/credits/").status,
            200,
            "after {}",
            fault.name()
        );
    }
}

#[test]
fn connections_end_in_their_own_ways() {
    let client = Client::new();
    assert_eq!(raw(&client, Fault::Reset), Err(ErrorKind::ConnectionReset));
    assert_eq!(raw(&client, Fault::LostReply), Ok(String::new()));
    assert_eq!(raw(&client, Fault::Hang), Err(ErrorKind::WouldBlock));
    let truncated = raw(&client, Fault::Truncated).unwrap();
    assert!(
        truncated.contains("201 Created") && !truncated.ends_with("0\r\n\r\n"),
        "{truncated}"
    );
    let bad = raw(&client, Fault::BadJson).unwrap();
    assert!(bad.contains("201 Created") && !bad.ends_with("}]"), "{bad}");
    assert!(raw(&client, Fault::Huge).unwrap().len() > 1024 * 1024);
}

#[test]
fn answers_have_their_status_and_body() {
    let client = Client::new();
    for (fault, status) in [
        (Fault::Redirect, 302),
        (Fault::ServerErrorHtml, 500),
        (Fault::BadGateway, 504),
        (Fault::NotFoundHtml, 404),
        (Fault::Refused, 400),
        (Fault::Unauthorized, 401),
        (Fault::Forbidden, 403),
        (Fault::NoCredits, 400),
        (Fault::Throttled, 429),
        (Fault::ThrottledInDetail, 429),
        (Fault::ThrottledSilently, 429),
    ] {
        let answer = client.post(FORM, &body(fault));
        assert_eq!(answer.status, status, "{}", fault.name());
        let page = answer.body.starts_with('<') || answer.body.is_empty();
        let html = matches!(
            fault,
            Fault::Redirect | Fault::ServerErrorHtml | Fault::BadGateway | Fault::NotFoundHtml
        );
        assert_eq!(page, html, "{}", fault.name());
        let wait = answer.headers.get("retry-after").is_some();
        assert_eq!(wait, fault == Fault::Throttled);
        let seconds = answer.body.contains("in 7 seconds");
        assert_eq!(
            seconds,
            matches!(fault, Fault::Throttled | Fault::ThrottledInDetail)
        );
    }
}

#[test]
fn a_slow_answer_comes() {
    let client = Client::new();
    let began = Instant::now();
    assert_eq!(client.post(FORM, &body(Fault::Slow)).status, 201);
    assert!(began.elapsed() >= Duration::from_secs(3));
}

#[test]
fn delivery_ends_as_the_number_says() {
    let client = Client::with(Options::default().pace(Duration::ZERO));
    for (fault, sms, call) in [
        (None, "DELIVERED", "ANSWERED"),
        (Some(Fault::Failed), "FAILED", "FAILED"),
        (Some(Fault::Fail), "FAIL", "NO ANSWER"),
        (Some(Fault::Ok), "OK", "ANSWERED"),
        (Some(Fault::Stuck), "DELIVERING", "IN PROGRESS"),
        (Some(Fault::UnknownState), "PONDERING", "ANSWERED"),
    ] {
        let recipient = fault.map_or("+819012345678", Fault::recipient);
        let id = client.send(&recipient[1..], "Hi");
        let status = client.get(&format!("/sms/messages/{id}/")).json();
        assert_eq!(status["status"], sms, "{recipient}");
        let id = client.call(&recipient[1..], "Hi");
        let status = client.get(&format!("/voice/calls/{id}/")).json();
        assert_eq!(status["status"], call, "{recipient}");
    }
    for (fault, expected) in [(Fault::StateError, 500), (Fault::StateLost, 404)] {
        let id = client.send(&fault.recipient()[1..], "Hi");
        let answer = client.get(&format!("/sms/messages/{id}/"));
        assert_eq!(answer.status, expected);
        assert!(answer.body.starts_with("<h1>"));
    }
}

#[test]
fn a_call_to_such_a_number_goes_wrong_likewise() {
    let client = Client::new();
    let body = format!(
        "recipient=%2B{}&caller=815012345678&tts_message=Hi&tts_lang=en",
        &Fault::Throttled.recipient()[1..]
    );
    let answer = client.to("/voice/simple/playbacks/", FORM, &body);
    assert_eq!((answer.status, answer.header("retry-after")), (429, "7"));
    let body = json!({
        "recipient": Fault::ServerErrorHtml.recipient(), "sender": "Shop",
        "variables": {"service": "Shop", "code": "1", "minutes": "5"},
    });
    let answer = client.to(
        "/sms/templates/1/messages/",
        "application/json",
        &body.to_string(),
    );
    assert_eq!(answer.status, 500);
}
