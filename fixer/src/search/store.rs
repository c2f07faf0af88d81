//! The index on disk: opened where it holds the commit, brought to it where it does not, rebuilt where it is damaged.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File, TryLockError},
    io,
    ops::ControlFlow,
    path::Path,
    sync::{Mutex, mpsc},
};

use serde::{Deserialize, Serialize};
use tantivy::{
    IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError, Term,
    collector::Count,
    query::TermQuery,
    schema::{
        FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing,
        TextOptions,
    },
    tokenizer::{TextAnalyzer, WhitespaceTokenizer},
};

use super::{
    SearchError,
    chunk::{self, Chunk, ChunkKind, MAX_FILE_BYTES, Role},
    ignored::Ignored,
    place::Place,
    words::Words,
};
use crate::git::{CommitSha, Repository, TreeEntry};

/// What the index looks like; another number makes every index anew. Count up with the schema, the chunks or the words.
const FORMAT: u32 = 1;
/// Files beyond this are not indexed, those of other projects first.
const MAX_FILES: usize = 300_000;
/// Bytes of files beyond this are not indexed, those of other projects first.
const MAX_TOTAL_BYTES: u64 = 2 << 30;
/// Longer paths, and deeper ones, are nobody's.
const MAX_PATH_BYTES: usize = 4096;
const MAX_PATH_DEPTH: usize = 100;
/// Threads that parse, and as many that write.
const MAX_THREADS: usize = 4;
/// Memory of a writing thread before it goes to disk.
const WRITER_BYTES: usize = 64 << 20;

/// The fields of a document, which is a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// Place, blob and path: what a document must agree in to be kept.
    key: Field,
    pub(super) path: Field,
    pub(super) path_words: Field,
    pub(super) kind: Field,
    pub(super) name: Field,
    pub(super) name_words: Field,
    pub(super) doc: Field,
    pub(super) text: Field,
    pub(super) defines: Field,
    pub(super) uses: Field,
    pub(super) calls: Field,
    pub(super) line: Field,
    pub(super) start: Field,
    pub(super) end: Field,
    pub(super) place: Field,
}

/// An index that holds a commit, as it was when it was opened: what other processes do to it later does not show.
pub(super) struct Store {
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    pub(super) state: State,
    pub(super) n_added: usize,
    pub(super) n_removed: usize,
    /// Keeps the index's threads and files alive.
    _reader: IndexReader,
}

/// What is written with each commit of the index.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct State {
    format: u32,
    commit: String,
    /// Files whose content is found.
    pub(super) n_files: usize,
    /// Files that are found by their path, or not at all.
    pub(super) n_skipped: usize,
}

impl Store {
    /// The index in a folder at a commit; made, mended or brought up to date where it is not there.
    pub(super) fn open(
        repository: &Repository,
        commit: &CommitSha,
        folder: &Path,
        progress: &dyn Fn(&str),
    ) -> Result<Self, SearchError> {
        // Readers of the right commit wait for nobody.
        if let Ok(Some(store)) = Self::ready(folder, commit) {
            return Ok(store);
        }
        private_folder(folder)?;
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress("waiting for another process that indexes this repository");
                lock.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        if let Ok(Some(store)) = Self::ready(folder, commit) {
            return Ok(store);
        }
        let update = Update {
            repository,
            commit,
            folder,
            progress,
        };
        let attempt = || {
            let (n_added, n_removed) = update.run()?;
            let store = Self::ready(folder, commit)?.ok_or_else(damaged)?;
            Ok(Self {
                n_added,
                n_removed,
                ..store
            })
        };
        attempt().or_else(|error| {
            let SearchError::Index(why) = error else {
                return Err(error);
            };
            tracing::warn!("the search index is made anew: {why}");
            update.remove()?;
            attempt()
        })
    }

    /// Makes the index anew, whatever it holds.
    pub(super) fn rebuild(
        repository: &Repository,
        commit: &CommitSha,
        folder: &Path,
    ) -> Result<Self, SearchError> {
        private_folder(folder)?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        let update = Update {
            repository,
            commit,
            folder,
            progress: &|_| (),
        };
        update.remove()?;
        drop(lock);
        Self::open(repository, commit, folder, &|_| ())
    }

    /// The index, if it holds this commit.
    fn ready(folder: &Path, commit: &CommitSha) -> Result<Option<Self>, SearchError> {
        let place = folder.join("index");
        if !place.join("meta.json").exists() {
            return Ok(None);
        }
        sound(|| {
            let index = tantivy::Index::open_in_dir(&place)?;
            let (schema, fields) = schema();
            if index.schema() != schema {
                return Ok(None);
            }
            register(&index);
            let before = index.load_metas()?;
            let Some(state) = state(before.payload.as_deref()).filter(|s| s.is_of(commit)) else {
                return Ok(None);
            };
            let reader = index
                .reader_builder()
                .reload_policy(ReloadPolicy::Manual)
                .try_into()?;
            // Another process may have moved it on between the two looks.
            if index.load_metas()?.opstamp != before.opstamp {
                return Ok(None);
            }
            Ok(Some(Self {
                searcher: reader.searcher(),
                fields,
                state,
                n_added: 0,
                n_removed: 0,
                _reader: reader,
            }))
        })
    }
}

impl State {
    fn is_of(&self, commit: &CommitSha) -> bool {
        self.format == FORMAT && self.commit == commit.as_str()
    }
}

fn state(payload: Option<&str>) -> Option<State> {
    serde_json::from_str(payload?).ok()
}

fn damaged() -> SearchError {
    SearchError::Index("it is not what was written".to_owned())
}

/// Runs what reads or writes the index. Of damaged files tantivy reports some and panics at others.
pub(super) fn sound<T>(work: impl FnOnce() -> tantivy::Result<T>) -> Result<T, SearchError> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(SearchError::Index(error.to_string())),
        Err(_) => Err(damaged()),
    }
}

/// Makes a folder that its owner alone may read: it holds the text of private code.
fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let words = |option| {
        let indexing = TextFieldIndexing::default();
        TextOptions::default()
            .set_indexing_options(indexing.set_tokenizer("words").set_index_option(option))
    };
    let names = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("names")
            .set_index_option(IndexRecordOption::WithFreqs),
    );
    let with_freqs = words(IndexRecordOption::WithFreqs);
    let with_positions = words(IndexRecordOption::WithFreqsAndPositions);
    let fields = Fields {
        key: schema.add_text_field("key", STRING | FAST),
        path: schema.add_text_field("path", STRING | STORED),
        path_words: schema.add_text_field("path_words", with_freqs.clone()),
        kind: schema.add_u64_field("kind", INDEXED | STORED),
        name: schema.add_text_field("name", STORED),
        name_words: schema.add_text_field("name_words", with_freqs.clone()),
        doc: schema.add_text_field("doc", with_freqs),
        text: schema.add_text_field("text", with_positions | STORED),
        defines: schema.add_text_field("defines", names.clone()),
        uses: schema.add_text_field("uses", names.clone()),
        calls: schema.add_text_field("calls", names),
        line: schema.add_u64_field("line", STORED),
        start: schema.add_u64_field("start", FAST | STORED),
        end: schema.add_u64_field("end", FAST | STORED),
        place: schema.add_u64_field("place", FAST | STORED),
    };
    (schema.build(), fields)
}

fn register(index: &tantivy::Index) {
    let words = TextAnalyzer::from(Words);
    index.tokenizers().register("words", words);
    // Identifiers as they are written: `Order` is not `order`.
    let names = TextAnalyzer::from(WhitespaceTokenizer::default());
    index.tokenizers().register("names", names);
}

/// One change of the index on disk, under its lock.
struct Update<'a> {
    repository: &'a Repository,
    commit: &'a CommitSha,
    folder: &'a Path,
    progress: &'a dyn Fn(&str),
}

/// A file that the index should hold.
struct Wanted {
    entry: TreeEntry,
    size: u64,
    place: Place,
}

impl Update<'_> {
    fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(self.folder.join("index")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Brings the index to the commit; answers with the numbers of files added and removed.
    fn run(&self) -> Result<(usize, usize), SearchError> {
        let (wanted, n_beyond) = self.wanted()?;
        let place = self.folder.join("index");
        let (schema, fields) = schema();
        let is_known = place.join("meta.json").exists() && {
            let known = sound(|| {
                let index = tantivy::Index::open_in_dir(&place)?;
                Ok(index.schema() == schema
                    && state(index.load_metas()?.payload.as_deref())
                        .is_some_and(|s| s.format == FORMAT))
            })?;
            if !known {
                self.remove()?;
            }
            known
        };
        let index = if is_known {
            sound(|| tantivy::Index::open_in_dir(&place))?
        } else {
            // What a run that was killed has left.
            self.remove()?;
            private_folder(&place)?;
            sound(|| tantivy::Index::create_in_dir(&place, schema))?
        };
        register(&index);
        let have = sound(|| keys(&index))?;
        let removed: Vec<&String> = have.iter().filter(|k| !wanted.contains_key(*k)).collect();
        let added: Vec<(&String, &Wanted)> =
            wanted.iter().filter(|(k, _)| !have.contains(*k)).collect();
        if !added.is_empty() {
            let commit = &self.commit.as_str()[..10];
            (self.progress)(&format!("indexing {} files at {commit}", added.len()));
        }
        let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
        let n_threads = n_threads.min(MAX_THREADS);
        let mut writer: IndexWriter =
            sound(|| index.writer_with_num_threads(n_threads, n_threads * WRITER_BYTES))?;
        for key in &removed {
            writer.delete_term(Term::from_field_text(fields.key, key));
        }
        self.add(&writer, &fields, &added, n_threads)?;
        let n_by_path = sound(|| {
            writer.commit()?;
            let reader = index.reader()?;
            let kind = Term::from_field_u64(fields.kind, ChunkKind::File.number());
            let by_path = TermQuery::new(kind, IndexRecordOption::Basic);
            reader.searcher().search(&by_path, &Count)
        })?;
        let state = State {
            format: FORMAT,
            commit: self.commit.as_str().to_owned(),
            n_files: wanted.len().saturating_sub(n_by_path),
            n_skipped: n_by_path + n_beyond,
        };
        let payload = serde_json::to_string(&state).expect("numbers and digits are JSON");
        sound(|| {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()?;
            writer.wait_merging_threads()
        })?;
        Ok((added.len(), removed.len()))
    }

    /// The files that the index should hold, by their keys, and the number of those that it does not for want of room.
    fn wanted(&self) -> Result<(BTreeMap<String, Wanted>, usize), SearchError> {
        let sized = self.repository.sized_files(self.commit)?;
        let entries: Vec<TreeEntry> = sized.iter().map(|(entry, _)| entry.clone()).collect();
        let rules: HashMap<String, Vec<u8>> = self.rule_files(&sized)?;
        let read = |entry: &TreeEntry| rules.get(&entry.blob).cloned();
        let ignored = Ignored::of(&entries, read);
        let by_git = Ignored::by_git(&entries, read);
        let ordinary = sized.into_iter().filter(|(e, _)| e.mode != "120000");
        let (sane, odd): (Vec<_>, Vec<_>) = ordinary.partition(|(e, _)| is_sane(&e.path));
        let mut files: Vec<Wanted> = sane
            .into_iter()
            .filter(|(entry, _)| ignored.reason(&entry.path).is_none())
            .map(|(entry, size)| {
                let place = Place::of_path(&entry.path);
                // What is committed against the rules was made by a program, as a rule.
                let place = match by_git.reason(&entry.path) {
                    Some(_) => place.max(Place::Generated),
                    None => place,
                };
                Wanted { entry, size, place }
            })
            .collect();
        files.sort_by(|a, b| (a.place, &a.entry.path).cmp(&(b.place, &b.entry.path)));
        let n_all = files.len() + odd.len();
        let mut n_bytes = 0;
        let wanted: BTreeMap<String, Wanted> = files
            .into_iter()
            .take(MAX_FILES)
            .take_while(|file| {
                n_bytes += file.size.min(MAX_FILE_BYTES);
                n_bytes <= MAX_TOTAL_BYTES
            })
            .map(|file| {
                let place = file.place.number();
                (
                    format!("{place}{} {}", file.entry.blob, file.entry.path),
                    file,
                )
            })
            .collect();
        let n_beyond = n_all - wanted.len();
        Ok((wanted, n_beyond))
    }

    /// The contents of ignore files, by their blobs.
    fn rule_files(
        &self,
        sized: &[(TreeEntry, u64)],
    ) -> Result<HashMap<String, Vec<u8>>, SearchError> {
        let is_rule = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            name == Ignored::FILE || name == ".gitignore"
        };
        let blobs: Vec<&str> = sized
            .iter()
            .filter(|(entry, _)| is_rule(&entry.path))
            .map(|(entry, _)| entry.blob.as_str())
            .collect();
        let mut contents = HashMap::new();
        if !blobs.is_empty() {
            self.repository
                .read_blobs(&blobs, MAX_FILE_BYTES, |at, content| {
                    contents.insert(blobs[at].to_owned(), content);
                    ControlFlow::Continue(())
                })?;
        }
        Ok(contents)
    }

    /// Reads files in one thread, cuts and adds them in several.
    fn add(
        &self,
        writer: &IndexWriter,
        fields: &Fields,
        files: &[(&String, &Wanted)],
        n_threads: usize,
    ) -> Result<(), SearchError> {
        let (small, large): (Vec<_>, Vec<_>) = files
            .iter()
            .partition(|(_, file)| file.size <= MAX_FILE_BYTES);
        let add = |key: &str, file: &Wanted, content: Option<&[u8]>| -> tantivy::Result<()> {
            for document in documents(fields, key, file, content) {
                writer.add_document(document)?;
            }
            Ok(())
        };
        sound(|| {
            large
                .iter()
                .try_for_each(|(key, file)| add(key, file, None))
        })?;
        if small.is_empty() {
            return Ok(());
        }
        // Few at a time: what is read waits in memory.
        let (send, receive) = mpsc::sync_channel::<(usize, Vec<u8>)>(16);
        let receive = Mutex::new(receive);
        let blobs: Vec<&str> = small.iter().map(|(_, f)| f.entry.blob.as_str()).collect();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..n_threads)
                .map(|_| {
                    scope.spawn(|| {
                        sound(|| {
                            loop {
                                let next = receive.lock().map(|queue| queue.recv());
                                let Ok(Ok((at, content))) = next else {
                                    return Ok(());
                                };
                                let (key, file) = small[at];
                                add(key, file, Some(&content))?;
                            }
                        })
                    })
                })
                .collect();
            let reading = self
                .repository
                .read_blobs(&blobs, MAX_FILE_BYTES, |at, content| {
                    match send.send((at, content)) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                });
            drop(send);
            for worker in workers {
                worker.join().map_err(|_| damaged())??;
            }
            reading.map_err(Into::into)
        })
    }
}

fn is_sane(path: &str) -> bool {
    path.len() <= MAX_PATH_BYTES && path.split('/').count() <= MAX_PATH_DEPTH
}

/// The keys of all files in the index.
fn keys(index: &tantivy::Index) -> tantivy::Result<HashSet<String>> {
    let searcher = index.reader()?.searcher();
    let mut keys = HashSet::new();
    for segment in searcher.segment_readers() {
        let Some(column) = segment.fast_fields().str("key")? else {
            continue;
        };
        let mut ords: Vec<u64> = segment
            .doc_ids_alive()
            .flat_map(|doc| column.term_ords(doc))
            .collect();
        ords.sort_unstable();
        ords.dedup();
        for ord in ords {
            let mut key = String::new();
            if !column.ord_to_str(ord, &mut key)? {
                return Err(TantivyError::InternalError("a key is missing".to_owned()));
            }
            keys.insert(key);
        }
    }
    Ok(keys)
}

/// The documents of a file; of one whose content is not searched, a single one for its path.
fn documents(
    fields: &Fields,
    key: &str,
    file: &Wanted,
    content: Option<&[u8]>,
) -> Vec<TantivyDocument> {
    let path = file.entry.path.as_str();
    let text = content.and_then(chunk::decode);
    let (chunks, place) = match &text {
        Some(text) => (chunk::chunks(path, text), file.place.with_text(path, text)),
        None => (vec![chunk::by_path()], file.place),
    };
    let documents = chunks.iter().map(|chunk| {
        let mut document = TantivyDocument::new();
        document.add_text(fields.key, key);
        document.add_text(fields.path, path);
        document.add_text(fields.path_words, path);
        document.add_u64(fields.kind, chunk.kind.number());
        document.add_text(fields.name, &chunk.name);
        document.add_text(fields.name_words, &chunk.name);
        document.add_text(fields.doc, &chunk.doc);
        document.add_text(fields.text, &chunk.text);
        document.add_text(fields.defines, names(chunk, &[Role::Defines]));
        document.add_text(fields.uses, names(chunk, &[Role::Uses, Role::Calls]));
        document.add_text(fields.calls, names(chunk, &[Role::Calls]));
        document.add_u64(fields.line, chunk.line.into());
        document.add_u64(fields.start, chunk.start.into());
        document.add_u64(fields.end, chunk.end.into());
        document.add_u64(fields.place, place.number());
        document
    });
    documents.collect()
}

fn names(chunk: &Chunk, roles: &[Role]) -> String {
    let names = chunk.symbols.iter().filter(|s| roles.contains(&s.role));
    names.map(|s| s.name.as_str()).collect::<Vec<_>>().join(" ")
}
