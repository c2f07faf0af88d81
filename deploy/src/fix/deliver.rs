//! Where verified patches go: a branch, the work tree, or a folder.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::Context;
use fixer::{Reproduction, git::Repository, unified};
use serde_json::json;

use super::{
    Target,
    answer::{Answer, Fix},
    usage,
};

const REPLAY: &str = include_str!("replay.sh");

/// Delivers every fix as asked.
///
/// # Errors
/// A usage error where `--apply` would overwrite changes; nothing is written then.
pub(super) fn all(
    target: &Target,
    repository: &Repository,
    answers: &[Answer],
) -> anyhow::Result<()> {
    let fixes: Vec<(&Answer, &Fix)> = answers
        .iter()
        .filter_map(|a| a.fix.as_ref().map(|f| (a, f)))
        .collect();
    if target.branch {
        for (answer, fix) in &fixes {
            let branch = format!("outerloop/{}", answer.bug.id);
            match repository.commit_on_branch(
                &answer.commit,
                &branch,
                &message(answer, fix),
                &fix.files,
            ) {
                Ok(sha) => eprintln!("committed {} on {branch}", &sha.as_str()[..10]),
                Err(error) => eprintln!("{branch} was not made: {error}"),
            }
        }
    }
    if target.apply {
        let files: Vec<(&Answer, &[(String, String)])> = fixes
            .iter()
            .map(|(a, f)| (*a, f.files.as_slice()))
            .collect();
        apply(repository, &files)?;
    }
    if let Some(folder) = target.out.as_ref().filter(|_| !fixes.is_empty()) {
        write_out(folder, &fixes)?;
    }
    Ok(())
}

/// The commit message: what happened, what was done, how sure we are.
fn message(answer: &Answer, fix: &Fix) -> String {
    let title = public_title(answer);
    let gates: String = fix
        .verified
        .gates()
        .iter()
        .map(|g| format!("- {:?}: {}\n", g.gate, super::human::plain(&g.detail)))
        .collect();
    format!(
        "Fix {title}\n\nSeen {} times. {} (confidence {:.2}).\n\n{gates}",
        answer.bug.impact.n_events,
        fix.generator,
        fix.verified.confidence()
    )
}

/// What happened without the message, which holds values of production.
fn public_title(answer: &Answer) -> String {
    let exception = answer.bug.event.traced();
    let place = answer
        .report
        .locations
        .first()
        .map(|l| format!(" in {}", l.function));
    super::human::plain(&format!(
        "{}{}",
        exception.type_name,
        place.unwrap_or_default()
    ))
}

/// Writes files of answers to the work tree, all or none.
///
/// # Errors
/// A usage error where that would overwrite changes; nothing is written then.
pub(crate) fn apply(
    repository: &Repository,
    fixes: &[(&Answer, &[(String, String)])],
) -> anyhow::Result<()> {
    let root = repository.root();
    let mut writes: Vec<(PathBuf, &str)> = Vec::new();
    for (answer, files) in fixes {
        for (path, text) in *files {
            let target = inside(root, path)?;
            if writes.iter().any(|(t, _)| *t == target) {
                eprintln!(
                    "the fix of {} was not applied: another one changes {path} too; run again after committing it",
                    answer.bug.id
                );
                writes
                    .retain(|(t, _)| !files.iter().any(|(p, _)| *t == root.join(p) && *p != *path));
                break;
            }
            let committed = repository.read(&answer.commit, path)?;
            let present = fs::read(&target).ok();
            if present != committed {
                return Err(usage(format!(
                    "--apply: {path} differs from commit {}; commit or stash it first",
                    &answer.commit.as_str()[..10]
                )));
            }
            writes.push((target, text));
        }
    }
    for (target, text) in writes {
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&target, text).with_context(|| format!("writing {}", target.display()))?;
        eprintln!(
            "wrote {}",
            super::human::plain(&target.display().to_string())
        );
    }
    Ok(())
}

/// A path below the work tree that no link leads out of.
fn inside(root: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let mut at = root.to_path_buf();
    for part in Path::new(path).components() {
        let Component::Normal(part) = part else {
            return Err(usage(format!("--apply: {path} is no plain path")));
        };
        at.push(part);
        if fs::symlink_metadata(&at).is_ok_and(|m| m.file_type().is_symlink()) {
            return Err(usage(format!(
                "--apply: {path} leads through a symbolic link"
            )));
        }
    }
    Ok(at)
}

/// `<bug>.patch`, the test, `proof.json`, `replay.sh`.
fn write_out(folder: &Path, fixes: &[(&Answer, &Fix)]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut proofs = Vec::new();
    for (answer, fix) in fixes {
        let test = fix.verified.test();
        let name = file_name(test);
        fs::write(folder.join(format!("{}.patch", answer.bug.id)), &fix.diff)?;
        write_test(folder, answer, test)?;
        proofs.push(json!({
            "bug": answer.bug.id.as_str(),
            "title": public_title(answer),
            "count": answer.bug.impact.n_events,
            "commit": answer.commit.as_str(),
            "patch": format!("{}.patch", answer.bug.id),
            "test": {"file": name, "path": test.path},
            "import_roots": answer.report.import_roots,
            "exploration": answer.report.exploration,
            "history": answer.history_json(),
            "fix": fix.to_json(answer.report.n_candidates),
        }));
    }
    fs::write(
        folder.join("proof.json"),
        serde_json::to_string_pretty(&json!({"proofs": proofs}))? + "\n",
    )?;
    let replay = folder.join("replay.sh");
    fs::write(&replay, REPLAY)?;
    fs::set_permissions(&replay, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}

/// `<bug>.test.patch` and the test itself.
pub(crate) fn write_test(
    folder: &Path,
    answer: &Answer,
    test: &Reproduction,
) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let patch = unified(&test.path, "", &test.source);
    fs::write(folder.join(format!("{}.test.patch", answer.bug.id)), patch)?;
    fs::write(folder.join(file_name(test)), &test.source)?;
    Ok(())
}

fn file_name(test: &Reproduction) -> &str {
    test.path.rsplit('/').next().unwrap_or("test.py")
}
