//! Changed credentials end the passes that were won before.

use serde_json::json;
use xoxzo_2fa_gate::Event;
use xoxzo_2fa_tests::gate::{Browser, Scenario};

#[test]
fn a_pass_ends_with_the_credentials_it_was_won_with() {
    let mut scenario = Scenario::with(
        &json!({"identity": {"credential_version": "cv"}}),
        &json!({}),
    );
    let mut alice = Browser::alice();
    assert_eq!(scenario.get(&mut alice, "/").answer().status, 401);
    alice.claims.credential_version = Some(b"1".to_vec());
    scenario.pass(&mut alice);
    assert!(scenario.get(&mut alice, "/").forward().receipt.is_some());
    alice.claims.credential_version = Some(b"2".to_vec());
    assert_eq!(scenario.get(&mut alice, "/").place(), (303, "/.2fa/"));
}

/// A gate whose passes live for two hours, with versions of credentials.
fn versioned() -> Scenario {
    let pass = json!({"idle_seconds": 7_200, "life_seconds": 7_200});
    Scenario::with(
        &json!({"identity": {"credential_version": "cv"}, "pass": pass}),
        &json!({}),
    )
}

/// A browser of Alice in a session of its own, and with a version.
fn alice_in(session: &str, version: &str) -> Browser {
    let mut alice = Browser::signed_in("alice", "+819012345678", session);
    alice.claims.credential_version = Some(version.into());
    alice
}

#[test]
fn old_sessions_end_when_changed_credentials_are_confirmed() {
    let mut scenario = versioned();
    let (mut old, mut other) = (alice_in("s1", "1"), alice_in("s2", "1"));
    scenario.pass(&mut old);
    scenario.now += 60;
    scenario.pass(&mut other);
    // The same credentials in another session end nothing.
    assert_eq!(scenario.get(&mut old, "/account").event(), Event::Forwarded);
    let mut bob = Browser::signed_in("bob", "+819012345670", "s1");
    bob.claims.credential_version = Some(b"1".to_vec());
    scenario.pass(&mut bob);

    scenario.now += 60;
    let mut new = alice_in("s3", "2");
    scenario.pass(&mut new);
    for ended in [&mut old, &mut other] {
        assert_eq!(scenario.get(ended, "/account").place(), (303, "/.2fa/"));
    }
    for good in [&mut new, &mut bob] {
        assert_eq!(scenario.get(good, "/account").event(), Event::Forwarded);
    }
    // Who can still type the code is let in again.
    scenario.now += 60;
    scenario.pass(&mut old);
    for good in [&mut old, &mut new] {
        assert_eq!(scenario.get(good, "/account").event(), Event::Forwarded);
    }
}

/// Whatever list of a code the guard does not answer: the next code with the new credentials ends the old session's pass.
#[test]
fn a_guard_that_goes_away_leaves_no_old_pass() {
    for answered in 0..8 {
        let mut scenario = versioned();
        let mut old = alice_in("s1", "1");
        scenario.pass(&mut old);
        scenario.now += 60;
        let mut new = alice_in("s2", "2");
        scenario.challenge(&mut new, "/account");
        let pin = scenario.pin();
        scenario.lists_before_fault = Some(answered);
        scenario.post(&mut new, "verify", Some(&pin));
        scenario.lists_before_fault = None;
        if scenario.get(&mut new, "/account").event() != Event::Forwarded {
            scenario.now += 200;
            let mut again = alice_in("s2", "2");
            scenario.pass(&mut again);
        }
        assert_eq!(
            scenario.get(&mut old, "/account").event(),
            Event::Challenged,
            "{answered}"
        );
    }
}

#[test]
fn no_end_of_a_counter_brings_an_old_pass_back() {
    // An era is 7,380 s: changes early and late in it, and over its end.
    let start = versioned().now / 7_380 * 7_380;
    for (first, change) in [
        (10, 100),
        (10, 7_000),
        (7_370, 7_440),
        (7_370, 14_500),
        (3_000, 10_000),
    ] {
        let mut scenario = versioned();
        scenario.now = start + first;
        let mut old = alice_in("s1", "1");
        scenario.pass(&mut old);
        scenario.now = start + change;
        let mut new = alice_in("s2", "2");
        scenario.pass(&mut new);
        for now in (start + change..start + 30_000).step_by(300) {
            scenario.now = now;
            assert_eq!(
                scenario.get(&mut old.clone(), "/account").event(),
                Event::Challenged,
                "{first} {change} {now}"
            );
            let lives = now < start + change + 7_200;
            assert_eq!(
                scenario.get(&mut new, "/account").event() == Event::Forwarded,
                lives,
                "{first} {change} {now}"
            );
        }
    }
}

#[test]
fn the_same_credentials_are_no_change_over_the_end_of_an_era() {
    let mut scenario = versioned();
    scenario.now = scenario.now / 7_380 * 7_380 + 7_300;
    let mut first = alice_in("s1", "1");
    scenario.pass(&mut first);
    for session in ["s2", "s3"] {
        scenario.now += 100;
        scenario.pass(&mut alice_in(session, "1"));
        assert_eq!(
            scenario.get(&mut first, "/account").event(),
            Event::Forwarded,
            "{session}"
        );
    }
}
