//! Headers that a client has no business to send to the application.
//!
//! - `x-2fa-…`, which only the gate may set
//! - Names by which frameworks take another path, prefix or method than that of the request, or skip their own checks
//! - `x-envoy-…`, by which Envoy is told how to route, and which applications behind it believe
//! - Other spellings of the headers that say who the user is

use alloc::string::String;
use alloc::vec::Vec;

use crate::head::{Head, begins_like, is_like};
use crate::settings::{IdentitySettings, Source};

/// Names and, with a hyphen at the end, beginnings of names.
const FOREIGN: [&str; 17] = [
    "x-2fa-",
    "x-envoy-",
    "x-middleware-",
    "x-invoke-",
    "x-original-url",
    "x-original-uri",
    "x-original-path",
    "x-original-method",
    "x-rewrite-url",
    "x-forwarded-uri",
    "x-forwarded-path",
    "x-forwarded-prefix",
    "x-forwarded-method",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-script-name",
];

/// Envoy writes it itself into each request from outside.
const ENVOYS_OWN: &[u8] = b"x-envoy-external-address";

impl IdentitySettings {
    /// Names of the headers to take away from a request.
    pub(crate) fn foreign_headers(&self, head: &Head) -> Vec<String> {
        head.names(&|name| is_foreign(name) || (self.names_user(name) && !self.is_exact(name)))
    }

    /// The same where no user is known: what could act for one goes too.
    pub(crate) fn acting_headers(&self, head: &Head) -> Vec<String> {
        let acts =
            |name: &[u8]| matches!(name, b"cookie" | b"authorization") || self.names_user(name);
        head.names(&|name| is_foreign(name) || acts(name))
    }

    fn names_user(&self, name: &[u8]) -> bool {
        self.source == Source::DangerHeaders && self.names().any(|own| is_like(name, own))
    }

    fn is_exact(&self, name: &[u8]) -> bool {
        self.names().any(|own| own.as_bytes() == name)
    }
}

fn is_foreign(name: &[u8]) -> bool {
    let is_one =
        |own: &&str| begins_like(name, own) && (name.len() == own.len() || own.ends_with('-'));
    name.starts_with(b"x") && name != ENVOYS_OWN && FOREIGN.iter().any(is_one)
}
