//! Callbacks: the state of a message, told to a program on this machine as it changes.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use ureq::Agent;

use crate::fault::Fault;
use crate::message::Message;
use crate::site::Site;

/// Tries of a callback that is not answered with 200, as with link tracking (help.xoxzo.com).
const TRIES: u32 = 10;

/// Time from one try to the next where messages move on without any.
const SOON: Duration = Duration::from_millis(50);

/// Tells the states of a message that are to come, each at its time.
pub(crate) fn announce(site: &Arc<Site>, message: &Message) {
    let Some(url) = message.callback_url.clone().filter(|url| on_loopback(url)) else {
        return;
    };
    let (site, message) = (Arc::clone(site), message.clone());
    tokio::spawn(async move {
        let fault = message.fault;
        let [_, second, last] = message.states();
        let mut states = vec![second, last];
        states.dedup();
        if fault == Some(Fault::UnorderedCallbacks) {
            states.reverse();
        }
        let times = if fault == Some(Fault::DuplicateCallbacks) {
            2
        } else {
            1
        };
        for state in states {
            sleep(site.options.pace).await;
            let body = message.status(&site.url, state);
            for _ in 0..times {
                deliver(&site, &url, &body).await;
            }
        }
    });
}

async fn deliver(site: &Site, url: &str, body: &Value) {
    let (kind, body) = if site.options.json_callbacks {
        ("application/json", body.to_string())
    } else {
        ("application/x-www-form-urlencoded", form(body))
    };
    for _ in 0..TRIES {
        let (url, body) = (url.to_string(), body.clone());
        let told = spawn_blocking(move || post(&url, kind, &body)).await;
        if told.unwrap_or(false) {
            return;
        }
        sleep(site.options.pace.max(SOON)).await;
    }
}

/// Sends it once, and tells whether it was answered with 200.
fn post(url: &str, kind: &str, body: &str) -> bool {
    let agent: Agent = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(5)))
        .build()
        .into();
    let sent = agent.post(url).header("content-type", kind).send(body);
    sent.is_ok_and(|response| response.status() == 200)
}

fn form(body: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in body.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}

/// Nothing ever leaves this machine.
fn on_loopback(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else {
        return false;
    };
    url.scheme_str() == Some("http")
        && matches!(url.host(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_told() {
        for own in [
            "http://127.0.0.1:1/x",
            "http://localhost:2",
            "http://[::1]:3/",
        ] {
            assert!(on_loopback(own), "{own}");
        }
        for other in [
            "",
            "/x",
            "https://127.0.0.1/",
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost@example.com/",
        ] {
            assert!(!on_loopback(other), "{other}");
        }
    }
}
