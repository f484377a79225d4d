//! What the pages say, in English and Japanese.

use alloc::string::{String, ToString};

use crate::head::Head;
use crate::visit::Notice;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    En,
    Ja,
}

impl Language {
    /// What the client likes best of these (RFC 9110, section 12.5.4); English if neither.
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
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Ja => &JA,
        }
    }

    /// A time to wait, in words.
    pub(crate) fn wait(self, seconds: u32) -> String {
        let (number, en, ja) = match seconds {
            0..=90 => (seconds.max(1), "second", "秒"),
            91..=5_400 => (seconds.div_ceil(60), "minute", "分"),
            _ => (seconds.div_ceil(3_600), "hour", "時間"),
        };
        let number_text = number.to_string();
        match self {
            Self::En => [&*number_text, " ", en, if number == 1 { "" } else { "s" }].concat(),
            Self::Ja => [&*number_text, ja].concat(),
        }
    }

    /// What a notice says.
    pub(crate) fn say(self, notice: &Notice, digits: u8, now: u32) -> String {
        let wait = notice.retry_at.map(|at| self.wait(at.saturating_sub(now)));
        let wait = wait.as_deref();
        let left = notice.guesses_left.map(|left| left.to_string());
        let digits = digits.to_string();
        match self {
            Self::En => english(&notice.code, left.as_deref(), wait, &digits),
            Self::Ja => japanese(&notice.code, left.as_deref(), wait, &digits),
        }
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

fn english(code: &str, left: Option<&str>, wait: Option<&str>, digits: &str) -> String {
    let again = |what: &str| match wait {
        Some(wait) => [what, " Try again in ", wait, "."].concat(),
        None => [what, " Try again later."].concat(),
    };
    match code {
        "wrong-pin" => match left {
            Some("0") => "That is not the code, and no tries are left.".to_string(),
            Some("1") => "That is not the code. One try is left.".to_string(),
            Some(left) => ["That is not the code. ", left, " tries are left."].concat(),
            None => "That is not the code.".to_string(),
        },
        "malformed" => ["The code has ", digits, " digits."].concat(),
        "exhausted" => "Too many wrong codes. Ask for a new one.".to_string(),
        "expired" => "The code has expired. Ask for a new one.".to_string(),
        "used" | "invalid-token" => "This code no longer works. Ask for a new one.".to_string(),
        "locked" => again("Too many wrong codes."),
        "cooldown" => again("A message went out moments ago."),
        "too-many-sends" => again("Too many messages."),
        "not-allowed" => "A code cannot be sent to this number in this way.".to_string(),
        "provider" => again("The message could not be sent."),
        _ => again("Something went wrong on our side."),
    }
}

fn japanese(code: &str, left: Option<&str>, wait: Option<&str>, digits: &str) -> String {
    let again = |what: &str| match wait {
        Some(wait) => [what, wait, "後にもう一度お試しください。"].concat(),
        None => [what, "しばらくしてからもう一度お試しください。"].concat(),
    };
    match code {
        "wrong-pin" => match left {
            Some("0") => "認証コードが違います。入力できる回数を超えました。".to_string(),
            Some(left) => ["認証コードが違います。あと", left, "回入力できます。"].concat(),
            None => "認証コードが違います。".to_string(),
        },
        "malformed" => ["認証コードは", digits, "桁の数字です。"].concat(),
        "exhausted" => {
            "入力できる回数を超えました。新しい認証コードを送信してください。".to_string()
        }
        "expired" => {
            "認証コードの有効期限が切れました。新しい認証コードを送信してください。".to_string()
        }
        "used" | "invalid-token" => {
            "この認証コードは使えません。新しい認証コードを送信してください。".to_string()
        }
        "locked" => again("認証コードの間違いが続きました。"),
        "cooldown" => again("先ほど送信したばかりです。"),
        "too-many-sends" => again("送信の回数が多すぎます。"),
        "not-allowed" => "この電話番号にはこの方法で送信できません。".to_string(),
        "provider" => again("送信できませんでした。"),
        _ => again("サーバーで問題が発生しました。"),
    }
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
        let of = |value: &[u8]| Language::of(&Head::new([("accept-language", value)]));
        for (value, language) in [
            (&b"ja"[..], Language::Ja),
            (b"ja-JP,en;q=0.8", Language::Ja),
            (b"fr, ja;q=0.3, en;q=0.2", Language::Ja),
            (b"en;q=0.5,JA;q=0.75", Language::Ja),
            (b"en", Language::En),
            (b"fr", Language::En),
            (b"", Language::En),
            (b"ja;q=0", Language::En),
            (b"\xff", Language::En),
            (b"jam", Language::En),
            (b"ja;q=x,en;q=0.001", Language::En),
        ] {
            assert_eq!(of(value), language, "{value:?}");
        }
    }

    #[test]
    fn waits_are_rounded_up() {
        for (seconds, en, ja) in [
            (0, "1 second", "1秒"),
            (1, "1 second", "1秒"),
            (90, "90 seconds", "90秒"),
            (91, "2 minutes", "2分"),
            (5_401, "2 hours", "2時間"),
        ] {
            assert_eq!(Language::En.wait(seconds), en);
            assert_eq!(Language::Ja.wait(seconds), ja);
        }
    }
}
