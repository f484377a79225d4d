//! A proxy's configuration, from the settings of the server.

use std::io::{self, Error, ErrorKind, Write};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde_json::Value;

use crate::document::{Document, in_file};
use crate::listen::Address;
use crate::proxy::Proxy;
use crate::template::{File, Origin, Template, is_host};

/// Arguments of the command that prints the configuration of a proxy.
#[derive(Args)]
pub struct Render {
    /// The proxy in front.
    #[arg(value_enum)]
    proxy: Proxy,
    /// File with the gate's configuration and the section `serve`. No key in it is read or printed.
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// The socket that the server listens on.
    #[arg(
        long,
        value_name = "unix:PATH",
        default_value = "unix:/run/xoxzo-2fa/serve.sock"
    )]
    listen: Address,
    /// Host and port of the application.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    app: App,
    /// Directory of the proxy's files: tls/HOST.crt with the certificates, tls/HOST.key, and the action in Lua.
    #[arg(long, value_name = "DIRECTORY", default_value = "/etc/xoxzo-2fa")]
    files: File,
}

/// The address of the application.
#[derive(Clone, Debug)]
struct App {
    host: String,
    port: u16,
}

impl FromStr for App {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':');
        let read = parts.and_then(|(host, port)| {
            let host = is_host(host).then(|| host.to_string())?;
            Some(Self {
                host,
                port: port.parse().ok()?,
            })
        });
        read.ok_or("it must be HOST:PORT, such as 127.0.0.1:8080")
    }
}

impl Render {
    /// Prints the configuration.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for settings that are wrong, or that no configuration without a key goes with.
    pub fn run(&self) -> io::Result<()> {
        let text = Document::read(&self.settings).and_then(|document| self.text(&document));
        let text =
            text.map_err(|why| Error::new(ErrorKind::InvalidInput, in_file(&why, &self.settings)))?;
        io::stdout().write_all(text.as_bytes())
    }

    fn text(&self, document: &Document) -> Result<String, String> {
        let Document { gate, serve } = document;
        if serve.secret.is_some() {
            return Err("settings, serve.secret: must be left out, since the proxy would have to show it and no key is printed".to_string());
        }
        if serve.jwt.is_none() {
            return Err("settings, serve.jwt: is missing: which headers name the user is not known, and the proxy must overwrite them".to_string());
        }
        let Address::Unix(socket) = &self.listen else {
            return Err("--listen must be a Unix socket: on a TCP port the proxy would have to show serve.secret, and no key is printed".to_string());
        };
        let File(socket) = socket
            .to_string_lossy()
            .parse()
            .map_err(|why| format!("--listen: {why}"))?;
        let gate: Value =
            serde_json::from_str(gate).map_err(|_| "settings: not a JSON object".to_string())?;
        let origin = gate.pointer("/gate/origin").and_then(Value::as_str);
        let origin = origin.and_then(Origin::read).ok_or(
            "settings, gate.origin: must be https://HOST[:PORT], or http://localhost[:PORT]",
        )?;
        // Users come by a session in a cookie, or else by a bearer.
        let cookie = gate.pointer("/gate/identity/cookie").is_some();
        let template = Template::default()
            .either("tls", "plain", origin.tls)
            .either("cookie", "bearer", cookie)
            .with("origin", origin.text)
            .with("host", origin.host)
            .with("port", origin.port)
            .with("app_host", &self.app.host)
            .with("app_port", self.app.port.to_string())
            .with("socket", socket)
            .with("files", &self.files.0);
        Ok(template.fill(self.proxy.template()))
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    const README: &str = include_str!("../README.md");

    fn block(language: &str) -> &'static str {
        let after = README.split_once(&format!("```{language}\n")).unwrap().1;
        after.split_once("```").unwrap().0
    }

    /// The README's settings, indented there.
    fn settings() -> String {
        block("json").to_string()
    }

    fn render(proxy: Proxy) -> Render {
        Render {
            proxy,
            settings: PathBuf::new(),
            listen: "unix:/run/xoxzo-2fa/serve.sock".parse().unwrap(),
            app: "127.0.0.1:8080".parse().unwrap(),
            files: "/etc/xoxzo-2fa".parse().unwrap(),
        }
    }

    fn rendered(proxy: Proxy, settings: &str) -> Result<String, String> {
        render(proxy).text(&Document::parse(settings)?)
    }

    #[test]
    fn the_readme_shows_what_is_rendered() {
        for (proxy, language) in [
            (Proxy::Nginx, "nginx"),
            (Proxy::Caddy, "caddyfile"),
            (Proxy::Haproxy, "haproxy"),
            (Proxy::Apache, "apache"),
        ] {
            let text = rendered(proxy, &settings()).unwrap();
            assert!(
                text == block(language),
                "README.md, {language}: must be\n{text}"
            );
        }
    }

    #[test]
    fn places_and_conditions_are_filled_in() {
        let plain = settings().replace("https://app.example.com", "http://localhost:8000");
        let bearer = settings().replace("\"cookie\": \"__Host-session\", ", "");
        assert_ne!(bearer, settings());
        for proxy in Proxy::value_variants() {
            for text in [settings(), plain.clone(), bearer.clone()] {
                let text = rendered(*proxy, &text).unwrap();
                assert!(
                    !text.contains("{{") && !text.lines().any(|line| line.starts_with('?')),
                    "{text}"
                );
                assert!(text.contains("8080") && text.contains("/run/xoxzo-2fa/serve.sock"));
            }
            let text = rendered(*proxy, &plain).unwrap();
            assert!(
                text.contains("8000") && !text.contains("app.example.com"),
                "{text}"
            );
            assert!(
                rendered(*proxy, &settings())
                    .unwrap()
                    .contains("Authorization")
            );
            assert!(!rendered(*proxy, &bearer).unwrap().contains("Authorization"));
        }
    }

    #[test]
    fn no_configuration_needs_a_key() {
        let fault = |text: &str| rendered(Proxy::Nginx, text).unwrap_err();
        let secret = settings().replace(
            "\"serve\": {",
            "\"serve\": {\"secret\": \"0123456789abcdef0123456789abcdef\",",
        );
        assert!(fault(&secret).starts_with("settings, serve.secret: must be left out"));
        assert!(!fault(&secret).contains("0123"));
        assert!(
            fault(r#"{"gate": {"origin": "https://a.example"}, "serve": {}}"#)
                .contains("serve.jwt")
        );
        let mut tcp = render(Proxy::Nginx);
        tcp.listen = "127.0.0.1:9120".parse().unwrap();
        let document = Document::parse(&settings()).unwrap();
        assert!(tcp.text(&document).unwrap_err().contains("--listen"));
    }

    #[test]
    fn nothing_of_the_settings_is_more_than_a_word() {
        for origin in [
            "https://a.example/",
            "https://a b",
            "https://a;",
            "http://a.example",
            "https://",
            "https://a:x",
            "a",
        ] {
            let text = settings().replace("https://app.example.com", origin);
            assert!(
                rendered(Proxy::Nginx, &text)
                    .unwrap_err()
                    .contains("gate.origin"),
                "{origin}"
            );
        }
        for word in ["", "a", " ", ";", "\n", "{a}", "\"", "$a", "%", "'", "#"] {
            assert!(
                word.parse::<File>().is_err()
                    && format!("/a{word}").parse::<File>().is_ok()
                        == (word.is_empty() || word == "a"),
                "{word}"
            );
            assert!(
                format!("a{word}").parse::<App>().is_err()
                    && format!("a{word}:1{word}").parse::<App>().is_ok() == word.is_empty(),
                "{word}"
            );
        }
    }
}
