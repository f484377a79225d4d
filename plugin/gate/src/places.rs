//! Places of the settings: paths that need no pass, and paths that need a recent code.

use alloc::string::String;
use alloc::vec::Vec;

use crate::PREFIX;
use crate::resemblance::is_like_under;
use crate::settings::GateSettings;
use crate::target::{Target, decoded};

/// The kind of path that a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathKind {
    /// One of the gate's own.
    Own,
    /// Needs no pass.
    Exempt,
    /// Needs a pass.
    Closed,
    /// Needs a pass from a recent code.
    StepUp,
}

/// The paths of the settings, decoded.
pub(crate) struct Places {
    exempt: Vec<String>,
    exempt_under: Vec<String>,
    step_up: Vec<String>,
    enrolment: Option<String>,
}

impl Places {
    pub(crate) fn new(settings: &GateSettings) -> Self {
        // What cannot be read was refused by the form of the settings.
        let all = |paths: &[String]| {
            let paths = paths.iter().filter_map(|path| decoded(path));
            paths.map(String::from).collect()
        };
        Self {
            exempt: all(&settings.exempt.paths),
            exempt_under: all(&settings.exempt.under),
            step_up: all(&settings.step_up.paths),
            enrolment: settings
                .enrol_url
                .as_deref()
                .and_then(decoded)
                .map(String::from),
        }
    }

    /// Tells whether a path is that of `enrol_url`.
    pub(crate) fn is_enrolment(&self, target: &Target<'_>) -> bool {
        self.enrolment.as_deref() == Some(&*target.decoded)
    }

    /// Returns the kind of a path. Exempt is only what is surely meant; a recent code is needed for all that resembles its places.
    pub(crate) fn kind(&self, target: &Target<'_>) -> PathKind {
        let path = &*target.decoded;
        let under = |place: &String| target.is_under(place);
        if target.is_under(PREFIX) {
            PathKind::Own
        } else if self.step_up.iter().any(|place| is_like_under(path, place)) {
            PathKind::StepUp
        } else if self.exempt.iter().any(|own| own == path) || self.exempt_under.iter().any(under) {
            PathKind::Exempt
        } else {
            PathKind::Closed
        }
    }
}
