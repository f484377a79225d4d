//! `/_sandbox/`: the inbox, the calls and the faults as JSON for tests, and a page with phones and calls for people.

mod desk;
mod language;
mod page;
mod words;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName,
    LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::site::Site;
use language::Language;
use page::Shown;
use words::Words;

const STYLE: &str = include_str!("page/phone.css");
const SCRIPT: &str = include_str!("page/phone.js");

/// Nothing but the page's own style and script, its own requests, and its search.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Sends to the page.
const MOVED: (StatusCode, [(HeaderName, &str); 1]) =
    (StatusCode::MOVED_PERMANENTLY, [(LOCATION, "/_sandbox/")]);

pub(crate) fn routes(site: &Arc<Site>) -> Router<Arc<Site>> {
    let style = ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE);
    let script = ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT);
    Router::new()
        .route("/_sandbox", get(|| async { MOVED }))
        .route("/_sandbox/", get(phones))
        .route(
            "/_sandbox/inbox",
            get(desk::inbox).delete(desk::clear_inbox),
        )
        .route("/_sandbox/next", get(desk::next))
        .route(
            "/_sandbox/calls",
            get(desk::calls).delete(desk::clear_calls),
        )
        .route(
            "/_sandbox/faults",
            get(desk::faults)
                .put(desk::order)
                .delete(desk::clear_faults),
        )
        .route("/_sandbox/phone.css", get(move || async move { style }))
        .route("/_sandbox/phone.js", get(move || async move { script }))
        .layer(middleware::from_fn_with_state(Arc::clone(site), guarded))
}

/// Answers only under a name of this machine: another name that resolves to it is a stranger's
/// page that reads along (DNS rebinding). On an address for other machines nobody can tell whose name it is.
async fn guarded(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let open = site.options.danger_listen_anywhere;
    if !open && !own_name(request.headers(), site.address) {
        return (StatusCode::FORBIDDEN, "only from this machine").into_response();
    }
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, next.run(request).await).into_response()
}

fn own_name(headers: &HeaderMap, address: SocketAddr) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let host = host.to_str().unwrap_or_default().to_ascii_lowercase();
    let port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, text)) if port(text) => name,
        _ => host.as_str(),
    };
    matches!(name, "127.0.0.1" | "localhost" | "[::1]") || name == address.ip().to_string()
}

async fn phones(
    State(site): State<Arc<Site>>,
    Query(mut query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Html<String> {
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|accepted| accepted.to_str().ok());
    let language = Language::of(accepted.unwrap_or_default());
    let messages = site.phones.inbox(None).into_iter().map(|message| {
        let state = site.state(&message);
        (message, state)
    });
    let shown = Shown {
        messages: messages.collect(),
        calls: site.calls.all(),
        orders: site.orders.all(),
        query: query.remove("q").unwrap_or_default(),
    };
    Html(page::render(Words::of(language), &shown))
}
