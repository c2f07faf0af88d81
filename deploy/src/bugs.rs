//! `outerloop bugs`: what the service has stored.

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use clap::Args as ClapArgs;
use serde_json::{Value, json};

use crate::{
    config::Config,
    fix::{Output, usage},
    store::{self, StoredBug},
};

/// Show the bugs that `outerloop serve` has stored, the most frequent first.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The configuration that the service runs with.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How many, at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
    /// Only those of this project.
    #[arg(long, value_name = "ID")]
    project: Option<u64>,
    /// The form of what is printed.
    #[arg(long, value_name = "FORM", default_value = "human")]
    output: Output,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Config::load(args.config.as_deref())?.serve;
    if !settings.store.exists() {
        return Err(usage(format!(
            "there is no store at {}",
            settings.store.display()
        )));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let bugs = runtime.block_on(store::bugs(&settings.store, args.project, args.limit))?;
    match args.output {
        Output::Json => {
            let bugs: Vec<Value> = bugs.iter().map(machine).collect();
            println!("{:#}", json!({"bugs": bugs}));
        }
        Output::Human => print!("{}", bugs.iter().map(human).collect::<String>()),
    }
    Ok(ExitCode::SUCCESS)
}

fn machine(bug: &StoredBug) -> Value {
    json!({
        "id": bug.id,
        "project": bug.project,
        "title": bug.title,
        "count": bug.count,
        "first_seen": rfc3339(bug.first_seen),
        "last_seen": rfc3339(bug.last_seen),
        "assessment": bug.assessment,
        "event": bug.event_id,
    })
}

fn human(bug: &StoredBug) -> String {
    let reason = bug.assessment["reason"].as_str().unwrap_or_default();
    format!(
        "{}  {:>7} ×  {}\n  {reason} · project {} · last seen {}\n",
        bug.id,
        bug.count,
        bug.title,
        bug.project,
        rfc3339(bug.last_seen)
    )
}

/// A time as people and programs read it, in UTC.
fn rfc3339(ms: i64) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(ms.max(0) as u64);
    humantime::format_rfc3339_seconds(time.min(SystemTime::now())).to_string()
}
