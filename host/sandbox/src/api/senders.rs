//! Senders of messages and calls to Japan (help.xoxzo.com, `sms-known-restrictions-for-jp`, `voice-known-restrictions-for-jp`).

use super::parameters::{Parameters, caller};
use crate::site::Site;

/// Looks whether a sender can arrive as it was given. Returns what may go wrong, or refuses it if the site is strict.
pub(super) fn look(
    site: &Site,
    parameters: &mut Parameters,
    name: &str,
    sender: &str,
    recipient: &str,
) -> Vec<String> {
    const DOMESTIC: &str =
        "A sender that looks domestic, with 0 or 81 at its beginning, cannot be used to Japan.";
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    let numeric = digits.bytes().all(|byte| byte.is_ascii_digit());
    let domestic = numeric && (digits.starts_with('0') || digits.starts_with("81"));
    if sender.is_empty() || !recipient.starts_with("+81") {
        return Vec::new();
    }
    if domestic && site.options.strict_senders {
        parameters.refuse(name, DOMESTIC);
    }
    let mut remarks = Vec::new();
    if domestic {
        remarks.push(format!(
            "{name}: carriers may replace it or refuse the message. {DOMESTIC}"
        ));
    } else if !numeric {
        remarks.push(format!("{name}: KDDI shows a number in place of a name"));
    }
    remarks
}

/// Checks the parameters of K-Premium, Xoxzo's direct routes to Japan: one of the two, with a sender that is registered.
pub(super) fn premium(parameters: &mut Parameters) {
    let premium = parameters.flag("jp_kp");
    let lite = parameters.flag("jp_kpl");
    if premium && lite {
        parameters.refuse("jp_kpl", "jp_kp and jp_kpl are mutually exclusive.");
    }
    if premium || lite {
        parameters.required("jp_kp_sender", caller);
    }
}
