//! `/otp/`: codes that Xoxzo makes itself.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Json, Response};
use serde_json::{Value, json};

use super::dispatch;
use super::parameters::{Parameters, recipient};
use super::refusal::Refusal;
use crate::ids::random_code;
use crate::line::Knife;
use crate::message::Draft;
use crate::site::Site;

/// Credits for a message with a code.
const COST: usize = 3;

/// The only template there is.
const TEMPLATE: &str = "3";

/// The sender of a message with a code. Xoxzo's pages do not tell it.
const SENDER: &str = "Xoxzo";

pub(super) async fn register(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let mut parameters = Parameters::read(&headers, body)?;
    let website = parameters.required("website", website);
    if parameters.has("template_id") {
        parameters.required("template_id", template);
    }
    parameters.refuse_faults()?;
    if !site.otp.register(&website) {
        let text = "website info with this website already exists.";
        return Err(Refusal::fault("website", text));
    }
    let told = json!({"message": "Website registered successfully."});
    Ok((StatusCode::CREATED, Json(told)))
}

pub(super) async fn request(
    State(site): State<Arc<Site>>,
    ConnectInfo(knife): ConnectInfo<Knife>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let mut parameters = Parameters::read(&headers, body)?;
    let website = parameters.required("website", website);
    let number = parameters.required("phone_number", recipient);
    parameters.refuse_faults()?;
    if !site.otp.is_registered(&website) {
        return Err(Refusal::fault("website", "This website is not registered."));
    }
    if site.otp.is_active(&website, &number, site.now()) {
        let text = "This number has an active OTP of this website.";
        return Err(Refusal::fault("phone_number", text));
    }
    let code = random_code().map_err(|_| Refusal::broken())?;
    let draft = Draft {
        channel: "sms",
        body: format!("あなたの確認コードは{code}です。"),
        recipient: number.clone(),
        sender: SENDER.to_string(),
        tags: Vec::new(),
        callback_url: None,
        flat_cost: Some(COST),
        remarks: Vec::new(),
    };
    let answer = dispatch::take_one(&site, &knife, draft).await?;
    if answer.status() == StatusCode::CREATED {
        site.otp.begin(&website, &number, site.now());
    }
    Ok(answer)
}

/// Checks that it is the address of a website: a scheme and a host.
fn website(text: &str) -> Result<(), &'static str> {
    let url = text.parse::<Uri>().ok();
    let web = url.is_some_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some()
    });
    web.then_some(()).ok_or("Enter a valid URL.")
}

fn template(text: &str) -> Result<(), &'static str> {
    (text == TEMPLATE)
        .then_some(())
        .ok_or("This template does not exist.")
}
