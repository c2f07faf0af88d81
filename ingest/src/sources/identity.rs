//! Which file is which, whatever it is called and whoever has read it before.

use std::{
    fs::{File, Metadata},
    hash::Hasher,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
};

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

/// Bytes at the beginning of a log that tell it from others.
const HEAD_BYTES: usize = 1024;
/// With fewer, another file may begin in the same way by chance, so that only the file itself is taken for it.
const MIN_TELLING_BYTES: u64 = 64;
/// Bytes before the place where reading stopped that tell whether a file goes on in the same way.
const BEFORE_BYTES: u64 = 256;

/// How a file is recognised: by its place on the disk and by its beginning, before compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
    head_bytes: u64,
    head: u64,
}

impl Identity {
    /// Looks at a file from its beginning; afterwards it stands there again.
    pub(super) fn of(file: &mut File, metadata: &Metadata) -> io::Result<Self> {
        let head = head(file, HEAD_BYTES as u64)?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            head_bytes: head.len() as u64,
            head: digest(&head),
        })
    }

    /// Whether the file is the same one, longer by now perhaps. Its position is lost.
    pub(super) fn is_still(&self, file: &mut File, metadata: &Metadata) -> io::Result<bool> {
        Ok(self.device == metadata.dev() && self.inode == metadata.ino() && self.begins(file)?)
    }

    /// Whether the file begins in the same way, and that says something: a copy.
    pub(super) fn is_copied(&self, file: &mut File) -> io::Result<bool> {
        Ok(self.head_bytes >= MIN_TELLING_BYTES && self.begins(file)?)
    }

    /// Whether more of the file would tell more.
    pub(super) fn is_partial(&self) -> bool {
        self.head_bytes < HEAD_BYTES as u64
    }

    fn begins(&self, file: &mut File) -> io::Result<bool> {
        let head = head(file, self.head_bytes)?;
        Ok(head.len() as u64 == self.head_bytes && digest(&head) == self.head)
    }
}

/// A digest of what stands before a position, after decompression. Afterwards the file stands at its beginning.
pub(super) fn digest_before(file: &mut File, position: u64) -> io::Result<u64> {
    let from = position.saturating_sub(BEFORE_BYTES);
    let n = position - from;
    let mut bytes = Vec::new();
    if is_gzip(file)? {
        let mut decoder = MultiGzDecoder::new(&mut *file);
        io::copy(&mut decoder.by_ref().take(from), &mut io::sink())?;
        decoder.take(n).read_to_end(&mut bytes)?;
    } else {
        file.seek(SeekFrom::Start(from))?;
        file.by_ref().take(n).read_to_end(&mut bytes)?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(digest(&bytes))
}

/// Whether what is read is compressed: by its first bytes, since rotation renames.
pub(super) fn is_gzip(file: &mut File) -> io::Result<bool> {
    let mut magic = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(2).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(magic == [0x1f, 0x8b])
}

fn head(file: &mut File, n: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    if is_gzip(file)? {
        // A file that is still being compressed has a torn end.
        let read = MultiGzDecoder::new(&mut *file)
            .take(n)
            .read_to_end(&mut head);
        if let Err(error) = read
            && error.kind() != io::ErrorKind::UnexpectedEof
        {
            return Err(error);
        }
    } else {
        file.by_ref().take(n).read_to_end(&mut head)?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(head)
}

/// Told apart by what they say, not against an attacker: who can write a log can hide in it anyway.
fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(0, 0);
    hasher.write(bytes);
    hasher.finish()
}
