//! What users and programs may write: codes that are none, numbers in other spellings, words that would write a message of their own.

use xoxzo_2fa::{Binding, Code, Transaction};

use crate::field::{Field, victim};

attacks! {
    type_what_is_no_code
    type_look_alike_digits
    spell_a_number_otherwise
    spell_a_user_otherwise
    write_in_the_services_name
    write_an_amount_that_is_none
}

/// Texts as guesses: none is a code, and none costs a guess.
fn typed(field: &Field, texts: impl Fn(&str) -> Vec<String>) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    for text in texts(&pin) {
        let guess = host.verify(&challenge.token, &victim(), &text);
        field.refused(Code::Malformed, guess);
    }
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn type_what_is_no_code(field: &Field) {
    typed(field, |pin| {
        vec![
            String::new(),
            " ".to_string(),
            format!(" {pin}"),
            format!("{pin} "),
            format!("{pin}\n"),
            format!("{pin}\0"),
            format!("\u{feff}{pin}"),
            format!("{pin}\u{200b}"),
            format!("{}\u{200b}", &pin[1..]),
            format!("{} {}", &pin[..3], &pin[3..]),
            format!("{}-{}", &pin[..3], &pin[3..]),
            format!("{}_{}", &pin[..2], &pin[3..]),
            format!("+{}", &pin[1..]),
            format!("-{}", &pin[1..]),
            format!("0{pin}"),
            format!("{pin}{pin}"),
            format!(".{pin}"),
            pin[..5].to_string(),
            "NaN".to_string(),
            "null".to_string(),
            "000e00".to_string(),
            "0x0000".to_string(),
            "......".to_string(),
            "______".to_string(),
            "%%%%%%".to_string(),
        ]
    });
}

/// Digits of other scripts, and letters that look like digits.
fn type_look_alike_digits(field: &Field) {
    typed(field, |pin| {
        let zeros = [
            0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0x17e0, 0xff10, 0x1d7ce, 0x1d7d8, 0x1d7f6,
        ];
        let script = |zero: u32| {
            let digit = |own: char| char::from_u32(zero + own as u32 - 48).unwrap();
            pin.chars().map(digit).collect::<String>()
        };
        let first = |zero: u32| {
            let other: String = script(zero).chars().take(1).collect();
            format!("{other}{}", &pin[1..])
        };
        let mut texts: Vec<_> = zeros.into_iter().map(script).collect();
        texts.extend(zeros.into_iter().map(first));
        texts.extend(
            ["O", "o", "l", "I", "|", "S", "B", "Z", "²", "①"]
                .map(|letter| format!("{letter}{}", &pin[1..])),
        );
        texts
    });
}

/// A number that had two spellings would have two of each limit.
fn spell_a_number_otherwise(field: &Field) {
    let host = field.host();
    for number in [
        "+8109012345678",
        "00819012345678",
        "01181 9012345678",
        "819012345678",
        "09012345678",
        "++819012345678",
        "+81 90 1234 5678",
        "+81-90-1234-5678",
        "+81.90.1234.5678",
        "+81(0)9012345678",
        "+819012345678\n",
        "+819012345678 ",
        "\u{a0}+819012345678",
        "\u{202d}+819012345678",
        "+81\u{200b}9012345678",
        "+٨١٩٠١٢٣٤٥٦٧٨",
        "+８１９０１２３４５６７８",
        "＋819012345678",
        "+819012345678,+819087654321",
        "+819012345678;ext=1",
        "+819012345678x1",
        "tel:+819012345678",
        "+819012345678\0",
        "+",
        "",
    ] {
        let other = Binding::new(number, "user-1", "login").session("s-1");
        field.refused(Code::Request, host.start(&other));
    }
    field.held("no message went out", field.sent() == 0);
    let (challenge, pin) = field.start(&host, &victim());
    let other = Binding::new("+8109012345678", "user-1", "login").session("s-1");
    let guess = host.verify(&challenge.token, &other, &pin);
    field.refused(Code::Request, guess);
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// Subjects and sessions that a database or a log may hold for the same.
fn spell_a_user_otherwise(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    for text in [
        "",
        " user-1",
        "user-1 ",
        "user 1",
        "user-1\n",
        "user-1\0",
        "user-1\t",
        "ｕser-1",
        "user\u{2010}1",
        "us\u{435}r-1",
        "user-1\u{200d}",
    ] {
        let subject = Binding::new("+819012345678", text, "login").session("s-1");
        field.refused(Code::Request, host.start(&subject));
        let guess = host.verify(&challenge.token, &subject, &pin);
        field.refused(Code::Request, guess);
        field.refused(Code::Request, host.start(&victim().session(text)));
    }
    for subject in ["User-1", "USER-1", "user-1.", "user-01"] {
        let other = Binding::new("+819012345678", subject, "login").session("s-1");
        let guess = host.verify(&challenge.token, &other, &pin);
        field.refused(Code::InvalidToken, guess);
    }
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn write_in_the_services_name(field: &Field) {
    let host = field.host();
    let pay = |payee: &str| victim().transaction(Transaction::new("12.50", "EUR", payee));
    for payee in [
        "Refund. Code 111111, call",
        "evil.example/x",
        "https://evil.example",
        "@evil.example #123456",
        "a\n@evil.example #123456",
        "a\r\nb",
        "a\u{2028}b",
        "a\u{85}b",
        "\u{202e}abc",
        "\u{2066}abc",
        "a\u{200b}b",
        "a\u{ad}b",
        "１２３４５６",
        "٣٤٥٦",
        "a: b",
        "<b>x</b>",
        "1234",
        "",
        "  ",
        " a",
        "a ",
        "a  b",
        "x\u{0}",
        "🙂",
        "e\u{301}",
        "“a”",
        &"x".repeat(41),
    ] {
        field.refused(Code::Request, host.start(&pay(payee)));
    }
    for service in ["Shop\n@evil.example #1", "1234", "evil.example/x", ""] {
        let settings = field.settings().service(service);
        field.refused(Code::Settings, field.try_host(settings, field.guard()));
    }
    field.held("no message went out", field.sent() == 0);
    field.accepted(host.start(&pay("Ann Lee")));
    let message = field.sandbox.inbox(None).pop().unwrap().body;
    let shown = message.contains("Ann Lee") && message.contains("12.50");
    field.control("amount and payee are shown", shown);
}

fn write_an_amount_that_is_none(field: &Field) {
    let host = field.host();
    let pay = |amount: &str, currency: &str| {
        victim().transaction(Transaction::new(amount, currency, "Ann Lee"))
    };
    for amount in [
        "12.5",
        "12.500",
        "12",
        "012.50",
        ".50",
        "12.",
        "-12.50",
        "+12.50",
        "1e3",
        "12.50 EUR to Ann. Code 1111",
        "12,50",
        "1 250.00",
        "１２.50",
        "0x12.50",
        "NaN",
        "",
        "99999999999999999.00",
    ] {
        field.refused(Code::Request, host.start(&pay(amount, "EUR")));
    }
    for currency in ["eur", "EURO", "E", "", "€", "EU\u{0}", "E R"] {
        field.refused(Code::Request, host.start(&pay("12.50", currency)));
    }
    field.refused(Code::Request, host.start(&pay("1250.00", "JPY")));
    field.held("no message went out", field.sent() == 0);
    field.accepted(host.start(&pay("12.50", "EUR")));
}
