//! Redis servers of a test's own, from Debian's `redis-server`: one, a cluster of them, or some under sentinels.

mod cluster;
mod sentinel;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::{env, fs};

use tokio::runtime::Runtime;
use xoxzo_2fa::{AsyncGuard, AsyncRedisGuard, Charge, Guard, GuardError, Scope, Totals};

use crate::{Client, until};

pub use cluster::Cluster;
pub use sentinel::Watched;

/// The asynchronous store, whose answers are waited for.
pub struct Waited(AsyncRedisGuard, Arc<Runtime>);

impl Waited {
    /// Waits on a runtime of its own.
    #[must_use]
    pub fn new(store: AsyncRedisGuard) -> Self {
        Self(store, Client::runtime())
    }
}

impl Guard for Waited {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        self.1.block_on(self.0.add(charges))
    }

    fn scope(&self) -> Scope {
        self.0.scope()
    }

    fn check(&self) -> Result<(), GuardError> {
        self.1.block_on(self.0.check())
    }
}

/// A running server. It ends, and its folder goes, when this is dropped.
pub struct Server {
    process: Child,
    arguments: Vec<String>,
    port: u16,
    folder: PathBuf,
}

/// A free port below those that systems give out, so that nobody takes it between two starts of a server.
///
/// # Panics
///
/// There is none.
#[must_use]
pub fn free_port() -> u16 {
    (0..1_000)
        .map(|_| rand::random_range(10_240..32_768))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a port is free")
}

impl Server {
    /// Starts a server that keeps nothing on disk unless it is told to.
    ///
    /// # Panics
    ///
    /// There is no `redis-server`, or it does not start.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        static SERVERS: AtomicU32 = AtomicU32::new(0);
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let folder =
            env::temp_dir().join(format!("xoxzo-2fa-redis-{}-{number}", std::process::id()));
        let port = free_port();
        let own = [
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ];
        Self::spawn(port, &[&own[..], arguments].concat(), folder)
    }

    /// The one server of this process, for tests whose keys are apart. It ends with the process, in whatever way that ends.
    ///
    /// # Panics
    ///
    /// There is no `redis-server`, or it does not start.
    #[must_use]
    pub fn of_process() -> &'static Self {
        static SERVER: OnceLock<(Server, Child)> = OnceLock::new();
        let (server, _) = SERVER.get_or_init(|| {
            let server = Self::start(&[]);
            let end = "cat; kill -9 \"$1\"; rm -r \"$2\"";
            // What it reads ends with this process.
            let keeper = Command::new("sh")
                .args(["-c", end, "sh", &server.process.id().to_string()])
                .arg(&server.folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            (server, keeper.expect("there is a shell"))
        });
        server
    }

    /// Starts `redis-server` with exactly these arguments, and waits until it listens.
    ///
    /// # Panics
    ///
    /// There is no `redis-server`, or it does not start.
    #[must_use]
    pub fn spawn(port: u16, arguments: &[&str], folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).expect("a folder can be made");
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let process = run(&arguments, &folder);
        let server = Self {
            process,
            arguments,
            port,
            folder,
        };
        server.listens();
        server
    }

    fn listens(&self) {
        until("redis-server starts", || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
        });
        // It may still be loading what is on disk.
        until("redis-server is ready", || {
            self.ask(&["ping"]).trim() == "PONG"
        });
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its working folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What `redis-cli` prints for a command.
    ///
    /// # Panics
    ///
    /// There is no `redis-cli`.
    pub fn ask(&self, command: &[&str]) -> String {
        let port = self.port.to_string();
        let mut asking = Command::new("redis-cli");
        let arguments = &self.arguments;
        let password = arguments.iter().position(|it| it == "--requirepass");
        if let Some(password) = password.and_then(|at| arguments.get(at + 1)) {
            asking.env("REDISCLI_AUTH", password);
        }
        let output = asking.args(["-p", &port]).args(command).output();
        String::from_utf8_lossy(&output.expect("redis-cli is installed").stdout).into_owned()
    }

    /// Waits until what `redis-cli` prints for a command is as it should be.
    ///
    /// # Panics
    ///
    /// It is not within 30 s.
    pub fn wait(&self, command: &[&str], as_it_should_be: impl Fn(&str) -> bool) {
        until(&command.join(" "), || as_it_should_be(&self.ask(command)));
    }

    /// A number in what `INFO` prints; 0 if it is not there.
    #[must_use]
    pub fn info(&self, section: &str, name: &str) -> f64 {
        let told = self.ask(&["info", section]);
        let mut values = told.lines().filter_map(|line| {
            let value = line.strip_prefix(name)?.strip_prefix(':')?;
            value.trim().trim_start_matches("count=").parse().ok()
        });
        values.next().unwrap_or_default()
    }

    /// Stops it from doing anything, as a machine that hangs would: its connections stay open.
    ///
    /// # Panics
    ///
    /// There is no `kill`.
    pub fn hang(&self) {
        let id = self.process.id().to_string();
        let stopped = Command::new("kill").args(["-STOP", &id]).status();
        assert!(stopped.expect("kill is installed").success());
    }

    /// Kills it, as a machine that loses power would.
    pub fn kill(&mut self) {
        let _already_dead = self.process.kill();
        let _reaped = self.process.wait();
    }

    /// Starts it again on its port, with what it kept.
    pub fn restart(&mut self) {
        self.process = run(&self.arguments, &self.folder);
        self.listens();
    }
}

fn run(arguments: &[String], folder: &Path) -> Child {
    Command::new("redis-server")
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed")
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _none_if_it_failed = fs::remove_dir_all(&self.folder);
    }
}
