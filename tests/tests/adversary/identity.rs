//! Being somebody else: swapped bindings, altered and foreign tokens, receipts and handles, and values that are none.

use std::time::{Duration, SystemTime};

use xoxzo_2fa::{Acceptance, Binding, Code, Transaction};
use xoxzo_2fa_tests::key;

use crate::field::{Field, Store, victim, wrong};
use crate::{Attack, Outcome};

pub(crate) fn attacks() -> Vec<Attack> {
    let attack = |name, class, run| Attack { name, class, run };
    vec![
        attack("own phone, other's account", "token not bound", swapped),
        attack("change one bit of a token", "malleability", altered),
        attack("move a separator", "field confusion", separators),
        attack("forge with other keys", "weak keys", forged),
        attack("codes that are none", "typed input", typed),
        attack("numbers in other spellings", "number variants", spellings),
        attack("forge and replay receipts", "receipts", receipts),
        attack("ask about others' messages", "half-authenticated", handles),
        attack("late, early, and from the future", "time", time),
        attack("read the secrets in what is told", "log leakage", leaks),
    ]
}

fn swapped(field: &Field) -> Outcome {
    let host = field.host();
    let pay =
        |amount: &str, payee: &str| victim().transaction(Transaction::new(amount, "EUR", payee));
    let bound = pay("12.50", "Ann Lee");
    let (challenge, pin) = field.start(&host, &bound).unwrap();
    let number = Binding::new("+819087654321", "user-1", "login")
        .session("s-1")
        .transaction(Transaction::new("12.50", "EUR", "Ann Lee"));
    let mut others = vec![
        number,
        Binding::new("+819012345678", "user-2", "login")
            .session("s-1")
            .transaction(Transaction::new("12.50", "EUR", "Ann Lee")),
        Binding::new("+819012345678", "user-1", "sign-up")
            .session("s-1")
            .transaction(Transaction::new("12.50", "EUR", "Ann Lee")),
        pay("12.50", "Ann Lee").session("s-2"),
        pay("12.51", "Ann Lee"),
        pay("1250.00", "Ann Lee"),
        pay("12.50", "Eve Lee"),
        victim().transaction(Transaction::new("12.50", "USD", "Ann Lee")),
        victim(),
    ];
    let mut without = pay("12.50", "Ann Lee");
    without.session = None;
    others.push(without);
    let through = others
        .iter()
        .filter(|other| {
            field.guess(&host, &challenge.token, other, &pin) != Err(Code::InvalidToken)
        })
        .count();
    // None of that cost a guess.
    assert!(field.guess(&host, &challenge.token, &bound, &pin).is_ok());
    Outcome {
        tries: others.len(),
        through,
    }
}

fn altered(field: &Field) -> Outcome {
    // Another count of digits in the token makes the PIN no PIN of it, which is told before the MAC is looked at.
    let passes = |guess: Result<Acceptance, Code>| {
        usize::from(!matches!(guess, Err(Code::InvalidToken | Code::Malformed)))
    };
    let (host, login) = (field.host(), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut tries, mut through) = (0, 0);
    for place in 0..80 {
        let mut token = challenge.token.clone().into_bytes();
        let at = alphabet
            .iter()
            .position(|letter| *letter == token[place])
            .unwrap();
        for bit in [1, 32] {
            token[place] = alphabet[at ^ bit];
            tries += 1;
            let token = String::from_utf8(token.clone()).unwrap();
            through += passes(field.guess(&host, &token, &login, &pin));
        }
    }
    for token in [
        format!("{}=", challenge.token),
        format!("{} ", challenge.token),
        format!("{}.x", challenge.token),
        String::new(),
    ] {
        tries += 1;
        through += passes(field.guess(&host, &token, &login, &pin));
    }
    Outcome { tries, through }
}

fn separators(field: &Field) -> Outcome {
    let host = field.host();
    let bound = Binding::new("+819012345678", "user-1.login", "login").session("a");
    let (challenge, pin) = field.start(&host, &bound).unwrap();
    let others = [
        Binding::new("+819012345678", "user-1", "login").session("login.a"),
        Binding::new("+819012345678", "user-1.loginlogin", "login").session("a"),
        Binding::new("+819012345678", "user-1.login", "login").session("aa"),
        Binding::new("+819012345678", "user-1.logina", "login"),
        Binding::new("+8190123456781", "user-1.login", "login").session("a"),
    ];
    let through = others
        .iter()
        .filter(|other| field.guess(&host, &challenge.token, other, &pin).is_ok())
        .count();
    let split = [
        format!(".{pin}"),
        format!("{pin}.a"),
        format!("a{}", &pin[1..]),
    ];
    let through = through
        + split
            .iter()
            .filter(|pin| field.guess(&host, &challenge.token, &bound, pin).is_ok())
            .count();
    Outcome {
        tries: others.len() + split.len(),
        through,
    }
}

fn forged(field: &Field) -> Outcome {
    let login = victim();
    let base = || {
        xoxzo_2fa::Settings::builder()
            .audience("shop")
            .service("Example Shop")
    };
    // A host whose keys are not ours makes tokens that are nothing here.
    let foreign = field.host_of(field.settings().set("/keys", serde_json::json!([key(77)])));
    let (challenge, pin) = field.start(&foreign, &login).unwrap();
    let host = field.host();
    let through = usize::from(field.guess(&host, &challenge.token, &login, &pin).is_ok());
    let other = field.host_of(field.settings().audience("bank"));
    let (challenge, pin) = field.start(&other, &login).unwrap();
    let through = through + usize::from(field.guess(&host, &challenge.token, &login, &pin).is_ok());
    // Nor are weak keys taken at all.
    let weak = [
        "",
        "secret",
        "correct horse battery staple 1234",
        "x2fk1_",
        &"A".repeat(54),
    ];
    let taken = weak.iter().filter(|weak| {
        {
            let settings = base().key(**weak).guard_key(key(3)).account("s", "t");
            let settings = settings.sender("Shop").destination("JP-mobile").build();
            xoxzo_2fa::check(&settings, xoxzo_2fa::Scope::Process)
        }
        .is_ok()
    });
    Outcome {
        tries: 2 + weak.len(),
        through: through + taken.count(),
    }
}

fn typed(field: &Field) -> Outcome {
    let (host, login) = (field.host(), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    let wide: String = pin
        .chars()
        .map(|digit| char::from_u32(u32::from(digit) + 0xfee0).unwrap())
        .collect();
    let guesses = [
        String::new(),
        " ".to_string(),
        format!(" {pin}"),
        format!("{pin}\n"),
        format!("{pin}\0"),
        format!("+{}", &pin[1..]),
        format!("{}_{}", &pin[..3], &pin[3..]),
        pin.trim_start_matches('0').to_string() + "\u{200b}",
        wide,
        format!("0{pin}"),
        pin[..5].to_string(),
        "NaN".to_string(),
        "null".to_string(),
        "1".repeat(100_000),
    ];
    let through = guesses
        .iter()
        .filter(|guess| field.guess(&host, &challenge.token, &login, guess) != Err(Code::Malformed))
        .count();
    // What is no PIN costs no guess.
    assert!(field.guess(&host, &challenge.token, &login, &pin).is_ok());
    Outcome {
        tries: guesses.len(),
        through,
    }
}

fn spellings(field: &Field) -> Outcome {
    let host = field.host();
    let (_, _) = field.start(&host, &victim()).unwrap();
    let sent = field.sandbox.inbox(None).len();
    let numbers = [
        "+8109012345678",
        "00819012345678",
        "819012345678",
        "+81 90 1234 5678",
        "+81-90-1234-5678",
        "+81(0)9012345678",
        "+819012345678\n",
        "\u{a0}+819012345678",
        "+٨١٩٠١٢٣٤٥٦٧٨",
        "+８１９０１２３４５６７８",
        "+819012345678,+819087654321",
        "+819012345678;ext=1",
        "tel:+819012345678",
        "+819012345678\0",
        "",
    ];
    let through = numbers
        .iter()
        .filter(|number| {
            host.start(&Binding::new(**number, "user-1", "login"))
                .is_ok()
        })
        .count();
    Outcome {
        tries: numbers.len(),
        through: through + field.sandbox.inbox(None).len() - sent,
    }
}

fn receipts(field: &Field) -> Outcome {
    let (host, login) = (field.host(), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    let receipt = field
        .guess(&host, &challenge.token, &login, &pin)
        .unwrap()
        .receipt;
    let receipt_key = |root: u8, audience: &str, test| {
        xoxzo_2fa::receipt_key(&key(root), audience, test).unwrap()
    };
    let own = receipt_key(1, "shop", true);
    let now = SystemTime::now();
    let checks =
        |keys: &[String], receipt: &str, now| xoxzo_2fa::check_receipt(keys, receipt, now).is_ok();
    assert!(checks(std::slice::from_ref(&own), &receipt, now));
    let mut through = 0;
    let mut tries = 0;
    let mut refused = |keys: &[String], receipt: &str, now| {
        tries += 1;
        through += usize::from(checks(keys, receipt, now));
    };
    // A receipt of tests, for another audience, from another root, too old, and altered.
    refused(&[receipt_key(1, "shop", false)], &receipt, now);
    refused(&[receipt_key(1, "bank", true)], &receipt, now);
    refused(&[receipt_key(2, "shop", true)], &receipt, now);
    refused(&[], &receipt, now);
    refused(
        std::slice::from_ref(&own),
        &receipt,
        now + Duration::from_secs(61),
    );
    refused(
        std::slice::from_ref(&own),
        &receipt,
        now - Duration::from_secs(121),
    );
    refused(std::slice::from_ref(&own), &challenge.token, now);
    for place in (0..receipt.len()).step_by(7) {
        let other = if receipt.as_bytes()[place] == b'A' {
            "B"
        } else {
            "A"
        };
        let altered = format!("{}{other}{}", &receipt[..place], &receipt[place + 1..]);
        refused(std::slice::from_ref(&own), &altered, now);
    }
    // A receipt opens nothing else.
    tries += 1;
    through += usize::from(field.guess(&host, &receipt, &login, &pin).is_ok());
    Outcome { tries, through }
}

fn handles(field: &Field) -> Outcome {
    let host = field.host();
    let (challenge, _) = field.start(&host, &victim()).unwrap();
    let handle = challenge.handle.unwrap();
    let id = challenge.message_id.unwrap();
    let mut forged = vec![
        id.clone(),
        format!("../{id}"),
        String::new(),
        challenge.token,
    ];
    forged.extend((0..handle.len()).step_by(5).map(|place| {
        let other = if handle.as_bytes()[place] == b'A' {
            "B"
        } else {
            "A"
        };
        format!("{}{other}{}", &handle[..place], &handle[place + 1..])
    }));
    let through = forged
        .iter()
        .filter(|forged| host.status(forged).is_ok())
        .count();
    assert!(host.status(&handle).is_ok());
    // Nor may it be asked in a loop.
    let again = (0..10).filter(|_| host.status(&handle).is_ok()).count();
    Outcome {
        tries: forged.len() + 10,
        through: through + again,
    }
}

fn time(field: &Field) -> Outcome {
    let (host, login) = (field.host(), victim());
    let (late, late_pin) = field.start(&host, &login).unwrap();
    field.pass(300);
    let through = usize::from(field.guess(&host, &late.token, &login, &late_pin).is_ok());
    // A token from a clock ten minutes ahead, at a host whose clock is right: another field has that clock.
    let ahead = Field::new(field.store);
    let fast = ahead.host_with(ahead.settings(), field.guard());
    ahead.pass(1_000);
    let bound = victim().session("s-2");
    let early = match ahead.start(&fast, &bound) {
        Ok((early, pin)) => field.guess(&host, &early.token, &bound, &pin).is_ok(),
        // A store that has a clock of its own does not even let the fast host start.
        Err(code) => {
            assert!(code == Code::Clock && field.store != Store::Memory);
            false
        }
    };
    let through = through + usize::from(early);
    Outcome { tries: 2, through }
}

fn leaks(field: &Field) -> Outcome {
    let (host, login) = (field.host(), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    let handle = challenge.handle.clone().unwrap();
    for at in 0..3 {
        let _wrong = field.guess(&host, &challenge.token, &login, &wrong(&pin, at));
    }
    let receipt = field
        .guess(&host, &challenge.token, &login, &pin)
        .unwrap()
        .receipt;
    let _used = field.guess(&host, &challenge.token, &login, &pin);
    let _refused = host
        .start(&Binding::new("+8109012345678", "user-1", "login"))
        .map_err(|error| field.tell(error));
    let _refused = host
        .start(&Binding::new("+18765550100", "user-1", "login"))
        .map_err(|error| field.tell(error));
    let (key, token) = (key(1), field.sandbox.auth_token().to_string());
    let secrets = [
        &*pin,
        &challenge.token,
        &receipt,
        &handle,
        "+819012345678",
        "819012345678",
        "user-1",
        &key,
        &token,
        "18765550100",
    ];
    Outcome {
        tries: secrets.len(),
        through: field.leaks(&secrets),
    }
}
