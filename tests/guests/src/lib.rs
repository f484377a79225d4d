//! A component of world `two-factor` that does what a host must survive. What it does is the subject of the binding, so that one
//! component is all of them.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bindings::exports::xoxzo::two_factor::{challenges, operators};
use bindings::xoxzo::two_factor::{guard, http, types};

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "two-factor", generate_all });
}

struct Hostile;

// Elsewhere no linker takes the names of the exports.
#[cfg(target_arch = "wasm32")]
bindings::export!(Hostile with_types_in bindings);

type Answer<T> = Result<T, types::Failure>;

/// Does what it is called.
fn misbehave(deed: &str) {
    match deed {
        "trap" => trap(),
        "loop" => loop {
            core::hint::black_box(deed);
        },
        // With a call to the host in each round, which is not the guest's own time.
        "loop and wait" => loop {
            let _totals = guard::add(&[]);
        },
        "recurse" => {
            core::hint::black_box(recurse(1));
        }
        "allocate" => {
            let mut all = Vec::new();
            loop {
                all.push(alloc::vec![0xa5_u8; 1 << 20]);
                core::hint::black_box(&all);
            }
        }
        "many charges" => {
            let charges: Vec<_> = (0..10_000).map(|at| charge(at, 1, 60)).collect();
            core::hint::black_box(guard::add(&charges).is_ok());
        }
        "odd charges" => {
            for charge in [charge(0, 1, 0), charge(u64::MAX, i32::MIN, u32::MAX)] {
                core::hint::black_box(guard::add(&[charge]).is_ok());
            }
        }
        _ => {}
    }
}

fn recurse(depth: u64) -> u64 {
    if core::hint::black_box(depth) == 0 {
        return 0;
    }
    core::hint::black_box(recurse(depth + 1)) + 1
}

fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    panic!("a trap")
}

fn charge(low: u64, amount: i32, ttl: u32) -> types::Charge {
    let name = types::GuardName { high: low, low };
    types::Charge {
        counter: name,
        group: name,
        amount,
        limit: 9,
        ttl_seconds: ttl,
    }
}

/// What the host says to a request to `url`.
fn ask(method: &str, url: &str, headers: Vec<types::Header>, timeout: u32) -> String {
    let request = types::Request {
        method: method.to_string(),
        url: url.to_string(),
        headers,
        body: String::new(),
        timeout_milliseconds: timeout,
    };
    match http::send(&request) {
        Ok(response) => {
            let mut text = String::from("response ");
            text.push_str(&response.status.to_string());
            text
        }
        Err(why) => match why.no_answer {
            types::NoAnswer::NotSent => "not sent".to_string(),
            _ => "unknown".to_string(),
        },
    }
}

fn failure(detail: String) -> types::Failure {
    types::Failure {
        blame: types::Blame::Upstream,
        code: types::Code::Provider,
        detail,
        guesses_left: None,
        retry_after_seconds: None,
        expires_in_seconds: None,
        audit: None,
    }
}

impl challenges::Guest for Hostile {
    /// Asks for the URL that is the purpose, by the method that is the session, and answers what the host said.
    fn start(
        _: String,
        binding: types::Binding,
        _: types::Sending,
        _: bool,
    ) -> Answer<types::Challenge> {
        misbehave(&binding.subject);
        if binding.subject == "answer too much" {
            return Err(failure("x".repeat(8 << 20)));
        }
        let method = binding.session.as_deref().unwrap_or("POST");
        let (headers, timeout) = match &*binding.subject {
            "odd headers" => {
                let odd = types::Header {
                    name: "x\r\nhost".to_string(),
                    value: "a\r\nb: c".to_string(),
                };
                (alloc::vec![odd], 1_000)
            }
            "for ever" => (Vec::new(), u32::MAX),
            _ => (Vec::new(), 1_000),
        };
        Err(failure(ask(method, &binding.purpose, headers, timeout)))
    }

    fn resend(
        _: String,
        _: String,
        binding: types::Binding,
        _: types::Sending,
        _: bool,
    ) -> Answer<types::Challenge> {
        misbehave(&binding.subject);
        Err(failure(String::new()))
    }

    fn verify(
        _: String,
        _: String,
        binding: types::Binding,
        _: String,
        _: Option<String>,
        _: bool,
    ) -> Answer<types::Acceptance> {
        misbehave(&binding.subject);
        Err(failure(String::new()))
    }

    fn status(_: String, handle: String, _: bool) -> Answer<types::Report> {
        misbehave(&handle);
        Err(failure(String::new()))
    }
}

impl operators::Guest for Hostile {
    fn unlock(_: String, subject: String, _: String, _: bool) -> Answer<types::Unlocked> {
        misbehave(&subject);
        Err(failure(String::new()))
    }

    fn limits(
        _: String,
        subject: String,
        _: String,
        _: Option<String>,
        _: bool,
    ) -> Answer<types::UserLimits> {
        misbehave(&subject);
        Err(failure(String::new()))
    }

    fn credits(_: String, _: bool) -> Answer<types::AccountCredits> {
        Err(failure(String::new()))
    }
}

/// What `std` would give.
#[cfg(target_arch = "wasm32")]
mod runtime {
    use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

    #[global_allocator]
    static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
        core::arch::wasm32::unreachable()
    }
}
