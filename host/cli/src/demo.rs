//! `demo`: a complete login and its refusals, with the real component and a sandbox in this process.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use clap::Args;
use xoxzo_2fa::{Binding, Challenge, Error, MemoryGuard, Offer, Pin, Settings, TwoFactor};
use xoxzo_2fa_sandbox::{Message, Options, Sandbox};

use crate::report::Fault;
use crate::verify::ask_pin;

const PHONE: &str = "+819012345678";

#[derive(Args)]
pub(crate) struct Demo {
    /// Read the PIN from the sandbox's inbox instead of asking for it.
    #[arg(long)]
    auto: bool,
}

impl Demo {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let sandbox = Sandbox::start(Options::default())?;
        println!(
            "a sandbox of Xoxzo runs at {}/_sandbox/: open it to see the phone\n",
            sandbox.url()
        );
        let ahead = Arc::new(AtomicU64::new(0));
        let two_factor = two_factor(&sandbox, Arc::clone(&ahead))?;
        let login = Binding::new(PHONE, "user-1", "login");

        println!("1. a user logs in: the component makes a PIN and sends it");
        let challenge = send(&two_factor, &login)?;
        let message = newest(&sandbox)?;
        show(&message);
        if !self.log_in(&two_factor, &challenge, &login, &message)? {
            return Ok(ExitCode::from(1));
        }

        println!("\n2. a wrong guess, then the same token twice");
        let challenge = send(&two_factor, &login)?;
        let pin = code(&newest(&sandbox)?)?;
        let wrong = Pin::new(match pin.as_str() {
            "000000" => "000001",
            _ => "000000",
        });
        expect(
            "wrong-pin",
            two_factor
                .verify(&challenge.token, &login, &wrong)
                .map(drop),
        )?;
        let _acceptance = two_factor.verify(&challenge.token, &login, &pin)?;
        println!("   accepted: the right one");
        expect(
            "used",
            two_factor.verify(&challenge.token, &login, &pin).map(drop),
        )?;

        println!("\n3. somebody else's phone, and a PIN that comes too late");
        let challenge = send(&two_factor, &login)?;
        let pin = code(&newest(&sandbox)?)?;
        let stranger = Binding::new("+819087654321", "user-1", "login");
        expect(
            "invalid-token",
            two_factor
                .verify(&challenge.token, &stranger, &pin)
                .map(drop),
        )?;
        ahead.store(challenge.expires_in.as_secs(), Ordering::SeqCst);
        expect(
            "expired",
            two_factor.verify(&challenge.token, &login, &pin).map(drop),
        )?;
        Ok(ExitCode::SUCCESS)
    }

    fn log_in(
        &self,
        two_factor: &TwoFactor,
        challenge: &Challenge,
        login: &Binding,
        message: &Message,
    ) -> Result<bool, Fault> {
        loop {
            let pin = if self.auto {
                code(message)?
            } else {
                ask_pin()?
            };
            match two_factor.verify(&challenge.token, login, &pin) {
                Ok(_acceptance) => {
                    println!("   accepted");
                    return Ok(true);
                }
                Err(error @ Error::Refuse(_)) if !self.auto => {
                    let told = error.explain("en")?;
                    println!("   {}: {}", error.code(), told.text);
                    if !told.offers.contains(&Offer::TryAgain) {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A client of a sandbox with default settings, counters in memory, and a clock that can be set ahead.
fn two_factor(sandbox: &Sandbox, ahead: Arc<AtomicU64>) -> Result<TwoFactor, Fault> {
    let settings = Settings::builder()
        .audience("demo")
        .service("Demo Shop")
        .key(xoxzo_2fa::keygen()?)
        .guard_key(xoxzo_2fa::keygen()?)
        .account(sandbox.sid(), sandbox.auth_token())
        .sender("DemoShop")
        .base_url(sandbox.url())
        .destination("JP-mobile")
        .build();
    let clock = move || SystemTime::now() + Duration::from_secs(ahead.load(Ordering::SeqCst));
    Ok(TwoFactor::builder(settings, MemoryGuard::default())
        .danger_clock(clock)
        .build()?)
}

fn send(two_factor: &TwoFactor, login: &Binding) -> Result<Challenge, Fault> {
    let challenge = two_factor.start(login)?;
    println!(
        "   sent to {}, good for {} s",
        challenge.masked,
        challenge.expires_in.as_secs()
    );
    Ok(challenge)
}

fn newest(sandbox: &Sandbox) -> Result<Message, Fault> {
    let inbox = sandbox.inbox(Some(PHONE));
    inbox
        .into_iter()
        .next_back()
        .ok_or_else(|| Fault::Around("the message is not in the inbox".to_string()))
}

/// The code in a message: its one run of six digits.
fn code(message: &Message) -> Result<Pin, Fault> {
    let mut runs = message.body.split(|letter: char| !letter.is_ascii_digit());
    let code = runs.rfind(|run| run.len() == 6).map(Pin::from);
    code.ok_or_else(|| Fault::Around("the message holds no code".to_string()))
}

/// Draws the phone.
fn show(message: &Message) {
    let mut lines = vec![String::new()];
    for word in message.body.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + word.chars().count() + 1 > 34 {
            lines.push(word.to_string());
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    let edge = "─".repeat(36);
    println!(
        "\n   ╭{edge}╮\n   │ {:<34} │\n   │ {:<34} │",
        format!("SMS from {}", message.sender),
        ""
    );
    lines.iter().for_each(|line| println!("   │ {line:<34} │"));
    println!("   ╰{edge}╯\n");
}

/// Prints an expected refusal, and fails without it.
fn expect(code: &str, result: Result<(), Error>) -> Result<(), Fault> {
    match result {
        Err(error @ Error::Refuse(_)) if error.code().as_str() == code => {
            println!("   {code}: {}", error.explain("en")?.text);
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(()) => Err(Fault::Around(format!(
            "expected {code}, but it was accepted"
        ))),
    }
}
