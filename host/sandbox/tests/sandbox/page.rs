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
    // Once as the message, once to be copied, once as a parameter.
    assert_eq!(shown.matches(escaped).count(), 3, "{shown}");
    // The page's own script is the only one, with a message as without.
    assert_eq!(
        shown.matches("<script").count(),
        empty.matches("<script").count()
    );
    assert_eq!(shown.matches("<script").count(), 1, "{shown}");
    assert!(!shown.contains("<img"), "{shown}");
}

#[test]
fn each_recipient_has_a_phone_and_the_newest_comes_first() {
    let client = Client::new();
    client.send("819087654321", "alpha");
    client.send("819012345678", "beta");
    client.send("819087654321", "gamma");
    let shown = page(&client, "en").body;
    assert_eq!(shown.matches("<li class=\"phone\"").count(), 2);
    let order = [
        "+819087654321<",
        "<p class=\"body\">gamma",
        "<p class=\"body\">alpha",
        "+819012345678<",
        "<p class=\"body\">beta",
    ];
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

/// The body of the page without the calls, which name parameters too.
fn phones(client: &Client, query: &str) -> String {
    let answer = client.ask("GET", &format!("/_sandbox/{query}"), &[], "");
    let (phones, _) = answer.body.split_once("id=\"calls-title\"").unwrap();
    phones.to_string()
}

#[test]
fn a_search_finds_messages_and_calls() {
    let client = Client::new();
    client.send("819012345678", "Alpha");
    client.send("819087654321", "beta");
    client.post(crate::client::FORM, "sender=Gamma");
    for (query, alpha, beta, calls) in [
        ("", true, true, 3),
        ("?q=", true, true, 3),
        ("?q=alpha", true, false, 1),
        ("?q=%2B819087654321", false, true, 1),
        ("?q=400", false, false, 1),
        ("?q=required", false, false, 1),
        ("?q=nothing-such", false, false, 0),
    ] {
        let shown = phones(&client, query);
        assert_eq!(shown.contains(">Alpha<"), alpha, "{query}");
        assert_eq!(shown.contains(">beta<"), beta, "{query}");
        let whole = client
            .ask("GET", &format!("/_sandbox/{query}"), &[], "")
            .body;
        assert_eq!(
            whole.matches("<li class=\"call\"").count(),
            calls,
            "{query}"
        );
    }
    let shown = phones(&client, "?q=%22%3E%3Cscript%3E{title}");
    assert!(
        shown.contains("value=\"&quot;&gt;&lt;script&gt;{title}\""),
        "{shown}"
    );
}

#[test]
fn refused_calls_are_shown_with_the_reason_and_the_newest_first() {
    let client = Client::new();
    client.post(crate::client::FORM, "sender=Shop&message=%3Cb%3E");
    client.get("/you/credits/");
    let shown = page(&client, "en").body;
    let (_, calls) = shown.split_once("id=\"calls-title\"").unwrap();
    let places = [
        "/you/credits/",
        "<span class=\"failed\">400</span>",
        "recipient: This field is required.",
    ];
    let places = places.map(|text| {
        calls
            .find(text)
            .unwrap_or_else(|| panic!("{text} in {calls}"))
    });
    assert!(places.is_sorted(), "{calls}");
    assert!(calls.contains("message: &lt;b&gt;") && !calls.contains("<b>\n"));
}

#[test]
fn a_code_can_be_copied() {
    let client = Client::new();
    client.send("819012345678", "Pay+12500+JPY,+code+012345.+Valid+5+min.");
    client.call("819012345678", "Your+code+is+1,,2,,3,,4");
    client.send("819012345678", "No+code+123");
    let shown = page(&client, "en").body;
    let copied = |text: &str| {
        shown
            .matches(&format!("data-copy=\"{text}\">Copy code"))
            .count()
    };
    assert_eq!([copied("012345"), copied("1234"), copied("123")], [1, 1, 0]);
    assert_eq!(shown.matches(">Copy text<").count(), 3);
}
