//! The page with phones and calls of the API, as HTML. Everything that comes from a request is escaped.

use super::words::Words;
use crate::calls::Call;
use crate::fault::Fault;
use crate::message::Message;
use crate::orders::{Order, Target};

const PAGE: &str = include_str!("../page/phone.html");

/// The calls that are shown.
const CALLS: usize = 100;

/// The beginnings of paths that the page offers for a fault.
const PATHS: [&str; 7] = [
    "/sms/messages/",
    "/sms/templates/",
    "/voice/",
    "/you/credits/",
    "/otp/",
    "/utilities/carrierlookup/",
    "/voice/dins/",
];

/// The content of the page: messages with the words of their states, and calls, each oldest first.
pub(super) struct Shown {
    pub(super) messages: Vec<(Message, &'static str)>,
    pub(super) calls: Vec<Call>,
    /// Faults that are ordered, each with its number.
    pub(super) orders: Vec<(u64, Order)>,
    /// The text to search for; empty for everything.
    pub(super) query: String,
}

/// A phone for each recipient, and the calls. The newest of each comes first.
pub(super) fn render(words: &Words, shown: &Shown) -> String {
    let wanted = shown.query.to_lowercase();
    let matches = |texts: &[&str]| {
        texts
            .iter()
            .any(|text| text.to_lowercase().contains(&wanted))
    };
    let mut phones: Vec<(&str, String)> = Vec::new();
    for (message, state) in shown.messages.iter().rev() {
        let texts = [
            &message.recipient,
            &message.sender,
            &message.body,
            &message.message_id,
        ];
        if !matches(&texts.map(String::as_str)) {
            continue;
        }
        let bubble = bubble(words, message, state);
        match phones
            .iter_mut()
            .find(|(number, _)| *number == message.recipient)
        {
            Some((_, bubbles)) => bubbles.push_str(&bubble),
            None => phones.push((&message.recipient, bubble)),
        }
    }
    let phones = phones
        .iter()
        .map(|(number, bubbles)| phone(number, bubbles))
        .collect();
    let calls = shown.calls.iter().rev().filter(|call| {
        let remarks = call.remarks.join("\n");
        let status = call
            .status
            .map_or_else(String::new, |status| status.to_string());
        matches(&[
            &call.method,
            &call.path,
            &call.parameters,
            &remarks,
            &status,
        ])
    });
    let calls = calls.take(CALLS).map(|call| line(words, call)).collect();
    let orders = shown.orders.iter();
    let orders = orders
        .map(|(number, ordered)| order(words, *number, ordered))
        .collect();
    let (no_messages, no_calls) = match wanted.is_empty() {
        true => (words.no_messages, words.no_calls),
        false => (words.no_match, words.no_match),
    };
    fill(
        PAGE,
        &[
            ("lang", words.lang),
            ("title", words.title),
            ("note", words.note),
            ("search", words.search),
            ("query", &escape(&shown.query)),
            ("clear", words.clear),
            ("news", words.news),
            ("copied", words.copied),
            ("cleared", words.cleared),
            ("phones_title", words.phones),
            ("calls_title", words.calls),
            ("faults_title", words.faults),
            ("order_title", words.order_title),
            ("fault", words.fault),
            ("faults", &faults()),
            ("target", words.target),
            ("target_hint", words.target_hint),
            ("targets", &targets()),
            ("times", words.times),
            ("order", words.order),
            ("ordered", words.ordered),
            ("withdraw", words.withdraw),
            ("withdrawn", words.withdrawn),
            ("orders", &or_nothing(orders, "no-orders", words.no_orders)),
            ("phones", &or_nothing(phones, "no-messages", no_messages)),
            ("calls", &or_nothing(calls, "no-calls", no_calls)),
        ],
    )
}

/// Fills the places of a page in one pass, so that nothing in a value is taken for a place.
fn fill(page: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        let value = values.iter().find(|(own, _)| *own == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled + rest
}

fn or_nothing(shown: String, id: &str, nothing: &str) -> String {
    if shown.is_empty() {
        return format!("<li class=\"nothing\" id=\"{id}\">{nothing}</li>");
    }
    shown
}

fn phone(recipient: &str, bubbles: &str) -> String {
    let recipient = escape(recipient);
    format!(
        "<li class=\"phone\" id=\"phone{recipient}\">\n\
         <h3 id=\"number{recipient}\">{recipient}</h3>\n\
         <div class=\"screen\" tabindex=\"0\" role=\"log\" aria-labelledby=\"number{recipient}\">\
         <ol id=\"messages{recipient}\">{bubbles}</ol></div>\n\
         </li>\n"
    )
}

fn bubble(words: &Words, message: &Message, state: &str) -> String {
    let id = escape(&message.message_id);
    let sender = escape(&message.sender);
    let body = escape(&message.body);
    let time = time(&message.sent_at);
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
    let code = code(message).map_or_else(String::new, |code| copy(words.copy_code, &code));
    let text = copy(words.copy_text, &body);
    // The API's own word too, for who compares.
    let state = escape(state);
    format!(
        "<li class=\"{channel}\" id=\"message-{id}\">\
         <p class=\"meta\"><span>{from} <b>{sender}</b></span> {time}</p>\
         <p class=\"body\">{body}</p>\
         <p class=\"state {class}\" id=\"state-{id}\">{shown} <span>{state}</span></p>\
         <p class=\"tools\">{code}{text}</p></li>"
    )
}

/// A button that copies a text, which is escaped already.
fn copy(label: &str, text: &str) -> String {
    format!("<button type=\"button\" data-copy=\"{text}\">{label}</button>")
}

/// The code in a message: its last run of 4 to 10 digits, which a call says with pauses between them.
fn code(message: &Message) -> Option<String> {
    let said = match message.channel {
        "voice" => message.body.replace([',', ' '], ""),
        _ => message.body.clone(),
    };
    let mut runs = said.split(|letter: char| !letter.is_ascii_digit());
    let code = runs.rfind(|run| (4..=10).contains(&run.len()));
    code.map(str::to_string)
}

fn line(words: &Words, call: &Call) -> String {
    let number = call.number;
    let (class, status) = match call.status {
        None => ("failed", words.no_answer.to_string()),
        Some(status @ 0..400) => ("done", status.to_string()),
        Some(status) => ("failed", status.to_string()),
    };
    let (method, path) = (escape(&call.method), escape(&call.path));
    let time = time(&call.called_at);
    let remarks: String = call
        .remarks
        .iter()
        .map(|remark| format!("<p class=\"remark\">{}</p>", escape(remark)))
        .collect();
    let parameters = match call.parameters.as_str() {
        "" => String::new(),
        text => format!(
            "<details id=\"sent-{number}\"><summary>{}</summary><pre>{}</pre></details>",
            words.parameters,
            escape(text)
        ),
    };
    format!(
        "<li class=\"call\" id=\"call-{number}\"><p class=\"meta\"><span class=\"{class}\">{status}</span> {time}</p>\
         <p class=\"request\"><b>{method}</b> <code>{path}</code></p><div class=\"remarks\" id=\"remarks-{number}\">{remarks}</div>{parameters}</li>\n"
    )
}

/// Description of a fault, without the signs around names that documents have.
fn about(fault: Fault) -> String {
    escape(&fault.about().replace('`', ""))
}

/// A choice for each fault, with what it does.
fn faults() -> String {
    let choice = |fault: &Fault| {
        let (name, about) = (fault.name(), about(*fault));
        format!("<option value=\"{name}\" data-about=\"{about}\">{name}</option>")
    };
    Fault::ALL.iter().map(choice).collect()
}

fn targets() -> String {
    let choice = |path| format!("<option value=\"{path}\"></option>");
    PATHS.map(choice).concat()
}

fn order(words: &Words, number: u64, order: &Order) -> String {
    let target = match &order.target {
        Target::Sends => words.next_sends.to_string(),
        Target::Recipient(number) => escape(number),
        Target::Path(path) => format!("<code>{}</code>", escape(path)),
    };
    let (name, about, times) = (order.fault.name(), about(order.fault), order.times);
    format!(
        "<li class=\"order\" id=\"order-{number}\"><p class=\"meta\"><b>{name}</b> <span>{times} × {target}</span></p>\
         <p class=\"remark\" lang=\"en\">{about}</p></li>\n"
    )
}

/// The time of day in `2026-11-24T08:00:00Z`.
fn time(moment: &str) -> String {
    let moment = escape(moment);
    let time = moment.get(11..19).unwrap_or_default();
    format!("<time datetime=\"{moment}\">{time} UTC</time>")
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
