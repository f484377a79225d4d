//! Connections outlive refusals.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::client::Client;

/// Reads one answer off a connection, and gives its status line.
fn answer(connection: &mut BufReader<TcpStream>) -> String {
    let mut status = String::new();
    connection.read_line(&mut status).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    connection.read_exact(&mut vec![0; length]).unwrap();
    status.trim_end().to_string()
}

/// A client that is still sending its body gets the refusal, not a broken connection.
#[test]
fn a_refusal_waits_for_the_body() {
    let client = Client::new();
    let address = client.sandbox.url().strip_prefix("http://").unwrap();
    for (path, length, expected) in [
        ("/sms/messages/", 10, "HTTP/1.1 401 Unauthorized"),
        ("/sms/messages/", 500_000, "HTTP/1.1 401 Unauthorized"),
        ("/sms/messages", 10, "HTTP/1.1 404 Not Found"),
        ("/other/", 10, "HTTP/1.1 404 Not Found"),
        ("/_sandbox/", 10, "HTTP/1.1 405 Method Not Allowed"),
    ] {
        let mut connection = BufReader::new(TcpStream::connect(address).unwrap());
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}");
        write!(connection.get_mut(), "{head}\r\n\r\n").unwrap();
        // By the time this is answered, the server has seen the head above.
        assert_eq!(client.get("/_sandbox/inbox").status, 200);
        connection.get_mut().write_all(&vec![b'x'; length]).unwrap();
        assert_eq!(answer(&mut connection), expected, "{path}");

        write!(
            connection.get_mut(),
            "GET /_sandbox/inbox HTTP/1.1\r\nhost: localhost\r\n\r\n"
        )
        .unwrap();
        assert_eq!(answer(&mut connection), "HTTP/1.1 200 OK", "after {path}");
    }
}
