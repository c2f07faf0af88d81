//! What the configuration says of the service.

use std::{
    collections::{BTreeMap, HashSet},
    num::NonZeroU32,
    path::PathBuf,
};

use ingest::Format;
use serde::{Deserialize, Deserializer};

/// The table `[serve]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Serve {
    pub(crate) listen: String,
    pub(crate) store: PathBuf,
    projects: Vec<Project>,
    pub(crate) sources: Vec<Input>,
}

/// Whose errors: one application or service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Project {
    /// The number in its DSN.
    pub(crate) id: u64,
    pub(crate) name: String,
    /// The public key in its DSN; one is made where none is given.
    pub(crate) key: Option<String>,
    /// Beyond this many, and ten seconds' worth at once, they have to come again; none: no limit.
    pub(crate) events_per_second: Option<NonZeroU32>,
}

/// Where errors are read from, beside HTTP.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Input {
    Files {
        project: Option<u64>,
        paths: Vec<String>,
        #[serde(default)]
        format: LogFormat,
    },
    Stdin {
        project: Option<u64>,
        #[serde(default)]
        format: LogFormat,
    },
    Kafka {
        project: Option<u64>,
        brokers: Vec<String>,
        topics: Vec<String>,
        #[serde(default = "group")]
        group: String,
        #[serde(default)]
        format: LogFormat,
        dead_letter: Option<String>,
        /// librdkafka's own.
        #[serde(default)]
        settings: BTreeMap<String, String>,
    },
}

fn group() -> String {
    "outerloop".to_owned()
}

/// The form of a log's lines.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct LogFormat(pub(crate) Format);

impl<'de> Deserialize<'de> for LogFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8470".to_owned(),
            store: "outerloop.db".into(),
            projects: Vec::new(),
            sources: Vec::new(),
        }
    }
}

impl Serve {
    /// The projects; without any, one of id 1.
    pub(crate) fn projects(&self) -> Vec<Project> {
        if !self.projects.is_empty() {
            return self.projects.clone();
        }
        vec![Project {
            id: 1,
            name: "default".to_owned(),
            key: None,
            events_per_second: None,
        }]
    }

    /// # Errors
    /// If two projects can't be told apart, or a key could not stand in a DSN.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let mut ids = HashSet::new();
        for project in &self.projects {
            anyhow::ensure!(
                project.id > 0 && i64::try_from(project.id).is_ok() && ids.insert(project.id),
                "serve.projects: the id {} is 0, too large or twice there",
                project.id
            );
            let is_key = |key: &String| {
                (8..=64).contains(&key.len())
                    && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
            };
            anyhow::ensure!(
                project.key.as_ref().is_none_or(is_key),
                "serve.projects: the key of {} is not of 8 to 64 letters and digits",
                project.id
            );
        }
        for input in &self.sources {
            if let Input::Kafka {
                brokers, topics, ..
            } = input
            {
                anyhow::ensure!(
                    !brokers.is_empty() && !topics.is_empty(),
                    "serve.sources: Kafka without brokers or topics"
                );
            }
        }
        Ok(())
    }
}
