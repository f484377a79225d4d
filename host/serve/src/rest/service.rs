//! The service: a request in, an answer out.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use arc_swap::ArcSwap;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use xoxzo_2fa::{
    AsyncGuard, AsyncOperator, AsyncTransport, AsyncTwoFactor, Beside, Checked, Code, Error,
    HyperTransport, JsonAnswer, Pin, Settings, Token, check, check_receipt, explain, inspect,
};

use super::body;
use super::event::{self, Tally};
use super::function::Function;
use super::key::{ApiKey, Right, presented};
use super::list::{self, GuardQuestion, Outcome};
use super::openapi;
use super::question::Asked;
use super::rejection::Rejection;
use super::reply;
use crate::accept::{self, Service, Serving};
use crate::answer::{self, Answer};
use crate::ledger::Ledger;
use crate::listen::Listener;
use crate::log::log;
use crate::ready;
use crate::seconds::whole;

/// The surroundings of a service: those of a program by default.
pub struct Surroundings {
    /// The way to the messages' provider.
    pub transport: Box<dyn AsyncTransport>,
    /// The clock that tokens are dated with.
    pub clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// Takes each line of the log, which holds nothing personal.
    pub log: Arc<dyn Fn(&str) + Send + Sync>,
    /// Time for the body of a request.
    pub patience: Duration,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            transport: Box::new(HyperTransport::default()),
            clock: Arc::new(SystemTime::now),
            log: Arc::new(|line| log(line)),
            patience: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// The service over one client of the SDK, which brings engine, guard and transport.
pub struct Rest {
    two_factor: AsyncTwoFactor,
    checked: Checked,
    guard: Arc<dyn AsyncGuard>,
    ledger: Ledger,
    keys: ArcSwap<Vec<ApiKey>>,
    tally: Arc<Tally>,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    log: Arc<dyn Fn(&str) + Send + Sync>,
    patience: Duration,
}

impl Rest {
    /// Opens a client with these settings and this guard, for callers with one of these keys.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings, [`Error::Upstream`] for a guard that is out of reach or unfit.
    pub async fn open(
        settings: Settings,
        guard: Arc<dyn AsyncGuard>,
        keys: Vec<ApiKey>,
        surroundings: Surroundings,
    ) -> Result<Self, Error> {
        let Surroundings {
            transport,
            clock,
            log,
            patience,
        } = surroundings;
        let checked = check(&settings, guard.scope())?;
        let tally = Arc::new(Tally::default());
        let two_factor = AsyncTwoFactor::builder(settings, Arc::clone(&guard))
            .transport(transport)
            .danger_clock({
                let clock = Arc::clone(&clock);
                move || clock()
            })
            .audit({
                let (tally, log) = (Arc::clone(&tally), Arc::clone(&log));
                move |event| {
                    tally.event(event);
                    log(&event.to_json());
                }
            })
            .build()
            .await?;
        Ok(Self {
            two_factor,
            checked,
            ledger: Ledger::new(Arc::clone(&guard)),
            guard,
            keys: ArcSwap::from_pointee(keys),
            tally,
            clock,
            log,
            patience,
        })
    }

    /// Answers requests at a listener, with so many threads.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn serve(self: &Arc<Self>, listener: TcpListener, workers: usize) -> io::Result<Serving> {
        listener.set_nonblocking(true)?;
        let rest = Arc::clone(self);
        accept::run(
            move || RestWorker(Arc::clone(&rest)),
            Listener::Tcp(listener),
            workers,
            accept::CONNECTIONS,
        )
    }

    /// Takes other keys from now on.
    pub fn replace_keys(&self, keys: Vec<ApiKey>) {
        self.keys.store(Arc::new(keys));
    }

    /// Returns the settings in effect, without secrets.
    #[must_use]
    pub fn effective_settings(&self) -> &str {
        self.two_factor.effective_settings()
    }

    /// Returns warnings about settings that are allowed and unwise.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        self.two_factor.warnings()
    }

    async fn ask(self: &Arc<Self>, parts: &Parts, body: Incoming) -> Result<Answer, Rejection> {
        let path = parts.uri.path();
        let function = Function::at(path);
        if function.is_none() && !GuardQuestion::is_at(path) {
            return Err(Rejection::Path);
        }
        if parts.method != Method::POST {
            return Err(Rejection::Method("POST"));
        }
        let keys = self.keys.load_full();
        let key = presented(&keys, &parts.headers).map_err(Rejection::Caller)?;
        let right = function.map_or(Right::Guard, Function::right);
        if !key.may(right) {
            return Err(Rejection::Right(right, key.name().to_string()));
        }
        let body = body::read(&parts.headers, body, self.patience).await?;
        let Some(function) = function else {
            let question = GuardQuestion::read(path, &body).map_err(Rejection::Body)?;
            let (rest, caller) = (Arc::clone(self), key.name().to_string());
            return Ok(finished(async move { rest.make(&question, &caller).await }).await);
        };
        let asked = Asked::read(function, &body).map_err(Rejection::Body)?;
        if asked.audit() && !key.may(Right::Operate) {
            return Err(Rejection::Right(Right::Operate, key.name().to_string()));
        }
        let (rest, caller) = (Arc::clone(self), key.name().to_string());
        Ok(finished(async move { rest.run(function, &asked, &caller).await }).await)
    }

    /// Answers a question about the store. A list that lowers a counter or came before is logged, since it can clear a limit.
    async fn make(&self, question: &GuardQuestion, caller: &str) -> Answer {
        let (guard, ledger) = (&*self.guard, &self.ledger);
        let (lowers, (outcome, answer)) = match question {
            GuardQuestion::List(list) => (list.lowers(), list.make(guard, ledger).await),
            GuardQuestion::Revoke(list) => (false, list.revoke(guard, ledger).await),
            GuardQuestion::Revocations(since) => {
                let (outcome, answer) = list::revocations(ledger, *since).await;
                self.tally.pull(outcome);
                return answer;
            }
        };
        self.tally.list(outcome);
        if lowers || outcome == Outcome::Again {
            (self.log)(&event::list(outcome, lowers, caller));
        }
        answer
    }

    async fn run(&self, function: Function, asked: &Asked, caller: &str) -> Answer {
        let beside = Beside {
            audit: asked.audit(),
            ..Beside::default()
        };
        match self.result(function, asked, caller, beside).await {
            Ok(result) => reply::json(StatusCode::OK, result),
            Err(error) => {
                let failure = JsonAnswer::Failure(&error).to_json(beside);
                let mut answer = reply::json(status(&error), failure);
                if let Some(wait) = error.failure().retry_after {
                    let wait = HeaderValue::from(whole(wait));
                    answer.headers_mut().insert(header::RETRY_AFTER, wait);
                }
                answer
            }
        }
    }

    async fn result(
        &self,
        function: Function,
        asked: &Asked,
        caller: &str,
        beside: Beside<'_>,
    ) -> Result<String, Error> {
        let two_factor = &self.two_factor;
        let operator = || AsyncOperator::beside(two_factor, caller);
        let token = || Token::new(asked.text("token"));
        let (recipient, subject) = (asked.text("recipient"), asked.text("subject"));
        Ok(match function {
            Function::Start => {
                let (binding, sending) = (asked.binding(), asked.sending());
                let challenge = two_factor.start_with(&binding, &sending).await?;
                JsonAnswer::Challenged(&challenge).to_json(beside)
            }
            Function::Resend => {
                let (binding, sending) = (asked.binding(), asked.sending());
                let challenge = two_factor.resend_with(&token(), &binding, &sending).await?;
                JsonAnswer::Challenged(&challenge).to_json(beside)
            }
            Function::Verify => {
                let (token, binding) = (token(), asked.binding());
                let pin = Pin::new(asked.text("pin"));
                let accepted = match asked.option("client") {
                    Some(client) => two_factor.verify_from(&token, &binding, &pin, client).await,
                    None => two_factor.verify(&token, &binding, &pin).await,
                }?;
                JsonAnswer::Accepted(&accepted, &binding.subject).to_json(beside)
            }
            Function::Status => {
                let report = two_factor.status(&asked.text("handle").into()).await?;
                JsonAnswer::Reported(&report).to_json(beside)
            }
            Function::Explain => {
                let code = asked.code().unwrap_or(Code::Plugin);
                let (left, wait) = (asked.guesses_left(), asked.retry_after());
                let explanation = explain(code, left, wait, asked.text("locale"))?;
                JsonAnswer::Explanation(&explanation).to_json(beside)
            }
            Function::CheckReceipt => {
                let (keys, receipt) = (asked.receipt_keys(), asked.text("receipt").into());
                let now = (self.clock)();
                let claims = check_receipt(&keys, &receipt, now, &asked.expected())?;
                JsonAnswer::Claims(&claims).to_json(beside)
            }
            Function::Inspect => JsonAnswer::TokenInfo(&inspect(&token())?).to_json(beside),
            Function::Preview => {
                let (purpose, transaction) = (asked.option("purpose"), asked.transaction());
                let previews = self.checked.preview(purpose, transaction.as_ref())?;
                JsonAnswer::Previews(&previews).to_json(beside)
            }
            Function::TrailOf => {
                JsonAnswer::Trail(&operator().trail(recipient, subject)?).to_json(beside)
            }
            Function::IndexOf => {
                JsonAnswer::NumberIndex(&two_factor.number_index(recipient)?).to_json(beside)
            }
            Function::Limits => {
                let operator = operator();
                let limits = operator.limits(recipient, subject, asked.option("client"));
                JsonAnswer::Limits(&limits.await?).to_json(beside)
            }
            Function::Unlock => {
                JsonAnswer::Unlocked(&operator().unlock(recipient, subject).await?).to_json(beside)
            }
            Function::Credits => JsonAnswer::Credits(&operator().credits().await?).to_json(beside),
        })
    }

    fn reject(&self, rejection: &Rejection) -> Answer {
        let cause = rejection.cause();
        self.tally.rejected(cause);
        let caller = match rejection {
            Rejection::Caller(_) => Some(None),
            Rejection::Right(_, name) => Some(Some(name.as_str())),
            _ => None,
        };
        if let Some(caller) = caller {
            (self.log)(&event::rejected_caller(cause, caller));
        }
        rejection.answer()
    }
}

/// A worker's part of a service.
pub(crate) struct RestWorker(pub(crate) Arc<Rest>);

impl Service for RestWorker {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let Self(rest) = self;
        let (parts, body) = request.into_parts();
        let reads = parts.method == Method::GET;
        let answered = match parts.uri.path() {
            "/health" | "/ready" | "/metrics" | openapi::PATH if !reads => {
                Err(Rejection::Method("GET"))
            }
            "/health" => Ok(answer::plain(StatusCode::OK, "ok\n")),
            "/ready" => Ok(ready::answer(&*rest.guard).await),
            "/metrics" => Ok(answer::plain(StatusCode::OK, rest.tally.text())),
            openapi::PATH => Ok(reply::json(StatusCode::OK, openapi::document())),
            _ => rest.ask(&parts, body).await,
        };
        answered.unwrap_or_else(|rejection| rest.reject(&rejection))
    }
}

/// Waits for an answer. A caller who goes away does not end what was begun: a message may be on its way, and a guess is counted.
async fn finished(work: impl Future<Output = Answer> + Send + 'static) -> Answer {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|_| reply::json(StatusCode::INTERNAL_SERVER_ERROR, broken()))
}

/// Writes the failure of an operation that ended without a result, as the SDK does for an engine that breaks.
fn broken() -> String {
    JsonAnswer::Fault("upstream", Code::Plugin, "the service has a fault")
        .to_json(Beside::default())
}

/// The status of a failure, by who has to act.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::Misuse(_) => StatusCode::BAD_REQUEST,
        Error::Refuse(failure) if failure.retry_after.is_some() => StatusCode::TOO_MANY_REQUESTS,
        Error::Refuse(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Upstream(failure) if failure.code == Code::Provider => StatusCode::BAD_GATEWAY,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}
