//! `outerloop doctor`: what `fix` needs of this machine, present or missing, and what to do.

use std::process::{Command, ExitCode};

use fixer::lang::python::Interpreter;
use serde_json::json;

use crate::{cache, config::Config, fix::plain, guest, install};

/// Say which parts that isolation and fixing need are there, and what to do about those that are not.
///
/// Exit status: 0 if `fix` would work, 1 otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
    /// The configuration [default: $OUTERLOOP_CONFIG, else outerloop/config.toml in the user's configuration folder].
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Human,
    Json,
}

/// One part of the machine.
#[derive(Debug)]
struct Check {
    part: String,
    need: Need,
    state: State,
}

/// What becomes of `fix` without a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// It does not work.
    Needed,
    /// It works, with less.
    Useful,
}

#[derive(Debug)]
enum State {
    /// There; some words about it.
    Present(String),
    /// Something else does its work, or it adds little.
    Weaker(String),
    /// Not there: why, and what to do.
    Missing { why: String, remedy: String },
}

/// Runs the command.
///
/// # Errors
/// Where the configuration cannot be read.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(args.config.as_deref())?;
    let checks = checks(&config);
    match args.output {
        Output::Human => show(&checks),
        Output::Json => println!("{}", to_json(&checks)),
    }
    Ok(ExitCode::from(u8::from(!works(&checks))))
}

fn works(checks: &[Check]) -> bool {
    checks
        .iter()
        .all(|c| c.need == Need::Useful || !matches!(c.state, State::Missing { .. }))
}

/// Every part, in the order in which `fix` comes to need them.
fn checks(config: &Config) -> Vec<Check> {
    let mut checks = vec![git()];
    checks.extend(isolation());
    let python = Interpreter::detect();
    checks.push(Check {
        part: "python3".to_owned(),
        need: Need::Needed,
        state: match &python {
            Ok(python) => State::Present(format!(
                "{}, version {}",
                python.executable().display(),
                python.version
            )),
            Err(error) => missing(error, "install Python 3"),
        },
    });
    checks.push(cache_folder());
    checks.push(Check {
        part: "pytest".to_owned(),
        need: Need::Useful,
        state: pytest(python.as_ref().ok()),
    });
    checks.push(Check {
        part: "Python guest (WebAssembly)".to_owned(),
        need: Need::Useful,
        state: match guest::load(config.sandbox.guest.as_deref(), &|_| ()) {
            Ok(_) => State::Present("it loads".to_owned()),
            Err(error) => missing(
                format!("{error:#}"),
                "make build leaves it beside the program; without it all is run natively",
            ),
        },
    });
    checks.push(Check {
        part: "node and npm".to_owned(),
        need: Need::Useful,
        state: match install::Node::detect() {
            Ok(node) => State::Present(format!("version {}", node.major)),
            Err(error) => missing(
                error,
                "only `outerloop install` needs it, for Node projects",
            ),
        },
    });
    checks
}

/// The parts of native isolation.
fn isolation() -> Vec<Check> {
    let state = |check: &sandbox::Check| match &check.state {
        sandbox::State::Present(what) => State::Present(what.clone()),
        sandbox::State::Weaker(why) => State::Weaker(why.clone()),
        sandbox::State::Missing(why) => missing(why, check.remedy.as_deref().unwrap_or_default()),
    };
    let checks = sandbox::doctor();
    checks
        .iter()
        .map(|check| Check {
            part: check.part.to_owned(),
            need: Need::Needed,
            state: state(check),
        })
        .collect()
}

fn git() -> Check {
    let said = Command::new("git")
        .arg("--version")
        .current_dir("/")
        .output();
    Check {
        part: "git".to_owned(),
        need: Need::Needed,
        state: match said {
            Ok(said) if said.status.success() => {
                State::Present(String::from_utf8_lossy(&said.stdout).trim().to_owned())
            }
            Ok(said) => missing(format!("it ends with {}", said.status), "install git"),
            Err(error) => missing(error, "install git"),
        },
    }
}

fn cache_folder() -> Check {
    let writable = || -> anyhow::Result<String> {
        let root = cache::root()?;
        std::fs::create_dir_all(&root)?;
        tempfile::tempfile_in(&root)?;
        Ok(root.display().to_string())
    };
    Check {
        part: "cache folder".to_owned(),
        need: Need::Useful,
        state: match writable() {
            Ok(root) => State::Present(root),
            Err(error) => missing(
                format!("{error:#}"),
                "set OUTERLOOP_CACHE to a folder that can be written; without one, the repository's tests are not run",
            ),
        },
    }
}

fn pytest(python: Option<&Interpreter>) -> State {
    let Some(python) = python else {
        return missing("there is no python3", "install Python 3");
    };
    if let Some(folder) = install::installed_tools(python) {
        return State::Present(folder.display().to_string());
    }
    let has_pip = Command::new(python.executable())
        .args(["-I", "-m", "pip", "--version"])
        .current_dir("/")
        .output()
        .is_ok_and(|said| said.status.success());
    match has_pip {
        true => missing(
            "not installed yet",
            "nothing: the first `fix` installs it into the cache, which needs a network once",
        ),
        false => missing(
            "not installed yet, and there is no pip to do it",
            "install pip (apt install python3-pip); without pytest, the repository's tests are not run",
        ),
    }
}

fn missing(why: impl ToString, remedy: &str) -> State {
    State::Missing {
        why: why.to_string(),
        remedy: remedy.to_owned(),
    }
}

fn show(checks: &[Check]) {
    for check in checks {
        match &check.state {
            State::Present(what) if what.is_empty() => println!("present  {}", check.part),
            State::Present(what) => println!("present  {}: {}", check.part, plain(what)),
            State::Weaker(why) => println!("weaker   {}: {}", check.part, plain(why)),
            State::Missing { why, remedy } => {
                println!("missing  {}: {}", check.part, plain(why));
                println!("         {remedy}");
            }
        }
    }
    println!(
        "{}",
        match works(checks) {
            true => "`outerloop fix` works here",
            false => "`outerloop fix` does not work here",
        }
    );
}

fn to_json(checks: &[Check]) -> serde_json::Value {
    let parts = checks.iter().map(|check| {
        let (state, text, remedy) = match &check.state {
            State::Present(what) => ("present", what, None),
            State::Weaker(why) => ("weaker", why, None),
            State::Missing { why, remedy } => ("missing", why, Some(remedy)),
        };
        json!({
            "part": check.part, "needed": check.need == Need::Needed, "state": state, "detail": text, "remedy": remedy,
        })
    });
    json!({"works": works(checks), "parts": parts.collect::<Vec<_>>()})
}
