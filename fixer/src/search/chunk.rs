//! A file as the pieces that are found: functions, classes, what is left of a module, or windows of lines.

use serde::Serialize;

use crate::lang::python;

/// Larger files are known by their path only: data, as a rule.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 20;
/// Of a longer line the rest is not searched: data, or minified.
const MAX_LINE_BYTES: usize = 2000;
/// A longer function or class is found in pieces.
const MAX_CHUNK_LINES: usize = 150;
/// Lines of a piece of a text that has no functions.
const WINDOW_LINES: usize = 60;
/// Lines that two such pieces share, so that what spans a border is found too.
const OVERLAP_LINES: usize = 10;
/// Where git looks for a zero byte to call a file binary.
const SNIFF_BYTES: usize = 8000;

/// What a piece of a file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChunkKind {
    /// A function or method.
    Function,
    /// A class without its methods.
    Class,
    /// A module without its functions and classes.
    #[default]
    Module,
    /// Lines of any other text.
    Text,
    /// A file known by its path only: binary, or too large.
    File,
}

impl ChunkKind {
    /// Every kind, in the order of their numbers in the index.
    const ALL: [Self; 5] = [
        Self::Function,
        Self::Class,
        Self::Module,
        Self::Text,
        Self::File,
    ];

    /// As a number, for the index.
    pub(super) fn number(self) -> u64 {
        self as u64
    }

    /// The kind of a number.
    pub(super) fn of(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.number() == number)
    }

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Class => "class",
            Self::Module => "module",
            Self::Text => "text",
            Self::File => "file",
        }
    }
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) kind: ChunkKind,
    /// Qualified within the file: `Orders.total`. Empty where it has none.
    pub(crate) name: String,
    /// 1-based line of its definition.
    pub(crate) line: u32,
    /// 1-based line of the file at which the text begins.
    pub(crate) start: u32,
    /// 1-based last line of the whole definition.
    pub(crate) end: u32,
    pub(crate) text: String,
    pub(crate) doc: String,
    pub(crate) symbols: Vec<Symbol>,
}

/// An identifier at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Symbol {
    pub(crate) name: String,
    /// 1-based.
    pub(crate) line: u32,
    pub(crate) role: Role,
}

/// What code does with an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Defines,
    Uses,
    Calls,
}

/// The text of a file, or `None` of a binary one. Bytes that are no UTF-8 become replacement characters.
pub(super) fn decode(content: &[u8]) -> Option<String> {
    let head = &content[..content.len().min(SNIFF_BYTES)];
    (!head.contains(&0)).then(|| String::from_utf8_lossy(content).into_owned())
}

/// The pieces of a file; at least one.
pub(super) fn chunks(path: &str, text: &str) -> Vec<Chunk> {
    let parsed = is_python(path).then(|| python::chunks(text)).flatten();
    let made = match parsed {
        Some(chunks) => chunks.into_iter().flat_map(split).collect(),
        None => windows(text),
    };
    match made.is_empty() {
        // An empty file is found by its path.
        true => vec![Chunk {
            kind: ChunkKind::Text,
            ..by_path()
        }],
        false => made,
    }
}

/// What stands for a file whose content is not searched.
pub(super) fn by_path() -> Chunk {
    Chunk {
        kind: ChunkKind::File,
        name: String::new(),
        line: 1,
        start: 1,
        end: 1,
        text: String::new(),
        doc: String::new(),
        symbols: Vec::new(),
    }
}

/// The symbols of a stored piece of a file, lines counted from its first; `None` of files that are not parsed.
pub(super) fn symbols(path: &str, text: &str) -> Option<Vec<Symbol>> {
    is_python(path).then(|| python::symbols(text))
}

fn is_python(path: &str) -> bool {
    path.ends_with(".py") || path.ends_with(".pyi")
}

/// A long chunk in several, all of one name; nothing of a chunk without a line of its own.
fn split(chunk: Chunk) -> Vec<Chunk> {
    let lines: Vec<&str> = chunk.text.lines().map(cut).collect();
    let is_module = chunk.kind == ChunkKind::Module;
    let pieces = lines.chunks(MAX_CHUNK_LINES).enumerate();
    let pieces = pieces.filter(|(_, lines)| lines.iter().any(|l| !l.trim().is_empty()));
    let pieces = pieces.map(|(at, lines)| {
        let start = chunk.start + (at * MAX_CHUNK_LINES) as u32;
        let end = start + lines.len() as u32;
        let own = chunk.symbols.iter();
        let own = own.filter(|s| (start..end).contains(&s.line)).cloned();
        Chunk {
            kind: chunk.kind,
            name: chunk.name.clone(),
            line: if is_module { start } else { chunk.line },
            start,
            end: if is_module { end - 1 } else { chunk.end },
            text: lines.join("\n"),
            doc: if at == 0 {
                chunk.doc.clone()
            } else {
                String::new()
            },
            symbols: own.collect(),
        }
    });
    pieces.collect()
}

/// A text by its lines.
fn windows(text: &str) -> Vec<Chunk> {
    let lines: Vec<&str> = text.lines().map(cut).collect();
    let mut out = Vec::new();
    let mut start = 0;
    while start < lines.len() {
        let end = (start + WINDOW_LINES).min(lines.len());
        if lines[start..end].iter().any(|l| !l.trim().is_empty()) {
            out.push(Chunk {
                kind: ChunkKind::Text,
                line: start as u32 + 1,
                start: start as u32 + 1,
                end: end as u32,
                text: lines[start..end].join("\n"),
                ..by_path()
            });
        }
        if end == lines.len() {
            break;
        }
        start = end - OVERLAP_LINES;
    }
    out
}

fn cut(line: &str) -> &str {
    &line[..line.floor_char_boundary(MAX_LINE_BYTES)]
}
