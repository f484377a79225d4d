//! `start` and `resend`.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use xoxzo_2fa::{
    Challenge, Channel, Code, Error, Handle, JsonAnswer, Operator, Sending, Token, TwoFactor,
};

use crate::account::Account;
use crate::answer::AUDITED;
use crate::bound::Bound;
use crate::output::{self, note, say};
use crate::report::{Fault, tell};

/// The pause between two questions about a message's state.
const APART: Duration = Duration::from_secs(5);

#[derive(Args)]
struct How {
    /// Language of the message: en, ja, id, ms, vi, th, zh-Hans, zh-Hant, ko or es. If absent, that of the settings.
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// IP address of the end user, for the caps per client.
    #[arg(long, value_name = "ADDRESS")]
    client: Option<String>,
    /// Wait and show each delivery state, until the message has arrived or failed or the challenge expires.
    #[arg(long)]
    wait: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// A text message.
    Sms,
    /// A call that says the code, if the settings have `voice`.
    Voice,
}

#[derive(Args)]
pub(crate) struct Start {
    #[command(flatten)]
    bound: Bound,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Start {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let (two_factor, binding) = (self.account.open()?, self.bound.binding()?);
        let begun = two_factor.start_with(&binding, &self.how.sending(Channel::Sms));
        self.how.sent(&two_factor, begun, self.account.json)
    }
}

#[derive(Args)]
pub(crate) struct Resend {
    /// The token that `start` printed.
    #[arg(long)]
    token: Token,
    /// Channel of the message.
    #[arg(long, value_enum, default_value = "sms")]
    channel: Way,
    #[command(flatten)]
    bound: Bound,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Resend {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let (two_factor, binding) = (self.account.open()?, self.bound.binding()?);
        let channel = match self.channel {
            Way::Sms => Channel::Sms,
            Way::Voice => Channel::Voice,
        };
        let sending = self.how.sending(channel);
        let begun = two_factor.resend_with(&self.token, &binding, &sending);
        self.how.sent(&two_factor, begun, self.account.json)
    }
}

impl How {
    fn sending(&self, channel: Channel) -> Sending {
        let mut sending = Sending::default().channel(channel);
        sending.locale.clone_from(&self.locale);
        sending.client.clone_from(&self.client);
        sending
    }

    /// Prints the challenge, and with `--wait` the delivery states of its message. After a failure, `--wait` also prints the text for end users.
    fn sent(
        &self,
        two_factor: &TwoFactor,
        begun: Result<Challenge, Error>,
        json: bool,
    ) -> Result<ExitCode, Fault> {
        if let Err(error) = &begun
            && self.wait
            && !json
        {
            tell(error)?;
        }
        let challenge = begun?;
        let (expires_in, resend_after) = (
            challenge.expires_in.as_secs(),
            challenge.resend_after.as_secs(),
        );
        let delivery = challenge.delivery.as_str();
        if json {
            output::keep(&JsonAnswer::Challenged(&challenge).to_json(AUDITED))?;
        } else {
            output::keep(challenge.token.as_str())?;
            note!(
                "sent to {} ({delivery}), good for {expires_in} s, again after {resend_after} s",
                challenge.masked
            );
            if challenge.handle.is_some() {
                remark_on_credits(two_factor);
            }
            match &challenge.handle {
                Some(handle) if !self.wait => {
                    note!(
                        "ask for its state with: xoxzo-2fa status --handle {}",
                        handle.as_str()
                    );
                }
                Some(_) => {}
                None => {
                    note!(
                        "xoxzo did not answer: the message may arrive, and its code will be good"
                    );
                }
            }
        }
        if let Some(handle) = challenge.handle.as_ref().filter(|_| self.wait) {
            follow(two_factor, handle, challenge.expires_in, json)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Warns that the text of a message may have been replaced, which no answer to it tells.
fn remark_on_credits(two_factor: &TwoFactor) {
    let left = Operator::beside(two_factor, "xoxzo-2fa").credits();
    if let Ok(left) = left
        && left.may_be_for_tests()
    {
        note!(
            "warning: the account has {} credits, as a new one is given for tests: until the first purchase Xoxzo replaces the text of every \
             message, and no code arrives. If none does, buy credits",
            left.credits
        );
    }
}

/// Prints each delivery state of a message as it changes.
fn follow(
    two_factor: &TwoFactor,
    handle: &Handle,
    most: Duration,
    json: bool,
) -> Result<(), Fault> {
    let began = Instant::now();
    let mut last = None;
    loop {
        let wait = match two_factor.status(handle) {
            Ok(report) => {
                if last != Some(report.delivery) {
                    if json {
                        say!("{}", JsonAnswer::Reported(&report).to_json(AUDITED));
                    } else {
                        let delivery = report.delivery.as_str();
                        note!("{delivery} after {} s", began.elapsed().as_secs());
                    }
                }
                if report.delivery.is_final() {
                    return Ok(());
                }
                last = Some(report.delivery);
                APART
            }
            Err(Error::Refuse(refusal)) if refusal.code == Code::Cooldown => {
                refusal.retry_after.unwrap_or(APART)
            }
            // Xoxzo asks to wait, or did not answer. That changes nothing for the message.
            Err(Error::Upstream(failure)) if failure.code == Code::Provider => {
                failure.retry_after.unwrap_or(APART)
            }
            Err(error) => {
                if !json {
                    tell(&error)?;
                }
                return Err(error.into());
            }
        };
        if began.elapsed() + wait >= most {
            return Ok(());
        }
        thread::sleep(wait);
    }
}
