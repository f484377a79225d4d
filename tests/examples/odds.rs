//! `odds`: what SECURITY.md says of attackers, from the settings, and the same attacks walked through the engine.
//!
//! Prints a line for each attack: guesses by the model, guesses that the engine compared, and how far they are apart. Fails if they are more
//! than 5 % apart, or if SECURITY.md has other figures.

use std::process::ExitCode;

use serde_json::{Value, json};
use xoxzo_2fa::{Odds, Scope, Settings, check};
use xoxzo_2fa_core::{Claimed, Code};
use xoxzo_2fa_tests::{LOGIN, World, code, document};

const DAY: u32 = 86_400;
const APART: f64 = 0.05;

fn main() -> ExitCode {
    let defaults = document();
    let mut both = defaults.clone();
    both["purposes"] = json!([
        {"name": "login", "after_first_factor": true}, {"name": "sign-up", "after_first_factor": false},
    ]);
    let mut one = defaults;
    one["purposes"] = json!([{"name": "login", "after_first_factor": true}]);
    let (mut passed, mut failed) = (0, 0);
    println!(
        "{:<14} {:<10} {:>9} {:>9} {:>7}  expected",
        "settings", "attack", "model", "engine", "apart"
    );
    for (name, document) in [("defaults", &one), ("two purposes", &both)] {
        for odds in odds(document) {
            let walked = match odds.id {
                "challenge" => challenge(document),
                "account-day" => account(document, DAY),
                "account-year" => account(document, 365 * DAY),
                "dormant" => dormant(document),
                "fleet-day" => fleet(document),
                other => panic!("{other} is not walked"),
            };
            let model = odds.guesses + odds.alarmed_guesses;
            let apart = (walked as f64 - model as f64).abs() / model as f64;
            let quoted = name != "defaults" || quoted(&odds);
            if apart <= APART && quoted {
                passed += 1;
            } else {
                failed += 1;
            }
            println!(
                "{name:<14} {:<10} {model:>9} {walked:>9} {:>6.1}%  {}",
                odds.id,
                apart * 100.0,
                said(odds.expected)
            );
        }
    }
    println!("odds: {passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

fn odds(document: &Value) -> Vec<Odds> {
    let settings = Settings::from_json(&document.to_string()).unwrap();
    check(&settings, Scope::Shared).unwrap().odds()
}

/// As SECURITY.md says it.
fn said(expected: f64) -> String {
    if expected >= 0.001 {
        format!("{:.2} %", expected * 100.0)
    } else {
        format!("1 in {}", grouped((1.0 / expected).round() as u64))
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(|group| String::from_utf8_lossy(group)).collect();
    groups.join(",")
}

/// Whether a row of SECURITY.md has the figures.
fn quoted(odds: &Odds) -> bool {
    let security = include_str!("../../SECURITY.md");
    let guesses = grouped(odds.guesses + odds.alarmed_guesses);
    let row = format!("| {} | {guesses} | {} |", odds.text, said(odds.expected));
    let found = security.lines().any(|line| line == row);
    if !found {
        println!("SECURITY.md lacks: {row}");
    }
    found
}

fn wrong(pin: &str) -> String {
    if pin.starts_with('1') { "2" } else { "1" }.repeat(pin.len())
}

/// The PIN of the newest message, whatever its length.
fn pin(world: &World, token: &str) -> String {
    let digits = xoxzo_2fa_core::inspect(token).unwrap().digits;
    world.pin(usize::from(digits))
}

/// Guesses until none is compared any more.
fn guess_on(world: &mut World, token: &str, claimed: Claimed<'_>, pin: &str, most: u64) -> u64 {
    let wrong = wrong(pin);
    (0..most)
        .take_while(|_| code(world.verify(token, claimed, &wrong)) == Some(Code::WrongPin))
        .count() as u64
}

fn challenge(document: &Value) -> u64 {
    let mut world = World::new(document);
    let (token, pin) = world.challenge();
    guess_on(&mut world, &token, LOGIN, &pin, u64::MAX)
}

fn kinds(document: &Value) -> Vec<String> {
    let purposes = document["purposes"].as_array().unwrap().iter();
    purposes
        .map(|it| it["name"].as_str().unwrap().to_string())
        .collect()
}

/// What stands in the way of messages is not looked at here: an attacker has years, or the user asks for them.
fn fresh(world: &mut World, claimed: Claimed<'_>) -> Option<(String, String)> {
    let failures = world.counters.clone();
    let started = world.start(claimed);
    world.counters = failures;
    let token = started.ok()?.token;
    let pin = pin(world, &token);
    Some((token, pin))
}

/// Guesses as long as any is compared. New codes are had without their counters.
fn exhaust(world: &mut World, claimed: Claimed<'_>) -> u64 {
    let mut compared = 0;
    while let Some((token, pin)) = fresh(world, claimed) {
        let more = guess_on(world, &token, claimed, &pin, u64::MAX);
        if more == 0 {
            break;
        }
        compared += more;
    }
    compared
}

/// Guesses of an attack on one account, by purposes of each kind: they are counted apart.
fn of_all_kinds(document: &Value, attack: impl Fn(&mut World, Claimed) -> u64) -> u64 {
    let attack = |purpose: &String| {
        let claimed = Claimed { purpose, ..LOGIN };
        attack(&mut World::new(document), claimed)
    };
    kinds(document).iter().map(attack).sum()
}

/// One failure opens the windows a moment before the time that counts; then each is filled at its end and at its beginning. The user logs in
/// between, so that consecutive failures are forgotten.
fn account(document: &Value, seconds: u32) -> u64 {
    of_all_kinds(document, |world, claimed| {
        let mut compared = 0;
        let (token, pin) = fresh(world, claimed).unwrap();
        assert_eq!(guess_on(world, &token, claimed, &pin, 1), 1);
        world.now += 86_399;
        let begin = world.now;
        while world.now < begin + seconds {
            compared += exhaust(world, claimed);
            world.now += 1;
            world.counters.retain(|_, (_, ends)| *ends > world.now);
            // The user, whose right guess comes before the attacker's next.
            if world.now - begin > 1 {
                world
                    .counters
                    .retain(|_, (_, ends)| *ends - world.now < 2 * 86_400);
            }
            let next = world.counters.values().map(|(_, ends)| *ends).min();
            if let Some(next) = next {
                world.now = next.max(world.now);
                world.counters.retain(|_, (_, ends)| *ends > world.now);
            }
        }
        compared
    })
}

/// Days and days, and nobody logs in.
fn dormant(document: &Value) -> u64 {
    of_all_kinds(document, |world, claimed| {
        let mut compared = 0;
        for _ in 0..400 {
            compared += exhaust(world, claimed);
            world.now += DAY;
            let now = world.now;
            world.counters.retain(|_, (_, ends)| *ends > now);
        }
        compared
    })
}

/// As many accounts as there are messages. In each window of the audience a hoard of challenges is made while all is calm, then guessed at: with
/// all guesses until the alarm is raised, then with one each.
fn fleet(document: &Value) -> u64 {
    let mut document = document.clone();
    document["sends"] = json!({"per_range": {"count": 1_000_000, "seconds": 3_600}});
    let mut world = World::new(&document);
    let mut users = 0;
    let mut compared = 0;
    let mut burst = |world: &mut World, most_messages: usize, most_guesses: u64| {
        let mut hoard = Vec::new();
        while hoard.len() < most_messages {
            users += 1;
            let user = (format!("+8190{users:08}"), format!("user-{users}"));
            let claimed = Claimed {
                recipient: &user.0,
                subject: &user.1,
                ..LOGIN
            };
            let Ok(challenge) = world.start(claimed) else {
                break;
            };
            let pin = pin(world, &challenge.token);
            hoard.push((user, challenge.token, pin));
        }
        let mut made = 0;
        for (user, token, pin) in hoard {
            let claimed = Claimed {
                recipient: &user.0,
                subject: &user.1,
                ..LOGIN
            };
            made += guess_on(world, &token, claimed, &pin, most_guesses - made);
        }
        made
    };
    // Opens the windows of messages and failures a moment before the day begins.
    assert_eq!(burst(&mut world, 1, 1), 1);
    world.now += 3_599;
    for _ in 0..25 {
        compared += burst(&mut world, usize::MAX, u64::MAX);
        let now = world.now;
        let next = world
            .counters
            .values()
            .filter(|(_, ends)| *ends <= now + 3_600);
        world.now = next.map(|(_, ends)| *ends).max().unwrap_or(now);
        let now = world.now;
        world.counters.retain(|_, (_, ends)| *ends > now);
    }
    compared
}
