//! The gate's configuration document: the settings of the engine and those of the gate, in one.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use xoxzo_2fa_core::document::{Absent, Form, SchemaError};
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{Failure, InvalidFormat, Settings, record};
use xoxzo_2fa_gate::{Gate, GateSettings};

use crate::prepare::{fault, placed, preset};

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

record! {
    /// Configuration of the login gate.
    pub(crate) Configuration {
        /// The settings of the engine, as in settings.schema.json. Counters are in the process, so guard.scope is process.
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
    }
}

fn cluster(name: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(
        !name.is_empty() && !name.chars().any(char::is_control),
        "must name an Envoy cluster: not empty, no control characters",
    )
}

pub(crate) const CONFIGURATION: Form = Form::Map(&Configuration::FIELDS);

/// Reads a configuration, with the environment for its references `{"env": "NAME"}`, for a process with an id: 16 random bytes that live
/// as long as its counters.
///
/// # Errors
///
/// [`Code::Settings`](xoxzo_2fa_core::Code::Settings), naming path, line and kind.
pub fn gate(
    json: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    process: &[u8; 16],
) -> Result<Configured, Failure> {
    if json.len() > LONGEST {
        return Err(fault("", 0, "longer than 64 KiB"));
    }
    let mut given = Node::parse(json).map_err(|(kind, line)| fault("", line, kind))?;
    if let Some(engine) = given.field_mut("two_factor") {
        *engine = preset(mem::replace(engine, Node::Null));
    }
    configured(given, environment, process).map_err(|error| placed(json, &error))
}

fn configured(
    mut given: Node,
    environment: &dyn Fn(&str) -> Option<String>,
    process: &[u8; 16],
) -> Result<Configured, SchemaError> {
    CONFIGURATION.each_secret(&mut given, &mut |node| resolve(node, environment))?;
    let Configuration {
        two_factor,
        gate,
        envoy,
    } = record::read(&CONFIGURATION.fill(&given)?)?;
    let two_factor = two_factor.in_process();
    Ok(Configured {
        gate: Gate::new(&two_factor, gate, process)?,
        cluster: envoy.cluster,
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
    let variable = match &reference[..] {
        [(kind, Node::Text(name))] if kind == "env" => environment(name),
        _ => return Err(SchemaError::new("must be a string or {\"env\": NAME}")),
    };
    *node = variable.map(Node::Text).ok_or(SchemaError::new(
        "the environment variable is not set, or not listed in host_env_keys",
    ))?;
    Ok(())
}
