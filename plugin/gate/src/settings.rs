//! Settings of the gate: each record is a part of its configuration, with names, types, ranges, defaults and descriptions.

use alloc::string::String;
use alloc::vec::Vec;

use xoxzo_2fa_core::document::{Absent, Form, SchemaError, any};
use xoxzo_2fa_core::{InvalidFormat, Range, Settings, choice, record};

use crate::colour::Colour;
use crate::target::decoded;

record! {
    /// Settings of the gate. [`Gate::new`](crate::Gate::new) checks them.
    pub(crate) GateSettings {
        /// The one origin at which browsers see the application: https://HOST[:PORT], or http:// and a loopback host.
        origin: String = Form::Text(origin), Absent::Required;
        /// Purpose of the challenges: one of two_factor.purposes with after_first_factor.
        purpose: String = Form::Text(any), Absent::Text("login");
        /// Source of the user's identity.
        identity: IdentitySettings = Form::Map(&IdentitySettings::FIELDS), Absent::Defaults;
        /// Paths that need no pass. Every other path does.
        exempt: Exempt = Form::Map(&Exempt::FIELDS), Absent::Defaults;
        /// Paths that need a recent code.
        step_up: StepUpSettings = Form::Map(&StepUpSettings::FIELDS), Absent::Defaults;
        /// Lifetime of a pass.
        pass: PassSettings = Form::Map(&PassSettings::FIELDS), Absent::Defaults;
        /// Page for a user who is locked out or has another phone: https:// or a path.
        recovery_url: Option<String> = Form::Text(link), Absent::Out;
        /// Page where a user signs in: https:// or a path, which must be exempt.
        sign_in_url: Option<String> = Form::Text(link), Absent::Out;
        /// Page that ends the session: https:// or a path, which must be exempt. A user who logs out at the gate is sent there.
        sign_out_url: Option<String> = Form::Text(link), Absent::Out;
        /// Path at which a signed-in user without a phone number adds one. It is open to users whose claims name no number. They reach nothing else, and all
        /// others need a pass for it. Claims may be older than a number: the application must refuse to replace one here, by its own record of the user.
        enrol_url: Option<String> = Form::Text(place), Absent::Out;
        /// Look of the pages.
        brand: Brand = Form::Map(&Brand::FIELDS), Absent::Defaults;
        /// forward: a CORS preflight goes to the application without a pass, and without cookies and authorization.
        cors_preflight: Preflight = Form::Choice(&Preflight::CODES), Absent::Text("refuse");
    }
}

choice! {
    /// The way of a CORS preflight without a pass.
    Preflight {
        /// It is refused.
        Refuse = "refuse",
        /// It goes to the application, without cookies and authorization.
        Forward = "forward",
    }
}

record! {
    /// Source of the user's identity, and the names of its claims.
    pub IdentitySettings {
        /// metadata: claims that a filter before the gate has verified. danger_headers: headers of the request, safe only behind something that overwrites
        /// them whatever the client sends.
        source: Source = Form::Choice(&Source::CODES), Absent::Text("metadata");
        /// The filter's namespace in the metadata.
        filter: String = Form::Text(issuer), Absent::Text("envoy.filters.http.jwt_authn");
        /// Field of the metadata with the claims: payload_in_metadata of jwt_authn, which some control planes set to the issuer.
        key: String = Form::Text(issuer), Absent::Text("payload");
        /// Name of the cookie with the session. A request with two that some parser could take for it is refused. Without it, none are counted.
        cookie: Option<String> = Form::Text(token), Absent::Out;
        /// Claim or header with the user's immutable internal id.
        subject: String = Form::Text(label), Absent::Text("sub");
        /// Claim or header with the phone number, canonical E.164.
        phone: String = Form::Text(label), Absent::Text("phone_number");
        /// Claim or header with the session of the first factor. A pass is rejected in another session.
        session: String = Form::Text(label), Absent::Text("sid");
        /// Claim or header that changes when the user's credentials do. Once the user types a code after that, earlier passes end, also in sessions that
        /// still have the old value.
        credential_version: Option<String> = Form::Text(label), Absent::Out;
        /// Works without a session claim: a pass is valid in every session of the user on this browser, also after signing out and in again.
        danger_device_trust: bool = Form::Flag, Absent::Flag(false);
    }
}

choice! {
    /// A source of claims.
    Source {
        /// Claims that a filter before the gate has verified, in the metadata of the request.
        Metadata = "metadata",
        /// Headers of the request. Safe only behind something that overwrites them, whatever the client sends.
        DangerHeaders = "danger_headers",
    }
}

record! {
    /// Paths that need no pass.
    pub(crate) Exempt {
        /// Exact paths.
        paths: Vec<String> = Form::List(&Form::Text(place), PATHS), Absent::Empty;
        /// Paths, with everything under them by segments.
        under: Vec<String> = Form::List(&Form::Text(tree), PATHS), Absent::Empty;
    }
}

record! {
    /// Paths that need a recent code.
    pub(crate) StepUpSettings {
        /// Paths, with everything under them, and what an application may take for one of them: other case, spaces, accents, final dots,
        /// another format (/a.json), and the same path after a script (/index.php/a).
        paths: Vec<String> = Form::List(&Form::Text(tree), PATHS), Absent::Empty;
        /// Maximum age of the code, in seconds.
        max_age_seconds: u32 = Form::Number(Range(60, DAY)), Absent::Number(300);
    }
}

record! {
    /// Lifetime of a pass.
    pub(crate) PassSettings {
        /// Seconds without a request after which a pass ends.
        idle_seconds: u32 = Form::Number(Range(60, DAY)), Absent::Number(1_800);
        /// Seconds after the code at which a pass ends.
        life_seconds: u32 = Form::Number(Range(60, 30 * DAY)), Absent::Number(43_200);
        /// Passes stay valid across restarts and on other instances with the same keys. A logout is known only to the instance that handled it, until it
        /// restarts; in a fleet to all, until the store loses its counters.
        danger_outlives_process: bool = Form::Flag, Absent::Flag(false);
        /// With envoy.guard: seconds after which a list of revoked passes that could not be fetched again is too old. Then no pass opens.
        stale_seconds: u32 = Form::Number(Range(10, 300)), Absent::Number(30);
    }
}

record! {
    /// Look of the pages.
    pub(crate) Brand {
        /// Name on the pages, instead of two_factor.service: 1 to 64 characters.
        name: Option<String> = Form::Text(name), Absent::Out;
        /// Colour of buttons: # and six hexadecimal digits. Their text is black or white, whichever is easier to read.
        color: String = Form::Text(colour), Absent::Text("#0b57d0");
        /// Logo as data:image/…;base64,…, at most 16 KiB.
        logo: Option<String> = Form::Text(logo), Absent::Out;
    }
}

const PATHS: Range = Range(0, 64);
const DAY: u32 = 86_400;
/// Bytes of the longest logo.
const LOGO: usize = 16 * 1024;

impl GateSettings {
    /// The form of the document.
    pub const FORM: Form = Form::Map(&Self::FIELDS);

    /// # Errors
    ///
    /// The first rule that is broken.
    pub(crate) fn check(&self, engine: &Settings) -> Result<(), SchemaError> {
        let purpose = engine.purpose(&self.purpose);
        let rules = [
            (
                purpose.is_some_and(|purpose| purpose.after_first_factor),
                "purpose",
                "must be one of two_factor.purposes, with after_first_factor",
            ),
            (
                self.identity.source == Source::Metadata
                    || self.identity.names().all(|name| is_lower(name)),
                "identity",
                "must name headers in lower case, since source is danger_headers",
            ),
            (
                self.pass.idle_seconds <= self.pass.life_seconds,
                "pass.idle_seconds",
                "must not be longer than pass.life_seconds",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, path, requirement)) => Err(SchemaError::new(requirement).within(path)),
            None => Ok(()),
        }
    }
}

impl IdentitySettings {
    /// The claim or header with the session. None with device trust: a pass is good in every session of the user on this browser.
    #[must_use]
    pub fn session_name(&self) -> Option<&String> {
        Some(&self.session).filter(|_| !self.danger_device_trust)
    }

    /// The names of all claims or headers.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        let optional = [self.session_name(), self.credential_version.as_ref()];
        let optional = optional.into_iter().flatten();
        [&self.subject, &self.phone].into_iter().chain(optional)
    }
}

/// Tells whether a header can have the name: in lower case, and none that HTTP/2 or a proxy rewrites.
fn is_lower(name: &str) -> bool {
    !name
        .bytes()
        .any(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte == b':')
}

fn origin(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(
        is_origin(text),
        "must be https://HOST[:PORT], or http:// and a loopback host, in lower case",
    )
}

/// A name of a claim, which may be a URL too, or of a header.
fn label(text: &str) -> Result<(), InvalidFormat> {
    let fits = graphic(text, 128);
    InvalidFormat::unless(fits, "must be 1 to 128 printable characters without spaces")
}

/// A name in metadata, which may be the URL of an issuer.
fn issuer(text: &str) -> Result<(), InvalidFormat> {
    let fits = graphic(text, 256);
    InvalidFormat::unless(fits, "must be 1 to 256 printable characters without spaces")
}

fn graphic(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn token(name: &str) -> Result<(), InvalidFormat> {
    let fits = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    InvalidFormat::unless(
        fits,
        "must be 1 to 64 letters, digits, hyphens, underscores and dots",
    )
}

fn name(text: &str) -> Result<(), InvalidFormat> {
    let fits = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    InvalidFormat::unless(fits, "must be 1 to 64 characters, without controls")
}

fn colour(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(
        Colour::parse(text).is_some(),
        "must be # and six hexadecimal digits",
    )
}

/// A path that a list may have.
fn place(path: &str) -> Result<(), InvalidFormat> {
    let fits = path.len() <= 256
        && decoded(path).is_some()
        && !path.contains(['?', '*'])
        && !path.starts_with(crate::PREFIX);
    InvalidFormat::unless(
        fits,
        "must be a plain path, without a query or *, and not under /.2fa",
    )
}

/// A path that stands for all under it too.
fn tree(path: &str) -> Result<(), InvalidFormat> {
    place(path)?;
    InvalidFormat::unless(!path.ends_with('/'), "must have no final slash")
}

fn link(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(
        is_link(text),
        "must be https://… or a path, at most 256 characters",
    )
}

fn logo(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(
        is_logo(text),
        "must be data:image/…;base64,… of PNG, JPEG, GIF, WebP or SVG, at most 16 KiB",
    )
}

fn is_link(link: &str) -> bool {
    let target = link.strip_prefix("https://");
    let sound = target.map_or_else(
        || decoded(link).is_some(),
        |rest| !rest.is_empty() && !rest.starts_with('/'),
    );
    sound && link.len() <= 256 && link.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_logo(logo: &str) -> bool {
    let kinds = ["png", "jpeg", "gif", "webp", "svg+xml"];
    let rest = logo.strip_prefix("data:image/");
    let data = rest.and_then(|rest| {
        kinds
            .iter()
            .find_map(|kind| rest.strip_prefix(kind)?.strip_prefix(";base64,"))
    });
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    logo.len() <= LOGO && data.is_some_and(|data| !data.is_empty() && data.bytes().all(base64))
}

fn is_origin(origin: &str) -> bool {
    let (scheme, rest) = origin.split_once("://").unwrap_or_default();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !rest.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let number = |port: &str| {
        port.parse::<u16>().is_ok_and(|number| number > 0) && !port.starts_with(['0', '+'])
    };
    let default = if scheme == "https" { "443" } else { "80" };
    let port = port.is_none_or(|port| number(port) && port != default);
    let label = |label: &str| {
        let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && !label.starts_with('-') && label.bytes().all(letters)
    };
    let named = host.len() <= 253 && host.split('.').all(label);
    match scheme {
        "https" => port && named,
        "http" => port && ["localhost", "127.0.0.1", "[::1]"].contains(&host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_send_them() {
        for good in [
            "https://a.example",
            "https://a.example:8443",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://[::1]:1",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "https://A.example",
            "https://a.example/",
            "https://a.example:443",
            "https://a.example:0443",
            "http://a.example",
            "http://localhost:80",
            "ftp://localhost",
            "https://a..b",
            "https://a.example:",
            "https://u@a.example",
            "null",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn links_lead_to_https_or_to_a_path_here() {
        for good in ["https://help.example/lost?a=b", "/login", "/"] {
            assert!(is_link(good), "{good}");
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "http://a.example",
            "https:///a",
            "https://a b",
            "login",
        ] {
            assert!(!is_link(bad), "{bad}");
        }
    }

    #[test]
    fn logos_are_images() {
        assert!(is_logo("data:image/png;base64,AA=="));
        for bad in [
            "data:text/html;base64,AA==",
            "data:image/png,AA",
            "https://a.example/a.png",
            "data:image/png;base64,",
            "data:image/png;base64,\"><script>",
        ] {
            assert!(!is_logo(bad), "{bad}");
        }
    }
}
