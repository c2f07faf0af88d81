//! The service while it runs.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::outerloop::program;

/// A folder with a configuration and a store, and the service that runs there, if it does.
pub struct Service {
    folder: tempfile::TempDir,
    running: Option<Running>,
}

struct Running {
    child: Child,
    address: String,
}

/// The public key of project 1.
pub const KEY: &str = "0123456789abcdef";

impl Service {
    /// A service that is not started yet: project 1 with [`KEY`], and these sources (tables of `serve.sources`; `DIR` in
    /// them is its folder).
    pub fn new(sources: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("e2e-serve-")
            .tempdir()
            .expect("a temporary folder can be made");
        let at = folder.path().display().to_string();
        let config = format!(
            "[serve]\nlisten = \"127.0.0.1:0\"\nstore = \"{at}/outerloop.db\"\n\
             [[serve.projects]]\nid = 1\nname = \"shop\"\nkey = \"{KEY}\"\n{}",
            sources.replace("DIR", &at)
        );
        fs::write(folder.path().join("outerloop.toml"), config).expect("the folder is ours");
        Self {
            folder,
            running: None,
        }
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it and waits until it listens.
    pub fn start(&mut self) {
        let mut child = self
            .command("serve")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the service can be started");
        let stderr = child.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(stderr).lines();
        let mut seen = String::new();
        let address = loop {
            let line = lines
                .next()
                .and_then(Result::ok)
                .unwrap_or_else(|| panic!("the service ended: {seen}"));
            if let Some(rest) = line.strip_prefix("listening on ") {
                break rest.split(',').next().unwrap_or(rest).to_owned();
            }
            seen += &(line + "\n");
        };
        thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| eprintln!("{line}"))
        });
        self.running = Some(Running { child, address });
    }

    /// Where it listens.
    pub fn url(&self, path: &str) -> String {
        let running = self.running.as_ref().expect("it runs");
        format!("http://{}{path}", running.address)
    }

    /// The number of its process.
    pub fn process_id(&self) -> u32 {
        self.running.as_ref().expect("it runs").child.id()
    }

    /// The DSN of project 1.
    pub fn dsn(&self) -> String {
        self.url("/1")
            .replacen("http://", &format!("http://{KEY}@"), 1)
    }

    /// Ends it at once, as the kernel does when memory is out.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.child.kill().expect("it is ours");
            running.child.wait().expect("it is ours");
        }
    }

    /// Asks it to end, and waits.
    pub fn stop(&mut self) {
        let mut running = self.running.take().expect("it runs");
        let id = running.child.id().to_string();
        let asked = Command::new("kill").arg(&id).status();
        assert!(asked.is_ok_and(|status| status.success()));
        let status = running.child.wait().expect("it is ours");
        assert_eq!(status.code(), Some(0));
    }

    /// The bugs that are stored.
    pub fn bugs(&self) -> Vec<Value> {
        let output = self
            .command("bugs")
            .args(["--output", "json"])
            .output()
            .expect("the command can be started");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let answer: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
        answer["bugs"].as_array().expect("a list").clone()
    }

    /// What a command says that is given its configuration.
    ///
    /// # Errors
    /// What it prints where it fails.
    pub fn tell(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self
            .command(arguments[0])
            .args(&arguments[1..])
            .output()
            .expect("the command can be started");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// How many events are stored in all bugs.
    pub fn n_events(&self) -> u64 {
        self.bugs()
            .iter()
            .filter_map(|bug| bug["count"].as_u64())
            .sum()
    }

    /// Waits until so many events are stored; fails if they are more, or too long in coming.
    #[track_caller]
    pub fn wait_for(&self, n_events: u64) {
        let started = Instant::now();
        loop {
            let n = self.n_events();
            assert!(
                n <= n_events,
                "{n} events, more than {n_events}: {:#?}",
                self.bugs()
            );
            if n == n_events {
                return;
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "{n} of {n_events} events after a minute"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it counts, as Prometheus reads it.
    pub fn metrics(&self) -> String {
        let mut answer = ureq::get(self.url("/metrics")).call().expect("it answers");
        let text = answer.body_mut().read_to_string();
        text.expect("the metrics are text")
    }

    /// Runs statements on the database; what they select of their first column.
    pub fn sql(&self, statements: &str) -> Vec<String> {
        const SCRIPT: &str = "import sqlite3, sys\n\
            db = sqlite3.connect(sys.argv[1])\n\
            for statement in sys.argv[2].split(';'):\n    \
                for row in db.execute(statement):\n        print(row[0])\n\
            db.commit()\n";
        let output = Command::new("python3")
            .args(["-c", SCRIPT])
            .arg(self.path("outerloop.db"))
            .arg(statements)
            .output()
            .expect("python3 can be started");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("what is selected is text");
        text.lines().map(str::to_owned).collect()
    }

    /// Every event's id, sorted, straight from the database.
    pub fn event_ids(&self) -> Vec<String> {
        self.sql("SELECT event_id FROM events ORDER BY event_id")
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program());
        command
            .arg(name)
            .arg("--config")
            .arg(self.path("outerloop.toml"))
            .current_dir(self.folder.path());
        command
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}
