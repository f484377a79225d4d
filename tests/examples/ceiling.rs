//! How many logins a second one core of Redis can count, by the server's own CPU time: `cargo run --example ceiling`.
//!
//! A login is what the engine charges for a start and a right guess: three lists, with its claim.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fmt, thread};

use rand::rngs::SysRng;
use serde_json::json;
use xoxzo_2fa::{Guard, GuardError, RedisGuard};
use xoxzo_2fa_core::{
    Answer, Claimed, Dispatch, Failure, Operation, Prepared, Sending, Totals, Turn, Verify,
};
use xoxzo_2fa_tests::redis::{Cluster, Server};
use xoxzo_2fa_tests::{document, pin_in, prepared, taken, told_by_a_store, told_to_a_store};

const LOGINS: u32 = 5_000;

const THREADS: u32 = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let memory = Server::start(&[]);
    let told = measure(RedisGuard::builder(memory.url()).build()?, &[&memory])?;
    println!("one server, in memory only: {told}");
    drop(memory);

    let file = Server::start(&["--appendonly", "yes"]);
    let told = measure(RedisGuard::builder(file.url()).build()?, &[&file])?;
    println!("one server, appendonly:     {told}");
    drop(file);

    let cluster = Cluster::start(3, 0);
    let masters: Vec<_> = cluster.masters.iter().collect();
    let told = measure(RedisGuard::cluster(cluster.urls()).build()?, &masters)?;
    println!("three masters, the busiest: {told}");
    Ok(())
}

/// What a login takes.
struct Cost {
    lists: f64,
    commands: f64,
    /// Microseconds of the busiest server, and of all.
    busiest: f64,
    all: f64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lists,
            commands,
            busiest,
            all,
        } = self;
        write!(
            f,
            "{:.0} logins/s per core; a login: {lists:.1} lists, {commands:.1} commands, {busiest:.0} of {all:.0} us",
            1e6 / busiest
        )
    }
}

fn measure(store: RedisGuard, servers: &[&Server]) -> Result<Cost, Box<dyn Error>> {
    store.check()?;
    let cpu = |server: &&Server| {
        let names = ["used_cpu_user", "used_cpu_sys"].map(|name| server.info("cpu", name));
        names.iter().sum::<f64>()
    };
    let commands = |server: &&Server| server.info("stats", "total_commands_processed");
    let all = |of: &dyn Fn(&&Server) -> f64| servers.iter().map(of).collect::<Vec<_>>();
    let before = [all(&cpu), all(&commands)];
    let (next, lists) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| -> Result<(), Failure> {
                    let mut host = Host::new(&store, &lists);
                    loop {
                        let user = next.fetch_add(1, Ordering::Relaxed);
                        if user >= LOGINS {
                            return Ok(());
                        }
                        host.login(user)?;
                    }
                })
            })
            .collect();
        for thread in threads {
            let done = thread.join().expect("a thread ends");
            done.expect("a login is let in");
        }
    });
    let logins = f64::from(LOGINS);
    let spent = |at: usize, of: &dyn Fn(&&Server) -> f64| -> Vec<f64> {
        let pairs = all(of).into_iter().zip(before[at].clone());
        pairs
            .map(|(after, before)| (after - before) / logins)
            .collect()
    };
    let cpu: Vec<f64> = spent(0, &cpu).iter().map(|spent| spent * 1e6).collect();
    Ok(Cost {
        lists: f64::from(lists.into_inner()) / logins,
        commands: spent(1, &commands).iter().sum(),
        busiest: cpu.iter().copied().fold(0.0, f64::max),
        all: cpu.iter().sum(),
    })
}

/// A host of the engine, whose messages go nowhere.
struct Host<'a> {
    settings: Prepared,
    store: &'a RedisGuard,
    lists: &'a AtomicU32,
    message: String,
}

impl<'a> Host<'a> {
    fn new(store: &'a RedisGuard, lists: &'a AtomicU32) -> Self {
        let room = json!({"count": 100_000, "seconds": 3_600});
        let mut document = document();
        document["sends"] = json!({"per_range": room, "per_audience": room});
        Self {
            settings: prepared(&document),
            store,
            lists,
            message: String::new(),
        }
    }

    fn login(&mut self, user: u32) -> Result<(), Failure> {
        let (subject, recipient) = (format!("user-{user}"), format!("+8190{:08}", user * 7_919));
        let claimed = Claimed {
            recipient: &recipient,
            subject: &subject,
            purpose: "login",
            session: None,
            transaction: None,
        };
        let start = Dispatch::start(
            &self.settings,
            now(),
            claimed,
            Sending::default(),
            &mut SysRng,
        )?;
        let token = self.run(start)?.token;
        let pin = pin_in(&self.message, 6).expect("the message has a code");
        let turn = Verify::begin(&self.settings, now(), &token, claimed, &pin, None)?;
        self.run(turn).map(|_| ())
    }

    fn run<O: Operation>(&mut self, mut turn: Turn<O>) -> Result<O::Output, Failure> {
        loop {
            turn = match turn {
                Turn::Done(output) => return Ok(output),
                Turn::Send(request, operation) => {
                    let mut fields = request.body.split('&');
                    let message = fields.find_map(|field| field.strip_prefix("message="));
                    self.message = message.unwrap_or_default().to_string();
                    operation.resume(&self.settings, now(), taken())?
                }
                Turn::Count(charges, operation) => {
                    self.lists.fetch_add(1, Ordering::Relaxed);
                    let answer = add(self.store, &charges).expect("the store counts");
                    operation.resume(&self.settings, now(), Answer::Totals(answer))?
                }
            }
        }
    }
}

fn add(store: &RedisGuard, charges: &[xoxzo_2fa_core::Charge]) -> Result<Totals, GuardError> {
    let charges: Vec<_> = charges.iter().map(told_to_a_store).collect();
    let made = store.add(&charges)?;
    Ok(told_by_a_store(&made))
}

fn now() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map(|since| since.as_secs()).unwrap_or_default();
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
