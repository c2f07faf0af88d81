//! Folders that people give to be seen by untrusted code.

use std::{
    fs,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use crate::fix::usage;

/// The folder that an option names, with its links resolved.
///
/// A mount for reading does not keep a program from talking through a socket or a pipe that lies in it, so a folder that
/// holds one is refused.
///
/// # Errors
/// A usage error where it is no folder, or holds a socket, pipe or device.
pub(crate) fn given(option: &str, path: &Path) -> anyhow::Result<PathBuf> {
    let refuse = |reason: String| usage(format!("{option}: {reason}"));
    let root = path
        .canonicalize()
        .ok()
        .filter(|p| p.is_dir())
        .ok_or_else(|| refuse(format!("{} is no folder", path.display())))?;
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        // What cannot be read here cannot be read by the job either.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_socket()
                || kind.is_fifo()
                || kind.is_char_device()
                || kind.is_block_device()
            {
                let path = entry.path();
                return Err(refuse(format!(
                    "{} is a socket, pipe or device, through which untrusted code could reach out",
                    path.display()
                )));
            }
        }
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_folder_with_a_way_out_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("plain"), "").unwrap();
        std::os::unix::fs::symlink("/dev/null", inner.join("link")).unwrap();
        assert!(given("--deps", folder.path()).is_ok());
        let _listener = UnixListener::bind(inner.join("socket")).unwrap();
        let error = given("--deps", folder.path()).unwrap_err().to_string();
        assert!(error.contains("a/b/socket is a socket"), "{error}");
        assert!(given("--deps", &inner.join("plain")).is_err());
        assert!(given("--deps", Path::new("/nowhere")).is_err());
    }
}
