//! Tokens that are altered, forged, or of another service, mode, store or key.

use serde_json::json;
use xoxzo_2fa::{Code, Scope, Token, check, inspect};
use xoxzo_2fa_tests::key;

use crate::field::{Field, account, victim};
use crate::store::{Place, Store};

attacks! {
    change_a_bit_of_a_token
    spell_a_token_otherwise
    forge_a_token_with_ones_own_key
    bring_a_token_of_another_audience
    bring_a_token_of_a_dropped_key
    bring_a_token_of_test_mode
    bring_a_token_of_another_store
    set_a_weak_key
}

fn change_a_bit_of_a_token(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for place in 0..80 {
        let mut token = challenge.token.as_str().as_bytes().to_vec();
        let letter = token[place];
        let at = alphabet.iter().position(|it| *it == letter).unwrap();
        token[place] = alphabet[at ^ (1 << (place % 6))];
        let token = Token::new(String::from_utf8(token).unwrap());
        // To a token of longer or shorter PINs, what was typed is none.
        let digits = inspect(&token).map(|token_info| token_info.digits);
        let due = match digits {
            Ok(digits) if digits != 6 => Code::Malformed,
            _ => Code::InvalidToken,
        };
        field.refused(due, host.verify(&token, &victim(), &pin));
        field.refused(Code::InvalidToken, host.resend(&token, &victim()));
    }
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn spell_a_token_otherwise(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let token = challenge.token.as_str();
    let standard = token.replace('-', "+").replace('_', "/");
    let spellings = [
        String::new(),
        format!("{token}="),
        format!("{token}===="),
        format!("{token} "),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}\0"),
        format!("{token}.x"),
        format!("{token}{token}"),
        token[..79].to_string(),
        token.to_lowercase(),
        token.replacen('E', "%45", 1),
        format!("{}\u{200b}", &token[..79]),
        if standard == token {
            format!("+{}", &token[1..])
        } else {
            standard
        },
    ];
    for spelling in spellings {
        let guess = host.verify(&spelling.into(), &victim(), &pin);
        field.refused(Code::InvalidToken, guess);
    }
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn forge_a_token_with_ones_own_key(field: &Field) {
    let forger = field.host_of(field.settings().set("/keys", json!([key(77)])));
    let host = field.host();
    let (forged, pin) = field.start(&forger, &victim());
    // With the id of a key that the host has, too.
    let (own, own_pin) = field.start_later(&host, &victim());
    let (head, rest) = (&own.token.as_str()[..8], &forged.token.as_str()[8..]);
    let grafted = Token::new(format!("{head}{rest}"));
    for token in [&forged.token, &grafted] {
        for pin in [&pin, &own_pin] {
            let guess = host.verify(token, &victim(), pin);
            field.refused(Code::InvalidToken, guess);
        }
    }
    field.accepted(host.verify(&own.token, &victim(), &own_pin));
}

/// Two services may share keys and store, but no challenge.
fn bring_a_token_of_another_audience(field: &Field) {
    let bank = field.host_of(field.settings().audience("bank"));
    let host = field.host();
    let (theirs, pin) = field.start(&bank, &victim());
    field.refused(
        Code::InvalidToken,
        host.verify(&theirs.token, &victim(), &pin),
    );
    let resend = host.resend(&theirs.token, &victim());
    field.refused(Code::InvalidToken, resend);
    field.accepted(bank.verify(&theirs.token, &victim(), &pin));
}

fn bring_a_token_of_a_dropped_key(field: &Field) {
    let keys = |keys: &[u8]| {
        let keys: Vec<_> = keys.iter().map(|at| key(*at)).collect();
        field.settings().set("/keys", keys)
    };
    let old = field.host_of(keys(&[1]));
    let (first, first_pin) = field.start(&old, &victim());
    let (second, second_pin) = field.start(&old, &account(1));
    let (kept, dropped) = (field.host_of(keys(&[2, 1])), field.host_of(keys(&[2])));
    let guess = dropped.verify(&first.token, &victim(), &first_pin);
    field.refused(Code::InvalidToken, guess);
    let resend = dropped.resend(&first.token, &victim());
    field.refused(Code::InvalidToken, resend);
    // Hosts whose store is in memory have each their own challenges.
    if field.is_memory() {
        field.accepted(old.verify(&second.token, &account(1), &second_pin));
    } else {
        field.accepted(kept.verify(&second.token, &account(1), &second_pin));
    }
}

fn bring_a_token_of_test_mode(field: &Field) {
    let (test, live) = (
        field.host_of(field.settings().set("/test", true)),
        field.host(),
    );
    let (of_test, test_pin) = field.start(&test, &victim());
    let (of_live, live_pin) = field.start(&live, &victim());
    for pin in [&test_pin, &live_pin] {
        let guess = live.verify(&of_test.token, &victim(), pin);
        field.refused(Code::InvalidToken, guess);
        let guess = test.verify(&of_live.token, &victim(), pin);
        field.refused(Code::InvalidToken, guess);
    }
    field.accepted(test.verify(&of_test.token, &victim(), &test_pin));
    field.accepted(live.verify(&of_live.token, &victim(), &live_pin));
}

/// Guesses that are counted in one store would begin anew in a store of the other scope.
fn bring_a_token_of_another_store(field: &Field) {
    let store = if field.is_memory() {
        Store::Sqlite
    } else {
        Store::Memory
    };
    let place = Place::new(store, field.place.clock.clone(), false);
    let other = field.host_with(field.settings(), place.open(field.kind));
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let guess = other.verify(&challenge.token, &victim(), &pin);
    field.refused(Code::InvalidToken, guess);
    let resend = other.resend(&challenge.token, &victim());
    field.refused(Code::InvalidToken, resend);
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn set_a_weak_key(field: &Field) {
    let (own, mut slip) = (key(1), key(1));
    slip.replace_range(10..11, "_");
    let weak = [
        String::new(),
        "secret".to_string(),
        "correct horse battery staple 1234".to_string(),
        "x2fk1_".to_string(),
        "A".repeat(54),
        "0".repeat(64),
        slip,
        own.replace("x2fk1_", "x2fr1_"),
        own[..53].to_string(),
        format!("{own}\n"),
    ];
    for weak in weak {
        let settings = [
            field.settings().set("/keys", json!([weak])),
            field.settings().guard_key(&weak),
        ];
        for settings in settings {
            let checked = check(&settings.clone().build(), Scope::Process);
            field.refused(Code::Settings, checked);
            field.refused(Code::Settings, field.try_host(settings, field.guard()));
        }
    }
    let same = field.settings().set("/keys", json!([own, own]));
    field.refused(Code::Settings, check(&same.build(), Scope::Process));
    let host = field.granted(field.try_host(field.settings(), field.guard()));
    field.accepted(host.start(&victim()));
}
