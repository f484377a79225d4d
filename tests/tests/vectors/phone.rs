//! `phone.json`, which `plugin/core/plans/generate.py` writes: what the SDK makes of numbers as people write them is what the engine takes.
//! That the engine takes each number in one spelling is tested in `plugin/json/tests/phones.rs`.

use super::*;
use xoxzo_2fa::to_e164;
use xoxzo_2fa_core::{Recipient, Trusted};

#[test]
fn what_to_e164_makes_is_accepted() {
    let kept: Value =
        serde_json::from_str(&fs::read_to_string(file("phone.json")).unwrap()).unwrap();
    let (mut made, mut unknown, mut wrong) = (0, 0, Vec::new());
    for vector in kept["tests"].as_array().unwrap() {
        let Some(country) = vector["country"].as_str() else {
            continue;
        };
        let code = vector["callingCode"].as_str().unwrap();
        let texts = ["admitted", "shut", "free"].map(|field| vector[field].as_object().unwrap());
        let numbers = texts
            .iter()
            .flat_map(|texts| texts.values())
            .flat_map(|text| text.as_str().unwrap().split_whitespace());
        for number in numbers {
            let national = number[1..].strip_prefix(code).unwrap();
            let trunks = vector["trunk"].as_array().into_iter().flatten();
            let mut written = vec![number.to_string(), national.to_string()];
            for trunk in trunks.map(|trunk| trunk.as_str().unwrap()) {
                written.push(format!("{trunk}{national}"));
                written.push(format!("+{code} {trunk}{national}"));
            }
            for text in written {
                match to_e164(&text, country) {
                    Ok(result) if Recipient::parse(&result, &Trusted::default()).is_ok() => {
                        made += 1;
                    }
                    // The tables of the SDK are those of another day.
                    Err(_) => unknown += 1,
                    Ok(result) => wrong.push(format!("{country} {text}: {result}")),
                }
            }
        }
    }
    println!(
        "phones: {made} results of to_e164 accepted, {} refused",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(made > 5_000 && unknown < made / 4, "{made} {unknown}");
}
