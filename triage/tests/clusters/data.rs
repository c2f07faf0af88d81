//! Traces whose bug is known.

use std::{fs, path::Path};

use ingest::{ErrorEvent, Options, Redaction, read_with};

/// A trace and its bug.
pub struct Labelled {
    pub label: String,
    pub event: ErrorEvent,
}

/// Defects4J's: what the failing tests of each bug print (`<Project>/trigger_tests/<bug>.txt`). `None` without the folder.
pub fn defects4j(folder: &Path) -> Option<Vec<Labelled>> {
    let mut all = Vec::new();
    for project in sorted(folder)? {
        for file in sorted(&folder.join(&project).join("trigger_tests")).unwrap_or_default() {
            let path = folder.join(&project).join("trigger_tests").join(&file);
            let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
            let label = format!("{project}-{}", file.trim_end_matches(".txt"));
            for part in format!("\n{text}").split("\n--- ").skip(1) {
                all.extend(first(part.as_bytes()).map(|event| Labelled {
                    label: label.clone(),
                    event,
                }));
            }
        }
    }
    Some(all)
}

/// Sentry's own issues, by the names of their files: `group_<issue>_event_<event>.json`.
pub fn sentry_groups(folder: &Path) -> Option<Vec<Labelled>> {
    let mut all = Vec::new();
    for file in sorted(folder)? {
        let Some((group, _)) = file
            .strip_prefix("group_")
            .and_then(|rest| rest.split_once("_event_"))
        else {
            continue;
        };
        let event = first(&fs::read(folder.join(&file)).unwrap()).unwrap();
        all.push(Labelled {
            label: group.to_owned(),
            event,
        });
    }
    Some(all)
}

fn sorted(folder: &Path) -> Option<Vec<String>> {
    let entries = fs::read_dir(folder).ok()?;
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    Some(names)
}

/// The first error of a text.
fn first(bytes: &[u8]) -> Option<ErrorEvent> {
    let options = Options {
        redaction: Redaction::Off,
        ..Options::default()
    };
    let mut events = Vec::new();
    read_with(bytes, &options, |event| events.push(event)).unwrap();
    (!events.is_empty()).then(|| events.swap_remove(0))
}
