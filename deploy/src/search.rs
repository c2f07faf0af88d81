//! `outerloop search`: where in a commit something is.

use std::{
    io::{IsTerminal, Read, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use fixer::search::{ChunkKind, Hit, Index, Kind, Line, Query};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    cache,
    fix::{plain, repository, usage},
    streams::printed,
};

/// Longer input is no query; the first part of it is read.
const MAX_INPUT_BYTES: u64 = 1 << 20;
/// Characters of a line that are shown to people.
const MAX_SHOWN: usize = 160;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const PATH: Style = AnsiColor::Cyan.on_default();
const MARK: Style = AnsiColor::Red.on_default().bold();

/// Find code in a repository: words, "exact phrases", path:PART, or a pasted stack trace.
///
/// Exit status: 0 something was found; 3 nothing was; 2 bad usage; 1 an internal failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to look for; - for standard input.
    #[arg(required = true)]
    query: Vec<String>,
    /// The git repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// The commit to search.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    commit: String,
    /// What to look for it as.
    #[arg(long, value_enum, default_value_t = KindArg::Text)]
    kind: KindArg,
    /// Hits at most.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    limit: u64,
    /// What goes to standard output.
    #[arg(long, value_enum, default_value_t = Output::Human)]
    output: Output,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum KindArg {
    /// Code and text that holds the words.
    Text,
    /// Definitions of the names.
    Def,
    /// Uses of the names.
    Refs,
    /// Code that calls the function.
    Callers,
    /// Definitions of what the function calls.
    Callees,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Text => Self::Text,
            KindArg::Def => Self::Definitions,
            KindArg::Refs => Self::References,
            KindArg::Callers => Self::Callers,
            KindArg::Callees => Self::Callees,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Human,
    Json,
}

/// Runs the command.
///
/// # Errors
/// A usage error for what the caller can mend, others for failures of ours.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let repository = repository(&args.repo)?;
    let commit = repository
        .resolve(&args.commit)
        .map_err(|e| usage(format!("--commit: {e}")))?;
    let text = match args.query.as_slice() {
        [one] if one == "-" => input()?,
        words => words.join(" "),
    };
    let speaks = args.output == Output::Human || std::io::stderr().is_terminal();
    let progress = |text: &str| {
        if speaks {
            eprintln!("{text}");
        }
    };
    let folder = folder(repository.root())?;
    let index = Index::open(&repository, &commit, &folder, &progress)
        .with_context(|| format!("indexing into {}", folder.display()))?;
    let hits = index.search(&Query {
        text: &text,
        kind: args.kind.into(),
        stack: &[],
        limit: args.limit as usize,
    })?;
    match args.output {
        Output::Human => {
            let shown: String = hits.iter().map(show).collect();
            printed(anstream::stdout().write_all(shown.as_bytes()))
                .context("writing to standard output")?;
        }
        Output::Json => {
            let hits: Vec<_> = hits.iter().map(to_json).collect();
            let answer = json!({
                "hits": hits,
                "indexed": index.n_files(),
                "skipped": index.n_skipped(),
                "ms": started.elapsed().as_millis() as u64,
            });
            println!("{answer}");
        }
    }
    Ok(ExitCode::from(if hits.is_empty() { 3 } else { 0 }))
}

fn input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MAX_INPUT_BYTES)
        .read_to_end(&mut bytes)
        .context("reading standard input")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Where the index of a repository is kept.
fn folder(root: &Path) -> anyhow::Result<PathBuf> {
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let name: String = digest[..16].iter().map(|b| format!("{b:02x}")).collect();
    Ok(cache::root()?.join("search").join(name))
}

fn to_json(hit: &Hit) -> serde_json::Value {
    let snippet: Vec<&str> = hit.lines.iter().map(|l| l.text.as_str()).collect();
    json!({
        "path": hit.path,
        "line": hit.line,
        "end_line": hit.end_line,
        "kind": hit.kind,
        "name": hit.name,
        "snippet": snippet.join("\n"),
        "snippet_lines": hit.lines.iter().map(|l| l.number).collect::<Vec<_>>(),
        "score": f64::from((hit.score * 100.0).round()) / 100.0,
    })
}

fn show(hit: &Hit) -> String {
    // A definition is where it begins; of other text the line that was found says more.
    let first = hit.lines.first().map_or(hit.line, |l| l.number);
    let line = match hit.kind {
        ChunkKind::Function | ChunkKind::Class => hit.line,
        ChunkKind::Module | ChunkKind::Text | ChunkKind::File => first,
    };
    let mut out = format!("{PATH}{}{PATH:#}:{line}", one_line(&hit.path));
    if !hit.name.is_empty() {
        out += &format!("  {BOLD}{}{BOLD:#}", one_line(&hit.name));
    }
    out.push('\n');
    for line in &hit.lines {
        out += &format!("{DIM}{:>6}{DIM:#}  {}\n", line.number, marked(line));
    }
    out
}

/// A line without its indentation, cut to what is seen at a glance, with the marks in colour.
fn marked(line: &Line) -> String {
    let text = line.text.as_str();
    let indent = text.len() - text.trim_start().len();
    // The first mark shows, with something before it.
    let first = line.marks.first().map_or(indent, |m| m.start);
    let from = text
        .floor_char_boundary(first.saturating_sub(MAX_SHOWN / 2))
        .max(indent);
    let from = if first < indent + MAX_SHOWN {
        indent
    } else {
        from
    };
    let to = text.floor_char_boundary(from + MAX_SHOWN);
    let mut out = String::from(if from > indent { "…" } else { "" });
    let mut at = from;
    for mark in line.marks.iter().filter(|m| m.start >= from && m.end <= to) {
        out += &one_line(&text[at..mark.start]);
        let found = one_line(&text[mark.clone()]);
        out += &format!("{MARK}{found}{MARK:#}");
        at = mark.end;
    }
    out += &one_line(&text[at..to]);
    out + if to < text.len() { "…" } else { "" }
}

/// Text of others on one line.
fn one_line(text: &str) -> String {
    plain(text).replace('\n', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, mark: &str, expected: &str) {
        let marks = text
            .match_indices(mark)
            .map(|(at, m)| at..at + m.len())
            .collect();
        let line = Line {
            number: 1,
            text: text.to_owned(),
            marks,
        };
        let shown = marked(&line);
        let shown = shown.replace(&format!("{MARK}"), "<");
        assert_eq!(shown.replace(&format!("{MARK:#}"), ">"), expected);
    }

    #[test]
    fn lines_are_cut_marked_and_harmless() {
        check("    return a + ab", "a", "return <a> + <a>b");
        check(
            "x = '\u{1b}[31m\u{202e}'",
            "x",
            "<x> = '\u{fffd}[31m\u{fffd}'",
        );
        check("a\u{1b}b", "a\u{1b}b", "<a\u{fffd}b>");
        let long = format!("{}needle{}", "é".repeat(500), "é".repeat(500));
        let line = format!("…{}<needle>{}…", "é".repeat(40), "é".repeat(37));
        check(&long, "needle", &line);
    }
}
