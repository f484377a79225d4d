//! An adversary: each attack that was ever published on such a system or found in review, run through the SDK against the component,
//! on each store. Prints what was tried and what got through; anything that did is a failure.

mod field;
mod guesses;
mod identity;
mod messages;
mod stores;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use field::{Field, Store};

/// What an attack did.
pub(crate) struct Outcome {
    pub(crate) tries: usize,
    pub(crate) through: usize,
}

/// An attack: its name, the class it is of, and how it goes.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) class: &'static str,
    pub(crate) run: fn(&Field) -> Outcome,
}

fn main() -> ExitCode {
    let began = Instant::now();
    let attacks: Vec<Attack> = [
        guesses::attacks(),
        identity::attacks(),
        messages::attacks(),
        stores::attacks(),
    ]
    .into_iter()
    .flatten()
    .collect();
    println!(
        "{:<34} {:<26} {:>16} {:>16} {:>16}",
        "attack", "class", "memory", "sqlite", "redis"
    );
    let (mut passed, mut through) = (0, 0);
    let mut classes = BTreeMap::new();
    for attack in &attacks {
        let cells = Store::ALL.map(|store| {
            let outcome = (attack.run)(&Field::new(store));
            assert!(outcome.tries > 0, "{} tried nothing", attack.name);
            passed += usize::from(outcome.through == 0);
            through += outcome.through;
            *classes.entry(attack.class).or_insert(0) += outcome.tries;
            format!("{} / {}", outcome.through, outcome.tries)
        });
        println!(
            "{:<34} {:<26} {:>16} {:>16} {:>16}",
            attack.name, attack.class, cells[0], cells[1], cells[2]
        );
    }
    // An adversary that finds nothing on a store without memory would find nothing anywhere.
    for name in [
        "guess on and on",
        "use a code twice",
        "ask for new codes",
        "many numbers of one range",
    ] {
        let attack = attacks.iter().find(|attack| attack.name == name);
        let outcome = (attack.expect("it is one of them").run)(&Field::new(Store::Amnesiac));
        assert!(
            outcome.through > 0,
            "{name} finds nothing on a store that forgets"
        );
    }
    println!(
        "\n(let through / tried, in {} s)",
        began.elapsed().as_secs()
    );
    let all = attacks.len() * Store::ALL.len();
    println!("{passed} passed, {} failed", all - passed);
    println!(
        "adversary: {} attacks, {through} let through",
        attacks.len()
    );
    ExitCode::from(u8::from(through > 0))
}
