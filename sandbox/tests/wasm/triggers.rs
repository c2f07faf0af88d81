//! Crashes that happened, in the guest: in how many cases the trigger dies there as it died natively.
//!
//! It needs the cases (`OUTERLOOP_CASES`) and what `outerloop eval CASES --record FOLDER` made of them
//! (`OUTERLOOP_RECORDED`): for each case the release that crashed, its dependencies, and the event of the native crash.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::{job, wasm};
use sandbox::{Ending, GuestJob, Limits, Mount, Wasm};

/// In how many of ten cases a crash must show. Earlier by hand: 19 of 20.
const N_OF_TEN: usize = 9;

/// Runs the trigger as a script, and tells how its crash differs from the event's.
const PROGRAM: &str = r#"
import io, json, sys, traceback, types
request = json.loads(sys.stdin.buffer.read())
wanted = request["event"]["exception"]["values"][-1]
sys.path[:0] = ["/work/repo/" + request["root"], "/work/repo/" + request["root"] + "/src", "/work/deps"]
sys.stdout = sys.stderr = io.StringIO()
def file(path): return path.rpartition("/")[2]
def tell(text): isolate.report.write(text.encode("utf-8", "replace"))
main = types.ModuleType("__main__")
sys.modules["__main__"] = main
frames = wanted["stacktrace"]["frames"]
try:
    exec(compile(request["trigger"], "/work/repo/trigger.py", "exec"), vars(main))
except BaseException as error:
    seen = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("/work/")][-1]
    due = [f for f in frames if "/site-packages/" in f["abs_path"]][-1]
    # As the fixer compares them: by type, file and line; a recursion may be noticed in any function of its cycle.
    cycle = {(file(f["abs_path"]), f["function"]) for f in frames}
    at = "%s:%d in %s" % (file(seen.filename), seen.lineno, seen.name)
    if type(error).__name__ != wanted["type"]:
        tell("differs: " + type(error).__name__ + " at " + at + ": " + str(error)[:200])
    elif isinstance(error, RecursionError) and (file(seen.filename), seen.name) in cycle:
        tell("same cycle, at " + at)
    elif (file(seen.filename), seen.lineno) != (file(due["abs_path"]), due["lineno"]):
        tell("differs: at " + at + ", not %s:%d" % (file(due["abs_path"]), due["lineno"]))
    elif str(error) != wanted["value"]:
        tell("same place, other words: " + str(error)[:200])
    else:
        tell("same")
else:
    tell("differs: it did not crash")
"#;

/// What became of one case.
fn run(wasm: &Wasm, case: &Path, recorded: &Path) -> String {
    let text = |path: PathBuf| fs::read_to_string(&path).expect("it is there");
    let facts = text(case.join("case.toml"));
    let root = facts
        .lines()
        .find_map(|l| l.strip_prefix("src_root = \""))
        .and_then(|l| l.split('"').next());
    let quoted = |text: &str| {
        let mut out = String::from("\"");
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
                c => out.push(c),
            }
        }
        out + "\""
    };
    let request = format!(
        r#"{{"trigger": {}, "root": {}, "event": {}}}"#,
        quoted(&text(case.join("trigger.py"))),
        quoted(root.unwrap_or(".")),
        text(recorded.join("sentry.json"))
    );
    let mounts = [("repo", "/work/repo"), ("deps", "/work/deps")]
        .map(|(name, target)| Mount::read_only(recorded.join(name), target))
        .into_iter()
        .filter(|m| m.source.exists())
        .collect();
    let outcome = wasm.run(&GuestJob {
        request: request.into_bytes(),
        mounts,
        limits: Limits {
            wall: std::time::Duration::from_secs(60),
            ..Limits::default()
        },
        ..job(PROGRAM)
    });
    let outcome = outcome.expect("the isolate works");
    let told = String::from_utf8_lossy(&outcome.report).into_owned();
    if outcome.ending == Ending::Exited(0) && !told.is_empty() {
        return format!("{told} ({} ms)", outcome.wall.as_millis());
    }
    let last = String::from_utf8_lossy(&outcome.stderr).into_owned();
    format!(
        "differs: {:?}: {}",
        outcome.ending,
        last.lines().last().unwrap_or_default()
    )
}

#[test]
fn recorded_crashes_happen_here_too() {
    let Some(wasm) = wasm() else { return };
    let (Some(cases), Some(recorded)) = (
        env::var_os("OUTERLOOP_CASES"),
        env::var_os("OUTERLOOP_RECORDED"),
    ) else {
        eprintln!("not tested: OUTERLOOP_CASES and OUTERLOOP_RECORDED are not set");
        return;
    };
    let mut names: Vec<_> = fs::read_dir(&recorded)
        .expect("the recorded cases are there")
        .map(|entry| entry.expect("it can be listed").file_name())
        .collect();
    names.sort();
    let (mut n_cases, mut n_same) = (0, 0);
    for name in names {
        let (case, recorded) = (
            Path::new(&cases).join(&name),
            Path::new(&recorded).join(&name),
        );
        if !case.join("trigger.py").exists() || !recorded.join("sentry.json").exists() {
            continue;
        }
        let told = run(wasm, &case, &recorded);
        println!("{}: {told}", name.display());
        n_cases += 1;
        n_same += usize::from(!told.starts_with("differs"));
    }
    println!("{n_same} of {n_cases} die in the guest as natively");
    assert!(n_same * 10 >= n_cases * N_OF_TEN);
}
