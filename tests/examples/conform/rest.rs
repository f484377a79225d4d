//! The same questions to the REST service, over connections of their own.

use std::net::TcpListener;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use ureq::Agent;
use xoxzo_2fa::{AsyncGuard, AsyncMemoryGuard, Error, GuardName, RedisGuard, Settings};
use xoxzo_2fa_serve::{ApiKey, Rest, Right, Serving, Surroundings};
use xoxzo_2fa_tests::named;

use super::world::World;
use super::{failure, one};

/// The caller's key.
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A caller, and the service that it asks.
pub(crate) struct Remote {
    runtime: Arc<Runtime>,
    world: World,
    service: Option<Service>,
}

struct Service {
    url: String,
    agent: Agent,
    /// Runs until another is opened.
    serving: Serving,
}

impl Remote {
    pub(crate) fn new(runtime: Arc<Runtime>) -> Self {
        Self {
            runtime,
            world: World::new("{}", 0.0),
            service: None,
        }
    }

    pub(crate) fn answer(&mut self, question: &Value) -> Result<Value, String> {
        let (kind, content) = one(question)?;
        self.world.told().requests.clear();
        let mut answer = match kind {
            "open" => self.open(content)?,
            _ if self.world.takes(kind, content) => json!({"done": {}}),
            // A server's health is asked for without a key, at its own path.
            "ready" => json!({"absent": {}}),
            _ => {
                let service = self.service.as_ref().ok_or("nothing is open")?;
                service.ask(kind, content)?
            }
        };
        answer["requests"] = json!(self.world.told().requests);
        Ok(answer)
    }

    fn open(&mut self, content: &Value) -> Result<Value, String> {
        let text = |given: &Value| given.as_str().unwrap_or_default().to_string();
        let document = text(&content["document"]);
        let now = content["now"].as_f64().unwrap_or(0.0);
        let world = World::new(&document, now);
        let own = content.get("own");
        let opened = match own.map(|own| own["redis"].as_str()) {
            None => self.opened(&document, Arc::new(world.clone()), told(&world)),
            Some(None) => {
                let guard = Arc::new(AsyncMemoryGuard::default());
                self.opened(&document, guard, quiet())
            }
            Some(Some(url)) => {
                let guard = RedisGuard::builder(url).build_async();
                let guard = guard.map_err(|error| error.to_string())?;
                self.opened(&document, Arc::new(guard), quiet())
            }
        };
        let rest = match opened {
            Ok(rest) => Arc::new(rest),
            Err(error) => return Ok(json!({"failure": failure(&error)})),
        };
        if let Some(Service { serving, .. }) = self.service.take() {
            serving.stop().map_err(|error| error.to_string())?;
        }
        self.service = Some(Service::new(&rest).map_err(|error| error.to_string())?);
        self.world = world;
        let (effective, warnings) = (rest.effective_settings(), rest.warnings());
        Ok(json!({"prepared": {"effective": effective, "warnings": warnings}}))
    }

    fn opened(
        &self,
        document: &str,
        guard: Arc<dyn AsyncGuard>,
        surroundings: Surroundings,
    ) -> Result<Rest, Error> {
        let settings = Settings::from_json(document)?;
        let keys = vec![ApiKey::new("conform", KEY, &Right::ALL)];
        let rest = Rest::open(settings, guard, keys, surroundings);
        self.runtime.block_on(rest)
    }
}

impl Service {
    fn new(rest: &Arc<Rest>) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        Ok(Self {
            url: format!("http://{}/v1", listener.local_addr()?),
            agent: Agent::config_builder()
                .http_status_as_error(false)
                .build()
                .into(),
            serving: rest.serve(listener, 1)?,
        })
    }

    /// Asks a function.
    fn ask(&self, function: &str, arguments: &Value) -> Result<Value, String> {
        if function == "add" {
            return self.add(arguments);
        }
        let mut arguments = arguments.clone();
        // The other hosts tell an audit with each operation.
        if [
            "start", "resend", "verify", "status", "unlock", "limits", "credits",
        ]
        .contains(&function)
        {
            arguments["audit"] = json!(true);
        }
        self.post(function, &arguments)
    }

    /// Charges a list, which has another id each time.
    fn add(&self, arguments: &Value) -> Result<Value, String> {
        let id = GuardName::random().map_err(|error| error.to_string())?;
        let mut list = arguments.clone();
        list["id"] = json!(id.to_string());
        for charge in list["charges"].as_array_mut().into_iter().flatten() {
            for field in ["counter", "group"] {
                charge[field] =
                    json!(named(charge[field].as_str().unwrap_or_default()).to_string());
            }
        }
        let mut answer = self.post("guard", &list)?;
        // The others tell that there is no time.
        let counted = answer.get_mut("counted").and_then(Value::as_object_mut);
        let counted = counted.ok_or("the list was not made")?;
        counted.entry("now_seconds").or_insert(Value::Null);
        Ok(answer)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.agent.post(format!("{}/{path}", self.url));
        let request = request
            .header("authorization", format!("Bearer {KEY}"))
            .content_type("application/json");
        let answer = request.send(body.to_string());
        let answer = answer.and_then(|mut answer| answer.body_mut().read_to_string());
        let answer = answer.map_err(|error| error.to_string())?;
        serde_json::from_str(&answer).map_err(|error| error.to_string())
    }
}

/// Surroundings that do as they are told.
fn told(world: &World) -> Surroundings {
    let clock = world.clone();
    Surroundings {
        transport: Box::new(world.clone()),
        clock: Arc::new(move || clock.now()),
        ..quiet()
    }
}

fn quiet() -> Surroundings {
    Surroundings {
        log: Arc::new(|_| ()),
        ..Surroundings::default()
    }
}
