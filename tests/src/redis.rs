//! A Redis server of a test's own, from Debian's `redis-server`.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// A running server. It ends, and its folder goes, when this is dropped.
pub struct Server {
    process: Child,
    arguments: Vec<String>,
    port: u16,
    folder: PathBuf,
}

/// A port that was free a moment ago.
///
/// # Panics
///
/// There is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it is bound").port()
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
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "redis-server does not start"
            );
            thread::sleep(Duration::from_millis(10));
        }
        // It may still be loading what is on disk.
        while self.ask(&["ping"]).trim() != "PONG" {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "redis-server is not ready"
            );
            thread::sleep(Duration::from_millis(10));
        }
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
    #[must_use]
    pub fn ask(&self, command: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(command)
            .output();
        String::from_utf8_lossy(&output.expect("redis-cli is installed").stdout).into_owned()
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
