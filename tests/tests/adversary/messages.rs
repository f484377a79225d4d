//! Messages: more of them, to where they pay, in the service's name, and to keep users out.

use serde_json::json;
use xoxzo_2fa::{Binding, Channel, Code, Sending, Transaction};
use xoxzo_2fa_sandbox::Fault;

use crate::field::{Field, victim, wrong};
use crate::{Attack, Outcome};

pub(crate) fn attacks() -> Vec<Attack> {
    let attack = |name, class, run| Attack { name, class, run };
    vec![
        attack("messages to where they pay", "toll fraud", destinations),
        attack("calls to where they pay", "toll fraud", calls),
        attack("many messages to one number", "sms pumping", flood),
        attack("many numbers of one range", "sms pumping", range),
        attack("a stranger uses up the budget", "lockout as DoS", budget),
        attack("a stranger locks a user out", "lockout as DoS", lockout),
        attack("write in the service's name", "sms injection", injection),
        attack("make it send twice", "double send", twice),
    ]
}

fn destinations(field: &Field) -> Outcome {
    let host = field.host();
    let numbers = [
        "+18765550100",
        "+12425550100",
        "+19005550100",
        "+447012345678",
        "+882161234567",
        "+79012345678",
        "+819012345",
        "+812012345678",
        "+81312345678",
    ];
    let sent = numbers
        .iter()
        .filter(|number| {
            host.start(&Binding::new(**number, "user-1", "login"))
                .is_ok()
        })
        .count();
    Outcome {
        tries: numbers.len(),
        through: sent + field.sandbox.inbox(None).len(),
    }
}

fn calls(field: &Field) -> Outcome {
    let call = Sending::default().channel(Channel::Voice);
    let refused = |host: &xoxzo_2fa::TwoFactor, login: &Binding| {
        let first = host.start_with(login, &call).map_err(|error| error.code());
        assert_eq!(
            first.err(),
            Some(Code::Request),
            "a call is never the first"
        );
        let Ok((challenge, _)) = field.start(host, login) else {
            panic!("an SMS goes out")
        };
        std::thread::sleep(std::time::Duration::from_millis(1_100));
        usize::from(host.resend_with(&challenge.token, login, &call).is_ok())
    };
    // Off by default; on, but with a list of its own.
    let off = refused(&field.host(), &victim());
    let elsewhere = field.settings().set(
        "/voice",
        json!({"caller": "815012345678", "destinations": ["US-CA"]}),
    );
    let listed = refused(&field.host_of(elsewhere), &victim().session("s-2"));
    let voices = field
        .sandbox
        .inbox(None)
        .iter()
        .filter(|message| message.channel == "voice")
        .count();
    Outcome {
        tries: 4,
        through: off + listed + voices,
    }
}

fn flood(field: &Field) -> Outcome {
    let settings = field
        .settings()
        .set("/test", false)
        .set("/sends", json!({}));
    let host = field.host_of(settings);
    for at in 0..30 {
        let user = Binding::new(
            "+819012345678",
            format!("user-{at}"),
            if at % 2 == 0 { "login" } else { "sign-up" },
        );
        let _refused = host.start(&user);
    }
    Outcome {
        tries: 30,
        through: field.sandbox.inbox(None).len() - 1,
    }
}

fn range(field: &Field) -> Outcome {
    let settings = field
        .settings()
        .set("/sends/per_range", json!({"count": 20, "seconds": 3_600}));
    let host = field.host_of(settings);
    for at in 0..60 {
        let _refused = host.start(&Binding::new(
            format!("+8190123400{at:02}"),
            format!("user-{at}"),
            "login",
        ));
    }
    Outcome {
        tries: 60,
        through: field.sandbox.inbox(None).len() - 20,
    }
}

fn budget(field: &Field) -> Outcome {
    let settings = field.settings().set(
        "/sends/per_audience",
        json!({"count": 20, "seconds": 3_600}),
    );
    let host = field.host_of(settings);
    for at in 0..40 {
        let _refused = host.start(&Binding::new(
            format!("+8190123400{at:02}"),
            format!("new-{at}"),
            "sign-up",
        ));
    }
    let strangers = field.sandbox.inbox(None).len();
    let login = field
        .start(&host, &Binding::new("+819087654321", "user-1", "login"))
        .is_err();
    Outcome {
        tries: 41,
        through: strangers.abs_diff(10) + usize::from(login),
    }
}

fn lockout(field: &Field) -> Outcome {
    let host = field.host();
    let stranger = Binding::new("+819012345678", "user-1", "sign-up");
    let mut tries = 0;
    for _ in 0..4 {
        let Ok((challenge, pin)) = field.start(&host, &stranger) else {
            break;
        };
        for at in 0..5 {
            tries += 1;
            let _wrong = field.guess(&host, &challenge.token, &stranger, &wrong(&pin, at));
        }
    }
    let (challenge, pin) = field.start(&host, &victim()).unwrap();
    let kept_out = field
        .guess(&host, &challenge.token, &victim(), &pin)
        .is_err();
    Outcome {
        tries,
        through: usize::from(kept_out),
    }
}

fn injection(field: &Field) -> Outcome {
    let host = field.host();
    let payees = [
        "Refund. Code 111111, call",
        "evil.example/x",
        "@evil.example #123456",
        "a\n@evil.example #123456",
        "a\u{2028}b",
        "\u{202e}abc",
        "a\u{200b}b",
        "１２３４５６",
        "a: b",
        "<b>x</b>",
        "1234",
        "",
        "  ",
        "x\u{0}",
        "🙂",
        "e\u{301}",
    ];
    let pay = |payee: &str| victim().transaction(Transaction::new("12.50", "EUR", payee));
    let sent = payees
        .iter()
        .filter(|payee| host.start(&pay(payee)).is_ok())
        .count();
    let amounts = [
        "12.5",
        "012.50",
        "-12.50",
        "1e3",
        "12.50 EUR to Ann. Code 1111",
        "12,50",
        "",
    ];
    let paid = |amount: &str| victim().transaction(Transaction::new(amount, "EUR", "Ann Lee"));
    let sent = sent
        + amounts
            .iter()
            .filter(|amount| host.start(&paid(amount)).is_ok())
            .count();
    Outcome {
        tries: payees.len() + amounts.len(),
        through: sent + field.sandbox.inbox(None).len(),
    }
}

fn twice(field: &Field) -> Outcome {
    let settings = field
        .settings()
        .set("/xoxzo/timeout_milliseconds", json!(1_000));
    let host = field.host_of(settings);
    let faults = [
        Fault::LostReply,
        Fault::Truncated,
        Fault::Huge,
        Fault::BadJson,
    ];
    let mut through = 0;
    for fault in faults {
        let user = Binding::new(fault.recipient(), format!("user-{}", fault.name()), "login");
        let challenge = host.start(&user).unwrap();
        // The user presses again at once, and again.
        for _ in 0..3 {
            through += usize::from(host.resend(&challenge.token, &user).is_ok())
                + usize::from(host.start(&user).is_ok());
        }
        through += field.sandbox.inbox(Some(fault.recipient())).len() - 1;
    }
    Outcome {
        tries: faults.len() * 6,
        through,
    }
}
