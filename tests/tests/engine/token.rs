//! Tokens: what one changed bit, or another spelling, does.

use xoxzo_2fa_core::Code;
use xoxzo_2fa_tests::{LOGIN, World, document};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn each_changed_bit_is_refused_and_charges_nobody() {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let before = world.counters.clone();
    for at in 0..token.len() {
        for bit in 0..6 {
            let mut bytes = token.clone().into_bytes();
            let value = ALPHABET
                .iter()
                .position(|letter| *letter == bytes[at])
                .unwrap();
            bytes[at] = ALPHABET[value ^ (1 << bit)];
            let changed = String::from_utf8(bytes).unwrap();
            let failure = world.verify(&changed, LOGIN, &pin).err().unwrap();
            // A changed number of digits is seen in the form of the PIN, before the MAC.
            let malformed = failure.code == Code::Malformed && (6..8).contains(&at);
            assert!(
                failure.code == Code::InvalidToken || malformed,
                "{at} {bit}: {failure:?}"
            );
        }
    }
    assert_eq!(world.counters, before);
    assert!(world.verify(&token, LOGIN, &pin).is_ok());
}

#[test]
fn only_one_spelling_is_accepted() {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let inserted = (0..=token.len()).flat_map(|at| {
        let token = &token;
        ["=", " ", "\n", "\0", ".", "%", "A"]
            .map(|letter| format!("{}{letter}{}", &token[..at], &token[at..]))
    });
    let others = [
        token.to_lowercase(),
        token.to_uppercase(),
        format!("{token}.x"),
        format!("{token}=="),
    ];
    for other in inserted.chain(others).filter(|other| *other != token) {
        let code = world
            .verify(&other, LOGIN, &pin)
            .err()
            .map(|failure| failure.code);
        assert_eq!(code, Some(Code::InvalidToken), "{other:?}");
    }
}

#[test]
fn no_randomness_no_challenge() {
    use rand::{TryCryptoRng, TryRng};
    use xoxzo_2fa_core::{Dispatch, Sending};

    /// Gives zeros, or fails.
    struct Broken(bool);
    #[derive(Debug)]
    struct Empty;
    impl std::fmt::Display for Empty {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("empty")
        }
    }
    impl std::error::Error for Empty {}
    impl TryRng for Broken {
        type Error = Empty;
        fn try_next_u32(&mut self) -> Result<u32, Empty> {
            Err(Empty)
        }
        fn try_next_u64(&mut self) -> Result<u64, Empty> {
            Err(Empty)
        }
        fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Empty> {
            to.fill(0);
            if self.0 { Err(Empty) } else { Ok(()) }
        }
    }
    impl TryCryptoRng for Broken {}

    let world = World::new(&document());
    for fails in [true, false] {
        let begun = Dispatch::start(
            &world.settings,
            world.now,
            LOGIN,
            Sending::default(),
            &mut Broken(fails),
        );
        assert_eq!(
            begun.err().map(|failure| failure.code),
            Some(Code::Randomness)
        );
    }
}
