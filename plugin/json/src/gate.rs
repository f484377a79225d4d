//! The gate's configuration document: the settings of the engine and those of the gate, in one.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{Failure, RuleViolation, Scope};
use xoxzo_2fa_gate::{
    Brand, Exempt, Gate, GateSettings, IdentitySettings, PassSettings, Source, StepUpSettings,
};

use crate::cursor::Cursor;
use crate::document::DOCUMENT;
use crate::form::{Absent, Field, Form, SchemaError, about, field, number};
use crate::prepare::{fault, line, preset};

/// The longest document, in bytes: a logo of 16 KiB fits.
const LONGEST: usize = 64 * 1024;

/// A gate that is ready.
pub struct Configured {
    /// The gate.
    pub gate: Gate,
    /// Envoy's cluster of Xoxzo.
    pub cluster: String,
    /// Warnings about settings that are allowed and unwise.
    pub warnings: Vec<String>,
}

/// Reads a configuration, with the environment for its references `{"env": "NAME"}`, for a process with an id: 16 random bytes that live
/// as long as its counters.
///
/// # Errors
///
/// [`Code::GateSettings`](xoxzo_2fa_core::Code::GateSettings), naming path, line and kind.
pub fn gate(
    json: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    process: &[u8; 16],
) -> Result<Configured, Failure> {
    if json.len() > LONGEST {
        return Err(fault("", 0, "longer than 64 KiB"));
    }
    let place = |SchemaError { path, kind }: SchemaError| fault(&path, line(json, &path), &kind);
    let mut given = Node::parse(json).map_err(|(kind, line)| fault("", line, kind))?;
    if let Some(engine) = given.field_mut("two_factor") {
        *engine = preset(mem::replace(engine, Node::Null));
    }
    CONFIGURATION
        .resolve(&mut given, environment)
        .map_err(place)?;
    let document = CONFIGURATION.fill(&given).map_err(place)?;
    let from = Cursor(&document);
    let engine = from.at("two_factor").settings();
    let mut engine = engine.map_err(|error| place(error.within("two_factor")))?;
    engine.scope = Scope::Process;
    let broken = |(section, RuleViolation { path, rule }): (&str, RuleViolation)| {
        let path = [section, path].join(".");
        fault(&path, line(json, &path), rule.requirement())
    };
    let cluster = from.at("envoy").text("cluster");
    if cluster.is_empty() || cluster.chars().any(char::is_control) {
        return Err(place(
            SchemaError::new("must name an Envoy cluster: not empty, no control characters")
                .within("envoy.cluster"),
        ));
    }
    Ok(Configured {
        gate: Gate::new(&engine, from.at("gate").gate(), process).map_err(broken)?,
        cluster,
        warnings: engine.warnings(),
    })
}

impl Cursor<'_> {
    fn gate(self) -> GateSettings {
        let [identity, exempt, step_up, pass, brand] =
            ["identity", "exempt", "step_up", "pass", "brand"].map(|name| self.at(name));
        let trusted = identity.flag("danger_device_trust");
        GateSettings {
            origin: self.text("origin"),
            purpose: self.text("purpose"),
            identity: IdentitySettings {
                source: match identity.str("source") {
                    "danger_headers" => Source::DangerHeaders,
                    _ => Source::Metadata {
                        filter: identity.text("filter"),
                        key: identity.text("key"),
                    },
                },
                subject: identity.text("subject"),
                phone: identity.text("phone"),
                session: (!trusted).then(|| identity.text("session")),
                credential_version: identity.option("credential_version"),
            },
            exempt: Exempt {
                paths: exempt.texts("paths"),
                under: exempt.texts("under"),
            },
            step_up: StepUpSettings {
                paths: step_up.texts("paths"),
                max_age: step_up.number("max_age_seconds"),
            },
            pass: PassSettings {
                idle: pass.number("idle_seconds"),
                life: pass.number("life_seconds"),
                danger_outlives_process: pass.flag("danger_outlives_process"),
            },
            recovery_url: self.option("recovery_url"),
            sign_in_url: self.option("sign_in_url"),
            brand: Brand {
                name: brand.option("name"),
                colour: brand.text("color"),
                logo: brand.option("logo"),
            },
            forward_preflight: self.str("cors_preflight") == "forward",
        }
    }
}

const fn maybe(name: &'static str, about: &'static str) -> Field {
    field(name, Form::Text, Absent::Out, about)
}

const fn named(name: &'static str, absent: &'static str, about: &'static str) -> Field {
    field(name, Form::Text, Absent::Text(absent), about)
}

const fn paths(name: &'static str, about: &'static str) -> Field {
    field(
        name,
        Form::List(&Form::Text, GateSettings::PATHS),
        Absent::Empty,
        about,
    )
}

const fn flag(name: &'static str, about: &'static str) -> Field {
    field(name, Form::Flag, Absent::Flag(false), about)
}

pub(crate) const CONFIGURATION: Form = Form::Map(&[
    field(
        "two_factor",
        DOCUMENT,
        Absent::Required,
        about!(
            "The settings of the engine, as in settings.schema.json. Counters are in the process, so guard.scope is process."
        ),
    ),
    field(
        "gate",
        Form::Map(&GATE),
        Absent::Required,
        about!("The login gate."),
    ),
    field(
        "envoy",
        Form::Map(&ENVOY),
        Absent::Defaults,
        about!("GateSettings of Envoy's filter."),
    ),
]);

const ENVOY: [Field; 1] = [named(
    "cluster",
    "xoxzo",
    about!("Name of the cluster of two_factor.xoxzo.base_url."),
)];

const GATE: [Field; 10] = [
    field(
        "origin",
        Form::Text,
        Absent::Required,
        about!(
            "The one origin at which browsers see the application: https://HOST[:PORT], or http:// and a loopback host."
        ),
    ),
    named(
        "purpose",
        "login",
        about!("Purpose of the challenges: one of two_factor.purposes with after_first_factor."),
    ),
    field(
        "identity",
        Form::Map(&IDENTITY),
        Absent::Defaults,
        about!("Source of the user's identity."),
    ),
    field(
        "exempt",
        Form::Map(&EXEMPT),
        Absent::Defaults,
        about!("Paths that need no pass. Every other path does."),
    ),
    field(
        "step_up",
        Form::Map(&STEP_UP),
        Absent::Defaults,
        about!("Paths that need a recent code."),
    ),
    field(
        "pass",
        Form::Map(&PASS),
        Absent::Defaults,
        about!("Lifetime of a pass."),
    ),
    maybe(
        "recovery_url",
        about!("Page for a user who is locked out or has another phone: https:// or a path."),
    ),
    maybe(
        "sign_in_url",
        about!("Page where a user signs in: https:// or a path, which must be exempt."),
    ),
    field(
        "brand",
        Form::Map(&BRAND),
        Absent::Defaults,
        about!("Look of the pages."),
    ),
    field(
        "cors_preflight",
        Form::Choice(&["refuse", "forward"]),
        Absent::Text("refuse"),
        about!(
            "forward: a CORS preflight goes to the application without a pass, and without cookies and authorization."
        ),
    ),
];

const IDENTITY: [Field; 8] = [
    field(
        "source",
        Form::Choice(&["metadata", "danger_headers"]),
        Absent::Text("metadata"),
        about!(
            "metadata: claims that a filter before the gate has verified. danger_headers: headers of the request, safe only behind something "
            "that overwrites them whatever the client sends."
        ),
    ),
    named(
        "filter",
        "envoy.filters.http.jwt_authn",
        about!("The filter's namespace in the metadata."),
    ),
    named(
        "key",
        "payload",
        about!("Field of the metadata with the claims: payload_in_metadata of jwt_authn."),
    ),
    named(
        "subject",
        "sub",
        about!("Claim or header with the user's immutable internal id."),
    ),
    named(
        "phone",
        "phone_number",
        about!("Claim or header with the phone number, canonical E.164."),
    ),
    named(
        "session",
        "sid",
        about!(
            "Claim or header with the session of the first factor. A pass is rejected in another session."
        ),
    ),
    maybe(
        "credential_version",
        about!("Claim or header that changes when the user's credentials do. Passes end with it."),
    ),
    flag(
        "danger_device_trust",
        about!(
            "Works without a session claim: a pass is valid in every session of the user on this browser, also after signing out and in again."
        ),
    ),
];

const EXEMPT: [Field; 2] = [
    paths("paths", about!("Exact paths.")),
    paths(
        "under",
        about!("Paths, with everything under them by segments."),
    ),
];

const STEP_UP: [Field; 2] = [
    paths(
        "paths",
        about!("Paths, with everything under them, whatever the case of their letters."),
    ),
    number(
        "max_age_seconds",
        GateSettings::IDLE,
        300,
        about!("Maximum age of the code, in seconds."),
    ),
];

const PASS: [Field; 3] = [
    number(
        "idle_seconds",
        GateSettings::IDLE,
        1_800,
        about!("Seconds without a request after which a pass ends."),
    ),
    number(
        "life_seconds",
        GateSettings::LIFE,
        43_200,
        about!("Seconds after the code at which a pass ends."),
    ),
    flag(
        "danger_outlives_process",
        about!(
            "Passes stay valid across restarts and on other instances with the same keys. A logout is known only to the instance that handled "
            "it, until it restarts."
        ),
    ),
];

const BRAND: [Field; 3] = [
    maybe(
        "name",
        about!("Name on the pages, instead of two_factor.service: 1 to 64 characters."),
    ),
    named(
        "color",
        "#0b57d0",
        about!(
            "Colour of buttons: # and six hexadecimal digits. Their text is black or white, whichever is easier to read."
        ),
    ),
    maybe(
        "logo",
        about!("Logo as data:image/…;base64,…, at most 16 KiB."),
    ),
];
