//! What pages hold, and what they never do.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xoxzo_2fa_core::Locale;
use xoxzo_2fa_gate::{Event, GateResponse};
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
    for language in Locale::ALL.map(Locale::code) {
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
            // One for the style, one for each script.
            assert_eq!(policy.matches("'sha256-").count(), 3);
            assert!(
                page.headers
                    .iter()
                    .all(|(_, value)| !value.chars().any(char::is_control))
            );

            let body = &page.body;
            assert!(
                body.contains(&format!("<html lang=\"{language}\" dir=\"ltr\">")),
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
        "aria-describedby=\"share\" autofocus>",
        "<p class=\"dim\" id=\"wait\" data-seconds=\"60\">You can ask for it again in <span>60 seconds</span>.</p>",
        "button.disabled = left > 0",
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
fn everybody_reads_their_own_language_on_pages_and_phones() {
    let (mut titles, mut messages) = (BTreeSet::new(), BTreeSet::new());
    for locale in Locale::ALL {
        let mut scenario = Scenario::with(&json!({}), &json!({}));
        let wish = format!("{}-XX,en;q=0.5", locale.code());
        let mut alice = Browser::alice().with("accept-language", &wish);
        scenario.challenge(&mut alice, "/");
        let page = scenario.get(&mut alice, "/.2fa/").answer().body;
        let (_, rest) = page.split_once("<h1>").unwrap();
        titles.insert(rest.split_once("</h1>").unwrap().0.to_string());
        let body = scenario.calls[0].body.as_bytes();
        let mut fields = form_urlencoded::parse(body);
        let (_, text) = fields.find(|(name, _)| name == "message").unwrap();
        messages.insert(text.replace(|letter: char| letter.is_ascii_digit(), ""));
    }
    assert_eq!(titles.len(), Locale::ALL.len(), "{titles:?}");
    assert_eq!(messages.len(), Locale::ALL.len(), "{messages:?}");
}

/// A page has no word of another language: what people read changes with it, but for names and numbers.
#[test]
fn no_page_mixes_languages() {
    let texts = |language: &str| {
        let pages = pages(&Browser::alice().with("accept-language", language));
        pages
            .into_iter()
            .map(|(name, page)| (name, read(&page.body)))
    };
    for language in Locale::ALL
        .map(Locale::code)
        .into_iter()
        .filter(|one| *one != "en")
    {
        for ((name, own), (_, english)) in texts(language).zip(texts("en")) {
            let ours = |text: &&String| {
                english.contains(text) && text.len() > 1 && !text.contains("Shop <")
            };
            assert_eq!(own.iter().find(ours), None, "{language} {name}: {own:?}");
        }
    }
}

/// Returns the texts between the tags of a page.
fn read(body: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = body;
    while let Some((text, more)) = rest.split_once('<') {
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        if !text.trim().is_empty() {
            texts.push(text.trim().to_string());
        }
        let end = ["style>", "script>"]
            .into_iter()
            .find(|tag| more.starts_with(tag))
            .map_or(">".to_string(), |tag| format!("</{tag}"));
        rest = more.split_once(&end).unwrap().1;
    }
    texts
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

#[test]
fn errors_begin_the_title_and_have_the_focus() {
    for (language, error) in [("en", "<title>Error: "), ("ja", "<title>エラー: ")] {
        for (name, page) in pages(&Browser::alice().with("accept-language", language)) {
            let alerts = page.body.contains("role=\"alert\"");
            assert_eq!(page.body.contains(error), alerts, "{name}: {}", page.body);
            assert!(page.body.matches("autofocus").count() <= 1, "{name}");
            assert!(!alerts || page.body.contains("autofocus"), "{name}");
        }
    }
}

#[test]
fn only_an_error_of_the_code_marks_its_field() {
    let mut scenario = Scenario::with(&json!({}), &json!({}));
    let mut alice = Browser::alice();
    scenario.challenge(&mut alice, "/account");
    let mut shown = |action: &str, pin: Option<&str>| {
        let _refused = scenario.post(&mut alice, action, pin);
        scenario.get(&mut alice, "/.2fa/").answer().body
    };
    for pin in ["000000", "12"] {
        let page = shown("verify", Some(pin));
        let field = "aria-describedby=\"alert share\" aria-invalid=\"true\" autofocus>";
        assert!(
            page.contains(field) && page.contains("id=\"alert\" role=\"alert\">"),
            "{page}"
        );
    }
    let page = shown("resend", None);
    assert!(
        page.contains("role=\"alert\" tabindex=\"-1\" autofocus>"),
        "{page}"
    );
    assert!(!page.contains("aria-invalid"), "{page}");
}

#[test]
fn a_refused_form_leads_back_to_its_page() {
    let idle = json!({"pass": {"idle_seconds": 600}, "step_up": {"paths": ["/transfer"]}});
    let mut scenario = Scenario::with(&idle, &json!({}));
    for (referer, back) in [
        (
            "https://app.example/orders/7/edit?tab=2",
            "/orders/7/edit?tab=2",
        ),
        ("https://app.example/transfer", "/transfer"),
        ("https://app.example", "/"),
        ("https://app.example.evil.example/a", "/"),
        ("https://evil.example/a", "/"),
        ("https://app.example//evil.example", "/"),
        ("https://app.example/.2fa/", "/"),
        ("", "/"),
    ] {
        scenario.counters.clear();
        let mut alice = Browser::alice();
        scenario.pass(&mut alice);
        scenario.now += 600;
        let mut form = alice.clone().with("referer", referer);
        let refused = scenario.request(&mut form, "POST", "/orders/7").answer();
        assert_eq!(refused.status, 401);
        let held = "Your browser still has what you sent.";
        let tab = "<a target=\"_blank\" rel=\"noopener\" href=\"/.2fa/\">";
        assert!(
            refused.body.contains(held) && refused.body.contains(tab),
            "{}",
            refused.body
        );
        let _page = scenario.get(&mut form, "/.2fa/").answer();
        scenario.now += 600;
        assert_eq!(scenario.post(&mut form, "start", None).event(), Event::Sent);
        let pin = scenario.pin();
        assert_eq!(
            scenario.post(&mut form, "verify", Some(&pin)).place(),
            (303, back),
            "{referer}"
        );
    }
    // A program is no person with a form.
    let mut alice = Browser::alice().with("referer", "https://app.example/a");
    for mut program in [
        alice.clone().json(),
        alice.clone().with("sec-fetch-dest", "empty"),
    ] {
        assert_eq!(
            scenario.request(&mut program, "POST", "/a").answer().status,
            401
        );
        assert!(program.cookies.is_empty());
    }
    assert_eq!(
        scenario.request(&mut alice, "PUT", "/a").answer().status,
        401
    );
    assert!(alice.cookies.is_empty());
}

#[test]
fn logging_out_ends_the_session_too() {
    let gate = json!({"sign_out_url": "/logout", "exempt": {"paths": ["/logout"]}});
    let mut scenario = Scenario::with(&gate, &json!({}));
    let mut alice = Browser::alice();
    scenario.pass(&mut alice);
    let mut copy = alice.clone();
    let _page = scenario.get(&mut alice, "/.2fa/").answer();
    let out = scenario.post(&mut alice, "logout", None);
    assert_eq!(
        (out.place(), out.event()),
        ((303, "/logout"), Event::LoggedOut)
    );
    assert!(alice.cookies.is_empty());
    assert_eq!(scenario.get(&mut copy, "/account").place(), (303, "/.2fa/"));

    let mut program = Browser::alice().json();
    let _page = scenario.get(&mut program, "/.2fa/").answer();
    let said = scenario.post(&mut program, "logout", None).answer();
    let said: Value = serde_json::from_str(&said.body).unwrap();
    assert_eq!(said["sign_out_url"], "/logout");
}
