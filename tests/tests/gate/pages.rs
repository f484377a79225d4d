//! What pages hold, and what they never do.

use serde_json::json;
use xoxzo_2fa_gate::GateResponse;
use xoxzo_2fa_tests::gate::{Browser, Scenario, header};

fn pages(browser: &Browser) -> Vec<(&'static str, GateResponse)> {
    let brand = json!({"name": "Shop <&> \"Co\"", "color": "#ffcc00", "logo": "data:image/png;base64,AAAA"});
    let gate = json!({"brand": brand, "recovery_url": "/help", "sign_in_url": "/login"});
    let voice = json!({"voice": {"caller": "815012345678", "destinations": ["JP-mobile"]}, "failures": {"hard": 1}});
    let mut scenario = Scenario::with(&gate, &voice);
    let mut alice = browser.clone();
    let mut pages = vec![("start", scenario.get(&mut alice, "/.2fa/").answer())];
    scenario.challenge(&mut alice, "/account");
    pages.push(("code", scenario.get(&mut alice, "/.2fa/").answer()));
    let pin = scenario.pin();
    let mut lucky = alice.clone();
    assert_eq!(
        scenario.post(&mut lucky, "verify", Some(&pin)).place(),
        (303, "/account")
    );
    pages.push(("done", scenario.get(&mut lucky, "/.2fa/").answer()));
    let mut bob = browser.clone();
    bob.claims.subject = Some(b"bob".to_vec());
    bob.claims.phone = Some(b"+819012345670".to_vec());
    scenario.challenge(&mut bob, "/account");
    let _wrong = scenario.post(&mut bob, "verify", Some("000000"));
    pages.push(("wrong", scenario.get(&mut bob, "/.2fa/").answer()));
    let _wrong = scenario.post(&mut bob, "verify", Some("000000"));
    pages.push(("locked", scenario.get(&mut bob, "/.2fa/").answer()));
    pages.push((
        "not found",
        scenario.get(&mut alice, "/.2fa/nothing").answer(),
    ));
    pages.push(("bad path", scenario.get(&mut alice, "/a/../b").answer()));
    pages.push((
        "post",
        scenario.request(&mut alice, "POST", "/account").answer(),
    ));
    let mut nobody = browser.clone();
    nobody.claims.subject = None;
    pages.push(("nobody", scenario.get(&mut nobody, "/account").answer()));
    let mut foreign = alice.clone().with("origin", "https://evil.example");
    pages.push((
        "cross-site",
        scenario.post(&mut foreign, "start", None).answer(),
    ));
    scenario.guard_is_down = true;
    pages.push(("guard", scenario.get(&mut lucky, "/account").answer()));
    pages
}

#[test]
fn every_page_is_closed_to_the_outside() {
    for language in ["en", "ja"] {
        for (name, page) in pages(&Browser::alice().with("accept-language", language)) {
            let said = |header_name| {
                header(&page, header_name).unwrap_or_else(|| panic!("{name} has no {header_name}"))
            };
            assert_eq!(said("content-type"), "text/html; charset=utf-8", "{name}");
            assert_eq!(
                (said("cache-control"), said("x-content-type-options")),
                ("no-store", "nosniff")
            );
            assert_eq!(
                (said("referrer-policy"), said("x-frame-options")),
                ("same-origin", "DENY")
            );
            let policy = said("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; ")
                    && policy.contains("frame-ancestors 'none'")
                    && policy.contains("base-uri 'none'")
            );
            assert!(!policy.contains("unsafe") && !policy.contains("http:"));
            assert!(
                page.headers
                    .iter()
                    .all(|(_, value)| !value.chars().any(char::is_control))
            );

            let body = &page.body;
            assert!(
                body.contains(&format!("<html lang=\"{language}\">")),
                "{name}"
            );
            assert!(
                body.contains("Shop &lt;&amp;&gt; &quot;Co&quot;") && !body.contains("Shop <"),
                "{name}"
            );
            assert!(
                body.contains("#ffcc00;--on:#000")
                    && body.contains("<h1>")
                    && body.contains("<main>"),
                "{name}"
            );
            for outside in [
                "src=\"http",
                "href=\"http",
                "@import",
                "url(",
                "onclick",
                "style=\"",
                "9012345678",
            ] {
                assert!(!body.contains(outside), "{name}: {outside}");
            }
            assert_eq!(
                body.matches("<form").count(),
                body.matches("name=\"csrf\"").count(),
                "{name}"
            );
        }
    }
}

#[test]
fn the_code_page_helps_people_and_their_phones() {
    let (_, page) = pages(&Browser::alice()).swap_remove(1);
    for part in [
        "autocomplete=\"one-time-code\"",
        "inputmode=\"numeric\"",
        "<label for=\"pin\">",
        "required autofocus",
        "OTPCredential",
        "action=\"/.2fa/resend\"",
        "action=\"/.2fa/voice\"",
        "+81********78",
        "It works for 5 minutes more.",
        "class=\"recovery\" href=\"/help\"",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
}

#[test]
fn japanese_is_spoken_to_who_reads_it_and_in_the_message() {
    let mut scenario = Scenario::with(&json!({}), &json!({}));
    let mut alice = Browser::alice().with("accept-language", "ja,en;q=0.5");
    scenario.challenge(&mut alice, "/");
    assert!(
        scenario
            .get(&mut alice, "/.2fa/")
            .answer()
            .body
            .contains("認証コードの入力")
    );
    let body = form_urlencoded::parse(scenario.calls[0].body.as_bytes())
        .into_owned()
        .collect::<Vec<_>>();
    let (_, text) = body.iter().find(|(name, _)| name == "message").unwrap();
    assert!(text.contains("認証コード"), "{text}");
}

#[test]
fn a_visit_comes_back_to_no_other_place() {
    let mut scenario = Scenario::with(&json!({}), &json!({}));
    for target in ["/a?next=https://evil.example", "/a?b=//c", "/a"] {
        let mut alice = Browser::alice();
        scenario.counters.clear();
        scenario.challenge(&mut alice, target);
        let pin = scenario.pin();
        assert_eq!(
            scenario.post(&mut alice, "verify", Some(&pin)).place(),
            (303, target)
        );
    }
    // Only what a person waits for is come back to.
    let mut alice = Browser::alice();
    for mut browser in [
        alice.clone().with("sec-fetch-dest", "image"),
        alice.clone().with("sec-fetch-dest", "iframe"),
        alice.clone().with("accept", "*/*"),
    ] {
        assert_eq!(scenario.get(&mut browser, "/account").answer().status, 401);
        assert!(browser.cookies.is_empty());
    }
    assert_eq!(
        scenario.request(&mut alice, "HEAD", "/account").place(),
        (303, "/.2fa/")
    );
}
