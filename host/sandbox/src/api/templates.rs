//! `/sms/templates/`: the list, and SMS made from one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Json, Response};
use serde_json::Value;

use super::dispatch;
use super::messages::{envelope, replaced};
use super::parameters::{Parameters, message};
use super::refusal::Refusal;
use crate::line::Knife;
use crate::site::Site;
use crate::template::Template;

pub(super) async fn list(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(site.options.templates.iter().map(Template::entry).collect())
}

pub(super) async fn one(
    State(site): State<Arc<Site>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(find(&site, id)?.entry()))
}

fn find(site: &Site, id: Result<Path<String>, PathRejection>) -> Result<&Template, Refusal> {
    let id = id.ok().and_then(|Path(id)| id.parse::<u32>().ok());
    let template = site.options.templates.iter().find(|own| Some(own.id) == id);
    template.ok_or_else(Refusal::missing)
}

pub(super) async fn send(
    State(site): State<Arc<Site>>,
    ConnectInfo(knife): ConnectInfo<Knife>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let template = find(&site, id)?;
    let mut parameters = Parameters::read(&headers, body)?;
    let variables = parameters.object("variables");
    let mut draft = envelope(&site, &mut parameters, String::new());
    parameters.refuse_faults()?;
    if !template.approved {
        let text = "This template is not approved.";
        return Err(Refusal::detail(StatusCode::BAD_REQUEST, text));
    }
    let text = template.render(&variables);
    draft.body = text.map_err(|fault| Refusal::fault("variables", &fault))?;
    message(&draft.body).map_err(|fault| Refusal::fault("variables", fault))?;
    dispatch::take(&site, &knife, replaced(&site, draft)).await
}
