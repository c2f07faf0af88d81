//! How much a job writes to the host's disk, through its mounts for writing.
//!
//! No quota is at hand without set-up by root. The free space costs one system call to read; only when it has shrunk by
//! more than a job may write do we look whether it was this job.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::fs::statvfs;

use crate::{Access, Ending, Job};

/// How many files of the largest size a job may leave, all in all.
const N_LARGEST: u64 = 16;
/// How many bytes of what it may write go with one file: limits the number of files.
const BYTES_A_FILE: u64 = 4096;

/// The folders that a job may write to.
pub(super) struct Disk {
    folders: Vec<Folder>,
    begun: i64,
    limit_bytes: u64,
}

struct Folder {
    path: PathBuf,
    /// What was free on its filesystem when we last looked closely: bytes and files.
    free: Option<(u64, u64)>,
}

impl Disk {
    /// Before the job begins.
    pub(super) fn new(job: &Job) -> Self {
        let begun = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        let writable = job
            .mounts
            .iter()
            .filter(|mount| mount.access == Access::Write);
        let folders = writable
            .map(|mount| Folder {
                path: mount.source.clone(),
                free: free(&mount.source),
            })
            .collect();
        Self {
            folders,
            begun: begun as i64,
            limit_bytes: job.limits.file_bytes.saturating_mul(N_LARGEST),
        }
    }

    /// Whether it has written more than it may.
    pub(super) fn excess(&mut self) -> Option<Ending> {
        let limit = (self.limit_bytes, self.limit_bytes / BYTES_A_FILE);
        for folder in &mut self.folders {
            let (Some(before), Some(now)) = (folder.free, free(&folder.path)) else {
                continue;
            };
            if before.0.saturating_sub(now.0) <= limit.0
                && before.1.saturating_sub(now.1) <= limit.1
            {
                continue;
            }
            // What it wrote and then unlinked while open does not show in the folder: when space is getting short, the
            // job goes without being convicted.
            let is_short = now.0 < limit.0.saturating_mul(2) || now.1 < limit.1;
            let (bytes, n_files) = written(&folder.path, self.begun);
            if is_short || bytes > limit.0 || n_files > limit.1 {
                return Some(Ending::DiskLimit);
            }
            folder.free = Some(now);
        }
        None
    }
}

/// Bytes and files that are free on the filesystem of `path`.
fn free(path: &Path) -> Option<(u64, u64)> {
    let filesystem = statvfs(path).ok()?;
    Some((
        filesystem.f_bfree.saturating_mul(filesystem.f_frsize),
        filesystem.f_ffree,
    ))
}

/// The size and number of what was changed below `folder` since `begun`, in seconds since 1970.
fn written(folder: &Path, begun: i64) -> (u64, u64) {
    let (mut bytes, mut n_files) = (0, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // What can't be read has just been removed.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            if meta.ctime() >= begun {
                bytes += meta.blocks() * 512;
                n_files += 1;
            }
            if meta.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    (bytes, n_files)
}
