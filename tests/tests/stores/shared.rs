//! Counters in data that the workers of one Envoy share.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use xoxzo_2fa::{Charge, Guard, suite};
use xoxzo_2fa_tests::envoy::Data;
use xoxzo_2fa_tests::named;

use crate::Still;

#[test]
fn the_suite() {
    let clock = Still::default();
    let open = || Data {
        passed: Arc::clone(&clock.0),
        ..Data::default()
    };
    println!(
        "envoy: {}",
        suite::vectors(open, Some(&|now| clock.set(now))).unwrap()
    );
    let store = open();
    suite::races(&store);
    suite::groups(&store);
    suite::shared(&store, &store);
    assert!(
        store.conflicts.load(Ordering::Relaxed) > 0,
        "the races met no other change"
    );
}

#[test]
fn whatever_is_counted_it_has_a_fixed_number_of_keys() {
    let store = Data::default();
    for at in 0..20_000 {
        let totals = store.add(&[Charge::new(
            named(&at.to_string()),
            1,
            9,
            Duration::from_secs(3_600),
        )]);
        assert_eq!(totals.map(|totals| totals[0].total), Ok(1));
    }
    let values = store.values.lock().unwrap();
    assert_eq!(values.len(), 1_024);
    // So evenly spread that none is near its room, which is 877 counters.
    let longest = values.values().map(|(value, _)| value.len()).max();
    assert!(longest < Some(8 + 60 * 28), "{longest:?}");
}
