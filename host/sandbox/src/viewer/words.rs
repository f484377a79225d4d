//! The texts of the page, in each of its languages.

use super::language::Language;

pub(super) struct Words {
    pub(super) lang: &'static str,
    pub(super) title: &'static str,
    pub(super) note: &'static str,
    pub(super) search: &'static str,
    pub(super) clear: &'static str,
    pub(super) cleared: &'static str,
    pub(super) phones: &'static str,
    pub(super) calls: &'static str,
    pub(super) no_messages: &'static str,
    pub(super) no_calls: &'static str,
    pub(super) no_match: &'static str,
    pub(super) from: &'static str,
    pub(super) call: &'static str,
    pub(super) news: &'static str,
    pub(super) copy_code: &'static str,
    pub(super) copy_text: &'static str,
    pub(super) copied: &'static str,
    pub(super) parameters: &'static str,
    pub(super) no_answer: &'static str,
    pub(super) states: [&'static str; 5],
    pub(super) call_states: [&'static str; 3],
}

const ENGLISH: Words = Words {
    lang: "en",
    title: "Xoxzo sandbox",
    note: "Nothing here was sent to a real phone.",
    search: "Search",
    clear: "Clear all",
    cleared: "Everything was cleared.",
    phones: "Phones",
    calls: "API calls",
    no_messages: "No messages yet.",
    no_calls: "No calls yet.",
    no_match: "Nothing matches the search.",
    from: "From",
    call: "Call from",
    news: "A new message:",
    copy_code: "Copy code",
    copy_text: "Copy text",
    copied: "Copied.",
    parameters: "Parameters",
    no_answer: "no answer",
    states: ["queued", "on its way", "delivered", "failed", "unknown"],
    call_states: ["ringing", "answered", "not answered"],
};

const JAPANESE: Words = Words {
    lang: "ja",
    title: "Xoxzo サンドボックス",
    note: "ここにあるメッセージは、実際の電話には送られていません。",
    search: "検索",
    clear: "すべて消去",
    cleared: "すべて消去しました。",
    phones: "電話",
    calls: "API の呼び出し",
    no_messages: "メッセージはまだありません。",
    no_calls: "呼び出しはまだありません。",
    no_match: "検索に一致するものはありません。",
    from: "送信元",
    call: "着信",
    news: "新しいメッセージ:",
    copy_code: "コードをコピー",
    copy_text: "本文をコピー",
    copied: "コピーしました。",
    parameters: "パラメーター",
    no_answer: "応答なし",
    states: ["送信待ち", "配信中", "配信済み", "失敗", "不明"],
    call_states: ["呼び出し中", "応答済み", "応答なし"],
};

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Japanese => &JAPANESE,
        }
    }
}
