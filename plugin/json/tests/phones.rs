//! `tests/vectors/phone.json`: one number has one spelling, and a country admits its own numbers. `plugin/core/plans/generate.py` writes it.

use std::convert::Infallible;
use std::fs;

use serde_json::{Value, json};
use xoxzo_2fa_core::{
    Claimed, Code, Dispatch, Prepared, Recipient, RootKey, Sending, Trusted, Turn,
};
use xoxzo_2fa_json::prepare;

const NOW: u32 = 1_800_000_000;

struct Sevens;

impl rand::TryRng for Sevens {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.fill(7);
        Ok(())
    }
}

impl rand::TryCryptoRng for Sevens {}

fn prepared(destinations: &Value) -> Prepared {
    let key = |byte| RootKey::from_random([byte; 32]).to_text();
    let document = json!({
        "version": 1, "audience": "shop", "service": "Example Shop", "keys": [key(1)], "guard": {"key": key(2), "scope": "shared"},
        "xoxzo": {"sid": "sid", "auth_token": "token", "sender": "Example"}, "destinations": destinations,
    });
    prepare(&document.to_string(), &mut Sevens)
        .unwrap()
        .prepared
}

/// Whether a message may go to a number; refusals of any other kind are failures of the test.
fn admits(settings: &Prepared, recipient: &str) -> bool {
    let claimed = Claimed {
        recipient,
        subject: "user-1",
        purpose: "login",
        session: None,
        transaction: None,
    };
    match Dispatch::start(settings, NOW, claimed, Sending::default(), &mut Sevens) {
        Ok(Turn::Count(..)) => true,
        Err(failure) if failure.code == Code::NotAllowed => false,
        Ok(_) => panic!("{recipient} is sent to before anything is counted"),
        Err(failure) => panic!("{recipient}: {failure}"),
    }
}

/// The numbers of a field: a text, or texts by type.
fn numbers<'a>(vector: &'a Value, field: &str) -> Vec<&'a str> {
    let texts: Vec<&Value> = match &vector[field] {
        Value::Object(by_type) => by_type.values().collect(),
        text => vec![text],
    };
    texts
        .iter()
        .flat_map(|text| text.as_str().unwrap_or_default().split_whitespace())
        .collect()
}

fn vectors() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/phone.json"
    );
    let whole: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let tests = whole["tests"].as_array().unwrap().clone();
    assert_eq!(whole["numberOfTests"], tests.len());
    tests
}

#[test]
fn every_number_has_one_spelling() {
    let (mut accepted, mut refused, mut told, mut wrong) = (0, 0, 0, Vec::new());
    let trusted = Trusted::default();
    for vector in vectors() {
        for number in numbers(&vector, "refused") {
            if Recipient::parse(number, &trusted).is_ok() {
                wrong.push(number.to_string());
            }
        }
        for number in ["admitted", "shut", "free"]
            .iter()
            .flat_map(|field| numbers(&vector, field))
        {
            let Ok(recipient) = Recipient::parse(number, &trusted) else {
                wrong.push(number.to_string());
                continue;
            };
            accepted += 1;
            let code = vector["callingCode"].as_str().unwrap();
            let national = number[1..].strip_prefix(code).unwrap();
            for trunk in vector["trunk"].as_array().into_iter().flatten() {
                let spelling = format!("+{code}{}{national}", trunk.as_str().unwrap());
                let failure = match Recipient::parse(&spelling, &trusted) {
                    Ok(_) => {
                        wrong.push(spelling);
                        continue;
                    }
                    Err(invalid) => invalid.argument("recipient"),
                };
                refused += 1;
                // The canonical form is told masked, and never another one.
                let form = failure.detail.split_once("form is ");
                told += usize::from(form.is_some());
                if form.is_some_and(|(_, form)| form != recipient.masked())
                    || failure.detail.contains(&number[1..])
                {
                    wrong.push(spelling);
                }
            }
        }
    }
    println!(
        "phones: {accepted} examples accepted, {refused} trunk spellings refused, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(
        accepted > 3_000 && refused > 2_500 && told > 2_000,
        "{told}"
    );
}

#[test]
fn a_country_admits_its_own_numbers() {
    let (mut all, mut wrong) = (0, Vec::new());
    let vectors = vectors();
    for vector in &vectors {
        let Some(country) = vector["country"].as_str() else {
            continue;
        };
        let settings = prepared(&json!([country]));
        let (own, also) = (numbers(vector, "admitted"), numbers(vector, "alsoAdmitted"));
        let others = vectors.iter().filter(|other| {
            other["callingCode"] == vector["callingCode"] && other["country"] != vector["country"]
        });
        let foreign: Vec<_> = others
            .flat_map(|other| ["admitted", "shut", "free"].map(|field| numbers(other, field)))
            .flatten()
            .filter(|number| !also.contains(number) && !own.contains(number))
            .collect();
        let shut = numbers(vector, "shut");
        let expected = [
            (&own, true),
            (&also, true),
            (&shut, false),
            (&foreign, false),
        ];
        for (number, open) in expected
            .iter()
            .flat_map(|(numbers, open)| numbers.iter().map(move |number| (*number, *open)))
        {
            all += 1;
            if admits(&settings, number) != open {
                wrong.push(format!("{country} {number}"));
            }
        }
    }
    println!(
        "phones: {all} numbers looked up in a country, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(all > 3_000);
}

#[test]
fn every_country_at_once_stays_small() {
    let vectors = vectors();
    let countries: Vec<_> = vectors
        .iter()
        .filter_map(|vector| vector["country"].as_str())
        .collect();
    assert!(countries.len() > 240);
    let settings = prepared(&json!(countries));
    let more = settings.to_text().len() - prepared(&json!([])).to_text().len();
    assert!(more < 4_000, "{more} characters");
    assert!(admits(&settings, "+819012345678") && !admits(&settings, "+80012345678"));
}
