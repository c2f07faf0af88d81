//! Definitions, references, callers and callees.
//!
//! Names are matched as they are written: what a name is bound to at run time is not known. Of several definitions the
//! nearest comes first where there is a place to be near to.

use std::collections::HashSet;

use tantivy::{
    Term,
    query::{BooleanQuery, Occur, Query as Clause, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    Hit,
    chunk::{self, ChunkKind, Role, Symbol},
    find::{Stored, all, boosted, term, top},
    query::{Kind, Query, Terms},
    snippet::named_lines,
    store::Store,
    words::words,
};

/// Chunks that are looked through for one name.
const MAX_CHUNKS: usize = 200;
/// Chunks that are looked through for one called name, the nearest first.
const MAX_CHUNKS_PER_CALLEE: usize = 20;
/// Parts of a dotted name or a path that are compared.
const MAX_PARTS: usize = 20;
/// What a chunk of the same file has ahead of those of other files.
const SAME_FILE: f32 = 100.0;
/// Names called by one function that are looked up.
const MAX_CALLEES: usize = 100;
/// Definitions of one called name that are told.
const MAX_PER_CALLEE: usize = 2;

/// Answers for every name of a query in turn.
pub(super) fn named(store: &Store, query: &Query<'_>) -> tantivy::Result<Vec<Hit>> {
    let terms = Terms::of(query);
    let ask = match query.kind {
        Kind::References => references,
        Kind::Callers => callers,
        Kind::Callees => callees,
        Kind::Definitions | Kind::Text => definitions,
    };
    let mut hits: Vec<Hit> = Vec::new();
    for name in &terms.names {
        for hit in ask(store, name, query.limit)? {
            let fits = terms
                .paths
                .iter()
                .all(|p| hit.path.to_lowercase().contains(p));
            if fits && !hits.contains(&hit) {
                hits.push(hit);
            }
        }
        if hits.len() >= query.limit {
            break;
        }
    }
    hits.truncate(query.limit);
    Ok(hits)
}

pub(super) fn definitions(store: &Store, name: &str, limit: usize) -> tantivy::Result<Vec<Hit>> {
    let mut hits = defined(store, name, None, MAX_CHUNKS.max(limit))?;
    hits.truncate(limit);
    Ok(hits)
}

/// Definitions of a name in the best chunks: those that the rest of a dotted name fits, and those that are near to a file.
fn defined(
    store: &Store,
    name: &str,
    near: Option<&str>,
    n_chunks: usize,
) -> tantivy::Result<Vec<Hit>> {
    let fields = &store.fields;
    let (around, bare) = name.rsplit_once('.').unwrap_or(("", name));
    let mut clauses = vec![(Occur::Must, term(fields.defines, bare))];
    for range in words(around).take(MAX_PARTS) {
        let word = around[range].to_lowercase();
        clauses.push((Occur::Should, term(fields.name_words, &word)));
        clauses.push((Occur::Should, term(fields.path_words, &word)));
    }
    if let Some(path) = near {
        let same = boosted(term(fields.path, path), SAME_FILE);
        clauses.push((Occur::Should, same));
        for range in words(path).take(MAX_PARTS) {
            let word = path[range].to_lowercase();
            clauses.push((Occur::Should, term(fields.path_words, &word)));
        }
    }
    let chunks = top(store, &BooleanQuery::new(clauses), n_chunks)?;
    let mut found: Vec<(bool, Hit)> = Vec::new();
    for chunk in chunks {
        let symbols = chunk::symbols(&chunk.path, &chunk.text).unwrap_or_default();
        let is_here = |s: &&Symbol| s.role == Role::Defines && s.name == bare;
        for symbol in symbols.iter().filter(is_here) {
            let line = chunk.start + symbol.line - 1;
            let is_chunk = line == chunk.line && chunk.kind != ChunkKind::Module;
            let qualified = match (is_chunk, chunk.name.as_str()) {
                (true, own) => own.to_owned(),
                (false, "") => bare.to_owned(),
                (false, around) => format!("{around}.{bare}"),
            };
            let hit = Hit {
                path: chunk.path.clone(),
                line,
                end_line: if is_chunk { chunk.end } else { line },
                kind: chunk.kind,
                lines: named_lines(&chunk.text, chunk.start, &[symbol.line], bare),
                score: chunk.score,
                name: qualified,
            };
            found.push((is_named(&hit, name), hit));
        }
    }
    // `order.total` may be a variable's attribute as well as a class's.
    if found.iter().any(|(fits, _)| *fits) {
        found.retain(|(fits, _)| *fits);
    }
    Ok(found.into_iter().map(|(_, hit)| hit).collect())
}

pub(super) fn references(store: &Store, name: &str, limit: usize) -> tantivy::Result<Vec<Hit>> {
    let fields = &store.fields;
    let bare = bare(name);
    // Text that is not parsed has no symbols; there it is the word.
    let in_text = all(vec![
        term(fields.text, &bare.to_lowercase()),
        of_kind(fields.kind, ChunkKind::Text),
    ]);
    let any: Vec<(Occur, Box<dyn Clause>)> = vec![
        (Occur::Should, term(fields.uses, bare)),
        (Occur::Should, in_text),
    ];
    let chunks = top(store, &BooleanQuery::new(any), MAX_CHUNKS.max(limit))?;
    Ok(with_lines(chunks, bare, &[Role::Uses, Role::Calls], limit))
}

pub(super) fn callers(store: &Store, function: &str, limit: usize) -> tantivy::Result<Vec<Hit>> {
    // A constructor is called by its class's name.
    let called = match function.strip_suffix(".__init__") {
        Some(class) => bare(class),
        None => bare(function),
    };
    let chunks = top(
        store,
        &*term(store.fields.calls, called),
        MAX_CHUNKS.max(limit),
    )?;
    Ok(with_lines(chunks, called, &[Role::Calls], limit))
}

pub(super) fn callees(store: &Store, function: &str, limit: usize) -> tantivy::Result<Vec<Hit>> {
    let Some(definition) = definitions(store, function, 1)?.into_iter().next() else {
        return Ok(Vec::new());
    };
    // A long function is stored in pieces, and only the first defines it.
    let pieces = top(
        store,
        &*term(store.fields.path, &definition.path),
        MAX_CHUNKS,
    )?;
    let pieces = pieces
        .into_iter()
        .filter(|c| c.name == definition.name && c.line == definition.line);
    let mut seen = HashSet::new();
    let mut hits = Vec::new();
    for piece in pieces {
        for symbol in chunk::symbols(&piece.path, &piece.text).unwrap_or_default() {
            let is_new = symbol.role == Role::Calls && seen.len() < MAX_CALLEES;
            if !is_new || !seen.insert(symbol.name.clone()) {
                continue;
            }
            let near = Some(definition.path.as_str());
            let mut known = defined(store, &symbol.name, near, MAX_CHUNKS_PER_CALLEE)?;
            known.sort_by_key(|hit| std::cmp::Reverse(nearness(&definition, hit)));
            let nearest = known.first().map_or(0, |hit| nearness(&definition, hit));
            known.retain(|hit| nearness(&definition, hit) == nearest);
            hits.extend(known.into_iter().take(MAX_PER_CALLEE));
            if hits.len() >= limit {
                hits.truncate(limit);
                return Ok(hits);
            }
        }
    }
    Ok(hits)
}

/// How near a definition is to where it is called from: the same class, the same file, the same folders.
fn nearness(from: &Hit, to: &Hit) -> usize {
    let around = |name: &str| {
        name.rsplit_once('.')
            .map_or("", |(class, _)| class)
            .to_owned()
    };
    if from.path == to.path {
        return 1000 + usize::from(around(&from.name) == around(&to.name));
    }
    let pairs = from.path.split('/').zip(to.path.split('/'));
    pairs.take_while(|(a, b)| a == b).count()
}

/// Hits whose lines are those on which a name stands in one of the roles; chunks without one are left out.
fn with_lines(chunks: Vec<Stored>, name: &str, roles: &[Role], limit: usize) -> Vec<Hit> {
    let mut hits = Vec::new();
    for chunk in chunks {
        if hits.len() >= limit {
            break;
        }
        let lines: Vec<u32> = match chunk::symbols(&chunk.path, &chunk.text) {
            Some(symbols) => symbols
                .iter()
                .filter(|s| s.name == name && roles.contains(&s.role))
                .map(|s| s.line)
                .collect(),
            None => (1..)
                .zip(chunk.text.lines())
                .filter(|(_, line)| words(line).any(|range| &line[range] == name))
                .map(|(at, _)| at)
                .collect(),
        };
        let lines = named_lines(&chunk.text, chunk.start, &lines, name);
        if !lines.is_empty() {
            hits.push(chunk.hit(lines));
        }
    }
    hits
}

fn of_kind(field: Field, kind: ChunkKind) -> Box<dyn Clause> {
    let term = Term::from_field_u64(field, kind.number());
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

/// The last part of a dotted name.
fn bare(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether a definition goes by a dotted name: `total`, `Orders.total`, `shop.orders.Orders.total`.
fn is_named(hit: &Hit, name: &str) -> bool {
    let module = hit.path.rsplit_once('.').map_or("", |(stem, _)| stem);
    let module = module.strip_suffix("/__init__").unwrap_or(module);
    let full = format!("{}.{}", module.replace('/', "."), hit.name);
    full.ends_with(name)
        && (full.len() == name.len() || full[..full.len() - name.len()].ends_with('.'))
}
