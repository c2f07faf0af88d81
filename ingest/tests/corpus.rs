//! Finds and reads the data that nobody of this project wrote; it is not part of the repository.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ingest::{ErrorEvent, Format, Options, Redaction, Summary, read_with};

/// The folder with the data, or `None` (said aloud) where it is absent.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data")
        .join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {} is not here", folder.display());
        return None;
    }
    Some(folder)
}

/// All files under a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Reads bytes without redaction.
pub(crate) fn read_bytes(bytes: &[u8], format: Format) -> (Vec<ErrorEvent>, Summary) {
    let mut events = Vec::new();
    let options = Options {
        format,
        redaction: Redaction::Off,
    };
    let summary = read_with(bytes, &options, |event| events.push(event)).unwrap();
    let n_dropped: u64 = summary.dropped.values().sum();
    assert_eq!(
        summary.records,
        summary.events + n_dropped,
        "every record ends in one outcome"
    );
    assert_eq!(summary.events, events.len() as u64);
    for event in &events {
        check_order(event);
    }
    (events, summary)
}

/// What every event promises.
#[track_caller]
fn check_order(event: &ErrorEvent) {
    assert!(!event.exceptions.is_empty() || event.message.is_some());
    for (at, exception) in event.exceptions.iter().enumerate() {
        match exception.parent {
            None => assert_eq!(at, 0, "only the surfaced one hangs on nothing"),
            Some(parent) => assert!(parent.index < at),
        }
    }
}

/// Reads a file without redaction.
pub(crate) fn read_file(path: &Path) -> (Vec<ErrorEvent>, Summary) {
    read_bytes(&fs::read(path).unwrap(), Format::Auto)
}

/// The rows of a CSV file with quoted fields (RFC 4180), by column name.
pub(crate) fn csv(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut rows: Vec<Vec<String>> = vec![vec![String::new()]];
    let mut in_quotes = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' if in_quotes && chars.next_if_eq(&'"').is_some() => {
                row.last_mut().unwrap().push('"')
            }
            '"' => in_quotes = !in_quotes,
            ',' if !in_quotes => row.push(String::new()),
            '\n' if !in_quotes => rows.push(vec![String::new()]),
            '\r' if !in_quotes => {}
            c => row.last_mut().unwrap().push(c),
        }
    }
    let mut rows = rows.into_iter();
    let names = rows.next().unwrap();
    rows.filter(|row| row.len() > 1)
        .map(|row| names.iter().cloned().zip(row).collect())
        .collect()
}
