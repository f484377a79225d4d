//! The languages of texts, a file for each.
//!
//! To add one, write its file beside the others and its line into the list below.

use crate::common::document::Form;
use crate::common::failure::InvalidFormat;
use crate::words::language::{Call, Language, Sentences};

macro_rules! one_of {
    ($first:literal $($other:literal)*) => {
        concat!("must be one of ", $first $(, ", ", $other)*)
    };
}

/// Makes a [`Locale`] of each line: its file, its name, its tag of BCP 47, and its description.
macro_rules! languages {
    ($($module:ident $name:ident = $code:literal $about:literal;)+) => {
        $(mod $module;)+

        crate::choice! {
            stored
            /// A language that texts are written in, by its BCP 47 tag.
            Locale {
                $(#[doc = $about] $name = $code,)+
            }
        }

        impl Locale {
            fn language(self) -> &'static Language {
                match self {
                    $(Self::$name => &$module::LANGUAGE,)+
                }
            }

            /// Returns the sentences of explanations.
            pub(crate) fn sentences(self) -> &'static Sentences {
                match self {
                    $(Self::$name => &$module::SENTENCES,)+
                }
            }
        }

        const UNKNOWN: InvalidFormat = InvalidFormat(one_of!($($code)+));
    };
}

languages! {
    en En = "en" "English.";
    ja Ja = "ja" "Japanese.";
    id Id = "id" "Indonesian.";
    ms Ms = "ms" "Malay.";
    vi Vi = "vi" "Vietnamese.";
    th Th = "th" "Thai.";
    zh_hans ZhHans = "zh-Hans" "Chinese in simplified characters.";
    zh_hant ZhHant = "zh-Hant" "Chinese in traditional characters.";
    ko Ko = "ko" "Korean.";
    es Es = "es" "Spanish.";
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
        known.ok_or(UNKNOWN)
    }

    /// Returns the text of a message for a login.
    pub(crate) fn login(self) -> &'static str {
        self.language().login
    }

    /// Returns the text of a message for a payment.
    pub(crate) fn payment(self) -> &'static str {
        self.language().payment
    }

    /// Tells whether calls can be made in it.
    pub(crate) fn is_spoken(self) -> bool {
        self.language().call.is_some()
    }

    /// Returns the language of a call and its words: English where Xoxzo does not speak this one.
    pub(crate) fn spoken(self) -> (Self, &'static Call) {
        match &self.language().call {
            Some(call) => (self, call),
            None => (Self::En, &en::CALL),
        }
    }

    /// Returns the separator between groups of three digits of an amount.
    pub(crate) fn grouping(self) -> char {
        self.language().grouping
    }

    /// Returns stems of words that warn users not to pass a code on.
    pub(crate) fn warnings(self) -> &'static [&'static str] {
        self.language().warnings
    }
}
