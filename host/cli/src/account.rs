//! Settings and guard, as every operation needs them.

use std::path::PathBuf;
use std::{env, fs};

use clap::Args;
use xoxzo_2fa::{Error, Guard, RedisGuard, Settings, SqliteGuard, TwoFactor};

use crate::output::note;
use crate::report::Fault;
use crate::spelling;

#[derive(Args)]
pub(crate) struct Source {
    /// Settings document. Without it, settings come from XOXZO_API_SID, XOXZO_API_AUTH_TOKEN, XOXZO_2FA_KEY and XOXZO_2FA_GUARD_KEY.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pin_digits", "texts", "client_cap"])]
    settings: Option<PathBuf>,
    /// Digits of a PIN, 4 to 10. If absent, XOXZO_2FA_PIN_DIGITS.
    #[arg(long, value_name = "NUMBER")]
    pin_digits: Option<String>,
    /// File with the service's own texts, as the JSON array `message.texts`. If absent, XOXZO_2FA_TEXTS.
    #[arg(long, value_name = "FILE")]
    texts: Option<String>,
    /// Limit each client address to COUNT messages and COUNT failures per SECONDS, such as 20/3600. If absent, XOXZO_2FA_CLIENT_CAP.
    #[arg(long, value_name = "COUNT/SECONDS")]
    client_cap: Option<String>,
}

impl Source {
    pub(crate) fn settings(&self) -> Result<Settings, Fault> {
        let settings = match &self.settings {
            Some(path) => Settings::from_file(path),
            None => Settings::from_variables(|name| {
                let given = match name {
                    "XOXZO_2FA_PIN_DIGITS" => &self.pin_digits,
                    "XOXZO_2FA_TEXTS" => &self.texts,
                    "XOXZO_2FA_CLIENT_CAP" => &self.client_cap,
                    _ => &None,
                };
                given.clone().or_else(|| env::var(name).ok())
            }),
        };
        settings.map_err(|error| self.located(error))
    }

    /// Names the file or the variable in which a fault of settings is.
    pub(crate) fn located(&self, error: Error) -> Fault {
        spelling::located(error, self.settings.as_deref()).into()
    }

    /// Names the place in which a field of the settings is written.
    pub(crate) fn place(&self, field: &str) -> String {
        spelling::place(field, self.settings.as_deref())
    }
}

#[derive(Args)]
pub(crate) struct Account {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Counter store: a file, or the redis:// or rediss:// URL of a server. By default a file under the XDG state folder.
    #[arg(
        long,
        value_name = "FILE|URL",
        env = "XOXZO_2FA_GUARD",
        hide_env_values = true
    )]
    guard: Option<String>,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Account {
    pub(crate) fn open(&self) -> Result<TwoFactor, Fault> {
        let two_factor = TwoFactor::new(self.source.settings()?, self.guard()?);
        let two_factor = two_factor.map_err(|error| self.source.located(error))?;
        warn_once(two_factor.warnings());
        Ok(two_factor)
    }

    /// Opens the counter store.
    pub(crate) fn guard(&self) -> Result<Box<dyn Guard>, Fault> {
        Ok(match &self.guard {
            Some(url) if url.starts_with("redis://") || url.starts_with("rediss://") => {
                Box::new(RedisGuard::open(url)?)
            }
            Some(path) => Box::new(SqliteGuard::open(path)?),
            None => Box::new(SqliteGuard::open(state_folder()?.join("guard.sqlite"))?),
        })
    }
}

/// Prints the warnings, unless they are the same as those printed last for this user.
fn warn_once(warnings: &[String]) {
    let warnings: Vec<String> = warnings
        .iter()
        .cloned()
        .chain(spelling::strange_variables())
        .collect();
    let text = warnings.join("\n");
    let kept = state_folder().ok().map(|folder| folder.join("warnings"));
    let before = kept.as_ref().and_then(|path| fs::read_to_string(path).ok());
    if before.unwrap_or_default() == text {
        return;
    }
    for warning in warnings {
        note!("warning: {warning}");
    }
    if let Some(path) = kept {
        let _shown_again_next_time = fs::write(path, text);
    }
}

/// `$XDG_STATE_HOME/xoxzo-2fa`, or `~/.local/state/xoxzo-2fa` (XDG Base Directory Specification).
fn state_folder() -> Result<PathBuf, Fault> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    let base = base.ok_or_else(|| {
        Fault::Around("neither XDG_STATE_HOME nor HOME is set: give --guard FILE".to_string())
    })?;
    Ok(base.join("xoxzo-2fa"))
}
