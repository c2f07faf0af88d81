//! Packages come from the configured registries alone, run nothing, and are kept.

use std::{fs, path::PathBuf, process::Command};

use serde_json::json;
use tests::{Outerloop, Ran, Repository};

use crate::registry::{Registry, wheel};

fn install(repository: &Repository, registry: &Registry) -> Outerloop {
    Outerloop::with(["install"])
        .and(["--repo".into(), repository.root().as_os_str().to_owned()])
        .cache(&repository.beside("cache"))
        .env("PIP_INDEX_URL", &registry.index())
        .env("PIP_EXTRA_INDEX_URL", "")
        .env("PIP_FIND_LINKS", "")
        .env("npm_config_registry", &registry.url())
}

/// The folder that was printed for a language.
#[track_caller]
fn folder(ran: &Ran, language: &str) -> PathBuf {
    ran.ended(0);
    let line = ran.text();
    let line = line.lines().find_map(|l| l.strip_prefix(language));
    line.expect("a folder is printed").trim().into()
}

/// It fails with this on standard error, prints nothing and keeps nothing.
#[track_caller]
fn check_refused(run: Outerloop, repository: &Repository, expected: &str) {
    let ran = run.run();
    ran.ended(1);
    assert!(ran.errors().contains(expected), "{}", ran.errors());
    assert_eq!(ran.text(), "");
    for kind in ["deps", "node"] {
        let kept = fs::read_dir(repository.beside("cache").join(kind));
        let mut kept = kept
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path());
        assert!(kept.all(|path| path.is_file()), "only a lock is left");
    }
}

#[test]
fn a_wheel_comes_from_the_configured_index_once() {
    let registry = Registry::start();
    let labels = wheel(
        "shop-labels",
        "1.0",
        &[("shop_labels.py", "TEXT = 'label'\n")],
    );
    registry.publish("shop-labels", "shop_labels-1.0-py3-none-any.whl", labels);
    // Options, addresses and paths are no requirements.
    let requirements = "--index-url http://evil.example/simple\nshop-labels==1.0  # pinned\n-e .\n\
                        evil @ http://evil.example/evil.whl\n./here\ngit+https://evil.example/x\n";
    let repository = Repository::of(&[("requirements.txt", requirements)]);
    let ran = install(&repository, &registry).run();
    let made = folder(&ran, "python");
    assert_eq!(
        fs::read_to_string(made.join("shop_labels.py")).unwrap(),
        "TEXT = 'label'\n"
    );
    assert!(ran.errors().contains("installing shop-labels==1.0 (once"));
    let asked = registry.asked();
    assert!(
        asked.contains(&"/simple/shop-labels/".to_owned()),
        "{asked:?}"
    );
    let again = install(&repository, &registry).run();
    assert_eq!((folder(&again, "python"), registry.asked()), (made, asked));
    assert_eq!(again.errors(), "");
}

#[test]
fn a_lock_holds_its_digests() {
    let registry = Registry::start();
    let labels = wheel("shop-labels", "1.0", &[("shop_labels.py", "")]);
    registry.publish("shop-labels", "shop_labels-1.0-py3-none-any.whl", labels);
    let lock = format!(
        "[[package]]\nname = \"shop-labels\"\nversion = \"1.0\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n\
         wheels = [{{ url = \"https://x/shop_labels-1.0-py3-none-any.whl\", hash = \"sha256:{}\" }}]\n",
        "0".repeat(64)
    );
    let repository = Repository::of(&[("uv.lock", &lock)]);
    let run = install(&repository, &registry);
    check_refused(run, &repository, "could not install shop-labels==1.0");
}

#[test]
fn a_package_without_a_wheel_is_not_built() {
    let registry = Registry::start();
    registry.publish("shop-labels", "shop-labels-1.0.tar.gz", b"source".to_vec());
    let repository = Repository::of(&[("requirements.txt", "shop-labels==1.0\n")]);
    let run = install(&repository, &registry);
    check_refused(run, &repository, "only wheels are installed");
    let asked = registry.asked();
    assert!(!asked.iter().any(|path| path.ends_with(".gz")), "{asked:?}");
}

#[test]
fn a_wheel_stays_in_its_folder() {
    let registry = Registry::start();
    let files = [("../../outside.py", ""), ("/work/outside.py", "")];
    for file in files {
        let labels = wheel("shop-labels", "1.0", &[file]);
        registry.publish("shop-labels", "shop_labels-1.0-py3-none-any.whl", labels);
        let repository = Repository::of(&[("requirements.txt", "shop-labels==1.0\n")]);
        let ran = install(&repository, &registry).run();
        assert!(matches!(ran.status, Some(0 | 1)), "{}", ran.errors());
        let mut folders = vec![repository.beside("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let is_inside = path.parent().is_some_and(|p| p.ends_with("work"))
                    || !path.ends_with("outside.py");
                assert!(is_inside, "{}", path.display());
                folders.extend(path.is_dir().then_some(path));
            }
        }
    }
}

#[test]
fn an_index_with_credentials_is_refused() {
    let registry = Registry::start();
    let repository = Repository::of(&[("requirements.txt", "shop-labels==1.0\n")]);
    let index = registry.index().replace("http://", "http://user:hunter2@");
    let run = install(&repository, &registry).env("PIP_INDEX_URL", &index);
    check_refused(run, &repository, "holds credentials");
    let run = install(&repository, &registry)
        .env("PIP_INDEX_URL", &index)
        .run();
    assert!(!run.errors().contains("hunter2"), "{}", run.errors());
    assert_eq!(registry.asked(), [""; 0]);
}

#[test]
fn nothing_to_install_is_no_failure() {
    let repository = Repository::of(&[("a.py", "")]);
    let ran = install(&repository, &Registry::start()).run();
    ran.ended(0);
    assert_eq!(ran.text(), "");
    assert!(ran.errors().contains("nothing to install"));
    let bad = install(&repository, &Registry::start())
        .and(["--commit=nonesuch"])
        .run();
    bad.ended(2);
}

/// A commit whose lock names one package at this address.
fn locked(resolved: &str, integrity: &str) -> Repository {
    let package = json!({"name": "shop", "version": "1.0.0", "dependencies": {"labels": "1.0.0"}});
    let lock = json!({
        "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": package,
            "node_modules/labels": {"version": "1.0.0", "resolved": resolved, "integrity": integrity, "hasInstallScript": true},
        },
    });
    Repository::of(&[
        ("package.json", &package.to_string()),
        ("package-lock.json", &lock.to_string()),
        // It is the commit's, so it has no say.
        (
            ".npmrc",
            "registry=http://evil.example/\nignore-scripts=false\n",
        ),
    ])
}

/// A registry with the package, and its digest; `None` where there is no npm to try.
fn npm() -> Option<(Registry, String)> {
    let has_npm = Command::new("npm").arg("--version").output();
    if !has_npm.is_ok_and(|said| said.status.success()) {
        eprintln!("not tested: there is no npm here");
        return None;
    }
    let registry = Registry::start();
    let package = json!({
        "name": "labels", "version": "1.0.0", "bin": {"labels": "cli.js", "gone": "gone.js"},
        "scripts": {"postinstall": "node -e \"require('fs').writeFileSync('ran', '')\""},
    });
    let files = [
        ("package.json", package.to_string()),
        ("index.js", "exports.text = 'label'\n".to_owned()),
        ("cli.js", "#!/usr/bin/env node\n".to_owned()),
    ];
    let digest = registry.publish_npm("labels", &files.each_ref().map(|(p, t)| (*p, t.as_str())));
    Some((registry, digest))
}

#[test]
fn locked_node_packages_come_from_the_registry_and_run_nothing() {
    let Some((registry, digest)) = npm() else {
        return;
    };
    let repository = locked(
        &format!("{}/labels/-/labels-1.0.0.tgz", registry.url()),
        &digest,
    );
    let ran = install(&repository, &registry).run();
    let made = folder(&ran, "node");
    assert!(made.ends_with("node_modules"));
    assert_eq!(
        fs::read_to_string(made.join("labels/index.js")).unwrap(),
        "exports.text = 'label'\n"
    );
    assert!(!made.join("labels/ran").exists(), "no script ran");
    let asked = registry.asked();
    assert_eq!(folder(&install(&repository, &registry).run(), "node"), made);
    assert_eq!(registry.asked(), asked);
}

#[test]
fn a_node_package_from_elsewhere_is_refused_before_anything_runs() {
    let Some((registry, digest)) = npm() else {
        return;
    };
    let other = Registry::start();
    let cases = [
        (
            format!("{}/labels.tgz", other.url()),
            "is no registry of npm's configuration",
        ),
        (
            "git+ssh://git@127.0.0.1/labels.git".to_owned(),
            "does not come from a registry",
        ),
        (
            "file:../labels.tgz".to_owned(),
            "does not come from a registry",
        ),
    ];
    for (resolved, expected) in cases {
        let repository = locked(&resolved, &digest);
        check_refused(install(&repository, &registry), &repository, expected);
    }
    let repository = locked(&format!("{}/labels/-/labels-1.0.0.tgz", registry.url()), "");
    check_refused(
        install(&repository, &registry),
        &repository,
        "has no digest",
    );
    assert_eq!((registry.asked(), other.asked()), (Vec::new(), Vec::new()));
}

#[test]
fn a_node_package_with_another_digest_is_not_kept() {
    let Some((registry, _)) = npm() else {
        return;
    };
    let wrong = format!("sha512-{}==", "A".repeat(86));
    let repository = locked(
        &format!("{}/labels/-/labels-1.0.0.tgz", registry.url()),
        &wrong,
    );
    check_refused(install(&repository, &registry), &repository, "EINTEGRITY");
}
