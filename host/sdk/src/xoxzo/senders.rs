//! Rules for senders by destination (help.xoxzo.com, "what does sender id do", and the known restrictions for Japan, Malaysia and the United Kingdom).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::diagnosis::{Diagnosis, Point};

/// Senders with fewer characters are often refused or replaced.
const SHORTEST: usize = 4;

/// The fewest characters of a caller to Malaysia.
const MALAYSIAN: usize = 10;

const JAPAN: &str = "81";
const MALAYSIA: &str = "60";
const BRITAIN: &str = "44";

/// Looks whether the senders of the settings in effect can arrive at the destinations.
pub(crate) fn check(effective: &Value) -> Vec<Diagnosis> {
    let voice = &effective["voice"];
    let senders = [
        (
            "xoxzo.sender",
            &effective["xoxzo"]["sender"],
            &effective["destinations"],
        ),
        ("voice.caller", &voice["caller"], &voice["destinations"]),
    ];
    senders
        .into_iter()
        .filter_map(|(field, sender, destinations)| {
            let found = judge(field == "voice.caller", sender.as_str()?, destinations);
            Some(found.about(&[field]))
        })
        .collect()
}

fn judge(is_call: bool, sender: &str, destinations: &Value) -> Diagnosis {
    let destinations = destinations.as_array().into_iter().flatten();
    let ruled: Vec<_> = destinations.map(code).collect();
    let codes: BTreeSet<_> = ruled.iter().copied().flatten().collect();
    let to = |country: &str| codes.iter().any(|code| code.starts_with(country));
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let local = codes.iter().find(|code| digits.starts_with(**code));
    if is_number && (digits.starts_with('0') || local.is_some()) {
        let at = local.map_or_else(String::new, |code| format!(" at +{code}"));
        let text = format!("a number that looks domestic{at} cannot be a sender there");
        let advice = "take a name of letters and digits, or a number of another country";
        return Diagnosis::faulty(Point::Sender, text, advice);
    }
    if is_call && to(MALAYSIA) && digits.len() < MALAYSIAN {
        let text = format!("calls to Malaysia fail from fewer than {MALAYSIAN} digits");
        return Diagnosis::faulty(
            Point::Sender,
            text,
            "take a whole number with its country code",
        );
    }
    if sender.len() < SHORTEST {
        let text = format!("senders under {SHORTEST} characters are often refused or replaced");
        return Diagnosis::faulty(Point::Sender, text, "take a longer one");
    }
    let mut remarks = Vec::new();
    if to(JAPAN) && !is_number {
        remarks.push("au (KDDI) in Japan shows a number in place of letters");
    }
    if to(BRITAIN) && is_number {
        remarks.push("in the United Kingdom another number may be shown");
    }
    if ruled.contains(&None) {
        remarks.push("for some of the destinations no rule is known");
    }
    remarks.push("carriers may replace any sender");
    let text = format!("it breaks no known rule; {}", remarks.join("; "));
    Diagnosis::sound(Point::Sender, text)
}

/// The digits that numbers of a destination begin with. Absent for a country whose rules Xoxzo does not tell.
fn code(destination: &Value) -> Option<&str> {
    match destination.as_str() {
        Some("JP" | "JP-mobile") => Some(JAPAN),
        Some("MY") => Some(MALAYSIA),
        Some("GB") => Some(BRITAIN),
        Some(_) => None,
        None => destination["prefix"].as_str()?.strip_prefix('+'),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnosis::Health;

    #[test]
    fn senders_by_destination() {
        for (sender, destinations, expected) in [
            ("Example", json!(["JP-mobile"]), "au (KDDI)"),
            ("815012345678", json!(["JP"]), "domestic at +81"),
            ("0501234567", json!(["US"]), "looks domestic"),
            (
                "815012345678",
                json!(["US"]),
                "for some of the destinations",
            ),
            ("447911123456", json!(["GB"]), "domestic at +44"),
            ("815012345678", json!(["GB"]), "another number may be shown"),
            (
                "14155550100",
                json!([{"prefix": "+1415"}]),
                "domestic at +1415",
            ),
            (
                "815012345678",
                json!([{"prefix": "+8190"}]),
                "breaks no known rule",
            ),
            ("Shp", json!(["JP-mobile"]), "under 4 characters"),
        ] {
            let found = judge(false, sender, &destinations);
            assert!(found.text.contains(expected), "{sender}: {}", found.text);
            let advised = found.advice.is_some();
            assert_eq!(advised, found.health == Health::Faulty, "{sender}");
        }
    }

    #[test]
    fn destinations_of_one_country_share_its_rules() {
        for (destinations, unruled) in [
            (json!(["JP", "JP-mobile"]), false),
            (json!(["JP", "JP-mobile", "US"]), true),
        ] {
            let found = judge(false, "Example", &destinations);
            assert_eq!(found.text.contains("no rule is known"), unruled);
        }
    }

    #[test]
    fn callers_have_rules_of_their_own() {
        let effective = json!({
            "destinations": ["JP-mobile"], "xoxzo": {"sender": "Example"},
            "voice": {"caller": "8150123", "destinations": ["MY"]},
        });
        let found = check(&effective);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].health, Health::Sound);
        assert_eq!(found[1].fields, ["voice.caller"]);
        assert!(found[1].text.contains("Malaysia"), "{}", found[1].text);
    }
}
