//! The API of Xoxzo, as far as it is imitated. What its pages do not tell is as in Django REST
//! framework, which it is built with: error bodies, and the order in which faults are found.

mod calls;
mod credits;
mod dins;
mod dispatch;
mod lookup;
mod messages;
mod otp;
mod parameters;
mod refusal;
mod senders;
mod templates;

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::header::{LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::line::Knife;
use crate::site::Site;
use refusal::Refusal;

/// The longest request body, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

pub(crate) fn routes(site: &Arc<Site>) -> Router<Arc<Site>> {
    let resources = [
        ("/sms/messages/", get(messages::list).post(messages::send)),
        ("/sms/messages/{id}/", get(messages::status)),
        ("/sms/templates/", get(templates::list)),
        ("/sms/templates/{id}/", get(templates::one)),
        ("/sms/templates/{id}/messages/", post(templates::send)),
        ("/otp/register-website/", post(otp::register)),
        ("/otp/request/", post(otp::request)),
        ("/utilities/carrierlookup/", post(lookup::lookup)),
        ("/voice/dins/", get(dins::list)),
        (
            "/voice/dins/subscriptions/",
            get(dins::subscriptions).post(dins::subscribe),
        ),
        (
            "/voice/dins/subscriptions/{id}/",
            post(dins::set_action).delete(dins::unsubscribe),
        ),
        ("/voice/simple/playbacks/", post(calls::call)),
        ("/voice/calls/{id}/", get(calls::status)),
        ("/you/credits/", get(credits::credits)),
    ];
    let mut slashed_routes = Router::new();
    let mut slashless_routes = Router::new();
    for (path, methods) in resources {
        let slashless = path.trim_end_matches('/');
        slashed_routes = slashed_routes.route(path, methods.fallback(wrong_method));
        slashless_routes = slashless_routes.route(slashless, get(slashed).fallback(lost));
    }
    let slashed_routes = slashed_routes
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(site), admitted));
    slashed_routes.merge(slashless_routes)
}

/// The answer to a path that is none: a page, as the router of Django gives it.
pub(crate) async fn lost() -> Response {
    Refusal::missing().into_response()
}

/// Sends a path without its last slash to the one with it, as Django does before it asks for
/// credentials.
async fn slashed(uri: Uri) -> Response {
    let query = uri
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    let location = HeaderValue::from_str(&format!("{}/{query}", uri.path()));
    let location = location.expect("a URI holds no control characters");
    (StatusCode::MOVED_PERMANENTLY, [(LOCATION, location)]).into_response()
}

/// Lets in who has the credentials, as often as the account may, unless a fault is ordered for the path.
async fn admitted(
    State(site): State<Arc<Site>>,
    ConnectInfo(knife): ConnectInfo<Knife>,
    request: Request,
    next: Next,
) -> Response {
    match site.account.admit(request.headers()) {
        Ok(()) if !site.admits() => {
            let text = "Request was throttled. Expected available in 1 second.";
            let refusal = Refusal::detail(StatusCode::TOO_MANY_REQUESTS, text);
            ([(RETRY_AFTER, "1")], refusal).into_response()
        }
        Ok(()) => match site.orders.for_path(request.uri().path()) {
            Some(fault) => dispatch::refuse(&knife, fault).await,
            None => next.run(request).await,
        },
        Err(why) => {
            let challenge = [(WWW_AUTHENTICATE, "Basic realm=\"api\"")];
            (challenge, Refusal::detail(StatusCode::UNAUTHORIZED, why)).into_response()
        }
    }
}

async fn wrong_method(method: Method) -> Refusal {
    Refusal::detail(
        StatusCode::METHOD_NOT_ALLOWED,
        &format!("Method \"{method}\" not allowed."),
    )
}
