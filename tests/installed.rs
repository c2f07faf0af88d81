//! Programs of others that tests need, from their registries.

use std::{fs, path::PathBuf, process::Command, sync::Mutex};

/// A folder that keeps what a command installed for the next run of the tests. The command runs in it, with its path in `DIR`.
pub fn installed(name: &str, command: &mut Command) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let program = std::env::current_exe().expect("it runs");
    let folder = program
        .parent()
        .expect("it is in a folder")
        .join("clients")
        .join(name);
    if !folder.join("done").exists() {
        fs::create_dir_all(&folder).expect("the folder is ours");
        let output = command
            .current_dir(&folder)
            .env("DIR", &folder)
            .output()
            .expect("the installer can be started");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        fs::write(folder.join("done"), "").expect("the folder is ours");
    }
    folder
}

/// The folder, for `PYTHONPATH`, of packages of PyPI, each with its version.
pub fn pip(name: &str, packages: &[&str]) -> PathBuf {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "-q", "--target", "."]);
    installed(name, command.args(packages))
}
