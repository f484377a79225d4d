//! The gate's configuration: what it refuses, and that it says where without saying what.

use serde_json::{Value, json};
use xoxzo_2fa_core::Code;
use xoxzo_2fa_tests::gate::configuration;
use xoxzo_2fa_tests::key;

fn read(configuration: &Value) -> Result<(), String> {
    let environment = |name: &str| (name == "KEY").then(|| key(1));
    match xoxzo_2fa_json::gate(
        &configuration.to_string(),
        &environment,
        xoxzo_2fa_json::Home::Process(&[7; 16]),
    ) {
        Ok(_) => Ok(()),
        Err(failure) => {
            assert_eq!(failure.code, Code::Settings);
            Err(failure.detail.into_owned())
        }
    }
}

#[test]
fn secrets_come_from_the_environment() {
    let with = |keys: Value| read(&configuration(&json!({}), &json!({"keys": keys})));
    assert_eq!(with(json!([{"env": "KEY"}])), Ok(()));
    for (reference, kind) in [
        (
            json!({"env": "OTHER"}),
            "the environment variable is not set",
        ),
        (
            json!({"file": "/etc/key"}),
            "must be a string or {\"env\": NAME}",
        ),
        (json!({"env": 1}), "must be a string or {\"env\": NAME}"),
        (json!({}), "must be a string or {\"env\": NAME}"),
    ] {
        let said = with(json!([key(1), reference])).unwrap_err();
        assert!(
            said.contains("two_factor.keys.1") && said.contains(kind),
            "{said}"
        );
    }
    // Only where secrets stand.
    let audience = json!({"audience": {"env": "KEY"}});
    assert!(read(&configuration(&json!({}), &audience)).is_err());
}

#[test]
fn a_preset_is_one_here_too() {
    let strict = json!({"preset": "strict"});
    assert_eq!(read(&configuration(&json!({}), &strict)), Ok(()));
    assert!(read(&configuration(&json!({}), &json!({"preset": "lax"}))).is_err());
}

/// The longest name that the engine takes for a purpose.
#[test]
fn a_purpose_may_have_a_long_name() {
    let name = "p".repeat(128);
    let purposes = json!({"purposes": [{"name": name, "after_first_factor": true}]});
    assert_eq!(
        read(&configuration(&json!({"purpose": name}), &purposes)),
        Ok(())
    );
}

/// Control planes name the claims by their issuer, and providers name claims of their own by URLs.
#[test]
fn issuers_and_claims_may_be_long_urls() {
    let with = |identity: Value| read(&configuration(&json!({"identity": identity}), &json!({})));
    let url = |length: usize| format!("{:a<length$}", "https://securetoken.google.com/");
    for (name, longest) in [
        ("key", 256),
        ("filter", 256),
        ("subject", 128),
        ("phone", 128),
        ("session", 128),
        ("credential_version", 128),
    ] {
        assert_eq!(with(json!({name: url(longest)})), Ok(()), "{name}");
        let said = with(json!({name: url(longest + 1)})).unwrap_err();
        let place = format!("gate.identity.{name}");
        assert!(
            said.contains(&place) && said.contains(&format!("1 to {longest} ")),
            "{said}"
        );
    }
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    let canary = "canary-value";
    for (gate, path) in [
        (json!({"origin": "https://app.example/"}), "gate.origin"),
        (json!({"origin": canary}), "gate.origin"),
        (json!({"purpose": canary}), "gate.purpose"),
        (json!({"purpose": "sign-up"}), "gate.purpose"),
        (
            json!({"identity": {"source": "headers"}}),
            "gate.identity.source",
        ),
        (
            json!({"identity": {"source": "danger_headers", "subject": "X-User"}}),
            "gate.identity",
        ),
        (
            json!({"identity": {"source": "danger_headers", "subject": "x_user"}}),
            "gate.identity",
        ),
        (json!({"identity": {"subject": ""}}), "gate.identity"),
        (
            json!({"exempt": {"paths": ["static"]}}),
            "gate.exempt.paths",
        ),
        (
            json!({"exempt": {"paths": ["/a/../b"]}}),
            "gate.exempt.paths",
        ),
        (json!({"exempt": {"paths": ["/a?b"]}}), "gate.exempt.paths"),
        (
            json!({"exempt": {"paths": ["/.2fa/"]}}),
            "gate.exempt.paths",
        ),
        (json!({"exempt": {"under": ["/"]}}), "gate.exempt.under"),
        (
            json!({"exempt": {"under": ["/static/"]}}),
            "gate.exempt.under",
        ),
        (json!({"exempt": {"under": ["/*"]}}), "gate.exempt.under"),
        (
            json!({"step_up": {"paths": ["/transfer*"]}}),
            "gate.step_up.paths",
        ),
        (
            json!({"step_up": {"max_age_seconds": 59}}),
            "gate.step_up.max_age_seconds",
        ),
        (
            json!({"pass": {"idle_seconds": 59}}),
            "gate.pass.idle_seconds",
        ),
        (
            json!({"pass": {"life_seconds": 2_592_001}}),
            "gate.pass.life_seconds",
        ),
        (
            json!({"pass": {"idle_seconds": 600, "life_seconds": 599}}),
            "gate.pass.idle_seconds",
        ),
        (
            json!({"recovery_url": "javascript:alert(1)"}),
            "gate.recovery_url",
        ),
        (json!({"sign_in_url": "//evil.example"}), "gate.sign_in_url"),
        (json!({"brand": {"color": "red"}}), "gate.brand.color"),
        (
            json!({"brand": {"logo": "https://a.example/logo.png"}}),
            "gate.brand.logo",
        ),
        (json!({"brand": {"name": ""}}), "gate.brand.name"),
        (json!({"cors_preflight": "allow"}), "gate.cors_preflight"),
        (json!({"exmpt": {}}), "gate"),
    ] {
        let said = read(&configuration(&gate, &json!({}))).unwrap_err();
        assert!(
            said.starts_with(&format!("settings, {path}")),
            "{path}: {said}"
        );
        assert!(!said.contains(canary), "{said}");
    }
    let mut whole = configuration(&json!({}), &json!({}));
    whole["envoy"] = json!({"cluster": ""});
    assert!(
        read(&whole)
            .unwrap_err()
            .starts_with("settings, envoy.cluster")
    );
    whole["envoy"] = json!({"clutser": "xoxzo"});
    assert!(read(&whole).is_err());
    for absent in ["two_factor", "gate"] {
        let mut whole = configuration(&json!({}), &json!({}));
        whole.as_object_mut().unwrap().remove(absent);
        assert!(
            read(&whole)
                .unwrap_err()
                .starts_with(&format!("settings, {absent}"))
        );
    }
}
