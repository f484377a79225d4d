//! `/voice/dins/`: numbers that can be called (DIN), and subscriptions to them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Json;
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::refusal::Refusal;
use crate::site::Site;

/// The numbers that nobody has subscribed to, filtered by `country` or `prefix`.
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let query = query.unwrap_or_default();
    let (mut country, mut prefix) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "country" => country = Some(value.into_owned()),
            "prefix" => prefix = Some(value.into_owned()),
            other => return Err(Refusal::fault(other, "Unknown filter.")),
        }
    }
    let dins = site.dins.free(country.as_deref(), prefix.as_deref());
    Ok(Json(dins.into_iter().collect()))
}

/// The numbers that the account has subscribed to.
pub(super) async fn subscriptions(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(site.dins.subscribed().into_iter().collect())
}

pub(super) async fn subscribe(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let mut parameters = Parameters::read(&headers, body)?;
    let uid = parameters.required("din_uid", |_| Ok(()));
    parameters.refuse_faults()?;
    let cost = site.dins.cost(&uid);
    let cost = cost.ok_or_else(|| Refusal::fault("din_uid", "This DIN is not available."))?;
    if !site.pay(cost) {
        return Err(Refusal::no_credits(cost));
    }
    site.dins.subscribe(&uid);
    Ok((StatusCode::CREATED, Json(json!({"din_uid": uid}))))
}

/// Sets the URL that a call to a subscribed number is answered from. Nothing ever calls it.
pub(super) async fn set_action(
    State(site): State<Arc<Site>>,
    uid: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Refusal> {
    let Path(uid) = uid.map_err(|_| Refusal::missing())?;
    let mut parameters = Parameters::read(&headers, body)?;
    let url = parameters.required("action_url", |_| Ok(()));
    parameters.refuse_faults()?;
    if !site.dins.set_action(&uid, url.clone()) {
        return Err(Refusal::missing());
    }
    Ok(Json(json!({"din_uid": uid, "action_url": url})))
}

pub(super) async fn unsubscribe(
    State(site): State<Arc<Site>>,
    uid: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Refusal> {
    let Path(uid) = uid.map_err(|_| Refusal::missing())?;
    if !site.dins.unsubscribe(&uid) {
        return Err(Refusal::missing());
    }
    Ok(Json(json!({"din_uid": uid})))
}
