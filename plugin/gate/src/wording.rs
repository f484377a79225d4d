//! Texts of the pages, in English and Japanese. Failures are explained by the engine.

use alloc::string::String;

use xoxzo_2fa_core::{Locale, explain};

use crate::head::Head;
use crate::visit::Failed;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageLanguage {
    En,
    Ja,
}

impl PageLanguage {
    /// Returns the language that the client likes best of these (RFC 9110, section 12.5.4); English if neither.
    pub(crate) fn of(head: &Head) -> Self {
        let mut best = (0, Self::En);
        let lines = head
            .all("accept-language")
            .filter_map(|line| core::str::from_utf8(line).ok());
        for range in lines.flat_map(|line| line.split(',')) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let language = match tag.split('-').next().unwrap_or_default() {
                own if own.eq_ignore_ascii_case("ja") => Self::Ja,
                own if own.eq_ignore_ascii_case("en") => Self::En,
                _ => continue,
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1_000, thousandths);
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    pub(crate) fn code(self) -> &'static str {
        self.locale().code()
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Ja => &JA,
        }
    }

    /// The same language in the engine.
    fn locale(self) -> Locale {
        match self {
            Self::En => Locale::En,
            Self::Ja => Locale::Ja,
        }
    }

    /// A time to wait, in words.
    pub(crate) fn wait(self, seconds: u32) -> String {
        self.locale().wait(seconds)
    }

    /// A failure, in words.
    pub(crate) fn explain(self, failed: Failed, now: u32) -> String {
        let Failed {
            code,
            guesses_left,
            retry_at,
        } = failed;
        let wait = retry_at.map(|at| at.saturating_sub(now));
        explain(code, guesses_left, wait, self.locale()).text
    }
}

/// A quality value in thousandths.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let mut digits = fraction.chars().chain(core::iter::repeat('0'));
    let mut number = if whole == "1" { 1_u32 } else { 0 };
    for _ in 0..3 {
        let digit = digits
            .next()
            .and_then(|digit| digit.to_digit(10))
            .unwrap_or(0);
        number = number.saturating_mul(10).saturating_add(digit);
    }
    number
}

/// What does not change.
pub(crate) struct Words {
    pub(crate) start_title: &'static str,
    /// Around the masked number.
    pub(crate) start_text: [&'static str; 2],
    pub(crate) start_button: &'static str,
    pub(crate) code_title: &'static str,
    pub(crate) code_text: [&'static str; 2],
    pub(crate) code_label: &'static str,
    pub(crate) code_button: &'static str,
    /// Around the time that is left.
    pub(crate) code_left: [&'static str; 2],
    pub(crate) never_share: &'static str,
    pub(crate) nothing_came: &'static str,
    /// Around the time to wait.
    pub(crate) resend_wait: [&'static str; 2],
    pub(crate) resend_button: &'static str,
    pub(crate) voice_button: &'static str,
    pub(crate) locked_title: &'static str,
    pub(crate) locked_text: &'static str,
    pub(crate) retry_button: &'static str,
    pub(crate) recovery: &'static str,
    pub(crate) other_phone: &'static str,
    pub(crate) done_title: &'static str,
    pub(crate) done_text: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) logout_button: &'static str,
    pub(crate) logged_out: &'static str,
    pub(crate) unconfirmed: &'static str,
    pub(crate) error_title: &'static str,
    pub(crate) sign_in_title: &'static str,
    pub(crate) sign_in_text: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) again: &'static str,
    pub(crate) required_text: &'static str,
    pub(crate) stale_text: &'static str,
    pub(crate) bad_text: &'static str,
}

const EN: Words = Words {
    start_title: "Confirm that it is you",
    start_text: ["We send a code to your phone, ", "."],
    start_button: "Send the code",
    code_title: "Enter the code",
    code_text: ["We sent a code to ", "."],
    code_label: "Code",
    code_button: "Confirm",
    code_left: ["It works for ", " more."],
    never_share: "Never tell anyone the code. We will not ask for it.",
    nothing_came: "Nothing came?",
    resend_wait: ["You can ask for it again in ", "."],
    resend_button: "Send it again",
    voice_button: "Call me instead",
    locked_title: "Confirming is locked",
    locked_text: "There were too many wrong codes, so no more can be tried with this phone.",
    retry_button: "It was unlocked: try again",
    recovery: "Get help",
    other_phone: "I do not have this phone",
    done_title: "You are confirmed",
    done_text: "This browser is confirmed with your phone.",
    go_on: "Continue",
    logout_button: "Log out",
    logged_out: "You are logged out here.",
    unconfirmed: "We could not confirm that the message was sent. If nothing comes within three minutes, ask for it again.",
    error_title: "That did not work",
    sign_in_title: "Sign in first",
    sign_in_text: "We do not know who you are, or your phone number is missing or not valid.",
    sign_in: "Sign in",
    again: "Back to the code",
    required_text: "This needs a code first. What you sent was not passed on.",
    stale_text: "The form was out of date, or came from another page. Nothing was done.",
    bad_text: "There is nothing at this address, or it is spelled in a way that is not allowed.",
};

const JA: Words = Words {
    start_title: "本人確認",
    start_text: ["電話番号 ", " に認証コードを送信します。"],
    start_button: "認証コードを送信",
    code_title: "認証コードの入力",
    code_text: ["", " に認証コードを送信しました。"],
    code_label: "認証コード",
    code_button: "確認",
    code_left: ["有効期限まであと", "です。"],
    never_share: "認証コードを誰にも教えないでください。当サービスからお尋ねすることはありません。",
    nothing_came: "届かない場合",
    resend_wait: ["", "後に再送信できます。"],
    resend_button: "再送信",
    voice_button: "音声通話で受け取る",
    locked_title: "本人確認がロックされています",
    locked_text: "認証コードの間違いが続いたため、この電話番号ではこれ以上入力できません。",
    retry_button: "解除された場合はもう一度試す",
    recovery: "お困りの場合",
    other_phone: "この電話が手元にない場合",
    done_title: "本人確認済みです",
    done_text: "このブラウザーは電話番号で確認されています。",
    go_on: "続ける",
    logout_button: "ログアウト",
    logged_out: "ログアウトしました。",
    unconfirmed: "送信を確認できませんでした。3分たっても届かない場合は、もう一度送信してください。",
    error_title: "処理できませんでした",
    sign_in_title: "ログインしてください",
    sign_in_text: "ログインしていないか、電話番号が登録されていないか、正しくありません。",
    sign_in: "ログイン",
    again: "認証コードの入力に戻る",
    required_text: "先に本人確認が必要です。送信された内容は処理されていません。",
    stale_text: "フォームが古いか、別のページから送信されました。処理は行われていません。",
    bad_text: "ページが見つからないか、アドレスの書き方が正しくありません。",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        let of = |value: &[u8]| PageLanguage::of(&Head::new([("accept-language", value)]));
        for (value, language) in [
            (&b"ja"[..], PageLanguage::Ja),
            (b"ja-JP,en;q=0.8", PageLanguage::Ja),
            (b"fr, ja;q=0.3, en;q=0.2", PageLanguage::Ja),
            (b"en;q=0.5,JA;q=0.75", PageLanguage::Ja),
            (b"en", PageLanguage::En),
            (b"fr", PageLanguage::En),
            (b"", PageLanguage::En),
            (b"ja;q=0", PageLanguage::En),
            (b"\xff", PageLanguage::En),
            (b"jam", PageLanguage::En),
            (b"ja;q=x,en;q=0.001", PageLanguage::En),
        ] {
            assert_eq!(of(value), language, "{value:?}");
        }
    }
}
