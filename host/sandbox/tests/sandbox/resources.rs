//! Numbers to call, carriers, codes that Xoxzo makes, and senders to Japan.

use serde_json::{Value, json};
use xoxzo_2fa_sandbox::{Fault, Options};

use crate::client::{BASIC, Client, FORM, JSON};

const REGISTER: &str = "/otp/register-website/";
const REQUEST: &str = "/otp/request/";

#[test]
fn a_number_is_subscribed_to_and_given_back() {
    let client = Client::with(Options::default().credits(100));
    let list = |query: &str| {
        let answer = client.get(&format!("/voice/dins/{query}"));
        assert_eq!(answer.status, 200, "{query}");
        answer.json().as_array().unwrap().clone()
    };
    let all = list("");
    for field in [
        "din_uid",
        "din",
        "country_code",
        "prefix",
        "monthly_cost",
        "minute_cost",
    ] {
        assert!(!all[0][field].is_null(), "{field}");
    }
    let japanese = list("?country=JP");
    assert!(japanese.len() < all.len() && japanese.iter().all(|din| din["country_code"] == "JP"));
    assert!(list("?prefix=813").iter().all(|din| din["prefix"] == "813"));
    assert_eq!(list("?country=FR").len(), 0);
    assert_eq!(client.get("/voice/dins/?foo=bar").status, 400);

    let own = || {
        client
            .get("/voice/dins/subscriptions/")
            .json()
            .as_array()
            .unwrap()
            .clone()
    };
    let uid = all[0]["din_uid"].as_str().unwrap();
    let subscribe = |uid: &str| {
        client
            .to(
                "/voice/dins/subscriptions/",
                FORM,
                &format!("din_uid={uid}"),
            )
            .status
    };
    let path = format!("/voice/dins/subscriptions/{uid}/");
    let headers = [("authorization", BASIC)];
    let give_back = || client.ask("DELETE", &path, &headers, "").status;
    let action = "action_url=http%3A%2F%2Fexample.com%2Fa";
    assert_eq!(
        (give_back(), client.to(&path, FORM, action).status),
        (404, 404)
    );
    assert_eq!(
        [subscribe("0123456789"), subscribe(uid), subscribe(uid)],
        [400, 201, 400]
    );
    assert!(!list("").iter().any(|din| din["din_uid"] == uid));
    // It costs a month.
    assert_eq!(client.get("/you/credits/").body, r#"{"credits":0.0}"#);
    let second = all[1]["din_uid"].as_str().unwrap();
    assert_eq!(subscribe(second), 400);

    assert_eq!(own()[0]["action"]["url"], json!(null));
    assert_eq!(client.to(&path, FORM, action).status, 200);
    assert_eq!(
        (&own()[0]["din_uid"], &own()[0]["action"]["url"]),
        (&json!(uid), &json!("http://example.com/a"))
    );
    assert_eq!([give_back(), give_back()], [200, 404]);
    assert_eq!((own().len(), list("").len()), (0, all.len()));
}

#[test]
fn a_carrier_is_looked_up() {
    let client = Client::with(Options::default().credits(12));
    let lookup = |number: &str| {
        client.to(
            "/utilities/carrierlookup/",
            FORM,
            &format!("recipient=%2B{number}"),
        )
    };
    let found = lookup("819012345678");
    let mut entry = found.json()[0].clone();
    assert_eq!(entry["id"].take().as_str().unwrap().len(), 32);
    let expected = json!({
        "id": null, "recipient": "+819012345678", "cost": 5, "mcc": "440", "mnc": "10", "mccmnc": "44010",
        "carrier": "NTT DOCOMO", "country": "JP",
    });
    assert_eq!((found.status, entry), (201, expected));
    let landline = lookup("81312345678").json()[0].clone();
    assert!(
        ["mcc", "mnc", "mccmnc", "carrier", "country"]
            .iter()
            .all(|name| landline[name].is_null())
    );
    assert_eq!(landline["cost"], 5);
    let broke = json!({"non_field_errors": ["Not enough credits, required: 5"]});
    assert_eq!(
        (lookup("819012345678").status, lookup("819012345678").json()),
        (400, broke)
    );
    let invalid = lookup("8109012345678");
    assert_eq!(
        (invalid.status, invalid.json()["recipient"].is_array()),
        (400, true)
    );
}

#[test]
fn xoxzo_makes_codes_for_a_registered_website() {
    let client = Client::new();
    let register = |body: &str| client.to(REGISTER, FORM, body);
    let request = |body: &str| client.to(REQUEST, FORM, body);
    let wanted = "website=https%3A%2F%2Fshop.example&phone_number=%2B819012345678";
    assert_eq!(request(wanted).status, 400);
    let registered = register("website=https%3A%2F%2Fshop.example");
    let told = json!({"message": "Website registered successfully."});
    assert_eq!((registered.status, registered.json()), (201, told));
    let again = register("website=https%3A%2F%2Fshop.example&template_id=3");
    let told = json!({"website": ["website info with this website already exists."]});
    assert_eq!((again.status, again.json()), (400, told));
    for (body, field) in [
        ("", "website"),
        ("website=shop", "website"),
        ("website=ftp%3A%2F%2Fshop.example", "website"),
        (
            "website=https%3A%2F%2Fa.example&template_id=4",
            "template_id",
        ),
    ] {
        let refused = register(body);
        assert_eq!(
            (refused.status, refused.json()[field].is_array()),
            (400, true),
            "{body}"
        );
    }

    let sent = request(wanted);
    let message = client.sandbox.inbox(None).pop().unwrap();
    assert_eq!(
        (sent.status, sent.json()),
        (201, json!({"msgid": message.message_id}))
    );
    let code = message
        .body
        .strip_prefix("あなたの確認コードは")
        .and_then(|rest| rest.strip_suffix("です。"));
    let code = code.unwrap_or_else(|| panic!("{}", message.body));
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
    let status = client
        .get(&format!("/sms/messages/{}/", message.message_id))
        .json();
    assert_eq!(status["cost"], 3);

    // One at a time for each number.
    let second = request(wanted);
    assert_eq!(
        (second.status, second.json()["phone_number"].is_array()),
        (400, true)
    );
    assert_eq!(
        request(&wanted.replace("819012345678", "819087654321")).status,
        201
    );
    assert_eq!(request("website=https%3A%2F%2Fshop.example").status, 400);
    // A code that was not sent is not active.
    let broken = wanted.replace("819012345678", &Fault::Throttled.recipient()[1..]);
    assert_eq!(
        [request(&broken).status, request(&broken).status],
        [429, 429]
    );
    // How one is verified, no page that can be read tells.
    assert_eq!(client.to("/otp/verify/", FORM, wanted).status, 404);
}

#[test]
fn a_template_is_found_by_its_id() {
    let client = Client::new();
    let list = client.get("/sms/templates/").json();
    for own in list.as_array().unwrap() {
        let one = client.get(&format!("/sms/templates/{}/", own["id"]));
        assert_eq!((one.status, &one.json()), (200, own));
    }
    for id in ["9", "x", "-1", "%FF"] {
        let unknown = client.get(&format!("/sms/templates/{id}/"));
        assert_eq!(unknown.status, 404, "{id}");
        assert!(
            serde_json::from_str::<Value>(&unknown.body).is_err(),
            "{}",
            unknown.body
        );
    }
}

#[test]
fn k_premium_is_one_of_two_and_has_a_sender() {
    let client = Client::new();
    let send = |more: &str| {
        let body = format!("recipient=%2B819012345678&sender=Shop&message=Hi{more}");
        let answer = client.post(FORM, &body);
        let faults = answer.json();
        let fields = faults
            .as_object()
            .map(|faults| faults.keys().cloned().collect::<Vec<_>>());
        (answer.status, fields.unwrap_or_default().join(" "))
    };
    let taken = (201, String::new());
    let refused = |fields: &str| (400, fields.to_string());
    assert_eq!(send("&jp_kp=true&jp_kp_sender=0312341234"), taken);
    assert_eq!(send("&jp_kpl=true&jp_kp_sender=0312341234"), taken);
    assert_eq!(send("&jp_kp=false&jp_kpl=false"), taken);
    assert_eq!(send("&jp_kp=true"), refused("jp_kp_sender"));
    assert_eq!(send("&jp_kpl=true"), refused("jp_kp_sender"));
    assert_eq!(
        send("&jp_kp=true&jp_kp_sender=Shop"),
        refused("jp_kp_sender")
    );
    assert_eq!(
        send("&jp_kp=true&jp_kpl=true&jp_kp_sender=0312341234"),
        refused("jp_kpl")
    );
    assert_eq!(send("&jp_kp=yes"), refused("jp_kp"));
    let json =
        json!({"recipient": "+819012345678", "sender": "Shop", "message": "Hi", "jp_kp": true});
    assert_eq!(client.post(JSON, &json.to_string()).status, 400);
}

#[test]
fn a_sender_to_japan_that_looks_domestic_is_remarked_or_refused() {
    let (lenient, strict) = (
        Client::new(),
        Client::with(Options::default().strict_senders(true)),
    );
    let send = |client: &Client, sender: &str, recipient: &str| {
        let body = format!("recipient=%2B{recipient}&sender={sender}&message=Hi");
        let answer = client.post(FORM, &body);
        let calls = client.ask("GET", "/_sandbox/calls", &[], "").json();
        let remarks = calls.as_array().unwrap().last().unwrap()["remarks"].to_string();
        (answer.status, remarks.contains("looks domestic"))
    };
    for sender in ["0312345678", "81312345678", "%2B81312345678"] {
        assert_eq!(
            send(&lenient, sender, "819012345678"),
            (201, true),
            "{sender}"
        );
        assert_eq!(
            send(&strict, sender, "819012345678"),
            (400, true),
            "{sender}"
        );
        assert_eq!(
            send(&strict, sender, "6591234567"),
            (201, false),
            "{sender}"
        );
    }
    for sender in ["Shop", "6561234567"] {
        assert_eq!(
            send(&strict, sender, "819012345678"),
            (201, false),
            "{sender}"
        );
    }
    let call = "recipient=%2B819012345678&caller=0312345678&tts_lang=en&tts_message=Hi";
    let refused = strict.to("/voice/simple/playbacks/", FORM, call);
    assert_eq!(
        (refused.status, refused.json()["caller"].is_array()),
        (400, true)
    );
}
