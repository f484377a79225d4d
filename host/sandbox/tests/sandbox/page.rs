//! The page with phones.

use std::time::Duration;

use xoxzo_2fa_sandbox::{Fault, Options};

use crate::client::{Answer, Client};

fn page(client: &Client, language: &str) -> Answer {
    client.ask("GET", "/_sandbox/", &[("accept-language", language)], "")
}

#[test]
fn messages_are_shown_and_nothing_of_them_runs() {
    let client = Client::new();
    let empty = page(&client, "en").body;
    client.send(
        "819012345678",
        "<script>alert(1)</script>%26{note}{phones}\"'</p><img+src=x>",
    );
    let shown = page(&client, "en").body;
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;&amp;{note}{phones}&quot;&#39;\
                   &lt;/p&gt;&lt;img src=x&gt;";
    assert_eq!(shown.matches(escaped).count(), 1, "{shown}");
    // The page's own script is the only one, with a message as without.
    assert_eq!(
        shown.matches("<script").count(),
        empty.matches("<script").count()
    );
    assert_eq!(shown.matches("<script").count(), 1, "{shown}");
    assert!(!shown.contains("<img"), "{shown}");
}

#[test]
fn each_recipient_has_a_phone_with_the_newest_last() {
    let client = Client::new();
    client.send("819087654321", "alpha");
    client.send("819012345678", "beta");
    client.send("819087654321", "gamma");
    let shown = page(&client, "en").body;
    assert_eq!(shown.matches("<section class=\"phone\"").count(), 2);
    let order = ["+819012345678", "beta", "+819087654321", "alpha", "gamma"];
    let places = order.map(|text| {
        shown
            .find(text)
            .unwrap_or_else(|| panic!("{text} in {shown}"))
    });
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_page_is_in_the_language_of_the_reader() {
    let client = Client::new();
    let japanese = page(&client, "ja-JP,ja;q=0.9,en;q=0.8").body;
    assert!(japanese.contains("<html lang=\"ja\">") && japanese.contains("メッセージ"));
    let english = page(&client, "en-US,en;q=0.9,ja;q=0.8").body;
    assert!(english.contains("<html lang=\"en\">") && english.contains("No messages yet."));
    let unasked = client.ask("GET", "/_sandbox/", &[], "").body;
    assert!(unasked.contains("<html lang=\"en\">"));
    for shown in [japanese, english] {
        assert!(!shown.contains('{'), "a place was not filled: {shown}");
    }
}

#[test]
fn the_browser_loads_only_what_is_the_sandbox_s() {
    let client = Client::new();
    let shown = page(&client, "en");
    let policy = shown.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    for loose in ["unsafe", "http:", "data:", "*"] {
        assert!(!policy.contains(loose), "{policy}");
    }
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    assert!(shown.headers.get("access-control-allow-origin").is_none());
    assert!(
        !shown.body.contains("http://") && !shown.body.contains("https://"),
        "{}",
        shown.body
    );
    assert!(
        !shown.body.contains("style=") && !shown.body.contains("<style"),
        "{}",
        shown.body
    );
    assert!(
        shown
            .body
            .contains("<noscript><meta http-equiv=\"refresh\""),
        "{}",
        shown.body
    );

    for (name, kind) in [
        ("phone.js", "text/javascript; charset=utf-8"),
        ("phone.css", "text/css; charset=utf-8"),
    ] {
        assert!(
            shown.body.contains(&format!("\"/_sandbox/{name}\"")),
            "{}",
            shown.body
        );
        let file = client.get(&format!("/_sandbox/{name}"));
        assert_eq!((file.status, file.header("content-type")), (200, kind));
    }
    let moved = client.get("/_sandbox");
    assert_eq!(
        (moved.status, moved.header("location")),
        (301, "/_sandbox/")
    );
}

#[test]
fn states_and_calls_are_told_in_words() {
    let client = Client::with(Options::default().pace(Duration::ZERO));
    client.send("819012345678", "alpha");
    client.call("819012345678", "beta");
    client.send(&Fault::Failed.recipient()[1..], "gamma");
    client.call(&Fault::Fail.recipient()[1..], "delta");
    client.send(&Fault::Stuck.recipient()[1..], "epsilon");
    for (language, words) in [
        (
            "en",
            [
                "delivered",
                "answered",
                "failed",
                "not answered",
                "on its way",
            ],
        ),
        ("ja", ["配信済み", "応答済み", "失敗", "応答なし", "配信中"]),
    ] {
        let shown = page(&client, language).body;
        let state = |text: &str| {
            let after = shown.split_once(text).unwrap().1;
            let state = after.split_once("<p class=\"state ").unwrap().1;
            state.split_once("</p>").unwrap().0.to_string()
        };
        for (text, word) in ["alpha", "beta", "gamma", "delta", "epsilon"]
            .iter()
            .zip(words)
        {
            assert!(
                state(text).contains(&format!(">{word} <span>")),
                "{text}: {}",
                state(text)
            );
        }
        assert_eq!(shown.matches("<li class=\"voice\"").count(), 2);
        assert!(shown.contains("role=\"status\" data-text="));
    }
}
