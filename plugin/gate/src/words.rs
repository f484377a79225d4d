//! The texts that a language of the pages has.

/// The texts of one language. A pair stands around a number, a time or a masked phone.
pub(crate) struct Words {
    pub(crate) start_title: &'static str,
    pub(crate) start_text: [&'static str; 2],
    pub(crate) start_button: &'static str,
    pub(crate) code_title: &'static str,
    pub(crate) code_text: [&'static str; 2],
    pub(crate) code_label: &'static str,
    pub(crate) code_button: &'static str,
    /// Around the time that is left.
    pub(crate) code_left: [&'static str; 2],
    pub(crate) never_share: &'static str,
    pub(crate) nothing_came: &'static str,
    /// Around the time to wait.
    pub(crate) resend_wait: [&'static str; 2],
    pub(crate) resend_button: &'static str,
    pub(crate) voice_button: &'static str,
    pub(crate) locked_title: &'static str,
    pub(crate) locked_text: &'static str,
    pub(crate) retry_button: &'static str,
    pub(crate) recovery: &'static str,
    pub(crate) other_phone: &'static str,
    pub(crate) done_title: &'static str,
    pub(crate) done_text: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) logout_button: &'static str,
    pub(crate) logged_out: &'static str,
    pub(crate) unconfirmed: &'static str,
    pub(crate) error_title: &'static str,
    /// Stands before the title of a page that tells an error.
    pub(crate) error_before_title: &'static str,
    pub(crate) sign_in_title: &'static str,
    pub(crate) sign_in_text: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) two_sessions: &'static str,
    pub(crate) enrol_text: &'static str,
    pub(crate) enrol: &'static str,
    pub(crate) again: &'static str,
    pub(crate) required_text: &'static str,
    /// Says how a refused form can be sent again.
    pub(crate) form_kept: &'static str,
    pub(crate) new_tab: &'static str,
    pub(crate) stale_text: &'static str,
    pub(crate) bad_text: &'static str,
    pub(crate) payment_title: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) payee: &'static str,
    pub(crate) payment_cancel: &'static str,
    pub(crate) payment_void: &'static str,
}

#[cfg(test)]
impl Words {
    /// All texts, with the names of their fields.
    pub(crate) fn all(&self) -> alloc::vec::Vec<(&'static str, [&'static str; 2])> {
        macro_rules! fields {
            ($($one:ident)* ; $($pair:ident)*) => {{
                // No field is forgotten.
                let Self { $($one,)* $($pair,)* } = self;
                alloc::vec![$((stringify!($one), [*$one, ""]),)* $((stringify!($pair), *$pair),)*]
            }};
        }
        fields! {
            start_title start_button code_title code_label code_button never_share nothing_came resend_button voice_button locked_title
            locked_text retry_button recovery other_phone done_title done_text go_on logout_button logged_out unconfirmed error_title
            error_before_title sign_in_title sign_in_text sign_in two_sessions enrol_text enrol again required_text form_kept new_tab
            stale_text bad_text payment_title amount payee payment_cancel payment_void;
            start_text code_text code_left resend_wait
        }
    }
}
