//! Inputs of any size: a user can only be refused, a program is told what is wrong, and nothing traps.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use serde_json::{Value, json};
use wasmtime::{
    Caller, Config, Engine, InstancePre, Linker, Module, Store, StoreLimits, StoreLimitsBuilder,
};
use xoxzo_2fa::{
    Binding, Body, Code, Error, Expected, Handle, Lost, MemoryGuard, Operator, Pin, Receipt,
    Sending, Settings, Token, Transaction, Transport, TwoFactor, check_receipt, inspect,
    receipt_key,
};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{Client, NOW, document, key, other_than, pin_in, sandboxed};

/// Around what is allowed, around what the component can hold, and beyond.
const SIZES: [usize; 12] = [
    0, 1, 129, 4_096, 4_097, 33_000, 66_000, 102_400, 131_072, 300_000, 1_100_000, 5_000_000,
];

struct Takes;

impl Transport for Takes {
    fn send(
        &self,
        _: http::Request<Body>,
        _: std::time::Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        let body = br#"[{"msgid":"m1"}]"#.to_vec();
        http::Response::builder()
            .status(201)
            .body(body)
            .map_err(|_| Lost::NotSent(String::new()))
    }
}

fn settings() -> Settings {
    sandboxed("https://api.xoxzo.com", "sid-canary", "auth-canary")
        .key(key(1))
        .build()
}

fn blocking() -> TwoFactor {
    let builder = TwoFactor::builder(settings(), MemoryGuard::default());
    builder.transport(Takes).build().unwrap()
}

/// Not a trap, and of the blame that is given.
fn told<T>(what: &str, size: usize, result: Result<T, Error>, user: bool) {
    if let Err(error) = result {
        assert_ne!(error.code(), Code::Plugin, "{what} of {size}: {error}");
        assert_eq!(
            error.blame(),
            if user { "refuse" } else { "misuse" },
            "{what} of {size}: {error}"
        );
    } else {
        assert!(size < 4_097, "{what} of {size} was taken");
    }
}

fn expected() -> Expected {
    Expected::new("user-1", "login")
}

#[test]
fn a_user_is_only_refused_whatever_the_size() {
    let host = blocking();
    let login = Binding::new("+819012345678", "user-1", "login");
    let token = host.start(&login).unwrap().token;
    for size in SIZES {
        for letter in ["1", "A", "é", "\0", "\u{1f600}"] {
            let text = letter.repeat(size.div_ceil(letter.len()));
            told(
                "pin",
                size,
                host.verify(&token, &login, &Pin::new(&text)),
                true,
            );
            told(
                "token",
                size,
                host.verify(&Token::new(&text), &login, &Pin::new("123456")),
                true,
            );
            told("token", size, host.resend(&Token::new(&text), &login), true);
            told("handle", size, host.status(&Handle::new(&text)), true);
            told("token", size, inspect(&Token::new(&text)), true);
            let keys = [receipt_key(&key(1), "shop", false).unwrap()];
            let receipt =
                check_receipt(&keys, &Receipt::new(&text), SystemTime::now(), &expected());
            told("receipt", size, receipt, true);
        }
    }
}

#[test]
fn a_program_is_told_whatever_the_size() {
    let host = blocking();
    let login = || Binding::new("+819012345678", "user-1", "login");
    let token = host.start(&login()).unwrap().token;
    for size in SIZES.into_iter().filter(|size| *size > 129) {
        let text = "a".repeat(size);
        let paid = |amount: &str, currency: &str, payee: &str| {
            login().transaction(Transaction::new(amount, currency, payee))
        };
        let bindings = [
            Binding::new(&text, "user-1", "login"),
            Binding::new("+819012345678", &text, "login"),
            Binding::new("+819012345678", "user-1", &text),
            login().session(&text),
            paid(&text, "JPY", "Shop"),
            paid("100", &text, "Shop"),
            paid("100", "JPY", &text),
        ];
        for binding in &bindings {
            told("binding", size, host.start(binding), false);
            told(
                "binding",
                size,
                host.verify(&token, binding, &Pin::new("123456")),
                false,
            );
        }
        let sending = [
            Sending::default().client(&text),
            Sending::default().locale(&text),
        ];
        for sending in &sending {
            told("sending", size, host.start_with(&login(), sending), false);
        }
        let client = host.verify_from(&token, &login(), &Pin::new("123456"), &text);
        told("client", size, client, false);
        let operator = Operator::beside(&host, "ann");
        let number = "+819012345678";
        told("subject", size, operator.unlock(number, &text), false);
        told("recipient", size, operator.unlock(&text, "user-1"), false);
        told("subject", size, operator.limits(number, &text, None), false);
        let client = operator.limits(number, "user-1", Some(&text));
        told("client", size, client, false);
        told("root key", size, receipt_key(&text, "shop", false), false);
        let now = SystemTime::now();
        let checked = check_receipt(
            std::slice::from_ref(&text),
            &Receipt::new("x"),
            now,
            &expected(),
        );
        told("receipt key", size, checked, false);
        let paid = |amount: &str, currency: &str, payee: &str| {
            expected().transaction(Transaction::new(amount, currency, payee))
        };
        for expected in [
            Expected::new(&text, "login"),
            Expected::new("user-1", &text),
            expected().recipient(&text),
            expected().session(&text),
            paid(&text, "JPY", "Shop"),
            paid("100", &text, "Shop"),
            paid("100", "JPY", &text),
        ] {
            let checked = check_receipt(&[], &Receipt::new("x"), now, &expected);
            told("expectation", size, checked, false);
        }
        let many = vec!["x".to_string(); size / 100];
        told(
            "keys",
            size.max(4_097),
            check_receipt(&many, &Receipt::new("x"), now, &expected()),
            false,
        );
        let long = sandboxed("https://api.xoxzo.com", "sid-canary", &text).key(key(1));
        let built = TwoFactor::new(long.build(), MemoryGuard::default());
        told("settings", size, built, false);
    }
}

#[test]
fn the_asynchronous_client_says_the_same() {
    // None of these gets as far as the network.
    let [_, client] = Client::both(settings);
    for size in SIZES {
        let text = "1".repeat(size);
        let login = Binding::new("+819012345678", "user-1", "login");
        told(
            "token",
            size,
            client.verify(&Token::new(&text), &login, &text),
            true,
        );
        told(
            "token",
            size,
            client.resend(&Token::new(&text), &login),
            true,
        );
        told("handle", size, client.status(&Handle::new(&text)), true);
    }
}

/// The function `ask` of the module as a host of another language calls it, with the memory that it gives an instance.
struct Ask {
    engine: Engine,
    instances: InstancePre<StoreLimits>,
}

const MEMORY: usize = 2 * 1024 * 1024;
const FUEL: u64 = 1 << 40;

impl Ask {
    fn shared() -> Arc<Self> {
        static ASK: OnceLock<Arc<Ask>> = OnceLock::new();
        Arc::clone(ASK.get_or_init(|| {
            let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
            let bytes = include_bytes!("../../host/ask/two-factor-ask.wasm");
            let module = Module::new(&engine, bytes).unwrap();
            let mut linker = Linker::new(&engine);
            let fill = |mut caller: Caller<'_, StoreLimits>, to: u32, length: u32| {
                let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
                let sevens = vec![7; length as usize];
                memory.write(&mut caller, to as usize, &sevens).unwrap();
                0
            };
            linker
                .func_wrap("wasi_snapshot_preview1", "random_get", fill)
                .unwrap();
            let instances = linker.instantiate_pre(&module).unwrap();
            Arc::new(Self { engine, instances })
        }))
    }

    /// The answer, and the fuel that it took.
    fn ask(&self, settings: &str, question: &str) -> (Value, u64) {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY).build();
        let mut store = Store::new(&self.engine, limits);
        store.limiter(|limits| limits);
        store.set_fuel(FUEL).unwrap();
        let instance = self.instances.instantiate(&mut store).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let area = instance.get_global(&mut store, "area").unwrap();
        let area = area.get(&mut store).unwrap_i32() as usize;
        let asked = [settings, question].concat();
        memory.write(&mut store, area, asked.as_bytes()).unwrap();
        let ask = instance
            .get_typed_func::<(u32, u32, u32), u32>(&mut store, "ask")
            .unwrap();
        let lengths = (settings.len() as u32, question.len() as u32, NOW);
        let length = ask
            .call(&mut store, lengths)
            .unwrap_or_else(|trap| panic!("{} bytes: {trap:?}", question.len()));
        let mut answer = vec![0; length as usize];
        memory.read(&store, area, &mut answer).unwrap();
        (
            serde_json::from_slice(&answer).unwrap(),
            FUEL - store.get_fuel().unwrap(),
        )
    }

    fn prepare(&self, document: &Value) -> String {
        let question = json!({"prepare": {"json": document.to_string()}});
        let (answer, _) = self.ask("", &question.to_string());
        let settings = answer["prepared"]["settings"].as_str();
        settings.unwrap_or_else(|| panic!("{answer}")).to_string()
    }
}

/// The largest settings that are allowed: as many destinations as there may be, each with numbers that it denies, and of other lists as much as there
/// are values left.
fn largest() -> Value {
    let mut document = document();
    let number = |at: usize| format!("+49{at}");
    let destinations = (100..356).map(|at| {
        let prefix = number(at);
        let deny = [format!("{prefix}90"), format!("{prefix}91")];
        json!({"prefix": prefix, "min_digits": 11, "max_digits": 11, "deny": deny})
    });
    document["destinations"] = destinations.collect();
    document["keys"] = (10..18).map(key).collect();
    let names = ["login".to_string()].into_iter();
    let names: Vec<_> = names
        .chain((1..16).map(|at| format!("{}{at:02}", "p".repeat(126))))
        .collect();
    document["purposes"] = names
        .iter()
        .map(|name| json!({"name": name, "after_first_factor": true}))
        .collect();
    let text = format!(
        "{{service}}: your PIN is {{pin}}.{}",
        " Never share it.".repeat(4)
    );
    let texts = names.iter();
    document["message"]["texts"] = texts
        .map(|name| json!({"locale": "en", "purpose": name, "text": text}))
        .collect();
    document
}

#[test]
fn the_largest_settings_and_questions_are_answered() {
    let engine = Ask::shared();
    let settings = engine.prepare(&largest());
    let login = json!({"recipient": "+49100123456", "subject": "user-1", "purpose": "login"});
    let (answer, _) = engine.ask(&settings, &json!({"start": {"binding": login}}).to_string());
    assert!(answer["count"]["charges"].is_array(), "{answer}");
    let state = answer["count"]["state"].as_str().unwrap();
    let body = "\u{1}".repeat(16_384);
    let sent = json!({"sent": {"state": state, "response": {"status": 201, "body": body}}});
    let (answer, _) = engine.ask(&settings, &sent.to_string());
    assert_eq!(
        answer["failure"]["code"], "request",
        "a state that counts is not sent"
    );
}

/// Both clients hold the largest settings, with the most purposes and texts, and nothing traps.
#[test]
fn the_largest_settings_are_those_of_both_clients() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut document = largest();
    document["guard"].as_object_mut().unwrap().remove("scope");
    document["xoxzo"] = json!({"sid": sandbox.sid(), "auth_token": sandbox.auth_token(), "sender": "Example", "base_url": sandbox.url()});
    let settings = || Settings::from_json(&document.to_string()).unwrap();
    let purpose = document["purposes"][15]["name"].as_str().unwrap();
    for (at, client) in Client::both(settings).iter().enumerate() {
        // The first and the last of the destinations.
        for prefix in [100, 355] {
            let number = format!("+49{prefix}12345{at}");
            let user = Binding::new(&number, format!("user-{prefix}-{at}"), purpose);
            let challenge = client.start(&user).unwrap();
            let pin = pin_in(&sandbox.inbox(Some(&number))[0].body, 6).unwrap();
            let wrong = client.verify(&challenge.token, &user, other_than(&pin));
            assert_eq!(wrong.err().unwrap().code(), Code::WrongPin);
            assert!(client.verify(&challenge.token, &user, &pin).is_ok());
        }
        for number in [
            "+49100901234",
            "+49355911234",
            "+49356123456",
            "+819012345678",
        ] {
            let refused = client.start(&Binding::new(number, "user-1", purpose));
            assert_eq!(refused.err().unwrap().code(), Code::NotAllowed, "{number}");
        }
    }
}

#[test]
fn a_question_of_any_size_is_answered() {
    let engine = Ask::shared();
    let settings = engine.prepare(&document());
    for size in [
        1_000, 30_000, 60_000, 86_000, 100_000, 102_400, 102_500, 120_000, 125_000,
    ] {
        let fill = "a".repeat(size);
        let verify = |token: &str, pin: &str, subject: &str| {
            let binding =
                json!({"recipient": "+819012345678", "subject": subject, "purpose": "login"});
            json!({"verify": {"token": token, "pin": pin, "binding": binding}}).to_string()
        };
        let check = |key: &str, receipt: &str, subject: &str| {
            let expected = json!({"subject": subject, "purpose": "login"});
            json!({"check_receipt": {"receipt_keys": [key], "receipt": receipt, "expected": expected}}).to_string()
        };
        for question in [
            verify(&fill, "123456", "user-1"),
            verify("x", &fill, "user-1"),
            verify("x", "123456", &fill),
            json!({"prepare": {"json": fill}}).to_string(),
            check(&fill, &fill, "user-1"),
            check("x", &fill, &fill),
            fill.clone(),
            "[".repeat(size),
            format!("{{\"verify\":{}1{}}}", "[".repeat(100), "]".repeat(100)),
        ] {
            let (answer, _) = engine.ask(&settings, &question);
            let code = answer["failure"]["code"].as_str();
            assert!(code.is_some(), "{size}: {answer}");
        }
    }
}

/// Twice the text takes about twice the work, however it is filled.
#[test]
fn work_is_linear_in_what_is_asked() {
    let engine = Ask::shared();
    let of = |fill: &dyn Fn(usize) -> String, size: usize| engine.ask("", &fill(size)).1;
    let fields = |size: usize| {
        let fields: Vec<_> = (0..size / 8).map(|at| format!("\"{at:04}\":1")).collect();
        format!("{{{}}}", fields.join(","))
    };
    let nested = |size: usize| format!("{{\"prepare\":{}}}", fields(size));
    let items = |size: usize| format!("[{}0]", "0,".repeat(size / 2));
    let escapes = |size: usize| {
        format!(
            "{{\"inspect\":{{\"token\":\"{}\"}}}}",
            "\\u0041".repeat(size / 6)
        )
    };
    let shapes: [(&str, &dyn Fn(usize) -> String); 4] = [
        ("fields", &fields),
        ("nested", &nested),
        ("items", &items),
        ("escapes", &escapes),
    ];
    for (name, fill) in shapes {
        let (one, two) = (of(fill, 40_000), of(fill, 80_000));
        let begin = of(fill, 8);
        let ratio = (two - begin) as f64 / (one - begin) as f64;
        assert!(ratio < 2.4, "{name}: {one}, then {two}");
        assert!(two < 60_000_000, "{name}: {two}");
    }
}
