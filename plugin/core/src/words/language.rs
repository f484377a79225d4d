//! The texts that a language has.

/// The messages of one language. Its sentences are apart, since a component that sends messages explains nothing.
///
/// Messages are [patterns](crate::words::pattern). Amount and payee come before the code (PSD2 RTS, article 5(1)). A part holds 70 characters of a text that
/// is not ASCII, so those are short.
pub(crate) struct Language {
    /// A message for a login.
    pub(crate) login: &'static str,
    /// A message for a payment.
    pub(crate) payment: &'static str,
    /// A call, in a language that Xoxzo speaks: English and Japanese (blog.xoxzo.com, 2020-08-13).
    pub(crate) call: Option<Call>,
    /// The separator between groups of three digits: a comma, or a space where a comma separates decimals.
    pub(crate) grouping: char,
    /// Stems of words that warn users not to pass a code on. An own text without one of them is unwise.
    pub(crate) warnings: &'static [&'static str],
}

/// The words of a call: who calls, that nobody may know the code, then the code twice, after a pause and digit by digit (blog.xoxzo.com, 2018-05-14;
/// commas between digits: 2021-11-01).
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) login: &'static str,
    pub(crate) payment: &'static str,
}

/// The sentences of one language. A pair stands around a number or a time.
pub(crate) struct Sentences {
    /// The separator between two sentences.
    pub(crate) space: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) one_try: &'static str,
    pub(crate) tries: [&'static str; 2],
    /// No try is left after a wrong code.
    pub(crate) last_try: &'static str,
    pub(crate) malformed: &'static str,
    pub(crate) expired: &'static str,
    pub(crate) exhausted: &'static str,
    /// The code was used, or never was one.
    pub(crate) unusable: &'static str,
    pub(crate) ask_anew: &'static str,
    pub(crate) locked: &'static str,
    /// A message or its state was asked for moments ago.
    pub(crate) cooldown: &'static str,
    pub(crate) too_many: &'static str,
    pub(crate) not_allowed: &'static str,
    pub(crate) nothing_locked: &'static str,
    pub(crate) provider: &'static str,
    /// Something failed that is not the user's.
    pub(crate) ours: &'static str,
    pub(crate) later: &'static str,
    pub(crate) again_in: [&'static str; 2],
    pub(crate) contact: &'static str,
    /// After the number 1.
    pub(crate) second: &'static str,
    /// After any other number of seconds, minutes and hours.
    pub(crate) seconds: &'static str,
    pub(crate) minutes: &'static str,
    pub(crate) hours: &'static str,
}
