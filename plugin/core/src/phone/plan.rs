//! The table of numbering plans, read where it stands. [`super::plans`] says how it is written.

use super::invalid::{InvalidNumber, masked};
use super::plans::{COUNTRIES, PLANS};
use crate::common::codec::split;

/// The numbering plan of a calling code.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) code: &'static str,
    /// Digits of a national number.
    least: usize,
    most: usize,
    /// What to leave out of a trunk spelling, unless the code of a carrier follows.
    trunk: &'static str,
    /// First digits of carriers' codes.
    carriers: &'static str,
    trees: &'static str,
}

impl Plan {
    /// The plan of the calling code that digits begin with.
    pub(super) fn of(digits: &str) -> Option<Self> {
        let first = digits.bytes().next()?.checked_sub(b'1')?;
        let line = lines(PLANS.get(usize::from(first))?).find(|line| {
            let code = line.get(..figures(line)).unwrap_or_default();
            !code.is_empty() && digits.starts_with(code)
        })?;
        let (code, rest) = line.split_at_checked(figures(line))?;
        let (head, rest) = split(rest, b':')?;
        let (carriers, trees) = split(rest, b':')?;
        let (lengths, trunk) = head.split_at_checked(2)?;
        let [least, most] = *lengths.as_bytes().first_chunk()?;
        Some(Self {
            code,
            least: length(least),
            most: length(most),
            trunk,
            carriers,
            trees,
        })
    }

    /// Checks a number of this calling code.
    ///
    /// # Errors
    ///
    /// It is a trunk spelling, or no number of the plan.
    pub(super) fn check(self, digits: &str) -> Result<(), InvalidNumber> {
        let national = digits.get(self.code.len()..).unwrap_or_default();
        if self.is_trunk(national) {
            let rest = national.strip_prefix(self.trunk).filter(|rest| {
                let first = rest.bytes().next();
                let is_carrier = self.carriers.bytes().any(|digit| first == Some(digit));
                !is_carrier && !self.is_trunk(rest) && self.fits(rest).is_ok()
            });
            let canonical = rest.map(|rest| masked(&[self.code, rest].concat()));
            return Err(InvalidNumber::TrunkPrefix(canonical));
        }
        self.fits(national)
    }

    /// Tells whether every number that begins with these national digits is a trunk spelling.
    pub(super) fn is_trunk_prefix(self, national: &str) -> bool {
        let (trunk, whole) = walk(tree(self.trees, 0), national, false);
        trunk && whole
    }

    fn is_trunk(self, national: &str) -> bool {
        walk(tree(self.trees, national.len()), national, false).0
    }

    fn fits(self, national: &str) -> Result<(), InvalidNumber> {
        if !(self.least..=self.most).contains(&national.len()) {
            return Err(InvalidNumber::Length);
        }
        // North American Numbering Plan: area code and exchange begin with 2 to 9, and no area code ends with 11.
        match (self.code, national.as_bytes()) {
            ("1", [b'2'..=b'9', b'1', b'1', ..] | [b'0'..=b'1', ..]) => {
                Err(InvalidNumber::AreaCode)
            }
            ("1", [_, _, _, b'0'..=b'1', ..]) => Err(InvalidNumber::AreaCode),
            _ => Ok(()),
        }
    }
}

/// The fixed and mobile numbers of a country.
#[derive(Clone, Copy)]
pub(super) struct Country {
    pub(super) code: &'static str,
    /// Lengths of national numbers, a letter each.
    lengths: &'static str,
    /// What is admitted unless the tree says otherwise.
    admitted: bool,
    trees: &'static str,
}

impl Country {
    /// The country with this code of ISO 3166-1.
    pub(super) fn of(name: &str) -> Option<Self> {
        let letter = name.bytes().next()?.checked_sub(b'A')?;
        let found = lines(COUNTRIES.get(usize::from(letter))?);
        let named = |line: &'static str| line.strip_prefix(name).filter(|_| name.len() == 2);
        let rest = found.filter_map(named).next()?;
        let (code, rest) = rest.split_at_checked(figures(rest))?;
        let letters = rest.bytes().position(|byte| b"+-".contains(&byte))?;
        let (lengths, trees) = rest.split_at_checked(letters)?;
        Some(Self {
            code,
            lengths,
            admitted: trees.starts_with('+'),
            trees: trees.get(1..)?,
        })
    }

    /// Tells whether digits with a calling code are a number of the country that messages may go to.
    pub(super) fn admits(self, digits: &str) -> bool {
        let Some(national) = digits.strip_prefix(self.code) else {
            return false;
        };
        let fits = self
            .lengths
            .bytes()
            .any(|letter| length(letter) == national.len());
        let tree = tree(self.trees, national.len());
        fits && walk(tree, national, self.admitted).0
    }
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = table;
    core::iter::from_fn(move || {
        let (line, others) = split(rest, b'\n').unwrap_or((rest, ""));
        rest = others;
        (!line.is_empty()).then_some(line)
    })
}

/// Counts the digits that a text begins with.
fn figures(text: &str) -> usize {
    text.bytes()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

fn length(letter: u8) -> usize {
    usize::from(letter.saturating_sub(b'a'))
}

/// The tree for national numbers of a length: its own, else the first.
fn tree(trees: &'static str, wanted: usize) -> &'static str {
    let (first, mut rest) = split(trees, b';').unwrap_or((trees, ""));
    while !rest.is_empty() {
        let (own, others) = split(rest, b';').unwrap_or((rest, ""));
        if own.bytes().next().map(length) == Some(wanted) {
            return own.get(1..).unwrap_or_default();
        }
        rest = others;
    }
    first
}

/// What a tree says of digits, from an answer to begin with; and whether it says so of all that begins with them.
fn walk(tree: &str, digits: &str, mut answer: bool) -> (bool, bool) {
    let mut digits = digits.bytes();
    let mut digit = digits.next();
    let (mut named, mut inside) = (false, 0_u32);
    for mark in tree.bytes() {
        match mark {
            // Behind the brackets of other digits, or in them.
            b'(' | b'[' if inside > 0 || !named => inside = inside.saturating_add(1),
            b')' | b']' if inside > 0 => inside = inside.saturating_sub(1),
            _ if inside > 0 => {}
            b'(' | b'[' => {
                answer ^= mark == b'[';
                digit = digits.next();
                named = false;
                if digit.is_none() {
                    return (answer, false);
                }
            }
            b')' | b']' => break,
            mark => named |= digit == Some(mark),
        }
    }
    (answer ^ named, digit.is_some() || tree.is_empty())
}
