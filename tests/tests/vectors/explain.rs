//! What end users read: each code in each language, with the tries and waits where grammar differs.

use xoxzo_2fa_core::{Code, Locale, explain};

use super::*;

#[test]
fn explanations() {
    let mut made = Vec::new();
    for locale in Locale::ALL {
        for (code, left, wait) in failures() {
            let told = explain(code, left, wait, locale);
            let offers: Vec<_> = told.offers.iter().map(|offer| offer.name()).collect();
            let flag = match (left, wait) {
                (Some(_), _) => "Tries",
                (None, Some(_)) => "Wait",
                (None, None) => "Plain",
            };
            made.push(json!({
                "comment": format!("{} in {}", code.name(), locale.code()), "flags": [flag], "code": code.name(), "guesses_left": left,
                "retry_after": wait, "locale": locale.code(), "result": "valid", "text": told.text, "offers": offers,
            }));
        }
    }
    for locale in ["fr", "EN", "en-US", "zh", "ja ", ""] {
        made.push(json!({
            "comment": "not a language of messages", "flags": ["Language"], "code": "wrong-pin", "guesses_left": 2, "retry_after": null,
            "locale": locale, "result": "invalid", "failure": "request",
        }));
    }
    let notes = notes(&[
        (
            "Language",
            "FORMAT",
            "A language without texts, or another spelling of one with them.",
        ),
        ("Plain", "WORDING", "Neither tries nor a wait are said."),
        (
            "Tries",
            "WORDING",
            "The tries that are left, and what is offered when there are none.",
        ),
        (
            "Wait",
            "WORDING",
            "The time to wait, rounded up, in the unit that fits.",
        ),
    ]);
    for vector in vectors("explain.json", notes, made) {
        let name = vector["code"].as_str().unwrap();
        let known = xoxzo_2fa::Code::ALL.iter();
        let code = known.copied().find(|code| code.as_str() == name).unwrap();
        let number = |name: &str| {
            vector[name]
                .as_u64()
                .map(|number| u32::try_from(number).unwrap())
        };
        let wait = number("retry_after").map(|wait| Duration::from_secs(wait.into()));
        let locale = vector["locale"].as_str().unwrap();
        match xoxzo_2fa::explain(code, number("guesses_left"), wait, locale) {
            Ok(told) => {
                let offers: Vec<_> = told.offers.iter().map(|offer| offer.as_str()).collect();
                assert_eq!(
                    (json!(told.text), json!(offers)),
                    (vector["text"].clone(), vector["offers"].clone())
                );
            }
            Err(error) => assert_eq!(json!(error.code().as_str()), vector["failure"]),
        }
    }
}

/// Every code, with every case that a text or an offer depends on.
fn failures() -> Vec<(Code, Option<u32>, Option<u32>)> {
    let mut failures = Vec::new();
    for code in Code::ALL {
        failures.push((code, None, None));
        match code {
            Code::WrongPin => failures.extend([0, 1, 2, 11].map(|left| (code, Some(left), None))),
            Code::Locked => {
                let waits = [
                    0,
                    1,
                    2,
                    60,
                    90,
                    91,
                    120,
                    3_600,
                    5_400,
                    5_401,
                    86_400,
                    u32::MAX,
                ];
                failures.extend(waits.map(|wait| (code, None, Some(wait))));
            }
            Code::Cooldown | Code::TooManySends | Code::Provider | Code::Clock => {
                failures.push((code, None, Some(30)));
            }
            Code::Exhausted
            | Code::Expired
            | Code::Guard
            | Code::InvalidToken
            | Code::Malformed
            | Code::NotAllowed
            | Code::NothingLocked
            | Code::Randomness
            | Code::Request
            | Code::Settings
            | Code::Used => {}
        }
    }
    failures
}
