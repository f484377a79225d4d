//! The languages that messages are written in, and what they say.
//!
//! In a text, `{s}` is the service, `{p}` the PIN, `{m}` whole minutes, `{a}` amount and currency, `{t}` the payee. Amount and
//! payee come before the code (PSD2 RTS, article 5(1)). What is not ASCII has 70 characters in a part, so those texts are short.

use crate::failure::Unfit;

/// A language that messages are written in, by its BCP 47 tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Locale {
    /// English, `en`.
    En,
    /// Japanese, `ja`.
    Ja,
    /// Indonesian, `id`.
    Id,
    /// Malay, `ms`.
    Ms,
    /// Vietnamese, `vi`.
    Vi,
    /// Thai, `th`.
    Th,
    /// Chinese in simplified characters, `zh-Hans`.
    ZhHans,
    /// Chinese in traditional characters, `zh-Hant`.
    ZhHant,
    /// Korean, `ko`.
    Ko,
    /// Spanish, `es`.
    Es,
}

impl Locale {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::En,
        Self::Ja,
        Self::Id,
        Self::Ms,
        Self::Vi,
        Self::Th,
        Self::ZhHans,
        Self::ZhHant,
        Self::Ko,
        Self::Es,
    ];

    /// Takes a tag that there are texts for, in its own spelling.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let known = Self::ALL.into_iter().find(|locale| locale.code() == text);
        known.ok_or(Unfit(
            "must be one of en, ja, id, ms, vi, th, zh-Hans, zh-Hant, ko, es",
        ))
    }

    /// The tag.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.texts()[0]
    }

    /// What a message for a login says.
    pub(crate) fn login(self) -> &'static str {
        self.texts()[1]
    }

    /// What a message for a payment says.
    pub(crate) fn payment(self) -> &'static str {
        self.texts()[2]
    }

    /// Tag, login, payment.
    fn texts(self) -> [&'static str; 3] {
        match self {
            Self::En => [
                "en",
                "{s}: your code is {p}. Valid for {m} min. Never share it with anyone.",
                "{s}: to pay {a} to {t}, the code is {p}. Valid for {m} min. Never share it.",
            ],
            Self::Ja => [
                "ja",
                "【{s}】認証コード: {p}（{m}分間有効）誰にも教えないでください。",
                "【{s}】{t}へ{a}の支払い 認証コード: {p}（{m}分間有効）誰にも教えないでください。",
            ],
            Self::Id => [
                "id",
                "{s}: kode Anda {p}. Berlaku {m} menit. Jangan berikan kepada siapa pun.",
                "{s}: untuk membayar {a} kepada {t}, kodenya {p}. Berlaku {m} menit. Jangan berikan kepada siapa pun.",
            ],
            Self::Ms => [
                "ms",
                "{s}: kod anda {p}. Sah selama {m} minit. Jangan kongsi dengan sesiapa.",
                "{s}: untuk membayar {a} kepada {t}, kodnya {p}. Sah selama {m} minit. Jangan kongsi dengan sesiapa.",
            ],
            Self::Vi => [
                "vi",
                "{s}: mã của bạn là {p}, hiệu lực {m} phút. Không chia sẻ.",
                "{s}: mã để trả {a} cho {t} là {p}, hiệu lực {m} phút. Không chia sẻ.",
            ],
            Self::Th => [
                "th",
                "{s}: รหัสของคุณคือ {p} ใช้ได้ {m} นาที ห้ามบอกใคร",
                "{s}: จ่าย {a} ให้ {t} รหัสคือ {p} ใช้ได้ {m} นาที ห้ามบอกใคร",
            ],
            Self::ZhHans => [
                "zh-Hans",
                "【{s}】验证码：{p}，{m}分钟内有效，请勿告诉任何人。",
                "【{s}】向{t}支付{a}，验证码：{p}，{m}分钟内有效，请勿告诉任何人。",
            ],
            Self::ZhHant => [
                "zh-Hant",
                "【{s}】驗證碼：{p}，{m}分鐘內有效，請勿告訴任何人。",
                "【{s}】向{t}支付{a}，驗證碼：{p}，{m}分鐘內有效，請勿告訴任何人。",
            ],
            Self::Ko => [
                "ko",
                "[{s}] 인증번호 {p} ({m}분간 유효). 누구에게도 알려주지 마세요.",
                "[{s}] {t}에 {a} 결제, 인증번호 {p} ({m}분간 유효). 공유하지 마세요.",
            ],
            Self::Es => [
                "es",
                "{s}: tu clave es {p}. Vale {m} min. No la compartas con nadie.",
                "{s}: para pagar {a} a {t}, la clave es {p}. Vale {m} min. No la compartas con nadie.",
            ],
        }
    }
}

/// What a call says, in a language that Xoxzo speaks: who calls, that nobody may know the code, then the code twice, after a
/// pause and digit by digit (blog.xoxzo.com, 2018-05-14; commas between digits: 2021-11-01).
#[derive(Clone, Copy)]
pub(crate) struct Speech {
    /// `tts_lang`, ISO 639-1.
    pub(crate) language: &'static str,
    /// For a login.
    pub(crate) login: &'static str,
    /// For a payment.
    pub(crate) payment: &'static str,
}

impl Speech {
    /// In Japanese if that is asked for, else in English: the two that Xoxzo speaks (blog.xoxzo.com, 2020-08-13).
    pub(crate) fn of(locale: Locale) -> Self {
        match locale {
            Locale::Ja => Self {
                language: "ja",
                login: "{s}です。このコードは誰にも教えないでください。認証コードは、、{p}。もう一度、、{p}。",
                payment: "{s}です。このコードは誰にも教えないでください。{t}へ{a}を支払う認証コードは、、{p}。もう一度、、{p}。",
            },
            _ => Self {
                language: "en",
                login: "This is {s}. Do not tell this code to anyone. Your code is,, {p}. Again,, {p}.",
                payment: "This is {s}. Do not tell this code to anyone. The code to pay {a} to {t} is,, {p}. Again,, {p}.",
            },
        }
    }
}
