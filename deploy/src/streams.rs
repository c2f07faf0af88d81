//! A command's log, and what it prints.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use crate::fix::usage;

/// The log that `--log` names; standard input for `-`.
///
/// # Errors
/// A usage error if there is no such file, or it is a folder.
pub(crate) fn open_log(log: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if log == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let failed = |error| usage(format!("{}: {error}", log.display()));
    let file = File::open(log).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(usage(format!("{} is a folder", log.display())));
    }
    Ok(Box::new(BufReader::new(file)))
}

/// Whether printing went well. Whoever reads and goes away has seen enough: `outerloop … | head` is no failure.
///
/// # Errors
/// Any other failure to print.
pub(crate) fn printed(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })
}
