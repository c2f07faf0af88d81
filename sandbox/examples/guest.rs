//! Runs a Python program in the WebAssembly isolate: to try things out, and to measure.
//!
//! `guest CACHE_DIR PROGRAM.py [FOLDER=/place/inside ...]`, with the guest beside the program's folder or at
//! `OUTERLOOP_GUEST`. Standard input is the program's.

use std::{
    env, fs,
    io::{self, Read, Write},
    time::Duration,
};

use anyhow::{Context, Result};
use sandbox::{GuestJob, Limits, Mount, Wasm};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: guest CACHE_DIR PROGRAM.py [FOLDER=/place/inside ...]";
    let cache = arguments.next().context(usage)?;
    let program = fs::read_to_string(arguments.next().context(usage)?)?;
    let guest = match env::var_os("OUTERLOOP_GUEST") {
        Some(path) => path.into(),
        None => env::current_exe()?
            .ancestors()
            .nth(2)
            .context(usage)?
            .join("outerloop-python.wasm"),
    };
    let mut mounts = Vec::new();
    for argument in arguments {
        let (source, target) = argument.split_once('=').context(usage)?;
        mounts.push(Mount::read_only(source, target));
    }
    let mut request = Vec::new();
    io::stdin().read_to_end(&mut request)?;
    let wasm = Wasm::load(&guest, cache.as_ref(), &|| eprintln!("compiling the guest"))?;
    let outcome = wasm.run(&GuestJob {
        program,
        request,
        mounts,
        limits: Limits {
            wall: Duration::from_secs(120),
            memory_bytes: 2 << 30,
            ..Limits::default()
        },
    })?;
    io::stdout().write_all(&outcome.stdout)?;
    io::stderr().write_all(&outcome.stderr)?;
    io::stderr().write_all(&outcome.report)?;
    eprintln!("{:?} after {:?}", outcome.ending, outcome.wall);
    Ok(())
}
