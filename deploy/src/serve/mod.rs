//! `outerloop serve`: reads errors from everywhere, keeps them, groups them.

mod http;
mod limit;
mod otlp_http;
pub(crate) mod settings;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use clap::Args as ClapArgs;
use ingest::{
    Redactor,
    sources::{Files, Kafka, Source, Stdin},
};
use tokio::{net::TcpListener, signal::unix, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::{
    http::{App, Project},
    limit::Limited,
    settings::{Input, Serve},
};
use crate::{config::Config, fix::usage, store::Store};

/// Run the service: take errors from log files, standard input, Kafka and HTTP, store them, group them into bugs.
///
/// Applications with an official Sentry SDK need only the DSN that is printed at the start. What is acknowledged is on the
/// disk. SIGTERM or Ctrl-C end it; started again, it goes on where it stopped.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The configuration: docs/outerloop.example.toml has every key.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let settings = Config::load(args.config.as_deref())?.serve;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.block_on(serve(settings))?;
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

async fn serve(settings: Serve) -> anyhow::Result<()> {
    let store = Store::open(&settings.store).await?;
    let listener = TcpListener::bind(&settings.listen)
        .await
        .map_err(|error| usage(format!("serve.listen = {:?}: {error}", settings.listen)))?;
    let address = listener.local_addr()?;
    let mut projects = Vec::new();
    for project in &settings.projects() {
        let keys = store.keys(project.id, project.key.as_deref()).await?;
        eprintln!(
            "project {} ({}): DSN http://{}@{address}/{}",
            project.id, project.name, keys.public, project.id
        );
        projects.push(Project {
            id: project.id,
            public_key: keys.public,
            redactor: Redactor::new(keys.redaction),
        });
    }
    let stop = stop_on_signals()?;
    let limits = settings.projects().into_iter();
    let sink = Arc::new(Limited::new(
        Arc::new(store.clone()),
        limits.filter_map(|project| Some((project.id, project.events_per_second?))),
    ));
    let mut sources = JoinSet::new();
    for (at, input) in settings.sources.iter().enumerate() {
        let source = source(input, &projects).ok_or_else(|| {
            usage(format!(
                "serve.sources[{at}] is of a project that there is not"
            ))
        })?;
        source
            .check()
            .map_err(|error| usage(format!("serve.sources[{at}]: {error}")))?;
        eprintln!("reading {}", source.name());
        sources.spawn(source.run(sink.clone(), stop.clone()));
    }
    eprintln!(
        "listening on {address}, storing in {}",
        settings.store.display()
    );
    let server = tokio::spawn(http::serve(
        listener,
        App::new(store.clone(), sink, projects),
        stop.clone(),
    ));
    let mut failed = Ok(());
    while let Some(ended) = sources.join_next().await {
        if let Err(error) = ended.context("a source")? {
            tracing::error!(%error, "a source ended");
            failed = Err(error);
        }
    }
    stop.cancelled().await;
    server.await??;
    eprintln!("stopped");
    failed.map_err(Into::into)
}

fn source(input: &Input, projects: &[Project]) -> Option<Box<dyn Source>> {
    let project = |id: Option<u64>| {
        let wanted = id.or(projects.first().map(|project| project.id))?;
        projects.iter().find(|project| project.id == wanted)
    };
    Some(match input {
        Input::Files {
            project: id,
            paths,
            format,
        } => {
            let project = project(*id)?;
            Box::new(Files {
                project: project.id,
                patterns: paths.clone(),
                format: format.0,
                redactor: project.redactor.clone(),
            })
        }
        Input::Stdin {
            project: id,
            format,
        } => {
            let project = project(*id)?;
            Box::new(Stdin {
                project: project.id,
                format: format.0,
                redactor: project.redactor.clone(),
            })
        }
        Input::Kafka {
            project: id,
            brokers,
            topics,
            group,
            format,
            dead_letter,
            settings,
        } => {
            let project = project(*id)?;
            Box::new(Kafka {
                project: project.id,
                brokers: brokers.clone(),
                topics: topics.clone(),
                group: group.clone(),
                format: format.0,
                dead_letter: dead_letter.clone(),
                settings: settings.clone(),
                redactor: project.redactor.clone(),
            })
        }
    })
}

/// A token that SIGTERM and SIGINT cancel; a second signal ends the process.
fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    for kind in [unix::SignalKind::terminate(), unix::SignalKind::interrupt()] {
        let mut signals = unix::signal(kind)?;
        let stop = stop.clone();
        tokio::spawn(async move {
            signals.recv().await;
            stop.cancel();
            signals.recv().await;
            std::process::exit(1);
        });
    }
    Ok(stop)
}
