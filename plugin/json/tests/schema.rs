//! `wit/settings.schema.json` is the one that the table makes. With `BLESS=1` it is written anew.

#![cfg(feature = "schema")]

use std::{env, fs};

#[test]
fn the_schema_is_up_to_date() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../wit/settings.schema.json"
    );
    let made = xoxzo_2fa_json::schema();
    if env::var_os("BLESS").is_some() {
        fs::write(path, &made).unwrap();
    }
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        made,
        "run with BLESS=1 to write it"
    );
}
