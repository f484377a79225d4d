//! The page with phones, as HTML. Everything that comes from a request is escaped.

use std::collections::BTreeMap;

use super::language::Language;
use crate::message::Message;

const PAGE: &str = include_str!("../page/phone.html");

/// Texts of the page.
struct Words {
    lang: &'static str,
    title: &'static str,
    note: &'static str,
    nothing: &'static str,
    from: &'static str,
    call: &'static str,
    news: &'static str,
    states: [&'static str; 5],
    call_states: [&'static str; 3],
}

const ENGLISH: Words = Words {
    lang: "en",
    title: "Sandbox phones",
    note: "Nothing here was sent to a real phone.",
    nothing: "No messages yet.",
    from: "From",
    call: "Call from",
    news: "A new phone:",
    states: ["queued", "on its way", "delivered", "failed", "unknown"],
    call_states: ["ringing", "answered", "not answered"],
};

const JAPANESE: Words = Words {
    lang: "ja",
    title: "サンドボックスの電話",
    note: "ここにあるメッセージは、実際の電話には送られていません。",
    nothing: "メッセージはまだありません。",
    from: "送信元",
    call: "着信",
    news: "新しい電話:",
    states: ["送信待ち", "配信中", "配信済み", "失敗", "不明"],
    call_states: ["呼び出し中", "応答済み", "応答なし"],
};

/// A phone for each recipient, in the order of their numbers; its messages newest last.
pub(super) fn render(language: Language, messages: Vec<(Message, &'static str)>) -> String {
    let words = match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    };
    let mut by_recipient: BTreeMap<String, Vec<(Message, &str)>> = BTreeMap::new();
    for entry in messages {
        by_recipient
            .entry(entry.0.recipient.clone())
            .or_default()
            .push(entry);
    }
    let mut phones = String::new();
    for (recipient, messages) in &by_recipient {
        phones.push_str(&phone(words, recipient, messages));
    }
    if phones.is_empty() {
        phones = format!("<p class=\"nothing\" id=\"nothing\">{}</p>", words.nothing);
    }
    PAGE.replace("{lang}", words.lang)
        .replace("{title}", words.title)
        .replace("{note}", words.note)
        .replace("{news}", words.news)
        // Last, so that nothing in a message can be taken for a place to fill.
        .replace("{phones}", &phones)
}

fn phone(words: &Words, recipient: &str, messages: &[(Message, &str)]) -> String {
    let bubbles: String = messages
        .iter()
        .map(|(message, state)| bubble(words, message, state))
        .collect();
    let recipient = escape(recipient);
    format!(
        "<section class=\"phone\" id=\"phone{recipient}\" aria-labelledby=\"number{recipient}\">\n\
         <h2 id=\"number{recipient}\">{recipient}</h2>\n\
         <div class=\"screen\" tabindex=\"0\" role=\"log\" aria-labelledby=\"number{recipient}\">\
         <ol>{bubbles}</ol></div>\n\
         </section>\n"
    )
}

fn bubble(words: &Words, message: &Message, state: &str) -> String {
    let id = escape(&message.message_id);
    let sender = escape(&message.sender);
    let body = escape(&message.body);
    let sent_at = escape(&message.sent_at);
    // The time of day in `2026-11-24T08:00:00Z`.
    let time = sent_at.get(11..19).unwrap_or_default();
    let (channel, from) = match message.channel {
        "voice" => ("voice", words.call),
        _ => ("sms", words.from),
    };
    let (class, shown) = match state {
        "QUEUED" => ("moving", words.states[0]),
        "DELIVERING" => ("moving", words.states[1]),
        "DELIVERED" | "OK" => ("done", words.states[2]),
        "FAILED" | "FAIL" if channel == "sms" => ("failed", words.states[3]),
        "IN PROGRESS" => ("moving", words.call_states[0]),
        "ANSWERED" => ("done", words.call_states[1]),
        "FAILED" | "NO ANSWER" => ("failed", words.call_states[2]),
        _ => ("moving", words.states[4]),
    };
    // The API's own word too, for who compares.
    let state = escape(state);
    format!(
        "<li class=\"{channel}\" id=\"message-{id}\">\
         <p class=\"meta\"><span>{from} <b>{sender}</b></span> \
         <time datetime=\"{sent_at}\">{time} UTC</time></p>\
         <p class=\"body\">{body}</p>\
         <p class=\"state {class}\" id=\"state-{id}\">{shown} <span>{state}</span></p></li>"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            plain => escaped.push(plain),
        }
    }
    escaped
}
