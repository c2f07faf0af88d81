//! Clients that others wrote, from their registries, pointed at the service.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tests::Service;

/// A folder that keeps what was installed for the next run of the tests.
fn installed(name: &str, command: &mut Command) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let folder = program.parent().unwrap().join("clients").join(name);
    if !folder.join("done").exists() {
        fs::create_dir_all(&folder).unwrap();
        let output = command.current_dir(&folder).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        fs::write(folder.join("done"), "").unwrap();
    }
    folder
}

/// Runs a client's program; it prints the id of each event that it sent.
fn run(command: &mut Command, service: &Service) -> Vec<String> {
    let output = command.env("DSN", service.dsn()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let mut ids: Vec<_> = text.lines().map(str::to_owned).collect();
    ids.sort();
    ids
}

#[track_caller]
fn check(mut service: Service, ids: &[String], title: &str, place: &Path) {
    let bugs = service.bugs();
    assert_eq!(bugs.len(), 1, "{bugs:#?}");
    assert_eq!(
        (bugs[0]["title"].as_str(), bugs[0]["count"].as_u64()),
        (Some(title), Some(ids.len() as u64))
    );
    service.stop();
    assert_eq!(service.event_ids(), ids, "{}", place.display());
}

#[test]
fn sentry_sdk_for_python() {
    let folder = installed(
        "python",
        Command::new("python3").args([
            "-m",
            "pip",
            "install",
            "-q",
            "--target",
            ".",
            "sentry-sdk==2.75.0",
        ]),
    );
    const SCRIPT: &str = r#"
import os, sentry_sdk
sentry_sdk.init(os.environ["DSN"], release="shop@1.2.3", traces_sample_rate=1.0)

def total(order):
    return order["price"] * 2

for n in range(3):
    with sentry_sdk.start_transaction(name="order"):
        try:
            total({"id": n})
        except KeyError as error:
            print(sentry_sdk.capture_exception(error))
sentry_sdk.flush()
"#;
    let mut service = Service::new("");
    service.start();
    let script = service.path("shop.py");
    fs::write(&script, SCRIPT).unwrap();
    let ids = run(
        Command::new("python3")
            .arg(&script)
            .env("PYTHONPATH", &folder),
        &service,
    );
    assert_eq!(ids.len(), 3);
    check(service, &ids, "KeyError: 'price' in total", &script);
}

#[test]
fn sentry_for_node() {
    let folder = installed(
        "node",
        Command::new("npm").args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            ".",
            "@sentry/node@11.12.0",
        ]),
    );
    const SCRIPT: &str = r#"
const Sentry = require("@sentry/node");
Sentry.init({ dsn: process.env.DSN, release: "shop@1.2.3", tracesSampleRate: 1.0,
  // It would keep errors to itself that are like the one before.
  integrations: (all) => all.filter((one) => one.name !== "Dedupe") });

function total(order) {
  return order.lines.length;
}

(async () => {
  for (let n = 0; n < 3; n++) {
    try {
      total({ id: n });
    } catch (error) {
      console.log(Sentry.captureException(error));
    }
  }
  await Sentry.flush(5000);
  process.exit(0);
})();
"#;
    let mut service = Service::new("");
    service.start();
    let script = service.path("shop.js");
    fs::write(&script, SCRIPT).unwrap();
    let ids = run(
        Command::new("node")
            .arg(&script)
            .env("NODE_PATH", folder.join("node_modules")),
        &service,
    );
    assert_eq!(ids.len(), 3);
    let title = "TypeError: Cannot read properties of undefined (reading 'length') in total";
    check(service, &ids, title, &script);
}
