//! One log file, from where it was left to its end, and on as it grows.

use std::{
    collections::BTreeMap,
    fs::File,
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use super::identity::{Identity, digest_before, is_gzip};
use crate::{log_reader::LogReader, read::Format, redact::Redactor, sink::Batch};

/// How long an unfinished record waits for its rest, and a file that is gone for its writer to notice.
const MAX_PAUSE: Duration = Duration::from_secs(2);
const CHUNK_BYTES: usize = 256 << 10;

/// Device and inode.
pub(super) type FileId = (u64, u64);

/// What is remembered of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The log's own number: equal for a copy of it.
    pub(super) log: u64,
    pub(super) identity: Identity,
    /// Bytes that need not be read again; after decompression where the file is compressed.
    pub(super) position: u64,
    /// A digest of what stands before that.
    before: u64,
    /// Whether its file was seen to end: it was truncated or removed.
    pub(super) is_done: bool,
    /// When it was last read from, in seconds since 1970.
    pub(super) read_at: u64,
}

/// A log's number, and the inode: two files may hold the same log.
pub(super) type SavedId = (u64, u64);

impl Saved {
    pub(super) fn id(&self) -> SavedId {
        (self.log, self.identity.inode)
    }
}

/// A file that is being read.
pub(super) struct Tail {
    pub(super) path: PathBuf,
    log: u64,
    identity: Identity,
    content: Content,
    /// Bytes read of the content.
    position: u64,
    /// A digest of what stands before the reader's safe position.
    before: u64,
    reader: LogReader,
    buffer: Vec<u8>,
    changed_at: Instant,
    read_at: u64,
    /// No path leads to it any more.
    is_gone: bool,
    is_over: bool,
}

enum Content {
    Plain(File),
    /// Read once: who compresses a log no longer writes it. With the length that the file had.
    Gzip(Box<MultiGzDecoder<File>>, u64),
}

impl Tail {
    /// Opens a file, to go on where one of `logs` was left that it is, or is a copy of; `None` while it is being
    /// compressed.
    pub(super) fn open(
        path: &Path,
        logs: &BTreeMap<SavedId, Saved>,
        format: Format,
        redactor: Redactor,
        now: Instant,
    ) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let is_compressed = is_gzip(&mut file)?;
        let age = metadata.modified()?.elapsed().unwrap_or_default();
        if is_compressed && age < MAX_PAUSE {
            return Ok(None);
        }
        let identity = Identity::of(&mut file, &metadata)?;
        let mut known: Option<&Saved> = None;
        for saved in logs.values() {
            let is_same = !saved.is_done && saved.identity.is_still(&mut file, &metadata)?;
            let is_like = is_same || known.is_none() && saved.identity.is_copied(&mut file)?;
            // Another log may begin in the same way; it does not go on so. What is compressed is not written again.
            let goes_on = is_same && is_compressed
                || digest_before(&mut file, saved.position).ok() == Some(saved.before);
            if is_like && goes_on {
                known = Some(saved);
            }
            if is_same {
                break;
            }
        }
        let position = known.map_or(0, |saved| saved.position);
        let mut content = if is_compressed {
            Content::Gzip(Box::new(MultiGzDecoder::new(file)), metadata.len())
        } else {
            Content::Plain(file)
        };
        if let Content::Gzip(decoder, _) = &mut content {
            io::copy(&mut decoder.take(position), &mut io::sink())?;
        }
        Ok(Some(Self {
            path: path.to_owned(),
            log: known.map_or_else(random, |saved| saved.log),
            identity,
            content,
            position,
            before: known.map_or(0, |saved| saved.before),
            reader: LogReader::new(format, Some(redactor), position),
            buffer: vec![0; CHUNK_BYTES],
            changed_at: now,
            read_at: known.map_or_else(seconds, |saved| saved.read_at),
            is_gone: false,
            is_over: false,
        }))
    }

    /// The file, whatever it is called.
    pub(super) fn id(&self) -> FileId {
        (self.identity.device, self.identity.inode)
    }

    /// Looks under which of the paths the file is now.
    pub(super) fn find(&mut self, paths: &BTreeMap<PathBuf, FileId>) {
        let id = self.id();
        if paths.get(&self.path) == Some(&id) {
            self.is_gone = false;
            return;
        }
        let path = paths
            .iter()
            .find_map(|(path, other)| (*other == id).then_some(path));
        self.is_gone = path.is_none();
        if let Some(path) = path {
            self.path.clone_from(path);
        }
    }

    /// Begins anew where the file was truncated or rewritten; then what is known of the log that it was.
    pub(super) fn restart_if_truncated(&mut self, batch: &mut Batch) -> io::Result<Option<Saved>> {
        let Content::Plain(file) = &mut self.content else {
            return Ok(None);
        };
        let metadata = file.metadata()?;
        if metadata.len() >= self.position && self.identity.is_still(file, &metadata)? {
            return Ok(None);
        }
        let identity = Identity::of(file, &metadata)?;
        // What was read can't be looked at again: a copy is known by what was last seen of it.
        let before = self.saved(true);
        self.reader.flush();
        self.hand_over(batch);
        self.identity = identity;
        self.log = random();
        (self.position, self.before) = (0, 0);
        self.reader.restart();
        Ok(Some(before))
    }

    /// Reads on, at most so many bytes; how many it were.
    pub(super) fn read(&mut self, most: usize, now: Instant) -> io::Result<usize> {
        let mut n_read = 0;
        while n_read < most {
            let room = CHUNK_BYTES.min(most - n_read);
            let n = self.read_some(room)?;
            if n == 0 {
                break;
            }
            self.reader.push(&self.buffer[..n]);
            self.position += n as u64;
            n_read += n;
        }
        if n_read > 0 {
            self.changed_at = now;
            self.read_at = seconds();
            self.learn()?;
        } else if now.duration_since(self.changed_at) >= MAX_PAUSE {
            if self.reader.is_unfinished() {
                self.reader.flush();
                self.learn()?;
            }
            self.is_over = self.is_gone;
        }
        Ok(n_read)
    }

    fn read_some(&mut self, room: usize) -> io::Result<usize> {
        match &mut self.content {
            Content::Plain(file) => {
                file.seek(SeekFrom::Start(self.position))?;
                file.read(&mut self.buffer[..room])
            }
            Content::Gzip(decoder, length) => match decoder.read(&mut self.buffer[..room]) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let now = decoder.get_ref().metadata()?.len();
                    if now != *length {
                        // It is still being written: begin again, to where we are.
                        let mut file = decoder.get_ref().try_clone()?;
                        file.seek(SeekFrom::Start(0))?;
                        let mut again = MultiGzDecoder::new(file);
                        io::copy(&mut again.by_ref().take(self.position), &mut io::sink())?;
                        self.content = Content::Gzip(Box::new(again), now);
                    }
                    Ok(0)
                }
                read => read,
            },
        }
    }

    /// Learns what tells the file from others: more of its beginning while it is short, and the last that was read.
    fn learn(&mut self) -> io::Result<()> {
        // A compressed log is not compressed again.
        if let Content::Plain(file) = &mut self.content {
            let metadata = file.metadata()?;
            if self.identity.is_partial() && self.identity.is_still(file, &metadata)? {
                self.identity = Identity::of(file, &metadata)?;
            }
            self.before = digest_before(file, self.reader.safe_position())?;
        }
        Ok(())
    }

    /// Ends what is unfinished; nothing more is read.
    pub(super) fn give_up(&mut self) {
        self.reader.flush();
        self.is_over = true;
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Puts what was read into a batch.
    pub(super) fn hand_over(&mut self, batch: &mut Batch) {
        let (events, summary) = self.reader.take();
        batch.summary.add(&summary);
        batch.events.extend(events.into_iter().map(|placed| {
            let mut event = placed.event;
            if event.id.is_none() {
                // The same for the same place in the same log, if it has to be read again.
                let mut hasher = SipHasher24::new_with_keys(self.log, 0);
                hasher.write_u64(placed.end);
                hasher.write_u32(placed.nth);
                event.id = Some(format!("{:016x}{:016x}", self.log, hasher.finish()));
            }
            event
        }));
    }

    /// What is remembered of it.
    pub(super) fn saved(&self, is_done: bool) -> Saved {
        Saved {
            log: self.log,
            identity: self.identity,
            position: self.reader.safe_position(),
            before: self.before,
            is_done,
            read_at: self.read_at,
        }
    }
}

/// A number that no other log has.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
