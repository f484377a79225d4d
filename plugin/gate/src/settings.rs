//! Settings of the gate.

use alloc::string::String;
use alloc::vec::Vec;

use xoxzo_2fa_core::{Range, Settings as Engine};

use crate::colour::Colour;
use crate::target::is_plain;

/// Settings of the gate. [`Gate::new`](crate::Gate::new) checks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateSettings {
    /// The one origin at which browsers see the application: `https://HOST[:PORT]`, or `http://` and a loopback host.
    pub origin: String,
    /// The purpose of challenges, one that only users can start who passed another factor.
    pub purpose: String,
    /// The source of the user's identity.
    pub identity: IdentitySettings,
    /// Paths that need no pass. Everything else does.
    pub exempt: Exempt,
    /// Paths, with all under them, that need a pass won lately.
    pub step_up: StepUpSettings,
    /// The life of a pass.
    pub pass: PassSettings,
    /// The page for a user who is locked out or has another phone: `https://` or a path.
    pub recovery_url: Option<String>,
    /// The page where a user signs in: `https://` or a path.
    pub sign_in_url: Option<String>,
    /// The look of the pages.
    pub brand: Brand,
    /// True if a CORS preflight goes to the application without a pass.
    pub forward_preflight: bool,
}

/// The source of the user's identity, and the names of its claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySettings {
    /// The source of the claims.
    pub source: Source,
    /// Name of the subject's claim or header.
    pub subject: String,
    /// Name of the phone number's.
    pub phone: String,
    /// Name of the session's. Without one a pass is good in every session of the user on this browser: device trust.
    pub session: Option<String>,
    /// Name of the credential version's, if there is one.
    pub credential_version: Option<String>,
}

/// A source of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Claims that a filter before the gate has verified, in the metadata of the request.
    Metadata {
        /// The filter's namespace.
        filter: String,
        /// Its field with the claims.
        key: String,
    },
    /// Headers of the request. Safe only behind something that overwrites them, whatever the client sends.
    DangerHeaders,
}

/// Paths that need no pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exempt {
    /// These, exactly.
    pub paths: Vec<String>,
    /// These and all under them.
    pub under: Vec<String>,
}

/// Paths that need a pass won lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepUpSettings {
    /// These and all under them, whatever their case.
    pub paths: Vec<String>,
    /// The greatest age of a code, in seconds.
    pub max_age: u32,
}

/// Life of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassSettings {
    /// Seconds without a request until it ends.
    pub idle: u32,
    /// Seconds from winning it until it ends.
    pub life: u32,
    /// It outlives the process that gave it, and so does one that was logged out: that was counted in the process.
    pub danger_outlives_process: bool,
}

/// The look of the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// Instead of the service's name.
    pub name: Option<String>,
    /// The colour of buttons: `#` and six hexadecimal digits.
    pub colour: String,
    /// An image as a `data:` URI.
    pub logo: Option<String>,
}

impl GateSettings {
    /// Range of `pass.idle` and `step_up.max_age`.
    pub const IDLE: Range = Range(60, 86_400);
    /// Range of `pass.life`: a minute to 30 days.
    pub const LIFE: Range = Range(60, 30 * 86_400);
    /// The most paths in a list.
    pub const PATHS: Range = Range(0, 64);
    /// Bytes of the longest logo.
    const LOGO: usize = 16 * 1024;

    /// The path and text of the first rule that is broken.
    pub(crate) fn broken(&self, engine: &Engine) -> Option<(&'static str, &'static str)> {
        const PLACE: &str =
            "must be at most 64 paths, each plain, without a query or *, and not under /.2fa";
        const TREE: &str = "must be at most 64 paths, each plain, without a query, * or final slash, and not under /.2fa";
        const LINK: &str = "must be https://… or a path, at most 256 characters";
        let purpose = engine
            .purposes
            .iter()
            .find(|purpose| purpose.name == self.purpose);
        let places = |list: &[String]| list.len() <= 64 && list.iter().all(|path| is_place(path));
        let trees = |list: &[String]| places(list) && list.iter().all(|path| !path.ends_with('/'));
        let within = |range: Range, number: u32| (range.0..=range.1).contains(&number);
        let rules = [
            (
                is_origin(&self.origin),
                "origin",
                "must be https://HOST[:PORT], or http:// and a loopback host, in lower case",
            ),
            (
                purpose.is_some_and(|purpose| purpose.after_first_factor),
                "purpose",
                "must be one of two_factor.purposes, with after_first_factor",
            ),
            (
                self.identity.is_sound(),
                "identity",
                "must have names of 1 to 64 printable characters, of headers in lower case",
            ),
            (places(&self.exempt.paths), "exempt.paths", PLACE),
            (trees(&self.exempt.under), "exempt.under", TREE),
            (trees(&self.step_up.paths), "step_up.paths", TREE),
            (
                within(Self::IDLE, self.step_up.max_age),
                "step_up.max_age_seconds",
                "must be 60 to 86400",
            ),
            (
                within(Self::IDLE, self.pass.idle),
                "pass.idle_seconds",
                "must be 60 to 86400",
            ),
            (
                within(Self::LIFE, self.pass.life),
                "pass.life_seconds",
                "must be 60 to 2592000",
            ),
            (
                self.pass.idle <= self.pass.life,
                "pass.idle_seconds",
                "must not be longer than pass.life_seconds",
            ),
            (
                self.recovery_url.as_deref().is_none_or(is_link),
                "recovery_url",
                LINK,
            ),
            (
                self.sign_in_url.as_deref().is_none_or(is_link),
                "sign_in_url",
                LINK,
            ),
            (
                self.brand.name.as_deref().is_none_or(is_name),
                "brand.name",
                "must be 1 to 64 characters, without controls",
            ),
            (
                Colour::parse(&self.brand.colour).is_some(),
                "brand.color",
                "must be # and six hexadecimal digits",
            ),
            (
                self.brand.logo.as_deref().is_none_or(is_logo),
                "brand.logo",
                "must be data:image/…;base64,… of PNG, JPEG, GIF, WebP or SVG, at most 16 KiB",
            ),
        ];
        rules
            .into_iter()
            .find(|(holds, ..)| !holds)
            .map(|(_, path, rule)| (path, rule))
    }
}

impl IdentitySettings {
    /// The names of all claims or headers.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        let optional = [self.session.as_ref(), self.credential_version.as_ref()];
        let optional = optional.into_iter().flatten();
        [&self.subject, &self.phone].into_iter().chain(optional)
    }

    fn is_sound(&self) -> bool {
        let upper = |name: &str| {
            name.bytes()
                .any(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte == b':')
        };
        let sound = |name: &String| match self.source {
            Source::Metadata { .. } => is_label(name),
            Source::DangerHeaders => is_label(name) && !upper(name),
        };
        self.names().all(sound)
            && match &self.source {
                Source::Metadata { filter, key } => is_label(filter) && is_label(key),
                Source::DangerHeaders => true,
            }
    }
}

fn is_label(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

/// A path that a list may have.
fn is_place(path: &str) -> bool {
    let own = crate::PREFIX;
    path.len() <= 256 && is_plain(path) && !path.contains(['?', '*']) && !path.starts_with(own)
}

fn is_link(link: &str) -> bool {
    let target = link.strip_prefix("https://");
    let sound = target.map_or_else(
        || is_plain(link),
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
    logo.len() <= GateSettings::LOGO
        && data.is_some_and(|data| !data.is_empty() && data.bytes().all(base64))
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
