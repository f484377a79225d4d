//! A settings document in, prepared settings out.

use alloc::string::String;
use alloc::vec::Vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::{Broken, Code, Failure, Guesses, Prepared, Purpose, Sends, Settings, Xoxzo};
use zeroize::Zeroizing;

use crate::document::{Document, PurposeDocument};
use crate::fault;

/// The longest document, in bytes.
const LONGEST: usize = 32 * 1024;

/// What `prepare` answers.
pub struct Preparation {
    /// Checked, with derived keys.
    pub prepared: Prepared,
    /// The settings in effect as JSON, with `[REDACTED]` for secrets.
    pub effective: String,
    /// What is allowed and unwise.
    pub warnings: Vec<String>,
}

/// Checks a settings document and derives its keys.
///
/// # Errors
///
/// [`Code::Settings`], naming path, line and kind; [`Code::Randomness`].
pub fn prepare(json: &str, rng: &mut impl TryCryptoRng) -> Result<Preparation, Failure> {
    if json.len() > LONGEST {
        return Err(Failure::new(Code::Settings, "settings: longer than 32 KiB"));
    }
    let mut from = serde_json::Deserializer::from_str(json);
    let document: Document = serde_path_to_error::deserialize(&mut from).map_err(|error| fault::unreadable(&error))?;
    from.end().map_err(|_| Failure::new(Code::Settings, "settings: something follows the document"))?;
    let broken = |broken: &Broken| fault::broken(broken, json);
    if document.version != 1 {
        return Err(Failure::new(Code::Settings, "settings, version: must be 1"));
    }
    let effective = serde_json::to_string(&document)
        .map_err(|_| Failure::new(Code::Settings, "settings: cannot be written as JSON"))?;
    let settings = read(document).map_err(|fault| broken(&fault))?;
    let prepared = settings.prepare(rng)?.map_err(|fault| broken(&fault))?;
    Ok(Preparation { prepared, effective, warnings: settings.warnings() })
}

fn read(document: Document) -> Result<Settings, Broken> {
    let Document { audience, service, keys, guard, xoxzo, destinations, purposes, pin, failures, sends, message, .. } =
        document;
    let destinations: Result<Vec<_>, _> = destinations.iter().map(crate::text::DestinationText::parse).collect();
    let purpose = |PurposeDocument { name, after_first_factor }| Purpose { name, after_first_factor };
    Ok(Settings {
        audience,
        service,
        locale: message.locale,
        parts: message.max_parts,
        keys: keys.into_iter().map(|key| key.0).collect(),
        guard_key: guard.key.0,
        scope: guard.scope.into(),
        purposes: purposes.into_iter().map(purpose).collect(),
        destinations: destinations.map_err(|rule| Broken { path: "destinations", rule })?.concat(),
        guesses: Guesses {
            digits: pin.digits,
            lifetime: pin.lifetime_seconds,
            per_challenge: pin.guesses,
            soft: failures.soft.into(),
            hard: failures.hard,
        },
        sends: Sends {
            cooldown: sends.cooldown_seconds,
            subject: sends.per_subject.into(),
            number: sends.per_number.into(),
            client: sends.per_client.map(Into::into),
            range: sends.per_range.into(),
            audience: sends.per_audience.into(),
        },
        xoxzo: Xoxzo {
            base_url: xoxzo.base_url,
            sid: text(xoxzo.sid.0),
            auth_token: text(xoxzo.auth_token.0),
            sender: xoxzo.sender,
            timeout: xoxzo.timeout_milliseconds,
        },
    })
}

fn text(mut secret: Zeroizing<String>) -> String {
    core::mem::take(&mut *secret)
}
