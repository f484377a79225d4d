//! The command: its arguments, and what it prints.

use std::collections::BTreeSet;
use std::io::{self, Error, ErrorKind, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use clap::Args;
use serde_json::json;

use crate::account;
use crate::options::Options;
use crate::server::Sandbox;
use crate::template::Template;

/// The variable that holds the Auth Token.
const AUTH_TOKEN: &str = "XOXZO_SANDBOX_AUTH_TOKEN";

/// The credits of a new account in 2018, which are for tests (blog.xoxzo.com, 2018-06-27).
const GIVEN: u32 = 50;

/// Arguments of a command that runs a sandbox. They are described once, for the program `xoxzo-2fa-sandbox` and for `xoxzo-2fa sandbox`.
#[derive(Args)]
pub struct Command {
    /// Address and TCP port to listen on; port 0 takes a free one. Only loopback addresses, such as 127.0.0.1 and [::1].
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Let --listen take any address, such as 0.0.0.0 in a container. Whoever can reach it, and any web page that a browser here shows,
    /// then reads every message and the codes in it, without credentials.
    #[arg(long)]
    danger_listen_anywhere: bool,
    /// API SID of the account; random by default. Printable ASCII without spaces and colons.
    #[arg(long, env = "XOXZO_SANDBOX_SID", hide_env_values = true, value_parser = sid)]
    sid: Option<String>,
    /// File that holds the Auth Token of the account. Without it the token is that of the variable XOXZO_SANDBOX_AUTH_TOKEN, or random. It
    /// is never an argument, which other users of the machine could see. Never use a token of Xoxzo's here, since it is printed.
    #[arg(long, value_name = "FILE")]
    auth_token_file: Option<PathBuf>,
    /// Add an approved template, such as '7={service}: {code} is your code'; may be repeated. ID is a number from 1, and {name} in TEXT
    /// stands for a variable. A template replaces the built-in one with the same id: 1 (login), 2 (payment), 3 (waits for approval).
    #[arg(long = "template", value_name = "ID=TEXT", value_parser = template)]
    templates: Vec<(u32, String)>,
    /// Milliseconds from one state of a message to the next.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    pace: u64,
    /// Credits of the account: 1,000 by default, and 50 with --test-credit, as a new account is given.
    #[arg(long, value_name = "NUMBER")]
    credits: Option<u32>,
    /// Refuse texts that are not from a template, as Xoxzo does for most accounts.
    #[arg(long)]
    no_freeform: bool,
    /// Replace the text of every SMS, as Xoxzo does before the first purchase.
    #[arg(long)]
    test_credit: bool,
    /// Rate-limit to NUMBER requests per second; answer 429 beyond that.
    #[arg(long, value_name = "NUMBER")]
    throttle: Option<u32>,
    /// Refuse senders to Japan that look domestic (0… or 81…), instead of only remarking it on the page.
    #[arg(long)]
    strict_senders: bool,
    /// Make callbacks in JSON and not as a form.
    #[arg(long)]
    json_callbacks: bool,
    /// Seconds by which its clock is ahead of this machine's, to show what a wrong clock does; negative if it is behind.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    clock_ahead: i32,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

impl Command {
    /// Starts a sandbox, prints its address and its account, and serves until the process ends.
    ///
    /// Prints, with `json`, a line `{"url":…,"sid":…,"auth_token":…}`, and otherwise variables for a shell, quoted.
    ///
    /// # Errors
    ///
    /// Those of [`Sandbox::start`], and of reading the Auth Token. `InvalidInput` if two templates have one id.
    pub fn run(&self) -> io::Result<()> {
        let sandbox = Sandbox::start(self.options()?)?;
        let (url, sid, auth_token) = (sandbox.url(), sandbox.sid(), sandbox.auth_token());
        let mut output = io::stdout();
        if self.json {
            let account = json!({"url": url, "sid": sid, "auth_token": auth_token});
            writeln!(output, "{account}")?;
        } else {
            for (name, value) in [
                ("XOXZO_BASE_URL", url),
                ("XOXZO_API_SID", sid),
                ("XOXZO_API_AUTH_TOKEN", auth_token),
            ] {
                writeln!(output, "export {name}={}", quoted(value))?;
            }
            // Nobody may be there to read it.
            let _unread = writeln!(io::stderr(), "the phones are at {url}/_sandbox/");
        }
        output.flush()?;
        sandbox.wait();
        Ok(())
    }

    fn options(&self) -> io::Result<Options> {
        let usual = if self.test_credit { GIVEN } else { 1_000 };
        let mut options = Options::default()
            .listen(self.listen)
            .danger_listen_anywhere(self.danger_listen_anywhere)
            .pace(Duration::from_millis(self.pace))
            .credits(self.credits.unwrap_or(usual))
            .freeform(!self.no_freeform)
            .test_credit(self.test_credit)
            .strict_senders(self.strict_senders)
            .json_callbacks(self.json_callbacks)
            .clock_ahead(self.clock_ahead);
        options.throttle = self.throttle;
        options.sid.clone_from(&self.sid);
        options.auth_token = self.auth_token()?;
        let mut ids = BTreeSet::new();
        for (id, text) in &self.templates {
            if !ids.insert(id) {
                return Err(unfit(format!("--template gives the id {id} twice")));
            }
            options = options.template(*id, format!("Template {id}"), text);
        }
        Ok(options)
    }

    /// Reads the Auth Token from the file, without a line break at its end, or else from the environment.
    fn auth_token(&self) -> io::Result<Option<String>> {
        let (source, token) = if let Some(path) = &self.auth_token_file {
            let source = path.display().to_string();
            let token = fs::read_to_string(path)
                .map_err(|error| Error::new(error.kind(), format!("{source}: {error}")))?;
            let token = token.strip_suffix('\n').unwrap_or(&token);
            let token = token.strip_suffix('\r').unwrap_or(token).to_string();
            (source, token)
        } else {
            let Some(token) = env::var_os(AUTH_TOKEN) else {
                return Ok(None);
            };
            // What is not Unicode is not ASCII either.
            (
                AUTH_TOKEN.to_string(),
                token.into_string().unwrap_or_default(),
            )
        };
        account::check_auth_token(&token).map_err(|why| unfit(format!("{source}: {why}")))?;
        Ok(Some(token))
    }
}

fn unfit(why: String) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}

fn sid(text: &str) -> Result<String, &'static str> {
    account::check_sid(text).map(|()| text.to_string())
}

fn template(text: &str) -> Result<(u32, String), String> {
    let (id, content) = text
        .split_once('=')
        .ok_or("it must be ID=TEXT, such as '7={code} is your code'")?;
    let id: u32 = id.parse().map_err(|_| {
        format!(
            "`{id}` is not an id: it must be a number from 1 to {}",
            u32::MAX
        )
    })?;
    Template::new(id, String::new(), content.to_string(), true).check()?;
    Ok((id, content.to_string()))
}

/// Quotes a value for a shell (POSIX, section 2.2.2).
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}
