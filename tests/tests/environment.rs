//! Settings from the variables of an environment.

use std::collections::BTreeMap;
use std::{env, fs};

use serde_json::{Value, json};
use xoxzo_2fa::{Error, Scope, Settings, check};
use xoxzo_2fa_tests::key;

/// The least that is needed.
fn least() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("XOXZO_API_SID", "sid".to_string()),
        ("XOXZO_API_AUTH_TOKEN", "token".to_string()),
        ("XOXZO_2FA_KEY", key(1)),
        ("XOXZO_2FA_GUARD_KEY", key(3)),
    ])
}

fn settings(variables: &BTreeMap<&'static str, String>) -> Result<Settings, Error> {
    Settings::from_variables(|name| variables.get(name).cloned())
}

fn effective(more: &[(&'static str, &str)]) -> (Value, Vec<String>) {
    let mut variables = least();
    variables.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_string())),
    );
    let checked = check(&settings(&variables).unwrap(), Scope::Process).unwrap();
    let effective = serde_json::from_str(checked.effective_settings()).unwrap();
    (effective, checked.warnings().to_vec())
}

#[test]
fn four_variables_are_enough_and_each_is_needed() {
    let (effective, warnings) = effective(&[]);
    assert_eq!(effective["pin"]["digits"], 6);
    assert_eq!(effective["destinations"], json!(["JP-mobile"]));
    assert!(!warnings.iter().any(|it| it.contains("guard.key")));
    for missing in least().into_keys() {
        for value in [None, Some(String::new())] {
            let mut variables = least();
            match value {
                None => variables.remove(missing),
                Some(empty) => variables.insert(missing, empty),
            };
            let error = settings(&variables).err().unwrap();
            let detail = &error.failure().detail;
            assert_eq!(*detail, format!("settings: {missing} is not set"));
        }
    }
}

/// Keys rotate in the environment too, and limits stay: the guard's key is another variable.
#[test]
fn keys_rotate_without_the_guards() {
    let both = format!("{}, {}", key(2), key(1));
    let (effective, _) = effective(&[("XOXZO_2FA_KEY", &both)]);
    assert_eq!(effective["keys"].as_array().unwrap().len(), 2);
}

#[test]
fn digits_texts_and_the_cap_of_a_client() {
    let folder = env::temp_dir().join(format!("xoxzo-2fa-environment-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_string()
    };
    let texts = r#"[{"locale": "en", "text": "This is {service}. Your PIN is {pin}"}]"#;
    let (effective, _) = effective(&[
        ("XOXZO_2FA_PIN_DIGITS", "4"),
        ("XOXZO_2FA_TEXTS", &file("texts.json", texts)),
        ("XOXZO_2FA_CLIENT_CAP", "20/3600"),
    ]);
    assert_eq!(effective["pin"]["digits"], 4);
    let text = &effective["message"]["texts"][0]["text"];
    assert_eq!(text, "This is {service}. Your PIN is {pin}");
    let cap = json!({"count": 20, "seconds": 3_600});
    assert_eq!(effective["sends"]["per_client"], cap);
    assert_eq!(effective["failures"]["per_client"], cap);
    for (name, value, why) in [
        (
            "XOXZO_2FA_PIN_DIGITS",
            "six".to_string(),
            "must be a number",
        ),
        ("XOXZO_2FA_CLIENT_CAP", "20".to_string(), "COUNT/SECONDS"),
        (
            "XOXZO_2FA_CLIENT_CAP",
            "20/hour".to_string(),
            "COUNT/SECONDS",
        ),
        (
            "XOXZO_2FA_TEXTS",
            file("none.json", "[\n{]"),
            "line 2 of the file",
        ),
        (
            "XOXZO_2FA_TEXTS",
            folder.join("missing").to_str().unwrap().to_string(),
            "cannot be read",
        ),
    ] {
        let mut variables = least();
        variables.insert(name, value);
        let error = settings(&variables).err().unwrap();
        let error = &error.failure().detail;
        assert!(error.starts_with(&format!("settings: {name}: ")), "{error}");
        assert!(error.contains(why), "{error}");
    }
    fs::remove_dir_all(folder).unwrap();
}
