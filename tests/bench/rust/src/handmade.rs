//! A login by hand-written HMAC, for comparison: a keyed hash of the user, the phone, the expiry and the code is the token.
//!
//! It has no limit across challenges, of messages or of cost, and forgets its counters with the process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::Sha256;

use crate::Fault;
use crate::measure::Login;

const LIFE: u64 = 90;
const GUESSES: u32 = 5;
const USED: u32 = 1 << 20;

pub(crate) struct User {
    subject: String,
    phone: String,
}

pub(crate) struct Handmade {
    key: [u8; 32],
    /// Guesses at each token.
    guesses: Mutex<HashMap<String, u32>>,
    messages: Mutex<Vec<String>>,
    back: AtomicU64,
    users: u32,
}

impl Handmade {
    pub(crate) fn new() -> Result<Self, Fault> {
        let mut key = [0; 32];
        SysRng.try_fill_bytes(&mut key)?;
        Ok(Self {
            key,
            guesses: Mutex::default(),
            messages: Mutex::default(),
            back: AtomicU64::new(0),
            users: 0,
        })
    }

    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs()) - self.back.load(Ordering::Relaxed)
    }

    fn hash(&self, user: &User, expiry: u64, pin: &str) -> Hmac<Sha256> {
        let mut hash = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length fits");
        hash.update(format!("{}|{}|{expiry}|{pin}", user.subject, user.phone).as_bytes());
        hash
    }
}

impl Login for Handmade {
    type User = User;
    type Token = String;
    type Pin = String;

    const LOCKS: bool = false;
    /// An altered token looks like a wrong PIN.
    const ALTERED: &str = "wrong-pin";

    fn user(&self, number: u32, _: bool) -> User {
        User {
            subject: format!("user-{number}"),
            phone: format!("+8190{number:08}"),
        }
    }

    fn token(text: String) -> String {
        text
    }

    fn text(token: &String) -> &str {
        token
    }

    fn pin(text: &str) -> String {
        text.to_string()
    }

    fn start(&self, user: &User) -> Result<String, String> {
        // Of 2^64 values, a million divides all but a few evenly.
        let drawn = SysRng.try_next_u64().map_err(|error| error.to_string())?;
        let pin = format!("{:06}", drawn % 1_000_000);
        let expiry = self.now() + LIFE;
        let hash = self.hash(user, expiry, &pin).finalize().into_bytes();
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(pin);
        Ok(format!(
            "{expiry}.{}",
            base16ct::lower::encode_string(&hash)
        ))
    }

    fn verify(&self, user: &User, token: &String, pin: &String) -> Result<(), String> {
        let Some((expiry, hash)) = token.split_once('.') else {
            return Err("invalid-token".to_string());
        };
        let (Ok(expiry), Ok(hash)) = (expiry.parse(), base16ct::lower::decode_vec(hash)) else {
            return Err("invalid-token".to_string());
        };
        if pin.len() != 6 || !pin.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err("malformed".to_string());
        }
        if self.now() >= expiry {
            return Err("expired".to_string());
        }
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let guesses = guesses.entry(token.clone()).or_default();
        if *guesses >= GUESSES {
            let code = if *guesses >= USED {
                "used"
            } else {
                "exhausted"
            };
            return Err(code.to_string());
        }
        *guesses += 1;
        let right = self.hash(user, expiry, pin).verify_slice(&hash);
        right.map_err(|_| "wrong-pin".to_string())?;
        *guesses = USED;
        Ok(())
    }

    fn sent(&self) -> Vec<String> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *messages)
    }

    fn set_back(&self, seconds: u64) {
        self.back.store(seconds, Ordering::Relaxed);
    }

    fn next(&mut self) -> &mut u32 {
        &mut self.users
    }
}
