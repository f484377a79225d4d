//! The clients of the SDK.

use tokio::runtime::{self, Runtime};
use xoxzo_2fa::{
    AsyncGuard, AsyncTwoFactor, Binding, Guard, Instances, Pin, Settings, Token, TwoFactor,
};

use crate::Fault;
use crate::measure::Login;
use crate::xoxzo::{Clock, Xoxzo};

/// The surroundings of a client.
#[derive(Default)]
struct World {
    xoxzo: Xoxzo,
    clock: Clock,
    users: u32,
}

pub(crate) struct Blocked {
    client: TwoFactor,
    world: World,
}

impl Blocked {
    pub(crate) fn new(
        settings: Settings,
        guard: impl Guard + 'static,
        instances: Instances,
    ) -> Result<Self, Fault> {
        let world = World::default();
        let clock = world.clock.clone();
        let client = TwoFactor::builder(settings, guard)
            .transport(world.xoxzo.clone())
            .instances(instances)
            .audit(|_| ())
            .danger_clock(move || clock.now())
            .build()?;
        Ok(Self { client, world })
    }
}

pub(crate) struct Awaited {
    client: AsyncTwoFactor,
    runtime: Runtime,
    world: World,
}

impl Awaited {
    pub(crate) fn new(settings: Settings, guard: impl AsyncGuard + 'static) -> Result<Self, Fault> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let world = World::default();
        let clock = world.clock.clone();
        let client = AsyncTwoFactor::builder(settings, guard)
            .transport(world.xoxzo.clone())
            .audit(|_| ())
            .danger_clock(move || clock.now())
            .build();
        let client = runtime.block_on(client)?;
        Ok(Self {
            client,
            runtime,
            world,
        })
    }
}

/// Both clients differ only in how an operation is run.
macro_rules! login {
    ($client:ident, $own:ident, $run:expr) => {
        impl Login for $client {
            type User = Binding;
            type Token = Token;
            type Pin = Pin;

            const LOCKS: bool = true;
            const ALTERED: &str = "invalid-token";

            fn user(&self, number: u32, other: bool) -> Binding {
                let prefix = if other { "+8180" } else { "+8190" };
                let subject = format!("user-{number}");
                Binding::new(format!("{prefix}{number:08}"), subject, "login")
            }

            fn token(text: String) -> Token {
                text.into()
            }

            fn text(token: &Token) -> &str {
                token.as_str()
            }

            fn pin(text: &str) -> Pin {
                Pin::new(text)
            }

            fn start(&self, user: &Binding) -> Result<Token, String> {
                let $own = self;
                let challenge = $run($own.client.start(user));
                let challenge = challenge.map_err(|error| error.code().as_str().to_string())?;
                Ok(challenge.token)
            }

            fn verify(&self, user: &Binding, token: &Token, pin: &Pin) -> Result<(), String> {
                let $own = self;
                match $run($own.client.verify(token, user, pin)) {
                    Ok(_) => Ok(()),
                    Err(error) => Err(error.code().as_str().to_string()),
                }
            }

            fn sent(&self) -> Vec<String> {
                self.world.xoxzo.codes()
            }

            fn set_back(&self, seconds: u64) {
                self.world.clock.set_back(seconds);
            }

            fn next(&mut self) -> &mut u32 {
                &mut self.world.users
            }
        }
    };
}

login!(Blocked, own, |done| done);
login!(Awaited, own, |waited| own.runtime.block_on(waited));
