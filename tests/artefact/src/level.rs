//! Levels of optimisation, of which each guest has one.
//!
//! All are one profile of cargo: profiles have folders of their own, and in each the crates that run while guests are compiled, such as
//! `syn`, would be compiled anew.

/// What a guest is optimised for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Size, as the profile says.
    Size,
    /// In the middle: a start's first call takes 29 % less than at `Size`, and 22 % more than at `Speed`, which is 49 KB larger after gzip.
    Middle,
    /// Speed: what runs operations, and reads the settings anew in each.
    Speed,
}

impl Level {
    /// What it changes in the profile, as cargo's option `--config` takes it.
    pub(crate) fn changes(self) -> &'static [&'static str] {
        match self {
            Self::Size => &[],
            Self::Middle => &[r#"profile.plugin.opt-level="s""#],
            Self::Speed => &[
                "profile.plugin.opt-level=3",
                // Glue between records and the engine's types: as fast at half the size.
                r#"profile.plugin.package.xoxzo-2fa-component.opt-level="z""#,
                r#"profile.plugin.package.xoxzo-2fa-steps.opt-level="z""#,
                r#"profile.plugin.package.xoxzo-2fa-shell.opt-level="z""#,
            ],
        }
    }
}
