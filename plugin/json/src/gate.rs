//! The gate's configuration document: the settings of the engine and those of the gate, in one.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use xoxzo_2fa_core::document::{Absent, Form, SchemaError};
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{Failure, InvalidFormat, Settings, record};
use xoxzo_2fa_gate::{Gate, GateSettings, GuardService};

use crate::prepare::{fault, placed, preset};

/// The longest document, in bytes: a logo of 16 KiB fits.
const LONGEST: usize = 64 * 1024;

/// The home of a gate's counters, by an id of 16 random bytes that lives as long as they do. Tokens and passes end with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home<'a> {
    /// This process.
    Process(&'a [u8; 16]),
    /// A store that several processes share.
    Fleet(&'a [u8; 16]),
}

/// A gate that is ready.
pub struct Configured {
    /// The gate.
    pub gate: Gate,
    /// Envoy's cluster of Xoxzo.
    pub cluster: String,
    /// The guard service of a fleet of Envoys, with its cluster.
    pub guard: Option<(String, GuardService)>,
    /// Warnings about settings that are allowed and unwise.
    pub warnings: Vec<String>,
}

record! {
    /// Configuration of the login gate.
    pub(crate) Configuration {
        /// The settings of the engine, as in settings.schema.json. guard.scope follows from envoy.guard or serve.guard.
        two_factor: Settings = Settings::FORM, Absent::Required;
        /// The login gate.
        gate: GateSettings = GateSettings::FORM, Absent::Required;
        /// Settings of Envoy's filter.
        envoy: EnvoySettings = Form::Map(&EnvoySettings::FIELDS), Absent::Defaults;
    }
}

record! {
    /// Settings of Envoy's filter.
    pub(crate) EnvoySettings {
        /// Name of the cluster of two_factor.xoxzo.base_url.
        cluster: String = Form::Text(cluster), Absent::Text("xoxzo");
        /// Guard service, which counts for a fleet of Envoys. Without it, counters are in this process.
        guard: Option<GuardServiceSettings> = Form::Map(&GuardServiceSettings::FIELDS), Absent::Out;
    }
}

record! {
    /// Guard service of a fleet: `xoxzo-2fa-serve rest` over a store that all of them share.
    pub(crate) GuardServiceSettings {
        /// Name of its cluster, which must be a Unix socket, loopback, or TLS with client certificates.
        cluster: String = Form::Text(cluster), Absent::Required;
        /// Value of the header host.
        host: String = Form::Text(host), Absent::Text("xoxzo-2fa-guard");
        /// Key with the right guard and no other: 32 to 256 printable characters without spaces. Whoever has it can clear every limit.
        key: String = Form::Secret(bearer), Absent::Required;
    }
}

fn host(name: &str) -> Result<(), InvalidFormat> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    InvalidFormat::unless(
        (1..=255).contains(&name.len()) && name.bytes().all(letter),
        "must be a host name, with a port if it has one",
    )
}

fn bearer(key: &str) -> Result<(), InvalidFormat> {
    let fits = (32..=256).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    InvalidFormat::unless(
        fits,
        "must be 32 to 256 printable characters without spaces",
    )
}

fn cluster(name: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(
        !name.is_empty() && !name.chars().any(char::is_control),
        "must name an Envoy cluster: not empty, no control characters",
    )
}

pub(crate) const CONFIGURATION: Form = Form::Map(&Configuration::FIELDS);

/// Reads a configuration, with the environment for its references `{"env": "NAME"}`, for counters in this home.
///
/// # Errors
///
/// [`Code::Settings`](xoxzo_2fa_core::Code::Settings), naming path, line and kind.
pub fn gate(
    json: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    home: Home<'_>,
) -> Result<Configured, Failure> {
    if json.len() > LONGEST {
        return Err(fault("", 0, "longer than 64 KiB"));
    }
    let mut given = Node::parse(json).map_err(|(kind, line)| fault("", line, kind))?;
    if let Some(engine) = given.field_mut("two_factor") {
        *engine = preset(mem::replace(engine, Node::Null));
    }
    configured(given, environment, home).map_err(|error| placed(json, &error))
}

fn configured(
    mut given: Node,
    environment: &dyn Fn(&str) -> Option<String>,
    home: Home<'_>,
) -> Result<Configured, SchemaError> {
    CONFIGURATION.each_secret(&mut given, &mut |node| resolve(node, environment))?;
    CONFIGURATION.fill(&mut given)?;
    let Configuration {
        two_factor,
        gate,
        envoy,
    } = record::read(&given)?;
    let (two_factor, id) = match home {
        Home::Process(id) => (two_factor.in_process(), id),
        Home::Fleet(id) => (two_factor.in_fleet(), id),
    };
    let guard = envoy.guard.map(|guard| {
        let GuardServiceSettings { cluster, host, key } = guard;
        (cluster, GuardService::new(&host, &key))
    });
    Ok(Configured {
        gate: Gate::new(&two_factor, gate, id)?,
        cluster: envoy.cluster,
        guard,
        warnings: two_factor.warnings(),
    })
}

/// Puts the value of a variable in the place of a reference `{"env": "NAME"}`.
fn resolve(
    node: &mut Node,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<(), SchemaError> {
    let Node::Map(reference) = &*node else {
        return Ok(());
    };
    let name = match &reference[..] {
        [(kind, Node::Text(name))] if kind == "env" => name,
        _ => return Err(SchemaError::new("must be a string or {\"env\": NAME}")),
    };
    let value = environment(name).ok_or_else(|| {
        // Whatever is not like a name may be the secret itself.
        let shown = [" ", name].concat();
        let shown = if is_variable(name) { &*shown } else { "" };
        let what = [
            "the environment variable",
            shown,
            " is not set (in Envoy: or not listed in host_env_keys)",
        ];
        SchemaError::new(what.concat())
    })?;
    *node = Node::Text(value);
    Ok(())
}

fn is_variable(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 64 && name.contains('_') && name.bytes().all(fits)
}
