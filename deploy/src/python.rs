//! What of the machine a job needs to see for its Python interpreter to run.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use fixer::lang::python::Interpreter;
use sandbox::{Access, Mount};

/// The folder that the interpreter and its library lie in.
///
/// # Errors
/// Where the interpreter does not run.
pub(crate) fn prefix(python: &Interpreter) -> anyhow::Result<PathBuf> {
    // Standard output, as the bytes of a path; `-S`, since nothing that is installed is needed.
    let ask = "import os, sys; sys.stdout.buffer.write(os.fsencode(sys.base_prefix))";
    let said = Command::new(python.executable())
        .args(["-I", "-S", "-c", ask])
        .output()
        .context("asking python3 for its folder")?;
    let prefix = PathBuf::from(std::ffi::OsString::from(String::from_utf8(said.stdout)?));
    ensure!(prefix.is_absolute(), "python3 does not know its folder");
    Ok(prefix)
}

/// A folder as itself, for reading.
pub(crate) fn as_itself(folder: &Path) -> Mount {
    Mount {
        source: folder.to_owned(),
        target: folder.to_owned(),
        access: Access::Read,
    }
}
