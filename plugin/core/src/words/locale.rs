//! The languages that messages are written in, and what they say.
//!
//! A text is a [`pattern`](crate::words::pattern). Amount and payee come before the code (PSD2 RTS, article 5(1)). A part holds 70 characters of
//! a text that is not ASCII, so those texts are short.

use crate::common::document::Form;
use crate::common::failure::InvalidFormat;

crate::choice! {
    stored
    /// A language that messages are written in, by its BCP 47 tag.
    Locale {
        /// English.
        En = "en",
        /// Japanese.
        Ja = "ja",
        /// Indonesian.
        Id = "id",
        /// Malay.
        Ms = "ms",
        /// Vietnamese.
        Vi = "vi",
        /// Thai.
        Th = "th",
        /// Chinese in simplified characters.
        ZhHans = "zh-Hans",
        /// Chinese in traditional characters.
        ZhHant = "zh-Hant",
        /// Korean.
        Ko = "ko",
        /// Spanish.
        Es = "es",
    }
}

pub(crate) const LOCALES: Form = Form::Choice(&Locale::CODES);

impl Locale {
    /// Takes a tag that there are texts for, in its own spelling.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidFormat> {
        let known = Self::ALL.into_iter().find(|locale| locale.code() == text);
        known.ok_or(InvalidFormat(
            "must be one of en, ja, id, ms, vi, th, zh-Hans, zh-Hant, ko, es",
        ))
    }

    /// Returns the text of a message for a login.
    pub(crate) fn login(self) -> &'static str {
        self.texts()[0]
    }

    /// Returns the text of a message for a payment.
    pub(crate) fn payment(self) -> &'static str {
        self.texts()[1]
    }

    /// Returns the separator between groups of three digits of an amount: a comma, or a space where a comma separates decimals.
    pub(crate) fn grouping(self) -> char {
        match self {
            Self::Id | Self::Vi | Self::Es => ' ',
            Self::En | Self::Ja | Self::Ms | Self::Th | Self::ZhHans | Self::ZhHant | Self::Ko => {
                ','
            }
        }
    }

    /// Stems of words that warn users not to pass a code on. An own text without one of them is unwise.
    pub(crate) fn warnings(self) -> &'static [&'static str] {
        match self {
            Self::En => &["share", "tell", "give", "forward", "disclose"],
            Self::Ja => &["教え", "共有", "伝え", "知らせ"],
            Self::Id => &["berikan", "bagikan", "beritahu"],
            Self::Ms => &["kongsi", "berikan", "beritahu"],
            Self::Vi => &["chia sẻ", "tiết lộ", "cho ai"],
            Self::Th => &["บอก", "แชร์", "เปิดเผย"],
            Self::ZhHans => &["告诉", "分享", "透露", "泄露"],
            Self::ZhHant => &["告訴", "分享", "透露", "洩露"],
            Self::Ko => &["알려", "공유"],
            Self::Es => &["compart", "digas", "reveles"],
        }
    }

    /// Login, payment.
    fn texts(self) -> [&'static str; 2] {
        match self {
            Self::En => [
                "{service}: your code is {pin}. Valid for {minutes} min. Never share it with anyone.",
                "{service}: to pay {amount} {currency} to {payee}, the code is {pin}. Valid for {minutes} min. Never share it.",
            ],
            Self::Ja => [
                "【{service}】認証コード: {pin}（{minutes}分間有効）誰にも教えないでください。",
                "【{service}】{payee}へ{amount} {currency}の支払い 認証コード: {pin}（{minutes}分間有効）誰にも教えないでください。",
            ],
            Self::Id => [
                "{service}: kode Anda {pin}. Berlaku {minutes} menit. Jangan berikan kepada siapa pun.",
                "{service}: untuk membayar {amount} {currency} kepada {payee}, kodenya {pin}. Berlaku {minutes} menit. Jangan berikan kepada siapa pun.",
            ],
            Self::Ms => [
                "{service}: kod anda {pin}. Sah selama {minutes} minit. Jangan kongsi dengan sesiapa.",
                "{service}: untuk membayar {amount} {currency} kepada {payee}, kodnya {pin}. Sah selama {minutes} minit. Jangan kongsi dengan sesiapa.",
            ],
            Self::Vi => [
                "{service}: mã của bạn là {pin}, hiệu lực {minutes} phút. Không chia sẻ.",
                "{service}: mã để trả {amount} {currency} cho {payee} là {pin}, hiệu lực {minutes} phút. Không chia sẻ.",
            ],
            Self::Th => [
                "{service}: รหัสของคุณคือ {pin} ใช้ได้ {minutes} นาที ห้ามบอกใคร",
                "{service}: จ่าย {amount} {currency} ให้ {payee} รหัสคือ {pin} ใช้ได้ {minutes} นาที ห้ามบอกใคร",
            ],
            Self::ZhHans => [
                "【{service}】验证码：{pin}，{minutes}分钟内有效，请勿告诉任何人。",
                "【{service}】向{payee}支付{amount} {currency}，验证码：{pin}，{minutes}分钟内有效，请勿告诉任何人。",
            ],
            Self::ZhHant => [
                "【{service}】驗證碼：{pin}，{minutes}分鐘內有效，請勿告訴任何人。",
                "【{service}】向{payee}支付{amount} {currency}，驗證碼：{pin}，{minutes}分鐘內有效，請勿告訴任何人。",
            ],
            Self::Ko => [
                "[{service}] 인증번호 {pin} ({minutes}분간 유효). 누구에게도 알려주지 마세요.",
                "[{service}] {payee}에 {amount} {currency} 결제, 인증번호 {pin} ({minutes}분간 유효). 공유하지 마세요.",
            ],
            Self::Es => [
                "{service}: tu clave es {pin}. Vale {minutes} min. No la compartas con nadie.",
                "{service}: para pagar {amount} {currency} a {payee}, la clave es {pin}. Vale {minutes} min. No la compartas con nadie.",
            ],
        }
    }
}

/// The words of a call, in a language that Xoxzo speaks: who calls, that nobody may know the code, then the code twice, after a
/// pause and digit by digit (blog.xoxzo.com, 2018-05-14; commas between digits: 2021-11-01).
#[derive(Clone, Copy)]
pub(crate) struct Speech {
    /// The language, as a message is written in.
    pub(crate) locale: Locale,
    /// `tts_lang`, ISO 639-1.
    pub(crate) language: &'static str,
    /// The words for a login.
    pub(crate) login: &'static str,
    /// The words for a payment.
    pub(crate) payment: &'static str,
}

impl Speech {
    /// Returns the words in Japanese if that is asked for, else in English: the two languages that Xoxzo speaks (blog.xoxzo.com, 2020-08-13).
    pub(crate) fn of(locale: Locale) -> Self {
        match locale {
            Locale::Ja => Self {
                locale,
                language: "ja",
                login: "{service}です。このコードは誰にも教えないでください。認証コードは、、{pin}。もう一度、、{pin}。",
                payment: "{service}です。このコードは誰にも教えないでください。{payee}へ{amount} {currency}を支払う認証コードは、、{pin}。もう一度、、{pin}。",
            },
            _ => Self {
                locale: Locale::En,
                language: "en",
                login: "This is {service}. Do not tell this code to anyone. Your code is,, {pin}. Again,, {pin}.",
                payment: "This is {service}. Do not tell this code to anyone. The code to pay {amount} {currency} to {payee} is,, {pin}. Again,, {pin}.",
            },
        }
    }
}
