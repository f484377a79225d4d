//! The inbox: JSON for tests, phones for people.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::Value;

use crate::server::Site;
use crate::sms::Message;

const PAGE: &str = include_str!("page/phone.html");
const STYLE: &str = include_str!("page/phone.css");
const SCRIPT: &str = include_str!("page/phone.js");

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Texts of the page.
struct Words {
    lang: &'static str,
    title: &'static str,
    nothing: &'static str,
    from: &'static str,
    note: &'static str,
}

const EN: Words = Words {
    lang: "en",
    title: "Sandbox phones",
    nothing: "No messages yet.",
    from: "From",
    note: "Nothing here was sent to a real phone.",
};

const JA: Words = Words {
    lang: "ja",
    title: "サンドボックスの電話",
    nothing: "まだメッセージはありません。",
    from: "送信元",
    note: "ここにあるものは実際の電話には送られていません。",
};

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/_sandbox/inbox", get(inbox))
        .route("/_sandbox/", get(phones))
        .route("/_sandbox/phone.css", get(|| async { ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) }))
        .route("/_sandbox/phone.js", get(|| async { ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT) }))
        .layer(middleware::from_fn(guarded))
}

/// Only pages of this machine: a name that merely resolves to it could be a stranger's.
async fn guarded(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |(name, _)| name);
    if !matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
        return (StatusCode::FORBIDDEN, "only from this machine").into_response();
    }
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CACHE_CONTROL, "no-store")];
    (headers, next.run(request).await).into_response()
}

async fn inbox(State(site): State<Arc<Site>>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let messages = site.phones.inbox(query.get("recipient").map(String::as_str));
    Json(messages.iter().map(Message::entry).collect())
}

async fn phones(State(site): State<Arc<Site>>, headers: HeaderMap) -> Html<String> {
    let language = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let words = if language.trim_start().starts_with("ja") { &JA } else { &EN };
    let mut by_recipient: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    for message in site.phones.inbox(None) {
        by_recipient.entry(message.recipient.clone()).or_default().push(message);
    }
    let mut phones: String = by_recipient.iter().map(|(recipient, messages)| phone(words, recipient, messages)).collect();
    if phones.is_empty() {
        phones = format!("<p class=\"nothing\">{}</p>", words.nothing);
    }
    let page = PAGE.replace("{lang}", words.lang).replace("{title}", words.title).replace("{note}", words.note);
    // Last, so that nothing in a message can be taken for a place to fill.
    Html(page.replace("{phones}", &phones))
}

fn phone(words: &Words, recipient: &str, messages: &[Message]) -> String {
    let bubbles: String = messages.iter().map(|message| bubble(words, message)).collect();
    format!("<section class=\"phone\"><h2>{}</h2><ol>{bubbles}</ol></section>", escape(recipient))
}

fn bubble(words: &Words, message: &Message) -> String {
    let (sender, body, sent_at) = (escape(&message.sender), escape(&message.body), escape(&message.sent_at));
    let time = message.sent_at.get(11..19).unwrap_or_default();
    format!(
        "<li><p class=\"meta\">{} <b>{sender}</b> <time datetime=\"{sent_at}\">{time} UTC</time></p><p class=\"body\">{body}</p></li>",
        words.from
    )
}

fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            plain => escaped.push(plain),
        }
        escaped
    })
}
