//! `/utilities/carrierlookup/`: the carrier of a number.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Json;
use serde_json::{Value, json};

use super::parameters::{Parameters, recipient};
use super::refusal::Refusal;
use crate::ids::random_id;
use crate::site::Site;

/// Credits for a lookup, whether or not it finds a carrier.
const COST: usize = 5;

/// Beginnings of mobile numbers, with the MNC of a carrier of that country and its name. Real numbers are ported, so none of this tells
/// anything about a real number.
const CARRIERS: [(&str, &str, &str, &str, &str); 4] = [
    ("+8190", "440", "10", "NTT DOCOMO", "JP"),
    ("+8180", "440", "51", "KDDI", "JP"),
    ("+8170", "440", "20", "SoftBank", "JP"),
    ("+6012", "502", "12", "Maxis", "MY"),
];

pub(super) async fn lookup(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let mut parameters = Parameters::read(&headers, body)?;
    let recipient = parameters.required("recipient", recipient);
    parameters.refuse_faults()?;
    if !site.pay(COST) {
        return Err(Refusal::no_credits(COST));
    }
    let id = random_id().map_err(|_| Refusal::broken())?;
    let known = CARRIERS
        .iter()
        .find(|(beginning, ..)| recipient.starts_with(beginning));
    let found = json!({
        "id": id, "recipient": recipient, "cost": COST,
        "mcc": known.map(|own| own.1), "mnc": known.map(|own| own.2),
        "mccmnc": known.map(|own| format!("{}{}", own.1, own.2)),
        "carrier": known.map(|own| own.3), "country": known.map(|own| own.4),
    });
    Ok((StatusCode::CREATED, Json(json!([found]))))
}
