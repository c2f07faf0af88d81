//! The guest's machine code: made once, kept in a private folder, mapped from there.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
    process, thread,
};

use wasmtime::{Engine, component::Component};

use super::failed;
use crate::SandboxError;

/// The guest, from its machine code if there is some for this guest and this engine; and what tells it from other guests.
pub(super) fn load(
    engine: &Engine,
    component: &Path,
    cache_dir: &Path,
    compiling: &dyn Fn(),
) -> Result<(Component, String), SandboxError> {
    let absent = |error| {
        let path = component.display();
        SandboxError::Unavailable(format!(
            "the Python guest cannot be read at {path}: {error}; make guest"
        ))
    };
    // Reading all of the guest to hash it takes longer than all the rest: once for each file is enough.
    let note = cache_dir.join(format!("{:016x}.key", identity(component).map_err(absent)?));
    let mut bytes = None;
    let key = match fs::read_to_string(&note) {
        Ok(key) if key.len() == 16 && key.bytes().all(|b| b.is_ascii_hexdigit()) => key,
        _ => {
            let bytes = bytes.insert(fs::read(component).map_err(absent)?);
            let key = format!("{:016x}", hash(bytes.as_slice()));
            write(&note, key.as_bytes()).map_err(|error| kept(cache_dir, &error))?;
            key
        }
    };
    let mut engines = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut engines);
    let path = cache_dir.join(format!("{key}-{:016x}.cwasm", engines.finish()));
    if path.exists() {
        match map(engine, &path) {
            Ok(component) => return Ok((component, key)),
            // Cut short by a crash or made by another version: made again.
            Err(_) => remove(&path)?,
        }
    }
    let bytes = match bytes {
        Some(bytes) => bytes,
        None => fs::read(component).map_err(absent)?,
    };
    compiling();
    let code = engine
        .precompile_component(&bytes)
        .map_err(failed("compiling the guest"))?;
    write(&path, &code).map_err(|error| kept(cache_dir, &error))?;
    let component = map(engine, &path).map_err(failed("loading the compiled guest"))?;
    Ok((component, key))
}

/// Stands for the guest's content.
///
/// It keeps guests apart and is no seal: any guest is as untrusted as the programs that it runs, and what guards the
/// machine code is the folder that it lies in.
fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Changes whenever the file does: nobody can set the time of the last change to the inode.
fn identity(file: &Path) -> io::Result<u64> {
    let found = fs::metadata(file)?;
    Ok(hash((
        found.dev(),
        found.ino(),
        found.size(),
        found.ctime(),
        found.ctime_nsec(),
    )))
}

fn kept(folder: &Path, error: &io::Error) -> SandboxError {
    SandboxError::Failed(format!(
        "keeping the compiled guest in {}: {error}",
        folder.display()
    ))
}

/// Makes the folder, or sees that it is ours alone.
pub(super) fn make_private(folder: &Path) -> Result<(), SandboxError> {
    let refuse = |reason: String| {
        SandboxError::Failed(format!(
            "the folder for compiled code, {}, {reason}",
            folder.display()
        ))
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|error| refuse(format!("cannot be made: {error}")))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(refuse(format!("cannot be made: {error}")));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(folder)
        .map_err(|error| refuse(format!("cannot be looked at: {error}")))?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(refuse("is no folder of this user's".to_owned()));
    }
    if found.mode() & 0o077 != 0 {
        return Err(refuse("may be entered by others: chmod 700".to_owned()));
    }
    Ok(())
}

/// Writes under another name first, so that nobody reads half a file.
pub(super) fn write(path: &Path, code: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!(
        "{}-{:?}.draft",
        process::id(),
        thread::current().id()
    ));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(code)?;
    fs::rename(&draft, path)
}

fn remove(path: &Path) -> Result<(), SandboxError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(SandboxError::Failed(format!(
            "removing {}: {error}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

#[expect(unsafe_code, reason = "mapping machine code that this program wrote")]
fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file holds machine code that `precompile_component` made, and nobody but us could have changed it or
    // can while it is mapped: `make_private` has just seen that the folder is this user's and closed to all others, and
    // a draft is only renamed, never written to under this name. wasmtime checks version and settings.
    unsafe { Component::deserialize_file(engine, path) }
}
