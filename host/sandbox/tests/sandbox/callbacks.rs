//! Callbacks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use xoxzo_2fa_sandbox::{Fault, Options};

use crate::client::{Client, FORM};

/// A receiver that answers the first `refused` callbacks with 500 and the rest with 200; gives its URL and what it is told.
fn receiver(refused: usize) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/told", listener.local_addr().unwrap());
    let (sender, told) = mpsc::channel();
    thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut kind, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let line = line.trim_end().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-type: ") {
                    kind = value.to_string();
                }
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let status = if at < refused { "500 No" } else { "200 OK" };
            write!(
                stream.get_mut(),
                "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .unwrap();
            if sender
                .send((kind, String::from_utf8(body).unwrap()))
                .is_err()
            {
                break;
            }
        }
    });
    (url, told)
}

fn states(told: &Receiver<(String, String)>, count: usize) -> Vec<String> {
    let next = |_| told.recv_timeout(Duration::from_secs(5)).unwrap().1;
    let state = |body: String| {
        let mut fields = form_urlencoded::parse(body.as_bytes()).into_owned();
        fields.find(|(name, _)| name == "status").unwrap().1
    };
    (0..count).map(next).map(state).collect()
}

fn send(client: &Client, recipient: &str, url: &str) {
    let url: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
    let body = format!(
        "recipient=%2B{}&sender=Shop&message=Hi&callbackurl={url}",
        &recipient[1..]
    );
    assert_eq!(client.post(FORM, &body).status, 201);
}

fn quick() -> Client {
    Client::with(Options::default().pace(Duration::from_millis(10)))
}

#[test]
fn each_state_is_told_in_order() {
    let (client, (url, told)) = (quick(), receiver(0));
    send(&client, "+819012345678", &url);
    assert_eq!(states(&told, 2), ["DELIVERING", "DELIVERED"]);
}

#[test]
fn a_callback_that_is_not_taken_is_tried_again() {
    let (client, (url, told)) = (quick(), receiver(2));
    send(&client, "+819012345678", &url);
    let all = states(&told, 4);
    assert_eq!(all, ["DELIVERING", "DELIVERING", "DELIVERING", "DELIVERED"]);
}

#[test]
fn after_ten_tries_there_is_no_more() {
    let (client, (url, told)) = (quick(), receiver(usize::MAX));
    send(&client, Fault::Stuck.recipient(), &url);
    assert_eq!(states(&told, 10), ["DELIVERING"; 10]);
    assert!(told.recv_timeout(Duration::from_millis(300)).is_err());
}

#[test]
fn callbacks_come_twice_or_out_of_order_on_demand() {
    let (client, (url, told)) = (quick(), receiver(0));
    send(&client, Fault::DuplicateCallbacks.recipient(), &url);
    assert_eq!(
        states(&told, 4),
        ["DELIVERING", "DELIVERING", "DELIVERED", "DELIVERED"]
    );
    send(&client, Fault::UnorderedCallbacks.recipient(), &url);
    assert_eq!(states(&told, 2), ["DELIVERED", "DELIVERING"]);
}

#[test]
fn callbacks_are_json_if_that_is_wanted() {
    let (url, told) = receiver(0);
    let client = Client::with(Options::default().pace(Duration::ZERO).json_callbacks(true));
    send(&client, "+819012345678", &url);
    let (kind, body) = told.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(kind, "application/json");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["recipient"], "+819012345678");
}
