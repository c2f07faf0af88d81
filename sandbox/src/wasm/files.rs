//! The files that a guest reaches: the host's mounts, for reading, and its scratch, in memory.
//!
//! This is WASI's filesystem for the guest. What concerns a mount goes on to wasmtime's own, which keeps paths inside it;
//! what concerns the scratch is answered here. Descriptors of the scratch are numbers above [`OURS`], which wasmtime's table
//! never gives: one that is mixed up is refused, whatever the guest does.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
};

use rustix::fs::{Dir, FileType};
use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::{
    filesystem::{Descriptor, WasiFilesystemCtxView},
    p2::{
        DynInputStream, DynOutputStream, FsError, FsResult, InputStream, OutputStream, Pollable,
        ReaddirIterator, StreamError, StreamResult,
        bindings::filesystem::{
            preopens,
            types::{
                Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode,
                Host, HostDescriptor, HostDirectoryEntryStream, MetadataHashValue, NewTimestamp,
                OpenFlags, PathFlags,
            },
        },
    },
};

use super::{
    host::lock,
    scratch::{DEV, Scratch, TMP},
};

/// Files and folders that a guest may have open at once, each kind: the host's own number is limited, and shared by all.
const N_OPEN: usize = 128;

/// Bytes moved at once.
const PIECE_BYTES: usize = 1 << 16;

/// Added to the numbers that we give out.
const OURS: u32 = 1 << 31;

type Folder = Resource<Descriptor>;
type Listing = Resource<ReaddirIterator>;

/// What one guest has open.
pub(super) struct Files {
    scratch: Arc<Mutex<Scratch>>,
    handles: HashMap<u32, Handle>,
    listings: HashMap<u32, Reading>,
    next: u32,
    /// Of the mounts.
    n_open: usize,
}

/// A descriptor in the scratch.
#[derive(Clone, Copy)]
struct Handle {
    node: u64,
    read: bool,
    write: bool,
}

/// A folder that is being listed: entry by entry, so that a large one costs the host nothing.
enum Reading {
    Mount(Dir),
    Scratch { node: u64, after: Option<String> },
}

impl Files {
    pub(super) fn new(scratch: Scratch) -> Self {
        Self {
            scratch: Arc::new(Mutex::new(scratch)),
            handles: HashMap::new(),
            listings: HashMap::new(),
            next: 0,
            n_open: 0,
        }
    }

    fn number(&mut self) -> u32 {
        loop {
            self.next = (self.next + 1) % OURS;
            let number = self.next | OURS;
            if !self.handles.contains_key(&number) && !self.listings.contains_key(&number) {
                return number;
            }
        }
    }

    /// A descriptor for a node that is held open for it.
    fn push(&mut self, handle: Handle) -> Folder {
        let number = self.number();
        self.handles.insert(number, handle);
        Resource::new_own(number)
    }

    fn has_room(&self) -> FsResult<()> {
        // WASI has no word for too many open files.
        let most = self.handles.len().max(self.listings.len());
        if most.max(self.n_open) >= N_OPEN {
            return Err(ErrorCode::InsufficientMemory.into());
        }
        Ok(())
    }
}

/// One call of the guest's.
pub(super) struct View<'a> {
    pub(super) files: &'a mut Files,
    pub(super) mounts: WasiFilesystemCtxView<'a>,
}

/// Says to wasmtime that a [`View`] answers.
pub(super) struct Views;

impl HasData for Views {
    type Data<'a> = View<'a>;
}

impl View<'_> {
    /// The descriptor, if it is the scratch's.
    fn ours(&self, fd: &Folder) -> FsResult<Option<Handle>> {
        if fd.rep() & OURS == 0 {
            return Ok(None);
        }
        match self.files.handles.get(&fd.rep()) {
            Some(handle) => Ok(Some(*handle)),
            None => Err(FsError::trap(wasmtime::format_err!("no such descriptor"))),
        }
    }

    /// Does it in the scratch, if the descriptor is of it.
    fn here<T>(
        &self,
        fd: &Folder,
        act: impl FnOnce(&mut Scratch, Handle) -> Result<T, ErrorCode>,
    ) -> FsResult<Option<T>> {
        let Some(handle) = self.ours(fd)? else {
            return Ok(None);
        };
        Ok(Some(act(&mut lock(&self.files.scratch), handle)?))
    }

    /// Does something that takes two folders: where only one is the scratch's, that is as between two disks.
    fn here_with<T>(
        &self,
        fd: &Folder,
        other: &Folder,
        act: impl FnOnce(&mut Scratch, Handle, Handle) -> Result<T, ErrorCode>,
    ) -> FsResult<Option<T>> {
        match (self.ours(fd)?, self.ours(other)?) {
            (None, None) => Ok(None),
            (Some(one), Some(two)) => Ok(Some(act(&mut lock(&self.files.scratch), one, two)?)),
            _ => Err(ErrorCode::CrossDevice.into()),
        }
    }

    fn stream(&self, handle: Handle, at: Option<u64>) -> FsResult<Stream> {
        let scratch = Arc::clone(&self.files.scratch);
        lock(&scratch).hold(handle.node)?;
        Ok(Stream {
            scratch,
            node: handle.node,
            at,
        })
    }
}

fn follows(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

impl preopens::Host for View<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Folder, String)>> {
        let mut found = preopens::Host::get_directories(&mut self.mounts)?;
        self.files.n_open += found.len();
        self.files.has_room()?;
        for (node, path) in [TMP, DEV] {
            lock(&self.files.scratch)
                .hold(node)
                .map_err(FsError::from)?;
            let handle = Handle {
                node,
                read: true,
                write: true,
            };
            found.push((self.files.push(handle), path.to_owned()));
        }
        Ok(found)
    }
}

impl Host for View<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        // The guest's C library never asks: a write that fails is an I/O error there, whatever the reason.
        Host::filesystem_error_code(&mut self.mounts, error)
    }
}

impl HostDescriptor for View<'_> {
    async fn open_at(
        &mut self,
        fd: Folder,
        path_flags: PathFlags,
        path: String,
        how: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Folder> {
        self.files.has_room()?;
        let write = flags.contains(DescriptorFlags::WRITE);
        let opened = self.here(&fd, |scratch, base| {
            scratch.open(base.node, &path, follows(path_flags), how, write)
        })?;
        if let Some(node) = opened {
            return Ok(self.files.push(Handle {
                node,
                read: flags.contains(DescriptorFlags::READ) || !write,
                write,
            }));
        }
        // Opening a named pipe waits for the other end, beyond every limit; a device may do anything at all.
        let found = self
            .mounts
            .stat_at(Resource::new_borrow(fd.rep()), path_flags, path.clone())
            .await;
        let is_harmless = |t| matches!(t, DescriptorType::RegularFile | DescriptorType::Directory);
        let is_link = |t| t == DescriptorType::SymbolicLink; // Where links are not followed: opening fails.
        if found.is_ok_and(|s| !is_harmless(s.type_) && !is_link(s.type_)) {
            return Err(ErrorCode::NotPermitted.into());
        }
        let opened = self
            .mounts
            .open_at(fd, path_flags, path, how, flags)
            .await?;
        self.files.n_open += 1;
        Ok(opened)
    }

    fn drop(&mut self, fd: Folder) -> wasmtime::Result<()> {
        if self.ours(&fd)?.is_none() {
            self.files.n_open = self.files.n_open.saturating_sub(1);
            return HostDescriptor::drop(&mut self.mounts, fd);
        }
        if let Some(handle) = self.files.handles.remove(&fd.rep()) {
            lock(&self.files.scratch).close(handle.node);
        }
        Ok(())
    }

    async fn read(&mut self, fd: Folder, n_bytes: u64, at: u64) -> FsResult<(Vec<u8>, bool)> {
        let read = self.here(&fd, |scratch, from| {
            from.may(from.read)?;
            let n_bytes = usize::try_from(n_bytes).unwrap_or(usize::MAX);
            let bytes = scratch.read(from.node, at, n_bytes.min(PIECE_BYTES))?;
            Ok((bytes.to_vec(), bytes.is_empty()))
        })?;
        match read {
            Some(read) => Ok(read),
            None => self.mounts.read(fd, n_bytes, at).await,
        }
    }

    async fn write(&mut self, fd: Folder, bytes: Vec<u8>, at: u64) -> FsResult<u64> {
        let written = self.here(&fd, |scratch, to| {
            to.may(to.write)?;
            scratch.write(to.node, Some(at), &bytes)?;
            Ok(bytes.len() as u64)
        })?;
        match written {
            Some(n_bytes) => Ok(n_bytes),
            None => self.mounts.write(fd, bytes, at).await,
        }
    }

    fn read_via_stream(&mut self, fd: Folder, at: u64) -> FsResult<Resource<DynInputStream>> {
        let Some(handle) = self.ours(&fd)? else {
            return self.mounts.read_via_stream(fd, at);
        };
        handle.may(handle.read)?;
        let stream: DynInputStream = Box::new(self.stream(handle, Some(at))?);
        Ok(self.mounts.table.push(stream)?)
    }

    fn write_via_stream(&mut self, fd: Folder, at: u64) -> FsResult<Resource<DynOutputStream>> {
        let Some(handle) = self.ours(&fd)? else {
            return self.mounts.write_via_stream(fd, at);
        };
        handle.may(handle.write)?;
        let stream: DynOutputStream = Box::new(self.stream(handle, Some(at))?);
        Ok(self.mounts.table.push(stream)?)
    }

    fn append_via_stream(&mut self, fd: Folder) -> FsResult<Resource<DynOutputStream>> {
        let Some(handle) = self.ours(&fd)? else {
            return self.mounts.append_via_stream(fd);
        };
        handle.may(handle.write)?;
        let stream: DynOutputStream = Box::new(self.stream(handle, None)?);
        Ok(self.mounts.table.push(stream)?)
    }

    async fn set_size(&mut self, fd: Folder, size: u64) -> FsResult<()> {
        let set = self.here(&fd, |scratch, file| {
            file.may(file.write)?;
            scratch.resize(file.node, size)
        })?;
        match set {
            Some(()) => Ok(()),
            None => self.mounts.set_size(fd, size).await,
        }
    }

    async fn set_times(
        &mut self,
        fd: Folder,
        read: NewTimestamp,
        written: NewTimestamp,
    ) -> FsResult<()> {
        match self.here(&fd, |scratch, file| {
            scratch.set_times(file.node, read, written)
        })? {
            Some(()) => Ok(()),
            None => self.mounts.set_times(fd, read, written).await,
        }
    }

    async fn set_times_at(
        &mut self,
        fd: Folder,
        path_flags: PathFlags,
        path: String,
        read: NewTimestamp,
        written: NewTimestamp,
    ) -> FsResult<()> {
        let set = self.here(&fd, |scratch, base| {
            let node = scratch.at(base.node, &path, follows(path_flags))?;
            scratch.set_times(node, read, written)
        })?;
        match set {
            Some(()) => Ok(()),
            None => {
                self.mounts
                    .set_times_at(fd, path_flags, path, read, written)
                    .await
            }
        }
    }

    async fn read_directory(&mut self, fd: Folder) -> FsResult<Listing> {
        self.files.has_room()?;
        let ours = self.here(&fd, |scratch, folder| {
            scratch.entry_after(folder.node, None)?;
            scratch.hold(folder.node)?;
            Ok(folder.node)
        })?;
        let reading = match ours {
            Some(node) => Reading::Scratch { node, after: None },
            None => match self.mounts.table.get(&fd)? {
                Descriptor::File(_) => return Err(ErrorCode::NotDirectory.into()),
                Descriptor::Dir(folder) => {
                    Reading::Mount(Dir::read_from(&folder.dir).map_err(io::Error::from)?)
                }
            },
        };
        let number = self.files.number();
        self.files.listings.insert(number, reading);
        Ok(Resource::new_own(number))
    }

    async fn create_directory_at(&mut self, fd: Folder, path: String) -> FsResult<()> {
        match self.here(&fd, |scratch, base| scratch.make_folder(base.node, &path))? {
            Some(()) => Ok(()),
            None => self.mounts.create_directory_at(fd, path).await,
        }
    }

    async fn stat(&mut self, fd: Folder) -> FsResult<DescriptorStat> {
        match self.here(&fd, |scratch, file| scratch.stat(file.node))? {
            Some(stat) => Ok(stat),
            None => self.mounts.stat(fd).await,
        }
    }

    async fn stat_at(
        &mut self,
        fd: Folder,
        path_flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        let stat = self.here(&fd, |scratch, base| {
            scratch.stat(scratch.at(base.node, &path, follows(path_flags))?)
        })?;
        match stat {
            Some(stat) => Ok(stat),
            None => self.mounts.stat_at(fd, path_flags, path).await,
        }
    }

    async fn link_at(
        &mut self,
        fd: Folder,
        path_flags: PathFlags,
        path: String,
        new_fd: Folder,
        new_path: String,
    ) -> FsResult<()> {
        let linked = self.here_with(&fd, &new_fd, |scratch, from, to| {
            scratch.link(from.node, &path, to.node, &new_path)
        })?;
        match linked {
            Some(()) => Ok(()),
            None => {
                self.mounts
                    .link_at(fd, path_flags, path, new_fd, new_path)
                    .await
            }
        }
    }

    async fn rename_at(
        &mut self,
        fd: Folder,
        path: String,
        new_fd: Folder,
        new_path: String,
    ) -> FsResult<()> {
        let renamed = self.here_with(&fd, &new_fd, |scratch, from, to| {
            scratch.rename(from.node, &path, to.node, &new_path)
        })?;
        match renamed {
            Some(()) => Ok(()),
            None => self.mounts.rename_at(fd, path, new_fd, new_path).await,
        }
    }

    async fn symlink_at(&mut self, fd: Folder, text: String, path: String) -> FsResult<()> {
        match self.here(&fd, |scratch, base| {
            scratch.make_link(base.node, &text, &path)
        })? {
            Some(()) => Ok(()),
            None => self.mounts.symlink_at(fd, text, path).await,
        }
    }

    async fn readlink_at(&mut self, fd: Folder, path: String) -> FsResult<String> {
        match self.here(&fd, |scratch, base| scratch.read_link(base.node, &path))? {
            Some(text) => Ok(text),
            None => self.mounts.readlink_at(fd, path).await,
        }
    }

    async fn remove_directory_at(&mut self, fd: Folder, path: String) -> FsResult<()> {
        match self.here(&fd, |scratch, base| scratch.remove_folder(base.node, &path))? {
            Some(()) => Ok(()),
            None => self.mounts.remove_directory_at(fd, path).await,
        }
    }

    async fn unlink_file_at(&mut self, fd: Folder, path: String) -> FsResult<()> {
        match self.here(&fd, |scratch, base| scratch.remove_file(base.node, &path))? {
            Some(()) => Ok(()),
            None => self.mounts.unlink_file_at(fd, path).await,
        }
    }

    async fn get_flags(&mut self, fd: Folder) -> FsResult<DescriptorFlags> {
        let Some(handle) = self.ours(&fd)? else {
            return self.mounts.get_flags(fd).await;
        };
        let is_folder = lock(&self.files.scratch).kind(handle.node)? == DescriptorType::Directory;
        let mut flags = DescriptorFlags::empty();
        for (is_so, flag) in [
            (handle.read, DescriptorFlags::READ),
            (handle.write && !is_folder, DescriptorFlags::WRITE),
            (is_folder, DescriptorFlags::MUTATE_DIRECTORY),
        ] {
            if is_so {
                flags |= flag;
            }
        }
        Ok(flags)
    }

    async fn get_type(&mut self, fd: Folder) -> FsResult<DescriptorType> {
        match self.here(&fd, |scratch, file| scratch.kind(file.node))? {
            Some(kind) => Ok(kind),
            None => self.mounts.get_type(fd).await,
        }
    }

    async fn is_same_object(&mut self, fd: Folder, other: Folder) -> wasmtime::Result<bool> {
        match (self.ours(&fd)?, self.ours(&other)?) {
            (None, None) => self.mounts.is_same_object(fd, other).await,
            (Some(one), Some(two)) => Ok(one.node == two.node),
            _ => Ok(false),
        }
    }

    async fn metadata_hash(&mut self, fd: Folder) -> FsResult<MetadataHashValue> {
        match self.ours(&fd)? {
            Some(handle) => Ok(identity(handle.node)),
            None => self.mounts.metadata_hash(fd).await,
        }
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Folder,
        path_flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let node = self.here(&fd, |scratch, base| {
            scratch.at(base.node, &path, follows(path_flags))
        })?;
        match node {
            Some(node) => Ok(identity(node)),
            None => self.mounts.metadata_hash_at(fd, path_flags, path).await,
        }
    }

    async fn sync(&mut self, fd: Folder) -> FsResult<()> {
        match self.ours(&fd)? {
            Some(_) => Ok(()),
            None => self.mounts.sync(fd).await,
        }
    }

    async fn sync_data(&mut self, fd: Folder) -> FsResult<()> {
        match self.ours(&fd)? {
            Some(_) => Ok(()),
            None => self.mounts.sync_data(fd).await,
        }
    }

    async fn advise(
        &mut self,
        fd: Folder,
        offset: u64,
        n_bytes: u64,
        advice: Advice,
    ) -> FsResult<()> {
        match self.ours(&fd)? {
            Some(_) => Ok(()),
            None => self.mounts.advise(fd, offset, n_bytes, advice).await,
        }
    }
}

impl HostDirectoryEntryStream for View<'_> {
    async fn read_directory_entry(&mut self, stream: Listing) -> FsResult<Option<DirectoryEntry>> {
        match self.files.listings.get_mut(&stream.rep()) {
            None => Err(FsError::trap(wasmtime::format_err!("no such listing"))),
            Some(Reading::Scratch { node, after }) => {
                let next = lock(&self.files.scratch).entry_after(*node, after.as_deref())?;
                Ok(next.map(|(name, type_)| {
                    *after = Some(name.clone());
                    DirectoryEntry { type_, name }
                }))
            }
            Some(Reading::Mount(folder)) => loop {
                let Some(entry) = folder.read() else {
                    return Ok(None);
                };
                let entry = entry.map_err(io::Error::from)?;
                let name = entry.file_name().to_bytes();
                if name == b"." || name == b".." {
                    continue;
                }
                return Ok(Some(DirectoryEntry {
                    type_: kind(entry.file_type()),
                    name: String::from_utf8(name.to_vec())
                        .map_err(|_| ErrorCode::IllegalByteSequence)?,
                }));
            },
        }
    }

    fn drop(&mut self, stream: Listing) -> wasmtime::Result<()> {
        if let Some(Reading::Scratch { node, .. }) = self.files.listings.remove(&stream.rep()) {
            lock(&self.files.scratch).close(node);
        }
        Ok(())
    }
}

impl Handle {
    fn may(self, allowed: bool) -> Result<(), ErrorCode> {
        if allowed {
            Ok(())
        } else {
            Err(ErrorCode::BadDescriptor)
        }
    }
}

fn kind(found: FileType) -> DescriptorType {
    match found {
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::Socket => DescriptorType::Socket,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::Unknown => DescriptorType::Unknown,
    }
}

/// What the guest takes for the number of the inode.
fn identity(node: u64) -> MetadataHashValue {
    MetadataHashValue {
        lower: node + 1,
        upper: u64::from_le_bytes(*b"scratch!"),
    }
}

/// A file of the scratch, read or written from one place on, or at its end where there is none.
struct Stream {
    scratch: Arc<Mutex<Scratch>>,
    node: u64,
    at: Option<u64>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        lock(&self.scratch).close(self.node);
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

impl InputStream for Stream {
    fn read(&mut self, n_bytes: usize) -> StreamResult<bytes::Bytes> {
        let at = self.at.unwrap_or_default();
        let bytes = lock(&self.scratch)
            .read(self.node, at, n_bytes.min(PIECE_BYTES))
            .map(bytes::Bytes::copy_from_slice)
            .map_err(|error| StreamError::LastOperationFailed(error.into()))?;
        if bytes.is_empty() && n_bytes > 0 {
            return Err(StreamError::Closed);
        }
        self.at = Some(at + bytes.len() as u64);
        Ok(bytes)
    }
}

impl OutputStream for Stream {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        let behind = lock(&self.scratch)
            .write(self.node, self.at, &bytes)
            .map_err(|error| StreamError::LastOperationFailed(error.into()))?;
        self.at = self.at.map(|_| behind);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PIECE_BYTES)
    }
}
