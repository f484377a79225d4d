//! Answers the questions of `tests/python/hosts.py` through the SDK: `conform blocking|async|rest`.

mod rest;
mod world;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use xoxzo_2fa::{
    Acceptance, AsyncGuard, AsyncMemoryGuard, AsyncTwoFactor, Audit, Binding, Challenge, Channel,
    Charge, Claims, Code, Error, Expected, Guard, GuardError, Handle, Limit, Limits, MemoryGuard,
    RedisGuard, Sending, Settings, Token, TokenInfo, Total, Totals, Transaction, TwoFactor,
    check_receipt, explain, inspect,
};
use xoxzo_2fa_tests::{Client, named, since_1970, whole_seconds};

use rest::Remote;
use world::World;

fn main() -> ExitCode {
    let adaptor = |runtime| {
        let mut adaptor = Adaptor {
            runtime,
            world: World::new("{}", 0.0),
            client: None,
        };
        Box::new(move |question: &Value| adaptor.answer(question))
    };
    let mut answer: Box<Answer> = match std::env::args().nth(1).as_deref() {
        Some("blocking") => adaptor(None),
        Some("async") => adaptor(Some(Client::runtime())),
        Some("rest") => {
            let mut remote = Remote::new(Client::runtime());
            Box::new(move |question| remote.answer(question))
        }
        _ => return ExitCode::from(2),
    };
    for line in io::stdin().lock().lines() {
        let answered = line
            .map_err(|error| error.to_string())
            .and_then(|line| serde_json::from_str(&line).map_err(|error| error.to_string()))
            .and_then(|question| answer(&question));
        match answered {
            Ok(answer) => println!("{answer}"),
            Err(fault) => {
                eprintln!("conform: {fault}");
                return ExitCode::FAILURE;
            }
        }
        if io::stdout().flush().is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Answers a question.
type Answer = dyn FnMut(&Value) -> Result<Value, String>;

/// The one field of a question.
fn one(question: &Value) -> Result<(&str, &Value), String> {
    let fields = question.as_object().filter(|fields| fields.len() == 1);
    let field = fields.and_then(|fields| fields.iter().next());
    let (kind, content) = field.ok_or("a question has one field")?;
    Ok((kind, content))
}

struct Adaptor {
    /// Of the asynchronous client.
    runtime: Option<Arc<Runtime>>,
    world: World,
    client: Option<Client>,
}

impl Adaptor {
    fn answer(&mut self, question: &Value) -> Result<Value, String> {
        let (kind, content) = one(question)?;
        let mut told = self.world.told();
        told.requests.clear();
        told.events.clear();
        drop(told);
        let mut answer = match self.act(kind, content)? {
            Ok(answer) => answer,
            Err(error) => json!({"failure": failure(&error)}),
        };
        let told = self.world.told();
        answer["requests"] = json!(told.requests);
        answer["events"] = json!(told.events);
        Ok(answer)
    }

    fn act(&mut self, kind: &str, content: &Value) -> Result<Result<Value, Error>, String> {
        let text = |name: &str| content[name].as_str().unwrap_or_default();
        match kind {
            "open" => {
                let now = content["now"].as_f64().unwrap_or(0.0);
                match content.get("own") {
                    None => Ok(self.open(text("document"), now)),
                    Some(own) => {
                        let opened = self.open_own(text("document"), own["redis"].as_str());
                        opened.map(Ok)
                    }
                }
            }
            "check_receipt" => {
                let keys = content["receipt_keys"].as_array().into_iter().flatten();
                let keys: Vec<_> = keys
                    .filter_map(|key| key.as_str().map(str::to_string))
                    .collect();
                let now = self.world.now();
                let claims = check_receipt(
                    &keys,
                    &text("receipt").into(),
                    now,
                    &expected(&content["expected"]),
                );
                Ok(claims.map(|it| json!({"claims": claimed(&it)})))
            }
            "add" => self.add(content).map(Ok),
            "explain" => explained(content),
            "inspect" => {
                let token_info = inspect(&text("token").into());
                Ok(token_info.map(|it| json!({"token_info": informed(&it)})))
            }
            _ if self.world.takes(kind, content) => Ok(Ok(json!({"done": {}}))),
            _ => {
                let client = self.client.as_ref().ok_or("nothing is open")?;
                operate(client, kind, content)
            }
        }
    }

    fn open(&mut self, document: &str, now: f64) -> Result<Value, Error> {
        let world = World::new(document, now);
        self.world = world.clone();
        let settings = Settings::from_json(document)?;
        let (clock, events) = (world.clone(), world.clone());
        let client = match &self.runtime {
            None => Client::Blocking(
                TwoFactor::builder(settings, world.clone())
                    .transport(world)
                    .danger_clock(move || clock.now())
                    .audit(move |event| events.keep(event))
                    .build()?,
            ),
            Some(runtime) => {
                let builder = AsyncTwoFactor::builder(settings, world.clone())
                    .transport(world)
                    .danger_clock(move || clock.now())
                    .audit(move |event| events.keep(event));
                Client::Async(runtime.block_on(builder.build())?, Arc::clone(runtime))
            }
        };
        Ok(self.opened(client))
    }

    /// Charges a list, and returns the guard's answer.
    fn add(&self, content: &Value) -> Result<Value, String> {
        let charges = charges(content);
        counted(match &self.runtime {
            None => Guard::add(&self.world, &charges),
            Some(runtime) => runtime.block_on(AsyncGuard::add(&self.world, &charges)),
        })
    }

    /// With the host's own transport and store.
    fn open_own(&mut self, document: &str, redis: Option<&str>) -> Result<Value, String> {
        let opened = |error: Error| error.to_string();
        let settings = Settings::from_json(document).map_err(opened)?;
        let client = match (&self.runtime, redis) {
            (None, None) => {
                let made = TwoFactor::new(settings, MemoryGuard::default());
                Client::Blocking(made.map_err(opened)?)
            }
            (None, Some(url)) => {
                let guard = RedisGuard::open(url).map_err(|error| error.to_string())?;
                Client::Blocking(TwoFactor::new(settings, guard).map_err(opened)?)
            }
            (Some(runtime), None) => {
                let made = AsyncTwoFactor::new(settings, AsyncMemoryGuard::default());
                Client::Async(runtime.block_on(made).map_err(opened)?, Arc::clone(runtime))
            }
            (Some(runtime), Some(url)) => {
                let _inside = runtime.enter();
                let guard = RedisGuard::builder(url)
                    .build_async()
                    .map_err(|error| error.to_string())?;
                let made = AsyncTwoFactor::new(settings, guard);
                Client::Async(runtime.block_on(made).map_err(opened)?, Arc::clone(runtime))
            }
        };
        Ok(self.opened(client))
    }

    fn opened(&mut self, client: Client) -> Value {
        let prepared =
            json!({"effective": client.effective_settings(), "warnings": client.warnings()});
        self.client = Some(client);
        json!({"prepared": prepared})
    }
}

fn operate(client: &Client, kind: &str, content: &Value) -> Result<Result<Value, Error>, String> {
    let text = |name: &str| content[name].as_str().unwrap_or_default();
    let to = binding(&content["binding"]);
    let how = sending(&content["sending"]);
    Ok(match kind {
        "start" => client.start_with(&to, &how).map(|it| challenged(&it)),
        "resend" => client
            .resend_with(&text("token").into(), &to, &how)
            .map(|it| challenged(&it)),
        "verify" => {
            let (token, pin) = (text("token"), text("pin"));
            match content["client"].as_str() {
                Some(address) => client.verify_from(&Token::new(token), &to, pin, address),
                None => client.verify(&Token::new(token), &to, pin),
            }
            .map(|it| accepted(&it))
        }
        "status" => client.status(&text("handle").into()).map(|report| {
            json!({"reported": {
                "delivery": report.delivery.as_str(), "detail": report.detail, "audit": audited(&report.audit),
            }})
        }),
        "unlock" => client
            .unlock(text("recipient"), text("subject"))
            .map(|it| {
                json!({"unlocked": {
                    "failures": it.failures, "subject_failures": it.subject_failures, "messages": it.messages,
                    "audit": audited(&it.audit),
                }})
            }),
        "ready" => client.ready().map(|()| json!({"ready": {}})),
        "index_of" => client
            .number_index(text("recipient"))
            .map(|index| json!({"number_index": {"index": index}})),
        "limits" => client
            .limits(text("recipient"), text("subject"), content["client"].as_str())
            .map(|it| limits(&it)),
        "credits" => client
            .credits()
            .map(|it| json!({"credits": {"credits": it.credits, "audit": audited(&it.audit)}})),
        _ => return Err(format!("no such question: {kind}")),
    })
}

fn explained(content: &Value) -> Result<Result<Value, Error>, String> {
    let name = content["code"].as_str().unwrap_or_default();
    let mut codes = Code::ALL.iter();
    let code = codes
        .find(|code| code.as_str() == name)
        .ok_or_else(|| format!("no such code: {name}"))?;
    let number = |name: &str| content[name].as_u64();
    let left = number("guesses_left").and_then(|left| u32::try_from(left).ok());
    let wait = number("retry_after_seconds").map(Duration::from_secs);
    let told = explain(
        *code,
        left,
        wait,
        content["locale"].as_str().unwrap_or_default(),
    );
    Ok(told.map(|told| {
        let offers: Vec<_> = told.offers.iter().map(|offer| offer.as_str()).collect();
        json!({"explanation": {"text": told.text, "offers": offers}})
    }))
}

fn binding(given: &Value) -> Binding {
    let text = |name: &str| given[name].as_str().unwrap_or_default();
    let mut binding = Binding::new(text("recipient"), text("subject"), text("purpose"));
    binding.session = given["session"].as_str().map(str::to_string);
    binding.transaction = transaction(&given["transaction"]);
    binding
}

/// The charges of a list.
fn charges(content: &Value) -> Vec<Charge> {
    let charges = content["charges"].as_array().into_iter().flatten();
    charges.map(charge).collect()
}

/// The guard's answer to a list.
fn counted(made: Result<Totals, GuardError>) -> Result<Value, String> {
    let made = made.map_err(|error| error.to_string())?;
    let total =
        |it: &Total| json!({"total": it.total, "ends_in_seconds": whole_seconds(it.ends_in)});
    let totals: Vec<Value> = made.iter().map(total).collect();
    let now = made.now.map(since_1970);
    Ok(json!({"counted": {"totals": totals, "now_seconds": now}}))
}

fn charge(given: &Value) -> Charge {
    let name = |field: &str| named(given[field].as_str().unwrap_or_default());
    let number = |field: &str| given[field].as_i64().unwrap_or_default();
    let [limit, ttl] = ["limit", "ttl_seconds"].map(|field| number(field) as u32);
    Charge::new(
        name("counter"),
        number("amount") as i32,
        limit,
        Duration::from_secs(ttl.into()),
    )
    .in_group(name("group"))
}

fn expected(given: &Value) -> Expected {
    let text = |name: &str| given[name].as_str().unwrap_or_default();
    let mut expected = Expected::new(text("subject"), text("purpose"));
    expected.recipient = given["recipient"].as_str().map(str::to_string);
    expected.session = given["session"].as_str().map(str::to_string);
    expected.transaction = transaction(&given["transaction"]);
    expected
}

fn transaction(paid: &Value) -> Option<Transaction> {
    let part = |name: &str| paid[name].as_str().unwrap_or_default();
    paid.is_object()
        .then(|| Transaction::new(part("amount"), part("currency"), part("payee")))
}

fn sending(given: &Value) -> Sending {
    let mut sending = Sending::default();
    if given["channel"] == "voice" {
        sending = sending.channel(Channel::Voice);
    }
    sending.locale = given["locale"].as_str().map(str::to_string);
    sending.client = given["client"].as_str().map(str::to_string);
    sending.decoy = given["decoy"] == true;
    sending
}

fn failure(error: &Error) -> Value {
    let failure = error.failure();
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
    json!({
        "blame": error.blame(), "code": error.code().as_str(), "detail": failure.detail, "guesses_left": failure.guesses_left,
        "retry_after_seconds": seconds(failure.retry_after), "expires_in_seconds": seconds(failure.expires_in),
        "audit": failure.audit.as_deref().map(audited),
    })
}

fn audited(audit: &Audit) -> Value {
    json!({
        "trail": audit.trail.as_ref().map(|trail| {
            json!({"subject": trail.subject, "recipient": trail.recipient, "calling_code": trail.calling_code})
        }),
        "challenge_id": audit.challenge_id, "message_id": audit.message_id, "decoy": audit.decoy,
        "cause": audit.cause.as_ref().map(|cause| cause.as_str()), "alarm": audit.alarm.map(|alarm| alarm.as_str()),
    })
}

fn challenged(challenge: &Challenge) -> Value {
    json!({"challenged": {
        "token": challenge.token.as_str(), "masked": challenge.masked, "expires_in_seconds": challenge.expires_in.as_secs(),
        "resend_after_seconds": challenge.resend_after.as_secs(), "delivery": challenge.delivery.as_str(),
        "handle": challenge.handle.as_ref().map(Handle::as_str), "parts": challenge.parts, "audit": audited(&challenge.audit),
    }})
}

fn limits(limits: &Limits) -> Value {
    let limit = |limit: &Limit| {
        json!({
            "setting": limit.setting, "open": limit.open, "total": limit.total, "most": limit.most,
            "ends_in_seconds": limit.ends_in.map(|wait| wait.as_secs()), "refuses": limit.refuses,
        })
    };
    let each: Vec<_> = limits.limits.iter().map(limit).collect();
    json!({"limits": {"limits": each, "audit": audited(&limits.audit)}})
}

fn accepted(acceptance: &Acceptance) -> Value {
    json!({"accepted": {
        "receipt": acceptance.receipt.as_str(), "expires_in_seconds": acceptance.expires_in.as_secs(),
        "audit": audited(&acceptance.audit),
    }})
}

fn claimed(claims: &Claims) -> Value {
    json!({
        "id": claims.id, "audience": claims.audience, "purpose": claims.purpose, "test": claims.test,
        "transaction": claims.transaction.as_ref().map(|paid| {
            json!({"amount": paid.amount, "currency": paid.currency, "payee": paid.payee})
        }),
        "issued_at_seconds": since_1970(claims.issued_at), "expires_at_seconds": since_1970(claims.expires_at),
    })
}

fn informed(token_info: &TokenInfo) -> Value {
    json!({
        "key_id": token_info.key_id, "digits": token_info.digits,
        "issued_at_seconds": since_1970(token_info.issued_at), "expires_at_seconds": since_1970(token_info.expires_at),
    })
}
