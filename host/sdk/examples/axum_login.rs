//! A login with axum: a password, a code by SMS, a page.
//!
//! ```text
//! xoxzo-2fa sandbox                                        # says which variables to set
//! cargo run -p xoxzo-2fa --features tokio --example axum_login
//! ```
//!
//! The one user is `ann`, whose password and number come from `ANN_PASSWORD` and `ANN_PHONE`. Users and sessions live in memory here;
//! the rest is as it would be in a service: the number and the id come from the server's record, the token stays in the session, the
//! session's id changes with each step, and only an acceptance lets in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{env, error, io};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use axum::extract::{Form, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use rand::TryRng;
use serde::Deserialize;
use tokio::net::TcpListener;
use xoxzo_2fa::{AsyncMemoryGuard, AsyncTwoFactor, Binding, Error, Offer, Pin, Settings, Token};

type Fault = Box<dyn error::Error>;

/// The language of the pages.
const LANGUAGE: &str = "en";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let two_factor =
        AsyncTwoFactor::new(Settings::from_environment()?, AsyncMemoryGuard::default()).await?;
    let ann = User {
        id: "user-1",
        phone: env::var("ANN_PHONE").map_err(|_| "ANN_PHONE is not set")?,
        password: hash(&env::var("ANN_PASSWORD").map_err(|_| "ANN_PASSWORD is not set")?)?,
    };
    let shop = Arc::new(Shop {
        two_factor,
        nobody: hash("nobody's password")?,
        users: HashMap::from([("ann".to_string(), Arc::new(ann))]),
        sessions: Mutex::default(),
    });
    let app = Router::new()
        .route("/", get(page))
        .route("/password", post(password))
        .route("/code", post(code))
        .route("/again", post(again))
        .layer(middleware::from_fn(own_forms))
        .with_state(shop);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(serve(listener, app).await?)
}

struct Shop {
    two_factor: AsyncTwoFactor,
    /// Checked where there is no such user, so that the answer takes as long.
    nobody: String,
    users: HashMap<String, Arc<User>>,
    sessions: Mutex<HashMap<String, Session>>,
}

struct User {
    id: &'static str,
    phone: String,
    password: String,
}

#[derive(Clone)]
enum Session {
    /// The password was right.
    Pending {
        user: Arc<User>,
        token: Token,
        masked: String,
        notice: String,
    },
    /// So was the code.
    SignedIn { user: Arc<User> },
}

#[derive(Deserialize)]
struct Password {
    name: String,
    password: String,
}

#[derive(Deserialize)]
struct Typed {
    pin: String,
}

fn login(user: &User) -> Binding {
    Binding::new(&user.phone, user.id, "login")
}

async fn page(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Html<String> {
    let body = match shop.session(&headers) {
        None => PASSWORD.to_string(),
        Some(Session::Pending { masked, notice, .. }) => {
            format!("<p>We sent a code to {masked}. <b>{notice}</b></p>{CODE}{AGAIN}")
        }
        Some(Session::SignedIn { user }) => format!("<p>Welcome, {}.</p>", user.id),
    };
    Html(format!("<!doctype html><title>Login</title>{body}"))
}

const PASSWORD: &str = "<form method=post action=/password><input name=name autocomplete=username>\
    <input name=password type=password autocomplete=current-password><button>Log in</button></form>";

const CODE: &str = "<form method=post action=/code><input name=pin inputmode=numeric autocomplete=one-time-code>\
    <button>Confirm</button></form>";

const AGAIN: &str = "<form method=post action=/again><button>Send it again</button></form>";

async fn password(
    State(shop): State<Arc<Shop>>,
    Form(form): Form<Password>,
) -> Result<Response, Failed> {
    let user = shop.users.get(&form.name);
    let expected = user.map_or(&shop.nobody, |user| &user.password);
    let right = PasswordHash::new(expected).is_ok_and(|expected| {
        Argon2::default()
            .verify_password(form.password.as_bytes(), &expected)
            .is_ok()
    });
    let Some(user) = user.filter(|_| right) else {
        return Ok((StatusCode::UNAUTHORIZED, "wrong name or password").into_response());
    };
    let challenge = shop.two_factor.start(&login(user)).await?;
    shop.begin(Session::Pending {
        user: Arc::clone(user),
        token: challenge.token,
        masked: challenge.masked,
        notice: String::new(),
    })
}

async fn code(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Form(form): Form<Typed>,
) -> Result<Response, Failed> {
    let Some(Session::Pending { user, token, .. }) = shop.session(&headers) else {
        return Ok(Redirect::to("/").into_response());
    };
    let typed = Pin::new(form.pin.split_whitespace().collect::<String>());
    match shop.two_factor.verify(&token, &login(&user), &typed).await {
        Ok(_acceptance) => {
            shop.end(&headers);
            shop.begin(Session::SignedIn { user })
        }
        Err(error) => {
            let told = error.explain(LANGUAGE)?;
            if told.offers.contains(&Offer::StartAgain) {
                shop.end(&headers);
                return Ok((StatusCode::FORBIDDEN, told.text).into_response());
            }
            shop.notice(&headers, told.text);
            Ok(Redirect::to("/").into_response())
        }
    }
}

async fn again(State(shop): State<Arc<Shop>>, headers: HeaderMap) -> Result<Response, Failed> {
    if let Some(Session::Pending { user, token, .. }) = shop.session(&headers) {
        match shop.two_factor.resend(&token, &login(&user)).await {
            Ok(_challenge) => shop.notice(&headers, "Sent again.".to_string()),
            Err(error) => shop.notice(&headers, error.explain(LANGUAGE)?.text),
        }
    }
    Ok(Redirect::to("/").into_response())
}

impl Shop {
    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        self.sessions().get(cookie(headers)?).cloned()
    }

    /// A session under a new id: one that was known before is worth nothing afterwards.
    fn begin(&self, session: Session) -> Result<Response, Failed> {
        let id = random()?;
        let cookie = format!("session={id}; HttpOnly; SameSite=Lax; Secure; Path=/");
        self.sessions().insert(id, session);
        Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
    }

    fn end(&self, headers: &HeaderMap) {
        if let Some(id) = cookie(headers) {
            self.sessions().remove(id);
        }
    }

    fn notice(&self, headers: &HeaderMap, text: String) {
        let mut sessions = self.sessions();
        if let Some(Session::Pending { notice, .. }) =
            cookie(headers).and_then(|id| sessions.get_mut(id))
        {
            *notice = text;
        }
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let mut cookies = cookies.split("; ");
    cookies.find_map(|cookie| cookie.strip_prefix("session="))
}

fn random() -> Result<String, Failed> {
    let mut bytes = [0; 16];
    rand::rngs::SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| Failed(None))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn hash(password: &str) -> Result<String, Fault> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| io::Error::other(error.to_string()).into())
}

/// Only this site's own pages may post.
async fn own_forms(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site != HeaderValue::from_static("same-origin"))
        && request.method() == "POST"
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

/// No code is on its way: a page that says why, and never a way in. What it was went to the log as an event.
struct Failed(Option<Error>);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(Some(error))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            Some(Error::Refuse(_)) => StatusCode::FORBIDDEN,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        let told = self.0.and_then(|error| error.explain(LANGUAGE).ok());
        let text = told.map(|told| told.text).unwrap_or_default();
        (status, text).into_response()
    }
}
