//! A program's temporary files: a tree in memory that dies with its machine, bounded in bytes.
//!
//! Nodes lie in one table and name each other by number. A tree of pointers would be freed by a recursion that a deep
//! folder drives through the host's stack.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    time::Duration,
};

use wasmtime_wasi::{
    HostWallClock,
    p2::bindings::{
        clocks::wall_clock::Datetime,
        filesystem::types::{DescriptorStat, DescriptorType, ErrorCode, NewTimestamp, OpenFlags},
    },
};

use super::host::Clock;

/// Where the tree begins for a program.
pub(super) const TMP: (Id, &str) = (0, "/tmp");
/// A folder that holds `null` alone, as too many programs open it to go without.
pub(super) const DEV: (Id, &str) = (1, "/dev");

/// What a name costs beside the bytes that it leads to: the host keeps an entry and a node for it.
const ENTRY_BYTES: u64 = 1 << 10;
/// As on Linux.
const NAME_BYTES: usize = 255;
/// As on Linux.
const PATH_BYTES: usize = 4096;
/// As on Linux.
const N_LINKS_FOLLOWED: usize = 40;

type Id = u64;
type Answer<T> = Result<T, ErrorCode>;

pub(super) struct Scratch {
    nodes: HashMap<Id, Node>,
    next: Id,
    used: u64,
    capacity: u64,
    clock: Clock,
}

struct Node {
    content: Content,
    n_names: u32,
    /// Descriptors and streams: while there are any, the node stays.
    n_open: u32,
    read_at: Duration,
    written_at: Duration,
}

enum Content {
    File(Vec<u8>),
    Folder {
        entries: BTreeMap<String, Id>,
        parent: Id,
    },
    Link(String),
    Null,
}

/// Where a path leads.
struct Place {
    folder: Id,
    /// None where the path ends at a folder by `.` or `..`.
    name: Option<String>,
    node: Option<Id>,
}

impl Place {
    fn found(&self) -> Answer<Id> {
        self.node.ok_or(ErrorCode::NoEntry)
    }

    /// A name that is free.
    fn free(self) -> Answer<(Id, String)> {
        match (self.name, self.node) {
            (Some(name), None) => Ok((self.folder, name)),
            _ => Err(ErrorCode::Exist),
        }
    }
}

impl Scratch {
    pub(super) fn new(capacity: u64, clock: Clock) -> Self {
        let mut new = Self {
            nodes: HashMap::new(),
            next: TMP.0,
            used: 0,
            capacity,
            clock,
        };
        let folder = |parent| Content::Folder {
            entries: BTreeMap::new(),
            parent,
        };
        for root in [TMP.0, DEV.0] {
            new.insert(folder(root), 1);
        }
        let null = new.insert(Content::Null, 1);
        if let Ok((entries, _)) = new.folder_mut(DEV.0) {
            entries.insert("null".to_owned(), null);
        }
        new
    }

    /// Opens a path, or makes the file; the node counts as open until [`Self::close`].
    pub(super) fn open(
        &mut self,
        base: Id,
        path: &str,
        follow: bool,
        how: OpenFlags,
        write: bool,
    ) -> Answer<Id> {
        let place = self.walk(base, path, follow)?;
        let node = match place.node {
            Some(_) if how.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE) => {
                return Err(ErrorCode::Exist);
            }
            Some(node) => node,
            None if how.contains(OpenFlags::CREATE) => {
                let (folder, name) = place.free()?;
                self.make(folder, name, Content::File(Vec::new()))?
            }
            None => return Err(ErrorCode::NoEntry),
        };
        match &self.node(node)?.content {
            Content::Link(_) => return Err(ErrorCode::Loop),
            Content::Folder { .. } if write || how.contains(OpenFlags::TRUNCATE) => {
                return Err(ErrorCode::IsDirectory);
            }
            Content::Folder { .. } => {}
            _ if how.contains(OpenFlags::DIRECTORY) => return Err(ErrorCode::NotDirectory),
            Content::File(_) if how.contains(OpenFlags::TRUNCATE) => self.resize(node, 0)?,
            Content::File(_) | Content::Null => {}
        }
        self.hold(node)?;
        Ok(node)
    }

    /// One more who has it open.
    pub(super) fn hold(&mut self, node: Id) -> Answer<()> {
        self.node_mut(node)?.n_open += 1;
        Ok(())
    }

    /// One less who has it open.
    pub(super) fn close(&mut self, node: Id) {
        if let Some(found) = self.nodes.get_mut(&node) {
            found.n_open = found.n_open.saturating_sub(1);
        }
        self.sweep(node);
    }

    pub(super) fn kind(&self, node: Id) -> Answer<DescriptorType> {
        Ok(match self.node(node)?.content {
            Content::File(_) => DescriptorType::RegularFile,
            Content::Folder { .. } => DescriptorType::Directory,
            Content::Link(_) => DescriptorType::SymbolicLink,
            Content::Null => DescriptorType::CharacterDevice,
        })
    }

    pub(super) fn stat(&self, node: Id) -> Answer<DescriptorStat> {
        let found = self.node(node)?;
        let time = |at: Duration| {
            Some(Datetime {
                seconds: at.as_secs(),
                nanoseconds: at.subsec_nanos(),
            })
        };
        Ok(DescriptorStat {
            type_: self.kind(node)?,
            link_count: found.n_names.into(),
            size: found.content.len(),
            data_access_timestamp: time(found.read_at),
            data_modification_timestamp: time(found.written_at),
            status_change_timestamp: time(found.written_at),
        })
    }

    /// The node at a path.
    pub(super) fn at(&self, base: Id, path: &str, follow: bool) -> Answer<Id> {
        self.walk(base, path, follow)?.found()
    }

    pub(super) fn set_times(
        &mut self,
        node: Id,
        read: NewTimestamp,
        written: NewTimestamp,
    ) -> Answer<()> {
        let now = self.clock.now();
        let time = |new, old| match new {
            NewTimestamp::NoChange => old,
            NewTimestamp::Now => now,
            NewTimestamp::Timestamp(at) => {
                Duration::from_secs(at.seconds) + Duration::from_nanos(at.nanoseconds.into())
            }
        };
        let found = self.node_mut(node)?;
        found.read_at = time(read, found.read_at);
        found.written_at = time(written, found.written_at);
        Ok(())
    }

    /// Up to so many bytes of a file; none at its end.
    pub(super) fn read(&self, node: Id, at: u64, n_bytes: usize) -> Answer<&[u8]> {
        let bytes = match &self.node(node)?.content {
            Content::File(bytes) => bytes.as_slice(),
            Content::Null => &[],
            Content::Folder { .. } => return Err(ErrorCode::IsDirectory),
            Content::Link(_) => return Err(ErrorCode::Invalid),
        };
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        let rest = &bytes[from..];
        Ok(&rest[..n_bytes.min(rest.len())])
    }

    /// Writes at a place, or at the end where there is none; gives the place behind.
    pub(super) fn write(&mut self, node: Id, at: Option<u64>, more: &[u8]) -> Answer<u64> {
        let now = self.clock.now();
        let end = self.node(node)?.content.len();
        let at = at.unwrap_or(end);
        let behind = at
            .checked_add(more.len() as u64)
            .ok_or(ErrorCode::FileTooLarge)?;
        if matches!(self.node(node)?.content, Content::Null) {
            return Ok(behind);
        }
        if behind > end && !more.is_empty() {
            self.resize(node, behind)?;
        }
        let found = self.node_mut(node)?;
        found.written_at = now;
        let Content::File(bytes) = &mut found.content else {
            return Err(ErrorCode::IsDirectory);
        };
        if !more.is_empty() {
            let from = usize::try_from(at).map_err(|_| ErrorCode::FileTooLarge)?;
            bytes[from..from + more.len()].copy_from_slice(more);
        }
        Ok(behind)
    }

    /// Cuts a file, or fills it with zeros. What it never wrote counts like what it wrote.
    pub(super) fn resize(&mut self, node: Id, size: u64) -> Answer<()> {
        let now = self.clock.now();
        let before = match &self.node(node)?.content {
            Content::File(bytes) => bytes.len() as u64,
            Content::Null => return Ok(()),
            Content::Folder { .. } | Content::Link(_) => return Err(ErrorCode::IsDirectory),
        };
        self.charge(size.saturating_sub(before))?;
        self.used -= before.saturating_sub(size);
        let n_bytes = usize::try_from(size).map_err(|_| ErrorCode::FileTooLarge)?;
        let found = self.node_mut(node)?;
        found.written_at = now;
        if let Content::File(bytes) = &mut found.content {
            bytes.resize(n_bytes, 0);
            if size < before {
                bytes.shrink_to_fit(); // What is kept for nothing is counted by nobody.
            }
        }
        Ok(())
    }

    /// The entry after that name, in order; the first one without a name.
    pub(super) fn entry_after(
        &self,
        folder: Id,
        name: Option<&str>,
    ) -> Answer<Option<(String, DescriptorType)>> {
        let Content::Folder { entries, .. } = &self.node(folder)?.content else {
            return Err(ErrorCode::NotDirectory);
        };
        let from = name.map_or(Bound::Unbounded, Bound::Excluded);
        match entries.range::<str, _>((from, Bound::Unbounded)).next() {
            Some((name, node)) => Ok(Some((name.clone(), self.kind(*node)?))),
            None => Ok(None),
        }
    }

    pub(super) fn make_folder(&mut self, base: Id, path: &str) -> Answer<()> {
        let (parent, name) = self.walk(base, path, false)?.free()?;
        let entries = BTreeMap::new();
        self.make(parent, name, Content::Folder { entries, parent })?;
        Ok(())
    }

    pub(super) fn make_link(&mut self, base: Id, text: &str, path: &str) -> Answer<()> {
        if text.is_empty() || text.len() > PATH_BYTES {
            return Err(ErrorCode::Invalid);
        }
        let (folder, name) = self.walk(base, path, false)?.free()?;
        self.make(folder, name, Content::Link(text.to_owned()))?;
        Ok(())
    }

    pub(super) fn read_link(&self, base: Id, path: &str) -> Answer<String> {
        match &self.node(self.at(base, path, false)?)?.content {
            Content::Link(text) => Ok(text.clone()),
            _ => Err(ErrorCode::Invalid),
        }
    }

    /// Gives a file a second name.
    pub(super) fn link(&mut self, base: Id, path: &str, to: Id, new_path: &str) -> Answer<()> {
        let node = self.at(base, path, false)?;
        if self.kind(node)? == DescriptorType::Directory {
            return Err(ErrorCode::NotPermitted);
        }
        let (folder, name) = self.walk(to, new_path, false)?.free()?;
        self.charge(ENTRY_BYTES)?;
        if let Err(error) = self.enter(folder, name, node) {
            self.used -= ENTRY_BYTES;
            return Err(error);
        }
        self.node_mut(node)?.n_names += 1;
        Ok(())
    }

    pub(super) fn remove_file(&mut self, base: Id, path: &str) -> Answer<()> {
        let place = self.walk(base, path, false)?;
        if self.kind(place.found()?)? == DescriptorType::Directory {
            return Err(ErrorCode::IsDirectory);
        }
        self.leave(&place)
    }

    pub(super) fn remove_folder(&mut self, base: Id, path: &str) -> Answer<()> {
        let place = self.walk(base, path, false)?;
        match &self.node(place.found()?)?.content {
            Content::Folder { entries, .. } if entries.is_empty() => self.leave(&place),
            Content::Folder { .. } => Err(ErrorCode::NotEmpty),
            _ => Err(ErrorCode::NotDirectory),
        }
    }

    pub(super) fn rename(&mut self, base: Id, path: &str, to: Id, new_path: &str) -> Answer<()> {
        let from = self.walk(base, path, false)?;
        let node = from.found()?;
        let target = self.walk(to, new_path, false)?;
        let (Some(_), Some(name)) = (&from.name, target.name.clone()) else {
            return Err(ErrorCode::Busy);
        };
        if target.node == Some(node) {
            return Ok(());
        }
        self.may_change(from.folder)?;
        self.may_change(target.folder)?;
        let is_folder = self.kind(node)? == DescriptorType::Directory;
        if is_folder && self.is_within(target.folder, node)? {
            return Err(ErrorCode::Invalid); // It would hang in the air.
        }
        if let Some(replaced) = target.node {
            match &self.node(replaced)?.content {
                Content::Folder { .. } if !is_folder => return Err(ErrorCode::IsDirectory),
                Content::Folder { entries, .. } if !entries.is_empty() => {
                    return Err(ErrorCode::NotEmpty);
                }
                Content::Folder { .. } => {}
                _ if is_folder => return Err(ErrorCode::NotDirectory),
                _ => {}
            }
            self.leave(&target)?;
        }
        self.node_mut(node)?.n_names += 1;
        self.used += ENTRY_BYTES; // What leaving gives back.
        self.leave(&from)?;
        if is_folder {
            *self.folder_mut(node)?.1 = target.folder;
        }
        self.enter(target.folder, name, node)
    }

    fn is_within(&self, mut folder: Id, other: Id) -> Answer<bool> {
        while folder != other {
            match &self.node(folder)?.content {
                Content::Folder { parent, .. } if *parent != folder => folder = *parent,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Follows a path from a folder, never above it but through a link that begins with `/tmp`.
    fn walk(&self, base: Id, path: &str, follow: bool) -> Answer<Place> {
        if path.is_empty() {
            return Err(ErrorCode::NoEntry);
        }
        if path.len() > PATH_BYTES {
            return Err(ErrorCode::NameTooLong);
        }
        if path.starts_with('/') {
            return Err(ErrorCode::NotPermitted);
        }
        let parts = |path: &str| -> Vec<String> {
            let parts = path.split('/').rev().map(str::to_owned);
            parts.filter(|p| !p.is_empty() && p != ".").collect()
        };
        let (mut todo, mut trail, mut n_followed) = (parts(path), vec![base], 0);
        let must_be_folder = path.ends_with('/') || path.ends_with("/.");
        loop {
            let folder = *trail.last().unwrap_or(&base);
            let Content::Folder { entries, .. } = &self.node(folder)?.content else {
                return Err(ErrorCode::NotDirectory);
            };
            let Some(part) = todo.pop() else {
                return Ok(Place {
                    folder,
                    name: None,
                    node: Some(folder),
                });
            };
            if part == ".." {
                trail.pop();
                if trail.is_empty() {
                    return Err(ErrorCode::NotPermitted);
                }
                continue;
            }
            if part.len() > NAME_BYTES {
                return Err(ErrorCode::NameTooLong);
            }
            let is_last = todo.is_empty();
            let found = entries.get(&part).copied();
            let content = match found {
                Some(node) => Some(&self.node(node)?.content),
                None => None,
            };
            match content {
                Some(Content::Link(text)) if !is_last || follow || must_be_folder => {
                    n_followed += 1;
                    if n_followed > N_LINKS_FOLLOWED {
                        return Err(ErrorCode::Loop);
                    }
                    let text = match text.strip_prefix('/') {
                        Some(_) => {
                            trail = vec![TMP.0];
                            let rest = text.strip_prefix(TMP.1);
                            rest.filter(|rest| rest.is_empty() || rest.starts_with('/'))
                                .ok_or(ErrorCode::NotPermitted)?
                        }
                        None => text,
                    };
                    todo.extend(parts(text));
                }
                Some(Content::Folder { .. }) if !is_last => trail.extend(found),
                None if !is_last => return Err(ErrorCode::NoEntry),
                Some(Content::File(_) | Content::Null) if !is_last || must_be_folder => {
                    return Err(ErrorCode::NotDirectory);
                }
                _ => {
                    return Ok(Place {
                        folder,
                        name: Some(part),
                        node: found,
                    });
                }
            }
        }
    }

    /// A new node under a free name.
    fn make(&mut self, folder: Id, name: String, content: Content) -> Answer<Id> {
        self.may_change(folder)?;
        let cost = match &content {
            Content::Link(text) => text.len() as u64,
            _ => 0,
        };
        self.charge(ENTRY_BYTES + cost)?;
        let node = self.insert(content, 1);
        self.enter(folder, name, node)?;
        Ok(node)
    }

    fn insert(&mut self, content: Content, n_names: u32) -> Id {
        let (id, now) = (self.next, self.clock.now());
        self.next += 1;
        let node = Node {
            content,
            n_names,
            n_open: 0,
            read_at: now,
            written_at: now,
        };
        self.nodes.insert(id, node);
        id
    }

    fn enter(&mut self, folder: Id, name: String, node: Id) -> Answer<()> {
        self.may_change(folder)?;
        let now = self.clock.now();
        self.folder_mut(folder)?.0.insert(name, node);
        self.node_mut(folder)?.written_at = now;
        Ok(())
    }

    /// Takes a name away, and what has no other name and is not open.
    fn leave(&mut self, place: &Place) -> Answer<()> {
        let name = place.name.as_deref().ok_or(ErrorCode::Busy)?;
        self.may_change(place.folder)?;
        let now = self.clock.now();
        let (entries, _) = self.folder_mut(place.folder)?;
        let node = entries.remove(name).ok_or(ErrorCode::NoEntry)?;
        self.used -= ENTRY_BYTES;
        self.node_mut(place.folder)?.written_at = now;
        self.node_mut(node)?.n_names -= 1;
        self.sweep(node);
        Ok(())
    }

    fn sweep(&mut self, node: Id) {
        let is_done = |n: &Node| n.n_names == 0 && n.n_open == 0;
        if self.nodes.get(&node).is_some_and(is_done)
            && let Some(gone) = self.nodes.remove(&node)
        {
            self.used -= gone.content.len();
        }
    }

    /// Fails in a folder that was removed while it was open, and in `/dev`.
    fn may_change(&self, folder: Id) -> Answer<()> {
        match self.node(folder)?.n_names {
            0 => Err(ErrorCode::NoEntry),
            _ if folder == DEV.0 => Err(ErrorCode::NotPermitted),
            _ => Ok(()),
        }
    }

    fn charge(&mut self, n_bytes: u64) -> Answer<()> {
        if self.used.saturating_add(n_bytes) > self.capacity {
            return Err(ErrorCode::InsufficientSpace);
        }
        self.used += n_bytes;
        Ok(())
    }

    fn node(&self, id: Id) -> Answer<&Node> {
        self.nodes.get(&id).ok_or(ErrorCode::BadDescriptor)
    }

    fn node_mut(&mut self, id: Id) -> Answer<&mut Node> {
        self.nodes.get_mut(&id).ok_or(ErrorCode::BadDescriptor)
    }

    fn folder_mut(&mut self, id: Id) -> Answer<(&mut BTreeMap<String, Id>, &mut Id)> {
        match &mut self.node_mut(id)?.content {
            Content::Folder { entries, parent } => Ok((entries, parent)),
            _ => Err(ErrorCode::NotDirectory),
        }
    }
}

impl Content {
    /// Bytes that it is charged for.
    fn len(&self) -> u64 {
        match self {
            Self::File(bytes) => bytes.len() as u64,
            Self::Link(text) => text.len() as u64,
            Self::Folder { .. } | Self::Null => 0,
        }
    }
}
