//! An Envoy filter that makes the calls of the host it is configured with, a letter for each, and nothing else. Without any it is the floor of what
//! a filter in WebAssembly costs.

#![cfg(target_arch = "wasm32")]

use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, MapType};

#[derive(Default)]
struct Root(Rc<[u8]>);

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        self.0 = self.get_plugin_configuration().unwrap_or_default().into();
        true
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request(Rc::clone(&self.0))))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Request(Rc<[u8]>);

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        for letter in &*self.0 {
            call(*letter);
        }
        Action::Continue
    }
}

/// What the answer is does not matter.
fn call(letter: u8) {
    match letter {
        // The head of the request, the claims of jwt_authn, one of them, the time, a key of the shared data, a header to set.
        b'h' => drop(hostcalls::get_map_bytes(MapType::HttpRequestHeaders)),
        b'c' => drop(hostcalls::get_property(PAYLOAD.to_vec())),
        b'1' => drop(hostcalls::get_property([PAYLOAD, &["sub"]].concat())),
        b't' => drop(hostcalls::get_current_time()),
        b'd' => drop(hostcalls::get_shared_data("xoxzo-2fa.guard.000")),
        b's' => {
            let (name, value) = ("x-2fa-receipt", "r".repeat(240));
            drop(hostcalls::set_map_value(
                MapType::HttpRequestHeaders,
                name,
                Some(&value),
            ));
        }
        _ => {}
    }
}

const PAYLOAD: &[&str] = &[
    "metadata",
    "filter_metadata",
    "envoy.filters.http.jwt_authn",
    "payload",
];

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}
