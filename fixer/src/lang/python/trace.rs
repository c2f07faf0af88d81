//! Scripts around scripts: which lines they come through, and what functions return.
//!
//! What they tell comes from the process of the code under test, so it may make a refusal milder or sharper and never
//! replaces a test that was seen red and green.

use super::run::{REPO, Ran};

/// Lines of a file, from 1, the last one not included.
pub(super) type Lines = (String, usize, usize);
/// A function: file, name, and the lines of its first decorator and of its `def`.
pub(super) type Function = (String, String, u32, u32);

const LINES: &str = "
FILES, SEEN = {}, set()
for part, (path, first, end) in enumerate(WANTED):
    FILES.setdefault(path, []).append((first, end, part))
def follow(frame, event, argument):
    ranges = FILES.get(frame.f_code.co_filename)
    if not ranges or not frame.f_code.co_flags & 1:  # Outside functions: that ran at import.
        return None
    for first, end, part in ranges:
        if first <= frame.f_lineno < end:
            SEEN.add(part)
    return follow
";

const RETURNS: &str = "
SEEN = [set() for _ in WANTED]
def watch(seen):
    def local(frame, event, argument):
        if event == 'return':
            seen.add(type(argument).__name__)
        return local
    return local
def follow(frame, event, argument):
    code = frame.f_code
    for (path, name, first, last), seen in zip(WANTED, SEEN):
        if code.co_filename == path and code.co_name == name and first <= code.co_firstlineno <= last:
            return watch(seen)
";

const RUN: &str = "
import sys
ended = False
sys.settrace(follow)
try:
    exec(compile(SCRIPT, '<script>', 'exec', dont_inherit=True), {'__name__': '__main__'})
    ended = True
except BaseException:
    pass
sys.settrace(None)
";

/// A script that runs another and tells which of some ranges of lines it comes through, in functions.
pub(super) fn lines(wanted: &[Lines], script: &str) -> String {
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(path, first, end)| (format!("{REPO}/{path}"), first, end))
        .collect();
    let wanted = serde_json::to_string(&wanted).expect("texts and numbers serialise");
    around(&wanted, script, LINES, "sorted(SEEN)")
}

/// The places of the ranges that were seen.
pub(super) fn seen_lines(ran: &Ran) -> Vec<usize> {
    let seen = ran.value.as_array().into_iter().flatten();
    seen.filter_map(|n| Some(n.as_u64()? as usize)).collect()
}

/// A script that runs another and tells, if that ends well, what types some functions return.
pub(super) fn returns(wanted: &[Function], script: &str) -> String {
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(path, name, first, last)| (format!("{REPO}/{path}"), name, first, last))
        .collect();
    let wanted = serde_json::to_string(&wanted).expect("texts and numbers serialise");
    around(
        &wanted,
        script,
        RETURNS,
        "[sorted(s) for s in SEEN] if ended else []",
    )
}

/// The types that each function returned.
pub(super) fn seen_types(ran: &Ran) -> Vec<Vec<String>> {
    let functions = ran.value.as_array().into_iter().flatten().skip(1);
    functions
        .map(|types| {
            let types = types.as_array().into_iter().flatten().skip(1);
            types.filter_map(|t| Some(t.as_str()?.to_owned())).collect()
        })
        .collect()
}

/// What JSON writes of arrays, numbers and texts is Python.
fn around(wanted: &str, script: &str, follow: &str, value: &str) -> String {
    let script = serde_json::to_string(script).expect("a text serialises");
    format!("WANTED = {wanted}\nSCRIPT = {script}\n{follow}{RUN}{value}\n")
}
