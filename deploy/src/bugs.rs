//! `outerloop bugs`: what the service has stored; `outerloop merge`, `split`, `resolve`, `mute`, `unmute`: what people
//! decide about it.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args as ClapArgs;
use serde_json::{Value, json};
use triage::Worth;

use crate::{
    config::Config,
    fix::{Output, ids, plain, usage, wait, worth_now},
    store::{self, MuteUntil, State, StoredBug, Verdict, rfc3339},
    streams::printed,
};

/// Show the bugs that `outerloop serve` has stored, what matters most first.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// How many, at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Only this bug, with the kinds of its events and what was decided about it.
    #[arg(long, value_name = "BUG")]
    bug: Option<String>,
    /// The bugs that are muted, which are left out else.
    #[arg(long, conflicts_with = "bug")]
    muted: bool,
    /// The form of what is printed.
    #[arg(long, value_name = "FORM", default_value = "human")]
    output: Output,
}

/// Say that bugs are one: all their events, past and to come, become the first one's.
#[derive(Debug, ClapArgs)]
pub(crate) struct MergeArgs {
    /// The bug that stays, by its name or the beginning of it.
    bug: String,
    /// The bugs that are the same.
    #[arg(required = true)]
    others: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// Say that a bug is two: some kinds of its events, past and to come, become another bug's.
#[derive(Debug, ClapArgs)]
pub(crate) struct SplitArgs {
    /// The bug, by its name or the beginning of it.
    bug: String,
    /// The kinds that are another bug, as `outerloop bugs --bug BUG` names them.
    #[arg(required = true)]
    kinds: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// Say that a bug is fixed, so that it shows if it comes back.
#[derive(Debug, ClapArgs)]
pub(crate) struct ResolveArgs {
    /// The bug, by its name or the beginning of it.
    bug: String,
    /// The first release that has the fix: events of older ones don't count as its return. Without it any later event does.
    #[arg(long)]
    release: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Hear no more of a bug: it is counted, but left out of the list and of the fixer's turn, for good or until something ends it.
#[derive(Debug, ClapArgs)]
pub(crate) struct MuteArgs {
    /// The bug, by its name or the beginning of it.
    bug: String,
    /// Until then, in UTC: 2026-12-01, or 2026-12-01T08:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = store::moment)]
    until: Option<i64>,
    /// For so long: 90m, 2h, 14days.
    #[arg(long = "for", value_name = "DURATION", value_parser = store::from_now, conflicts_with = "until")]
    span: Option<i64>,
    /// Until so many more events have come; with a time, until the first of both.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    until_count: Option<u64>,
    /// Why, for those who read it.
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Hear of a muted bug again.
#[derive(Debug, ClapArgs)]
pub(crate) struct UnmuteArgs {
    /// The bug, by its name or the beginning of it.
    bug: String,
    #[command(flatten)]
    place: Place,
}

/// Which store, and whose bugs.
#[derive(Debug, ClapArgs)]
struct Place {
    /// The configuration that the service runs with.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only bugs of this project.
    #[arg(long, value_name = "ID")]
    project: Option<u64>,
}

impl Place {
    fn store(&self) -> anyhow::Result<PathBuf> {
        store_of(&Config::load(self.config.as_deref())?)
    }

    fn decide(&self, bug: &str, verdict: &Verdict) -> anyhow::Result<ExitCode> {
        let text = wait(store::decide(&self.store()?, self.project, bug, verdict))?;
        println!("{}", plain(&text));
        Ok(ExitCode::SUCCESS)
    }
}

pub(crate) fn merge(args: &MergeArgs) -> anyhow::Result<ExitCode> {
    let others = args.others.clone();
    args.place.decide(&args.bug, &Verdict::Merge { others })
}

pub(crate) fn split(args: &SplitArgs) -> anyhow::Result<ExitCode> {
    let kinds = args.kinds.clone();
    args.place.decide(&args.bug, &Verdict::Split { kinds })
}

pub(crate) fn resolve(args: &ResolveArgs) -> anyhow::Result<ExitCode> {
    let release = args.release.clone();
    args.place.decide(&args.bug, &Verdict::Resolve { release })
}

pub(crate) fn mute(args: &MuteArgs) -> anyhow::Result<ExitCode> {
    let until = MuteUntil {
        at: args.until.or(args.span),
        n_events: args.until_count,
    };
    let because = args.because.clone();
    args.place
        .decide(&args.bug, &Verdict::Mute { until, because })
}

pub(crate) fn unmute(args: &UnmuteArgs) -> anyhow::Result<ExitCode> {
    args.place.decide(&args.bug, &Verdict::Unmute)
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let path = args.place.store()?;
    let mut bugs = wait(store::bugs(&path, args.place.project))?;
    let is_muted = |bug: &StoredBug| matches!(bug.state, State::Muted(_));
    let n_muted = bugs.iter().filter(|bug| is_muted(bug)).count();
    if args.bug.is_none() {
        bugs.retain(|bug| is_muted(bug) == args.muted);
    }
    if let Some(name) = &args.bug {
        bugs.retain(|bug| bug.id.starts_with(name.as_str()));
        if bugs.is_empty() {
            return Err(usage(format!("there is no bug {name}")));
        }
    }
    bugs.truncate(args.limit);
    let events = wait(store::events(&path, &ids(&bugs)))?;
    let history = wait(store::history(&path))?;
    let bugs: Vec<(StoredBug, Option<Worth>)> = bugs
        .into_iter()
        .zip(&events)
        .map(|(mut bug, event)| {
            let worth = event.as_ref().map(|event| worth_now(&bug, event, &history));
            if let Some(event) = event {
                let assessment = history.corrected(bug.assessed(event), event);
                bug.assessment = serde_json::to_value(assessment)?;
            }
            Ok((bug, worth))
        })
        .collect::<anyhow::Result<_>>()?;
    let text = match args.output {
        Output::Json => {
            let bugs: Vec<Value> = bugs
                .iter()
                .map(|(bug, worth)| machine(bug, worth.as_ref()))
                .collect();
            format!("{:#}\n", json!({"bugs": bugs, "muted": n_muted}))
        }
        Output::Human => bugs
            .iter()
            .map(|(bug, worth)| match &args.bug {
                Some(_) => human(bug, worth.as_ref()) + &details(bug),
                None => human(bug, worth.as_ref()),
            })
            .collect(),
    };
    printed(io::stdout().write_all(text.as_bytes()))?;
    if n_muted > 0 && !args.muted && args.bug.is_none() {
        eprintln!("{n_muted} muted, which --muted shows");
    }
    Ok(ExitCode::SUCCESS)
}

/// The store that a configuration names.
///
/// # Errors
/// A usage error if there is none.
pub(crate) fn store_of(config: &Config) -> anyhow::Result<PathBuf> {
    let store = &config.serve.store;
    if !store.exists() {
        return Err(usage(format!("there is no store at {}", store.display())));
    }
    Ok(store.clone())
}

fn machine(bug: &StoredBug, worth: Option<&Worth>) -> Value {
    let impact = &bug.impact;
    json!({
        "id": bug.id,
        "project": bug.project,
        "title": bug.title,
        "count": impact.n_events,
        "first_seen": impact.activity.first.map(rfc3339),
        "last_seen": impact.activity.last.map(rfc3339),
        "assessment": bug.assessment,
        "priority": bug.priority,
        "users": impact.n_users(),
        "requests": impact.n_requests(),
        "releases": impact.releases,
        "environments": impact.environments,
        "state": match &bug.state {
            State::Open => json!({"name": "open"}),
            State::Resolved { at, release } => json!({"name": "resolved", "at": rfc3339(*at), "release": release}),
            State::Regressed { at, release } => json!({"name": "regressed", "at": rfc3339(*at), "release": release}),
            State::Muted(muted) => json!({
                "name": "muted", "reason": muted.why, "until": muted.until.at.map(rfc3339), "until_count": muted.until.n_events,
            }),
        },
        "fixer": worth.map(|worth| json!({"worth": worth.score, "reason": worth.reason})),
        "attempt": bug.attempt.as_ref().map(|attempt| json!({
            "at": rfc3339(attempt.at), "outcome": attempt.outcome.as_str(), "reason": attempt.reason,
            "release": attempt.release, "fix": attempt.fix,
        })),
        "event": bug.event_id,
        "kinds": bug.kinds.iter().map(|kind| json!({
            "id": kind.id, "count": kind.n_events, "why": kind.why, "event": kind.event_id,
        })).collect::<Vec<_>>(),
        "decisions": bug.decisions.iter().map(|decision| json!({
            "at": rfc3339(decision.at), "text": decision.text,
        })).collect::<Vec<_>>(),
    })
}

fn human(bug: &StoredBug, worth: Option<&Worth>) -> String {
    let reason = bug.assessment["reason"].as_str().unwrap_or_default();
    let of = |release: &Option<String>| {
        release
            .as_ref()
            .map_or_else(String::new, |release| format!(" in {release}"))
    };
    let state = match &bug.state {
        State::Open => String::new(),
        State::Resolved { at, release } => format!("  fixed{}, {}\n", of(release), rfc3339(*at)),
        State::Regressed { at, release } => {
            format!("  BACK AGAIN{} since {}\n", of(release), rfc3339(*at))
        }
        State::Muted(muted) => format!("  muted: {}\n", muted.why),
    };
    let attempt = bug.attempt.as_ref().map_or_else(String::new, |attempt| {
        let confidence = attempt
            .fix
            .as_ref()
            .and_then(|fix| fix["confidence"].as_f64());
        let sure = confidence.map_or_else(String::new, |c| format!(" (confidence {c:.2})"));
        let (outcome, at) = (attempt.outcome.as_str(), rfc3339(attempt.at));
        format!("  {outcome}, {at}: {}{sure}\n", attempt.reason)
    });
    let last = bug.impact.activity.last;
    format!(
        "{}  priority {:>3}  {:>7} ×  {}\n  {} · project {} · last seen {}\n  {}\n  for the fixer: {}\n{}{}",
        bug.id,
        bug.priority.score,
        bug.impact.n_events,
        plain(&bug.title),
        plain(reason),
        bug.project,
        last.map_or_else(|| "at no known time".to_owned(), rfc3339),
        plain(&bug.priority.reasons.join("; ")),
        plain(worth.map_or("its event is gone", |worth| worth.reason.as_str())),
        plain(&attempt),
        plain(&state),
    )
}

fn details(bug: &StoredBug) -> String {
    let mut text = String::from("  kinds of events:\n");
    for kind in &bug.kinds {
        let why = plain(&kind.why);
        text += &format!("    {}  {:>7} ×  {why}\n", kind.id, kind.n_events);
    }
    if !bug.decisions.is_empty() {
        text += "  decided:\n";
    }
    for decision in &bug.decisions {
        let what = plain(&decision.text);
        text += &format!("    {}  {what}\n", rfc3339(decision.at));
    }
    text
}
