//! Whether a change compiles and stays within its size (gate 1).

use std::time::Duration;

use super::{
    judge,
    project::Project,
    run::{Bench, Kind, Mode, Run},
    verify::code,
};
use crate::{FixError, candidate::Candidate, gates::Finding};

/// Lines of code that a fix of a simple bug may add and remove.
const MAX_CHANGED_LINES: usize = 30;
/// As many for a patch that somebody wrote: what a reviewer can still read in one go.
const MAX_GIVEN_LINES: usize = 1000;

/// Files that compiled before and do not now, told in the exception.
const COMPILE: &str = "
import ast
def check(path, text):
    compile(text, path, 'exec', dont_inherit=True)
    if OLDEST:
        ast.parse(text, path, feature_version=(3, OLDEST))
for path, old, new in FILES:
    try:
        check(path, old)
    except (SyntaxError, ValueError):
        continue
    check(path, new)
";

pub(super) fn applies(
    bench: &Bench<'_>,
    project: &Project,
    candidate: &Candidate,
) -> Result<Finding, FixError> {
    let n = judge::n_changed(&code(candidate), project);
    let most = match candidate.is_given() {
        true => MAX_GIVEN_LINES,
        false => MAX_CHANGED_LINES,
    };
    if n > most {
        return Ok(Finding::Refused(format!(
            "{n} changed lines, more than {most}"
        )));
    }
    let files: Vec<_> = candidate
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".py"))
        .map(|(path, text)| {
            (
                path,
                project.read(path).unwrap_or_default().to_string(),
                text,
            )
        })
        .collect();
    let oldest = oldest_python(project);
    // What JSON writes of arrays and strings is Python.
    let files = serde_json::to_string(&files).expect("strings serialise");
    let script = format!(
        "OLDEST = {}\nFILES = {files}\n{COMPILE}",
        oldest.unwrap_or(0)
    );
    let mode = Mode {
        warm: false,
        ..Mode::explore(Duration::from_secs(10))
    };
    let ran = bench.run(&[Run::script(0, &script)], mode)?.runs.pop();
    let n_files = candidate.files.len() + candidate.deleted.len();
    Ok(match ran {
        Some(ran) if ran.outcome == Kind::Ok => Finding::Passed(format!(
            "{n_files} {}, {n} changed lines of code, compiles{}",
            if n_files == 1 { "file" } else { "files" },
            oldest.map_or_else(String::new, |minor| format!(
                ", as Python 3.{minor} as well"
            ))
        )),
        Some(ran) => Finding::Refused(format!(
            "it does not compile: {}",
            ran.error
                .map_or_else(|| format!("{:?}", ran.outcome), |e| e.message)
        )),
        None => Finding::Refused("it could not be compiled in time".to_owned()),
    })
}

/// The minor version of the oldest Python 3 that the project says it runs on.
fn oldest_python(project: &Project) -> Option<u32> {
    let stated = ["pyproject.toml", "setup.cfg", "setup.py"]
        .iter()
        .filter_map(|path| project.read(path));
    stated
        .filter_map(|text| oldest_stated(&text))
        .next()
        // The oldest grammar that every Python since 3.9 can tell.
        .map(|minor| minor.max(7))
}

fn oldest_stated(text: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let line: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        let (_, stated) = line
            .split_once("requires-python")
            .or_else(|| line.split_once("python_requires"))?;
        let (_, minor) = stated
            .split_once(">=3.")
            .or_else(|| stated.split_once("~=3."))?;
        let digits: String = minor.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u32>) {
        assert_eq!(oldest_stated(text), expected, "{text}");
    }

    #[test]
    fn the_oldest_python_is_read() {
        check("[project]\nrequires-python = \">= 3.8\"\n", Some(8));
        check("    python_requires='>=3.6, <4',\n", Some(6));
        check("python_requires = >=3.10", Some(10));
        check("python_requires=\">=2.7, !=3.0.*\"", None);
        check("name = \"python_requires\"", None);
    }
}
