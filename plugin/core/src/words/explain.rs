//! Words for end users: why an operation ended without what was asked, and what they can do.
//!
//! A text says no more than the code does: no name of a code, no technical cause, no blame, nothing about settings. The offers follow from
//! the code, the tries and the wait alone, so a page shows the same buttons in every language.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::common::failure::Code;
use crate::words::language::Sentences;
use crate::words::languages::Locale;

/// A text for an end user, and the actions to offer with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// One or two short sentences in the user's language.
    pub text: String,
    /// Actions that help, the best first. Empty if none does.
    pub offers: Vec<Offer>,
}

/// An action that a user can take next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Do the same once more: type the code again, or ask again.
    TryAgain,
    /// Get the same code once more.
    Resend,
    /// Ask for a new code.
    StartAgain,
    /// Wait for the seconds of `retry_after`, then do the same once more.
    Wait,
    /// Contact the service.
    ContactSupport,
}

impl Offer {
    /// Returns the name that every host uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TryAgain => "try-again",
            Self::Resend => "resend",
            Self::StartAgain => "start-again",
            Self::Wait => "wait",
            Self::ContactSupport => "contact-support",
        }
    }
}

/// Explains a failure, given its code, the tries that are left and the seconds to wait, to an end user.
#[must_use]
pub fn explain(
    code: Code,
    guesses_left: Option<u32>,
    retry_after: Option<u32>,
    locale: Locale,
) -> Explanation {
    Explanation {
        text: text(code, guesses_left, retry_after, locale),
        offers: offers(code, guesses_left, retry_after),
    }
}

impl Locale {
    /// A time to wait, in words: seconds up to 90, then minutes up to 90, then hours, each rounded up.
    #[must_use]
    pub fn wait(self, seconds: u32) -> String {
        let Sentences {
            second,
            seconds: many_seconds,
            minutes,
            hours,
            ..
        } = self.sentences();
        // No more than 90 s are seconds and no less than 91 s are minutes, so there is never one minute or one hour.
        let (number, unit) = match seconds {
            0..=1 => (1, second),
            2..=90 => (seconds, many_seconds),
            91..=5_400 => (seconds.div_ceil(60), minutes),
            _ => (seconds.div_ceil(3_600), hours),
        };
        [&*number.to_string(), unit].concat()
    }
}

fn text(code: Code, guesses_left: Option<u32>, retry_after: Option<u32>, locale: Locale) -> String {
    let Sentences {
        space,
        wrong,
        one_try,
        tries: [before, after],
        last_try,
        malformed,
        expired,
        exhausted,
        unusable,
        ask_anew,
        locked,
        cooldown,
        too_many,
        not_allowed,
        nothing_locked,
        provider,
        ours,
        later,
        again_in: [again, over],
        contact,
        ..
    } = *locale.sentences();
    let wait = || match retry_after {
        Some(seconds) => [again, &locale.wait(seconds), over].concat(),
        None => later.to_string(),
    };
    let and = |cause: &str, advice: &str| [cause, space, advice].concat();
    match code {
        Code::WrongPin => match guesses_left {
            None => wrong.to_string(),
            Some(0) => and(wrong, last_try),
            Some(1) => and(wrong, one_try),
            Some(left) => and(wrong, &[before, &*left.to_string(), after].concat()),
        },
        Code::Malformed => malformed.to_string(),
        Code::Expired => and(expired, ask_anew),
        Code::Exhausted => and(exhausted, ask_anew),
        Code::Used | Code::InvalidToken => and(unusable, ask_anew),
        Code::Locked if retry_after.is_none() => and(locked, contact),
        Code::Locked => and(locked, &wait()),
        Code::Cooldown => and(cooldown, &wait()),
        Code::TooManySends => and(too_many, &wait()),
        Code::NotAllowed => and(not_allowed, contact),
        Code::NothingLocked => nothing_locked.to_string(),
        Code::Provider => and(provider, &wait()),
        Code::Clock | Code::Guard | Code::Randomness | Code::Request | Code::Settings => {
            and(ours, &wait())
        }
    }
}

fn offers(code: Code, guesses_left: Option<u32>, retry_after: Option<u32>) -> Vec<Offer> {
    let wait = retry_after.map(|_| Offer::Wait);
    let offers: &[Offer] = match code {
        Code::WrongPin if guesses_left == Some(0) => &[Offer::StartAgain],
        Code::WrongPin => &[Offer::TryAgain, Offer::Resend],
        Code::Malformed => &[Offer::TryAgain],
        Code::Expired | Code::Exhausted | Code::Used | Code::InvalidToken => &[Offer::StartAgain],
        Code::Locked => &[wait.unwrap_or(Offer::ContactSupport)],
        Code::Cooldown | Code::TooManySends => &[Offer::Wait],
        Code::NotAllowed => &[Offer::ContactSupport],
        Code::NothingLocked => &[],
        // The challenge may be as good as before, so what failed is tried again as it was.
        Code::Clock
        | Code::Guard
        | Code::Provider
        | Code::Randomness
        | Code::Request
        | Code::Settings => &[wait.unwrap_or(Offer::TryAgain)],
    };
    offers.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every failure that has words of its own: a code, tries, a wait.
    fn failures() -> impl Iterator<Item = (Code, Option<u32>, Option<u32>)> {
        Code::ALL.into_iter().flat_map(|code| {
            let tries: &[Option<u32>] = match code {
                Code::WrongPin => &[None, Some(0), Some(1), Some(2), Some(11)],
                _ => &[None],
            };
            let waits = [None, Some(1), Some(30), Some(120), Some(7_200)];
            let waits = waits.into_iter().take(match code {
                Code::WrongPin => 1,
                _ => 5,
            });
            waits.flat_map(move |wait| tries.iter().map(move |left| (code, *left, wait)))
        })
    }

    fn said(code: Code, left: Option<u32>, wait: Option<u32>, locale: Locale) -> String {
        explain(code, left, wait, locale).text
    }

    /// The runs of digits in a text.
    fn numbers(text: &str) -> Vec<&str> {
        let runs = text.split(|letter: char| !letter.is_ascii_digit());
        runs.filter(|run| !run.is_empty()).collect()
    }

    #[test]
    fn every_language_has_every_text_and_none_is_that_of_another() {
        for (code, left, wait) in failures() {
            let texts = Locale::ALL.map(|locale| said(code, left, wait, locale));
            for (at, text) in texts.iter().enumerate() {
                assert!(text.chars().count() >= 5, "{code:?} {at}");
                assert!(!texts[..at].contains(text), "{text}");
            }
        }
    }

    #[test]
    fn a_text_reads_as_whole_sentences() {
        for (code, left, wait) in failures() {
            for locale in Locale::ALL {
                let text = said(code, left, wait, locale);
                assert!(!text.contains(['{', '}', '\n']), "{text}");
                assert!(!text.contains("  ") && text.trim() == text, "{text}");
                let stop = match locale {
                    Locale::Ja | Locale::ZhHans | Locale::ZhHant => '。',
                    // Thai ends a sentence without a sign.
                    Locale::Th => continue,
                    _ => '.',
                };
                assert!(text.ends_with(stop), "{text}");
                assert!((1..=2).contains(&text.matches(stop).count()), "{text}");
            }
        }
    }

    #[test]
    fn a_text_has_the_numbers_that_it_was_given_and_no_others() {
        for (code, left, wait) in failures() {
            let waits = !matches!(
                code,
                Code::Malformed
                    | Code::Expired
                    | Code::Exhausted
                    | Code::Used
                    | Code::InvalidToken
                    | Code::NotAllowed
                    | Code::NothingLocked
            );
            let mut expected: Vec<String> = left
                .filter(|left| *left > 0)
                .iter()
                .map(u32::to_string)
                .collect();
            expected.extend(wait.filter(|_| waits).map(|wait| match wait {
                120 | 7_200 => "2".to_string(),
                seconds => seconds.to_string(),
            }));
            for locale in Locale::ALL {
                let text = said(code, left, wait, locale);
                assert_eq!(numbers(&text), expected, "{text}");
            }
        }
    }

    #[test]
    fn one_and_many_differ_where_the_language_has_them_differ() {
        for (locale, text) in [
            (Locale::En, "That is not the code. 1 try is left."),
            (Locale::Es, "Esa no es la clave. Queda 1 intento."),
            (Locale::Ja, "認証コードが違います。あと1回入力できます。"),
        ] {
            assert_eq!(said(Code::WrongPin, Some(1), None, locale), text);
        }
        for (locale, text) in [
            (Locale::En, "That is not the code. 2 tries are left."),
            (Locale::Es, "Esa no es la clave. Quedan 2 intentos."),
            (
                Locale::Ko,
                "인증번호가 맞지 않습니다. 2번 더 입력할 수 있습니다.",
            ),
        ] {
            assert_eq!(said(Code::WrongPin, Some(2), None, locale), text);
        }
    }

    #[test]
    fn waits_are_rounded_up() {
        for (seconds, en, es, ja) in [
            (0, "1 second", "1 segundo", "1秒"),
            (1, "1 second", "1 segundo", "1秒"),
            (2, "2 seconds", "2 segundos", "2秒"),
            (90, "90 seconds", "90 segundos", "90秒"),
            (91, "2 minutes", "2 minutos", "2分"),
            (121, "3 minutes", "3 minutos", "3分"),
            (5_400, "90 minutes", "90 minutos", "90分"),
            (5_401, "2 hours", "2 horas", "2時間"),
            (86_400, "24 hours", "24 horas", "24時間"),
            (u32::MAX, "1193047 hours", "1193047 horas", "1193047時間"),
        ] {
            assert_eq!(Locale::En.wait(seconds), en);
            assert_eq!(Locale::Es.wait(seconds), es);
            assert_eq!(Locale::Ja.wait(seconds), ja);
        }
    }

    /// Users never read how the service is built, and nobody reads that settings are wrong.
    #[test]
    fn no_text_has_a_word_of_the_trade() {
        let jargon = [
            "pin",
            "otp",
            "2fa",
            "token",
            "guard",
            "challenge",
            "xoxzo",
            "server",
            "clock",
            "settings",
            "configur",
            "error",
            "code:",
            "サーバー",
            "設定",
            "エラー",
            "トークン",
            "pelayan",
            "galat",
            "ralat",
            "máy chủ",
            "lỗi",
            "เซิร์ฟเวอร์",
            "ข้อผิดพลาด",
            "服务器",
            "伺服器",
            "错误码",
            "錯誤碼",
            "서버",
            "오류",
            "servidor",
        ];
        for (code, left, wait) in failures() {
            for locale in Locale::ALL {
                let text = said(code, left, wait, locale).to_lowercase();
                for word in jargon {
                    assert!(!text.contains(word), "{word}: {text}");
                }
                assert!(
                    !text.contains(code.name()) || !code.name().contains('-'),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_is_ours_is_said_alike_whatever_it_was() {
        for locale in Locale::ALL {
            let ours = [
                Code::Clock,
                Code::Guard,
                Code::Randomness,
                Code::Request,
                Code::Settings,
            ];
            for code in ours {
                assert_eq!(
                    explain(code, None, None, locale),
                    explain(Code::Guard, None, None, locale)
                );
            }
            assert_eq!(
                said(Code::Used, None, None, locale),
                said(Code::InvalidToken, None, None, locale),
                "a code that was used is not told from one that never was"
            );
        }
    }

    #[test]
    fn offers_follow_from_code_tries_and_wait() {
        use Offer::{ContactSupport, Resend, StartAgain, TryAgain, Wait};
        for (code, left, wait, offers) in [
            (Code::WrongPin, Some(2), None, &[TryAgain, Resend][..]),
            (Code::WrongPin, None, None, &[TryAgain, Resend]),
            (Code::WrongPin, Some(0), None, &[StartAgain]),
            (Code::Malformed, None, None, &[TryAgain]),
            (Code::Expired, None, None, &[StartAgain]),
            (Code::Exhausted, None, None, &[StartAgain]),
            (Code::Used, None, None, &[StartAgain]),
            (Code::InvalidToken, None, None, &[StartAgain]),
            (Code::Locked, None, Some(60), &[Wait]),
            (Code::Locked, None, None, &[ContactSupport]),
            (Code::Cooldown, None, Some(60), &[Wait]),
            (Code::TooManySends, None, Some(60), &[Wait]),
            (Code::NotAllowed, None, None, &[ContactSupport]),
            (Code::NothingLocked, None, None, &[]),
            (Code::Provider, None, None, &[TryAgain]),
            (Code::Provider, None, Some(60), &[Wait]),
            (Code::Clock, None, Some(60), &[Wait]),
            (Code::Clock, None, None, &[TryAgain]),
            (Code::Guard, None, None, &[TryAgain]),
            (Code::Randomness, None, None, &[TryAgain]),
            (Code::Request, None, None, &[TryAgain]),
            (Code::Settings, None, None, &[TryAgain]),
        ] {
            for locale in Locale::ALL {
                assert_eq!(explain(code, left, wait, locale).offers, offers, "{code:?}");
            }
        }
    }
}
