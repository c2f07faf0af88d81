//! A repository that wants to be more than data: its configuration, hooks and attributes name programs, its trees hold
//! links, odd names and things that no honest git writes.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use tests::{Form, Outerloop, Repository, program};

use crate::shop;

/// Every hook that git knows (<https://git-scm.com/docs/githooks>).
const HOOKS: &[&str] = &[
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-receive",
    "update",
    "proc-receive",
    "post-receive",
    "post-update",
    "reference-transaction",
    "push-to-checkout",
    "pre-auto-gc",
    "post-rewrite",
    "sendemail-validate",
    "fsmonitor-watchman",
    "post-index-change",
];

/// Settings whose value git runs as a program. A few also need an attribute, which the repository has.
const PROGRAMS: &[&str] = &[
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "sequence.editor",
    "diff.external",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "gpg.ssh.defaultKeyCommand",
    "credential.helper",
    "pager.diff",
    "pager.log",
    "interactive.diffFilter",
    "filter.x.smudge",
    "filter.x.clean",
    "filter.x.process",
    "diff.x.textconv",
    "diff.x.command",
    "merge.x.driver",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
    "remote.origin.receivepack",
    "remote.origin.vcs",
    "trailer.x.command",
    "trailer.x.cmd",
    "tar.tar.command",
    "tar.x.command",
    "submodule.x.update",
    "gc.recentObjectsHook",
    "sendemail.smtpServer",
    "web.browser",
    "man.x.cmd",
    "difftool.x.cmd",
    "mergetool.x.cmd",
];

/// The shop with a trap in every place where git looks for a program; a trap that is sprung leaves a file in a folder.
fn trapped() -> (Repository, PathBuf) {
    let repository = shop::shop();
    repository.commit(&[(
        ".gitattributes",
        "* filter=x diff=x merge=x ident export-subst\n",
    )]);
    let sprung = repository.beside("sprung");
    fs::create_dir(&sprung).unwrap();
    // Anybody may write there: a trap is also sprung if another user runs it.
    fs::set_permissions(&sprung, fs::Permissions::from_mode(0o777)).unwrap();
    let trap = |name: &str| {
        let path = repository.beside(&format!("trap-{name}"));
        fs::write(
            &path,
            format!("#!/bin/sh\ntouch '{}/{name}'\ncat\n", sprung.display()),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    for hook in HOOKS {
        let file = trap(&format!("hook-{hook}"));
        fs::create_dir_all(repository.root().join("hooks")).unwrap();
        fs::copy(&file, repository.root().join(".git/hooks").join(hook)).unwrap();
        fs::copy(&file, repository.root().join("hooks").join(hook)).unwrap();
    }
    let hooks = repository.root().join("hooks");
    let mut settings: Vec<(String, String)> = PROGRAMS
        .iter()
        .map(|name| ((*name).to_owned(), trap(name).display().to_string()))
        .collect();
    settings.push(("core.hooksPath".into(), hooks.display().to_string()));
    for name in [
        "rev-parse",
        "cat-file",
        "ls-tree",
        "commit-tree",
        "update-ref",
        "hash-object",
        "apply",
        "archive",
    ] {
        settings.push((
            format!("alias.{name}"),
            format!("!{}", trap(&format!("alias-{name}")).display()),
        ));
    }
    let more = [
        ("filter.x.required", "true"),
        ("commit.gpgSign", "true"),
        ("tag.gpgSign", "true"),
        ("core.fsmonitorHookVersion", "2"),
        ("protocol.allow", "always"),
        ("protocol.ext.allow", "always"),
        ("core.untrackedCache", "true"),
        ("core.preloadIndex", "true"),
        ("gc.auto", "1"),
        ("maintenance.auto", "true"),
        ("log.showSignature", "true"),
    ];
    settings.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for (name, value) in settings {
        Command::new("git")
            .args(["config", "--file"])
            .arg(repository.root().join(".git/config"))
            .args([&name, &value])
            .status()
            .unwrap();
    }
    (repository, sprung)
}

#[track_caller]
fn check_none(sprung: &Path, when: &str) {
    let found: Vec<_> = fs::read_dir(sprung)
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    assert!(found.is_empty(), "{when}: {found:?}");
}

/// The traps work: git itself springs some, or the other tests would show nothing.
#[test]
fn an_ordinary_git_falls_into_the_traps() {
    let (repository, sprung) = trapped();
    let git = |arguments: &[&str]| {
        Command::new("git")
            .args(arguments)
            .current_dir(repository.root())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap()
    };
    git(&["status"]);
    git(&["update-ref", "refs/heads/other", "HEAD"]);
    git(&["archive", "HEAD"]);
    git(&["diff", "HEAD"]);
    for name in [
        "core.fsmonitor",
        "hook-reference-transaction",
        "filter.x.process",
    ] {
        assert!(sprung.join(name).exists(), "{name}");
    }
}

#[test]
fn nothing_that_a_repository_configures_is_run() {
    let (repository, sprung) = trapped();
    let log = shop::crash(&repository, Form::Sentry);
    check_none(&sprung, "setting up");
    Outerloop::fix(&log, &repository)
        .and(["--branch"])
        .run()
        .ended(0);
    check_none(&sprung, "--branch");
    let out = repository.beside("out");
    Outerloop::fix(&log, &repository)
        .and(["--out", out.to_str().unwrap()])
        .run()
        .ended(0);
    check_none(&sprung, "--out");
    Command::new(out.join("replay.sh"))
        .arg(repository.root())
        .output()
        .unwrap();
    check_none(&sprung, "replay.sh");
    let answer = Command::new(program())
        .args(["triage", "--output", "json", "--repo"])
        .arg(repository.root())
        .arg("--log")
        .arg(&log)
        .output()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(answer.contains("\"summary\""), "{answer}");
    check_none(&sprung, "triage");
    Outerloop::fix(&log, &repository)
        .and(["--apply"])
        .run()
        .ended(0);
    check_none(&sprung, "--apply");
}

/// A promisor remote makes git fetch what is missing, by a program of the repository's choice.
#[test]
fn a_missing_object_is_not_fetched() {
    let (repository, sprung) = trapped();
    let log = shop::crash(&repository, Form::Sentry);
    let blob = repository.git(&["rev-parse", "HEAD:shop/pricing.py"]);
    fs::remove_file(
        repository
            .root()
            .join(".git/objects")
            .join(&blob[..2])
            .join(&blob[2..]),
    )
    .unwrap();
    let url = format!(
        "ext::{}",
        repository.beside("trap-core.sshCommand").display()
    );
    for (name, value) in [
        ("extensions.partialClone", "origin"),
        ("core.repositoryFormatVersion", "1"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", &url),
    ] {
        repository.git(&["config", name, value]);
    }
    let ran = Outerloop::fix(&log, &repository).run();
    assert_eq!(ran.status, Some(1), "{}", ran.errors());
    assert_eq!(ran.left_behind, [""; 0]);
    check_none(&sprung, "a missing blob");
    // What is missing is found by its path.
    let ran = Outerloop::with(["search", "path:pricing", "--output", "json", "--repo"])
        .and([repository.root()])
        .cache(&repository.beside("cache"))
        .run();
    assert_eq!(ran.json(0)["skipped"], 1);
    check_none(&sprung, "a search with a missing blob");
}

/// Puts one entry after the other into the index as it stands, work tree or not, and commits it.
fn commit_entries(repository: &Repository, entries: &[(&str, &str, &[u8])]) {
    for (mode, blob, path) in entries {
        let info: Vec<u8> = [mode.as_bytes(), b" ", blob.as_bytes(), b"\t", path, b"\0"].concat();
        let file = repository.beside("index-info");
        fs::write(&file, info).unwrap();
        let ran = Command::new("git")
            .args(["-C"])
            .arg(repository.root())
            .args(["update-index", "-z", "--index-info"])
            .stdin(fs::File::open(&file).unwrap())
            .status();
        assert!(ran.unwrap().success());
    }
    repository.git(&["commit", "--quiet", "--message", "Add what few have"]);
}

#[test]
fn odd_trees_are_no_obstacle() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Text);
    let blob = |content: &str| repository.git_with(&["hash-object", "-w", "--stdin"], content);
    let head = repository.head();
    let (passwd, up, far, cycle, text) = (
        blob("/etc/passwd"),
        blob(".."),
        blob("../../../../../../etc"),
        blob("cycle"),
        blob("x = 1\n"),
    );
    let latin = repository.beside("latin.py");
    fs::write(&latin, b"NAME = '\xe9\xff\xfe'\n\0\n").unwrap();
    let latin = repository.git(&["hash-object", "-w", latin.to_str().unwrap()]);
    let module = blob("[submodule \"x\"]\n\tpath = vendor\n\turl = ext::sh -c false\n");
    commit_entries(
        &repository,
        &[
            ("120000", &passwd, b"shop/secret.py"),
            ("120000", &passwd, b"etc_passwd"),
            ("120000", &up, b"up"),
            ("120000", &far, b"shop/far"),
            ("120000", &cycle, b"cycle"),
            ("100644", &text, b"-rf"),
            ("100644", &text, b"--output=x.py"),
            ("100644", &text, b"new\nline.py"),
            ("100644", &text, b"escape\x1b[31m.py"),
            ("100644", &text, b"caf\xe9\xff.py"),
            ("100644", &latin, b"shop/latin.py"),
            ("100644", &module, b".gitmodules"),
            ("160000", &head, b"vendor"),
        ],
    );
    let out = repository.beside("out");
    let answer = Outerloop::fix(&log, &repository)
        .and(["--output", "json", "--out", out.to_str().unwrap()])
        .run()
        .json(0);
    shop::check_shape(&answer);
    assert!(
        !answer.to_string().contains("root:"),
        "nothing of /etc/passwd is told"
    );

    // A frame that names a link is no file of the commit, wherever the link leads.
    let trace = "Traceback (most recent call last):\n  File \"/app/shop/secret.py\", line 1, in run\n    root()\nKeyError: 'x'\n";
    let answer = Outerloop::fix(&repository.log(trace), &repository)
        .and(["--output", "json"])
        .run()
        .json(3);
    assert_eq!(answer["bugs"][0]["locations"], serde_json::json!([]));
}

/// Trees that git's own commands refuse to make, but read: `..`, `.git`, and a link with a folder of the same name.
#[test]
fn a_forged_tree_writes_nothing_outside() {
    let repository = shop::shop();
    let log = shop::crash(&repository, Form::Text);
    let outside = repository.beside("outside");
    fs::create_dir(&outside).unwrap();
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o777)).unwrap();
    let blob = |content: &str| repository.git_with(&["hash-object", "-w", "--stdin"], content);
    let raw_tree = |entries: &[(&str, &str, &str)]| {
        let mut content = Vec::new();
        for (mode, name, id) in entries {
            content.extend([mode.as_bytes(), b" ", name.as_bytes(), b"\0"].concat());
            content.extend(
                (0..id.len())
                    .step_by(2)
                    .map(|i| u8::from_str_radix(&id[i..i + 2], 16).unwrap()),
            );
        }
        let file = repository.beside("tree");
        fs::write(&file, content).unwrap();
        repository.git(&[
            "hash-object",
            "-w",
            "-t",
            "tree",
            "--literally",
            file.to_str().unwrap(),
        ])
    };
    let shop_tree = repository.git(&["rev-parse", "HEAD:shop"]);
    let evil = raw_tree(&[("100644", "evil", &blob("written outside"))]);
    let link = blob(outside.to_str().unwrap());
    let trees = [
        raw_tree(&[
            ("40000", "..", &raw_tree(&[("40000", "..", &evil)])),
            ("40000", "shop", &shop_tree),
        ]),
        raw_tree(&[
            ("40000", ".git", &raw_tree(&[("40000", "hooks", &evil)])),
            ("40000", "shop", &shop_tree),
        ]),
        raw_tree(&[("40000", ".GIT", &evil), ("40000", "shop", &shop_tree)]),
        raw_tree(&[
            ("120000", "out", &link),
            ("40000", "out", &evil),
            ("40000", "shop", &shop_tree),
        ]),
        raw_tree(&[
            ("40000", "out", &evil),
            ("120000", "out", &link),
            ("40000", "shop", &shop_tree),
        ]),
        raw_tree(&[
            ("100644", "../../evil", &blob("written outside")),
            ("40000", "shop", &shop_tree),
        ]),
        raw_tree(&[
            (
                "100644",
                outside.join("evil").to_str().unwrap(),
                &blob("written outside"),
            ),
            ("40000", "shop", &shop_tree),
        ]),
    ];
    for tree in trees {
        let commit = repository.git(&["commit-tree", "-m", "Forge", &tree]);
        repository.git(&["update-ref", "refs/heads/forged", &commit]);
        // A second is not enough to fix the bug: it is about what is written before that.
        let ran = Outerloop::fix(&log, &repository)
            .and(["--commit", "forged", "--time-limit", "1"])
            .run();
        let listing = repository.git(&["ls-tree", "-r", &tree]);
        assert!(
            matches!(ran.status, Some(0 | 1 | 3)),
            "{listing}: {}",
            ran.errors()
        );
        assert_eq!(ran.left_behind, [""; 0], "{listing}");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{listing}");
    }
}

/// The repository itself may have an odd place, and may be given by a folder within.
#[test]
fn the_folder_of_a_repository_may_have_any_name() {
    let repository = shop::shop();
    let odd = repository.beside(
        std::ffi::OsStr::from_bytes(b"-c \xff\n$(id)")
            .to_string_lossy()
            .as_ref(),
    );
    fs::rename(repository.root(), &odd).unwrap();
    let log = repository.log(shop::REFUSED);
    let run = |folder: &Path| {
        Outerloop::with(["fix", "--output", "json"])
            .and([
                "--log",
                log.to_str().unwrap(),
                "--repo",
                folder.to_str().unwrap(),
            ])
            .run()
    };
    run(&odd).json(3);
    run(&odd.join("shop")).json(3);
    run(&odd.join(".git")).json(3);
}
