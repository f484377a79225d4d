//! Patterns of messages: a text with placeholders, as `{service}: your code is {pin}`.

use alloc::vec::Vec;

use crate::common::codec::split;
use crate::common::display;
use crate::common::failure::InvalidFormat;

/// A placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// The name of the service.
    Service,
    /// The PIN; in a call, its digits one by one.
    Pin,
    /// Whole minutes that are left.
    Minutes,
    /// The amount of a payment, in groups of three digits.
    Amount,
    /// The currency of a payment.
    Currency,
    /// The payee.
    Payee,
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    Placeholder(Placeholder),
}

impl Placeholder {
    fn named(name: &str) -> Option<Self> {
        match name {
            "service" => Some(Self::Service),
            "pin" => Some(Self::Pin),
            "minutes" => Some(Self::Minutes),
            "amount" => Some(Self::Amount),
            "currency" => Some(Self::Currency),
            "payee" => Some(Self::Payee),
            _ => None,
        }
    }
}

/// Cuts a pattern at its placeholders. `None` if a brace opens that names no place.
pub(crate) fn cut(pattern: &str) -> Option<Vec<Piece<'_>>> {
    let mut rest = pattern.split('{');
    let mut pieces = alloc::vec![Piece::Text(rest.next().unwrap_or_default())];
    for piece in rest {
        let (name, text) = split(piece, b'}')?;
        pieces.extend([
            Piece::Placeholder(Placeholder::named(name)?),
            Piece::Text(text),
        ]);
    }
    Some(pieces)
}

/// The use of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// An SMS that confirms no payment.
    Login,
    /// An SMS that confirms a payment.
    Payment,
    /// A call that confirms no payment.
    Call,
}

/// Characters of the longest pattern: as many as five parts have.
const LONGEST: usize = 660;

/// Checks a pattern of a service's own.
///
/// # Errors
///
/// - More than 660 characters.
/// - A placeholder that does not exist, one that stands twice (`{pin}` may in a call), or no `{pin}`.
/// - For a payment: amount, currency or payee missing or after the code (PSD2 RTS, article 5(1)). Elsewhere: one of these.
/// - A digit or another placeholder directly beside `{pin}`: the code would run into it.
/// - Four digits together, as [`display::check`] counts them: they could be read as the code.
/// - Line breaks and other control characters, and characters that are invisible or change the direction.
pub(crate) fn check(pattern: &str, of: Use) -> Result<(), InvalidFormat> {
    if pattern.chars().nth(LONGEST).is_some() {
        return Err(InvalidFormat("must have at most 660 characters"));
    }
    let pieces = cut(pattern).ok_or(InvalidFormat(
        "must have only the placeholders {service}, {pin}, {minutes}, {amount}, {currency} and {payee}",
    ))?;
    let at = |place| {
        let mut places = pieces.iter();
        places.position(|piece| *piece == Piece::Placeholder(place))
    };
    let count = |place| {
        let places = pieces.iter();
        places
            .filter(|piece| **piece == Piece::Placeholder(place))
            .count()
    };
    let pins = if of == Use::Call { 1..=2 } else { 1..=1 };
    if !pins.contains(&count(Placeholder::Pin)) {
        return Err(InvalidFormat(
            "must have {pin} once, or up to twice for a call",
        ));
    }
    if count(Placeholder::Service) > 1 || count(Placeholder::Minutes) > 1 {
        return Err(InvalidFormat("must have each placeholder once"));
    }
    for place in [
        Placeholder::Amount,
        Placeholder::Currency,
        Placeholder::Payee,
    ] {
        let fits = match of {
            Use::Payment => count(place) == 1 && at(place) < at(Placeholder::Pin),
            Use::Login | Use::Call => count(place) == 0,
        };
        if !fits {
            return Err(InvalidFormat(
                "must have {amount}, {currency} and {payee} once and before {pin} for a payment, and nowhere else",
            ));
        }
    }
    beside(&pieces)?;
    for piece in &pieces {
        if let Piece::Text(text) = piece {
            literal(text)?;
        }
    }
    Ok(())
}

/// Checks the characters directly before and after each `{pin}`.
fn beside(pieces: &[Piece<'_>]) -> Result<(), InvalidFormat> {
    // Pieces are text, place, text, and so on: an empty text at an end touches nothing.
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.iter().enumerate() {
        if *piece != Piece::Placeholder(Placeholder::Pin) {
            continue;
        }
        let (before, after) = (at.saturating_sub(1), at.saturating_add(1));
        let touches = |at: usize, end: usize, letter: fn(&str) -> Option<char>| match pieces.get(at)
        {
            Some(Piece::Text(text)) => letter(text).map_or(at != end, display::is_digit),
            _ => true,
        };
        if touches(before, 0, |text| text.chars().next_back())
            || touches(after, last, |text| text.chars().next())
        {
            return Err(InvalidFormat(
                "must not have a digit or a placeholder directly beside {pin}",
            ));
        }
    }
    Ok(())
}

fn literal(text: &str) -> Result<(), InvalidFormat> {
    let mut digits = 0_u8;
    for letter in text.chars() {
        if letter == '}' {
            return Err(InvalidFormat(
                "must have no brace but those of placeholders",
            ));
        }
        if hidden(letter) {
            return Err(InvalidFormat(
                "must have no line break, control character, invisible character or change of direction",
            ));
        }
        if display::is_digit(letter) {
            digits = digits.saturating_add(1);
        } else if !separates(letter) {
            digits = 0;
        }
        if digits > display::DIGITS {
            return Err(display::CODE);
        }
    }
    Ok(())
}

/// Signs that may stand between the digits of one number.
fn separates(letter: char) -> bool {
    match letter {
        letter if letter.is_ascii() => !letter.is_ascii_alphabetic(),
        '\u{a0}' | '\u{b7}' | '\u{2010}'..='\u{2015}' | '\u{3000}' | '\u{30fb}' => true,
        '\u{ff01}'..='\u{ff0f}' => true,
        _ => false,
    }
}

/// Control characters, and what Unicode gives the property `Default_Ignorable_Code_Point` or `Bidi_Control`, or calls a line or paragraph
/// separator.
fn hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::languages::Locale;

    fn refused(pattern: &str, of: Use, why: &str) {
        let unfit = check(pattern, of).err().map(|unfit| unfit.0);
        assert!(
            unfit.is_some_and(|unfit| unfit.contains(why)),
            "{pattern}: {unfit:?}"
        );
    }

    #[test]
    fn our_own_texts_follow_the_rules() {
        for locale in Locale::ALL {
            assert_eq!(check(locale.login(), Use::Login), Ok(()), "{locale:?}");
            assert_eq!(check(locale.payment(), Use::Payment), Ok(()), "{locale:?}");
            assert_eq!(check(locale.spoken().1.login, Use::Call), Ok(()));
            let warns = |text: &str| {
                let lower = text.to_ascii_lowercase();
                locale.warnings().iter().any(|stem| lower.contains(stem))
            };
            assert!(
                warns(locale.login()) && warns(locale.payment()),
                "{locale:?}"
            );
        }
    }

    #[test]
    fn a_text_of_ones_own() {
        for text in [
            "This is {service}. Your PIN is {pin}",
            "{pin}",
            "{pin} is your {service} code for {minutes} min, 24-7.",
            "コードは{pin}です",
        ] {
            assert_eq!(check(text, Use::Login), Ok(()), "{text}");
        }
        assert_eq!(check("{pin}. Again {pin}", Use::Call), Ok(()));
        let pay = "Pay {amount} {currency} to {payee} with {pin}";
        assert_eq!(check(pay, Use::Payment), Ok(()));
    }

    #[test]
    fn placeholders_exist_and_stand_once() {
        for text in ["{PIN}", "{pin", "{}", "{ pin }", "{code}"] {
            refused(text, Use::Login, "placeholders {service}");
        }
        refused("pin}: {pin}", Use::Login, "brace");
        refused("{pin} }", Use::Login, "brace");
        for text in ["", "Hello {service}", "{pin} and {pin}"] {
            refused(text, Use::Login, "{pin} once");
        }
        refused("{pin} {pin} {pin}", Use::Call, "{pin} once");
        refused("{service} {service} {pin}", Use::Login, "each placeholder");
        refused(&"x".repeat(661), Use::Call, "at most 660");
    }

    #[test]
    fn a_payment_is_shown_before_its_code() {
        for text in [
            "{pin}",
            "{pin} pays {amount} {currency} to {payee}",
            "{amount} {currency}: {pin}",
            "{amount} {amount} {currency} {payee} {pin}",
        ] {
            refused(text, Use::Payment, "for a payment");
        }
        refused("{amount} {pin}", Use::Login, "for a payment");
        refused("{payee} {pin}", Use::Call, "for a payment");
    }

    #[test]
    fn nothing_runs_into_the_code() {
        for text in [
            "{service}{pin}",
            "{pin}{minutes}",
            "1{pin}",
            "{pin}2",
            "{pin}２",
            "一{pin}",
        ] {
            refused(text, Use::Login, "beside {pin}");
        }
    }

    #[test]
    fn nothing_else_is_a_code_or_hidden() {
        for text in ["1234 {pin}", "call 03-12 34: {pin}", "{pin} or １２・３４"] {
            refused(text, Use::Login, "digits");
        }
        for text in [
            "a\n{pin}",
            "a\r{pin}",
            "a\u{2028}{pin}",
            "a\u{202e}{pin}",
            "a\u{200b}{pin}",
            "a\u{ad}{pin}",
            "\u{feff}{pin}",
            "a\0{pin}",
        ] {
            refused(text, Use::Login, "line break");
        }
    }
}
