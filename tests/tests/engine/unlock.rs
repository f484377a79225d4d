//! Unlocks: what each lifts, what stays, and what it refuses.

use serde_json::{Value, json};
use xoxzo_2fa_core::{Claimed, Code, Sending};
use xoxzo_2fa_tests::{LOGIN, World, code, document, other_than};

#[test]
fn an_unlock_lifts_both_locks_of_both_kinds_of_purpose() {
    let mut world =
        World::with(&json!({"failures": {"soft": {"count": 100, "seconds": 60}, "hard": 5}}));
    let sign_up = Claimed {
        purpose: "sign-up",
        ..LOGIN
    };
    for claimed in [LOGIN, sign_up] {
        world.now += 60;
        let token = world.start(claimed).ok().unwrap().token;
        let pin = world.pin(6);
        for _ in 0..5 {
            assert!(world.verify(&token, claimed, other_than(&pin)).is_err());
        }
        world.now += 60;
        let locked = world.start(claimed).err().unwrap();
        assert_eq!((locked.code, locked.retry_after), (Code::Locked, None));
    }
    // Another subject's lock is not lifted by the number, nor that of another number by the subject.
    world.unlock("user-2", LOGIN.recipient).ok().unwrap();
    assert_eq!(world.unlock(LOGIN.subject, "+819087654321").ok(), Some(0));
    assert_eq!(code(world.start(LOGIN)), Some(Code::Locked));

    assert_eq!(world.unlock(LOGIN.subject, LOGIN.recipient).ok(), Some(10));
    for claimed in [LOGIN, sign_up] {
        world.now += 60;
        assert!(world.start(claimed).is_ok());
    }
    for (subject, recipient) in [
        ("", LOGIN.recipient),
        ("user 1", LOGIN.recipient),
        ("user-1", "090"),
    ] {
        assert_eq!(code(world.unlock(subject, recipient)), Some(Code::Request));
    }
    world.lose(0, true);
    assert_eq!(
        code(world.unlock(LOGIN.subject, LOGIN.recipient)),
        Some(Code::Guard)
    );
}

/// A user who is kept out by something else than failures with one number is let in too, and only that user.
#[test]
fn an_unlock_lifts_whatever_keeps_a_user_out() {
    let cap = |count: u32| json!({"count": count, "seconds": 86_400});
    let limits =
        |failures: Value, sends: Value| World::with(&json!({"failures": failures, "sends": sends}));
    let other = Claimed {
        recipient: "+819087654321",
        ..LOGIN
    };
    // Failures with another number: those of the subject.
    let mut world = limits(json!({"per_subject": cap(3)}), json!({}));
    let token = world.start(other).ok().unwrap().token;
    let pin = world.pin(6);
    for _ in 0..3 {
        assert!(world.verify(&token, other, other_than(&pin)).is_err());
    }
    let locked = world.start(LOGIN).err().unwrap();
    assert_eq!(
        (locked.code, &*locked.detail),
        (Code::Locked, "too many failures of this subject for now")
    );
    assert_eq!(world.unlock(LOGIN.subject, LOGIN.recipient).ok(), Some(0));
    assert!(world.start(LOGIN).is_ok());

    // Messages, and the cooldown.
    for sends in [
        json!({"per_subject": cap(1)}),
        json!({"per_number": cap(1)}),
        json!({}),
    ] {
        let mut world = limits(json!({}), sends);
        assert!(world.start(LOGIN).is_ok());
        assert!(world.start(LOGIN).is_err());
        assert!(world.unlock(LOGIN.subject, LOGIN.recipient).is_ok());
        assert!(world.start(LOGIN).is_ok());
    }

    // What is not one user's stays, as does a used challenge.
    for (sends, wide) in [("per_range", 1), ("per_audience", 1), ("per_client", 1)] {
        let mut world = limits(json!({}), json!({sends: cap(wide)}));
        let from = Sending {
            client: Some("203.0.113.7"),
            ..Sending::default()
        };
        let token = world.start_with(LOGIN, from).ok().unwrap().token;
        let pin = world.pin(6);
        assert!(world.verify(&token, LOGIN, &pin).is_ok());
        assert!(world.unlock(LOGIN.subject, LOGIN.recipient).is_ok());
        assert_eq!(
            code(world.start_with(LOGIN, from)),
            Some(Code::TooManySends)
        );
        assert_eq!(code(world.verify(&token, LOGIN, &pin)), Some(Code::Used));
    }
}

#[test]
fn an_unlock_of_nobody_says_so_and_writes_nothing() {
    let mut world = World::new(&document());
    assert_eq!(
        code(world.unlock(LOGIN.subject, LOGIN.recipient)),
        Some(Code::NothingLocked)
    );
    assert!(world.start(LOGIN).is_ok());
    let (before, writes) = (world.counters.clone(), world.writes);
    // A slip in both, of which nothing is known.
    assert_eq!(
        code(world.unlock("user-l", "+819012345679")),
        Some(Code::NothingLocked)
    );
    assert_eq!((&world.counters, world.writes), (&before, writes));
    world.lose(1, true);
    assert_eq!(
        code(world.unlock(LOGIN.subject, LOGIN.recipient)),
        Some(Code::Guard)
    );
}
