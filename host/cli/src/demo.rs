//! `demo`: a login, its refusals, a resend, a limit and a payment, with the real component and a sandbox in this process.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use clap::Args;
use xoxzo_2fa::{
    Binding, Challenge, Error, MemoryGuard, Offer, Pin, Settings, Transaction, TwoFactor,
};
use xoxzo_2fa_sandbox::{Message, Options, Sandbox};

use crate::output::say;
use crate::report::Fault;
use crate::verify::ask_pin;

/// Counters in memory.
const MEMORY: usize = 1_000;

const PHONE: &str = "+819012345678";

/// The next step after the demo.
const NEXT: &str = "\
next: the same with your own program, against a sandbox that stays
   xoxzo-2fa sandbox --listen 127.0.0.1:8025      prints its account as variables; leave it running
   export XOXZO_2FA_KEY=$(xoxzo-2fa keygen) XOXZO_2FA_GUARD_KEY=$(xoxzo-2fa keygen)
   xoxzo-2fa start --to 090-1234-5678 --region JP --subject user-1
and then with an account of Xoxzo: `xoxzo-2fa check` says what its settings lack";

#[derive(Args)]
pub(crate) struct Demo {
    /// Read the PIN from the sandbox's inbox instead of asking for it, and end without waiting for Enter.
    #[arg(long)]
    auto: bool,
}

/// A sandbox, a client of it, and a clock that can be set ahead.
struct Stage {
    sandbox: Sandbox,
    two_factor: TwoFactor,
    ahead: Arc<AtomicU64>,
}

impl Demo {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let stage = Stage::new()?;
        say!(
            "a sandbox of Xoxzo runs at {}/_sandbox/: open it to see the phone and every call of the API\n",
            stage.sandbox.url()
        );
        if !self.log_in(&stage)? {
            return Ok(ExitCode::from(1));
        }
        stage.guesses()?;
        stage.strangers()?;
        stage.resends()?;
        stage.limits()?;
        stage.payment()?;
        if !self.auto {
            say!(
                "\nthe phone is still at {}/_sandbox/; press Enter to end",
                stage.sandbox.url()
            );
            let _ended_too = io::stdin().read_line(&mut String::new())?;
        }
        say!("\n{NEXT}");
        Ok(ExitCode::SUCCESS)
    }

    fn log_in(&self, stage: &Stage) -> Result<bool, Fault> {
        say!("1. a user logs in: the component makes a PIN and sends it");
        let login = login();
        let challenge = stage.send(&login)?;
        let message = stage.newest()?;
        show(&message)?;
        loop {
            let pin = if self.auto {
                code(&message)?
            } else {
                ask_pin()?
            };
            match stage.two_factor.verify(&challenge.token, &login, &pin) {
                Ok(_acceptance) => {
                    say!("   accepted");
                    return Ok(true);
                }
                Err(error @ Error::Refuse(_)) if !self.auto => {
                    let told = error.explain("en")?;
                    say!("   {}: {}", error.code(), told.text);
                    if !told.offers.contains(&Offer::TryAgain) {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn login() -> Binding {
    Binding::new(PHONE, "user-1", "login")
}

impl Stage {
    fn new() -> Result<Self, Fault> {
        let sandbox = Sandbox::start(Options::default())?;
        let ahead = Arc::new(AtomicU64::new(0));
        let settings = Settings::builder()
            .audience("demo")
            .service("Demo Shop")
            .key(xoxzo_2fa::keygen()?)
            .guard_key(xoxzo_2fa::keygen()?)
            .account(sandbox.sid(), sandbox.auth_token())
            .sender("DemoShop")
            .base_url(sandbox.url())
            .destination("JP-mobile")
            .purpose("login", true)
            .purpose("payment", true)
            .build();
        let skipped = {
            let ahead = Arc::clone(&ahead);
            move || Duration::from_secs(ahead.load(Ordering::SeqCst))
        };
        let of_guard = skipped.clone();
        let guard =
            MemoryGuard::danger_with_clock(MEMORY, move |began| began.elapsed() + of_guard());
        let clock = move || SystemTime::now() + skipped();
        let two_factor = TwoFactor::builder(settings, guard)
            .danger_clock(clock)
            .build()?;
        Ok(Self {
            sandbox,
            two_factor,
            ahead,
        })
    }

    fn guesses(&self) -> Result<(), Fault> {
        say!("\n2. a wrong guess, then the right code twice");
        let login = login();
        let challenge = self.send(&login)?;
        let pin = code(&self.newest()?)?;
        let wrong = self.verify(&challenge, &login, &other_than(&pin));
        expect(
            "wrong-pin",
            wrong,
            "the code was another; each challenge has five tries",
        )?;
        self.verify(&challenge, &login, &pin)?;
        say!("   accepted: the right one");
        let again = self.verify(&challenge, &login, &pin);
        expect(
            "used",
            again,
            "a code lets in once, so that nobody who saw it can use it after",
        )
    }

    fn strangers(&self) -> Result<(), Fault> {
        say!("\n3. somebody else's phone, and a code that comes too late");
        let login = login();
        let challenge = self.send(&login)?;
        let pin = code(&self.newest()?)?;
        let stranger = Binding::new("+819087654321", "user-1", "login");
        let stolen = self.verify(&challenge, &stranger, &pin);
        expect(
            "invalid-token",
            stolen,
            "the token is bound to the number, the user and the purpose that it was made for",
        )?;
        self.wait(challenge.expires_in);
        let late = self.verify(&challenge, &login, &pin);
        expect(
            "expired",
            late,
            "its minutes are over; here the clock was set ahead",
        )
    }

    fn resends(&self) -> Result<(), Fault> {
        say!("\n4. the message did not arrive: a resend");
        let login = login();
        let challenge = self.send(&login)?;
        let first = code(&self.newest()?)?;
        let soon = self.two_factor.resend(&challenge.token, &login).map(drop);
        expect(
            "cooldown",
            soon,
            "two messages to one number are a minute apart",
        )?;
        self.wait(challenge.resend_after);
        let again = self.two_factor.resend(&challenge.token, &login)?;
        say!("   sent again to {}, with the same code", again.masked);
        let second = code(&self.newest()?)?;
        if first.as_str() != second.as_str() {
            return Err(Fault::Around("the second code is another".to_string()));
        }
        self.verify(&challenge, &login, &first)?;
        say!("   accepted: both messages say the same, so either will do");
        Ok(())
    }

    fn limits(&self) -> Result<(), Fault> {
        say!("\n5. a limit: somebody guesses");
        let login = login();
        let challenge = self.send(&login)?;
        let pin = code(&self.newest()?)?;
        let wrong = other_than(&pin);
        for why in [
            "each guess costs a try",
            "so does this one",
            "and this",
            "one more is left",
            "that was the last one",
        ] {
            let guess = self.verify(&challenge, &login, &wrong);
            expect("wrong-pin", guess, why)?;
        }
        let right = self.verify(&challenge, &login, &pin);
        expect("exhausted", right, "now even the right code is refused")?;
        self.wait(challenge.resend_after);
        Ok(())
    }

    fn payment(&self) -> Result<(), Fault> {
        say!("\n6. a payment: the message says what the code confirms");
        let pay = |amount: &str| {
            let transaction = Transaction::new(amount, "JPY", "Ann Lee");
            Binding::new(PHONE, "user-1", "payment").transaction(transaction)
        };
        let challenge = self.send(&pay("1250"))?;
        let message = self.newest()?;
        show(&message)?;
        let pin = code(&message)?;
        let more = self.verify(&challenge, &pay("125000"), &pin);
        expect(
            "invalid-token",
            more,
            "the code confirms 1250 JPY to Ann Lee, and no other payment",
        )?;
        self.verify(&challenge, &pay("1250"), &pin)?;
        say!("   accepted: 1250 JPY to Ann Lee");
        Ok(())
    }

    fn verify(&self, challenge: &Challenge, binding: &Binding, pin: &Pin) -> Result<(), Error> {
        let verdict = self.two_factor.verify(&challenge.token, binding, pin);
        verdict.map(drop)
    }

    /// Sets the clock ahead.
    fn wait(&self, time: Duration) {
        self.ahead.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    fn send(&self, binding: &Binding) -> Result<Challenge, Fault> {
        let challenge = self.two_factor.start(binding)?;
        say!(
            "   sent to {}, good for {} s",
            challenge.masked,
            challenge.expires_in.as_secs()
        );
        Ok(challenge)
    }

    fn newest(&self) -> Result<Message, Fault> {
        let newest = self.sandbox.inbox(Some(PHONE)).pop();
        newest.ok_or_else(|| Fault::Around("the message is not in the inbox".to_string()))
    }
}

fn other_than(pin: &Pin) -> Pin {
    Pin::new(match pin.as_str() {
        "000000" => "000001",
        _ => "000000",
    })
}

/// The code in a message: its one run of six digits.
fn code(message: &Message) -> Result<Pin, Fault> {
    let mut runs = message.body.split(|letter: char| !letter.is_ascii_digit());
    let code = runs.rfind(|run| run.len() == 6).map(Pin::from);
    code.ok_or_else(|| Fault::Around("the message holds no code".to_string()))
}

/// Draws the phone.
fn show(message: &Message) -> Result<(), Fault> {
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
    say!(
        "\n   ╭{edge}╮\n   │ {:<34} │\n   │ {:<34} │",
        format!("SMS from {}", message.sender),
        ""
    );
    for line in lines {
        say!("   │ {line:<34} │");
    }
    say!("   ╰{edge}╯\n");
    Ok(())
}

/// Prints an expected refusal, what the user reads, and why it is refused. Fails without the refusal.
fn expect(code: &str, result: Result<(), Error>, why: &str) -> Result<(), Fault> {
    match result {
        Err(error @ Error::Refuse(_)) if error.code().as_str() == code => {
            say!("   {code}: {}", error.explain("en")?.text);
            say!("      {why}");
            Ok(())
        }
        Err(error) => Err(error.into()),
        Ok(()) => Err(Fault::Around(format!(
            "expected {code}, but it was accepted"
        ))),
    }
}
