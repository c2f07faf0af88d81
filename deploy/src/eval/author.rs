//! What the author of cases asks for: are they valid, is this patch right, pin what they are made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::case::Case;
use super::fetch::{Cache, archive};
use super::lock::Lock;
use super::score::{Verdict, judge};
use super::{Input, check, in_parallel, name};

/// Says of each case whether it is valid, as soon as it is known.
pub(crate) fn check_all(folders: &[PathBuf], cache: &Cache, jobs: usize) -> ExitCode {
    let valid = in_parallel(folders, jobs, |folder| {
        let faults = check::faults(folder, cache, Input::All.kinds());
        match faults.as_slice() {
            [] => println!("{}: valid", name(folder)),
            faults => println!("{}: INVALID\n  {}", name(folder), faults.join("\n  ")),
        }
        faults.is_empty()
    });
    let n_valid = valid.iter().filter(|is_valid| **is_valid).count();
    eprintln!("{n_valid} of {} cases are valid", valid.len());
    if n_valid == valid.len() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Pins what is not pinned.
///
/// # Errors
/// If the lock can't be read or written.
pub(crate) fn lock_all(
    folders: &[PathBuf],
    dir: &Path,
    cache: &Cache,
    jobs: usize,
) -> anyhow::Result<ExitCode> {
    let mut lock = Lock::of(dir)?;
    let pinned = in_parallel(folders, jobs, |folder| {
        let case = Case::load(folder)?;
        let releases = [&case.buggy]
            .into_iter()
            .chain(case.fix().map(|fix| &fix.release));
        let mut pins: Vec<(String, String)> = Vec::new();
        for release in releases.chain(&case.releases) {
            let name = archive(&case, release);
            let is_new = pins.iter().all(|(known, _)| *known != name);
            if is_new && !case.is_application && lock.digest(&name).is_err() {
                let digest = cache.digest(&case, release)?;
                eprintln!("{digest}  {name}");
                pins.push((name, digest));
            }
        }
        anyhow::Ok(pins)
    });
    let mut is_whole = true;
    for (folder, pins) in folders.iter().zip(pinned) {
        match pins {
            Ok(pins) => pins
                .into_iter()
                .for_each(|(name, digest)| lock.add(name, digest)),
            Err(error) => {
                is_whole = false;
                eprintln!("{}: not pinned: {error:#}", name(folder));
            }
        }
    }
    lock.write()?;
    Ok(if is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Says whether a patch is right for a case.
///
/// # Errors
/// If the case or the patch can't be read, or the scorer itself could not work.
pub(crate) fn judge_patch(folder: &Path, patch: &Path, cache: &Cache) -> anyhow::Result<ExitCode> {
    let diff = fs::read_to_string(patch).with_context(|| format!("reading {}", patch.display()))?;
    let case = Case::load(folder)?;
    let source = cache.source(&case, &case.buggy)?;
    let deps = cache.deps(&case)?;
    Ok(
        match judge(&case, cache, &source, deps.as_deref(), &diff)? {
            Verdict::Wrong(why) => {
                println!("{}: wrong: {why}", case.id);
                ExitCode::FAILURE
            }
            Verdict::Correct | Verdict::NotProposed => {
                println!("{}: correct", case.id);
                ExitCode::SUCCESS
            }
        },
    )
}
