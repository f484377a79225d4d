//! What comes from outside, and what must hold of it whatever it is. Run by libFuzzer, and on the corpus by the tests.

use std::convert::Infallible;
use std::sync::OnceLock;

use xoxzo_2fa_core::{
    Answer, Claimed, Code, Destination, DestinationRange, Dispatch, Expected, Prepared, ReceiptKey,
    Received, Recipient, Reply, RequestKey, RootKey, Sending, Status, Suspended, Transaction,
    Unlock, Verify, check_receipt, check_request, inspect,
};

use xoxzo_2fa_gate::{Cache, Event, Gate, GateResponse, GateTurn, Head, IdentityClaims};

const NOW: u32 = 1_800_000_000;

struct Sevens;

impl rand::TryRng for Sevens {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.fill(7);
        Ok(())
    }
}

impl rand::TryCryptoRng for Sevens {}

fn key() -> RootKey {
    RootKey::from_random([7; 32])
}

fn document(more: &str) -> String {
    let key = key().to_text();
    format!(
        r#"{{"version":1,"audience":"shop","service":"Example Shop","keys":["{key}"],"guard":{{"key":"{key}","scope":"shared"}},
           "xoxzo":{{"sid":"s","auth_token":"t","sender":"Shop"}},"destinations":["JP-mobile"]{more}}}"#
    )
}

fn prepared() -> &'static Prepared {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let more = r#","message":{"max_parts":5,"webotp_domain":"example.com"}"#;
        match xoxzo_2fa_json::prepare(&document(more), &mut Sevens) {
            Ok(preparation) => preparation.prepared,
            Err(failure) => panic!("{}", failure.detail),
        }
    })
}

fn login() -> Claimed<'static> {
    Claimed {
        recipient: "+819012345678",
        subject: "user-1",
        purpose: "login",
        session: None,
        transaction: None,
    }
}

/// A settings document, or prepared settings: refused or read, and what is read is written back the same.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for json in [text.to_string(), document(text)] {
        if let Ok(preparation) = xoxzo_2fa_json::prepare(&json, &mut Sevens) {
            let written = preparation.prepared.to_text();
            let read = Prepared::parse(&written).map(|prepared| prepared.to_text());
            assert!(read == Ok(written), "what is prepared can be read");
            assert!(
                !preparation.effective.contains(&key().to_text()),
                "no key is told"
            );
        }
    }
    let _foreign = Prepared::parse(text);
    for json in [text.to_string(), configuration(text)] {
        if let Err(failure) =
            xoxzo_2fa_json::gate(&json, &|_| None, xoxzo_2fa_json::Home::Process(&[7; 16]))
        {
            assert!(failure.code == Code::Settings && !failure.detail.contains(&key().to_text()));
        }
    }
}

/// A token, a handle, a receipt: nobody makes one without the key.
pub fn token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let settings = prepared();
    let refused = |code: Option<Code>| assert!(code.is_some(), "a forged token is taken");
    for pin in ["123456", text] {
        refused(
            Verify::begin(settings, NOW, text, login(), pin, None)
                .err()
                .map(|failure| failure.code),
        );
    }
    refused(
        Dispatch::resend(settings, NOW, text, login(), Sending::default())
            .err()
            .map(|failure| failure.code),
    );
    refused(
        Status::begin(settings, NOW, text)
            .err()
            .map(|failure| failure.code),
    );
    let expected = Expected {
        subject: login().subject,
        purpose: login().purpose,
        recipient: None,
        session: None,
        transaction: None,
    };
    for test in [false, true] {
        let keys = [key().receipt_key("shop", test)];
        refused(
            check_receipt(&keys, text, NOW, expected)
                .err()
                .map(|failure| failure.code),
        );
    }
    let keys = [key().request_key("shop", false)];
    refused(
        check_request(&keys, text, NOW, login().subject, None)
            .err()
            .map(|failure| failure.code),
    );
    let _outline = inspect(text);
    let _keys = (
        RootKey::parse(text),
        ReceiptKey::parse(text),
        RequestKey::parse(text),
    );
}

/// An answer of Xoxzo: what is found in it has the form that the engine relies on.
pub fn reply(data: &[u8]) {
    let Some((status, body)) = data.split_first_chunk::<2>() else {
        return;
    };
    let (status, body) = (u16::from_be_bytes(*status), String::from_utf8_lossy(body));
    for (status, header) in [
        (status, None),
        (200, None),
        (429, Some(&*body)),
        (429, None),
        (400, None),
    ] {
        let response = xoxzo_2fa_core::Response {
            status,
            retry_after: header.map(str::to_string),
            body: body.to_string(),
        };
        let Received::Reply(reply) = Answer::Response(response).into() else {
            unreachable!("a response is read as a reply")
        };
        match reply {
            Reply::Read {
                message_id, state, ..
            } => {
                let plain = |text: String, most: usize| {
                    (1..=most).contains(&text.len())
                        && text
                            .bytes()
                            .all(|byte| byte.is_ascii_alphanumeric() || b"-_ ".contains(&byte))
                };
                assert!(
                    message_id.is_none_or(|id| plain(id, 64))
                        && state.is_none_or(|state| plain(state, 32))
                );
            }
            Reply::Refused {
                fields,
                retry_after,
                ..
            } => {
                assert!(retry_after.is_none_or(|wait| wait <= 86_400));
                assert!(
                    fields
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || b"_, ".contains(&byte))
                );
            }
            _ => {}
        }
    }
}

/// A payment: refused, or shown as it is, before the code, with nothing that adds a line.
pub fn message(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (amount, payee) = text.split_once('\n').unwrap_or(("12.50", text));
    let paid = (amount, "EUR", payee);
    let start = |transaction| {
        let claimed = Claimed {
            transaction,
            ..login()
        };
        Dispatch::start(prepared(), NOW, claimed, Sending::default(), &mut Sevens)
    };
    let Ok(transaction) = Transaction::parse(paid) else {
        assert!(start(Some(paid)).is_err(), "what is no payment is not sent");
        return;
    };
    for preview in prepared()
        .previews(None, Some(&transaction))
        .unwrap_or_default()
    {
        let (human, last) = preview.text.split_once('\n').unwrap_or_default();
        assert_eq!(last, "@example.com #123456");
        let code = human.rfind("123456").unwrap_or(0);
        assert!(human.find(payee).is_some_and(|at| at < code), "{human}");
        assert!(human.find(amount).is_some_and(|at| at < code), "{human}");
    }
    let _sent_or_too_long = start(Some(paid));
}

/// A number, a subject, ranges: one spelling each, and no full number in what is shown.
pub fn phone(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(recipient) = Recipient::parse(text, prepared().trusted()) {
        assert_eq!(recipient.as_str(), text);
        let shown = format!("{recipient:?}");
        assert!(shown.len() == text.len() && shown != text);
    }
    for claimed in [
        Claimed {
            recipient: text,
            ..login()
        },
        Claimed {
            subject: text,
            ..login()
        },
        Claimed {
            session: Some(text),
            ..login()
        },
    ] {
        let _begun = Dispatch::start(prepared(), NOW, claimed, Sending::default(), &mut Sevens);
    }
    let _unlock = Unlock::begin(prepared(), text, text);
    let range = DestinationRange {
        prefix: text.to_string(),
        min_digits: 8,
        max_digits: 15,
        deny: vec![text.to_string()],
    };
    let _reachable = Destination::Range(range).check_reachable(prepared().trusted());
    let _named = Destination::named(text);
}

/// A question as text: its answer is one object with one field, is `accepted` for nothing that was not guessed right, and tells no key.
/// And a state: what the engine did not write is refused.
pub fn question(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let settings = prepared().to_text();
    let state = format!(r#"{{"unanswered":{{"state":"{text}","no_answer":"unknown"}}}}"#);
    for question in [text, &state] {
        let answer = xoxzo_2fa_json::Conversation::new().ask(
            settings.as_bytes(),
            NOW,
            question.as_bytes(),
            &mut Sevens,
        );
        assert!(answer.starts_with("{\"") && answer.ends_with("}}"));
        assert!(!answer.starts_with("{\"accepted\""));
        assert!(answer.starts_with("{\"written_key\"") || !answer.contains(&key().to_text()));
    }
    assert!(Suspended::from_state(prepared(), NOW, text).is_err());
}

fn configuration(gate: &str) -> String {
    format!(r#"{{"two_factor":{},"gate":{gate}}}"#, document(""))
}

fn gate() -> &'static Gate {
    static GATE: OnceLock<Gate> = OnceLock::new();
    GATE.get_or_init(|| {
        let exempt = r#"{"paths":["/healthz"],"under":["/static"]}"#;
        let gate = format!(r#"{{"origin":"https://app.example","exempt":{exempt}}}"#);
        match xoxzo_2fa_json::gate(
            &configuration(&gate),
            &|_| None,
            xoxzo_2fa_json::Home::Process(&[7; 16]),
        ) {
            Ok(configured) => configured.gate,
            Err(failure) => panic!("{}", failure.detail),
        }
    })
}

/// The path as a reader would have it who undoes every escape, whatever it is, and every `.` and `..`.
fn resolved(target: &[u8]) -> Vec<Vec<u8>> {
    let path = target
        .split(|byte| *byte == b'?')
        .next()
        .unwrap_or_default();
    let mut decoded: Vec<u8> = Vec::new();
    let mut at = 0;
    while let Some(byte) = path.get(at) {
        let digits = path
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits
            .filter(|_| *byte == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    let mut segments: Vec<Vec<u8>> = Vec::new();
    for segment in decoded.split(|byte| b"/\\".contains(byte)) {
        let name = segment
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default();
        match name {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            name => segments.push(name.to_vec()),
        }
    }
    segments
}

/// A request of somebody who is signed in and has no pass: a target, a method, headers, an empty line, a body. It reaches the application for
/// exempt paths only, whatever reader the application has; nothing is sent and nothing counted; and no answer has a control in its headers.
pub fn request(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let (target, method) = (
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    );
    let mut pairs = vec![
        (b":path".to_vec(), target.to_vec()),
        (b":method".to_vec(), method.to_vec()),
    ];
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let mut parts = line.splitn(2, |byte| *byte == b' ');
        let (name, value) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        pairs.push((name.to_ascii_lowercase(), value.to_vec()));
    }
    let body = lines.collect::<Vec<_>>().join(&b'\n');
    let claim = |text: &str| Some(text.as_bytes().to_vec());
    let claims = IdentityClaims {
        subject: claim("alice"),
        phone: claim("+819012345678"),
        session: claim("s1"),
        credential_version: None,
    };
    let sound = |response: &GateResponse| {
        assert!((200..600).contains(&response.status));
        assert!(
            response
                .headers
                .iter()
                .all(|(_, value)| !value.chars().any(char::is_control))
        );
    };
    match gate().open(
        &mut Cache::default(),
        NOW,
        Head::new(pairs),
        body.is_empty(),
        claims,
        &mut Sevens,
    ) {
        GateTurn::Forward(forward) => {
            assert_eq!(
                (forward.event, forward.receipt.is_none()),
                (Event::Exempt, true)
            );
            let path = resolved(target);
            let first = path.first().map(Vec::as_slice);
            assert!(
                first == Some(b"static") || (first == Some(b"healthz") && path.len() == 1),
                "{path:?}"
            );
        }
        GateTurn::Respond(response) => sound(&response),
        GateTurn::Read(reading) => match gate().read(reading, NOW, &body, None, &mut Sevens) {
            GateTurn::Respond(response) => sound(&response),
            _ => panic!("a form without its proof did something"),
        },
        GateTurn::Look(..) | GateTurn::Publish(..) | GateTurn::Count(..) | GateTurn::Send(..) => {
            panic!("something is counted without a pass")
        }
    }
}
