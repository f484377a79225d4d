//! Japanese.

use crate::words::language::{Call, Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "【{service}】認証コード: {pin}（{minutes}分間有効）誰にも教えないでください。",
    payment: "【{service}】{payee}へ{amount} {currency}の支払い 認証コード: {pin}（{minutes}分間有効）誰にも教えないでください。",
    call: Some(Call {
        login: "{service}です。このコードは誰にも教えないでください。認証コードは、、{pin}。もう一度、、{pin}。",
        payment: "{service}です。このコードは誰にも教えないでください。{payee}へ{amount} {currency}を支払う認証コードは、、{pin}。もう一度、、{pin}。",
    }),
    grouping: ',',
    warnings: &["教え", "共有", "伝え", "知らせ"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: "",
    wrong: "認証コードが違います。",
    one_try: "あと1回入力できます。",
    tries: ["あと", "回入力できます。"],
    last_try: "これ以上は入力できないため、新しい認証コードを取得してください。",
    malformed: "認証コードの数字だけを、すべて入力してください。今回の入力は回数に含まれません。",
    expired: "認証コードの有効期限が切れました。",
    exhausted: "認証コードを入力できる回数を超えました。",
    unusable: "この認証コードは使えません。",
    ask_anew: "新しい認証コードを取得してください。",
    locked: "認証コードの間違いが続きました。",
    cooldown: "先ほど受け付けたばかりです。",
    too_many: "送信の回数が多すぎます。",
    not_allowed: "この電話番号にはこの方法で認証コードを送信できません。",
    nothing_locked: "このユーザーと電話番号はロックされていません。",
    provider: "メッセージを送信できませんでした。",
    ours: "当サービスで問題が発生しました。",
    later: "しばらくしてからもう一度お試しください。",
    again_in: ["", "後にもう一度お試しください。"],
    contact: "お手数ですが、お問い合わせください。",
    second: "秒",
    seconds: "秒",
    minutes: "分",
    hours: "時間",
};
