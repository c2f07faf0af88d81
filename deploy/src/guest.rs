//! The Python guest of the WebAssembly isolate: where it lies, its machine code and its bytecode in the cache.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Context;
use sandbox::Wasm;

use crate::cache;

/// Where `make build` leaves it, beside the program.
const FILE_NAME: &str = "outerloop-python.wasm";

/// Loads the guest named by `OUTERLOOP_GUEST`, else the one that is given, else the one beside this program. The first
/// time it is compiled, which is told.
///
/// # Errors
/// Where there is none, or it is no guest of ours, or the cache cannot be written.
pub(crate) fn load(given: Option<&Path>, say: &dyn Fn(&str)) -> anyhow::Result<Wasm> {
    let cache = cache::root()?;
    let compiling = || say("compiling the Python guest, once");
    let wasm = Wasm::load(&path(given)?, &cache.join("compiled"), &compiling)?;
    Ok(wasm.with_bytecode(&cache.join("bytecode"))?)
}

fn path(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let named = env::var_os("OUTERLOOP_GUEST")
        .filter(|p| !p.is_empty())
        .map(PathBuf::from);
    if let Some(path) = named.or(given.map(Path::to_owned)) {
        return Ok(path);
    }
    let program = env::current_exe().context("finding this program")?;
    Ok(program.with_file_name(FILE_NAME))
}
