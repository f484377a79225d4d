//! An adversary: attacks that were published on such systems or found in reviews, run through the SDK against the component. Each is a test
//! for each store and each client, so that the name of a failing test says what got through, and where.
//!
//! An attack is a function of a [`Field`](field::Field). It makes *tries*, of which each must be refused with exactly one code, and at least
//! one *control*, which must get through, so that the refusals mean something: the same request made honestly, or the same attack where its
//! defence is absent.
//!
//! Each test that passes prints a line such as
//!
//! ```text
//! adversary: attack=guess_on_and_on store=sqlite client=tokio tries=105 controls=1
//! ```
//!
//! Tries are counted as often as they are made. Controls are counted by their places in the source, so that one in a loop is one, and a start
//! that only prepares an attack is none. An attack has as many controls as the least of its lines says: those that it has with each store and
//! each client.

/// Makes a test of each attack for each store and client.
macro_rules! attacks {
    (@store $attack:ident $name:ident $store:ident) => {
        mod $name {
            use xoxzo_2fa_tests::Kind;

            use crate::field::run;
            use crate::store::Store;

            #[test]
            fn blocking() {
                run(stringify!($attack), super::super::$attack, Store::$store, Kind::Blocking);
            }

            #[test]
            fn tokio() {
                run(stringify!($attack), super::super::$attack, Store::$store, Kind::Tokio);
            }
        }
    };
    ($($attack:ident)*) => {
        $(mod $attack {
            attacks! { @store $attack memory Memory }
            attacks! { @store $attack sqlite Sqlite }
            attacks! { @store $attack redis Redis }
        })*
    };
}

/// Makes the same tests of attacks that counters hold off, and one more of each: on a store that forgets, the attack must get through. This
/// is the adversary's own test, since one that finds nothing there would find nothing anywhere.
macro_rules! attacks_on_counters {
    ($($attack:ident)*) => {
        attacks! { $($attack)* }

        mod forgetful {
            use crate::field::run_on_a_store_that_forgets;

            $(#[test]
            #[should_panic(expected = "not held: ")]
            fn $attack() {
                run_on_a_store_that_forgets(super::$attack);
            })*
        }
    };
}

mod answers;
mod bindings;
mod clocks;
mod crowds;
mod decoys;
mod field;
mod guesses;
mod hosts;
mod messages;
mod operators;
mod replays;
mod signed;
mod sizes;
mod store;
mod texts;
mod tokens;
mod trick;
