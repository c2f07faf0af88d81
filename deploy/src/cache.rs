//! Folders that outlive a run and that several processes may share.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::Context;

/// `$OUTERLOOP_CACHE`, or `outerloop` in the user's cache folder.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("OUTERLOOP_CACHE").filter(|f| !f.is_empty()) {
        return Ok(folder.into());
    }
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|f| !f.is_empty())
        .map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Ok(base
        .context("neither OUTERLOOP_CACHE nor HOME is set")?
        .join("outerloop"))
}

/// The folder of this name in the cache; `make` fills it where it is not there yet.
///
/// Made beside its place under a lock and moved there at once, so another process sees all of it or nothing.
///
/// # Errors
/// What `make` reports; nothing is left behind then.
pub(crate) fn folder(
    name: &str,
    make: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let place = root()?.join(name);
    if place.is_dir() {
        return Ok(place);
    }
    let parent = place.parent().context("a cache folder has a parent")?;
    fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
    let lock = File::create(place.with_extension("lock"))?;
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive)?;
    if place.is_dir() {
        return Ok(place);
    }
    let fresh = tempfile::tempdir_in(parent)?;
    make(fresh.path())?;
    fs::set_permissions(
        fresh.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )?;
    fs::rename(fresh.keep(), &place).with_context(|| format!("moving into {}", place.display()))?;
    Ok(place)
}
