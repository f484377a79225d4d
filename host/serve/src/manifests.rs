//! Resources of Kubernetes, from the gate's settings: the gate in a gateway of Istio or Envoy Gateway, or the server beside a proxy.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Error, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;
use xoxzo_2fa_core::Settings;
use xoxzo_2fa_core::document::SchemaError;
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_json::Home;

use crate::document::{Document, JwtSettings};
use crate::proxy::Proxy;
use crate::template::{File, Origin, Template, Word};

/// The filter that checks sessions, and the name of its metadata.
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// Commands that print resources of Kubernetes. No key is read or printed: the pods get keys from a Secret, by the names in the settings.
#[derive(Subcommand)]
pub enum Manifests {
    /// Print the gate as a filter of a gateway of Istio: an EnvoyFilter, and what its Deployment needs
    Istio(Istio),
    /// Print the gate as a filter of a gateway of Envoy Gateway: an EnvoyPatchPolicy, and what its EnvoyProxy needs
    EnvoyGateway(EnvoyGateway),
    /// Print this server as a container beside a proxy that asks it: what the pod's Deployment needs
    Sidecar(Sidecar),
}

/// Arguments of every command.
#[derive(Args)]
struct Common {
    /// File with the gate's configuration and the section `serve`. Secrets in it must be {"env": NAME}.
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// Secret with the variables that the settings name.
    #[arg(long, value_name = "NAME", default_value = "xoxzo-2fa")]
    secret: Word,
}

/// Arguments for a gateway of Istio.
#[derive(Args)]
pub struct Istio {
    #[command(flatten)]
    common: Common,
    /// Namespace of the gateway.
    #[arg(long, value_name = "NAME", default_value = "istio-ingress")]
    namespace: Word,
    /// Label of the gateway's pods, and its value.
    #[arg(long, value_name = "LABEL=VALUE", default_value = "istio=ingress", value_parser = label)]
    workload: (Word, Word),
    /// Deployment of the gateway.
    #[arg(long, value_name = "NAME", default_value = "istio-ingress")]
    deployment: Word,
    /// Port in the gateway's pods that the gate guards; by default, all. Other ports then have no gate.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// OCI image with the filter as /plugin.wasm, for a volume of Kubernetes 1.35 or later; by default, a ConfigMap.
    #[arg(long, value_name = "IMAGE")]
    filter_image: Option<Word>,
}

/// Arguments for a gateway of Envoy Gateway.
#[derive(Args)]
pub struct EnvoyGateway {
    #[command(flatten)]
    common: Common,
    /// Namespace of the Gateway.
    #[arg(long, value_name = "NAME", default_value = "default")]
    namespace: Word,
    /// The Gateway.
    #[arg(long, value_name = "NAME", default_value = "eg")]
    gateway: Word,
    /// Listener of the Gateway that the gate guards. Other listeners have no gate.
    #[arg(long, value_name = "NAME", default_value = "https")]
    listener: Word,
    /// OCI image with the filter as /plugin.wasm, for a volume of Kubernetes 1.35 or later; by default, a ConfigMap.
    #[arg(long, value_name = "IMAGE")]
    filter_image: Option<Word>,
}

/// Arguments for the server beside a proxy.
#[derive(Args)]
pub struct Sidecar {
    #[command(flatten)]
    common: Common,
    /// Namespace of the Deployment.
    #[arg(long, value_name = "NAME", default_value = "default")]
    namespace: Word,
    /// Deployment with the proxy.
    #[arg(long, value_name = "NAME")]
    deployment: Word,
    /// Container of the proxy. It gets the folder of the socket, and the socket's group.
    #[arg(long, value_name = "NAME")]
    container: Word,
    /// The proxy in that container.
    #[arg(long, value_enum)]
    proxy: Proxy,
    /// OCI image of this server.
    #[arg(long, value_name = "IMAGE")]
    image: Word,
}

/// Reads a label.
fn label(text: &str) -> Result<(Word, Word), &'static str> {
    let (name, value) = text.split_once('=').ok_or("it must be LABEL=VALUE")?;
    Ok((name.parse()?, value.parse()?))
}

impl Manifests {
    /// Prints the resources.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for settings that are wrong, or that hold a key.
    pub fn run(&self) -> io::Result<()> {
        let text = fs::read_to_string(&self.common().settings);
        let text = text.map_err(|error| format!("{}: {error}", self.common().settings.display()));
        let text = text.and_then(|text| self.text(&text));
        let text = text.map_err(|why| Error::new(ErrorKind::InvalidInput, why))?;
        io::stdout().write_all(text.as_bytes())
    }

    fn common(&self) -> &Common {
        match self {
            Self::Istio(Istio { common, .. })
            | Self::EnvoyGateway(EnvoyGateway { common, .. })
            | Self::Sidecar(Sidecar { common, .. }) => common,
        }
    }

    fn text(&self, settings: &str) -> Result<String, String> {
        let read = Read::of(settings, &self.common().secret)?;
        match self {
            Self::Istio(istio) => istio.text(&read),
            Self::EnvoyGateway(gateway) => gateway.text(&read),
            Self::Sidecar(sidecar) => sidecar.text(&read, settings),
        }
    }
}

impl Istio {
    fn text(&self, read: &Read) -> Result<String, String> {
        let (name, value) = &self.workload;
        let port = self.port.map(|port| port.to_string());
        let template = read
            .filter(self.filter_image.as_ref())?
            .either("port", "ports", port.is_some())
            .with("namespace", &self.namespace.0)
            .with("label", &name.0)
            .with("label_value", &value.0)
            .with("deployment", &self.deployment.0)
            .with("port", port.unwrap_or_default());
        let patches = FILTERS.map(|filter| {
            let filter = template.fill(filter);
            let template = template.clone().with("filter", filter);
            template.fill(include_str!("../manifests/istio-filter.yaml"))
        });
        let template = template.with("filter_patches", patches.concat());
        Ok(template.fill(include_str!("../manifests/istio.yaml")))
    }
}

impl EnvoyGateway {
    fn text(&self, read: &Read) -> Result<String, String> {
        let template = read
            .filter(self.filter_image.as_ref())?
            .with("namespace", &self.namespace.0)
            .with("gateway", &self.gateway.0)
            .with("listener", &self.listener.0);
        let patch = |path: &str, value: &str| {
            let template = template.clone().with("path", path);
            let template = template.with("value", value);
            template.fill(include_str!("../manifests/envoy-gateway-patch.yaml"))
        };
        let manager = MANAGER.map(|(path, value)| patch(path, value)).concat();
        let filters = FILTERS.iter().rev();
        let filters = filters.map(|filter| patch("/http_filters/0", &template.fill(filter)));
        let filters: String = filters.collect();
        let template = template
            .with("manager_patches", manager)
            .with("filter_patches", filters);
        Ok(template.fill(include_str!("../manifests/envoy-gateway.yaml")))
    }
}

impl Sidecar {
    fn text(&self, read: &Read, settings: &str) -> Result<String, String> {
        let template = read
            .template
            .clone()
            .with("namespace", &self.namespace.0)
            .with("deployment", &self.deployment.0)
            .with("container", &self.container.0)
            .with("proxy", self.proxy.name())
            .with("image", &self.image.0)
            .with("settings", block(settings)?);
        Ok(template.fill(include_str!("../manifests/sidecar.yaml")))
    }
}

/// The filters, in the order in which a request passes them.
const FILTERS: [&str; 3] = [
    include_str!("../manifests/filter-sessions.yaml"),
    include_str!("../manifests/filter-gate.yaml"),
    include_str!("../manifests/filter-headers.yaml"),
];

/// Settings of Envoy's connection manager by which a path has one spelling.
const MANAGER: [(&str, &str); 4] = [
    ("/normalize_path", "true"),
    ("/merge_slashes", "true"),
    ("/path_with_escaped_slashes_action", "REJECT_REQUEST"),
    (
        "/common_http_protocol_options/headers_with_underscores_action",
        "REJECT_REQUEST",
    ),
];

/// Settings that hold no key, and the places that every resource has.
struct Read {
    gate: Value,
    settings: String,
    jwt: JwtSettings,
    template: Template,
}

impl Read {
    fn of(text: &str, secret: &Word) -> Result<Self, String> {
        let Document { gate, serve } = Document::parse(text)?;
        let names = names(&gate)?;
        let values: Value =
            serde_json::from_str(&gate).map_err(|_| "settings: not a JSON object".to_string())?;
        if values.pointer("/envoy/guard").is_some() {
            return Err(
                "settings, envoy.guard: must be left out: its cluster and its key are not printed"
                    .to_string(),
            );
        }
        if serve.guard.sqlite.is_some() || serve.guard.redis.is_some() {
            return Err(
                "settings, serve.guard: must be left out: what is printed counts in one process"
                    .to_string(),
            );
        }
        if serve.secret.is_some() {
            return Err(
                "settings, serve.secret: must be left out: the socket is nobody else's".to_string(),
            );
        }
        let jwt = serve
            .jwt
            .ok_or("settings, serve.jwt: is missing: it says whose the session of a request is")?;
        let (folder, name) = folder(&jwt.jwks_file)?;
        let environment = names.iter().map(|name| {
            let secret = &secret.0;
            format!(
                "- name: {name}\n  valueFrom: {{ secretKeyRef: {{ name: \"{secret}\", key: {name} }} }}\n"
            )
        });
        let template = Template::default()
            .with("environment", environment.collect::<String>())
            .with(
                "names",
                names.iter().cloned().collect::<Vec<_>>().join(", "),
            )
            .with("sessions", folder)
            .with("jwks", [folder, "/", name].concat());
        Ok(Self {
            gate: values,
            settings: gate,
            template,
            jwt: jwt.clone(),
        })
    }

    /// The places of the gate as a filter.
    fn filter(&self, image: Option<&Word>) -> Result<Template, String> {
        let place = |path: &str, default: &str| match self.gate.pointer(path) {
            Some(Value::String(text)) => text.clone(),
            _ => default.to_string(),
        };
        if place("/gate/identity/filter", JWT_AUTHN) != JWT_AUTHN
            || place("/gate/identity/source", "metadata") != "metadata"
        {
            return Err(
                "settings, gate.identity: filter and source must be left out: the filter that is printed says who the user is"
                    .to_string(),
            );
        }
        let base = place("/two_factor/xoxzo/base_url", "https://api.xoxzo.com");
        let xoxzo = Origin::read(&base).ok_or(
            "settings, two_factor.xoxzo.base_url: must be https://HOST[:PORT], or http://localhost[:PORT]",
        )?;
        let cookie = self.gate.pointer("/gate/identity/cookie").is_some();
        let template = self
            .template
            .clone()
            .either("cookie", "bearer", cookie)
            .either("tls", "plain", xoxzo.tls)
            .either("image", "map", image.is_some())
            .with("issuer", quoted(&self.jwt.issuer))
            .with("audience", quoted(&self.jwt.audience))
            .with("max_life", self.jwt.max_life_seconds.to_string())
            .with("cookie", quoted(&place("/gate/identity/cookie", "")))
            .with("key", quoted(&place("/gate/identity/key", "payload")))
            .with("cluster", quoted(&place("/envoy/cluster", "xoxzo")))
            .with("xoxzo_host", xoxzo.host)
            .with("xoxzo_port", xoxzo.port)
            .with("image", image.map_or("", |image| &image.0))
            .with("settings", block(&self.settings)?);
        let cluster = template.fill(include_str!("../manifests/cluster.yaml"));
        let volumes = template.fill(include_str!("../manifests/volumes.yaml"));
        let mounts = template.fill(include_str!("../manifests/mounts.yaml"));
        Ok(template
            .with("cluster_patch", cluster)
            .with("volumes", volumes)
            .with("mounts", mounts))
    }
}

/// The names of the variables that a configuration takes its secrets from. Each gets a value to check the rest with.
fn names(gate: &str) -> Result<BTreeSet<String>, String> {
    let mut given =
        Node::parse(gate).map_err(|(kind, line)| format!("settings, line {line}: {kind}"))?;
    if let Some(engine) = given.field_mut("two_factor") {
        Settings::FORM
            .each_secret(engine, &mut |node| match node {
                Node::Map(_) => Ok(()),
                _ => Err(SchemaError::new(
                    "must be {\"env\": NAME}, since what is printed is kept where many can read it",
                )),
            })
            .map_err(|error| {
                let SchemaError { path, requirement } = error.within("two_factor");
                format!("settings, {path}: {requirement}")
            })?;
    }
    let names = RefCell::new(BTreeSet::new());
    let value = |name: &str| {
        names.borrow_mut().insert(name.to_string());
        xoxzo_2fa::keygen().ok()
    };
    xoxzo_2fa_json::gate(gate, &value, Home::Process(&[0; 16]))
        .map_err(|failure| failure.detail.into_owned())?;
    let names = names.into_inner();
    let is_variable = |name: &String| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !name.starts_with(|first: char| first.is_ascii_digit()) && name.bytes().all(fits)
    };
    match names.iter().find(|name| !is_variable(name)) {
        Some(name) => Err(format!(
            "settings: {name:?} is no name of a variable: letters, digits and underscores"
        )),
        None => Ok(names),
    }
}

/// The folder and the name of the file with the keys of sessions. The folder becomes that of a Secret, which hides whatever else is there.
fn folder(path: &str) -> Result<(&str, &str), String> {
    let fault = || {
        "settings, serve.jwt.jwks_file: must be in a folder of its own, such as /etc/xoxzo-2fa/sessions/jwks.json"
            .to_string()
    };
    let File(_) = path.parse().map_err(|_| fault())?;
    let (folder, name) = path.rsplit_once('/').ok_or_else(fault)?;
    let deep = Path::new(folder).components().count() > 2 && !folder.contains("/.");
    (deep && !name.is_empty())
        .then_some((folder, name))
        .ok_or_else(fault)
}

/// A text in quotes of YAML, which takes those of JSON.
fn quoted(text: &str) -> String {
    // Nothing in it is a place of a template, or a break of a line to YAML alone.
    let mut written = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' | '{' => written.extend([format!("\\u{:04x}", u32::from(letter))]),
            letter if letter.is_ascii_graphic() || letter == ' ' || letter.is_alphanumeric() => {
                written.push(letter);
            }
            letter => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    written.extend([format!("\\u{unit:04x}")]);
                }
            }
        }
    }
    written.push('"');
    written
}

/// The lines of a document, for a block of YAML.
fn block(json: &str) -> Result<String, String> {
    let lines = json.trim().lines().map(str::trim_end);
    let text: String = lines
        .filter(|line| !line.is_empty())
        .map(|line| [line, "\n"].concat())
        .collect();
    let breaks = |letter: char| {
        letter != '\n'
            && (letter.is_control() || "\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}".contains(letter))
    };
    if text.contains(breaks) {
        return Err(
            "settings: have a control character; write it as \\u and four digits".to_string(),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    const README: &str = include_str!("../README.md");

    #[derive(Parser)]
    struct Arguments {
        #[command(subcommand)]
        manifests: Manifests,
    }

    /// The README's settings, indented there.
    fn settings() -> String {
        let (_, after) = README.split_once("```json\n").unwrap();
        after.split_once("```").unwrap().0.to_string()
    }

    fn rendered(arguments: &str, settings: &str) -> Result<String, String> {
        let words = ["render"].into_iter().chain(arguments.split(' '));
        let given = Arguments::try_parse_from(words.chain(["--settings", "-"]));
        given
            .unwrap_or_else(|error| panic!("{error}"))
            .manifests
            .text(settings)
    }

    const ALL: [&str; 5] = [
        "istio",
        "istio --port 8443 --filter-image registry.example/gate:1",
        "envoy-gateway",
        "envoy-gateway --filter-image registry.example/gate:1",
        "sidecar --deployment shop --container nginx --proxy nginx --image registry.example/serve:1",
    ];

    #[test]
    fn each_place_is_filled_and_names_stand_for_keys() {
        let bearer = settings().replace("\"cookie\": \"__Host-session\", ", "");
        assert_ne!(bearer, settings());
        for arguments in ALL {
            for settings in [settings(), bearer.clone()] {
                let text = rendered(arguments, &settings).unwrap();
                let open = text
                    .lines()
                    .find(|line| line.contains("{{") || line.starts_with('?'));
                assert_eq!(open, None, "{arguments}");
                for name in [
                    "XOXZO_2FA_KEY",
                    "XOXZO_2FA_GUARD_KEY",
                    "XOXZO_API_SID",
                    "XOXZO_API_AUTH_TOKEN",
                ] {
                    let reference = format!("- name: {name}\n");
                    assert_eq!(text.matches(&reference).count(), 1, "{arguments}: {name}");
                }
                assert!(!text.contains("x2fk1_"), "{arguments}");
                assert_eq!(
                    text.contains("registry.example"),
                    arguments.contains("registry.example")
                );
            }
        }
        assert!(
            rendered("istio", &settings())
                .unwrap()
                .contains("remove: authorization")
        );
        assert!(
            !rendered("istio", &bearer)
                .unwrap()
                .contains("remove: authorization")
        );
    }

    #[test]
    fn filters_come_in_their_order() {
        for (arguments, order) in [("istio", [0, 1, 2]), ("envoy-gateway", [2, 1, 0])] {
            let text = rendered(arguments, &settings()).unwrap();
            let at = |name: &str| text.find(&format!("name: xoxzo_2fa.{name}\n")).unwrap();
            let places = ["sessions", "gate", "headers"].map(at);
            assert!(
                order.map(|one| places[one]).is_sorted(),
                "{arguments}: {places:?}"
            );
        }
    }

    #[test]
    fn keys_are_refused_and_not_said() {
        let key = xoxzo_2fa::keygen().unwrap();
        let written = format!("\"{key}\"");
        for (place, path) in [
            (r#"{"env": "XOXZO_2FA_KEY"}"#, "two_factor.keys.0"),
            (r#"{"env": "XOXZO_2FA_GUARD_KEY"}"#, "two_factor.guard.key"),
            (
                r#"{"env": "XOXZO_API_AUTH_TOKEN"}"#,
                "two_factor.xoxzo.auth_token",
            ),
        ] {
            let settings = settings().replace(place, &written);
            for arguments in ALL {
                let said = rendered(arguments, &settings).unwrap_err();
                assert!(
                    said.starts_with(&format!("settings, {path}: must be {{")),
                    "{said}"
                );
                assert!(!said.contains(&key), "{said}");
            }
        }
    }

    #[test]
    fn settings_that_would_not_do_are_refused() {
        for (from, to, said) in [
            ("\"version\": 1", "\"version\": 2", "two_factor.version"),
            ("\"XOXZO_2FA_KEY\"", "\"KEY-1\"", "no name of a variable"),
            (
                "/etc/xoxzo-2fa/sessions.json",
                "/etc/sessions.json",
                "serve.jwt.jwks_file",
            ),
            (
                "/etc/xoxzo-2fa/sessions.json",
                "sessions.json",
                "serve.jwt.jwks_file",
            ),
            (
                "/etc/xoxzo-2fa/sessions.json",
                "/etc/x/../sessions.json",
                "serve.jwt.jwks_file",
            ),
            (
                "\"jwt\": {",
                "\"secret\": \"0123456789abcdef0123456789abcdef\", \"jwt\": {",
                "serve.secret",
            ),
            (
                "\"service\": \"Example Shop\"",
                "\"service\": \"Example\u{2028}Shop\"",
                "two_factor.service",
            ),
        ] {
            let changed = settings().replace(from, to);
            assert_ne!(changed, settings(), "{from}");
            let fault = rendered("istio", &changed).unwrap_err();
            assert!(fault.contains(said), "{to}: {fault}");
        }
        let filter = settings().replace(
            "\"cookie\": \"__Host",
            "\"filter\": \"own\", \"cookie\": \"__Host",
        );
        assert!(
            rendered("istio", &filter)
                .unwrap_err()
                .contains("gate.identity")
        );
        assert!(rendered(ALL[4], &filter).is_ok());
    }

    #[test]
    fn texts_are_texts_of_yaml_too() {
        assert_eq!(
            quoted("a \"b\"\\{{c}}\n\u{2028}é\u{1f600}"),
            "\"a \\u0022b\\u0022\\u005c\\u007b\\u007bc}}\\u000a\\u2028é\\ud83d\\ude00\""
        );
        assert_eq!(
            block(" {\r\n\n  \"a\": 1  \n}\n"),
            Ok("{\n  \"a\": 1\n}\n".to_string())
        );
        assert!(block("{\u{85}}").is_err());
    }
}
