//! Where a job's cgroup can be made: below the service's own, so that the service's limits hold for its jobs too.
//!
//! On v2 controllers can only be handed on by a group that holds no process (the root apart). So the service moves into
//! a group of its own below that in which it was started, if it is alone there: other processes are not ours to move.

use std::{
    fmt, fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// The group that the service moves into. It stays until the one above it goes.
const SERVICE: &str = "outerloop-service";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The folders of the memory, pids and cpuacct hierarchies.
    V1([PathBuf; 3]),
    /// A folder of the one hierarchy, which hands memory and pids on.
    V2(PathBuf),
}

impl Place {
    pub(super) fn folders(&self) -> &[PathBuf] {
        match self {
            Self::V1(folders) => folders,
            Self::V2(folder) => std::slice::from_ref(folder),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V1([memory, ..]) => write!(f, "cgroup v1, {}", memory.display()),
            Self::V2(folder) => write!(f, "cgroup v2, {}", folder.display()),
        }
    }
}

/// v2 where it has the controllers, else v1. The error says why neither can be used.
pub(super) fn find() -> Result<Place, String> {
    let read = |path| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let mounts = read("/proc/self/mountinfo")?;
    let own = read("/proc/self/cgroup")?;
    let why_no_v2 = match folder(&mounts, &own, "").map(|own| unified(&own)) {
        Some(Ok(place)) => return Ok(Place::V2(place)),
        Some(Err(why)) => why,
        None => "cgroup v2 is not mounted".to_owned(),
    };
    let v1 = ["memory", "pids", "cpuacct"].map(|controller| folder(&mounts, &own, controller));
    match v1 {
        [Some(memory), Some(pids), Some(cpuacct)] => Ok(Place::V1([memory, pids, cpuacct])),
        _ => Err(format!("{why_no_v2}; v1 lacks memory, pids or cpuacct")),
    }
}

/// The folder of the group that we are in: of the hierarchy with this controller, or of v2 for none.
fn folder(mounts: &str, own: &str, controller: &str) -> Option<PathBuf> {
    let has = |list: &str| list.split(',').any(|name| name == controller);
    // hierarchy:controllers:path
    let own = own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        parts.next().filter(|list| has(list))?;
        parts.next()
    })?;
    // id parent device root mount-point options … - type source options (proc_pid_mountinfo(5))
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let (mut before, mut after) = (before.split(' ').skip(3), after.split(' '));
        let (root, mount) = (before.next()?, before.next()?);
        let is_it = match after.next()? {
            "cgroup2" => controller.is_empty(),
            "cgroup" => !controller.is_empty() && has(after.nth(1)?),
            _ => false,
        };
        // A container may see only the part of the hierarchy below its own root.
        let below = Path::new(own).strip_prefix(root).ok().filter(|_| is_it)?;
        let is_plain = |part| matches!(part, std::path::Component::Normal(_));
        // Component by component: `join` of nothing would leave a slash.
        let folder = || Path::new(mount).components().chain(below.components());
        (below.components().all(is_plain)).then(|| folder().collect())
    })
}

/// Makes a v2 group hand on memory and pids, and says which it is.
fn unified(own: &Path) -> Result<PathBuf, String> {
    let place = match own.parent() {
        Some(parent) if own.ends_with(SERVICE) => parent,
        _ => own,
    };
    let shown = place.display();
    let has_both = |file| {
        let list = fs::read_to_string(place.join(file)).unwrap_or_default();
        ["memory", "pids"].map(|name| list.split_ascii_whitespace().any(|other| other == name))
            == [true; 2]
    };
    if !has_both("cgroup.controllers") {
        return Err(format!(
            "{shown} has not been given the memory and pids controllers"
        ));
    }
    if has_both("cgroup.subtree_control") {
        return Ok(place.to_owned());
    }
    let hand_on = || fs::write(place.join("cgroup.subtree_control"), "+memory +pids");
    let refused = |error: io::Error| format!("{shown} cannot hand on controllers: {error}");
    match hand_on() {
        Err(error) if error.kind() == ErrorKind::ResourceBusy => {}
        Err(error) => return Err(refused(error)),
        Ok(()) => return Ok(place.to_owned()),
    }
    let own_pid = std::process::id().to_string();
    let members = fs::read_to_string(place.join("cgroup.procs")).unwrap_or_default();
    // None at all if another thread has just moved us.
    if members.lines().any(|pid| pid != own_pid) {
        return Err(format!("other processes than the service are in {shown}"));
    }
    let inner = place.join(SERVICE);
    let moved = match fs::create_dir(&inner) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => fs::write(inner.join("cgroup.procs"), &own_pid).and_then(|()| hand_on()),
    };
    moved.map_err(|error| {
        let _where_we_were = fs::write(place.join("cgroup.procs"), &own_pid);
        let _not_empty = fs::remove_dir(&inner);
        refused(error)
    })?;
    Ok(place.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mounts: &str, own: &str, controller: &str, expected: Option<&str>) {
        assert_eq!(
            folder(mounts, own, controller).as_deref(),
            expected.map(Path::new)
        );
    }

    #[test]
    fn the_own_group_is_found() {
        let mounts = "\
22 1 0:5 / /proc rw - proc proc rw
30 22 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
31 22 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 22 0:28 /docker/1 /sys/fs/cgroup/cpu,cpuacct rw shared:2 master:3 - cgroup cgroup rw,cpu,cpuacct
";
        let own = "4:memory:/\n3:cpu,cpuacct:/docker/1/a:b\n1:name=systemd:/x\n0::/user.slice/a\n";
        check(mounts, own, "", Some("/sys/fs/cgroup/unified/user.slice/a"));
        check(mounts, own, "memory", Some("/sys/fs/cgroup/memory"));
        check(
            mounts,
            own,
            "cpuacct",
            Some("/sys/fs/cgroup/cpu,cpuacct/a:b"),
        );
        check(mounts, own, "pids", None);
        check(mounts, own, "name=systemd", None);
        // Outside of what a cgroup namespace shows.
        check(mounts, "0::/../b\n", "", None);
        check(mounts, "3:cpuacct:/docker/2\n", "cpuacct", None);
        check("", own, "", None);
        check(mounts, "", "", None);
        check("a - cgroup2", "nonsense\n0:", "", None);
    }

    /// A folder that looks like a v2 group.
    fn group(controllers: &str, handed_on: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write =
            |name, text| fs::write(folder.path().join(name), text).expect("the folder is ours");
        write("cgroup.controllers", controllers);
        write("cgroup.subtree_control", handed_on);
        write("cgroup.procs", "1\n");
        folder
    }

    #[test]
    fn a_v2_group_hands_controllers_on() {
        let handed_on = |folder: &tempfile::TempDir| {
            fs::read_to_string(folder.path().join("cgroup.subtree_control")).expect("it is there")
        };
        let ready = group("cpu memory pids", "memory pids");
        assert_eq!(unified(ready.path()), Ok(ready.path().to_owned()));
        assert_eq!(handed_on(&ready), "memory pids");

        let delegated = group("cpu memory pids", "cpu");
        assert_eq!(unified(delegated.path()), Ok(delegated.path().to_owned()));
        assert_eq!(handed_on(&delegated), "+memory +pids");
        // Another process of the service, or its next detection.
        let inner = delegated.path().join(SERVICE);
        assert_eq!(unified(&inner), Ok(delegated.path().to_owned()));

        let without = group("cpu pids", "");
        assert!(
            unified(without.path()).is_err_and(|why| why.contains("memory and pids controllers"))
        );
        assert_eq!(handed_on(&without), "");
        assert!(unified(Path::new("/nowhere")).is_err());
    }
}
