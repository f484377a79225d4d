//! Answers the questions of `tests/python/hosts.py` through the SDK: `conform blocking|async`.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use xoxzo_2fa::{
    Acceptance, AsyncGuard, AsyncMemoryGuard, AsyncTransport, AsyncTwoFactor, Audit, Binding, Body,
    Challenge, Channel, Charge, Claims, Code, Error, Expected, Guard, GuardError, Handle, Limit,
    Limits, Lost, MemoryGuard, RedisGuard, Scope, Sending, Settings, Token, TokenInfo, Total,
    Totals, Transaction, Transport, TwoFactor, Wait, check_receipt, explain, inspect,
};
use xoxzo_2fa_tests::{Client, named, since_1970, whole_seconds};

fn main() -> ExitCode {
    let mode = std::env::args().nth(1);
    let runtime = match mode.as_deref() {
        Some("blocking") => None,
        Some("async") => Some(Client::runtime()),
        _ => return ExitCode::from(2),
    };
    let mut adaptor = Adaptor {
        runtime,
        world: World::new("{}", 0.0),
        client: None,
    };
    for line in io::stdin().lock().lines() {
        let answer = line
            .map_err(|error| error.to_string())
            .and_then(|line| serde_json::from_str(&line).map_err(|error| error.to_string()))
            .and_then(|question| adaptor.answer(&question));
        match answer {
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

/// What answers the client: a clock, a Xoxzo and a guard that do as they are told.
#[derive(Clone)]
struct World(Arc<Inner>);

struct Inner {
    scope: Scope,
    memory: MemoryGuard,
    told: Arc<Mutex<Told>>,
}

struct Told {
    /// Seconds since 1970, with a fraction.
    now: f64,
    ahead: u64,
    xoxzo: Value,
    guard: Value,
    requests: Vec<Value>,
}

impl World {
    fn new(document: &str, now: f64) -> Self {
        let told = Arc::new(Mutex::new(Told {
            now,
            ahead: 0,
            xoxzo: json!({"status": 201, "body": r#"[{"msgid":"m1"}]"#}),
            guard: json!("memory"),
            requests: Vec::new(),
        }));
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let clock = Arc::clone(&told);
        let memory = MemoryGuard::danger_with_clock(1_000_000, move |_| {
            let told = clock.lock().unwrap_or_else(PoisonError::into_inner);
            Duration::from_secs_f64(told.now)
        });
        Self(Arc::new(Inner {
            scope: match document["guard"]["scope"].as_str() {
                Some("shared") => Scope::Shared,
                _ => Scope::Process,
            },
            memory,
            told,
        }))
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        let told = self.told();
        UNIX_EPOCH + Duration::from_secs_f64(told.now) + Duration::from_secs(told.ahead)
    }

    fn count(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let guard = self.told().guard.clone();
        match guard["no_answer"].as_str() {
            Some("guard-full") => Err(GuardError::Full),
            Some(_) => Err(GuardError::Unreachable(text(&guard["cause"]))),
            None => Guard::add(&self.0.memory, charges),
        }
    }

    fn exchange(
        &self,
        request: &http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        let headers: Map<_, _> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value.to_str().ok())))
            .collect();
        let mut told = self.told();
        told.requests.push(json!({
            "method": request.method().as_str(), "url": request.uri().to_string(), "headers": headers,
            "body": request.body().as_str(), "timeout_milliseconds": u64::try_from(timeout.as_millis()).ok(),
        }));
        let cause = || text(&told.xoxzo["cause"]);
        match told.xoxzo["no_answer"].as_str() {
            Some("not-sent") => return Err(Lost::NotSent(cause())),
            Some(_) => return Err(Lost::Unknown(cause())),
            None => {}
        }
        let status = told.xoxzo["status"].as_u64().unwrap_or(0);
        let mut response = http::Response::builder().status(u16::try_from(status).unwrap_or(0));
        if let Some(wait) = told.xoxzo["retry_after"].as_str() {
            response = response.header("retry-after", wait);
        }
        let body = told.xoxzo["body"].as_str().unwrap_or_default();
        response
            .body(body.as_bytes().to_vec())
            .map_err(|error| Lost::Unknown(error.to_string()))
    }
}

impl Guard for World {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        self.count(charges)
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }
}

impl AsyncGuard for World {
    fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.count(charges)
        })
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }
}

impl Transport for World {
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        self.exchange(&request, timeout)
    }
}

impl AsyncTransport for World {
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.exchange(&request, timeout)
        })
    }
}

struct Adaptor {
    /// Of the asynchronous client.
    runtime: Option<Arc<Runtime>>,
    world: World,
    client: Option<Client>,
}

impl Adaptor {
    fn answer(&mut self, question: &Value) -> Result<Value, String> {
        let fields = question.as_object().filter(|fields| fields.len() == 1);
        let (kind, content) = fields
            .and_then(|fields| fields.iter().next())
            .ok_or("a question has one field")?;
        self.world.told().requests.clear();
        let mut answer = match self.act(kind, content)? {
            Ok(answer) => answer,
            Err(error) => json!({"failure": failure(&error)}),
        };
        answer["requests"] = json!(self.world.told().requests);
        Ok(answer)
    }

    fn act(&mut self, kind: &str, content: &Value) -> Result<Result<Value, Error>, String> {
        let text = |name: &str| content[name].as_str().unwrap_or_default();
        match kind {
            "open" => {
                let now = content["now"].as_f64().unwrap_or(0.0);
                return match content.get("own") {
                    None => Ok(self.open(text("document"), now)),
                    Some(own) => {
                        let opened = self.open_own(text("document"), own["redis"].as_str());
                        opened.map(Ok)
                    }
                };
            }
            "now" => self.world.told().now = content.as_f64().unwrap_or(0.0),
            "ahead" => self.world.told().ahead = content.as_u64().unwrap_or(0),
            "xoxzo" => self.world.told().xoxzo = content.clone(),
            "guard" => self.world.told().guard = content.clone(),
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
                return Ok(claims.map(|it| json!({"claims": claimed(&it)})));
            }
            "add" => return self.add(content).map(Ok),
            "explain" => return explained(content),
            "inspect" => {
                let token_info = inspect(&text("token").into());
                return Ok(token_info.map(|it| json!({"token_info": informed(&it)})));
            }
            _ => {
                let client = self.client.as_ref().ok_or("nothing is open")?;
                return operate(client, kind, content);
            }
        }
        Ok(Ok(json!({"done": {}})))
    }

    fn open(&mut self, document: &str, now: f64) -> Result<Value, Error> {
        let world = World::new(document, now);
        self.world = world.clone();
        let settings = Settings::from_json(document)?;
        let clock = world.clone();
        let client = match &self.runtime {
            None => Client::Blocking(
                TwoFactor::builder(settings, world.clone())
                    .transport(world)
                    .danger_clock(move || clock.now())
                    .audit(|_| ())
                    .build()?,
            ),
            Some(runtime) => {
                let builder = AsyncTwoFactor::builder(settings, world.clone())
                    .transport(world)
                    .danger_clock(move || clock.now())
                    .audit(|_| ());
                Client::Async(runtime.block_on(builder.build())?, Arc::clone(runtime))
            }
        };
        Ok(self.opened(client))
    }

    /// Charges a list, and returns the guard's answer.
    fn add(&self, content: &Value) -> Result<Value, String> {
        let charges = content["charges"].as_array().into_iter().flatten();
        let charges: Vec<Charge> = charges.map(charge).collect();
        let made = match &self.runtime {
            None => Guard::add(&self.world, &charges),
            Some(runtime) => runtime.block_on(AsyncGuard::add(&self.world, &charges)),
        };
        let made = made.map_err(|error| error.to_string())?;
        let total =
            |it: &Total| json!({"total": it.total, "ends_in_seconds": whole_seconds(it.ends_in)});
        let totals: Vec<Value> = made.iter().map(total).collect();
        let now = made.now.map(since_1970);
        Ok(json!({"counted": {"totals": totals, "now_seconds": now}}))
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

fn text(given: &Value) -> String {
    given.as_str().unwrap_or_default().to_string()
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
