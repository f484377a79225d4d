//! `/you/credits/`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use serde_json::{Value, json};

use crate::site::Site;

/// The account's credits.
pub(super) async fn credits(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(json!({"credits": site.credits() as f64}))
}
