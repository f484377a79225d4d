//! What a start, a wrong guess and a right one take without network: `cargo run --release --features tokio --example bench`.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use xoxzo_2fa::{
    AsyncMemoryGuard, AsyncTransport, AsyncTwoFactor, Binding, Body, Code, Instances, Lost,
    MemoryGuard, Pin, Settings, Transport, TwoFactor, Wait, keygen,
};

const COUNT: usize = 2_000;

type Fault = Box<dyn Error>;

fn main() -> Result<(), Fault> {
    for (name, instances) in [("fresh", Instances::Fresh), ("reused", Instances::Reused)] {
        let taker = Taker::default();
        let two_factor = TwoFactor::builder(settings()?, MemoryGuard::default())
            .transport(taker.clone())
            .instances(instances)
            .audit(|_| ())
            .build()?;
        let mut times = Times::default();
        for user in users() {
            let challenge = times.start(|| two_factor.start(&user))?;
            let pin = taker.pin()?;
            let wrong = times.wrong(|| two_factor.verify(&challenge.token, &user, &other(&pin)));
            refused(wrong)?;
            let _accepted = times.verify(|| two_factor.verify(&challenge.token, &user, &pin))?;
        }
        println!("blocking, {name} instances: {}", times.medians());
    }

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let taker = Taker::default();
    let builder = AsyncTwoFactor::builder(settings()?, AsyncMemoryGuard::default());
    let builder = builder.transport(taker.clone()).audit(|_| ());
    let two_factor = runtime.block_on(builder.build())?;
    let mut times = Times::default();
    for user in users() {
        let challenge = times.start(|| runtime.block_on(two_factor.start(&user)))?;
        let (token, pin) = (challenge.token, taker.pin()?);
        let wrong =
            times.wrong(|| runtime.block_on(two_factor.verify(&token, &user, &other(&pin))));
        refused(wrong)?;
        let _accepted =
            times.verify(|| runtime.block_on(two_factor.verify(&token, &user, &pin)))?;
    }
    println!("tokio, an instance a step: {}", times.medians());
    Ok(())
}

fn settings() -> Result<Settings, Fault> {
    Ok(Settings::builder()
        .audience("shop")
        .service("Example Shop")
        .key(keygen()?)
        .guard_key(keygen()?)
        .account("sid", "token")
        .sender("Example")
        .destination("JP-mobile")
        .set("/sends/per_range/count", 1_000_000)
        .set("/sends/per_audience/count", 1_000_000)
        .set("/failures/per_audience/count", 1_000_000)
        .build())
}

fn users() -> impl Iterator<Item = Binding> {
    (0..COUNT).map(|number| {
        Binding::new(
            format!("+8190{number:08}"),
            format!("user-{number}"),
            "login",
        )
    })
}

fn other(pin: &Pin) -> Pin {
    Pin::new(match pin.as_str() {
        "000000" => "000001",
        _ => "000000",
    })
}

fn refused<T>(result: Result<T, xoxzo_2fa::Error>) -> Result<(), Fault> {
    match result {
        Err(error) if error.code() == Code::WrongPin => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err("a wrong pin was accepted".into()),
    }
}

/// A Xoxzo in memory that takes every message.
#[derive(Clone, Default)]
struct Taker(Arc<Mutex<String>>);

impl Taker {
    fn take(&self, request: &http::Request<Body>) -> Result<http::Response<Vec<u8>>, Lost> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *body = request.body().as_str().to_string();
        Ok(http::Response::new(br#"[{"msgid":"m1"}]"#.to_vec()))
    }

    fn pin(&self) -> Result<Pin, Fault> {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let message = body.split('&').next().unwrap_or_default();
        let mut runs = message.split(|letter: char| !letter.is_ascii_digit());
        let pin = runs.find(|run| run.len() == 6);
        Ok(pin.ok_or("no code in the message")?.into())
    }
}

impl Transport for Taker {
    fn send(
        &self,
        request: http::Request<Body>,
        _: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        self.take(&request)
    }
}

impl AsyncTransport for Taker {
    fn send(
        &self,
        request: http::Request<Body>,
        _: Duration,
    ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>> {
        Box::pin(async move { self.take(&request) })
    }
}

#[derive(Default)]
struct Times {
    starts: Vec<Duration>,
    wrongs: Vec<Duration>,
    verifies: Vec<Duration>,
}

impl Times {
    fn start<T>(&mut self, work: impl FnOnce() -> T) -> T {
        timed(&mut self.starts, work)
    }

    fn wrong<T>(&mut self, work: impl FnOnce() -> T) -> T {
        timed(&mut self.wrongs, work)
    }

    fn verify<T>(&mut self, work: impl FnOnce() -> T) -> T {
        timed(&mut self.verifies, work)
    }

    fn medians(&self) -> String {
        let pairs = self.starts.iter().zip(&self.verifies);
        let pairs: Vec<_> = pairs.map(|(start, verify)| *start + *verify).collect();
        [
            ("start", &self.starts),
            ("wrong guess", &self.wrongs),
            ("verify", &self.verifies),
            ("start + verify", &pairs),
        ]
        .map(|(name, times)| format!("{name} {:.3} ms", median(times)))
        .join(", ")
    }
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    times.push(began.elapsed());
    result
}

/// In milliseconds.
fn median(times: &[Duration]) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied();
    middle.unwrap_or_default().as_secs_f64() * 1e3
}
