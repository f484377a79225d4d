//! The schemas in `wit/` are those that the tables make. With `BLESS=1` they are written anew.

#![cfg(feature = "schema")]

use std::{env, fs};

#[test]
fn the_schema_is_up_to_date() {
    is_up_to_date("settings.schema.json", &xoxzo_2fa_json::schema());
}

#[cfg(feature = "gate")]
#[test]
fn the_schema_of_the_gate_is_up_to_date() {
    is_up_to_date("gate.schema.json", &xoxzo_2fa_json::gate_schema());
}

fn is_up_to_date(name: &str, made: &str) {
    let path = format!("{}/../../wit/{name}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("BLESS").is_some() {
        fs::write(&path, made).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        made,
        "run with BLESS=1 to write it"
    );
}
