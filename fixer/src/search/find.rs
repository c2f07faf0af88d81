//! Hits by words, phrases, paths and the stack.

use std::ops::Bound;

use ingest::Frame;
use tantivy::{
    DocAddress, Score, SegmentReader, TantivyDocument, TantivyError, Term,
    collector::TopDocs,
    query::{
        BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, PhraseQuery,
        Query as Clause, RangeQuery, TermQuery, TermSetQuery,
    },
    schema::{Field, IndexRecordOption, Value},
};

use super::{
    Hit,
    chunk::ChunkKind,
    query::{Query, Terms},
    snippet::{Line, Wanted},
    store::{Fields, Store},
    words::{parts, words},
};
use crate::{
    frames::{self, Mapped},
    git::TreeEntry,
};

/// Of more words than this not all need be there.
const MAX_REQUIRED_WORDS: usize = 8;
/// Hits that are looked at beyond those wanted: some are not what their words promise.
const SPARE: usize = 50;
/// Hits that are told at most, whatever is asked for.
const MAX_HITS: usize = 1000;

// What a word is worth in each field, as factors of its weight in the text. Judgements: what a thing is called says more
// than what it mentions, where it lies says a little more.
const DEFINES: Score = 4.0;
const NAME: Score = 3.0;
const PATH: Score = 1.5;
const DOC: Score = 1.2;
const PARTS: Score = 0.7;
/// What the other fields add to the best one.
const TIE: Score = 0.1;
/// The innermost function of a stack; the n-th from there gets an n-th of it. More than any few words weigh, as a rule.
const ON_STACK: Score = 100.0;
/// The share of that for the rest of a frame's file.
const SAME_FILE: Score = 0.1;
/// A definition of a frame's function, wherever it is.
const SAME_FUNCTION: Score = 1.0;

/// A chunk as it is stored.
pub(super) struct Stored {
    pub(super) path: String,
    pub(super) kind: ChunkKind,
    pub(super) name: String,
    pub(super) text: String,
    pub(super) line: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) place: u64,
    pub(super) score: Score,
}

impl Stored {
    pub(super) fn hit(self, lines: Vec<Line>) -> Hit {
        Hit {
            path: self.path,
            line: self.line,
            end_line: self.end,
            kind: self.kind,
            name: self.name,
            lines,
            score: self.score,
        }
    }
}

/// Chunks with all the words; where there is none, with some of them.
pub(super) fn text(store: &Store, query: &Query<'_>) -> tantivy::Result<Vec<Hit>> {
    let terms = Terms::of(query);
    let wanted = Wanted::of(&terms.words, &terms.phrases);
    let filters = filters(store, &terms)?;
    let on_stack = on_stack(store, &terms.frames)?;
    if terms.words.is_empty() && filters.is_empty() && on_stack.is_empty() {
        return Ok(Vec::new());
    }
    let all_needed = on_stack.is_empty() && terms.words.len() <= MAX_REQUIRED_WORDS;
    for occur in [Occur::Must, Occur::Should] {
        if occur == Occur::Must && !all_needed {
            continue;
        }
        let mut clauses: Vec<(Occur, Box<dyn Clause>)> = Vec::new();
        let of_words = terms.words.iter().map(|w| (occur, word(&store.fields, w)));
        let of_stack = on_stack.iter().map(|c| (Occur::Should, c.box_clone()));
        let any: Vec<(Occur, Box<dyn Clause>)> = of_words.chain(of_stack).collect();
        if !any.is_empty() {
            clauses.push((Occur::Must, Box::new(BooleanQuery::new(any))));
        }
        clauses.extend(filters.iter().map(|c| (Occur::Must, c.box_clone())));
        let limit = query.limit.min(MAX_HITS);
        let found = top(store, &BooleanQuery::new(clauses), limit + SPARE)?;
        let mut hits: Vec<Hit> = Vec::new();
        for chunk in found {
            if !wanted.has_phrases(&chunk.text) {
                continue;
            }
            let lines = wanted.best_lines(&chunk.text, chunk.start);
            // Windows of lines overlap.
            let is_known = chunk.kind == ChunkKind::Text
                && hits
                    .iter()
                    .any(|h| h.path == chunk.path && h.lines == lines);
            if !is_known {
                let lines = if lines.is_empty() {
                    first_line(&chunk)
                } else {
                    lines
                };
                hits.push(chunk.hit(lines));
            }
        }
        hits.truncate(limit);
        if !hits.is_empty() {
            return Ok(hits);
        }
    }
    Ok(Vec::new())
}

/// The line of a chunk's definition, or the first that says anything.
fn first_line(chunk: &Stored) -> Vec<Line> {
    let numbered = || chunk.text.lines().zip(chunk.start..);
    let line = numbered()
        .find(|(_, number)| *number == chunk.line)
        .filter(|(line, _)| !line.trim().is_empty())
        .or_else(|| numbered().find(|(line, _)| !line.trim().is_empty()));
    let line = line.map(|(text, number)| Line {
        number,
        text: text.to_owned(),
        marks: Vec::new(),
    });
    line.into_iter().collect()
}

/// The best chunks for a query: the repository's own first, then generated ones, then vendored ones.
pub(super) fn top(store: &Store, query: &dyn Clause, limit: usize) -> tantivy::Result<Vec<Stored>> {
    let by_place = |segment: &SegmentReader| {
        let place = segment
            .fast_fields()
            .u64("place")
            .map(|column| column.first_or_default_col(0));
        move |doc, score: Score| {
            let place = place.as_ref().map_or(0, |column| column.get_val(doc));
            (std::cmp::Reverse(place), score)
        }
    };
    let collector = TopDocs::with_limit(limit.clamp(1, MAX_HITS + SPARE)).tweak_score(by_place);
    let found = store.searcher.search(query, &collector)?;
    let mut chunks = Vec::new();
    for ((_, score), address) in found {
        chunks.push(stored(store, address, score)?);
    }
    // Which document is where in the index is chance.
    chunks.sort_by(|a, b| {
        let place = a.place.cmp(&b.place);
        place
            .then(b.score.total_cmp(&a.score))
            .then_with(|| (&a.path, a.start).cmp(&(&b.path, b.start)))
    });
    Ok(chunks)
}

fn stored(store: &Store, address: DocAddress, score: Score) -> tantivy::Result<Stored> {
    let document: TantivyDocument = store.searcher.doc(address)?;
    let text = |field: Field| {
        let value = document.get_first(field);
        value
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let number = |field: Field| document.get_first(field).and_then(|v| v.as_u64());
    let small = |field: Field| number(field).and_then(|n| u32::try_from(n).ok());
    let damaged = || TantivyError::InternalError("a document lacks a field".to_owned());
    let fields = &store.fields;
    Ok(Stored {
        path: text(fields.path),
        kind: number(fields.kind)
            .and_then(ChunkKind::of)
            .ok_or_else(damaged)?,
        name: text(fields.name),
        text: text(fields.text),
        line: small(fields.line).ok_or_else(damaged)?,
        start: small(fields.start).ok_or_else(damaged)?,
        end: small(fields.end).ok_or_else(damaged)?,
        place: number(fields.place).ok_or_else(damaged)?,
        score,
    })
}

pub(super) fn term(field: Field, text: &str) -> Box<dyn Clause> {
    let term = Term::from_field_text(field, text);
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

pub(super) fn boosted(clause: Box<dyn Clause>, factor: Score) -> Box<dyn Clause> {
    Box::new(BoostQuery::new(clause, factor))
}

/// All of several clauses.
pub(super) fn all(clauses: Vec<Box<dyn Clause>>) -> Box<dyn Clause> {
    Box::new(BooleanQuery::intersection(clauses))
}

/// One word: whole in any field, or all its parts in one.
fn word(fields: &Fields, word: &str) -> Box<dyn Clause> {
    let lower = word.to_lowercase();
    let mut any = vec![
        boosted(term(fields.defines, word), DEFINES),
        boosted(term(fields.name_words, &lower), NAME),
        boosted(term(fields.path_words, &lower), PATH),
        boosted(term(fields.doc, &lower), DOC),
        term(fields.text, &lower),
    ];
    let parts: Vec<String> = parts(word).iter().map(|p| p.to_lowercase()).collect();
    if parts.len() > 1 {
        let of = |field| all(parts.iter().map(|p| term(field, p)).collect());
        any.push(boosted(of(fields.name_words), NAME * PARTS));
        any.push(boosted(of(fields.path_words), PATH * PARTS));
        any.push(boosted(of(fields.text), PARTS));
    }
    Box::new(DisjunctionMaxQuery::with_tie_breaker(any, TIE))
}

/// What a hit must have: phrases, and parts of its path.
fn filters(store: &Store, terms: &Terms) -> tantivy::Result<Vec<Box<dyn Clause>>> {
    let text = store.fields.text;
    let mut out: Vec<Box<dyn Clause>> = Vec::new();
    for phrase in &terms.phrases {
        let words: Vec<String> = words(phrase).map(|r| phrase[r].to_lowercase()).collect();
        out.push(match words.as_slice() {
            [one] => term(text, one),
            several => {
                let terms = several.iter().map(|w| Term::from_field_text(text, w));
                Box::new(PhraseQuery::new(terms.collect()))
            }
        });
    }
    if !terms.paths.is_empty() {
        let fits = |path: &String| {
            let path = path.to_lowercase();
            terms.paths.iter().all(|part| path.contains(part))
        };
        let paths = paths(store)?.into_iter().filter(fits);
        let paths = paths.map(|p| Term::from_field_text(store.fields.path, &p));
        let any = Box::new(TermSetQuery::new(paths));
        out.push(Box::new(ConstScoreQuery::new(any, 0.0)));
    }
    Ok(out)
}

/// Every path of the index; that of a file that is gone may be among them for a while.
fn paths(store: &Store) -> tantivy::Result<Vec<String>> {
    let mut out = Vec::new();
    for segment in store.searcher.segment_readers() {
        let index = segment.inverted_index(store.fields.path)?;
        let mut stream = index.terms().stream()?;
        while stream.advance() {
            out.push(String::from_utf8_lossy(stream.key()).into_owned());
        }
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

/// What code on the stack has ahead of the rest, more the nearer it is to the failure.
fn on_stack(store: &Store, frames: &[Frame]) -> tantivy::Result<Vec<Box<dyn Clause>>> {
    let mut out: Vec<Box<dyn Clause>> = Vec::new();
    if frames.is_empty() {
        return Ok(out);
    }
    let fields = &store.fields;
    let ordinary = |path| TreeEntry {
        mode: "100644".to_owned(),
        blob: String::new(),
        path,
    };
    let entries: Vec<TreeEntry> = paths(store)?.into_iter().map(ordinary).collect();
    for (at, frame) in frames.iter().rev().enumerate() {
        let nearness = 1.0 / (at + 1) as Score;
        let function = frame.function.rsplit('.').next().unwrap_or_default();
        let is_named = !function.is_empty() && !function.starts_with('<');
        if is_named {
            out.push(boosted(
                term(fields.defines, function),
                SAME_FUNCTION * nearness,
            ));
        }
        // Which line is where is looked up here; whether it is the same text does not matter for an order.
        let bare = Frame {
            context_line: None,
            ..frame.clone()
        };
        let files = match frames::map(&bare, &entries, |_, _| None) {
            Mapped::File(path) => vec![path],
            Mapped::Ambiguous(paths) => paths,
            Mapped::Outside | Mapped::OtherContent(_) => continue,
        };
        for path in files {
            let in_file = term(fields.path, &path);
            let in_file = |score| Box::new(ConstScoreQuery::new(in_file.box_clone(), score));
            out.push(in_file(ON_STACK * SAME_FILE * nearness));
            let Some(line) = frame.line else { continue };
            let line = |field| Term::from_field_u64(field, line.into());
            let mut place: Vec<Box<dyn Clause>> = vec![
                in_file(1.0),
                Box::new(RangeQuery::new(
                    Bound::Unbounded,
                    Bound::Included(line(fields.start)),
                )),
                Box::new(RangeQuery::new(
                    Bound::Included(line(fields.end)),
                    Bound::Unbounded,
                )),
            ];
            if is_named {
                // The class and the module around a function reach over its lines too.
                let kind = Term::from_field_u64(fields.kind, ChunkKind::Function.number());
                place.push(Box::new(TermQuery::new(kind, IndexRecordOption::Basic)));
            }
            out.push(Box::new(ConstScoreQuery::new(
                all(place),
                ON_STACK * nearness,
            )));
        }
    }
    Ok(out)
}
