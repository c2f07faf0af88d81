//! Loghub's labelled logs, and how groups of lines are compared with the labels.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::Path,
};

/// One system's log of Loghub-2k.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) name: String,
    /// Whole lines, headers included.
    pub(crate) lines: Vec<String>,
    /// The same without headers, as people cut them off.
    #[allow(dead_code, reason = "peers are given it too, tests are not")]
    pub(crate) contents: Vec<String>,
    /// The event that people say each line is of.
    pub(crate) events: Vec<String>,
}

/// Reads the systems of a folder that is laid out as Loghub-2k is, by name; the corrected labels where there are any.
pub(crate) fn systems(folder: &Path) -> anyhow::Result<Vec<System>> {
    let mut systems = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let log = entry.path().join(format!("{name}_2k.log"));
        let corrected = log.with_extension("log_structured_corrected.csv");
        let labels = if corrected.exists() {
            corrected
        } else {
            log.with_extension("log_structured.csv")
        };
        let mut system = System {
            name,
            lines: String::from_utf8_lossy(&fs::read(&log)?)
                .lines()
                .map(str::to_owned)
                .collect(),
            contents: Vec::new(),
            events: Vec::new(),
        };
        let mut rows = csv::Reader::from_path(labels)?;
        for row in rows.deserialize() {
            let mut row: HashMap<String, String> = row?;
            let mut column = |name| {
                row.remove(name)
                    .ok_or_else(|| io::Error::other(format!("no column {name}")))
            };
            system.contents.push(column("Content")?);
            system.events.push(column("EventId")?);
        }
        anyhow::ensure!(
            system.lines.len() == system.events.len(),
            "{}: lines and labels differ in number",
            system.name
        );
        systems.push(system);
    }
    systems.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(systems)
}

/// How well groups of lines fit the labels, each `0.0..=1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    /// Grouping accuracy: the share of lines whose group is exactly an event's lines (Zhu et al., ICSE-SEIP 2019).
    pub(crate) ga: f64,
    /// F1 of group accuracy: the harmonic mean of the shares of groups and of events that are exactly one of the other
    /// (Jiang et al., ISSTA 2024).
    pub(crate) fga: f64,
}

/// Compares the group of each line with its event.
pub(crate) fn score(groups: &[u64], events: &[String]) -> Score {
    let found = sets(groups.iter());
    let wanted: HashSet<Vec<usize>> = sets(events.iter()).into_iter().collect();
    let right: Vec<&Vec<usize>> = found.iter().filter(|set| wanted.contains(*set)).collect();
    let n_lines: usize = right.iter().map(|set| set.len()).sum();
    Score {
        ga: n_lines as f64 / events.len().max(1) as f64,
        // 2PR / (P + R) with P = right/found and R = right/wanted.
        fga: 2.0 * right.len() as f64 / (found.len() + wanted.len()).max(1) as f64,
    }
}

fn sets<T: std::hash::Hash + Eq>(labels: impl Iterator<Item = T>) -> Vec<Vec<usize>> {
    let mut sets: HashMap<T, Vec<usize>> = HashMap::new();
    for (at, label) in labels.enumerate() {
        sets.entry(label).or_default().push(at);
    }
    sets.into_values().collect()
}
